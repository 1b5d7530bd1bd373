//! Legal time: when a period that the law sets ends (domain table D11).
//!
//! ```text
//!   from + span ──> nominal last day ──> (rolled over rest days) ──> last moment of that day
//!                        │
//!                        └ hours run from the moment; the starting day is not counted (民法典 arts 201–203)
//! ```
//!
//! A deadline keeps both the nominal and the rolled date, because the two differ by up to eleven days and an official
//! asks why. Nothing here reads a clock.

use std::fmt;

use identifiers::LocalMinute;
use jiff::{ToSpan, civil::Date};
use serde::{Deserialize, Serialize};

use crate::calendar::{Calendar, RestDays, YearUnknown, next};

/// The unit in which a law counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// 小时, from the moment, all hours of the clock (民法典 art. 201).
    Hours,
    /// 日, natural days.
    Days,
    /// 月, to the corresponding day or the month's last (art. 202).
    Months,
    /// 年.
    Years,
    /// 工作日.
    WorkingDays,
}

/// A length of legal time, e.g. 20 working days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// How many.
    pub count: u32,
    /// Of what.
    pub unit: Unit,
}

/// Which day is the first that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CountFrom {
    /// The day after (民法典 art. 201: 开始的当日不计入).
    NextDay,
    /// The starting day itself.
    SameDay,
}

/// How a pack counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counting {
    /// The first day that counts.
    pub count_from: CountFrom,
    /// The end moves off rest days (art. 203); never for hours, and working days end on one anyway.
    pub roll: bool,
    /// Which days are rest days for that.
    pub rest_days: RestDays,
}

impl Default for Counting {
    /// As the civil code counts.
    fn default() -> Self {
        Self { count_from: CountFrom::NextDay, roll: true, rest_days: RestDays::All }
    }
}

/// A time during which the clock stood, e.g. for 补正. The starting day counted; what resumes counts from the next day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// When it stopped.
    pub from: LocalMinute,
    /// When it went on.
    pub until: LocalMinute,
}

/// When a period ends, and how that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deadline {
    /// What it counts from.
    pub from: LocalMinute,
    /// How long it is.
    pub span: Span,
    /// The last day as counted.
    pub nominal: Date,
    /// The last day after moving off rest days; the same where it does not move.
    pub rolled: Date,
    /// The last minute in time.
    pub last_minute: LocalMinute,
    /// During which times it stood still.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pauses: Vec<Pause>,
    /// By how much it was extended, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extensions: Vec<Span>,
    /// The rule and article by which it was counted.
    pub article: std::sync::Arc<str>,
}

impl Span {
    /// Natural days.
    pub const fn days(count: u32) -> Self {
        Self { count, unit: Unit::Days }
    }

    /// Reads `90 days`, `3 months`, `8 hours`, `20 working days`, `1 year`. `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let (count, unit) = text.split_once(' ')?;
        if count.is_empty() || !count.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let unit = match unit {
            "hour" | "hours" => Unit::Hours,
            "day" | "days" => Unit::Days,
            "month" | "months" => Unit::Months,
            "year" | "years" => Unit::Years,
            "working day" | "working days" => Unit::WorkingDays,
            _ => return None,
        };
        let count = count.parse().ok().filter(|count| (1..=COUNT_MAX).contains(count))?;
        Some(Self { count, unit })
    }

    /// As people read it in Chinese, e.g. `20个工作日`.
    pub fn zh(self) -> String {
        let unit = match self.unit {
            Unit::Hours => "小时",
            Unit::Days => "日",
            Unit::Months => "个月",
            Unit::Years => "年",
            Unit::WorkingDays => "个工作日",
        };
        format!("{}{unit}", self.count)
    }
}

/// Longer than any period of these laws, and far from overflow.
const COUNT_MAX: u32 = 10_000;

impl fmt::Display for Span {
    /// As packs write it.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = match self.unit {
            Unit::Hours => "hour",
            Unit::Days => "day",
            Unit::Months => "month",
            Unit::Years => "year",
            Unit::WorkingDays => "working day",
        };
        write!(formatter, "{} {unit}{}", self.count, if self.count == 1 { "" } else { "s" })
    }
}

/// The last day as counted, before it is moved off rest days. Hours, which run from a moment that a day does not have,
/// are counted here by whole days only; [`deadline`] counts them by the minute.
///
/// # Errors
/// For working days only, if they reach into a year that is not known.
pub fn nominal(from: Date, span: Span, count_from: CountFrom, calendar: &Calendar) -> Result<Date, YearUnknown> {
    let start = match count_from {
        CountFrom::NextDay => from,
        CountFrom::SameDay => from.saturating_sub(1.day()),
    };
    let count = i64::from(span.count);
    Ok(match span.unit {
        Unit::Hours => from.saturating_add((count / 24).days()),
        Unit::Days => start.saturating_add(count.days()),
        Unit::Months => start.saturating_add(count.months()),
        Unit::Years => start.saturating_add(count.years()),
        Unit::WorkingDays => working_days(start, span.count, &[], calendar)?,
    })
}

/// The deadline of a period that began at `from`.
///
/// # Errors
/// If it, or its moving off rest days, reaches into a year that is not known.
pub fn deadline(
    from: &LocalMinute,
    span: Span,
    counting: Counting,
    pauses: &[Pause],
    article: &str,
    calendar: &Calendar,
) -> Result<Deadline, YearUnknown> {
    let pauses = merged(from, pauses);
    let (nominal, last_minute) = if span.unit == Unit::Hours {
        let last_minute = hours(from, span.count, &pauses);
        (last_minute.date(), Some(last_minute))
    } else if span.unit == Unit::WorkingDays {
        let start = match counting.count_from {
            CountFrom::NextDay => from.date(),
            CountFrom::SameDay => from.date().saturating_sub(1.day()),
        };
        (working_days(start, span.count, &pauses, calendar)?, None)
    } else {
        let mut end = self::nominal(from.date(), span, counting.count_from, calendar)?;
        // A pause that begins when the period is over no longer stops it.
        for pause in &pauses {
            if pause.from.date() > end {
                break;
            }
            end = end.saturating_add(days_between(pause.from.date(), pause.until.date()).days());
        }
        (end, None)
    };
    let rolled = match last_minute {
        None if counting.roll => calendar.rolled(nominal, counting.rest_days)?,
        None | Some(_) => nominal,
    };
    Ok(Deadline {
        from: from.clone(),
        span,
        nominal,
        rolled,
        last_minute: last_minute.unwrap_or_else(|| end_of(rolled)),
        pauses,
        extensions: Vec::new(),
        article: article.into(),
    })
}

/// The same period, longer by `by` (e.g. 经批准延长): it goes on from its end as counted, not from the rolled day, and is
/// rolled anew.
///
/// # Errors
/// If it, or its moving off rest days, reaches into a year that is not known.
pub fn extended(
    deadline: &Deadline,
    by: Span,
    counting: Counting,
    article: &str,
    calendar: &Calendar,
) -> Result<Deadline, YearUnknown> {
    let end = if by.unit == Unit::Hours { deadline.last_minute.clone() } else { end_of(deadline.nominal) };
    let further =
        self::deadline(&end, by, Counting { count_from: CountFrom::NextDay, ..counting }, &[], article, calendar)?;
    let mut extensions = deadline.extensions.clone();
    extensions.push(by);
    Ok(Deadline {
        nominal: further.nominal,
        rolled: further.rolled,
        last_minute: further.last_minute,
        extensions,
        article: format!("{}; {article}", deadline.article).into(),
        ..deadline.clone()
    })
}

/// 24:00 of a day, as its last minute (民法典 art. 203).
pub fn end_of(day: Date) -> LocalMinute {
    LocalMinute::on(day, 23, 59)
}

/// The so-manieth working day after a day; days within a pause do not count, the day on which it ends included.
fn working_days(from: Date, count: u32, pauses: &[Pause], calendar: &Calendar) -> Result<Date, YearUnknown> {
    let stands = |day: Date| pauses.iter().any(|pause| day > pause.from.date() && day <= pause.until.date());
    let (mut at, mut counted) = (from, 0);
    while counted < count {
        at = next(at);
        if calendar.is_working(at)? && !stands(at) {
            counted += 1;
        }
    }
    Ok(at)
}

/// The minute at which so many hours are over; a pause that begins later no longer stops them.
fn hours(from: &LocalMinute, count: u32, pauses: &[Pause]) -> LocalMinute {
    let mut ends = from.to_timestamp() + (i64::from(count) * 60).minutes();
    for pause in pauses {
        if pause.from.to_timestamp() > ends {
            break;
        }
        ends += minutes_between(&pause.from, &pause.until).minutes();
    }
    LocalMinute::from_timestamp(ends)
}

/// The pauses in order of time, none before the start, those that overlap taken together: a clock that stands for two
/// reasons stands once.
fn merged(from: &LocalMinute, pauses: &[Pause]) -> Vec<Pause> {
    let mut sorted: Vec<Pause> = pauses
        .iter()
        .map(|pause| Pause { from: pause.from.clone().max(from.clone()), until: pause.until.clone() })
        .filter(|pause| pause.from < pause.until)
        .collect();
    sorted.sort_by(|one, other| one.from.cmp(&other.from));
    let mut merged: Vec<Pause> = Vec::new();
    for pause in sorted {
        match merged.last_mut() {
            Some(last) if pause.from <= last.until => {
                if pause.until > last.until {
                    last.until = pause.until;
                }
            }
            Some(_) | None => merged.push(pause),
        }
    }
    merged
}

fn days_between(from: Date, until: Date) -> i64 {
    from.until(until).map_or(0, |between| i64::from(between.get_days())).max(0)
}

fn minutes_between(from: &LocalMinute, until: &LocalMinute) -> i64 {
    (until.to_timestamp().as_second() - from.to_timestamp().as_second()).max(0) / 60
}
