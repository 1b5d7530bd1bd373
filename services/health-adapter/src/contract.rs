//! What the health department is given and what it answers, as it travels: JSON with these names.
//!
//! The same contract for other languages, with each field's meaning: `yijian/departments/v1/health.proto`. A test
//! holds the two together. Types that hold more than their parts mask have no `Debug`.

use identifiers::{CertificateNumber, CitizenId, Ethnicity, LocalMinute, PersonName, Phone, Sex};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// 分娩信息查询, 皖 附1 第2行. Reads only.
#[derive(Clone, Serialize, Deserialize)]
pub struct QueryDelivery {
    /// The mother.
    pub mother: QueriedMother,
}

/// The mother whose delivery is looked for.
#[derive(Clone, Serialize, Deserialize)]
pub struct QueriedMother {
    /// 公民身份号码.
    pub id_number: CitizenId,
}

/// What health knows of the mother's delivery. Where none was found, only `found` is there.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct QueryDeliveryOutput {
    /// Whether a delivery was found.
    pub found: bool,
    /// 活产.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub live_birth: Option<bool>,
    /// Born in the province.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_province: Option<bool>,
    /// Where she gave birth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<BirthPlace>,
    /// The ID number under which she was admitted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mother_id_number: Option<CitizenId>,
    /// Within the thirty days in principle (原则上30日内).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within_window: Option<bool>,
    /// A certificate was collected offline already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collected_offline: Option<bool>,
    /// The number of the delivery record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<String>,
    /// 定点医疗机构编码, 12 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facility_code: Option<String>,
    /// 分娩日期.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered_on: Option<Date>,
    /// The children, where the facility has entered them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<DeliveredChild>,
}

/// A child of a delivery record.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct DeliveredChild {
    /// 胎次中的顺序, from 1.
    pub order: u32,
    /// 性别.
    pub sex: Sex,
    /// 出生时间.
    pub born_at: LocalMinute,
}

/// 出生地点.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BirthPlace {
    /// 助产机构内.
    Facility,
    /// 在家中、途中分娩后即送助产机构.
    BroughtAtOnce,
    /// Anywhere else.
    Elsewhere,
}

/// 《出生医学证明》签发, 皖 附件2 二.2.
#[derive(Clone, Serialize, Deserialize)]
pub struct IssueBirthCertificate {
    /// The child.
    pub child: Child,
    /// The mother.
    pub mother: Mother,
    /// Absent where the mother declares none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub father: Option<Father>,
    /// Present where the delivery was queried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery: Option<Delivery>,
    /// Present where the marriage licence was queried.
    #[serde(rename = "marriage-licence", default, skip_serializing_if = "Option::is_none")]
    pub marriage_licence: Option<MarriageLicence>,
}

/// The child as the certificate describes it.
#[derive(Clone, Serialize, Deserialize)]
pub struct Child {
    /// 胎次中的顺序, from 1.
    pub order: u32,
    /// 姓名.
    pub name: PersonName,
    /// 性别.
    pub sex: Sex,
    /// 出生时间.
    pub born_at: LocalMinute,
    /// 出生孕周: whole weeks.
    pub gestation_weeks: u32,
    /// And days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gestation_days: Option<u32>,
    /// 出生体重, in grams.
    pub weight_g: u32,
    /// 出生身长, in centimetres.
    pub length_cm: u32,
    /// 出生地点.
    pub birth_place: BirthPlace,
    /// 医疗机构名称.
    pub facility_name: String,
}

/// The mother as the certificate describes her.
#[derive(Clone, Serialize, Deserialize)]
pub struct Mother {
    /// 姓名.
    pub name: PersonName,
    /// 证件类型.
    pub document_type: String,
    /// 公民身份号码.
    pub id_number: CitizenId,
    /// 国籍.
    pub nationality: String,
    /// 民族.
    pub ethnicity: Ethnicity,
    /// 户籍地址.
    pub household_address: String,
}

/// The father as the certificate describes him, as far as he is declared.
#[derive(Clone, Serialize, Deserialize)]
pub struct Father {
    /// 姓名.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<PersonName>,
    /// 证件类型.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document_type: Option<String>,
    /// 公民身份号码.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_number: Option<CitizenId>,
    /// 国籍.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nationality: Option<String>,
    /// 民族.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ethnicity: Option<Ethnicity>,
    /// 户籍地址.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub household_address: Option<String>,
}

/// The delivery that the certificate attests.
#[derive(Clone, Serialize, Deserialize)]
pub struct Delivery {
    /// The number of the delivery record.
    pub record: String,
}

/// The parents' marriage licence.
#[derive(Clone, Serialize, Deserialize)]
pub struct MarriageLicence {
    /// 电子证照标识.
    pub licence: String,
}

/// The certificate.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct IssueBirthCertificateOutput {
    /// 出生医学证明编号.
    pub number: CertificateNumber,
    /// 签发日期.
    pub issued_on: Date,
    /// 签证机构名称.
    pub issuer: String,
    /// 电子证照标识.
    pub licence: String,
}

/// 证照领取: the certificate reaches the family.
#[derive(Clone, Serialize, Deserialize)]
pub struct HandOverCertificate {
    /// Which certificate.
    pub certificate: Certificate,
    /// Where it is collected.
    pub child: HandedOverChild,
    /// How it reaches the family.
    pub hand_over: HandOver,
}

/// A certificate, by its number.
#[derive(Clone, Serialize, Deserialize)]
pub struct Certificate {
    /// 出生医学证明编号.
    pub number: CertificateNumber,
}

/// Where the child was born.
#[derive(Clone, Serialize, Deserialize)]
pub struct HandedOverChild {
    /// 医疗机构名称.
    pub facility_name: String,
}

/// How a certificate reaches the family.
#[derive(Clone, Serialize, Deserialize)]
pub struct HandOver {
    /// 邮寄 or 自行领取.
    pub certificate: Way,
    /// 收件人; present with mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipient: Option<String>,
    /// 联系电话.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipient_phone: Option<String>,
    /// 收件地址.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipient_address: Option<String>,
}

/// How a document reaches the family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// 邮寄.
    Mail,
    /// 自行领取.
    Collect,
}

/// That the certificate was handed over.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct HandOverCertificateOutput {
    /// 领取或寄出日期.
    pub handed_over_on: Date,
    /// 邮寄单号, where it was posted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracking_number: Option<String>,
}

/// 科学育儿指导服务登记, 皖 附件2 二.8.
#[derive(Clone, Serialize, Deserialize)]
pub struct RegisterGuidance {
    /// The child.
    pub child: GuidedChild,
    /// Whom to call.
    pub mother: GuidedMother,
    /// Where they live.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub residence: Option<Residence>,
}

/// The child whose parents are guided.
#[derive(Clone, Serialize, Deserialize)]
pub struct GuidedChild {
    /// 姓名.
    pub name: PersonName,
    /// 出生时间.
    pub born_at: LocalMinute,
}

/// The mother who is called.
#[derive(Clone, Serialize, Deserialize)]
pub struct GuidedMother {
    /// 姓名.
    pub name: PersonName,
    /// 电话.
    pub phone: Phone,
}

/// Where the family lives.
#[derive(Clone, Serialize, Deserialize)]
pub struct Residence {
    /// 现居住地址.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
}

/// The registration.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct RegisterGuidanceOutput {
    /// 登记编号.
    pub registration_number: String,
}
