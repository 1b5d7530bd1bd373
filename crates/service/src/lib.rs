//! How every binary starts and stops: what it is configured with, where it writes what it does, which folder is its own,
//! where it listens, whether it is ready, and how it ends.
//!
//! In the order of a start: [`config::load`], [`telemetry::start`], [`data_folder::DataFolder::open`],
//! [`loopback::require`], [`health::Health`], [`shutdown::Shutdown`]. What an operator may see go wrong has an
//! [`error_code::ErrorCode`] with a page in `docs/errors`.
//!
//! Nothing here knows of sagas, departments or the bus.

pub mod clock;
pub mod config;
pub mod data_folder;
pub mod error_code;
pub mod health;
pub mod loopback;
pub mod shutdown;
pub mod telemetry;
