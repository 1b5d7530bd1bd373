//! The one fact that an input states, or why it states none.
//!
//! `decide` calls this first. Nothing here draws conclusions: a refusal is recorded as a refusal, and what it means to
//! the case is the rules' business. A stale or repeated input states nothing.

use crate::{
    decide::Deciding,
    definition::{Cause, Kind, Performer, StepIndex},
    event::{Actor, Command, Ending, Fact, Why},
    input::{Answer, Found, Input, Objection, Outcome, Question, Says, Timer},
    limits,
    pending::{late_at, next_reminder},
    state::{End, Status},
};

mod legal;

impl Deciding<'_> {
    /// Records the fact that `input` states; nothing, if it is stale, repeated or does not fit.
    pub(crate) fn record(&mut self, input: &Input) -> Answer {
        if !self.saga.started && !matches!(input, Input::Start { .. }) {
            return Answer::Refused(Objection::NotWaiting);
        }
        if let Some(answer) = self.record_message(input) {
            return answer;
        }
        if self.saga.end.is_some() {
            return self.after_the_end(input);
        }
        match input {
            Input::Start { chosen, group_size } => {
                if self.saga.started {
                    return Answer::Refused(Objection::Started);
                }
                let group_size = (*group_size).clamp(1, limits::GROUP_MAX);
                self.emit(Actor::Person("applicant".into()), Fact::Started { chosen: chosen.clone(), group_size })
            }
            Input::Reply { step, command, revision, number, outcome } => {
                self.record_reply(*step, *command, *revision, *number, outcome)
            }
            Input::Notice { step } => self.record_notice(*step),
            Input::Answered { step, revision, says } => self.record_answer(*step, *revision, *says),
            Input::Due { step, timer, revision } => self.record_due(*step, *timer, *revision),
            Input::Decided { step, question, verdict, explained } => {
                if self.saga.run(*step).status != Status::Deciding {
                    return Answer::Repeated;
                }
                let (question, verdict, explained) = (*question, verdict.clone(), explained.clone());
                let by = Actor::Law(self.rule_asked(*step, question));
                self.emit(by, Fact::Decided { step: *step, question, verdict, explained })
            }
            Input::Undecided { .. } | Input::Times { .. } => self.record_legal(input),
            Input::UnderPack { .. }
            | Input::Message { .. }
            | Input::MessageReply { .. }
            | Input::Called { .. }
            | Input::Retract { .. }
            | Input::Follow { .. } => Answer::Repeated,
            // While the pivot is out, a rejection or an expiry may still be lifted; a withdrawal is not lost with it.
            Input::Withdraw { by } => match self.saga.ending {
                Some(Ending::Withdrawn) => Answer::Repeated,
                Some(ending) if !self.saga.pivot_is_out(self.definition) => Answer::Refused(Objection::Ending(ending)),
                Some(_) | None => {
                    self.emit(Actor::Person(by.clone()), Fact::Ending { ending: Ending::Withdrawn, step: None })
                }
            },
            Input::Bereaved { by } if !self.saga.bereaved => self.emit(Actor::Person(by.clone()), Fact::Bereaved),
            Input::Freeze if self.saga.frozen_since.is_none() => self.emit(Actor::Operator, Fact::Frozen),
            Input::Unfreeze if self.saga.frozen_since.is_some() => self.emit(Actor::Operator, Fact::Unfrozen),
            Input::Bereaved { .. } | Input::Freeze | Input::Unfreeze => Answer::Repeated,
            Input::Retry { step, revision } => self.record_retry(*step, *revision),
            Input::Resolve { step, revision, found } => self.record_resolution(*step, *revision, *found),
            Input::Redo { step, revision } => self.record_redo(*step, *revision),
        }
    }

    /// Nothing happens to a case that has ended, but that a death is reported; a late copy of what was known is a repeat.
    fn after_the_end(&mut self, input: &Input) -> Answer {
        match input {
            Input::Reply { step, command, revision, number, .. } => {
                let run = self.saga.run(*step);
                let known = *revision <= run.revision && *number <= run.numbered[*command as usize];
                if known { Answer::Repeated } else { Answer::Refused(Objection::Ended) }
            }
            Input::Notice { step } if self.saga.run(*step).status == Status::Succeeded => Answer::Repeated,
            // Messages outlive the case, and none may reach mourners.
            Input::Bereaved { by } if !self.saga.bereaved => self.emit(Actor::Person(by.clone()), Fact::Bereaved),
            Input::Bereaved { .. } => Answer::Repeated,
            Input::Withdraw { .. } if self.saga.end == Some(End::Withdrawn) => Answer::Repeated,
            Input::Due { .. } | Input::Decided { .. } | Input::Undecided { .. } | Input::Times { .. } => {
                Answer::Repeated
            }
            _ => Answer::Refused(Objection::Ended),
        }
    }

    /// protocol.md 3, 4: numbers above the last only; `Failed` speaks of one sending and never after a numbered reply;
    /// while a cancel or a compensation is out, only its answer counts.
    fn record_reply(
        &mut self,
        step: StepIndex,
        command: Command,
        revision: u32,
        number: u32,
        outcome: &Outcome,
    ) -> Answer {
        let run = self.saga.run(step);
        if revision != run.revision {
            return Answer::Refused(Objection::OtherRevision { current: run.revision });
        }
        let failed = matches!(outcome, Outcome::Failed { .. });
        let last = run.numbered[command as usize];
        if (failed && last > 0) || (!failed && number <= last) {
            return Answer::Repeated;
        }
        if !may_answer(command, outcome) {
            return Answer::Refused(Objection::NotWaiting);
        }
        let awaited = run.out.as_ref().is_some_and(|out| out.command == command);
        let undone = self.saga.ending.is_some() && !self.saga.is_forward(self.definition);
        let heals = command == Command::Act
            && *outcome == Outcome::Succeeded
            && !undone
            && matches!(run.status, Status::Offline | Status::Refused | Status::NotDone);
        if !awaited && !heals {
            return Answer::Repeated;
        }
        let department = self.definition.step(step).department().cloned().unwrap_or_else(|| "".into());
        let number = if failed { 0 } else { number };
        let fact = Fact::Replied { step, command, revision, number, outcome: outcome.clone() };
        self.emit(Actor::Department(department), fact)
    }

    /// protocol.md 11, 18: a notice completes a step, turns it from offline to done, and tells of a pivot at any time.
    fn record_notice(&mut self, step: StepIndex) -> Answer {
        let run = self.saga.run(step);
        let pivot = self.definition.step(step).kind == Kind::Pivot;
        let takes = match run.status {
            Status::Succeeded => return Answer::Repeated,
            Status::Waiting if run.kept => return Answer::Repeated,
            Status::Waiting
            | Status::InDoubt
            | Status::Cancelling
            | Status::Offline
            | Status::NotDone
            | Status::Refused
            | Status::Correcting => true,
            Status::Unselected
            | Status::Deciding
            | Status::Open
            | Status::Skipped
            | Status::Declined
            | Status::Expired
            | Status::Closed
            | Status::Cancelled
            | Status::Compensating
            | Status::Compensated => pivot,
        };
        if !takes {
            return Answer::Refused(Objection::NotWaiting);
        }
        let department = self.definition.step(step).department().cloned().unwrap_or_else(|| "".into());
        self.emit(Actor::Department(department), Fact::Noticed { step })
    }

    fn record_answer(&mut self, step: StepIndex, revision: u32, says: Says) -> Answer {
        let run = self.saga.run(step);
        let fits = match run.status {
            Status::Open => matches!(says, Says::Done | Says::Declined),
            Status::Correcting => matches!(says, Says::Corrected | Says::Declined),
            _ => false,
        };
        if !fits {
            return Answer::Refused(Objection::NotWaiting);
        }
        if revision != run.revision {
            return Answer::Refused(Objection::OtherRevision { current: run.revision });
        }
        if says == Says::Corrected && revision >= limits::REVISIONS_MAX {
            return Answer::Refused(Objection::TooManyRevisions);
        }
        let role = match &self.definition.step(step).performer {
            Performer::Person { role, .. } => role.clone(),
            Performer::Department { .. } | Performer::Law { .. } => "applicant".into(),
        };
        self.emit(Actor::Person(role), Fact::TaskAnswered { step, revision, says })
    }

    /// protocol.md 6, 15, 16: asking never stops; an expiry that a department may know about is a cancel; frozen sends
    /// nothing.
    fn record_due(&mut self, step: StepIndex, timer: Timer, revision: u32) -> Answer {
        let run = self.saga.run(step);
        if self.saga.frozen_since.is_some() || revision != run.revision {
            return Answer::Repeated;
        }
        let expiry = self.definition.step(step).expiry;
        let over = expiry.is_some_and(|expiry| run.since + expiry.after_ms <= self.now);
        let fact = match (timer, run.status) {
            // Not compared with the time it was set for: after a failed delivery or a start a row is due at once.
            (Timer::Resend, _) if run.out.is_some() => Fact::SentAgain { step },
            (Timer::Task, Status::Open) if over => Fact::TaskExpired { step },
            (Timer::Task, Status::Open | Status::Correcting) if self.reminder_is_due(step) => Fact::Reminded { step },
            (Timer::Expiry, Status::InDoubt) if over => {
                Fact::Ordered { step, command: Command::Cancel, revision, why: Why::Expired }
            }
            (Timer::Legal, _) => match self.what_the_legal_clock_says(step) {
                Some(fact) => fact,
                None => return Answer::Repeated,
            },
            (Timer::Late, Status::Waiting) if !run.late && self.is_late_enough(step) => Fact::Late { step },
            (Timer::Resend | Timer::Task | Timer::Expiry | Timer::Late | Timer::Message, _) => return Answer::Repeated,
        };
        self.emit(Actor::Clock, fact)
    }

    fn is_late_enough(&self, step: StepIndex) -> bool {
        let conditions = &self.definition.step(step).start_when;
        conditions.iter().filter_map(|when| late_at(&self.saga, when)).any(|late_at| late_at <= self.now)
    }

    fn reminder_is_due(&self, step: StepIndex) -> bool {
        next_reminder(self.definition.step(step), self.saga.run(step)).is_some_and(|at| at <= self.now)
    }

    /// protocol.md 13, 16: for running cases only, never for what succeeded or was compensated; frozen sends nothing.
    fn record_retry(&mut self, step: StepIndex, revision: u32) -> Answer {
        let run = self.saga.run(step);
        if revision != run.revision {
            return Answer::Refused(Objection::OtherRevision { current: run.revision });
        }
        // Nothing is sent by it, so neither a freeze nor an ending is in its way.
        if run.waits_for_the_law_only(self.definition.step(step).retry.attempts_max) {
            return self.emit(Actor::Operator, Fact::AskedAgain { step });
        }
        if run.out.is_some() {
            if self.saga.frozen_since.is_some() {
                return Answer::Refused(Objection::Frozen);
            }
            return self.emit(Actor::Operator, Fact::Retried { step, revision });
        }
        // A withdrawn family that is bereaved still has its mandatory items, and a person in charge of them.
        let waits_for_release = self.saga.awaits_release(self.definition, step);
        if let Some(ending) = self.saga.ending.filter(|_| !waits_for_release) {
            return Answer::Refused(Objection::Ending(ending));
        }
        match run.status {
            Status::Succeeded | Status::Compensated => Answer::Refused(Objection::Finished),
            Status::Offline | Status::NotDone if revision >= limits::REVISIONS_MAX => {
                Answer::Refused(Objection::TooManyRevisions)
            }
            Status::Offline | Status::NotDone => self.emit(Actor::Operator, Fact::Retried { step, revision }),
            Status::Waiting if waits_for_release => self.emit(Actor::Operator, Fact::Retried { step, revision }),
            _ => Answer::Refused(Objection::NotWaiting),
        }
    }

    /// protocol.md 13: "not done" sends a cancel, whose answer decides; said again of what is known not to be done, it
    /// is the operator's refusal.
    fn record_resolution(&mut self, step: StepIndex, revision: u32, found: Found) -> Answer {
        let run = self.saga.run(step);
        if revision != run.revision {
            return Answer::Refused(Objection::OtherRevision { current: run.revision });
        }
        let fact = match (found, run.status) {
            (Found::Undone, Status::Compensated) if !run.for_operator => {
                return Answer::Refused(Objection::Finished);
            }
            (Found::Done, Status::InDoubt | Status::Cancelling | Status::NotDone | Status::Offline)
            | (Found::Undone, Status::Compensating | Status::Compensated)
            | (Found::NotDone, Status::NotDone) => Fact::Resolved { step, revision, found },
            (Found::NotDone, Status::InDoubt) if self.saga.frozen_since.is_some() => {
                return Answer::Refused(Objection::Frozen);
            }
            (Found::NotDone, Status::InDoubt) => {
                Fact::Ordered { step, command: Command::Cancel, revision, why: Why::Operator }
            }
            (_, Status::Succeeded) => return Answer::Refused(Objection::Finished),
            (Found::Done | Found::NotDone | Found::Undone, _) => return Answer::Refused(Objection::NotWaiting),
        };
        self.emit(Actor::Operator, fact)
    }

    /// protocol.md 5, 10, 16: void and do again, under the next revision; only while nothing has been built on it, the
    /// pivot is not out, and commands may be sent.
    fn record_redo(&mut self, step: StepIndex, revision: u32) -> Answer {
        let run = self.saga.run(step);
        if revision != run.revision {
            return Answer::Refused(Objection::OtherRevision { current: run.revision });
        }
        if let Some(ending) = self.saga.ending {
            return Answer::Refused(Objection::Ending(ending));
        }
        let redone = self.definition.step(step).is_undone_for(Cause::Corrected);
        if run.status != Status::Succeeded || !redone {
            return Answer::Refused(Objection::NotWaiting);
        }
        if revision >= limits::REVISIONS_MAX {
            return Answer::Refused(Objection::TooManyRevisions);
        }
        let begun = |later: &StepIndex| {
            let status = self.saga.run(*later).status;
            let untouched = matches!(status, Status::Waiting | Status::Unselected | Status::Skipped);
            self.definition.depends_on(*later, step) && !untouched
        };
        if self.saga.pivot_is_out(self.definition) || self.definition.indices().any(|later| begun(&later)) {
            return Answer::Refused(Objection::Followed);
        }
        if self.saga.frozen_since.is_some() {
            return Answer::Refused(Objection::Frozen);
        }
        let fact = Fact::Ordered { step, command: Command::Compensate, revision, why: Why::Corrected };
        self.emit(Actor::Operator, fact)
    }

    fn rule_asked(&self, step: StepIndex, question: Question) -> std::sync::Arc<str> {
        let step = self.definition.step(step);
        match (question, &step.selection, &step.performer) {
            (Question::Selection, crate::definition::Selection::Rule(rule), _) => rule.clone(),
            (Question::Performance, _, Performer::Law { rule }) => rule.clone(),
            _ => step.name.clone(),
        }
    }
}

/// Which outcomes belong to which command (protocol.md, "Three commands").
fn may_answer(command: Command, outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Accepted { .. } | Outcome::Progress { .. } | Outcome::Failed { .. } => true,
        Outcome::NeedsCorrection { .. } | Outcome::Refused { .. } => command == Command::Act,
        Outcome::Succeeded => command != Command::Compensate,
        Outcome::Compensated => command == Command::Compensate,
        Outcome::Cancelled => command == Command::Cancel,
    }
}
