//! What the coordinator has committed so far: counted without a lock, for the benchmark and the metrics.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::limits;

/// How many commits there were, and of how many sagas each.
#[derive(Debug)]
pub struct Tally {
    /// By number of sagas; the last place takes every larger commit, which only operators' orders over whole
    /// applications can make.
    by_sagas: Vec<AtomicU64>,
}

impl Default for Tally {
    fn default() -> Self {
        Self { by_sagas: (0..=limits::BATCH_MAX).map(|_| AtomicU64::new(0)).collect() }
    }
}

impl Tally {
    /// One more commit, of so many sagas.
    pub(super) fn committed(&self, sagas: usize) {
        self.by_sagas[sagas.min(limits::BATCH_MAX)].fetch_add(1, Ordering::Relaxed);
    }

    /// The commits so far by the number of their sagas: as many commits of `n` sagas as stand in place `n`.
    pub fn commits_by_sagas(&self) -> Vec<u64> {
        self.by_sagas.iter().map(|count| count.load(Ordering::Relaxed)).collect()
    }
}
