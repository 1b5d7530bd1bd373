//! What the agency's own system can be asked: the seam between the adapter and the system.
//!
//! Every method is given the idempotency key of the call; called again with the same key the system does nothing more
//! and answers the same, or how far it has come since. `act` is the key under which an act was called that is to be
//! undone or stopped. [`Unknown`] is an outcome that is not known, never a no.

use adapter::{
    Reply, Stopped, Undone, Unknown,
    correction::{CorrectRecord, CorrectRecordOutput},
};
use async_trait::async_trait;

use crate::contract::{
    ClaimMaternity, ClaimMaternityOutput, EnrolProvisionally, EnrolProvisionallyOutput, EnrolResident,
    EnrolResidentOutput, NotifyDenial, NotifyDenialOutput, OpenBenefits, OpenBenefitsOutput, PayMaternity,
    PayMaternityOutput, PayRefund, PayRefundOutput, QueryMaternity, QueryMaternityOutput, RecordSubsidy,
    RecordSubsidyOutput, ReverseSubsidy, ReverseSubsidyOutput, TerminateEnrolment, TerminateEnrolmentOutput,
};

/// The system of a medical insurance agency.
#[async_trait]
pub trait InsuranceAgency: Send + Sync + 'static {
    /// Enrols a child, or completes the record that it has.
    async fn enrol(&self, key: &str, request: &EnrolResident) -> Result<Reply<EnrolResidentOutput>, Unknown>;
    /// Cancels the enrolment done under `act`, or stops it.
    async fn cancel_enrolment(&self, act: &str, key: &str) -> Result<Undone, Unknown>;
    /// Enrols a child that has no ID number yet.
    async fn enrol_provisionally(
        &self,
        key: &str,
        request: &EnrolProvisionally,
    ) -> Result<Reply<EnrolProvisionallyOutput>, Unknown>;
    /// Stops the enrolment taken up under `act`.
    async fn stop_enrolment(&self, act: &str) -> Result<Stopped, Unknown>;
    /// Cancels the provisional enrolment done under `act`, or stops it.
    async fn cancel_provisional_enrolment(&self, act: &str, key: &str) -> Result<Undone, Unknown>;
    /// Stops the provisional enrolment taken up under `act`.
    async fn stop_provisional_enrolment(&self, act: &str) -> Result<Stopped, Unknown>;
    /// Files a claim; called again, tells how far it has come.
    async fn claim_maternity(
        &self,
        key: &str,
        request: &ClaimMaternity,
    ) -> Result<Reply<ClaimMaternityOutput>, Unknown>;
    /// Withdraws the claim filed under `act`, if it is not decided.
    async fn withdraw_claim(&self, act: &str) -> Result<Stopped, Unknown>;
    /// Enters a child into the subsidy ledger.
    async fn record_subsidy(&self, key: &str, request: &RecordSubsidy) -> Result<Reply<RecordSubsidyOutput>, Unknown>;
    /// Reverses the entry made under `act`, or stops it.
    async fn reverse_subsidy(&self, act: &str, key: &str) -> Result<Undone, Unknown>;
    /// Reverses a child's entry, once, because a corrected fact says so.
    async fn take_back_subsidy(
        &self,
        key: &str,
        request: &ReverseSubsidy,
    ) -> Result<Reply<ReverseSubsidyOutput>, Unknown>;
    /// Stops the entry taken up under `act`.
    async fn stop_subsidy(&self, act: &str) -> Result<Stopped, Unknown>;
    /// Looks up how a mother is insured and what is known of her delivery's costs. Reads only.
    async fn find_maternity(&self, key: &str, request: &QueryMaternity)
    -> Result<Reply<QueryMaternityOutput>, Unknown>;
    /// Pays what was approved, once for a delivery; more after a recalculation.
    async fn pay_maternity(&self, key: &str, request: &PayMaternity) -> Result<Reply<PayMaternityOutput>, Unknown>;
    /// Issues the paper that nothing is paid, once for a delivery.
    async fn notify_denial(&self, key: &str, request: &NotifyDenial) -> Result<Reply<NotifyDenialOutput>, Unknown>;
    /// Enters a person's window of cover, or its next version.
    async fn open_benefits(&self, key: &str, request: &OpenBenefits) -> Result<Reply<OpenBenefitsOutput>, Unknown>;
    /// Ends an enrolment from a day on.
    async fn terminate_enrolment(
        &self,
        key: &str,
        request: &TerminateEnrolment,
    ) -> Result<Reply<TerminateEnrolmentOutput>, Unknown>;
    /// Refunds a premium, once for a voucher.
    async fn pay_refund(&self, key: &str, request: &PayRefund) -> Result<Reply<PayRefundOutput>, Unknown>;
    /// Corrects a person's record and keeps what stood before.
    async fn correct_record(&self, key: &str, request: &CorrectRecord) -> Result<Reply<CorrectRecordOutput>, Unknown>;
}
