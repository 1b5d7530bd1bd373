//! What twins share (19, 20). The department's side, one undo for all releases, is the adapter's and the simulation's.

use saga::{
    Cause, End, Outcome, Status,
    event::Command,
    input::{Found, Says},
};

use crate::{
    case::Case,
    definitions::twins,
    draft::{definition, department},
};

/// Story 10: if it failed, what the family shares would be undone under the other twin, or never released.
#[test]
fn a_withdrawn_twin_releases_what_the_family_shares_even_if_it_never_issued_it() {
    let mut case = Case::of(twins()).started_with(&[], 2);
    case.withdraw();
    assert_eq!(case.sent(), ["Compensate shared 1"], "never issued, released all the same, before what it stands on");
    case.compensated("shared").compensated("own");
    assert_eq!((case.end(), case.statuses(&["own", "shared"])), (Some(End::Withdrawn), vec![Status::Compensated; 2]));
}

/// If it failed, an only child's case would ask a department to undo what nobody did.
#[test]
fn an_only_child_releases_nothing_that_was_never_issued() {
    let mut case = Case::of(twins()).started_with(&[], 1);
    case.withdraw();
    assert_eq!((case.sent(), case.status("shared")), (vec!["Compensate own 1".to_owned()], Status::Skipped));
}

/// If it failed, a twin's refusal would release what both share for a cause that the definition does not name.
#[test]
fn a_release_too_is_by_cause() {
    let drafts = vec![
        department("asked"),
        department("shared").after(&["asked"]).undone_for(&[saga::Cause::Withdrawn]).family(),
        department("pivot").after(&["shared"]).pivot(),
    ];
    let mut case = Case::of(definition("by cause", drafts)).started_with(&[], 2);
    case.refuses("asked");
    assert_eq!((case.sent().len(), case.end()), (0, Some(End::Rejected)));
}

/// If it failed, what was cancelled or refused for one twin would stay bound to the family.
#[test]
fn what_was_cancelled_is_released_too() {
    let mut case = Case::of(twins()).started_with(&[], 2);
    case.succeed(&["own"]).resolve("shared", saga::input::Found::NotDone).cancelled("shared").withdraw();
    assert_eq!(case.undone(), ["Cancel shared 1", "Compensate shared 1"]);
    case.compensated("shared");
    assert_eq!(case.sent(), ["Compensate own 1"]);
}

/// If it failed, a withdrawal during a twin's correction would release what is already voided, and wait for ever.
#[test]
fn what_was_voided_for_correction_is_not_released_a_second_time() {
    let mut case = Case::of(twins()).started_with(&[], 2);
    case.succeed(&["own"]).succeed(&["shared"]);
    assert_eq!(case.status("pivot"), Status::InDoubt);

    let mut case = Case::of(definition(
        "voided",
        vec![
            department("asked"),
            department("shared").undone_for(&[saga::Cause::Withdrawn, saga::Cause::Corrected]).family(),
            department("pivot").after(&["asked", "shared"]).pivot(),
        ],
    ))
    .started_with(&[], 2);
    case.succeed(&["shared"]).redo("shared").withdraw().cancelled("asked").compensated("shared");
    assert_eq!((case.undone().len(), case.end()), (2, Some(End::Withdrawn)));
}

/// If it failed, the claim that one twin corrected and won would stay offline for the other (19).
#[test]
fn the_other_twins_success_heals_a_claim_that_went_offline() {
    let mut case = Case::of(twins()).started_with(&[], 2);
    case.succeed(&["own", "shared", "pivot"]).needs_correction("claim").person_says("claim", Says::Declined);
    assert_eq!(case.status("claim"), Status::Offline);
    assert_eq!(case.end(), Some(End::PartiallyCompleted));

    let drafts = vec![
        department("pivot").pivot(),
        department("claim").after(&["pivot"]).forward().family(),
        department("card").after(&["pivot"]).forward(),
    ];
    let mut open = Case::of(definition("claim", drafts)).started_with(&[], 2);
    open.succeed(&["pivot"]).refuses("claim");
    assert_eq!(open.status("claim"), Status::Offline);
    open.replies("claim", Command::Act, Outcome::Succeeded).succeed(&["card"]);
    assert_eq!((open.status("claim"), open.end()), (Status::Succeeded, Some(End::Completed)));
}

/// If it failed, a release would be sent under a number already answered, and a bereaved family's case never end.
#[test]
fn what_is_voided_and_not_yet_done_again_is_released_already() {
    let drafts = vec![
        department("shared").undone_for(&[saga::Cause::Withdrawn, saga::Cause::Corrected]).family(),
        department("more").after(&["shared"]),
        department("other"),
        department("pivot").after(&["more", "other"]).pivot(),
    ];
    let mut case = Case::of(definition("released", drafts)).started_with(&[], 2);
    case.bereaved().succeed(&["shared"]).redo("shared").compensated("shared");
    assert_eq!(case.status("shared"), Status::Waiting, "a person in charge says when it is done again");
    case.withdraw().cancelled("other");
    assert_eq!(
        (case.undone(), case.end()),
        (vec!["Compensate shared 1".into(), "Cancel other 1".into()], Some(End::Withdrawn))
    );
}

/// If it failed, what an operator has found to be voided would be given back twice for a twin that is withdrawn meanwhile.
#[test]
fn what_an_operator_finds_voided_while_the_case_ends_is_released_already() {
    let drafts = vec![
        department("shared").undone_for(&[Cause::Withdrawn, Cause::Corrected]).family(),
        department("photo"),
        department("pivot").after(&["shared", "photo"]).pivot(),
    ];
    let mut case = Case::of(definition("voided", drafts)).started_with(&[], 2);
    case.succeed(&["shared"]).redo("shared").withdraw().resolve("shared", Found::Undone);
    assert_eq!((case.status("shared"), case.sent().len()), (Status::Compensated, 0));
    case.cancelled("photo");
    assert_eq!(case.end(), Some(End::Withdrawn));
}
