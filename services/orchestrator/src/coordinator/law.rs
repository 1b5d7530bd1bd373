//! What the saga asks of the law, and what the law answers: decisions, legal limits, reminders.
//!
//! Everything is answered in the same batch and transaction as the event that asked. A decision becomes an event with
//! rule, articles and names of inputs; the values lie sealed beside it. What cannot be answered yet (a fact, a value or
//! a year is missing) is asked again, and the case stands where operators see it; nothing is guessed.

use std::sync::Arc;

use identifiers::LocalMinute;
use jiff::Timestamp;
use policy::{Decision, Outcome, Undecidable, legal_time::Pause, step_times};
use saga::{
    Definition, Explained, Input, Saga, Status, StepIndex,
    definition::{Performer, Selection},
    input::Question,
    legal::Limit,
};

use super::{
    Batch, Cached, Coordinator,
    application::{Application, replace_output},
    kept_decision,
    working::Working,
};
use crate::{
    limits,
    store::{SagaNumber, SealedKind, SealedRow},
};

impl Coordinator {
    /// Answers what the saga asks of the law, until it asks no more.
    pub(super) fn ask_the_law(&mut self, number: SagaNumber, batch: &mut Batch, now: i64) {
        self.learn(number, batch);
        let asked_at = beijing(now);
        for _ in 0..limits::QUESTIONS_MAX {
            let Some(working) = batch.sagas.get_mut(&number) else { return };
            let Some((step, question, rule)) = question_of(&working.now) else { break };
            let decided = working
                .now
                .pack
                .as_ref()
                .ok_or_else(|| Undecidable::UnknownRule(rule.to_string()))
                .and_then(|pack| policy::decide(&rule, pack, &self.parts.calendar, &working.now.facts, &asked_at));
            match decided {
                Ok(decision) => {
                    let application = self.applications.get_mut(&working.now.summary.application);
                    take_decision(working, step, question, decision, application, now);
                }
                Err(why @ Undecidable::UnknownRule(_)) => return self.quarantine(number, &why, batch),
                Err(why) => {
                    tracing::warn!(saga.number = number, code = why.code(), "a rule cannot decide yet: {why}");
                    let note = Some(why.to_string().into());
                    working.take_noted(&Input::Undecided { step, code: why.code().into() }, note, now);
                }
            }
        }
        if let Some(working) = batch.sagas.get_mut(&number) {
            self.state_times(working, now);
        }
    }

    /// States the legal times of each step that wants them.
    fn state_times(&self, working: &mut Working, now: i64) {
        let Some(pack) = working.now.pack.clone() else { return };
        for step in working.now.definition.indices() {
            if !working.now.saga.wants_times(&working.now.definition, step) {
                continue;
            }
            let is = working.now.definition.step(step);
            let legal = &working.now.saga.run(step).legal;
            let spanning = is.limit_from.map(|from| &working.now.saga.run(from).legal).filter(|from| from.began > 0);
            let began = spanning.unwrap_or(legal).began;
            let pauses: Vec<Pause> = legal
                .pauses
                .iter()
                .chain(spanning.into_iter().flat_map(|from| &from.pauses))
                .map(|(from, until)| Pause { from: beijing(*from), until: beijing(*until) })
                .collect();
            let span = is.limit.as_deref().and_then(policy::legal_time::Span::parse);
            let article = pack.sources.get(&*format!("{}.limit", is.name)).unwrap_or(&is.source);
            let times = span
                .map(|span| step_times::limit(&pack, &self.parts.calendar, span, &beijing(began), &pauses, article))
                .transpose();
            let future = |minute: &LocalMinute| milliseconds(minute) > now;
            let reminders = is
                .remind_on
                .iter()
                .flat_map(|on| step_times::reminders(on, &working.now.facts))
                .filter(future)
                .map(|minute| milliseconds(&minute))
                .collect();
            let (limit, unknown, note) = match times {
                Ok(None) => (None, None, None),
                Ok(Some(times)) => (Some(limit_of(&times)), None, Some(counted(&times))),
                Err(year) => (None, Some(Undecidable::Year(year).code().into()), Some(year.to_string())),
            };
            working.take_noted(&Input::Times { step, limit, unknown, reminders }, note.map(Arc::from), now);
        }
    }
}

/// Where the choice of the pack is kept among the sealed payloads: no step's.
pub(crate) const PACK_CHOICE: u8 = u8::MAX;

/// Records why the case falls under its pack: a rule like any other, asked when the case is filed.
pub(super) fn record_the_pack(working: &mut Working, packs: &policy::Packs, application: &Application, now: i64) {
    let facts = &working.now.facts;
    let area = policy::facts::text(facts, "application.area").unwrap_or_default();
    let born_at = policy::facts::text(facts, "child.born_at").and_then(|text| LocalMinute::parse(text).ok());
    let Some(born_at) = born_at else { return };
    let submitted_on = policy::facts::text(facts, "application.submitted_on").and_then(|day| day.parse().ok());
    let Ok((pack, decision)) = packs.choice(area, &born_at, submitted_on) else { return };
    if pack.name == working.now.summary.pack {
        let explained = explained(&decision, pack.cited());
        seal(working, PACK_CHOICE, SealedKind::Decision, &decision, application);
        working.take(&Input::UnderPack { explained: Arc::new(explained) }, now);
    }
}

fn explained(decision: &Decision, pack: Arc<str>) -> Explained {
    Explained {
        rule: decision.rule.clone(),
        row: decision.row.clone(),
        pack,
        articles: decision.articles.clone(),
        inputs: decision.inputs.keys().map(|path| Arc::from(&**path)).collect(),
        excluded: decision.excluded.iter().map(|excluded| excluded.row.clone()).collect(),
    }
}

/// Keeps a decision whole, sealed, beside the entry that comes next.
fn seal(working: &mut Working, step: u8, kind: SealedKind, decision: &Decision, application: &Application) {
    let revision = u32::try_from(working.now.version + 1).unwrap_or(u32::MAX);
    let sealed = kept_decision::seal(application, working.now.summary.case, decision.clone());
    working.seals.push(SealedRow { step, kind, revision, sealed });
}

/// Tells the saga a decision, lays what it gives among the facts, and keeps it whole, sealed.
fn take_decision(
    working: &mut Working,
    step: StepIndex,
    question: Question,
    decision: Decision,
    application: Option<&mut Application>,
    now: i64,
) {
    let pack = working.now.pack.as_ref().map(|pack| pack.cited()).unwrap_or_default();
    let explained = explained(&decision, pack);
    if let (Some(application), false) = (application, decision.inputs.is_empty() && decision.gives.is_empty()) {
        let kind = match question {
            Question::Selection => SealedKind::Selection,
            Question::Performance => SealedKind::Decision,
        };
        seal(working, step.0, kind, &decision, application);
    }
    if question == Question::Performance && decision.outcome == Outcome::Yes && !decision.gives.is_empty() {
        let gives = serde_json::Value::Object(decision.gives.clone());
        replace_output(&mut working.now.facts, &working.now.definition, step.0, Some(gives));
    }
    let explained = Some(Arc::new(explained));
    working.take(&Input::Decided { step, question, verdict: decision.into(), explained }, now);
}

/// The first thing that the saga asks of the law and that has not just been found undecidable.
fn question_of(cached: &Cached) -> Option<(StepIndex, Question, Arc<str>)> {
    let asks = |step: &StepIndex| {
        let run = cached.saga.run(*step);
        run.status == Status::Deciding && run.legal.unknown.is_none()
    };
    let step = cached.definition.indices().find(asks)?;
    question_about(&cached.definition, &cached.saga, step).map(|(question, rule)| (step, question, rule))
}

/// What a step that is being decided asks, and by which rule.
fn question_about(definition: &Definition, saga: &Saga, step: StepIndex) -> Option<(Question, Arc<str>)> {
    let is = definition.step(step);
    match (&is.selection, &is.performer) {
        (Selection::Rule(rule), _) if saga.run(step).selected.is_none() => Some((Question::Selection, rule.clone())),
        (_, Performer::Law { rule }) => Some((Question::Performance, rule.clone())),
        (_, Performer::Department { .. } | Performer::Person { .. }) => None,
    }
}

/// How a limit was counted, beside the event: dates of the handling, none of a birth.
fn counted(times: &step_times::Times) -> String {
    let deadline = &times.deadline;
    let paused =
        if deadline.pauses.is_empty() { String::new() } else { format!(",中止{}次", deadline.pauses.len()) };
    format!(
        "{},自{}起算,期满{}{}{paused};{}",
        deadline.span.zh(),
        deadline.from.as_str(),
        deadline.nominal,
        if deadline.rolled == deadline.nominal { String::new() } else { format!("顺延至{}", deadline.rolled) },
        deadline.article,
    )
}

fn limit_of(times: &step_times::Times) -> Limit {
    Limit {
        near_at: milliseconds(&times.near_at),
        due_at: milliseconds(&times.passed_at),
        escalate_at: milliseconds(&times.escalate_at),
    }
}

/// The minute of Beijing time in which a moment lies.
pub(crate) fn beijing(at_ms: i64) -> LocalMinute {
    LocalMinute::from_timestamp(Timestamp::from_millisecond(at_ms).unwrap_or_default())
}

/// The moment at which a minute begins.
pub(super) fn milliseconds(minute: &LocalMinute) -> i64 {
    minute.to_timestamp().as_millisecond()
}
