//! The tax authority (税务): waits until a family has paid its premium, and tells payments that nobody waited for.
//!
//! The orchestrator takes no money and orders none: a parent pays at tax, when the parent likes. How tax is asked is a
//! [`PremiumCollection`]; by default a [simulated](simulated) one. The contract in words, with codes and times:
//! `README.md`.

pub mod contract;

mod collection;

pub mod simulated;

use std::sync::Arc;

use adapter::{Adapter, Call, Department, Fact, Reply, Stopped, Undo, Undone, Unknown};

pub use crate::collection::PremiumCollection;
use crate::contract::{AwaitPremium, PremiumPaid};

type System = Arc<dyn PremiumCollection>;

/// 税务.
pub fn adapter(collection: System) -> Department {
    Adapter::for_department("tax")
        .remote("AwaitPremium", await_premium)
        .undone_by("RefundPremium", refund_premium)
        .stopped_by(stop_waiting)
        .notices(payments)
        .acknowledged(payments_told)
        .serving(collection)
}

/// 居民医保缴费, 皖 附件2 二.5: the answer comes when the family has paid.
async fn await_premium(collection: &System, request: AwaitPremium, call: Call) -> Result<Reply<PremiumPaid>, Unknown> {
    collection.await_premium(call.id(), &request).await
}

async fn stop_waiting(collection: &System, request: AwaitPremium, call: Call) -> Result<Stopped, Unknown> {
    collection.stop_waiting(call.id(), &request).await
}

/// 退费, 篇10 10章 art. 3 by analogy.
async fn refund_premium(
    collection: &System,
    undo: Undo<AwaitPremium, PremiumPaid>,
    call: Call,
) -> Result<Undone, Unknown> {
    collection.refund(&undo.act_id, call.id()).await
}

async fn payments(collection: &System) -> Result<Vec<Fact>, Unknown> {
    collection.untold_payments().await
}

async fn payments_told(collection: &System, ids: Vec<[u8; 16]>) -> Result<(), Unknown> {
    collection.payments_told(&ids).await
}
