//! When a message is due: what has happened in a saga, in the words that a catalogue's `when` uses.
//!
//! ```text
//!   submitted | corrected | ended.<how> | <step>.<what>        `*` in a catalogue stands for any step
//! ```

use std::sync::Arc;

use saga::{Definition, End, Event, Fact, MessageRun, Saga, Status, StepIndex, legal::Stage};
use serde_json::{Map, Value};

use super::{Recipient, Template};
use crate::Pack;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Moment {
    /// The application was filed.
    Submitted,
    /// A task waits for a person.
    Opened,
    /// The person was reminded.
    Reminded,
    /// The step is done.
    Succeeded,
    /// A department or the law said no.
    Refused,
    /// A person said no.
    Declined,
    /// The family is sent to the counter.
    Offline,
    /// 补正: data are to be corrected.
    NeedsCorrection,
    /// Its time is over.
    Expired,
    /// One working day is left of a legal limit (yellow).
    LimitNear,
    /// A legal limit is over (red).
    LimitPassed,
    /// It is long over: the next level is told.
    Escalated,
    /// Its department has not answered as often as it is asked by itself, or fails so that asking is of no use.
    Unanswered,
    /// An operator owns up to a message about a step that was wrong.
    Retracted,
    /// An operator owns up to a message about the whole case that was wrong.
    NoticeRetracted,
    /// The case has ended.
    Ended(End),
}

/// The moments of a step, with their words.
const OF_STEPS: [(&str, Moment); 13] = [
    ("opened", Moment::Opened),
    ("reminded", Moment::Reminded),
    ("succeeded", Moment::Succeeded),
    ("refused", Moment::Refused),
    ("declined", Moment::Declined),
    ("offline", Moment::Offline),
    ("needs-correction", Moment::NeedsCorrection),
    ("expired", Moment::Expired),
    ("limit-near", Moment::LimitNear),
    ("limit-passed", Moment::LimitPassed),
    ("escalated", Moment::Escalated),
    ("unanswered", Moment::Unanswered),
    ("retracted", Moment::Retracted),
];

/// The moments of the whole case, with their words.
const OF_CASES: [(&str, Moment); 8] = [
    ("submitted", Moment::Submitted),
    ("notice-retracted", Moment::NoticeRetracted),
    ("ended.completed", Moment::Ended(End::Completed)),
    ("ended.partially-completed", Moment::Ended(End::PartiallyCompleted)),
    ("ended.offline", Moment::Ended(End::Offline)),
    ("ended.rejected", Moment::Ended(End::Rejected)),
    ("ended.expired", Moment::Ended(End::Expired)),
    ("ended.withdrawn", Moment::Ended(End::Withdrawn)),
];

/// The word that stands for any step.
const ANY_STEP: &str = "*";

/// Something that happened in a saga of which people may be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Occasion {
    /// What happened.
    pub moment: Moment,
    /// To which step, if to one.
    pub step: Option<Arc<str>>,
    /// In which procedure that follows a case; `None` for the case itself.
    pub procedure: Option<Arc<str>>,
    /// The how-manieth time that this happened in this saga, from 1.
    pub count: u32,
    /// The code of the (first) reason, where there is one.
    pub reason_code: Option<Arc<str>>,
    /// Who read what is retracted, as a role; nobody else is told of it.
    pub reader: Option<Arc<str>>,
    /// A death was reported before: nothing automatic reaches the family any more; a person calls.
    pub bereaved: bool,
}

impl Occasion {
    /// One of a case or of its step that no log holds: a correction, a legal limit.
    pub fn new(moment: Moment, step: Option<&str>) -> Self {
        let step = step.map(Arc::from);
        Self { moment, step, procedure: None, count: 1, reason_code: None, reader: None, bereaved: false }
    }

    /// As a catalogue names it, e.g. `enrolment.succeeded`; of a procedure as a whole, `refund.ended.completed`.
    pub fn word(&self) -> String {
        let word = word(self.moment);
        match self.step.as_ref().or(self.procedure.as_ref()) {
            Some(of) => format!("{of}.{word}"),
            None => word.to_owned(),
        }
    }

    /// The occasion of a word, as a saga keeps it beside a message; `None` for no such word.
    pub fn read(word: &str) -> Option<Self> {
        let case = OF_CASES.iter().find_map(|(known, moment)| {
            let before = word.strip_suffix(known)?;
            let procedure = before.strip_suffix('.').map(Arc::from);
            (before.is_empty() || procedure.is_some()).then(|| Self { procedure, ..Self::new(*moment, None) })
        });
        case.or_else(|| {
            let (step, what) = word.rsplit_once('.')?;
            let (_, moment) = OF_STEPS.iter().find(|(known, _)| *known == what)?;
            Some(Self::new(*moment, Some(step)))
        })
    }

    /// What it puts under `occasion` in the facts: `{step, item, department, reason_code, count}`. The sender adds what
    /// only it knows: `case_number`, `deadline`, `key`.
    pub fn facts(&self, definition: &Definition) -> Value {
        let mut facts = Map::new();
        facts.insert("count".into(), self.count.into());
        let mut put = |name: &str, value: Option<&Arc<str>>| {
            if let Some(value) = value {
                facts.insert(name.to_owned(), (&**value).into());
            }
        };
        put("step", self.step.as_ref());
        put("reason_code", self.reason_code.as_ref());
        if let Some(step) = self.step.as_ref().and_then(|name| definition.find(name)) {
            let step = definition.step(step);
            put("item", step.item.as_ref());
            put("department", step.department());
        }
        Value::Object(facts)
    }

    fn is_named_by(&self, when: &str) -> bool {
        let any = self.step.as_ref().and_then(|_| when.strip_prefix(ANY_STEP)?.strip_prefix('.'));
        any.map_or_else(|| when == self.word(), |what| what == word(self.moment))
    }
}

fn word(moment: Moment) -> &'static str {
    OF_STEPS.iter().chain(&OF_CASES).find(|(_, other)| *other == moment).map_or("", |(word, _)| word)
}

/// The step that a catalogue's word names, `None` where it names the case or any step.
///
/// # Errors
/// With the known words, where it is none.
pub(crate) fn step_named(when: &str) -> Result<Option<&str>, String> {
    let of_a_case = |word: &str| when == word || when.strip_suffix(word).is_some_and(|before| before.ends_with('.'));
    if OF_CASES.iter().any(|(word, _)| of_a_case(word)) {
        return Ok(None);
    }
    match when.rsplit_once('.') {
        Some((step, word)) if OF_STEPS.iter().any(|(known, _)| *known == word) => {
            Ok(Some(step).filter(|step| *step != ANY_STEP))
        }
        Some(_) | None => {
            let steps = OF_STEPS.iter().map(|(word, _)| format!("<step>.{word}"));
            let cases = OF_CASES.iter().map(|(word, _)| (*word).to_owned());
            Err(cases.chain(steps).collect::<Vec<_>>().join(", "))
        }
    }
}

/// Everything in a saga's whole log of which people may be told, in order.
pub fn occasions(definition: &Definition, events: &[Event]) -> Vec<Occasion> {
    told_by(definition, &Saga::new(definition), events)
}

/// What these events, which follow upon the saga as it stood before, bring of which people may be told.
///
/// An occasion is a step's coming into a state, however it came there: a department's answer, a notice, an operator's
/// finding.
pub fn told_by(definition: &Definition, before: &Saga, events: &[Event]) -> Vec<Occasion> {
    let mut saga = before.clone();
    let mut found = Vec::new();
    let procedure = definition.procedure.then(|| Arc::from(definition.name.rsplit('/').next().unwrap_or_default()));
    for event in events {
        let step = event.fact.step();
        let before = step.map(|step| stands(definition, &saga, step));
        saga.apply(definition, 0, event);
        let after = step.map(|step| stands(definition, &saga, step));
        if let Fact::MessageRetracted { message } = &event.fact {
            found.extend(saga.messages.get(usize::from(*message)).map(retraction));
            continue;
        }
        let Some((moment, step)) = moment(&event.fact, before, after) else { continue };
        let reminded = step.map_or(0, |step| saga.run(step).reminded.max(saga.run(step).legal.reminded));
        found.push(Occasion {
            moment,
            step: step.map(|step| Arc::clone(&definition.step(step).name)),
            procedure: procedure.clone().filter(|_| step.is_none()),
            count: if moment == Moment::Reminded { u32::from(reminded) } else { 1 },
            reason_code: step
                .and_then(|step| saga.run(step).reasons.first())
                .map(|reason| Arc::clone(&reason.code))
                .filter(|_| explains(moment)),
            reader: None,
            bereaved: saga.bereaved,
        });
    }
    found
}

/// How a step stands, and whether its department is silent.
fn stands(definition: &Definition, saga: &Saga, step: StepIndex) -> (Status, bool) {
    let run = saga.run(step);
    (run.status, run.is_unanswered(definition.step(step).retry.attempts_max))
}

/// That a message which went out was wrong: about the same step, to the same reader.
fn retraction(message: &MessageRun) -> Occasion {
    let word = message.key.split_once('@').map_or(&*message.key, |(word, _)| word);
    let step = Occasion::read(word).and_then(|occasion| occasion.step);
    let moment = if step.is_some() { Moment::Retracted } else { Moment::NoticeRetracted };
    Occasion { reader: Some(Arc::clone(&message.to)), ..Occasion::new(moment, step.as_deref()) }
}

/// True where the step's reasons are why it happened.
fn explains(moment: Moment) -> bool {
    matches!(moment, Moment::Refused | Moment::Offline | Moment::NeedsCorrection)
}

/// What an event brought.
fn moment(
    fact: &Fact,
    before: Option<(Status, bool)>,
    after: Option<(Status, bool)>,
) -> Option<(Moment, Option<StepIndex>)> {
    match fact {
        Fact::Started { .. } => return Some((Moment::Submitted, None)),
        Fact::Ended { end } => return Some((Moment::Ended(*end), None)),
        Fact::LimitReached { step, stage } => {
            let moment = match stage {
                Stage::Near => Moment::LimitNear,
                Stage::Passed => Moment::LimitPassed,
                Stage::Escalated => Moment::Escalated,
            };
            return Some((moment, Some(*step)));
        }
        Fact::Reminded { step } => return Some((Moment::Reminded, Some(*step))),
        // A task that is open is opened again under another revision.
        Fact::TaskOpened { step, .. } => return Some((Moment::Opened, Some(*step))),
        _ => {}
    }
    let ((before, answered_before), (after, silent)) = (before.map(|(was, silent)| (was, !silent))?, after?);
    if silent && answered_before {
        return Some((Moment::Unanswered, fact.step()));
    }
    if before == after {
        return None;
    }
    let moment = match after {
        Status::Correcting => Moment::NeedsCorrection,
        Status::Succeeded => Moment::Succeeded,
        Status::Refused => Moment::Refused,
        Status::Declined => Moment::Declined,
        Status::Offline => Moment::Offline,
        Status::Expired => Moment::Expired,
        Status::Waiting
        | Status::Unselected
        | Status::Deciding
        | Status::InDoubt
        | Status::Open
        | Status::Skipped
        | Status::Closed
        | Status::NotDone
        | Status::Cancelling
        | Status::Cancelled
        | Status::Compensating
        | Status::Compensated => return None,
    };
    Some((moment, fact.step()))
}

/// A message that an occasion calls for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// The id of its template.
    pub template: Arc<str>,
    /// To whom it goes.
    pub to: Recipient,
    /// It waits for no quiet hours and no daily cap.
    pub urgent: bool,
}

/// The messages that an occasion calls for, in the order of their ids. After a bereavement none goes to the family.
pub fn due(pack: &Pack, occasion: &Occasion, facts: &Value) -> Vec<Due> {
    let wanted = |template: &&Template| {
        template.when.iter().any(|when| occasion.is_named_by(when))
            && !(occasion.bereaved && template.to.is_family())
            && occasion.reader.as_ref().is_none_or(|reader| **reader == *template.to.word())
            && template.conditions.iter().all(|condition| condition.holds(facts))
    };
    let due =
        |template: &Template| Due { template: Arc::clone(&template.id), to: template.to, urgent: template.urgent };
    pack.messages.values().filter(wanted).map(due).collect()
}
