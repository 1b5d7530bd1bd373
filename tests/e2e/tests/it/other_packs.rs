//! Packs that are not Anhui's or Shanxi's, with no code of their own: each example beside its pack, played to its end.

use std::{collections::BTreeSet, path::PathBuf};

use adapter::simulated::{Effect, Ledger};
use harness::{
    compare::{Report, compare},
    evidence::{Evidence, ledgers},
    process::Launch,
    wait::{PATIENCE, until},
};

use crate::{PROGRAM, root};

/// Plays these examples of a pack one after the other and waits until this gateway has sent so many messages, which may
/// still be under way when a case has ended; answers the folder with the ledgers, and what was found there.
async fn played(pack: &str, examples: &[&str], told: (&str, usize)) -> anyhow::Result<(tempfile::TempDir, Report)> {
    let folder = tempfile::tempdir()?;
    let policies = root().join("examples/policies");
    let more = ["--policies", &policies.display().to_string()];
    let running = Launch::serve(PROGRAM, folder.path(), &more).start().await?;
    let (grpc, pages) = (running.grpc.expect("it serves gRPC"), running.pages.expect("it serves pages"));
    let (server, desk) = (format!("http://{grpc}"), pages.to_string());
    for example in examples {
        let path = policies.join(pack).join(format!("{example}.json")).display().to_string();
        let arguments = ["play", &path, "--server", &server, "--desk", &desk, "--timeout", "100"];
        let played = Launch::new(PROGRAM, example, &folder.path().join("plays"), &arguments).run().await?;
        let said = String::from_utf8_lossy(&played.stderr).into_owned();
        anyhow::ensure!(played.status.success(), "{pack}/{example}:\n{said}\n{}", running.written());
    }
    let (gateway, messages) = told;
    until("the messages", PATIENCE, async || Ok((effects(&folder, gateway).await?.len() >= messages).then_some(())))
        .await?;
    assert!(running.stop().await?.success(), "a clean shutdown");
    let report = compare(&Evidence::of(&folder.path().join("data")).await?);
    Ok((folder, report))
}

/// What a department of an area has done.
async fn effects(folder: &tempfile::TempDir, endpoint: &str) -> anyhow::Result<Vec<Effect>> {
    let ledgers: Vec<(String, PathBuf)> = ledgers(&folder.path().join("data/departments"))?;
    let (_, path) = ledgers.into_iter().find(|(named, _)| named == endpoint).expect(endpoint);
    Ok(Ledger::open(&path).await?.effects().await?)
}

/// If this fails, the engine serves two provinces and no third: a city with a pack of its own cannot use it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_third_province_runs_from_its_pack_alone() -> anyhow::Result<()> {
    let (folder, report) = played("xian-2026", &["example"], ("610000.sms", 2)).await?;
    report.all_well()?;
    assert_eq!(report.ends.into_iter().collect::<Vec<_>>(), [("Completed".to_owned(), 1)]);
    assert_eq!(effects(&folder, "610000.tax").await?.len(), 1, "the premium was paid once");
    let told = effects(&folder, "610000.sms").await?;
    let texts: BTreeSet<&str> = told.iter().filter_map(|effect| effect.fields["message"]["text"].as_str()).collect();
    assert_eq!((told.len(), texts.len()), (2, 2), "enrolled, and paid: each told once");
    assert!(texts.contains(
        "【西安医保】例宁远,您的宝宝已办理城乡居民医保参保登记。请在出生后90天内缴纳出生当年保费,自出生之日起享受待遇;\
         逾期缴费的,自缴费次月起享受。"
    ));
    // From which day depends on the day of the payment, which is today.
    assert!(texts.iter().any(|text| text.starts_with("【西安医保】您的宝宝医保缴费成功,待遇自")), "{texts:?}");
    Ok(())
}

/// If this fails, the engine knows births and nothing else: another one thing, with departments that no code names,
/// would need a program of its own; or what it did beforehand stands although the inspection failed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_one_thing_runs_from_its_pack_alone() -> anyhow::Result<()> {
    let examples = ["example", "fire-refused", "licence-refused", "inspection-failed"];
    let (folder, report) = played("restaurant", &examples, ("330000.sms", 2)).await?;
    report.all_well()?;
    let ends: Vec<(String, usize)> = report.ends.into_iter().collect();
    let expected = ["Completed", "Offline", "PartiallyCompleted", "Rejected"].map(|end| (end.to_owned(), 1));
    assert_eq!(ends, expected);
    assert_eq!(effects(&folder, "330000.fire-rescue").await?.len(), 1, "the second premises were refused");
    assert_eq!(effects(&folder, "330000.market-regulation").await?.iter().filter(licences).count(), 2);
    let signboards = effects(&folder, "330000.urban-management").await?;
    let undone = signboards.iter().filter(|effect| effect.undone_at_ms.is_some()).count();
    assert_eq!((signboards.len(), undone), (4, 1), "whose premises failed the inspection loses the signboard's record");
    let told = effects(&folder, "330000.sms").await?;
    assert_eq!(told.len(), 2, "who was licensed is told, and nobody else");
    assert!(told.iter().all(|effect| effect.fields["message"]["phone"] == "15400002222"));
    Ok(())
}

fn licences(effect: &&Effect) -> bool {
    effect.act == "IssueFoodLicence"
}
