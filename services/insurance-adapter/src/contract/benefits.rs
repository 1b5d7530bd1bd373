//! 待遇享受期: when cover begins and ends, and the end of an enrolment.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// 待遇享受期登记, 皖 附3 备注: from when until when the child is covered. With other dates it is a new version.
#[derive(Clone, Serialize, Deserialize)]
pub struct OpenBenefits {
    /// Whose.
    pub enrolment: EnrolmentNumber,
    /// What the law says.
    #[serde(default)]
    pub benefit: Benefit,
    /// What a person has decided where the law needed one; it goes before the law's days.
    #[serde(rename = "benefit-choice", default, skip_serializing_if = "Option::is_none")]
    pub benefit_choice: Option<BenefitChoice>,
}

/// An enrolment.
#[derive(Clone, Serialize, Deserialize)]
pub struct EnrolmentNumber {
    /// 人员编号.
    pub person_number: String,
}

/// The window that the law gives.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Benefit {
    /// The first day; none, where a person had to decide it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_on: Option<Date>,
    /// The last day; none, where a person had to decide it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_on: Option<Date>,
}

/// A person's decision.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct BenefitChoice {
    /// The first day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_on: Option<Date>,
    /// The last day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_on: Option<Date>,
}

/// The window that stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenBenefitsOutput {
    /// The first day of cover.
    pub start_on: Date,
    /// The last day of cover.
    pub end_on: Date,
    /// The window's number; every version has its own.
    pub window_id: String,
    /// 1 for the first one of this person.
    pub version: u32,
}

/// 终止参保: enrolled twice, or gone to another province. Nothing that was used before is claimed back.
#[derive(Clone, Serialize, Deserialize)]
pub struct TerminateEnrolment {
    /// Whose.
    pub enrolment: EnrolmentNumber,
    /// From when and why.
    pub termination: Termination,
}

/// From when and why an enrolment ends.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Termination {
    /// The first day without enrolment.
    pub from: Date,
    /// Why.
    pub reason: TerminationReason,
}

/// Why an enrolment ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TerminationReason {
    /// 重复参保.
    Duplicate,
    /// 户籍或参保转往外省.
    OtherProvince,
}

/// That it has ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TerminateEnrolmentOutput {
    /// 人员编号; never given to another person.
    pub person_number: String,
    /// The first day without enrolment.
    pub terminated_from: Date,
}
