//! The inbox: what the adapter knows of each step, the replies that have not left yet, and what could not be read.
//!
//! One trait, two implementations that mean the same ([`conformance`] runs on both): [`MemoryInbox`] for tests, the
//! simulation and measurements, and [`SqliteInbox`] for real. Everything that a batch changes goes in through
//! [`Inbox::commit`], as one transaction; the inbox itself decides nothing.

pub mod conformance;
mod memory;
mod sqlite;

use std::{path::PathBuf, sync::Arc};

use async_trait::async_trait;

use crate::Effects;

pub use memory::MemoryInbox;
pub use sqlite::SqliteInbox;

/// What a row is found by: whose effect, and which step.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StepKey {
    /// The case's key, or for a family's step the birth group's.
    pub effect_key: [u8; 16],
    /// The step's name in its definition.
    pub step: Arc<str>,
}

/// What is known of one step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepRow {
    /// The row's number, given by the inbox when the key is first loaded; rises.
    pub id: i64,
    /// What it is found by.
    pub key: StepKey,
    /// When something is to be called again; `None` if nothing is.
    pub due_ms: Option<i64>,
    /// When it was last changed.
    pub changed_ms: i64,
    /// The [`StepRecord`](crate::record::StepRecord) as stored; empty for a step never heard of.
    pub record: Vec<u8>,
}

/// The command of an act as it came, kept sealed to call it again and to undo it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptCommand {
    /// The row it belongs to.
    pub row: i64,
    /// The act's revision.
    pub revision: u32,
    /// The command, encoded, its fields sealed.
    pub command: Vec<u8>,
}

/// A message that is recorded and not yet known to have left.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// Its number in the outbox; rises.
    pub id: i64,
    /// The message.
    pub message: bus::Message,
}

/// A message that could not be read, kept for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// When it came, in milliseconds since 1970.
    pub received_ms: i64,
    /// The topic it came on.
    pub topic: String,
    /// Its partition.
    pub partition: i32,
    /// Its offset.
    pub offset: i64,
    /// Why it could not be read, in fixed words.
    pub reason: String,
    /// What it was, sealed under the endpoint's channel key with the associated data `dead-letter`.
    pub sealed: Vec<u8>,
}

/// What one transaction writes: all of it or nothing.
#[derive(Default)]
pub struct Changes {
    /// Rows, new or changed.
    pub rows: Vec<StepRow>,
    /// Commands to keep.
    pub commands: Vec<KeptCommand>,
    /// Messages to send.
    pub outgoing: Vec<bus::Message>,
    /// Messages that have left.
    pub published: Vec<i64>,
    /// What could not be read.
    pub dead_letters: Vec<DeadLetter>,
    /// Effects of local handlers.
    pub effects: Effects,
}

impl Changes {
    /// True if there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
            && self.commands.is_empty()
            && self.outgoing.is_empty()
            && self.published.is_empty()
            && self.dead_letters.is_empty()
            && self.effects.is_empty()
    }
}

/// Where an adapter's memory lives.
#[async_trait]
pub trait Inbox: Send + Sync + 'static {
    /// The rows of these keys, in their order; a key never heard of gives an empty row with a number of its own.
    async fn load(&self, keys: &[StepKey]) -> Result<Vec<StepRow>, Error>;

    /// The kept commands of these rows and revisions, those that exist, in any order.
    async fn kept_commands(&self, wanted: &[(i64, u32)]) -> Result<Vec<KeptCommand>, Error>;

    /// Writes all changes in one transaction; gives the numbers of the outgoing messages in their order.
    async fn commit(&self, changes: Changes) -> Result<Vec<i64>, Error>;

    /// The oldest messages not known to have left.
    async fn unpublished(&self, limit: usize) -> Result<Vec<Outgoing>, Error>;

    /// Forgets messages that have left.
    async fn published(&self, ids: &[i64]) -> Result<(), Error>;

    /// Rows in which something is due at `now_ms`, the longest due first.
    async fn due(&self, now_ms: i64, limit: usize) -> Result<Vec<StepRow>, Error>;

    /// Forgets rows that have nothing due and were last changed before that moment; tells how many.
    async fn forget_before(&self, changed_ms: i64) -> Result<u64, Error>;

    /// The newest messages that could not be read.
    async fn dead_letters(&self, limit: usize) -> Result<Vec<DeadLetter>, Error>;
}

/// What can go wrong in an inbox.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another process holds the database: a SQLite inbox admits one instance.
    #[error("open inbox {path}: another process holds it")]
    InUse {
        /// The database file.
        path: PathBuf,
        /// What SQLite said.
        #[source]
        source: sqlx::Error,
    },
    /// The database could not be opened.
    #[error("open inbox {path}")]
    Open {
        /// The database file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: sqlx::Error,
    },
    /// A statement failed.
    #[error("{attempt}")]
    Database {
        /// What was being attempted.
        attempt: &'static str,
        /// Why it failed.
        #[source]
        source: sqlx::Error,
    },
    /// A stored row is not what this version writes.
    #[error("read {what} of the inbox: not what was written")]
    Damaged {
        /// Which part.
        what: &'static str,
    },
}
