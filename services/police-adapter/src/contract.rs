//! What the police are given and what they answer, as it travels: JSON with these names.
//!
//! The same contract for other languages, with each field's meaning: `yijian/departments/v1/police.proto`. A test holds
//! the two together. Types that hold more than their parts mask have no `Debug`.

use identifiers::{AreaCode, CertificateNumber, CitizenId, Ethnicity, LocalMinute, PersonName, Relation, Sex};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// 户籍信息查询, 皖 附1 第3行. Reads only.
#[derive(Clone, Serialize, Deserialize)]
pub struct QueryHousehold {
    /// The mother.
    pub mother: QueriedPerson,
    /// The father.
    pub father: QueriedPerson,
}

/// A parent whose household is looked for.
#[derive(Clone, Serialize, Deserialize)]
pub struct QueriedPerson {
    /// 姓名.
    pub name: PersonName,
    /// 公民身份号码.
    pub id_number: CitizenId,
}

/// Where each parent is registered.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct QueryHouseholdOutput {
    /// The mother's household.
    pub mother: Household,
    /// The father's household.
    pub father: Household,
}

/// A household. Where none was found, only `found` is there.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Household {
    /// Whether the person was found.
    pub found: bool,
    /// 户籍地.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area: Option<AreaCode>,
    /// 户籍详细地址.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The person's 民族. Not among the published fields of the query, and needed by its check.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ethnicity: Option<Ethnicity>,
    /// 户别. Not among the published fields of the query, and needed by its check.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub household_type: Option<HouseholdType>,
}

/// 户别.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HouseholdType {
    /// 家庭户.
    Family,
    /// 集体户.
    Collective,
}

/// 出生登记, 皖 附件2 二.3; 晋医保发〔2026〕4号 三(二).
#[derive(Clone, Serialize, Deserialize)]
pub struct RegisterBirth {
    /// The child.
    pub child: Child,
    /// The mother.
    pub mother: Mother,
    /// Absent where the mother declares none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub father: Option<Father>,
    /// Where the family lives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub residence: Option<Residence>,
    /// Present where the marriage was queried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub marriage: Option<Marriage>,
    /// Present where the marriage licence was queried.
    #[serde(rename = "marriage-licence", default, skip_serializing_if = "Option::is_none")]
    pub marriage_licence: Option<MarriageLicence>,
    /// The birth certificate.
    pub certificate: Certificate,
}

/// The child to be registered.
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
    /// 出生地点.
    pub birth_place: BirthPlace,
    /// 出生登记信息.
    pub registration: Registration,
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

/// 出生登记信息, 附3.
#[derive(Clone, Serialize, Deserialize)]
pub struct Registration {
    /// 婴儿户口随父或随母.
    pub follow: Follow,
    /// 婴儿与户主关系.
    pub relation_to_head: Relation,
    /// 婴儿民族.
    pub ethnicity: Ethnicity,
    /// 婴儿籍贯.
    pub native_place: AreaCode,
}

/// Whose household the child joins (入户类型).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Follow {
    /// 随母.
    Mother,
    /// 随父.
    Father,
}

/// The mother.
#[derive(Clone, Serialize, Deserialize)]
pub struct Mother {
    /// 姓名.
    pub name: PersonName,
    /// 公民身份号码.
    pub id_number: CitizenId,
    /// 民族.
    pub ethnicity: Ethnicity,
    /// 户籍地址.
    pub household_address: String,
}

/// The father, as far as he is declared.
#[derive(Clone, Serialize, Deserialize)]
pub struct Father {
    /// 姓名.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<PersonName>,
    /// 公民身份号码.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_number: Option<CitizenId>,
    /// 民族.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ethnicity: Option<Ethnicity>,
    /// 户籍地址.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub household_address: Option<String>,
}

/// Where the family lives.
#[derive(Clone, Serialize, Deserialize)]
pub struct Residence {
    /// 居住地派出所.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub police_station: Option<String>,
    /// 现居住地址.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
}

/// The parents' marriage.
#[derive(Clone, Serialize, Deserialize)]
pub struct Marriage {
    /// 配偶证件号码.
    pub spouse_id_number: CitizenId,
}

/// The parents' marriage licence.
#[derive(Clone, Serialize, Deserialize)]
pub struct MarriageLicence {
    /// 电子证照标识.
    pub licence: String,
}

/// The birth certificate.
#[derive(Clone, Serialize, Deserialize)]
pub struct Certificate {
    /// 出生医学证明编号.
    pub number: CertificateNumber,
    /// 签发日期.
    pub issued_on: Date,
    /// 签证机构名称.
    pub issuer: String,
    /// 电子证照标识.
    pub licence: String,
}

/// The registration; also the fields of the notice `BirthRegistered`.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct RegisterBirthOutput {
    /// 公民身份号码, permanent.
    pub id_number: CitizenId,
    /// 登记日期.
    pub registered_on: Date,
    /// 户籍地.
    pub area: AreaCode,
    /// 户籍地址.
    pub address: String,
    /// 户号.
    pub household_number: String,
    /// 户主姓名.
    pub household_head: String,
    /// 派出所.
    pub police_station: String,
}
