//! What a newborn is to the head of the household (婴儿与户主关系), GB/T 4761-2008.

use serde::{Deserialize, Serialize};

use crate::{Sex, Violation};

/// Codes of kinship by marriage among 20 to 49: 女婿, 儿媳, 孙媳妇, 孙女婿.
const BY_MARRIAGE: [u8; 4] = [28, 38, 45, 46];

/// A code of 20 to 49: a child (2x a son, 3x a daughter) or a grandchild (4x) of the head of the household.
///
/// The standard knows more; none of it fits a newborn, who is neither the head nor married to anyone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Relation(String);

impl Relation {
    /// Parses a two-digit code.
    ///
    /// # Errors
    /// `RE-001` not two digits, `RE-002` a relation that no newborn has to the head of a household.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        if text.len() != 2 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Violation::new("RE-001", "家庭关系代码应为2位数字", "a relation code has 2 digits"));
        }
        let code: u8 = text.parse().expect("two digits are a number below 100");
        if !(20..=49).contains(&code) || BY_MARRIAGE.contains(&code) {
            return Err(Violation::new(
                "RE-002",
                "婴儿与户主的关系应为子(20至27、29)、女(30至37、39)或孙辈(40至44、47至49)",
                "a newborn is a son (20-27, 29), daughter (30-37, 39) or grandchild (40-44, 47-49) of the head",
            ));
        }
        Ok(Relation(text.to_owned()))
    }

    /// The two-digit code.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The sex that the code states, to be compared with the child's; `None` where it leaves it open (40, 49).
    pub fn sex(&self) -> Option<Sex> {
        match self.0.as_bytes() {
            [b'2', _] | [b'4', b'1' | b'3' | b'7'] => Some(Sex::Male),
            [b'3', _] | [b'4', b'2' | b'4' | b'8'] => Some(Sex::Female),
            _ => None,
        }
    }
}

impl TryFrom<String> for Relation {
    type Error = Violation;

    fn try_from(text: String) -> Result<Self, Violation> {
        Relation::parse(&text)
    }
}

impl From<Relation> for String {
    fn from(relation: Relation) -> String {
        relation.0
    }
}
