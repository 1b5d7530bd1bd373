//! What may never stand in a message: the telephone may belong to somebody else by now.
//!
//! The child's name, an ID number, the hospital, a diagnosis, a reason about a marriage, a full account number. Refused
//! twice: where a pack names such a fact, and where a text, filled in, contains one all the same.

use std::{collections::BTreeSet, fmt};

use serde_json::Value;

use super::{Kind, Template, Variable, render};
use crate::facts;

/// What a text contains that no message may contain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forbidden {
    /// The child's name.
    ChildName,
    /// An ID number: 15 or 18 characters.
    IdNumber,
    /// A full account number, or another number of 12 digits and more.
    Account,
    /// The hospital, or another place of delivery.
    Hospital,
    /// A diagnosis, or another fact of the delivery.
    Diagnosis,
    /// Something about a marriage.
    Marriage,
    /// The number of a certificate, of a register or of an insured person.
    PaperNumber,
    /// Where a family lives or is reached, or another member's name.
    Family,
}

impl fmt::Display for Forbidden {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::ChildName => "孩子的姓名 the child's name",
            Self::IdNumber => "身份证件号码 an ID number",
            Self::Account => "完整账号 a full account number",
            Self::Hospital => "医疗机构名称 the hospital",
            Self::Diagnosis => "诊断或分娩信息 a diagnosis or a fact of the delivery",
            Self::Marriage => "婚姻信息 a fact of a marriage",
            Self::PaperNumber => "证照、户口簿或参保编号 the number of a certificate, a register or an insured person",
            Self::Family => "住址、电话或家庭成员姓名 an address, a telephone number or a relative's name",
        })
    }
}

/// What a variable of this path would put into a message, where it may not.
pub(crate) fn of_path(path: &str, kind: Kind) -> Option<Forbidden> {
    let root = path.split('.').next().unwrap_or(path);
    let leaf = path.rsplit('.').next().unwrap_or(path);
    if leaf.contains("id_number") {
        return Some(Forbidden::IdNumber);
    }
    if ["facility_name", "facility_code", "issuer", "birth_place"].contains(&leaf) {
        return Some(Forbidden::Hospital);
    }
    if leaf.contains("diagnosis") {
        return Some(Forbidden::Diagnosis);
    }
    // The last four digits are what a reader recognises an account by, and nobody can use.
    if leaf.contains("account") && kind != Kind::Tail {
        return Some(Forbidden::Account);
    }
    match root {
        "delivery" => Some(Forbidden::Diagnosis),
        "marriage" | "marriage-licence" | "marriage_licence_claimed" => Some(Forbidden::Marriage),
        "children" => Some(Forbidden::ChildName),
        "child" if path == "child" || leaf == "name" => Some(Forbidden::ChildName),
        _ if ["number", "licence", "household_number", "person_number"].contains(&leaf) => Some(Forbidden::PaperNumber),
        _ if leaf.ends_with("phone") || leaf.ends_with("address") || leaf == "household_head" => {
            Some(Forbidden::Family)
        }
        _ => None,
    }
}

/// What a text of a pack, or a value fixed in it, contains already.
pub(crate) fn of_text(text: &str) -> Option<Forbidden> {
    let told = |(word, forbidden): &(&str, Forbidden)| text.contains(word).then_some(*forbidden);
    number(text).or_else(|| WORDS.iter().find_map(told))
}

/// Words that a text of a pack can only mean in one way.
const WORDS: [(&str, Forbidden); 9] = [
    ("医院", Forbidden::Hospital),
    ("妇幼", Forbidden::Hospital),
    ("卫生院", Forbidden::Hospital),
    ("诊断", Forbidden::Diagnosis),
    ("剖宫产", Forbidden::Diagnosis),
    ("早产", Forbidden::Diagnosis),
    ("离婚", Forbidden::Marriage),
    ("未婚", Forbidden::Marriage),
    ("非婚", Forbidden::Marriage),
];

/// What the filled-in text contains that no message may contain. A case's number may be long, and the reader's own name
/// may be in it; neither is searched.
pub(super) fn said(template: &Template, filled: &[(&Variable, String)], facts: &Value) -> Option<Forbidden> {
    let without = |left_out: &[Kind]| {
        let values: Vec<(&str, &str)> = filled
            .iter()
            .map(|(variable, value)| {
                (&*variable.mark, if left_out.contains(&variable.kind) { "" } else { value.as_str() })
            })
            .collect();
        render(template, &values)
    };
    if let Some(found) = number(&without(&[Kind::CaseNumber])) {
        return Some(found);
    }
    let text = close(&without(&[Kind::CaseNumber, Kind::Name]));
    // A child may be called as the text's own words are, e.g. 成长: only what was filled in counts.
    let own = close(&template.text);
    let says = |word: &str| text.matches(word).count() > own.matches(word).count();
    if names(facts, "name").iter().any(|name| says(name)) {
        return Some(Forbidden::ChildName);
    }
    let mut hospitals = names(facts, "facility_name");
    for path in ["delivery.facility_name", "certificate.issuer"] {
        hospitals.extend(facts::text(facts, path).and_then(word));
    }
    hospitals.iter().any(|hospital| says(hospital)).then_some(Forbidden::Hospital)
}

/// This field of the child and of each of the children.
fn names(facts: &Value, field: &str) -> BTreeSet<String> {
    let children = facts::at(facts, "children").and_then(Value::as_array);
    let child = facts::at(facts, "child");
    let all = children.into_iter().flatten().chain(child);
    all.filter_map(|child| facts::text(child, field).and_then(word)).collect()
}

/// Without spaces; `None` where it is a single character, which stands in every text.
fn word(text: &str) -> Option<String> {
    let text = close(text);
    (text.chars().count() >= 2).then_some(text)
}

fn close(text: &str) -> String {
    text.chars().filter(|character| !character.is_whitespace()).collect()
}

/// Digits after which a number is one that identifies.
const DIGITS_MAX: usize = 11;

/// A number of 12 digits or more, however it is grouped and whichever width its digits have.
fn number(text: &str) -> Option<Forbidden> {
    let mut run = 0;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let before = run;
        run = if is_digit(character) {
            run + 1
        } else if run > 0 && [' ', '-'].contains(&character) && characters.peek().is_some_and(|next| is_digit(*next)) {
            run
        } else {
            let id_number =
                before == 15 || before == 18 || (before == 17 && ['X', 'x', '\u{FF38}'].contains(&character));
            if id_number {
                return Some(Forbidden::IdNumber);
            }
            if before > DIGITS_MAX {
                return Some(Forbidden::Account);
            }
            0
        };
    }
    match run {
        15 | 18 => Some(Forbidden::IdNumber),
        _ if run > DIGITS_MAX => Some(Forbidden::Account),
        _ => None,
    }
}

fn is_digit(character: char) -> bool {
    character.is_ascii_digit() || ('\u{FF10}'..='\u{FF19}').contains(&character)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An ID or account number would otherwise pass because it is grouped, wide, or ends in X.
    #[test]
    fn long_numbers_are_found_however_they_are_written() {
        for (text, found) in [
            ("证件号码11010119900307002X。", Some(Forbidden::IdNumber)),
            ("证件号码110101199003070020", Some(Forbidden::IdNumber)),
            ("110101900307002,", Some(Forbidden::IdNumber)),
            ("账号6222 0210 0112 2334 455", Some(Forbidden::Account)),
            ("账号6222-0210-0112", Some(Forbidden::Account)),
            ("账号622202100112", Some(Forbidden::Account)),
            ("咨询电话12333,手机13800000000。", None),
            ("2026年11月30日前缴纳400.00元", None),
        ] {
            assert_eq!(number(text), found, "{text}");
        }
    }

    /// A pack could otherwise name the facts that a stranger must not read.
    #[test]
    fn paths_to_what_no_message_says_are_known() {
        for (path, found) in [
            ("child.name", Some(Forbidden::ChildName)),
            ("child", Some(Forbidden::ChildName)),
            ("children", Some(Forbidden::ChildName)),
            ("mother.id_number", Some(Forbidden::IdNumber)),
            ("registration.id_number", Some(Forbidden::IdNumber)),
            ("marriage.spouse_name", Some(Forbidden::Marriage)),
            ("marriage-licence.licence", Some(Forbidden::Marriage)),
            ("child.facility_name", Some(Forbidden::Hospital)),
            ("certificate.issuer", Some(Forbidden::Hospital)),
            ("maternity.diagnosis", Some(Forbidden::Diagnosis)),
            ("delivery.record", Some(Forbidden::Diagnosis)),
            ("maternity-payment.account", Some(Forbidden::Account)),
            ("mother.name", None),
            ("occasion.deadline", None),
            ("card.outlet", None),
        ] {
            assert_eq!(of_path(path, Kind::Text(10)), found, "{path}");
        }
        assert_eq!(of_path("maternity-payment.account", Kind::Tail), None);
    }
}
