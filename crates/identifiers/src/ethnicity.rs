//! A person's ethnicity (民族), GB/T 3304.

use serde::{Deserialize, Deserializer, Serialize, de};

use crate::Violation;

/// The codes and their names, in the standard's order.
const ETHNICITIES: [(&str, &str); 58] = [
    ("01", "汉"),
    ("02", "蒙古"),
    ("03", "回"),
    ("04", "藏"),
    ("05", "维吾尔"),
    ("06", "苗"),
    ("07", "彝"),
    ("08", "壮"),
    ("09", "布依"),
    ("10", "朝鲜"),
    ("11", "满"),
    ("12", "侗"),
    ("13", "瑶"),
    ("14", "白"),
    ("15", "土家"),
    ("16", "哈尼"),
    ("17", "哈萨克"),
    ("18", "傣"),
    ("19", "黎"),
    ("20", "傈僳"),
    ("21", "佤"),
    ("22", "畲"),
    ("23", "高山"),
    ("24", "拉祜"),
    ("25", "水"),
    ("26", "东乡"),
    ("27", "纳西"),
    ("28", "景颇"),
    ("29", "柯尔克孜"),
    ("30", "土"),
    ("31", "达斡尔"),
    ("32", "仫佬"),
    ("33", "羌"),
    ("34", "布朗"),
    ("35", "撒拉"),
    ("36", "毛南"),
    ("37", "仡佬"),
    ("38", "锡伯"),
    ("39", "阿昌"),
    ("40", "普米"),
    ("41", "塔吉克"),
    ("42", "怒"),
    ("43", "乌孜别克"),
    ("44", "俄罗斯"),
    ("45", "鄂温克"),
    ("46", "德昂"),
    ("47", "保安"),
    ("48", "裕固"),
    ("49", "京"),
    ("50", "塔塔尔"),
    ("51", "独龙"),
    ("52", "鄂伦春"),
    ("53", "赫哲"),
    ("54", "门巴"),
    ("55", "珞巴"),
    ("56", "基诺"),
    ("97", "其他"),
    ("98", "外国血统"),
];

/// One of the 56 ethnicities, other (97) or of foreign blood (98).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(into = "String")]
pub struct Ethnicity {
    code: &'static str,
    name_zh: &'static str,
}

impl Ethnicity {
    /// Parses a two-digit code.
    ///
    /// # Errors
    /// `ET-001` not a code of GB/T 3304.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        match ETHNICITIES.iter().find(|(code, _)| *code == text) {
            Some((code, name_zh)) => Ok(Ethnicity { code, name_zh }),
            None => Err(Violation::new(
                "ET-001",
                "民族代码应为01至56、97(其他)或98(外国血统)",
                "the ethnicity code must be 01 to 56, 97 (other) or 98 (of foreign blood)",
            )),
        }
    }

    /// The two-digit code.
    pub fn as_str(&self) -> &'static str {
        self.code
    }

    /// The Chinese name without 族: `汉`, `维吾尔`.
    pub fn name_zh(&self) -> &'static str {
        self.name_zh
    }
}

/// By hand: the derived one takes the static texts for borrowed input, and would read from static input only.
impl<'de> Deserialize<'de> for Ethnicity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ethnicity::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

impl TryFrom<String> for Ethnicity {
    type Error = Violation;

    fn try_from(text: String) -> Result<Self, Violation> {
        Ethnicity::parse(&text)
    }
}

impl From<Ethnicity> for String {
    fn from(ethnicity: Ethnicity) -> String {
        ethnicity.code.to_owned()
    }
}
