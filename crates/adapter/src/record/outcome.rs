//! The words of the core: what is asked, what is answered, what is called. Data only.

use std::fmt;

/// The three commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Do the effect.
    Act,
    /// Undo it; where none was done, leave a tombstone.
    Compensate,
    /// Not any more.
    Cancel,
}

/// What one command asks, without its data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ask {
    /// Which saga asks.
    pub saga: u64,
    /// What for.
    pub kind: Kind,
    /// Under which revision.
    pub revision: u32,
}

/// Where a saga's replies go, and under which key.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Address {
    /// The key of (case, endpoint), wrapped.
    pub wrapped_key: Vec<u8>,
    /// Which channel key wrapped it.
    pub channel_key_id: String,
    /// The topic.
    pub reply_topic: String,
    /// The trace that the reply joins; empty if there is none.
    pub traceparent: Vec<u8>,
}

/// Shows the topic only.
impl fmt::Debug for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Address({})", self.reply_topic)
    }
}

/// One command as the core sees it.
#[derive(Clone, Debug)]
pub struct Incoming {
    /// What it asks.
    pub ask: Ask,
    /// The department's name for the act.
    pub command: String,
    /// True for a family's step.
    pub family: bool,
    /// How many sagas share the effect.
    pub group_size: u32,
    /// After this moment the effect must not be done any more; 0: no such moment.
    pub not_after_ms: i64,
    /// Where the reply goes.
    pub address: Address,
}

/// What an outcome says in personal data, sealed under one saga's key for one kind of reply.
#[derive(Clone, PartialEq, Eq)]
pub struct Detail {
    /// The sealed JSON.
    pub sealed: Vec<u8>,
    /// Under whose key.
    pub saga: u64,
    /// For a reply to which kind of command.
    pub kind: Kind,
}

/// Shows for whom it is sealed only.
impl fmt::Debug for Detail {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Detail(for saga {}, {:?})", self.saga, self.kind)
    }
}

/// What a reply says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// 受理, under the department's case number.
    Accepted {
        /// The department's case number.
        number: String,
    },
    /// The stage reached.
    Progress {
        /// In the department's words.
        stage: String,
    },
    /// 补正: nothing was done.
    NeedsCorrection {
        /// The department's code.
        code: String,
        /// What must be corrected.
        fields: Vec<String>,
        /// Why.
        detail: Detail,
    },
    /// 办结, with the output.
    Succeeded {
        /// The output.
        detail: Detail,
    },
    /// 不予办理: nothing was done.
    Refused {
        /// The department's code, or one of the SDK's.
        code: String,
        /// Where to go instead.
        offline_route: String,
        /// Why; none where the SDK itself refuses.
        detail: Option<Detail>,
    },
    /// Nothing of this saga's stands any more.
    Compensated,
    /// It was not done and will not be.
    Cancelled,
    /// This one sending came to nothing.
    Failed {
        /// The department's code, or one of the SDK's.
        code: String,
        /// Whether another sending can help.
        retryable: bool,
    },
}

impl Outcome {
    /// The sealed part, if there is one.
    pub fn detail(&self) -> Option<&Detail> {
        match self {
            Outcome::NeedsCorrection { detail, .. } | Outcome::Succeeded { detail } => Some(detail),
            Outcome::Refused { detail, .. } => detail.as_ref(),
            Outcome::Accepted { .. }
            | Outcome::Progress { .. }
            | Outcome::Compensated
            | Outcome::Cancelled
            | Outcome::Failed { .. } => None,
        }
    }

    /// True while the department goes on handling the act.
    pub(super) fn under_way(&self) -> bool {
        matches!(self, Outcome::Accepted { .. } | Outcome::Progress { .. })
    }
}

/// One reply, before it is sealed and addressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Which command it answers.
    pub ask: Ask,
    /// Its number for that command and saga; 0 only in `Failed`.
    pub number: u32,
    /// What it says.
    pub outcome: Outcome,
}

/// What is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// The act.
    Act,
    /// Its undoing.
    Undo,
    /// The stopping of the department's own handling.
    Stop,
}

/// A call that must be made now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Calling {
    /// What.
    pub what: What,
    /// The revision of the act concerned.
    pub revision: u32,
    /// How often this call has been made, this time included.
    pub times: u32,
    /// True if its intent is not recorded yet: it must be committed before the call.
    pub needs_intent: bool,
    /// Which command it is made for; `None` if it was simply due.
    pub asked_by: Option<Ask>,
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallResult {
    /// Nobody knows.
    Unknown,
    /// Nothing was done by it.
    Failed {
        /// The department's code.
        code: String,
        /// Whether another sending can help.
        retryable: bool,
    },
    /// An act's answer: `Accepted`, `Progress`, `NeedsCorrection`, `Succeeded` or `Refused`.
    Acted(Outcome),
    /// Nothing of the act stands any more.
    Undone,
    /// The handling was stopped: the act will not be done.
    Stopped,
    /// Too late to stop: the act, called again, tells its result.
    TooLate,
}

/// What follows from a command or from a call's end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Replies to send.
    pub answers: Vec<Answer>,
    /// A call to make.
    pub call: Option<Calling>,
}
