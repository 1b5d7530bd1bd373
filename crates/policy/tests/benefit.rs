//! From which day a newborn's benefits run where the family pays, and which years are covered: tables D3 and D4.

#[path = "shared/packs.rs"]
mod packs;

use packs::{asked_at, given, shipped, with_values};
use policy::{Decision, Outcome, Pack, Undecidable, calendar::YearUnknown};
use serde_json::{Value, json};

const ANHUI: &str = "anhui-2024";

/// A child of Hefei that was enrolled the day after its birth; its family paid for these years.
fn paid(born_at: &str, paid_at: &str, years: &[i16]) -> Value {
    json!({
        "child": {"born_at": born_at},
        "enrolment": {"enrolled_on": born_at[..10]},
        "premium": {"paid_at": paid_at, "years": years},
    })
}

fn benefit(pack: &Pack, facts: &Value) -> Result<Decision, Undecidable> {
    asked_at("2026-12-31T12:00", "benefit", pack, facts)
}

/// Row, first day, last day; after a `?` what is suggested to the person who must confirm it.
fn told(decision: &Decision) -> String {
    let person = decision.gives["needs_person"] == json!(true);
    let (mark, start, end) =
        if person { ("?", "suggested_start_on", "suggested_end_on") } else { ("", "start_on", "end_on") };
    assert_eq!(given(decision, if person { "start_on" } else { "suggested_start_on" }), "", "never both");
    assert_eq!(given(decision, "row"), &*decision.row);
    format!("{} {mark}{}..{}", decision.row, given(decision, start), given(decision, end))
}

fn deadline(decision: &Decision, name: &str) -> (String, String) {
    let deadline = &decision.deadlines[name];
    (deadline.nominal.to_string(), deadline.rolled.to_string())
}

/// A family that paid in time would otherwise lose the days since birth, and one that paid late get them.
#[test]
fn table_2_3_worked_examples() {
    let anhui = shipped(ANHUI);
    let unrolled = with_values(ANHUI, &[("counting.roll_on_holiday", "false")]);
    let rows: [(&str, &Pack, &str, &str, &str); 8] = [
        ("row 1: day 90", &anhui, "2026-07-01", "2026-09-29T23:50", "D3-1 2026-07-01..2026-12-31"),
        ("row 2: day 91", &anhui, "2026-07-01", "2026-09-30T00:00", "D3-2 ?2026-07-01..2026-12-31"),
        ("row 3: 3 months rolled", &anhui, "2026-07-01", "2026-10-02T09:00", "D3-2 ?2026-07-01..2026-12-31"),
        ("row 3, not rolled", &unrolled, "2026-07-01", "2026-10-02T09:00", "D3-3 2026-10-03..2026-12-31"),
        ("row 4: late", &anhui, "2026-07-01", "2026-10-09T09:00", "D3-3 2026-10-10..2026-12-31"),
        ("row 5: both rolled to one day", &anhui, "2026-02-01", "2026-05-02T09:00", "D3-1 2026-02-01..2026-12-31"),
        ("row 5, not rolled: conflict", &unrolled, "2026-02-01", "2026-05-02T09:00", "D3-4 2026-02-01..2026-12-31"),
        ("row 6: both ends on one day", &anhui, "2025-12-31", "2026-03-31T23:59", "D3-1 2025-12-31..2025-12-31"),
    ];
    for (row, pack, born, at, expected) in rows {
        let born_year = born[..4].parse().expect("a year");
        let decision = benefit(pack, &paid(&format!("{born}T09:00"), at, &[born_year])).expect(row);
        assert_eq!(told(&decision), expected, "{row}");
        assert_eq!(decision.outcome, Outcome::Yes, "{row}");
        let excluded: Vec<&str> = decision.excluded.iter().map(|excluded| &*excluded.row).collect();
        assert_eq!(excluded.len(), 3, "{row}: the three other rows are named: {excluded:?}");
        assert!(!excluded.contains(&&*decision.row), "{row}");
    }
}

/// An official who asks why a payment of October is not late would otherwise see one date and not the other.
#[test]
fn table_2_3_each_end_has_its_nominal_and_its_rolled_date() {
    let anhui = shipped(ANHUI);
    let ends = |born: &str| {
        let facts = json!({"child": {"born_at": format!("{born}T09:00")}});
        let decision = asked_at("2026-12-31T12:00", "benefit-deadlines", &anhui, &facts).expect("decided");
        let ((day, day_rolled), (month, month_rolled)) =
            (deadline(&decision, "day-90"), deadline(&decision, "3-months"));
        assert_eq!(given(&decision, "on_time_until"), day_rolled);
        format!("{day} {day_rolled} {month} {month_rolled} late from {}", given(&decision, "late_from"))
    };
    assert_eq!(ends("2026-07-01"), "2026-09-29 2026-09-29 2026-10-01 2026-10-08 late from 2026-10-09");
    assert_eq!(ends("2026-02-01"), "2026-05-02 2026-05-06 2026-05-01 2026-05-06 late from 2026-05-07");
    assert_eq!(ends("2025-12-31"), "2026-03-31 2026-03-31 2026-03-31 2026-03-31 late from 2026-04-01");
    assert_eq!(
        ends("2025-11-15"),
        "2026-02-13 2026-02-13 2026-02-15 2026-02-24 late from 2026-02-25",
        "an 11-day hole"
    );
}

/// A family would otherwise be told a day that the State Council's next notice moves, or wait for a notice that does not
/// matter to it.
#[test]
fn table_2_3_row_7_an_unpublished_year_matters_only_after_the_nominal_end() {
    let anhui = shipped(ANHUI);
    let in_time = benefit(&anhui, &paid("2026-12-31T09:00", "2027-03-31T23:59", &[2026, 2027])).expect("in time");
    assert_eq!(told(&in_time), "D3-1 2026-12-31..2027-12-31");
    assert_eq!((given(&in_time, "on_time_until"), given(&in_time, "on_time_nominal")), ("", "2027-03-31"));
    assert!(in_time.deadlines.is_empty(), "no rolled date is known, so none is shown");
    let after = benefit(&anhui, &paid("2026-12-31T09:00", "2027-04-01T00:00", &[2026, 2027]));
    assert_eq!(after, Err(Undecidable::Year(YearUnknown { year: 2027 })));
    // Born 2026-10-01: day 90 is 2026-12-30, a Wednesday; 3 months are 2027-01-01, which no calendar knows yet. On
    // 31 December a payment is in the gap whatever that calendar says; on 2 January nobody can tell.
    let gap = benefit(&anhui, &paid("2026-10-01T09:00", "2026-12-31T09:00", &[2026])).expect("in the gap");
    assert_eq!(told(&gap), "D3-2 ?2026-10-01..2026-12-31");
    let unknown = benefit(&anhui, &paid("2026-10-01T09:00", "2027-01-02T09:00", &[2026]));
    assert_eq!(unknown, Err(Undecidable::Year(YearUnknown { year: 2027 })));
}

/// A payment in time would otherwise wait for a calendar that only says by which of two rows it is in time.
#[test]
fn a_calendar_that_cannot_change_the_outcome_is_not_asked() {
    // Born 2027-02-01: 3 months are 05-01, day 90 is 05-02.
    let facts = paid("2027-02-01T09:00", "2027-05-02T09:00", &[2027]);
    assert_eq!(told(&benefit(&shipped(ANHUI), &facts).expect("in time")), "D3-1 2027-02-01..2027-12-31");
    let strict = with_values(ANHUI, &[("benefit.conflict_rule", "\"strict\"")]);
    assert_eq!(benefit(&strict, &facts), Err(Undecidable::Year(YearUnknown { year: 2027 })), "here it would change it");
}

/// A province that fills the hole itself would otherwise be overruled by the program.
#[test]
fn table_2_3_rows_2_and_4_are_filled_as_the_pack_says() {
    let gap = paid("2026-07-01T09:00", "2026-09-30T09:00", &[2026]);
    let conflict = paid("2026-02-01T09:00", "2026-05-02T09:00", &[2026]);
    let rows = [
        ("benefit.gap_rule", &gap, "favour-applicant", "D3-2 2026-07-01..2026-12-31"),
        ("benefit.gap_rule", &gap, "strict", "D3-2 2026-10-01..2026-12-31"),
        ("benefit.gap_rule", &gap, "manual", "D3-2 ?2026-07-01..2026-12-31"),
        ("benefit.conflict_rule", &conflict, "favour-applicant", "D3-4 2026-02-01..2026-12-31"),
        ("benefit.conflict_rule", &conflict, "strict", "D3-4 2026-05-03..2026-12-31"),
        ("benefit.conflict_rule", &conflict, "manual", "D3-4 ?2026-02-01..2026-12-31"),
    ];
    for (term, facts, rule, expected) in rows {
        let pack = with_values(ANHUI, &[(term, &format!("\"{rule}\"")), ("counting.roll_on_holiday", "false")]);
        let decision = benefit(&pack, facts).expect("decided");
        assert_eq!(told(&decision), expected, "{term} {rule}");
        assert!(decision.warnings.iter().any(|(zh, _)| zh.contains("G1")), "{term} {rule}: the hole is named");
    }
    // What no pack fills, a person does.
    let silent = with_values(ANHUI, &[("benefit.gap_rule", "\"unspecified\"")]);
    assert_eq!(told(&benefit(&silent, &gap).expect("decided")), "D3-2 ?2026-07-01..2026-12-31");
}

/// A family whose payment lies in a hole of the source would otherwise get whatever the machine preferred, or a clerk be
/// asked about every family.
#[test]
fn a_person_is_asked_exactly_where_the_decision_was_left_to_one() {
    let asked = |needs_person: Value| {
        let facts = json!({"benefit": {"needs_person": needs_person}});
        asked_at("2026-12-31T12:00", "benefit-needs-person", &shipped(ANHUI), &facts).map(|decision| decision.outcome)
    };
    assert_eq!(asked(json!(true)), Ok(Outcome::Yes));
    assert_eq!(asked(json!(false)), Ok(Outcome::No));
    assert_eq!(asked(Value::Null), Err(Undecidable::Missing(vec!["benefit.needs_person".into()])));
}

/// Benefits would otherwise open for a child that is not enrolled, or a department be asked twice for what is missing.
#[test]
fn enrolment_and_payment_must_both_have_happened() {
    let anhui = shipped(ANHUI);
    let missing = benefit(&anhui, &json!({"child": {"born_at": "2026-07-01T09:00"}}));
    let both = ["enrolment.enrolled_on", "premium.paid_at"].map(String::from).to_vec();
    assert_eq!(missing, Err(Undecidable::Missing(both)));
    let mut facts = paid("2026-07-01T09:00", "2026-07-03T09:00", &[2026]);
    facts["enrolment"]["enrolled_on"] = json!("2026-07-20");
    assert_eq!(told(&benefit(&anhui, &facts).expect("paid first")), "D3-1 2026-07-01..2026-12-31");
    // Enrolled after the period, paid within it: the payment decides, and the hole is named.
    facts["enrolment"]["enrolled_on"] = json!("2026-10-20");
    let decision = benefit(&anhui, &facts).expect("decided");
    assert_eq!(told(&decision), "D3-1 2026-07-01..2026-12-31");
    assert!(decision.warnings.iter().any(|(zh, _)| zh.contains("G2")));
    let later = with_values(ANHUI, &[("benefit.deciding_event", "\"later-of-both\"")]);
    assert_eq!(told(&benefit(&later, &facts).expect("decided")), "D3-3 2026-10-21..2026-12-31");
}

/// A slip of the pen would otherwise open benefits before there is a child.
#[test]
fn what_cannot_be_is_named_by_its_field() {
    let impossible = |pointer: &str, value: Value| {
        let mut facts = paid("2026-07-01T09:00", "2026-08-01T09:00", &[2026]);
        *facts.pointer_mut(pointer).expect("a field") = value;
        match benefit(&shipped(ANHUI), &facts) {
            Err(Undecidable::Impossible { path, .. }) => path,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(impossible("/premium/paid_at", json!("2026-06-30T23:59")), "premium.paid_at");
    assert_eq!(impossible("/enrolment/enrolled_on", json!("2026-06-30")), "enrolment.enrolled_on");
    assert_eq!(impossible("/child/born_at", json!("2026-02-30T09:00")), "child.born_at");
    assert_eq!(impossible("/premium/years", json!(["the year of the horse"])), "premium.years");
    assert_eq!(impossible("/premium/years", json!([2025])), "premium.years");
    assert_eq!(impossible("/premium/years", json!([2028])), "premium.years");
}

/// Twins over midnight would otherwise share the first one's date, and the second lose or gain a day.
#[test]
fn twins_over_midnight_are_decided_each_by_its_own_minute() {
    let anhui = shipped(ANHUI);
    let first = benefit(&anhui, &paid("2026-06-30T23:59", "2026-09-29T09:00", &[2026])).expect("decided");
    let second = benefit(&anhui, &paid("2026-07-01T00:00", "2026-09-29T09:00", &[2026])).expect("decided");
    assert_eq!(told(&first), "D3-2 ?2026-06-30..2026-12-31");
    assert_eq!(told(&second), "D3-1 2026-07-01..2026-12-31");
}

/// A family that ticked only the next year would otherwise believe, or be denied, what its province's rule says.
#[test]
fn table_2_4_born_2026_12_20_in_hefei_only_the_next_year_paid() {
    let facts = paid("2026-12-20T09:00", "2027-01-10T09:00", &[2027]);
    let rows = [
        ("literal, shipped: confirmed by a person", "literal", true, "D3-1 ?2026-12-20..2027-12-31", "D4-1", ""),
        ("literal", "literal", false, "D3-1 2026-12-20..2027-12-31", "D4-1", ""),
        ("per-year", "per-year", false, "D3-1 2027-01-01..2027-12-31", "D4-2", "2026-12-20..2026-12-31"),
        ("one covers both", "one-covers-both", false, "D3-1 2026-12-20..2027-12-31", "D4-3", ""),
        ("joint", "joint", false, "D3-1 ?2027-01-01..2027-12-31", "D4-4", "2026-12-20..2026-12-31"),
    ];
    for (row, rule, by_person, expected, year_row, uncovered) in rows {
        let rule = format!("\"{rule}\"");
        let values = [
            ("benefit.cross_year_rule", &*rule),
            ("benefit.cross_year_by_person", if by_person { "true" } else { "false" }),
            ("benefit.joint_from", "\"09-01\""),
        ];
        let decision = benefit(&with_values(ANHUI, &values), &facts).expect(row);
        assert_eq!(told(&decision), expected, "{row}");
        assert_eq!(given(&decision, "year_row"), year_row, "{row}");
        let bare = format!("{}..{}", given(&decision, "uncovered_from"), given(&decision, "uncovered_until"));
        assert_eq!(bare, if uncovered.is_empty() { ".." } else { uncovered }, "{row}");
    }
    assert_eq!(told(&benefit(&shipped(ANHUI), &facts).expect("shipped")), "D3-1 ?2026-12-20..2027-12-31");
}

/// Where both years are paid together, a family that paid one of them would otherwise never hear of the other.
#[test]
fn table_2_4_joint_both_years_or_a_person() {
    let joint = with_values(ANHUI, &[("benefit.cross_year_rule", "\"joint\""), ("benefit.joint_from", "\"09-01\"")]);
    let rows: [(&str, &str, &[i16], &str); 4] = [
        ("both", "2026-12-20T09:00", &[2026, 2027], "D3-1 2026-12-20..2027-12-31"),
        ("the birth year only", "2026-12-20T09:00", &[2026], "D3-1 ?2026-12-20..2026-12-31"),
        ("born on the first day", "2026-11-05T09:00", &[2027], "D3-1 ?2027-01-01..2027-12-31"),
        ("born before it", "2026-11-04T09:00", &[2026], "D3-1 2026-11-04..2026-12-31"),
    ];
    let from_november =
        with_values(ANHUI, &[("benefit.cross_year_rule", "\"joint\""), ("benefit.joint_from", "\"11-05\"")]);
    for (row, born_at, years, expected) in rows {
        let pack = if born_at.starts_with("2026-12") { &joint } else { &from_november };
        assert_eq!(told(&benefit(pack, &paid(born_at, "2027-01-10T09:00", years)).expect(row)), expected, "{row}");
    }
}

/// A family would otherwise learn only from a bill which days its tick left bare.
#[test]
fn table_2_4_before_paying_each_choice_shows_its_bare_days() {
    let born = json!({"child": {"born_at": "2026-12-20T09:00"}});
    let per_year = with_values(ANHUI, &[("benefit.cross_year_rule", "\"per-year\"")]);
    let asked = |pack: &Pack, rule: &str, facts: &Value| {
        let decision = asked_at("2027-01-10T09:00", rule, pack, facts).expect("decided");
        let bare = (given(&decision, "uncovered_from").to_owned(), given(&decision, "uncovered_until").to_owned());
        let warned = decision.warnings.iter().any(|(zh, _)| zh.contains("缴费前请注意"));
        assert_eq!(warned, !bare.0.is_empty(), "bare days are said aloud");
        format!("{}..{} bare {}..{}", given(&decision, "start_on"), given(&decision, "end_on"), bare.0, bare.1)
    };
    assert_eq!(asked(&per_year, "year-if:birth-year", &born), "2026-12-20..2026-12-31 bare ..");
    assert_eq!(asked(&per_year, "year-if:next-year", &born), "2027-01-01..2027-12-31 bare 2026-12-20..2026-12-31");
    assert_eq!(asked(&per_year, "year-if:both", &born), "2026-12-20..2027-12-31 bare ..");
    assert_eq!(asked(&shipped(ANHUI), "year-if:next-year", &born), "2026-12-20..2027-12-31 bare ..");
    let ticked = json!({"child": {"born_at": "2026-12-20T09:00", "insurance": {"years": ["next-year"]}}});
    assert_eq!(asked(&per_year, "year", &ticked), "2027-01-01..2027-12-31 bare 2026-12-20..2026-12-31");
    let unticked = asked_at("2027-01-10T09:00", "year", &per_year, &born);
    assert_eq!(unticked, Err(Undecidable::Missing(vec!["child.insurance.years".into()])));
    // Paid late, on a day of asking: the days since birth are bare.
    let late = asked_at(
        "2026-10-09T09:00",
        "year-if:birth-year",
        &shipped(ANHUI),
        &json!({"child": {"born_at": "2026-07-01T09:00"}}),
    );
    assert_eq!(given(&late.expect("decided"), "uncovered_until"), "2026-10-09");
}

/// Another province could otherwise not say its own rule: every day after the 90th late, and late from the next month.
#[test]
fn xian_has_no_second_period_and_counts_late_from_the_next_month() {
    let values = [
        ("benefit.late_after", ""),
        ("benefit.late_effect", "\"next-month\""),
        ("benefit.cross_year_rule", "\"per-year\""),
    ];
    let xian = with_values(ANHUI, &values);
    let told_of = |paid_at: &str| told(&benefit(&xian, &paid("2026-07-01T09:00", paid_at, &[2026])).expect("decided"));
    assert_eq!(told_of("2026-09-29T23:59"), "D3-1 2026-07-01..2026-12-31");
    assert_eq!(told_of("2026-09-30T00:00"), "D3-3 2026-10-01..2026-12-31");
    assert_eq!(told_of("2026-10-09T09:00"), "D3-3 2026-11-01..2026-12-31");
    // A second period whose length the source leaves open is asked for only by a payment that is not in time.
    let open = with_values(ANHUI, &[("benefit.late_after", "\"unspecified\"")]);
    assert!(benefit(&open, &paid("2026-07-01T09:00", "2026-09-29T09:00", &[2026])).is_ok());
    let after = benefit(&open, &paid("2026-07-01T09:00", "2026-09-30T09:00", &[2026]));
    assert_eq!(after, Err(Undecidable::NotSet("benefit.late_after")));
}

/// A late payment would otherwise open benefits of a year for which nobody paid.
#[test]
fn a_late_payment_covers_only_the_years_it_is_for() {
    let anhui = shipped(ANHUI);
    let rows: [(&str, &str, &[i16], &str); 4] = [
        ("this year and the next", "2026-10-09T09:00", &[2026, 2027], "D3-3 2026-10-10..2027-12-31"),
        ("the next year only", "2026-12-20T09:00", &[2027], "D3-3 2027-01-01..2027-12-31"),
        ("on the year's last day for that year", "2026-12-31T09:00", &[2026], "D3-3 ?2027-01-01.."),
        ("years later", "2028-03-01T09:00", &[2028], "D3-3 2028-03-02..2028-12-31"),
    ];
    for (row, paid_at, years, expected) in rows {
        let decision = benefit(&anhui, &paid("2026-07-01T09:00", paid_at, years)).expect(row);
        assert_eq!(told(&decision), expected, "{row}");
    }
}

/// A decision would otherwise not say on what it rests.
#[test]
fn a_decision_names_its_articles_inputs_and_values() {
    let decision = benefit(&shipped(ANHUI), &paid("2026-07-01T09:00", "2026-09-30T09:00", &[2026])).expect("decided");
    assert!(decision.articles.iter().any(|article| article.contains("附3 备注: 出生90天内参保缴费的")));
    assert!(decision.articles.iter().any(|article| article.contains("民法典第二百零三条")));
    assert_eq!(decision.inputs["premium.paid_at"], json!("2026-09-30T09:00"));
    assert_eq!(decision.terms["benefit.on_time"], "90日");
    assert!(decision.warnings.iter().any(|(_, en)| en.contains("no last day")), "the end is assumed and said to be");
}

/// A family on day 91 would otherwise read that no day stays uncovered, which a person has yet to decide.
#[test]
fn d4_no_day_is_called_covered_that_a_person_has_yet_to_confirm() {
    let anhui = shipped(ANHUI);
    let asked = |at: &str, rule: &str, born_at: &str| {
        asked_at(at, rule, &anhui, &json!({"child": {"born_at": born_at}})).expect("decided")
    };
    let rows = [
        ("day 91", asked("2026-09-30T09:00", "year-if:birth-year", "2026-07-01T09:00")),
        ("only the next year", asked("2027-01-10T09:00", "year-if:next-year", "2026-12-20T09:00")),
    ];
    for (what, decision) in rows {
        assert_eq!(decision.gives["needs_person"], json!(true), "{what}");
        assert!(!decision.zh.contains("没有空白") && decision.zh.contains("须人工确认"), "{what}: {}", decision.zh);
        assert!(!decision.en.contains("no day") && decision.en.contains("a person must confirm"), "{what}");
    }
    let sure = asked("2026-07-10T09:00", "year-if:birth-year", "2026-07-01T09:00");
    assert!(sure.zh.ends_with("自出生之日起没有空白"), "{}", sure.zh);
}

/// Who pays on the last day before "late" would otherwise read that this day is late already.
#[test]
fn d3_late_begins_on_the_day_after_the_last_one() {
    let in_time = benefit(&shipped(ANHUI), &paid("2026-07-01T09:00", "2026-09-29T23:50", &[2026])).expect("in time");
    let why = in_time.excluded.iter().find(|excluded| &*excluded.row == "D3-3").expect("not late");
    assert_eq!(why.en, "2026-09-29 is not after 2026-10-08; a payment is late from the day after that");
    assert_eq!(given(&in_time, "late_from"), "2026-10-09");
}
