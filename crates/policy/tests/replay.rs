//! What another pack would have decided otherwise: of facts, and of decisions that were kept.

use std::{cell::RefCell, sync::Arc};

use identifiers::LocalMinute;
use policy::{
    Calendar, Decision, Pack, Packs,
    replay::{Changed, Difference, Used, replay, replay_decided},
};
use serde_json::{Value, json};

#[path = "shared/family.rs"]
mod family;
#[path = "shared/packs.rs"]
mod packs;

use family::{Family, answers, answers_in_shanxi, form, form_in_shanxi};
use packs::changed;

fn asked(rules: &[&str]) -> Vec<(Arc<str>, LocalMinute)> {
    let at = LocalMinute::parse("2026-10-12T09:00").expect("a minute");
    rules.iter().map(|rule| (Arc::from(*rule), at.clone())).collect()
}

fn paid_on(day: &str) -> Value {
    json!({
        "child": {"born_at": "2026-03-02T08:30", "insurance": {"years": ["birth-year"]}},
        "enrolment": {"enrolled_on": "2026-03-10"},
        "premium": {"paid_at": format!("{day}T10:00"), "years": [2026]},
    })
}

/// A department would otherwise learn from complaints whom a shorter period hits, and what it saves.
#[test]
fn a_replay_names_the_decisions_that_would_differ_and_the_days_of_cover_they_cost() {
    let old = changed("anhui-2024", &[]);
    let new = changed(
        "anhui-2024",
        &[
            ("law.toml", "value = \"90 days\"", "value = \"60 days\""),
            ("law.toml", "value = \"3 months\"", "value = \"60 days\""),
        ],
    );
    let calendar = Calendar::shipped();
    let differences =
        |day: &str| replay(&old, &new, &calendar, &paid_on(day), &asked(&["benefit", "benefit-needs-person"]));
    let outside: Vec<_> = differences("2026-05-20");
    let benefit = outside.iter().find(|difference| &*difference.rule == "benefit").expect("day 79 of 90, not of 60");
    assert_eq!((&*benefit.old.row, &*benefit.new.row), ("D3-1", "D3-3"));
    // From 2026-03-02 at birth to 2026-05-21, the day after payment: 80 days less.
    assert_eq!((benefit.covered_days, benefit.fen), (-80, 0));
    let rows: Vec<(String, String)> =
        differences("2026-04-01").into_iter().map(|difference| (difference.old.row, difference.new.row)).collect();
    assert!(
        rows.iter().all(|(old, new)| old == new),
        "day 30 is in time under both; only the last day moves: {rows:?}"
    );
}

/// A pack with another source but the same law would otherwise be reported as changing every case.
#[test]
fn a_source_that_was_reworded_changes_no_case() {
    let old = changed("anhui-2024", &[]);
    let new = changed("anhui-2024", &[("law.toml", "附3 备注: 出生90天内参保缴费的", "附3 备注第一句")]);
    assert_eq!(replay(&old, &new, &Calendar::shipped(), &paid_on("2026-05-20"), &asked(&["benefit"])), []);
}

/// A later decision would otherwise be replayed with what the old law had decided before it.
#[test]
fn a_later_decision_sees_what_the_new_law_decided_before_it() {
    let old = changed("anhui-2024", &[]);
    let new = changed("anhui-2024", &[("law.toml", "value = \"90 days\"", "value = \"60 days\"")]);
    // Day 79: in time before; now after 60 days and within 3 months, a gap that a person decides.
    let mut stored = paid_on("2026-05-20");
    stored["benefit"] = json!({"needs_person": false});
    let differences = replay(&old, &new, &Calendar::shipped(), &stored, &asked(&["benefit", "benefit-needs-person"]));
    let rules: Vec<&str> = differences.iter().map(|difference| &*difference.rule).collect();
    assert_eq!(rules, ["benefit", "benefit-needs-person"]);
}

/// The rule, both rows, and what it would cost.
type Told = (String, String, String, i64, i64);

fn told(difference: &Difference) -> Told {
    let (old, new) = (difference.old.row.clone(), difference.new.row.clone());
    (difference.rule.to_string(), old, new, difference.fen, difference.covered_days)
}

/// What differs of kept decisions, and which of them were opened.
fn kept(old: &Pack, new: &Pack, decided: &[Decision]) -> (Vec<Told>, usize) {
    let used: Vec<Used> =
        decided.iter().map(|decision| Used::read(&Used::by(decision).text()).expect("read")).collect();
    assert_eq!(used, decided.iter().map(Used::by).collect::<Vec<_>>());
    let opened = RefCell::new(std::collections::BTreeSet::new());
    let open = |at: usize| {
        opened.borrow_mut().insert(at);
        Some(decided[at].clone())
    };
    let found = replay_decided(new, &Changed::between(old, new), &Calendar::shipped(), &used, open).expect("opened");
    for (at, difference) in &found {
        assert_eq!(difference.rule, decided[*at].rule);
    }
    (found.iter().map(|(_, difference)| told(difference)).collect(), opened.into_inner().len())
}

/// A family, and the law's words that a government thinks of changing.
struct Thought {
    pack: &'static str,
    paid_at: &'static str,
    change: (&'static str, &'static str),
}

/// A government would otherwise be told another number of families than its change concerns, because decisions are opened
/// only where their names show that something differs.
#[test]
fn of_what_was_kept_the_same_differs_as_of_the_whole_facts_and_little_is_opened() {
    let anhui = |paid_at, change| Thought { pack: "anhui-2024", paid_at, change };
    let thoughts = [
        anhui("2026-03-07T10:00", ("value = \"90 days\"", "value = \"60 days\"")),
        anhui("2026-05-20T10:00", ("value = \"90 days\"", "value = \"60 days\"")),
        anhui(
            "2026-05-20T10:00",
            ("\"90 days\", source = \"附3 备注: 出生90天内参保缴费的\"", "\"90 days\", source = \"附3\""),
        ),
        anhui("2026-07-20T10:00", ("\"day-after-payment\"", "\"birth\"")),
        anhui("2026-07-20T10:00", ("\"3 months\"", "\"6 months\"")),
        anhui(
            "2026-03-07T10:00",
            ("require              = { value = [\"E1\", \"E2\", ", "require              = { value = [\"E2\", "),
        ),
        anhui("2026-03-07T10:00", ("\"180 days\"", "\"30 days\"")),
        anhui("2026-03-07T10:00", ("value = 98", "value = 158")),
        Thought {
            pack: "shanxi-2026",
            paid_at: "2026-03-07T10:00",
            change: ("value = \"fiscal\"", "value = \"family\""),
        },
    ];
    let mut differing = 0;
    for Thought { pack, paid_at, change } in thoughts {
        let old = Packs::shipped().get(pack).expect("shipped").clone();
        let new = changed(pack, &[("law.toml", change.0, change.1)]);
        let (form, mut answers) = match pack {
            "anhui-2024" => (form(), answers()),
            _ => (form_in_shanxi(), answers_in_shanxi()),
        };
        answers["premium"]["paid_at"] = json!(paid_at);
        let chosen = ["insurance-enrolment", "insurance-premium", "maternity"];
        let family = Family::under(pack, &chosen, form, answers).settles();
        let asked: Vec<(Arc<str>, LocalMinute)> = family
            .decided
            .iter()
            .filter_map(|decision| Some((decision.rule.clone(), decision.asked_at.clone()?)))
            .collect();
        let whole = replay(&old, &new, &Calendar::shipped(), &family.facts, &asked);
        let (told_of_kept, opened) = kept(&old, &new, &family.decided);
        assert_eq!(told_of_kept, whole.iter().map(told).collect::<Vec<_>>(), "{pack} {paid_at} {change:?}");
        assert!(
            opened < family.decided.len() || pack == "shanxi-2026",
            "{change:?}: {opened} of {}",
            family.decided.len()
        );
        differing += usize::from(!whole.is_empty());
    }
    assert!(differing >= 5, "{differing}");
}

/// A case whose key was destroyed would otherwise count as one that stays as it is.
#[test]
fn a_decision_that_matters_and_cannot_be_opened_makes_the_case_unreadable() {
    let old = Packs::shipped().get("anhui-2024").expect("shipped").clone();
    let new = changed("anhui-2024", &[("law.toml", "value = \"90 days\"", "value = \"60 days\"")]);
    let family =
        Family::under("anhui-2024", &["insurance-enrolment", "insurance-premium"], form(), answers()).settles();
    let used: Vec<Used> = family.decided.iter().map(Used::by).collect();
    let changed = Changed::between(&old, &new);
    assert_eq!(replay_decided(&new, &changed, &Calendar::shipped(), &used, |_| None), None);
    let nothing = Changed::between(&old, &old);
    assert_eq!(replay_decided(&old, &nothing, &Calendar::shipped(), &used, |_| None), Some(Vec::new()));
    assert_eq!(Used::read("benefit.on_time"), None, "not such a line");
}
