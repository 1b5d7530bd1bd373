//! The shapes of a department's functions, as traits that ordinary `async fn`s fulfil.
//!
//! The traits exist only because a plain `Fn` bound cannot say "an async function that borrows its first argument and
//! whose future may move between threads". Nobody implements them by hand.

use std::future::Future;

use crate::{Call, Fact, Reply, Stopped, Undo, Undone, Unknown};

/// `async fn(&System, Fields, Call) -> Result<Reply<Output>, Unknown>`.
pub trait ActFunction<'a, System, Fields, Output>: Send + Sync {
    /// What the function returns when called.
    type Running: Future<Output = Result<Reply<Output>, Unknown>> + Send + 'a;
    /// Calls it.
    fn call(&self, system: &'a System, fields: Fields, call: Call) -> Self::Running;
}

impl<'a, System: 'a, Fields, Output, F, R> ActFunction<'a, System, Fields, Output> for F
where
    F: Fn(&'a System, Fields, Call) -> R + Send + Sync,
    R: Future<Output = Result<Reply<Output>, Unknown>> + Send + 'a,
{
    type Running = R;
    fn call(&self, system: &'a System, fields: Fields, call: Call) -> R {
        self(system, fields, call)
    }
}

/// `async fn(&System, Undo<Fields, Output>, Call) -> Result<Undone, Unknown>`.
pub trait UndoFunction<'a, System, Fields, Output>: Send + Sync {
    /// What the function returns when called.
    type Running: Future<Output = Result<Undone, Unknown>> + Send + 'a;
    /// Calls it.
    fn call(&self, system: &'a System, undo: Undo<Fields, Output>, call: Call) -> Self::Running;
}

impl<'a, System: 'a, Fields, Output, F, R> UndoFunction<'a, System, Fields, Output> for F
where
    F: Fn(&'a System, Undo<Fields, Output>, Call) -> R + Send + Sync,
    R: Future<Output = Result<Undone, Unknown>> + Send + 'a,
{
    type Running = R;
    fn call(&self, system: &'a System, undo: Undo<Fields, Output>, call: Call) -> R {
        self(system, undo, call)
    }
}

/// `async fn(&System, Fields, Call) -> Result<Stopped, Unknown>`.
pub trait StopFunction<'a, System, Fields>: Send + Sync {
    /// What the function returns when called.
    type Running: Future<Output = Result<Stopped, Unknown>> + Send + 'a;
    /// Calls it.
    fn call(&self, system: &'a System, fields: Fields, call: Call) -> Self::Running;
}

impl<'a, System: 'a, Fields, F, R> StopFunction<'a, System, Fields> for F
where
    F: Fn(&'a System, Fields, Call) -> R + Send + Sync,
    R: Future<Output = Result<Stopped, Unknown>> + Send + 'a,
{
    type Running = R;
    fn call(&self, system: &'a System, fields: Fields, call: Call) -> R {
        self(system, fields, call)
    }
}

/// `async fn(&System) -> Result<Vec<Fact>, Unknown>`.
pub trait NoticesFunction<'a, System>: Send + Sync {
    /// What the function returns when called.
    type Running: Future<Output = Result<Vec<Fact>, Unknown>> + Send + 'a;
    /// Calls it.
    fn call(&self, system: &'a System) -> Self::Running;
}

impl<'a, System: 'a, F, R> NoticesFunction<'a, System> for F
where
    F: Fn(&'a System) -> R + Send + Sync,
    R: Future<Output = Result<Vec<Fact>, Unknown>> + Send + 'a,
{
    type Running = R;
    fn call(&self, system: &'a System) -> R {
        self(system)
    }
}

/// `async fn(&System, Vec<[u8; 16]>) -> Result<(), Unknown>`.
pub trait AcknowledgedFunction<'a, System>: Send + Sync {
    /// What the function returns when called.
    type Running: Future<Output = Result<(), Unknown>> + Send + 'a;
    /// Calls it.
    fn call(&self, system: &'a System, ids: Vec<[u8; 16]>) -> Self::Running;
}

impl<'a, System: 'a, F, R> AcknowledgedFunction<'a, System> for F
where
    F: Fn(&'a System, Vec<[u8; 16]>) -> R + Send + Sync,
    R: Future<Output = Result<(), Unknown>> + Send + 'a,
{
    type Running = R;
    fn call(&self, system: &'a System, ids: Vec<[u8; 16]>) -> R {
        self(system, ids)
    }
}
