//! 退费: proofs that too much was collected, and refunds, by voucher.
//!
//! A payment is refunded as a whole where an act's compensation orders it, or in parts where a step does; the parts
//! never add up to more than was paid, whichever way they were ordered.

use adapter::{
    Reply, Retry, Undone, Unknown,
    simulated::{Books, Ended, Error, Undoing},
};
use serde_json::json;

use super::{OFFLINE_ROUTE, SimulatedTax, paid_by_voucher};
use crate::contract::{
    ConfirmOvercollection, ConfirmOvercollectionOutput, PremiumPaid, RefundPremium, RefundPremiumOutput,
};

/// Registers by voucher: the proof, the fen refunded, and the refund of a sum (voucher and fen), each with its call.
const PROVED: &str = "overcollection-by-voucher";
const REFUNDED: &str = "refunded-fen-by-voucher";
const REFUNDS: &str = "refund-by-voucher-and-sum";

const NO_PAYMENT: &str = "未找到该缴费凭证,请携缴费凭证到办税服务厅核实。";
const REFUNDED_ALREADY: &str = "该笔缴费已退,或拟退金额高于尚未退还的金额。";

impl SimulatedTax {
    pub(super) async fn confirmed(
        &self,
        key: &str,
        request: &ConfirmOvercollection,
    ) -> Result<Reply<ConfirmOvercollectionOutput>, Ended<ConfirmOvercollectionOutput>> {
        let voucher = &request.premium.voucher;
        let mut sitting = self.desk.sit("ConfirmOvercollection", key, voucher, request).await?;
        if paid_by_voucher(sitting.books(), Some(voucher)).await?.is_none() {
            return sitting.refuse("TAX-1005", NO_PAYMENT, OFFLINE_ROUTE).await;
        }
        if let Some(proved) = sitting.books().get(PROVED, voucher).await? {
            let proved = sitting.books().effect(proved.as_str().unwrap_or_default()).await?;
            if let Some(proved) = proved {
                return sitting.stands_already(&proved).await;
            }
        }
        let mut sitting = sitting.waited(&[]).await?;
        let year = sitting.today().year();
        let number = sitting.books().next("overcollection").await?;
        sitting.books().put(PROVED, voucher, json!(key)).await?;
        sitting.succeed(ConfirmOvercollectionOutput { proof_number: format!("DSZM{year}{number:06}") }).await
    }

    pub(super) async fn refunded(
        &self,
        key: &str,
        request: &RefundPremium,
    ) -> Result<Reply<RefundPremiumOutput>, Ended<RefundPremiumOutput>> {
        let voucher = &request.premium.voucher;
        let mut sitting = self.desk.sit("RefundPremium", key, voucher, request).await?;
        let Some(paid) = paid_by_voucher(sitting.books(), Some(voucher)).await? else {
            return sitting.refuse("TAX-1005", NO_PAYMENT, OFFLINE_ROUTE).await;
        };
        let refunded = refunded_fen(sitting.books(), voucher).await?;
        let left_fen = paid.amount_fen - refunded;
        let amount_fen = request.refund.as_ref().map_or(left_fen, |refund| refund.amount_fen);
        let asked_fen = request.refund.as_ref().map_or(paid.amount_fen, |refund| refund.amount_fen);
        if asked_fen <= 0 {
            return sitting.fail("TAX-1007", Retry::Never).await;
        }
        if amount_fen > left_fen || left_fen == 0 {
            let place = format!("{voucher} {asked_fen}");
            if let Some(earlier) = sitting.books().get(REFUNDS, &place).await? {
                let earlier = sitting.books().effect(earlier.as_str().unwrap_or_default()).await?;
                if let Some(earlier) = earlier {
                    return sitting.stands_already(&earlier).await;
                }
            }
            return sitting.refuse("TAX-1006", REFUNDED_ALREADY, OFFLINE_ROUTE).await;
        }
        let mut sitting = sitting.waited(&["审批"]).await?;
        let number = sitting.books().next("refund").await?;
        let refunded_on = sitting.today();
        sitting.books().put(REFUNDED, voucher, json!(refunded + amount_fen)).await?;
        sitting.books().put(REFUNDS, &format!("{voucher} {amount_fen}"), json!(key)).await?;
        let refund_voucher = format!("TF{}{number:012}", &voucher.get(1..3).unwrap_or("00"));
        sitting.succeed(RefundPremiumOutput { refund_voucher, refunded_on, amount_fen }).await
    }

    /// Refunds what is left of the payment that answered an act.
    pub(super) async fn undo_premium(&self, act: &str, key: &str) -> Result<Undone, Unknown> {
        let mut undoing = match self.desk.begin_undo("RefundPremium", act, key).await? {
            Undoing::Failed { code, retry } => return Ok(Undone::Failed { code, retry }),
            Undoing::Begun(begun) => begun,
        };
        if let Some(effect) = undoing.taken_back() {
            let paid: PremiumPaid = serde_json::from_value(effect.outputs.clone())?;
            undoing.books().put(REFUNDED, &paid.voucher, json!(paid.amount_fen)).await?;
        }
        undoing.finish().await
    }
}

/// What was refunded of a payment, in fen.
pub(super) async fn refunded_fen(books: &mut Books, voucher: &str) -> Result<i64, Error> {
    Ok(books.get(REFUNDED, voucher).await?.and_then(|fen| fen.as_i64()).unwrap_or(0))
}
