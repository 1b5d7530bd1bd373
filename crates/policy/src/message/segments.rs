//! How long a message is on the air: UTF-16 units, and the parts in which it goes out.

use super::{Template, render, signed};

/// UTF-16 units of a text that goes out as one message: 140 bytes of UCS-2.
pub const UNITS_ALONE_MAX: usize = 70;

/// UTF-16 units of each part of a longer one: 6 of the 140 bytes say which part it is.
pub const UNITS_PER_PART_MAX: usize = 67;

/// How long a message of a template is, its signature counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lengths {
    /// UTF-16 units with the typical value of each variable.
    pub typical: usize,
    /// UTF-16 units with the longest value of each.
    pub longest: usize,
    /// Parts in which the longest goes out.
    pub segments: usize,
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

/// How long its messages are, with this signature in front.
pub fn lengths(template: &Template, signature: &str) -> Lengths {
    let with = |value: fn(&super::Variable) -> String| {
        let values: Vec<(&str, String)> =
            template.variables.iter().map(|variable| (&*variable.mark, value(variable))).collect();
        let values: Vec<(&str, &str)> = values.iter().map(|(mark, value)| (*mark, value.as_str())).collect();
        signed(signature, &render(template, &values))
    };
    let longest = with(|variable| "长".repeat(variable.longest));
    Lengths {
        typical: units(&with(|variable| variable.typical.to_string())),
        longest: units(&longest),
        segments: segments(&longest).len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
