//! What a family is told before and beside its case: every decision, what a choice would mean, and the last days.

#[path = "shared/packs.rs"]
mod packs;

use std::{fs, path::PathBuf, sync::Arc};

use identifiers::LocalMinute;
use policy::{
    Calendar, Outcome, Pack, Packs, Undecidable,
    advice::{self, Advised, Choice, LastDay, everything, last_days, preview},
    facts::known,
};
use serde_json::{Value, json};

fn at(text: &str) -> LocalMinute {
    LocalMinute::parse(text).expect("a minute")
}

fn pack(name: &str) -> Arc<Pack> {
    Arc::clone(Packs::shipped().get(name).expect("shipped"))
}

/// A family of `examples/facts`.
fn example(name: &str) -> Value {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples/facts").join(format!("{name}.json"));
    serde_json::from_str(&fs::read_to_string(file).expect("an example")).expect("JSON")
}

fn asked(pack_name: &str, facts: &Value, minute: &str) -> Vec<Advised> {
    everything(&pack(pack_name), &Calendar::shipped(), facts, &at(minute))
}

fn named<'a>(advised: &'a [Advised], rule: &str) -> &'a Result<policy::Decision, Undecidable> {
    &advised.iter().find(|advised| &*advised.rule == rule).unwrap_or_else(|| panic!("{rule} is not asked")).answer
}

fn gives<'a>(advised: &'a [Advised], rule: &str) -> &'a serde_json::Map<String, Value> {
    &named(advised, rule).as_ref().unwrap_or_else(|why| panic!("{rule}: {why}")).gives
}

/// An official who tries a family out would otherwise see some decisions and believe them to be all.
#[test]
fn a_family_with_all_its_facts_is_decided_in_full() {
    let answers = asked("anhui-2024", &example("anhui-on-time"), "2026-10-12T09:00");
    assert_eq!(named(&answers, "pack").as_ref().map(|decision| decision.outcome), Ok(Outcome::Yes));
    assert_eq!(named(&answers, "eligibility").as_ref().map(|decision| decision.outcome), Ok(Outcome::Yes));
    let benefit = gives(&answers, "benefit");
    assert_eq!((&benefit["row"], &benefit["start_on"]), (&json!("D3-1"), &json!("2026-07-01")), "§2.3, first example");
    assert_eq!(gives(&answers, "premium-payer")["payer"], "family");
}

/// A family on the 91st day would otherwise be told a start that no source supports.
#[test]
fn the_day_after_the_last_one_is_left_to_a_person() {
    let answers = asked("anhui-2024", &example("anhui-day-91"), "2026-10-12T09:00");
    let benefit = gives(&answers, "benefit");
    assert_eq!((&benefit["row"], &benefit["needs_person"]), (&json!("D3-2"), &json!(true)), "§2.3, second example");
    assert_eq!(benefit["suggested_start_on"], "2026-07-01");
    let late = asked("anhui-2024", &example("anhui-late"), "2026-10-12T09:00");
    assert_eq!(gives(&late, "benefit")["start_on"], "2026-10-10", "§2.3, fourth example");
}

/// A family whose departments have not answered would otherwise be told that it is not eligible.
#[test]
fn what_a_department_has_not_said_is_missing_and_no_reason_against_anybody() {
    let answers = asked("anhui-2024", &example("anhui-just-born"), "2026-10-05T09:00");
    let Err(Undecidable::Missing(missing)) = named(&answers, "eligibility") else {
        panic!("decided without a department's answer: {:?}", named(&answers, "eligibility"));
    };
    assert!(missing.iter().any(|path| path.starts_with("delivery.")), "{missing:?}");
    assert!(missing.iter().any(|path| path.starts_with("household.")), "{missing:?}");
    let Err(Undecidable::Missing(missing)) = named(&answers, "benefit") else { panic!("decided without a payment") };
    assert_eq!(missing, &["enrolment.enrolled_on", "premium.paid_at"], "all at once, and nothing that does not matter");
    assert!(
        named(&answers, "pack").is_ok() && named(&answers, "benefit-deadlines").is_ok(),
        "what is possible is decided"
    );
}

/// A later decision would otherwise be taken as if the earlier one had not been.
#[test]
fn what_one_decision_gives_is_a_fact_for_the_next() {
    let step = |name: &str, more: &str| {
        format!("\n[[step]]\nname = \"{name}\"\ntitle = \"{name}\"\nkind = \"forward\"\nsource = \"条\"\n{more}\n")
    };
    // The step that asks stands before the one that answers: their order is that of `after`, not of the file.
    let more = step(
        "confirm",
        "performer = \"clerk\"\ntask = \"confirm\"\nmethods = [\"counter\"]\nafter = [\"benefit\"]\nselection = { rule = \"benefit-needs-person\" }",
    ) + &step("benefit", "performer = \"law\"\nrule = \"benefit\"\nafter = [\"licence\"]");
    let pack = with_steps(&more);
    let answers = everything(&pack, &Calendar::shipped(), &example("anhui-day-91"), &at("2026-10-12T09:00"));
    let needs = named(&answers, "benefit-needs-person").as_ref().expect("decided");
    assert_eq!(needs.outcome, Outcome::Yes, "the gap was found by `benefit`, under that step's name");
    let mut told_otherwise = example("anhui-day-91");
    told_otherwise["benefit"] = json!({"needs_person": false});
    let answers = everything(&pack, &Calendar::shipped(), &told_otherwise, &at("2026-10-12T09:00"));
    let needs = named(&answers, "benefit-needs-person").as_ref().expect("decided");
    assert_eq!(needs.outcome, Outcome::No, "a fact of the case stands");
}

/// The smallest pack with these steps and Anhui's values.
fn with_steps(more: &str) -> Pack {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| fs::read_to_string(folder.join(path)).expect("a fixture");
    let saga = read("tests/packs/test-minimal/saga.toml") + more;
    let read = Pack::parse(&[
        ("pack.toml", &read("tests/packs/test-minimal/pack.toml")),
        ("saga.toml", &saga),
        ("messages.toml", &read("tests/packs/test-minimal/messages.toml")),
        ("law.toml", &law_of_the_gap()),
    ]);
    read.unwrap_or_else(|problems| panic!("{problems}"))
}

fn law_of_the_gap() -> String {
    let value = |key: &str, value: &str| format!("{key} = {{ value = \"{value}\", source = \"条\" }}\n");
    "[benefit]\n".to_owned()
        + &value("on_time", "90 days")
        + &value("late_after", "3 months")
        + &value("gap_rule", "manual")
        + &value("on_time_effect", "birth")
        + &value("late_effect", "day-after-payment")
        + &value("cross_year_rule", "literal")
}

/// Of twins over midnight one would otherwise be decided by the law of the other.
#[test]
fn each_child_is_advised_alone_under_the_pack_of_its_own_minute() {
    let facts = example("shanxi-twins-over-midnight");
    let children = advice::per_child(&facts);
    let packs = Packs::shipped();
    let chosen: Vec<&str> = children
        .iter()
        .map(|facts| {
            &*packs.choose("140105", &at(facts["child"]["born_at"].as_str().expect("a minute"))).expect("one").name
        })
        .collect();
    assert_eq!(chosen, ["shanxi-2025", "shanxi-2026"], "§2.6: 23:59 and 00:00");
    let payers: Vec<(Value, Value)> = children
        .iter()
        .zip(&chosen)
        .map(|(facts, pack)| {
            let answers = asked(pack, facts, "2026-01-10T09:00");
            let gives = gives(&answers, "premium-payer");
            (gives["payer"].clone(), gives["year"].clone())
        })
        .collect();
    // Of the elder's birth year nobody pays anything; its family pays 2026. The younger's 2026 is the state's.
    assert_eq!(payers, [(json!("family"), json!(2026)), (json!("fiscal"), json!(2026))]);
    assert_eq!(advice::per_child(&example("anhui-late")).len(), 1, "one child stands alone");
}

fn choices(facts: &Value, minute: &str) -> Vec<Choice> {
    preview(&pack("anhui-2024"), &Calendar::shipped(), facts, &at(minute))
}

fn choice<'a>(choices: &'a [Choice], zh: &str) -> &'a Choice {
    choices.iter().find(|choice| choice.choice.zh.starts_with(zh)).unwrap_or_else(|| panic!("no {zh}: {choices:#?}"))
}

/// Parents would otherwise learn after paying that a week's delay costs three months of cover.
#[test]
fn a_payment_is_previewed_for_today_for_the_last_day_for_the_gap_and_for_the_first_late_day() {
    let facts = json!({"child": {"born_at": "2026-07-01T08:30", "insurance": {"years": ["birth-year"]}}});
    let all = choices(&facts, "2026-08-01T10:00");
    let start = |zh: &str| choice(&all, zh).start_on.map(|day| day.to_string());
    assert_eq!(start("今日缴费").as_deref(), Some("2026-07-01"));
    assert_eq!(choice(&all, "最后一日(2026-09-29)").row, "D3-1");
    let gap = choice(&all, "最后一日的次日(2026-09-30)");
    assert_eq!((&*gap.row, gap.needs_person, gap.start_on), ("D3-2", true, None));
    assert_eq!(start("逾期首日(2026-10-09)").as_deref(), Some("2026-10-10"));
}

/// Parents would otherwise be offered to pay on a day that is over, or a second time.
#[test]
fn only_choices_that_are_still_to_be_made_are_previewed() {
    let mut facts = json!({"child": {"born_at": "2026-07-01T08:30", "insurance": {"years": ["birth-year"]}}});
    let late = choices(&facts, "2026-10-12T10:00");
    assert!(!late.iter().any(|choice| choice.choice.zh.contains("最后一日")), "{late:#?}");
    assert_eq!(choice(&late, "今日缴费").row, "D3-3");
    facts["premium"] = json!({"paid_at": "2026-08-01T10:00"});
    assert!(!choices(&facts, "2026-08-02T10:00").iter().any(|choice| choice.choice.zh.contains("缴费")));
}

/// Parents of a child born in December would otherwise tick 次年 alone without knowing what becomes of December.
#[test]
fn each_tick_of_years_says_which_days_would_stay_uncovered() {
    let all = choices(&example("anhui-year-end"), "2027-01-10T09:00");
    let next = choice(&all, "只勾选次年");
    assert!(next.needs_person && !next.warnings.is_empty(), "§2.4: to be confirmed by a person: {next:#?}");
    let birth = choice(&all, "只勾选当年");
    assert!(birth.warnings.iter().any(|warning| warning.zh.contains("2027年度保费须另行缴纳")), "{birth:#?}");
    choice(&all, "当年、次年都勾选");
}

fn cards(pack_name: &str, facts: &Value, minute: &str) -> Vec<LastDay> {
    last_days(&pack(pack_name), &Calendar::shipped(), facts, &at(minute))
}

fn card<'a>(cards: &'a [LastDay], key: &str) -> &'a LastDay {
    cards.iter().find(|card| card.key == key).unwrap_or_else(|| panic!("no {key}: {cards:#?}"))
}

fn born(minute: &str) -> Value {
    json!({"child": {"born_at": minute}})
}

/// A family would otherwise learn of a last day when it is over.
#[test]
fn each_last_day_has_its_date_why_and_article_the_earliest_first() {
    let all = cards("anhui-2024", &born("2026-07-01T08:30"), "2026-07-10T09:00");
    let date = |key: &str| card(&all, key).date.map(|day| day.to_string());
    assert_eq!(date("eligibility.delivery_window").as_deref(), Some("2026-07-31"));
    assert_eq!(date("duty.birth_registration").as_deref(), Some("2026-08-03"), "2026-08-01 is a Saturday");
    assert_eq!(date("benefit.on_time").as_deref(), Some("2026-09-29"));
    assert!(card(&all, "duty.birth_registration").why.zh.contains("2026-08-01"), "the nominal day is told as well");
    assert!(card(&all, "duty.birth_registration").article.contains("第七条"));
    assert!(all.is_sorted_by_key(|card| (card.date.is_none(), card.date)));
    assert!(all.iter().all(|card| !card.passed));
    assert!(card(&cards("anhui-2024", &born("2026-07-01T08:30"), "2026-09-30T00:00"), "benefit.on_time").passed);
}

/// Three families of four have days of which the source says nothing; they would otherwise walk into them.
#[test]
fn the_last_day_of_payment_warns_of_the_days_after_it_that_no_rule_covers() {
    let warning =
        |minute: &str| card(&cards("anhui-2024", &born(minute), "2026-01-01T09:00"), "benefit.on_time").warning.clone();
    let hole = warning("2025-11-15T08:30").expect("§2.3: an 11-day hole").zh;
    assert!(hole.starts_with("2026-02-14至2026-02-24"), "{hole}");
    let hole = warning("2026-07-01T08:30").expect("§2.3: a 9-day hole").zh;
    assert!(hole.starts_with("2026-09-30至2026-10-08"), "{hole}");
    assert_eq!(warning("2025-12-31T08:30"), None, "§2.3: no gap");
}

/// A family would otherwise be told a day that next year's notice moves, or be told nothing until it is published.
#[test]
fn where_the_calendar_ends_the_day_as_counted_is_told_with_a_warning() {
    let all = cards("anhui-2024", &born("2026-12-31T08:30"), "2026-12-31T09:00");
    let paid = card(&all, "benefit.on_time");
    assert_eq!(paid.date.map(|day| day.to_string()).as_deref(), Some("2027-03-31"));
    assert!(paid.warning.as_ref().is_some_and(|warning| warning.zh.contains("2027年节假日安排尚未公布")), "{paid:#?}");
}

/// A family would otherwise be hurried to do what it has done.
#[test]
fn what_is_done_or_has_not_begun_has_no_last_day_and_what_is_open_has_no_date() {
    let mut facts = example("anhui-on-time");
    facts["certificate"] = json!({"number": "K340000001", "issued_on": "2026-07-03"});
    let all = cards("anhui-2024", &facts, "2026-10-12T09:00");
    assert!(
        !all.iter().any(|card| card.key == "benefit.on_time" || card.key == "eligibility.delivery_window"),
        "{all:#?}"
    );
    let open = card(&all, "duty.collect_documents");
    assert_eq!((open.date, &*open.why.zh), (None, "按部门公布的承诺时限"));
    assert!(
        !cards("anhui-2024", &born("2026-07-01T08:30"), "2026-07-02T09:00")
            .iter()
            .any(|card| card.key == "duty.collect_documents")
    );
}

/// A slip in a file would otherwise be passed over, and the family decided without the fact that was meant.
#[test]
fn a_field_that_nobody_knows_and_a_day_that_does_not_exist_are_named_all_at_once() {
    let facts = json!({
        "application": {"area": "34"},
        "child": {"born_at": "2026-02-30T08:00", "insurance": {"yeers": ["birth-year"]}},
        "enrolement": {},
        "delivery": {"colour": "blue", "delivered_on": "2026-13-01"},
        "maternity-status": {"costs": [{"on": "2026-01-01"}, {"on": "2026-01-32"}]},
        "children": [{"born_at": "2026-01-01T08:00", "nickname": "x"}],
    });
    let found: Vec<String> =
        known::problems(&pack("anhui-2024"), &facts).into_iter().map(|problem| problem.path).collect();
    assert_eq!(
        found,
        [
            "application.area",
            "child.born_at",
            "child.insurance.yeers",
            "children[0].nickname",
            "delivery.colour",
            "delivery.delivered_on",
            "enrolement",
            "maternity-status.costs[1].on",
        ]
    );
}

/// The examples that the documentation names would otherwise be refused by the command they are for.
#[test]
fn every_example_is_a_file_of_known_facts() {
    let names = [
        "anhui-on-time",
        "anhui-day-91",
        "anhui-late",
        "anhui-year-end",
        "anhui-just-born",
        "shanxi-twins-over-midnight",
    ];
    for name in names {
        let pack = pack(if name.starts_with("anhui") { "anhui-2024" } else { "shanxi-2026" });
        assert_eq!(known::problems(&pack, &example(name)), [], "{name}");
    }
}

/// A family of May would otherwise believe that it may miss the collection period (the source shelters only who is born
/// at the end of the year).
#[test]
fn only_a_child_born_at_the_end_of_the_year_has_the_last_day_of_the_shelter() {
    let has = |pack: &Pack, born_at: &str| {
        let facts = json!({"child": {"born_at": born_at}});
        let cards = last_days(pack, &Calendar::shipped(), &facts, &at("2026-01-05T09:00"));
        cards.iter().any(|card| card.key == "premium.shelter")
    };
    let open = pack("shanxi-2025");
    assert!(!has(&open, "2025-05-02T10:00"), "90 days end within the year of birth");
    assert!(has(&open, "2025-12-20T10:00"));
    let assumed = packs::with_values(
        "shanxi-2025",
        &[("premium.collection_until", "\"01-31\""), ("premium.collection_ends_in", "\"same-year\"")],
    );
    assert!(!has(&assumed, "2025-10-20T10:00"), "90 days end within the collection period");
    assert!(has(&assumed, "2025-12-20T10:00"));
}

/// A second subsidy of one child would otherwise be found by the rule and its fact refused by the check of facts.
#[test]
fn d6_4_that_a_subsidy_was_given_already_is_a_known_fact() {
    let facts = json!({"enrolment": {"area": "140105", "already_subsidised": true}});
    assert_eq!(known::problems(&pack("shanxi-2026"), &facts), []);
}

/// A family tried out before anything is done would otherwise read that every item is settled.
#[test]
fn nobody_is_told_that_all_is_settled_who_has_only_asked_the_law() {
    for (name, facts) in [("anhui-2024", example("anhui-just-born")), ("anhui-2024", example("anhui-on-time"))] {
        let answers = asked(name, &facts, "2026-10-12T09:00");
        assert!(answers.iter().all(|advised| &*advised.rule != "all-settled"), "what a case has done is the case's");
    }
}
