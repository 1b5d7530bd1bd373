//! What the card centre's own system can be asked: the seam between the adapter and the system.
//!
//! Every method is given the idempotency key of the call; called again with the same key the system does nothing more
//! and answers the same, or how far it has come since. `act` is the key under which an act was called that is to be
//! undone or stopped. [`Unknown`] is an outcome that is not known, never a no.

use adapter::{
    Reply, Stopped, Undone, Unknown,
    correction::{CorrectRecord, CorrectRecordOutput},
};
use async_trait::async_trait;

use crate::contract::{ApplyCard, ApplyCardOutput};

/// The system of a social security card centre.
#[async_trait]
pub trait CardCentre: Send + Sync + 'static {
    /// Applies for a card; called again, tells how far it has come.
    async fn apply(&self, key: &str, request: &ApplyCard) -> Result<Reply<ApplyCardOutput>, Unknown>;
    /// Withdraws an application; a card that is made is cancelled (注销).
    async fn withdraw(&self, act: &str, key: &str) -> Result<Undone, Unknown>;
    /// Stops an application as long as the card is not made.
    async fn stop(&self, act: &str) -> Result<Stopped, Unknown>;
    /// Corrects a record and keeps what stood before.
    async fn correct_record(&self, key: &str, request: &CorrectRecord) -> Result<Reply<CorrectRecordOutput>, Unknown>;
}
