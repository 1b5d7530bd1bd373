//! Time: sendings, deadlines, lateness (容缺), and the freeze that stops them.

use saga::{
    Answer, End, Outcome, Status,
    definition::OnRefusal,
    input::{Found, Objection, Says, Timer},
    pending::{NEVER, Pending, PendingKind, pending},
};

use crate::{
    case::Case,
    definitions::{DAY, HOUR, birth, branches},
    draft::{definition, department},
};

/// A pivot, then a premium that expires after 90 days, then what needs it.
fn premium() -> Case {
    let drafts = vec![
        department("pivot").pivot(),
        department("premium").after(&["pivot"]).forward().noticed().expires(90 * DAY, OnRefusal::Offline),
        department("benefit").after(&["premium"]).forward(),
    ];
    let mut case = Case::of(definition("premium", drafts)).started();
    case.succeed(&["pivot"]);
    case
}

/// Story 7: if it failed, a family that has paid would be expired because its notice was lost (15).
#[test]
fn expiry_of_what_a_department_may_know_of_is_a_cancel_whose_answer_decides() {
    let mut paid = premium();
    paid.accepts("premium").later(90 * DAY).due("premium", Timer::Expiry);
    assert_eq!(paid.sent(), ["Cancel premium 1"]);
    paid.replies("premium", saga::event::Command::Act, Outcome::Succeeded);
    assert_eq!(paid.answer, Answer::Repeated, "while a cancel is out, only its answer counts");
    paid.succeed(&["premium", "benefit"]);
    assert_eq!(paid.end(), Some(End::Completed));

    let mut unpaid = premium();
    unpaid.accepts("premium").later(90 * DAY).due("premium", Timer::Expiry).cancelled("premium");
    assert_eq!(unpaid.statuses(&["premium", "benefit"]), [Status::Offline, Status::Skipped]);
    assert_eq!(unpaid.end(), Some(End::PartiallyCompleted));
}

/// If it failed, a deadline set for another time or another revision would expire somebody.
#[test]
fn a_timer_before_its_time_or_of_another_revision_says_nothing() {
    let mut case = premium();
    for timer in [Timer::Task, Timer::Expiry, Timer::Late] {
        case.due("premium", timer);
        assert_eq!(case.answer, Answer::Repeated, "{timer:?}");
    }
    case.later(90 * DAY - 1).due("premium", Timer::Expiry);
    assert_eq!(case.answer, Answer::Repeated);
    let step = case.step("premium");
    case.later(1).give(&saga::Input::Due { step, timer: Timer::Expiry, revision: 2 });
    assert_eq!(case.answer, Answer::Repeated);
    case.due("premium", Timer::Expiry).due("premium", Timer::Expiry);
    assert_eq!(case.answer, Answer::Repeated, "it is being cancelled already");
}

/// If it failed, a newborn would be without insurance while the police take their time (容缺).
#[test]
fn what_stands_in_for_a_late_step_starts_when_it_is_late_and_not_before() {
    let mut case = Case::of(birth()).started();
    case.person_says("father", Says::Done).succeed(&["query", "certificate", "record"]).passes(20 * DAY);
    assert_eq!(case.status("provisional"), Status::Waiting, "registration has not begun: it cannot be late");
    case.succeed(&["booklet"]).accepts("registration").later(10 * DAY - 1).due("provisional", Timer::Late);
    assert_eq!((case.answer.clone(), case.status("provisional")), (Answer::Repeated, Status::Waiting));
    case.passes(1);
    assert_eq!(case.status("provisional"), Status::InDoubt);
    case.due("provisional", Timer::Late);
    assert_eq!(case.answer, Answer::Repeated);
    case.succeed(&["registration"]);
    assert_eq!(case.status("provisional"), Status::InDoubt, "what has begun goes on");
}

/// If it failed, a stand-in that was never needed would be done all the same, or counted as a loss.
#[test]
fn what_stands_in_for_a_step_that_was_in_time_is_skipped_and_no_loss() {
    let mut case = Case::of(birth()).started();
    case.person_says("father", Says::Done).succeed(&["query", "certificate", "record", "booklet", "registration"]);
    assert_eq!(case.status("provisional"), Status::Skipped);
    case.succeed(&["card", "collection", "enrolment", "premium", "maternity", "congratulation"]);
    case.person_says("book", Says::Done);
    assert_eq!(case.end(), Some(End::Completed));
}

/// If it failed, a step that only follows the others in time would wait for one that went offline.
#[test]
fn what_comes_once_others_are_settled_comes_however_they_are() {
    let drafts = vec![
        department("pivot").pivot(),
        department("card").after(&["pivot"]).forward(),
        department("archive").after(&["pivot"]).once_settled(&["card"]).forward(),
    ];
    let mut case = Case::of(definition("archive", drafts)).started();
    case.succeed(&["pivot"]);
    assert_eq!(case.status("archive"), Status::Waiting);
    case.refuses("card");
    assert_eq!((case.sent(), case.status("card")), (vec!["Act archive 1".to_owned()], Status::Offline));
}

/// If it failed, a frozen case would send something (16).
#[test]
fn frozen_sends_nothing_new_and_nothing_again() {
    let mut case = Case::of(branches()).started();
    case.freeze().freeze();
    assert_eq!(case.answer, Answer::Repeated);
    assert!(case.pending().iter().all(|row| row.due_at == NEVER));
    case.later(DAY).due("plain", Timer::Resend);
    assert_eq!(case.answer, Answer::Repeated);
    case.retry("plain");
    assert_eq!(case.answer, Answer::Refused(Objection::Frozen), "not for an operator either");
    case.resolve("plain", Found::NotDone);
    assert_eq!(case.answer, Answer::Refused(Objection::Frozen));
    case.succeed(&["first", "other"]).redo("other");
    assert_eq!(case.answer, Answer::Refused(Objection::Frozen));
    case.withdraw();
    assert_eq!((case.sent().len(), case.status("second")), (0, Status::Waiting), "facts are taken, nothing follows");
    case.unfreeze();
    assert_eq!(case.sent(), ["Cancel plain 1", "Compensate other 1", "Compensate first 1"]);
}

/// If it failed, a family would lose the days for which its case was frozen.
#[test]
fn a_freeze_pauses_limits_and_what_is_out_is_asked_at_once_afterwards() {
    let mut case = premium();
    case.accepts("premium").later(89 * DAY).freeze().later(60 * DAY).unfreeze();
    case.due("premium", Timer::Expiry);
    assert_eq!(case.answer, Answer::Repeated);
    case.due("premium", Timer::Resend);
    assert_eq!(case.sent(), ["again Act premium"]);
    case.later(DAY).due("premium", Timer::Expiry);
    assert_eq!(case.sent(), ["Cancel premium 1"]);
    case.unfreeze();
    assert_eq!(case.answer, Answer::Repeated);
}

/// If it failed, a reminder would come twice, or the expiry be lost behind it.
#[test]
fn reminders_come_in_their_order_each_once() {
    let mut case = Case::of(birth()).started();
    case.succeed(&["query"]).later(DAY).due("father", Timer::Task).due("father", Timer::Task);
    assert_eq!((case.answer.clone(), case.saga.run(case.step("father")).reminded), (Answer::Repeated, 1));
    case.later(HOUR).due("father", Timer::Task);
    assert_eq!(case.answer, Answer::Repeated);
    case.later(3 * DAY).due("father", Timer::Task);
    assert_eq!(case.saga.run(case.step("father")).reminded, 2);
}

/// If it failed, a family to whom the stand-in was due would lose it to the order in which two answers come.
#[test]
fn a_lateness_that_has_come_holds_for_what_still_waits_for_something_else() {
    let drafts = vec![
        department("pivot").pivot(),
        department("photo"),
        department("stand-in").after(&["photo"]).when_late("pivot", DAY).forward(),
    ];
    let mut case = Case::of(definition("late", drafts)).started();
    case.later(DAY).due("stand-in", Timer::Late).succeed(&["pivot"]);
    assert_eq!(case.status("stand-in"), Status::Waiting);
    case.succeed(&["photo"]);
    assert_eq!(case.sent(), ["Act stand-in 1"]);
}

/// If it failed, a command whose delivery failed, or that was out when we stopped, would wait for its full pause.
#[test]
fn a_command_is_sent_again_whenever_the_relay_asks_as_long_as_it_is_out() {
    let mut case = premium();
    case.due("premium", Timer::Resend);
    assert_eq!(case.sent(), ["again Act premium"]);
    case.succeed(&["premium"]).due("premium", Timer::Resend);
    assert_eq!(case.answer, Answer::Repeated);
}

/// If it failed, a family that forgot its correction would wait for ever, or be reminded at once after a freeze.
#[test]
fn who_is_to_correct_is_reminded_from_when_it_was_asked_and_a_freeze_moves_that() {
    let drafts = vec![department("certificate").reminded(&[3 * DAY, 7 * DAY]).pivot()];
    let mut case = Case::of(definition("correct", drafts)).started();
    let next = |case: &Case| {
        let task = |row: &Pending| matches!(row.kind, PendingKind::Task { correction: true, .. });
        pending(&case.definition, &case.saga).into_iter().find(task).map(|row| row.due_at)
    };
    case.later(20 * DAY).needs_correction("certificate");
    let asked = case.now;
    assert_eq!(next(&case), Some(asked + 3 * DAY), "not from when the department began");
    case.due("certificate", Timer::Task).and(&Answer::Repeated);
    case.later(3 * DAY).due("certificate", Timer::Task).and(&Answer::Taken);
    assert_eq!(next(&case), Some(asked + 7 * DAY));
    case.freeze().later(10 * DAY).due("certificate", Timer::Task).and(&Answer::Repeated).unfreeze();
    assert_eq!(next(&case), Some(asked + 17 * DAY));
    case.later(4 * DAY).due("certificate", Timer::Task).and(&Answer::Taken);
    assert_eq!(next(&case), Some(NEVER));
    case.person_says("certificate", Says::Corrected).later(DAY).needs_correction("certificate");
    assert_eq!(next(&case), Some(case.now + 3 * DAY), "asked again, reminded again");

    let mut frozen = Case::of(case.definition.clone()).started();
    frozen.freeze().later(DAY).needs_correction("certificate").later(DAY).unfreeze();
    assert_eq!(next(&frozen), Some(frozen.now + 3 * DAY), "it counts from the thaw");
}
