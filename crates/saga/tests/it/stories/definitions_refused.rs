//! Definitions that cannot be run, and what is said of each.

use saga::{Cause, definition::OnRefusal};

use crate::{
    definitions::{BACK, DAY, birth, branches, twins},
    draft::{Draft, definition, department, law, person},
};

fn problems(drafts: Vec<Draft>) -> Vec<String> {
    definition("problems", drafts).problems().into_iter().map(|problem| problem.what).collect()
}

/// If it failed, a saga that cannot run would be found out by the first family.
#[test]
fn what_cannot_run_is_refused_at_load() {
    let pivot = || department("pivot").pivot();
    let cases: Vec<(Vec<Draft>, &str)> = vec![
        (vec![], "1 to 64 steps"),
        (vec![department("a")], "no step is the pivot"),
        (vec![pivot(), department("other").pivot()], "2 steps are pivots"),
        (vec![pivot(), department("a"), department("a")], "stands twice"),
        (vec![pivot(), department("a").after(&["b"]), department("b").after(&["a"])], "a cycle"),
        (vec![pivot(), department("a").after(&["a"])], "wait for itself"),
        (vec![pivot(), department("a").undone_for(&[])], "without a cause"),
        (vec![pivot().undone_for(&BACK)], "never compensated automatically"),
        (vec![pivot(), law("a").undone_for(&BACK)], "only a department's act"),
        (vec![pivot().family()], "never the family's"),
        (vec![law("a").pivot()], "an act of a department"),
        (vec![pivot().expires(DAY, OnRefusal::Expire)], "does not expire"),
        (vec![pivot(), department("a").noticed()], "give it an expiry"),
        (vec![pivot(), department("a").chosen().mandatory()], "cannot be unticked"),
        (vec![pivot(), department("a").after(&["pivot"]).when_offline("pivot")], "unreachable"),
        (vec![pivot(), person("a", "father").reminded(&[2, 1])], "rise in time"),
        (
            vec![pivot(), person("a", "father").declined(OnRefusal::Close), department("b").after(&["a"])],
            "nothing depends",
        ),
    ];
    for (drafts, what) in cases {
        let found = problems(drafts);
        assert!(found.iter().any(|problem| problem.contains(what)), "expected `{what}` among {found:?}");
    }
    let mut endless = pivot();
    endless.step.retry.first_ms = 0;
    assert!(problems(vec![endless])[0].contains("positive"));
}

/// If it failed, a pack could name a step that is not there where a limit begins, or ask that a clerk be another than
/// herself, and the service would fall with the first case that comes so far.
#[test]
fn a_limit_that_spans_steps_and_a_second_person_name_other_steps_that_exist() {
    for (at, what) in [(9, "step number 9 does not exist"), (1, "can be its own")] {
        let named = Some(saga::StepIndex(at));
        let mut spanning = department("a").limited("5 working days");
        spanning.step.limit_from = named;
        let mut second = person("a", "clerk");
        second.step.differs_from.extend(named);
        for wrong in [spanning, second] {
            let found = problems(vec![department("pivot").pivot(), wrong]);
            assert!(found.len() == 1 && found[0].contains(what), "expected `{what}` among {found:?}");
        }
    }
}

/// If it failed, a task would have two kinds of reminders that are counted as one, or a family be reminded for ever.
#[test]
fn legal_reminders_are_of_a_departments_step_and_rise() {
    let reminded = |draft: Draft| problems(vec![department("pivot").pivot(), draft]);
    assert!(reminded(person("a", "father").reminded_on(&[1]))[0].contains("remind_ms"));
    assert!(reminded(department("a").reminded_on(&[2, 1]))[0].contains("rise"));
    let many: Vec<u16> = (0..=u16::try_from(saga::limits::REMINDERS_MAX).unwrap()).collect();
    assert!(reminded(department("a").reminded_on(&many))[0].contains("at most"));
    assert_eq!(reminded(department("a").reminded_on(&[30, 60, 89])), [""; 0]);
}

/// If it failed, an author would fix one problem, load again, and be told the next.
#[test]
fn all_problems_are_told_at_once() {
    let found = problems(vec![department("a").undone_for(&[]), department("a").chosen().mandatory()]);
    assert_eq!(found.len(), 4, "{found:?}");
}

/// If it failed, the stories would be told of sagas that no pack may ship.
#[test]
fn the_definitions_of_these_tests_can_be_run() {
    for definition in [birth(), branches(), twins()] {
        assert_eq!(definition.problems(), []);
    }
    assert!(birth().steps.iter().any(|step| step.is_undone_for(Cause::Corrected)));
}
