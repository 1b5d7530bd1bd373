//! A person's sex, GB/T 2261.1.

use serde::{Deserialize, Serialize};

use crate::Violation;

/// Male or female. The standard's codes for unknown (0) and unspecified (9) are refused: the citizen ID number that
/// registration issues states one of the two, so such a birth is registered at the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Sex {
    /// 男, code 1.
    Male,
    /// 女, code 2.
    Female,
}

impl Sex {
    /// Parses `1` or `2`.
    ///
    /// # Errors
    /// `SX-001` anything else.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        match text {
            "1" => Ok(Sex::Male),
            "2" => Ok(Sex::Female),
            _ => Err(Violation::new(
                "SX-001",
                "性别代码应为1(男)或2(女);其他情形请到窗口办理",
                "the sex code must be 1 (male) or 2 (female); other cases are handled at the window",
            )),
        }
    }

    /// The code.
    pub fn as_str(&self) -> &'static str {
        match self {
            Sex::Male => "1",
            Sex::Female => "2",
        }
    }

    /// `男` or `女`.
    pub fn name_zh(&self) -> &'static str {
        match self {
            Sex::Male => "男",
            Sex::Female => "女",
        }
    }
}

impl TryFrom<String> for Sex {
    type Error = Violation;

    fn try_from(text: String) -> Result<Self, Violation> {
        Sex::parse(&text)
    }
}

impl From<Sex> for String {
    fn from(sex: Sex) -> String {
        sex.as_str().to_owned()
    }
}
