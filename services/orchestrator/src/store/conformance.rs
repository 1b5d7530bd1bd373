//! What every store must do, as stories that run on each of them: a rule that only one keeps is not a rule.
//!
//! Each story is given a store of its own, empty. A new implementation calls [`run_all`] in a test; what only a store
//! on disk can break (kill, reopening) is tested beside that store.

use std::sync::Arc;

use super::{
    Appended, Blind, Change, Entry, NewApplication, PendingKey, PendingKindName, PendingRow, SagaNumber, SealedKind,
    SealedRow, Store, Summary, Unit,
};

pub mod appending;
pub mod keeping;
pub mod seeking;
pub mod waiting;

/// Tells every story, each on a new store.
///
/// # Panics
/// Where the store breaks a rule; the story told last, on standard error, names it.
pub async fn run_all(open: impl AsyncFn() -> Arc<dyn Store>) {
    appending::run(&open).await;
    waiting::run(&open).await;
    seeking::run(&open).await;
    keeping::run(&open).await;
}

/// Tells one story on a new store, its name on standard error first.
async fn tell<F: Future<Output = ()>>(
    open: &impl AsyncFn() -> Arc<dyn Store>,
    story: impl FnOnce(Arc<dyn Store>) -> F,
) {
    eprintln!("{}", std::any::type_name_of_val(&story));
    story(open().await).await;
}

/// 32 bytes that differ by their label and number: a stand-in for an HMAC.
pub fn blind(label: u8, number: u64) -> Blind {
    let mut blind = [label; 32];
    blind[8..16].copy_from_slice(&number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    blind[24..].copy_from_slice(&number.to_be_bytes());
    blind
}

/// 16 bytes that differ by their label and number.
pub fn id(label: u8, number: u64) -> [u8; 16] {
    let mut id = [label; 16];
    id[8..].copy_from_slice(&number.to_be_bytes());
    id
}

/// A new application with one child, whose case has this number: everything derived from it.
pub fn new_case(number: SagaNumber) -> Unit {
    Unit { opens: Some(application(number)), sagas: vec![new_child(number, number, 1)], act: None }
}

/// An application whose ids, key and form are derived from this number.
pub fn application(number: u64) -> NewApplication {
    NewApplication {
        id: id(b'a', number),
        key: blind(b'k', number),
        form: blind(b'f', number),
        wrapped_key: format!("wrapped {number}").into_bytes(),
        sealed_form: format!("sealed form {number}").into_bytes(),
        at: 1_000,
    }
}

/// The first change of a new saga.
pub fn new_child(number: SagaNumber, application: u64, child_order: u8) -> Change {
    Change {
        number,
        expected_version: 0,
        entries: vec![entry(1), entry(2)],
        summary: summary(number, application, child_order),
        awaits: vec![command(1, 2_000, "health")],
        awaits_no_more: Vec::new(),
        seals: vec![output(1, 1, b"output 1")],
        found_by: vec![blind(b's', number)],
        child: Some(blind(b'c', number)),
    }
}

/// A later change of the saga that [`new_case`] opened: one entry more.
pub fn next(number: SagaNumber, expected_version: u64) -> Unit {
    let change = Change {
        expected_version,
        entries: vec![entry(expected_version + 1)],
        awaits: Vec::new(),
        seals: Vec::new(),
        found_by: Vec::new(),
        child: None,
        ..new_child(number, number, 1)
    };
    Unit { opens: None, sagas: vec![change], act: None }
}

/// [`next`], after which the saga is in this state.
pub fn turning(number: SagaNumber, expected_version: u64, state: &'static str) -> Unit {
    let mut unit = next(number, expected_version);
    unit.sagas[0].summary.state = state;
    unit
}

/// [`next`], which changes what is awaited.
pub fn awaiting(number: SagaNumber, expected_version: u64, awaits: Vec<PendingRow>, no_more: Vec<PendingKey>) -> Unit {
    let mut unit = next(number, expected_version);
    unit.sagas[0].awaits = awaits;
    unit.sagas[0].awaits_no_more = no_more;
    unit
}

/// A running, quiet saga.
pub fn summary(number: SagaNumber, application: u64, child_order: u8) -> Summary {
    Summary {
        case: id(b'n', number),
        application: id(b'a', application),
        child_order,
        pack: "anhui-2024".into(),
        definition: [7; 32],
        state: "running",
        stuck: false,
        frozen: false,
        bereaved: false,
        submitted_at: 1_000,
        changed_at: 1_001,
    }
}

/// An entry whose body names its place.
pub fn entry(seq: u64) -> Entry {
    Entry { seq, at: 1_000, schema: 1, body: format!("[\"event {seq}\"]").into_bytes() }
}

/// A command that waits for a department.
pub fn command(step: u8, due_at: i64, department: &str) -> PendingRow {
    PendingRow {
        key: key(PendingKindName::Command, step),
        revision: 1,
        due_at,
        whom: department.into(),
        person: None,
        message: Some(format!("message of step {step}").into_bytes()),
        attempts: 0,
        since: 1_000,
    }
}

/// A task that waits for a person.
pub fn task(step: u8, due_at: i64, role: &str, person: Option<Blind>) -> PendingRow {
    let key = key(PendingKindName::Task, step);
    PendingRow { key, person, message: None, ..command(step, due_at, role) }
}

/// Which pending row.
pub fn key(kind: PendingKindName, step: u8) -> PendingKey {
    PendingKey { kind, step }
}

/// What a step gave.
pub fn output(step: u8, revision: u32, sealed: &[u8]) -> SealedRow {
    SealedRow { step, kind: SealedKind::Output, revision, sealed: sealed.to_vec() }
}

/// Appends one unit and answers what became of it.
pub async fn append(store: &dyn Store, unit: Unit) -> Appended {
    let answers = store.append(&[unit]).await.expect("the store works");
    assert_eq!(answers.len(), 1, "one answer per unit");
    answers.into_iter().next().expect("one answer per unit")
}

/// Appends units that nothing speaks against.
pub async fn commit(store: &dyn Store, units: &[Unit]) {
    let answers = store.append(units).await.expect("the store works");
    assert_eq!(answers, vec![Appended::Committed; units.len()]);
}

/// The version of a saga; `None` if there is none.
pub async fn version(store: &dyn Store, number: SagaNumber) -> Option<u64> {
    store.load(&[number]).await.expect("the store works").first().map(|loaded| loaded.version)
}

/// Every pending row that the clock will speak for, as (saga, kind, step, due time).
pub async fn timetable(store: &dyn Store) -> Vec<(SagaNumber, PendingKindName, u8, i64)> {
    let due = store.due(i64::MAX, u32::MAX).await.expect("the store works");
    due.into_iter().map(|due| (due.number, due.row.key.kind, due.row.key.step, due.row.due_at)).collect()
}
