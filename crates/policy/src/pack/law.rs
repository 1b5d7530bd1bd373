//! Reads `law.toml`: the values that the law sets, with their sources and the dates they are in force.

use std::{collections::BTreeMap, sync::Arc};

use jiff::civil::Date;

use super::sheet::{Placed, Sheet, Table};
use crate::{
    law::{self, Kind, Law, Provision, Term, Value},
    legal_time::Span,
    message::timing,
    rules,
};

/// Reads the file; everything wrong is noted on the sheet.
pub(super) fn read(sheet: &Sheet<'_>) -> Law {
    let syntax = sheet.syntax();
    let root = sheet.root(syntax.get_ref());
    let mut sections: BTreeMap<&'static str, Vec<(&'static str, &'static Term)>> = BTreeMap::new();
    for term in law::terms() {
        let (section, key) = term.key.split_once('.').expect("a term is named section.key");
        sections.entry(section).or_default().push((key, term));
    }
    let mut provisions = BTreeMap::new();
    for (section, terms) in sections {
        let Some(table) = root.table(section) else { continue };
        for (key, term) in terms {
            if table.has(key) {
                let found = provisions_of(&table, key, term);
                check_dates(&table, term, &found);
                check_sense(&table, term, &found);
                provisions.insert(term.key, found);
            }
        }
        table.finish();
    }
    let mut law = Law::new(provisions, rules::subsidy::read_shares(&root));
    law.plans = rules::subsidy::read_plans(&root);
    law.procedures = rules::review::read_procedures(&root);
    root.finish();
    for (term, provision) in timing::unreadable(&law) {
        let what = format!("`{term}` 不是时刻 is no time of day");
        sheet.report(provision.line, what, "写成 write \"21:00\"".into());
    }
    law
}

fn provisions_of(table: &Table<'_>, key: &'static str, term: &Term) -> Vec<Provision> {
    let tables = match table.nested_if_table(key) {
        Some(one) => vec![one],
        None => table.tables(key),
    };
    let mut found = Vec::new();
    for provision in tables {
        let value = value(&provision, term);
        let source = provision.needed("source").map(|source| source.value);
        let (from, until) = (day(&provision, "from"), day(&provision, "until"));
        let line = provision.line;
        provision.finish();
        if let (Some(value), Some(source)) = (value, source) {
            found.push(Provision { value, source, from, until, file: law::LAW, line });
        }
    }
    found.sort_by_key(|provision| provision.from);
    found
}

fn value(table: &Table<'_>, term: &Term) -> Option<Value> {
    if !table.has("value") {
        table.report(table.line, "缺少 missing `value`".into(), "写上 add `value = …`, 来源未写明的写 \"unspecified\"");
        return None;
    }
    if table.is_text("value") {
        let text = table.text("value")?;
        if &*text.value == "unspecified" {
            return Some(Value::Unspecified);
        }
        let found = of_text(term.kind, &text);
        if found.is_none() {
            let (what, cure) = wanted(term.kind);
            table.report(text.line, format!("`{}` 应为{what}: `{}`", term.key, text.value), cure);
        }
        return found;
    }
    match term.kind {
        Kind::Truth => table.truth("value").map(Value::Truth),
        Kind::Count => table.count("value").map(Value::Count),
        Kind::Texts => Some(Value::Texts(table.texts("value").into_iter().map(|text| text.value).collect())),
        Kind::Words(words) => Some(words_of(table, term, words)),
        Kind::Span | Kind::Word(_) | Kind::Money | Kind::MonthDay | Kind::Minute | Kind::Text => {
            let (what, cure) = wanted(term.kind);
            table.excuse("value");
            table.report(table.line_of("value"), format!("`{}` 应为{what}", term.key), cure);
            None
        }
    }
}

/// The words of a list, each known and named once; every other is reported.
fn words_of(table: &Table<'_>, term: &Term, words: &[&str]) -> Value {
    let texts = table.texts("value");
    for (at, text) in texts.iter().enumerate() {
        if !words.contains(&&*text.value) {
            let (what, cure) = wanted(term.kind);
            table.report(text.line, format!("`{}` 应为{what}: `{}`", term.key, text.value), cure);
        } else if texts[..at].iter().any(|earlier| earlier.value == text.value) {
            table.report(text.line, format!("重复 `{}` stands twice", text.value), "删除一处 remove one");
        }
    }
    Value::Texts(texts.into_iter().map(|text| text.value).collect())
}

fn of_text(kind: Kind, text: &Placed<Arc<str>>) -> Option<Value> {
    let text = &text.value;
    match kind {
        Kind::Span => Span::parse(text).map(Value::Span),
        Kind::Word(words) => words.contains(&&**text).then(|| Value::Word(text.clone())),
        Kind::Money => law::money(text).map(Value::Money),
        Kind::MonthDay => {
            let (month, day) = text.split_once('-')?;
            // 2024 is a leap year: 02-29 is a day of the year.
            let date = Date::new(2024, month.parse().ok()?, day.parse().ok()?).ok()?;
            Some(Value::MonthDay(date.month(), date.day()))
        }
        Kind::Minute => identifiers::LocalMinute::parse(text).ok().map(Value::Minute),
        Kind::Text => (!text.trim().is_empty()).then(|| Value::Text(text.clone())),
        Kind::Truth | Kind::Count | Kind::Texts | Kind::Words(_) => None,
    }
}

/// What a kind is called, and how it is written.
fn wanted(kind: Kind) -> (&'static str, String) {
    let cure = match kind {
        Kind::Span => "\"90 days\", \"3 months\", \"8 hours\", \"20 working days\"".to_owned(),
        Kind::Word(words) => words.join(", "),
        Kind::Truth => "true, false".to_owned(),
        Kind::Count => "a whole number / 整数".to_owned(),
        Kind::Money => "\"400.00\"".to_owned(),
        Kind::MonthDay => "\"10-31\"".to_owned(),
        Kind::Minute => "\"2026-01-01T00:00\"".to_owned(),
        Kind::Text => "\"…\"".to_owned(),
        Kind::Texts => "[\"…\", \"…\"]".to_owned(),
        Kind::Words(words) => format!("[some of 其中若干: {}]", words.join(", ")),
    };
    let what = match kind {
        Kind::Span => "时长 a length of legal time",
        Kind::Word(_) => "规定的词 one of its words",
        Kind::Truth => "是或否 yes or no",
        Kind::Count => "整数 a whole number",
        Kind::Money => "金额(元) yuan",
        Kind::MonthDay => "月日 a day of the year",
        Kind::Minute => "北京时间 a minute of Beijing time",
        Kind::Text => "文字 words",
        Kind::Texts => "文字列表 a list of words",
        Kind::Words(_) => "规定的词的列表 a list of its words",
    };
    (what, format!("写成 write one of {cure}, 或 or \"unspecified\""))
}

/// A civil day `YYYY-MM-DD` that may be absent.
pub(crate) fn day(table: &Table<'_>, key: &'static str) -> Option<Date> {
    if table.has(key) && !table.is_text(key) {
        table.excuse(key);
        table.report(
            table.line_of(key),
            format!("`{key}` 的日期须加引号 is a day without its quotes"),
            format!("写成带引号的 write it quoted, e.g. `{key} = \"2026-01-01\"`"),
        );
        return None;
    }
    let text = table.text(key)?;
    let found = text.value.parse::<Date>().ok().filter(|_| text.value.len() == 10);
    if found.is_none() {
        table.report(
            text.line,
            format!("`{key}` 不是日期 is not a day: `{}`", text.value),
            format!("写成带引号的 write it quoted, e.g. `{key} = \"2026-01-01\"`"),
        );
    }
    found
}

/// Values of which nothing would not be less but nonsense: what is divided by, a cap that lets no message through, a
/// premium that is then no subsidy.
const MORE_THAN_NOTHING: [&str; 3] = ["maternity.wage_divisor", "message.daily_cap", "premium.personal_standard"];

fn check_sense(table: &Table<'_>, term: &Term, found: &[Provision]) {
    if !MORE_THAN_NOTHING.contains(&term.key) {
        return;
    }
    for provision in found.iter().filter(|found| matches!(found.value, Value::Count(0) | Value::Money(0))) {
        table.report(
            provision.line,
            format!("`{}` ({}) 不能为零 cannot be nothing", term.key, term.zh),
            "写明来源所定的数;未定的写 write the number of the source, 或 or \"unspecified\"",
        );
    }
}

/// Two values of one term are never in force on one day, no day between them is without one, and none is for no day at
/// all.
fn check_dates(table: &Table<'_>, term: &Term, found: &[Provision]) {
    for provision in found {
        if let (Some(from), Some(until)) = (provision.from, provision.until)
            && from >= until
        {
            table.report(
                provision.line,
                format!("`{}` 从未生效 is in force on no day: {from} 至 until {until}", term.key),
                "更正日期 correct one of the dates",
            );
        }
    }
    for pair in found.windows(2) {
        let overlap = match (pair[0].until, pair[1].from) {
            (Some(until), Some(from)) => from < until,
            (None, _) | (_, None) => true,
        };
        if let (Some(until), Some(from)) = (pair[0].until, pair[1].from)
            && until < from
        {
            table.report(
                pair[1].line,
                format!("`{}` 自{until}至{from}前没有值 has no value from {until} until {from}", term.key),
                format!("改为 write `from = \"{until}\"`, 或写明其间的值 or a value for the days between"),
            );
        }
        if overlap {
            table.report(
                pair[1].line,
                format!("`{}` 的生效日期重叠 is in force twice on some days", term.key),
                "更正 `from` 或 or `until`, 使前者止于后者之始 let one end where the next begins",
            );
        }
    }
}
