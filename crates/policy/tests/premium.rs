//! Who pays a newborn's premium, by the minute of birth and the place of enrolment: tables D5 and D6.

#[path = "shared/packs.rs"]
mod packs;

use packs::{asked_at, given, shipped, with_values};
use policy::{Decision, Outcome, Pack, Undecidable, calendar::YearUnknown};
use serde_json::{Value, json};

const BEFORE: &str = "shanxi-2025";
const SINCE: &str = "shanxi-2026";

/// A child of Taiyuan.
fn enrolled(born_at: &str, enrolled_on: &str) -> Value {
    json!({"child": {"born_at": born_at}, "enrolment": {"enrolled_on": enrolled_on, "area": "140105"}})
}

fn paid(born_at: &str, enrolled_on: &str, paid_at: &str) -> Value {
    let mut facts = enrolled(born_at, enrolled_on);
    facts["premium"] = json!({"paid_at": paid_at});
    facts
}

fn asked(rule: &str, pack: &Pack, facts: &Value) -> Result<Decision, Undecidable> {
    asked_at("2026-06-01T09:00", rule, pack, facts)
}

/// Row, payer, year, first day.
fn told(decision: &Decision) -> String {
    assert_eq!(given(decision, "row"), &*decision.row);
    let start = given(decision, "start_on");
    format!("{} {} {} {start}", decision.row, given(decision, "payer"), decision.gives["year"]).trim_end().to_owned()
}

/// Shanxi before 2026 with a collection period that ends on 31 December of the year before: an assumption of the test.
fn collected_until_december() -> Pack {
    with_values(BEFORE, &[("premium.collection_until", "\"12-31\"")])
}

/// A child whose birth year is free would otherwise be asked for money, or its first days go uncovered.
#[test]
fn table_2_5_row_1_the_birth_year_is_free_from_birth() {
    let pack = shipped(BEFORE);
    let decision =
        asked("premium-payer-for:birth-year", &pack, &enrolled("2025-05-02T10:00", "2025-06-20")).expect("free");
    assert_eq!(told(&decision), "D5-1 none 2025 2025-05-02");
    assert_eq!((given(&decision, "end_on"), &decision.gives["amount_fen"]), ("2025-12-31", &json!(0)));
    let missing = asked("premium-payer-for:birth-year", &pack, &json!({"child": {"born_at": "2025-05-02T10:00"}}));
    assert_eq!(missing, Err(Undecidable::Missing(vec!["enrolment.enrolled_on".into()])));
    let provisional = json!({"child": {"born_at": "2025-05-02T10:00"},
                             "provisional": {"enrolled_on": "2025-05-04", "area": "140105"}});
    let decision = asked("premium-payer-for:birth-year", &pack, &provisional).expect("by the certificate");
    assert_eq!(told(&decision), "D5-1 none 2025 2025-05-02");
}

/// A child of New Year's Eve would otherwise lose its first day, or its family pay twice.
#[test]
fn table_2_5_example_born_2025_12_31_at_21_00() {
    let (born, enrolled_on) = ("2025-12-31T21:00", "2026-01-05");
    let assumed = collected_until_december();
    let free = asked("premium-payer-for:birth-year", &assumed, &enrolled(born, enrolled_on)).expect("free");
    assert_eq!(told(&free), "D5-1 none 2025 2025-12-31");
    let in_time = asked("premium-payer", &assumed, &paid(born, enrolled_on, "2026-03-31T23:59")).expect("in time");
    assert_eq!(told(&in_time), "D5-3 family 2026 2025-12-31");
    assert_eq!(in_time.gives["year_end_birth"], json!(true));
    assert_eq!(given(&in_time, "next_year_pay_by"), "2026-03-31");
    let late = asked("premium-payer", &assumed, &paid(born, enrolled_on, "2026-04-01T00:00")).expect("late");
    assert_eq!(told(&late), "D5-4 person-and-subsidy 2026");
    assert_eq!(given(&late, "start_not_before"), "2026-07-02", "3 months at least, 01 April not counted");
    assert_eq!(late.gives["amount_known"], json!(false));
}

/// Each row would otherwise be another's: a family pays the subsidy too, or waits, that need not.
#[test]
fn table_2_5_rows_of_the_next_year() {
    let assumed = collected_until_december();
    let february = with_values(
        BEFORE,
        &[("premium.collection_until", "\"02-28\""), ("premium.collection_ends_in", "\"same-year\"")],
    );
    let rows: [(&str, &Pack, &str, &str, &str); 6] = [
        (
            "row 2: in the collection period",
            &assumed,
            "2025-05-02T10:00",
            "2025-11-11T09:00",
            "D5-2 family 2026 2026-01-01",
        ),
        ("row 2: its last day", &assumed, "2025-05-02T10:00", "2025-12-31T23:59", "D5-2 family 2026 2026-01-01"),
        (
            "row 4: born in May, missed",
            &assumed,
            "2025-05-02T10:00",
            "2026-01-01T00:00",
            "D5-4 person-and-subsidy 2026",
        ),
        (
            "row 3: born in October, day 91",
            &assumed,
            "2025-10-03T10:00",
            "2026-01-04T09:00",
            "D5-3 family 2026 2025-10-03",
        ),
        (
            "row 2: a period that runs into the year",
            &february,
            "2025-05-02T10:00",
            "2026-02-28T09:00",
            "D5-2 family 2026 2026-01-01",
        ),
        ("row 4: and is over", &february, "2025-05-02T10:00", "2026-03-01T09:00", "D5-4 person-and-subsidy 2026"),
    ];
    for (row, pack, born_at, paid_at, expected) in rows {
        let decision = asked("premium-payer", pack, &paid(born_at, &born_at[..10], paid_at)).expect(row);
        assert_eq!(told(&decision), expected, "{row}");
    }
}

/// A family within 90 days of birth would otherwise wait for a date that no source names and that changes nothing.
#[test]
fn the_collection_period_is_asked_for_only_where_it_matters() {
    let pack = shipped(BEFORE);
    let in_time =
        asked("premium-payer", &pack, &paid("2025-12-31T21:00", "2026-01-05", "2026-03-31T23:59")).expect("in time");
    assert_eq!(told(&in_time), "D5-3 family 2026 2025-12-31");
    assert_eq!(in_time.gives["year_end_birth"], Value::Null);
    assert!(in_time.warnings.iter().any(|(zh, _)| zh.contains("G5")), "what is open is said");
    let after = asked("premium-payer", &pack, &paid("2025-12-31T21:00", "2026-01-05", "2026-04-01T00:00"));
    assert_eq!(after, Err(Undecidable::NotSet("premium.collection_until")));
    // Not paid yet: as if it were paid on the day of asking.
    let asked_on = |at: &str| asked_at(at, "premium-payer", &pack, &enrolled("2025-12-31T21:00", "2026-01-05"));
    assert_eq!(asked_on("2026-02-01T09:00").map(|decision| told(&decision)), Ok("D5-3 family 2026 2025-12-31".into()));
    assert_eq!(asked_on("2026-04-01T09:00"), Err(Undecidable::NotSet("premium.collection_until")));
}

/// A family would otherwise pay for a child whom the province pays for, or the province for one of the year before.
#[test]
fn table_2_6_by_the_minute_of_birth() {
    let pack = shipped(SINCE);
    let rows = [
        ("23:59 of the last day", "2025-12-31T23:59", "D6-2 none 2025"),
        ("00:00 exactly counts", "2026-01-01T00:00", "D6-1 fiscal 2026 2026-01-01"),
        ("Caesarean from 23:50, born 00:03", "2026-01-01T00:03", "D6-1 fiscal 2026 2026-01-01"),
        ("corrected from 00:01 to 23:58", "2025-12-31T23:58", "D6-2 none 2025"),
        ("the last minute of 2026", "2026-12-31T23:59", "D6-1 fiscal 2026 2026-12-31"),
    ];
    for (row, born_at, expected) in rows {
        let facts = enrolled(born_at, "2027-01-05");
        let decision = asked("premium-payer", &pack, &facts).expect(row);
        assert_eq!(told(&decision), expected, "{row}");
        let due = asked("subsidy-due", &pack, &facts).expect(row).outcome;
        assert_eq!(due == Outcome::Yes, expected.contains("fiscal"), "{row}");
    }
}

/// Twins over midnight would otherwise both be paid for, or neither.
#[test]
fn table_2_6_twins_over_midnight_are_decided_each_by_its_own_minute() {
    let payer = |born_at: &str| {
        let decision = asked("premium-payer", &shipped(SINCE), &enrolled(born_at, "2026-01-05")).expect("decided");
        given(&decision, "payer").to_owned()
    };
    assert_eq!((payer("2025-12-31T23:59"), payer("2026-01-01T00:00")), ("none".into(), "fiscal".into()));
}

/// The province would otherwise pay for a child enrolled elsewhere, or twice for one.
#[test]
fn table_2_6_enrolled_elsewhere_or_a_second_time() {
    let pack = shipped(SINCE);
    let mut facts = enrolled("2026-03-01T09:00", "2026-03-10");
    facts["enrolment"]["area"] = json!("340104");
    assert_eq!(told(&asked("premium-payer", &pack, &facts).expect("decided")), "D6-3 other-province 2026");
    let mut again = enrolled("2026-03-01T09:00", "2026-03-10");
    again["enrolment"]["already_subsidised"] = json!(true);
    assert_eq!(told(&asked("premium-payer", &pack, &again).expect("decided")), "D6-4 none 2026");
    for facts in [facts, again] {
        assert_eq!(asked("subsidy-due", &pack, &facts).expect("decided").outcome, Outcome::No);
    }
    // Before enrolment nobody knows; but of a child born too early the place does not matter.
    let missing = asked("premium-payer", &pack, &json!({"child": {"born_at": "2026-03-01T09:00"}}));
    assert_eq!(missing, Err(Undecidable::Missing(vec!["enrolment.area".into()])));
    let early = asked("premium-payer", &pack, &json!({"child": {"born_at": "2025-12-31T23:59"}}));
    assert_eq!(early.map(|decision| told(&decision)), Ok("D6-2 none 2025".into()));
}

/// A programme that may have ended would otherwise go on paying because nobody told the machine.
#[test]
fn g25_a_birth_of_2027_waits_for_a_pack_of_its_own() {
    let born_2027 = asked("premium-payer", &shipped(SINCE), &enrolled("2027-01-01T00:00", "2027-01-05"));
    assert_eq!(born_2027, Err(Undecidable::NotSet("premium.birth_year_payer")));
}

/// Families would otherwise hear an assumption as if it were the law.
#[test]
fn what_is_assumed_is_said_to_be() {
    let pack = shipped(SINCE);
    let decision = asked("premium-payer", &pack, &enrolled("2026-12-20T09:00", "2026-12-28")).expect("decided");
    assert!(decision.warnings.iter().any(|(zh, _)| zh.contains("G26")));
    // The subsidy's child of December pays the next year by day 90; 2027's calendar can only move it later.
    assert_eq!(given(&decision, "next_year_pay_by"), "2027-03-20");
    let may = asked("premium-payer", &pack, &enrolled("2026-05-20T09:00", "2026-05-28")).expect("decided");
    assert_eq!(
        given(&may, "next_year_pay_by"),
        "",
        "the collection period's end is open, and day 90 says nothing of it"
    );
    // G6: the next year's rule is not repeated in the plan; its values say so.
    let next = asked("premium-payer-for:next-year", &pack, &paid("2026-12-20T09:00", "2026-12-28", "2027-03-20T09:00"));
    let next = next.expect("in time whatever the calendar of 2027 says");
    assert_eq!(told(&next), "D5-3 family 2027 2026-12-20");
    assert!(next.articles.iter().any(|article| article.starts_with("unspecified: 方案未重申")));
    let after =
        asked("premium-payer-for:next-year", &pack, &paid("2026-12-20T09:00", "2026-12-28", "2027-03-21T09:00"));
    assert_eq!(after, Err(Undecidable::Year(YearUnknown { year: 2027 })));
}

/// A family in Anhui would otherwise be told that it owes nothing.
#[test]
fn in_anhui_the_family_pays() {
    let pack = shipped("anhui-2024");
    let facts = json!({"child": {"born_at": "2026-03-01T09:00"}});
    for (rule, expected) in [
        ("premium-payer", "D5-0 family 2026"),
        ("premium-payer-for:birth-year", "D5-0 family 2026"),
        ("premium-payer-for:next-year", "D5-0 family 2027"),
    ] {
        assert_eq!(told(&asked(rule, &pack, &facts).expect(rule)), expected, "{rule}");
    }
    assert_eq!(asked("premium-due", &pack, &facts).expect("decided").outcome, Outcome::Yes);
    assert_eq!(asked("subsidy-due", &pack, &facts).expect("decided").outcome, Outcome::No);
}

/// A step would otherwise be selected by another answer than the one that the case already has.
#[test]
fn what_is_due_follows_the_step_that_decided_it() {
    let due = |rule: &str, payer: &str| {
        asked(rule, &shipped(SINCE), &json!({"premium-payer": {"payer": payer}})).expect("decided").outcome
            == Outcome::Yes
    };
    let rows =
        [("fiscal", true, false), ("family", false, true), ("none", false, false), ("person-and-subsidy", false, true)];
    for (payer, subsidy, premium) in rows {
        assert_eq!((due("subsidy-due", payer), due("premium-due", payer)), (subsidy, premium), "{payer}");
    }
}

/// A family would otherwise be told "from birth" though its child was enrolled too late for that.
#[test]
fn d5_3_both_the_enrolment_and_the_payment_lie_within_the_90_days() {
    let assumed = collected_until_december();
    let (born, paid_at) = ("2025-12-31T21:00", "2026-02-01T10:00");
    let of = |enrolled_on: &str| asked("premium-payer", &assumed, &paid(born, enrolled_on, paid_at)).expect("decided");
    assert_eq!(told(&of("2026-03-31")), "D5-3 family 2026 2025-12-31", "the last of the 90 days");
    let late = of("2026-04-01");
    assert_eq!(told(&late), "D5-4 person-and-subsidy 2026");
    assert_eq!(given(&late, "start_not_before"), "2026-07-02", "counted from the later of the two");
    assert!(late.warnings.iter().any(|(zh, _)| zh.contains("G2)")), "how the source is read is said");
    // By the certificate counts as well; before the birth nobody is enrolled.
    let mut provisional = paid(born, "2026-04-10", paid_at);
    provisional["enrolment"]["enrolled_on"] = Value::Null;
    let missing = asked("premium-payer", &assumed, &provisional);
    assert_eq!(missing, Err(Undecidable::Missing(vec!["enrolment.enrolled_on".into()])));
    provisional["provisional"] = json!({"enrolled_on": "2026-01-04", "area": "140105"});
    assert_eq!(told(&asked("premium-payer", &assumed, &provisional).expect("decided")), "D5-3 family 2026 2025-12-31");
    let before = asked("premium-payer", &assumed, &paid(born, "2025-12-30", paid_at));
    assert!(matches!(before, Err(Undecidable::Impossible { path, .. }) if path == "enrolment.enrolled_on"));
    // Where it changes nothing, the enrolment is not asked for: a late payment is late whenever the child was enrolled.
    for (paid_at, row) in [("2026-04-01T10:00", "D5-4"), ("2025-12-31T23:00", "D5-2")] {
        let facts = json!({"child": {"born_at": born}, "premium": {"paid_at": paid_at}});
        assert_eq!(&*asked("premium-payer", &assumed, &facts).expect("decided").row, row);
    }
}

/// A family would otherwise read that it owes nothing beside the next year's premium, which it owes.
#[test]
fn what_is_due_is_said_of_the_year_that_was_decided() {
    let pack = shipped(BEFORE);
    let born = "2025-12-31T21:00";
    let mut facts = enrolled(born, "2026-01-05");
    facts["premium-payer"] = json!({"payer": "none", "year": 2025});
    let free = asked("premium-due", &pack, &facts).expect("decided");
    assert_eq!((free.outcome, &*free.zh), (Outcome::No, "出生当年家庭无须缴纳保费"));
    assert_eq!(free.en, "for the year of birth the family owes no premium");
    facts["premium-payer"] = json!({"payer": "family", "year": 2026});
    let next = asked("premium-due", &pack, &facts).expect("decided");
    assert_eq!((next.outcome, &*next.zh), (Outcome::Yes, "出生次年保费由家庭缴纳"));
}

/// A family enrolled in another province would otherwise read that it owes nothing there.
#[test]
fn d6_3_the_premium_of_another_province_is_for_its_rules() {
    let pack = shipped(SINCE);
    let mut facts = enrolled("2026-03-01T09:00", "2026-03-10");
    facts["enrolment"]["area"] = json!("340104");
    let decision = asked("premium-payer", &pack, &facts).expect("decided");
    assert_eq!(told(&decision), "D6-3 other-province 2026");
    assert_eq!((&decision.gives["amount_fen"], &decision.gives["amount_known"]), (&Value::Null, &json!(false)));
    assert!(decision.zh.contains("参保地"), "{}", decision.zh);
    assert!(
        decision.warnings.iter().all(|(zh, _)| !zh.contains("缴费标准未载入")),
        "no standard of this pack is missing"
    );
    let due = asked("premium-due", &pack, &facts).expect("decided");
    assert_eq!(due.outcome, Outcome::No);
    assert!(due.zh.contains("参保地"), "{}", due.zh);
    assert_eq!(asked("subsidy-due", &pack, &facts).expect("decided").outcome, Outcome::No);
}

/// A family would otherwise find no answer on some day of the year.
#[test]
fn every_minute_of_birth_around_the_line_and_every_day_has_its_payer() {
    use jiff::{ToSpan, civil::date};
    let since = shipped(SINCE);
    for day in date(2025, 1, 1).series(1.day()).take_while(|day| *day < date(2027, 1, 1)) {
        let facts = enrolled(&format!("{day}T00:00"), &day.to_string());
        let decision = asked("premium-payer", &since, &facts).expect("an answer");
        assert_eq!(given(&decision, "payer") == "fiscal", day.year() == 2026, "{day}");
        let before = shipped_before();
        let decision = asked("premium-payer-for:birth-year", before, &facts).expect("an answer");
        assert_eq!(told(&decision), format!("D5-1 none {} {day}", day.year()));
    }
}

fn shipped_before() -> &'static Pack {
    static PACK: std::sync::OnceLock<std::sync::Arc<Pack>> = std::sync::OnceLock::new();
    PACK.get_or_init(|| shipped(BEFORE))
}
