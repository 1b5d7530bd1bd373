//! Messages to families: the published texts, their variables, and how long they are on the air.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::{
    Pack,
    facts::{self, Missing},
};

/// UTF-16 units of a text that goes out as one message: 140 bytes of UCS-2.
pub const UNITS_ALONE_MAX: usize = 70;

/// UTF-16 units of each part of a longer one: 6 of the 140 bytes say which part it is.
pub const UNITS_PER_PART_MAX: usize = 67;

/// To whom a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recipient {
    /// The mother.
    Applicant,
    /// The father.
    Father,
}

/// A place in a text that is filled from the facts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// As it stands in the text, e.g. `***`.
    pub mark: Arc<str>,
    /// Where its value is in the facts, e.g. `mother.name`.
    pub path: Arc<str>,
}

/// A text as it was published, with its variables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// E.g. `N13`.
    pub id: Arc<str>,
    /// For officials, in Chinese.
    pub title: Arc<str>,
    /// To whom it goes.
    pub to: Recipient,
    /// Letter by letter; without the signature.
    pub text: Arc<str>,
    /// What is filled in.
    pub variables: Vec<Variable>,
    /// The article.
    pub source: Arc<str>,
}

/// The text with each mark replaced by its value. A value is never searched for marks; each mark is filled wherever it
/// stands, and one without a value stays as it is.
pub fn render(template: &Template, values: &[(&str, &str)]) -> String {
    let mut rendered = String::with_capacity(template.text.len());
    let mut rest: &str = &template.text;
    while let Some((at, mark, value)) = next_mark(rest, values) {
        rendered.push_str(&rest[..at]);
        rendered.push_str(value);
        rest = &rest[at + mark.len()..];
    }
    rendered.push_str(rest);
    rendered
}

fn next_mark<'v>(text: &str, values: &[(&'v str, &'v str)]) -> Option<(usize, &'v str, &'v str)> {
    let found = values.iter().filter(|(mark, _)| !mark.is_empty());
    let found = found.filter_map(|(mark, value)| text.find(mark).map(|at| (at, *mark, *value)));
    found.min_by_key(|(at, mark, _)| (*at, std::cmp::Reverse(mark.len())))
}

/// What the command to send this message carries as `message`: `{template, phone, text, signature, segments}`, the
/// signature in 【】 already standing in front of `text`.
///
/// Returns `None` where the pack has no such template; fails with the facts that are missing.
pub fn compose(pack: &Pack, template: &str, facts: &Value) -> Option<Result<Value, Missing>> {
    let template = pack.messages.get(template)?;
    Some(fill(pack, template, facts))
}

fn fill(pack: &Pack, template: &Template, facts: &Value) -> Result<Value, Missing> {
    let phone_path = match template.to {
        Recipient::Applicant => "mother.phone",
        Recipient::Father => "father.phone",
    };
    let phone = facts::text(facts, phone_path);
    let mut missing: Vec<Arc<str>> = Vec::new();
    if phone.is_none() {
        missing.push(phone_path.into());
    }
    let mut values = Vec::new();
    for variable in &template.variables {
        match facts::text(facts, &variable.path) {
            Some(value) => values.push((&*variable.mark, value)),
            None => missing.push(Arc::clone(&variable.path)),
        }
    }
    let Some(phone) = phone.filter(|_| missing.is_empty()) else {
        return Err(Missing { paths: missing });
    };
    let text = signed(&pack.sms_signature, &render(template, &values));
    Ok(json!({
        "template": &*template.id,
        "phone": phone,
        "segments": segments(&text).len(),
        "text": text,
        "signature": &*pack.sms_signature,
    }))
}

/// The text with its signature in front, as it is sent and counted.
pub fn signed(signature: &str, text: &str) -> String {
    if signature.is_empty() { text.to_owned() } else { format!("【{signature}】{text}") }
}

/// Its length in UTF-16 units, which is what a message is charged by: a rare character counts two.
pub fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

/// The parts in which it is sent: one up to [`UNITS_ALONE_MAX`] units, else of at most [`UNITS_PER_PART_MAX`] each,
/// never splitting a character.
pub fn segments(text: &str) -> Vec<&str> {
    if units(text) <= UNITS_ALONE_MAX {
        return vec![text];
    }
    let mut parts = Vec::new();
    let (mut start, mut length) = (0, 0);
    for (at, character) in text.char_indices() {
        if length + character.len_utf16() > UNITS_PER_PART_MAX {
            parts.push(&text[start..at]);
            (start, length) = (at, 0);
        }
        length += character.len_utf16();
    }
    parts.push(&text[start..]);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(text: &str) -> Template {
        Template {
            id: "T".into(),
            title: "测试".into(),
            to: Recipient::Applicant,
            text: text.into(),
            variables: Vec::new(),
            source: "测试".into(),
        }
    }

    /// A message longer than a network takes would otherwise arrive cut off, or be paid for twice.
    #[test]
    fn seventy_units_are_one_message_and_longer_ones_come_in_parts_of_sixty_seven() {
        for (length, parts) in [(0, 1), (1, 1), (70, 1), (71, 2), (134, 2), (135, 3), (201, 3), (202, 4)] {
            let text = "生".repeat(length);
            let sent = segments(&text);
            assert_eq!((sent.len(), sent.concat()), (parts, text), "{length}");
        }
    }

    /// A child with a rare character in its name would otherwise be written to in rubbish.
    #[test]
    fn a_character_of_two_units_is_never_split() {
        let text = format!("{}𠀀{}", "生".repeat(66), "生".repeat(10));
        assert_eq!(units(&text), 78);
        let sent = segments(&text);
        assert_eq!(sent.iter().map(|part| units(part)).collect::<Vec<_>>(), [66, 12]);
        assert_eq!(sent.concat(), text);
    }

    /// A mother named like a mark would otherwise have her name filled in again.
    #[test]
    fn values_are_filled_in_once_and_never_read_for_marks() {
        let filled = render(&template("{a},{b},{a},{c}"), &[("{a}", "{b}"), ("{b}", "乙")]);
        assert_eq!(filled, "{b},乙,{b},{c}");
    }

    /// Of two marks of which one begins like the other the wrong one would otherwise be filled.
    #[test]
    fn the_longest_mark_wins() {
        assert_eq!(render(&template("***到**"), &[("**", "二"), ("***", "三")]), "三到二");
    }
}
