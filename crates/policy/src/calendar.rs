//! Which days are working days: the State Council's yearly notices, as data.
//!
//! A year is there with its notice, or it is unknown. Of an unknown year nothing is assumed, not even its Sundays: a
//! question that reaches into it is refused, so that no family is told a day that a later notice moves.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    sync::Arc,
};

use jiff::{
    ToSpan,
    civil::{Date, Weekday},
};

use crate::pack::{Problem, Problems, sheet::Sheet};

/// The notices that this version of the project brings along.
const SHIPPED: [(&str, &str); 2] = [
    ("2025.toml", include_str!("../../../deploy/calendar/2025.toml")),
    ("2026.toml", include_str!("../../../deploy/calendar/2026.toml")),
];

/// The month from which the next year's arrangement is missed when it is not there: the notice usually comes in it.
pub const NOTICE_MONTH: i8 = 11;

/// The days on which the question depends lie in a year whose arrangement is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{year} 年的节假日安排尚未载入 the holidays of {year} are not known")]
pub struct YearUnknown {
    /// Which year.
    pub year: i16,
}

/// Which rest days move the end of a period (民法典 art. 203).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RestDays {
    /// Every day that is no working day: weekends and holidays.
    All,
    /// Only the days that a notice names as off.
    PublishedHolidaysOnly,
}

/// One year's arrangement.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Year {
    notice: Arc<str>,
    off: BTreeSet<Date>,
    work: BTreeSet<Date>,
}

/// The years whose arrangements are known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Calendar(BTreeMap<i16, Year>);

impl Calendar {
    /// The years that this version of the project brings along.
    pub fn shipped() -> Self {
        Self::parse(&SHIPPED).expect("the shipped years are read by this crate's tests")
    }

    /// Every `.toml` file of a folder, one year each.
    ///
    /// # Errors
    /// Everything that is wrong, each with file and line.
    pub fn load_folder(folder: &Path) -> Result<Self, Problems> {
        let unreadable = |name: &str, error: std::io::Error| {
            let what = format!("无法读取 cannot be read: {error}");
            Problems(vec![Problem::new(name, 1, what, "给出节假日文件夹 name the folder of the years".into())])
        };
        let mut texts = Vec::new();
        for entry in fs::read_dir(folder).map_err(|error| unreadable("calendar", error))? {
            let path = entry.map_err(|error| unreadable("calendar", error))?.path();
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            if path.extension().is_some_and(|end| end == "toml") {
                texts.push((name.clone(), fs::read_to_string(&path).map_err(|error| unreadable(&name, error))?));
            }
        }
        texts.sort();
        let files: Vec<(&str, &str)> = texts.iter().map(|(name, text)| (&**name, &**text)).collect();
        Self::parse(&files)
    }

    /// Reads the texts of the years' files.
    ///
    /// # Errors
    /// Everything that is wrong, each with file and line.
    pub fn parse(files: &[(&str, &str)]) -> Result<Self, Problems> {
        let mut years = BTreeMap::new();
        let mut problems = Vec::new();
        for (name, text) in files {
            let sheet = Sheet::new(name, text);
            if let Some((number, year)) = read(&sheet)
                && years.insert(number, year).is_some()
            {
                sheet.report(1, format!("年份重复 the year {number} stands twice"), "删除一处 remove one".into());
            }
            problems.extend(sheet.into_problems());
        }
        if problems.is_empty() { Ok(Self(years)) } else { Err(Problems(problems)) }
    }

    /// The years that are known, with the notice of each.
    pub fn years(&self) -> impl Iterator<Item = (i16, &Arc<str>)> {
        self.0.iter().map(|(year, known)| (*year, &known.notice))
    }

    /// The first day of the known years that follow one another to the last; `None` where no year is known.
    pub fn known_from(&self) -> Option<Date> {
        self.0.keys().next().map(|year| jiff::civil::date(*year, 1, 1))
    }

    /// 工作日: not a rest day of the week unless it is worked in exchange, and not a holiday.
    ///
    /// # Errors
    /// If the day's year is not known.
    pub fn is_working(&self, day: Date) -> Result<bool, YearUnknown> {
        let year = self.year(day)?;
        let weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
        Ok(year.work.contains(&day) || (!weekend && !year.off.contains(&day)))
    }

    /// A day on which a period may end, under this reading of 法定休假日.
    ///
    /// # Errors
    /// If the day's year is not known.
    pub fn may_end_on(&self, day: Date, rest_days: RestDays) -> Result<bool, YearUnknown> {
        match rest_days {
            RestDays::All => self.is_working(day),
            RestDays::PublishedHolidaysOnly => Ok(!self.year(day)?.off.contains(&day)),
        }
    }

    /// The day itself, or the next one on which a period may end (民法典 art. 203).
    ///
    /// # Errors
    /// If it reaches into a year that is not known.
    pub fn rolled(&self, day: Date, rest_days: RestDays) -> Result<Date, YearUnknown> {
        let mut at = day;
        while !self.may_end_on(at, rest_days)? {
            at = next(at);
        }
        Ok(at)
    }

    /// The last working day before this day.
    ///
    /// # Errors
    /// If it reaches into a year that is not known.
    pub fn working_day_before(&self, day: Date) -> Result<Date, YearUnknown> {
        let mut at = day.saturating_sub(1.day());
        while !self.is_working(at)? {
            at = at.saturating_sub(1.day());
        }
        Ok(at)
    }

    /// What an operator must be told on this day: from November on, that the next year is missing. `None`: nothing.
    pub fn missing_soon(&self, today: Date) -> Option<YearUnknown> {
        let unknown = |year: i16| (!self.0.contains_key(&year)).then_some(YearUnknown { year });
        unknown(today.year())
            .or_else(|| if today.month() >= NOTICE_MONTH { unknown(today.year().saturating_add(1)) } else { None })
    }

    fn year(&self, day: Date) -> Result<&Year, YearUnknown> {
        self.0.get(&day.year()).ok_or(YearUnknown { year: day.year() })
    }
}

/// The day after.
pub(crate) fn next(day: Date) -> Date {
    day.saturating_add(1.day())
}

fn read(sheet: &Sheet<'_>) -> Option<(i16, Year)> {
    let syntax = sheet.syntax();
    let root = sheet.root(syntax.get_ref());
    let number = root.count("year").and_then(|year| i16::try_from(year).ok());
    if number.is_none() {
        root.report(1, "缺少年份 missing `year`".into(), "写上 add e.g. `year = 2026`");
    }
    let notice = root.needed("notice").map(|notice| notice.value);
    let number = number?;
    let days = |key: &'static str| {
        let mut found = BTreeSet::new();
        for text in root.texts(key) {
            match days_of(number, &text.value) {
                Some(days) => found.extend(days),
                None => root.report(
                    text.line,
                    format!("`{key}`: 不是 {number} 年的日子 no days of {number}: `{}`", text.value),
                    "写成 write \"MM-DD\" or \"MM-DD..MM-DD\"",
                ),
            }
        }
        found
    };
    let (off, work) = (days("off"), days("work"));
    if off.is_empty() {
        root.report(1, "没有放假的日子 no day is off".into(), "写上通知列出的日子 add the days of the notice to `off`");
    }
    if let Some(both) = off.intersection(&work).next() {
        root.report(root.line_of("work"), format!("{both} 既放假又上班 is both off and worked"), "更正 correct one");
    }
    for day in &work {
        if !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) {
            root.report(root.line_of("work"), format!("{day} 本是工作日 is a working day anyway"), "删除 remove it");
        }
    }
    root.finish();
    Some((number, Year { notice: notice?, off, work }))
}

fn days_of(year: i16, text: &str) -> Option<Vec<Date>> {
    let day = |text: &str| -> Option<Date> {
        let (month, day) = text.split_once('-')?;
        Date::new(year, month.parse().ok()?, day.parse().ok()?).ok()
    };
    let Some((first, last)) = text.split_once("..") else { return Some(vec![day(text)?]) };
    let (first, last) = (day(first)?, day(last)?);
    if first > last {
        return None;
    }
    let mut days = vec![first];
    while let Some(at) = days.last().copied().filter(|at| *at < last) {
        days.push(next(at));
    }
    Some(days)
}
