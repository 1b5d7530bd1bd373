//! Which days one payment covers (domain table D4): the years paid for, and the rule for a birth year that is not paid.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde_json::Value;

use crate::{
    calendar::next,
    case::Case,
    decision::{Excluded, Undecidable},
    law::{Kind, Term},
};

/// From which day benefits can run.
pub(crate) const EFFECTS: Kind = Kind::Word(&["birth", "payment-day", "day-after-payment", "next-month"]);

/// The values that a pack may set for it.
pub(crate) const TERMS: &[Term] = &[
    Term {
        key: "benefit.cross_year_rule",
        zh: "只缴次年保费时出生当年的待遇",
        en: "the birth year's benefits where only the next year is paid",
        kind: Kind::Word(&["literal", "per-year", "one-covers-both", "joint"]),
    },
    Term {
        key: "benefit.cross_year_by_person",
        zh: "只缴次年保费时是否由人工确认",
        en: "whether a person confirms where only the next year is paid",
        kind: Kind::Truth,
    },
    Term {
        key: "benefit.joint_from",
        zh: "须两年同缴的出生日起点",
        en: "the birthday of the year from which both years are paid together",
        kind: Kind::MonthDay,
    },
];

/// The days that a payment covers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cover {
    /// The first day.
    pub start_on: Date,
    /// The last day; `None` where the year that is paid for is over before the first.
    pub end_on: Option<Date>,
    /// The row of D4; empty where the birth year is paid.
    pub row: &'static str,
    /// Why a person must confirm it, in both languages.
    pub person: Option<(String, String)>,
    /// What else the sources leave open.
    pub warnings: Vec<(String, String)>,
    /// The rows of D4 that were not taken.
    pub excluded: Vec<Excluded>,
}

/// The days from birth to the day before the cover starts; `None` where there are none.
pub fn uncovered(born: Date, cover: &Cover) -> Option<(Date, Date)> {
    (cover.start_on > born).then(|| (born, cover.start_on.yesterday().unwrap_or(cover.start_on)))
}

/// The calendar years that are paid for: those of the payment, else of the enrolment, else those ticked in the form.
///
/// # Errors
/// If none is named, or what is named is no year.
pub(crate) fn years(case: &Case<'_>, born: Date) -> Result<BTreeSet<i16>, Undecidable> {
    for path in ["premium.years", "enrolment.years"] {
        if let Some(found) = case.fact(path).and_then(Value::as_array).filter(|found| !found.is_empty()) {
            return found.iter().map(|year| calendar_year(year, path)).collect();
        }
    }
    ticked(case, born)?.ok_or_else(|| Undecidable::Missing(vec!["premium.years".to_owned()]))
}

/// The years ticked in the form; `None` where none is.
///
/// # Errors
/// If a tick is none of the form's.
pub(crate) fn ticked(case: &Case<'_>, born: Date) -> Result<Option<BTreeSet<i16>>, Undecidable> {
    let path = "child.insurance.years";
    let Some(found) = case.fact(path).and_then(Value::as_array).filter(|found| !found.is_empty()) else {
        return Ok(None);
    };
    let year_of = |tick: &Value| match tick.as_str() {
        Some("birth-year") => Ok(born.year()),
        Some("next-year") => Ok(born.year() + 1),
        Some(_) | None => calendar_year(tick, path),
    };
    found.iter().map(year_of).collect::<Result<_, _>>().map(Some)
}

fn calendar_year(found: &Value, path: &str) -> Result<i16, Undecidable> {
    let year = found.as_i64().and_then(|year| i16::try_from(year).ok()).filter(|year| (1900..9998).contains(year));
    year.ok_or_else(|| Undecidable::Impossible {
        path: path.to_owned(),
        zh: "不是年份".to_owned(),
        en: "is not a year".to_owned(),
    })
}

/// The cover of a payment whose benefits run from a day that the payment sets: that of its own years, no earlier.
pub(crate) fn from_day(first: Date, years: &BTreeSet<i16>) -> Cover {
    let Some(year) = years.range(first.year()..).next().copied() else {
        return Cover {
            start_on: first,
            person: Some((
                format!("待遇应自{first}起,而所缴年度已过,无可享受之日,由人工处理"),
                format!("benefits would start on {first}, when the years paid for are over; a person must decide"),
            )),
            ..Cover::default()
        };
    };
    Cover { start_on: first.max(first_of(year)), end_on: Some(last_day(year, years)), ..Cover::default() }
}

/// The cover of a payment whose benefits run from birth: whole where the birth year is paid, else as D4 says.
///
/// # Errors
/// If the years can belong to no such payment, or the pack has no rule where one is asked for.
pub(crate) fn from_birth(case: &Case<'_>, born: Date, years: &BTreeSet<i16>) -> Result<Cover, Undecidable> {
    let birth_year = born.year();
    let first = years.first().copied().unwrap_or(birth_year);
    if !(birth_year..=birth_year + 1).contains(&first) {
        return Err(Undecidable::Impossible {
            path: "premium.years".to_owned(),
            zh: "参保年度应为出生当年或次年".to_owned(),
            en: "the years paid for must begin with the birth year or the next".to_owned(),
        });
    }
    let whole = Cover { start_on: born, end_on: Some(last_day(first, years)), ..Cover::default() };
    let rule = case.word("benefit.cross_year_rule", Some(born));
    let is_joint = rule == Some("joint") && must_be_joint(case, born);
    let covers_next = years.contains(&(birth_year + 1));
    if first == birth_year {
        return Ok(if is_joint && !covers_next { joint_missing(whole) } else { whole });
    }
    let next_year_only = Cover { start_on: first_of(birth_year + 1), ..whole.clone() };
    Ok(match case.set("benefit.cross_year_rule", rule)? {
        "per-year" => taken(Cover { row: "D4-2", ..next_year_only }),
        "one-covers-both" => taken(Cover { row: "D4-3", ..whole }),
        "joint" if is_joint => joint_missing(next_year_only),
        "joint" => taken(Cover { row: "D4-4", ..next_year_only }),
        // The remark has no condition of year: the only reading that adds nothing to it.
        _ => taken(by_the_letter(case, born, whole)),
    })
}

/// D4 `literal`: from birth, and by the pack's choice a person confirms it, because the source does not say (G3).
fn by_the_letter(case: &Case<'_>, born: Date, whole: Cover) -> Cover {
    let why = (
        "只缴纳了次年保费:附3备注未区分年度,按字面自出生之日起享受,出生当年是否覆盖来源未写明(G3)".to_owned(),
        "only the next year is paid: by the letter of the remark benefits start at birth; whether the birth year is covered the source does not say (G3)"
            .to_owned(),
    );
    let confirmed = case.says("benefit.cross_year_by_person", Some(born)).unwrap_or(false);
    let mut cover = Cover { row: "D4-1", ..whole };
    if confirmed {
        cover.person = Some(why);
    } else {
        cover.warnings.push(why);
    }
    cover
}

/// D4 `joint`: one of the two years is missing.
fn joint_missing(cover: Cover) -> Cover {
    taken(Cover {
        row: "D4-4",
        person: Some((
            "出生当年与次年保费须一并缴纳,现只缴其一,由人工处理".to_owned(),
            "birth year and next year must be paid together and only one is; a person must decide".to_owned(),
        )),
        ..cover
    })
}

fn must_be_joint(case: &Case<'_>, born: Date) -> bool {
    match case.provision("benefit.joint_from", Some(born)).map(|found| &found.value) {
        Some(crate::law::Value::MonthDay(month, day)) => (born.month(), born.day()) >= (*month, *day),
        Some(_) | None => true,
    }
}

/// Names the rows of D4 that the pack's rule leaves out.
fn taken(mut cover: Cover) -> Cover {
    let rows = [
        ("D4-1", "按字面:缴费及时即自出生之日起", "by the letter: from birth if paid in time"),
        ("D4-2", "分年:各年待遇凭各年保费", "per year: each year's benefits by its own premium"),
        ("D4-3", "一次缴费覆盖两年", "one payment covers both years"),
        ("D4-4", "两年须一并缴纳", "both years are paid together"),
    ];
    let others = rows.into_iter().filter(|(row, ..)| *row != cover.row);
    cover.excluded = others
        .map(|(row, zh, en)| Excluded {
            row: row.into(),
            zh: format!("本地未采用: {zh}"),
            en: format!("not the rule here: {en}"),
        })
        .collect();
    cover
}

/// The last day of the years that follow one another from this one.
fn last_day(from: i16, years: &BTreeSet<i16>) -> Date {
    let mut year = from;
    while years.contains(&(year + 1)) {
        year += 1;
    }
    last_of(year)
}

/// 1 January of a year.
pub(crate) fn first_of(year: i16) -> Date {
    Date::new(year, 1, 1).unwrap_or(Date::MAX)
}

/// 31 December of a year.
pub(crate) fn last_of(year: i16) -> Date {
    Date::new(year, 12, 31).unwrap_or(Date::MAX)
}

/// The day that an effect, one of the words of [`EFFECTS`], names.
pub(crate) fn first_day(effect: &str, born: Date, paid: Date) -> Date {
    match effect {
        "birth" => born,
        "payment-day" => paid,
        "next-month" => next(paid.last_of_month()),
        _ => next(paid),
    }
}
