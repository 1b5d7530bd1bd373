//! What every inbox must do alike, as stories that run on each of them.
//!
//! A story panics with a sentence where the inbox breaks the promise.

use std::sync::Arc;

use bytes::Bytes;

use super::{Changes, DeadLetter, Inbox, KeptCommand, StepKey, StepRow};

/// Runs all stories on a new, empty inbox.
pub async fn all(inbox: Arc<dyn Inbox>) {
    a_step_is_found_again_under_its_key_and_number(&*inbox).await;
    steps_of_one_case_and_of_one_name_are_kept_apart(&*inbox).await;
    a_large_batch_comes_back_whole_and_in_order(&*inbox).await;
    a_kept_command_is_replaced_by_a_newer_one(&*inbox).await;
    messages_leave_in_order_and_once_forgotten_do_not_come_back(&*inbox).await;
    what_is_due_comes_longest_due_first(&*inbox).await;
    dead_letters_are_shown_newest_first(&*inbox).await;
    old_steps_are_forgotten_unless_something_is_due(&*inbox).await;
}

fn key(of: u8, step: &str) -> StepKey {
    StepKey { effect_key: [of; 16], step: step.into() }
}

async fn load_one(inbox: &dyn Inbox, key: StepKey) -> StepRow {
    let rows = inbox.load(&[key]).await.expect("an inbox loads");
    rows.into_iter().next().expect("one row for one key")
}

async fn commit(inbox: &dyn Inbox, changes: Changes) -> Vec<i64> {
    inbox.commit(changes).await.expect("an inbox commits")
}

fn message(key: u64) -> bus::Message {
    let header = bus::header::header("ce_id", Bytes::from_static(b"1"));
    bus::Message { topic: "replies".into(), key, payload: Bytes::from(vec![7; 3]), headers: vec![header] }
}

/// A department would do again what it has forgotten that it did.
async fn a_step_is_found_again_under_its_key_and_number(inbox: &dyn Inbox) {
    let mut row = load_one(inbox, key(1, "card")).await;
    assert!(row.record.is_empty(), "a step never heard of has no record");
    row.record = vec![1, 2, 3];
    row.changed_ms = 5;
    commit(inbox, Changes { rows: vec![row.clone()], ..Changes::default() }).await;
    assert_eq!(load_one(inbox, key(1, "card")).await, row);
    row.record = vec![4];
    commit(inbox, Changes { rows: vec![row.clone()], ..Changes::default() }).await;
    assert_eq!(load_one(inbox, key(1, "card")).await, row, "a changed row replaces the old one");
}

/// One family's card would be answered with another family's.
async fn steps_of_one_case_and_of_one_name_are_kept_apart(inbox: &dyn Inbox) {
    let keys = [key(2, "card"), key(2, "enrolment"), key(3, "card")];
    let mut rows = inbox.load(&keys).await.expect("an inbox loads");
    for (number, row) in rows.iter_mut().enumerate() {
        row.record = vec![number as u8 + 1];
    }
    commit(inbox, Changes { rows: rows.clone(), ..Changes::default() }).await;
    assert_eq!(inbox.load(&keys).await.expect("an inbox loads"), rows);
    let mut ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    ids.dedup();
    assert_eq!(ids.len(), 3, "each row has a number of its own");
}

/// Statements have a largest size; what lies beyond it would be lost or mixed up.
async fn a_large_batch_comes_back_whole_and_in_order(inbox: &dyn Inbox) {
    let keys: Vec<StepKey> = (0..1_111).map(|number| key(4, &format!("step-{number}"))).collect();
    let mut rows = inbox.load(&keys).await.expect("an inbox loads");
    for row in &mut rows {
        row.record = row.key.step.as_bytes().to_vec();
    }
    let outgoing = (0..777).map(message).collect();
    let ids = commit(inbox, Changes { rows: rows.clone(), outgoing, ..Changes::default() }).await;
    assert_eq!(inbox.load(&keys).await.expect("an inbox loads"), rows);
    let unpublished = inbox.unpublished(1_000).await.expect("an inbox reads its outbox");
    assert_eq!(unpublished.iter().map(|one| one.id).collect::<Vec<_>>(), ids);
    assert!(unpublished.iter().enumerate().all(|(place, one)| one.message.key == place as u64));
    inbox.published(&ids).await.expect("an inbox forgets what has left");
}

/// An act would be called again, or undone, with fields that were not its own.
async fn a_kept_command_is_replaced_by_a_newer_one(inbox: &dyn Inbox) {
    let row = load_one(inbox, key(5, "card")).await.id;
    let kept = |revision, byte| KeptCommand { row, revision, command: vec![byte] };
    commit(inbox, Changes { commands: vec![kept(1, 1), kept(2, 2)], ..Changes::default() }).await;
    commit(inbox, Changes { commands: vec![kept(1, 9)], ..Changes::default() }).await;
    let mut found = inbox.kept_commands(&[(row, 2), (row, 1), (row, 3)]).await.expect("an inbox reads");
    found.sort_by_key(|one| one.revision);
    assert_eq!(found, [kept(1, 9), kept(2, 2)]);
}

/// A reply would be lost in a crash between commit and publish, or published for ever.
async fn messages_leave_in_order_and_once_forgotten_do_not_come_back(inbox: &dyn Inbox) {
    let outgoing = vec![message(1), message(2), message(u64::MAX)];
    let ids = commit(inbox, Changes { outgoing, ..Changes::default() }).await;
    let found = inbox.unpublished(10).await.expect("an inbox reads its outbox");
    assert_eq!(found.iter().map(|one| one.message.key).collect::<Vec<_>>(), [1, 2, u64::MAX]);
    assert_eq!(found[0].message.payload, message(1).payload);
    assert_eq!(found[0].message.headers, message(1).headers);
    commit(inbox, Changes { published: vec![ids[0]], ..Changes::default() }).await;
    inbox.published(&ids[1..2]).await.expect("an inbox forgets what has left");
    let found = inbox.unpublished(10).await.expect("an inbox reads its outbox");
    assert_eq!(found.iter().map(|one| one.id).collect::<Vec<_>>(), ids[2..]);
    inbox.published(&ids[2..]).await.expect("an inbox forgets what has left");
}

/// A call without result would not be made again, or the newest before the oldest.
async fn what_is_due_comes_longest_due_first(inbox: &dyn Inbox) {
    let keys = [key(6, "a"), key(6, "b"), key(6, "c")];
    let mut rows = inbox.load(&keys).await.expect("an inbox loads");
    for (row, due_ms) in rows.iter_mut().zip([30, 10, 20]) {
        row.due_ms = Some(due_ms);
        row.record = vec![1];
    }
    commit(inbox, Changes { rows: rows.clone(), ..Changes::default() }).await;
    let due = |rows: Vec<StepRow>| rows.iter().map(|row| row.key.step.to_string()).collect::<Vec<_>>();
    assert_eq!(due(inbox.due(20, 10).await.expect("an inbox reads")), ["b", "c"]);
    assert_eq!(due(inbox.due(99, 1).await.expect("an inbox reads")), ["b"]);
    for row in &mut rows {
        row.due_ms = None;
    }
    commit(inbox, Changes { rows, ..Changes::default() }).await;
    assert!(inbox.due(99, 10).await.expect("an inbox reads").is_empty(), "what is done is not due any more");
}

/// A person would not find what could not be read.
async fn dead_letters_are_shown_newest_first(inbox: &dyn Inbox) {
    let letter = |offset| DeadLetter {
        received_ms: 1,
        topic: "commands".to_owned(),
        partition: 2,
        offset,
        reason: "not a command".to_owned(),
        sealed: vec![1],
    };
    commit(inbox, Changes { dead_letters: vec![letter(1), letter(2)], ..Changes::default() }).await;
    assert_eq!(inbox.dead_letters(1).await.expect("an inbox reads"), [letter(2)]);
    assert_eq!(inbox.dead_letters(9).await.expect("an inbox reads"), [letter(2), letter(1)]);
}

/// The inbox would grow for ever, or forget a step that is still being handled.
async fn old_steps_are_forgotten_unless_something_is_due(inbox: &dyn Inbox) {
    let keys = [key(7, "old"), key(7, "old and due"), key(7, "new")];
    let mut rows = inbox.load(&keys).await.expect("an inbox loads");
    for row in &mut rows {
        row.record = vec![1];
        row.changed_ms = 1_000;
    }
    rows[1].due_ms = Some(5_000);
    rows[2].changed_ms = 3_000;
    let commands = vec![KeptCommand { row: rows[0].id, revision: 1, command: vec![1] }];
    let old = rows[0].id;
    commit(inbox, Changes { rows, commands, ..Changes::default() }).await;
    assert!(inbox.forget_before(2_000).await.expect("an inbox forgets") >= 1);
    let left = inbox.load(&keys).await.expect("an inbox loads");
    let known: Vec<bool> = left.iter().map(|row| !row.record.is_empty()).collect();
    assert_eq!(known, [false, true, true]);
    assert!(inbox.kept_commands(&[(old, 1)]).await.expect("an inbox reads").is_empty());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Bind, Effects, MemoryInbox, SqliteInbox, Statement, inbox::Error};

    #[tokio::test]
    async fn the_memory_inbox_keeps_every_promise() {
        // The simulation would prove rules on an inbox that does not exist in the world.
        all(Arc::new(MemoryInbox::new())).await;
    }

    #[tokio::test]
    async fn the_sqlite_inbox_keeps_every_promise() {
        // What a department did would be forgotten or mixed up.
        let folder = tempfile::tempdir().expect("a temporary folder");
        let inbox = SqliteInbox::open(&folder.path().join("inbox.sqlite")).await.expect("a new inbox opens");
        all(Arc::new(inbox)).await;
    }

    #[tokio::test]
    async fn what_was_committed_is_there_after_a_restart_and_numbers_go_on() {
        // After a restart a department would do everything again, or overwrite one family's row with another's.
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("inbox.sqlite");
        let inbox = SqliteInbox::open(&path).await.expect("a new inbox opens");
        let mut row = load_one(&inbox, key(1, "card")).await;
        row.record = vec![1, 2, 3];
        let outgoing = vec![message(1)];
        let ids = commit(&inbox, Changes { rows: vec![row.clone()], outgoing, ..Changes::default() }).await;
        inbox.close().await.expect("an inbox closes");

        let inbox = SqliteInbox::open(&path).await.expect("the inbox opens again");
        assert_eq!(load_one(&inbox, key(1, "card")).await, row);
        assert_eq!(inbox.unpublished(9).await.expect("an inbox reads its outbox")[0].id, ids[0]);
        assert!(load_one(&inbox, key(2, "card")).await.id > row.id);
        assert!(commit(&inbox, Changes { outgoing: vec![message(2)], ..Changes::default() }).await[0] > ids[0]);
    }

    #[tokio::test]
    async fn a_second_instance_on_the_same_inbox_is_refused() {
        // Two instances would each believe that a step is theirs to do.
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("inbox.sqlite");
        let first = SqliteInbox::open(&path).await.expect("a new inbox opens");
        let second = SqliteInbox::open(&path).await;
        assert!(matches!(second, Err(Error::InUse { .. })), "{:?}", second.err());
        first.close().await.expect("an inbox closes");
        SqliteInbox::open(&path).await.expect("free again, it opens");
    }

    #[tokio::test]
    async fn a_local_effect_that_fails_takes_everything_of_its_transaction_with_it() {
        // The reply would say "done" of an effect that was rolled back.
        let folder = tempfile::tempdir().expect("a temporary folder");
        let schema = "CREATE TABLE IF NOT EXISTS guidance (child TEXT PRIMARY KEY) STRICT";
        let path = folder.path().join("inbox.sqlite");
        let inbox = SqliteInbox::open_with(&path, schema).await.expect("a new inbox opens");
        let effects = || {
            let child = Bind::Text("child 1".to_owned());
            Effects::none().statement(Statement::new("INSERT INTO guidance (child) VALUES (?)", [child]))
        };
        commit(&inbox, Changes { outgoing: vec![message(1)], effects: effects(), ..Changes::default() }).await;
        let twice = Changes { outgoing: vec![message(2)], effects: effects(), ..Changes::default() };
        assert!(inbox.commit(twice).await.is_err());
        let left = inbox.unpublished(9).await.expect("an inbox reads its outbox");
        assert_eq!(left.iter().map(|one| one.message.key).collect::<Vec<_>>(), [1]);
    }
}
