//! The unified social credit code (统一社会信用代码) of an organisation, GB 32100-2015.

use serde::{Deserialize, Serialize};

use crate::{Violation, check_character};

/// Eighteen characters, six of them an area, with a right check character. Public, unlike a person's number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CreditCode(String);

impl CreditCode {
    /// Parses a code like `91350100M000100Y43`.
    ///
    /// # Errors
    /// `CC-001` not 18 characters of the code's alphabet (no I, O, S, V, Z), `CC-002` characters 3 to 8 are not an
    /// area, `CC-003` wrong check character.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        let wrong_characters = || {
            Violation::new(
                "CC-001",
                "统一社会信用代码应为18位数字或大写字母(不含I、O、S、V、Z)",
                "a unified social credit code has 18 digits or capital letters, without I, O, S, V, Z",
            )
        };
        let bytes = <&[u8; 18]>::try_from(text.as_bytes()).map_err(|_| wrong_characters())?;
        if !bytes.iter().all(|byte| check_character::CREDIT_CODE_ALPHABET.contains(byte)) {
            return Err(wrong_characters());
        }
        if !bytes[2..8].iter().all(u8::is_ascii_digit) {
            return Err(Violation::new(
                "CC-002",
                "统一社会信用代码第3至8位应为数字",
                "characters 3 to 8 of a unified social credit code are digits",
            ));
        }
        if check_character::credit_code(&bytes[..17]) != Some(char::from(bytes[17])) {
            return Err(Violation::new(
                "CC-003",
                "统一社会信用代码校验码不正确,请核对是否有误",
                "the check character of the unified social credit code is wrong: please look for a typing error",
            ));
        }
        Ok(CreditCode(text.to_owned()))
    }

    /// The 18 characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for CreditCode {
    type Error = Violation;

    fn try_from(text: String) -> Result<Self, Violation> {
        CreditCode::parse(&text)
    }
}

impl From<CreditCode> for String {
    fn from(code: CreditCode) -> String {
        code.0
    }
}
