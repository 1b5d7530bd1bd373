//! What the tax authority is given and what it answers, as it travels: JSON with these names.
//!
//! The same contract for other languages, with each field's meaning: `yijian/departments/v1/tax.proto`. A test holds
//! the two together. Types that hold more than their parts mask have no `Debug`.

use identifiers::{AreaCode, CitizenId, PersonName};
use jiff::civil::Date;
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

/// 多收、重收证明: tax confirms that a premium was collected and not owed, 篇10 10章 art. 3(二).
#[derive(Clone, Serialize, Deserialize)]
pub struct ConfirmOvercollection {
    /// The premium.
    pub premium: Collected,
}

/// A premium by its voucher.
#[derive(Clone, Serialize, Deserialize)]
pub struct Collected {
    /// 缴费凭证号.
    pub voucher: String,
}

/// Tax's proof.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfirmOvercollectionOutput {
    /// The number of the proof.
    pub proof_number: String,
}

/// 退费 by tax itself: all of a payment, or a part of it.
#[derive(Clone, Serialize, Deserialize)]
pub struct RefundPremium {
    /// The premium.
    pub premium: Collected,
    /// How much of it; none: all that was not refunded yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refund: Option<Refund>,
}

/// How much is refunded.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Refund {
    /// In fen.
    pub amount_fen: i64,
}

/// That it was refunded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundPremiumOutput {
    /// 退费凭证号.
    pub refund_voucher: String,
    /// 退费日期.
    pub refunded_on: Date,
    /// In fen.
    pub amount_fen: i64,
}
