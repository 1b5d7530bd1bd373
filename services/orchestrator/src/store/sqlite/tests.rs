//! What only a store on disk can break: reopening, being killed, and what deleting leaves behind.

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
};

use super::{Error, SqliteStore, Store};
use crate::store::{
    Appended, TaskFilter, Unit,
    conformance::{self, awaiting, blind, command, commit, entry, id, key, new_case, new_child, next, output},
};

async fn open(path: &Path) -> SqliteStore {
    SqliteStore::open(path).await.expect("the database opens")
}

fn file(folder: &tempfile::TempDir) -> PathBuf {
    folder.path().join("orchestrator.db")
}

/// If this failed, what is proved in memory would not hold on disk.
#[tokio::test]
async fn sqlite_keeps_every_rule_of_a_store() {
    let folder = tempfile::tempdir().expect("a folder");
    let opened = std::cell::Cell::new(0);
    let open = async || {
        opened.set(opened.get() + 1);
        Arc::new(open(&folder.path().join(format!("{}.db", opened.get()))).await) as Arc<dyn Store>
    };
    conformance::run_all(open).await;
}

/// If this failed, a restart would lose families, or give a new one an old one's number.
#[tokio::test]
async fn everything_is_there_after_reopening() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(&file(&folder)).await;
    assert_eq!(store.reserve_numbers(10).await.expect("reserve"), 1);
    store.set_meta("probe", b"value").await.expect("set meta");
    commit(&store, &[new_case(1), new_case(2)]).await;
    commit(&store, &[next(1, 2)]).await;
    store.close().await.expect("close");

    let store = open(&file(&folder)).await;
    assert_eq!(store.reserve_numbers(1).await.expect("reserve"), 11);
    assert_eq!(store.meta("probe").await.expect("meta"), Some(b"value".to_vec()));
    let loaded = store.load(&[1, 2]).await.expect("load");
    assert_eq!(loaded.iter().map(|loaded| loaded.version).collect::<Vec<_>>(), [3, 2]);
    assert_eq!(store.due(i64::MAX, 9).await.expect("due").len(), 2);
    assert_eq!(conformance::append(&store, next(1, 2)).await, Appended::Stale);
    let mut same_child = new_case(3);
    same_child.sagas[0].child = Some(blind(b'c', 2));
    assert_eq!(conformance::append(&store, same_child).await, Appended::ChildLive { case: id(b'n', 2) });
}

/// If this failed, one saga whose history has a hole would stop every batch that touches it, and with it the service.
#[tokio::test]
async fn a_saga_with_a_hole_in_its_history_is_loaded_for_the_fold_to_tell() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(&file(&folder)).await;
    commit(&store, &[new_case(1), new_case(2)]).await;
    let mut writer = store.writer().await.expect("open");
    let torn = sqlx::query("DELETE FROM event WHERE saga = 1 AND seq = 2");
    torn.execute(writer.connection().expect("open")).await.expect("torn");
    drop(writer);
    let loaded = store.load(&[1, 2]).await.expect("the others are loaded");
    assert_eq!(loaded.iter().map(|saga| (saga.version, saga.entries.len())).collect::<Vec<_>>(), [(2, 1), (2, 2)]);
}

/// If this failed, a call during shutdown would hang or bring the process down.
#[tokio::test]
async fn a_closed_store_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(&file(&folder)).await;
    store.close().await.expect("close");
    store.close().await.expect("closing twice is closing once");
    assert!(matches!(store.append(&[new_case(1)]).await, Err(Error::Closed)));
    assert!(matches!(store.load(&[1]).await, Err(Error::Closed)));
    assert!(!file(&folder).with_extension("db-wal").exists(), "the log is folded into the database");
}

/// If this failed, an old program would write rows that a newer one has given another meaning.
#[tokio::test]
async fn a_database_of_a_newer_program_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(&file(&folder)).await;
    let sql = "INSERT INTO migration (number, digest) VALUES (99, x'00')";
    sqlx::query(sql).execute(store.writer().await.expect("open").connection().expect("open")).await.expect("insert");
    store.close().await.expect("close");
    assert!(matches!(SqliteStore::open(&file(&folder)).await, Err(Error::Damaged { table: "migration", .. })));
}

/// If this failed, a coordinator that is stopped in the middle of a batch would leave the writer in a transaction.
#[tokio::test]
async fn an_append_that_is_dropped_half_way_leaves_nothing_and_blocks_nobody() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(&file(&folder)).await;
    let units: Vec<_> = (1..=300).map(new_case).collect();
    for polls in 0..40 {
        let mut append = Box::pin(store.append(&units));
        let mut left = polls;
        let given_up = std::future::poll_fn(|context| {
            left -= 1;
            if left < 0 { std::task::Poll::Ready(None) } else { append.as_mut().poll(context).map(Some) }
        });
        let finished = given_up.await.is_some();
        drop(append);
        let stored = store.load(&(1..=300).collect::<Vec<_>>()).await.expect("load").len();
        assert!(stored == 0 || stored == 300, "{stored} of 300 after {polls} polls");
        if finished || stored == 300 {
            break;
        }
    }
    commit(&store, &[new_case(301)]).await;
}

/// If this failed, sealed payloads that were deleted could be read from the file, long after their key is destroyed.
#[tokio::test]
async fn what_is_deleted_is_overwritten() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(&file(&folder)).await;
    let mut row = command(1, 5, "health");
    row.message = Some(b"UNMISTAKABLE-MESSAGE-4711".repeat(8));
    let mut unit = new_case(1);
    unit.sagas[0].awaits = vec![row];
    commit(&store, &[unit]).await;
    let setting = sqlx::query_scalar::<_, i64>("PRAGMA secure_delete");
    let mut writer = store.writer().await.expect("open");
    assert_eq!(setting.fetch_one(writer.connection().expect("open")).await.expect("pragma"), 2, "2 is FAST");
    drop(writer);
    store.close().await.expect("close");
    let holds = |path: &Path| {
        let bytes = std::fs::read(path).expect("the database is there");
        bytes.windows(25).any(|window| window == b"UNMISTAKABLE-MESSAGE-4711")
    };
    assert!(holds(&file(&folder)), "or the search below would prove nothing");

    let store = open(&file(&folder)).await;
    let done = vec![key(crate::store::PendingKindName::Command, 1)];
    commit(&store, &[awaiting(1, 2, vec![], done)]).await;
    store.close().await.expect("close");
    assert!(!holds(&file(&folder)));
}

/// If this failed, each batch would read tables from end to end once they are large.
#[tokio::test]
async fn statements_of_an_append_and_of_the_clock_use_their_indexes() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(&file(&folder)).await;
    let append = &store.append;
    let many =
        [&append.awaits_no_more, &append.turned, &append.awaits, &append.sagas].map(|rows| rows.texts[2].to_string());
    let others = [
        "UPDATE pending SET due_at = ?1 WHERE (saga, kind, step) IN (SELECT value ->> 0, 0, value ->> 1 FROM \
         json_each(?2)) AND due_at < 9223372036854775807",
        "SELECT key FROM idempotency WHERE key IN (SELECT unhex(value) FROM json_each(?))",
        "SELECT saga, seq FROM event WHERE saga IN (SELECT value FROM json_each(?)) ORDER BY saga, seq",
        "SELECT live_child.child, number, case_id FROM live_child JOIN saga ON number = saga WHERE live_child.child IN \
         (SELECT unhex(value) FROM json_each(?))",
        "DELETE FROM live_child WHERE (child, saga) IN (SELECT child, number FROM saga WHERE number IN (SELECT value \
         FROM json_each(?)))",
    ];
    let persons = [
        TaskFilter { role: Some("clerk".into()), ..TaskFilter::default() },
        TaskFilter { saga: Some(1), ..TaskFilter::default() },
        TaskFilter { after: Some((1, key(crate::store::PendingKindName::Task, 1))), ..TaskFilter::default() },
    ];
    let persons = persons.map(|filter| super::reading::tasks_text(&filter));
    let clock = [super::reading::due_text(), super::reading::next_due_text()].into_iter().chain(persons);
    for text in many.into_iter().chain(others.map(String::from)).chain(clock) {
        let plan =
            sqlx::query_as::<_, (i64, i64, i64, String)>(sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {text}")));
        let plan = plan.fetch_all(&store.readers).await.expect("a plan");
        let lines: Vec<_> = plan.into_iter().map(|(.., line)| line).collect();
        let tables = ["pending", "saga", "idempotency", "event", "live_child"];
        let scans = |line: &String| tables.iter().any(|table| *line == format!("SCAN {table}"));
        let sorts = |line: &String| line.contains("TEMP B-TREE");
        assert!(!lines.iter().any(|line| scans(line) || sorts(line)), "{text}\n{lines:#?}");
    }
}

/// The two sagas of a numbered batch's unit, and everything else that must come and go with it.
fn twins(batch: u64, unit: u64) -> Unit {
    let number = batch * 100 + unit * 2 + 1;
    let mut first = new_child(number, number, 1);
    first.awaits = (1..=3).map(|step| command(step, 10, "tax")).collect();
    first.seals = vec![output(1, 1, &[batch.to_le_bytes()[0]; 1024])];
    first.entries.push(entry(3));
    Unit { sagas: vec![first, new_child(number + 1, number, 2)], ..new_case(number) }
}

/// Names the database to the process that is to be killed.
const DATABASE: &str = "YIJIAN_TEST_KILLED_DATABASE";

/// Units in a batch of the process that is to be killed.
const UNITS: u64 = 40;

/// Not a test: the process that the next one kills. It writes numbered batches and says when each is acknowledged.
#[tokio::test]
#[ignore = "started by the test that kills it"]
async fn writes_until_it_is_killed() {
    let Some(path) = std::env::var_os(DATABASE) else { return };
    let store = open(Path::new(&path)).await;
    let stored = store.meta("batches").await.expect("meta");
    let first = stored.map_or(1, |count| u64::from_le_bytes(count.try_into().expect("8 bytes")));
    for batch in first..100_000 {
        // The next process must not meet numbers that this one may have written.
        store.set_meta("batches", &(batch + 1).to_le_bytes()).await.expect("set meta");
        let units: Vec<_> = (0..UNITS).map(|unit| twins(batch, unit)).collect();
        commit(&store, &units).await;
        println!("acknowledged {batch}");
    }
}

/// If this failed, a power cut would lose a family that was told "received", or leave half a family behind.
#[tokio::test]
async fn a_kill_in_the_middle_of_a_batch_leaves_every_unit_whole_or_absent() {
    let folder = tempfile::tempdir().expect("a folder");
    open(&file(&folder)).await.close().await.expect("close");
    let mut acknowledged = Vec::new();
    for kill in 0..8_u64 {
        let mut writer = Command::new(std::env::current_exe().expect("this test"))
            .args(["--exact", "--ignored", "--nocapture", "store::sqlite::tests::writes_until_it_is_killed"])
            .env(DATABASE, file(&folder))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("this test starts again");
        let lines = BufReader::new(writer.stdout.take().expect("piped")).lines();
        let mut lines = lines.map_while(Result::ok).filter_map(|line| {
            let batch = line.split("acknowledged ").nth(1)?.trim().parse::<u64>();
            batch.ok()
        });
        let before = acknowledged.len();
        acknowledged.extend(lines.by_ref().take(usize::try_from(kill % 4 + 1).expect("small")));
        assert!(acknowledged.len() > before, "the process writes");
        // Spin for a part of a batch's time that differs by round: the kill falls into another moment of it each time.
        for _ in 0..kill * 400_000 {
            std::hint::spin_loop();
        }
        writer.kill().expect("kill");
        acknowledged.extend(lines);
        writer.wait().expect("it is dead");
        check(&open(&file(&folder)).await, &acknowledged).await;
    }
}

async fn check(store: &SqliteStore, acknowledged: &[u64]) {
    let last = acknowledged.iter().max().copied().unwrap_or(0);
    for batch in 1..=last + 3 {
        let mut stored = 0;
        for unit in 0..UNITS {
            let expected = twins(batch, unit);
            let numbers: Vec<_> = expected.sagas.iter().map(|change| change.number).collect();
            let loaded = store.load(&numbers).await.expect("load");
            let application = store.form(expected.opens.expect("it opens").id).await.expect("form");
            let sealed = store.sealed(numbers[0]).await.expect("sealed").len();
            let child = store.find_subject(expected.sagas[1].found_by[0]).await.expect("find").len();
            let whole = (loaded.len(), application.is_some(), sealed, child);
            assert!(whole == (2, true, 1, 1) || whole == (0, false, 0, 0), "unit {unit} of batch {batch}: {whole:?}");
            let entries: usize = loaded.iter().map(|loaded| loaded.entries.len()).sum();
            assert_eq!(entries, loaded.len() / 2 * 5);
            stored += loaded.len() as u64 / 2;
        }
        assert!(stored == UNITS || !acknowledged.contains(&batch), "batch {batch} was acknowledged: {stored} units");
        assert!(stored == 0 || stored == UNITS, "batch {batch} is one transaction");
    }
    let whole = store.search(&crate::store::CaseFilter::default()).await.expect("search").1;
    assert_eq!(store.in_flight().await.expect("in flight"), whole / 2 * 4, "each family waits for its four answers");
}
