//! The store on SQLite: the embedded default.

/// A store in one SQLite file.
pub struct SqliteStore {}
