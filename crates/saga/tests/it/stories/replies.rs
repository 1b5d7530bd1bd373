//! Numbers, revisions, repeats: what a reply has to be to count (3 to 6).

use saga::{
    Answer, Outcome, Status,
    event::Command,
    input::{Input, Objection, Says},
};

use crate::{
    case::{Case, reason},
    definitions::{DAY, HOUR, branches},
};

fn failed() -> Outcome {
    Outcome::Failed { code: "DOWN".into(), retryable: true }
}

/// Story 2: if it failed, a saga would wait for ever for a number that was used up by a failure.
#[test]
fn a_failure_uses_up_no_number() {
    let mut case = Case::of(branches()).started();
    case.reply("plain", Command::Act, 1, 1, failed()).passes(HOUR);
    case.reply("plain", Command::Act, 1, 1, Outcome::Succeeded);
    assert_eq!((case.answer.clone(), case.status("plain")), (Answer::Taken, Status::Succeeded));
}

/// If it failed, a failure of one copy would be believed over the acceptance of another.
#[test]
fn a_failure_after_a_numbered_reply_says_nothing() {
    let mut case = Case::of(branches()).started();
    case.accepts("plain").fails("plain", false);
    assert_eq!(case.answer, Answer::Repeated);
    assert!(!case.is_stuck("plain"));
}

/// Story 16: if it failed, the late answer of the first sending and that of the second would count as two.
#[test]
fn the_same_number_twice_is_a_repeat_and_an_older_one_changes_nothing() {
    let mut case = Case::of(branches()).started();
    case.later(2_000).due("plain", saga::input::Timer::Resend);
    case.reply("plain", Command::Act, 1, 2, Outcome::Accepted { department_case: "A-2".into() });
    let before = case.saga.clone();
    for number in [1, 2] {
        case.reply("plain", Command::Act, 1, number, Outcome::Refused { reason: reason("LATE") });
        assert_eq!((case.answer.clone(), &case.saga), (Answer::Repeated, &before));
    }
    case.reply("plain", Command::Act, 1, 3, Outcome::Succeeded).reply("plain", Command::Act, 1, 3, Outcome::Succeeded);
    assert_eq!((case.answer.clone(), case.status("plain")), (Answer::Repeated, Status::Succeeded));
}

/// If it failed, what a department says after it has finished would overturn what it did.
#[test]
fn after_a_definite_answer_a_higher_number_says_nothing_new() {
    let mut case = Case::of(branches()).started();
    case.succeed(&["plain"]).replies("plain", Command::Act, Outcome::Refused { reason: reason("NO") });
    assert_eq!((case.answer.clone(), case.status("plain")), (Answer::Repeated, Status::Succeeded));
}

/// Story 14: if it failed, a decision of three weeks whose reply was lost would never be learnt.
#[test]
fn accepted_ends_the_budget_and_not_the_asking() {
    let mut case = Case::of(branches()).started();
    case.succeed(&["first", "second", "other", "pivot", "needed"]);
    case.accepts("plain").says("plain", Outcome::Progress { stage: "初审".into() });
    let asked = case.log.len();
    case.passes(DAY / 2);
    assert!(case.log.len() - asked >= 48, "asked every quarter of an hour");
    assert!(!case.is_stuck("plain"), "an accepted act is a wait, not a fault");
    let run = case.saga.run(case.step("plain"));
    let out = run.out.clone().unwrap();
    assert_eq!((out.accepted.as_deref(), out.stage.as_deref(), run.revision), (Some("A-1"), Some("初审"), 1));
    case.succeed(&["plain"]);
    assert_eq!(case.status("plain"), Status::Succeeded);
}

/// If it failed, a retry would be another command, and the department would act twice.
#[test]
fn a_retry_keeps_the_revision() {
    let mut case = Case::of(branches()).started();
    case.fails("plain", true).passes(HOUR);
    case.retry("plain");
    let row = case.pending().into_iter().find(|row| row.step == case.step("plain")).unwrap();
    assert_eq!(row.due_at, case.now, "sent at once and not at the next inquiry");
    case.due("plain", saga::input::Timer::Resend);
    assert_eq!((case.sent(), case.revision("plain")), (vec!["again Act plain".to_owned()], 1));
}

/// If it failed, a failure that no sending can heal would be hidden among those that heal by themselves (18).
#[test]
fn a_failure_that_sending_cannot_heal_is_stuck_at_once_and_still_in_doubt() {
    let mut case = Case::of(branches()).started();
    case.fails("plain", false);
    assert!(case.is_stuck("plain") && case.saga.is_stuck(&case.definition));
    assert_eq!((case.status("plain"), case.saga.ending), (Status::InDoubt, None));
    case.retry("plain");
    assert!(!case.is_stuck("plain"), "an operator has had it sent again");
    case.succeed(&["plain"]);
    assert_eq!(case.status("plain"), Status::Succeeded);
}

/// If it failed, corrected data would go out under the old identity, and the department would repeat its objection.
#[test]
fn a_correction_raises_the_revision_and_starts_the_numbers_anew() {
    let mut case = Case::of(branches()).started();
    case.needs_correction("plain");
    assert_eq!(case.status("plain"), Status::Correcting);
    assert_eq!(&*case.saga.run(case.step("plain")).correct[0], "child.name");
    let rows = case.pending();
    assert!(rows.iter().any(|row| row.step == case.step("plain") && row.due_at == saga::pending::NEVER));
    case.person_says("plain", Says::Done);
    assert_eq!(case.answer, Answer::Refused(Objection::NotWaiting), "data are asked for, not consent");
    case.person_says("plain", Says::Corrected);
    assert_eq!((case.sent(), case.revision("plain")), (vec!["Act plain 2".to_owned()], 2));
    case.reply("plain", Command::Act, 1, 2, Outcome::Succeeded);
    assert_eq!(case.answer, Answer::Refused(Objection::OtherRevision { current: 2 }));
    case.reply("plain", Command::Act, 2, 1, Outcome::Succeeded);
    assert_eq!(case.status("plain"), Status::Succeeded);
}

/// If it failed, an applicant who will not correct would hold the case open for ever.
#[test]
fn an_applicant_may_decline_to_correct() {
    let mut case = Case::of(branches()).started();
    case.needs_correction("plain").person_says("plain", Says::Declined);
    assert_eq!(case.saga.ending, Some(saga::event::Ending::Rejected));
}

/// If it failed, a robot that "corrects" for ever would fill the log.
#[test]
fn the_revisions_of_a_step_have_a_limit() {
    let mut case = Case::of(branches()).started();
    for _ in 1..saga::limits::REVISIONS_MAX {
        case.needs_correction("plain").person_says("plain", Says::Corrected);
        assert_eq!(case.answer, Answer::Taken);
    }
    case.needs_correction("plain").person_says("plain", Says::Corrected);
    assert_eq!(case.answer, Answer::Refused(Objection::TooManyRevisions));
}

/// If it failed, an input to a saga that does not exist yet, or exists already, would found one by accident.
#[test]
fn a_case_starts_once_and_nothing_comes_before() {
    let mut case = Case::of(branches());
    case.withdraw();
    assert_eq!(case.answer, Answer::Refused(Objection::NotWaiting));
    let mut case = case.started();
    case.give(&Input::Start { chosen: std::collections::BTreeSet::new(), group_size: 2 });
    assert_eq!((case.answer.clone(), case.saga.group_size), (Answer::Refused(Objection::Started), 1));
}

/// If it failed, a case that has ended would send something, or take it for new.
#[test]
fn after_the_end_nothing_happens_and_a_repeat_is_told_from_news() {
    let mut case = Case::of(branches()).started();
    case.withdraw().cancelled("plain").compensated("other").compensated("first");
    assert!(case.end().is_some() && case.pending().is_empty());
    let ended = case.saga.clone();
    case.reply("first", Command::Compensate, 1, 1, Outcome::Compensated);
    assert_eq!(case.answer, Answer::Repeated);
    case.reply("first", Command::Compensate, 1, 2, Outcome::Compensated);
    assert_eq!(case.answer, Answer::Refused(Objection::Ended));
    case.withdraw();
    assert_eq!(case.answer, Answer::Repeated);
    for input in [Input::Freeze, Input::Unfreeze, Input::Notice { step: case.step("pivot") }] {
        case.give(&input);
        assert_eq!(case.answer, Answer::Refused(Objection::Ended));
    }
    case.retry("plain").due("plain", saga::input::Timer::Resend);
    assert_eq!(case.saga, ended);
    case.bereaved();
    assert_eq!((case.answer.clone(), case.sent().len(), case.end()), (Answer::Taken, 0, ended.end), "but for a death");
}
