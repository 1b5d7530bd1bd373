//! Civil affairs (民政): marriage registration and the marriage licence.
//!
//! How its systems are reached is a [`MarriageRegister`]; by default a [simulated](simulated) one. The contract in
//! words: `README.md`.

pub mod contract;

mod marriage_register;

pub mod simulated;

use std::sync::Arc;

use adapter::{Adapter, Call, Department, Reply, Unknown};

use crate::contract::{QueryMarriage, QueryMarriageLicence, QueryMarriageLicenceOutput, QueryMarriageOutput};
pub use crate::marriage_register::MarriageRegister;

type System = Arc<dyn MarriageRegister>;

/// 民政: 婚姻登记信息, 结婚证电子证照.
pub fn adapter(register: System) -> Department {
    Adapter::for_department("civil-affairs")
        .remote("QueryMarriage", query_marriage)
        .idempotent_query()
        .remote("QueryMarriageLicence", query_marriage_licence)
        .idempotent_query()
        .serving(register)
}

/// 婚姻登记信息查询, 皖 附1 第4行.
async fn query_marriage(
    register: &System,
    request: QueryMarriage,
    call: Call,
) -> Result<Reply<QueryMarriageOutput>, Unknown> {
    register.find_marriage(call.id(), &request).await
}

/// 结婚证电子证照核验, 皖 附1 第1行.
async fn query_marriage_licence(
    register: &System,
    request: QueryMarriageLicence,
    call: Call,
) -> Result<Reply<QueryMarriageLicenceOutput>, Unknown> {
    register.find_licence(call.id(), &request).await
}
