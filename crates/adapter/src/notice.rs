//! Facts that nobody asked for: a premium paid, a registration done at a counter.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How the case of a fact is found: by blind index over a kind and a value.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// What the value is, e.g. `certificate`, `citizen-id`, `voucher`.
    pub kind: String,
    /// The value, in clear here and sealed on the bus.
    pub value: String,
}

/// Shows the kind only.
impl fmt::Debug for Subject {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Subject({})", self.kind)
    }
}

/// One fact that the department tells of its own accord.
#[derive(Clone, PartialEq)]
pub struct Fact {
    /// The department's own id of the fact; told twice, it carries the same id.
    pub id: [u8; 16],
    /// What happened, e.g. `PremiumPaid`.
    pub kind: String,
    /// Whom it concerns.
    pub subject: Subject,
    /// What the contract lists for this kind; a JSON object.
    pub fields: serde_json::Value,
}

/// Shows kind and subject's kind only.
impl fmt::Debug for Fact {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Fact({}, {:?})", self.kind, self.subject)
    }
}
