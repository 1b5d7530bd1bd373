//! Table D7: the premium that the public funds bear, its shares to the 分, its plan, its settlement, and its refunds.

use std::sync::Arc;

use identifiers::LocalMinute;
use jiff::civil::date;
use policy::{
    Calendar, Decision, Outcome, Pack, Packs, Problems, Undecidable,
    ledger::{Account, Entry, Ledger, Posted},
    rules::subsidy::{Share, funds_due, pre_allocation, settlement},
};
use serde_json::{Value, json};

/// 400.00 yuan: assumed in the examples, not in any source.
const STANDARD: &str = r#"
[premium]
personal_standard = { value = "400.00", from = "2026-01-01", until = "2027-01-01", source = "示例 example" }
"#;

/// A hypothetical sharing of 60, 20 and 20 per cent; one county has its own.
const SHARES: &str = r#"
[[share]]
area     = "140100"
province = "60.00"
city     = "20.00"
county   = "20.00"
from     = "2026-01-01"
source   = "示例 example"

[[share]]
area     = "140105"
province = "33.34"
city     = "33.33"
county   = "33.33"
from     = "2026-01-01"
source   = "示例 example, 小店区"
"#;

/// A pack for Shanxi with this law alone.
fn parsed(law: &str) -> Result<Pack, Problems> {
    let header = include_str!("packs/test-minimal/pack.toml").replace("[\"99\"]", "[\"14\"]").replace(
        "[selector]",
        "[selector]\nborn_from = { value = \"2026-01-01T00:00\", source = \"例\" }\nborn_until = { value = \"2027-01-01T00:00\", source = \"例\" }",
    );
    Pack::parse(&[
        ("pack.toml", &header),
        ("saga.toml", include_str!("packs/test-minimal/saga.toml")),
        ("messages.toml", include_str!("packs/test-minimal/messages.toml")),
        ("law.toml", law),
    ])
}

fn pack(law: &str) -> Pack {
    parsed(law).unwrap_or_else(|problems| panic!("{problems}"))
}

fn shipped() -> Arc<Pack> {
    Arc::clone(Packs::shipped().get("shanxi-2026").expect("shipped"))
}

fn asked_on(rule: &str, pack: &Pack, facts: &Value, minute: &str) -> Result<Decision, Undecidable> {
    policy::decide(rule, pack, &Calendar::shipped(), facts, &LocalMinute::parse(minute).expect("a minute"))
}

fn asked(rule: &str, pack: &Pack, facts: &Value) -> Decision {
    asked_on(rule, pack, facts, "2026-06-01T09:00").unwrap_or_else(|why| panic!("{why}"))
}

/// A child enrolled in 太原; `person` is the enrolment's number.
fn child(born_at: &str, area: &str, person: &str) -> Value {
    json!({"child": {"born_at": born_at}, "enrolment": {"area": area, "person_number": person}})
}

fn fens(decision: &Decision) -> Vec<i64> {
    let lines = decision.gives["lines"].as_array().expect("lines");
    lines.iter().map(|line| line["fen"].as_i64().expect("fen")).collect()
}

fn entry(decision: &Decision) -> Entry {
    serde_json::from_value(decision.gives["entry"].clone()).expect("an entry that balances")
}

fn share(province: u32, city: u32, county: u32) -> Share {
    Share { area: "140100".into(), province, city, county, from: None, until: None, source: "例".into(), line: 1 }
}

/// The province would otherwise give eleven cities other sums than its annex promises.
#[test]
fn d7_example_the_plan_of_eleven_cities_costs_53_84_million() {
    let law = &shipped().law;
    let taiyuan = law.plan("140105", 2026).expect("a county of 太原");
    assert_eq!((&*taiyuan.zh, taiyuan.children), ("太原市", 20_900));
    assert_eq!(pre_allocation(taiyuan.children, 40_000), Ok(836_000_000));
    let total = law.plans.iter().find(|plan| plan.is_total()).expect("合计");
    assert_eq!((total.children, law.plans.len()), (134_600, 12));
    assert_eq!(pre_allocation(total.children, 40_000), Ok(5_384_000_000));
    let cities: i64 = law
        .plans
        .iter()
        .filter(|plan| !plan.is_total())
        .map(|plan| pre_allocation(plan.children, 40_000).expect("a sum"))
        .sum();
    assert_eq!(cities, 5_384_000_000);
    assert_eq!(law.plan("140105", 2027), None);
}

/// 太原 would otherwise wait in vain for the half million of the children beyond its plan.
#[test]
fn d7_example_taiyuan_enrols_22150_and_is_owed_half_a_million_more() {
    let year = settlement(20_900, 22_150, 40_000, 836_000_000).expect("a year");
    assert_eq!((year.due_fen, year.difference_fen, year.short_of_plan), (886_000_000, 50_000_000, 0));
    let few = settlement(20_900, 20_000, 40_000, 836_000_000).expect("a year");
    assert_eq!((few.difference_fen, few.short_of_plan), (-36_000_000, 900));
    assert!(settlement(1, u64::MAX, 1, 0).is_err());
    assert!(settlement(1, 1, -1, 0).is_err());
    assert!(settlement(1, 1, 1, -1).is_err());
}

/// The three levels would otherwise be asked for more or less than is due.
#[test]
fn d7_example_60_20_20_of_8_86_million() {
    let lines = share(6_000, 2_000, 2_000).split(886_000_000).expect("a sum");
    assert_eq!(lines.map(|line| line.fen), [531_600_000, 177_200_000, 177_200_000]);
    assert_eq!(
        lines.map(|line| line.account),
        [Account::ProvinceSubsidy, Account::CitySubsidy, Account::CountySubsidy]
    );
}

/// A 分 would otherwise be lost or made at every child.
#[test]
fn shares_always_add_up_and_the_remainder_is_the_provinces() {
    for (province, city, county) in [(3_334, 3_333, 3_333), (0, 5_000, 5_000), (10_000, 0, 0), (1, 9_998, 1)] {
        let share = share(province, city, county);
        for fen in (0..2_000).chain([40_000, 40_001, 99_999_999_999, i64::MAX - 1, i64::MAX]) {
            let [of_province, of_city, of_county] = share.split(fen).expect("a sum").map(|line| line.fen);
            assert_eq!(i128::from(of_province) + i128::from(of_city) + i128::from(of_county), i128::from(fen));
            assert!(of_province >= 0 && of_city >= 0 && of_county >= 0);
            let floor = |part: u32| i128::from(fen) * i128::from(part) / 10_000;
            assert_eq!((i128::from(of_city), i128::from(of_county)), (floor(city), floor(county)));
            assert!(i128::from(of_province) - floor(province) <= 2);
        }
        assert_eq!(share.split(-1), None);
    }
}

/// An official would otherwise book shares that nobody has decreed.
#[test]
fn d7_3_as_shipped_the_state_pays_all_but_no_sum_is_known() {
    let decision = asked("subsidy", &shipped(), &json!({"child": {"born_at": "2026-03-05T08:00"}}));
    assert_eq!((decision.outcome, &*decision.row), (Outcome::Yes, "D7-3"));
    assert!(decision.zh.contains("100%"), "{}", decision.zh);
    assert_eq!((&decision.gives["amount_fen"], &decision.gives["entry"]), (&Value::Null, &Value::Null));
    assert_eq!(decision.gives["year"], json!(2026));
    assert!(!decision.warnings.is_empty());
}

/// The total would otherwise be unknown although it is, or be posted to levels at random (G7).
#[test]
fn d7_2_without_a_share_only_the_total_is_known() {
    for facts in [json!({"child": {"born_at": "2026-03-05T08:00"}}), child("2026-03-05T08:00", "140105", "P1")] {
        let decision = asked("subsidy", &pack(STANDARD), &facts);
        assert_eq!((&*decision.row, &decision.gives["amount_fen"]), ("D7-2", &json!(40_000)));
        assert_eq!((&decision.gives["lines"], &decision.gives["entry"]), (&json!([]), &Value::Null));
        assert!(decision.warnings[0].0.starts_with("G7"));
    }
    let elsewhere = asked("subsidy", &pack(&format!("{STANDARD}{SHARES}")), &child("2026-03-05T08:00", "140826", "P1"));
    assert_eq!(&*elsewhere.row, "D7-2");
}

/// A county would otherwise pay by its city's ratio instead of its own.
#[test]
fn d7_1_the_narrowest_share_in_force_counts_and_the_entry_balances() {
    let law = pack(&format!("{STANDARD}{SHARES}"));
    let city = asked("subsidy", &law, &child("2026-01-01T00:00", "140110", "P1"));
    assert_eq!((&*city.row, fens(&city)), ("D7-1", vec![24_000, 8_000, 8_000]));
    let county = asked("subsidy", &law, &child("2026-12-31T23:59", "140105", "P2"));
    assert_eq!(fens(&county), [13_336, 13_332, 13_332]);
    assert_eq!(county.gives["year"], json!(2026));
    assert_eq!(county.gives["lines"][2], json!({"account": "财政专户-县补", "fen": 13_332}));
    assert!(county.articles.iter().any(|article| article.contains("小店区")), "{:?}", county.articles);
    let entry = entry(&county);
    assert_eq!((entry.total_fen(), entry.period()), (40_000, 2026));
    assert!(!county.inputs.contains_key("registration.id_number"));
}

/// A clerk would otherwise be told one missing thing, and book a child without its county.
#[test]
fn the_area_is_asked_for_only_where_it_matters() {
    let law = pack(&format!("{STANDARD}{SHARES}"));
    let missing = |facts| asked_on("subsidy", &law, &facts, "2026-06-01T09:00").expect_err("missing");
    assert_eq!(missing(json!({})), Undecidable::Missing(vec!["child.born_at".into()]));
    assert_eq!(
        missing(json!({"child": {"born_at": "2026-03-05T08:00"}})),
        Undecidable::Missing(vec!["enrolment.area".into()])
    );
}

/// A family on either side of midnight would otherwise be treated by the other year's law.
#[test]
fn d7_4_one_minute_before_the_line_there_is_no_subsidy() {
    let law = pack(&format!("{STANDARD}{SHARES}"));
    let before = asked("subsidy", &law, &child("2025-12-31T23:59", "140110", "P1"));
    assert_eq!((before.outcome, &*before.row), (Outcome::No, "D7-4"));
    let at = asked("subsidy", &law, &child("2026-01-01T00:00", "140110", "P1"));
    assert_eq!((at.outcome, &*at.row), (Outcome::Yes, "D7-1"));
    let mut paid_by_the_family = child("2026-03-05T08:00", "140110", "P1");
    paid_by_the_family["premium-payer"] = json!({"payer": "family"});
    assert_eq!(&*asked("subsidy", &law, &paid_by_the_family).row, "D7-4");
}

/// A child of 2027 would otherwise be promised, or denied, what nobody has decided yet (G25).
#[test]
fn g25_from_the_last_minute_on_the_next_pack_has_to_say() {
    let born = |at: &str| asked_on("subsidy", &shipped(), &json!({"child": {"born_at": at}}), "2027-01-05T09:00");
    assert_eq!(born("2026-12-31T23:59").map(|decision| decision.outcome), Ok(Outcome::Yes));
    assert_eq!(born("2027-01-01T00:00"), Err(Undecidable::NotSet("premium.personal_standard")));
    assert_eq!(born("2025-12-31T23:59").map(|decision| decision.row), Ok("D7-4".into()));
}

/// Shanxi would otherwise pay for a child that another province insures.
#[test]
fn d7_5_enrolled_outside_the_province_there_is_no_subsidy() {
    let decision = asked("subsidy", &pack(STANDARD), &child("2026-03-05T08:00", "340104", "P1"));
    assert_eq!((decision.outcome, &*decision.row), (Outcome::No, "D7-5"));
}

/// A child would otherwise be paid for twice, or twins once.
#[test]
fn each_child_is_booked_once_however_often_it_is_told() {
    let law = pack(&format!("{STANDARD}{SHARES}"));
    let mut ledger = Ledger::default();
    let first = entry(&asked("subsidy", &law, &child("2026-03-05T08:00", "140110", "P1")));
    let twin = entry(&asked("subsidy", &law, &child("2026-03-05T08:09", "140110", "P2")));
    assert_eq!(ledger.post(first.clone()), Ok(Posted::New));
    assert_eq!(ledger.post(first), Ok(Posted::Already));
    assert_eq!(ledger.post(twin), Ok(Posted::New));
    assert_eq!(ledger.balance(Account::PersonalPremiums), -80_000);
}

/// Money would otherwise stay booked for a child born a minute too early, or be lost when the minute is put right again.
#[test]
fn a_birth_corrected_across_the_line_is_reversed_and_may_be_booked_anew() {
    let law = pack(&format!("{STANDARD}{SHARES}"));
    let booked = asked("subsidy", &law, &child("2026-01-01T00:01", "140110", "P1"));
    let mut ledger = Ledger::default();
    assert_eq!(ledger.post(entry(&booked)), Ok(Posted::New));

    let mut facts = child("2025-12-31T23:59", "140110", "P1");
    facts["subsidy"] = json!({"entry": booked.gives["entry"], "amount_fen": 40_000});
    let reversal = asked("subsidy-reversal", &law, &facts);
    assert_eq!((reversal.outcome, &*reversal.row), (Outcome::Yes, "D7-R1"));
    assert_eq!(ledger.post(entry(&reversal)), Ok(Posted::New));
    assert_eq!(ledger.balance(Account::PersonalPremiums), 0);
    assert_eq!(ledger.balance(Account::ProvinceSubsidy), 0);

    let mut again = child("2026-01-01T00:02", "140110", "P1");
    again["subsidy-reversal"] = json!({"round": reversal.gives["round"]});
    assert_eq!(ledger.post(entry(&asked("subsidy", &law, &again))), Ok(Posted::New));
    assert_eq!(ledger.balance(Account::PersonalPremiums), -40_000);
}

/// A booking that is right would otherwise be taken back with every correction of a name.
#[test]
fn a_correction_on_the_same_side_of_the_line_reverses_nothing() {
    let law = pack(&format!("{STANDARD}{SHARES}"));
    let booked = asked("subsidy", &law, &child("2026-01-01T00:01", "140110", "P1"));
    let mut facts = child("2026-01-01T00:00", "140110", "P1");
    assert_eq!(&*asked("subsidy-reversal", &law, &facts).row, "D7-R0");
    facts["subsidy"] = json!({"entry": booked.gives["entry"]});
    assert_eq!(&*asked("subsidy-reversal", &law, &facts).row, "D7-R2");
    facts["subsidy"]["entry"]["postings"][0]["debit_fen"] = json!(1);
    let why = asked_on("subsidy-reversal", &law, &facts, "2026-06-01T09:00").expect_err("it does not balance");
    assert_eq!(why.code(), "LAW-004");
}

/// Where a pack knows no shares the department books the total, and would otherwise keep it for a child that the scheme
/// does not know.
#[test]
fn what_the_department_booked_in_total_is_taken_back_too() {
    let shipped = shipped();
    let mut facts = child("2025-12-31T23:59", "140110", "P1");
    facts["subsidy-entry"] = json!({"ledger_entry": "ZZ1401102026000001", "year": 2026, "amount_fen": 40_000});
    let reversal = asked("subsidy-reversal", &shipped, &facts);
    assert_eq!((reversal.outcome, &*reversal.row), (Outcome::Yes, "D7-R1"));
    assert_eq!((&reversal.gives["amount_fen"], &reversal.gives["entry"]), (&json!(40_000), &json!(null)));
    facts["child"]["born_at"] = json!("2026-01-01T00:00");
    assert_eq!(&*asked("subsidy-reversal", &shipped, &facts).row, "D7-R2");
}

/// The money would otherwise come on a Saturday, when no bank moves it (X14).
#[test]
fn d7_deadline_the_end_of_october_2026_is_a_saturday_so_the_money_comes_on_friday() {
    let calendar = Calendar::shipped();
    let due = funds_due(date(2026, 10, 31), &calendar).expect("2026 is known");
    assert_eq!((due.last_day, due.pay_by), (date(2026, 10, 31), date(2026, 10, 30)));
    let ordinary = funds_due(date(2025, 10, 31), &calendar).expect("2025 is known");
    assert_eq!(ordinary.pay_by, date(2025, 10, 31));
    assert!(funds_due(date(2031, 10, 31), &calendar).is_err());
    let asked_then = |minute| asked_on("subsidy-funds", &shipped(), &json!({}), minute).expect("decided");
    let in_time = asked_then("2026-10-30T17:00");
    assert_eq!((in_time.outcome, &in_time.gives["pay_by"]), (Outcome::Yes, &json!("2026-10-30")));
    assert!(in_time.warnings[0].0.starts_with("X14"));
    assert_eq!(asked_then("2026-10-31T09:00").outcome, Outcome::No);
}

/// A year would otherwise end with books that do not say what really arrived.
#[test]
fn d7_settlement_brings_the_books_to_what_arrived() {
    let share = share(6_000, 2_000, 2_000);
    for (actual, pre_allocated, account, left) in [
        (3_u64, 80_000_i64, Account::SettlementReceivable, 40_000_i128),
        (3, 200_000, Account::SettlementPayable, -80_000),
    ] {
        let mut ledger = Ledger::default();
        for person in 0..actual {
            let lines = share.split(40_000).expect("a sum");
            let booked = Entry::subsidy(&format!("child-{person}"), 2026, &lines).expect("booked");
            assert_eq!(ledger.post(booked), Ok(Posted::New));
        }
        let year = settlement(2, actual, 40_000, pre_allocated).expect("a year");
        let difference = year.entry("settlement-2026", 2026, &share).expect("an entry").expect("a difference");
        assert_eq!(ledger.post(difference), Ok(Posted::New));
        assert_eq!(ledger.balance(account), left);
        let special = [Account::ProvinceSubsidy, Account::CitySubsidy, Account::CountySubsidy];
        assert_eq!(special.into_iter().map(|level| ledger.balance(level)).sum::<i128>(), i128::from(pre_allocated));
    }
    let even = settlement(1, 1, 40_000, 40_000).expect("a year");
    assert_eq!(even.entry("even", 2026, &share), Ok(None));
}

/// A pack whose levels pay 99 or 110 per cent, or by two ratios at once, would otherwise be used.
#[test]
fn a_wrong_share_or_plan_is_refused_with_line_and_cure() {
    let one = |province: &str, city: &str, more: &str| {
        format!(
            "[[share]]\narea = \"140100\"\nprovince = \"{province}\"\ncity = \"{city}\"\ncounty = \"20.00\"\nsource = \"例\"\n{more}\n"
        )
    };
    let plan = |area: &str, children: u32| {
        format!("[[plan]]\narea = \"{area}\"\nzh = \"市\"\nyear = 2026\nchildren = {children}\nsource = \"例\"\n")
    };
    let rows: [(&str, String, &str, usize); 8] = [
        ("99 %", one("59.00", "20.00", ""), "99.00", 1),
        ("110 %", one("70.00", "20.00", ""), "110.00", 1),
        ("no per cent", one("sixty", "20.00", ""), "`province`", 3),
        ("one digit", one("60.0", "20.00", ""), "`province`", 3),
        ("twice", one("60.00", "20.00", "") + &one("60.00", "20.00", "from = \"2027-01-01\""), "140100", 8),
        ("on no day", one("60.00", "20.00", "from = \"2026-01-01\"\nuntil = \"2026-01-01\""), "从未生效", 1),
        ("total", plan("140100", 5) + &plan("140200", 6) + &plan("140000", 12), "11", 13),
        ("city twice", plan("140100", 5) + &plan("140100", 6), "140100", 7),
    ];
    for (name, law, words, line) in rows {
        let Err(Problems(found)) = parsed(&law) else { panic!("{name} was accepted") };
        let told = found.iter().any(|problem| {
            problem.file == "law.toml"
                && problem.line == line
                && problem.what.contains(words)
                && !problem.cure.is_empty()
        });
        assert!(told, "{name}: {}", Problems(found));
    }
    let one_after_the_other =
        one("60.00", "20.00", "until = \"2027-01-01\"") + &one("50.00", "30.00", "from = \"2027-01-01\"");
    let law = pack(&one_after_the_other).law;
    assert_eq!(law.share("140105", date(2026, 12, 31)).map(|share| share.province), Some(6_000));
    assert_eq!(law.share("140105", date(2027, 1, 1)).map(|share| share.province), Some(5_000));
    assert_eq!(law.share("140205", date(2027, 1, 1)), None);
}
