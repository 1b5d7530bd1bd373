//! Stories of what is awaited: pending rows, the clock, held departments, ramps and tasks.

use std::sync::Arc;

use super::{
    Store, append, awaiting, blind, command, commit, id, key, new_case, next, output, task, tell, timetable, turning,
};
use crate::store::{
    Appended, CaseFilter, DepartmentRow, PendingKindName,
    PendingKindName::{Call, Command, Expiry, Late, Legal, Message, Task},
    PendingRow, SealedKind, SealedRow, TaskFilter, Unit,
};

/// A due time that never comes.
const NEVER: i64 = i64::MAX;

/// Tells them all.
pub async fn run(open: &impl AsyncFn() -> Arc<dyn Store>) {
    tell(open, a_pending_row_is_replaced_deleted_and_keeps_its_message).await;
    tell(open, a_row_awaited_anew_does_not_inherit_a_message).await;
    tell(open, what_is_due_comes_earliest_first).await;
    tell(open, what_is_never_due_never_comes).await;
    tell(open, commands_of_a_held_department_wait_and_nothing_else_does).await;
    tell(open, a_failed_delivery_is_due_at_once).await;
    tell(open, after_a_restart_every_command_is_due_on_a_ramp).await;
    tell(open, a_restart_keeps_the_quiet_hours).await;
    tell(open, one_department_resumes_without_the_others).await;
    tell(open, what_a_frozen_case_awaits_is_woken_by_nobody).await;
    tell(open, an_outage_of_ours_moves_the_deadlines_of_tasks_alone).await;
    tell(open, tasks_are_found_by_role_person_and_saga_page_by_page).await;
    tell(open, calls_are_listed_with_the_tasks_each_once).await;
    tell(open, what_the_law_and_messages_wait_for_is_kept_as_it_was).await;
    tell(open, a_held_messenger_is_given_no_messages).await;
    tell(open, the_newest_revision_of_a_payload_is_the_one_that_counts).await;
}

async fn held(store: &dyn Store, name: &str, held: bool) {
    let row = DepartmentRow { name: name.into(), held, reason: "月末维护".into() };
    store.set_department(&row).await.expect("hold or resume");
}

/// A new case that waits for nothing but these rows.
fn waiting(number: u64, awaits: Vec<PendingRow>) -> Unit {
    let mut unit = new_case(number);
    unit.sagas[0].awaits = awaits;
    unit
}

fn of_kind(kind: PendingKindName, step: u8, due_at: i64) -> PendingRow {
    PendingRow { key: key(kind, step), message: None, ..command(step, due_at, "applicant") }
}

async fn rows(store: &dyn Store) -> Vec<PendingRow> {
    store.due(NEVER, u32::MAX).await.expect("due").into_iter().map(|due| due.row).collect()
}

/// If this failed, a department would be asked again with an empty envelope, or for ever after it has answered.
async fn a_pending_row_is_replaced_deleted_and_keeps_its_message(store: Arc<dyn Store>) {
    commit(&*store, &[waiting(1, vec![command(1, 10, "health"), command(2, 20, "police")])]).await;
    let retried = PendingRow { message: None, attempts: 1, due_at: 30, ..command(1, 0, "health") };
    commit(&*store, &[awaiting(1, 2, vec![retried], vec![])]).await;
    let kept = PendingRow { attempts: 1, due_at: 30, ..command(1, 0, "health") };
    assert_eq!(rows(&*store).await, [command(2, 20, "police"), kept.clone()]);

    let other = PendingRow { revision: 2, message: Some(b"corrected".to_vec()), ..command(2, 40, "police") };
    commit(&*store, &[awaiting(1, 3, vec![other.clone()], vec![])]).await;
    assert_eq!(rows(&*store).await, [kept.clone(), other]);

    let gone = vec![key(Command, 2), key(Command, 9), key(Task, 1)];
    commit(&*store, &[awaiting(1, 4, vec![], gone)]).await;
    assert_eq!(rows(&*store).await, [kept], "what is not there may be deleted; another kind of the step stays");
}

/// If this failed, a step's second act would go out with the fields of its first.
async fn a_row_awaited_anew_does_not_inherit_a_message(store: Arc<dyn Store>) {
    commit(&*store, &[waiting(1, vec![command(1, 10, "health")])]).await;
    let anew = PendingRow { message: None, ..command(1, 20, "health") };
    commit(&*store, &[awaiting(1, 2, vec![anew.clone()], vec![key(Command, 1)])]).await;
    assert_eq!(rows(&*store).await, [anew], "deleted first, then written");
}

/// If this failed, a deadline would overtake an earlier one, or a crowd of late rows starve the first.
async fn what_is_due_comes_earliest_first(store: Arc<dyn Store>) {
    let batch = [
        waiting(2, vec![command(1, 30, "health"), of_kind(Expiry, 2, 10)]),
        waiting(1, vec![of_kind(Late, 7, 20), command(3, 10, "police"), command(4, 10, "police")]),
    ];
    commit(&*store, &batch).await;
    let all = [(1, Command, 3, 10), (1, Command, 4, 10), (2, Expiry, 2, 10), (1, Late, 7, 20), (2, Command, 1, 30)];
    assert_eq!(timetable(&*store).await, all);
    assert_eq!(store.due(9, 10).await.expect("due").len(), 0);
    assert_eq!(store.due(10, 10).await.expect("due").len(), 3);
    assert_eq!(store.due(29, 10).await.expect("due").len(), 4);
    let first = store.due(30, 2).await.expect("due");
    assert!(first.iter().map(|due| (due.number, due.row.key.step)).eq([(1, 3), (1, 4)]));
    assert_eq!(store.next_due().await.expect("next due"), Some(10));
    assert_eq!(store.in_flight().await.expect("in flight"), 3);
}

/// If this failed, a frozen case would send, and a task without a limit would expire.
async fn what_is_never_due_never_comes(store: Arc<dyn Store>) {
    commit(&*store, &[waiting(1, vec![command(1, NEVER, "health"), of_kind(Task, 2, NEVER)])]).await;
    assert!(timetable(&*store).await.is_empty());
    assert_eq!(store.next_due().await.expect("next due"), None);
    assert_eq!(store.in_flight().await.expect("in flight"), 1, "it still waits for an answer");
    commit(&*store, &[awaiting(1, 2, vec![command(1, NEVER - 1, "health")], vec![])]).await;
    assert_eq!(store.next_due().await.expect("next due"), Some(NEVER - 1));
}

/// If this failed, a department under maintenance would be flooded, or its neighbours and the clock stand still.
async fn commands_of_a_held_department_wait_and_nothing_else_does(store: Arc<dyn Store>) {
    let awaits = vec![
        command(1, 10, "tax"),
        command(2, 20, "health"),
        PendingRow { whom: "tax".into(), ..of_kind(Expiry, 1, 30) },
    ];
    commit(&*store, &[waiting(1, awaits)]).await;
    held(&*store, "tax", true).await;
    assert_eq!(timetable(&*store).await, [(1, Command, 2, 20), (1, Expiry, 1, 30)]);
    assert_eq!(store.next_due().await.expect("next due"), Some(20), "or the clock would spin on what it may not send");
    assert_eq!(store.due(NEVER, 1).await.expect("due")[0].row.key.step, 2, "what is held takes nobody's place");
    assert_eq!(store.in_flight().await.expect("in flight"), 2);

    held(&*store, "tax", false).await;
    assert_eq!(timetable(&*store).await.len(), 3);
    held(&*store, "police", true).await;
    let names: Vec<_> =
        store.departments().await.expect("departments").into_iter().map(|row| (row.name, row.held)).collect();
    assert_eq!(names, [("police".into(), true), ("tax".into(), false)]);
}

/// If this failed, a command that the bus refused would wait for its whole timeout.
async fn a_failed_delivery_is_due_at_once(store: Arc<dyn Store>) {
    commit(
        &*store,
        &[waiting(1, vec![command(1, 900, "tax"), of_kind(Task, 1, 900)]), waiting(2, vec![command(1, 900, "tax")])],
    )
    .await;
    store.make_due(&[(2, 1), (2, 7), (9, 1), (u64::MAX, 1)], 5).await.expect("make due");
    assert_eq!(timetable(&*store).await, [(2, Command, 1, 5), (1, Command, 1, 900), (1, Task, 1, 900)]);
    store.make_due(&[], 1).await.expect("make due");
    let many: Vec<_> = (1..=5000).map(|number| (number, 1)).collect();
    store.make_due(&many, 6).await.expect("make due");
    assert_eq!(timetable(&*store).await, [(1, Command, 1, 6), (2, Command, 1, 6), (1, Task, 1, 900)]);
}

/// If this failed, a crash between commit and publish would cost a timeout, or a restart flood every department.
async fn after_a_restart_every_command_is_due_on_a_ramp(store: Arc<dyn Store>) {
    let cases: Vec<_> =
        (1..=5).map(|number| waiting(number, vec![command(1, 90_000, "tax"), of_kind(Task, 2, 70_000)])).collect();
    commit(&*store, &cases).await;
    assert_eq!(store.make_all_due(None, 1_000, 2).await.expect("make all due"), 5);
    let ramp = [(1, 1_000), (2, 1_500), (3, 2_000), (4, 2_500), (5, 3_000)];
    let commands = timetable(&*store).await.into_iter().filter(|(_, kind, ..)| *kind == Command);
    assert!(commands.map(|(number, _, _, due_at)| (number, due_at)).eq(ramp));
    assert_eq!(store.due(69_999, 99).await.expect("due").len(), 5, "tasks stay where they are");
    assert_eq!(store.make_all_due(None, 4_000, 0).await.expect("make all due"), 5, "none a second would be for ever");
}

/// If this failed, a restart in the night would wake the families whose messages wait for the morning.
async fn a_restart_keeps_the_quiet_hours(store: Arc<dyn Store>) {
    let sent = PendingRow { attempts: 1, ..of_kind(Message, 1, 90_000) };
    commit(&*store, &[waiting(1, vec![of_kind(Message, 0, 80_000), sent, of_kind(Call, 2, NEVER)])]).await;
    assert_eq!(store.make_all_due(None, 1_000, 1).await.expect("make all due"), 1);
    assert_eq!(timetable(&*store).await, [(1, Message, 1, 1_000), (1, Message, 0, 80_000)]);
}

/// If this failed, resuming one department would send again to all of them.
async fn one_department_resumes_without_the_others(store: Arc<dyn Store>) {
    let batch =
        [waiting(1, vec![command(1, 900, "tax"), command(2, 900, "health")]), waiting(2, vec![command(1, 900, "tax")])];
    commit(&*store, &batch).await;
    assert_eq!(store.make_all_due(Some("tax"), 100, 1000).await.expect("make all due"), 2);
    assert_eq!(timetable(&*store).await, [(1, Command, 1, 100), (2, Command, 1, 101), (1, Command, 2, 900)]);
    assert_eq!(store.make_all_due(Some("nobody"), 1, 1).await.expect("make all due"), 0);
}

/// If this failed, a restart would send on behalf of a case that a court has frozen.
async fn what_a_frozen_case_awaits_is_woken_by_nobody(store: Arc<dyn Store>) {
    commit(
        &*store,
        &[waiting(1, vec![command(1, NEVER, "tax"), of_kind(Task, 2, NEVER)]), waiting(2, vec![command(1, 9, "tax")])],
    )
    .await;
    store.make_due(&[(1, 1)], 5).await.expect("make due");
    assert_eq!(store.make_all_due(None, 100, 1).await.expect("make all due"), 1);
    assert_eq!(store.postpone_tasks(1_000).await.expect("postpone"), 0);
    assert_eq!(timetable(&*store).await, [(2, Command, 1, 100)]);
}

/// If this failed, families would lose the days in which our own system was down.
async fn an_outage_of_ours_moves_the_deadlines_of_tasks_alone(store: Arc<dyn Store>) {
    let awaits = vec![command(1, 10, "tax"), of_kind(Task, 2, 20), of_kind(Expiry, 3, 30), of_kind(Late, 4, 40)];
    commit(&*store, &[waiting(1, awaits), waiting(2, vec![of_kind(Task, 1, 25)])]).await;
    assert_eq!(store.postpone_tasks(1_000).await.expect("postpone"), 2);
    let moved = [(1, Command, 1, 10), (1, Expiry, 3, 30), (1, Late, 4, 40), (1, Task, 2, 1_020), (2, Task, 1, 1_025)];
    assert_eq!(timetable(&*store).await, moved);
}

/// If this failed, a father would not be shown what waits for him, or be shown what waits for another.
async fn tasks_are_found_by_role_person_and_saga_page_by_page(store: Arc<dyn Store>) {
    let [mother, father] = [Some(blind(b'p', 1)), Some(blind(b'p', 2))];
    let rows = |person| vec![task(1, NEVER, "father", person), task(2, 50, "applicant", mother), command(3, 1, "tax")];
    commit(&*store, &[waiting(1, rows(father)), waiting(2, rows(None)), waiting(3, vec![task(9, 5, "clerk", None)])])
        .await;

    let found = async |filter: TaskFilter| {
        let tasks = store.tasks(&filter).await.expect("tasks");
        for task in &tasks {
            assert_eq!(task.summary.case, id(b'n', task.number), "with the summary of its own saga");
        }
        tasks.into_iter().map(|task| (task.number, task.row.key.step)).collect::<Vec<_>>()
    };
    let all = TaskFilter { limit: 100, ..TaskFilter::default() };
    assert_eq!(found(all.clone()).await, [(1, 1), (1, 2), (2, 1), (2, 2), (3, 9)]);
    assert_eq!(found(TaskFilter { saga: Some(2), ..all.clone() }).await, [(2, 1), (2, 2)]);
    assert_eq!(found(TaskFilter { role: Some("clerk".into()), ..all.clone() }).await, [(3, 9)]);
    assert_eq!(found(TaskFilter { person: father, ..all.clone() }).await, [(1, 1)]);
    assert_eq!(found(TaskFilter { person: mother, saga: Some(2), ..all.clone() }).await, [(2, 2)]);
    assert!(found(TaskFilter { person: father, role: Some("applicant".into()), ..all.clone() }).await.is_empty());
    assert_eq!(found(TaskFilter { limit: 2, ..all.clone() }).await, [(1, 1), (1, 2)]);
    assert_eq!(found(TaskFilter { limit: 2, after: Some((1, key(Task, 2))), ..all.clone() }).await, [(2, 1), (2, 2)]);
    assert_eq!(found(TaskFilter { after: Some((2, key(Task, 2))), person: mother, ..all.clone() }).await, []);

    commit(&*store, &[awaiting(1, 2, vec![], vec![key(Task, 1)])]).await;
    assert!(found(TaskFilter { person: father, ..all }).await.is_empty(), "answered");
    let task =
        store.tasks(&TaskFilter { saga: Some(1), limit: 1, ..TaskFilter::default() }).await.expect("tasks").remove(0);
    assert_eq!(task.row, super::task(2, 50, "applicant", mother));
}

/// If this failed, a mother whose message did not arrive would be telephoned by nobody, or a page of tasks skip some.
async fn calls_are_listed_with_the_tasks_each_once(store: Arc<dyn Store>) {
    let call = |step| PendingRow { whom: "clerk".into(), ..of_kind(Call, step, NEVER) };
    let rows = vec![task(2, NEVER, "clerk", None), call(0), call(2), command(2, 1, "tax"), of_kind(Message, 1, 5)];
    commit(&*store, &[waiting(1, rows), turning(1, 2, "completed"), waiting(2, vec![call(7)])]).await;
    let page = async |after, limit| {
        let filter = TaskFilter { role: Some("clerk".into()), after, limit, ..TaskFilter::default() };
        let tasks = store.tasks(&filter).await.expect("tasks");
        tasks.into_iter().map(|task| (task.number, task.row.key)).collect::<Vec<_>>()
    };
    let all = [(1, key(Task, 2)), (1, key(Call, 0)), (1, key(Call, 2)), (2, key(Call, 7))];
    assert_eq!(page(None, 9).await, all, "the end of a case does not end its calls");
    for at in 0..all.len() {
        assert_eq!(page(Some(all[at].clone()), 1).await, all[at + 1..].iter().take(1).cloned().collect::<Vec<_>>());
    }
}

/// If this failed, a limit would pass unseen after a restart, or a message be sent empty.
async fn what_the_law_and_messages_wait_for_is_kept_as_it_was(store: Arc<dyn Store>) {
    let message = PendingRow { key: key(Message, 3), whom: "sms".into(), revision: 0, ..command(3, 30, "sms") };
    let call = PendingRow { whom: "clerk".into(), revision: 0, ..of_kind(Call, 3, NEVER - 1) };
    let legal = PendingRow { whom: "".into(), ..of_kind(Legal, 3, 20) };
    commit(&*store, &[waiting(1, vec![legal.clone(), message.clone(), call.clone(), command(3, 10, "tax")])]).await;
    assert_eq!(rows(&*store).await, [command(3, 10, "tax"), legal, message.clone(), call], "four rows of one place");
    let later = PendingRow { message: None, due_at: 40, attempts: 1, ..message.clone() };
    commit(&*store, &[awaiting(1, 2, vec![later], vec![key(Legal, 3), key(Call, 3), key(Command, 3)])]).await;
    assert_eq!(
        rows(&*store).await,
        [PendingRow { due_at: 40, attempts: 1, ..message }],
        "it is sent as it was written"
    );

    let kinds = [SealedKind::Decision, SealedKind::Selection, SealedKind::Facts];
    let sealed = |kind, revision, text: &[u8]| SealedRow { kind, ..output(1, revision, text) };
    for (version, revision) in [(3, 1), (4, 2)] {
        let mut unit = next(1, version);
        let text = format!("under {revision}");
        unit.sagas[0].seals = kinds.map(|kind| sealed(kind, revision, text.as_bytes())).to_vec();
        commit(&*store, &[unit]).await;
    }
    let kept = store.sealed(1).await.expect("sealed");
    let newest = kinds.map(|kind| sealed(kind, 2, b"under 2"));
    assert_eq!(kept[1..], newest, "the newest of each, after the output");
}

/// If this failed, a messenger under maintenance would be flooded, or its calls and limits be held with it.
async fn a_held_messenger_is_given_no_messages(store: Arc<dyn Store>) {
    let message = PendingRow { whom: "sms".into(), ..of_kind(Message, 1, 10) };
    let call = PendingRow { whom: "sms".into(), ..of_kind(Call, 2, 20) };
    commit(&*store, &[waiting(1, vec![message, call, command(1, 30, "tax")])]).await;
    held(&*store, "sms", true).await;
    assert_eq!(timetable(&*store).await, [(1, Call, 2, 20), (1, Command, 1, 30)]);
    assert_eq!(store.next_due().await.expect("next due"), Some(20));
    held(&*store, "sms", false).await;
    assert_eq!(timetable(&*store).await[0], (1, Message, 1, 10));
}

/// If this failed, a corrected name would be overwritten by the one it corrects.
async fn the_newest_revision_of_a_payload_is_the_one_that_counts(store: Arc<dyn Store>) {
    commit(&*store, &[new_case(1), new_case(2)]).await;
    let words = SealedRow { step: 1, kind: SealedKind::Words, revision: 1, sealed: b"why not".to_vec() };
    let mut unit = next(1, 2);
    unit.sagas[0].seals = vec![output(1, 10, b"tenth"), output(1, 9, b"ninth"), words.clone(), output(0, 1, b"other")];
    commit(&*store, &[unit]).await;
    assert_eq!(store.sealed(1).await.expect("sealed"), [output(0, 1, b"other"), output(1, 10, b"tenth"), words]);

    let corrected = |revision, sealed: &[u8]| SealedRow { kind: SealedKind::Correction, ..output(7, revision, sealed) };
    let corrections = [corrected(3, b"weight"), corrected(4, b"length")];
    let mut corrects = next(2, 2);
    corrects.sagas[0].seals = corrections.to_vec();
    commit(&*store, &[corrects]).await;
    let [first, second] = corrections;
    assert_eq!(store.sealed(2).await.expect("sealed"), [output(1, 1, b"output 1"), first, second], "each counts");

    let mut again = next(1, 3);
    again.sagas[0].seals = vec![output(1, 10, b"tenth, said again")];
    commit(&*store, &[again]).await;
    assert_eq!(store.sealed(1).await.expect("sealed")[1], output(1, 10, b"tenth, said again"));
    assert_eq!(append(&*store, turning(2, 3, "completed")).await, Appended::Committed);
    let waiting = CaseFilter { department: Some("health".into()), limit: 9, ..CaseFilter::default() };
    assert_eq!(store.search(&waiting).await.expect("search").1, 2);
}
