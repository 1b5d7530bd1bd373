//! What keeps the repository tidy: small checkers, each shown to fail on a bad sample, run on the whole tree by
//! `tests/repository.rs`.
//!
//! They hold what a compiler does not: who may depend on whom, how long a file may be, that every error code has a page,
//! that a link leads somewhere. They read files and `cargo metadata` and change nothing.

pub mod codes;
pub mod decisions;
pub mod dependencies;
pub mod links;
pub mod sources;
pub mod tree;

use std::fmt;

/// Something that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// Where: a file, a file with its line, or a package.
    pub place: String,
    /// What is wrong, and what would be right.
    pub what: String,
}

impl Finding {
    /// A finding at a place.
    pub fn new(place: impl Into<String>, what: impl Into<String>) -> Self {
        Self { place: place.into(), what: what.into() }
    }

    /// A finding in a line of a file, counted from 0 as `enumerate` does.
    pub fn at_line(path: &str, index: usize, what: impl Into<String>) -> Self {
        Self::new(format!("{path}:{}", index + 1), what)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.place, self.what)
    }
}

/// Panics with every finding, one a line, so that a person mends them all at once.
///
/// # Panics
/// If there is a finding.
pub fn expect_none(findings: &[Finding]) {
    let lines: Vec<String> = findings.iter().map(ToString::to_string).collect();
    assert!(lines.is_empty(), "{} findings:\n{}", lines.len(), lines.join("\n"));
}
