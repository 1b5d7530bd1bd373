//! What civil affairs is given and what it answers, as it travels: JSON with these names.
//!
//! The same contract for other languages: `yijian/departments/v1/civil_affairs.proto`. A test holds the two together.
//! Types that hold more than their parts mask have no `Debug`.

use identifiers::{CitizenId, PersonName};
use serde::{Deserialize, Serialize};

/// 婚姻登记信息查询, 皖 附1 第4行. Reads only.
#[derive(Clone, Serialize, Deserialize)]
pub struct QueryMarriage {
    /// The mother.
    pub mother: QueriedMother,
}

/// The mother whose marriage is looked for.
#[derive(Clone, Serialize, Deserialize)]
pub struct QueriedMother {
    /// 公民身份号码.
    pub id_number: CitizenId,
}

/// The marriage. Where none was found, only `found` is there.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct QueryMarriageOutput {
    /// Whether a marriage is registered.
    pub found: bool,
    /// 配偶证件号码.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spouse_id_number: Option<CitizenId>,
    /// 配偶姓名, where the register gives it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spouse_name: Option<PersonName>,
}

/// 结婚证电子证照核验, 皖 附1 第1行. Reads only.
#[derive(Clone, Serialize, Deserialize)]
pub struct QueryMarriageLicence {
    /// The holder.
    pub mother: QueriedMother,
}

/// The e-licence of the marriage certificate.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct QueryMarriageLicenceOutput {
    /// 已领取.
    pub claimed: bool,
    /// 电子证照标识, where it is claimed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licence: Option<String>,
}
