//! Every shipped example, filed and played through its acts, ends as its file says; and every ledger agrees.

use std::{collections::BTreeMap, path::PathBuf};

use adapter::simulated::Ledger;
use harness::{
    compare::{Report, compare},
    differing::at_any_hour,
    evidence::{Evidence, ledgers},
    process::Launch,
};
use tokio::task::JoinSet;

use crate::{PROGRAM, root};

/// The example that needs a pack whose father has seconds instead of days.
const EXPIRING: &str = "anhui-expired";

/// The example whose family is told to pay.
const COMPLETED: &str = "anhui-completed";

/// The text published for the end of the enrolment, letter by letter, without the name in front.
const N13: &str = "先生(女士),您已通过新生儿出生“一件事”成功为您的宝宝办理了“城乡居民参保登记”。请您及时通过“皖事通”APP搜索“城乡居民两险缴费”服务等进行缴费,并查询缴费是否成功。缴费成功后可享受医保待遇(医保与您共同守护宝贝健康成长)。";

/// The examples by name.
fn examples() -> anyhow::Result<BTreeMap<String, PathBuf>> {
    let mut examples = BTreeMap::new();
    for entry in std::fs::read_dir(root().join("examples/applications"))? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        if let Some(name) = name.strip_suffix(".json").filter(|name| !name.ends_with(".acts")) {
            examples.insert(name.to_owned(), path);
        }
    }
    Ok(examples)
}

/// Plays these examples at the same time on one server, stops it, and compares.
async fn played(examples: BTreeMap<String, PathBuf>, more: &[&str]) -> anyhow::Result<(tempfile::TempDir, Report)> {
    let folder = tempfile::tempdir()?;
    let running = Launch::serve(PROGRAM, folder.path(), more).start().await?;
    let (grpc, pages) = (running.grpc.expect("it serves gRPC"), running.pages.expect("it serves pages"));
    let mut plays = JoinSet::new();
    for (name, path) in examples {
        let (server, desk, path) = (format!("http://{grpc}"), pages.to_string(), path.display().to_string());
        let outputs = folder.path().join("plays");
        plays.spawn(async move {
            let arguments = ["play", &path, "--server", &server, "--desk", &desk, "--timeout", "150"];
            (Launch::new(PROGRAM, "play", &outputs, &arguments).run().await, name)
        });
    }
    let mut wrongs = Vec::new();
    for (played, name) in plays.join_all().await {
        let played = played?;
        if !played.status.success() {
            wrongs.push(format!("{name}:\n{}", String::from_utf8_lossy(&played.stderr)));
        }
    }
    assert!(wrongs.is_empty(), "examples that did not end as they say:\n{}\n{}", wrongs.join("\n"), running.written());
    assert!(running.stop().await?.success(), "a clean shutdown");
    let report = compare(&Evidence::of(&folder.path().join("data")).await?);
    Ok((folder, report))
}

/// If this fails, what the documentation shows a newcomer is not what the program does; or a department did something
/// that its family's case knows nothing of; or a mother is told to pay in other words than those published, or twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_example_ends_as_its_file_says_and_the_ledgers_agree() -> anyhow::Result<()> {
    let mut examples = examples()?;
    let completed = std::fs::read_to_string(&examples[COMPLETED])?;
    assert!(examples.remove(EXPIRING).is_some() && examples.len() >= 25, "{:?}", examples.keys());
    let copies = tempfile::tempdir()?;
    let policies = at_any_hour(&root(), copies.path())?.display().to_string();
    let (folder, report) = played(examples, &["--policies", &policies]).await?;
    println!("{report:?}");
    report.all_well()?;
    for end in ["Completed", "PartiallyCompleted", "Offline", "Rejected", "Withdrawn"] {
        assert!(report.ends.contains_key(end), "no example ended {end}: {:?}", report.ends);
    }

    let form: serde_json::Value = serde_json::from_str(&completed)?;
    let mother = &form["birth"]["mother"];
    let departments = folder.path().join("data/departments");
    let told = enrolled(&departments, mother["phone"].as_str().expect("a telephone")).await?;
    let expected = format!("【皖事通】{}{N13}", mother["name"].as_str().expect("a name"));
    assert_eq!(told, [expected], "the published text, byte for byte, exactly once");
    Ok(())
}

/// If this fails, a father who never answers keeps a family waiting for ever.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_example_whose_father_never_answers_expires() -> anyhow::Result<()> {
    let mut examples = examples()?;
    examples.retain(|name, _| name == EXPIRING);
    let policies = root().join("examples/policies").display().to_string();
    let (_folder, report) = played(examples, &["--policies", &policies]).await?;
    report.all_well()?;
    assert_eq!(report.ends.into_iter().collect::<Vec<_>>(), [("Expired".to_owned(), 1)]);
    Ok(())
}

/// Every text that says that a child is enrolled and has left a message gateway for this telephone.
async fn enrolled(departments: &std::path::Path, phone: &str) -> anyhow::Result<Vec<String>> {
    let mut texts = Vec::new();
    for (endpoint, path) in ledgers(departments)? {
        if endpoint.ends_with(".sms") {
            let effects = Ledger::open(&path).await?.effects().await?;
            let sent = effects.into_iter().map(|effect| effect.fields["message"].clone());
            let to = sent.filter(|message| message["phone"] == phone && message["template"] == "N13");
            texts.extend(to.map(|message| message["text"].as_str().unwrap_or_default().to_owned()));
        }
    }
    Ok(texts)
}
