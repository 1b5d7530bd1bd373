//! What the law has decided in a case, and what it would say to a family that is not in the system.
//!
//! Values of facts are masked before they leave: the explanation is for officials and families at a counter, who see the
//! case elsewhere. What is previewed is never stored.

use std::collections::BTreeSet;

use identifiers::LocalMinute;
use policy::{
    Decision, Pack,
    advice::{self, Child, Words},
    facts::{self, known::FactProblem},
};
use proto::v1;
use saga::{Event, Fact, StepIndex, input::Question};
use serde_json::Value;

use super::{
    Api, procedures, request,
    status::{Missing, Refusal},
    view,
};
use crate::{
    coordinator::{PACK_CHOICE, application::Application, beijing, kept_decision},
    fold,
    inbound::form::Check,
    store::{Loaded, SealedKind, SealedRow},
};

/// Bytes of the facts of a family: a whole form.
const FACTS_BYTES_MAX: usize = 65_536;

impl Api {
    /// Every decision that was taken, in order.
    pub(crate) async fn explain(&self, request: &v1::ExplainCaseRequest) -> Result<v1::ExplainCaseResponse, Refusal> {
        let number = self.number_of(request::id("case_id", &request.case_id)?).await?;
        let loaded = self.parts.store.load(&[number]).await?.pop().ok_or(Refusal::NotFound(Missing::Case))?;
        let pinned = self.parts.definitions.get(loaded.summary.definition).await;
        let pinned = pinned.map_err(|error| Refusal::Internal(Box::new(error)))?;
        let rows = self.parts.store.sealed(number).await?;
        let secrets = &self.parts.secrets;
        let opened = Application::open(&secrets.master, secrets.suite, loaded.wrapped_key.as_deref()).ok();
        let mut decisions = Vec::new();
        for entry in &loaded.entries {
            for event in fold::events(entry).map_err(|error| Refusal::Internal(Box::new(error)))? {
                let chosen = matches!(event.fact, Fact::UnderPack { .. }).then_some(StepIndex(PACK_CHOICE));
                let Some(step) = event.fact.step().or(chosen) else { continue };
                let decision = opened.as_ref().and_then(|keys| kept(keys, &loaded, &rows, &event, step));
                if let Some(mut taken) = taken(&event, decision, pinned.pack.as_deref()) {
                    taken.at = Some(view::timestamp(entry.at));
                    taken.step =
                        pinned.definition.steps.get(step.at()).map(|is| is.name.to_string()).unwrap_or_default();
                    decisions.push(taken);
                }
            }
        }
        let calendar = self.parts.calendar.years().map(|(year, notice)| format!("{year}: {notice}")).collect();
        Ok(v1::ExplainCaseResponse { decisions, calendar })
    }

    /// What each choice would mean, child by child.
    pub(crate) fn preview(&self, request: &v1::PreviewChoicesRequest) -> Result<v1::PreviewChoicesResponse, Refusal> {
        let (facts, at) = (family(&request.facts_json)?, self.at(&request.at)?);
        let children = self.children(&facts, &request.pack)?;
        let mut choices = Vec::new();
        for child in &children {
            let told = advice::preview(&child.pack, &self.parts.calendar, &child.facts, &at);
            choices.extend(told.into_iter().map(|told| choice(told, child)));
        }
        let pack = children.first().map(|child| child.pack.name.to_string()).unwrap_or_default();
        Ok(v1::PreviewChoicesResponse { pack, choices })
    }

    /// The "last day" card, of a case or of each child of facts.
    pub(crate) async fn deadlines(
        &self,
        request: &v1::GetDeadlinesRequest,
    ) -> Result<v1::GetDeadlinesResponse, Refusal> {
        let of_case;
        let (children, at) = if request.case_id.is_empty() {
            of_case = family(&request.facts_json)?;
            let at = self.at(&request.at)?;
            (self.children(&of_case, &request.pack)?, at)
        } else {
            let number = self.number_of(request::id("case_id", &request.case_id)?).await?;
            let (facts, pack) = self
                .parts
                .handle
                .facts(number)
                .await
                .map_err(|_| Refusal::Overloaded)?
                .ok_or(Refusal::NotFound(Missing::Case))?;
            of_case = facts;
            // The facts of a case name its one child.
            let children = advice::children(&self.parts.packs, Some(&pack), &of_case).map_err(slip)?;
            (children, self.at(&request.at)?)
        };
        let mut last_days = Vec::new();
        for child in &children {
            let told = advice::last_days(&child.pack, &self.parts.calendar, &child.facts, &at);
            last_days.extend(told.into_iter().map(|told| last_day(told, child)));
        }
        Ok(v1::GetDeadlinesResponse { last_days })
    }

    /// Each child of a family with the pack that holds for it. Every slip in the facts is told at once.
    fn children<'f>(&self, facts: &'f Value, pack: &str) -> Result<Vec<Child<'f>>, Refusal> {
        let packs = &self.parts.packs;
        let named = if pack.is_empty() {
            None
        } else {
            Some(packs.get(pack).cloned().ok_or(Refusal::NotFound(Missing::Pack))?)
        };
        let children = advice::children(packs, named.as_ref(), facts).map_err(slip)?;
        let mut check = Check::new();
        let mut told = BTreeSet::new();
        for child in &children {
            for found in facts::known::problems(&child.pack, facts) {
                if told.insert(found.path.clone()) {
                    check.note(field(&found.path), "YJ-0209", found.what.zh, found.what.en);
                }
            }
        }
        check.settle()?;
        Ok(children)
    }

    fn at(&self, text: &str) -> Result<LocalMinute, Refusal> {
        if text.is_empty() {
            return Ok(beijing(self.parts.clock.now_ms()));
        }
        LocalMinute::parse(text).map_err(|violation| Refusal::invalid("at", violation.zh, violation.en))
    }
}

/// The facts of a family.
fn family(text: &str) -> Result<Value, Refusal> {
    if text.len() > FACTS_BYTES_MAX {
        return Err(Refusal::invalid("facts_json", "超过64 KiB", "more than 64 KiB"));
    }
    Ok(Value::Object(procedures::object_of_any_size("facts_json", text)?))
}

/// A path of the facts as the request's field; the facts themselves where it is empty.
fn field(path: &str) -> String {
    if path.is_empty() { "facts_json".to_owned() } else { format!("facts_json: {path}") }
}

fn slip(slip: FactProblem) -> Refusal {
    Refusal::invalid(&field(&slip.path), slip.what.zh, slip.what.en)
}

/// The whole decision beside its event, where it was kept and opens.
fn kept(keys: &Application, loaded: &Loaded, rows: &[SealedRow], event: &Event, step: StepIndex) -> Option<Decision> {
    let kind = match &event.fact {
        Fact::Decided { question: Question::Selection, .. } => SealedKind::Selection,
        Fact::Decided { question: Question::Performance, .. } | Fact::UnderPack { .. } => SealedKind::Decision,
        _ => return None,
    };
    let row = rows.iter().find(|row| row.step == step.0 && row.kind == kind)?;
    let decision = kept_decision::open(keys, loaded.summary.case, &row.sealed).ok()?;
    let words = kept_decision::words(keys, loaded.summary.case, &row.sealed).ok()?;
    Some(decision.joined(words))
}

/// A decision as it is told; `None` for an event that is none.
fn taken(event: &Event, decision: Option<Decision>, pack: Option<&Pack>) -> Option<v1::DecisionTaken> {
    let (outcome, explained) = match &event.fact {
        Fact::Decided { verdict, explained, .. } => {
            (if *verdict == saga::input::Verdict::Yes { "yes" } else { "no" }, explained.clone())
        }
        Fact::UnderPack { explained } => ("yes", Some(explained.clone())),
        Fact::Undecided { code, .. } => {
            return Some(v1::DecisionTaken {
                outcome: "undecided".to_owned(),
                rule: code.to_string(),
                text_zh: event.note.as_deref().unwrap_or_default().to_owned(),
                ..v1::DecisionTaken::default()
            });
        }
        Fact::TimesStated { unknown, .. } if event.note.is_some() || unknown.is_some() => {
            return Some(v1::DecisionTaken {
                outcome: if unknown.is_some() { "undecided" } else { "yes" }.to_owned(),
                rule: "limit".to_owned(),
                text_zh: event.note.as_deref().unwrap_or_default().to_owned(),
                pack: pack.map(|pack| pack.cited().to_string()).unwrap_or_default(),
                ..v1::DecisionTaken::default()
            });
        }
        _ => return None,
    };
    let reasons = event.reasons().iter().map(|reason| view::reason(reason, pack)).collect();
    let mut told = v1::DecisionTaken { outcome: outcome.to_owned(), reasons, ..v1::DecisionTaken::default() };
    if let Some(explained) = explained {
        told.rule = explained.rule.to_string();
        told.row = explained.row.to_string();
        told.pack = explained.pack.to_string();
        told.articles = explained.articles.iter().map(ToString::to_string).collect();
        told.inputs = explained.inputs.iter().map(|path| (path.to_string(), String::new())).collect();
    }
    if let Some(decision) = decision {
        tell_values(&mut told, decision);
    }
    Some(told)
}

/// The sealed half of a decision, its inputs masked.
fn tell_values(told: &mut v1::DecisionTaken, decision: Decision) {
    let from_a_fact = |from: &str| decision.inputs.values().any(|value| tells(value, from));
    told.deadlines = decision
        .deadlines
        .iter()
        .map(|(name, deadline)| v1::ComputedDeadline {
            name: name.clone(),
            // When a child was born is a fact like the others; when an office began is not.
            from: match deadline.from.as_str() {
                from if from_a_fact(from) => masked(&from.into()),
                from => from.to_owned(),
            },
            span: deadline.span.zh(),
            nominal: deadline.nominal.to_string(),
            rolled: deadline.rolled.to_string(),
            pauses: u32::try_from(deadline.pauses.len()).unwrap_or(u32::MAX),
            article: deadline.article.to_string(),
        })
        .collect();
    told.text_zh = decision.zh;
    told.text_en = decision.en;
    told.inputs = decision.inputs.into_iter().map(|(path, value)| (path, masked(&value))).collect();
    told.terms = decision.terms.into_iter().collect();
    told.excluded = decision
        .excluded
        .into_iter()
        .map(|excluded| v1::ExcludedRow { row: excluded.row.to_string(), text_zh: excluded.zh, text_en: excluded.en })
        .collect();
    told.warnings = decision.warnings.into_iter().map(|(zh, _)| zh).collect();
}

/// True where a fact, or a field within it, is this minute or its day.
fn tells(value: &Value, minute: &str) -> bool {
    match value {
        Value::String(text) => {
            text.len() >= DAY_CHARACTERS && (text.starts_with(minute) || minute.starts_with(&**text))
        }
        Value::Array(values) => values.iter().any(|value| tells(value, minute)),
        Value::Object(fields) => fields.values().any(|value| tells(value, minute)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Characters of `YYYY-MM-DD`.
const DAY_CHARACTERS: usize = 10;

/// A fact as it may be shown: yes, no and numbers of a table's kind as they are, texts by their first character.
fn masked(value: &Value) -> String {
    match value {
        Value::Null => "—".to_owned(),
        Value::Bool(true) => "是".to_owned(),
        Value::Bool(false) => "否".to_owned(),
        Value::String(text) if is_a_word(text) => text.clone(),
        Value::String(text) => text.chars().take(1).chain("***".chars()).collect(),
        Value::Number(_) | Value::Array(_) | Value::Object(_) => "***".to_owned(),
    }
}

/// A word of a table (`manual`, `brought-at-once`): lower case letters and hyphens only, which no name, number or date is.
fn is_a_word(text: &str) -> bool {
    text.len() <= 32 && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
}

fn choice(choice: advice::Choice, child: &Child<'_>) -> v1::Choice {
    let day = |day: Option<jiff::civil::Date>| day.map(|day| day.to_string()).unwrap_or_default();
    v1::Choice {
        choice_zh: choice.choice.zh,
        choice_en: choice.choice.en,
        means_zh: choice.means.zh,
        means_en: choice.means.en,
        start_on: day(choice.start_on),
        end_on: day(choice.end_on),
        uncovered_from: day(choice.uncovered_from),
        uncovered_until: day(choice.uncovered_until),
        needs_person: choice.needs_person,
        warnings: choice.warnings.into_iter().map(|words| words.zh).collect(),
        child_order: child.order,
        pack: child.pack.name.to_string(),
    }
}

fn last_day(day: advice::LastDay, child: &Child<'_>) -> v1::LastDay {
    let text = |day: Option<jiff::civil::Date>| day.map(|day| day.to_string()).unwrap_or_default();
    let Words { zh: title_zh, en: title_en } = day.name;
    v1::LastDay {
        name: day.key,
        title_zh,
        title_en,
        day: text(day.date),
        nominal: text(day.nominal),
        why_zh: day.why.zh,
        why_en: day.why.en,
        warnings: day.warning.into_iter().map(|words| words.zh).collect(),
        child_order: child.order,
        pack: child.pack.name.to_string(),
    }
}
