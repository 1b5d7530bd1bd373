//! The legal times of a step that is under way: until when its performer must have acted, when that turns yellow, when
//! it is escalated, and on which days the family is reminded.

use identifiers::LocalMinute;
use jiff::{ToSpan, civil::Date};
use saga::definition::RemindOn;
use serde_json::Value;

use crate::{
    Pack,
    calendar::{Calendar, YearUnknown},
    facts,
    legal_time::{self, Deadline, Pause, Span, Unit},
    rules::counting,
};

/// When an office opens: a warning in the night reaches nobody.
const OFFICE_OPENS: u8 = 9;

/// A limit in hours turns yellow so many minutes before its end, as the facility's reminder at six of eight hours.
const NEAR_MINUTES: i64 = 120;

/// A limit as the moments at which something happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Times {
    /// The limit, and how it was counted.
    pub deadline: Deadline,
    /// Yellow: one working day before, in the morning.
    pub near_at: LocalMinute,
    /// Red: the first minute that is too late.
    pub passed_at: LocalMinute,
    /// Escalated: one working day later, in the morning.
    pub escalate_at: LocalMinute,
}

/// The times of a limit that began at a minute and stood still during the pauses.
///
/// # Errors
/// If the limit or its warnings reach into a year that is not known: nothing is guessed.
pub fn limit(
    pack: &Pack,
    calendar: &Calendar,
    span: Span,
    began: &LocalMinute,
    pauses: &[Pause],
    article: &str,
) -> Result<Times, YearUnknown> {
    let deadline = legal_time::deadline(began, span, counting::of(&pack.law), pauses, article, calendar)?;
    if span.unit == Unit::Hours {
        let passed_at = later(&deadline.last_minute, 0);
        return Ok(Times {
            near_at: later(&passed_at, -NEAR_MINUTES),
            escalate_at: later(&passed_at, NEAR_MINUTES),
            passed_at,
            deadline,
        });
    }
    let day = deadline.rolled;
    let after = day.saturating_add(1.day());
    Ok(Times {
        near_at: morning(calendar.working_day_before(day)?),
        passed_at: later(&deadline.last_minute, 1),
        escalate_at: morning(calendar.rolled(after, crate::calendar::RestDays::All)?),
        deadline,
    })
}

/// The minutes at which people are reminded, rising; none where the fact to count from is not there.
pub fn reminders(remind_on: &RemindOn, facts: &Value) -> Vec<LocalMinute> {
    let from = facts::text(facts, &remind_on.from).and_then(day_of);
    let Some(from) = from else { return Vec::new() };
    let at = |day: u16| {
        let day = from.saturating_add(i64::from(day).days());
        let part = |part: u16| u8::try_from(part).unwrap_or(u8::MAX);
        LocalMinute::on(day, part(remind_on.minute / 60), part(remind_on.minute % 60))
    };
    remind_on.days.iter().map(|day| at(*day)).collect()
}

fn day_of(text: &str) -> Option<Date> {
    text.get(..10)?.parse().ok()
}

fn morning(day: Date) -> LocalMinute {
    LocalMinute::on(day, OFFICE_OPENS, 0)
}

fn later(minute: &LocalMinute, minutes: i64) -> LocalMinute {
    LocalMinute::from_timestamp(minute.to_timestamp() + minutes.minutes())
}
