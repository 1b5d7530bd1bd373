//! The tax authority (税务): waits until a family has paid its premium, and tells payments that nobody waited for.
//!
//! The orchestrator takes no money and orders none: a parent pays at tax, when the parent likes. How tax is asked is a
//! [`PremiumCollection`]; by default a [simulated](simulated) one. The contract in words, with codes and times:
//! `README.md`.

pub mod contract;

mod collection;

pub mod simulated;

use std::sync::Arc;

use adapter::{
    Adapter, Call, Department, Fact, Reply, Stopped, Undo, Undone, Unknown,
    correction::{CorrectRecord, CorrectRecordOutput},
};

pub use crate::collection::PremiumCollection;
use crate::contract::{
    AwaitPremium, ConfirmOvercollection, ConfirmOvercollectionOutput, PremiumPaid, RefundPremium, RefundPremiumOutput,
};

type System = Arc<dyn PremiumCollection>;

/// 税务.
pub fn adapter(collection: System) -> Department {
    Adapter::for_department("tax")
        .remote("AwaitPremium", await_premium)
        .undone_by("RefundPremium", undo_premium)
        .stopped_by(stop_waiting)
        .remote("ConfirmOvercollection", confirm_overcollection)
        .remote("RefundPremium", refund_premium)
        .remote("CorrectRecord", correct_record)
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

/// 退费 of what an act was answered with, 篇10 10章 art. 3 by analogy.
async fn undo_premium(
    collection: &System,
    undo: Undo<AwaitPremium, PremiumPaid>,
    call: Call,
) -> Result<Undone, Unknown> {
    collection.refund(&undo.act_id, call.id()).await
}

/// 多收、重收证明, 篇10 10章 art. 3(二).
async fn confirm_overcollection(
    collection: &System,
    request: ConfirmOvercollection,
    call: Call,
) -> Result<Reply<ConfirmOvercollectionOutput>, Unknown> {
    collection.confirm_overcollection(call.id(), &request).await
}

/// 退费 of a payment by its voucher, as a step of its own.
async fn refund_premium(
    collection: &System,
    request: RefundPremium,
    call: Call,
) -> Result<Reply<RefundPremiumOutput>, Unknown> {
    collection.refund_premium(call.id(), &request).await
}

/// 更正: the payer's record.
async fn correct_record(
    collection: &System,
    request: CorrectRecord,
    call: Call,
) -> Result<Reply<CorrectRecordOutput>, Unknown> {
    collection.correct_record(call.id(), &request).await
}

async fn payments(collection: &System) -> Result<Vec<Fact>, Unknown> {
    collection.untold_payments().await
}

async fn payments_told(collection: &System, ids: Vec<[u8; 16]>) -> Result<(), Unknown> {
    collection.payments_told(&ids).await
}
