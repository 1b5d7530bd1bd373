//! Tasks and bereavement (17).

use saga::{
    Answer, End, PendingKind, Status,
    input::{Objection, Says},
};

use crate::{
    case::Case,
    definitions::{birth, branches},
};

fn registered() -> Case {
    let mut case = Case::of(birth()).started();
    case.person_says("father", Says::Done).succeed(&["query", "certificate", "record", "booklet", "registration"]);
    case
}

/// If it failed, a task would be answered twice, and the second answer overturn the first.
#[test]
fn a_task_is_answered_once() {
    let mut case = Case::of(birth()).started();
    case.person_says("father", Says::Corrected);
    assert_eq!(case.answer, Answer::Refused(Objection::NotWaiting), "no data were asked for");
    case.person_says("father", Says::Done).person_says("father", Says::Declined);
    assert_eq!(case.answer, Answer::Refused(Objection::NotWaiting));
    assert_eq!(case.status("father"), Status::Succeeded);
}

/// If it failed, a task would be offered to nobody, or to the wrong person.
#[test]
fn an_open_task_is_awaited_of_its_role_and_a_correction_of_the_applicant() {
    let mut case = Case::of(birth()).started();
    case.needs_correction("query");
    let tasks: Vec<_> = case.pending().into_iter().map(|row| (row.step, row.kind)).collect();
    let task = |role: &str, correction| PendingKind::Task { role: role.into(), correction };
    assert!(tasks.contains(&(case.step("father"), task("father", false))), "{tasks:?}");
    assert!(tasks.contains(&(case.step("query"), task("applicant", true))), "{tasks:?}");
}

/// Story 9: if it failed, a family would be congratulated on a child that has died.
#[test]
fn after_a_bereavement_every_unanswered_kindness_is_cancelled_and_none_is_done() {
    let mut case = registered();
    assert_eq!(case.status("congratulation"), Status::InDoubt);
    case.bereaved();
    assert_eq!(case.sent(), ["Cancel congratulation 1"]);
    assert_eq!(case.status("book"), Status::Closed, "optional items are closed");
    assert_eq!(case.statuses(&["card", "enrolment", "maternity"]), [Status::InDoubt; 3], "what is out goes on");
    case.bereaved();
    assert_eq!(case.answer, Answer::Repeated);
    case.cancelled("congratulation");

    let mut early = Case::of(birth()).started();
    early.bereaved();
    assert_eq!(early.statuses(&["congratulation", "book"]), [Status::Skipped; 2]);
    early.succeed(&["query"]).notice("registration");
    assert_eq!(early.statuses(&["congratulation", "book"]), [Status::Skipped; 2], "and nothing brings them back");
}

/// If it failed, claims would go on by machine after a death, or not at all.
#[test]
fn after_a_bereavement_what_remains_starts_when_a_person_in_charge_says_so() {
    let mut case = registered();
    case.bereaved().cancelled("congratulation").succeed(&["card", "enrolment", "maternity"]);
    assert_eq!(case.sent().len(), 0);
    assert_eq!(case.statuses(&["collection", "premium"]), [Status::Waiting; 2]);
    assert!(case.is_stuck("collection") && case.end().is_none(), "visibly waiting for a person");
    case.retry("collection");
    assert_eq!(case.sent(), ["Act collection 1"]);
    case.retry("premium").succeed(&["collection", "premium"]);
    assert_eq!(case.end(), Some(End::PartiallyCompleted), "the congratulation was taken back");
}

/// If it failed, the person in charge could start something before its turn.
#[test]
fn a_person_in_charge_starts_only_what_is_ready() {
    let mut case = Case::of(branches()).started();
    case.bereaved().retry("pivot");
    assert_eq!(case.answer, Answer::Refused(Objection::NotWaiting));
    assert!(!case.is_stuck("pivot"));
}
