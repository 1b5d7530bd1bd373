//! The comparer itself: it agrees with what happened, and sees whatever is planted in a ledger.

use std::path::{Path, PathBuf};

use adapter::simulated::{Effect, Ledger};
use harness::{
    compare::compare,
    evidence::{Evidence, ledgers},
    family,
    parents::Parents,
    process::Launch,
};
use proto::{associated::command_id, bus::CommandKind};
use sqlx::{ConnectOptions, sqlite::SqliteConnectOptions};

use crate::PROGRAM;

/// Three families of Shanxi, one with twins, to their ends; answers the data folder.
async fn three_families(folder: &Path) -> anyhow::Result<PathBuf> {
    let running = Launch::serve(PROGRAM, folder, &[]).start().await?;
    let parents = Parents::new(running.client()?);
    for request in [family::shanxi(1, 1), family::shanxi(2, 2), family::shanxi(3, 1)] {
        for case in parents.file_and_sign(&request).await?.case_ids {
            parents.end_of(&case).await?;
        }
    }
    anyhow::ensure!(running.stop().await?.success(), "a clean shutdown");
    Ok(folder.join("data"))
}

async fn wrongs(data: &Path) -> anyhow::Result<Vec<String>> {
    Ok(compare(&Evidence::of(data).await?).wrongs)
}

/// The insurance agency's ledger, its path, and the first subsidy that it entered.
async fn insurance(data: &Path) -> anyhow::Result<(Ledger, PathBuf, Effect)> {
    let endpoint = |(endpoint, _): &(String, PathBuf)| endpoint == "140000.insurance";
    let (_, path) = ledgers(&data.join("departments"))?.into_iter().find(endpoint).expect("Shanxi has an agency");
    let ledger = Ledger::open(&path).await?;
    let effects = ledger.effects().await?;
    let subsidy = effects.into_iter().find(|effect| effect.act == "RecordSubsidy").expect("one for each child");
    Ok((ledger, path, subsidy))
}

/// If this fails, every test that ends with "the ledgers agree" says nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_planted_duplicate_loss_and_compensation_too_many_are_each_seen() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let data = three_families(folder.path()).await?;
    let report = compare(&Evidence::of(&data).await?);
    report.all_well()?;
    // Certificate, registration, enrolment and subsidy for each of four children, besides the messages.
    let done = Evidence::of(&data).await?.effects;
    let done = done.iter().filter(|done| !done.endpoint.ends_with(".sms")).count();
    assert_eq!((report.cases, done, report.undone), (4, 16, 0));
    let (ledger, path, subsidy) = insurance(&data).await?;
    let plain = SqliteConnectOptions::new().filename(&path);

    // A duplicate under an id of its own, as a department without idempotency makes it.
    let duplicate = Effect { call_id: "0123456789abcdef0123456789abcdef".to_owned(), ..subsidy.clone() };
    record(&ledger, &duplicate).await?;
    let seen = wrongs(&data).await?;
    assert!(seen.len() == 1 && seen[0].contains("belongs to no command"), "{seen:?}");
    erase(&plain, &duplicate).await?;

    // A duplicate under the id that a second revision would have, as an inbox by command id makes it.
    let id = second_revision(&data, &subsidy).await?;
    let duplicate = Effect { call_id: id, ..subsidy.clone() };
    record(&ledger, &duplicate).await?;
    let seen = wrongs(&data).await?.join("\n");
    assert!(seen.contains("stands 2 times") && seen.contains("nobody ordered"), "{seen}");
    erase(&plain, &duplicate).await?;

    // A loss: the saga believes it, the ledger does not know it.
    erase(&plain, &subsidy).await?;
    let seen = wrongs(&data).await?;
    assert!(seen.len() == 1 && seen[0].contains("the ledger does not know it"), "{seen:?}");
    record(&ledger, &subsidy).await?;
    assert_eq!(wrongs(&data).await?, Vec::<String>::new(), "put back as it was");

    // A compensation too many: undone, and nobody ordered it.
    assert!(ledger.undo_once(&subsidy.call_id, subsidy.done_at_ms + 1).await?);
    let seen = wrongs(&data).await?.join("\n");
    assert!(seen.contains("undone under revision 1, which nobody ordered") && seen.contains("it was undone"), "{seen}");
    Ok(())
}

async fn record(ledger: &Ledger, effect: &Effect) -> anyhow::Result<()> {
    let mut books = ledger.begin().await?;
    books.record(effect).await?;
    Ok(books.commit().await?)
}

/// As if it had never been done: what no department's own code can do.
async fn erase(plain: &SqliteConnectOptions, effect: &Effect) -> anyhow::Result<()> {
    let mut connection = plain.connect().await?;
    let erased =
        sqlx::query("DELETE FROM effect WHERE call_id = ?").bind(&effect.call_id).execute(&mut connection).await?;
    anyhow::ensure!(erased.rows_affected() == 1, "one entry is erased");
    Ok(())
}

/// The id of the next revision of the command that made this effect.
async fn second_revision(data: &Path, effect: &Effect) -> anyhow::Result<String> {
    let id = |case: [u8; 16], revision| hex::encode(command_id(case, "subsidy-entry", CommandKind::Act, revision));
    let evidence = Evidence::of(data).await?;
    let case = evidence.cases.iter().find(|case| id(case.case, 1) == effect.call_id).expect("it belongs to a case");
    Ok(id(case.case, 2))
}
