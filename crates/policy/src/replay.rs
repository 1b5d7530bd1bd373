//! What would have been decided otherwise under another pack, and what that would cost. No case is changed.
//!
//! Each question is asked of both packs with the same facts, calendar and minute. What a decision of the new pack gives
//! stands in for what the case has, so that a later question sees what it would have seen.

use std::{borrow::Cow, sync::Arc};

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
