//! What the coordinator is given to do, and what it answers.

use std::{collections::BTreeSet, sync::Arc};

use policy::Pack;
use saga::{Answer, Input, StepIndex};
use serde_json::{Map, Value};
use tokio::sync::{mpsc, oneshot};

use crate::store::{Act, Blind, Due, PublicId, SagaNumber};

/// One piece of work.
#[derive(Debug)]
pub enum Work {
    /// A new application.
    File(Box<Filing>),
    /// A person's act or an operator's order, for one or more sagas of one application.
    Order(Box<Order>),
    /// A procedure that follows one or more cases of one application.
    Follow(Box<Follow>),
    /// A department's answer, as it came from the bus.
    Reply(Box<proto::bus::Reply>),
    /// A department's fact, opened.
    Notice(Box<Notice>),
    /// A pending row whose time has come.
    Due(Box<Due>),
    /// What is the last day for this case? Nothing changes.
    Look(Box<Look>),
}

/// A new application, parsed and checked.
pub struct Filing {
    /// The pack under which it is filed.
    pub pack: Arc<Pack>,
    /// The area where it is filed, 6 digits.
    pub area: String,
    /// HMAC of the caller's idempotency key.
    pub key: Blind,
    /// HMAC of the canonical form.
    pub form: Blind,
    /// The facts that all children share, with `children`: the whole form as facts.
    pub facts: Value,
    /// One per child, in order.
    pub children: Vec<FiledChild>,
    /// Subjects by which all cases of the application can be found.
    pub found_by: Vec<Blind>,
}

/// One child of a filing.
pub struct FiledChild {
    /// Its order, from 1.
    pub order: u8,
    /// The items ticked for it.
    pub chosen: BTreeSet<Arc<str>>,
    /// HMAC of (mother, birth time, order): one live case has it.
    pub child: Blind,
}

/// Inputs for one or more sagas of one application, all or none.
#[derive(Debug, Default)]
pub struct Order {
    /// The sagas and what they are told.
    pub inputs: Vec<(SagaNumber, Input)>,
    /// The caller's idempotency key, where the act has one.
    pub act: Option<Act>,
    /// Corrected data, or an operator's statement of an output, in clear; sealed before it is stored.
    pub clear: Option<Clear>,
    /// What is written beside the act's own event: an operator's reason and evidence, the digest of a signature.
    pub note: Option<Arc<str>>,
}

/// A procedure to begin on cases of one application, on all or none.
pub struct Follow {
    /// The cases' sagas, the one that was named first; each gets a procedure of its own.
    pub cases: Vec<SagaNumber>,
    /// Which procedure of their pack.
    pub procedure: Arc<str>,
    /// What sets it apart; under one key it begins once for a case. No personal data.
    pub key: Arc<str>,
    /// What is asked for: a JSON object, under `request` in the procedure's facts.
    pub request: Value,
    /// Corrected facts by path, laid over those of the cases; a child's own (`child.…`) over those of the first alone.
    /// Empty where nothing is corrected.
    pub corrections: Map<String, Value>,
    /// The caller's idempotency key, where somebody called.
    pub act: Option<Act>,
    /// What is written beside the event: a reason. No personal data.
    pub note: Option<Arc<str>>,
}

/// A look at a case's facts: answered within the process, never stored.
pub struct Look {
    /// Which saga.
    pub number: SagaNumber,
    /// Where the facts go, with the pack that the saga is pinned to.
    pub seen: oneshot::Sender<Option<(Value, Arc<Pack>)>>,
}

/// Data in clear that come with an order.
pub struct Clear {
    /// Of which step.
    pub step: StepIndex,
    /// True for corrected form data (merged over the form), false for a stated output of the step.
    pub correction: bool,
    /// The data: a JSON object.
    pub value: Value,
}

/// A department's fact, opened.
pub struct Notice {
    /// The department's own id of the fact.
    pub id: [u8; 16],
    /// Who tells it.
    pub endpoint: String,
    /// What happened.
    pub kind: String,
    /// By which subject its case is found.
    pub subject: Blind,
    /// What it says: a JSON object, kept as the step's output.
    pub fields: Value,
}

/// What became of a piece of work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Done {
    /// The application is filed, or had been under the same key.
    Filed {
        /// Its id.
        application: PublicId,
        /// Its cases, in the order of the children.
        cases: Vec<PublicId>,
        /// Nothing new was recorded.
        repeated: bool,
    },
    /// The idempotency key belongs to another form or act.
    KeyTaken,
    /// A child has a live case.
    ChildLive {
        /// That case.
        case: PublicId,
    },
    /// Per saga, in order.
    Answered(Vec<Answer>),
    /// This very act had been recorded.
    ActRepeated,
    /// Procedures have begun, or had begun under the same key.
    Followed {
        /// Their cases, in the order of the cases that they follow.
        cases: Vec<PublicId>,
        /// Nothing new was recorded.
        repeated: bool,
    },
    /// The pack has no procedure of this name for it.
    NoProcedure,
    /// There is no such saga.
    Unknown,
    /// The saga cannot be read; an operator has been told.
    Quarantined,
    /// It could not be used; it lies with the dead letters.
    Buried,
}

/// Work with the way back for its answer.
#[derive(Debug)]
pub struct Queued {
    /// What to do.
    pub work: Work,
    /// Where the answer goes; nobody waits for deadlines.
    pub answer: Option<oneshot::Sender<Done>>,
}

/// The coordinator's door: bounded, so that overload is said before memory grows.
#[derive(Clone)]
pub struct Handle {
    queue: mpsc::Sender<Queued>,
}

/// The queue is full, or the coordinator has stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    /// Too much is waiting: try again later.
    #[error("overloaded")]
    Overloaded,
    /// The service is shutting down.
    #[error("stopping")]
    Stopping,
}

impl Handle {
    /// The door to this queue.
    pub fn new(queue: mpsc::Sender<Queued>) -> Self {
        Self { queue }
    }

    /// Hands work in at once or not at all: for callers who can be told to come back.
    pub async fn ask(&self, work: Work) -> Result<Done, Rejected> {
        let (answer, done) = oneshot::channel();
        self.queue.try_send(Queued { work, answer: Some(answer) }).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => Rejected::Overloaded,
            mpsc::error::TrySendError::Closed(_) => Rejected::Stopping,
        })?;
        done.await.map_err(|_| Rejected::Stopping)
    }

    /// The facts of a case as the coordinator has them open, with its pack; `None` where there is no such case.
    pub async fn facts(&self, number: SagaNumber) -> Result<Option<(Value, Arc<Pack>)>, Rejected> {
        let (seen, facts) = oneshot::channel();
        self.ask(Work::Look(Box::new(Look { number, seen }))).await?;
        facts.await.map_err(|_| Rejected::Stopping)
    }

    /// Hands work in, waiting for room: for the bus and the clock, which keep what they have until it is taken.
    pub async fn give(&self, work: Work) -> Result<oneshot::Receiver<Done>, Rejected> {
        let (answer, done) = oneshot::channel();
        let queued = Queued { work, answer: Some(answer) };
        self.queue.send(queued).await.map_err(|_| Rejected::Stopping)?;
        Ok(done)
    }
}

impl std::fmt::Debug for Filing {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Filing({}, {} children)", self.pack.name, self.children.len())
    }
}

impl std::fmt::Debug for Look {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Look({})", self.number)
    }
}

impl std::fmt::Debug for Follow {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Follow({}, {} cases)", self.procedure, self.cases.len())
    }
}

impl std::fmt::Debug for Clear {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Clear(step {})", self.step.0)
    }
}

impl std::fmt::Debug for Notice {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Notice({}, {})", self.endpoint, self.kind)
    }
}
