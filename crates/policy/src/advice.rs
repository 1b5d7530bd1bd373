//! Advice: everything that the law says to a family, whether or not it is in the system.
//!
//! ```text
//!   facts ──> everything   each decision that the pack can take, what one gives feeding the next
//!        └──> preview      what each choice would mean: pay today, pay on the last day, tick only 次年
//!        └──> last_days    the "last day" card: each deadline, its date, why, and where the rule has a hole
//! ```
//!
//! Pure: the clock and the calendar are the caller's, nothing is stored, and no case is changed. What cannot be decided
//! says what is missing; nothing is guessed.

use std::{borrow::Cow, sync::Arc};

use identifiers::LocalMinute;
use saga::{
    StepIndex,
    definition::{Definition, Performer, Selection, StartWhen},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    Decision, Form, Pack, Undecidable,
    calendar::Calendar,
    facts,
    law::Term,
    rules::{self, Argument},
};

mod family;
mod last_day;
mod preview;

pub use family::{Child, children};
pub use last_day::{LastDay, last_days};
pub use preview::{Choice, preview};

/// The values that a pack may set for advice alone: no rule decides by them, no step waits for them.
pub const TERMS: &[Term] = last_day::TERMS;

/// A sentence for people in both languages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Words {
    /// Chinese, shown first.
    pub zh: String,
    /// English.
    pub en: String,
}

impl Words {
    /// In both languages.
    pub fn new(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { zh: zh.into(), en: en.into() }
    }
}

/// Why the law says nothing yet, in words for people: paths and terms, never a value.
pub fn why(undecidable: &Undecidable) -> Words {
    match undecidable {
        Undecidable::Missing(paths) => {
            let paths = paths.join(", ");
            Words::new(format!("缺少数据: {paths}"), format!("facts are missing: {paths}"))
        }
        Undecidable::Year(unknown) => Words::new(
            format!("{}年的节假日安排尚未载入,不作推测", unknown.year),
            format!("the holidays of {} are not known; nothing is guessed", unknown.year),
        ),
        Undecidable::NotSet(key) => {
            let (zh, en) = crate::law::term(key).map_or(("", ""), |term| (term.zh, term.en));
            Words::new(format!("政策包未规定{zh}({key})"), format!("the pack does not set `{key}` ({en})"))
        }
        Undecidable::Impossible { path, zh, en } => Words::new(format!("{path}: {zh}"), format!("{path}: {en}")),
        Undecidable::UnknownRule(rule) => Words::new(format!("没有规则{rule}"), format!("no rule is named `{rule}`")),
    }
}

/// One question of the law and what became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Advised {
    /// The step that the law decides, or else the rule's name.
    pub name: Arc<str>,
    /// What is asked, in Chinese: the step's title, or what the rule decides.
    pub title: Arc<str>,
    /// The rule as it is named, with what follows its colon.
    pub rule: Arc<str>,
    /// The decision, or why there is none yet.
    pub answer: Result<Decision, Undecidable>,
}

/// Every question that a pack can put to the law, in the order in which answers feed one another.
///
/// Made once, asked of many families: a replay makes one for each pack.
pub struct Questions<'p> {
    pack: &'p Pack,
    list: Vec<Question>,
}

struct Question {
    name: Arc<str>,
    title: Arc<str>,
    rule: Arc<str>,
    /// What is decided is given to the steps that follow.
    feeds: bool,
    /// Steps that must have answered before the law is asked.
    waits_for: Vec<Arc<str>>,
}

impl<'p> Questions<'p> {
    /// Whether the pack holds; what its steps ask, each step after those it waits for; then the rules that no step names
    /// and for which the pack sets every value.
    pub fn of(pack: &'p Pack) -> Self {
        let mut list: Vec<Question> = Vec::new();
        if pack.form == Form::Birth {
            list.push(Question::of_rule("pack"));
        }
        for index in in_order(&pack.definition) {
            for question in Question::of_step(&pack.definition, index) {
                if !list.iter().any(|known| known.rule == question.rule && known.name == question.name) {
                    list.push(question);
                }
            }
        }
        for rule in rules::all() {
            let has_its_values =
                !rule.needs.is_empty() && rule.needs.iter().all(|term| pack.law.get(term, None).is_some());
            if rule.argument == Argument::None && has_its_values && !list.iter().any(|known| &*known.rule == rule.name)
            {
                list.push(Question { feeds: true, ..Question::of_rule(rule.name) });
            }
        }
        Self { pack, list }
    }

    /// Each answer for one family, in order. What a decision gives is a fact for those after it, unless the facts already
    /// say otherwise.
    pub fn ask(&self, calendar: &Calendar, facts: &Value, at: &LocalMinute) -> Vec<Advised> {
        let mut facts = Cow::Borrowed(facts);
        let mut answers = Vec::with_capacity(self.list.len());
        for question in &self.list {
            let answer = question.ask(self.pack, calendar, &facts, at);
            if question.feeds
                && let Ok(decision) = &answer
                && !decision.gives.is_empty()
                && facts.get(&*question.name).is_none()
                && let Some(facts) = facts.to_mut().as_object_mut()
            {
                facts.insert(question.name.to_string(), Value::Object(decision.gives.clone()));
            }
            answers.push(Advised {
                name: Arc::clone(&question.name),
                title: Arc::clone(&question.title),
                rule: Arc::clone(&question.rule),
                answer,
            });
        }
        answers
    }
}

impl Question {
    fn of_rule(name: &str) -> Self {
        let title = rules::find(name).map_or("", |(rule, _)| rule.zh);
        Self { name: name.into(), title: title.into(), rule: name.into(), feeds: false, waits_for: Vec::new() }
    }

    /// What a step asks the law: whether it is done, and, where the law performs it, how.
    fn of_step(definition: &Definition, index: StepIndex) -> Vec<Self> {
        let step = definition.step(index);
        let waits_for: Vec<Arc<str>> = step.after.iter().map(|at| Arc::clone(&definition.step(*at).name)).collect();
        let mut found = Vec::new();
        let selection = match (&step.selection, &step.item) {
            (Selection::Rule(rule), _) => Some(Arc::clone(rule)),
            (Selection::Chosen, Some(item)) => Some(format!("item-chosen:{item}").into()),
            (Selection::Chosen, None) | (Selection::Always, _) => None,
        };
        if let Some(rule) = selection {
            let waits_for = if step.selection == Selection::Chosen { Vec::new() } else { waits_for.clone() };
            found.push(Self { waits_for, ..Self::of_rule(&rule) });
        }
        // That all is settled the case says by coming to this step: the rule looks at no fact that could be asked here.
        if let Performer::Law { rule } = &step.performer
            && &**rule != "all-settled"
        {
            let (name, title) = (Arc::clone(&step.name), Arc::clone(&step.title));
            found.push(Self { name, title, rule: Arc::clone(rule), feeds: true, waits_for });
        }
        found
    }

    fn ask(&self, pack: &Pack, calendar: &Calendar, facts: &Value, at: &LocalMinute) -> Result<Decision, Undecidable> {
        if &*self.rule == "pack" {
            let child = facts::at(facts, "child").or_else(|| facts::at(facts, "children"));
            let needed = [("application.area", facts::at(facts, "application.area")), ("child", child)];
            let missing: Vec<String> =
                needed.iter().filter(|(_, found)| found.is_none()).map(|(path, _)| (*path).to_owned()).collect();
            if !missing.is_empty() {
                return Err(Undecidable::Missing(missing));
            }
        }
        let decision = rules::decide(&self.rule, pack, calendar, facts, at)?;
        // A department that has not answered has not said no: what the rule looked for there is missing.
        let silent = |path: &str| {
            let root = facts::split(path).0;
            self.waits_for.iter().any(|step| &**step == root) && facts.get(root).is_none()
        };
        let looked_for = decision.inputs.iter().filter(|(path, value)| value.is_null() && silent(path));
        let missing: Vec<String> = looked_for.map(|(path, _)| path.clone()).collect();
        if missing.is_empty() { Ok(decision) } else { Err(Undecidable::Missing(missing)) }
    }
}

/// Every decision that the pack can take about these facts at this minute, and why the others cannot be taken yet.
pub fn everything(pack: &Pack, calendar: &Calendar, facts: &Value, at: &LocalMinute) -> Vec<Advised> {
    Questions::of(pack).ask(calendar, facts, at)
}

/// The facts of each child of a family, `child` being that child; those that already name one child stand alone.
pub fn per_child(facts: &Value) -> Vec<Cow<'_, Value>> {
    let children = facts.get("children").and_then(Value::as_array).filter(|children| !children.is_empty());
    match (facts::at(facts, "child"), children) {
        (None, Some(children)) => {
            children.iter().map(|child| Cow::Owned(with(facts, "child", child.clone()))).collect()
        }
        (Some(_), _) | (None, None) => vec![Cow::Borrowed(facts)],
    }
}

/// The facts as they would be with this value at this path.
fn with(facts: &Value, path: &str, value: impl Into<Value>) -> Value {
    let mut facts = facts.clone();
    let mut at = &mut facts;
    for name in path.split('.') {
        if !at.is_object() {
            *at = Value::Object(serde_json::Map::new());
        }
        at = &mut at[name];
    }
    *at = value.into();
    facts
}

/// Every step after those that it waits for.
fn in_order(definition: &Definition) -> Vec<StepIndex> {
    let mut placed = vec![false; definition.steps.len()];
    let mut order = Vec::with_capacity(placed.len());
    // As many rounds as steps: in each at least one finds all it waits for placed, or there is a cycle, which a pack
    // that was read does not have.
    for _ in 0..definition.steps.len() {
        for index in definition.indices() {
            let step = definition.step(index);
            let by_condition = step.start_when.iter().map(|condition| match condition {
                StartWhen::Late { step, .. } | StartWhen::Offline { step } | StartWhen::Succeeded { step } => step,
            });
            let ready =
                step.after.iter().chain(&step.once_settled).chain(by_condition).all(|before| placed[before.at()]);
            if !placed[index.at()] && ready {
                placed[index.at()] = true;
                order.push(index);
            }
        }
        if order.len() == placed.len() {
            break;
        }
    }
    order
}
