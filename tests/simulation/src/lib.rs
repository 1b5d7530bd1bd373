//! Worlds: the real core, coordinator, adapter SDK and stores in memory, under virtual time, on a carrier that loses,
//! doubles, delays and reorders, with crashes after any commit and before any send. One seed, one world.
//!
//! ```text
//!   family, operator ──> Coordinator ──> WorldStore (memory)
//!                           │   ^
//!                     air: loss, doubling, delay
//!                           v   │
//!                        Runtime (SDK) ──> MemoryInbox, Desk with its ledger
//! ```
//!
//! [`World`] runs; [`judge`] says at the end whether a family was wronged. A [`Mutation`] breaks one rule of the protocol
//! on purpose, to show that the judges see it.

pub mod departments;
pub mod inbox;
pub mod judge;
pub mod store;
pub mod world;

pub use world::{Chaos, World};

/// One rule of the protocol broken on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mutation {
    /// One that the SDK breaks.
    Adapter(adapter::Mutation),
    /// A department's act has its effect each time it is called.
    ActNotIdempotent,
    /// A case turns back while the pivot's answer is out: its cancellation is taken as answered.
    CompensationWhileThePivotIsOut,
    /// Two orchestrators write over each other: a saga's version is not compared.
    NoVersionCheck,
    /// A command that is lost is not sent again.
    NoResend,
    /// What was accepted is not asked about.
    NoAskingAfterAccepted,
    /// An act in doubt is taken as not done.
    InDoubtTakenAsNotDone,
    /// A compensation that failed is taken as done.
    FailedCompensationTakenAsDone,
    /// The answer to an old revision counts for the newest.
    OldRevisionCounts,
    /// Commands are sent while the case is frozen.
    SendingWhileFrozen,
    /// Deadlines fire before the replies that were there in time are read.
    DeadlinesBeforeReplies,
    /// A reply is acknowledged before what it states is committed, and nobody asks again.
    AcknowledgingBeforeCommit,
    /// A row of what is awaited is not written.
    ForgettingThePendingRow,
}
