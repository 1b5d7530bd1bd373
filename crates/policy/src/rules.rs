//! The law as pure functions: what a rule says about the facts of one case, why, and by which article.
//!
//! A definition names a rule; the core asks; the coordinator opens the facts and calls [`decide`]. A rule reads no
//! clock and no file: the same facts give the same verdict in ten years.

use std::sync::Arc;

use identifiers::LocalMinute;
use saga::Reason;
use serde_json::Value;

use crate::{Pack, facts};

mod eligibility;

/// A rule that definitions may name.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// As a definition names it, before a colon where it takes an item.
    pub name: &'static str,
    /// True where `name:<item>` is meant.
    pub takes_item: bool,
    /// The article it rests on.
    pub article: &'static str,
    /// Every code that a no may carry; the pack that uses the rule explains each.
    pub codes: &'static [&'static str],
    decide: fn(&Pack, &Value, &str) -> Ruling,
}

/// What the function of a rule returns.
enum Ruling {
    Yes,
    /// With the codes of all reasons; with none where it is a question of fact, not of right.
    No(Vec<&'static str>),
}

impl Ruling {
    /// Yes, unless something speaks against it.
    fn unless(against: Vec<&'static str>) -> Self {
        if against.is_empty() { Self::Yes } else { Self::No(against) }
    }

    fn yes_if(fact: bool) -> Self {
        if fact { Self::Yes } else { Self::No(Vec::new()) }
    }
}

/// Every rule there is. A definition that names another is refused when it is loaded.
pub const RULES: &[Rule] = &[
    Rule {
        name: "item-chosen", takes_item: true, article: "附件2 二.1 事项联办", codes: &[], decide: item_chosen
    },
    Rule {
        name: "eligibility",
        takes_item: false,
        article: "二(三); 附件2 一; 附件2 二.1 智能验证",
        codes: &eligibility::CODES,
        decide: |pack, facts, _| Ruling::unless(eligibility::failing(pack, facts)),
    },
    Rule {
        name: "pack",
        takes_item: false,
        article: "适用范围 (pack.toml selector)",
        codes: &["PACK-001", "PACK-002"],
        decide: within_pack,
    },
    Rule {
        name: "all-settled",
        takes_item: false,
        article: "附件2 二.1: 各环节审核结果反馈",
        codes: &[],
        decide: |_, _, _| Ruling::Yes,
    },
];

/// Yes or no.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Yes.
    Yes,
    /// No.
    No,
}

/// What a rule says, and by which article.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Yes or no.
    pub outcome: Outcome,
    /// With a no: every reason that applies, in order of code, each with its offline route.
    pub reasons: Vec<Reason>,
    /// The rule as it was named.
    pub rule: Arc<str>,
    /// The article.
    pub article: &'static str,
}

/// No rule of this name is known. A loaded pack names none such; one pinned by an older version might.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no rule is named `{0}`")]
pub struct UnknownRule(pub String);

/// The rule of this name, and the item after its colon.
pub fn find(name: &str) -> Option<(&'static Rule, Option<&str>)> {
    let (base, item) = name.split_once(':').map_or((name, None), |(base, item)| (base, Some(item)));
    RULES.iter().find(|rule| rule.name == base && rule.takes_item == item.is_some()).map(|rule| (rule, item))
}

/// What the rule says about these facts.
pub fn decide(rule: &str, pack: &Pack, facts: &Value) -> Result<Verdict, UnknownRule> {
    let (known, item) = find(rule).ok_or_else(|| UnknownRule(rule.to_owned()))?;
    let (outcome, reasons) = match (known.decide)(pack, facts, item.unwrap_or_default()) {
        Ruling::Yes => (Outcome::Yes, Vec::new()),
        Ruling::No(against) => (Outcome::No, against.into_iter().map(|code| reason(pack, code)).collect()),
    };
    Ok(Verdict { outcome, reasons, rule: rule.into(), article: known.article })
}

impl From<Verdict> for saga::input::Verdict {
    fn from(verdict: Verdict) -> Self {
        match verdict.outcome {
            Outcome::Yes => Self::Yes,
            Outcome::No => Self::No { reasons: verdict.reasons },
        }
    }
}

fn reason(pack: &Pack, code: &str) -> Reason {
    let offline_route = pack.reasons.get(code).map(|reason| Arc::clone(&reason.offline_route)).unwrap_or_default();
    Reason { code: code.into(), offline_route }
}

/// What cannot be unticked is chosen, whatever the form says.
fn item_chosen(pack: &Pack, facts: &Value, item: &str) -> Ruling {
    let mandatory = pack.items.get(item).is_some_and(|item| item.mandatory);
    let ticked = facts::at(facts, "child.items")
        .and_then(Value::as_array)
        .is_some_and(|items| items.iter().any(|ticked| ticked.as_str() == Some(item)));
    Ruling::yes_if(mandatory || ticked)
}

/// Whether the application falls under this pack: its area, and the birth of the child, or of each child.
fn within_pack(pack: &Pack, facts: &Value, _: &str) -> Ruling {
    let mut against = Vec::new();
    if !facts::text(facts, "application.area").is_some_and(|area| pack.covers_area(area)) {
        against.push("PACK-001");
    }
    let born_within = |child: &Value| {
        let born_at = facts::text(child, "born_at").and_then(|text| LocalMinute::parse(text).ok());
        born_at.is_some_and(|born_at| pack.covers_birth(&born_at))
    };
    let children = children(facts);
    if children.is_empty() || !children.into_iter().all(born_within) {
        against.push("PACK-002");
    }
    Ruling::unless(against)
}

/// The child whose case it is; for the family's step, all children of the application.
fn children(facts: &Value) -> Vec<&Value> {
    match (facts::at(facts, "child"), facts::at(facts, "children").and_then(Value::as_array)) {
        (Some(child), _) => vec![child],
        (None, Some(children)) => children.iter().collect(),
        (None, None) => Vec::new(),
    }
}
