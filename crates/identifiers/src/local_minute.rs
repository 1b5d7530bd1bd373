//! A time of birth as certificates state it: Beijing time, to the minute.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::{Offset, TimeZone};
use serde::{Deserialize, Serialize};

use crate::Violation;

/// Beijing time (Asia/Shanghai). A fixed offset is exact since summer time ended in September 1991, long before any
/// birth that is applied for here, and needs no time zone database on the machine.
const BEIJING: Offset = Offset::constant(8);

/// Years that a minute may lie in: no birth or deadline of ours lies elsewhere, and what is counted from one has room
/// to lie beyond without leaving the calendar.
const YEARS: std::ops::RangeInclusive<i16> = 1900..=2999;

/// `YYYY-MM-DDTHH:MM` in Beijing time. Orders by time.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LocalMinute {
    text: String,
    date: Date,
    timestamp: Timestamp,
}

impl LocalMinute {
    /// Parses exactly `YYYY-MM-DDTHH:MM`, 00:00 to 23:59; no seconds, no offset.
    ///
    /// # Errors
    /// `TM-001` another form, `TM-002` a date or time that does not exist, `TM-004` a year before 1900 or after 2999.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        let form = b"dddd-dd-ddTdd:dd";
        let fits = |(byte, expected): (u8, &u8)| match expected {
            b'd' => byte.is_ascii_digit(),
            literal => byte == *literal,
        };
        if text.len() != form.len() || !text.bytes().zip(form).all(fits) {
            return Err(Violation::new(
                "TM-001",
                "时间格式应为YYYY-MM-DDTHH:MM(北京时间,精确到分钟)",
                "a time must be written YYYY-MM-DDTHH:MM (Beijing time, to the minute)",
            ));
        }
        let does_not_exist = |_| Violation::new("TM-002", "日期或时间不存在", "the date or time does not exist");
        // By hand: a rule reads many of them, and a general parser takes ten times as long.
        let digits = |from: usize, to: usize| {
            text.as_bytes()[from..to].iter().fold(0_i16, |number, digit| number * 10 + i16::from(digit - b'0'))
        };
        let two = |from: usize| digits(from, from + 2) as i8;
        let at = DateTime::new(digits(0, 4), two(5), two(8), two(11), two(14), 0, 0).map_err(does_not_exist)?;
        if !YEARS.contains(&at.year()) {
            return Err(Violation::new("TM-004", "年份应在1900至2999之间", "the year must be one from 1900 to 2999"));
        }
        let timestamp = TimeZone::fixed(BEIJING).to_timestamp(at).map_err(does_not_exist)?;
        Ok(LocalMinute { text: text.to_owned(), date: at.date(), timestamp })
    }

    /// The minute in which `timestamp` lies; of a year that no minute may lie in, the nearest one that does.
    pub fn from_timestamp(timestamp: Timestamp) -> Self {
        Self::of(BEIJING.to_datetime(timestamp))
    }

    /// This minute of a civil day; of a year that no minute may lie in, the nearest one that does. An hour or minute
    /// that no clock shows counts as its last.
    pub fn on(day: Date, hour: u8, minute: u8) -> Self {
        let (hour, minute) = (i8::try_from(hour.min(23)).unwrap_or(23), i8::try_from(minute.min(59)).unwrap_or(59));
        Self::of(day.at(hour, minute, 0, 0))
    }

    fn of(at: DateTime) -> Self {
        let first = DateTime::constant(*YEARS.start(), 1, 1, 0, 0, 0, 0);
        let last = DateTime::constant(*YEARS.end(), 12, 31, 23, 59, 0, 0);
        let at = at.clamp(first, last);
        let text = at.strftime("%Y-%m-%dT%H:%M").to_string();
        LocalMinute::parse(&text).expect("a minute within its years reads back")
    }

    /// Itself, unless it lies after `now`.
    ///
    /// # Errors
    /// `TM-003` in the future.
    pub fn not_after(self, now: Timestamp) -> Result<Self, Violation> {
        if self.to_timestamp() > now {
            return Err(Violation::new("TM-003", "时间晚于当前时间", "the time is in the future"));
        }
        Ok(self)
    }

    /// The sixteen characters.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The moment at which the minute begins.
    pub fn to_timestamp(&self) -> Timestamp {
        self.timestamp
    }

    /// The civil date in Beijing.
    pub fn date(&self) -> Date {
        self.date
    }
}

/// `LocalMinute(***)`: a birth to the minute, in a known hospital, is a name.
impl fmt::Debug for LocalMinute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LocalMinute(***)")
    }
}

impl TryFrom<String> for LocalMinute {
    type Error = Violation;

    fn try_from(text: String) -> Result<Self, Violation> {
        LocalMinute::parse(&text)
    }
}

impl From<LocalMinute> for String {
    fn from(minute: LocalMinute) -> String {
        minute.text
    }
}
