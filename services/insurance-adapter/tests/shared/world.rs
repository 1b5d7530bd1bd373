//! The simulated agency behind its adapter, under a clock that stands still.

use std::sync::Arc;

use adapter::{
    Department,
    simulated::{Behaviours, Desk, Ledger},
};
use insurance_adapter::{InsuranceAgency, adapter, simulated::SimulatedInsurance};
use service::clock::VirtualClock;

/// 2026-11-22 in Beijing.
pub(crate) const NOW_MS: i64 = 1_795_276_800_000;

/// One agency.
pub(crate) struct World {
    pub(crate) agency: Arc<SimulatedInsurance>,
    pub(crate) clock: VirtualClock,
}

impl World {
    pub(crate) fn new() -> Self {
        let clock = VirtualClock::at(NOW_MS);
        let desk = Desk::new(Ledger::in_memory(), Behaviours::default(), Arc::new(clock.clone()));
        Self { agency: Arc::new(SimulatedInsurance::new(desk)), clock }
    }

    pub(crate) fn department(&self) -> Department {
        adapter(Arc::clone(&self.agency) as Arc<dyn InsuranceAgency>)
    }

    /// How many effects stand.
    pub(crate) fn standing(&self) -> usize {
        self.agency.desk().ledger().standing_in_memory()
    }
}
