//! The orchestrator: gRPC in, commands out, every application a durable saga.
//!
//! ```text
//!  platform  -- gRPC --> inbound/grpc      \
//!  reply, notice - bus -> inbound/bus       >-> coordinator -> store (one transaction) -> outbound relay -> bus
//!  silence   -- clock -> inbound/deadlines /
//! ```

pub mod coordinator;
pub mod definitions;
pub mod downtime;
pub mod fold;
pub mod inbound;
pub mod limits;
pub mod outbound;
pub mod pages;
pub mod secrets;
pub mod start;
pub mod store;
pub mod watch;

pub use start::{Ingredients, Orchestrator};
