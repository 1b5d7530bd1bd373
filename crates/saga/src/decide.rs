//! What follows from one input: the whole policy of sagas, as a list of rules in the order in which they are tried.
//!
//! ```text
//!   input ──> record: the one fact it states, or nothing
//!                │
//!                v            until nothing follows any more
//!   ┌────────────────────────────────────────────────────────┐
//!   │  fall_silent              no machine writes to mourners  │
//!   │  draw_consequences        a no, a silence: what it means │
//!   │  go_forward_after_pivot   the pivot stands: no way back  │
//!   │  heal_what_was_skipped    what can start after all       │
//!   │  wait_for_the_pivot       while it is out, nothing ends  │
//!   │  cancel_what_is_in_doubt  not any more                   │
//!   │  compensate_in_reverse    undone by cause                │
//!   │  skip_what_can_never_start                               │
//!   │  ask_the_law                                             │
//!   │  start_what_is_ready                                     │
//!   │  end_when_all_is_settled                                 │
//!   └────────────────────────────────────────────────────────┘
//!                │
//!                v
//!   events, in order
//! ```
//!
//! No rule calls another; each reads the saga as the events so far have left it. The numbers are those of `protocol.md`.

use crate::{
    definition::{Definition, Kind, OnBereavement, OnRefusal, Performer, Scope, Selection, StartWhen, StepIndex},
    event::{Actor, Because, Command, Ending, Event, Fact, Why},
    input::{Answer, Input, Question},
    limits,
    message::MessageStatus,
    state::{End, Saga, Status},
};

/// What an input comes to.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// The events, in order; empty if nothing changed.
    pub events: Vec<Event>,
    /// What became of the input.
    pub answer: Answer,
    /// The saga after these events.
    pub saga: Saga,
}

/// What follows from one input at `now` (milliseconds since 1970): the fact it states, then everything that the rules
/// draw from it.
///
/// Pure: the same definition, saga, input and time give the same decision, today and when replayed in ten years.
pub fn decide(definition: &Definition, saga: &Saga, input: &Input, now: i64) -> Decision {
    let mut case = Deciding { definition, saga: saga.clone(), now, events: Vec::new() };
    let answer = case.record(input);
    let mut seen = 0;
    for _ in 0..limits::ROUNDS_MAX {
        if case.events.len() == seen || case.saga.frozen_since.is_some() {
            break;
        }
        seen = case.events.len();
        case.fall_silent();
        if case.saga.end.is_some() {
            break;
        }
        case.draw_consequences();
        case.go_forward_after_pivot();
        case.heal_what_was_skipped();
        case.wait_for_the_pivot();
        case.cancel_what_is_in_doubt();
        case.compensate_in_reverse();
        case.skip_what_can_never_start();
        case.ask_the_law();
        case.start_what_is_ready();
        case.end_when_all_is_settled();
    }
    Decision { events: case.events, answer, saga: case.saga }
}

/// A decision being taken.
pub(crate) struct Deciding<'a> {
    pub(crate) definition: &'a Definition,
    pub(crate) saga: Saga,
    pub(crate) now: i64,
    pub(crate) events: Vec<Event>,
}

impl Deciding<'_> {
    /// Adds an event and folds it in, so that what follows sees it.
    pub(crate) fn emit(&mut self, by: Actor, fact: Fact) -> Answer {
        let event = Event { by, fact, note: None };
        self.saga.apply(self.definition, self.now, &event);
        self.events.push(event);
        Answer::Taken
    }

    fn follow(&mut self, fact: Fact) {
        self.emit(Actor::Definition, fact);
    }

    fn status(&self, step: StepIndex) -> Status {
        self.saga.run(step).status
    }

    fn is_forward(&self) -> bool {
        self.saga.is_forward(self.definition)
    }

    /// Ending, and the way back is open: neither has the pivot succeeded nor is its answer out.
    fn ends_backwards(&self) -> Option<Ending> {
        let free = !self.is_forward() && !self.saga.pivot_is_out(self.definition);
        self.saga.ending.filter(|_| free)
    }

    /// Whether a step may go on: always, unless the case ends; then only what is mandatory, after the pivot.
    fn may_run(&self, step: StepIndex) -> bool {
        let mandatory = self.definition.step(step).mandatory;
        self.saga.ending.is_none() || (mandatory && self.is_forward())
    }

    /// After a bereavement no message is sent by a machine; a person speaks with the family.
    fn fall_silent(&mut self) {
        if !self.saga.bereaved {
            return;
        }
        for message in 0..self.saga.messages.len() {
            let waits = matches!(self.saga.messages[message].status, MessageStatus::Waiting | MessageStatus::Out);
            if let (true, Ok(message)) = (waits, u8::try_from(message)) {
                self.follow(Fact::MessageDropped { message });
            }
        }
    }

    /// A no, or no answer, before the pivot: what the definition says. After it, that item goes offline; so does the
    /// pivot itself, for what stands stands (table in ARCHITECTURE.md; protocol.md 10).
    fn draw_consequences(&mut self) {
        for step in self.definition.indices() {
            let is = self.definition.step(step);
            let means = match self.status(step) {
                Status::Refused => is.refused,
                Status::Declined => is.declined,
                Status::Expired => is.expiry.map_or(is.declined, |expiry| expiry.then),
                _ => continue,
            };
            let forward = self.is_forward() || is.kind == Kind::Pivot;
            let fact = match means {
                OnRefusal::Close if is.kind != Kind::Pivot => Fact::Closed { step },
                _ if forward => Fact::WentOffline { step },
                OnRefusal::Offline | OnRefusal::Close => Fact::WentOffline { step },
                OnRefusal::Reject | OnRefusal::Expire if self.saga.ending.is_some() => continue,
                OnRefusal::Reject => Fact::Ending { ending: Ending::Rejected, step: Some(step) },
                OnRefusal::Expire => Fact::Ending { ending: Ending::Expired, step: Some(step) },
            };
            self.follow(fact);
        }
    }

    /// The pivot has succeeded, or is left to the counter: a rejection or an expiry does not end the case any more
    /// (protocol.md 10, 11). A withdrawal stays what it is.
    fn go_forward_after_pivot(&mut self) {
        let lifted = matches!(self.saga.ending, Some(Ending::Rejected | Ending::Expired));
        if lifted && self.is_forward() {
            self.follow(Fact::EndingLifted);
        }
    }

    /// What was skipped for a step that is done after all, or for an ending that was lifted, may start (protocol.md 13).
    fn heal_what_was_skipped(&mut self) {
        for step in self.definition.indices() {
            let reopens = matches!(self.saga.run(step).because, Some(Because::Of(_) | Because::Ending));
            if self.status(step) == Status::Skipped && reopens && self.may_run(step) && self.never(step).is_none() {
                self.follow(Fact::Reopened { step });
            }
        }
    }

    /// The case is to end and the pivot is out: it is cancelled, and its answer decides (protocol.md 10).
    fn wait_for_the_pivot(&mut self) {
        let (Some(ending), Some(step)) = (self.saga.ending, self.definition.pivot()) else { return };
        if self.status(step) == Status::InDoubt {
            self.cancel(step, Why::Ending(ending.cause()));
        }
    }

    /// What is under way and not wanted any more: tasks and questions to the law are closed, acts in doubt cancelled, unless a compensation is
    /// named that undoes them (protocol.md "Three commands", 17).
    fn cancel_what_is_in_doubt(&mut self) {
        for step in self.definition.indices() {
            let is = self.definition.step(step);
            let mourning = self.saga.bereaved && is.bereavement == OnBereavement::Close;
            let why = match (self.ends_backwards(), self.saga.ending) {
                (Some(ending), _) => Why::Ending(ending.cause()),
                (None, Some(ending)) if self.is_forward() && !is.mandatory => Why::Ending(ending.cause()),
                _ if mourning => Why::Bereavement,
                _ => continue,
            };
            let compensated = self.ends_backwards().is_some_and(|ending| is.is_undone_for(ending.cause()));
            match self.status(step) {
                Status::InDoubt if !compensated => self.cancel(step, why),
                Status::Deciding | Status::Open | Status::Correcting | Status::NotDone => {
                    self.follow(Fact::Closed { step });
                }
                _ => {}
            }
        }
    }

    /// Undone by cause, the last first; never while the pivot is out or after it succeeded (protocol.md 10, 11, 20).
    fn compensate_in_reverse(&mut self) {
        let Some(ending) = self.ends_backwards() else { return };
        for step in self.definition.indices().rev() {
            let busy = |later: &StepIndex| {
                let out = self.saga.run(*later).out.is_some();
                self.definition.depends_on(*later, step) && (out || self.is_to_be_undone(*later, ending))
            };
            if self.is_to_be_undone(step, ending) && !self.definition.indices().any(|later| busy(&later)) {
                let revision = self.saga.run(step).revision.max(1);
                let why = Why::Ending(ending.cause());
                self.follow(Fact::Ordered { step, command: Command::Compensate, revision, why });
            }
        }
    }

    /// Its effect stands or may stand. What a family shares is released by each of its sagas, issued or not.
    fn is_to_be_undone(&self, step: StepIndex, ending: Ending) -> bool {
        let is = self.definition.step(step);
        // Voided to be done again, and not done again yet: released with that.
        let voided = self.saga.run(step).numbered[Command::Compensate as usize] > 0;
        let shared = is.scope == Scope::Family && self.saga.group_size > 1 && !voided;
        let stands = match self.status(step) {
            Status::Succeeded | Status::InDoubt => true,
            Status::Compensating | Status::Compensated | Status::Cancelling | Status::Unselected => false,
            Status::Waiting
            | Status::Deciding
            | Status::Open
            | Status::Correcting
            | Status::Refused
            | Status::Offline
            | Status::Skipped
            | Status::Declined
            | Status::Expired
            | Status::Closed
            | Status::NotDone
            | Status::Cancelled => shared,
        };
        stands && is.is_undone_for(ending.cause())
    }

    /// What waits for something that cannot come, or that nobody wants any more.
    fn skip_what_can_never_start(&mut self) {
        for step in self.definition.indices() {
            if self.status(step) != Status::Waiting {
                continue;
            }
            let ends = self.ends_backwards().is_some() || (self.is_forward() && !self.may_run(step));
            let mourning = self.saga.bereaved && self.definition.step(step).bereavement == OnBereavement::Close;
            let because = match self.never(step) {
                _ if ends => Because::Ending,
                _ if mourning => Because::Bereavement,
                Some(of) => Because::Of(of),
                None => continue,
            };
            self.follow(Fact::Skipped { step, because });
        }
    }

    /// The step for whose sake this one can never start, if there is one.
    fn never(&self, step: StepIndex) -> Option<StepIndex> {
        let is = self.definition.step(step);
        let failed = |other: &StepIndex| self.status(*other).is_settled() && self.status(*other) != Status::Succeeded;
        if let Some(of) = is.after.iter().copied().find(failed) {
            return Some(of);
        }
        let late = self.saga.run(step).late;
        let impossible = |condition: &StartWhen| {
            let status = self.status(condition.step());
            match condition {
                StartWhen::Succeeded { step } => failed(step),
                StartWhen::Offline { .. } => status.is_settled() && status != Status::Offline,
                StartWhen::Late { .. } => status.is_settled() && !late,
            }
        };
        let all = !is.start_when.is_empty() && is.start_when.iter().all(impossible);
        is.start_when.first().filter(|_| all).map(StartWhen::step)
    }

    /// Whether the step is done at all, where a rule says so; and what the law itself performs.
    fn ask_the_law(&mut self) {
        for step in self.definition.indices() {
            if !self.is_ready(step) || !self.may_run(step) {
                continue;
            }
            let is = self.definition.step(step);
            let undecided = self.saga.run(step).selected.is_none();
            if undecided && matches!(is.selection, Selection::Rule(_)) {
                self.follow(Fact::Asked { step, question: Question::Selection });
            } else if matches!(is.performer, Performer::Law { .. }) {
                self.follow(Fact::Asked { step, question: Question::Performance });
            }
        }
    }

    /// Everything whose turn has come: commands go out, tasks are offered, kept notices count.
    fn start_what_is_ready(&mut self) {
        for step in self.definition.indices() {
            if !self.is_ready(step) || !self.may_run(step) || self.saga.awaits_release(self.definition, step) {
                continue;
            }
            let revision = self.saga.run(step).revision + 1;
            match &self.definition.step(step).performer {
                _ if self.saga.run(step).kept => self.follow(Fact::Noticed { step }),
                Performer::Department { .. } => {
                    self.follow(Fact::Ordered { step, command: Command::Act, revision, why: Why::Turn });
                }
                Performer::Person { .. } => self.follow(Fact::TaskOpened { step, revision }),
                Performer::Law { .. } => {}
            }
        }
    }

    /// Its turn has come.
    fn is_ready(&self, step: StepIndex) -> bool {
        let is = self.definition.step(step);
        let holds = |condition: &StartWhen| match condition {
            StartWhen::Succeeded { step } => self.status(*step) == Status::Succeeded,
            StartWhen::Offline { step } => self.status(*step) == Status::Offline,
            StartWhen::Late { .. } => self.saga.run(step).late,
        };
        self.status(step) == Status::Waiting
            && is.after.iter().all(|before| self.status(*before) == Status::Succeeded)
            && is.once_settled.iter().all(|before| self.status(*before).is_settled())
            && (is.start_when.is_empty() || is.start_when.iter().any(holds))
    }

    /// Only when each step is settled and nothing waits for an operator (protocol.md 12).
    fn end_when_all_is_settled(&mut self) {
        let open = |run: &crate::state::StepRun| !run.status.is_settled() || run.out.is_some() || run.for_operator;
        if self.saga.steps.iter().any(open) {
            return;
        }
        let end = match self.saga.ending {
            Some(Ending::Withdrawn) => End::Withdrawn,
            Some(Ending::Rejected) => End::Rejected,
            Some(Ending::Expired) => End::Expired,
            None => self.how_far_it_came(),
        };
        self.follow(Fact::Ended { end });
    }

    fn how_far_it_came(&self) -> End {
        let mut end = End::Completed;
        for step in self.definition.indices() {
            let is = self.definition.step(step);
            let done = matches!(self.status(step), Status::Succeeded | Status::Closed | Status::Unselected);
            if done {
                continue;
            }
            if is.mandatory || is.kind == Kind::Pivot {
                return End::Offline;
            }
            if !self.is_no_loss(step) {
                end = End::PartiallyCompleted;
            }
        }
        end
    }

    /// Skipped because what it builds on is not done in this case: it belongs to what was not selected, or to a stand-in
    /// that was not needed.
    fn is_no_loss(&self, step: StepIndex) -> bool {
        let mut at = step;
        for _ in 0..limits::STEPS_MAX {
            let stand_in = !self.definition.step(at).start_when.is_empty();
            match (self.status(at), self.saga.run(at).because) {
                (Status::Unselected, _) => return true,
                (Status::Skipped, _) if stand_in => return true,
                (Status::Skipped, Some(Because::Of(before))) => at = before,
                _ => return false,
            }
        }
        false
    }

    fn cancel(&mut self, step: StepIndex, why: Why) {
        let revision = self.saga.run(step).revision;
        self.follow(Fact::Ordered { step, command: Command::Cancel, revision, why });
    }
}
