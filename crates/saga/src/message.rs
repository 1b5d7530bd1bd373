//! Messages to people, as a saga knows them: that one is to go out, that it went, whether it arrived.
//!
//! What a message says and to whom is the law's and the coordinator's business. A message never decides how a case ends,
//! and may still be on its way when the case has ended. After a bereavement none is sent by a machine.

use std::sync::Arc;

use crate::{definition::Retry, input::Outcome};

/// Where a message stands among the messages of its saga.
pub type MessageIndex = u8;

/// One message.
#[derive(Clone, Debug, PartialEq)]
pub struct MessageRun {
    /// Which template of the pack.
    pub template: Arc<str>,
    /// What sets this sending apart from others of the same template in this case; one key is sent once.
    pub key: Arc<str>,
    /// To whom, as a role.
    pub to: Arc<str>,
    /// Where it is.
    pub status: MessageStatus,
    /// How often it was sent.
    pub attempts: u32,
    /// The last number taken of the sender's answers.
    pub numbered: u32,
    /// It was taken over by the sender, whose receipt is awaited.
    pub accepted: bool,
    /// It was wrong, and its reader is told so.
    pub retracted: bool,
    /// When it first went out, in milliseconds since 1970; 0 before.
    pub sent_at: i64,
    /// When the clock speaks next, in milliseconds since 1970.
    pub due_at: i64,
}

/// Where a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageStatus {
    /// Its time has not come (quiet hours, the daily cap).
    Waiting,
    /// With the sender.
    Out,
    /// It arrived.
    Delivered,
    /// It could not be delivered on any channel; a person telephones.
    ToCall,
    /// A person has telephoned.
    Called,
    /// It is not sent any more.
    Dropped,
}

impl MessageRun {
    pub(crate) fn new(template: Arc<str>, key: Arc<str>, to: Arc<str>, not_before: i64) -> Self {
        Self {
            template,
            key,
            to,
            status: MessageStatus::Waiting,
            attempts: 0,
            numbered: 0,
            accepted: false,
            retracted: false,
            sent_at: 0,
            due_at: not_before,
        }
    }

    pub(crate) fn send(&mut self, at: i64) {
        self.status = MessageStatus::Out;
        self.attempts += 1;
        self.sent_at = if self.sent_at == 0 { at } else { self.sent_at };
        self.due_at = at + Retry::default().pause_ms(self.attempts, self.accepted);
    }

    pub(crate) fn hear(&mut self, at: i64, number: u32, outcome: &Outcome) {
        if number > 0 {
            self.numbered = number;
        }
        match outcome {
            Outcome::Accepted { .. } | Outcome::Progress { .. } => {
                self.accepted = true;
                self.due_at = at + Retry::default().inquiry_ms;
            }
            Outcome::Succeeded => self.status = MessageStatus::Delivered,
            Outcome::Refused { .. } | Outcome::NeedsCorrection { .. } | Outcome::Cancelled | Outcome::Compensated => {
                self.status = MessageStatus::ToCall;
            }
            Outcome::Failed { retryable: false, .. } => self.status = MessageStatus::ToCall,
            Outcome::Failed { retryable: true, .. } => {}
        }
    }

    /// True while the sender's answer is awaited.
    pub fn is_out(&self) -> bool {
        self.status == MessageStatus::Out
    }
}
