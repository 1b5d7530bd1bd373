//! What is wrong with a pack, so that whoever writes one can put everything right in one go.

use std::fmt;

/// One thing that is wrong, where, and how to put it right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file's name within the pack.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub cure: String,
}

impl Problem {
    /// One problem.
    pub fn new(file: &str, line: usize, what: String, cure: String) -> Self {
        Self { file: file.to_owned(), line, what, cure }
    }
}

/// Everything that is wrong with a pack.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Problems(pub Vec<Problem>);

impl Problems {
    /// The same, each file named with the folder it lies in.
    #[must_use]
    pub fn of_folder(self, folder: &str) -> Self {
        let named = |problem: Problem| Problem { file: format!("{folder}/{}", problem.file), ..problem };
        Self(self.0.into_iter().map(named).collect())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}: {} – {}", self.file, self.line, self.what, self.cure)
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, problem) in self.0.iter().enumerate() {
            if at > 0 {
                formatter.write_str("\n")?;
            }
            problem.fmt(formatter)?;
        }
        Ok(())
    }
}
