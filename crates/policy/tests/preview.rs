//! What is told to a family that has said only a little: each of its children is answered for, and what is supposed is said.

use std::{fs, path::PathBuf, sync::Arc};

use identifiers::LocalMinute;
use policy::{
    Calendar, Pack, Packs,
    advice::{self, Choice, last_days, preview},
};
use serde_json::{Value, json};

fn at(text: &str) -> LocalMinute {
    LocalMinute::parse(text).expect("a minute")
}

fn pack(name: &str) -> Arc<Pack> {
    Arc::clone(Packs::shipped().get(name).expect("shipped"))
}

fn choices(pack_name: &str, facts: &Value, minute: &str) -> Vec<Choice> {
    preview(&pack(pack_name), &Calendar::shipped(), facts, &at(minute))
}

fn choice<'a>(choices: &'a [Choice], zh: &str) -> &'a Choice {
    choices.iter().find(|choice| choice.choice.zh.starts_with(zh)).unwrap_or_else(|| panic!("no {zh}: {choices:#?}"))
}

fn says(choice: &Choice, zh: &str) -> bool {
    choice.means.zh.contains(zh) || choice.warnings.iter().any(|warning| warning.zh.contains(zh))
}

fn twins() -> Value {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples/facts/shanxi-twins-over-midnight.json");
    serde_json::from_str(&fs::read_to_string(file).expect("an example")).expect("JSON")
}

/// Parents of twins would otherwise be told that the birth is unknown, or be told the law of one child for both.
#[test]
fn each_twin_is_answered_for_under_its_own_pack_or_under_the_one_that_is_named() {
    let (facts, packs) = (twins(), Packs::shipped());
    let told = |named: Option<&Arc<Pack>>| -> Vec<(u32, String)> {
        let children = advice::children(&packs, named, &facts).unwrap_or_else(|why| panic!("{why:?}"));
        for child in &children {
            let calendar = Calendar::shipped();
            let choices = preview(&child.pack, &calendar, &child.facts, &at("2026-01-10T09:00"));
            assert!(!choices.is_empty() && !choices.iter().any(|choice| says(choice, "缺少")), "{choices:#?}");
            assert!(!last_days(&child.pack, &calendar, &child.facts, &at("2026-01-10T09:00")).is_empty());
        }
        children.iter().map(|child| (child.order, child.pack.name.to_string())).collect()
    };
    assert_eq!(told(None), [(1, "shanxi-2025".to_owned()), (2, "shanxi-2026".to_owned())], "§2.6: 23:59 and 00:00");
    let named = told(packs.get("shanxi-2026"));
    assert_eq!(named, [(1, "shanxi-2026".to_owned()), (2, "shanxi-2026".to_owned())]);
}

/// A family would otherwise be answered for a birth that does not exist, or not be told what to state.
#[test]
fn of_a_family_whose_pack_cannot_be_chosen_the_fact_that_is_wrong_is_named() {
    let packs = Packs::shipped();
    let path = |facts: Value| advice::children(&packs, None, &facts).map(|_| ()).expect_err("no pack").path;
    let child = |area: &str, born_at: &str| json!({"application": {"area": area}, "children": [{"born_at": born_at}]});
    assert_eq!(path(child("140105", "2026-02-30T08:00")), "child.born_at");
    assert_eq!(path(child("990000", "2026-02-03T08:00")), "application.area");
    assert_eq!(path(json!({"application": {"area": "140105"}, "children": [{}]})), "");
}

/// A family of Shanxi would otherwise read the name of an internal step instead of learning that it owes nothing.
#[test]
fn d6_1_before_the_enrolment_it_is_supposed_where_the_family_says() {
    let mut facts = json!({"application": {"area": "140105"}, "child": {"born_at": "2026-03-01T08:00"}});
    let all = choices("shanxi-2026", &facts, "2026-03-05T09:00");
    let enrol = choice(&all, "参保");
    assert_eq!((&*enrol.row, enrol.start_on.map(|day| day.to_string()).as_deref()), ("D6-1", Some("2026-03-01")));
    assert!(says(enrol, "由财政全额资助") && says(enrol, "设想在140105参保"), "{enrol:#?}");
    facts["child"]["insurance"] = json!({"place": "320102"});
    let all = choices("shanxi-2026", &facts, "2026-03-05T09:00");
    assert_eq!(choice(&all, "参保").row, "D6-3", "the place that the family chose comes before that of filing");
    facts["enrolment"] = json!({"area": "140105", "enrolled_on": "2026-03-04"});
    let all = choices("shanxi-2026", &facts, "2026-03-05T09:00");
    assert_eq!(choice(&all, "参保").row, "D6-1", "what is known is not supposed");
    assert!(!says(choice(&all, "参保"), "设想"), "{all:#?}");
    let nowhere = choices("shanxi-2026", &json!({"child": {"born_at": "2026-03-01T08:00"}}), "2026-03-05T09:00");
    let enrol = choice(&nowhere, "参保");
    assert!(says(enrol, "application.area") && !says(enrol, "enrolment.area"), "{enrol:#?}");
}

/// A family that was enrolled provisionally in time would otherwise be told that it is late.
#[test]
fn a_provisional_enrolment_counts_from_its_own_day() {
    let facts = json!({
        "application": {"area": "140105"},
        "child": {"born_at": "2025-12-31T21:00"},
        "provisional": {"area": "140105", "enrolled_on": "2025-12-31"},
    });
    let enrol = choices("shanxi-2025", &facts, "2026-01-20T09:00");
    let enrol = choice(&enrol, "参保");
    assert!(!says(enrol, "在出生次年才参保"), "{enrol:#?}");
}

/// A family of 2025 would otherwise be told nothing at all, and not know that it has a last day.
#[test]
fn d5_where_the_birth_year_is_free_it_is_said_and_what_ticking_the_next_year_means() {
    for years in [json!([]), json!(["next-year"])] {
        let facts = json!({
            "application": {"area": "140105"},
            "child": {"born_at": "2025-12-31T21:00", "insurance": {"years": years}},
        });
        let all = choices("shanxi-2025", &facts, "2026-01-05T09:00");
        assert!(choice(&all, "参保").row == "D5-1" && says(choice(&all, "参保"), "出生当年无需缴费"), "{all:#?}");
        assert_eq!(choice(&all, "勾选次年,今日缴费").row, "D5-3");
        assert_eq!(choice(&all, "勾选次年,最后一日(2026-03-31)缴费").row, "D5-3", "§2.5: by 2026-03-31");
        let late = choice(&all, "勾选次年,逾期首日(2026-04-01)缴费");
        assert!(says(late, "来源未写明集中缴费期截止日"), "{late:#?}");
    }
    let may = json!({"application": {"area": "140105"}, "child": {"born_at": "2025-05-02T10:00"}});
    let all = choices("shanxi-2025", &may, "2026-01-05T09:00");
    assert!(choice(&all, "参保").row == "D5-1" && says(choice(&all, "勾选次年"), "来源未写明"), "{all:#?}");
    assert!(!all.iter().any(|choice| choice.choice.zh.contains("最后一日")), "no shelter for a birth of May: {all:#?}");
}

/// Parents in Anhui who have ticked nothing yet would otherwise not learn what a day's delay costs.
#[test]
fn d3_before_any_year_is_ticked_the_year_of_birth_is_supposed_and_said() {
    let mut facts = json!({"application": {"area": "340104"}, "child": {"born_at": "2026-07-01T08:30"}});
    let all = choices("anhui-2024", &facts, "2026-08-01T10:00");
    for (zh, row) in [("今日缴费", "D3-1"), ("最后一日(2026-09-29)", "D3-1"), ("逾期首日", "D3-3")] {
        assert!(choice(&all, zh).row == row && says(choice(&all, zh), "设想只缴出生当年"), "{zh}: {all:#?}");
    }
    assert!(!says(choice(&all, "只勾选次年"), "设想"), "there the years are the choice");
    facts["child"]["insurance"] = json!({"years": ["next-year"]});
    let ticked = choices("anhui-2024", &facts, "2026-08-01T10:00");
    assert!(!says(choice(&ticked, "今日缴费"), "设想"), "{ticked:#?}");
}
