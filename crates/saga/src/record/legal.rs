//! Facts about legal time and about messages, which the rules of sagas leave alone.

use std::sync::Arc;

use crate::{
    decide::Deciding,
    definition::StepIndex,
    event::{Actor, Fact},
    input::{Answer, Input, Objection, Outcome, Timer},
    limits,
    message::{MessageIndex, MessageStatus},
};

impl Deciding<'_> {
    /// What the law states of a step besides a decision.
    pub(super) fn record_legal(&mut self, input: &Input) -> Answer {
        match input {
            Input::Undecided { step, code } if self.saga.asks(*step) => {
                let rule = self.definition.step(*step).name.clone();
                self.emit(Actor::Law(rule), Fact::Undecided { step: *step, code: code.clone() })
            }
            Input::Times { step, limit, unknown, reminders } if self.saga.wants_times(self.definition, *step) => {
                let rule = self.definition.step(*step).name.clone();
                let (unknown, reminders) = (unknown.clone(), reminders.clone());
                self.emit(Actor::Law(rule), Fact::TimesStated { step: *step, limit: *limit, unknown, reminders })
            }
            _ => Answer::Repeated,
        }
    }

    /// The question that is put again, the reminder or the stage that is due by now.
    pub(super) fn what_the_legal_clock_says(&self, step: StepIndex) -> Option<Fact> {
        let legal = &self.saga.run(step).legal;
        if legal.unknown.is_some() && legal.ask_again_at <= self.now {
            return Some(Fact::AskedAgain { step });
        }
        if legal.next_reminder().is_some_and(|at| at <= self.now) {
            return Some(Fact::Reminded { step });
        }
        let (stage, _) = legal.next_stage().filter(|(_, at)| *at <= self.now)?;
        Some(Fact::LimitReached { step, stage })
    }

    /// Messages and procedures are told before, during and after the case; `None` for an input that is about neither.
    pub(super) fn record_message(&mut self, input: &Input) -> Option<Answer> {
        Some(match input {
            Input::Message { template, key, to, not_before } => {
                let known = self.saga.message(template, key).is_some();
                if known || self.saga.bereaved || self.saga.messages.len() >= limits::MESSAGES_MAX {
                    return Some(Answer::Repeated);
                }
                let (template, key, to) = (template.clone(), key.clone(), to.clone());
                let fact = Fact::MessageQueued { template, key, to, not_before: *not_before };
                self.emit(Actor::Definition, fact)
            }
            Input::MessageReply { by, message, number, outcome } => {
                self.record_message_reply(by, *message, *number, outcome)
            }
            Input::UnderPack { explained } => {
                let by = Actor::Law(explained.rule.clone());
                self.emit(by, Fact::UnderPack { explained: explained.clone() })
            }
            Input::Follow { procedure, key } => {
                let begun = (procedure.clone(), key.clone());
                if self.saga.followed.contains(&begun) || self.saga.followed.len() >= limits::PROCEDURES_MAX {
                    return Some(Answer::Repeated);
                }
                self.emit(Actor::Operator, Fact::Followed { procedure: begun.0, key: begun.1 })
            }
            Input::Called { message } => match self.message_status(*message) {
                Some(MessageStatus::ToCall) => self.emit(Actor::Operator, Fact::MessageCalled { message: *message }),
                Some(MessageStatus::Called) => Answer::Repeated,
                Some(_) | None => Answer::Refused(Objection::NotWaiting),
            },
            Input::Retract { message } => match self.saga.messages.get(usize::from(*message)) {
                None => Answer::Refused(Objection::NotWaiting),
                Some(run) if run.retracted || run.status == MessageStatus::Dropped => Answer::Repeated,
                // Nobody has read it: it is simply not sent, and nobody telephones.
                Some(run) if matches!(run.status, MessageStatus::Waiting | MessageStatus::ToCall) => {
                    self.emit(Actor::Operator, Fact::MessageDropped { message: *message })
                }
                // After a bereavement a person speaks with the family.
                Some(_) if self.saga.bereaved => Answer::Refused(Objection::Silent),
                Some(_) => self.emit(Actor::Operator, Fact::MessageRetracted { message: *message }),
            },
            Input::Due { step, timer: Timer::Message, .. } => {
                let message = step.0;
                let status = self.message_status(message);
                // The first sending keeps the quiet hours and the daily cap; a later one may come at any time, as a
                // command's.
                let waits = match status {
                    Some(MessageStatus::Waiting) => self.saga.messages[usize::from(message)].due_at <= self.now,
                    Some(MessageStatus::Out) => true,
                    _ => false,
                };
                // After a bereavement none waits: they are dropped in the same decision, or in that of the thaw.
                if !waits || self.saga.frozen_since.is_some() {
                    return Some(Answer::Repeated);
                }
                self.emit(Actor::Clock, Fact::MessageSent { message })
            }
            _ => return None,
        })
    }

    /// Numbers above the last only, as with every answer (protocol.md 3); a late receipt counts where a call was due.
    fn record_message_reply(&mut self, by: &Arc<str>, message: MessageIndex, number: u32, outcome: &Outcome) -> Answer {
        let Some(run) = self.saga.messages.get(usize::from(message)) else {
            return Answer::Refused(Objection::NotWaiting);
        };
        let failed = matches!(outcome, Outcome::Failed { .. });
        let late_receipt = run.status == MessageStatus::ToCall && *outcome == Outcome::Succeeded;
        if (failed && run.numbered > 0) || (!failed && number <= run.numbered) || !(run.is_out() || late_receipt) {
            return Answer::Repeated;
        }
        let number = if failed { 0 } else { number };
        let fact = Fact::MessageReplied { message, number, outcome: outcome.clone() };
        self.emit(Actor::Department(by.clone()), fact)
    }

    fn message_status(&self, message: MessageIndex) -> Option<MessageStatus> {
        self.saga.messages.get(usize::from(message)).map(|run| run.status)
    }
}
