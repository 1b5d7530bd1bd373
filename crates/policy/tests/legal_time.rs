//! Domain table D11: how legal time is counted, every row and example.

use identifiers::LocalMinute;
use jiff::civil::{Date, date};
use policy::{
    Calendar,
    calendar::{RestDays, YearUnknown},
    legal_time::{CountFrom, Counting, Deadline, Pause, Span, deadline, extended},
};

fn minute(text: &str) -> LocalMinute {
    LocalMinute::parse(text).expect("a minute")
}

fn span(text: &str) -> Span {
    Span::parse(text).expect("a span")
}

fn counted(from: &str, length: &str, how: Counting, pauses: &[(&str, &str)]) -> Result<Deadline, YearUnknown> {
    let pauses: Vec<Pause> =
        pauses.iter().map(|(from, until)| Pause { from: minute(from), until: minute(until) }).collect();
    deadline(&minute(from), span(length), how, &pauses, "D11", &Calendar::shipped())
}

/// Nominal and rolled day, as the civil code counts.
fn days(from: &str, length: &str) -> (Date, Date) {
    let found = counted(from, length, Counting::default(), &[]).expect("known years");
    (found.nominal, found.rolled)
}

/// A hospital would otherwise be blamed, or excused, by a night or a holiday. D11 hours; S00: born 2026-10-01 23:30.
#[test]
fn d11_hours_run_from_the_moment_across_national_day() {
    let found = counted("2026-10-01T23:30", "8 hours", Counting::default(), &[]).expect("known");
    assert_eq!(found.last_minute, minute("2026-10-02T07:30"));
    assert_eq!((found.nominal, found.rolled), (date(2026, 10, 2), date(2026, 10, 2)), "hours are never rolled");
}

/// A family would otherwise lose a day, or win one. D11 natural days: the starting day is not counted (art. 201).
#[test]
fn d11_the_day_of_the_start_is_not_counted_unless_the_pack_says_so() {
    assert_eq!(days("2026-03-02T23:59", "30 days"), (date(2026, 4, 1), date(2026, 4, 1)));
    let same_day = Counting { count_from: CountFrom::SameDay, ..Counting::default() };
    assert_eq!(counted("2026-03-02T00:00", "30 days", same_day, &[]).expect("known").nominal, date(2026, 3, 31));
    assert_eq!(counted("2026-03-02T00:00", "1 working day", same_day, &[]).expect("known").nominal, date(2026, 3, 2));
}

/// A period of months would otherwise end on a day that does not exist. D11 months: corresponding day, else the month's
/// last (art. 202).
#[test]
fn d11_months_and_years_end_on_the_corresponding_day_or_the_last_of_the_month() {
    for (from, length, nominal) in [
        ("2026-03-10T08:00", "3 months", date(2026, 6, 10)),
        ("2025-11-30T08:00", "3 months", date(2026, 2, 28)),
        ("2026-01-31T08:00", "1 month", date(2026, 2, 28)),
        ("2025-02-28T08:00", "1 year", date(2026, 2, 28)),
        ("2026-08-31T08:00", "1 month", date(2026, 9, 30)),
    ] {
        assert_eq!(days(from, length).0, nominal, "{from} + {length}");
    }
}

/// A family would otherwise be late on a holiday on which nobody could pay. D11 roll (art. 203).
#[test]
fn d11_an_end_on_a_rest_day_moves_to_the_next_working_day() {
    assert_eq!(days("2026-07-05T08:00", "90 days"), (date(2026, 10, 3), date(2026, 10, 8)), "over National Day");
    assert_eq!(days("2026-06-25T08:00", "14 days"), (date(2026, 7, 9), date(2026, 7, 9)), "a working day stays");
}

/// The nominal day alone would otherwise be told to a family as its last. D11: data missing for a year.
#[test]
fn d11_an_end_in_a_year_without_calendar_is_refused() {
    let refused = counted("2026-11-16T08:00", "90 days", Counting::default(), &[]);
    assert_eq!(refused, Err(YearUnknown { year: 2027 }));
    assert_eq!(
        counted("2026-12-30T08:00", "5 working days", Counting::default(), &[]),
        Err(YearUnknown { year: 2027 })
    );
    let unrolled = Counting { roll: false, ..Counting::default() };
    assert_eq!(
        counted("2026-11-16T08:00", "90 days", unrolled, &[]).expect("no calendar is asked").rolled,
        date(2027, 2, 14)
    );
}

/// An ordinary weekend would otherwise move an end though the pack reads 法定休假日 as the published holidays alone.
#[test]
fn d11_published_holidays_only_leaves_weekends_alone() {
    let published = Counting { rest_days: RestDays::PublishedHolidaysOnly, ..Counting::default() };
    let both = |from: &str| {
        let narrow = counted(from, "30 days", published, &[]).expect("known").rolled;
        (days(from, "30 days").1, narrow)
    };
    assert_eq!(both("2026-06-11T08:00"), (date(2026, 7, 13), date(2026, 7, 11)), "a Saturday");
    assert_eq!(both("2026-09-05T08:00"), (date(2026, 10, 8), date(2026, 10, 8)), "National Day");
}

/// An official would otherwise be late while he was at work on a Saturday, or at home. D11: 2026-02-13 + 5 working days.
#[test]
fn d11_working_saturdays_count_and_the_spring_festival_does_not() {
    assert_eq!(days("2026-02-13T16:00", "5 working days"), (date(2026, 2, 27), date(2026, 2, 27)));
    assert_eq!(days("2026-02-13T16:00", "6 working days").0, date(2026, 2, 28), "28 February is worked");
    assert_eq!(days("2025-09-26T16:00", "1 working day").0, date(2025, 9, 28), "a Sunday worked in exchange");
}

/// A family that takes a week to bring a paper would otherwise use up the official's time. D11 pauses: 补正.
#[test]
fn d11_a_pause_stops_the_clock_for_working_days_natural_days_and_hours() {
    let week = [("2026-03-04T10:00", "2026-03-11T15:00")];
    let found = |length: &str, pauses: &[(&str, &str)]| {
        counted("2026-03-02T09:00", length, Counting::default(), pauses).expect("known")
    };
    assert_eq!(found("5 working days", &[]).nominal, date(2026, 3, 9));
    // 3 and 4 March count, 5 to 11 do not, 12, 13 and 16 do.
    assert_eq!(found("5 working days", &week).nominal, date(2026, 3, 16));
    assert_eq!(found("30 days", &week).nominal, date(2026, 4, 8));
    assert_eq!(found("72 hours", &week).last_minute, minute("2026-03-12T14:00"));
    assert_eq!(found("5 working days", &week).pauses.len(), 1, "an official sees why");
}

/// A clock that stood for two reasons at once would otherwise be stopped twice, and one that had run out be revived.
#[test]
fn d11_pauses_that_overlap_count_once_and_those_after_the_end_not_at_all() {
    let found = |length: &str, pauses: &[(&str, &str)]| {
        counted("2026-03-02T09:00", length, Counting::default(), pauses).expect("known")
    };
    let overlapping = [("2026-03-08T10:00", "2026-03-12T10:00"), ("2026-03-04T10:00", "2026-03-10T10:00")];
    assert_eq!(found("30 days", &overlapping).nominal, date(2026, 4, 9), "8 days, not 10");
    let late = [("2026-04-02T10:00", "2026-04-20T10:00")];
    assert_eq!(found("30 days", &late).nominal, date(2026, 4, 1));
    assert_eq!(found("5 hours", &[("2026-03-02T15:00", "2026-03-03T15:00")]).last_minute, minute("2026-03-02T14:00"));
    let before = [("2026-02-20T10:00", "2026-03-03T09:00")];
    assert_eq!(found("24 hours", &before).last_minute, minute("2026-03-04T09:00"), "only from the start on");
}

/// An extension granted over a holiday would otherwise begin with the holiday's days as a gift. D11 extension.
#[test]
fn d11_an_extension_goes_on_from_the_end_as_counted() {
    let calendar = Calendar::shipped();
    let how = Counting::default();
    let first = counted("2026-02-13T16:00", "5 working days", how, &[]).expect("known");
    let longer = extended(&first, span("5 working days"), how, "经批准延长", &calendar).expect("known");
    // 28 February is worked, then 2 to 5 March.
    assert_eq!((longer.nominal, longer.rolled), (date(2026, 3, 5), date(2026, 3, 5)));
    assert_eq!((longer.span, &*longer.extensions), (span("5 working days"), &[span("5 working days")][..]));
    assert!(longer.article.contains("D11") && longer.article.contains("经批准延长"));
    let natural = counted("2026-07-05T08:00", "90 days", how, &[]).expect("known");
    let longer = extended(&natural, span("5 days"), how, "经批准延长", &calendar).expect("known");
    assert_eq!(longer.nominal, date(2026, 10, 8), "from 3 October, not from 8");
    let hours = counted("2026-10-01T23:30", "8 hours", how, &[]).expect("known");
    let longer = extended(&hours, span("4 hours"), how, "经批准延长", &calendar).expect("known");
    assert_eq!(longer.last_minute, minute("2026-10-02T11:30"));
}

/// A slip of the pen in a year would otherwise stop the program in the middle of a batch of families.
#[test]
fn counting_from_the_last_or_first_year_there_is_ends_at_the_edge_and_stops_nobody() {
    let how = Counting { roll: false, ..Counting::default() };
    for length in ["10000 years", "10000 months", "10000 days", "10000 hours"] {
        let ends = counted("2999-12-31T23:59", length, how, &[]).expect("no calendar is asked");
        assert_eq!(ends.last_minute, minute("2999-12-31T23:59"), "{length}");
    }
    let same = Counting { count_from: CountFrom::SameDay, ..how };
    assert!(counted("1900-01-01T00:00", "1 day", same, &[]).is_ok());
}

/// A law that counts otherwise would otherwise be read as days.
#[test]
fn a_length_of_legal_time_reads_back_as_it_was_written() {
    for text in ["90 days", "1 day", "3 months", "8 hours", "20 working days", "1 working day", "1 year"] {
        assert_eq!(span(text).to_string(), text);
    }
    for wrong in ["", "90", "days", "0 days", "-1 days", "90  days", "10001 days", "90 weeks", "1.5 days"] {
        assert_eq!(Span::parse(wrong), None, "{wrong}");
    }
}
