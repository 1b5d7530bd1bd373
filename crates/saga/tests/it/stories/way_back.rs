//! Compensation: in reverse, by cause, of what is done and of what may be; and doing again.

use saga::{
    Answer, Cause, End, Outcome, Status,
    event::Command,
    input::{Found, Objection, Says},
};

use crate::{
    case::Case,
    definitions::{BACK, DAY, HOUR, birth, branches},
    draft::{definition, department},
};

/// If it failed, what may have happened would be forgotten (invariant 6).
#[test]
fn a_step_in_doubt_is_compensated_like_a_done_one() {
    let mut case = Case::of(branches()).started();
    case.succeed(&["first"]).fails("second", true).accepts("other");
    case.refuses("plain").cancelled("pivot");
    assert_eq!(case.statuses(&["second", "other"]), [Status::Compensating, Status::Cancelling]);
    assert_eq!(case.status("first"), Status::Succeeded, "its turn comes when `second` is undone");
    case.replies("second", Command::Act, Outcome::Succeeded);
    assert_eq!(case.answer, Answer::Repeated, "the compensation's answer decides");
    case.compensated("second").compensated("first").cancelled("other");
    assert_eq!(case.end(), Some(End::Rejected));
}

/// If it failed, something would be undone while what was built on it still stands.
#[test]
fn the_way_back_is_the_way_there_reversed() {
    let drafts = vec![
        department("a").undone_for(&BACK),
        department("b").after(&["a"]),
        department("c").after(&["b"]).undone_for(&BACK),
        department("d").after(&["b"]).undone_for(&BACK),
        department("refuser").after(&["c", "d"]),
        department("pivot").after(&["refuser"]).pivot(),
    ];
    let mut case = Case::of(definition("reverse", drafts)).started();
    case.succeed(&["a", "b", "c", "d"]).refuses("refuser");
    assert_eq!(case.sent(), ["Compensate d 1", "Compensate c 1"], "siblings together");
    case.compensated("c");
    assert_eq!(case.status("a"), Status::Succeeded);
    case.compensated("d");
    assert_eq!(case.sent(), ["Compensate a 1"]);
}

/// If it failed, a step without compensation that is being cancelled would be overtaken by the undoing of its ground.
#[test]
fn compensation_waits_for_the_cancel_of_what_was_built_on_it() {
    let drafts = vec![
        department("ground").undone_for(&BACK),
        department("house").after(&["ground"]),
        department("pivot").after(&["house"]).pivot(),
    ];
    let mut case = Case::of(definition("ground", drafts)).started();
    case.succeed(&["ground"]).withdraw();
    assert_eq!(case.sent(), ["Cancel house 1"]);
    case.cancelled("house");
    assert_eq!(case.sent(), ["Compensate ground 1"]);
}

/// If it failed, a compensation that nobody carried out would be shown as done.
#[test]
fn a_compensation_that_cannot_be_done_is_stuck_and_never_done() {
    let mut case = Case::of(branches()).started();
    case.withdraw().cancelled("plain").compensated("other").fails("first", false);
    assert!(case.is_stuck("first"));
    case.passes(HOUR);
    assert_eq!((case.status("first"), case.end()), (Status::Compensating, None));
    case.resolve("first", Found::NotDone);
    assert_eq!(case.answer, Answer::Refused(Objection::NotWaiting), "an operator cannot wave it through either");
    case.resolve("first", Found::Undone);
    assert_eq!(case.end(), Some(End::Withdrawn));
}

/// If it failed, an answer that a compensation cannot give would be believed.
#[test]
fn each_command_has_its_own_answers() {
    let mut case = Case::of(branches()).started();
    for outcome in [Outcome::Compensated, Outcome::Cancelled] {
        case.says("first", outcome);
        assert_eq!(case.answer, Answer::Refused(Objection::NotWaiting));
    }
    case.withdraw();
    for outcome in [Outcome::Succeeded, Outcome::Cancelled] {
        case.says("first", outcome);
        assert_eq!(case.answer, Answer::Refused(Objection::NotWaiting));
    }
    case.says("plain", Outcome::Compensated);
    assert_eq!(case.answer, Answer::Refused(Objection::NotWaiting));
    assert_eq!(case.statuses(&["first", "plain"]), [Status::Compensating, Status::Cancelling]);
}

/// Story 12: if it failed, a certificate voided for correction would be issued again under the old number's answer.
#[test]
fn a_wrong_certificate_is_voided_and_issued_again_under_the_next_revision() {
    let mut case = Case::of(birth()).started();
    case.person_says("father", Says::Done).succeed(&["certificate"]);
    case.redo("certificate");
    assert_eq!(case.answer, Answer::Refused(Objection::Followed), "the record is built on it");

    let mut case = Case::of(branches()).started();
    case.succeed(&["other", "plain"]).redo("other");
    assert_eq!((case.sent(), case.status("other")), (vec!["Compensate other 1".to_owned()], Status::Compensating));
    case.compensated("other");
    assert_eq!(case.sent(), ["Act other 2"]);
    case.reply("other", Command::Act, 1, 9, Outcome::Succeeded);
    assert_eq!(case.answer, Answer::Refused(Objection::OtherRevision { current: 2 }));
    case.succeed(&["other"]);
    assert_eq!((case.status("other"), case.revision("other")), (Status::Succeeded, 2));
}

/// If it failed, correcting one thing would undo another's ground, or something while the pivot is out (10).
#[test]
fn a_redo_is_refused_where_it_is_not_named_not_done_or_not_now() {
    let mut case = Case::of(branches()).started();
    case.redo("other");
    assert_eq!(case.answer, Answer::Refused(Objection::NotWaiting), "it is not done yet");
    case.succeed(&["other", "plain"]).redo("plain");
    assert_eq!(case.answer, Answer::Refused(Objection::NotWaiting), "no compensation names `corrected`");
    case.succeed(&["first"]).redo("other");
    assert_eq!(case.answer, Answer::Refused(Objection::Followed), "the pivot is out");
    case.succeed(&["pivot"]).redo("other");
    assert_eq!(case.sent(), ["Compensate other 1"]);
    case.withdraw().redo("second");
    assert!(matches!(case.answer, Answer::Refused(Objection::Ending(_))));
}

/// If it failed, the mother's withdrawal during a correction would leave the certificate issued anew, or asked for ever.
#[test]
fn a_withdrawal_during_a_redo_leaves_it_voided() {
    let mut case = Case::of(branches()).started();
    case.succeed(&["other"]).redo("other").withdraw().cancelled("plain").compensated("first");
    case.compensated("other");
    assert_eq!((case.status("other"), case.end()), (Status::Compensated, Some(End::Withdrawn)));
    assert_eq!(case.undone().iter().filter(|order| order.contains("other")).count(), 1);
}

/// If it failed, an operator who finds a void carried out would strand the certificate that was to be issued anew.
#[test]
fn a_redo_whose_voiding_an_operator_confirms_goes_on() {
    let mut case = Case::of(branches()).started();
    case.succeed(&["other"]).redo("other").resolve("other", Found::Undone);
    assert_eq!(case.sent(), ["Act other 2"]);
}

/// If it failed, an act named for one cause only would be undone for another.
#[test]
fn only_the_named_cause_undoes() {
    for (on, end) in [(Cause::Withdrawn, End::Withdrawn), (Cause::Rejected, End::Rejected)] {
        let drafts = vec![
            department("named").undone_for(&[on]),
            department("unnamed").undone_for(&[Cause::Expired, Cause::Revoked]),
            department("asked").after(&["named", "unnamed"]),
            department("pivot").after(&["asked"]).pivot(),
        ];
        let mut case = Case::of(definition("causes", drafts)).started();
        case.succeed(&["named", "unnamed"]);
        if on == Cause::Withdrawn {
            case.withdraw().cancelled("asked")
        } else {
            case.refuses("asked")
        };
        case.compensated("named");
        assert_eq!((case.end(), case.status("unnamed")), (Some(end), Status::Succeeded));
    }
}

/// If it failed, an operator's finding about the act, come late, would be taken for news of its compensation.
#[test]
fn what_was_found_of_an_act_says_nothing_of_its_compensation() {
    let mut case = Case::of(branches()).started();
    case.resolve("first", Found::Done).withdraw().cancelled("pivot").cancelled("plain").compensated("other");
    case.compensated("second");
    assert_eq!(case.status("first"), Status::Compensating);
    case.resolve("first", Found::Done);
    assert_eq!(
        (case.answer.clone(), case.status("first")),
        (Answer::Refused(Objection::NotWaiting), Status::Compensating)
    );
    case.resolve("first", Found::Undone);
    assert_eq!(case.end(), Some(End::Withdrawn));
}

/// If it failed, the order of a list, which means nothing, would decide what is undone first.
#[test]
fn the_way_back_follows_the_dependencies_wherever_the_steps_stand_in_the_list() {
    let drafts = vec![
        department("pivot").after(&["top", "refuser"]).pivot(),
        department("top").after(&["middle"]).undone_for(&BACK),
        department("middle").after(&["ground"]).undone_for(&BACK),
        department("ground").undone_for(&BACK),
        department("refuser"),
    ];
    let mut case = Case::of(definition("listed backwards", drafts)).started();
    case.succeed(&["ground", "middle", "top"]).refuses("refuser");
    assert_eq!(case.sent(), ["Compensate top 1"]);
    case.compensated("top");
    assert_eq!(case.sent(), ["Compensate middle 1"]);
    case.compensated("middle").compensated("ground");
    assert_eq!(case.end(), Some(End::Rejected));
}

/// If it failed, what was voided and then done at a counter could never be undone: the department would answer each
/// order with its old answer, which counts no more.
#[test]
fn what_was_voided_and_then_done_at_the_counter_is_undone_under_a_new_revision() {
    let drafts = || {
        vec![
            department("card")
                .undone_for(&[Cause::Corrected, Cause::Withdrawn])
                .noticed()
                .expires(DAY, saga::definition::OnRefusal::Offline),
            department("photo"),
            department("pivot").after(&["card", "photo"]).pivot(),
        ]
    };
    let mut case = Case::of(definition("counter", drafts())).started();
    case.succeed(&["card"]).redo("card").freeze().compensated("card").notice("card").unfreeze();
    assert_eq!((case.status("card"), case.revision("card")), (Status::Succeeded, 2));
    let mut withdrawn = case.clone();
    case.redo("card");
    assert_eq!(case.sent(), ["Compensate card 2"]);
    case.compensated("card");
    assert_eq!(case.sent(), ["Act card 3"]);
    withdrawn.withdraw();
    assert_eq!(withdrawn.sent(), ["Cancel photo 1", "Compensate card 2"]);
}
