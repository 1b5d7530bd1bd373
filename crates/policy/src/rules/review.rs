//! Domain table D10.

use super::Rule;
use crate::law::Term;

/// The rules of this table.
pub const RULES: &[Rule] = &[];

/// The values that a pack may set for them.
pub const TERMS: &[Term] = &[];
