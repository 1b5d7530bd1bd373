//! Everything in one process on embedded defaults, and the commands of the `yijian` program.
//!
//! ```text
//!   yijian [serve]   orchestrator + simulated departments + pages + synthetic families     serve, departments, families
//!   yijian submit …  an ordinary gRPC client of a running server                           client, play
//!   yijian policy …  what a pack says and would decide, without a server                   law
//!   yijian bench     load, measured                                                        bench
//! ```
//!
//! This crate only puts together what the others make; a rule that matters to a saga has no place here.

pub mod program;

pub mod serve;

pub mod departments;

pub mod counter;

pub mod families;

pub mod client;

pub mod play;

pub mod law;

pub mod bench;

pub use program::Program;
pub use serve::{Serving, Settings};
