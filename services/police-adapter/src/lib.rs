//! The police (公安户政): household query and birth registration.
//!
//! How their system is reached is a [`HouseholdRegister`]; by default a [simulated](simulated) one. The contract in
//! words: `README.md`.

pub mod contract;

mod household_register;

pub mod simulated;

use std::sync::Arc;

use adapter::{
    Adapter, Call, Department, Fact, Reply, Stopped, Unknown,
    correction::{CorrectRecord, CorrectRecordOutput},
};

use crate::contract::{QueryHousehold, QueryHouseholdOutput, RegisterBirth, RegisterBirthOutput};
pub use crate::household_register::HouseholdRegister;

type System = Arc<dyn HouseholdRegister>;

/// 公安: 户籍信息, 出生登记.
pub fn adapter(register: System) -> Department {
    Adapter::for_department("police")
        .remote("QueryHousehold", query_household)
        .idempotent_query()
        // Permanent: nothing undoes it.
        .remote("RegisterBirth", register_birth)
        .stopped_by(stop_registration)
        .remote("CorrectRecord", correct_record)
        .notices(notices)
        .acknowledged(acknowledged)
        .serving(register)
}

/// 户籍信息查询, 皖 附1 第3行.
async fn query_household(
    register: &System,
    request: QueryHousehold,
    call: Call,
) -> Result<Reply<QueryHouseholdOutput>, Unknown> {
    register.find_households(call.id(), &request).await
}

/// 出生登记, 皖 附件2 二.3: the citizen ID number is issued here, once and for ever.
async fn register_birth(
    register: &System,
    request: RegisterBirth,
    call: Call,
) -> Result<Reply<RegisterBirthOutput>, Unknown> {
    register.register(call.id(), &request).await
}

async fn stop_registration(register: &System, _: RegisterBirth, call: Call) -> Result<Stopped, Unknown> {
    register.stop_registration(call.id()).await
}

/// Registrations done at a counter: `BirthRegistered`, found by the certificate.
async fn notices(register: &System) -> Result<Vec<Fact>, Unknown> {
    register.notices().await
}

async fn acknowledged(register: &System, ids: Vec<[u8; 16]>) -> Result<(), Unknown> {
    register.acknowledged(&ids).await
}

/// 更正: the entry of a registered child. The number itself is never corrected here.
async fn correct_record(
    register: &System,
    request: CorrectRecord,
    call: Call,
) -> Result<Reply<CorrectRecordOutput>, Unknown> {
    register.correct_record(call.id(), &request).await
}
