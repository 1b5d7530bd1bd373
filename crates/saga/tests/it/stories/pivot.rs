//! What happens while the pivot is out, and after it: the second and third column of the table.

use saga::{
    Answer, Cause, End, Fact, Outcome, Status,
    event::{Command, Ending, Why},
    input::Says,
};

use crate::{
    case::Case,
    definitions::{DAY, HOUR, birth, branches},
    draft::{definition, department, person},
};

/// `branches` with everything before the pivot done, the pivot out, the father asked.
fn pivot_out() -> Case {
    let mut case = Case::of(branches()).started();
    case.succeed(&["first", "second", "other", "plain"]);
    assert_eq!(case.statuses(&["pivot", "father"]), [Status::InDoubt, Status::Open]);
    case
}

fn registered() -> Case {
    let mut case = Case::of(birth()).started();
    case.person_says("father", Says::Done).succeed(&["query", "certificate", "record", "booklet", "registration"]);
    case
}

/// If it failed, a child whose registration is on its way would lose the papers that it was registered with.
#[test]
fn at_withdrawal_the_pivot_is_cancelled_and_nothing_starts_or_is_undone_until_it_answers() {
    let mut case = pivot_out();
    case.withdraw();
    assert_eq!(case.sent(), ["Cancel pivot 1"]);
    assert_eq!(case.end(), None);
    case.cancelled("pivot");
    assert_eq!(case.sent(), ["Compensate other 1", "Compensate second 1"]);
    case.compensated("other").compensated("second").compensated("first");
    assert_eq!(case.end(), Some(End::Withdrawn));
}

/// If it failed, a withdrawal would undo a registration that had already happened.
#[test]
fn a_pivot_that_succeeded_before_its_cancel_stays_and_only_what_is_optional_is_dropped() {
    let mut case = pivot_out();
    case.withdraw().succeed(&["pivot"]);
    assert_eq!(case.sent(), ["Act needed 1"], "what is mandatory goes on");
    assert_eq!(case.statuses(&["later", "father"]), [Status::Skipped, Status::Open]);
    case.person_says("father", Says::Done).succeed(&["needed"]);
    assert_eq!(case.end(), Some(End::Withdrawn));
    assert_eq!(case.statuses(&["first", "second", "other", "pivot"]), [Status::Succeeded; 4]);
}

/// Story 3: if it failed, a father's no would undo what a registered child stands on.
#[test]
fn a_father_who_declines_while_registration_is_out_ends_nothing_if_it_succeeds() {
    let mut case = pivot_out();
    case.person_says("father", Says::Declined);
    assert_eq!(case.sent(), ["Cancel pivot 1"]);
    assert_eq!(case.saga.ending, Some(Ending::Rejected));
    case.succeed(&["pivot"]);
    assert_eq!((case.saga.ending, case.status("father")), (None, Status::Offline));
    assert_eq!(case.sent(), ["Act later 1", "Act needed 1"]);
    case.succeed(&["later", "needed"]);
    assert_eq!(case.undone(), ["Cancel pivot 1"]);
    assert_eq!(case.end(), Some(End::Offline), "his task was mandatory");

    let mut refused = pivot_out();
    refused.person_says("father", Says::Declined).cancelled("pivot").compensated("second").compensated("first");
    assert_eq!((refused.end(), refused.status("other")), (Some(End::Rejected), Status::Succeeded));
}

/// If it failed, a mother who withdraws after the father's no would be taken through the rest of the case all the same.
#[test]
fn a_withdrawal_is_not_lost_behind_a_rejection_that_the_pivot_may_lift() {
    let mut case = pivot_out();
    case.person_says("father", Says::Declined).withdraw();
    assert_eq!((case.answer.clone(), case.saga.ending), (Answer::Taken, Some(Ending::Withdrawn)));
    case.succeed(&["pivot", "needed"]);
    assert_eq!((case.end(), case.status("later")), (Some(End::Withdrawn), Status::Skipped));

    let mut undoing = pivot_out();
    undoing.person_says("father", Says::Declined).cancelled("pivot").withdraw();
    assert_eq!(undoing.answer, Answer::Refused(saga::Objection::Ending(Ending::Rejected)), "it ends already");
}

/// Story 1: if it failed, the certificate would be given back while a second copy registers the child.
#[test]
fn a_failed_copy_of_the_pivot_leaves_it_in_doubt() {
    let mut case = pivot_out();
    case.fails("pivot", true).withdraw();
    assert_eq!(case.sent(), ["Cancel pivot 1"]);
    case.replies("pivot", Command::Cancel, Outcome::Failed { code: "DOWN".into(), retryable: true });
    assert_eq!((case.sent(), case.status("pivot")), (Vec::new(), Status::Cancelling));
    case.passes(HOUR);
    assert!(case.is_stuck("pivot") && case.undone() == ["Cancel pivot 1"]);
}

/// If it failed, silence of the police would be guessed to be a no, or a yes.
#[test]
fn silence_of_the_pivot_is_never_guessed() {
    let mut case = pivot_out();
    case.person_says("father", Says::Done).passes(100 * DAY);
    assert_eq!((case.status("pivot"), case.saga.ending, case.end()), (Status::InDoubt, None, None));
    assert!(case.is_stuck("pivot"));
}

/// If it failed, a family whose registration needs the counter would lose its certificate or its insurance.
#[test]
fn a_refused_pivot_goes_offline_and_what_stands_stands() {
    let mut case = Case::of(birth()).started();
    case.person_says("father", Says::Done).succeed(&["query", "certificate", "record", "booklet"]);
    case.refuses("registration");
    assert_eq!(case.status("registration"), Status::Offline);
    assert_eq!(case.sent(), ["Act provisional 1"], "insured meanwhile (容缺)");
    assert_eq!(case.statuses(&["card", "enrolment", "premium"]), [Status::Skipped; 3]);
    case.succeed(&["provisional"]);
    assert_eq!((case.end(), case.undone().len()), (Some(End::Offline), 0));
}

/// If it failed, the definition's word about a step's refusal would also end a case whose child is registered.
#[test]
fn a_refusal_after_the_pivot_goes_offline_skips_its_dependents_and_touches_nobody_else() {
    let mut case = registered();
    case.refuses("card");
    assert_eq!(case.statuses(&["card", "collection"]), [Status::Offline, Status::Skipped]);
    assert_eq!(case.statuses(&["enrolment", "maternity"]), [Status::InDoubt; 2], "other branches go on");
    assert_eq!((case.saga.ending, case.undone().len()), (None, 0));
    let of = case.saga.run(case.step("collection")).because;
    assert_eq!(of, Some(saga::event::Because::Of(case.step("card"))));
}

/// If it failed, one department's outage after the pivot would hold up every other.
#[test]
fn an_outage_after_the_pivot_holds_up_only_its_own_branch() {
    let mut case = registered();
    case.person_says("book", Says::Done).passes(HOUR);
    assert!(case.is_stuck("card"));
    case.succeed(&["enrolment", "maternity", "congratulation"]);
    assert_eq!(case.status("premium"), Status::InDoubt);
    assert_eq!((case.saga.ending, case.end()), (None, None));
}

/// If it failed, a refusal in a branch that has not finished when the pivot succeeds would still reject the case.
#[test]
fn a_refusal_after_the_pivot_rejects_nothing_whatever_the_definition_says_of_before() {
    let mut case = Case::of(branches()).started();
    case.succeed(&["first", "pivot"]).refuses("second");
    assert_eq!((case.status("second"), case.saga.ending), (Status::Offline, None));
    case.person_says("father", Says::Declined);
    assert_eq!((case.status("father"), case.saga.ending), (Status::Offline, None));
}

/// If it failed, a task that blocks nothing would keep a finished case open, or be counted as a loss.
#[test]
fn a_task_that_blocks_nothing_is_reminded_and_then_closed() {
    let mut case = registered();
    case.succeed(&["card", "collection", "enrolment", "premium", "maternity", "congratulation"]);
    assert_eq!(case.end(), None);
    case.passes(30 * DAY);
    assert_eq!((case.status("book"), case.end()), (Status::Closed, Some(End::Completed)));
}

/// If it failed, a father who never answers after the registration would end a registered child's case.
#[test]
fn a_silence_after_the_pivot_goes_offline() {
    let mut case = pivot_out();
    case.succeed(&["pivot"]).passes(DAY);
    assert_eq!((case.status("father"), case.saga.ending), (Status::Offline, None));
}

/// If it failed, a mother who withdraws after the registration would lose finished rights, or keep unfinished wishes.
#[test]
fn withdrawal_after_the_pivot_cancels_unfinished_optional_items_and_keeps_finished_facts() {
    let mut case = registered();
    case.succeed(&["maternity"]).withdraw();
    assert_eq!(case.sent(), ["Cancel card 1", "Cancel congratulation 1"]);
    assert_eq!(case.statuses(&["collection", "provisional", "premium"]), [Status::Skipped; 3]);
    assert_eq!(
        case.statuses(&["maternity", "book", "enrolment"]),
        [Status::Succeeded, Status::Closed, Status::InDoubt]
    );
    case.cancelled("card").succeed(&["congratulation"]);
    assert_eq!(case.end(), None, "what is mandatory goes on");
    case.succeed(&["enrolment"]);
    assert_eq!(case.end(), Some(End::Withdrawn));
    assert!(case.undone().iter().all(|order| order.starts_with("Cancel")));
}

/// If it failed, a case would end while a department may still act.
#[test]
fn a_case_ends_only_when_every_step_is_settled() {
    let mut case = registered();
    case.withdraw().succeed(&["enrolment"]).cancelled("congratulation").cancelled("maternity");
    assert_eq!((case.status("card"), case.end()), (Status::Cancelling, None));
    case.passes(30 * DAY);
    assert_eq!(case.end(), None, "an outage alone ends no case");
    case.cancelled("card");
    assert_eq!(case.end(), Some(End::Withdrawn));
}

/// If it failed, a case could neither go back nor forward after the registration and a father's no meet in a freeze.
#[test]
fn a_rejection_that_meets_a_refused_pivot_is_lifted() {
    let mut case = pivot_out();
    case.freeze().person_says("father", Says::Declined).refuses("pivot").unfreeze();
    assert_eq!(case.saga.ending, None);
    assert_eq!(case.statuses(&["pivot", "father"]), [Status::Offline; 2]);
    assert_eq!((case.end(), case.undone().len()), (Some(End::Offline), 0));
}

/// If it failed, the pivot's cancel would not say why, and no operator could explain it to a family.
#[test]
fn every_order_names_its_cause() {
    let drafts =
        vec![department("pivot").pivot(), person("father", "father").expires(DAY, saga::definition::OnRefusal::Expire)];
    let mut case = Case::of(definition("why", drafts)).started();
    case.passes(DAY);
    let why = case.facts().find_map(|fact| match fact {
        Fact::Ordered { command: Command::Cancel, why, .. } => Some(*why),
        _ => None,
    });
    assert_eq!(why, Some(Why::Ending(Cause::Expired)));
}
