//! The inbox in memory.
/// memory
#[derive(Default)]
pub struct MemoryInbox {}
