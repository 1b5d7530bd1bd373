//! A tax authority that is not there: premiums that are due, a counter at which parents pay, and the feedback.
//!
//! A payment meets what is due in the transaction that takes it: from that moment the act is done, can no longer be
//! stopped, and is told twice over, as the act's answer and as a notice. A payment that nothing waits for is kept until
//! something does. What is refunded is counted by voucher, whichever way it is refunded.

mod payments_file;
mod refunds;

use adapter::{
    CODE_FIELDS, Fact, Reply, Retry, Stopped, Subject, Undone, Unknown,
    correction::{CorrectRecord, CorrectRecordOutput},
    simulated::{Books, Desk, Effect, Ended, Error, answer, records},
};
use async_trait::async_trait;
use identifiers::CitizenId;
use jiff::{
    Timestamp,
    tz::{Offset, TimeZone},
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    PremiumCollection,
    contract::{
        AwaitPremium, ConfirmOvercollection, ConfirmOvercollectionOutput, PremiumPaid, RefundPremium,
        RefundPremiumOutput,
    },
};

pub use self::payments_file::{Imported, PaymentLine, PaymentsFile, read_payments};

/// The personal premium of one year in fen. An assumption (400 yuan): the sources name no figure.
pub const PREMIUM_FEN: i64 = 40_000;

/// A child whose name ends so: the bank takes its first payment back (TAX-1002).
pub const REVERSED_NAME: char = '冲';

/// A child whose name ends so: tax does not know it for [`LATE_MS`] (TAX-1001).
pub const LATE_NAME: char = '迟';

/// For how long a late child's enrolment is on its way to tax, in milliseconds.
pub const LATE_MS: i64 = 3_000;

/// 征缴信息反馈, and how its subject is found.
const NOTICE: &str = "PremiumPaid";
const SUBJECT: &str = "id-number";

// Registers, by the child's ID number unless another key is said.
const DUE: &str = "due";
const KEPT: &str = "paid-before-due";
const MATCHED: &str = "act-paid-for";
const REVERSED: &str = "reversed";
const BY_VOUCHER: &str = "payment-by-voucher";
/// Every child that tax has heard of, to find its record by.
const PAYERS: &str = "payer";

/// Where a family goes that is refused: a key of the packs' offline routes.
const OFFLINE_ROUTE: &str = "tax";

const NO_RECORD: &str = "未找到该公民身份号码的缴费记录,请到办税服务厅核实。";
const FROZEN: &str = "该缴费记录已被冻结,暂不能更正,请到办税服务厅核实。";

/// A simulated tax authority.
pub struct SimulatedTax {
    desk: Desk,
}

/// What became of money handed in at the counter.
#[derive(Clone, PartialEq, Eq)]
pub enum Payment {
    /// It was taken.
    Taken(PremiumPaid),
    /// It was taken and the bank took it back: the family must pay again (TAX-1002).
    Reversed,
    /// The year was paid for before (TAX-1003). A counter takes nothing; what a bank names is entered and told, since it
    /// has been paid, and is to be refunded.
    PaidBefore(PremiumPaid),
    /// It is not the premium, which is this many fen; nothing was taken.
    WrongAmount {
        /// What is due, in fen.
        due_fen: i64,
    },
}

/// Something due: which act waits for it, and what that act was asked.
#[derive(Serialize, Deserialize)]
struct Due {
    call_id: String,
    request: AwaitPremium,
}

impl SimulatedTax {
    /// A tax authority at this desk.
    pub fn new(desk: Desk) -> Self {
        Self { desk }
    }

    /// Its desk, with ledger and behaviours.
    pub fn desk(&self) -> &Desk {
        &self.desk
    }

    /// What is due for a child, in fen; `None` while nothing is.
    ///
    /// # Errors
    /// If the ledger cannot be used.
    pub async fn due_fen(&self, child: &CitizenId) -> Result<Option<i64>, Error> {
        let mut books = self.desk.ledger().begin().await?;
        let due = due(&mut books, child).await?;
        books.commit().await?;
        Ok(due.map(|due| fen_due(&due)))
    }

    /// A parent pays at the counter or in the app, before or after the enrolment has reached tax.
    ///
    /// # Errors
    /// If the ledger cannot be used; then nothing was taken.
    pub async fn pay(&self, child: &CitizenId, amount_fen: i64) -> Result<Payment, Error> {
        self.take(Handed { voucher: None, child, amount_fen, paid_at_ms: self.desk.now_ms() }).await
    }

    /// The bank's list names a payment by its voucher; the same voucher again is the same payment.
    ///
    /// # Errors
    /// If the ledger cannot be used; then nothing was taken.
    pub async fn pay_by_bank(&self, voucher: &str, child: &CitizenId, amount_fen: i64) -> Result<Payment, Error> {
        let paid_at_ms = self.desk.now_ms();
        self.take(Handed { voucher: Some(voucher), child, amount_fen, paid_at_ms }).await
    }

    async fn take(&self, handed: Handed<'_>) -> Result<Payment, Error> {
        let Handed { voucher, child, amount_fen, paid_at_ms: now_ms } = handed;
        let mut books = self.desk.ledger().begin().await?;
        if let Some(known) = paid_by_voucher(&mut books, voucher).await? {
            return Ok(Payment::Taken(known));
        }
        let due = due(&mut books, child).await?;
        let this_year = beijing(now_ms).year();
        if due.is_none() {
            let paid_before = paid_before(&mut books, child).await?;
            if let Some(paid) = paid_before.filter(|paid| paid.years.contains(&this_year)) {
                // A counter takes nothing; what a bank names has been paid, and is to be refunded.
                if voucher.is_some() {
                    enter(&mut books, &handed, vec![this_year]).await?;
                    books.commit().await?;
                }
                return Ok(Payment::PaidBefore(paid));
            }
        }
        if let Some(due_fen) = due.as_ref().map(fen_due).filter(|due_fen| *due_fen != amount_fen) {
            return Ok(Payment::WrongAmount { due_fen });
        }
        let reversed_before = books.get(REVERSED, child.as_str()).await?.is_some();
        if due.as_ref().is_some_and(|due| named(&due.request, REVERSED_NAME)) && !reversed_before {
            books.put(REVERSED, child.as_str(), json!(now_ms)).await?;
            books.commit().await?;
            return Ok(Payment::Reversed);
        }
        let years = due.as_ref().map_or_else(|| vec![this_year], |due| due.request.enrolment.years.clone());
        let premium = enter(&mut books, &handed, years).await?;
        match due {
            Some(due) => {
                books.record(&effect(&due, &premium, now_ms)?).await?;
                books.put(MATCHED, child.as_str(), json!(due.call_id)).await?;
                books.remove(DUE, child.as_str()).await?;
            }
            None => books.put(KEPT, child.as_str(), serde_json::to_value(&premium)?).await?,
        }
        books.commit().await?;
        Ok(Payment::Taken(premium))
    }

    async fn awaited(&self, key: &str, request: &AwaitPremium) -> Result<Reply<PremiumPaid>, Ended<PremiumPaid>> {
        let child = &request.registration.id_number;
        let subject = format!("{} {}", request.child.name.as_str(), child.as_str());
        let mut sitting = self.desk.sit("AwaitPremium", key, &subject, request).await?;
        let first_ms = sitting.first_called_ms().await?;
        if named(request, LATE_NAME) && sitting.now_ms() < first_ms + LATE_MS {
            return sitting.fail("TAX-1001", Retry::Later).await;
        }
        let mut sitting = sitting.waited(&[]).await?;
        let now_ms = sitting.now_ms();
        sitting.books().put(PAYERS, child.as_str(), json!(now_ms)).await?;
        if let Some(kept) = kept(sitting.books(), child).await? {
            sitting.books().remove(KEPT, child.as_str()).await?;
            sitting.books().put(MATCHED, child.as_str(), json!(key)).await?;
            return sitting.succeed(kept).await;
        }
        let due = Due { call_id: key.to_owned(), request: request.clone() };
        sitting.books().put(DUE, child.as_str(), serde_json::to_value(&due)?).await?;
        if sitting.books().get(REVERSED, child.as_str()).await?.is_some() {
            return sitting.progress("缴费已冲正,待重新缴费").await;
        }
        sitting.accept().await
    }
}

impl SimulatedTax {
    async fn corrected(
        &self,
        key: &str,
        request: &CorrectRecord,
    ) -> Result<Reply<CorrectRecordOutput>, Ended<CorrectRecordOutput>> {
        let Some(record) = &request.registration else { return Ok(Reply::failed(CODE_FIELDS, Retry::Never)) };
        let child = record.id_number.as_str();
        let mut sitting = self.desk.sit("CorrectRecord", key, child, request).await?;
        if sitting.books().get(PAYERS, child).await?.is_none() {
            return sitting.refuse("TAX-1011", NO_RECORD, OFFLINE_ROUTE).await;
        }
        if records::is_frozen(request) {
            return sitting.refuse("TAX-1012", FROZEN, OFFLINE_ROUTE).await;
        }
        records::correct(sitting.waited(&[]).await?, child, request).await
    }
}

/// Money as it is handed in.
struct Handed<'a> {
    /// The bank's voucher; none: the counter gives one.
    voucher: Option<&'a str>,
    child: &'a CitizenId,
    amount_fen: i64,
    /// When the payment succeeded.
    paid_at_ms: i64,
}

#[async_trait]
impl PremiumCollection for SimulatedTax {
    async fn await_premium(&self, key: &str, request: &AwaitPremium) -> Result<Reply<PremiumPaid>, Unknown> {
        answer(self.awaited(key, request).await)
    }

    async fn stop_waiting(&self, act: &str, request: &AwaitPremium) -> Result<Stopped, Unknown> {
        // First it is no longer due, then the desk decides by the effect whether it was paid before. A payment that
        // comes in between is kept and told as a notice; it is never taken for this act, which is closed then.
        let child = &request.registration.id_number;
        let mut books = self.desk.ledger().begin().await?;
        if due(&mut books, child).await?.is_some_and(|due| due.call_id == act) {
            books.remove(DUE, child.as_str()).await?;
        }
        books.commit().await?;
        self.desk.stop("AwaitPremium", act).await
    }

    async fn refund(&self, act: &str, key: &str) -> Result<Undone, Unknown> {
        self.undo_premium(act, key).await
    }

    async fn untold_payments(&self) -> Result<Vec<Fact>, Unknown> {
        self.desk.notices().await
    }

    async fn payments_told(&self, ids: &[[u8; 16]]) -> Result<(), Unknown> {
        self.desk.acknowledged(ids).await
    }

    async fn confirm_overcollection(
        &self,
        key: &str,
        request: &ConfirmOvercollection,
    ) -> Result<Reply<ConfirmOvercollectionOutput>, Unknown> {
        answer(self.confirmed(key, request).await)
    }

    async fn refund_premium(&self, key: &str, request: &RefundPremium) -> Result<Reply<RefundPremiumOutput>, Unknown> {
        answer(self.refunded(key, request).await)
    }

    async fn correct_record(&self, key: &str, request: &CorrectRecord) -> Result<Reply<CorrectRecordOutput>, Unknown> {
        answer(self.corrected(key, request).await)
    }
}

/// Enters a payment under its voucher and tells it.
async fn enter(books: &mut Books, handed: &Handed<'_>, years: Vec<i16>) -> Result<PremiumPaid, Error> {
    let Handed { voucher, child, amount_fen, paid_at_ms } = *handed;
    let serial = books.next("payment").await?;
    let premium = PremiumPaid {
        voucher: voucher.map_or_else(|| format!("P{}{serial:012}", &child.area()[..2]), str::to_owned),
        paid_at: beijing_time(paid_at_ms),
        amount_fen,
        years,
    };
    books.put(PAYERS, child.as_str(), json!(paid_at_ms)).await?;
    books.put(BY_VOUCHER, &premium.voucher, serde_json::to_value(&premium)?).await?;
    books.tell(&fact(child, serial, &premium)?).await?;
    Ok(premium)
}

async fn due(books: &mut Books, child: &CitizenId) -> Result<Option<Due>, Error> {
    let entry = books.get(DUE, child.as_str()).await?;
    Ok(entry.map(serde_json::from_value).transpose()?)
}

/// The payment that was kept for this child, or that an act was answered with, and that was not refunded.
async fn paid_before(books: &mut Books, child: &CitizenId) -> Result<Option<PremiumPaid>, Error> {
    let paid = match books.get(KEPT, child.as_str()).await? {
        Some(kept) => Some(kept),
        None => {
            let Some(act) = books.get(MATCHED, child.as_str()).await? else { return Ok(None) };
            let effect = books.effect(act.as_str().unwrap_or_default()).await?.filter(Effect::stands);
            effect.map(|effect| effect.outputs)
        }
    };
    let Some(paid) = paid else { return Ok(None) };
    let paid: PremiumPaid = serde_json::from_value(paid)?;
    let refunded_fen = refunds::refunded_fen(books, &paid.voucher).await?;
    Ok((refunded_fen < paid.amount_fen).then_some(paid))
}

/// The payment that was kept for this child, unless it was refunded meanwhile.
async fn kept(books: &mut Books, child: &CitizenId) -> Result<Option<PremiumPaid>, Error> {
    let Some(kept) = books.get(KEPT, child.as_str()).await? else { return Ok(None) };
    let kept: PremiumPaid = serde_json::from_value(kept)?;
    let refunded_fen = refunds::refunded_fen(books, &kept.voucher).await?;
    Ok((refunded_fen < kept.amount_fen).then_some(kept))
}

async fn paid_by_voucher(books: &mut Books, voucher: Option<&str>) -> Result<Option<PremiumPaid>, Error> {
    let Some(voucher) = voucher else { return Ok(None) };
    let entry = books.get(BY_VOUCHER, voucher).await?;
    Ok(entry.map(serde_json::from_value).transpose()?)
}

fn fen_due(due: &Due) -> i64 {
    let years = i64::try_from(due.request.enrolment.years.len()).unwrap_or(i64::MAX);
    years.saturating_mul(PREMIUM_FEN)
}

fn named(request: &AwaitPremium, last: char) -> bool {
    request.child.name.as_str().ends_with(last)
}

/// The waiting act is done by the payment, at the moment of the payment.
fn effect(due: &Due, premium: &PremiumPaid, now_ms: i64) -> Result<Effect, Error> {
    let request = &due.request;
    Ok(Effect {
        call_id: due.call_id.clone(),
        act: "AwaitPremium".to_owned(),
        subject: format!("{} {}", request.child.name.as_str(), request.registration.id_number.as_str()),
        done_at_ms: now_ms,
        undone_at_ms: None,
        same_as: None,
        fields: serde_json::to_value(request)?,
        outputs: serde_json::to_value(premium)?,
    })
}

/// The id is the payment's serial number at this province's tax authority: unique, and it says nothing about anybody.
fn fact(child: &CitizenId, serial: u64, premium: &PremiumPaid) -> Result<Fact, Error> {
    let mut id = [0; 16];
    id[..3].copy_from_slice(b"tax");
    id[3..5].copy_from_slice(&child.as_str().as_bytes()[..2]);
    id[8..].copy_from_slice(&serial.to_be_bytes());
    let subject = Subject { kind: SUBJECT.to_owned(), value: child.as_str().to_owned() };
    Ok(Fact { id, kind: NOTICE.to_owned(), subject, fields: serde_json::to_value(premium)? })
}

fn beijing(now_ms: i64) -> jiff::Zoned {
    let moment = Timestamp::from_millisecond(now_ms).unwrap_or(Timestamp::UNIX_EPOCH);
    moment.to_zoned(TimeZone::fixed(Offset::constant(8)))
}

fn beijing_time(now_ms: i64) -> String {
    beijing(now_ms).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}
