//! Tax's counter: where simulated parents pay, in this process or from another through a small desk on the pages' port.
//!
//! Simulated only: in the world a parent pays in tax's own app. Money never passes through the orchestrator, and this
//! desk tells it nothing; it hears of a payment from the tax adapter, as always.

use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::post,
};
use identifiers::{CitizenId, LocalMinute};
use serde::{Deserialize, Serialize};
use tax_adapter::simulated::{Imported, PREMIUM_FEN, Payment, PaymentLine, SimulatedTax};

use crate::departments::Systems;

/// Where the desk is, on the pages' port.
pub const PATH: &str = "/simulated/tax/pay";

/// Whose premium a parent wants to pay: what the parent knows without having seen a number.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// Where the application was filed, six digits.
    pub area: String,
    /// The mother's citizen ID number.
    pub mother_id_number: String,
    /// When the child was born: `2026-11-01T09:30`.
    pub born_at: String,
    /// Which child of the birth, from 1.
    pub child_order: u32,
    /// The bank's payment instead of one at the counter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_bank: Option<ByBank>,
}

/// A payment as a bank's list reports it.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ByBank {
    /// The voucher; the same one again is the same payment.
    pub voucher: String,
    /// When it was paid: `2026-05-31T10:00`; by default now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paid_at: Option<String>,
    /// It is paid although nothing is due.
    #[serde(default)]
    pub unasked: bool,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum Outcome {
    /// Paid.
    Paid {
        /// In fen.
        amount_fen: i64,
    },
    /// Nothing is due yet, or no more: ask again later.
    NothingDue,
    /// The bank took the payment back; it must be made again.
    Reversed,
    /// The request names no child that could have a premium: why.
    Unknown {
        /// In both languages; no personal data.
        why: String,
    },
}

/// The counter of all areas.
#[derive(Clone)]
pub struct Counter {
    systems: Systems,
}

impl Counter {
    /// The counter of these departments.
    pub fn new(systems: Systems) -> Self {
        Self { systems }
    }

    /// Pays what is due for a child.
    ///
    /// # Errors
    /// If a simulated department's ledger cannot be used.
    pub async fn pay(&self, request: &Request) -> anyhow::Result<Outcome> {
        let unknown = |why: &str| Ok(Outcome::Unknown { why: why.to_owned() });
        let Some(area) = self.systems.of(&request.area) else {
            return unknown("该地区没有模拟部门 / no simulated departments in this area");
        };
        let (Some(tax), Some(police)) = (&area.tax, &area.police) else {
            return unknown("该地区没有模拟税务 / no simulated tax authority in this area");
        };
        let (Ok(mother), Ok(born_at)) =
            (CitizenId::parse(&request.mother_id_number), LocalMinute::parse(&request.born_at))
        else {
            return unknown("号码或时间有误 / the number or the time is malformed");
        };
        let Some(child) = police.id_number_of(&mother, &born_at, request.child_order).await? else {
            return Ok(Outcome::NothingDue);
        };
        let due_fen = tax.due_fen(&child).await?;
        if let Some(by_bank) = &request.by_bank {
            return paid_by_bank(tax, child, due_fen, by_bank).await;
        }
        let Some(amount_fen) = due_fen else { return Ok(Outcome::NothingDue) };
        Ok(match tax.pay(&child, amount_fen).await? {
            Payment::Taken(premium) | Payment::PaidBefore(premium) => Outcome::Paid { amount_fen: premium.amount_fen },
            Payment::Reversed => Outcome::Reversed,
            // What is due changed between the two questions.
            Payment::WrongAmount { .. } => Outcome::NothingDue,
        })
    }

    /// The desk, for another process.
    pub fn router(self) -> Router {
        Router::new().route(PATH, post(pay)).with_state(self)
    }
}

/// A line of a bank's list.
async fn paid_by_bank(
    tax: &SimulatedTax,
    child: CitizenId,
    due_fen: Option<i64>,
    paid: &ByBank,
) -> anyhow::Result<Outcome> {
    let amount_fen = match due_fen {
        Some(due_fen) => due_fen,
        None if paid.unasked => PREMIUM_FEN,
        None => return Ok(Outcome::NothingDue),
    };
    let paid_at = match &paid.paid_at {
        Some(paid_at) => LocalMinute::parse(paid_at),
        None => Ok(LocalMinute::from_timestamp(jiff::Timestamp::now())),
    };
    let Ok(paid_at) = paid_at else {
        return Ok(Outcome::Unknown { why: "缴费时间有误 / the time of the payment is malformed".to_owned() });
    };
    let line = PaymentLine { voucher: paid.voucher.clone(), child, paid_at, amount_fen };
    Ok(match tax.import(&[line]).await? {
        // What was paid before is entered all the same, and is to be refunded.
        Imported { taken: 1, .. } | Imported { paid_before: 1, .. } => Outcome::Paid { amount_fen },
        Imported { reversed: 1, .. } => Outcome::Reversed,
        Imported { .. } => Outcome::NothingDue,
    })
}

async fn pay(State(counter): State<Counter>, Json(request): Json<Request>) -> Response {
    match counter.pay(&request).await {
        Ok(outcome) => Json(outcome).into_response(),
        Err(error) => {
            tracing::error!(error = &*error, "the simulated tax counter could not take a payment");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
