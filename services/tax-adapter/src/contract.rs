//! What the tax authority is given and what it answers, as it travels: JSON with these names.
//!
//! The same contract for other languages, with each field's meaning: `yijian/departments/v1/tax.proto`. A test holds
//! the two together. Types that hold more than their parts mask have no `Debug`.

use identifiers::{AreaCode, CitizenId, PersonName};
use serde::{Deserialize, Serialize};

/// 城乡居民基本医疗保险缴费: wait until the family has paid. 皖 附件2 二.5.
#[derive(Clone, Serialize, Deserialize)]
pub struct AwaitPremium {
    /// The child.
    pub child: Child,
    /// The child's birth registration.
    pub registration: Registration,
    /// What is to be collected.
    pub enrolment: Enrolment,
}

/// The child whose premium it is.
#[derive(Clone, Serialize, Deserialize)]
pub struct Child {
    /// 姓名.
    pub name: PersonName,
}

/// A birth registration.
#[derive(Clone, Serialize, Deserialize)]
pub struct Registration {
    /// 公民身份号码: what a payment is found by.
    pub id_number: CitizenId,
}

/// A finished enrolment.
#[derive(Clone, Serialize, Deserialize)]
pub struct Enrolment {
    /// 人员编号.
    pub person_number: String,
    /// 统筹区.
    pub area: AreaCode,
    /// The calendar years for which a premium is due.
    pub years: Vec<i16>,
}

/// A premium paid: the output of [`AwaitPremium`] and, told unasked, the fields of the notice `PremiumPaid`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PremiumPaid {
    /// 缴费凭证号. The same voucher told twice is one payment.
    pub voucher: String,
    /// When the payment succeeded, not when it was reported: `2026-11-22T09:30:05+08:00`.
    pub paid_at: String,
    /// In fen.
    pub amount_fen: i64,
    /// The calendar years paid for.
    pub years: Vec<i16>,
}
