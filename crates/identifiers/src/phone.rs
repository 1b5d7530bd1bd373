//! A mobile telephone number of mainland China, the only kind that text messages reach.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Violation;
use crate::masked::masked;

/// Eleven digits that begin with 13 to 19, without country code, spaces or hyphens.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Phone(String);

impl Phone {
    /// Parses a number.
    ///
    /// # Errors
    /// `PH-001` not eleven digits that begin with 13 to 19.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        match text.as_bytes() {
            [b'1', b'3'..=b'9', rest @ ..] if rest.len() == 9 && rest.iter().all(u8::is_ascii_digit) => {
                Ok(Phone(text.to_owned()))
            }
            _ => Err(Violation::new(
                "PH-001",
                "手机号码应为11位数字,以13至19开头",
                "a mobile number has 11 digits and begins with 13 to 19",
            )),
        }
    }

    /// The eleven digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// `Phone(138****1234)`.
impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Phone({})", masked(&self.0, 3, 4))
    }
}

impl TryFrom<String> for Phone {
    type Error = Violation;

    fn try_from(text: String) -> Result<Self, Violation> {
        Phone::parse(&text)
    }
}

impl From<Phone> for String {
    fn from(phone: Phone) -> String {
        phone.0
    }
}
