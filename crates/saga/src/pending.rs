//! What a saga waits for: commands to send, tasks to answer, deadlines to watch.
//!
//! A projection of the saga and nothing more: the coordinator stores the difference in the same transaction as the
//! events, so that a row exists exactly while something is awaited.

use std::sync::Arc;

use crate::{
    definition::{Definition, StartWhen, Step, StepIndex},
    event::Command,
    input::Timer,
    message::MessageStatus,
    state::{Saga, Status, StepRun},
};

/// A time that never comes: what waits for it waits for something else.
pub const NEVER: i64 = i64::MAX;

/// One thing that is waited for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// Of which step.
    pub step: StepIndex,
    /// The step's revision.
    pub revision: u32,
    /// What.
    pub kind: PendingKind,
    /// When the clock speaks next, in milliseconds since 1970; [`NEVER`] if only somebody else can.
    pub due_at: i64,
}

/// What is waited for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PendingKind {
    /// A department's answer; sent again when due.
    Command {
        /// Whose answer.
        department: Arc<str>,
        /// To which of the three.
        command: Command,
        /// How often it was sent.
        attempts: u32,
    },
    /// A person's answer.
    Task {
        /// Whose.
        role: Arc<str>,
        /// True where corrected data are asked for.
        correction: bool,
    },
    /// The end of waiting for a department's step.
    Expiry,
    /// A predecessor's being late.
    Late,
    /// A legal limit, a reminder, or a question that the law could not answer.
    Legal,
    /// A message to be sent, or its receipt; the step is the message's place.
    Message {
        /// How often it was sent.
        attempts: u32,
    },
    /// A call by a person, because a message could not be delivered; the step is the message's place.
    Call,
}

impl Pending {
    /// Which timer it is.
    pub fn timer(&self) -> Timer {
        match self.kind {
            PendingKind::Command { .. } => Timer::Resend,
            PendingKind::Task { .. } => Timer::Task,
            PendingKind::Expiry => Timer::Expiry,
            PendingKind::Late => Timer::Late,
            PendingKind::Legal => Timer::Legal,
            PendingKind::Message { .. } | PendingKind::Call => Timer::Message,
        }
    }
}

/// What is awaited of messages; the end of the case does not stop them.
fn messages(saga: &Saga) -> Vec<Pending> {
    let mut found = Vec::new();
    for (at, message) in saga.messages.iter().enumerate() {
        let (kind, due_at) = match message.status {
            MessageStatus::Waiting | MessageStatus::Out => {
                (PendingKind::Message { attempts: message.attempts }, message.due_at)
            }
            MessageStatus::ToCall => (PendingKind::Call, NEVER),
            MessageStatus::Delivered | MessageStatus::Called | MessageStatus::Dropped => continue,
        };
        let due_at = if saga.frozen_since.is_some() { NEVER } else { due_at };
        let step = StepIndex(u8::try_from(at).unwrap_or(u8::MAX));
        found.push(Pending { step, revision: 0, kind, due_at });
    }
    found
}

/// Everything that this saga waits for, in the order of its steps.
pub fn pending(definition: &Definition, saga: &Saga) -> Vec<Pending> {
    let mut found = messages(saga);
    if saga.end.is_some() {
        return found;
    }
    for step in definition.indices() {
        let run = saga.run(step);
        let mut wait = |kind, due_at| {
            let due_at = if saga.frozen_since.is_some() { NEVER } else { due_at };
            found.push(Pending { step, revision: run.revision, kind, due_at });
        };
        let is = definition.step(step);
        if let (Some(out), Some(department)) = (&run.out, is.department()) {
            let kind =
                PendingKind::Command { department: department.clone(), command: out.command, attempts: out.attempts };
            wait(kind, out.due_at);
        }
        if let Some(due_at) = run.legal.speaks_at() {
            wait(PendingKind::Legal, due_at);
        }
        match run.status {
            Status::Open => wait(task(definition, step, false), task_due(definition, step, run)),
            Status::Correcting => wait(task(definition, step, true), next_reminder(is, run).unwrap_or(NEVER)),
            Status::InDoubt => {
                if let Some(expiry) = is.expiry {
                    wait(PendingKind::Expiry, run.since + expiry.after_ms);
                }
            }
            Status::Waiting if !run.late => {
                if let Some(due_at) = is.start_when.iter().filter_map(|when| late_at(saga, when)).min() {
                    wait(PendingKind::Late, due_at);
                }
            }
            _ => {}
        }
    }
    found
}

fn task(definition: &Definition, step: StepIndex, correction: bool) -> PendingKind {
    let role = match &definition.step(step).performer {
        crate::definition::Performer::Person { role, .. } => role.clone(),
        crate::definition::Performer::Department { .. } | crate::definition::Performer::Law { .. } => {
            "applicant".into()
        }
    };
    PendingKind::Task { role, correction }
}

fn task_due(definition: &Definition, step: StepIndex, run: &StepRun) -> i64 {
    let is = definition.step(step);
    let expiry = is.expiry.map_or(NEVER, |expiry| run.since + expiry.after_ms);
    expiry.min(next_reminder(is, run).unwrap_or(NEVER))
}

/// When the person who holds the task, or is to correct, is reminded next.
pub(crate) fn next_reminder(is: &Step, run: &StepRun) -> Option<i64> {
    let since = if run.status == Status::Correcting { run.correcting_since } else { run.since };
    is.remind_ms.get(usize::from(run.reminded)).map(|after_ms| since + after_ms)
}

/// When the predecessor will be late; not before it has begun, nor once it is settled.
pub(crate) fn late_at(saga: &Saga, when: &StartWhen) -> Option<i64> {
    match when {
        StartWhen::Late { step, after_ms } => {
            let other = saga.run(*step);
            (other.since > 0 && !other.status.is_settled()).then_some(other.since + after_ms)
        }
        StartWhen::Offline { .. } | StartWhen::Succeeded { .. } => None,
    }
}
