//! Codes of administrative divisions (行政区划代码), GB/T 2260.

use serde::{Deserialize, Serialize};

use crate::Violation;

/// The divisions of province level. Areas below change every year, so their codes are data.
const PROVINCES: [(&str, &str); 34] = [
    ("11", "北京市"),
    ("12", "天津市"),
    ("13", "河北省"),
    ("14", "山西省"),
    ("15", "内蒙古自治区"),
    ("21", "辽宁省"),
    ("22", "吉林省"),
    ("23", "黑龙江省"),
    ("31", "上海市"),
    ("32", "江苏省"),
    ("33", "浙江省"),
    ("34", "安徽省"),
    ("35", "福建省"),
    ("36", "江西省"),
    ("37", "山东省"),
    ("41", "河南省"),
    ("42", "湖北省"),
    ("43", "湖南省"),
    ("44", "广东省"),
    ("45", "广西壮族自治区"),
    ("46", "海南省"),
    ("50", "重庆市"),
    ("51", "四川省"),
    ("52", "贵州省"),
    ("53", "云南省"),
    ("54", "西藏自治区"),
    ("61", "陕西省"),
    ("62", "甘肃省"),
    ("63", "青海省"),
    ("64", "宁夏回族自治区"),
    ("65", "新疆维吾尔自治区"),
    ("71", "台湾省"),
    ("81", "香港特别行政区"),
    ("82", "澳门特别行政区"),
];

/// First two digits of the residence permits of Taiwan residents, which have the form of a citizen ID number without
/// being an area of GB/T 2260.
const TAIWAN_RESIDENCE_PERMIT: &str = "83";

/// Six digits whose first two are a known province. Whether city and county exist on a day says [`AreaCode::at`], as far
/// as it is known.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AreaCode(String);

impl AreaCode {
    /// Parses six digits: `340104` a county, `340100` a city, `340000` a province.
    ///
    /// # Errors
    /// `AR-001` not six digits, `AR-002` unknown province.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        if text.len() != 6 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Violation::new("AR-001", "行政区划代码应为6位数字", "an area code has 6 digits"));
        }
        if province_name(&text[..2]).is_none() {
            return Err(Violation::new(
                "AR-002",
                "行政区划代码前两位不是有效的省级行政区划代码",
                "the first two digits of the area code are not a known province",
            ));
        }
        Ok(AreaCode(text.to_owned()))
    }

    /// The six digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first two digits: `34`.
    pub fn province(&self) -> &str {
        &self.0[..2]
    }

    /// The province's name: `安徽省`.
    pub fn province_name_zh(&self) -> &'static str {
        province_name(self.province()).expect("the province was found when the code was parsed")
    }

    /// The first four digits: `3401`. They end in `00` for a whole province.
    pub fn city(&self) -> &str {
        &self.0[..4]
    }
}

impl TryFrom<String> for AreaCode {
    type Error = Violation;

    fn try_from(text: String) -> Result<Self, Violation> {
        AreaCode::parse(&text)
    }
}

impl From<AreaCode> for String {
    fn from(code: AreaCode) -> String {
        code.0
    }
}

/// Whether a citizen ID number may begin with these two digits.
pub(crate) fn is_known_province(two_digits: &str) -> bool {
    two_digits == TAIWAN_RESIDENCE_PERMIT || province_name(two_digits).is_some()
}

fn province_name(two_digits: &str) -> Option<&'static str> {
    PROVINCES.iter().find(|(code, _)| *code == two_digits).map(|(_, name)| *name)
}
