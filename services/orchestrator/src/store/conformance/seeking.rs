//! Stories of finding: by id, by subject, by filter, page by page.

use std::sync::Arc;

use super::{Store, awaiting, blind, command, commit, id, key, new_case, new_child, next, task, tell, turning};
use crate::store::{CaseFilter, PendingKindName, SagaNumber, Unit};

/// Tells them all.
pub async fn run(open: &impl AsyncFn() -> Arc<dyn Store>) {
    tell(open, a_case_and_an_application_are_found_by_their_public_ids).await;
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
