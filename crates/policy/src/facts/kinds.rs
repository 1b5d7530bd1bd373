//! What a fact may be: a day, a sum, yes or no. Read by name, wherever it stands.
//!
//! A value of another kind would be taken as absent by the rules, and absence can mean a no. So it is told before any
//! rule sees it: of facts that are written by hand, and of what a clerk decides in a task.

use identifiers::{LocalMinute, Sex};
use jiff::{ToSpan, civil::Date};
use serde_json::{Map, Value};

use super::known::FactProblem;
use crate::{Form, advice::Words};

/// The largest sum that one field may hold, in 分: a hundred million yuan. No claim, premium or wage of a family comes
/// near it, and sums of many of them stay within 64 bits.
pub const FEN_MAX: i64 = 10_000_000_000;

/// How far a day that a clerk decides may lie from the day on which the case was filed, in years.
const YEARS_AROUND: i32 = 3;

/// Characters of a text that a clerk gives.
const CHARACTERS_MAX: usize = 200;

/// Facts that are yes or no.
const TRUTHS: [&str; 16] = [
    "found",
    "live_birth",
    "in_province",
    "within_window",
    "collected_offline",
    "claimed",
    "settled",
    "own_area",
    "emergency",
    "difficult_birth",
    "designated",
    "already_subsidised",
    "materials_genuine",
    "employer_paid",
    "within_claim_period",
    "originals_received",
];

/// Facts that are whole numbers, each with its least and its largest.
const COUNTS: [(&str, i64, i64); 6] = [
    ("order", 1, 8),
    ("babies", 1, 8),
    ("gestation_weeks", 0, 60),
    ("gestation_days", 0, 6),
    ("weight_g", 0, 20_000),
    ("length_cm", 0, 200),
];

/// Facts that are texts.
const TEXTS: [&str; 8] = ["name", "id_number", "area", "sex", "born_at", "voucher", "place", "person_number"];

/// What is wrong with a value under this name; `None` where nothing is, or where the name says nothing of its kind.
/// `parent` is the name of the object in which it stands. Of another one thing only times and sums are known by name.
pub(super) fn problem(form: Form, parent: &str, name: &str, value: &Value) -> Option<Words> {
    if value.is_null() {
        return None;
    }
    if form == Form::Birth
        && let Some(what) = of_a_birth(parent, name, value)
    {
        return Some(what);
    }
    if name.ends_with("_fen") && !value.as_i64().is_some_and(|fen| (0..=FEN_MAX).contains(&fen)) {
        let zh = "应为不小于0的整数,单位分,不超过一亿元";
        return Some(Words::new(zh, "must be whole 分, at least 0, at most 100 million yuan"));
    }
    if (is_minute(name) || is_day(name)) && !value.is_string() {
        return Some(Words::new("应为文字,写在引号内", "must be a text in quotes"));
    }
    time(name, value.as_str().filter(|text| !text.is_empty())?)
}

/// The names that the form of a birth and the answers of its departments use.
fn of_a_birth(parent: &str, name: &str, value: &Value) -> Option<Words> {
    let truth = TRUTHS.contains(&name) || (name, parent) == ("insured", "first-review");
    if truth && !value.is_boolean() {
        return Some(Words::new("应为 true 或 false", "must be true or false"));
    }
    if let Some((_, least, most)) = COUNTS.iter().find(|(known, ..)| *known == name)
        && !value.as_i64().is_some_and(|count| (*least..=*most).contains(&count))
    {
        let (zh, en) = (format!("应为{least}至{most}的整数"), format!("must be a whole number from {least} to {most}"));
        return Some(Words::new(zh, en));
    }
    if TEXTS.contains(&name) && !value.is_string() {
        return Some(Words::new("应为文字,写在引号内", "must be a text in quotes"));
    }
    let violation = Sex::parse(value.as_str().filter(|text| name == "sex" && !text.is_empty())?).err()?;
    Some(Words::new(violation.zh.to_string(), violation.en.to_string()))
}

fn is_minute(name: &str) -> bool {
    name.ends_with("_at")
}

fn is_day(name: &str) -> bool {
    name.ends_with("_on") || matches!(name, "on" | "from" | "until" | "birth_date")
}

/// A day or minute that does not exist.
fn time(name: &str, text: &str) -> Option<Words> {
    if !is_minute(name) && !is_day(name) {
        return None;
    }
    if is_minute(name) || text.len() > 10 {
        let violation = LocalMinute::parse(text).err()?;
        return Some(Words::new(violation.zh.to_string(), violation.en.to_string()));
    }
    if text.len() == 10 && text.parse::<Date>().is_ok() {
        return None;
    }
    Some(Words::new("日期不存在,应写成YYYY-MM-DD", "no such day; write YYYY-MM-DD"))
}

/// Everything that is wrong with what a clerk decides in a task of this step, by field; empty where it can be used.
/// `filed_on` is the day on which the case was filed.
///
/// Every field must hold a value of its kind; a day must lie within three years of the filing; a beginning not after its
/// end.
pub fn decided_by_a_person(form: Form, step: &str, fields: &Map<String, Value>, filed_on: Date) -> Vec<FactProblem> {
    let mut found = Vec::new();
    for (name, value) in fields {
        let what = problem(form, step, name, value).or_else(|| unfit(name, value, filed_on));
        found.extend(what.map(|what| FactProblem { path: name.clone(), what }));
    }
    let day = |name: &str| fields.get(name).and_then(Value::as_str)?.parse::<Date>().ok();
    if let (Some(start), Some(end)) = (day("start_on"), day("end_on"))
        && end < start
    {
        let what = Words::new("早于开始日期", "earlier than the beginning");
        found.push(FactProblem { path: "end_on".to_owned(), what });
    }
    found
}

/// What no clerk means: nothing, a list, a page of text, a day of another age.
fn unfit(name: &str, value: &Value, filed_on: Date) -> Option<Words> {
    let text = match value {
        Value::Null | Value::Array(_) | Value::Object(_) => {
            return Some(Words::new("须填写一个值", "must hold one value"));
        }
        Value::Bool(_) | Value::Number(_) => return None,
        Value::String(text) => text,
    };
    if text.trim().is_empty() || text.chars().count() > CHARACTERS_MAX || text.chars().any(char::is_control) {
        let zh = format!("须为1至{CHARACTERS_MAX}个字符,不含控制字符");
        let en = format!("must be 1 to {CHARACTERS_MAX} characters without control characters");
        return Some(Words::new(zh, en));
    }
    let day = is_day(name).then(|| text.get(..10)?.parse::<Date>().ok()).flatten()?;
    let years = YEARS_AROUND.years();
    let near = filed_on.saturating_sub(years)..=filed_on.saturating_add(years);
    (!near.contains(&day)).then(|| {
        let zh = format!("应在申请日前后{YEARS_AROUND}年之内");
        Words::new(zh, format!("must lie within {YEARS_AROUND} years of the filing"))
    })
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use serde_json::json;

    use super::*;

    fn told(step: &str, fields: &Value) -> Vec<String> {
        let fields = fields.as_object().expect("an object");
        decided_by_a_person(Form::Birth, step, fields, date(2026, 11, 22))
            .into_iter()
            .map(|problem| problem.path)
            .collect()
    }

    /// A slip of a clerk would otherwise open cover for a century, or pay out more than the fund holds.
    #[test]
    fn what_a_clerk_decides_must_be_of_its_kind_and_plausible() {
        for sound in [
            json!({"start_on": "2026-07-01", "end_on": "2026-12-31"}),
            json!({"amount_fen": 312_050, "allowance_fen": 0}),
            json!({"width_cm": 120, "remark": "无"}),
        ] {
            assert!(told("approval", &sound).is_empty(), "{sound}");
        }
        for (wrong, field) in [
            (json!({"start_on": "1990-01-01", "end_on": "2026-12-31"}), "start_on"),
            (json!({"start_on": "2026-02-30", "end_on": "2026-12-31"}), "start_on"),
            (json!({"start_on": 20_260_701, "end_on": "2026-12-31"}), "start_on"),
            (json!({"start_on": "2026-07-01", "end_on": "2026-06-30"}), "end_on"),
            (json!({"amount_fen": i64::MAX, "allowance_fen": 0}), "amount_fen"),
            (json!({"amount_fen": -5}), "amount_fen"),
            (json!({"amount_fen": 1.5}), "amount_fen"),
            (json!({"amount_fen": "350000"}), "amount_fen"),
            (json!({"amount_fen": null}), "amount_fen"),
            (json!({"remark": "\u{0}"}), "remark"),
            (json!({"remark": {"a": 1}}), "remark"),
        ] {
            assert_eq!(told("approval", &wrong), [field], "{wrong}");
        }
        assert_eq!(
            told("first-review", &json!({"materials_genuine": "是", "insured": 1})),
            ["insured", "materials_genuine"]
        );
    }
}
