//! What a saga of a kind consists of: its steps, their order, and what a failure of each means.
//!
//! A definition is data. `policy` reads it from a pack's `saga.toml`; a running saga keeps the one it was born under, so
//! nothing here may change its meaning: a field that is added must default to what was before.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

mod problems;

pub use problems::Problem;

/// What a limit says where the source leaves it open.
pub const UNSPECIFIED: &str = "unspecified";

/// One kind of saga, whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Definition {
    /// The policy pack it belongs to, e.g. `anhui-2024`.
    pub name: Arc<str>,
    /// For people, in Chinese.
    pub title: Arc<str>,
    /// The steps; a predecessor may stand anywhere in the list.
    pub steps: Vec<Step>,
    /// True for a procedure that follows a case (correction, refund, recalculation): it has no pivot and only ever goes
    /// forward.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub procedure: bool,
}

/// Where a step stands in its definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StepIndex(pub u8);

impl StepIndex {
    /// As an index into `steps`.
    pub fn at(self) -> usize {
        usize::from(self.0)
    }
}

/// One action of one performer, and perhaps its compensation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Unique in the definition.
    pub name: Arc<str>,
    /// For people, in Chinese.
    pub title: Arc<str>,
    /// The item (事项) it belongs to.
    pub item: Option<Arc<str>>,
    /// Without it the case is not completed; it goes on when the applicant withdraws after the pivot.
    pub mandatory: bool,
    /// Whose step it is.
    pub scope: Scope,
    /// Who does it.
    pub performer: Performer,
    /// Steps that must have succeeded first.
    pub after: Vec<StepIndex>,
    /// Steps that must be settled first, however.
    pub once_settled: Vec<StepIndex>,
    /// Any one of these must hold as well; none named: no further condition.
    pub start_when: Vec<StartWhen>,
    /// Which paths of the facts the command carries, e.g. `mother.id_number`.
    pub send: Vec<Arc<str>>,
    /// Outputs by which later facts find this case, e.g. the certificate's number.
    pub index: Vec<IndexField>,
    /// What its failure means to the others.
    pub kind: Kind,
    /// Whether it is done at all.
    pub selection: Selection,
    /// Machine time between sendings.
    pub retry: Retry,
    /// When waiting ends.
    pub expiry: Option<Expiry>,
    /// When an open task is mentioned again, in milliseconds after it opened, rising.
    pub remind_ms: Vec<i64>,
    /// What a department's no, or the law's, means before the pivot.
    pub refused: OnRefusal,
    /// What a person's no means before the pivot.
    pub declined: OnRefusal,
    /// How its effect is undone, and for which causes.
    pub compensation: Option<Compensation>,
    /// Kinds of notices that complete it.
    pub notices: Vec<Arc<str>>,
    /// What becomes of it after a bereavement.
    pub bereavement: OnBereavement,
    /// The legal limit as the source gives it, `unspecified` where the source leaves it open.
    pub limit: Option<Arc<str>>,
    /// The step with which the time of its limit began, where one limit spans several steps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit_from: Option<StepIndex>,
    /// Steps whose answers must be another person's: no one acts at two levels of one review.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differs_from: Vec<StepIndex>,
    /// Reminders on legal days while a department's answer is awaited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remind_on: Option<RemindOn>,
    /// Where the law says so: document and article.
    pub source: Arc<str>,
}

/// Reminders that count from a fact of the case, e.g. 30, 60 and 89 days after birth at nine o'clock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemindOn {
    /// The fact from which days are counted, e.g. `child.born_at`.
    pub from: Arc<str>,
    /// The days, rising; that day itself is 0.
    pub days: Vec<u16>,
    /// Minutes after midnight in Beijing.
    pub minute: u16,
}

/// Whose step it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// Each child's.
    Child,
    /// The family's: done once for all children of the application.
    Family,
}

/// Who does a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Performer {
    /// A department, through its adapter.
    Department {
        /// E.g. `police`.
        department: Arc<str>,
        /// E.g. `RegisterBirth`.
        command: Arc<str>,
    },
    /// A person, through the government platform.
    Person {
        /// `applicant`, `father` or `clerk`.
        role: Arc<str>,
        /// What is asked, e.g. `authorise`.
        task: Arc<str>,
        /// The ways to answer.
        methods: Vec<Arc<str>>,
    },
    /// A rule of the policy pack.
    Law {
        /// E.g. `eligibility`.
        rule: Arc<str>,
    },
}

/// What a step's failure means to the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// May be undone while the pivot has not succeeded.
    Compensable,
    /// After it succeeds, only forward.
    Pivot,
    /// Runs to its own end; its failure touches nobody else.
    Forward,
}

/// Whether a step is done at all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Selection {
    /// In every case.
    Always,
    /// Where the applicant ticked its item.
    Chosen,
    /// Where this rule says so.
    Rule(Arc<str>),
}

/// A condition besides the predecessors.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StartWhen {
    /// The step has been under way for so long without a settlement.
    Late {
        /// Which step.
        step: StepIndex,
        /// Milliseconds since it began.
        after_ms: i64,
    },
    /// The step went offline.
    Offline {
        /// Which step.
        step: StepIndex,
    },
    /// The step succeeded.
    Succeeded {
        /// Which step.
        step: StepIndex,
    },
}

/// An output by which later facts find the case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexField {
    /// The kind of subject, e.g. `certificate`.
    pub kind: Arc<str>,
    /// The field of the step's output.
    pub field: Arc<str>,
}

/// Machine time between sendings of one command. It says nothing of legal time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retry {
    /// Sendings without any answer after which the step is *stuck*.
    pub attempts_max: u32,
    /// The first pause; each further one doubles.
    pub first_ms: i64,
    /// The longest pause within the budget.
    pub longest_ms: i64,
    /// The pause once accepted, or once stuck.
    pub inquiry_ms: i64,
}

impl Default for Retry {
    /// Five sendings within about half a minute, then every quarter of an hour for as long as it takes.
    fn default() -> Self {
        Self { attempts_max: 5, first_ms: 2_000, longest_ms: 60_000, inquiry_ms: 900_000 }
    }
}

impl Retry {
    /// The pause after so many sendings, in milliseconds.
    pub fn pause_ms(&self, attempts: u32, accepted: bool) -> i64 {
        if accepted || attempts >= self.attempts_max {
            return self.inquiry_ms;
        }
        let doubled = self.first_ms.saturating_mul(1_i64 << attempts.saturating_sub(1).min(30));
        doubled.min(self.longest_ms)
    }
}

/// When waiting ends, and what then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expiry {
    /// Milliseconds since the step began.
    pub after_ms: i64,
    /// What its end means.
    pub then: OnRefusal,
}

/// What a no, or no answer, means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnRefusal {
    /// The case ends *rejected* (before the pivot; after it, the item goes offline).
    Reject,
    /// The case ends *expired* (before the pivot; after it, the item goes offline).
    Expire,
    /// The item goes offline, and what depends on it is skipped.
    Offline,
    /// The step is closed as if it had not been asked; nothing depends on it.
    Close,
}

/// How an effect is undone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compensation {
    /// The department's command, e.g. `VoidBirthCertificate`.
    pub command: Arc<str>,
    /// For which causes, and for no other.
    pub on: Vec<Cause>,
}

/// Why finished acts may have to be undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// The applicant withdrew.
    Withdrawn,
    /// A department or the law refused.
    Rejected,
    /// A person let a task expire.
    Expired,
    /// The act is to be done again with other data.
    Corrected,
    /// Two persons revoked it lawfully.
    Revoked,
}

/// What becomes of a step after a bereavement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnBereavement {
    /// It is closed; what a department may know of is cancelled.
    Close,
    /// It goes on, but starts only when a person in charge says so.
    Person,
}

impl Definition {
    /// The step of this name.
    pub fn find(&self, name: &str) -> Option<StepIndex> {
        let at = self.steps.iter().position(|step| &*step.name == name)?;
        u8::try_from(at).ok().map(StepIndex)
    }

    /// The step at this place. Panics on an index of another definition.
    pub fn step(&self, index: StepIndex) -> &Step {
        &self.steps[index.at()]
    }

    /// All places, in order.
    pub fn indices(&self) -> impl DoubleEndedIterator<Item = StepIndex> + use<> {
        (0..self.steps.len()).filter_map(|at| u8::try_from(at).ok().map(StepIndex))
    }

    /// The one step after which there is only forward.
    pub fn pivot(&self) -> Option<StepIndex> {
        self.indices().find(|index| self.step(*index).kind == Kind::Pivot)
    }

    /// True where some step needs this one to succeed.
    pub fn has_dependents(&self, index: StepIndex) -> bool {
        self.steps.iter().any(|step| step.after.contains(&index))
    }

    /// True where `later` comes, directly or through others, after `earlier`.
    pub fn depends_on(&self, later: StepIndex, earlier: StepIndex) -> bool {
        let mut seen = 0_u64;
        let mut open = vec![later];
        while let Some(at) = open.pop() {
            for before in self.step(at).waits_for() {
                if before == earlier {
                    return true;
                }
                if seen & (1 << before.0) == 0 {
                    seen |= 1 << before.0;
                    open.push(before);
                }
            }
        }
        false
    }
}

impl Step {
    /// Every step whose fate this one's start depends on.
    pub fn waits_for(&self) -> impl Iterator<Item = StepIndex> + '_ {
        let conditions = self.start_when.iter().map(StartWhen::step);
        self.after.iter().copied().chain(self.once_settled.iter().copied()).chain(conditions)
    }

    /// True where its compensation runs for this cause.
    pub fn is_undone_for(&self, cause: Cause) -> bool {
        self.compensation.as_ref().is_some_and(|compensation| compensation.on.contains(&cause))
    }

    /// The law sets its performer a limit whose length is known.
    pub fn has_limit(&self) -> bool {
        self.limit.as_deref().is_some_and(|limit| limit != UNSPECIFIED)
    }

    /// The department that performs it, if one does.
    pub fn department(&self) -> Option<&Arc<str>> {
        match &self.performer {
            Performer::Department { department, .. } => Some(department),
            Performer::Person { .. } | Performer::Law { .. } => None,
        }
    }
}

impl StartWhen {
    /// The step it looks at.
    pub fn step(&self) -> StepIndex {
        match self {
            Self::Late { step, .. } | Self::Offline { step } | Self::Succeeded { step } => *step,
        }
    }
}
