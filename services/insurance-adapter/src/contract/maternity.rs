//! 生育: what the agency knows of a mother's insurance, the payment to her, and the paper that says no.

use identifiers::{CitizenId, PersonName};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{BankAccount, Delivery};

/// 生育保险状态查询, by "新生儿信息和母亲信息" (皖 三(三)1). Reads only.
#[derive(Clone, Serialize, Deserialize)]
pub struct QueryMaternity {
    /// The mother.
    pub mother: QueriedMother,
    /// The delivery as health recorded it.
    pub delivery: Delivery,
}

/// The mother whose insurance is looked for.
#[derive(Clone, Serialize, Deserialize)]
pub struct QueriedMother {
    /// 公民身份号码.
    pub id_number: CitizenId,
}

/// What the agency knows. What follows from it is the law's to say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueryMaternityOutput {
    /// How the mother is insured.
    pub insured: Insured,
    /// The costs were settled by the network already (联网直接结算).
    pub settled: bool,
    /// The delivery was in the mother's own pooling area (统筹区).
    pub own_area: bool,
    /// It was an emergency or a rescue.
    pub emergency: bool,
    /// 难产.
    pub difficult_birth: bool,
    /// How many children were born.
    pub babies: u32,
    /// 定点医疗机构 on the day of the delivery.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub designated: Option<bool>,
    /// The hospital's agreement with the agency; none, where it never had one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreement: Option<Agreement>,
    /// The costs by the day on which they arose.
    #[serde(default)]
    pub costs: Vec<Cost>,
    /// The employer's average monthly wage of last year, in fen; only of an insured employee.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub average_monthly_wage_fen: Option<i64>,
}

/// How a mother is insured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Insured {
    /// 职工.
    Employee,
    /// 城乡居民.
    Resident,
    /// 职工未就业配偶.
    SpouseOfEmployee,
    /// Not at all.
    None,
}

/// 医保协议 of a medical institution, 《医疗机构医疗保障定点管理暂行办法》 arts 41–42.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agreement {
    /// The first day in force.
    pub from: Date,
    /// The last day in force.
    pub until: Date,
    /// 解除.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terminated_on: Option<Date>,
    /// 中止, the first one first.
    #[serde(default)]
    pub suspensions: Vec<Suspension>,
}

/// 中止 of an agreement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suspension {
    /// The first day.
    pub from: Date,
    /// The last day; none, while it lasts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
    /// The institution asked for it.
    pub own_request: bool,
    /// When the institution applied to resume.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resume_applied_on: Option<Date>,
}

/// A cost of the delivery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// The day on which it arose.
    pub on: Date,
    /// In fen.
    pub amount_fen: i64,
}

/// 生育待遇拨付 after the approval, 篇10 9章 art. 4, 10章 art. 9. Once for a delivery.
#[derive(Clone, Serialize, Deserialize)]
pub struct PayMaternity {
    /// Who is paid.
    pub mother: Payee,
    /// Whose costs.
    pub delivery: PaidDelivery,
    /// What was approved.
    pub approval: Approval,
}

/// Who is paid.
#[derive(Clone, Serialize, Deserialize)]
pub struct Payee {
    /// 姓名.
    pub name: PersonName,
    /// 公民身份号码.
    pub id_number: CitizenId,
    /// 银行账户; none: the financial account of her social security card.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bank_account: Option<BankAccount>,
}

/// The delivery that is paid for.
#[derive(Clone, Serialize, Deserialize)]
pub struct PaidDelivery {
    /// The number of the delivery record.
    pub record: String,
}

/// What 审批 has approved.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Approval {
    /// 核定金额 altogether, in fen.
    pub amount_fen: i64,
    /// Of that, 生育津贴, in fen; none: nothing of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowance_fen: Option<i64>,
}

/// That it was paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayMaternityOutput {
    /// What this order has paid, in fen: after a recalculation (重核) the difference only (补发).
    pub amount_fen: i64,
    /// What was paid for the delivery altogether, in fen.
    pub total_fen: i64,
    /// 拨付日期.
    pub paid_on: Date,
    /// The last four digits of the account.
    pub account_tail: String,
    /// 银行托付单: its number.
    pub payment_order: String,
}

/// 《不予支付生育保险待遇告知书》, 篇10 9章 art. 3.
#[derive(Clone, Serialize, Deserialize)]
pub struct NotifyDenial {
    /// To whom.
    pub mother: Addressee,
    /// For which delivery.
    pub delivery: PaidDelivery,
    /// The reviewers' reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<Denial>,
    /// The reason of the route, where it never came to a review.
    #[serde(rename = "maternity-route", default, skip_serializing_if = "Option::is_none")]
    pub maternity_route: Option<Denial>,
}

/// To whom a paper is addressed.
#[derive(Clone, Serialize, Deserialize)]
pub struct Addressee {
    /// 姓名.
    pub name: PersonName,
    /// 公民身份号码.
    pub id_number: CitizenId,
}

/// Why nothing is paid.
#[derive(Clone, Serialize, Deserialize)]
pub struct Denial {
    /// In words; may speak of a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The paper.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotifyDenialOutput {
    /// 文号.
    pub document_number: String,
    /// 一式二份.
    pub copies: u32,
    /// When it was issued.
    pub issued_on: Date,
}
