//! The store that forgets nothing but a power cut: for the simulation, and for tests that need no disk.

/// A store in memory; its clones share what is stored, so that a simulated crash keeps it.
#[derive(Clone, Default)]
pub struct MemoryStore {}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }
}
