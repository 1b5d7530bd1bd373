//! What is wrong with a value, said to the person who typed it.

/// One rule that a value breaks. It names the rule and never contains the value, so it may be logged and returned.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code} {zh} ({en})")]
pub struct Violation {
    /// The rule's code, `ID-001` for instance: stable, to be looked up and counted.
    pub code: &'static str,
    /// What is wrong and what is expected, in Chinese.
    pub zh: String,
    /// The same in English.
    pub en: String,
}

impl Violation {
    /// A violation of the rule `code`. The texts must not quote the value.
    pub fn new(code: &'static str, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Violation { code, zh: zh.into(), en: en.into() }
    }
}
