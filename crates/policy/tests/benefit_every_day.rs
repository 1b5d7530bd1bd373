//! Benefits over every birth date of 2025 and 2026 and every payment day up to the 130th: no family without an answer.

#[path = "shared/packs.rs"]
mod packs;

use std::collections::BTreeMap;

use identifiers::LocalMinute;
use jiff::{
    ToSpan,
    civil::{Date, Weekday, date},
};
use packs::{given, shipped, with_values};
use policy::{
    Calendar, Pack, Undecidable,
    legal_time::{self, CountFrom, Span, Unit},
};
use serde_json::{Value, json};

const THREE_MONTHS: Span = Span { count: 3, unit: Unit::Months };

fn days(from: Date, until: Date) -> impl Iterator<Item = Date> {
    from.series(1.day()).take_while(move |day| *day < until)
}

fn born(day: Date) -> Value {
    json!({"child": {"born_at": format!("{day}T09:00")}})
}

fn paid(born: Date, on: Date) -> Value {
    json!({
        "child": {"born_at": format!("{born}T09:00")},
        "enrolment": {"enrolled_on": born.to_string()},
        "premium": {"paid_at": format!("{on}T09:00"), "years": [born.year(), born.year() + 1]},
    })
}

fn minute() -> LocalMinute {
    LocalMinute::parse("2026-12-31T12:00").expect("a minute")
}

/// 3 months minus 90 days, as counted, by how many days, over the births of a year.
fn nominal_differences(year: i16) -> BTreeMap<i32, u32> {
    let calendar = Calendar::default();
    let mut found = BTreeMap::new();
    for day in days(date(year, 1, 1), date(year + 1, 1, 1)) {
        let end = |span| legal_time::nominal(day, span, CountFrom::NextDay, &calendar).expect("no calendar is asked");
        let between = end(Span::days(90)).until(end(THREE_MONTHS)).expect("days").get_days();
        *found.entry(between).or_default() += 1;
    }
    found
}

/// Officials would otherwise plan for a gap that is rarer or commoner than it is.
#[test]
fn table_2_3_counts_of_gaps_and_contradictions_as_counted() {
    assert_eq!(nominal_differences(2026), BTreeMap::from([(2, 211), (1, 63), (0, 62), (-1, 29)]));
    assert_eq!(nominal_differences(2027), BTreeMap::from([(2, 212), (1, 94), (0, 30), (-1, 29)]));
    assert_eq!(nominal_differences(2028), BTreeMap::from([(2, 211), (1, 93), (0, 62)]));
}

/// Gap, none, contradiction over births 2025-10-01 to 2026-09-30, both ends rolled; and the longest of each.
fn rolled_differences(pack: &Pack) -> (usize, usize, usize, i32, i32) {
    let calendar = Calendar::shipped();
    let mut found = Vec::new();
    for day in days(date(2025, 10, 1), date(2026, 10, 1)) {
        let decision =
            policy::decide("benefit-deadlines", pack, &calendar, &born(day), &minute()).expect("known years");
        let end = |name: &str| decision.deadlines[name].rolled;
        found.push(end("day-90").until(end("3-months")).expect("days").get_days());
    }
    let count = |wanted: fn(&i32) -> bool| found.iter().copied().filter(wanted).count();
    let (longest, shortest) = (found.iter().max().expect("some"), found.iter().min().expect("some"));
    (count(|days| *days > 0), count(|days| *days == 0), count(|days| *days < 0), *longest, *shortest)
}

/// Rolling over holidays makes the hole wider, up to eleven days; a pack's author would otherwise hope for the contrary.
#[test]
fn table_2_3_counts_of_gaps_and_contradictions_when_rolled() {
    assert_eq!(rolled_differences(&shipped("anhui-2024")), (214, 132, 19, 11, -6));
    let holidays_only = with_values("anhui-2024", &[("counting.rest_days", "\"published-holidays-only\"")]);
    let (gap, none, conflict, ..) = rolled_differences(&holidays_only);
    assert_eq!((gap, none, conflict), (254, 87, 24));
}

/// What the ends are, counted here by hand: the days, and whether the calendar of a year is needed that is not there.
struct Ends {
    day_90: Date,
    three_months: Date,
}

/// The next working day of 2025 or 2026, from the State Council's two notices as domain table 9.3 lists them.
fn rolled(mut day: Date) -> Option<Date> {
    let off = |day: Date| {
        let at = (day.month(), day.day());
        match day.year() {
            2025 => matches!(
                at,
                (1, 1) | (1, 28..) | (2, 1..=4) | (4, 4..=6) | (5, 1..=5) | (5, 31) | (6, 1..=2) | (10, 1..=8)
            ),
            _ => matches!(
                at,
                (1, 1..=3) | (2, 15..=23) | (4, 4..=6) | (5, 1..=5) | (6, 19..=21) | (9, 25..=27) | (10, 1..=7)
            ),
        }
    };
    let worked = |day: Date| {
        let at = (day.month(), day.day());
        match day.year() {
            2025 => matches!(at, (1, 26) | (2, 8) | (4, 27) | (9, 28) | (10, 11)),
            _ => matches!(at, (1, 4) | (2, 14) | (2, 28) | (5, 9) | (9, 20) | (10, 10)),
        }
    };
    loop {
        if day.year() > 2026 {
            return None;
        }
        let weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
        if !off(day) && (!weekend || worked(day)) {
            return Some(day);
        }
        day = day.tomorrow().expect("far from the end of time");
    }
}

impl Ends {
    fn of(born: Date) -> Self {
        Self {
            day_90: born.checked_add(90.days()).expect("a day"),
            three_months: born.checked_add(3.months()).expect("a day"),
        }
    }

    /// The row by these ends; `None` where it depends on 2027.
    fn row(&self, paid: Date) -> Option<&'static str> {
        let past = |end: Date| if paid <= end { Some(false) } else { rolled(end).map(|rolled| paid > rolled) };
        match (past(self.day_90), past(self.three_months)) {
            (Some(false), Some(false)) => Some("D3-1"),
            (Some(true), Some(false)) => Some("D3-2"),
            (Some(true), Some(true)) => Some("D3-3"),
            (Some(false), Some(true)) => Some("D3-4"),
            // In time as counted: from birth whether or not the other sentence holds too.
            (Some(false), None) if paid <= self.day_90 => Some("D3-1"),
            (Some(_), None) | (None, _) => None,
        }
    }
}

/// A family would otherwise stand before a machine that has no answer, or one that guesses a calendar.
#[test]
fn every_birth_date_and_payment_day_has_its_row_or_waits_for_2027() {
    let (pack, calendar, at) = (shipped("anhui-2024"), Calendar::shipped(), minute());
    let mut undecided = 0;
    for birth in days(date(2025, 1, 1), date(2027, 1, 1)) {
        let ends = Ends::of(birth);
        let mut earliest = Date::MIN;
        for after in 0..=130 {
            let on = birth.checked_add(after.days()).expect("a day");
            match (policy::decide("benefit", &pack, &calendar, &paid(birth, on), &at), ends.row(on)) {
                (Ok(decision), Some(row)) => {
                    assert_eq!(&*decision.row, row, "born {birth}, paid {on}");
                    let decided = given(&decision, "start_on");
                    let start = if decided.is_empty() { given(&decision, "suggested_start_on") } else { decided };
                    let start: Date = start.parse().expect("a start");
                    assert!(start >= earliest, "born {birth}, paid {on}: a later payment starts earlier");
                    earliest = start;
                }
                (Err(Undecidable::Year(unknown)), None) => {
                    assert_eq!(unknown.year, 2027, "born {birth}, paid {on}");
                    assert!(on > ends.day_90.min(ends.three_months) && on.year() == 2027, "born {birth}, paid {on}");
                    undecided += 1;
                }
                (found, row) => panic!("born {birth}, paid {on}: {found:?}, by hand {row:?}"),
            }
        }
    }
    assert!(undecided > 0, "some payments of 2027 wait for its calendar");
}

/// A pack that fills the holes strictly or in favour, or that does not roll, would otherwise break what the shipped keeps.
#[test]
fn under_every_filling_of_the_holes_a_later_payment_never_starts_earlier() {
    let (calendar, at) = (Calendar::shipped(), minute());
    for rule in ["favour-applicant", "strict", "manual"] {
        for roll in ["true", "false"] {
            for late in ["day-after-payment", "next-month", "payment-day"] {
                let (rule, late) = (format!("\"{rule}\""), format!("\"{late}\""));
                let values = [
                    ("benefit.gap_rule", &*rule),
                    ("benefit.conflict_rule", &*rule),
                    ("benefit.late_effect", &*late),
                    ("counting.roll_on_holiday", roll),
                ];
                let pack = with_values("anhui-2024", &values);
                for birth in days(date(2025, 10, 1), date(2026, 9, 1)).step_by(3) {
                    let mut earliest = Date::MIN;
                    for after in 85..=110 {
                        let on = birth.checked_add(after.days()).expect("a day");
                        let decision =
                            policy::decide("benefit", &pack, &calendar, &paid(birth, on), &at).expect("known");
                        let decided = given(&decision, "start_on");
                        let start = if decided.is_empty() { given(&decision, "suggested_start_on") } else { decided };
                        let start: Date = start.parse().expect("a start");
                        assert!(start >= earliest, "{values:?} born {birth}, paid {on}");
                        earliest = start;
                    }
                }
            }
        }
    }
}
