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
use saga::definition::{Performer, Selection};
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
    /// The days that it gives, and the last day of each deadline, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub days: BTreeMap<String, Date>,
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
    for (rule, at) in asked.iter().filter(|(rule, _)| asks(new, rule)) {
        let was = rules::decide(rule, old, calendar, &before, at);
        let is = rules::decide(rule, new, calendar, &after, at);
        give(old, rule, &was, &mut before);
        give(new, rule, &is, &mut after);
        if is_alike(&was, &is) {
            continue;
        }
        differences.push(Difference { rule: Arc::clone(rule), ..difference(was, is) });
    }
    differences
}

fn difference(was: Result<Decision, Undecidable>, is: Result<Decision, Undecidable>) -> Difference {
    Difference {
        rule: was.as_ref().map(|was| Arc::clone(&was.rule)).unwrap_or_default(),
        fen: sum(&is).zip(sum(&was)).map_or(0, |(is, was)| is.saturating_sub(was)),
        covered_days: covered_days(&is).zip(covered_days(&was)).map_or(0, |(is, was)| is - was),
        old: Side::of(was),
        new: Side::of(is),
    }
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

    /// True where the new pack sets a value otherwise that the decision used.
    fn concerns(&self, used: &Used) -> bool {
        self.anything || used.terms.iter().any(|term| self.terms.contains(&**term))
    }
}

/// What one decision used, by name: enough to tell whether another pack may decide it otherwise, without opening it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Used {
    /// The values of the law, by term.
    pub terms: Vec<Box<str>>,
    /// The facts, by path.
    pub inputs: Vec<Box<str>>,
}

/// Parts two names; no term and no path contains it.
const UNIT: char = '\u{1f}';
/// Parts the terms from the facts.
const RECORD: char = '\u{1e}';

impl Used {
    /// Of this decision.
    pub fn by(decision: &Decision) -> Self {
        Self {
            terms: decision.terms.keys().map(|term| (&**term).into()).collect(),
            inputs: decision.inputs.keys().map(|path| (&**path).into()).collect(),
        }
    }

    /// As one line of text.
    pub fn text(&self) -> String {
        let joined = |names: &[Box<str>]| names.join(&*UNIT.to_string());
        format!("{}{RECORD}{}", joined(&self.terms), joined(&self.inputs))
    }

    /// Read from that line; `None` for any other.
    pub fn read(text: &str) -> Option<Self> {
        let (terms, inputs) = text.split_once(RECORD)?;
        let names = |text: &str| text.split(UNIT).filter(|name| !name.is_empty()).map(Box::from).collect();
        Some(Self { terms: names(terms), inputs: names(inputs) })
    }

    /// True where it used what a step gave whose name is among these.
    fn rests_on(&self, steps: &Map<String, Value>) -> bool {
        !steps.is_empty() && self.inputs.iter().any(|path| steps.contains_key(path.split('.').next().unwrap_or(path)))
    }
}

/// What `new` would decide otherwise than was decided, of one case's decisions in their order, each with its place among
/// them; `None` where one of them cannot be opened.
///
/// A decision is opened and taken anew only where something that it rests on differs: a value of the law, or what an
/// earlier decision gives. It is taken from the facts that it used; where the new pack looks at more than those, from the
/// facts of all the case's decisions.
pub fn replay_decided(
    new: &Pack,
    changed: &Changed,
    calendar: &Calendar,
    used: &[Used],
    mut open: impl FnMut(usize) -> Option<Decision>,
) -> Option<Vec<(usize, Difference)>> {
    let mut all: Option<Value> = None;
    let mut given = Map::new();
    let mut differences = Vec::new();
    for (at, names) in used.iter().enumerate() {
        if !changed.concerns(names) && !names.rests_on(&given) {
            continue;
        }
        let was = open(at)?;
        let Some(asked_at) = was.asked_at.as_ref().filter(|_| asks(new, &was.rule)) else { continue };
        let decide = |facts: &Value| rules::decide(&was.rule, new, calendar, facts, asked_at);
        let mut is = decide(&with(facts_of([&was]), &given));
        if !is.as_ref().is_ok_and(|is| is.inputs.keys().all(|path| was.inputs.contains_key(path))) {
            if all.is_none() {
                let opened = (0..used.len()).map(&mut open).collect::<Option<Vec<_>>>()?;
                all = Some(facts_of(&opened));
            }
            is = decide(&with(all.clone().unwrap_or_default(), &given));
        }
        if let Ok(is) = &is
            && is.gives != was.gives
            && !is.gives.is_empty()
        {
            given.insert(step_of(new, &was.rule).to_owned(), Value::Object(is.gives.clone()));
        }
        let was = Ok(was);
        if !is_alike(&was, &is) {
            differences.push((at, difference(was, is)));
        }
    }
    Some(differences)
}

/// Facts with what other decisions gave on top.
fn with(mut facts: Value, given: &Map<String, Value>) -> Value {
    if let Value::Object(facts) = &mut facts {
        facts.extend(given.iter().map(|(step, gives)| (step.clone(), gives.clone())));
    }
    facts
}

/// The facts that decisions used, put together again.
fn facts_of<'d>(decided: impl IntoIterator<Item = &'d Decision>) -> Value {
    let mut facts = Map::new();
    let inputs = decided.into_iter().flat_map(|decision| &decision.inputs).filter(|(_, value)| !value.is_null());
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
    let name = step_of(pack, rule);
    if facts.get(name).and_then(Value::as_object) != Some(gives)
        && let Some(facts) = facts.to_mut().as_object_mut()
    {
        facts.insert(name.to_owned(), Value::Object(gives.clone()));
    }
}

/// True where the pack puts this question to the law at all. Of another one nobody would have been asked.
fn asks(pack: &Pack, rule: &str) -> bool {
    pack.definition.steps.iter().any(|step| {
        let selected = matches!(&step.selection, Selection::Rule(named) if **named == *rule);
        selected || matches!(&step.performer, Performer::Law { rule: named } if **named == *rule)
    })
}

/// The step that a rule performs; of a rule that none names, the rule itself.
fn step_of<'p>(pack: &'p Pack, rule: &'p str) -> &'p str {
    let performs = |performer: &Performer| match performer {
        Performer::Law { rule: named } => **named == *rule,
        Performer::Department { .. } | Performer::Person { .. } => false,
    };
    pack.definition.steps.iter().find(|step| performs(&step.performer)).map_or(rule, |step| &*step.name)
}

fn is_alike(one: &Result<Decision, Undecidable>, other: &Result<Decision, Undecidable>) -> bool {
    match (one, other) {
        (Ok(one), Ok(other)) => {
            one.outcome == other.outcome
                && one.row == other.row
                && one.reasons == other.reasons
                && one.gives == other.gives
                && ends(one).eq(ends(other))
        }
        (Err(one), Err(other)) => one == other,
        (Ok(_), Err(_)) | (Err(_), Ok(_)) => false,
    }
}

/// The last day of each deadline.
fn ends(decision: &Decision) -> impl Iterator<Item = (String, Date)> {
    decision.deadlines.iter().map(|(name, deadline)| (name.clone(), deadline.rolled))
}

/// Each field that it gives and that is a day.
fn given_days(decision: &Decision) -> impl Iterator<Item = (String, Date)> {
    decision.gives.keys().filter_map(|field| Some((field.clone(), day(&decision.gives, field)?)))
}

impl Side {
    fn of(answer: Result<Decision, Undecidable>) -> Self {
        match answer {
            Ok(decision) => Self {
                outcome: Some(decision.outcome),
                row: decision.row.to_string(),
                days: given_days(&decision).chain(ends(&decision)).collect(),
                words: Words { zh: decision.zh, en: decision.en },
            },
            Err(undecidable) => {
                let (words, days) = (advice::why(&undecidable), BTreeMap::new());
                Self { outcome: None, row: undecidable.code().to_owned(), words, days }
            }
        }
    }
}

/// `None` where nothing can be decided: what nobody knows costs nothing and saves nothing.
fn sum(answer: &Result<Decision, Undecidable>) -> Option<i64> {
    let gives = &answer.as_ref().ok()?.gives;
    let sums = SUMS.iter().filter_map(|field| gives.get(*field)?.as_i64());
    Some(sums.fold(0_i64, i64::saturating_add))
}

fn covered_days(answer: &Result<Decision, Undecidable>) -> Option<i64> {
    let gives = &answer.as_ref().ok()?.gives;
    let (Some(start), Some(end)) = (day(gives, "start_on"), day(gives, "end_on")) else { return Some(0) };
    Some(start.until(end).map_or(0, |between| i64::from(between.get_days()) + 1))
}

fn day(gives: &Map<String, Value>, field: &str) -> Option<Date> {
    gives.get(field)?.as_str()?.parse().ok()
}
