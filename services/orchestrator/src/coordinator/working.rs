//! One saga while a batch is being decided: what was, what is, and what must be written.

use std::{collections::BTreeMap, sync::Arc};

use policy::{Pack, message::Occasion};
use saga::{Answer, Definition, Input, MessageIndex, Pending, PendingKind, Saga, Status, StepIndex, decide, pending};
use serde_json::Value;

use crate::{
    downtime::Downtimes,
    fold,
    store::{Blind, Change, Entry, PendingKey, PendingKindName, PendingRow, SagaNumber, SealedRow, Summary},
};

/// The department that sends messages.
pub(crate) const MESSENGER: &str = "sms";

/// Who telephones where a message could not be delivered.
pub(crate) const CALLER: &str = "clerk";

/// A saga as it is kept between batches.
pub(crate) struct Cached {
    /// The version it stands at.
    pub(crate) version: u64,
    /// How it stands.
    pub(crate) saga: Saga,
    /// What it is pinned to.
    pub(crate) definition: Arc<Definition>,
    /// Its pack as it was when the saga was born, for rules, values and messages; `None` where it was not kept.
    pub(crate) pack: Option<Arc<Pack>>,
    /// What lists show.
    pub(crate) summary: Summary,
    /// The form and what the steps gave, in clear.
    pub(crate) facts: Value,
}

/// A saga with what the batch has made of it so far.
pub(crate) struct Working {
    /// Its number.
    pub(crate) number: SagaNumber,
    /// How it stands by now.
    pub(crate) now: Cached,
    /// The version on which the batch began.
    pub(crate) began_at: u64,
    /// What it waited for when the batch began.
    awaited: Vec<Pending>,
    /// One entry per input that changed it.
    pub(crate) entries: Vec<Entry>,
    /// The events of those entries: which commands to send, what to write down.
    pub(crate) events: Vec<saga::Event>,
    /// Of what people may be told, each with the version that brought it.
    pub(crate) occasions: Vec<(u64, Occasion)>,
    /// Payloads to keep.
    pub(crate) seals: Vec<SealedRow>,
    /// Subjects by which it can be found from now on.
    pub(crate) found_by: Vec<Blind>,
    /// The child, where the saga is new.
    pub(crate) child: Option<Blind>,
    /// Messages of commands that the clock sends again, by step.
    pub(crate) again: BTreeMap<StepIndex, Vec<u8>>,
    /// Messages to people that go out with this batch, encoded, by their place.
    pub(crate) messages: BTreeMap<MessageIndex, Vec<u8>>,
    /// Messages to people that are called back with this batch: the encoded cancellation, by their place.
    pub(crate) recalls: BTreeMap<MessageIndex, Vec<u8>>,
}

impl Working {
    /// A saga that is there.
    pub(crate) fn of(number: SagaNumber, cached: Cached) -> Self {
        let awaited = if cached.version == 0 { Vec::new() } else { pending(&cached.definition, &cached.saga) };
        Self {
            number,
            began_at: cached.version,
            awaited,
            now: cached,
            entries: Vec::new(),
            events: Vec::new(),
            occasions: Vec::new(),
            seals: Vec::new(),
            found_by: Vec::new(),
            child: None,
            again: BTreeMap::new(),
            messages: BTreeMap::new(),
            recalls: BTreeMap::new(),
        }
    }

    /// Takes one input: what it changes is one entry.
    pub(crate) fn take(&mut self, input: &Input, at: i64) -> Answer {
        self.take_noted(input, None, at)
    }

    /// Takes a deadline. The core does not know of our downtimes: as long as they lengthen the time of a task, it is
    /// asked as of the last moment before the expiry, so that a reminder that was put off expires nobody
    /// (protocol.md 14).
    pub(crate) fn take_due(&mut self, input: &Input, step: StepIndex, now: i64, downtimes: &Downtimes) -> Answer {
        let run = self.now.saga.run(step);
        let expires = self.now.definition.step(step).expiry.filter(|_| run.status == Status::Open);
        let expires_at = expires.map_or(i64::MAX, |expiry| run.since + expiry.after_ms);
        let lengthened = expires_at.saturating_add(downtimes.since(run.since)) > now;
        let as_of = if lengthened { now.min(expires_at - 1) } else { now };
        self.decided(input, None, as_of, now)
    }

    /// Takes one input, with a note beside the fact that it states.
    pub(crate) fn take_noted(&mut self, input: &Input, note: Option<Arc<str>>, at: i64) -> Answer {
        self.decided(input, note, at, at)
    }

    fn decided(&mut self, input: &Input, note: Option<Arc<str>>, as_of: i64, at: i64) -> Answer {
        let mut decision = decide(&self.now.definition, &self.now.saga, input, as_of);
        let Some(stated) = decision.events.first_mut() else { return decision.answer };
        stated.note = note;
        self.now.version += 1;
        if self.now.pack.as_ref().is_some_and(|pack| !pack.messages.is_empty()) {
            let told = policy::message::told_by(&self.now.definition, &self.now.saga, &decision.events);
            self.occasions.extend(told.into_iter().map(|occasion| (self.now.version, occasion)));
        }
        self.now.saga = decision.saga;
        self.entries.push(fold::entry(self.now.version, at, &decision.events));
        self.events.extend(decision.events);
        decision.answer
    }

    /// True where the batch has changed it.
    pub(crate) fn changed(&self) -> bool {
        !self.entries.is_empty()
    }

    /// Brings the summary up to date.
    pub(crate) fn summarise(&mut self, at: i64) {
        let Cached { saga, definition, summary, .. } = &mut self.now;
        summary.state = state_name(saga);
        summary.stuck = saga.is_stuck(definition);
        summary.frozen = saga.frozen_since.is_some();
        summary.bereaved = saga.bereaved;
        summary.changed_at = at;
    }

    /// What must be written: `message_of` gives the message of a command that was ordered in this batch, `person_of` the
    /// person who may answer a task.
    pub(crate) fn change(
        &mut self,
        at: i64,
        messages: &BTreeMap<StepIndex, Vec<u8>>,
        person_of: impl Fn(&str) -> Option<Blind>,
        downtimes: &Downtimes,
    ) -> Change {
        let awaits_now = pending(&self.now.definition, &self.now.saga);
        let is_new = |row: &&Pending| {
            let recomposed = match row.kind {
                PendingKind::Command { .. } => messages.contains_key(&row.step),
                PendingKind::Message { .. } => self.messages.contains_key(&row.step.0),
                PendingKind::Task { .. }
                | PendingKind::Expiry
                | PendingKind::Late
                | PendingKind::Legal
                | PendingKind::Call => false,
            };
            recomposed || !self.awaited.contains(row)
        };
        let payload = |row: &Pending| match row.kind {
            PendingKind::Command { .. } => messages.get(&row.step).cloned(),
            PendingKind::Message { .. } => self.messages.get(&row.step.0).cloned(),
            _ => None,
        };
        let mut awaits: Vec<PendingRow> =
            awaits_now.iter().filter(is_new).map(|row| row_of(row, at, payload(row), &person_of)).collect();
        for row in awaits.iter_mut().filter(|row| row.key.kind == PendingKindName::Task) {
            let since = self.now.saga.run(StepIndex(row.key.step)).since;
            row.due_at = row.due_at.saturating_add(downtimes.since(since));
        }
        let keys: Vec<PendingKey> = awaits_now.iter().map(key_of).collect();
        let gone = self.awaited.iter().map(key_of).filter(|key| !keys.contains(key)).collect();
        Change {
            number: self.number,
            expected_version: self.began_at,
            entries: std::mem::take(&mut self.entries),
            summary: self.now.summary.clone(),
            awaits,
            awaits_no_more: gone,
            seals: std::mem::take(&mut self.seals),
            found_by: self.found_by.clone(),
            child: self.child,
        }
    }
}

/// The state's name in lists.
pub(crate) fn state_name(saga: &Saga) -> &'static str {
    match saga.end {
        None => "running",
        Some(saga::End::Completed) => "completed",
        Some(saga::End::PartiallyCompleted) => "partially-completed",
        Some(saga::End::Offline) => "offline",
        Some(saga::End::Rejected) => "rejected",
        Some(saga::End::Expired) => "expired",
        Some(saga::End::Withdrawn) => "withdrawn",
    }
}

fn key_of(row: &Pending) -> PendingKey {
    let kind = match row.kind {
        PendingKind::Command { .. } => PendingKindName::Command,
        PendingKind::Task { .. } => PendingKindName::Task,
        PendingKind::Expiry => PendingKindName::Expiry,
        PendingKind::Late => PendingKindName::Late,
        PendingKind::Legal => PendingKindName::Legal,
        PendingKind::Message { .. } => PendingKindName::Message,
        PendingKind::Call => PendingKindName::Call,
    };
    PendingKey { kind, step: row.step.0 }
}

fn row_of(row: &Pending, at: i64, message: Option<Vec<u8>>, person_of: impl Fn(&str) -> Option<Blind>) -> PendingRow {
    let (whom, person, message, attempts): (Arc<str>, _, _, _) = match &row.kind {
        PendingKind::Command { department, attempts, .. } => (department.clone(), None, message, *attempts),
        PendingKind::Task { role, .. } => (role.clone(), person_of(role), None, 0),
        PendingKind::Message { attempts } => (MESSENGER.into(), None, message, *attempts),
        PendingKind::Call => (CALLER.into(), None, None, 0),
        PendingKind::Expiry | PendingKind::Late | PendingKind::Legal => ("".into(), None, None, 0),
    };
    PendingRow {
        key: key_of(row),
        revision: row.revision,
        due_at: row.due_at,
        whom,
        person,
        message,
        attempts,
        since: at,
    }
}
