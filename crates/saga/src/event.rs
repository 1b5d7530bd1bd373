//! The facts in a saga's log: the only output of the core.
//!
//! Stored as they are, read back for as long as sagas live. Once released, a variant keeps its name, its fields and its
//! meaning; a new field defaults to what was before; saved histories in `crates/saga/tests/histories` hold us to it.

use std::{collections::BTreeSet, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::{
    definition::{Cause, StepIndex},
    input::{Explained, Found, Outcome, Question, Reason, Says, Verdict},
    legal::{Limit, Stage},
    message::MessageIndex,
    state::End,
};

/// The version of the events' encoding written today.
pub const SCHEMA: u16 = 1;

/// A fact and who made it one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Who made it happen.
    pub by: Actor,
    /// What happened.
    pub fact: Fact,
    /// What a person said of it: an operator's reason and evidence, the digest of a signature. No personal data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Arc<str>>,
}

/// Who makes facts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Actor {
    /// A department, by its adapter.
    Department(Arc<str>),
    /// A person in a role.
    Person(Arc<str>),
    /// A time that came.
    Clock,
    /// A rule of law.
    Law(Arc<str>),
    /// An operator.
    Operator,
    /// The definition: what follows by the rules of sagas.
    Definition,
}

/// Which of the three commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Command {
    /// Do it.
    Act,
    /// Undo it.
    Compensate,
    /// Not any more.
    Cancel,
}

/// Why a command other than the first act was ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Why {
    /// It was the step's turn.
    Turn,
    /// The case ends.
    Ending(Cause),
    /// The step is to be done again with other data.
    Corrected,
    /// Its time is over.
    Expired,
    /// An operator said "not done".
    Operator,
    /// A death was reported.
    Bereavement,
}

/// Why a case ends before its pivot has succeeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ending {
    /// The applicant withdrew.
    Withdrawn,
    /// A department, the law or a person refused.
    Rejected,
    /// A person let a task expire.
    Expired,
}

impl Ending {
    /// The cause for which compensations run.
    pub fn cause(self) -> Cause {
        match self {
            Self::Withdrawn => Cause::Withdrawn,
            Self::Rejected => Cause::Rejected,
            Self::Expired => Cause::Expired,
        }
    }
}

/// Why a step can never start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Because {
    /// What it needs did not come.
    Of(StepIndex),
    /// The case is ending.
    Ending,
    /// A death was reported.
    Bereavement,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Fact {
    /// The application was filed.
    Started {
        /// The items ticked.
        chosen: BTreeSet<Arc<str>>,
        /// How many sagas share the family's steps.
        group_size: u8,
    },
    /// The law is asked.
    Asked {
        /// About which step.
        step: StepIndex,
        /// What.
        question: Question,
    },
    /// The law has answered.
    Decided {
        /// About which step.
        step: StepIndex,
        /// What was asked.
        question: Question,
        /// The answer.
        verdict: Verdict,
        /// How it was found. Absent in what was recorded before it was kept.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        explained: Option<Arc<Explained>>,
    },
    /// The law cannot answer yet.
    Undecided {
        /// About which step.
        step: StepIndex,
        /// Why, as a code.
        code: Arc<str>,
    },
    /// What the law could not answer is put to it again.
    AskedAgain {
        /// About which step.
        step: StepIndex,
    },
    /// The legal times of a step that is under way.
    TimesStated {
        /// Of which step.
        step: StepIndex,
        /// Its limit.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limit: Option<Limit>,
        /// Why the limit cannot be computed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unknown: Option<Arc<str>>,
        /// Moments at which people are reminded.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        reminders: Vec<i64>,
    },
    /// A legal limit has come to a stage.
    LimitReached {
        /// Of which step.
        step: StepIndex,
        /// Which stage.
        stage: Stage,
    },
    /// Which pack applies was decided, and how.
    UnderPack {
        /// How.
        explained: Arc<Explained>,
    },
    /// A procedure has begun that follows this case.
    Followed {
        /// Which procedure of the pack.
        procedure: Arc<str>,
        /// What sets it apart.
        key: Arc<str>,
    },
    /// A message is to go out.
    MessageQueued {
        /// Which template.
        template: Arc<str>,
        /// What sets it apart.
        key: Arc<str>,
        /// To whom, as a role.
        to: Arc<str>,
        /// Not before this moment.
        not_before: i64,
    },
    /// A message went out, or went out again.
    MessageSent {
        /// Which message of this saga.
        message: MessageIndex,
    },
    /// The sender of messages answered.
    MessageReplied {
        /// About which message.
        message: MessageIndex,
        /// The sender's number.
        number: u32,
        /// What it says.
        outcome: Outcome,
    },
    /// A person has telephoned instead.
    MessageCalled {
        /// Instead of which message.
        message: MessageIndex,
    },
    /// A message is not sent any more.
    MessageDropped {
        /// Which message.
        message: MessageIndex,
    },
    /// A message that went out was wrong; its reader is told so.
    MessageRetracted {
        /// Which message.
        message: MessageIndex,
    },
    /// A command goes to a department.
    Ordered {
        /// For which step.
        step: StepIndex,
        /// Which of the three.
        command: Command,
        /// Under which revision.
        revision: u32,
        /// Why.
        why: Why,
    },
    /// The same command goes out again.
    SentAgain {
        /// For which step.
        step: StepIndex,
    },
    /// A department answered.
    Replied {
        /// For which step.
        step: StepIndex,
        /// To which of the three.
        command: Command,
        /// Under which revision.
        revision: u32,
        /// The adapter's number.
        number: u32,
        /// What it says.
        outcome: Outcome,
    },
    /// A fact from outside completes the step.
    Noticed {
        /// Which step.
        step: StepIndex,
    },
    /// A task is offered to a person.
    TaskOpened {
        /// For which step.
        step: StepIndex,
        /// Its version.
        revision: u32,
    },
    /// A person answered.
    TaskAnswered {
        /// For which step.
        step: StepIndex,
        /// Which version.
        revision: u32,
        /// What was said.
        says: Says,
    },
    /// The person was reminded.
    Reminded {
        /// Of which step.
        step: StepIndex,
    },
    /// The task was not answered in time.
    TaskExpired {
        /// Of which step.
        step: StepIndex,
    },
    /// The step is not needed any more.
    Closed {
        /// Which step.
        step: StepIndex,
    },
    /// A predecessor is late enough for this step to start.
    Late {
        /// Which step may start.
        step: StepIndex,
    },
    /// The family is sent to the counter for this step.
    WentOffline {
        /// Which step.
        step: StepIndex,
    },
    /// The step can never start.
    Skipped {
        /// Which step.
        step: StepIndex,
        /// Why.
        because: Because,
    },
    /// What had been skipped may start after all.
    Reopened {
        /// Which step.
        step: StepIndex,
    },
    /// The case is to end before its pivot.
    Ending {
        /// Why.
        ending: Ending,
        /// By which step, if by one.
        step: Option<StepIndex>,
    },
    /// The pivot has succeeded after all: the case goes on.
    EndingLifted,
    /// Nothing is sent until further notice.
    Frozen,
    /// The freeze is lifted.
    Unfrozen,
    /// A death was reported.
    Bereaved,
    /// An operator orders the step to be tried (again).
    Retried {
        /// Which step.
        step: StepIndex,
        /// The revision under which it goes on.
        revision: u32,
    },
    /// An operator states what became of the step.
    Resolved {
        /// Which step.
        step: StepIndex,
        /// Which revision was meant.
        revision: u32,
        /// What was found.
        found: Found,
    },
    /// The case has ended.
    Ended {
        /// How.
        end: End,
    },
}

impl Fact {
    /// The step it is about, if it is about one.
    pub fn step(&self) -> Option<StepIndex> {
        match self {
            Self::Asked { step, .. }
            | Self::Decided { step, .. }
            | Self::Undecided { step, .. }
            | Self::AskedAgain { step }
            | Self::TimesStated { step, .. }
            | Self::LimitReached { step, .. }
            | Self::Ordered { step, .. }
            | Self::SentAgain { step }
            | Self::Replied { step, .. }
            | Self::Noticed { step }
            | Self::TaskOpened { step, .. }
            | Self::TaskAnswered { step, .. }
            | Self::Reminded { step }
            | Self::TaskExpired { step }
            | Self::Closed { step }
            | Self::Late { step }
            | Self::WentOffline { step }
            | Self::Skipped { step, .. }
            | Self::Reopened { step }
            | Self::Retried { step, .. }
            | Self::Resolved { step, .. } => Some(*step),
            Self::Ending { step, .. } => *step,
            Self::Started { .. }
            | Self::EndingLifted
            | Self::Frozen
            | Self::Unfrozen
            | Self::Bereaved
            | Self::Followed { .. }
            | Self::UnderPack { .. }
            | Self::MessageQueued { .. }
            | Self::MessageSent { .. }
            | Self::MessageReplied { .. }
            | Self::MessageCalled { .. }
            | Self::MessageDropped { .. }
            | Self::MessageRetracted { .. }
            | Self::Ended { .. } => None,
        }
    }

    /// Its name, as operators read it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Started { .. } => "Started",
            Self::Asked { .. } => "Asked",
            Self::Decided { .. } => "Decided",
            Self::Undecided { .. } => "Undecided",
            Self::AskedAgain { .. } => "AskedAgain",
            Self::TimesStated { .. } => "TimesStated",
            Self::LimitReached { .. } => "LimitReached",
            Self::Followed { .. } => "Followed",
            Self::UnderPack { .. } => "UnderPack",
            Self::MessageQueued { .. } => "MessageQueued",
            Self::MessageSent { .. } => "MessageSent",
            Self::MessageReplied { .. } => "MessageReplied",
            Self::MessageCalled { .. } => "MessageCalled",
            Self::MessageDropped { .. } => "MessageDropped",
            Self::MessageRetracted { .. } => "MessageRetracted",
            Self::Ordered { .. } => "Ordered",
            Self::SentAgain { .. } => "SentAgain",
            Self::Replied { .. } => "Replied",
            Self::Noticed { .. } => "Noticed",
            Self::TaskOpened { .. } => "TaskOpened",
            Self::TaskAnswered { .. } => "TaskAnswered",
            Self::Reminded { .. } => "Reminded",
            Self::TaskExpired { .. } => "TaskExpired",
            Self::Closed { .. } => "Closed",
            Self::Late { .. } => "Late",
            Self::WentOffline { .. } => "WentOffline",
            Self::Skipped { .. } => "Skipped",
            Self::Reopened { .. } => "Reopened",
            Self::Ending { .. } => "Ending",
            Self::EndingLifted => "EndingLifted",
            Self::Frozen => "Frozen",
            Self::Unfrozen => "Unfrozen",
            Self::Bereaved => "Bereaved",
            Self::Retried { .. } => "Retried",
            Self::Resolved { .. } => "Resolved",
            Self::Ended { .. } => "Ended",
        }
    }
}

impl Event {
    /// The reasons it names, if it names any.
    pub fn reasons(&self) -> Vec<Reason> {
        match &self.fact {
            Fact::Decided { verdict: Verdict::No { reasons }, .. } => reasons.clone(),
            Fact::Replied {
                outcome: Outcome::Refused { reason } | Outcome::NeedsCorrection { reason, .. }, ..
            } => vec![reason.clone()],
            _ => Vec::new(),
        }
    }
}
