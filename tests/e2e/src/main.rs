//! The `yijian` program, built with these tests so that they can start it.

use std::process::ExitCode;

use clap::Parser;
use standalone::{Program, program};

#[tokio::main]
async fn main() -> ExitCode {
    program::run(Program::parse()).await
}
