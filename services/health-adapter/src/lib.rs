//! The health department (卫生健康): delivery query, birth certificate and its hand-over, parenting guidance.
//!
//! How its system is reached is a [`DeliveryRegister`]; by default a [simulated](simulated) one. The contract in words:
//! `README.md`.

pub mod contract;

mod delivery_register;

pub mod simulated;

use std::sync::Arc;

use adapter::{
    Adapter, Call, Department, Reply, Stopped, Undo, Undone, Unknown,
    correction::{CorrectRecord, CorrectRecordOutput},
};

use crate::contract::{
    HandOverCertificate, HandOverCertificateOutput, IssueBirthCertificate, IssueBirthCertificateOutput, QueryDelivery,
    QueryDeliveryOutput, RegisterGuidance, RegisterGuidanceOutput,
};
pub use crate::delivery_register::DeliveryRegister;

type System = Arc<dyn DeliveryRegister>;

/// 卫生健康: 分娩信息, 出生医学证明, 科学育儿指导.
pub fn adapter(register: System) -> Department {
    Adapter::for_department("health")
        .remote("QueryDelivery", query_delivery)
        .idempotent_query()
        .remote("IssueBirthCertificate", issue_birth_certificate)
        .undone_by("VoidBirthCertificate", void_birth_certificate)
        .stopped_by(stop_issuing)
        .remote("HandOverCertificate", hand_over_certificate)
        .stopped_by(stop_hand_over)
        .remote("RegisterGuidance", register_guidance)
        .undone_by("CancelGuidance", cancel_guidance)
        .stopped_by(stop_guidance)
        .remote("CorrectRecord", correct_record)
        .serving(register)
}

/// 分娩信息查询, 皖 附1 第2行.
async fn query_delivery(
    register: &System,
    request: QueryDelivery,
    call: Call,
) -> Result<Reply<QueryDeliveryOutput>, Unknown> {
    register.find_delivery(call.id(), &request).await
}

/// 《出生医学证明》签发, 皖 附件2 二.2. Issued once for a child: asked again, the certificate that stands is the answer.
async fn issue_birth_certificate(
    register: &System,
    request: IssueBirthCertificate,
    call: Call,
) -> Result<Reply<IssueBirthCertificateOutput>, Unknown> {
    register.issue(call.id(), &request).await
}

/// 废证: the number is voided and never used again; a corrected certificate has a new one.
async fn void_birth_certificate(
    register: &System,
    undo: Undo<IssueBirthCertificate, IssueBirthCertificateOutput>,
    call: Call,
) -> Result<Undone, Unknown> {
    register.void(&undo.act_id, call.id()).await
}

async fn stop_issuing(register: &System, _: IssueBirthCertificate, call: Call) -> Result<Stopped, Unknown> {
    register.stop_issuing(call.id()).await
}

/// 证照领取. What was handed over is not taken back: 换发 and 补发 are matters of their own.
async fn hand_over_certificate(
    register: &System,
    request: HandOverCertificate,
    call: Call,
) -> Result<Reply<HandOverCertificateOutput>, Unknown> {
    register.hand_over(call.id(), &request).await
}

async fn stop_hand_over(register: &System, _: HandOverCertificate, call: Call) -> Result<Stopped, Unknown> {
    register.stop_hand_over(call.id()).await
}

/// 科学育儿指导服务登记, 皖 附件2 二.8.
async fn register_guidance(
    register: &System,
    request: RegisterGuidance,
    call: Call,
) -> Result<Reply<RegisterGuidanceOutput>, Unknown> {
    register.register_guidance(call.id(), &request).await
}

async fn cancel_guidance(
    register: &System,
    undo: Undo<RegisterGuidance, RegisterGuidanceOutput>,
    call: Call,
) -> Result<Undone, Unknown> {
    register.cancel_guidance(&undo.act_id, call.id()).await
}

async fn stop_guidance(register: &System, _: RegisterGuidance, call: Call) -> Result<Stopped, Unknown> {
    register.stop_guidance(call.id()).await
}

/// 更正: what the register says of a certificate. A new certificate (换发) is a matter of its own.
async fn correct_record(
    register: &System,
    request: CorrectRecord,
    call: Call,
) -> Result<Reply<CorrectRecordOutput>, Unknown> {
    register.correct_record(call.id(), &request).await
}
