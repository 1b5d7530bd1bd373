//! What the inbox knows of one step of one case (or, for a family's step, of one birth group), and what follows from
//! it: the department's side of the protocol as pure functions.
//!
//! [`StepRecord::plan`] takes a command, [`StepRecord::finish`] a call's end; both give the replies to send and the one
//! call to make, if any. No clock, no I/O, no bytes of the bus: the runtime stores the record, makes the call, seals
//! and sends. Commands that cannot be answered yet wait in the record, in the order they came.
//!
//! It must never let a second effect happen beside one that stands, never undo what another saga still claims, and
//! never settle anything while a call's result is unknown.

mod outcome;
mod rules;
mod stored;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::settings::WAITING_MAX;

pub use outcome::{Address, Answer, Ask, CallResult, Calling, Detail, Incoming, Kind, Outcome, Plan, What};

/// The code of a refusal because the act was compensated or cancelled before it came.
pub const CODE_TOMBSTONE: &str = "SDK-TOMBSTONE";
/// The code of a refusal because the moment until which the effect was wanted has passed.
pub const CODE_TOO_LATE: &str = "SDK-TOO-LATE";
/// The code of the answer to a compensation that the department does not know.
pub const CODE_NO_COMPENSATION: &str = "SDK-NO-COMPENSATION";

/// What the functions may know besides the record.
#[derive(Clone, Copy, Debug)]
pub struct Context {
    /// The present moment, in milliseconds since 1970.
    pub now_ms: i64,
    /// The department can undo this act.
    pub undo: bool,
    /// The department can stop its own handling of this act.
    pub stop: bool,
    /// How long after `Accepted` the act is called again, in milliseconds.
    pub asked_again_ms: i64,
    /// The first pause after a call without result, in milliseconds.
    pub called_again_ms: i64,
    /// The longest such pause.
    pub called_again_max_ms: i64,
    /// False once a call of this batch ended without result: the rest only looks things up.
    pub may_call: bool,
    /// A rule broken on purpose.
    #[cfg(feature = "mutations")]
    pub mutation: Option<crate::Mutation>,
}

/// What is recorded of one revision of the act.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Act {
    state: ActState,
    /// Rises with each new outcome of the record; a repeat has the same.
    stamp: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum ActState {
    /// The newest answer.
    Answered(Outcome),
    /// It was done and undone; a cancel that was answered with the success repeats it.
    Undone(Option<Detail>),
    /// The department's handling was stopped before it was done.
    Stopped,
}

/// A call whose intent is recorded and whose result is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Open {
    what: What,
    revision: u32,
    /// How often it was made. From the second time on, `Failed` says nothing about the times before.
    times: u32,
    due_ms: i64,
}

/// What is known of one saga that asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Asker {
    address: Address,
    /// The highest revision under which it asked for the act; 0: never.
    acted: u32,
    /// Every act of this saga up to this revision is refused; 0: none.
    tombstone: u32,
    /// The answer to its cancel, fixed.
    cancelled: Option<Fixed>,
    /// The newest reply to each of its commands.
    answered: BTreeMap<(Kind, u32), Answered>,
}

impl Asker {
    /// True if it wants nothing of the effect (any more): released or cancelled, and not asked anew since.
    fn has_let_go(&self) -> bool {
        self.tombstone > 0 && self.tombstone >= self.acted
    }
}

/// The fixed answer to a cancel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Fixed {
    revision: u32,
    /// The revision that had succeeded; 0: not done, so cancelled.
    succeeded: u32,
}

/// The number last given to a command's replies, and what it stood for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Answered {
    number: u32,
    stamp: u32,
}

/// The stamp of a refusal by tombstone.
const STAMP_TOMBSTONE: u32 = 1;
/// The stamp of what a compensation or a cancel is answered with: there is only one such answer.
const STAMP_SETTLED: u32 = 2;
/// Outcomes of the act are stamped from here on.
const STAMP_FIRST: u32 = 16;

/// A command that could not be answered when it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Waiting {
    ask: Ask,
    not_after_ms: i64,
}

/// Everything the inbox knows of one (effect key, step).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepRecord {
    /// The department's name for the act.
    command: String,
    family: bool,
    group_size: u32,
    acts: BTreeMap<u32, Act>,
    open: Option<Open>,
    /// When an accepted act is asked about again.
    ask_again_ms: i64,
    askers: BTreeMap<u64, Asker>,
    waiting: Vec<Waiting>,
    newest_stamp: u32,
}

impl Default for StepRecord {
    fn default() -> Self {
        Self {
            command: String::new(),
            family: false,
            group_size: 1,
            acts: BTreeMap::new(),
            open: None,
            ask_again_ms: 0,
            askers: BTreeMap::new(),
            waiting: Vec::new(),
            newest_stamp: STAMP_FIRST,
        }
    }
}

impl StepRecord {
    /// What follows from a command.
    pub fn plan(&mut self, incoming: &Incoming, context: &Context) -> Plan {
        self.hear(incoming);
        self.settle(context)
    }

    /// What follows from the end of a call that [`plan`](Self::plan), [`finish`](Self::finish) or
    /// [`call_again`](Self::call_again) asked for.
    pub fn finish(&mut self, call: &Calling, result: CallResult, context: &Context) -> Plan {
        let mut answers = Vec::new();
        let known = match result {
            CallResult::Unknown => false,
            CallResult::Failed { code, retryable } => self.failed(call, code, retryable, &mut answers),
            CallResult::Acted(outcome) => {
                self.open = None;
                self.record_outcome(call.revision, outcome, context);
                self.tell_all(&mut answers);
                true
            }
            CallResult::Undone => {
                self.open = None;
                self.record_end(call.revision, true);
                true
            }
            CallResult::Stopped => {
                self.open = None;
                self.record_end(call.revision, false);
                true
            }
            CallResult::TooLate => {
                let due_ms = context.now_ms;
                self.open = Some(Open { what: What::Act, revision: call.revision, times: 1, due_ms });
                true
            }
        };
        if !known {
            self.put_off(call, context);
        }
        let context = Context { may_call: context.may_call && known, ..*context };
        let mut plan = self.settle(&context);
        answers.append(&mut plan.answers);
        Plan { answers, call: plan.call }
    }

    /// What is due: the call without result once more, or the question what became of an accepted act.
    pub fn call_again(&mut self, context: &Context) -> Plan {
        if self.due_ms().is_none_or(|due_ms| due_ms > context.now_ms) {
            return Plan::default();
        }
        if let Some(call) = self.call_open_again(None, context) {
            return Plan { answers: Vec::new(), call: Some(call) };
        }
        if let Some(revision) = self.under_way() {
            let call = Calling { what: What::Act, revision, times: 2, needs_intent: false, asked_by: None };
            return Plan { answers: Vec::new(), call: Some(call) };
        }
        self.settle(context)
    }

    /// When [`call_again`](Self::call_again) has something to do; `None`: never, unless a command comes.
    pub fn due_ms(&self) -> Option<i64> {
        match (self.open, self.under_way()) {
            (Some(open), _) => Some(open.due_ms),
            (None, Some(_)) => Some(self.ask_again_ms),
            (None, None) if self.waiting.is_empty() => None,
            (None, None) => Some(0),
        }
    }

    /// The department's name for the act; empty if no command ever came.
    pub fn command(&self) -> &str {
        &self.command
    }

    /// Where the replies to this saga go.
    pub fn address(&self, saga: u64) -> Option<&Address> {
        self.askers.get(&saga).map(|asker| &asker.address)
    }

    /// True if this command was not answered and nothing is called for it yet.
    pub fn keeps_waiting(&self, ask: Ask) -> bool {
        let called = self.open.is_some_and(|open| open.what == What::Act && open.revision == ask.revision);
        !called && self.waiting.iter().any(|waiting| waiting.ask == ask)
    }

    /// What the act of this revision gave, if it stands or stood.
    pub fn output(&self, revision: u32) -> Option<&Detail> {
        match &self.acts.get(&revision)?.state {
            ActState::Answered(outcome @ Outcome::Succeeded { .. }) => outcome.detail(),
            ActState::Undone(detail) => detail.as_ref(),
            ActState::Answered(_) | ActState::Stopped => None,
        }
    }

    fn hear(&mut self, incoming: &Incoming) {
        let Ask { saga, kind, revision } = incoming.ask;
        if self.command != incoming.command {
            self.command.clone_from(&incoming.command);
        }
        self.family |= incoming.family;
        self.group_size = self.group_size.max(incoming.group_size);
        let asker = self.askers.entry(saga).or_default();
        asker.address = incoming.address.clone();
        match kind {
            Kind::Act => asker.acted = asker.acted.max(revision),
            // What it gives up it need not hear of any more.
            Kind::Compensate | Kind::Cancel => self.waiting.retain(|waiting| {
                let Ask { saga: other, kind: what, revision: which } = waiting.ask;
                other != saga || what != Kind::Act || which > revision
            }),
        }
        let known = self.waiting.iter().any(|waiting| waiting.ask == incoming.ask);
        if !known && self.waiting.len() < WAITING_MAX {
            self.waiting.push(Waiting { ask: incoming.ask, not_after_ms: incoming.not_after_ms });
        }
    }

    /// `Failed` speaks of one sending. It goes to the command that was sent, if that is what was called for; the call
    /// stays open if it was made before, since another copy of it may still act. True if nothing is unknown after it.
    fn failed(&mut self, call: &Calling, code: String, retryable: bool, answers: &mut Vec<Answer>) -> bool {
        let meant = |ask: &Ask| match (call.what, ask.kind) {
            (What::Act, Kind::Act) => ask.revision == call.revision,
            (What::Undo, Kind::Compensate) | (What::Stop, Kind::Compensate | Kind::Cancel) => true,
            (What::Act, Kind::Compensate | Kind::Cancel)
            | (What::Undo, Kind::Act | Kind::Cancel)
            | (What::Stop, Kind::Act) => false,
        };
        let outcome = Outcome::Failed { code, retryable };
        self.waiting.retain(|waiting| {
            if meant(&waiting.ask) {
                answers.push(Answer { ask: waiting.ask, number: 0, outcome: outcome.clone() });
            }
            !meant(&waiting.ask)
        });
        let alone = self.open.is_some_and(|open| open.times <= 1);
        if alone {
            self.open = None;
        }
        alone
    }

    /// Sets when a call without result is made again, or an accepted act asked about again.
    fn put_off(&mut self, call: &Calling, context: &Context) {
        match &mut self.open {
            Some(open) => {
                let doublings = call.times.saturating_sub(1).min(16);
                let pause = context.called_again_ms.saturating_mul(1 << doublings).min(context.called_again_max_ms);
                open.due_ms = context.now_ms.saturating_add(pause);
            }
            None => self.ask_again_ms = context.now_ms.saturating_add(context.asked_again_ms),
        }
    }

    fn record_outcome(&mut self, revision: u32, outcome: Outcome, context: &Context) {
        if outcome.under_way() {
            self.ask_again_ms = context.now_ms.saturating_add(context.asked_again_ms);
        }
        let state = ActState::Answered(outcome);
        if self.acts.get(&revision).is_some_and(|act| act.state == state) {
            return;
        }
        self.newest_stamp += 1;
        self.acts.insert(revision, Act { state, stamp: self.newest_stamp });
    }

    fn record_end(&mut self, revision: u32, undone: bool) {
        let output = self.output(revision).cloned();
        let state = if undone { ActState::Undone(output) } else { ActState::Stopped };
        self.newest_stamp += 1;
        self.acts.insert(revision, Act { state, stamp: self.newest_stamp });
    }

    /// Gives an answer its number: one higher than the command's last, unless it says the same.
    fn answer(&mut self, ask: Ask, outcome: Outcome, stamp: u32) -> Answer {
        let asker = self.askers.entry(ask.saga).or_default();
        let answered = asker.answered.entry((ask.kind, ask.revision)).or_default();
        if answered.stamp != stamp {
            *answered = Answered { number: answered.number + 1, stamp };
        }
        Answer { ask, number: answered.number, outcome }
    }

    /// The revision whose effect stands.
    fn standing(&self) -> Option<u32> {
        let stands = |act: &Act| matches!(act.state, ActState::Answered(Outcome::Succeeded { .. }));
        self.acts.iter().rev().find(|(_, act)| stands(act)).map(|(revision, _)| *revision)
    }

    /// The revision that the department is handling.
    fn under_way(&self) -> Option<u32> {
        let handled = |act: &Act| matches!(&act.state, ActState::Answered(outcome) if outcome.under_way());
        self.acts.iter().rev().find(|(_, act)| handled(act)).map(|(revision, _)| *revision)
    }
}
