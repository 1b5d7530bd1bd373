//! Messages to people: which ones the events of a batch call for, when they may go, and what their sender answers.
//!
//! The law says which message an occasion calls for and what it reads; the core keeps that one is to go out, so that it
//! goes once, whatever is killed when. What cannot be written (a father without a telephone, a text that would say what
//! no message may say) ends with a person who telephones, never with a stuck case.

use std::sync::Arc;

use identifiers::LocalMinute;
use jiff::civil::Date;
use policy::{
    Pack,
    message::{Moment, Occasion},
};
use proto::bus as wire;
use saga::{
    Answer, Fact, Input, MessageIndex, MessageRun, MessageStatus, Outcome, Reason, Saga, Status, StepIndex,
    definition::Scope, input::Timer,
};
use serde_json::{Value, json};

use super::{
    Batch, Coordinator,
    application::endpoint,
    compose,
    law::{beijing, milliseconds},
    silences::GATHERED_MS,
    work::Done,
    working::{Cached, MESSENGER, Working},
};
use crate::store::Due;

/// The code of a message that could not be composed; a person telephones instead.
const NOT_COMPOSED: &str = "YJ-0311";

/// Characters of a step's title in a message: the catalogue's text has room for thirty, "接口" included.
const TITLE_CHARACTERS_MAX: usize = 28;

impl Coordinator {
    /// Queues the messages that the events of this batch call for, and sends those whose time has come.
    pub(super) fn notify(&mut self, working: &mut Working, now: i64) {
        let Some(pack) = working.now.pack.clone() else { return };
        if pack.messages.is_empty() {
            return;
        }
        let local = beijing(now);
        for (version, occasion) in std::mem::take(&mut working.occasions) {
            if is_a_twins(&working.now, &occasion) {
                continue;
            }
            let silent = occasion.moment == Moment::Unanswered;
            if silent
                && !silent_endpoint(&working.now, &occasion)
                    .is_some_and(|it| self.silences.carries(it, working.number, now))
            {
                continue;
            }
            let facts = with_occasion(&working.now, &occasion, "");
            for due in policy::message::due(&pack, &occasion, &facts) {
                let not_before = hour_of(&pack, &working.now.saga, &due, &local);
                let not_before = if not_before <= local { now } else { milliseconds(&not_before) };
                let not_before = if silent { not_before.max(now + GATHERED_MS) } else { not_before };
                let key = format!("{}@{version}", occasion.word());
                let place = working.now.saga.messages.len();
                let (template, to) = (due.template.clone(), due.to.word().into());
                let taken = working.take(&Input::Message { template, key: key.into(), to, not_before }, now);
                if let (Answer::Taken, Ok(place)) = (taken, u8::try_from(place))
                    && not_before <= now
                {
                    self.send_message(working, place, None, now);
                }
            }
        }
    }

    /// The time of a message has come, or its receipt is late.
    pub(super) fn message_due(&mut self, due: &Due, batch: &mut Batch, now: i64) -> Done {
        let Some(mut working) = batch.sagas.remove(&due.number) else { return Done::Unknown };
        let answer = self.send_message(&mut working, due.row.key.step, due.row.message.as_deref(), now);
        batch.sagas.insert(due.number, working);
        Done::Answered(vec![answer])
    }

    /// Sends a message, the first time or again: composed once, at the moment it first goes out.
    fn send_message(&mut self, working: &mut Working, place: MessageIndex, kept: Option<&[u8]>, now: i64) -> Answer {
        let composed = match kept {
            Some(kept) => Ok(kept.to_vec()),
            None => self.composed(working, place, now),
        };
        let input = Input::Due { step: StepIndex(place), timer: Timer::Message, revision: 0 };
        let answer = working.take(&input, now);
        if answer != Answer::Taken {
            return answer;
        }
        match composed {
            Ok(message) => {
                working.messages.insert(place, message);
            }
            Err(why) => {
                tracing::warn!(saga.number = working.number, code = NOT_COMPOSED, "a message is not sent: {why}");
                let reason = Reason { code: NOT_COMPOSED.into(), offline_route: "".into() };
                let outcome = Outcome::Refused { reason };
                let input = Input::MessageReply { by: MESSENGER.into(), message: place, number: 1, outcome };
                working.take_noted(&input, Some(why.into()), now);
            }
        }
        answer
    }

    /// Calls back what this batch has dropped and the sender already has: after a death, word that a message is not to
    /// go must reach whoever has not sent it yet. It is said once; a message is too old to go after a day in any case.
    pub(super) fn call_back(&mut self, working: &mut Working, now: i64) {
        let dropped: Vec<MessageIndex> = working
            .events
            .iter()
            .filter_map(|event| match event.fact {
                Fact::MessageDropped { message } => Some(message),
                _ => None,
            })
            .collect();
        for place in dropped {
            let sent = working.now.saga.messages.get(usize::from(place)).is_some_and(|run| run.sent_at > 0);
            let Some(application) = self.applications.get_mut(&working.now.summary.application).filter(|_| sent) else {
                continue;
            };
            let (number, cached, reply_topic) = (working.number, &working.now, &*self.parts.reply_topic);
            let (kind, fields) = (wire::CommandKind::Cancel, &json!({}));
            let letter = compose::Letter { number, cached, place, kind, fields, now, reply_topic };
            match compose::compose_message(&letter, application, &self.parts.secrets.channels) {
                Ok(message) => {
                    working.recalls.insert(place, message);
                }
                Err(why) => {
                    tracing::warn!(saga.number = number, code = NOT_COMPOSED, "a message is not called back: {why}");
                }
            }
        }
    }

    fn composed(&mut self, working: &Working, place: MessageIndex, now: i64) -> Result<Vec<u8>, String> {
        let cached = &working.now;
        let pack = cached.pack.as_ref().ok_or("its pack was not kept")?;
        let run = cached.saga.messages.get(usize::from(place)).ok_or("there is no such message")?;
        let word = run.key.split_once('@').map_or(&*run.key, |(word, _)| word);
        let occasion = Occasion::read(word).ok_or("its occasion is not known")?;
        let mut facts = with_occasion(cached, &occasion, &format!("{}:{}", run.template, run.key));
        if let Some(endpoint) = silent_endpoint(cached, &occasion).filter(|_| occasion.moment == Moment::Unanswered) {
            facts["occasion"]["n"] = self.silences.cases(&endpoint).into();
            facts["occasion"]["topic"] = interface(cached, &occasion).into();
        }
        let message = policy::message::compose(pack, &run.template, &facts)
            .ok_or("its template is not in the pack")?
            .map_err(|why| why.to_string())?;
        let application = self.applications.get_mut(&cached.summary.application).ok_or("its keys are not loaded")?;
        let channels = &self.parts.secrets.channels;
        let reply_topic = &self.parts.reply_topic;
        let fields = json!({ "message": message });
        let (number, kind) = (working.number, wire::CommandKind::Act);
        let letter = compose::Letter { number, cached, place, kind, fields: &fields, now, reply_topic };
        compose::compose_message(&letter, application, channels).map_err(|why| why.to_string())
    }
}

/// What the sender of messages answers.
pub(super) fn message_told(
    working: &mut Working,
    message: MessageIndex,
    reply: &wire::Reply,
    now: i64,
) -> Result<Done, (&'static str, &'static str)> {
    if working.now.summary.case != *reply.effect_key {
        return Err(("YJ-0301", "the effect key is another saga's"));
    }
    if *endpoint(compose::area_of(&working.now.facts), MESSENGER) != *reply.endpoint {
        return Err(("YJ-0303", "another department answers than was asked"));
    }
    if usize::from(message) >= working.now.saga.messages.len() {
        return Err(("YJ-0302", "the saga has no such message"));
    }
    let outcome = compose::outcome_of(reply.outcome.clone()).ok_or(("YJ-0304", "it has no outcome"))?;
    let input = Input::MessageReply { by: MESSENGER.into(), message, number: reply.number, outcome };
    Ok(Done::Answered(vec![working.take(&input, now)]))
}

/// The facts of the case with what is told under `occasion`.
fn with_occasion(cached: &Cached, occasion: &Occasion, key: &str) -> Value {
    let mut told = occasion.facts(&cached.definition);
    if let Value::Object(told) = &mut told {
        told.insert("case_number".to_owned(), case_number(cached).into());
        told.insert("key".to_owned(), key.into());
        let step = occasion.step.as_ref().and_then(|name| cached.definition.find(name));
        let reason = step.and_then(|step| cached.saga.run(step).reasons.first());
        if let Some(reason) = reason {
            told.entry("reason_code").or_insert_with(|| (&*reason.code).into());
        }
        let offline = cached.saga.steps.iter().filter(|run| run.status == Status::Offline).count();
        told.insert("n".to_owned(), offline.max(1).into());
        if let Some(limit) = step.and_then(|step| cached.saga.run(step).legal.limit) {
            // The last day in time, not the first minute that is too late.
            told.insert("deadline".to_owned(), beijing(limit.due_at - 1).as_str().into());
        } else if let Some(expires_at) = step.and_then(|step| cached.saga.expires_at(&cached.definition, step)) {
            told.insert("deadline".to_owned(), beijing(expires_at - 1).as_str().into());
        }
    }
    let mut facts = cached.facts.clone();
    if let Value::Object(facts) = &mut facts {
        facts.insert("occasion".to_owned(), told);
    }
    facts
}

/// The endpoint that the occasion's step waits for.
fn silent_endpoint(cached: &Cached, occasion: &Occasion) -> Option<Arc<str>> {
    let step = cached.definition.find(occasion.step.as_ref()?)?;
    let department = cached.definition.step(step).department()?;
    Some(endpoint(compose::area_of(&cached.facts), department))
}

/// The interface that does not answer, as operators read it: its step's title.
fn interface(cached: &Cached, occasion: &Occasion) -> String {
    let step = occasion.step.as_ref().and_then(|name| cached.definition.find(name));
    let title = step.map_or("", |step| &*cached.definition.step(step).title);
    title.chars().take(TITLE_CHARACTERS_MAX).chain("接口".chars()).collect()
}

/// The case's number as families read it: its public id, which is as good as random.
fn case_number(cached: &Cached) -> String {
    uuid::Uuid::from_bytes(cached.summary.case).simple().to_string()
}

/// What a family is told once is told by the first of its children's cases.
fn is_a_twins(cached: &Cached, occasion: &Occasion) -> bool {
    let of_the_family = match &occasion.step {
        None => occasion.moment == Moment::Submitted,
        Some(name) => {
            let step = cached.definition.find(name);
            step.is_some_and(|step| cached.definition.step(step).scope == Scope::Family)
        }
    };
    of_the_family && cached.summary.child_order > 1
}

/// The first minute at which its reader may be sent one more message of this case. Those that wait for a day have their
/// place in it: what the cap holds back does not come all at once on the next morning.
fn hour_of(pack: &Pack, saga: &Saga, due: &policy::message::Due, now: &LocalMinute) -> LocalMinute {
    let mut at = now.clone();
    // Each turn but the last passes over a day that is full, which takes one message at least.
    for _ in 0..=saga.messages.len() + 1 {
        let next = policy::message::not_before(pack, &at, due.urgent, of_the_day(saga, due.to.word(), at.date()));
        if next == at {
            break;
        }
        at = next;
    }
    at
}

/// How many messages of this case its reader was sent on a day, or will be.
fn of_the_day(saga: &Saga, to: &str, day: Date) -> u32 {
    let goes_at = |run: &MessageRun| if run.status == MessageStatus::Waiting { run.due_at } else { run.sent_at };
    let of_it = saga.messages.iter().filter(|run| *run.to == *to && goes_at(run) > 0);
    let count = of_it.filter(|run| beijing(goes_at(run)).date() == day).count();
    u32::try_from(count).unwrap_or(u32::MAX)
}
