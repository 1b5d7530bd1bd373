//! The programs that run as processes of their own beside a real Kafka: orchestrator and adapters.
//!
//! They belong to other packages, so cargo does not tell these tests where they are; it is asked to build them, which
//! costs little where they are built already, and says where it has put them.

use std::{collections::BTreeMap, path::PathBuf};

use anyhow::Context;
use tokio::process::Command;

/// Builds these packages' programs and answers where each lies, by its name.
///
/// # Errors
/// If cargo fails: with what it says.
pub async fn build(packages: &[&str]) -> anyhow::Result<BTreeMap<String, PathBuf>> {
    // Cargo names itself to the tests that it runs.
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["build", "--bins", "--message-format", "json"]);
    command.args(packages.iter().flat_map(|package| ["--package", package]));
    let output = command.output().await.context("run cargo")?;
    anyhow::ensure!(output.status.success(), "cargo build: {}", String::from_utf8_lossy(&output.stderr));
    let mut programs = BTreeMap::new();
    for line in String::from_utf8(output.stdout)?.lines() {
        let message: serde_json::Value = serde_json::from_str(line).context("read what cargo says")?;
        if let (Some(path), Some(name)) = (message["executable"].as_str(), message["target"]["name"].as_str()) {
            programs.insert(name.to_owned(), PathBuf::from(path));
        }
    }
    Ok(programs)
}
