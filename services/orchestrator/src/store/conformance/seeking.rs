//! Stories of finding: by id, by subject, by filter, page by page.

use std::sync::Arc;

use super::{Store, awaiting, blind, command, commit, id, key, new_case, new_child, next, output, task, tell, turning};
use crate::store::{CaseFilter, Change, PendingKindName, SagaNumber, SealedKind, SealedRow, Unit};

/// Tells them all.
pub async fn run(open: &impl AsyncFn() -> Arc<dyn Store>) {
    tell(open, a_case_and_an_application_are_found_by_their_public_ids).await;
    tell(open, procedures_are_found_with_their_case_and_never_among_the_cases).await;
    tell(open, decided_cases_come_page_by_page_with_decisions_alone).await;
    tell(open, a_subject_finds_every_saga_newest_first).await;
    tell(open, every_filter_narrows_and_counts_exactly).await;
    tell(open, pages_go_through_all_matches_once).await;
    tell(open, a_summary_found_is_the_one_last_written).await;
}

/// If this failed, a family could not ask after its case.
async fn a_case_and_an_application_are_found_by_their_public_ids(store: Arc<dyn Store>) {
    // The second child was given the lower number: the order is that of the children.
    let twins = Unit { sagas: vec![new_child(4, 1, 2), new_child(7, 1, 1)], ..new_case(1) };
    commit(&*store, &[twins, new_case(9)]).await;
    assert_eq!(store.find_case(id(b'n', 7)).await.expect("find"), Some(7));
    assert_eq!(store.find_case(id(b'n', 8)).await.expect("find"), None);
    assert_eq!(store.find_application(id(b'a', 1)).await.expect("find"), [7, 4]);
    assert_eq!(store.find_application(id(b'a', 9)).await.expect("find"), [9]);
    assert!(store.find_application(id(b'a', 2)).await.expect("find").is_empty());
}

/// A procedure that follows the case of a child.
fn following(number: SagaNumber, application: u64, child_order: u8, procedure: &str) -> Unit {
    let mut change = Change { child: None, ..new_child(number, application, child_order) };
    change.summary.pack = format!("anhui-2024/{procedure}").into();
    Unit { opens: None, sagas: vec![change], act: None }
}

/// If this failed, withdrawing an application would end its refund, or a family would not see who corrects its child's
/// name.
async fn procedures_are_found_with_their_case_and_never_among_the_cases(store: Arc<dyn Store>) {
    let twins = Unit { sagas: vec![new_child(1, 1, 1), new_child(2, 1, 2)], ..new_case(1) };
    commit(&*store, &[twins, new_case(9)]).await;
    let begun = [
        following(5, 1, 2, "refund"),
        following(3, 1, 1, "refund"),
        following(4, 1, 1, "correction"),
        following(6, 9, 1, "correction"),
    ];
    commit(&*store, &begun).await;
    assert_eq!(store.find_application(id(b'a', 1)).await.expect("find"), [1, 2], "procedures are no cases of children");
    assert_eq!(store.find_procedures(id(b'a', 1), 1).await.expect("find"), [3, 4], "in the order in which they began");
    assert_eq!(store.find_procedures(id(b'a', 1), 2).await.expect("find"), [5]);
    assert_eq!(store.find_procedures(id(b'a', 9), 1).await.expect("find"), [6]);
    assert!(store.find_procedures(id(b'a', 9), 2).await.expect("find").is_empty());
    assert_eq!(store.find_case(id(b'n', 4)).await.expect("find"), Some(4), "its own case is found by its own id");
}

/// If this failed, a replay would skip families, count them twice, or open what is no decision.
async fn decided_cases_come_page_by_page_with_decisions_alone(store: Arc<dyn Store>) {
    commit(&*store, &(1..=7).map(new_case).collect::<Vec<_>>()).await;
    let sealed = |kind, step, revision| SealedRow { kind, ..output(step, revision, b"sealed") };
    for number in 1..=7 {
        let mut unit = next(number, 2);
        unit.sagas[0].seals = vec![
            sealed(SealedKind::Decision, 4, 9),
            sealed(SealedKind::Selection, 2, 3),
            sealed(SealedKind::Decision, u8::MAX, 1),
            sealed(SealedKind::Facts, 0, 0),
            sealed(SealedKind::Stated, 4, 1),
        ];
        if number == 5 {
            unit.sagas[0].summary.pack = "shanxi-2026".into();
        }
        commit(&*store, &[unit]).await;
    }
    commit(&*store, &[following(8, 1, 1, "refund")]).await;
    let page = async |born_under: &str, only: &[SagaNumber], after, limit| {
        let cases = store.decided(born_under, only, after, limit).await.expect("read");
        for case in &cases {
            assert_eq!((case.case, case.definition), (id(b'n', case.number), [7; 32]));
            assert!(case.wrapped_key.is_some());
        }
        cases
    };
    let numbers = |cases: &[crate::store::DecidedCase]| cases.iter().map(|case| case.number).collect::<Vec<_>>();
    let first = page("anhui-2024", &[], 0, 4).await;
    assert_eq!(numbers(&first), [1, 2, 3, 4]);
    let mut kept: Vec<_> = first[0].decisions.iter().map(|row| (row.revision, row.kind, row.step)).collect();
    kept.sort_unstable();
    let decisions = [(1, SealedKind::Decision, u8::MAX), (3, SealedKind::Selection, 2), (9, SealedKind::Decision, 4)];
    assert_eq!(kept, decisions);
    assert!(first.iter().all(|case| case.decisions.len() == 3));
    assert_eq!(numbers(&page("anhui-2024", &[], 4, 4).await), [6, 7], "neither another pack's nor a procedure");
    assert!(page("anhui-2024", &[], 7, 4).await.is_empty());
    assert_eq!(numbers(&page("anhui-2024", &[7, 5, 2], 0, 9).await), [2, 5, 7], "who is named is read, wherever born");
    assert_eq!(numbers(&page("anhui-2024", &[7, 5, 2], 2, 1).await), [5]);
    assert!(page("fujian-2030", &[], 0, 9).await.is_empty());
}

/// If this failed, a premium paid at the tax office would not find the child it was paid for.
async fn a_subject_finds_every_saga_newest_first(store: Arc<dyn Store>) {
    commit(&*store, &[new_case(1), new_case(2), new_case(3)]).await;
    let mut found = [next(3, 2), next(1, 2), next(3, 3)];
    for unit in &mut found {
        unit.sagas[0].found_by = vec![blind(b's', 50), blind(b's', 50)];
    }
    commit(&*store, &found).await;
    assert_eq!(store.find_subject(blind(b's', 50)).await.expect("find"), [3, 1]);
    assert_eq!(store.find_subject(blind(b's', 2)).await.expect("find"), [2]);
    assert!(store.find_subject(blind(b's', 51)).await.expect("find").is_empty());
}

async fn search(store: &dyn Store, filter: CaseFilter) -> (Vec<SagaNumber>, u64) {
    let (found, total) = store.search(&filter).await.expect("search");
    (found.into_iter().map(|(number, ..)| number).collect(), total)
}

/// If this failed, an operator would act on fewer or other cases than the page says.
async fn every_filter_narrows_and_counts_exactly(store: Arc<dyn Store>) {
    commit(&*store, &(1..=6).map(new_case).collect::<Vec<_>>()).await;
    let mut stuck = [next(2, 2), turning(5, 2, "offline")];
    for unit in &mut stuck {
        unit.sagas[0].summary.stuck = true;
    }
    commit(&*store, &stuck).await;
    let done = vec![key(PendingKindName::Command, 1)];
    let police = awaiting(4, 2, vec![command(2, 9, "police"), task(3, 9, "health", None)], done);
    commit(&*store, &[turning(3, 2, "completed"), police]).await;

    let all = CaseFilter { limit: 100, ..CaseFilter::default() };
    assert_eq!(search(&*store, all.clone()).await, (vec![6, 5, 4, 3, 2, 1], 6));
    let states = CaseFilter { states: vec!["completed", "offline"], ..all.clone() };
    assert_eq!(search(&*store, states).await, (vec![5, 3], 2));
    assert_eq!(search(&*store, CaseFilter { states: vec!["running"], ..all.clone() }).await, (vec![6, 4, 2, 1], 4));
    assert_eq!(search(&*store, CaseFilter { stuck: true, ..all.clone() }).await, (vec![5, 2], 2));
    let department = |name: &str| CaseFilter { department: Some(name.into()), ..all.clone() };
    assert_eq!(search(&*store, department("police")).await, (vec![4], 1));
    assert_eq!(search(&*store, department("health")).await, (vec![6, 5, 3, 2, 1], 5), "a person is no department");
    assert_eq!(search(&*store, department("nobody")).await, (vec![], 0));
    assert_eq!(search(&*store, CaseFilter { subject: Some(blind(b's', 4)), ..all.clone() }).await, (vec![4], 1));
    let at_once = CaseFilter {
        states: vec!["running"],
        stuck: true,
        department: Some("health".into()),
        subject: Some(blind(b's', 2)),
        ..all.clone()
    };
    assert_eq!(search(&*store, at_once.clone()).await, (vec![2], 1));
    assert_eq!(search(&*store, CaseFilter { subject: Some(blind(b's', 5)), ..at_once }).await, (vec![], 0));

    commit(&*store, &[next(2, 3)]).await;
    assert_eq!(search(&*store, CaseFilter { stuck: true, ..all }).await, (vec![5], 1), "it has healed");
}

/// If this failed, a batch act would skip a case or meet one twice.
async fn pages_go_through_all_matches_once(store: Arc<dyn Store>) {
    commit(&*store, &(1..=25).map(new_case).collect::<Vec<_>>()).await;
    commit(&*store, &(1..=25).step_by(2).map(|number| turning(number, 2, "expired")).collect::<Vec<_>>()).await;
    for (states, expected) in [
        (vec![], (1..=25).rev().collect::<Vec<_>>()),
        (vec!["expired"], (1..=25).rev().step_by(2).collect()),
        (vec!["expired", "running"], (1..=25).rev().collect()),
    ] {
        let (mut seen, mut before) = (Vec::new(), None);
        loop {
            let page = CaseFilter { states: states.clone(), before, limit: 4, ..CaseFilter::default() };
            let (found, total) = search(&*store, page).await;
            assert_eq!(total, expected.len() as u64, "the total does not depend on the page");
            let Some(last) = found.last() else { break };
            before = Some(*last);
            seen.extend(found);
        }
        assert_eq!(seen, expected);
    }
}

/// If this failed, a page would show a case as it was, and act on a version that is gone.
async fn a_summary_found_is_the_one_last_written(store: Arc<dyn Store>) {
    commit(&*store, &[new_case(1)]).await;
    let mut unit = turning(1, 2, "withdrawn");
    unit.sagas[0].summary.bereaved = true;
    unit.sagas[0].summary.changed_at = 77;
    commit(&*store, &[unit.clone()]).await;
    let (found, _) = store.search(&CaseFilter { limit: 1, ..CaseFilter::default() }).await.expect("search");
    assert_eq!(found, [(1, 3, unit.sagas[0].summary.clone())]);
}
