//! Conditions E10 to E12, which other provinces set: age, surname, and the father's authorisation beforehand.
//!
//! Public variants: Fujian asks for six months, the surname of a parent and the father's e-licence; Guangdong and Gansu
//! for one year (domain §8).

use identifiers::{LocalMinute, normalise_for_comparison};
use serde_json::Value;

use super::{
    Standing::{self, Fails, Holds, NotTold},
    each_child,
    window::within,
};
use crate::{case::Case, decision::Undecidable, facts, rules::Ruling};

/// Surnames of two characters that are still common; of a name that begins with one, both characters are compared.
const COMPOUND_SURNAMES: [&str; 20] = [
    "欧阳", "上官", "司马", "诸葛", "司徒", "东方", "独孤", "南宫", "夏侯", "皇甫", "尉迟", "公孙", "慕容", "长孙",
    "宇文", "令狐", "端木", "轩辕", "呼延", "申屠",
];

/// E10: each child is young enough on the day of filing.
pub(super) fn young_enough(case: &Case<'_>, ruling: &mut Ruling) -> Result<Standing, Undecidable> {
    let children = each_child(case);
    let Some(span) = case.span("eligibility.max_age", None) else { return Ok(NotTold) };
    if children.is_empty() {
        return Ok(NotTold);
    }
    for child in children {
        let Some(born_at) = facts::text(child, "born_at").and_then(|text| LocalMinute::parse(text).ok()) else {
            return Ok(NotTold);
        };
        if !within(case, ruling, &born_at, span, "age", "eligibility.max_age")? {
            return Ok(Fails);
        }
    }
    Ok(Holds)
}

/// E11: each child bears its father's or its mother's surname. Names without a surname in the Chinese sense, such as
/// those with the separator, are for a person to judge.
pub(super) fn surname_of_a_parent(case: &Case<'_>) -> Standing {
    if case.says("eligibility.surname_of_parent", None) == Some(false) {
        return Holds;
    }
    let parents = [case.text("father.name"), case.text("mother.name")];
    let surnames: Vec<String> = parents.into_iter().flatten().filter_map(surname).collect();
    let children = each_child(case);
    if surnames.is_empty() || children.is_empty() {
        return NotTold;
    }
    let mut standing = Holds;
    for child in children {
        match facts::text(child, "name").map(surname) {
            Some(Some(own)) if surnames.contains(&own) => {}
            Some(Some(_)) if surnames.len() == 2 => return Fails,
            // One parent's surname is not known: the child may bear it.
            Some(Some(_) | None) | None => standing = NotTold,
        }
    }
    standing
}

/// E12: 父亲通过电子身份证件授权, before the application. Where the pack has a task for it, nothing is asked here.
pub(super) fn father_has_authorised(case: &Case<'_>) -> Standing {
    match case.word("eligibility.father_authorisation", None) {
        Some("e-licence-grant") => match case.fact("father.licence_granted").and_then(Value::as_bool) {
            Some(true) => Holds,
            Some(false) => Fails,
            None => NotTold,
        },
        Some(_) => Holds,
        None => NotTold,
    }
}

/// The surname of a name as systems compare it; `None` where it has none that a machine can tell.
fn surname(name: &str) -> Option<String> {
    let name = normalise_for_comparison(name);
    if name.contains('\u{B7}') {
        return None;
    }
    let compound = COMPOUND_SURNAMES.iter().find(|surname| name.starts_with(**surname) && name.chars().count() > 2);
    match compound {
        Some(surname) => Some((*surname).to_owned()),
        None => name.chars().next().map(String::from),
    }
}
