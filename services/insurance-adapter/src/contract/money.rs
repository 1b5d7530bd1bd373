//! 基金支出 that is no benefit: a premium refunded, and how a subsidy is shared.

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{EnrolmentNumber, Payee, Registration};

/// 退费 from the agency's 支出户, 篇10 10章 art. 3: once for a voucher.
#[derive(Clone, Serialize, Deserialize)]
pub struct PayRefund {
    /// The premium that was paid and not owed.
    pub premium: RefundedPremium,
    /// How much of it; none: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refund: Option<Refund>,
    /// Tax's proof, where the mistake was tax's (10章 art. 3(二)).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overcollection: Option<Overcollection>,
    /// Who is paid.
    pub mother: Payee,
}

/// A premium that is refunded.
#[derive(Clone, Serialize, Deserialize)]
pub struct RefundedPremium {
    /// 缴费凭证号.
    pub voucher: String,
    /// What was paid, in fen.
    pub amount_fen: i64,
}

/// How much is refunded.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Refund {
    /// In fen.
    pub amount_fen: i64,
}

/// Tax's proof that too much was collected.
#[derive(Clone, Serialize, Deserialize)]
pub struct Overcollection {
    /// Its number.
    pub proof_number: String,
}

/// That it was refunded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayRefundOutput {
    /// 退费日期.
    pub refunded_on: Date,
    /// 银行托付单: its number.
    pub payment_order: String,
    /// In fen.
    pub amount_fen: i64,
    /// The last four digits of the account.
    pub account_tail: String,
}

/// What the law says of a subsidy; where the pack does not compute it, the agency's own standard counts.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Subsidy {
    /// In fen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount_fen: Option<i64>,
    /// The year whose premium it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub year: Option<i16>,
    /// Who bears it; the shares make up the amount.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<SubsidyLine>,
}

/// One level's share of a subsidy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubsidyLine {
    /// The account, e.g. 财政专户-省补.
    pub account: String,
    /// In fen.
    pub fen: i64,
}

/// 冲帐 of a subsidy, where the corrected time of birth is outside the scheme: as a step of its own, for a case that has
/// ended. 晋医保发〔2026〕4号 三(一), 五 "据实结算".
#[derive(Clone, Serialize, Deserialize)]
pub struct ReverseSubsidy {
    /// The child's birth registration.
    pub registration: Registration,
    /// The child's enrolment.
    pub enrolment: EnrolmentNumber,
    /// The entry that falls away.
    #[serde(rename = "subsidy-entry")]
    pub subsidy_entry: SubsidyEntry,
}

/// An entry of the subsidy ledger.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SubsidyEntry {
    /// Its number.
    pub ledger_entry: String,
}

/// The entry that reverses it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReverseSubsidyOutput {
    /// Its own number.
    pub ledger_entry: String,
    /// What was taken back, in fen.
    pub amount_fen: i64,
}

/// 银行账户: 8 to 32 digits.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BankAccount(String);

impl BankAccount {
    /// The account of these digits; `None` where it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = (8..=32).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| Self(text.to_owned()))
    }

    /// All its digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last four digits: all that may be shown.
    pub fn tail(&self) -> &str {
        &self.0[self.0.len() - 4..]
    }
}

impl TryFrom<String> for BankAccount {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("a bank account is 8 to 32 digits")
    }
}

impl From<BankAccount> for String {
    fn from(account: BankAccount) -> Self {
        account.0
    }
}

/// Shows the tail only.
impl fmt::Debug for BankAccount {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "BankAccount(*{})", self.tail())
    }
}
