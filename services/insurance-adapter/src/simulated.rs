//! A medical insurance agency that is not there: the rules of a real one, on a ledger of its own.
//!
//! Its registers hold only the key of the call that did something; what stands is read from the ledger's effects, so an
//! enrolment that was undone is not found any more. Enrolments, benefit windows, maternity and money each have a module;
//! what moves money is booked twice in the [`accounts`].

pub mod accounts;
mod benefits;
mod enrolment;
mod maternity;
mod money;
mod transfer;

use adapter::{
    CODE_FIELDS, Reply, Retry, Stopped, Undone, Unknown,
    correction::{CorrectRecord, CorrectRecordOutput},
    simulated::{Books, Desk, Effect, Ended, Error, answer, records},
};
use async_trait::async_trait;
use identifiers::CitizenId;

pub use self::{benefits::Window, maternity::WAGE_FEN};
use crate::{
    InsuranceAgency,
    contract::{
        ClaimMaternity, ClaimMaternityOutput, EnrolProvisionally, EnrolProvisionallyOutput, EnrolResident,
        EnrolResidentOutput, NotifyDenial, NotifyDenialOutput, OpenBenefits, OpenBenefitsOutput, PayMaternity,
        PayMaternityOutput, PayRefund, PayRefundOutput, QueryMaternity, QueryMaternityOutput, RecordSubsidy,
        RecordSubsidyOutput, ReverseSubsidy, ReverseSubsidyOutput, TerminateEnrolment, TerminateEnrolmentOutput,
    },
};

/// Where a family goes that is refused: a key of the packs' offline routes.
const OFFLINE_ROUTE: &str = "insurance";

/// The levels of a maternity claim (base pack, 篇10 9章 art. 3).
const LEVELS: [&str; 3] = ["初审", "复核", "审批"];

/// The levels of a correction of name or number (base pack, 篇10 3章 art. 12).
const CORRECTION_LEVELS: [&str; 2] = ["初审", "复核"];

/// The personal premium of one year in fen. An assumption (400 yuan): the sources name no figure.
pub const PREMIUM_FEN: i64 = 40_000;

/// What every claim is worth here, in fen: a made-up figure.
pub const MATERNITY_FEN: i64 = 350_000;

// Registers: what is looked up, and the key of the call that did it.
const BY_PERSON_NUMBER: &str = "insured-by-person-number";
const BY_DELIVERY: &str = "claim-by-delivery";
/// Maternity statuses entered by hand, by mother.
const STATUS: &str = "maternity-status";

const FROZEN: &str = "该参保记录已被冻结,暂不能更正,请到医保经办窗口核实。";

/// A simulated medical insurance agency.
pub struct SimulatedInsurance {
    desk: Desk,
}

impl SimulatedInsurance {
    /// An agency at this desk.
    pub fn new(desk: Desk) -> Self {
        Self { desk }
    }

    /// Its desk, with ledger and behaviours.
    pub fn desk(&self) -> &Desk {
        &self.desk
    }

    /// Enters how a mother is insured; it is the answer for her from now on.
    ///
    /// # Errors
    /// If the ledger cannot be used.
    pub async fn enter_status(&self, mother: &CitizenId, status: &QueryMaternityOutput) -> Result<(), Error> {
        self.desk.ledger().put(STATUS, mother.as_str(), serde_json::to_value(status)?).await
    }

    /// Every entry of the accounts, the first one first.
    ///
    /// # Errors
    /// If the ledger cannot be used.
    pub async fn journal(&self) -> Result<Vec<accounts::Entry>, Error> {
        let mut books = self.desk.ledger().begin().await?;
        let journal = accounts::journal(&mut books).await?;
        books.commit().await?;
        Ok(journal)
    }

    /// Every version of a person's window of cover, the first one first.
    ///
    /// # Errors
    /// If the ledger cannot be used.
    pub async fn windows(&self, person_number: &str) -> Result<Vec<Window>, Error> {
        let mut books = self.desk.ledger().begin().await?;
        let windows = benefits::windows(&mut books, person_number).await?;
        books.commit().await?;
        Ok(windows)
    }

    async fn corrected(&self, key: &str, request: &CorrectRecord) -> Answered<CorrectRecordOutput> {
        let Some(record) = request.enrolment.as_ref().or(request.provisional.as_ref()) else {
            return Ok(Reply::failed(CODE_FIELDS, Retry::Never));
        };
        let mut sitting = self.desk.sit("CorrectRecord", key, &record.person_number, request).await?;
        let Some(found) = enrolment::by_person_number(sitting.books(), &record.person_number).await? else {
            return sitting.refuse("INS-931", enrolment::NO_RECORD, OFFLINE_ROUTE).await;
        };
        if records::is_frozen(request) {
            return sitting.refuse("INS-932", FROZEN, OFFLINE_ROUTE).await;
        }
        let number = serde_json::from_value::<EnrolProvisionallyOutput>(found.outputs)?.person_number;
        records::correct(sitting.waited(&CORRECTION_LEVELS).await?, &number, request).await
    }
}

#[async_trait]
impl InsuranceAgency for SimulatedInsurance {
    async fn enrol(&self, key: &str, request: &EnrolResident) -> Result<Reply<EnrolResidentOutput>, Unknown> {
        answer(self.enrolled(key, request).await)
    }

    async fn cancel_enrolment(&self, act: &str, key: &str) -> Result<Undone, Unknown> {
        self.desk.undo("CancelEnrolment", act, key).await
    }

    async fn stop_enrolment(&self, act: &str) -> Result<Stopped, Unknown> {
        self.desk.stop("EnrolResident", act).await
    }

    async fn enrol_provisionally(
        &self,
        key: &str,
        request: &EnrolProvisionally,
    ) -> Result<Reply<EnrolProvisionallyOutput>, Unknown> {
        answer(self.enrolled_provisionally(key, request).await)
    }

    async fn cancel_provisional_enrolment(&self, act: &str, key: &str) -> Result<Undone, Unknown> {
        self.desk.undo("CancelProvisionalEnrolment", act, key).await
    }

    async fn stop_provisional_enrolment(&self, act: &str) -> Result<Stopped, Unknown> {
        self.desk.stop("EnrolProvisionally", act).await
    }

    async fn claim_maternity(
        &self,
        key: &str,
        request: &ClaimMaternity,
    ) -> Result<Reply<ClaimMaternityOutput>, Unknown> {
        answer(self.claimed(key, request).await)
    }

    async fn withdraw_claim(&self, act: &str) -> Result<Stopped, Unknown> {
        self.desk.stop("ClaimMaternity", act).await
    }

    async fn record_subsidy(&self, key: &str, request: &RecordSubsidy) -> Result<Reply<RecordSubsidyOutput>, Unknown> {
        answer(self.recorded(key, request).await)
    }

    async fn reverse_subsidy(&self, act: &str, key: &str) -> Result<Undone, Unknown> {
        self.reversed(act, key).await
    }

    async fn take_back_subsidy(
        &self,
        key: &str,
        request: &ReverseSubsidy,
    ) -> Result<Reply<ReverseSubsidyOutput>, Unknown> {
        answer(self.took_back_subsidy(key, request).await)
    }

    async fn stop_subsidy(&self, act: &str) -> Result<Stopped, Unknown> {
        self.desk.stop("RecordSubsidy", act).await
    }

    async fn find_maternity(
        &self,
        key: &str,
        request: &QueryMaternity,
    ) -> Result<Reply<QueryMaternityOutput>, Unknown> {
        answer(self.looked_up(key, request).await)
    }

    async fn pay_maternity(&self, key: &str, request: &PayMaternity) -> Result<Reply<PayMaternityOutput>, Unknown> {
        answer(self.paid(key, request).await)
    }

    async fn notify_denial(&self, key: &str, request: &NotifyDenial) -> Result<Reply<NotifyDenialOutput>, Unknown> {
        answer(self.denied(key, request).await)
    }

    async fn open_benefits(&self, key: &str, request: &OpenBenefits) -> Result<Reply<OpenBenefitsOutput>, Unknown> {
        answer(self.opened(key, request).await)
    }

    async fn terminate_enrolment(
        &self,
        key: &str,
        request: &TerminateEnrolment,
    ) -> Result<Reply<TerminateEnrolmentOutput>, Unknown> {
        answer(self.terminated(key, request).await)
    }

    async fn pay_refund(&self, key: &str, request: &PayRefund) -> Result<Reply<PayRefundOutput>, Unknown> {
        answer(self.refunded(key, request).await)
    }

    async fn correct_record(&self, key: &str, request: &CorrectRecord) -> Result<Reply<CorrectRecordOutput>, Unknown> {
        answer(self.corrected(key, request).await)
    }
}

type Answered<Output> = Result<Reply<Output>, Ended<Output>>;

/// What stands under an entry of a register.
async fn standing(books: &mut Books, register: &str, place: &str) -> Result<Option<Effect>, Error> {
    let Some(entry) = books.get(register, place).await? else { return Ok(None) };
    let effect = books.effect(entry.as_str().unwrap_or_default()).await?;
    Ok(effect.filter(Effect::stands))
}
