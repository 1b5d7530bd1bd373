//! What the law states besides decisions, messages to people, and procedures that follow a case, in a story's words.

use saga::{
    Answer, Fact, Input, MessageStatus, Outcome, Pending, PendingKind, StepIndex,
    input::Timer,
    legal::{LegalClock, Limit, Stage},
};

use super::Case;

/// A limit that turns yellow, then red, then is escalated, so many milliseconds after `from`.
pub fn limit(from: i64, near: i64, due: i64, escalate: i64) -> Limit {
    Limit { near_at: from + near, due_at: from + due, escalate_at: from + escalate }
}

impl Case {
    /// The law cannot answer.
    pub fn undecided(&mut self, name: &str) -> &mut Self {
        let step = self.step(name);
        self.give(&Input::Undecided { step, code: "LAW-002".into() })
    }

    pub fn wants_times(&self, name: &str) -> bool {
        self.saga.wants_times(&self.definition, self.step(name))
    }

    /// The law states a limit.
    pub fn states(&mut self, name: &str, limit: Limit) -> &mut Self {
        let step = self.step(name);
        self.give(&Input::Times { step, limit: Some(limit), unknown: None, reminders: Vec::new() })
    }

    /// The law cannot compute the limit.
    pub fn cannot_state(&mut self, name: &str) -> &mut Self {
        let step = self.step(name);
        self.give(&Input::Times { step, limit: None, unknown: Some("LAW-003".into()), reminders: Vec::new() })
    }

    /// The law states moments of reminders.
    pub fn states_reminders(&mut self, name: &str, reminders: &[i64]) -> &mut Self {
        let step = self.step(name);
        self.give(&Input::Times { step, limit: None, unknown: None, reminders: reminders.to_vec() })
    }

    pub fn legal(&self, name: &str) -> &LegalClock {
        &self.saga.run(self.step(name)).legal
    }

    /// The row for the legal clock of a step, if there is one.
    pub fn legal_row(&self, name: &str) -> Option<Pending> {
        let step = self.step(name);
        self.pending().into_iter().find(|row| row.step == step && row.kind == PendingKind::Legal)
    }

    /// Every stage that the limit of a step has been said to have reached.
    pub fn stages(&self, name: &str) -> Vec<Stage> {
        let of = self.step(name);
        let stage = |fact: &Fact| match fact {
            Fact::LimitReached { step, stage } if *step == of => Some(*stage),
            _ => None,
        };
        self.facts().filter_map(stage).collect()
    }

    /// When a step's people were reminded, in order.
    pub fn reminders(&self, name: &str) -> Vec<i64> {
        let of = self.step(name);
        let reminds = |fact: &Fact| matches!(fact, Fact::Reminded { step } if *step == of);
        let log = self.log.iter();
        log.filter(|(_, events)| events.iter().any(|event| reminds(&event.fact))).map(|(at, _)| *at).collect()
    }

    /// A message to the mother is to go out.
    pub fn message(&mut self, template: &str, key: &str, not_before: i64) -> &mut Self {
        let (template, key, to) = (template.into(), key.into(), "mother".into());
        self.give(&Input::Message { template, key, to, not_before })
    }

    /// The clock speaks of a message.
    pub fn message_due(&mut self, message: u8) -> &mut Self {
        self.give(&Input::Due { step: StepIndex(message), timer: Timer::Message, revision: 0 })
    }

    /// The sender of messages answers.
    pub fn sender_says(&mut self, message: u8, number: u32, outcome: Outcome) -> &mut Self {
        self.give(&Input::MessageReply { by: "messenger".into(), message, number, outcome })
    }

    /// A person has telephoned.
    pub fn called(&mut self, message: u8) -> &mut Self {
        self.give(&Input::Called { message })
    }

    /// An operator owns up to a message.
    pub fn retract(&mut self, message: u8) -> &mut Self {
        self.give(&Input::Retract { message })
    }

    pub fn follow(&mut self, procedure: &str, key: &str) -> &mut Self {
        self.give(&Input::Follow { procedure: procedure.into(), key: key.into() })
    }

    pub fn message_status(&self, message: u8) -> MessageStatus {
        self.saga.messages[usize::from(message)].status
    }

    /// The rows for messages and calls.
    pub fn message_rows(&self) -> Vec<Pending> {
        let of_message = |row: &Pending| matches!(row.kind, PendingKind::Message { .. } | PendingKind::Call);
        self.pending().into_iter().filter(of_message).collect()
    }

    /// How often messages went out.
    pub fn messages_sent(&self) -> usize {
        self.facts().filter(|fact| matches!(fact, Fact::MessageSent { .. })).count()
    }

    /// Taken, repeated or refused, asserted where a story goes on.
    pub fn and(&mut self, expected: &Answer) -> &mut Self {
        assert_eq!(self.answer, *expected);
        self
    }
}
