//! Domain table D12: provisional enrolment, each row and the example.

use std::sync::Arc;

use policy::{Decision, Outcome, Pack, Packs, Undecidable};
use serde_json::{Value, json};

#[path = "shared/packs.rs"]
mod shared;

fn shanxi() -> Arc<Pack> {
    Arc::clone(Packs::shipped().get("shanxi-2026").expect("shipped"))
}

fn asked_at(rule: &str, pack: &Pack, facts: &Value, at: &str) -> Result<Decision, Undecidable> {
    let at = identifiers::LocalMinute::parse(at).expect("a minute");
    policy::decide(rule, pack, &policy::Calendar::shipped(), facts, &at)
}

fn asked(facts: &Value) -> Decision {
    asked_at("provisional", &shanxi(), facts, "2026-04-10T09:00").expect("decidable")
}

/// The example of the table: born 2026-03-02 in 运城, in intensive care; certificate 03-03; provisional enrolment 03-04.
fn born_in_yuncheng() -> Value {
    json!({
        "application": {"area": "140802"},
        "mother": {"id_number": "140826199003070021"},
        "child": {"order": 1, "name": "测试一", "sex": "2", "born_at": "2026-03-02T04:10"},
        "certificate": {"number": "K140000001", "issued_on": "2026-03-03"},
        "provisional": {"person_number": "P1", "area": "140802", "enrolled_on": "2026-03-04", "missing": ["id_number"]},
        "benefit": {"start_on": "2026-03-02"},
    })
}

fn with(changes: &[(&str, Value)]) -> Value {
    let mut facts = born_in_yuncheng();
    for (root, value) in changes {
        facts[*root] = value.clone();
    }
    facts
}

fn registration() -> Value {
    json!({"id_number": "140826202603020026", "registered_on": "2026-04-10", "area": "140826"})
}

/// A family would otherwise get a second number, lose the days in intensive care, or be subsidised twice. D12-1 and the
/// table's example.
#[test]
fn d12_1_a_registration_that_arrives_completes_the_record_and_keeps_number_and_start() {
    let decision = asked(&with(&[("registration", registration())]));
    assert_eq!((&*decision.row, decision.outcome), ("D12-1", Outcome::Yes));
    assert_eq!(decision.gives["action"], "attach");
    assert_eq!(decision.gives["survivor"], "P1", "one person number");
    assert_eq!(decision.gives["start_on"], "2026-03-02", "benefits from birth");
    assert_eq!(decision.gives["id_number"], "140826202603020026");
    assert!(!decision.gives.contains_key("moves"), "nothing was booked twice");
    assert_eq!(&*decision.excluded[0].row, "D12-2");
    let same =
        with(&[("registration", registration()), ("enrolment", json!({"person_number": "P1", "area": "140802"}))]);
    assert_eq!(&*asked(&same).row, "D12-1", "the automatic enrolment used the same record");
}

/// The mother's payments would otherwise stay on a record that nobody looks at. D12-2: survivor = the older.
#[test]
fn d12_2_of_two_records_the_older_stays_and_takes_everything() {
    let second = |enrolled_on: &str| {
        asked(&with(&[
            ("registration", registration()),
            ("enrolment", json!({"person_number": "P2", "area": "140826", "enrolled_on": enrolled_on})),
        ]))
    };
    for (enrolled_on, stays, closes) in
        [("2026-04-10", "P1", "P2"), ("2026-03-04", "P1", "P2"), ("2026-03-03", "P2", "P1")]
    {
        let decision = second(enrolled_on);
        assert_eq!((&*decision.row, decision.gives["action"].as_str()), ("D12-2", Some("merge")));
        assert_eq!(
            (&decision.gives["survivor"], &decision.gives["closes"]),
            (&json!(stays), &json!(closes)),
            "{enrolled_on}"
        );
        assert_eq!(decision.gives["moves"], json!(["payments", "subsidy", "claims"]));
        assert_eq!(decision.gives["start_on"], "2026-03-02", "the earlier start, whichever record stays");
    }
    let undated = with(&[("registration", registration()), ("enrolment", json!({"person_number": "P2"}))]);
    let missing = asked_at("provisional", &shanxi(), &undated, "2026-04-10T09:00").expect_err("which is older?");
    assert_eq!(missing, Undecidable::Missing(vec!["enrolment.enrolled_on".into()]));
}

/// Two children would otherwise be made one. D12-3: another name or sex, another certificate, mother or time of birth.
#[test]
fn d12_3_what_differs_is_compared_by_a_person_and_no_value_is_shown() {
    let differing = [
        ("name", "测试二"),
        ("sex", "1"),
        ("certificate_number", "K140000002"),
        ("born_at", "2026-03-02T04:11"),
        ("mother_id_number", "140826199003070048"),
    ];
    for (field, value) in differing {
        let mut registered = registration();
        registered[field] = json!(value);
        let decision = asked(&with(&[("registration", registered)]));
        assert_eq!((&*decision.row, decision.gives["action"].as_str()), ("D12-3", Some("person")), "{field}");
        assert_eq!(decision.gives["needs_person"], true);
        let shown = format!("{} {} {:?}", decision.zh, decision.en, decision.excluded);
        assert!(shown.contains(field) && (value == "1" || !shown.contains(value)), "{shown}");
    }
    let mut spelt = registration();
    spelt["name"] = json!("测试 一");
    assert_eq!(&*asked(&with(&[("registration", spelt)])).row, "D12-1", "the same name, with a space");
}

/// A pack with a time for it, and one that stops the benefit.
fn timed(stops: bool) -> Pack {
    let stops = stops.to_string();
    shared::with_values(
        "shanxi-2026",
        &[("provisional.complete_within", "\"30 days\""), ("provisional.stops_benefit", &stops)],
    )
}

/// A child in intensive care would otherwise lose its cover because a police station is slow. D12-4.
#[test]
fn d12_4_after_its_time_the_family_is_reminded_and_the_benefit_goes_on_unless_the_pack_stops_it() {
    let at = |pack: &Pack, minute: &str| asked_at("provisional", pack, &born_in_yuncheng(), minute).expect("decidable");
    // 2026-03-04 + 30 days = 2026-04-03, a Friday.
    let lenient = timed(false);
    let last = at(&lenient, "2026-04-03T23:59");
    assert_eq!((&*last.row, last.gives["action"].as_str()), ("D12-7", Some("wait")));
    let over = at(&lenient, "2026-04-04T00:00");
    assert_eq!((&*over.row, over.gives["action"].as_str()), ("D12-4", Some("remind")));
    assert_eq!((&over.gives["stop_benefit"], &over.gives["due_on"]), (&json!(false), &json!("2026-04-03")));
    assert_eq!(over.deadlines["provisional-completion"].nominal.to_string(), "2026-04-03");
    assert_eq!(at(&timed(true), "2026-04-04T00:00").gives["stop_benefit"], true);
    assert_eq!(at(&timed(true), "2026-04-03T23:59").gives["stop_benefit"], false);
}

/// A family would otherwise be pressed by a time that no source sets.
#[test]
fn d12_4_without_a_time_in_the_source_nobody_is_late() {
    let decision =
        asked_at("provisional", &shanxi(), &born_in_yuncheng(), "2030-01-01T00:00").expect("no calendar is asked");
    assert_eq!((&*decision.row, decision.gives["action"].as_str()), ("D12-7", Some("wait")));
    assert_eq!(decision.gives["stop_benefit"], false);
    assert_eq!(decision.terms["provisional.complete_within"], "按部门公布的承诺时限");
    assert!(decision.deadlines.is_empty());
}

/// A family that moves would otherwise be asked to give back what its child's treatment cost. D12-5.
#[test]
fn d12_5_registered_in_another_province_the_enrolment_ends_and_nothing_is_recovered() {
    let mut elsewhere = registration();
    elsewhere["area"] = json!("340104");
    let decision = asked(&with(&[("registration", elsewhere.clone())]));
    assert_eq!((&*decision.row, decision.gives["action"].as_str()), ("D12-5", Some("terminate-here")));
    assert_eq!((&decision.gives["terminate_on"], &decision.gives["recover"]), (&json!("2026-04-10"), &json!(false)));
    elsewhere["name"] = json!("测试二");
    assert_eq!(&*asked(&with(&[("registration", elsewhere)])).row, "D12-3", "perhaps another child: a person first");
}

/// A child without a provisional record would otherwise be given one, or none at all. D12-6.
#[test]
fn d12_6_without_a_provisional_record_enrolment_is_the_ordinary_one() {
    let decision = asked(&with(&[("registration", registration()), ("provisional", Value::Null)]));
    assert_eq!((&*decision.row, decision.gives["action"].as_str()), ("D12-6", Some("enrol-normally")));
    let neither = asked(&with(&[("provisional", Value::Null)]));
    assert_eq!((&*neither.row, neither.gives["action"].as_str()), ("D12-0", Some("wait")));
}

/// A step that merges would otherwise run where there is nothing to merge, or not where there is.
#[test]
fn the_merging_step_is_done_only_where_there_are_two_records() {
    let merges = |facts: &Value| {
        asked_at("provisional-merge", &shanxi(), facts, "2026-04-10T09:00").expect("decidable").outcome == Outcome::Yes
    };
    let second = json!({"person_number": "P2", "area": "140826", "enrolled_on": "2026-04-10"});
    assert!(merges(&with(&[("registration", registration()), ("enrolment", second)])));
    assert!(!merges(&with(&[("registration", registration())])));
    assert!(!merges(&born_in_yuncheng()));
    assert!(!merges(&with(&[("registration", registration()), ("provisional", Value::Null)])));
}
