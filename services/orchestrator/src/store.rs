//! What is stored, and what may be asked of it: one trait, so that SQLite, PostgreSQL and memory mean the same.
//!
//! ```text
//!   coordinator ── append(units) ──> [ definition | application | saga | event | pending | sealed | blind_index | … ]
//!        ^                                │        one transaction; a stale unit alone drops out
//!        └────────── load(numbers) ───────┤
//!   relay, deadlines <── due(now) ────────┤
//!   gRPC, pages      <── find, search ────┘
//! ```
//!
//! The truth is `event`; `saga` is its summary, `pending` its projection, and both can be rebuilt. Nothing in clear about
//! a person is ever given to a store: payloads come sealed and subjects as blind indexes. Rows are keyed by a sequential
//! saga number, because random keys cost a factor of five once the table is large.

use std::sync::Arc;

use async_trait::async_trait;

mod kinds;
pub mod memory;
pub mod sqlite;

#[cfg(any(test, feature = "conformance"))]
pub mod conformance;

pub use kinds::{PendingKindName, SealedKind};

/// The public id of a case or an application: a UUID of version 7.
pub type PublicId = [u8; 16];

/// An HMAC that stands for something secret: a blind index, an idempotency key, a form's digest.
pub type Blind = [u8; 32];

/// The number of a saga, sequential, private to one store.
pub type SagaNumber = u64;

/// What can go wrong with a store.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database could not do it.
    #[error("{doing}")]
    Database {
        /// What was attempted.
        doing: &'static str,
        /// Why it failed.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The database holds what this program cannot read.
    #[error("row of {table} cannot be read: {what}")]
    Damaged {
        /// Where.
        table: &'static str,
        /// What is wrong, without its content.
        what: String,
    },
    /// A test or a shutdown has cut the connection.
    #[error("the store is closed")]
    Closed,
}

/// Everything that one batch changes of one application's sagas: all of it or nothing.
#[derive(Clone, Debug, Default)]
pub struct Unit {
    /// The application itself, where it is new.
    pub opens: Option<NewApplication>,
    /// Its sagas, each at most once.
    pub sagas: Vec<Change>,
    /// The idempotency key of a person's act that this unit records.
    pub act: Option<Act>,
}

/// A new application (birth group).
#[derive(Clone, Debug)]
pub struct NewApplication {
    /// Its public id; also the effect key of the family's steps.
    pub id: PublicId,
    /// HMAC of the caller's idempotency key; unique.
    pub key: Blind,
    /// HMAC of the form, to tell a repetition from another form under the same key.
    pub form: Blind,
    /// The case key, wrapped under the master key.
    pub wrapped_key: Vec<u8>,
    /// The whole form, sealed under the case key.
    pub sealed_form: Vec<u8>,
    /// When it was filed, in milliseconds since 1970.
    pub at: i64,
}

/// What one batch changes of one saga.
#[derive(Clone, Debug)]
pub struct Change {
    /// Which saga.
    pub number: SagaNumber,
    /// The version on which it was decided; 0 for a new saga.
    pub expected_version: u64,
    /// One entry per decision, `seq` rising by one from `expected_version + 1`.
    pub entries: Vec<Entry>,
    /// The summary after them.
    pub summary: Summary,
    /// Rows that are awaited now, new or changed.
    pub awaits: Vec<PendingRow>,
    /// Rows that are awaited no more.
    pub awaits_no_more: Vec<PendingKey>,
    /// Payloads to keep.
    pub seals: Vec<SealedRow>,
    /// Subjects by which it can be found from now on.
    pub found_by: Vec<Blind>,
    /// The child, as HMAC of (mother, birth time, order), where the saga is new: no second live case may have it.
    pub child: Option<Blind>,
}

/// One decision: what one input changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The saga's version after it.
    pub seq: u64,
    /// When, in milliseconds since 1970.
    pub at: i64,
    /// The schema of the events.
    pub schema: u16,
    /// `Vec<saga::Event>` as JSON.
    pub body: Vec<u8>,
}

/// What lists and filters need; rebuildable from the events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The case's public id; also the effect key of the child's steps.
    pub case: PublicId,
    /// Its application's public id.
    pub application: PublicId,
    /// Which child of the application, from 1.
    pub child_order: u8,
    /// The pack's name.
    pub pack: Arc<str>,
    /// The content hash of its definition.
    pub definition: [u8; 32],
    /// How it stands: `running` or the name of its end in kebab case.
    pub state: &'static str,
    /// A step needs an operator.
    pub stuck: bool,
    /// Nothing is sent.
    pub frozen: bool,
    /// A death was reported.
    pub bereaved: bool,
    /// When it was filed.
    pub submitted_at: i64,
    /// When it changed last.
    pub changed_at: i64,
}

impl Summary {
    /// True for a procedure that follows a case: it bears the name of its pack and its own.
    pub fn is_a_procedure(&self) -> bool {
        self.pack.contains('/')
    }
}

/// The states of [`Summary::state`].
pub const STATES: [&str; 7] =
    ["running", "completed", "partially-completed", "offline", "rejected", "expired", "withdrawn"];

/// Which pending row.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PendingKey {
    /// What is awaited.
    pub kind: PendingKindName,
    /// The step's place in its definition; of a message or a call, the message's place.
    pub step: u8,
}

/// One thing that is awaited: outbox, retry timer and deadline in one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingRow {
    /// Which.
    pub key: PendingKey,
    /// The step's revision.
    pub revision: u32,
    /// When the clock speaks next, in milliseconds since 1970; `i64::MAX`: never.
    pub due_at: i64,
    /// The department or the role that is awaited.
    pub whom: Arc<str>,
    /// For a task, HMAC of the ID number of the person who may answer.
    pub person: Option<Blind>,
    /// For a command: the message as it goes out, fields sealed. `None` in an update: keep what is there.
    pub message: Option<Vec<u8>>,
    /// How often it was sent.
    pub attempts: u32,
    /// When it began to be awaited, in milliseconds since 1970.
    pub since: i64,
}

impl PendingRow {
    /// True for what may be on its way without our knowing: every command, and a message but for its first sending, which
    /// keeps the quiet hours whatever restarts.
    pub fn may_have_gone_out(&self) -> bool {
        match self.key.kind {
            PendingKindName::Command => true,
            PendingKindName::Message => self.attempts > 0,
            PendingKindName::Task
            | PendingKindName::Expiry
            | PendingKindName::Late
            | PendingKindName::Legal
            | PendingKindName::Call => false,
        }
    }
}

/// A sealed payload that is kept: an output, corrected data, words of a refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedRow {
    /// Of which step.
    pub step: u8,
    /// What it is.
    pub kind: SealedKind,
    /// Under which revision.
    pub revision: u32,
    /// The payload, as it came or as the coordinator sealed it.
    pub sealed: Vec<u8>,
}

/// A person's act, recorded once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    /// HMAC of the caller's idempotency key; unique.
    pub key: Blind,
    /// HMAC of what was said, to tell a repetition from another act.
    pub what: Blind,
}

/// What became of a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Appended {
    /// It is stored.
    Committed,
    /// One of its sagas has moved on; nothing of the unit is stored.
    Stale,
    /// The application's idempotency key is known.
    KeyKnown {
        /// The application that has it.
        application: PublicId,
        /// Its form's HMAC.
        form: Blind,
    },
    /// One of the children has a live case.
    ChildLive {
        /// That case.
        case: PublicId,
    },
    /// The act's idempotency key is known.
    ActKnown {
        /// HMAC of what was said under it.
        what: Blind,
    },
}

/// A saga as stored.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// Its number.
    pub number: SagaNumber,
    /// Its version: the last entry's `seq`.
    pub version: u64,
    /// Its summary.
    pub summary: Summary,
    /// The application's wrapped case key; `None` once destroyed.
    pub wrapped_key: Option<Vec<u8>>,
    /// All entries, in order.
    pub entries: Vec<Entry>,
}

/// A case with what the law decided in it.
#[derive(Clone, Debug)]
pub struct DecidedCase {
    /// Its saga's number.
    pub number: SagaNumber,
    /// Its public id.
    pub case: PublicId,
    /// What it is pinned to.
    pub definition: [u8; 32],
    /// The application's wrapped case key; `None` once destroyed.
    pub wrapped_key: Option<Vec<u8>>,
    /// Its decisions and selections, sealed, in the order in which they were taken.
    pub decisions: Vec<SealedRow>,
}

/// A pending row whose time has come.
#[derive(Clone, Debug)]
pub struct Due {
    /// Whose.
    pub number: SagaNumber,
    /// What.
    pub row: PendingRow,
}

/// A task that waits for a person, or a call that a person makes instead of a message; the row's kind says which.
#[derive(Clone, Debug)]
pub struct OpenTask {
    /// Of which saga.
    pub number: SagaNumber,
    /// The saga's summary.
    pub summary: Summary,
    /// The row.
    pub row: PendingRow,
}

/// Which tasks are asked for. Empty fields do not narrow.
#[derive(Clone, Debug, Default)]
pub struct TaskFilter {
    /// Of this saga.
    pub saga: Option<SagaNumber>,
    /// For this role.
    pub role: Option<String>,
    /// For the person with this HMAC.
    pub person: Option<Blind>,
    /// After this row, in the order of (saga number, kind, step).
    pub after: Option<(SagaNumber, PendingKey)>,
    /// At most so many.
    pub limit: u32,
}

/// Which cases are asked for. Empty fields do not narrow.
#[derive(Clone, Debug, Default)]
pub struct CaseFilter {
    /// In one of these states.
    pub states: Vec<&'static str>,
    /// Only stuck ones.
    pub stuck: bool,
    /// Only those that wait for this department.
    pub department: Option<String>,
    /// Only those with this subject.
    pub subject: Option<Blind>,
    /// Below this number: newest first.
    pub before: Option<SagaNumber>,
    /// At most so many.
    pub limit: u32,
}

/// Something that came and could not be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// Sequential, given by the store; 0 when handed in.
    pub id: u64,
    /// When, in milliseconds since 1970.
    pub at: i64,
    /// Where it came from: a topic, or `grpc`.
    pub topic: String,
    /// An error code of docs/errors.
    pub code: String,
    /// What was wrong, without personal data.
    pub what: String,
    /// The saga it named, if it could be read; 0 otherwise.
    pub saga: SagaNumber,
    /// The step it named, if it could be read.
    pub step: String,
    /// Its size in bytes.
    pub size: u64,
    /// Its content, sealed under the store's own key.
    pub sealed: Vec<u8>,
}

/// A fact that belongs to no case known so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnmatchedNotice {
    /// Sequential, given by the store; 0 when handed in.
    pub id: u64,
    /// The department's own id of the fact; kept once.
    pub notice: [u8; 16],
    /// When it came.
    pub at: i64,
    /// Who told it.
    pub endpoint: String,
    /// What happened.
    pub kind: String,
    /// By which subject it will be found.
    pub subject: Blind,
    /// Why it waits.
    pub why: String,
    /// True while it waits for a case; false where an operator must look.
    pub waits: bool,
    /// Its content, sealed under the store's own key.
    pub sealed: Vec<u8>,
}

/// A department as operators hold and resume it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DepartmentRow {
    /// E.g. `police`.
    pub name: String,
    /// Nothing is sent to it.
    pub held: bool,
    /// Why.
    pub reason: String,
}

/// The store. Every method is one transaction or one consistent read.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// A small value by name (the key probe, the store's own wrapped key, the heartbeat), if it is there.
    async fn meta(&self, name: &str) -> Result<Option<Vec<u8>>, Error>;
    /// Writes a small value.
    async fn set_meta(&self, name: &str, value: &[u8]) -> Result<(), Error>;

    /// Keeps a definition's body under its content hash; a known hash changes nothing.
    async fn keep_definition(&self, hash: [u8; 32], body: &[u8]) -> Result<(), Error>;
    /// The body of a definition.
    async fn definition(&self, hash: [u8; 32]) -> Result<Option<Vec<u8>>, Error>;

    /// The first of `count` new saga numbers, never given twice.
    async fn reserve_numbers(&self, count: u64) -> Result<SagaNumber, Error>;

    /// Writes all units in one transaction; answers per unit, in order. A unit that is stale or in conflict is left out
    /// whole, and the others are committed. A unit later in the list sees what earlier ones wrote.
    async fn append(&self, units: &[Unit]) -> Result<Vec<Appended>, Error>;

    /// These sagas, in any order; unknown numbers are left out.
    async fn load(&self, numbers: &[SagaNumber]) -> Result<Vec<Loaded>, Error>;
    /// Whether this saga has not ended; `None` for an unknown number.
    async fn is_running(&self, number: SagaNumber) -> Result<Option<bool>, Error> {
        Ok(self.load(&[number]).await?.first().map(|saga| saga.summary.state == "running"))
    }
    /// The sealed form of an application.
    async fn form(&self, application: PublicId) -> Result<Option<Vec<u8>>, Error>;
    /// The newest revision of each sealed payload of a saga; of corrections, which are laid one over the other, all.
    async fn sealed(&self, number: SagaNumber) -> Result<Vec<SealedRow>, Error>;

    /// Cases with their sealed decisions, in the order of their numbers, above `after` and at most `limit`: those of
    /// these numbers, or, where none is named, those that were born under a pack of this name.
    async fn decided(
        &self,
        born_under: &str,
        only: &[SagaNumber],
        after: SagaNumber,
        limit: u32,
    ) -> Result<Vec<DecidedCase>, Error>;

    /// The number of the saga of this case.
    async fn find_case(&self, case: PublicId) -> Result<Option<SagaNumber>, Error>;
    /// The numbers of an application's sagas, in the order of the children; empty if there is none.
    async fn find_application(&self, application: PublicId) -> Result<Vec<SagaNumber>, Error>;

    /// The sagas of the procedures that follow one child's case, in the order in which they began.
    async fn find_procedures(&self, application: PublicId, child_order: u8) -> Result<Vec<SagaNumber>, Error>;
    /// The application filed under this idempotency key, with its form's HMAC.
    async fn find_key(&self, key: Blind) -> Result<Option<(PublicId, Blind)>, Error>;
    /// The act recorded under this idempotency key.
    async fn find_act(&self, key: Blind) -> Result<Option<Blind>, Error>;
    /// The sagas with this subject, newest first.
    async fn find_subject(&self, subject: Blind) -> Result<Vec<SagaNumber>, Error>;

    /// Summaries with their numbers and versions, newest first, and how many match in all.
    async fn search(&self, filter: &CaseFilter) -> Result<(Vec<(SagaNumber, u64, Summary)>, u64), Error>;
    /// Open tasks, and calls to be made instead of messages, in the order of (saga number, kind, step).
    async fn tasks(&self, filter: &TaskFilter) -> Result<Vec<OpenTask>, Error>;

    /// Rows whose time has come at `now`, earliest first, at most `limit`; commands of held departments are left out.
    async fn due(&self, now: i64, limit: u32) -> Result<Vec<Due>, Error>;
    /// The earliest time at which a row becomes due, if any does.
    async fn next_due(&self) -> Result<Option<i64>, Error>;
    /// Makes these commands due at `at`: their delivery failed.
    async fn make_due(&self, rows: &[(SagaNumber, u8)], at: i64) -> Result<(), Error>;
    /// Makes every command and every message that was sent and has no answer (of one department, or of all) due from `from` on, `per_second` of them a
    /// second in the order of saga numbers; answers how many there are.
    async fn make_all_due(&self, department: Option<&str>, from: i64, per_second: u32) -> Result<u64, Error>;
    /// Moves the deadlines of all tasks by so many milliseconds: the time in which nobody could answer.
    async fn postpone_tasks(&self, by_ms: i64) -> Result<u64, Error>;
    /// How many commands wait for an answer.
    async fn in_flight(&self) -> Result<u64, Error>;

    /// All departments that were ever held.
    async fn departments(&self) -> Result<Vec<DepartmentRow>, Error>;
    /// Holds or resumes a department.
    async fn set_department(&self, row: &DepartmentRow) -> Result<(), Error>;

    /// Keeps dead letters.
    async fn bury(&self, letters: &[DeadLetter]) -> Result<(), Error>;
    /// Dead letters below this id, newest first.
    async fn dead_letters(&self, before: Option<u64>, limit: u32) -> Result<Vec<DeadLetter>, Error>;

    /// Keeps notices that match no case; one that is known by its id is kept once.
    async fn keep_notices(&self, notices: &[UnmatchedNotice]) -> Result<(), Error>;
    /// Notices below this id, newest first.
    async fn notices(&self, before: Option<u64>, limit: u32) -> Result<Vec<UnmatchedNotice>, Error>;
    /// Notices that wait for one of these subjects.
    async fn notices_for(&self, subjects: &[Blind]) -> Result<Vec<UnmatchedNotice>, Error>;
    /// These notices have found their case.
    async fn notices_matched(&self, ids: &[u64]) -> Result<(), Error>;
}
