//! What `policy check` tells of a folder beyond what reading it finds: limits that reach into a year without calendar,
//! the next year's calendar missing, and how long each message is on the air.

use std::{path::Path, sync::Arc};

use jiff::civil::Date;

use crate::{
    Pack, Packs, Problem, Problems,
    advice::Words,
    calendar::{Calendar, YearUnknown},
    law::Value,
    legal_time::{self, CountFrom, Span, Unit},
    pack::{CALENDAR, FILES},
};

/// The packs of a folder, and the calendar that holds for them: the one that is given, else that of the packs' folder,
/// as the service reads it, else the one built in. The folder is one pack, or holds one folder for each.
///
/// # Errors
/// Everything that is wrong with any of them.
pub fn packs(folder: &Path, given: Option<Calendar>) -> Result<(Vec<Arc<Pack>>, Arc<Calendar>), Problems> {
    if folder.join(FILES[0]).is_file() {
        let pack = Pack::load(folder);
        // A pack alone lies in the folder that the service would be given.
        let beside = folder.canonicalize().ok().and_then(|folder| Some(folder.parent()?.join(CALENDAR)));
        let calendar = match (given, beside.filter(|years| years.is_dir())) {
            (Some(given), _) => Ok(given),
            (None, Some(years)) => Calendar::load_folder(&years).map_err(|found| found.of_folder(CALENDAR)),
            (None, None) => Ok(Calendar::shipped()),
        };
        return match (pack, calendar) {
            (Ok(pack), Ok(calendar)) => Ok((vec![Arc::new(pack)], Arc::new(calendar))),
            (Err(found), Ok(_)) | (Ok(_), Err(found)) => Err(found),
            (Err(Problems(pack)), Err(Problems(years))) => Err(Problems(pack.into_iter().chain(years).collect())),
        };
    }
    let packs = Packs::load_folder_by(folder, given.map(Arc::new))?;
    let found: Vec<_> = packs.iter().cloned().collect();
    if found.is_empty() {
        return Err(Problems(vec![Problem::new(
            FILES[0],
            1,
            "该文件夹里没有政策包 the folder holds no pack".to_owned(),
            "给出政策包的文件夹,或放有各包的文件夹 name a pack's folder, or the folder that holds packs".to_owned(),
        )]));
    }
    Ok((found, packs.calendar()))
}

/// Limits in working days that begin on this day, or when they come into force, and end in a year whose calendar is not
/// known: nobody could be told their end.
pub fn beyond_the_calendar(pack: &Pack, calendar: &Calendar, today: Date) -> Vec<Problem> {
    let mut found = Vec::new();
    for (term, provisions) in pack.law.iter() {
        for provision in provisions.iter().filter(|provision| provision.until.is_none_or(|until| until > today)) {
            let begins = provision.from.map_or(today, |from| from.max(today));
            if let Value::Span(span) = provision.value
                && let Some(unknown) = reaches(span, begins, calendar)
            {
                found.push(problem(provision.file, provision.line, term, span, begins, unknown));
            }
        }
    }
    let own = ("saga.toml", &*pack.definition, &*pack.lines);
    let procedures = pack.procedures.values().map(|one| (&*one.file, &*one.definition, &*one.lines));
    for (file, definition, lines) in std::iter::once(own).chain(procedures) {
        for (step, line) in definition.steps.iter().zip(lines) {
            if let Some(span) = step.limit.as_deref().and_then(Span::parse)
                && let Some(unknown) = reaches(span, today, calendar)
            {
                found.push(problem(file, *line, &step.name, span, today, unknown));
            }
        }
    }
    found
}

/// Limits of a pack that could not even be counted from the first day on which the pack is in force: it can never be
/// served with this calendar. A pack that outlives the known years is another matter: its later limits are not computed,
/// visibly, until their year is published.
pub fn never_countable(pack: &Pack, calendar: &Calendar) -> Vec<Problem> {
    let born_from = pack.selector.born_from.as_ref().map(|from| from.date());
    let first = match (born_from, calendar.known_from()) {
        (Some(from), Some(known)) => from.max(known),
        (Some(day), None) | (None, Some(day)) => day,
        // Without any year nothing in working days can be counted; which day is named does not matter.
        (None, None) => Date::constant(2025, 1, 1),
    };
    beyond_the_calendar(pack, calendar, first)
}

fn reaches(span: Span, begins: Date, calendar: &Calendar) -> Option<YearUnknown> {
    if span.unit != Unit::WorkingDays {
        return None;
    }
    legal_time::nominal(begins, span, CountFrom::NextDay, calendar).err()
}

fn problem(file: &str, line: usize, name: &str, span: Span, begins: Date, unknown: YearUnknown) -> Problem {
    let year = unknown.year;
    Problem::new(
        file,
        line,
        format!(
            "`{name}`: 自{begins}起{}跨入{year}年 {span} from {begins} reach into {year}, whose calendar is missing",
            span.zh()
        ),
        format!("补入国务院办公厅{year}年节假日安排 add the notice of {year} as {year}.toml to the calendar's folder"),
    )
}

/// From November on, that the next year's calendar is missing. `None`: nothing to be told.
pub fn calendar_warning(calendar: &Calendar, today: Date) -> Option<Words> {
    let year = calendar.missing_soon(today)?.year;
    Some(Words::new(
        format!(
            "{year}年节假日安排尚未载入:跨入{year}年的工作日期限将不予计算。国务院办公厅通知公布后补入{year}.toml。"
        ),
        format!(
            "the holidays of {year} are missing: no limit in working days that reaches into it is computed; add {year}.toml"
        ),
    ))
}
