//! What the simulated departments share: a ledger of their own, delays and faults on request, and magic values.
//!
//! A simulated department stands for the department's own system and is reached as *remote*: each of its functions is
//! a call under an idempotency key, which may be slow, refused, lost or answered days later. It is written against a
//! [`Desk`], which does for every command what any careful system does (the same key, the same effect and the same
//! answer) and what a careless world does to it ([`Behaviour`]). What the department decides is its own code.
//!
//! ```
//! use std::sync::Arc;
//!
//! use adapter::{Reply, Unknown, simulated::{Behaviours, Desk, Ended, Ledger, answer}};
//! use serde_json::json;
//! use service::clock::SystemClock;
//!
//! async fn register_guidance(desk: &Desk, key: &str, child: &str) -> Result<Reply<String>, Ended<String>> {
//!     let sitting = desk.sit("RegisterGuidance", key, child, &json!({ "child": child })).await?;
//!     let mut sitting = sitting.waited(&[]).await?; // Accepted, until the behaviour's time is over
//!     if child.is_empty() {
//!         return sitting.refuse("HLT-901", "未找到该儿童。", "health-commission").await;
//!     }
//!     let number = sitting.books().next("guidance-number").await?;
//!     sitting.succeed(format!("YE{number:08}")).await // effect and answer in one transaction
//! }
//!
//! # tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(async {
//! let desk = Desk::new(Ledger::in_memory(), Behaviours::default(), Arc::new(SystemClock));
//! let reply: Result<Reply<String>, Unknown> = answer(register_guidance(&desk, "00ff", "例安").await);
//! assert_eq!(reply, Ok(Reply::succeeded("YE00000001".to_owned())));
//! assert_eq!(desk.ledger().standing_in_memory(), 1);
//! # });
//! ```
//!
//! Nothing here sleeps, draws random numbers or reads the machine's clock: under virtual time a world replays exactly.

mod behaviour;
mod books;
mod desk;
mod ledger;
pub mod magic;
pub mod records;
mod scripted;
mod undoing;

pub use behaviour::{Behaviour, BehaviourFile, Behaviours, Correction, Failing, Retrying};
pub use books::Books;
pub use desk::{Desk, Ended, Sitting, answer};
pub use ledger::{Effect, Error, Ledger};
pub use scripted::{Script, ScriptFile};
pub use undoing::{BegunUndoing, Undoing};
