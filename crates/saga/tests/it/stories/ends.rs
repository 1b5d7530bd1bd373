//! How a case ends.

use saga::{
    End, Status,
    definition::OnRefusal,
    input::{Question, Says, Verdict},
};

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
        (&BIRTH_ITEMS, &["congratulation"], End::PartiallyCompleted),
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

/// If it failed, a family would be told that something is missing which it never asked for.
#[test]
fn what_follows_what_was_not_selected_is_no_loss() {
    let drafts = || {
        vec![
            department("pivot").pivot(),
            department("card").after(&["pivot"]).forward().chosen(),
            department("collection").after(&["card"]).forward(),
            department("photo").after(&["collection"]).forward(),
        ]
    };
    let mut unticked = Case::of(definition("card", drafts())).started_with(&[], 1);
    unticked.succeed(&["pivot"]);
    assert_eq!(
        unticked.statuses(&["card", "collection", "photo"]),
        [Status::Unselected, Status::Skipped, Status::Skipped]
    );
    assert_eq!(unticked.end(), Some(End::Completed));

    let mut ruled_out = drafts();
    ruled_out[1] = department("never-card").after(&["pivot"]).forward().selected_by("rule");
    ruled_out[2] = department("collection").after(&["never-card"]).forward();
    let mut ruled_out = Case::of(definition("ruled", ruled_out)).started();
    ruled_out.succeed(&["pivot"]);
    ruled_out.decided("never-card", Question::Selection, Verdict::No { reasons: Vec::new() });
    assert_eq!((ruled_out.status("photo"), ruled_out.end()), (Status::Skipped, Some(End::Completed)));

    let mut at_the_counter = Case::of(definition("card", drafts())).started();
    at_the_counter.succeed(&["pivot"]).refuses("card");
    assert_eq!(
        at_the_counter.statuses(&["card", "collection", "photo"]),
        [Status::Offline, Status::Skipped, Status::Skipped]
    );
    assert_eq!(at_the_counter.end(), Some(End::PartiallyCompleted), "that was asked for");
}

/// If it failed, a family whose registration was in time would be told that it misses what only a late one needs.
#[test]
fn what_follows_a_stand_in_that_was_not_needed_is_no_loss() {
    let drafts = vec![
        department("pivot").pivot(),
        department("provisional").when_late("pivot", 1_000).when_offline("pivot").forward().refused(OnRefusal::Offline),
        department("merge").after(&["provisional", "pivot"]).forward(),
        department("letter").after(&["merge"]).forward(),
    ];
    let mut in_time = Case::of(definition("merge", drafts.clone())).started();
    in_time.succeed(&["pivot"]);
    assert_eq!(in_time.statuses(&["provisional", "merge", "letter"]), [Status::Skipped; 3]);
    assert_eq!(in_time.end(), Some(End::Completed));
    let mut late = Case::of(definition("merge", drafts)).started();
    late.accepts("pivot").passes(1_000).refuses("provisional").succeed(&["pivot"]);
    assert_eq!((late.status("merge"), late.end()), (Status::Skipped, Some(End::PartiallyCompleted)));
}

/// If it failed, a case would end that an operator still has to look at, or wait for one who has nothing to do.
#[test]
fn the_end_comes_with_the_last_settlement_in_the_same_decision() {
    let mut case = Case::of(definition("short", vec![department("pivot").pivot()])).started();
    case.succeed(&["pivot"]);
    assert!(matches!(case.last().last(), Some(saga::Fact::Ended { end: End::Completed })));
    assert_eq!(case.last().len(), 2);
}
