//! The medical insurance agencies (医保): enrolment in full and provisionally, windows of cover, maternity, subsidies,
//! refunds.
//!
//! Here is the table of contents, and one function per command. How the agency's system is reached is an
//! [`InsuranceAgency`]; by default a [simulated](simulated) one. The contract in words, with codes and times:
//! `README.md`.

pub mod contract;

mod agency;

pub mod simulated;

use std::sync::Arc;

use adapter::{
    Adapter, Call, Department, Reply, Stopped, Undo, Undone, Unknown,
    correction::{CorrectRecord, CorrectRecordOutput},
};

pub use crate::agency::InsuranceAgency;
use crate::contract::{
    ClaimMaternity, ClaimMaternityOutput, EnrolProvisionally, EnrolProvisionallyOutput, EnrolResident,
    EnrolResidentOutput, NotifyDenial, NotifyDenialOutput, OpenBenefits, OpenBenefitsOutput, PayMaternity,
    PayMaternityOutput, PayRefund, PayRefundOutput, QueryMaternity, QueryMaternityOutput, RecordSubsidy,
    RecordSubsidyOutput, ReverseSubsidy, ReverseSubsidyOutput, TerminateEnrolment, TerminateEnrolmentOutput,
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
        .remote("ReverseSubsidy", take_back_subsidy)
        .remote("QueryMaternity", query_maternity)
        .idempotent_query()
        .remote("PayMaternity", pay_maternity)
        .remote("NotifyDenial", notify_denial)
        .remote("OpenBenefits", open_benefits)
        .remote("TerminateEnrolment", terminate_enrolment)
        .remote("PayRefund", pay_refund)
        .remote("CorrectRecord", correct_record)
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

/// 冲帐 of a subsidy as a step of its own, 晋医保发〔2026〕4号 五.
async fn take_back_subsidy(
    agency: &System,
    request: ReverseSubsidy,
    call: Call,
) -> Result<Reply<ReverseSubsidyOutput>, Unknown> {
    agency.take_back_subsidy(call.id(), &request).await
}

async fn stop_subsidy(agency: &System, _: RecordSubsidy, call: Call) -> Result<Stopped, Unknown> {
    agency.stop_subsidy(call.id()).await
}

/// 生育保险状态查询, 皖 三(三)1.
async fn query_maternity(
    agency: &System,
    request: QueryMaternity,
    call: Call,
) -> Result<Reply<QueryMaternityOutput>, Unknown> {
    agency.find_maternity(call.id(), &request).await
}

/// 生育待遇拨付, 篇10 9章 art. 4, 10章 art. 9.
async fn pay_maternity(
    agency: &System,
    request: PayMaternity,
    call: Call,
) -> Result<Reply<PayMaternityOutput>, Unknown> {
    agency.pay_maternity(call.id(), &request).await
}

/// 《不予支付生育保险待遇告知书》, 篇10 9章 art. 3.
async fn notify_denial(
    agency: &System,
    request: NotifyDenial,
    call: Call,
) -> Result<Reply<NotifyDenialOutput>, Unknown> {
    agency.notify_denial(call.id(), &request).await
}

/// 待遇享受期登记, 皖 附3 备注.
async fn open_benefits(
    agency: &System,
    request: OpenBenefits,
    call: Call,
) -> Result<Reply<OpenBenefitsOutput>, Unknown> {
    agency.open_benefits(call.id(), &request).await
}

/// 终止参保: enrolled twice, or gone to another province.
async fn terminate_enrolment(
    agency: &System,
    request: TerminateEnrolment,
    call: Call,
) -> Result<Reply<TerminateEnrolmentOutput>, Unknown> {
    agency.terminate_enrolment(call.id(), &request).await
}

/// 退费 from 支出户, 篇10 10章 art. 3.
async fn pay_refund(agency: &System, request: PayRefund, call: Call) -> Result<Reply<PayRefundOutput>, Unknown> {
    agency.pay_refund(call.id(), &request).await
}

/// 更正, 篇10 3章 arts 11–12.
async fn correct_record(
    agency: &System,
    request: CorrectRecord,
    call: Call,
) -> Result<Reply<CorrectRecordOutput>, Unknown> {
    agency.correct_record(call.id(), &request).await
}
