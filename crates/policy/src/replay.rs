//! What would have been decided otherwise under another pack, and what that would cost. No case is changed.
//!
//! Each question is asked of both packs with the same facts, calendar and minute. What a decision of the new pack gives
//! stands in for what the case has, so that a later question sees what it would have seen.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use identifiers::LocalMinute;
use jiff::civil::Date;
use saga::definition::Performer;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    Decision, Outcome, Pack, Undecidable,
    advice::{self, Words},
    calendar::Calendar,
    rules,
};

/// Fields of a decision that are sums which somebody pays, in 分.
const SUMS: [&str; 2] = ["amount_fen", "settled_fen"];

/// One decision that another pack would take otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// The rule as it was asked.
    pub rule: Arc<str>,
    /// As it was decided.
    pub old: Side,
    /// As it would be.
    pub new: Side,
    /// How much more would be paid, in 分; negative: less.
    pub fen: i64,
    /// How many more days would be covered; negative: fewer.
    pub covered_days: i64,
}

/// A decision, or why there is none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Side {
    /// Yes or no; `None`: not decidable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// The row of the rule's table, or the code of what stands against deciding.
    pub row: String,
    /// In a sentence.
    pub words: Words,
}

/// The decisions that `new` would take otherwise than `old`, of those asked, in their order.
///
/// `asked` names each rule and the minute at which it was asked. Two decisions are alike when their outcome, row, reasons,
/// deadlines and what they give are; a source that was reworded makes no difference to a family.
pub fn replay(
    old: &Pack,
    new: &Pack,
    calendar: &Calendar,
    facts: &Value,
    asked: &[(Arc<str>, LocalMinute)],
) -> Vec<Difference> {
    let (mut before, mut after) = (Cow::Borrowed(facts), Cow::Borrowed(facts));
    let mut differences = Vec::new();
    for (rule, at) in asked {
        let was = rules::decide(rule, old, calendar, &before, at);
        let is = rules::decide(rule, new, calendar, &after, at);
        give(old, rule, &was, &mut before);
        give(new, rule, &is, &mut after);
        if is_alike(&was, &is) {
            continue;
        }
        differences.push(Difference {
            rule: Arc::clone(rule),
            fen: sum(&is) - sum(&was),
            covered_days: covered_days(&is) - covered_days(&was),
            old: Side::of(was),
            new: Side::of(is),
        });
    }
    differences
}

/// What differs between two packs, as far as it can change a decision: made once, asked for each case.
#[derive(Clone, Debug)]
pub struct Changed {
    /// Values that are set otherwise, or no more.
    terms: BTreeSet<&'static str>,
    /// More differs than values that a decision would have named: every decision is asked for.
    anything: bool,
}

impl Changed {
    /// What differs.
    pub fn between(old: &Pack, new: &Pack) -> Self {
        let said = |pack: &Pack| -> BTreeMap<&'static str, Vec<crate::law::Provision>> {
            pack.law.iter().map(|(term, provisions)| (term, provisions.to_vec())).collect()
        };
        let (before, after) = (said(old), said(new));
        let values = |provisions: &Vec<crate::law::Provision>| -> Vec<_> {
            provisions.iter().map(|is| (is.value.clone(), is.from, is.until)).collect()
        };
        let other = |(term, provisions): (&&'static str, &Vec<_>)| {
            (after.get(*term).map(values) != Some(values(provisions))).then_some(*term)
        };
        // A value that only the new pack sets is named by no decision of the old one.
        let added = after.keys().any(|term| !before.contains_key(term));
        let anything = added
            || old.selector != new.selector
            || old.items != new.items
            || old.reasons != new.reasons
            || old.law.shares != new.law.shares;
        Self { terms: before.iter().filter_map(other).collect(), anything }
    }

    /// True where the new pack may decide otherwise: it sets a value that the decision used differently, or an earlier
    /// decision of the same case came out otherwise.
    fn concerns(&self, decision: &Decision) -> bool {
        self.anything || decision.terms.keys().any(|term| self.terms.contains(&**term))
    }
}

/// What `new` would decide otherwise than was decided, of one case's decisions in their order.
///
/// The facts are those that the decisions used; a question is put again only where something that it rests on differs.
pub fn replay_decided(new: &Pack, changed: &Changed, calendar: &Calendar, decided: &[Decision]) -> Vec<Difference> {
    let mut facts = Value::Null;
    let mut differences = Vec::new();
    for was in decided {
        let Some(at) = was.asked_at.as_ref().filter(|_| !differences.is_empty() || changed.concerns(was)) else {
            continue;
        };
        if facts.is_null() {
            facts = facts_of(decided);
        }
        let is = rules::decide(&was.rule, new, calendar, &facts, at);
        let mut after = Cow::Borrowed(&facts);
        give(new, &was.rule, &is, &mut after);
        if let Cow::Owned(after) = after {
            facts = after;
        }
        let was = Ok(was.clone());
        if is_alike(&was, &is) {
            continue;
        }
        differences.push(Difference {
            rule: was.as_ref().map(|was| Arc::clone(&was.rule)).unwrap_or_default(),
            fen: sum(&is) - sum(&was),
            covered_days: covered_days(&is) - covered_days(&was),
            old: Side::of(was),
            new: Side::of(is),
        });
    }
    differences
}

/// The facts that decisions used, put together again.
fn facts_of(decided: &[Decision]) -> Value {
    let mut facts = Map::new();
    let inputs = decided.iter().flat_map(|decision| &decision.inputs).filter(|(_, value)| !value.is_null());
    for (path, value) in inputs {
        place(&mut facts, path, value);
    }
    Value::Object(facts)
}

/// Puts a value under its path. A whole block may have been read besides single fields of it: what is there stays.
fn place(object: &mut Map<String, Value>, path: &str, value: &Value) {
    let (name, rest) = path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)));
    let inner = object.entry(name).or_insert(Value::Null);
    match (rest, inner, value) {
        (Some(rest), inner, value) => {
            if !inner.is_object() {
                *inner = Value::Object(Map::new());
            }
            if let Some(inner) = inner.as_object_mut() {
                place(inner, rest, value);
            }
        }
        (None, Value::Object(block), Value::Object(more)) => {
            for (name, value) in more {
                block.entry(name.clone()).or_insert_with(|| value.clone());
            }
        }
        (None, inner, value) => inner.clone_from(value),
    }
}

/// What a decision gives stands under the name of the step that the rule performs.
fn give(pack: &Pack, rule: &str, answer: &Result<Decision, Undecidable>, facts: &mut Cow<'_, Value>) {
    let Ok(Decision { gives, .. }) = answer else { return };
    if gives.is_empty() {
        return;
    }
    let performs = |performer: &Performer| match performer {
        Performer::Law { rule: named } => **named == *rule,
        Performer::Department { .. } | Performer::Person { .. } => false,
    };
    let name = pack.definition.steps.iter().find(|step| performs(&step.performer)).map_or(rule, |step| &*step.name);
    if facts.get(name).and_then(Value::as_object) != Some(gives)
        && let Some(facts) = facts.to_mut().as_object_mut()
    {
        facts.insert(name.to_owned(), Value::Object(gives.clone()));
    }
}

fn is_alike(one: &Result<Decision, Undecidable>, other: &Result<Decision, Undecidable>) -> bool {
    match (one, other) {
        (Ok(one), Ok(other)) => {
            let ends = |decision: &Decision| -> Vec<(String, Date)> {
                decision.deadlines.iter().map(|(name, deadline)| (name.clone(), deadline.rolled)).collect()
            };
            one.outcome == other.outcome
                && one.row == other.row
                && one.reasons == other.reasons
                && one.gives == other.gives
                && ends(one) == ends(other)
        }
        (Err(one), Err(other)) => one == other,
        (Ok(_), Err(_)) | (Err(_), Ok(_)) => false,
    }
}

impl Side {
    fn of(answer: Result<Decision, Undecidable>) -> Self {
        match answer {
            Ok(decision) => Self {
                outcome: Some(decision.outcome),
                row: decision.row.to_string(),
                words: Words { zh: decision.zh, en: decision.en },
            },
            Err(undecidable) => {
                Self { outcome: None, row: undecidable.code().to_owned(), words: advice::why(&undecidable) }
            }
        }
    }
}

fn sum(answer: &Result<Decision, Undecidable>) -> i64 {
    let Ok(decision) = answer else { return 0 };
    SUMS.iter().filter_map(|field| decision.gives.get(*field)?.as_i64()).sum()
}

fn covered_days(answer: &Result<Decision, Undecidable>) -> i64 {
    let Ok(decision) = answer else { return 0 };
    let (Some(start), Some(end)) = (day(&decision.gives, "start_on"), day(&decision.gives, "end_on")) else { return 0 };
    start.until(end).map_or(0, |between| i64::from(between.get_days()) + 1)
}

fn day(gives: &Map<String, Value>, field: &str) -> Option<Date> {
    gives.get(field)?.as_str()?.parse().ok()
}
