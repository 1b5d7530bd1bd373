//! Procedures that follow a case, and definitions of them: only forward.

use saga::{
    Answer, Definition, End, Fact, Status,
    definition::OnRefusal,
    input::{Question, Says, Verdict},
};

use crate::{
    case::Case,
    definitions::{DAY, branches},
    draft::{definition, department, law, person, procedure},
};

/// A refund: found, agreed to by a clerk, paid; and somebody is told.
fn refund() -> Case {
    let drafts = vec![
        law("never-owed"),
        person("clerk", "clerk").after(&["never-owed"]).expires(10 * DAY, OnRefusal::Expire),
        department("payment").after(&["clerk"]).mandatory(),
        department("archive").after(&["never-owed"]),
    ];
    let mut case = Case::of(procedure("refund", drafts)).started();
    case.decided("never-owed", Question::Performance, Verdict::Yes);
    case
}

/// If it failed, one payment would be refunded as often as its notice comes.
#[test]
fn a_procedure_begins_once_under_one_key() {
    let mut case = Case::of(branches()).started();
    case.follow("refund", "voucher-1").and(&Answer::Taken).follow("refund", "voucher-1").and(&Answer::Repeated);
    case.follow("refund", "voucher-2").and(&Answer::Taken).follow("correction", "voucher-1").and(&Answer::Taken);
    assert_eq!(case.saga.followed.len(), 3);
    assert!(matches!(case.last()[..], [Fact::Followed { .. }]), "it touches nothing of the case");
}

/// If it failed, a name could not be corrected years after the case was done, or while it is frozen or mourned.
#[test]
fn a_procedure_may_begin_whenever_and_changes_no_end() {
    let mut case = Case::of(definition("one", vec![department("pivot").pivot()])).started();
    case.freeze().follow("correction", "a").and(&Answer::Taken).unfreeze();
    case.bereaved().follow("correction", "b").and(&Answer::Taken).succeed(&["pivot"]);
    case.later(3_000 * DAY).follow("correction", "c").and(&Answer::Taken).follow("correction", "a");
    assert_eq!((case.answer.clone(), case.end()), (Answer::Repeated, Some(End::Completed)));
}

/// If it failed, one case could be made to begin procedures without end.
#[test]
fn a_case_is_followed_so_often_and_no_more() {
    let mut case = Case::of(branches()).started();
    for key in 0..saga::limits::PROCEDURES_MAX {
        case.follow("correction", &key.to_string()).and(&Answer::Taken);
    }
    case.follow("correction", "one more").and(&Answer::Repeated);
}

/// If it failed, a refund would need a birth registration in it, or could hide one.
#[test]
fn a_procedure_has_no_pivot() {
    let words = |definition: &Definition| definition.problems().into_iter().map(|one| one.what).collect::<Vec<_>>();
    assert_eq!(words(&procedure("fine", vec![department("payment")])), [""; 0]);
    let with_pivot = procedure("pivot", vec![department("payment").pivot()]);
    assert_eq!(
        words(&with_pivot),
        ["程序没有枢轴 a procedure has no pivot; 只进不退,改用 forward it only goes forward"]
    );
    let neither = definition("neither", vec![department("payment")]);
    assert_eq!(words(&neither), ["没有枢轴 no step is the pivot; 须恰好一个 name exactly one"]);
}

/// If it failed, a refund that all agreed to would not count as done.
#[test]
fn a_procedure_whose_steps_are_done_is_completed() {
    let mut case = refund();
    case.succeed(&["archive"]).person_says("clerk", Says::Done).succeed(&["payment"]);
    assert_eq!(case.end(), Some(End::Completed));
}

/// If it failed, one department's no would end a correction that the others have made already.
#[test]
fn a_no_in_a_procedure_sends_its_step_to_the_counter_and_ends_nothing_else() {
    let mut case = refund();
    case.refuses("archive");
    assert_eq!((case.status("archive"), case.saga.ending), (Status::Offline, None));
    case.person_says("clerk", Says::Done).succeed(&["payment"]);
    assert_eq!(case.end(), Some(End::PartiallyCompleted));
    let facts: Vec<&Fact> = case.facts().filter(|fact| matches!(fact, Fact::Ending { .. })).collect();
    assert_eq!((facts.len(), case.undone().len()), (0, 0), "nothing is rejected or undone");

    let mut unpaid = refund();
    unpaid.succeed(&["archive"]).person_says("clerk", Says::Done).refuses("payment");
    assert_eq!((unpaid.status("payment"), unpaid.end()), (Status::Offline, Some(End::Offline)), "it was mandatory");
}

/// If it failed, a clerk's no or silence would be taken for the family's, or end what others still do.
#[test]
fn a_persons_no_or_silence_in_a_procedure_goes_offline() {
    let mut declined = refund();
    declined.person_says("clerk", Says::Declined);
    assert_eq!(
        declined.statuses(&["clerk", "payment", "archive"]),
        [Status::Offline, Status::Skipped, Status::InDoubt]
    );
    declined.succeed(&["archive"]);
    assert_eq!(declined.end(), Some(End::Offline));
    let mut silent = refund();
    silent.passes(10 * DAY);
    assert_eq!((silent.status("clerk"), silent.saga.ending), (Status::Offline, None));
    let mut law_says_no =
        Case::of(procedure("owed", vec![law("never-owed"), department("payment").after(&["never-owed"])]));
    law_says_no = law_says_no.started();
    law_says_no.decided("never-owed", Question::Performance, Verdict::No { reasons: Vec::new() });
    assert_eq!((law_says_no.status("payment"), law_says_no.end()), (Status::Skipped, Some(End::PartiallyCompleted)));
}

/// If it failed, a family that withdraws its request would have done half of it, or undone what it is owed.
#[test]
fn a_procedure_that_is_withdrawn_stops_what_is_optional_and_undoes_nothing() {
    let mut early = refund();
    early.withdraw();
    assert_eq!((early.status("clerk"), early.sent()), (Status::Closed, vec!["Cancel archive 1".to_owned()]));
    early.cancelled("archive");
    assert_eq!((early.status("payment"), early.end()), (Status::Skipped, Some(End::Withdrawn)));
    let mut late = refund();
    late.person_says("clerk", Says::Done).succeed(&["archive"]).withdraw();
    assert_eq!((late.status("payment"), late.end()), (Status::InDoubt, None), "what is mandatory goes on");
    late.succeed(&["payment"]);
    assert_eq!((late.end(), late.undone().len()), (Some(End::Withdrawn), 0));
}

/// If it failed, a procedure that waits for a department would be lost to an outage, or stopped by a death.
#[test]
fn a_procedure_is_rescued_like_any_other_saga() {
    let mut case = refund();
    case.person_says("clerk", Says::Done).fails("payment", false);
    assert!(case.is_stuck("payment"));
    case.retry("payment").bereaved().succeed(&["payment", "archive"]);
    assert_eq!(case.end(), Some(End::Completed));
}
