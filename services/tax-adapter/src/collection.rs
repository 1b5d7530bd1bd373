//! What tax's own system can be asked: the seam between the adapter and the system.
//!
//! Every method that acts is given the idempotency key of the call; called again with the same key the system does
//! nothing more and answers the same, or how far it has come since. `act` is the key under which an act was called that
//! is to be undone or stopped. [`Unknown`] is an outcome that is not known, never a no.

use adapter::{
    Fact, Reply, Stopped, Undone, Unknown,
    correction::{CorrectRecord, CorrectRecordOutput},
};
use async_trait::async_trait;

use crate::contract::{
    AwaitPremium, ConfirmOvercollection, ConfirmOvercollectionOutput, PremiumPaid, RefundPremium, RefundPremiumOutput,
};

/// Tax's system of collecting social premiums.
#[async_trait]
pub trait PremiumCollection: Send + Sync + 'static {
    /// Enters what is due; called again, tells whether it was paid.
    async fn await_premium(&self, key: &str, request: &AwaitPremium) -> Result<Reply<PremiumPaid>, Unknown>;
    /// Closes what was entered as due, unless it was paid: a payment that is known counts, told or not.
    async fn stop_waiting(&self, act: &str, request: &AwaitPremium) -> Result<Stopped, Unknown>;
    /// Refunds the premium that answered the act.
    async fn refund(&self, act: &str, key: &str) -> Result<Undone, Unknown>;
    /// 征缴信息反馈: payments not yet told, as facts `PremiumPaid`. The same payment always carries the same id.
    async fn untold_payments(&self) -> Result<Vec<Fact>, Unknown>;
    /// These payments need not be told again.
    async fn payments_told(&self, ids: &[[u8; 16]]) -> Result<(), Unknown>;
    /// Confirms that a payment was not owed, once for a voucher.
    async fn confirm_overcollection(
        &self,
        key: &str,
        request: &ConfirmOvercollection,
    ) -> Result<Reply<ConfirmOvercollectionOutput>, Unknown>;
    /// Refunds a payment or a part of it; never more than was paid.
    async fn refund_premium(&self, key: &str, request: &RefundPremium) -> Result<Reply<RefundPremiumOutput>, Unknown>;
    /// Corrects what is known of a payer and keeps what stood before.
    async fn correct_record(&self, key: &str, request: &CorrectRecord) -> Result<Reply<CorrectRecordOutput>, Unknown>;
}
