//! 资助与退费: the subsidy ledger in double entry, and premiums paid back from 支出户.

use adapter::{Retry, Undone, Unknown, simulated::Undoing};
use serde_json::json;

use super::{
    Answered, OFFLINE_ROUTE, PREMIUM_FEN, SimulatedInsurance,
    accounts::{self, Line, PREMIUMS, REFUNDS, SUBSIDIES},
    standing,
    transfer::{BOUNCED_CODE, BOUNCED_FIELD, BOUNCED_WHY, Transfer, transfer},
};
use crate::contract::{
    PayRefund, PayRefundOutput, RecordSubsidy, RecordSubsidyOutput, ReverseSubsidy, ReverseSubsidyOutput, Subsidy,
};

/// Who is subsidised is born from here on ("2026年1月1日零时以后", read as including it).
const SUBSIDISED_FROM: &str = "2026-01-01T00:00";

/// The province that pays the subsidy: Shanxi.
const SUBSIDISING_PROVINCE: &str = "14";

/// Registers: subsidies by the child's number, those taken back by their entry's number, refunds by voucher.
const SUBSIDISED: &str = "subsidised-by-id-number";
const TAKEN_BACK: &str = "subsidy-taken-back-by-entry";
const REFUNDED: &str = "refunded-by-voucher";

const BORN_TOO_EARLY: &str = "孩子出生在2026年1月1日零时以前,不属于本项资助范围。";
const ENROLLED_ELSEWHERE: &str = "孩子未在本省参加居民医保,不属于本项资助范围。";
const NOT_BOOKED: &str = "未找到该资助记账,或记账编号不符,请医保经办人员核实。";
const NOT_OWED: &str = "拟退金额高于该凭证的缴费金额,请携缴费凭证到医保经办窗口核实。";

impl SimulatedInsurance {
    pub(super) async fn recorded(&self, key: &str, request: &RecordSubsidy) -> Answered<RecordSubsidyOutput> {
        let id_number = request.registration.id_number.as_str();
        let mut sitting = self.desk.sit("RecordSubsidy", key, id_number, request).await?;
        if request.child.born_at.as_str() < SUBSIDISED_FROM {
            return sitting.refuse("INS-911", BORN_TOO_EARLY, OFFLINE_ROUTE).await;
        }
        if request.enrolment.area.province() != SUBSIDISING_PROVINCE {
            return sitting.refuse("INS-912", ENROLLED_ELSEWHERE, OFFLINE_ROUTE).await;
        }
        if let Some(standing) = standing(sitting.books(), SUBSIDISED, id_number).await? {
            return sitting.stands_already(&standing).await; // one subsidy per child
        }
        let told = request.subsidy.clone().unwrap_or_default();
        let amount_fen = told.amount_fen.unwrap_or(PREMIUM_FEN);
        let Some(lines) = shared(&told, amount_fen) else {
            return sitting.fail("INS-913", Retry::Never).await;
        };
        let mut sitting = sitting.waited(&[]).await?;
        let year = told.year.unwrap_or_else(|| request.child.born_at.date().year());
        let number = sitting.books().next("subsidy").await?;
        sitting.books().put(SUBSIDISED, id_number, json!(key)).await?;
        let ledger_entry = format!("ZZ{}{year}{number:06}", request.enrolment.area.as_str());
        let on = sitting.today();
        accounts::post_for_call(sitting.books(), on, (&ledger_entry, key), lines).await?;
        sitting.succeed(RecordSubsidyOutput { ledger_entry, year, amount_fen }).await
    }

    /// 冲帐 of a subsidy. Where the act was answered with an entry that stood, it is that one that must go.
    pub(super) async fn reversed(&self, act: &str, key: &str) -> Result<Undone, Unknown> {
        let standing = self.desk.ledger().effect(act).await?.and_then(|effect| effect.same_as);
        if let Some(standing) = standing {
            self.reversed_one(&standing, key).await?;
        }
        self.reversed_one(act, key).await
    }

    /// 冲帐 as a step of its own. The entry stays in its ledger; the reversal stands beside it, and the child may be
    /// subsidised anew where the correction was itself corrected.
    pub(super) async fn took_back_subsidy(
        &self,
        key: &str,
        request: &ReverseSubsidy,
    ) -> Answered<ReverseSubsidyOutput> {
        let id_number = request.registration.id_number.as_str();
        let entry = &request.subsidy_entry.ledger_entry;
        let mut sitting = self.desk.sit("ReverseSubsidy", key, id_number, request).await?;
        if let Some(standing) = standing(sitting.books(), TAKEN_BACK, entry).await? {
            return sitting.stands_already(&standing).await;
        }
        let booked = standing(sitting.books(), SUBSIDISED, id_number).await?;
        let Some(booked) = booked.filter(|booked| booked.outputs["ledger_entry"] == entry.as_str()) else {
            return sitting.refuse("INS-914", NOT_BOOKED, OFFLINE_ROUTE).await;
        };
        let mut sitting = sitting.waited(&[]).await?;
        let on = sitting.today();
        accounts::reverse_of_call(sitting.books(), on, &booked.call_id).await?;
        sitting.books().remove(SUBSIDISED, id_number).await?;
        sitting.books().put(TAKEN_BACK, entry, json!(key)).await?;
        let amount_fen = booked.outputs["amount_fen"].as_i64().unwrap_or_default();
        sitting.succeed(ReverseSubsidyOutput { ledger_entry: format!("CZ-{entry}"), amount_fen }).await
    }

    async fn reversed_one(&self, act: &str, key: &str) -> Result<Undone, Unknown> {
        let mut undoing = match self.desk.begin_undo("ReverseSubsidy", act, key).await? {
            Undoing::Failed { code, retry } => return Ok(Undone::Failed { code, retry }),
            Undoing::Begun(begun) => begun,
        };
        let on = undoing.today();
        if undoing.taken_back().is_some() {
            accounts::reverse_of_call(undoing.books(), on, act).await?;
        }
        undoing.finish().await
    }

    pub(super) async fn refunded(&self, key: &str, request: &PayRefund) -> Answered<PayRefundOutput> {
        let voucher = &request.premium.voucher;
        let mut sitting = self.desk.sit("PayRefund", key, request.mother.name.as_str(), request).await?;
        if let Some(standing) = standing(sitting.books(), REFUNDED, voucher).await? {
            return sitting.stands_already(&standing).await;
        }
        let amount_fen = request.refund.as_ref().map_or(request.premium.amount_fen, |refund| refund.amount_fen);
        if amount_fen > request.premium.amount_fen {
            return sitting.refuse("INS-922", NOT_OWED, OFFLINE_ROUTE).await;
        }
        if amount_fen <= 0 {
            return sitting.fail("INS-923", Retry::Never).await;
        }
        let mut sitting = sitting.waited(&["审批", "拨付"]).await?;
        let lines = vec![Line::debit(REFUNDS, amount_fen)];
        match transfer(&mut sitting, voucher, &request.mother, lines).await? {
            Transfer::Bounced => sitting.correct(BOUNCED_CODE, &[BOUNCED_FIELD], BOUNCED_WHY).await,
            Transfer::Paid { order, account_tail } => {
                sitting.books().put(REFUNDED, voucher, json!(key)).await?;
                let refunded_on = sitting.today();
                sitting.succeed(PayRefundOutput { refunded_on, payment_order: order, amount_fen, account_tail }).await
            }
        }
    }
}

/// The lines of a subsidy's entry; `None` where the shares do not make up the amount, or there is no amount.
fn shared(told: &Subsidy, amount_fen: i64) -> Option<Vec<Line>> {
    let mut lines: Vec<Line> = match told.lines.is_empty() {
        true => vec![Line::debit(SUBSIDIES, amount_fen)],
        false => told.lines.iter().map(|line| Line::debit(&line.account, line.fen)).collect(),
    };
    let mut sum: i64 = 0;
    for line in &lines {
        sum = sum.checked_add(line.debit_fen).filter(|_| line.debit_fen >= 0)?;
    }
    lines.push(Line::credit(PREMIUMS, amount_fen));
    (amount_fen > 0 && sum == amount_fen).then_some(lines)
}
