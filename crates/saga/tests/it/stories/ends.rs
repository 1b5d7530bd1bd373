//! How a case ends.

use saga::{End, Status, input::Says};

use crate::{
    case::Case,
    definitions::{BIRTH_ITEMS, birth},
    draft::{definition, department},
};

/// Everything with these items, each department saying yes but those named.
fn birth_where(items: &[&str], refused: &[&str]) -> Case {
    let mut case = Case::of(birth()).started_with(items, 1);
    case.person_says("father", Says::Done);
    while let Some(row) = case.pending().into_iter().find(|row| row.due_at != saga::pending::NEVER) {
        let name = case.definition.step(row.step).name.to_string();
        match case.status(&name) {
            Status::Open => case.person_says(&name, Says::Done),
            Status::InDoubt if refused.contains(&&*name) => case.refuses(&name),
            Status::InDoubt => case.succeed(&[&name]),
            status => panic!("{name} is {status:?}"),
        };
    }
    case
}

/// If it failed, a family whose every wish came true would be told that something is missing, or the other way round.
#[test]
fn a_case_ends_as_its_items_did() {
    for (items, refused, end) in [
        (&BIRTH_ITEMS[..], &[][..], End::Completed),
        (&[], &[], End::Completed),
        (&["card"], &[], End::Completed),
        (&BIRTH_ITEMS, &["maternity"], End::PartiallyCompleted),
        (&BIRTH_ITEMS, &["congratulation"], End::Completed),
        (&BIRTH_ITEMS, &["enrolment"], End::Offline),
        (&BIRTH_ITEMS, &["registration"], End::Offline),
        (&BIRTH_ITEMS, &["card", "enrolment"], End::Offline),
    ] {
        let case = birth_where(items, refused);
        assert_eq!(case.end(), Some(end), "{items:?} without {refused:?}");
    }
}

/// If it failed, an unticked item would be done, or its absence counted as a loss.
#[test]
fn what_was_not_ticked_is_not_done() {
    let case = birth_where(&["card"], &[]);
    assert_eq!(
        case.statuses(&["card", "collection", "premium", "maternity"]),
        [Status::Succeeded, Status::Unselected, Status::Unselected, Status::Unselected,]
    );
}

/// If it failed, a case would end that an operator still has to look at, or wait for one who has nothing to do.
#[test]
fn the_end_comes_with_the_last_settlement_in_the_same_decision() {
    let mut case = Case::of(definition("short", vec![department("pivot").pivot()])).started();
    case.succeed(&["pivot"]);
    assert!(matches!(case.last().last(), Some(saga::Fact::Ended { end: End::Completed })));
    assert_eq!(case.last().len(), 2);
}
