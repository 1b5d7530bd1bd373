//! What `policy check` tells of a folder beyond what reading it finds: limits that reach into a year without calendar,
//! the next year's calendar missing, and how long each message is on the air.

use std::path::Path;

use jiff::civil::Date;

use crate::{
    Pack, Packs, Problem, Problems,
    advice::Words,
    calendar::{Calendar, YearUnknown},
    law::Value,
    legal_time::{self, CountFrom, Span, Unit},
};

/// The packs of a folder: the folder is one pack, or holds one folder for each.
///
/// # Errors
/// Everything that is wrong with any of them.
pub fn packs(folder: &Path) -> Result<Vec<std::sync::Arc<Pack>>, Problems> {
    if folder.join("pack.toml").is_file() {
        return Ok(vec![std::sync::Arc::new(Pack::load(folder)?)]);
    }
    let packs = Packs::load_folder(folder)?;
    let found: Vec<_> = packs.iter().cloned().collect();
    if found.is_empty() {
        return Err(Problems(vec![Problem::new(
            "pack.toml",
            1,
            "该文件夹里没有政策包 the folder holds no pack".to_owned(),
            "给出政策包的文件夹,或放有各包的文件夹 name a pack's folder, or the folder that holds packs".to_owned(),
        )]));
    }
    Ok(found)
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
                found.push(problem("law.toml", provision.line, term, span, begins, unknown));
            }
        }
    }
    for step in &pack.definition.steps {
        let limit = serde_json::to_value(&step.limit).ok();
        let span = limit.as_ref().and_then(|limit| limit.as_str()).and_then(Span::parse);
        if let Some(span) = span
            && let Some(unknown) = reaches(span, today, calendar)
        {
            found.push(problem("saga.toml", 1, &step.name, span, today, unknown));
        }
    }
    found
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
