//! What the police's own system can be asked: the seam between the adapter and the system.
//!
//! Registering is given the idempotency key of the call; called again with the same key it does nothing more and says
//! what became of the first. An error means that the outcome is not known. What the system says no to, it says with the
//! codes of the contract.

use adapter::{
    Fact, Reply, Stopped, Unknown,
    correction::{CorrectRecord, CorrectRecordOutput},
};
use async_trait::async_trait;

use crate::contract::{QueryHousehold, QueryHouseholdOutput, RegisterBirth, RegisterBirthOutput};

/// The household register (户籍管理系统).
#[async_trait]
pub trait HouseholdRegister: Send + Sync + 'static {
    /// Looks for both parents' households.
    async fn find_households(
        &self,
        key: &str,
        request: &QueryHousehold,
    ) -> Result<Reply<QueryHouseholdOutput>, Unknown>;
    /// Registers a birth and issues the citizen ID number, or answers with the registration that stands.
    async fn register(&self, key: &str, request: &RegisterBirth) -> Result<Reply<RegisterBirthOutput>, Unknown>;
    /// Stops the registration taken up under `act`, if it is not decided.
    async fn stop_registration(&self, act: &str) -> Result<Stopped, Unknown>;
    /// Registrations done at counters that nobody has acknowledged.
    async fn notices(&self) -> Result<Vec<Fact>, Unknown>;
    /// These facts need not be told again.
    async fn acknowledged(&self, ids: &[[u8; 16]]) -> Result<(), Unknown>;
    /// Corrects a record and keeps what stood before.
    async fn correct_record(&self, key: &str, request: &CorrectRecord) -> Result<Reply<CorrectRecordOutput>, Unknown>;
}
