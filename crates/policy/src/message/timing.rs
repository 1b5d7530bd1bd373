//! When a message may go out: not at night, and not too many a day.

use identifiers::LocalMinute;
use jiff::civil::Date;

use crate::{
    Pack,
    calendar::next,
    law::{Kind, Law, Provision, Term, Value},
};

const QUIET_FROM: &str = "message.quiet_from";
const QUIET_UNTIL: &str = "message.quiet_until";
const DAILY_CAP: &str = "message.daily_cap";

/// The values that a pack may set.
pub const TERMS: &[Term] = &[
    Term { key: QUIET_FROM, zh: "免打扰时段的开始", en: "from when no message goes out", kind: Kind::Text },
    Term { key: QUIET_UNTIL, zh: "免打扰时段的结束", en: "until when no message goes out", kind: Kind::Text },
    Term {
        key: DAILY_CAP,
        zh: "每人每日最多短信条数",
        en: "messages that one person is sent a day",
        kind: Kind::Count,
    },
];

/// The first minute at which a message may go out, not before `now`. `sent_today`: how many its reader was sent on the
/// day of `now`. What is urgent goes at once. A pack that sets no quiet hours, or no cap, has none.
pub fn not_before(pack: &Pack, now: &LocalMinute, urgent: bool, sent_today: u32) -> LocalMinute {
    if urgent {
        return now.clone();
    }
    let law = |term| pack.law.get(term, Some(now.date())).map(|provision| &provision.value);
    let full = matches!(law(DAILY_CAP), Some(Value::Count(cap)) if sent_today >= *cap);
    let (day, minute) = if full { (next(now.date()), 0) } else { (now.date(), minute_of(now)) };
    let quiet = |term| match law(term) {
        Some(Value::Text(text)) => minute_of_day(text),
        Some(_) | None => None,
    };
    let (day, minute) = match (quiet(QUIET_FROM), quiet(QUIET_UNTIL)) {
        (Some(from), Some(until)) => after_quiet(day, minute, from, until),
        (Some(_) | None, _) => (day, minute),
    };
    at(day, minute)
}

/// The same moment, or the end of the quiet hours that it falls into. Their first minute belongs to them, that of their
/// end does not.
fn after_quiet(day: Date, minute: u16, from: u16, until: u16) -> (Date, u16) {
    let over_midnight = from > until;
    if over_midnight && minute >= from {
        (next(day), until)
    } else if minute < until && (over_midnight || minute >= from) {
        (day, until)
    } else {
        (day, minute)
    }
}

/// Every value of these terms that is no time of day.
pub(crate) fn unreadable(law: &Law) -> impl Iterator<Item = (&'static str, &Provision)> {
    law.iter().filter(|(term, _)| [QUIET_FROM, QUIET_UNTIL].contains(term)).flat_map(|(term, provisions)| {
        provisions
            .iter()
            .filter(|provision| matches!(&provision.value, Value::Text(text) if minute_of_day(text).is_none()))
            .map(move |provision| (term, provision))
    })
}

/// `21:00` as minutes after midnight.
fn minute_of_day(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    let two_digits = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
    if !two_digits(hours) || !two_digits(minutes) {
        return None;
    }
    let (hours, minutes): (u16, u16) = (hours.parse().ok()?, minutes.parse().ok()?);
    (hours < 24 && minutes < 60).then_some(hours * 60 + minutes)
}

fn minute_of(moment: &LocalMinute) -> u16 {
    moment.as_str().split_once('T').and_then(|(_, time)| minute_of_day(time)).unwrap_or_default()
}

fn at(day: Date, minute: u16) -> LocalMinute {
    let part = |part: u16| u8::try_from(part).unwrap_or(u8::MAX);
    LocalMinute::on(day, part(minute / 60), part(minute % 60))
}
