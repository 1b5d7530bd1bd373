//! Policy packs, and the law as pure functions over facts.
//!
//! ```text
//!   deploy/policies/<pack>/{pack,saga,messages}.toml ──> Pack ──> saga::Definition   (what the core runs)
//!                                                         │
//!   facts of one case (opened JSON) ──> facts::compose ───┼──> the fields of one command
//!                                  └──> rules::decide ────┼──> yes, or no with every reason
//!                                  └──> message::compose ─┘──> a text for the family
//! ```
//!
//! The coordinator opens the facts and calls these functions; the core never sees a person. Nothing here reads a clock
//! or the network, and only [`Pack::load`] and [`Packs::load_folder`] read files. Nothing here logs.

pub mod advice;
pub mod calendar;
pub mod case;
pub mod check;
pub mod decision;
pub mod diff;
pub mod facts;
pub mod law;
pub mod ledger;
pub mod legal_time;
pub mod message;
pub mod pack;
pub mod replay;
pub mod rules;
pub mod show;
pub mod step_times;

pub use calendar::Calendar;
pub use decision::{Decision, Outcome, Undecidable};
pub use diff::diff;
pub use message::Template;
pub use pack::{Explained, Form, OnNotice, Pack, Packs, Problem, Problems};
pub use replay::replay;
pub use rules::decide;
