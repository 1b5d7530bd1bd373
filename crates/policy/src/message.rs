//! Messages to families and to those in charge: when one is due, its text, its length, what may not stand in it, and
//! when it may go out.
//!
//! ```text
//!   the saga's log ──> occasions() ──> due() ──> compose() ──> the fields of SendMessage
//!   (what happened)    (in words)      (which    (text, channels, provider forms; refuses what
//!                                       texts)    must never stand in a message)
//!                                                     not_before(): quiet hours and daily cap
//! ```
//!
//! `messages.toml` of a pack is the catalogue. Nothing here sends, and nothing here reads a clock.

pub mod compose;
pub mod forbidden;
pub mod occasion;
pub mod providers;
pub mod segments;
pub mod template;
pub mod timing;
pub mod variable;

pub use compose::{ComposeError, compose, render, signed};
pub use occasion::{Due, Moment, Occasion, due, occasions, told_by};
pub use providers::{Provider, provider_form};
pub use segments::{Lengths, UNITS_ALONE_MAX, UNITS_PER_PART_MAX, lengths, segments, units};
pub use template::{Channel, Condition, Recipient, Template};
pub use timing::not_before;
pub use variable::{Kind, Variable};
