//! What the insurance agency is given and what it answers, as it travels: JSON with these names.
//!
//! The same contract for other languages, with each field's meaning: `yijian/departments/v1/insurance.proto`. A test
//! holds the two together. Types that hold more than their parts mask have no `Debug`.

mod benefits;
mod maternity;
mod money;

use identifiers::{AreaCode, CertificateNumber, CitizenId, LocalMinute, PersonName, Phone, Sex};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

pub use self::{
    benefits::{
        Benefit, BenefitChoice, EnrolmentNumber, OpenBenefits, OpenBenefitsOutput, TerminateEnrolment,
        TerminateEnrolmentOutput, Termination, TerminationReason,
    },
    maternity::{
        Addressee, Agreement, Approval, Cost, Denial, Insured, NotifyDenial, NotifyDenialOutput, PaidDelivery,
        PayMaternity, PayMaternityOutput, Payee, QueriedMother, QueryMaternity, QueryMaternityOutput, Suspension,
    },
    money::{
        BankAccount, Overcollection, PayRefund, PayRefundOutput, Refund, RefundedPremium, ReverseSubsidy,
        ReverseSubsidyOutput, Subsidy, SubsidyEntry, SubsidyLine,
    },
};

/// 城乡居民基本医疗保险参保登记, 皖 附件2 二.5; 晋医保发〔2026〕4号 三(二).
#[derive(Clone, Serialize, Deserialize)]
pub struct EnrolResident {
    /// The child.
    pub child: Child,
    /// The child's birth registration.
    pub registration: Registration,
    /// Present where the pack also enrols provisionally.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Certificate>,
    /// Present where a provisional enrolment has succeeded: its record is completed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provisional: Option<Provisional>,
    /// The guardian who applies.
    pub mother: Mother,
}

/// The child to be enrolled.
#[derive(Clone, Serialize, Deserialize)]
pub struct Child {
    /// 姓名.
    pub name: PersonName,
    /// 性别.
    pub sex: Sex,
    /// 出生时间.
    pub born_at: LocalMinute,
    /// 医保参保信息.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub insurance: Option<Insurance>,
}

/// 医保参保信息, 附3.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Insurance {
    /// 参保年度; both may be ticked, and none means the birth year.
    #[serde(default)]
    pub years: Vec<InsuranceYear>,
    /// 参保类型, `390` 城乡居民.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// 参保地; none means the area of the child's household.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<AreaCode>,
}

/// 参保年度, relative to the birth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InsuranceYear {
    /// 当年.
    BirthYear,
    /// 次年.
    NextYear,
}

/// A birth registration.
#[derive(Clone, Serialize, Deserialize)]
pub struct Registration {
    /// 公民身份号码.
    pub id_number: CitizenId,
}

/// A birth certificate.
#[derive(Clone, Serialize, Deserialize)]
pub struct Certificate {
    /// 出生医学证明编号.
    pub number: CertificateNumber,
}

/// A provisional enrolment.
#[derive(Clone, Serialize, Deserialize)]
pub struct Provisional {
    /// 人员编号.
    pub person_number: String,
}

/// The mother: the guardian who applies, and the insured person of a maternity claim.
#[derive(Clone, Serialize, Deserialize)]
pub struct Mother {
    /// 姓名.
    pub name: PersonName,
    /// 公民身份号码.
    pub id_number: CitizenId,
    /// 电话.
    pub phone: Phone,
}

/// What enrolling gives.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolResidentOutput {
    /// 人员编号.
    pub person_number: String,
    /// 统筹区.
    pub area: AreaCode,
    /// 参保登记日期.
    pub enrolled_on: Date,
    /// The calendar years for which the child is enrolled, rising.
    pub years: Vec<i16>,
}

/// 容缺参保登记: by certificate and mother, before there is an ID number. 晋医保发〔2026〕4号 三(二).
#[derive(Clone, Serialize, Deserialize)]
pub struct EnrolProvisionally {
    /// The child.
    pub child: Child,
    /// The child's birth certificate.
    pub certificate: Certificate,
    /// The guardian who applies.
    pub mother: Mother,
}

/// What enrolling provisionally gives.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolProvisionallyOutput {
    /// 人员编号; kept when the record is completed.
    pub person_number: String,
    /// 统筹区.
    pub area: AreaCode,
    /// 参保登记日期.
    pub enrolled_on: Date,
    /// What is still missing; nothing, where the child was enrolled in full meanwhile.
    #[serde(default)]
    pub missing: Vec<Missing>,
}

/// What a provisional record lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Missing {
    /// 公民身份号码.
    IdNumber,
    /// 户籍.
    Household,
}

/// 生育医疗费用报销, 皖 附件2 二.6. Once for the family.
#[derive(Clone, Serialize, Deserialize)]
pub struct ClaimMaternity {
    /// The insured person.
    pub mother: Mother,
    /// The delivery as health recorded it.
    pub delivery: Delivery,
}

/// The delivery whose costs are claimed.
#[derive(Clone, Serialize, Deserialize)]
pub struct Delivery {
    /// The number of the delivery record.
    pub record: String,
    /// 定点医疗机构编码.
    pub facility_code: String,
    /// 分娩日期.
    pub delivered_on: Date,
}

/// What a decided claim gives.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimMaternityOutput {
    /// How it was settled.
    pub route: MaternityRoute,
    /// What was decided.
    pub decision: MaternityDecision,
    /// What is paid to the family, in fen.
    pub amount_fen: i64,
    /// 拨付日期, where anything is paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paid_on: Option<Date>,
}

/// How costs of a delivery are settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MaternityRoute {
    /// 联网直接结算: the family is only told that it has had its reimbursement.
    SettledByNetwork,
    /// 申请审核后拨付.
    Application,
}

/// What was decided on a claim; a refusal is no output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MaternityDecision {
    /// Nothing was left to decide.
    NoneNeeded,
    /// 核定支付.
    Approved,
}

/// 出生当年个人缴费财政资助: one entry per child. 晋医保发〔2026〕4号 二, 三(三).
#[derive(Clone, Serialize, Deserialize)]
pub struct RecordSubsidy {
    /// The child.
    pub child: SubsidisedChild,
    /// The child's birth registration.
    pub registration: Registration,
    /// The child's enrolment.
    pub enrolment: Enrolment,
    /// Present where the pack computes the subsidy and its shares.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subsidy: Option<Subsidy>,
}

/// What decides whether a child is subsidised.
#[derive(Clone, Serialize, Deserialize)]
pub struct SubsidisedChild {
    /// 出生时间.
    pub born_at: LocalMinute,
}

/// A finished enrolment.
#[derive(Clone, Serialize, Deserialize)]
pub struct Enrolment {
    /// 人员编号.
    pub person_number: String,
    /// 统筹区.
    pub area: AreaCode,
}

/// What recording a subsidy gives.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordSubsidyOutput {
    /// The number of the entry.
    pub ledger_entry: String,
    /// The year whose personal premium the state pays.
    pub year: i16,
    /// In fen.
    pub amount_fen: i64,
}
