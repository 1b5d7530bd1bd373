//! A saga as the fold of its events.
//!
//! [`Saga::apply`] is the only thing that changes a saga. It draws no conclusions: those are `decide`'s, and each is an
//! event of its own. What can be derived (stuck, forward, settled) is derived and not stored.

use std::{collections::BTreeSet, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::{
    definition::{Definition, Kind, OnBereavement, Performer, Selection, StepIndex},
    event::{Because, Command, Ending, Event, Fact, Why},
    input::{Outcome, Reason},
    legal::LegalClock,
    message::{MessageIndex, MessageRun, MessageStatus},
};

mod step;

/// One execution of a definition.
#[derive(Clone, Debug, PartialEq)]
pub struct Saga {
    /// True once `Started`.
    pub started: bool,
    /// The items that the applicant ticked.
    pub chosen: BTreeSet<Arc<str>>,
    /// How many sagas share the family's steps.
    pub group_size: u8,
    /// How each step stands, in the definition's order.
    pub steps: Vec<StepRun>,
    /// Why it is to end before its pivot, if it is.
    pub ending: Option<Ending>,
    /// How it ended, if it has.
    pub end: Option<End>,
    /// Since when nothing is sent, if nothing is, in milliseconds since 1970.
    pub frozen_since: Option<i64>,
    /// A death was reported.
    pub bereaved: bool,
    /// Messages to people, in the order in which they were called for.
    pub messages: Vec<MessageRun>,
    /// Procedures that follow it, each with what sets it apart.
    pub followed: Vec<(Arc<str>, Arc<str>)>,
}

/// How one step stands.
#[derive(Clone, Debug, PartialEq)]
pub struct StepRun {
    /// Where it is.
    pub status: Status,
    /// The newest revision used; 0 before the first.
    pub revision: u32,
    /// The command that waits for its answer, if one does.
    pub out: Option<Out>,
    /// The last number taken of each command's replies, under this revision: act, compensate, cancel.
    pub numbered: [u32; 3],
    /// When it began, in milliseconds since 1970; 0 before. A freeze moves it, so that limits pause.
    pub since: i64,
    /// A notice came before its turn and is kept for it.
    pub kept: bool,
    /// A predecessor is late enough for it to start.
    pub late: bool,
    /// What a rule said about doing it at all.
    pub selected: Option<bool>,
    /// After a bereavement, a person in charge lets it start.
    pub released: bool,
    /// It was undone although the pivot succeeded meanwhile; an operator must look.
    pub for_operator: bool,
    /// Reminders sent of its task.
    pub reminded: u8,
    /// Why it was refused.
    pub reasons: Vec<Reason>,
    /// The fields to correct while it is `Correcting`.
    pub correct: Vec<Arc<str>>,
    /// Since when it is `Correcting`, in milliseconds since 1970; of the last time where it is not. A freeze moves it.
    pub correcting_since: i64,
    /// Why it was skipped.
    pub because: Option<Because>,
    /// Its legal limit, pauses and reminders.
    pub legal: LegalClock,
}

/// Where a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Status {
    /// Its turn has not come.
    Waiting,
    /// It is not done in this case. Settled.
    Unselected,
    /// The law is asked.
    Deciding,
    /// An act is with the department, without a definite answer.
    InDoubt,
    /// A task waits for a person.
    Open,
    /// 补正: a task waits for corrected data.
    Correcting,
    /// Done. Settled.
    Succeeded,
    /// A department or the law said no. Settled.
    Refused,
    /// The family is sent to the counter. Settled, until it is done after all.
    Offline,
    /// It can never start. Settled, until it can after all.
    Skipped,
    /// A person said no. Settled.
    Declined,
    /// Its time is over. Settled.
    Expired,
    /// It is not needed any more. Settled.
    Closed,
    /// Cancelled at an operator's order; an operator says how it goes on.
    NotDone,
    /// A cancel is with the department.
    Cancelling,
    /// Not done, and will not be. Settled.
    Cancelled,
    /// A compensation is with the department.
    Compensating,
    /// Undone. Settled.
    Compensated,
}

/// A command that waits for its answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Out {
    /// Which of the three.
    pub command: Command,
    /// Why it was ordered.
    pub why: Why,
    /// How often it was sent.
    pub attempts: u32,
    /// The department's case number, once accepted.
    pub accepted: Option<Arc<str>>,
    /// How far the department is.
    pub stage: Option<Arc<str>>,
    /// The code of the newest `Failed`, and whether sending again is of use.
    pub failed: Option<(Arc<str>, bool)>,
    /// When it is sent again, in milliseconds since 1970.
    pub due_at: i64,
}

/// How a case ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum End {
    /// Every chosen item is done.
    Completed,
    /// The mandatory items are done, an optional one is not.
    PartiallyCompleted,
    /// A mandatory item is left to the counter.
    Offline,
    /// Refused before the pivot.
    Rejected,
    /// A person's time ran out before the pivot.
    Expired,
    /// The applicant withdrew.
    Withdrawn,
}

impl Saga {
    /// A saga to which nothing has happened.
    pub fn new(definition: &Definition) -> Self {
        Self {
            started: false,
            chosen: BTreeSet::new(),
            group_size: 1,
            steps: vec![StepRun::new(); definition.steps.len()],
            ending: None,
            end: None,
            frozen_since: None,
            bereaved: false,
            messages: Vec::new(),
            followed: Vec::new(),
        }
    }

    /// The law must state the legal times of this step: it is under way, it has some, and they are not stated yet.
    pub fn wants_times(&self, definition: &Definition, index: StepIndex) -> bool {
        let (step, run) = (definition.step(index), self.run(index));
        let under_way = matches!(run.status, Status::InDoubt | Status::Open);
        under_way && !run.legal.stated && self.end.is_none() && (step.has_limit() || step.remind_on.is_some())
    }

    /// The law is asked about this step and has not said that it cannot answer.
    pub fn asks(&self, index: StepIndex) -> bool {
        let run = self.run(index);
        run.status == Status::Deciding && run.legal.unknown.is_none()
    }

    /// When an open task of this step ends unanswered, in milliseconds since 1970.
    pub fn expires_at(&self, definition: &Definition, index: StepIndex) -> Option<i64> {
        let run = self.run(index);
        let expiry = definition.step(index).expiry.filter(|_| run.since > 0)?;
        Some(run.since + expiry.after_ms)
    }

    /// The message of this template and key, if there is one.
    pub fn message(&self, template: &str, key: &str) -> Option<&MessageRun> {
        self.messages.iter().find(|message| *message.template == *template && *message.key == *key)
    }

    /// How this step stands.
    pub fn run(&self, step: StepIndex) -> &StepRun {
        &self.steps[step.at()]
    }

    /// The pivot is with its department and its answer is not known.
    pub fn pivot_is_out(&self, definition: &Definition) -> bool {
        let out = |step| matches!(self.run(step).status, Status::InDoubt | Status::Cancelling);
        definition.pivot().is_some_and(out)
    }

    /// The pivot has succeeded.
    pub fn pivot_succeeded(&self, definition: &Definition) -> bool {
        definition.pivot().is_some_and(|step| self.run(step).status == Status::Succeeded)
    }

    /// Only forward: the pivot has succeeded, or is left to the counter, where it may succeed any day.
    pub fn is_forward(&self, definition: &Definition) -> bool {
        let forward = |step| matches!(self.run(step).status, Status::Succeeded | Status::Offline);
        definition.procedure || definition.pivot().is_some_and(forward)
    }

    /// Needs an operator: derived from the steps, never stored.
    pub fn is_stuck(&self, definition: &Definition) -> bool {
        self.end.is_none() && definition.indices().any(|step| self.step_is_stuck(definition, step))
    }

    /// Needs an operator: sendings ran out without an answer, a failure that sending cannot heal, a question that the law
    /// could not answer, a cancellation that an operator ordered, or a compensation that the pivot overtook.
    pub fn step_is_stuck(&self, definition: &Definition, step: StepIndex) -> bool {
        let run = self.run(step);
        run.is_unanswered(definition.step(step).retry.attempts_max)
            || run.legal.unknown.is_some()
            || run.status == Status::NotDone
            || run.for_operator
            || self.awaits_release(definition, step)
    }

    /// After a bereavement it may start only when a person in charge says so.
    pub fn awaits_release(&self, definition: &Definition, index: StepIndex) -> bool {
        let (step, run) = (definition.step(index), self.run(index));
        let automatic = !matches!(step.performer, Performer::Law { .. });
        let ready = || step.after.iter().all(|before| self.run(*before).status == Status::Succeeded);
        self.bereaved
            && automatic
            && !run.released
            && run.status == Status::Waiting
            && step.bereavement == OnBereavement::Person
            && ready()
    }

    /// Folds one event, which happened at `at` (milliseconds since 1970), into the saga.
    pub fn apply(&mut self, definition: &Definition, at: i64, event: &Event) {
        match &event.fact {
            Fact::Started { chosen, group_size } => self.start(definition, chosen, *group_size),
            Fact::Ending { ending, .. } => self.ending = Some(*ending),
            Fact::EndingLifted => self.ending = None,
            Fact::Frozen => self.frozen_since = Some(at),
            Fact::Unfrozen => self.thaw(at),
            Fact::Bereaved => self.bereaved = true,
            Fact::Ended { end } => self.end = Some(*end),
            Fact::Replied { step, command, number, outcome, .. } => {
                self.reply(definition, at, *step, *command, *number, outcome);
            }
            Fact::Ordered { step, command, revision, why } => {
                let pause = definition.step(*step).retry.pause_ms(1, false);
                self.steps[step.at()].order(at, pause, *command, *revision, *why);
            }
            Fact::SentAgain { step } => {
                let retry = definition.step(*step).retry;
                if let Some(out) = &mut self.steps[step.at()].out {
                    out.attempts += 1;
                    out.due_at = at + retry.pause_ms(out.attempts, out.accepted.is_some());
                }
            }
            Fact::Noticed { step } => {
                let pivot = definition.step(*step).kind == Kind::Pivot;
                self.steps[step.at()].notice(at, pivot);
                // What was undone for an end that the pivot has overtaken needs an operator (protocol.md 11).
                for run in self.steps.iter_mut().filter(|run| pivot && run.status == Status::Compensated) {
                    run.for_operator = true;
                }
            }
            Fact::MessageQueued { template, key, to, not_before } => {
                self.messages.push(MessageRun::new(template.clone(), key.clone(), to.clone(), *not_before));
            }
            Fact::UnderPack { .. } => {}
            Fact::Resolved { step, found, .. } => {
                let goes_on = self.is_forward(definition) || self.ending.is_none();
                self.steps[step.at()].resolve(*found, goes_on);
            }
            Fact::Followed { procedure, key } => self.followed.push((procedure.clone(), key.clone())),
            Fact::MessageSent { message } => self.with_message(*message, |run| run.send(at)),
            Fact::MessageReplied { message, number, outcome } => {
                self.with_message(*message, |run| run.hear(at, *number, outcome));
            }
            Fact::MessageCalled { message } => self.with_message(*message, |run| run.status = MessageStatus::Called),
            Fact::MessageRetracted { message } => self.with_message(*message, |run| run.retracted = true),
            Fact::MessageDropped { message } => self.with_message(*message, |run| run.status = MessageStatus::Dropped),
            Fact::Asked { .. }
            | Fact::Decided { .. }
            | Fact::Undecided { .. }
            | Fact::AskedAgain { .. }
            | Fact::TimesStated { .. }
            | Fact::LimitReached { .. }
            | Fact::TaskOpened { .. }
            | Fact::TaskAnswered { .. }
            | Fact::Reminded { .. }
            | Fact::TaskExpired { .. }
            | Fact::Closed { .. }
            | Fact::Late { .. }
            | Fact::WentOffline { .. }
            | Fact::Skipped { .. }
            | Fact::Reopened { .. }
            | Fact::Retried { .. } => {
                if let Some(step) = event.fact.step() {
                    self.steps[step.at()].apply(at, &event.fact);
                }
            }
        }
    }

    fn with_message(&mut self, message: MessageIndex, change: impl FnOnce(&mut MessageRun)) {
        if let Some(run) = self.messages.get_mut(usize::from(message)) {
            change(run);
        }
    }

    fn start(&mut self, definition: &Definition, chosen: &BTreeSet<Arc<str>>, group_size: u8) {
        self.started = true;
        self.chosen = chosen.clone();
        self.group_size = group_size;
        for (run, step) in self.steps.iter_mut().zip(&definition.steps) {
            let ticked = step.item.as_ref().is_some_and(|item| chosen.contains(item));
            if step.selection == Selection::Chosen && !ticked {
                run.status = Status::Unselected;
            }
        }
    }

    /// Limits paused while frozen: what began before begins so much later, and every command is due at once.
    fn thaw(&mut self, at: i64) {
        let Some(since) = self.frozen_since.take() else { return };
        for run in &mut self.steps {
            if run.correcting_since > 0 {
                run.correcting_since += at - since.max(run.correcting_since);
            }
            if run.since > 0 {
                run.since += at - since;
                run.legal.pauses.push((since, at));
                run.legal.ask_anew();
            }
            if let Some(out) = &mut run.out {
                out.due_at = at;
            }
        }
    }

    fn reply(
        &mut self,
        definition: &Definition,
        at: i64,
        step: StepIndex,
        command: Command,
        number: u32,
        outcome: &Outcome,
    ) {
        let (forward, ends) = (self.is_forward(definition), self.ending.is_some());
        let inquiry = definition.step(step).retry.inquiry_ms;
        let run = &mut self.steps[step.at()];
        if number > 0 {
            run.numbered[command as usize] = number;
        }
        let why = run.out.as_ref().map_or(Why::Turn, |out| out.why);
        match outcome {
            Outcome::Accepted { .. } | Outcome::Progress { .. } | Outcome::Failed { .. } => {
                run.hear(at + inquiry, outcome);
            }
            Outcome::NeedsCorrection { fields, reason } => {
                run.settle(Status::Correcting);
                run.legal.pause(at);
                run.correcting_since = at;
                run.reminded = 0;
                run.correct = fields.clone();
                run.reasons = vec![reason.clone()];
            }
            Outcome::Succeeded => run.settle(Status::Succeeded),
            Outcome::Refused { reason } => {
                run.settle(Status::Refused);
                run.reasons = vec![reason.clone()];
            }
            Outcome::Compensated => {
                // What is voided to be done again waits for its turn, unless the case turned back meanwhile.
                let again = why == Why::Corrected && (forward || !ends);
                if again {
                    run.begin_again();
                } else {
                    run.settle(Status::Compensated);
                }
                run.for_operator = !again && forward;
            }
            Outcome::Cancelled => run.settle(match why {
                Why::Expired => Status::Expired,
                Why::Operator => Status::NotDone,
                Why::Turn | Why::Corrected | Why::Ending(_) | Why::Bereavement => Status::Cancelled,
            }),
        }
    }
}

impl Status {
    /// Nothing more is to come of it by itself.
    pub fn is_settled(self) -> bool {
        match self {
            Self::Unselected
            | Self::Succeeded
            | Self::Refused
            | Self::Offline
            | Self::Skipped
            | Self::Declined
            | Self::Expired
            | Self::Closed
            | Self::Cancelled
            | Self::Compensated => true,
            Self::Waiting
            | Self::Deciding
            | Self::InDoubt
            | Self::Open
            | Self::Correcting
            | Self::NotDone
            | Self::Cancelling
            | Self::Compensating => false,
        }
    }
}
