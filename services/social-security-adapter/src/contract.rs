//! What the card centre is given and what it answers, as it travels: JSON with these names.
//!
//! The same contract for other languages, with each field's meaning: `yijian/departments/v1/social_security.proto`. A
//! test holds the two together. Types that hold more than their parts mask have no `Debug`.

use identifiers::{CitizenId, Ethnicity, LocalMinute, PersonName, Phone, Sex};
use serde::{Deserialize, Serialize};

/// 社会保障卡申领, 皖 附件2 二.4.
#[derive(Clone, Serialize, Deserialize)]
pub struct ApplyCard {
    /// The holder.
    pub child: Child,
    /// The child's birth registration.
    pub registration: Registration,
    /// The guardian who applies.
    pub mother: Mother,
    /// How the card reaches the family; none means that it is collected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hand_over: Option<HandOver>,
}

/// The holder of the card.
#[derive(Clone, Serialize, Deserialize)]
pub struct Child {
    /// 姓名.
    pub name: PersonName,
    /// 性别.
    pub sex: Sex,
    /// 出生时间.
    pub born_at: LocalMinute,
    /// What birth registration was applied with.
    pub registration: ChildRegistration,
    /// 社会保障卡信息.
    pub card: Card,
}

/// What birth registration was applied with.
#[derive(Clone, Serialize, Deserialize)]
pub struct ChildRegistration {
    /// 民族.
    pub ethnicity: Ethnicity,
}

/// 社会保障卡信息, 附3.
#[derive(Clone, Serialize, Deserialize)]
pub struct Card {
    /// 服务银行: its code.
    pub bank: String,
    /// 联系电话.
    pub phone: Phone,
}

/// A birth registration.
#[derive(Clone, Serialize, Deserialize)]
pub struct Registration {
    /// 公民身份号码.
    pub id_number: CitizenId,
    /// 户籍地址.
    pub address: String,
}

/// The guardian who applies.
#[derive(Clone, Serialize, Deserialize)]
pub struct Mother {
    /// 姓名.
    pub name: PersonName,
    /// 公民身份号码.
    pub id_number: CitizenId,
}

/// 证照领取, 收件, 附3.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct HandOver {
    /// How the card is handed over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card: Option<Delivery>,
    /// 收件人.
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
pub enum Delivery {
    /// 邮寄.
    Mail,
    /// 自行领取.
    Collect,
}

/// What a finished card gives.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApplyCardOutput {
    /// 社会保障卡卡号.
    pub card: String,
    /// The bank that serves it.
    pub bank: String,
    /// 领卡网点, or that it was posted.
    pub outlet: String,
}
