//! The number of a birth certificate (出生医学证明编号).

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Violation;
use crate::masked::masked;

/// One capital letter and nine digits. It has no check digit, and nothing may be concluded from its letter.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CertificateNumber(String);

impl CertificateNumber {
    /// Parses a number like `X320101001`.
    ///
    /// # Errors
    /// `CN-001` not a capital letter and nine digits.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        match text.as_bytes() {
            [letter, digits @ ..]
                if letter.is_ascii_uppercase() && digits.len() == 9 && digits.iter().all(u8::is_ascii_digit) =>
            {
                Ok(CertificateNumber(text.to_owned()))
            }
            _ => Err(Violation::new(
                "CN-001",
                "出生医学证明编号应为1位大写字母加9位数字",
                "a birth certificate number is one capital letter and nine digits",
            )),
        }
    }

    /// The ten characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// `CertificateNumber(X3******01)`.
impl fmt::Debug for CertificateNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CertificateNumber({})", masked(&self.0, 2, 2))
    }
}

impl TryFrom<String> for CertificateNumber {
    type Error = Violation;

    fn try_from(text: String) -> Result<Self, Violation> {
        CertificateNumber::parse(&text)
    }
}

impl From<CertificateNumber> for String {
    fn from(number: CertificateNumber) -> String {
        number.0
    }
}
