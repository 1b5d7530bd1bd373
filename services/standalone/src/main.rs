//! The `yijian` program: everything in one process by default, and the commands that speak to it.

use std::process::ExitCode;

use clap::Parser;
use mimalloc::MiMalloc;
use standalone::{Program, program};

// Tens of thousands of small allocations per saga, across threads: the system's allocator costs a fifth of the whole.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    program::run(Program::parse()).await
}
