//! The codes of errors that an operator may see, and where each is explained.

use std::fmt;

/// The code of an error, e.g. `YJ-0101`, under which `docs/errors` says what it means, why it happens and what to do.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ErrorCode(u16);

/// Another process works on the data folder.
pub const DATA_FOLDER_IN_USE: ErrorCode = ErrorCode::new(101);
/// An address that other machines can reach, while operators do not sign in yet.
pub const NOT_LOOPBACK: ErrorCode = ErrorCode::new(102);
/// The data folder cannot be made, secured or locked.
pub const DATA_FOLDER_UNUSABLE: ErrorCode = ErrorCode::new(103);
/// The configuration has a mistake.
pub const CONFIGURATION: ErrorCode = ErrorCode::new(104);

impl ErrorCode {
    /// The code of this number. Panics above 9999, which a constant shows at compile time.
    pub const fn new(number: u16) -> ErrorCode {
        assert!(number <= 9999, "an error code has four digits");
        ErrorCode(number)
    }

    /// The page that explains it, from the repository's root: `docs/errors/YJ-0101.md`.
    pub fn page(self) -> String {
        format!("docs/errors/{self}.md")
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "YJ-{:04}", self.0)
    }
}

impl fmt::Debug for ErrorCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// If this fails, an operator who looks up a code finds no page.
    #[test]
    fn a_code_names_its_page() {
        assert_eq!(DATA_FOLDER_IN_USE.to_string(), "YJ-0101");
        for code in [DATA_FOLDER_IN_USE, NOT_LOOPBACK, DATA_FOLDER_UNUSABLE, CONFIGURATION] {
            let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(code.page());
            assert!(page.is_file(), "{} is missing", code.page());
        }
    }
}
