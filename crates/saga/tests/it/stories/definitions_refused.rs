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
        (vec![pivot(), department("a").message(), department("b").after(&["a"])], "depend on a message"),
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
