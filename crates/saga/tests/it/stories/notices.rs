//! Facts that nobody asked for: registration at a counter, a premium paid early (11, 18).

use saga::{
    Answer, Cause, End, Status,
    definition::OnRefusal,
    event::Ending,
    input::{Found, Objection, Says},
};

use crate::{
    case::Case,
    definitions::{DAY, birth, branches},
    draft::{definition, department},
};

/// If it failed, a premium paid before enrolment would be asked for again.
#[test]
fn a_notice_before_its_turn_is_kept_for_it() {
    let mut case = Case::of(birth()).started();
    case.notice("premium").notice("premium");
    assert_eq!((case.answer.clone(), case.status("premium")), (Answer::Repeated, Status::Waiting));
    case.person_says("father", Says::Done).succeed(&["query", "certificate", "record", "booklet", "registration"]);
    case.succeed(&["enrolment"]);
    assert_eq!((case.status("premium"), case.sent().len()), (Status::Succeeded, 0));
    case.notice("premium");
    assert_eq!(case.answer, Answer::Repeated);
}

/// If it failed, what was kept would stand for a second doing as well, and a void would be healed by itself.
#[test]
fn a_kept_notice_counts_once() {
    let drafts = vec![
        department("query"),
        department("certificate").after(&["query"]).undone_for(&[Cause::Corrected]),
        department("pivot").after(&["certificate", "more"]).pivot(),
        department("more"),
    ];
    let mut case = Case::of(definition("kept", drafts)).started();
    case.notice("certificate").succeed(&["query"]);
    assert_eq!(case.status("certificate"), Status::Succeeded);
    case.redo("certificate").compensated("certificate");
    assert_eq!((case.sent(), case.status("certificate")), (vec!["Act certificate 1".to_owned()], Status::InDoubt));
}

/// If it failed, an item done at the counter would stay open, and what needs it would never start.
#[test]
fn a_notice_completes_a_step_and_heals_what_was_offline_or_skipped_for_it() {
    let drafts = vec![
        department("pivot").pivot(),
        department("premium").after(&["pivot"]).forward().noticed().expires(90 * DAY, OnRefusal::Offline),
        department("benefit").after(&["premium"]).forward(),
        department("card").after(&["pivot"]).forward(),
    ];
    let mut case = Case::of(definition("healed", drafts)).started();
    case.succeed(&["pivot"]).refuses("premium");
    assert_eq!(case.statuses(&["premium", "benefit"]), [Status::Offline, Status::Skipped]);
    case.notice("premium");
    assert_eq!((case.sent(), case.status("premium")), (vec!["Act benefit 1".to_owned()], Status::Succeeded));
    case.succeed(&["benefit"]).notice("card");
    assert_eq!(case.end(), Some(End::Completed), "a notice completes what is in doubt");
}

/// If it failed, a late yes of a department would leave its item offline (18, 19).
#[test]
fn a_late_success_heals_an_item_that_went_offline() {
    let mut case = Case::of(birth()).started();
    case.person_says("father", Says::Done).succeed(&["query", "certificate", "record", "booklet", "registration"]);
    case.refuses("card").replies("card", saga::event::Command::Act, saga::Outcome::Succeeded);
    assert_eq!((case.sent(), case.status("card")), (vec!["Act collection 1".to_owned()], Status::Succeeded));
}

/// Story 13: if it failed, a registered child would go on losing what its registration stands on.
#[test]
fn a_pivot_known_to_have_succeeded_stops_compensations_not_yet_ordered() {
    let mut case = Case::of(branches()).started();
    case.succeed(&["first", "second", "other", "plain"]).withdraw().cancelled("pivot");
    assert_eq!(case.sent(), ["Compensate other 1", "Compensate second 1"]);
    case.notice("pivot");
    assert_eq!((case.status("pivot"), case.status("first")), (Status::Succeeded, Status::Succeeded));
    case.compensated("second").compensated("other");
    assert_eq!(case.status("first"), Status::Succeeded, "not ordered, so never ordered");
    assert!(case.is_stuck("second") && case.is_stuck("other"), "those ordered go to an operator");
    assert_eq!(case.status("needed"), Status::InDoubt, "what is mandatory goes on although she withdrew");
    case.succeed(&["needed"]);
    assert_eq!(case.end(), None, "an operator must look first");
    case.resolve("second", Found::Undone).resolve("other", Found::Undone);
    assert_eq!(case.answer, Answer::Taken);
    assert_eq!(case.end(), Some(End::Withdrawn));
}

/// If it failed, a certificate voided just before the news would be nobody's business.
#[test]
fn what_was_undone_before_the_news_goes_to_an_operator_too() {
    let mut case = Case::of(branches()).started();
    case.succeed(&["first", "second"]).refuses("plain").cancelled("pivot").compensated("second");
    assert!(!case.is_stuck("second"));
    case.notice("pivot");
    assert!(case.is_stuck("second"));
    assert_eq!((case.saga.ending, case.status("plain")), (None, Status::Offline), "the rejection is lifted");
    case.resolve("second", Found::Undone).resolve("second", Found::Undone);
    assert_eq!(case.answer, Answer::Refused(Objection::Finished));
}

/// If it failed, a notice of a registration would be lost because its turn had not come.
#[test]
fn a_notice_of_the_pivot_counts_at_any_time() {
    let mut case = Case::of(branches()).started();
    case.notice("pivot");
    assert_eq!(case.sent(), ["Act later 1", "Act needed 1"]);

    let mut skipped = Case::of(branches()).started();
    skipped.withdraw().cancelled("plain");
    assert_eq!(skipped.status("pivot"), Status::Skipped);
    skipped.notice("pivot");
    assert_eq!((skipped.status("pivot"), skipped.saga.ending), (Status::Succeeded, Some(Ending::Withdrawn)));
    assert_eq!(skipped.status("needed"), Status::InDoubt);
}

/// If it failed, a notice of something closed or undone would bring it back behind everybody's back.
#[test]
fn a_notice_of_what_is_not_waited_for_is_refused() {
    let mut case = Case::of(branches()).started();
    case.succeed(&["first"]).withdraw().cancelled("pivot").cancelled("plain").compensated("other");
    for name in ["plain", "other", "second", "later", "father"] {
        case.notice(name);
        assert_eq!((case.end(), case.answer.clone()), (None, Answer::Refused(Objection::NotWaiting)), "{name}");
    }
}
