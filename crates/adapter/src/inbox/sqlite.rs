//! The inbox in sqlite.
/// sqlite
#[derive(Default)]
pub struct SqliteInbox {}
