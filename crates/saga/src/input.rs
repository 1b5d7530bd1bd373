//! What reaches a saga from outside, each already parsed, and what it is told back.

use std::{collections::BTreeSet, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::{
    definition::StepIndex,
    event::{Command, Ending},
    legal::Limit,
    message::MessageIndex,
};

/// Everything that can happen to a saga.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// The application was filed.
    Start {
        /// The items that the applicant ticked.
        chosen: BTreeSet<Arc<str>>,
        /// How many sagas share the family's steps.
        group_size: u8,
    },
    /// A department answered a command.
    Reply {
        /// Which step.
        step: StepIndex,
        /// Which of the three commands.
        command: Command,
        /// Under which revision.
        revision: u32,
        /// The adapter's number of this answer; 0 for `Failed`.
        number: u32,
        /// What it says.
        outcome: Outcome,
    },
    /// A fact that nobody asked for: the step's effect stands.
    Notice {
        /// Which step it completes.
        step: StepIndex,
    },
    /// A person answered a task.
    Answered {
        /// Which step.
        step: StepIndex,
        /// The version of the task that was answered: the step's revision.
        revision: u32,
        /// What the person said.
        says: Says,
    },
    /// A time that was waited for has come.
    Due {
        /// Which step.
        step: StepIndex,
        /// What was waited for.
        timer: Timer,
        /// The revision it was set for.
        revision: u32,
    },
    /// A rule of law decided what the saga had asked.
    Decided {
        /// Which step.
        step: StepIndex,
        /// What was asked.
        question: Question,
        /// The answer.
        verdict: Verdict,
        /// How it was found, for the record.
        explained: Option<Arc<Explained>>,
    },
    /// The law cannot answer yet: a fact, a value or a year is not there. It is asked again.
    Undecided {
        /// About which step.
        step: StepIndex,
        /// Why, e.g. `LAW-002`.
        code: Arc<str>,
    },
    /// The law states the legal times of a step that is under way.
    Times {
        /// Of which step.
        step: StepIndex,
        /// Its limit; none where the law sets none.
        limit: Option<Limit>,
        /// Why the limit cannot be computed, as a code.
        unknown: Option<Arc<str>>,
        /// Moments at which people are reminded, rising.
        reminders: Vec<i64>,
    },
    /// A message is to go out.
    Message {
        /// Which template of the pack.
        template: Arc<str>,
        /// What sets it apart; the same template under the same key is sent once.
        key: Arc<str>,
        /// To whom, as a role.
        to: Arc<str>,
        /// Not before this moment, in milliseconds since 1970.
        not_before: i64,
    },
    /// The sender of messages answered.
    MessageReply {
        /// Who sends messages.
        by: Arc<str>,
        /// About which message.
        message: MessageIndex,
        /// The sender's number of this answer; 0 for `Failed`.
        number: u32,
        /// What it says.
        outcome: Outcome,
    },
    /// Which pack applies was decided, and how.
    UnderPack {
        /// How.
        explained: Arc<Explained>,
    },
    /// A procedure begins that follows this case: correction, refund, recalculation.
    Follow {
        /// Which procedure of the pack.
        procedure: Arc<str>,
        /// What sets it apart; under one key it begins once. No personal data.
        key: Arc<str>,
    },
    /// A person has telephoned, because the message could not be delivered.
    Called {
        /// Instead of which message.
        message: MessageIndex,
    },
    /// An operator retracts a message that was wrong: one that waits is not sent, one that went out is owned up to.
    Retract {
        /// Which message.
        message: MessageIndex,
    },
    /// The applicant withdraws.
    Withdraw {
        /// Who says so: a role.
        by: Arc<str>,
    },
    /// A death is reported.
    Bereaved {
        /// Who reports it: a role.
        by: Arc<str>,
    },
    /// Nothing is to be sent until further notice.
    Freeze,
    /// The freeze is lifted.
    Unfreeze,
    /// An operator wants this command sent again, or a refused step tried anew.
    Retry {
        /// Which step.
        step: StepIndex,
        /// The revision that the operator means.
        revision: u32,
    },
    /// An operator has found out what became of a step.
    Resolve {
        /// Which step.
        step: StepIndex,
        /// The revision that the operator means.
        revision: u32,
        /// What was found.
        found: Found,
    },
    /// A finished act is to be undone and done again with corrected data.
    Redo {
        /// Which step.
        step: StepIndex,
        /// The revision that is wrong.
        revision: u32,
    },
}

/// What a department says to one command. Codes only: words about a person stay sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// 受理: will be answered later.
    Accepted {
        /// The department's own case number.
        department_case: Arc<str>,
    },
    /// 初审, 复核, 审批.
    Progress {
        /// How far.
        stage: Arc<str>,
    },
    /// 补正: nothing was done; the applicant corrects these fields.
    NeedsCorrection {
        /// Their names in the form.
        fields: Vec<Arc<str>>,
        /// Why.
        reason: Reason,
    },
    /// 办结.
    Succeeded,
    /// 不予办理: nothing was done.
    Refused {
        /// Why.
        reason: Reason,
    },
    /// Nothing of this saga's stands any more.
    Compensated,
    /// Not done, and will not be.
    Cancelled,
    /// This one sending came to nothing; another may still act.
    Failed {
        /// Why.
        code: Arc<str>,
        /// Whether sending again is of use.
        retryable: bool,
    },
}

/// Why, as a code that is explained elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// E.g. `PRE-104`.
    pub code: Arc<str>,
    /// Where to go instead; a key of the pack's offline routes, empty where there is none.
    #[serde(default)]
    pub offline_route: Arc<str>,
}

/// What a person says to a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Says {
    /// Done, agreed, signed.
    Done,
    /// No.
    Declined,
    /// The corrected data follow (补正).
    Corrected,
}

/// What was waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Timer {
    /// The time to send a command again.
    Resend,
    /// A reminder or the expiry of a task.
    Task,
    /// The end of waiting for a department's step.
    Expiry,
    /// A predecessor is late (容缺).
    Late,
    /// A legal limit, a reminder, or a question that the law could not answer.
    Legal,
    /// The time to send a message, or to send it again; the step is then the message's place.
    Message,
}

/// How a decision of the law was found: names only. The values lie sealed beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explained {
    /// The rule as it was named.
    pub rule: Arc<str>,
    /// The row of its table that held.
    pub row: Arc<str>,
    /// The pack and its version.
    pub pack: Arc<str>,
    /// The articles on which it rests.
    pub articles: Vec<Arc<str>>,
    /// The facts that it used, by path.
    pub inputs: Vec<Arc<str>>,
    /// The rows that it excluded.
    pub excluded: Vec<Arc<str>>,
}

/// What the law is asked about a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Question {
    /// Whether it is done at all.
    Selection,
    /// Its own outcome: the law performs it.
    Performance,
}

/// What the law says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    /// Yes.
    Yes,
    /// No, for all of these reasons.
    No {
        /// Every one that applies.
        reasons: Vec<Reason>,
    },
}

/// What an operator has found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Found {
    /// The department's records show the effect.
    Done,
    /// They do not.
    NotDone,
    /// They show that the effect was undone. A word of its own, so that what was found of an act is never taken for its
    /// compensation, should that have been ordered meanwhile.
    Undone,
}

/// What became of an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It changed the saga.
    Taken,
    /// It had been said before; nothing changed.
    Repeated,
    /// It does not fit the saga as it stands; nothing changed.
    Refused(Objection),
}

/// Why an input does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Objection {
    /// The case has ended.
    Ended,
    /// The case is ending (withdrawn, rejected, expired).
    Ending(Ending),
    /// It names another revision than the one under way.
    OtherRevision {
        /// The one under way.
        current: u32,
    },
    /// Nothing of the kind is waited for.
    NotWaiting,
    /// It would undo or repeat what has succeeded or was compensated.
    Finished,
    /// The step has been tried as often as the limits allow.
    TooManyRevisions,
    /// The case has been started before.
    Started,
    /// What follows this step is already under way, or the pivot is.
    Followed,
    /// Nothing is sent until the freeze is lifted.
    Frozen,
    /// The same person has acted at another level of this review.
    SamePerson,
    /// After a bereavement no message is sent by a machine.
    Silent,
}
