//! Nothing of a family stands in clear in any database, topic or log of ours; and the search that says so finds.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use adapter::simulated::Ledger;
use base64::{Engine, engine::general_purpose::STANDARD};
use bus::{Choice, Settings};
use harness::{
    compare::compare,
    evidence::{Evidence, ledgers},
    process::{Launch, Running},
    search::{Found, Words, files_under, writings},
    wait::PATIENCE,
};
use saga::Fact;
use sqlx::{ConnectOptions, sqlite::SqliteConnectOptions};

use crate::{PROGRAM, root};

/// What the family's form has, instead of what the example has: words that stand nowhere by chance.
const UNMISTAKABLE: [(&str, &str, &str); 8] = [
    ("the child's name", "例安禾", "例鵷鶵翯"),
    ("the mother's name", "例知秋", "例琭璆璬"),
    ("the father's name", "例行舟", "例犇骉麤"),
    ("the mother's telephone", "15420000111", "15487654321"),
    ("the father's telephone", "15430000122", "15498765432"),
    ("the household address", "示例县示例路1号", "无双县独一路90817号"),
    ("the residence", "示例县示例路2号", "无双县仅此巷71625号"),
    ("the facility", "示例县妇幼保健院", "无双县绝无仅有妇幼院"),
];

/// Numbers of the example's parents, looked for as they are: their check digits are right.
const NUMBERS: [(&str, &str); 2] =
    [("the mother's number", "340104199207082649"), ("the father's number", "340104199207082657")];

/// What departments gave the child: the step's act and the output's name.
const GIVEN: [(&str, &str, &str); 4] = [
    ("the certificate's number", "IssueBirthCertificate", "number"),
    ("the child's number", "RegisterBirth", "id_number"),
    ("the insured person's number", "EnrolResident", "person_number"),
    ("the payment's voucher", "AwaitPremium", "voucher"),
];

/// The example with the unmistakable words, and its acts beside it.
fn unmistakable(folder: &Path) -> anyhow::Result<PathBuf> {
    let example = root().join("examples/applications/anhui-completed");
    let mut text = std::fs::read_to_string(example.with_extension("json"))?;
    for (what, was, is) in UNMISTAKABLE {
        anyhow::ensure!(text.contains(was), "the example has {what}");
        text = text.replace(was, is);
    }
    for (what, number) in NUMBERS {
        anyhow::ensure!(text.contains(number), "the example has {what}");
    }
    let form = folder.join("family.json");
    std::fs::write(&form, text)?;
    std::fs::copy(example.with_extension("acts.json"), folder.join("family.acts.json"))?;
    Ok(form)
}

/// Lets the family go its whole way, from the form to the premium.
async fn whole_path(running: &Running, folder: &Path) -> anyhow::Result<()> {
    let form = unmistakable(folder)?.display().to_string();
    let (server, desk) = (running.grpc.expect("it serves gRPC"), running.pages.expect("it serves pages").to_string());
    let server = format!("http://{server}");
    let arguments = ["play", &form, "--server", &server, "--desk", &desk];
    let played = Launch::new(PROGRAM, "play", folder, &arguments).run().await?;
    anyhow::ensure!(played.status.success(), "{}", String::from_utf8_lossy(&played.stderr));
    Ok(())
}

/// Every word to look for: the form's, and what the departments gave.
async fn words(data: &Path) -> anyhow::Result<Words> {
    let mut given = Vec::new();
    for (_, path) in ledgers(&data.join("departments"))? {
        for effect in Ledger::open(&path).await?.effects().await? {
            for (what, act, output) in GIVEN.iter().filter(|(_, act, _)| **act == effect.act) {
                let value =
                    effect.outputs[*output].as_str().unwrap_or_else(|| panic!("{act} gives {output}")).to_owned();
                given.push((*what, value));
            }
        }
    }
    assert_eq!(given.len(), GIVEN.len(), "each was given once");
    let fixed = UNMISTAKABLE.iter().map(|(what, _, is)| (*what, *is)).chain(NUMBERS);
    Ok(Words::new(&fixed.chain(given.iter().map(|(what, value)| (*what, value.as_str()))).collect::<Vec<_>>()))
}

/// Everything of ours that lies on the disk: databases with their logs, and what the process has written. The simulated
/// ledgers stand for the departments' own systems.
fn ours(outputs: &[PathBuf], data: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let ledger = |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().contains(".ledger."));
    let mut files = files_under(data)?;
    files.retain(|path| !ledger(path));
    files.extend_from_slice(outputs);
    Ok(files)
}

/// What each topic carried, read by a client of its own until at least `expected` messages of each kind were seen.
async fn topics(address: &str, expected: &BTreeMap<&str, usize>) -> anyhow::Result<BTreeMap<String, Vec<Vec<u8>>>> {
    let properties = [("bootstrap.servers".to_owned(), address.to_owned())].into();
    let opened = bus::open(&Settings { choice: Choice::Kafka, properties, ..Settings::default() }).await?;
    let departments = ["health", "police", "civil-affairs", "social-security", "insurance", "tax", "sms"];
    let mut names: Vec<_> = departments.map(|name| format!("340000.{name}.commands").into()).into();
    names.extend([bus::topic::replies("yijian"), bus::topic::notices("yijian")]);
    let mut consumer = opened.bus.subscribe("a-search", &names).await?;
    let mut carried: BTreeMap<String, Vec<Vec<u8>>> = BTreeMap::new();
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let reading = async {
        while expected.iter().any(|(kind, count)| seen.get(kind).unwrap_or(&0) < count) {
            for received in consumer.next(100).await? {
                let message = received.message;
                let kind = message.topic.rsplit('.').next().unwrap_or_default();
                if let Some((kind, _)) = expected.get_key_value(kind) {
                    *seen.entry(kind).or_default() += 1;
                }
                let parts = carried.entry(message.topic.to_string()).or_default();
                parts.push(message.payload.to_vec());
                parts.extend(message.headers.iter().map(|header| [header.name.as_bytes(), &header.value].concat()));
            }
        }
        anyhow::Ok(())
    };
    let read = tokio::time::timeout(PATIENCE, reading).await;
    anyhow::ensure!(read.is_ok(), "the topics carried fewer messages than were ordered: {seen:?} of {expected:?}");
    read??;
    Ok(carried)
}

/// How many messages of each kind there must at least have been.
fn ordered(evidence: &Evidence) -> BTreeMap<&'static str, usize> {
    let facts = || evidence.cases.iter().flat_map(|case| case.events.iter().map(|(_, event)| &event.fact));
    let commands = facts().filter(|fact| matches!(fact, Fact::Ordered { .. } | Fact::SentAgain { .. })).count();
    let replies = facts().filter(|fact| matches!(fact, Fact::Replied { .. })).count();
    [("commands", commands), ("replies", replies), ("notices", 1)].into()
}

/// If this fails, a newborn's name or number can be read by whoever gets hold of a disk, a topic, a log or a backup.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_of_a_family_stands_in_clear_in_any_database_topic_or_log() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    let running = Launch::serve(PROGRAM, folder.path(), &["--bus", "mock", "--log", "trace"]).start().await?;
    let address = running.kafka.clone().expect("the mock prints its address");
    whole_path(&running, folder.path()).await?;
    let evidence = Evidence::of(&data).await?;
    compare(&evidence).all_well()?;
    let (words, expected) = (words(&data).await?, ordered(&evidence));

    // While it runs, since the mock's topics and the databases' logs go with it.
    let mut found: Vec<Found> = Vec::new();
    let mut carried = 0;
    for (topic, messages) in topics(&address, &expected).await? {
        carried += messages.len();
        found.extend(messages.iter().flat_map(|bytes| words.in_bytes(&topic, bytes)));
    }
    let mut while_running = 0;
    for path in ours(&running.outputs, &data)? {
        // A database's journal may be gone again by now; whatever stays is searched once more at rest.
        let Ok(bytes) = std::fs::read(&path) else { continue };
        while_running += bytes.len();
        found.extend(words.in_bytes(&path.display().to_string(), &bytes));
    }
    let outputs = running.outputs.clone();
    assert!(running.stop().await?.success());
    let logged = std::fs::metadata(&outputs[1])?.len();
    let (in_files, at_rest) = words.in_files(&ours(&outputs, &data)?).await?;
    found.extend(in_files);
    println!("{} writings in {while_running} and {at_rest} bytes of files, {carried} parts of messages", words.count());
    assert!(logged > 1_000_000, "tracing was at its loudest: {logged} bytes");
    assert!(found.is_empty(), "{} places, e.g. {:#?}", found.len(), &found[..found.len().min(20)]);

    // The same words, by the same search, where they are planted on purpose.
    planted_in_a_file(&words, folder.path())?;
    planted_in_a_log(&words, &outputs[1])?;
    planted_in_a_database(&words, folder.path()).await?;
    // The departments' ledgers have them all: they are the departments' own.
    let own: Vec<PathBuf> = ledgers(&data.join("departments"))?.into_iter().map(|(_, path)| path).collect();
    let (found, _) = words.in_files(&own).await?;
    for (what, ..) in UNMISTAKABLE.iter().filter(|(what, ..)| *what != "the father's telephone") {
        assert!(found.iter().any(|one| one.what == *what), "{what} in the departments' ledgers");
    }
    Ok(())
}

fn all_are_found(found: &[Found], writing: &str) {
    for (what, ..) in UNMISTAKABLE {
        assert!(found.iter().any(|one| one.what == what && one.writing.contains(writing)), "{what} as {writing}");
    }
}

/// Each word in each writing, after one, two and three other bytes.
fn planted_in_a_file(words: &Words, folder: &Path) -> anyhow::Result<()> {
    let file = folder.join("planted");
    for before in 1..=3 {
        for (what, _, word) in UNMISTAKABLE {
            for (writing, bytes) in writings(word) {
                let planted = [vec![0xA5; before], bytes, vec![0x5A; 3]].concat();
                std::fs::write(&file, &planted)?;
                let found = words.in_file(&file)?;
                assert!(found.iter().any(|one| one.what == what && one.writing == writing), "{what} as {writing}");
            }
            // Not the writing that is looked for, but what a program would write: the word amidst others, encoded.
            let whole = [vec![0xFF; before], word.as_bytes().to_vec(), vec![0xFE; before]].concat();
            std::fs::write(&file, STANDARD.encode(whole))?;
            assert!(words.in_file(&file)?.iter().any(|one| one.what == what && one.writing == "base64"), "{what}");
        }
    }
    Ok(())
}

fn planted_in_a_log(words: &Words, log: &Path) -> anyhow::Result<()> {
    let mut text = std::fs::read(log)?;
    for (_, _, word) in UNMISTAKABLE {
        text.extend(format!("2026-11-22T01:02:03Z TRACE adapter: sealing {word:?} for a department\n").bytes());
    }
    std::fs::write(log, text)?;
    all_are_found(&words.in_file(log)?, "UTF-8");
    Ok(())
}

/// In the middle of a value that is longer than a page, so that some words lie across two of them.
async fn planted_in_a_database(words: &Words, folder: &Path) -> anyhow::Result<()> {
    let path = folder.join("planted.sqlite");
    let options = SqliteConnectOptions::new().filename(&path).create_if_missing(true).page_size(512);
    let mut connection = options.connect().await?;
    sqlx::query("CREATE TABLE planted (word BLOB)").execute(&mut connection).await?;
    for (_, _, word) in UNMISTAKABLE {
        let value = [vec![0xA5; 300], word.as_bytes().repeat(40)].concat();
        sqlx::query("INSERT INTO planted VALUES (?)").bind(value).execute(&mut connection).await?;
    }
    sqlx::Connection::close(connection).await?;
    let (found, _) = words.in_files(&[path]).await?;
    all_are_found(&found, "UTF-8");
    assert!(found.iter().any(|one| one.place.contains("planted.word")), "in the values, too: {found:?}");
    Ok(())
}
