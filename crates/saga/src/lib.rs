//! The core: what a saga is, and what follows from an input.
//!
//! ```text
//!   Definition ──┐
//!   Saga ────────┼──> decide ──> events ──> apply ──> Saga
//!   Input, now ──┘                 │
//!                                  └──> pending: commands to send, tasks to answer, deadlines to watch
//! ```
//!
//! The coordinator calls [`decide()`], stores the events and projects [`pending()`] from the saga; nobody else changes a
//! saga. This crate has no clock, no randomness, no input or output, and knows no department, no law and no person.

pub mod decide;
pub mod definition;
pub mod event;
pub mod input;
pub mod legal;
pub mod limits;
pub mod message;
pub mod pending;
pub mod record;
pub mod state;

pub use decide::{Decision, decide};
pub use definition::{Cause, Definition, Step, StepIndex};
pub use event::{Actor, Event, Fact};
pub use input::{Answer, Explained, Input, Objection, Outcome, Reason};
pub use message::{MessageIndex, MessageRun, MessageStatus};
pub use pending::{Pending, PendingKind, pending};
pub use state::{End, Saga, Status};
