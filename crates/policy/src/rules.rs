//! The law as pure functions: what a rule says about the facts of one case, why, and by which articles.
//!
//! A definition names a rule; the core asks; the coordinator opens the facts and calls [`decide`]. A rule reads no
//! clock and no file: the same facts give the same decision in ten years.
//!
//! Each decision table of the domain is a module here, with its [`Rule`]s, the [`Term`]s that a pack may set for it, and
//! its tests. A rule answers with a [`Ruling`]; the rest of a [`Decision`] (articles, inputs, values used) is what the
//! [`Case`] wrote down while the rule read.

use std::{collections::BTreeMap, sync::Arc};

use identifiers::LocalMinute;
use saga::Reason;
use serde_json::{Map, Value};

use crate::{
    Pack,
    calendar::Calendar,
    case::Case,
    decision::{Decision, Excluded, Outcome, Undecidable},
    law::Term,
    legal_time::Deadline,
    message::timing,
};

pub mod benefit;
pub mod correction;
pub mod counting;
pub mod eligibility;
pub mod hospital;
pub mod maternity;
pub mod premium;
pub mod provisional;
pub mod refund;
pub mod review;
pub mod selection;
pub mod subsidy;
pub mod which_pack;
pub mod year;

/// A rule that definitions may name.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// As a definition names it, before a colon where it takes an argument.
    pub name: &'static str,
    /// The decision table of the domain, e.g. `D3`; empty where it belongs to none.
    pub table: &'static str,
    /// What it decides, in Chinese.
    pub zh: &'static str,
    /// What it decides, in English.
    pub en: &'static str,
    /// What follows its name after a colon.
    pub argument: Argument,
    /// The article it rests on; those of the values it uses come on top.
    pub article: &'static str,
    /// Every code that a no may carry; the pack that uses the rule explains each.
    pub codes: &'static [&'static str],
    /// The values without which a pack cannot use it.
    pub needs: &'static [&'static str],
    /// The fields that it gives to the steps that follow.
    pub gives: &'static [&'static str],
    /// The function.
    pub decide: fn(&Case<'_>) -> Result<Ruling, Undecidable>,
}

/// What follows a rule's name after a colon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Argument {
    /// Nothing.
    None,
    /// An item of the pack.
    Item,
    /// Any word, which the rule reads itself.
    Word,
}

/// What the function of a rule answers.
#[derive(Debug, Default)]
pub struct Ruling {
    /// The row of its table that holds, e.g. `D3-1`.
    pub row: &'static str,
    /// `None`: yes. Else no, with the codes of all reasons; with none where it is a question of fact, not of right.
    pub against: Option<Vec<&'static str>>,
    /// In a sentence, in Chinese.
    pub zh: String,
    /// The same in English.
    pub en: String,
    /// What else could have been decided, and why it was not.
    pub excluded: Vec<Excluded>,
    /// Every deadline that it computed, by name.
    pub deadlines: BTreeMap<String, Deadline>,
    /// What a hole or a contradiction in the sources means for this case.
    pub warnings: Vec<(String, String)>,
    /// What it gives to the steps that follow.
    pub gives: Map<String, Value>,
}

impl Ruling {
    /// Yes, by this row.
    pub fn yes(row: &'static str, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { row, zh: zh.into(), en: en.into(), ..Self::default() }
    }

    /// No, for these reasons.
    pub fn no(row: &'static str, against: Vec<&'static str>, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { against: Some(against), ..Self::yes(row, zh, en) }
    }

    /// With a field for the steps that follow.
    #[must_use]
    pub fn giving(mut self, field: &str, value: impl Into<Value>) -> Self {
        self.gives.insert(field.to_owned(), value.into());
        self
    }

    /// With a deadline.
    #[must_use]
    pub fn with_deadline(mut self, name: &str, deadline: Deadline) -> Self {
        self.deadlines.insert(name.to_owned(), deadline);
        self
    }

    /// With a way of deciding that was not taken.
    #[must_use]
    pub fn excluding(mut self, row: &str, zh: impl Into<String>, en: impl Into<String>) -> Self {
        self.excluded.push(Excluded { row: row.into(), zh: zh.into(), en: en.into() });
        self
    }

    /// With a warning about what the sources leave open.
    #[must_use]
    pub fn warning(mut self, zh: impl Into<String>, en: impl Into<String>) -> Self {
        self.warnings.push((zh.into(), en.into()));
        self
    }
}

/// Every rule there is. A definition that names another is refused when it is loaded.
pub const RULES: &[&[Rule]] = &[
    selection::RULES,
    correction::RULES,
    eligibility::RULES,
    benefit::RULES,
    year::RULES,
    premium::RULES,
    subsidy::RULES,
    hospital::RULES,
    maternity::RULES,
    review::RULES,
    refund::RULES,
    provisional::RULES,
];

/// Every value that a pack may set.
pub(crate) const TERMS: &[&[Term]] = &[
    counting::TERMS,
    eligibility::TERMS,
    benefit::TERMS,
    year::TERMS,
    premium::TERMS,
    subsidy::TERMS,
    hospital::TERMS,
    maternity::TERMS,
    review::TERMS,
    refund::TERMS,
    provisional::TERMS,
    crate::advice::TERMS,
    timing::TERMS,
];

/// All rules.
pub fn all() -> impl Iterator<Item = &'static Rule> {
    RULES.iter().flat_map(|rules| rules.iter())
}

/// The rule of this name, and what follows its colon.
pub fn find(name: &str) -> Option<(&'static Rule, Option<&str>)> {
    let (base, argument) = name.split_once(':').map_or((name, None), |(base, argument)| (base, Some(argument)));
    all()
        .find(|rule| rule.name == base && (rule.argument != Argument::None) == argument.is_some())
        .map(|rule| (rule, argument))
}

/// What the rule says about these facts, asked at this minute of Beijing time.
///
/// # Errors
/// If facts, the calendar or a value of the law are not there, or a fact cannot be: the rule then says nothing.
pub fn decide(
    rule: &str,
    pack: &Pack,
    calendar: &Calendar,
    facts: &Value,
    asked_at: &LocalMinute,
) -> Result<Decision, Undecidable> {
    let (known, argument) = find(rule).ok_or_else(|| Undecidable::UnknownRule(rule.to_owned()))?;
    let case = Case::new(pack, calendar, facts, argument.unwrap_or_default(), asked_at);
    case.cite(known.article);
    let ruling = (known.decide)(&case)?;
    let used = case.into_used();
    let (outcome, reasons) = match ruling.against {
        None => (Outcome::Yes, Vec::new()),
        Some(codes) => (Outcome::No, codes.into_iter().map(|code| reason(pack, code)).collect()),
    };
    Ok(Decision {
        rule: rule.into(),
        asked_at: Some(asked_at.clone()),
        row: ruling.row.into(),
        outcome,
        reasons,
        zh: ruling.zh,
        en: ruling.en,
        articles: used.articles,
        inputs: used.inputs,
        terms: used.terms,
        excluded: ruling.excluded,
        deadlines: ruling.deadlines,
        warnings: ruling.warnings,
        gives: ruling.gives,
    })
}

fn reason(pack: &Pack, code: &str) -> Reason {
    let offline_route = pack.reasons.get(code).map(|reason| Arc::clone(&reason.offline_route)).unwrap_or_default();
    Reason { code: code.into(), offline_route }
}
