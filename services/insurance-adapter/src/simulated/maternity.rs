//! 生育: the status of a mother's insurance, claims that the agency reviews itself, payments and refusal papers.

use adapter::{
    Reply, Retry,
    simulated::{Sitting, magic},
};
use jiff::{ToSpan, civil::Date};
use serde_json::json;

use super::{
    Answered, BY_DELIVERY, LEVELS, MATERNITY_FEN, OFFLINE_ROUTE, SimulatedInsurance,
    accounts::{self, EXPENDITURE, Line, MATERNITY_ALLOWANCE, MATERNITY_MEDICAL},
    standing,
    transfer::{BOUNCED_CODE, BOUNCED_FIELD, BOUNCED_WHY, Transfer, output, transfer},
};
use crate::contract::{
    Agreement, Approval, ClaimMaternity, ClaimMaternityOutput, Cost, Insured, MaternityDecision, MaternityRoute,
    NotifyDenial, NotifyDenialOutput, PayMaternity, PayMaternityOutput, QueryMaternity, QueryMaternityOutput,
    Suspension,
};

/// The average monthly wage of every employer here, in fen: a made-up figure.
pub const WAGE_FEN: i64 = 800_000;

/// Registers by the delivery's record.
const PAID: &str = "paid-by-delivery";
const DENIED: &str = "denied-by-delivery";

/// 一式二份.
const COPIES: u32 = 2;

const FACILITY_REFUSED: &str =
    "分娩的医疗机构不是定点医疗机构,生育医疗费用不能由生育保险支付。如属急诊、抢救,请携材料到医保经办窗口办理。";
const PAID_ALREADY: &str = "该次分娩的生育待遇已经拨付或已联网结算,不再重复办理。";
const PAID_MORE: &str = "该次分娩已拨付的金额高于本次核定金额,多付部分另行处理。";

impl SimulatedInsurance {
    pub(super) async fn looked_up(&self, key: &str, request: &QueryMaternity) -> Answered<QueryMaternityOutput> {
        self.desk.ask("QueryMaternity", key).await?;
        if let Some(entered) = self.desk.ledger().get(super::STATUS, request.mother.id_number.as_str()).await? {
            return Ok(Reply::succeeded(serde_json::from_value(entered)?));
        }
        let scenario = magic::scenario(request.mother.id_number.as_str());
        Ok(Reply::succeeded(status(scenario, request.delivery.delivered_on)))
    }

    pub(super) async fn claimed(&self, key: &str, request: &ClaimMaternity) -> Answered<ClaimMaternityOutput> {
        let subject = request.mother.name.as_str();
        let record = &request.delivery.record;
        let mut sitting = self.desk.sit("ClaimMaternity", key, subject, request).await?;
        if let Some(standing) = standing(sitting.books(), BY_DELIVERY, record).await? {
            return sitting.stands_already(&standing).await;
        }
        if standing(sitting.books(), PAID, record).await?.is_some() {
            return sitting.refuse("MAT-1107", PAID_ALREADY, OFFLINE_ROUTE).await;
        }
        let scenario = magic::scenario(request.mother.id_number.as_str());
        if scenario == Some(magic::MATERNITY_SETTLED) {
            sitting.books().put(BY_DELIVERY, record, json!(key)).await?;
            let (route, decision) = (MaternityRoute::SettledByNetwork, MaternityDecision::NoneNeeded);
            return sitting.succeed(ClaimMaternityOutput { route, decision, amount_fen: 0, paid_on: None }).await;
        }
        let mut sitting = sitting.waited(&LEVELS).await?;
        if scenario == Some(magic::MATERNITY_REFUSED) {
            return sitting.refuse("MAT-1101", FACILITY_REFUSED, OFFLINE_ROUTE).await;
        }
        sitting.books().put(BY_DELIVERY, record, json!(key)).await?;
        let on = sitting.today();
        let lines = vec![Line::debit(MATERNITY_MEDICAL, MATERNITY_FEN), Line::credit(EXPENDITURE, MATERNITY_FEN)];
        accounts::post(sitting.books(), on, record, lines).await?;
        let (route, decision) = (MaternityRoute::Application, MaternityDecision::Approved);
        let paid_on = Some(on);
        sitting.succeed(ClaimMaternityOutput { route, decision, amount_fen: MATERNITY_FEN, paid_on }).await
    }

    pub(super) async fn paid(&self, key: &str, request: &PayMaternity) -> Answered<PayMaternityOutput> {
        let record = &request.delivery.record;
        let mut sitting = self.desk.sit("PayMaternity", key, request.mother.name.as_str(), request).await?;
        if !is_payable(&request.approval) {
            return sitting.fail("MAT-1108", Retry::Never).await;
        }
        if standing(sitting.books(), BY_DELIVERY, record).await?.is_some() {
            return sitting.refuse("MAT-1107", PAID_ALREADY, OFFLINE_ROUTE).await;
        }
        let total_fen = request.approval.amount_fen;
        let mut paid_before = Paid::default();
        if let Some(before) = standing(sitting.books(), PAID, record).await? {
            paid_before.total_fen = output::<PayMaternityOutput>(before.outputs.clone())?.total_fen;
            paid_before.allowance_fen = before.fields["approval"]["allowance_fen"].as_i64().unwrap_or(0);
            if paid_before.total_fen == total_fen {
                return sitting.stands_already(&before).await;
            }
            if paid_before.total_fen > total_fen {
                return sitting.refuse("MAT-1109", PAID_MORE, OFFLINE_ROUTE).await;
            }
        }
        let mut sitting = sitting.waited(&["拨付"]).await?;
        let lines = lines(&request.approval, &paid_before);
        match transfer(&mut sitting, record, &request.mother, lines).await? {
            Transfer::Bounced => sitting.correct(BOUNCED_CODE, &[BOUNCED_FIELD], BOUNCED_WHY).await,
            Transfer::Paid { order, account_tail } => {
                sitting.books().put(PAID, record, json!(key)).await?;
                let output = PayMaternityOutput {
                    amount_fen: total_fen - paid_before.total_fen,
                    total_fen,
                    paid_on: sitting.today(),
                    account_tail,
                    payment_order: order,
                };
                sitting.succeed(output).await
            }
        }
    }

    pub(super) async fn denied(&self, key: &str, request: &NotifyDenial) -> Answered<NotifyDenialOutput> {
        let record = &request.delivery.record;
        let mut sitting = self.desk.sit("NotifyDenial", key, request.mother.name.as_str(), request).await?;
        if standing(sitting.books(), PAID, record).await?.is_some() {
            return sitting.refuse("MAT-1107", PAID_ALREADY, OFFLINE_ROUTE).await;
        }
        if let Some(standing) = standing(sitting.books(), DENIED, record).await? {
            return sitting.stands_already(&standing).await;
        }
        let mut sitting = sitting.waited(&[]).await?;
        sitting.books().put(DENIED, record, json!(key)).await?;
        let document_number = document_number(&mut sitting).await?;
        let issued_on = sitting.today();
        sitting.succeed(NotifyDenialOutput { document_number, copies: COPIES, issued_on }).await
    }
}

/// What was paid for a delivery before, in fen.
#[derive(Default)]
struct Paid {
    total_fen: i64,
    allowance_fen: i64,
}

fn is_payable(approval: &Approval) -> bool {
    let allowance = approval.allowance_fen.unwrap_or(0);
    approval.amount_fen > 0 && (0..=approval.amount_fen).contains(&allowance)
}

/// What is booked on which account, beyond what was paid before. A recalculation that shifts between the two parts may
/// lower one of them, which is booked as a credit.
fn lines(approval: &Approval, before: &Paid) -> Vec<Line> {
    let allowance = approval.allowance_fen.unwrap_or(0) - before.allowance_fen;
    let medical = approval.amount_fen - before.total_fen - allowance;
    let parts = [(MATERNITY_MEDICAL, medical), (MATERNITY_ALLOWANCE, allowance)];
    let line = |(account, fen): (&str, i64)| match fen {
        0 => None,
        1.. => Some(Line::debit(account, fen)),
        _ => Some(Line::credit(account, -fen)),
    };
    parts.into_iter().filter_map(line).collect()
}

async fn document_number(sitting: &mut Sitting) -> Result<String, adapter::simulated::Error> {
    let year = sitting.today().year();
    let number = sitting.books().next("denial").await?;
    Ok(format!("生育不予支付〔{year}〕{number:06}号"))
}

/// What a mother's number asks for; otherwise an employee who has not had her reimbursement yet, in her own area.
fn status(scenario: Option<u16>, delivered_on: Date) -> QueryMaternityOutput {
    let day = |days: i64| delivered_on.saturating_add(days.days());
    let mut status = QueryMaternityOutput {
        insured: Insured::Employee,
        settled: false,
        own_area: true,
        emergency: false,
        difficult_birth: false,
        babies: 1,
        designated: Some(true),
        agreement: Some(agreement(delivered_on)),
        costs: vec![Cost { on: delivered_on, amount_fen: MATERNITY_FEN }],
        average_monthly_wage_fen: Some(WAGE_FEN),
    };
    match scenario {
        Some(magic::MATERNITY_SETTLED) => status.settled = true,
        Some(magic::MATERNITY_REFUSED) => {
            status.designated = Some(false);
            status.agreement = Some(Agreement { terminated_on: Some(day(-30)), ..agreement(delivered_on) });
        }
        Some(magic::AGREEMENT_SUSPENDED) => suspend(&mut status, day(-2), day(88)),
        Some(magic::SUSPENDED_EMERGENCY) => {
            suspend(&mut status, day(-2), day(88));
            status.emergency = true;
        }
        Some(magic::COSTS_SPLIT) => {
            suspend(&mut status, day(-1), day(89));
            let half = MATERNITY_FEN / 2;
            status.costs = [-3, 0].map(|days| Cost { on: day(days), amount_fen: half }).to_vec();
        }
        Some(magic::OTHER_POOLING_AREA) => status.own_area = false,
        Some(magic::INSURED_RESIDENT) => status.insured = Insured::Resident,
        Some(magic::SPOUSE_INSURED) => status.insured = Insured::SpouseOfEmployee,
        Some(magic::NOT_INSURED) => status.insured = Insured::None,
        Some(magic::DIFFICULT_TWINS) => {
            status.difficult_birth = true;
            status.babies = 2;
        }
        Some(_) | None => {}
    }
    if status.insured != Insured::Employee {
        status.average_monthly_wage_fen = None;
    }
    status
}

/// In force from two years before the delivery's year to the end of the next.
fn agreement(delivered_on: Date) -> Agreement {
    let year = delivered_on.year();
    let from = Date::new(year - 2, 1, 1).unwrap_or(delivered_on);
    let until = Date::new(year + 1, 12, 31).unwrap_or(delivered_on);
    Agreement { from, until, terminated_on: None, suspensions: Vec::new() }
}

fn suspend(status: &mut QueryMaternityOutput, from: Date, until: Date) {
    let suspension = Suspension { from, until: Some(until), own_request: true, resume_applied_on: None };
    status.agreement.iter_mut().for_each(|agreement| agreement.suspensions.push(suspension.clone()));
}
