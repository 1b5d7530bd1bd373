//! A person's name as the household register writes it, and how two names are compared.

use std::fmt;
use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use crate::Violation;
use crate::masked::masked;

/// The longest name, in characters: 民委发〔2016〕33号 asks systems for room for at least 50.
const CHARACTERS_MAX: usize = 50;

/// The separator in the names of ethnic minorities, GB 18030 A1A4.
const SEPARATOR: char = '\u{00B7}';

/// Dots that keyboards and older systems put where the separator belongs.
const SEPARATOR_LOOKALIKES: [char; 2] = ['\u{2022}', '\u{FF0E}'];

/// Assigned Han ideographs (CJK unified ideographs, Unicode 16). The end of a block that is not assigned is left out.
const HAN: [RangeInclusive<char>; 10] = [
    '\u{4E00}'..='\u{9FFF}',   // unified repertoire and ordering
    '\u{3400}'..='\u{4DBF}',   // extension A
    '\u{20000}'..='\u{2A6DF}', // extension B
    '\u{2A700}'..='\u{2B739}', // extension C
    '\u{2B740}'..='\u{2B81D}', // extension D
    '\u{2B820}'..='\u{2CEA1}', // extension E
    '\u{2CEB0}'..='\u{2EBE0}', // extension F
    '\u{2EBF0}'..='\u{2EE5D}', // extension I
    '\u{30000}'..='\u{3134A}', // extension G
    '\u{31350}'..='\u{323AF}', // extension H
];

/// 〇, which given names use and which stands among the punctuation. GB 18030 A996.
const LING: char = '\u{3007}';

/// The twelve unified ideographs that stand in the block of compatibility ideographs.
const HAN_AMONG_COMPATIBILITY: [char; 12] = [
    '\u{FA0E}', '\u{FA0F}', '\u{FA11}', '\u{FA13}', '\u{FA14}', '\u{FA1F}', '\u{FA21}', '\u{FA23}', '\u{FA24}',
    '\u{FA27}', '\u{FA28}', '\u{FA29}',
];

/// Compatibility ideographs: second codes for characters that have a unified one.
const COMPATIBILITY: [RangeInclusive<char>; 2] = ['\u{F900}'..='\u{FAFF}', '\u{2F800}'..='\u{2FA1F}'];

/// A name of 1 to 50 characters: Han ideographs, `〇` (U+3007), and `·` (U+00B7) between them.
///
/// "Within GB 18030" alone would say nothing: its four-byte codes reach every Unicode code point, so any text is. What
/// the register and its neighbours can be relied upon to store, print and read back is narrower, and is the rule here:
/// the ideographs that GB 18030-2022 and the later extensions of Unicode assign, also beyond the basic plane (a system
/// that cannot hold those has to be mended, not the name), each by its one unified code, and the separator of
/// 民委发〔2016〕33号 by its one code, GB 18030 A1A4. Private-use codes, which GB 18030-2005 and older fonts used for
/// rare characters before they were encoded, are refused, since another system shows something else for them.
///
/// Latin letters are refused too: this is the name in a Chinese register.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PersonName(String);

impl PersonName {
    /// Parses a name. Nothing is trimmed or replaced: what is registered is what was typed.
    ///
    /// # Errors
    /// `NM-001` empty or longer than 50 characters, `NM-002` not a Han ideograph, `NM-003` a compatibility ideograph,
    /// `NM-004` a separator at an end or doubled, `NM-005` another dot where `·` belongs. The texts give the position.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        // Bytes first, so that a text of megabytes is not counted: no character has more than four.
        if text.is_empty() || text.len() > CHARACTERS_MAX * 4 || text.chars().count() > CHARACTERS_MAX {
            return Err(Violation::new("NM-001", "姓名应为1至50个字", "a name has 1 to 50 characters"));
        }
        for (index, character) in text.chars().enumerate() {
            check_character(character, index + 1)?;
        }
        let doubled = text.chars().zip(text.chars().skip(1)).any(|(a, b)| a == SEPARATOR && b == SEPARATOR);
        if text.starts_with(SEPARATOR) || text.ends_with(SEPARATOR) || doubled {
            return Err(Violation::new(
                "NM-004",
                "姓名中的间隔符“·”只能用在两个字之间",
                "the separator \u{B7} stands between two characters of a name",
            ));
        }
        Ok(PersonName(text.to_owned()))
    }

    /// The name as typed.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether another system's spelling names the same person, by [`normalise_for_comparison`].
    pub fn matches(&self, other: &str) -> bool {
        normalise_for_comparison(&self.0) == normalise_for_comparison(other)
    }
}

/// `PersonName(王**)`.
impl fmt::Debug for PersonName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = usize::from(self.0.chars().count() > 1);
        write!(f, "PersonName({})", masked(&self.0, shown, 0))
    }
}

impl TryFrom<String> for PersonName {
    type Error = Violation;

    fn try_from(text: String) -> Result<Self, Violation> {
        PersonName::parse(&text)
    }
}

impl From<PersonName> for String {
    fn from(name: PersonName) -> String {
        name.0
    }
}

/// The form in which names of two systems are compared, code point by code point: canonical composition (NFC, which
/// also maps compatibility ideographs to their unified ones), no spaces, and `•` and `．` read as `·`.
///
/// For comparison and blind indexes only; never to be stored or shown as the name. No character is dropped otherwise,
/// wherever it lies: two names that differ only beyond the basic plane differ.
pub fn normalise_for_comparison(name: &str) -> String {
    name.nfc()
        .filter(|character| !character.is_whitespace())
        .map(|character| if SEPARATOR_LOOKALIKES.contains(&character) { SEPARATOR } else { character })
        .collect()
}

fn check_character(character: char, position: usize) -> Result<(), Violation> {
    if is_han(character) || character == SEPARATOR {
        return Ok(());
    }
    if SEPARATOR_LOOKALIKES.contains(&character) {
        return Err(Violation::new(
            "NM-005",
            format!("姓名第{position}个字符应使用间隔符“·”(U+00B7)"),
            format!("character {position} of the name must be the separator \u{B7} (U+00B7)"),
        ));
    }
    if COMPATIBILITY.iter().any(|block| block.contains(&character)) {
        return Err(Violation::new(
            "NM-003",
            format!("姓名第{position}个字是兼容汉字,请使用对应的统一汉字"),
            format!("character {position} of the name is a compatibility ideograph: use the unified one"),
        ));
    }
    Err(Violation::new(
        "NM-002",
        format!("姓名第{position}个字符不是规范的汉字编码(不能使用字母、数字、空格、符号或自造字)"),
        format!(
            "character {position} of the name is not a Han ideograph (no letters, digits, spaces or private codes)"
        ),
    ))
}

fn is_han(character: char) -> bool {
    HAN.iter().any(|block| block.contains(&character))
        || HAN_AMONG_COMPATIBILITY.contains(&character)
        || character == LING
}
