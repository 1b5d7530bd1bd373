//! Collects what is wrong with a form, and the checks that more than one block of it needs.

use std::ops::RangeInclusive;

use identifiers::AreaCode;
use jiff::civil::Date;

/// One rule that one field breaks. Never contains the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The field as the form names it, e.g. `children[0].name`.
    pub field: String,
    /// The rule's code: `docs/errors/YJ-0201.md` lists them.
    pub code: &'static str,
    /// What is wrong and what is expected, in Chinese.
    pub zh: String,
    /// The same in English.
    pub en: String,
}

/// Everything that is wrong with a request, in the order of its fields; never empty as an error.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} violations", .0.len())]
pub struct Violations(pub Vec<Violation>);

impl Violations {
    /// One violation.
    pub fn one(field: &str, code: &'static str, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self(vec![Violation { field: field.to_owned(), code, zh: zh.into(), en: en.into() }])
    }
}

/// Whether a field may be left open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    /// It may not.
    Needed,
    /// It may.
    Optional,
}

/// The violations found so far. Their number is bounded by the form's own: eight children, some thirty fields each.
pub(crate) struct Check(Vec<Violation>);

impl Check {
    pub(crate) fn new() -> Self {
        Self(Vec::new())
    }

    pub(crate) fn is_clean(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn into_violations(self) -> Violations {
        Violations(self.0)
    }

    /// Nothing, or everything that was found.
    pub(crate) fn settle(self) -> Result<(), Violations> {
        if self.0.is_empty() { Ok(()) } else { Err(Violations(self.0)) }
    }

    /// Notes a violation.
    pub(crate) fn note(
        &mut self,
        field: impl Into<String>,
        code: &'static str,
        zh: impl Into<String>,
        en: impl Into<String>,
    ) {
        self.0.push(Violation { field: field.into(), code, zh: zh.into(), en: en.into() });
    }

    /// True where something is noted about this field, a part of it, or the block it stands in.
    pub(crate) fn knows(&self, field: &str) -> bool {
        let within = |inner: &str, outer: &str| {
            inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        };
        self.0.iter().any(|noted| within(&noted.field, field) || within(field, &noted.field))
    }

    /// What was parsed, or its violation noted.
    pub(crate) fn take<T>(&mut self, field: &str, parsed: Result<T, identifiers::Violation>) -> Option<T> {
        match parsed {
            Ok(value) => Some(value),
            Err(violation) => {
                self.note(field, violation.code, violation.zh, violation.en);
                None
            }
        }
    }

    /// A text that must be there: at most so many characters, no control characters.
    pub(crate) fn text(&mut self, field: &str, text: &str, characters_max: usize) -> Option<String> {
        if text.trim().is_empty() {
            self.note(field, "FRM-301", "必填项未填写", "must be filled in");
            return None;
        }
        self.optional_text(field, text, characters_max)
    }

    /// A text that may be left out; nothing where it is.
    pub(crate) fn optional_text(&mut self, field: &str, text: &str, characters_max: usize) -> Option<String> {
        let text = text.trim();
        if text.is_empty() {
            return None;
        }
        // Bytes first, so that a text of megabytes is not counted: no character has more than four.
        if text.len() > characters_max * 4 || text.chars().count() > characters_max {
            let (zh, en) = (format!("不得超过{characters_max}个字"), format!("at most {characters_max} characters"));
            self.note(field, "FRM-301", zh, en);
            return None;
        }
        if text.chars().any(char::is_control) {
            self.note(field, "FRM-301", "不得含控制字符", "no control characters");
            return None;
        }
        Some(text.to_owned())
    }

    /// A whole number within plausible limits.
    pub(crate) fn number(&mut self, field: &str, number: u32, plausible: RangeInclusive<u32>) -> Option<u32> {
        if plausible.contains(&number) {
            return Some(number);
        }
        let (low, high) = (plausible.start(), plausible.end());
        self.note(field, "FRM-301", format!("应在{low}至{high}之间"), format!("must be {low} to {high}"));
        None
    }

    /// The word of an enum's number. A number that is not listed is refused whether or not the field may be left open.
    pub(crate) fn choice(
        &mut self,
        field: &str,
        number: i32,
        words: &[(i32, &'static str)],
        choice: Choice,
    ) -> Option<&'static str> {
        let word = words.iter().find(|(known, _)| *known == number).map(|(_, word)| *word);
        match (word, number, choice) {
            (Some(word), _, _) => Some(word),
            (None, 0, Choice::Optional) => None,
            (None, 0, Choice::Needed) => {
                self.note(field, "FRM-301", "必选项未选择", "must be chosen");
                None
            }
            (None, _, _) => {
                self.note(field, "FRM-301", "不是有效的选项", "not one of the choices");
                None
            }
        }
    }

    /// An area code that is in force on this day: a district that was dissolved files nothing any more.
    pub(crate) fn area_in_force(&mut self, field: &str, text: &str, day: Date) -> Option<AreaCode> {
        let in_force = |area: AreaCode| area.at(day).map(|_| area);
        self.take(field, AreaCode::parse(text).and_then(in_force))
    }

    /// An area code, of today or of former times.
    pub(crate) fn area(&mut self, field: &str, text: &str) -> Option<AreaCode> {
        self.take(field, AreaCode::parse(text))
    }
}
