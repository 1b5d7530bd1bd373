//! A place in a text that is filled from the facts, of a kind that says how a value is written and how long it can be.

use std::{collections::BTreeMap, sync::Arc};

use identifiers::LocalMinute;
use jiff::civil::Date;
use serde_json::Value;

use super::units;
use crate::{facts, law};

/// How a value is written, and how long it can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A person's name; never the child's.
    Name,
    /// A day, written 2026年9月30日.
    Date,
    /// A minute of Beijing time, written 2026年9月30日18:00.
    Minute,
    /// 分, written as yuan with two digits.
    Money,
    /// A whole number.
    Count,
    /// Hundredths, e.g. 62.5, without the sign.
    Percent,
    /// The printed number of a case (办件编号).
    CaseNumber,
    /// The platform, e.g. 皖事通APP.
    Portal,
    /// Where to go.
    Office,
    /// A reason's coarse class, never its words: the detail is behind the login.
    ReasonClass,
    /// An item of the pack.
    Item,
    /// A department of the pack.
    Department,
    /// The last four digits of an account.
    Tail,
    /// A place.
    Place,
    /// A way to pay.
    Channel,
    /// One of the words that the variable lists.
    Word,
    /// Words of at most so many units.
    Text(usize),
}

impl Kind {
    /// The kinds with their words in packs, but for `text`, which says its length.
    pub const WORDS: [(&'static str, Self); 16] = [
        ("name", Self::Name),
        ("date", Self::Date),
        ("minute", Self::Minute),
        ("money", Self::Money),
        ("count", Self::Count),
        ("percent", Self::Percent),
        ("case-number", Self::CaseNumber),
        ("portal", Self::Portal),
        ("office", Self::Office),
        ("reason-class", Self::ReasonClass),
        ("item", Self::Item),
        ("department", Self::Department),
        ("tail", Self::Tail),
        ("place", Self::Place),
        ("channel", Self::Channel),
        ("word", Self::Word),
    ];

    /// A usual value, for lengths, where the variable gives none.
    pub(crate) fn typical(self) -> &'static str {
        match self {
            Self::Name => "测试甲",
            Self::Date => "2026年9月30日",
            Self::Minute => "2026年9月30日18:00",
            Self::Money => "400.00",
            Self::Count => "1",
            Self::Percent => "62.5",
            Self::CaseNumber => "AH20260930000001",
            Self::Portal => "皖事通APP",
            Self::Office => "样例区政务服务中心大厅",
            Self::ReasonClass => "有关信息核验不一致,请登录查看",
            Self::Item => "社会保障卡申领",
            Self::Department => "公安机关",
            Self::Tail => "0001",
            Self::Place => "样例市样例街道",
            Self::Channel => "皖事通APP“城乡居民两险缴费”",
            Self::Word => "自取",
            Self::Text(_) => "",
        }
    }

    /// UTF-16 units of its longest value, where the kind alone says it; `None` where the pack's own words do.
    pub(crate) fn longest(self) -> Option<usize> {
        Some(match self {
            // Names of citizens have at most 25 Hanzi here; longer foreign ones are sent all the same.
            Self::Name => 25,
            Self::Date => units("2026年11月30日"),
            Self::Minute => units("2026年11月30日18:00"),
            Self::Money => units("99999999.99"),
            Self::Count => 6,
            Self::Percent => units("999.9"),
            Self::Portal | Self::Office | Self::Place | Self::Channel => 20,
            // Where a province prints no number of its own, the case's public id in 32 hexadecimal digits stands for it.
            Self::CaseNumber => 32,
            Self::Tail => 4,
            Self::Text(max) => max,
            Self::ReasonClass | Self::Item | Self::Department | Self::Word => return None,
        })
    }
}

/// A place in a text that is filled from the facts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// As it stands in the text, e.g. `{deadline}`, or `***` in the one published text.
    pub mark: Arc<str>,
    /// How its value is written.
    pub kind: Kind,
    /// Where its value is in the facts, e.g. `mother.name`; `None` where it is always the same.
    pub path: Option<Arc<str>>,
    /// Its value where the facts hold none.
    pub value: Option<Arc<str>>,
    /// What the values in the facts are called in the text: the pack's words for reasons, items, departments and choices.
    pub words: BTreeMap<Arc<str>, Arc<str>>,
    /// A usual value.
    pub typical: Arc<str>,
    /// UTF-16 units of the longest value.
    pub longest: usize,
}

/// A value is there and is not of its kind, or too long for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unfit;

impl Variable {
    /// Its value, written. `Ok(None)` where the facts hold none and it has none of its own.
    pub(crate) fn written(&self, facts: &Value) -> Result<Option<String>, Unfit> {
        let found = self.path.as_deref().and_then(|path| facts::at(facts, path));
        let Some(found) = found.filter(|value| value.as_str() != Some("")) else {
            // A reason that nobody gave is as coarse as one that has no class of its own.
            let of_all = self.words.get(OTHERWISE).filter(|_| self.kind == Kind::ReasonClass);
            return Ok(self.value.as_deref().or(of_all.map(|word| &**word)).map(str::to_owned));
        };
        let written = self.of(found).ok_or(Unfit)?;
        // A name is never cut and never refused: it was checked when it came in.
        if self.kind != Kind::Name && units(&written) > self.longest {
            return Err(Unfit);
        }
        Ok(Some(written))
    }

    fn of(&self, value: &Value) -> Option<String> {
        match self.kind {
            Kind::Date => date(value.as_str()?),
            Kind::Minute => minute(value.as_str()?),
            Kind::Money => value.as_i64().map(law::yuan),
            Kind::Count => value.as_u64().map(|count| count.to_string()).or_else(|| whole(value.as_str()?)),
            Kind::Percent => value.as_f64().filter(|percent| (0.0..1000.0).contains(percent)).map(percent),
            Kind::Tail => tail(value.as_str()?),
            Kind::ReasonClass | Kind::Item | Kind::Department | Kind::Word => {
                let known = value.as_str()?;
                self.words.get(known).or_else(|| self.words.get(OTHERWISE)).map(|word| word.to_string())
            }
            Kind::Name
            | Kind::CaseNumber
            | Kind::Portal
            | Kind::Office
            | Kind::Place
            | Kind::Channel
            | Kind::Text(_) => value.as_str().map(str::to_owned),
        }
    }
}

/// The word for every value that has none of its own.
pub(crate) const OTHERWISE: &str = "otherwise";

fn date(text: &str) -> Option<String> {
    let day: Date = match text.len() {
        10 => text.parse().ok()?,
        _ => LocalMinute::parse(text).ok()?.date(),
    };
    Some(format!("{}年{}月{}日", day.year(), day.month(), day.day()))
}

fn minute(text: &str) -> Option<String> {
    let minute = LocalMinute::parse(text).ok()?;
    let (_, time) = minute.as_str().split_once('T')?;
    Some(format!("{}{time}", date(text)?))
}

fn whole(text: &str) -> Option<String> {
    (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.to_owned())
}

/// One digit after the point, none where it is nought.
fn percent(value: f64) -> String {
    let written = format!("{value:.1}");
    written.strip_suffix(".0").map_or(written.clone(), str::to_owned)
}

/// The last four characters of at least four, each a digit.
fn tail(account: &str) -> Option<String> {
    let last = account.len().checked_sub(4).and_then(|at| account.get(at..))?;
    last.bytes().all(|byte| byte.is_ascii_digit()).then(|| last.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn written(kind: Kind, value: Value) -> Result<Option<String>, Unfit> {
        let variable = Variable {
            mark: "{x}".into(),
            kind,
            path: Some("x".into()),
            value: None,
            words: BTreeMap::from([("police".into(), "公安机关".into())]),
            typical: "".into(),
            longest: kind.longest().unwrap_or(10),
        };
        variable.written(&json!({ "x": value }))
    }

    /// A family would otherwise read a date as a machine writes it, or a sum in 分 as yuan.
    #[test]
    fn a_value_is_written_as_its_kind_is() {
        for (kind, value, text) in [
            (Kind::Date, json!("2026-09-01"), "2026年9月1日"),
            (Kind::Date, json!("2026-11-30T18:05"), "2026年11月30日"),
            (Kind::Minute, json!("2026-11-30T18:05"), "2026年11月30日18:05"),
            (Kind::Money, json!(40_000), "400.00"),
            (Kind::Count, json!(3), "3"),
            (Kind::Percent, json!(62.5), "62.5"),
            (Kind::Percent, json!(62), "62"),
            (Kind::Tail, json!("6200000000000001234"), "1234"),
            (Kind::Department, json!("police"), "公安机关"),
            (Kind::Name, json!("测试甲"), "测试甲"),
        ] {
            assert_eq!(written(kind, value), Ok(Some(text.to_owned())), "{kind:?}");
        }
    }

    /// A value of another kind would otherwise be sent as it is, account number and all.
    #[test]
    fn a_value_that_is_not_of_its_kind_is_refused() {
        for (kind, value) in [
            (Kind::Date, json!("2026-02-30")),
            (Kind::Date, json!(20_260_201)),
            (Kind::Minute, json!("2026-09-01")),
            (Kind::Money, json!("400.00")),
            (Kind::Count, json!(-1)),
            (Kind::Tail, json!("12")),
            (Kind::Tail, json!("尾号")),
            (Kind::Department, json!("tax")),
            (Kind::Text(3), json!("四个字的")),
            (Kind::Place, json!("地".repeat(21))),
        ] {
            assert_eq!(written(kind, value.clone()), Err(Unfit), "{kind:?} {value}");
        }
        assert_eq!(written(Kind::Date, Value::Null), Ok(None));
        assert_eq!(written(Kind::Place, json!("")), Ok(None));
    }
}
