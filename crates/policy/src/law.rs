//! The values that a province's law sets: days, amounts, ways of deciding, each with its source and the dates it is in
//! force.
//!
//! `law.toml` holds them as `[section]` and `key = { value, source, from?, until? }`, or a list of such where a value
//! changes with time. Which keys there are, and of what kind, each rule says in its [`Term`]s; another key is an error.
//! What a source leaves open is written `unspecified` and is never guessed.

use std::{collections::BTreeMap, sync::Arc};

use identifiers::LocalMinute;
use jiff::civil::Date;

use crate::{legal_time::Span, rules};

/// The values of a pack.
pub const LAW: &str = "law.toml";

/// The values that a pack takes from its base where it sets none of its own.
pub const BASE_LAW: &str = "base/law.toml";

/// What people are shown where a source leaves a value open.
pub const UNSPECIFIED_ZH: &str = "按部门公布的承诺时限";

/// The same in English.
pub const UNSPECIFIED_EN: &str = "as the department promises publicly";

/// One value that a pack may set.
#[derive(Clone, Copy, Debug)]
pub struct Term {
    /// `section.key`, e.g. `benefit.on_time`.
    pub key: &'static str,
    /// What it is, in Chinese.
    pub zh: &'static str,
    /// What it is, in English.
    pub en: &'static str,
    /// What it may say.
    pub kind: Kind,
}

/// What a value may say. `unspecified` may stand for any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A length of legal time, e.g. `90 days`.
    Span,
    /// One of these words.
    Word(&'static [&'static str]),
    /// Yes or no.
    Truth,
    /// A whole number.
    Count,
    /// Yuan with two digits after the point, e.g. `400.00`; kept in 分.
    Money,
    /// A day of every year, `MM-DD`.
    MonthDay,
    /// A minute of Beijing time.
    Minute,
    /// Words.
    Text,
    /// A list of words.
    Texts,
    /// A list of some of these words, each at most once.
    Words(&'static [&'static str]),
}

/// A value, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// The source leaves it open.
    Unspecified,
    /// A length of legal time.
    Span(Span),
    /// One of the term's words.
    Word(Arc<str>),
    /// Yes or no.
    Truth(bool),
    /// A whole number.
    Count(u32),
    /// 分.
    Money(i64),
    /// Month and day.
    MonthDay(i8, i8),
    /// A minute of Beijing time.
    Minute(LocalMinute),
    /// Words.
    Text(Arc<str>),
    /// A list of words.
    Texts(Vec<Arc<str>>),
}

/// A value with its source and the dates it is in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provision {
    /// What it says.
    pub value: Value,
    /// Document and article.
    pub source: Arc<str>,
    /// The first day in force; `None`: from the beginning of the pack.
    pub from: Option<Date>,
    /// The first day no longer in force; `None`: to the end of the pack.
    pub until: Option<Date>,
    /// The file it stands in: the pack's own `law.toml` or its base's.
    pub file: &'static str,
    /// The line of that file.
    pub line: usize,
}

/// All values of one pack.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Law {
    provisions: BTreeMap<&'static str, Vec<Provision>>,
    /// How the public funds' levels share a sum, where the pack says so.
    pub shares: Vec<rules::subsidy::Share>,
    /// How many children each city is to subsidise in a year, where the pack says so.
    pub plans: Vec<rules::subsidy::Plan>,
    /// How the agency handles each business: limits, levels, papers.
    pub procedures: Vec<rules::review::Procedure>,
}

impl Law {
    /// With these values.
    pub(crate) fn new(provisions: BTreeMap<&'static str, Vec<Provision>>, shares: Vec<rules::subsidy::Share>) -> Self {
        Self { provisions, shares, plans: Vec::new(), procedures: Vec::new() }
    }

    /// The value of a term that is in force on a day; without a day, the first one.
    pub fn get(&self, term: &str, on: Option<Date>) -> Option<&Provision> {
        self.provisions.get(term)?.iter().find(|provision| on.is_none_or(|day| provision.is_in_force(day)))
    }

    /// All values, by term and in order of time.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &[Provision])> {
        self.provisions.iter().map(|(term, provisions)| (*term, &**provisions))
    }

    /// The values of `base` where this law has none of its own: what it sets itself wins.
    #[must_use]
    pub(crate) fn over(mut self, base: &Self) -> Self {
        for (term, provisions) in &base.provisions {
            let of_the_base = |provision: &Provision| Provision { file: BASE_LAW, ..provision.clone() };
            self.provisions.entry(term).or_insert_with(|| provisions.iter().map(of_the_base).collect());
        }
        if self.shares.is_empty() {
            self.shares.clone_from(&base.shares);
        }
        if self.plans.is_empty() {
            self.plans.clone_from(&base.plans);
        }
        for procedure in &base.procedures {
            if self.procedure(&procedure.business).is_none() {
                self.procedures.push(procedure.clone());
            }
        }
        self
    }
}

impl Provision {
    /// Where it stands, e.g. `law.toml:21`.
    pub fn place(&self) -> String {
        format!("{}:{}", self.file, self.line)
    }

    /// True where it is in force on this day.
    pub fn is_in_force(&self, day: Date) -> bool {
        self.from.is_none_or(|from| day >= from) && self.until.is_none_or(|until| day < until)
    }
}

/// All terms of all rules.
pub fn terms() -> impl Iterator<Item = &'static Term> {
    rules::TERMS.iter().flat_map(|terms| terms.iter())
}

/// The term of this key.
pub fn term(key: &str) -> Option<&'static Term> {
    terms().find(|term| term.key == key)
}

/// Yuan with two digits after the point, as 分. `None` for anything else.
pub fn money(text: &str) -> Option<i64> {
    let (yuan, fen) = text.split_once('.')?;
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(yuan) || !digits(fen) || fen.len() != 2 || yuan.len() > 12 {
        return None;
    }
    Some(yuan.parse::<i64>().ok()? * 100 + fen.parse::<i64>().ok()?)
}

/// 分 as yuan with two digits after the point.
pub fn yuan(fen: i64) -> String {
    let sign = if fen < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", fen.unsigned_abs() / 100, fen.unsigned_abs() % 100)
}

impl std::fmt::Display for Value {
    /// As a pack writes it.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unspecified => formatter.write_str("unspecified"),
            Self::Span(span) => span.fmt(formatter),
            Self::Truth(truth) => truth.fmt(formatter),
            Self::Count(count) => count.fmt(formatter),
            Self::Money(fen) => formatter.write_str(&yuan(*fen)),
            Self::MonthDay(month, day) => write!(formatter, "{month:02}-{day:02}"),
            Self::Minute(minute) => formatter.write_str(minute.as_str()),
            Self::Word(text) | Self::Text(text) => formatter.write_str(text),
            Self::Texts(texts) => formatter.write_str(&texts.join(", ")),
        }
    }
}

impl Value {
    /// As people read it in Chinese.
    pub fn zh(&self) -> String {
        match self {
            Self::Unspecified => UNSPECIFIED_ZH.to_owned(),
            Self::Span(span) => span.zh(),
            Self::Truth(true) => "是".to_owned(),
            Self::Truth(false) => "否".to_owned(),
            Self::Count(count) => count.to_string(),
            Self::Money(fen) => format!("{}元", yuan(*fen)),
            Self::MonthDay(month, day) => format!("每年{month}月{day}日"),
            Self::Minute(minute) => minute.as_str().replace('T', " "),
            Self::Word(text) | Self::Text(text) => text.to_string(),
            Self::Texts(texts) => texts.join("、"),
        }
    }
}
