//! A department that answers from a script keeps the promises of every department.

// A test that meets an error has failed, and unwrap says where.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use adapter::{
    Department,
    simulated::{Behaviours, Desk, Ledger, Script, ScriptFile},
    testing::{self, Trial},
};
use proto::bus::reply::Outcome;
use serde_json::json;
use service::clock::SystemClock;

const SCRIPT: &str = r#"
    [fire.InspectPremises]
    gives     = { number = "消检{serial}", premises = "{premises.address}", kinds = ["{premises.kind}"], passed = true }
    undone_by = "CancelInspection"
    refuse    = [{ path = "premises.floor", is = "-2", code = "FIRE-101", reason = "不得设在地下二层。", offline_route = "fire" }]

    [urban-management.RecordSignboard]
    gives    = { number = "{serial}" }
    takes_ms = [60000, 60000]
    stages   = ["审查"]
"#;

fn department(name: &str) -> (Department, Ledger) {
    let ledger = Ledger::in_memory();
    let desk = Desk::new(ledger.clone(), Behaviours::default(), Arc::new(SystemClock));
    (Script::parse(SCRIPT).unwrap().department(name, desk).expect("in the script"), ledger)
}

fn premises(floor: i64) -> serde_json::Value {
    json!({ "premises": { "address": "示例路1号", "kind": "餐饮", "floor": floor } })
}

/// Who tries a pack would otherwise see effects twice that a real department has once, and mistrust the pack.
#[tokio::test]
async fn a_scripted_department_keeps_every_promise() {
    let (fire, ledger) = department("fire");
    assert_eq!(fire.commands(), [("InspectPremises", Some("CancelInspection"))]);
    testing::act_twice_is_once(&fire, "InspectPremises", premises(1), || ledger.standing_in_memory()).await;
    let (fire, ledger) = department("fire");
    testing::compensate_twice_is_once(&fire, "InspectPremises", premises(1), || ledger.standing_in_memory()).await;
    let (fire, ledger) = department("fire");
    testing::compensate_then_act_is_refused(&fire, "InspectPremises", premises(1), || ledger.standing_in_memory())
        .await;
}

/// The steps that follow would otherwise be given marks instead of numbers and addresses.
#[tokio::test]
async fn the_marks_of_its_answers_are_filled() {
    let (fire, _ledger) = department("fire");
    let trial = Trial::of(fire);
    let told = trial.decided(&trial.step(1, "InspectPremises", &premises(1))).await;
    let expected = json!({ "number": "消检00000001", "premises": "示例路1号", "kinds": ["餐饮"], "passed": true });
    assert_eq!(told.sealed, expected);
}

/// Nobody could otherwise try what a pack does with a refusal, or with a command that lacks a field.
#[tokio::test]
async fn it_refuses_when_the_script_says_so_and_fails_where_a_field_is_missing() {
    let (fire, ledger) = department("fire");
    let trial = Trial::of(fire);
    let told = trial.decided(&trial.step(1, "InspectPremises", &premises(-2))).await;
    assert!(matches!(told.outcome, Some(Outcome::Refused(refused)) if refused.code == "FIRE-101"));
    let told = trial.decided(&trial.step(2, "InspectPremises", &json!({}))).await;
    assert!(matches!(told.outcome, Some(Outcome::Failed(failed)) if failed.code == "SCRIPT-FIELD"));
    assert_eq!(ledger.standing_in_memory(), 0);
}

/// A misspelt key would otherwise be a department that succeeds where its author wanted a refusal.
#[test]
fn a_script_that_says_what_no_script_is_is_refused() {
    for wrong in ["[fire]\nInspect = 1", "[fire.Inspect]\nrefused = []", "[fire.Inspect]\nundone_by = 3", "fire"] {
        assert!(Script::parse(wrong).is_err(), "{wrong}");
    }
    assert!(Script::parse(SCRIPT).unwrap().department("police", department_desk()).is_none());
}

fn department_desk() -> Desk {
    Desk::new(Ledger::in_memory(), Behaviours::default(), Arc::new(SystemClock))
}

/// Two packs that are tried together would otherwise change each other's departments without a word.
#[test]
fn two_scripts_may_share_a_department_but_not_a_command() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let mut script = Script::default();
    script.add_file(&file("one.toml", "[fire.Inspect]\ngives = {}")).unwrap();
    script.add_file(&file("two.toml", "[fire.Advise]\ngives = {}\n[market.Register]\ngives = {}")).unwrap();
    assert_eq!(script.departments().collect::<Vec<_>>(), ["fire", "market"]);
    let twice = script.add_file(&file("three.toml", "[fire.Advise]\ngives = {}"));
    assert!(matches!(twice, Err(ScriptFile::Twice { command, .. }) if command == "Advise"));
    let missing = script.add_file(&folder.path().join("none.toml"));
    assert!(matches!(missing, Err(ScriptFile::Unreadable { .. })));
}
