//! What operators may order, and what they may not (13).

use saga::{
    Answer, End, Outcome, Status,
    event::Command,
    input::{Found, Input, Objection, Says},
};

use crate::{
    case::Case,
    definitions::{birth, branches},
};

/// If it failed, an order that looks at yesterday's page would hit today's command.
#[test]
fn an_order_names_the_revision_it_means_and_a_stale_one_is_refused() {
    let mut case = Case::of(branches()).started();
    case.needs_correction("plain").person_says("plain", Says::Corrected);
    let step = case.step("plain");
    let stale = Answer::Refused(Objection::OtherRevision { current: 2 });
    for input in [
        Input::Retry { step, revision: 1 },
        Input::Resolve { step, revision: 1, found: Found::Done },
        Input::Resolve { step, revision: 1, found: Found::NotDone },
        Input::Redo { step, revision: 1 },
    ] {
        case.give(&input);
        assert_eq!(case.answer, stale, "{input:?}");
    }
    case.needs_correction("plain");
    case.give(&Input::Answered { step, revision: 1, says: Says::Corrected });
    assert_eq!(case.answer, stale, "nor a person's answer to an old task");
}

/// Story 5: if it failed, a command on its way would act after an operator rightly said that it had not.
#[test]
fn not_done_sends_a_cancel_whose_answer_decides() {
    let mut case = Case::of(branches()).started();
    case.resolve("plain", Found::NotDone);
    assert_eq!(case.sent(), ["Cancel plain 1"]);
    case.succeed(&["plain"]);
    assert_eq!(case.status("plain"), Status::Succeeded, "it had acted after all");

    let mut case = Case::of(branches()).started();
    case.resolve("plain", Found::NotDone).cancelled("plain");
    assert!(case.is_stuck("plain") && case.status("plain") == Status::NotDone && case.saga.ending.is_none());
    case.retry("plain");
    assert_eq!(case.sent(), ["Act plain 2"]);
    case.resolve("plain", Found::NotDone).cancelled("plain").resolve("plain", Found::NotDone);
    assert_eq!(case.saga.ending, Some(saga::event::Ending::Rejected), "said twice, it is the operator's refusal");
}

/// If it failed, an operator with evidence could not finish what a department will never answer.
#[test]
fn done_finishes_a_step_in_doubt() {
    let mut case = Case::of(branches()).started();
    case.resolve("plain", Found::Done);
    assert_eq!((case.answer.clone(), case.status("plain")), (Answer::Taken, Status::Succeeded));
    case.resolve("plain", Found::Done);
    assert_eq!(case.answer, Answer::Refused(Objection::Finished));
    case.resolve("plain", Found::NotDone);
    assert_eq!(case.answer, Answer::Refused(Objection::Finished));
    case.replies("plain", Command::Act, Outcome::Refused { reason: crate::case::reason("LATE") });
    assert_eq!(case.status("plain"), Status::Succeeded);
}

/// If it failed, an operator could do twice what stands, or revive what was undone.
#[test]
fn a_retry_is_never_for_what_succeeded_was_undone_or_waits_its_turn() {
    let mut case = Case::of(branches()).started();
    case.succeed(&["plain", "first"]);
    for (name, objection) in
        [("plain", Objection::Finished), ("later", Objection::NotWaiting), ("father", Objection::NotWaiting)]
    {
        case.retry(name);
        assert_eq!(case.answer, Answer::Refused(objection), "{name}");
    }
    case.refuses("other");
    assert_eq!(case.sent(), ["Cancel second 1", "Cancel pivot 1"].split_at(1).1, "the pivot first");
    case.cancelled("pivot").compensated("second");
    case.retry("second");
    assert!(matches!(case.answer, Answer::Refused(Objection::Ending(_))));
}

/// If it failed, an item brought back from the counter would leave what depends on it behind.
#[test]
fn an_item_brought_back_from_offline_reopens_what_was_skipped_for_it() {
    let mut case = Case::of(birth()).started();
    case.person_says("father", Says::Done).succeed(&["query", "certificate", "record", "booklet", "registration"]);
    case.refuses("card");
    assert_eq!(case.statuses(&["card", "collection"]), [Status::Offline, Status::Skipped]);
    case.retry("card");
    assert_eq!((case.sent(), case.status("collection")), (vec!["Act card 2".to_owned()], Status::Waiting));
    assert!(case.saga.run(case.step("card")).reasons.is_empty());
    case.succeed(&["card"]);
    assert_eq!(case.sent(), ["Act collection 1"]);

    let mut found = Case::of(birth()).started();
    found.person_says("father", Says::Done).succeed(&["query", "certificate", "record", "booklet", "registration"]);
    found.refuses("card").resolve("card", Found::Done);
    assert_eq!(found.sent(), ["Act collection 1"]);
}

/// If it failed, an operator could bring back an item of a case that its applicant has withdrawn.
#[test]
fn a_case_that_ends_is_not_tried_again_but_its_commands_may_be_sent_again() {
    let mut case = Case::of(birth()).started();
    case.person_says("father", Says::Done).succeed(&["query", "certificate", "record", "booklet", "registration"]);
    case.refuses("card").withdraw();
    case.retry("card");
    assert!(matches!(case.answer, Answer::Refused(Objection::Ending(_))));
    case.retry("maternity").due("maternity", saga::input::Timer::Resend);
    assert_eq!(case.sent(), ["again Cancel maternity"]);
    case.cancelled("maternity").cancelled("congratulation").succeed(&["enrolment"]);
    assert_eq!(case.end(), Some(End::Withdrawn));
}

/// If it failed, an operator could try the same refused step for ever.
#[test]
fn an_operators_retries_have_a_limit_too() {
    let mut case = Case::of(birth()).started();
    case.person_says("father", Says::Done).succeed(&["query", "certificate", "record", "booklet", "registration"]);
    for _ in 1..saga::limits::REVISIONS_MAX {
        case.refuses("card").retry("card");
        assert_eq!(case.answer, Answer::Taken);
    }
    case.refuses("card").retry("card");
    assert_eq!(case.answer, Answer::Refused(Objection::TooManyRevisions));
}
