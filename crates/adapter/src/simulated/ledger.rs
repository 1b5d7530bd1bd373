//! A simulated department's ledger: what it has done, and its registers.
//!
//! It stands for the department's own database. It is a file of its own (SQLite) or, for tests and simulation, memory;
//! both mean the same. It holds what it registers in clear, as a department's own register does; it is never a place
//! for the orchestrator's data. Whoever wants to know what really happened reads [`Ledger::effects`].

use std::{fmt, path::Path, sync::Arc};

use serde_json::Value;
use sqlx::{
    ConnectOptions, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};
use tokio::sync::Mutex;

use super::books::{Books, Pages, Shelf};
use crate::Fact;

/// A call from another process that writes (a payment at a counter) is over in milliseconds.
const BUSY_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(5);

/// One thing that the department did, or that it answered with because it stood already.
#[derive(Clone, PartialEq)]
pub struct Effect {
    /// The idempotency key of the call that did it: the command's id, 32 hexadecimal digits.
    pub call_id: String,
    /// The command, e.g. `RegisterBirth`.
    pub act: String,
    /// Whom it concerns, for people who read the ledger.
    pub subject: String,
    /// When it was done, in milliseconds since 1970.
    pub done_at_ms: i64,
    /// When it was undone; `None` while it stands.
    pub undone_at_ms: Option<i64>,
    /// Not a new effect: the department answered with what stood already under this other call's id.
    pub same_as: Option<String>,
    /// What was asked.
    pub fields: Value,
    /// What was answered.
    pub outputs: Value,
}

impl Effect {
    /// Whether it was done by this call and stands.
    pub fn stands(&self) -> bool {
        self.undone_at_ms.is_none() && self.same_as.is_none()
    }
}

/// Shows which call did what and when, never whom it concerns.
impl fmt::Debug for Effect {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Effect")
            .field("call_id", &self.call_id)
            .field("act", &self.act)
            .field("done_at_ms", &self.done_at_ms)
            .field("undone_at_ms", &self.undone_at_ms)
            .field("same_as", &self.same_as)
            .finish_non_exhaustive()
    }
}

/// Why a ledger cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be opened, read or written.
    #[error("use the ledger's file")]
    File(#[from] sqlx::Error),
    /// What the file holds is not what a ledger wrote.
    #[error("read an entry of the ledger")]
    Entry(#[from] serde_json::Error),
}

/// The ledger of one department. Cloning shares it.
#[derive(Clone)]
pub struct Ledger {
    shelf: Shelf,
}

impl Ledger {
    /// An empty ledger in memory; it lives as long as a clone of it, so a simulated crash of the adapter keeps it.
    pub fn in_memory() -> Self {
        Self { shelf: Shelf::Memory(Arc::new(Mutex::new(Pages::default()))) }
    }

    /// The ledger in this file, made if it is not there.
    ///
    /// # Errors
    /// If the file cannot be opened or is no ledger.
    pub async fn open(path: &Path) -> Result<Self, Error> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY_TIMEOUT)
            .disable_statement_logging();
        let mut connection: SqliteConnection = options.connect().await?;
        for statement in TABLES {
            sqlx::query(statement).execute(&mut connection).await?;
        }
        Ok(Self { shelf: Shelf::File(Arc::new(Mutex::new(connection))) })
    }

    /// Begins a transaction. Others wait until it is [committed](Books::commit) or dropped, which undoes it.
    ///
    /// # Errors
    /// If the file cannot be used.
    pub async fn begin(&self) -> Result<Books, Error> {
        self.shelf.begin().await
    }

    /// Every effect, in the order in which they were recorded.
    ///
    /// # Errors
    /// If the file cannot be used.
    pub async fn effects(&self) -> Result<Vec<Effect>, Error> {
        let mut books = self.begin().await?;
        let effects = books.effects().await?;
        books.commit().await?;
        Ok(effects)
    }

    /// What the call of this id did.
    ///
    /// # Errors
    /// If the file cannot be used.
    pub async fn effect(&self, call_id: &str) -> Result<Option<Effect>, Error> {
        let mut books = self.begin().await?;
        let effect = books.effect(call_id).await?;
        books.commit().await?;
        Ok(effect)
    }

    /// Does an act at most once for a call's id: the first time `effect` is recorded; later, whatever is offered, the
    /// first one is given back. For effects that need no register; others go through a [`Desk`](super::Desk).
    ///
    /// # Errors
    /// If the file cannot be used.
    pub async fn do_once(&self, effect: Effect) -> Result<Effect, Error> {
        let mut books = self.begin().await?;
        let recorded = match books.effect(&effect.call_id).await? {
            Some(earlier) => earlier,
            None => {
                books.record(&effect).await?;
                effect
            }
        };
        books.commit().await?;
        Ok(recorded)
    }

    /// Undoes what the act of this id did, at most once. False if nothing of it stands.
    ///
    /// # Errors
    /// If the file cannot be used.
    pub async fn undo_once(&self, act_id: &str, now_ms: i64) -> Result<bool, Error> {
        let mut books = self.begin().await?;
        let undone = books.mark_undone(act_id, now_ms).await?;
        books.commit().await?;
        Ok(undone)
    }

    /// One entry of a register.
    ///
    /// # Errors
    /// If the file cannot be used.
    pub async fn get(&self, register: &str, key: &str) -> Result<Option<Value>, Error> {
        let mut books = self.begin().await?;
        let value = books.get(register, key).await?;
        books.commit().await?;
        Ok(value)
    }

    /// Writes one entry of a register, over an earlier one.
    ///
    /// # Errors
    /// If the file cannot be used.
    pub async fn put(&self, register: &str, key: &str, value: Value) -> Result<(), Error> {
        let mut books = self.begin().await?;
        books.put(register, key, value).await?;
        books.commit().await
    }

    /// Every entry of a register, by key.
    ///
    /// # Errors
    /// If the file cannot be used.
    pub async fn entries(&self, register: &str) -> Result<Vec<(String, Value)>, Error> {
        let mut books = self.begin().await?;
        let entries = books.entries(register).await?;
        books.commit().await?;
        Ok(entries)
    }

    /// Facts told and not yet [acknowledged](Self::acknowledged), at most as many as one look collects.
    ///
    /// # Errors
    /// If the file cannot be used.
    pub async fn untold(&self) -> Result<Vec<Fact>, Error> {
        let mut books = self.begin().await?;
        let facts = books.untold().await?;
        books.commit().await?;
        Ok(facts)
    }

    /// These facts are safely recorded elsewhere and need not be told again.
    ///
    /// # Errors
    /// If the file cannot be used.
    pub async fn acknowledged(&self, ids: &[[u8; 16]]) -> Result<(), Error> {
        let mut books = self.begin().await?;
        for id in ids {
            books.forget_fact(id).await?;
        }
        books.commit().await
    }

    /// How many effects stand in a ledger in memory: for tests, between calls.
    ///
    /// # Panics
    /// If the ledger is a file, or a transaction is under way.
    pub fn standing_in_memory(&self) -> usize {
        self.shelf.pages().effects().filter(|effect| effect.stands()).count()
    }
}

/// Append-only: a ledger made by an older version is opened by a newer one.
const TABLES: [&str; 2] = [
    "CREATE TABLE IF NOT EXISTS effect (
        number INTEGER PRIMARY KEY,
        call_id TEXT NOT NULL UNIQUE,
        act TEXT NOT NULL,
        subject TEXT NOT NULL,
        done_at_ms INTEGER NOT NULL,
        undone_at_ms INTEGER,
        same_as TEXT,
        fields TEXT NOT NULL,
        outputs TEXT NOT NULL
    )",
    "CREATE TABLE IF NOT EXISTS entry (
        register TEXT NOT NULL,
        key TEXT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (register, key)
    ) WITHOUT ROWID",
];
