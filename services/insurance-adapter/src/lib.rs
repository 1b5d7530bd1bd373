//! The medical insurance agencies (医保): resident enrolment, provisional enrolment, maternity claims, the subsidy ledger.
//!
//! Here is the table of contents, and one function per command. How the agency's system is reached is an
//! [`InsuranceAgency`]; by default a [simulated](simulated) one. The contract in words, with codes and times:
//! `README.md`.

pub mod contract;

mod agency;

pub mod simulated;

use std::sync::Arc;

use adapter::{Adapter, Call, Department, Reply, Stopped, Undo, Undone, Unknown};

pub use crate::agency::InsuranceAgency;
use crate::contract::{
    ClaimMaternity, ClaimMaternityOutput, EnrolProvisionally, EnrolProvisionallyOutput, EnrolResident,
    EnrolResidentOutput, RecordSubsidy, RecordSubsidyOutput,
};

type System = Arc<dyn InsuranceAgency>;

/// 医保.
pub fn adapter(agency: System) -> Department {
    Adapter::for_department("insurance")
        .remote("EnrolResident", enrol)
        .undone_by("CancelEnrolment", cancel_enrolment)
        .stopped_by(stop_enrolment)
        .remote("EnrolProvisionally", enrol_provisionally)
        .undone_by("CancelProvisionalEnrolment", cancel_provisional_enrolment)
        .stopped_by(stop_provisional_enrolment)
        .remote("ClaimMaternity", claim_maternity)
        .stopped_by(withdraw_claim)
        .remote("RecordSubsidy", record_subsidy)
        .undone_by("ReverseSubsidy", reverse_subsidy)
        .stopped_by(stop_subsidy)
        .serving(agency)
}

/// 参保登记, 皖 附件2 二.5: "对符合政策规定的婴儿直接审核通过".
async fn enrol(agency: &System, request: EnrolResident, call: Call) -> Result<Reply<EnrolResidentOutput>, Unknown> {
    agency.enrol(call.id(), &request).await
}

async fn cancel_enrolment(
    agency: &System,
    undo: Undo<EnrolResident, EnrolResidentOutput>,
    call: Call,
) -> Result<Undone, Unknown> {
    agency.cancel_enrolment(&undo.act_id, call.id()).await
}

async fn stop_enrolment(agency: &System, _: EnrolResident, call: Call) -> Result<Stopped, Unknown> {
    agency.stop_enrolment(call.id()).await
}

/// 容缺参保, 晋医保发〔2026〕4号 三(二).
async fn enrol_provisionally(
    agency: &System,
    request: EnrolProvisionally,
    call: Call,
) -> Result<Reply<EnrolProvisionallyOutput>, Unknown> {
    agency.enrol_provisionally(call.id(), &request).await
}

async fn cancel_provisional_enrolment(
    agency: &System,
    undo: Undo<EnrolProvisionally, EnrolProvisionallyOutput>,
    call: Call,
) -> Result<Undone, Unknown> {
    agency.cancel_provisional_enrolment(&undo.act_id, call.id()).await
}

async fn stop_provisional_enrolment(agency: &System, _: EnrolProvisionally, call: Call) -> Result<Stopped, Unknown> {
    agency.stop_provisional_enrolment(call.id()).await
}

/// 生育医疗费用报销, 皖 附件2 二.6: 初审, 复核 and 审批, each told as it is reached.
async fn claim_maternity(
    agency: &System,
    request: ClaimMaternity,
    call: Call,
) -> Result<Reply<ClaimMaternityOutput>, Unknown> {
    agency.claim_maternity(call.id(), &request).await
}

async fn withdraw_claim(agency: &System, _: ClaimMaternity, call: Call) -> Result<Stopped, Unknown> {
    agency.withdraw_claim(call.id()).await
}

/// 财政资助, 晋医保发〔2026〕4号 二, 三(三).
async fn record_subsidy(
    agency: &System,
    request: RecordSubsidy,
    call: Call,
) -> Result<Reply<RecordSubsidyOutput>, Unknown> {
    agency.record_subsidy(call.id(), &request).await
}

async fn reverse_subsidy(
    agency: &System,
    undo: Undo<RecordSubsidy, RecordSubsidyOutput>,
    call: Call,
) -> Result<Undone, Unknown> {
    agency.reverse_subsidy(&undo.act_id, call.id()).await
}

async fn stop_subsidy(agency: &System, _: RecordSubsidy, call: Call) -> Result<Stopped, Unknown> {
    agency.stop_subsidy(call.id()).await
}
