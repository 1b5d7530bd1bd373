//! The conditions of the joint process, E1 to E9, row by row.

use std::sync::Arc;

use policy::{Outcome, Pack, Packs};
use serde_json::{Value, json};

fn asked(rule: &str, pack: &Pack, facts: &Value) -> Result<policy::Decision, policy::Undecidable> {
    let at = identifiers::LocalMinute::parse("2026-03-01T09:00").expect("a minute");
    policy::decide(rule, pack, &policy::Calendar::shipped(), facts, &at)
}

fn anhui() -> Arc<Pack> {
    Arc::clone(Packs::shipped().get("anhui-2024").expect("shipped"))
}

const MOTHER: &str = "340104199003070021";
const FATHER: &str = "34010419880505001X";

/// A family that fulfils every condition.
fn eligible() -> Value {
    json!({
        "application": {"area": "340104", "channel": "app"},
        "mother": {"name": "测试甲", "id_number": MOTHER, "ethnicity": "01"},
        "father": {"name": "测试乙", "id_number": FATHER, "ethnicity": "01"},
        "child": {"order": 1, "born_at": "2026-11-01T09:30", "registration": {"follow": "father"}, "items": ["social-security-card"]},
        "marriage_licence_claimed": true,
        "delivery": {"found": true, "live_birth": true, "in_province": true, "place": "facility",
                     "mother_id_number": MOTHER, "within_window": true, "collected_offline": false},
        "household": {"mother": {"area": "340104", "ethnicity": "01", "household_type": "family"},
                      "father": {"area": "341502", "ethnicity": "01", "household_type": "family"}},
        "marriage": {"found": true, "spouse_id_number": FATHER},
        "marriage-licence": {"claimed": true},
    })
}

fn with(changes: &[(&str, Value)]) -> Value {
    let mut facts = eligible();
    for (pointer, value) in changes {
        *facts.pointer_mut(pointer).unwrap_or_else(|| panic!("no {pointer}")) = value.clone();
    }
    facts
}

fn codes(facts: &Value) -> Vec<String> {
    let verdict = asked("eligibility", &anhui(), facts).expect("a known rule");
    assert_eq!(verdict.outcome == Outcome::Yes, verdict.reasons.is_empty());
    verdict.reasons.iter().map(|reason| reason.code.to_string()).collect()
}

/// A family with every right to the joint process would otherwise be sent from counter to counter.
#[test]
fn a_family_that_fulfils_every_condition_is_eligible() {
    let verdict = asked("eligibility", &anhui(), &eligible()).expect("a known rule");
    assert_eq!((verdict.outcome, &*verdict.rule), (Outcome::Yes, "eligibility"));
    assert_eq!(&*verdict.articles[0], "二(三); 附件2 一; 附件2 二.1 智能验证");
    assert_eq!(saga::input::Verdict::from(verdict), saga::input::Verdict::Yes);
}

/// A machine would otherwise register a child whom the plan leaves to a person, or tell the family a wrong reason.
#[test]
fn each_condition_that_fails_has_its_own_reason() {
    let rows: [(&str, &str, Value, &str); 21] = [
        ("E1 no delivery", "/delivery/found", json!(false), "PRE-102"),
        ("E1 stillbirth", "/delivery/live_birth", json!(false), "PRE-102"),
        ("E1 outside the province", "/delivery/in_province", json!(false), "PRE-102"),
        ("E1 at home, brought five days later", "/delivery/place", json!("elsewhere"), "PRE-102"),
        ("E2 another woman", "/delivery/mother_id_number", json!("340104199003070048"), "PRE-108"),
        ("E2 the answer names nobody", "/delivery/mother_id_number", Value::Null, "PRE-108"),
        ("E3 mother from elsewhere", "/household/mother/area", json!("320102"), "PRE-104"),
        ("E4 father from elsewhere", "/household/father/area", json!("140826"), "PRE-104"),
        ("E4 father not found", "/household/father/area", Value::Null, "PRE-104"),
        ("E5 mother 汉, father 回", "/household/father/ethnicity", json!("03"), "PRE-105"),
        ("E6 no marriage", "/marriage/found", json!(false), "PRE-106"),
        ("E6 married to another", "/marriage/spouse_id_number", json!("340104198805050036"), "PRE-106"),
        ("E6 the answer names nobody", "/marriage/spouse_id_number", Value::Null, "PRE-106"),
        ("E7 a collective household", "/household/father/household_type", json!("collective"), "PRE-107"),
        ("E7 not told", "/household/father/household_type", Value::Null, "PRE-107"),
        ("E7 follows nobody", "/child/registration/follow", Value::Null, "PRE-107"),
        ("E8 not claimed", "/marriage-licence/claimed", json!(false), "PRE-101"),
        ("E9 after the window", "/delivery/within_window", json!(false), "PRE-103"),
        ("E9 not told", "/delivery/within_window", Value::Null, "PRE-103"),
        ("E9 collected at the facility", "/delivery/collected_offline", json!(true), "PRE-103"),
        ("E1 not told where", "/delivery/place", Value::Null, "PRE-102"),
    ];
    for (row, pointer, value, code) in rows {
        assert_eq!(codes(&with(&[(pointer, value)])), [code], "{row}");
    }
}

/// Families whom the plan includes would otherwise be turned away by too strict a reading.
#[test]
fn what_the_plan_allows_is_not_refused() {
    let brought = with(&[("/delivery/place", json!("brought-at-once"))]);
    assert_eq!(codes(&brought), [""; 0], "born in a taxi, brought at once");
    let other_parent = with(&[("/household/mother/household_type", json!("collective"))]);
    assert_eq!(codes(&other_parent), [""; 0], "the child joins the father's household");
    let by_form = with(&[("/household/mother/ethnicity", Value::Null), ("/household/father/ethnicity", Value::Null)]);
    assert_eq!(codes(&by_form), [""; 0], "the query names no ethnicity, the form does");
    let by_platform = with(&[("/marriage-licence/claimed", Value::Null)]);
    assert_eq!(codes(&by_platform), [""; 0], "the licence store gives no answer, the platform has checked");
    assert_eq!(codes(&with(&[("/delivery/collected_offline", Value::Null)])), [""; 0], "not collected as far as known");
}

/// A mother would otherwise come back with one reason put right, only to be told the next.
#[test]
fn all_reasons_are_given_at_once_in_order() {
    let facts = with(&[
        ("/marriage/found", json!(false)),
        ("/household/mother/area", json!("320102")),
        ("/household/father/area", json!("320102")),
        ("/household/father/ethnicity", json!("03")),
        ("/household/father/household_type", json!("collective")),
        ("/marriage-licence/claimed", json!(false)),
        ("/delivery/within_window", json!(false)),
        ("/delivery/in_province", json!(false)),
        ("/delivery/mother_id_number", json!("340104199003070048")),
    ]);
    let all = ["PRE-102", "PRE-108", "PRE-104", "PRE-105", "PRE-106", "PRE-107", "PRE-101", "PRE-103"];
    assert_eq!(codes(&facts), all);
}

/// A family would otherwise be told that its delivery was too late though none was found.
#[test]
fn without_a_delivery_nothing_is_said_about_it() {
    let nothing = with(&[("/delivery", json!({"found": false}))]);
    assert_eq!(codes(&nothing), ["PRE-102"]);
}

/// An answer that never came would otherwise count as a yes.
#[test]
fn where_nothing_is_known_nothing_is_granted() {
    assert_eq!(codes(&Value::Null), ["PRE-102", "PRE-104", "PRE-105", "PRE-106", "PRE-107", "PRE-101"]);
}

/// An applicant would otherwise read a code that nobody explains, or not know where to go.
#[test]
fn every_reason_is_explained_and_has_a_way_out() {
    let anhui = anhui();
    let verdict = asked("eligibility", &anhui, &with(&[("/household/father/ethnicity", json!("03"))])).expect("known");
    assert_eq!(&*verdict.reasons[0].offline_route, "police");
    for (code, reason) in &anhui.reasons {
        assert!(anhui.offline_routes.contains_key(&reason.offline_route), "{code}");
    }
}

/// A family's question would otherwise be answered for one of its twins only.
#[test]
fn of_twins_each_must_join_a_family_household() {
    let mut facts = with(&[("/household/mother/household_type", json!("collective"))]);
    let object = facts.as_object_mut().expect("an object");
    object.remove("child");
    object.insert(
        "children".into(),
        json!([{"registration": {"follow": "father"}}, {"registration": {"follow": "mother"}}]),
    );
    assert_eq!(codes(&facts), ["PRE-107"]);
}

/// An item would otherwise be done for a family that did not ask, or left undone for one that did.
#[test]
fn an_item_is_chosen_where_it_was_ticked_or_cannot_be_unticked() {
    let outcome =
        |rule: &str| asked(rule, &anhui(), &eligible()).map(|verdict| (verdict.outcome, verdict.reasons.len()));
    assert_eq!(outcome("item-chosen:social-security-card"), Ok((Outcome::Yes, 0)));
    assert_eq!(outcome("item-chosen:parenting-guidance"), Ok((Outcome::No, 0)));
    assert_eq!(outcome("item-chosen:birth-certificate"), Ok((Outcome::Yes, 0)));
    assert_eq!(outcome("all-settled"), Ok((Outcome::Yes, 0)));
    for unknown in ["item-chosen", "eligibility:x", "no-such-rule", ""] {
        assert!(outcome(unknown).is_err(), "{unknown:?}");
    }
}

/// A case would otherwise run under a pack that is not for it.
#[test]
fn the_pack_rule_looks_at_area_and_birth() {
    let codes = |facts: &Value| -> Vec<String> {
        let verdict = asked("pack", &anhui(), facts).expect("a known rule");
        verdict.reasons.iter().map(|reason| reason.code.to_string()).collect()
    };
    assert_eq!(codes(&eligible()), [""; 0]);
    assert_eq!(codes(&with(&[("/application/area", json!("140826"))])), ["PACK-001"]);
    assert_eq!(codes(&with(&[("/child/born_at", json!("2024-06-06T23:59"))])), ["PACK-002"]);
    assert_eq!(codes(&with(&[("/child/born_at", json!("yesterday"))])), ["PACK-002"]);
}
