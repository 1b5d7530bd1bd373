//! The tests of the core: stories, properties over random sagas, and saved histories that must replay for ever.
#![allow(clippy::unwrap_used, missing_docs, unreachable_pub)]

mod case;
mod definitions;
mod draft;
mod histories;
mod property;
mod stories;
