//! The effect of a local handler: statements that commit together with the inbox and the reply.

use crate::{Reply, Undone};

/// One value bound to a statement.
#[derive(Clone, PartialEq)]
pub enum Bind {
    /// NULL.
    Null,
    /// An integer.
    Integer(i64),
    /// Text.
    Text(String),
    /// Bytes.
    Blob(Vec<u8>),
}

/// One statement of the department's own, run in the inbox's transaction.
#[derive(Clone, PartialEq)]
pub struct Statement {
    pub(crate) sql: &'static str,
    pub(crate) binds: Vec<Bind>,
}

impl Statement {
    /// A statement with its values, bound in order to `?`.
    pub fn new(sql: &'static str, binds: impl IntoIterator<Item = Bind>) -> Self {
        Self { sql, binds: binds.into_iter().collect() }
    }
}

/// What a local handler wants done in the transaction that records its reply: all of it or nothing.
#[derive(Default)]
pub struct Effects {
    pub(crate) statements: Vec<Statement>,
    pub(crate) in_memory: Vec<Box<dyn FnOnce() + Send>>,
}

impl Effects {
    /// No effect.
    pub fn none() -> Self {
        Self::default()
    }

    /// Adds a statement, which the SQLite inbox runs.
    pub fn statement(mut self, statement: Statement) -> Self {
        self.statements.push(statement);
        self
    }

    /// Adds the same effect for the memory inbox, which runs it when it commits.
    pub fn in_memory(mut self, effect: impl FnOnce() + Send + 'static) -> Self {
        self.in_memory.push(Box::new(effect));
        self
    }

    /// True if nothing is to be done.
    pub fn is_empty(&self) -> bool {
        self.statements.is_empty() && self.in_memory.is_empty()
    }

    pub(crate) fn append(&mut self, mut other: Effects) {
        self.statements.append(&mut other.statements);
        self.in_memory.append(&mut other.in_memory);
    }
}

/// What a local handler answers, and the effect that commits with it.
pub struct Local<Output> {
    pub(crate) reply: Reply<Output>,
    pub(crate) effects: Effects,
}

impl<Output> Local<Output> {
    /// An answer with its effect.
    pub fn new(reply: Reply<Output>, effects: Effects) -> Self {
        Self { reply, effects }
    }
}

/// What a local undo handler answers, and the effect that commits with it.
pub struct LocalUndone {
    pub(crate) undone: Undone,
    pub(crate) effects: Effects,
}

impl LocalUndone {
    /// An answer with its effect.
    pub fn new(undone: Undone, effects: Effects) -> Self {
        Self { undone, effects }
    }
}
