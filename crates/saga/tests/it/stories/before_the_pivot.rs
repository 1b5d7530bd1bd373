//! What a failure does before the pivot: the first column of the table.

use saga::{
    Answer, Cause, End, Fact, Status,
    definition::OnRefusal,
    input::{Objection, Question, Says, Verdict},
};

use crate::{
    case::{Case, reason},
    definitions::{BACK, DAY, HOUR, birth, branches},
    draft::{definition, department, law},
};

/// Up to the point where registration is out.
fn registering() -> Case {
    let mut case = Case::of(birth()).started();
    case.person_says("father", Says::Done).succeed(&["query", "certificate", "record", "booklet"]);
    assert_eq!(case.status("registration"), Status::InDoubt);
    case
}

/// If it failed, a family would wait for a step whose turn has come, or a department be asked before its turn.
#[test]
fn steps_start_when_what_they_need_has_succeeded_and_not_before() {
    let mut case = Case::of(birth()).started();
    assert_eq!(case.status("eligibility"), Status::Succeeded);
    assert_eq!(case.statuses(&["father", "query"]), [Status::Open, Status::InDoubt]);
    assert_eq!(case.status("certificate"), Status::Waiting);
    case.person_says("father", Says::Done);
    assert_eq!(case.sent(), ["Act certificate 1"]);
    case.succeed(&["certificate", "record", "booklet"]);
    assert_eq!(case.status("registration"), Status::Waiting, "the query is still out");
    case.succeed(&["query"]);
    assert_eq!(case.sent(), ["Act registration 1"]);
}

/// If it failed, an outage of a department would cost a family its case (invariant 7).
#[test]
fn an_outage_before_the_pivot_is_retried_then_stuck_and_heals_by_itself() {
    let mut case = Case::of(birth()).started();
    case.fails("query", true);
    assert!(!case.is_stuck("query"), "one failure is not yet an operator's business");
    case.passes(2 * HOUR);
    assert!(case.is_stuck("query"));
    assert_eq!((case.status("query"), case.saga.ending, case.end()), (Status::InDoubt, None, None));
    let before = case.log.len();
    case.passes(2 * HOUR);
    assert_eq!(case.log.len() - before, 8, "asked on at the slow interval: every quarter of an hour");
    case.succeed(&["query"]);
    assert!(!case.is_stuck("query") && !case.saga.is_stuck(&case.definition));
    assert!(case.undone().is_empty());
    assert!(!case.facts().any(|fact| matches!(fact, Fact::Ending { .. })));
}

/// If it failed, the pauses would hammer a department that is down, or leave a family waiting long after it is back.
#[test]
fn the_pauses_grow_within_the_budget_and_are_the_inquiry_interval_after_it() {
    let mut case = Case::of(birth()).started();
    let mut pauses = Vec::new();
    for _ in 0..7 {
        let due_at = case.saga.run(case.step("query")).out.as_ref().unwrap().due_at;
        pauses.push((due_at - case.now) / 1_000);
        case.passes(due_at - case.now);
    }
    assert_eq!(pauses, [2, 4, 8, 16, 900, 900, 900]);
}

/// If it failed, a family refused before the pivot would be left with half of a case.
#[test]
fn a_refusal_before_the_pivot_rejects_the_case_and_undoes_what_names_it_in_reverse() {
    let mut case = Case::of(birth()).started();
    case.person_says("father", Says::Done).succeed(&["certificate", "record", "booklet"]);
    case.refuses("query");
    assert_eq!(case.sent(), ["Compensate booklet 1"], "the last first, and nothing else yet");
    assert_eq!(case.status("registration"), Status::Skipped);
    case.compensated("booklet");
    assert_eq!(case.sent(), ["Compensate record 1"]);
    case.compensated("record");
    assert_eq!(case.end(), Some(End::Rejected));
    assert_eq!(case.status("certificate"), Status::Succeeded, "a medical fact survives a refusal");
    assert_eq!(case.saga.run(case.step("query")).reasons, [reason("NO-1")]);
}

/// If it failed, a family would be told one reason, come back, and be told the next.
#[test]
fn the_law_refuses_with_all_reasons_at_once() {
    let definition = definition(
        "refused by law",
        vec![law("never-eligible"), department("pivot").after(&["never-eligible"]).pivot()],
    );
    let mut case = Case::of(definition).started();
    let reasons = vec![reason("PRE-101"), reason("PRE-104")];
    case.decided("never-eligible", Question::Performance, Verdict::No { reasons: reasons.clone() });
    assert_eq!(case.end(), Some(End::Rejected));
    assert_eq!(case.saga.run(case.step("never-eligible")).reasons, reasons);
    assert_eq!(case.log.iter().flat_map(|(_, events)| events).flat_map(saga::Event::reasons).count(), 2);
}

/// If it failed, a rule could answer twice and the second answer overturn the first.
#[test]
fn the_law_answers_once() {
    let mut case = Case::of(birth()).started();
    let no = Verdict::No { reasons: vec![reason("PRE-101")] };
    case.decided("eligibility", Question::Performance, no);
    assert_eq!(case.answer, Answer::Repeated);
    assert_eq!(case.status("eligibility"), Status::Succeeded);
}

/// If it failed, an item that the law rules out would be asked of its department all the same.
#[test]
fn what_a_rule_does_not_select_is_not_done() {
    let definition = definition(
        "selected",
        vec![
            department("pivot").pivot(),
            department("never-mailed").after(&["pivot"]).selected_by("mail").forward(),
            department("mailed").after(&["pivot"]).selected_by("mail").forward(),
        ],
    );
    let mut case = Case::of(definition).started();
    case.succeed(&["pivot"]);
    case.decided("never-mailed", Question::Selection, Verdict::No { reasons: Vec::new() });
    assert_eq!(case.statuses(&["never-mailed", "mailed"]), [Status::Unselected, Status::Deciding]);
    case.decided("mailed", Question::Selection, Verdict::Yes).succeed(&["mailed"]);
    assert_eq!(case.end(), Some(End::Completed), "what was not to be done is no loss");
}

/// If it failed, a refusal of something small before the pivot would end everything, against the definition.
#[test]
fn a_refusal_means_what_the_definition_says() {
    for (means, status, end) in [
        (OnRefusal::Offline, Status::Offline, Some(End::PartiallyCompleted)),
        (OnRefusal::Close, Status::Closed, Some(End::Completed)),
        (OnRefusal::Reject, Status::Refused, Some(End::Rejected)),
        (OnRefusal::Expire, Status::Refused, Some(End::Expired)),
    ] {
        let drafts = vec![department("small").refused(means), department("pivot").pivot()];
        let mut case = Case::of(definition("small", drafts)).started();
        case.refuses("small");
        if case.saga.ending.is_some() {
            case.cancelled("pivot");
        } else {
            case.succeed(&["pivot"]);
        }
        assert_eq!((case.status("small"), case.end()), (status, end), "{means:?}");
    }
}

/// If it failed, a father's no, or his silence, would leave the booklet standing or end the case by another name.
#[test]
fn a_person_who_declines_or_is_silent_ends_the_case_as_the_definition_says() {
    let mut declined = Case::of(birth()).started();
    declined.person_says("father", Says::Declined).cancelled("query");
    assert_eq!((declined.status("father"), declined.end()), (Status::Declined, Some(End::Rejected)));

    let mut silent = Case::of(birth()).started();
    silent.succeed(&["query"]).passes(7 * DAY);
    assert_eq!((silent.status("father"), silent.end()), (Status::Expired, Some(End::Expired)));
    let reminded = silent.facts().filter(|fact| matches!(fact, Fact::Reminded { .. })).count();
    assert_eq!(reminded, 2, "after one day and after three");
}

/// If it failed, a father who answers in the last second would be treated as silent, or a late one as timely.
#[test]
fn a_task_expires_when_its_time_is_over_and_not_before() {
    let mut case = Case::of(birth()).started();
    case.succeed(&["query"]).later(7 * DAY - 1).due("father", saga::input::Timer::Task);
    assert_eq!(case.last(), [Fact::Reminded { step: case.step("father") }]);
    case.later(1).due("father", saga::input::Timer::Task);
    assert_eq!(case.end(), Some(End::Expired));
    case.person_says("father", Says::Done);
    assert_eq!(case.answer, Answer::Refused(Objection::Ended));
}

/// If it failed, what is undone at withdrawal would not be what the definition names for it.
#[test]
fn withdrawal_undoes_exactly_what_names_it_and_cancels_the_rest_that_is_in_doubt() {
    let mut case = Case::of(branches()).started();
    case.withdraw();
    assert_eq!(case.sent(), ["Cancel plain 1", "Compensate other 1", "Compensate first 1"]);
    case.cancelled("plain").compensated("other").compensated("first");
    assert_eq!(case.end(), Some(End::Withdrawn));
    assert_eq!(case.status("pivot"), Status::Skipped);

    let mut rejected = Case::of(branches()).started();
    rejected.refuses("plain");
    assert_eq!(rejected.sent(), ["Cancel other 1", "Compensate first 1"], "`other` does not name `rejected`");
    let other = rejected.step("other");
    assert!(!rejected.definition.step(other).is_undone_for(Cause::Rejected) && BACK.contains(&Cause::Rejected));
}

/// Story 4: if it failed, an effect that stood when the mother withdrew would be undone without the definition's leave.
#[test]
fn a_cancel_that_finds_the_effect_done_leaves_it() {
    let mut case = Case::of(branches()).started();
    case.withdraw().says("plain", saga::Outcome::Succeeded);
    assert_eq!(case.status("plain"), Status::Succeeded);
    case.compensated("other").compensated("first");
    assert_eq!((case.end(), case.status("plain")), (Some(End::Withdrawn), Status::Succeeded));
}

/// If it failed, a second refusal on the way back would change how the case ends.
#[test]
fn the_first_cause_of_an_end_stays() {
    let mut case = Case::of(birth()).started();
    case.withdraw();
    assert_eq!(case.status("father"), Status::Closed);
    case.cancelled("query");
    assert_eq!(case.end(), Some(End::Withdrawn));

    let mut refused = registering();
    refused.withdraw().withdraw();
    assert_eq!(refused.answer, Answer::Repeated);
}
