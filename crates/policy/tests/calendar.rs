//! Domain table D11: working days of 2025 and 2026 by the State Council's notices, and what an unknown year gets.

use jiff::{
    ToSpan,
    civil::{Date, date},
};
use policy::{
    Calendar,
    calendar::{RestDays, YearUnknown},
};

fn year(number: i16) -> impl Iterator<Item = Date> {
    date(number, 1, 1).series(1.day()).take_while(move |day| day.year() == number)
}

/// Every deadline of a year would otherwise be off by a day. D11: 2025 = 248, 2026 = 248.
#[test]
fn d11_both_years_have_248_working_days() {
    let calendar = Calendar::shipped();
    for number in [2025, 2026] {
        let working = year(number).filter(|day| calendar.is_working(*day) == Ok(true)).count();
        assert_eq!(working, 248, "{number}");
    }
}

/// A family would otherwise be sent to a closed counter, or told that an open one is closed (domain §9.3, each row).
#[test]
fn each_holiday_and_each_exchanged_weekend_is_as_the_notices_say() {
    let calendar = Calendar::shipped();
    let off = [
        ("2025-01-01", "2025-01-01"),
        ("2025-01-28", "2025-02-04"),
        ("2025-04-04", "2025-04-06"),
        ("2025-05-01", "2025-05-05"),
        ("2025-05-31", "2025-06-02"),
        ("2025-10-01", "2025-10-08"),
        ("2026-01-01", "2026-01-03"),
        ("2026-02-15", "2026-02-23"),
        ("2026-04-04", "2026-04-06"),
        ("2026-05-01", "2026-05-05"),
        ("2026-06-19", "2026-06-21"),
        ("2026-09-25", "2026-09-27"),
        ("2026-10-01", "2026-10-07"),
    ];
    let mut rest = 0;
    for (first, last) in off {
        let (first, last): (Date, Date) = (first.parse().expect("a day"), last.parse().expect("a day"));
        for day in first.series(1.day()).take_while(|day| *day <= last) {
            assert_eq!(calendar.is_working(day), Ok(false), "{day}");
            assert_eq!(calendar.may_end_on(day, RestDays::PublishedHolidaysOnly), Ok(false), "{day}");
            rest += 1;
        }
    }
    assert_eq!(rest, 28 + 33);
    let worked = [
        "2025-01-26",
        "2025-02-08",
        "2025-04-27",
        "2025-09-28",
        "2025-10-11",
        "2026-01-04",
        "2026-02-14",
        "2026-02-28",
        "2026-05-09",
        "2026-09-20",
        "2026-10-10",
    ];
    for day in worked {
        assert_eq!(calendar.is_working(day.parse().expect("a day")), Ok(true), "{day}");
    }
    assert_eq!(calendar.is_working(date(2026, 10, 11)), Ok(false), "an ordinary Sunday");
}

/// The monthly report due on 5 October would otherwise be made on a holiday by nobody (D11, G: by the day before).
#[test]
fn d11_the_monthly_report_is_produced_by_the_last_working_day_before() {
    let calendar = Calendar::shipped();
    assert_eq!(calendar.working_day_before(date(2026, 10, 5)), Ok(date(2026, 9, 30)));
    assert_eq!(
        calendar.working_day_before(date(2026, 10, 31)),
        Ok(date(2026, 10, 30)),
        "X14: 31 October is a Saturday"
    );
    assert_eq!(calendar.working_day_before(date(2026, 3, 1)), Ok(date(2026, 2, 28)), "a working Saturday");
}

/// Somebody would otherwise assume that Monday to Friday are worked in a year whose notice has not come.
#[test]
fn d11_of_an_unknown_year_nothing_is_said() {
    let calendar = Calendar::shipped();
    let unknown = Err(YearUnknown { year: 2027 });
    assert_eq!(calendar.is_working(date(2027, 3, 3)), Err(YearUnknown { year: 2027 }), "a Wednesday");
    assert_eq!(calendar.rolled(date(2027, 1, 1), RestDays::All), unknown);
    assert_eq!(calendar.rolled(date(2026, 12, 31), RestDays::All), Ok(date(2026, 12, 31)));
    assert_eq!(calendar.working_day_before(date(2025, 1, 1)), Err(YearUnknown { year: 2024 }));
}

/// The operators would otherwise learn on New Year's Eve that no deadline can be computed any more.
#[test]
fn from_november_on_the_missing_next_year_is_reported() {
    let calendar = Calendar::shipped();
    assert_eq!(calendar.missing_soon(date(2026, 10, 31)), None);
    assert_eq!(calendar.missing_soon(date(2026, 11, 1)), Some(YearUnknown { year: 2027 }));
    assert_eq!(calendar.missing_soon(date(2025, 12, 31)), None, "2026 is there");
    assert_eq!(calendar.missing_soon(date(2027, 1, 1)), Some(YearUnknown { year: 2027 }), "and then at once");
}
