//! Stories of batches: what is written, what drops out, and what a repetition is told.

use std::sync::Arc;

use super::{
    Appended, Change, Store, Unit, append, application, awaiting, blind, command, commit, entry, id, new_case,
    new_child, next, output, summary, tell, turning, version,
};
use crate::store::{
    Act,
    Appended::{ChildLive, Committed, Stale},
    Entry, PendingKindName, SealedKind, SealedRow,
};

/// Tells them all.
pub async fn run(open: &impl AsyncFn() -> Arc<dyn Store>) {
    tell(open, what_is_appended_is_what_is_loaded).await;
    tell(open, of_200_units_one_stale_drops_out_and_199_are_committed).await;
    tell(open, of_two_writers_on_one_saga_one_wins).await;
    tell(open, of_many_writers_at_once_each_version_is_written_once).await;
    tell(open, a_saga_that_is_not_there_is_left_out_and_cannot_be_changed).await;
    tell(open, a_later_unit_sees_what_an_earlier_one_wrote).await;
    tell(open, twins_are_stored_together_or_not_at_all).await;
    tell(open, a_key_is_used_once_and_tells_its_application).await;
    tell(open, of_two_units_with_one_key_in_a_batch_the_first_is_stored).await;
    tell(open, a_child_has_one_live_case_until_it_ends).await;
    tell(open, a_case_may_end_and_its_child_begin_again_in_one_batch).await;
    tell(open, twins_with_one_identity_are_one_child).await;
    tell(open, an_act_is_recorded_once).await;
    tell(open, a_repetition_hears_of_its_own_key_before_anything_else).await;
    tell(open, an_empty_batch_changes_nothing).await;
    tell(open, a_unit_without_sagas_records_its_act).await;
    tell(open, a_change_without_entries_keeps_the_version).await;
    tell(open, odd_values_come_back_byte_for_byte).await;
    tell(open, a_thousand_units_are_one_batch).await;
}

/// If this failed, a saga would be decided on a history that is not its own.
async fn what_is_appended_is_what_is_loaded(store: Arc<dyn Store>) {
    let unit = new_case(1);
    commit(&*store, &[unit.clone(), new_case(2)]).await;
    let mut later = turning(1, 2, "partially-completed");
    later.sagas[0].summary =
        super::Summary { stuck: true, frozen: true, bereaved: true, changed_at: 9, ..later.sagas[0].summary.clone() };
    commit(&*store, &[later.clone()]).await;

    let mut loaded = store.load(&[2, 1]).await.expect("load");
    loaded.sort_by_key(|loaded| loaded.number);
    assert_eq!(loaded.iter().map(|loaded| (loaded.number, loaded.version)).collect::<Vec<_>>(), [(1, 3), (2, 2)]);
    assert_eq!(loaded[0].summary, later.sagas[0].summary);
    assert_eq!(loaded[0].entries, [entry(1), entry(2), entry(3)]);
    assert_eq!(loaded[0].wrapped_key.as_deref(), Some(&b"wrapped 1"[..]));
    assert_eq!(loaded[1].summary, summary(2, 2, 1));
    assert_eq!(loaded[1].entries, [entry(1), entry(2)]);
    assert_eq!(store.form(id(b'a', 1)).await.expect("form").as_deref(), Some(&b"sealed form 1"[..]));
    assert_eq!(store.form(id(b'a', 9)).await.expect("form"), None);
    assert_eq!(store.sealed(1).await.expect("sealed"), [output(1, 1, b"output 1")]);
}

/// If this failed, one late reply would throw away the work of 199 families, or be written over a newer decision.
async fn of_200_units_one_stale_drops_out_and_199_are_committed(store: Arc<dyn Store>) {
    let new: Vec<_> = (1..=200).map(new_case).collect();
    commit(&*store, &new).await;
    commit(&*store, &[next(77, 2)]).await;

    let batch: Vec<_> = (1..=200).map(|number| next(number, 2)).collect();
    let answers = store.append(&batch).await.expect("append");
    for (number, answer) in (1..=200).zip(&answers) {
        let expected = if number == 77 { Appended::Stale } else { Appended::Committed };
        assert_eq!(*answer, expected, "saga {number}");
    }
    for loaded in store.load(&(1..=200).collect::<Vec<_>>()).await.expect("load") {
        assert_eq!((loaded.version, loaded.entries.len()), (3, 3), "saga {}", loaded.number);
    }
}

/// If this failed, two decisions on one state would both stand, and a step could be done twice.
async fn of_two_writers_on_one_saga_one_wins(store: Arc<dyn Store>) {
    commit(&*store, &[new_case(1)]).await;
    let (one, other) = tokio::join!(append(&*store, next(1, 2)), append(&*store, next(1, 2)));
    let mut answers = [one, other];
    answers.sort_by_key(|answer| *answer == Appended::Stale);
    assert_eq!(answers, [Appended::Committed, Appended::Stale]);
    assert_eq!(version(&*store, 1).await, Some(3));
    assert_eq!(append(&*store, new_case_without_application(1)).await, Appended::Stale, "a number is opened once");
}

fn new_case_without_application(number: u64) -> Unit {
    let change = Change { child: None, ..new_child(number, number, 1) };
    Unit { opens: None, sagas: vec![change], act: None }
}

/// If this failed, decisions would be lost or doubled as soon as the coordinator has more than one batch under way.
async fn of_many_writers_at_once_each_version_is_written_once(store: Arc<dyn Store>) {
    commit(&*store, &(1..=4).map(new_case).collect::<Vec<_>>()).await;
    let writers: Vec<_> = (0..8)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move {
                let mut won = 0;
                for number in (1..=4).cycle().take(40) {
                    let known = version(&*store, number).await.expect("opened above");
                    won += u64::from(append(&*store, next(number, known)).await == Appended::Committed);
                }
                won
            })
        })
        .collect();
    let mut won = 0;
    for writer in writers {
        won += writer.await.expect("a writer ends");
    }
    let loaded = store.load(&[1, 2, 3, 4]).await.expect("load");
    assert_eq!(loaded.iter().map(|loaded| loaded.version - 2).sum::<u64>(), won);
    for saga in loaded {
        assert!(saga.entries.iter().map(|entry| entry.seq).eq(1..=saga.version), "no gap in saga {}", saga.number);
    }
}

/// If this failed, a reply for an unknown saga would stop a batch, or bring a saga without a beginning to life.
async fn a_saga_that_is_not_there_is_left_out_and_cannot_be_changed(store: Arc<dyn Store>) {
    commit(&*store, &[new_case(5)]).await;
    let loaded = store.load(&[4, 5, 6, u64::MAX]).await.expect("load");
    assert_eq!(loaded.iter().map(|loaded| loaded.number).collect::<Vec<_>>(), [5]);
    assert!(store.load(&[]).await.expect("load").is_empty());
    assert_eq!(append(&*store, next(6, 2)).await, Appended::Stale);
    assert_eq!(version(&*store, 6).await, None);
    assert!(store.sealed(6).await.expect("sealed").is_empty());
}

/// If this failed, two inputs of one saga that fall into one batch would make each other stale for ever.
async fn a_later_unit_sees_what_an_earlier_one_wrote(store: Arc<dyn Store>) {
    let replaced = awaiting(1, 2, vec![command(2, 5, "police")], vec![super::key(PendingKindName::Command, 1)]);
    let kept = super::PendingRow { message: None, attempts: 4, ..command(2, 9, "police") };
    let units =
        [new_case(1), replaced, awaiting(1, 3, vec![kept.clone()], vec![]), next(1, 3), turning(1, 4, "expired")];
    let answers = store.append(&units).await.expect("append");
    assert_eq!(answers, [Committed, Committed, Committed, Stale, Committed]);

    let loaded = store.load(&[1]).await.expect("load").remove(0);
    assert_eq!((loaded.version, loaded.summary.state), (5, "expired"));
    assert_eq!(loaded.entries, [entry(1), entry(2), entry(3), entry(4), entry(5)]);
    let due = store.due(i64::MAX, 10).await.expect("due");
    let message = Some(b"message of step 2".to_vec());
    assert_eq!(due.into_iter().map(|due| due.row).collect::<Vec<_>>(), [super::PendingRow { message, ..kept }]);
}

/// If this failed, one twin would have a case and the other none, under one form.
async fn twins_are_stored_together_or_not_at_all(store: Arc<dyn Store>) {
    let twins = Unit { sagas: vec![new_child(1, 1, 1), new_child(2, 1, 2)], ..new_case(1) };
    commit(&*store, &[twins]).await;
    assert_eq!(store.find_application(id(b'a', 1)).await.expect("find"), [1, 2]);

    commit(&*store, &[next(2, 2)]).await;
    let mut both = next(1, 2);
    both.sagas[0].awaits = vec![command(3, 1, "tax")];
    both.sagas[0].seals = vec![output(3, 1, b"half")];
    both.sagas[0].found_by = vec![blind(b's', 99)];
    both.sagas.extend(next(2, 2).sagas);
    both.opens = Some(application(9));
    both.act = Some(Act { key: blind(b'x', 1), what: blind(b'w', 1) });
    assert_eq!(append(&*store, both).await, Appended::Stale);
    assert_eq!((version(&*store, 1).await, version(&*store, 2).await), (Some(2), Some(3)));
    assert_eq!(store.sealed(1).await.expect("sealed").len(), 1, "nothing of a stale unit is sealed");
    assert!(store.find_subject(blind(b's', 99)).await.expect("find").is_empty());
    assert_eq!(store.find_act(blind(b'x', 1)).await.expect("find"), None);
    assert_eq!(store.find_key(blind(b'k', 9)).await.expect("find"), None);
    assert_eq!(store.form(id(b'a', 9)).await.expect("form"), None);
    assert_eq!(super::timetable(&*store).await.len(), 2, "nothing of a stale unit is awaited");
}

/// If this failed, a platform that repeats a submission would open a second case.
async fn a_key_is_used_once_and_tells_its_application(store: Arc<dyn Store>) {
    commit(&*store, &[new_case(1)]).await;
    let known = Appended::KeyKnown { application: id(b'a', 1), form: blind(b'f', 1) };
    let same = Unit { sagas: vec![new_child(2, 1, 1)], ..new_case(1) };
    assert_eq!(append(&*store, same).await, known);
    let mut other_form = new_case(3);
    other_form.opens = Some(super::NewApplication { key: blind(b'k', 1), ..application(3) });
    assert_eq!(append(&*store, other_form).await, known, "the caller compares the forms");
    assert_eq!(store.find_key(blind(b'k', 1)).await.expect("find"), Some((id(b'a', 1), blind(b'f', 1))));
    assert_eq!(store.find_key(blind(b'k', 3)).await.expect("find"), None);
    assert_eq!((version(&*store, 2).await, version(&*store, 3).await), (None, None));
}

/// If this failed, a double click would open two cases, or lose the whole batch to a unique index.
async fn of_two_units_with_one_key_in_a_batch_the_first_is_stored(store: Arc<dyn Store>) {
    let mut repeated = new_case(2);
    repeated.opens = Some(super::NewApplication { key: blind(b'k', 1), ..application(2) });
    let answers = store.append(&[new_case(1), repeated, new_case(3)]).await.expect("append");
    let known = Appended::KeyKnown { application: id(b'a', 1), form: blind(b'f', 1) };
    assert_eq!(answers, [Appended::Committed, known, Appended::Committed]);
    assert_eq!(version(&*store, 2).await, None);
}

/// If this failed, a child would get two certificates, or never a case again after one that ended.
async fn a_child_has_one_live_case_until_it_ends(store: Arc<dyn Store>) {
    commit(&*store, &[new_case(1)]).await;
    let mut again = new_case(2);
    again.sagas[0].child = Some(blind(b'c', 1));
    let refused = Appended::ChildLive { case: id(b'n', 1) };
    let answers = store.append(&[new_case(3), again.clone()]).await.expect("append");
    assert_eq!(answers, [Appended::Committed, refused.clone()]);
    commit(&*store, &[next(1, 2)]).await;
    assert_eq!(append(&*store, again.clone()).await, refused, "still running");
    assert_eq!(store.find_key(blind(b'k', 2)).await.expect("find"), None, "nothing of it is stored");

    commit(&*store, &[turning(1, 3, "withdrawn")]).await;
    assert_eq!(append(&*store, again).await, Appended::Committed);
    let mut third = new_case(4);
    third.sagas[0].child = Some(blind(b'c', 1));
    commit(&*store, &[next(1, 4)]).await;
    assert_eq!(append(&*store, third).await, Appended::ChildLive { case: id(b'n', 2) }, "the old case frees it once");
}

/// If this failed, a family that withdraws and files again at once would be told of a case that is no more.
async fn a_case_may_end_and_its_child_begin_again_in_one_batch(store: Arc<dyn Store>) {
    commit(&*store, &[new_case(1)]).await;
    let again = |number| {
        let mut unit = new_case(number);
        unit.sagas[0].child = Some(blind(b'c', 1));
        unit
    };
    let batch = [again(2), turning(1, 2, "rejected"), again(3), turning(3, 2, "expired"), again(4), again(5)];
    let answers = store.append(&batch).await.expect("append");
    let live = |number| ChildLive { case: id(b'n', number) };
    assert_eq!(answers, [live(1), Committed, Committed, Committed, Committed, live(4)]);
    assert_eq!(append(&*store, again(6)).await, live(4));
    let mut after_both = new_case(10);
    after_both.sagas[0].child = Some(blind(b'c', 9));
    commit(&*store, &[new_case(9), turning(9, 2, "withdrawn")]).await;
    commit(&*store, &[after_both]).await;
    let mut ended_at_once = new_case(7);
    ended_at_once.sagas[0].summary.state = "rejected";
    let mut after_it = new_case(8);
    after_it.sagas[0].child = Some(blind(b'c', 7));
    commit(&*store, &[ended_at_once]).await;
    commit(&*store, &[after_it]).await;
}

/// If this failed, a form that names one child twice would open two cases for it.
async fn twins_with_one_identity_are_one_child(store: Arc<dyn Store>) {
    let mut second = new_child(2, 1, 2);
    second.child = Some(blind(b'c', 1));
    let unit = Unit { sagas: vec![new_child(1, 1, 1), second], ..new_case(1) };
    assert_eq!(append(&*store, unit).await, Appended::ChildLive { case: id(b'n', 1) });
    assert_eq!(version(&*store, 1).await, None);
}

/// If this failed, a repeated tap on "pay" or "authorise" would count twice, or another act pass for the first.
async fn an_act_is_recorded_once(store: Arc<dyn Store>) {
    let act = |key, what| Some(Act { key: blind(b'x', key), what: blind(b'w', what) });
    commit(&*store, &[new_case(1), Unit { act: act(1, 1), ..next(1, 2) }]).await;
    assert_eq!(store.find_act(blind(b'x', 1)).await.expect("find"), Some(blind(b'w', 1)));
    assert_eq!(store.find_act(blind(b'x', 2)).await.expect("find"), None);

    let known = Appended::ActKnown { what: blind(b'w', 1) };
    assert_eq!(append(&*store, Unit { act: act(1, 2), ..next(1, 3) }).await, known);
    let batch = [Unit { act: act(2, 5), ..next(1, 3) }, Unit { act: act(2, 5), ..next(1, 4) }];
    let answers = store.append(&batch).await.expect("append");
    assert_eq!(answers, [Appended::Committed, Appended::ActKnown { what: blind(b'w', 5) }]);
    assert_eq!(version(&*store, 1).await, Some(4));
}

/// If this failed, whoever repeats a request would be told that it conflicts with itself.
async fn a_repetition_hears_of_its_own_key_before_anything_else(store: Arc<dyn Store>) {
    let act = Some(Act { key: blind(b'x', 1), what: blind(b'w', 1) });
    commit(&*store, &[new_case(1), Unit { act: act.clone(), ..next(1, 2) }]).await;
    let known = Appended::KeyKnown { application: id(b'a', 1), form: blind(b'f', 1) };
    assert_eq!(append(&*store, new_case(1)).await, known, "not stale, and not a live child");
    let answer = append(&*store, Unit { act, ..next(1, 2) }).await;
    assert_eq!(answer, Appended::ActKnown { what: blind(b'w', 1) }, "not stale");
}

/// If this failed, an idle coordinator would fail or write for nothing.
async fn an_empty_batch_changes_nothing(store: Arc<dyn Store>) {
    assert_eq!(store.append(&[]).await.expect("append"), []);
    commit(&*store, &[Unit::default()]).await;
    let (found, total) =
        store.search(&crate::store::CaseFilter { limit: 10, ..Default::default() }).await.expect("search");
    assert!(found.is_empty() && total == 0);
}

/// If this failed, an act that changes nothing could be said again with another meaning.
async fn a_unit_without_sagas_records_its_act(store: Arc<dyn Store>) {
    let act = Some(Act { key: blind(b'x', 1), what: blind(b'w', 1) });
    commit(&*store, &[Unit { act, ..Unit::default() }]).await;
    assert_eq!(store.find_act(blind(b'x', 1)).await.expect("find"), Some(blind(b'w', 1)));
}

/// If this failed, rebuilding a projection would need an event that says nothing.
async fn a_change_without_entries_keeps_the_version(store: Arc<dyn Store>) {
    commit(&*store, &[new_case(1)]).await;
    let mut quiet = awaiting(1, 2, vec![command(9, 4, "tax")], vec![]);
    quiet.sagas[0].entries.clear();
    commit(&*store, &[quiet, next(1, 2)]).await;
    assert_eq!(version(&*store, 1).await, Some(3));
    assert_eq!(super::timetable(&*store).await.len(), 2);
}

/// If this failed, a rare name or an empty payload would come back changed, and its seal would not open.
async fn odd_values_come_back_byte_for_byte(store: Arc<dyn Store>) {
    let odd = "㐂𠮷\u{0}e\u{301}\u{feff}👩‍👧‍👦'\"%_\\ \u{202e}";
    let bytes: Vec<u8> = (0..=255).chain([0, 0]).collect();
    let mut unit = new_case(1);
    let opens = unit.opens.as_mut().expect("it opens");
    (opens.sealed_form, opens.wrapped_key) = (Vec::new(), bytes.clone());
    let change = &mut unit.sagas[0];
    change.entries = vec![
        Entry { seq: 1, at: i64::MIN, schema: u16::MAX, body: Vec::new() },
        Entry { seq: 2, at: i64::MAX, schema: 0, body: bytes.clone() },
    ];
    change.summary.pack = odd.into();
    change.summary.child_order = u8::MAX;
    (change.summary.submitted_at, change.summary.changed_at) = (i64::MIN, i64::MAX);
    let mut row = command(u8::MAX, -5, odd);
    (row.message, row.revision, row.attempts) = (Some(Vec::new()), u32::MAX, u32::MAX);
    change.awaits = vec![row.clone()];
    change.seals = vec![
        SealedRow { step: 0, kind: SealedKind::Stated, revision: u32::MAX, sealed: Vec::new() },
        output(255, 0, &bytes),
    ];
    commit(&*store, &[unit.clone()]).await;

    let change = &unit.sagas[0];
    let loaded = store.load(&[1]).await.expect("load").remove(0);
    assert_eq!((loaded.entries, loaded.summary), (change.entries.clone(), change.summary.clone()));
    assert_eq!(loaded.wrapped_key, Some(bytes));
    assert_eq!(store.form(id(b'a', 1)).await.expect("form"), Some(Vec::new()));
    assert_eq!(store.sealed(1).await.expect("sealed"), change.seals);
    assert_eq!(store.due(0, 9).await.expect("due").remove(0).row, row);
    let filter = crate::store::CaseFilter { department: Some(odd.into()), limit: 9, ..Default::default() };
    assert_eq!(store.search(&filter).await.expect("search").1, 1);
}

/// If this failed, a restart after a long pause would meet a limit of the database in its first large batch.
async fn a_thousand_units_are_one_batch(store: Arc<dyn Store>) {
    let rich = |number| {
        let mut unit = new_case(number);
        unit.sagas[0].entries.push(entry(3));
        unit.sagas[0].awaits = (1..=4).map(|step| command(step, 10, "tax")).collect();
        unit.sagas[0].seals = (1..=2).map(|step| output(step, 1, &[step; 1024])).collect();
        unit
    };
    commit(&*store, &(1..=1000).map(rich).collect::<Vec<_>>()).await;
    let done = (1..=4).map(|step| super::key(PendingKindName::Command, step)).collect::<Vec<_>>();
    let settle = |number| awaiting(number, 3, vec![], done.clone());
    commit(&*store, &(1..=1000).map(settle).collect::<Vec<_>>()).await;
    let loaded = store.load(&(1..=1000).collect::<Vec<_>>()).await.expect("load");
    assert_eq!(loaded.len(), 1000);
    assert!(loaded.iter().all(|loaded| loaded.version == 4 && loaded.entries.len() == 4));
    assert_eq!(store.in_flight().await.expect("in flight"), 0);
}
