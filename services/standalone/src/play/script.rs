//! The script of an example: acts in their order, and the end that they lead to.

use std::{collections::BTreeSet, fs, path::Path};

use proto::v1::{CaseState, StepState};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{client::Role, program::Failure};

/// What is played after a form was filed.
#[derive(Debug)]
pub struct Script {
    /// How every case of the application ends.
    pub ends: CaseState,
    /// The codes that stand in its steps at the end, all of them.
    pub reasons: BTreeSet<String>,
    /// What persons do, one after the other.
    pub acts: Vec<Act>,
}

/// What a person does, as soon as it is possible. `child` is the order of the child whose case is meant.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    /// Answers a task when it is open.
    Task {
        /// The task's step.
        step: String,
        /// In which role.
        role: Role,
        /// The person's number; by default the form's.
        id_number: Option<String>,
        /// How; by default the task's first way.
        method: Option<String>,
        /// Says no.
        decline: bool,
        /// The corrected fields, for a correction.
        correct: Map<String, Value>,
        /// Whose.
        child: u32,
    },
    /// Waits until a step stands so.
    Step {
        /// Which.
        step: String,
        /// How.
        state: StepState,
        /// Whose.
        child: u32,
    },
    /// Pays the premium when it is due.
    Pay {
        /// Whose.
        child: u32,
    },
    /// The applicant withdraws the application.
    Withdraw,
    /// A death is reported.
    Bereavement {
        /// By whom: `applicant`, `father`, `clerk`, `health`.
        reported_by: String,
        /// The child, where the report names one.
        child: Option<u32>,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    ends: String,
    #[serde(default)]
    reasons: BTreeSet<String>,
    #[serde(default)]
    acts: Vec<Line>,
}

/// One act as written: exactly one of its verbs.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    wait_for_task: Option<String>,
    #[serde(rename = "as")]
    role: Option<String>,
    id_number: Option<String>,
    method: Option<String>,
    #[serde(default)]
    decline: bool,
    #[serde(default)]
    correct: Map<String, Value>,
    wait_for_step: Option<StepLine>,
    pay: Option<ChildLine>,
    withdraw: Option<Nothing>,
    bereavement: Option<BereavementLine>,
    #[serde(default = "first")]
    child: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StepLine {
    step: String,
    state: String,
    #[serde(default = "first")]
    child: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ChildLine {
    #[serde(default = "first")]
    child: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BereavementLine {
    reported_by: String,
    child: Option<u32>,
}

fn first() -> u32 {
    1
}

impl Script {
    /// Reads a script.
    ///
    /// # Errors
    /// [`Failure::Usage`] with the place, if the file cannot be read or says what cannot be played.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let named = path.display().to_string();
        let text = fs::read_to_string(path)
            .map_err(|error| Failure::Usage(format!("{named}: 无法读取剧本 / the script cannot be read: {error}")))?;
        Self::parse(&text).map_err(|what| Failure::Usage(format!("{named}: {what}")))
    }

    fn parse(text: &str) -> Result<Self, String> {
        let file: File = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let ends = CaseState::from_str_name(&constant("CASE_STATE", &file.ends))
            .ok_or_else(|| format!("没有这种结果 / no such end: {}", file.ends))?;
        let acts = (1..).zip(file.acts).map(|(at, line)| {
            line.act().map_err(|what| format!("第{at}个动作有误 / act {at} cannot be played: {what}"))
        });
        Ok(Self { ends, reasons: file.reasons, acts: acts.collect::<Result<_, _>>()? })
    }
}

impl Line {
    fn act(self) -> Result<Act, String> {
        let child = self.child;
        match (self.wait_for_task, self.wait_for_step, self.pay, self.withdraw, self.bereavement) {
            (Some(step), None, None, None, None) => {
                let role = match self.role.as_deref() {
                    Some("applicant") => Role::Applicant,
                    Some("father") => Role::Father,
                    Some("clerk") => Role::Clerk,
                    Some(_) | None => return Err("\"as\": applicant, father, clerk".to_owned()),
                };
                let (id_number, method, decline, correct) = (self.id_number, self.method, self.decline, self.correct);
                Ok(Act::Task { step, role, id_number, method, decline, correct, child })
            }
            (None, Some(line), None, None, None) => {
                let state = StepState::from_str_name(&constant("STEP_STATE", &line.state))
                    .ok_or_else(|| format!("没有这种状态 / no such state: {}", line.state))?;
                Ok(Act::Step { step: line.step, state, child: line.child })
            }
            (None, None, Some(line), None, None) => Ok(Act::Pay { child: line.child }),
            (None, None, None, Some(Nothing {}), None) => Ok(Act::Withdraw),
            (None, None, None, None, Some(line)) => {
                Ok(Act::Bereavement { reported_by: line.reported_by, child: line.child })
            }
            _ => Err("wait_for_task | wait_for_step | pay | withdraw | bereavement".to_owned()),
        }
    }
}

/// `partially-completed` as protobuf spells it.
fn constant(prefix: &str, name: &str) -> String {
    format!("{prefix}_{}", name.to_ascii_uppercase().replace('-', "_"))
}

/// The end as scripts spell it.
pub(super) fn name(state: CaseState) -> &'static str {
    match state {
        CaseState::Unspecified => "unspecified",
        CaseState::Running => "running",
        CaseState::Completed => "completed",
        CaseState::PartiallyCompleted => "partially-completed",
        CaseState::Offline => "offline",
        CaseState::Rejected => "rejected",
        CaseState::Expired => "expired",
        CaseState::Withdrawn => "withdrawn",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// If this fails, a script that is misspelt is played without the act that matters.
    #[test]
    fn what_cannot_be_played_is_refused() {
        for wrong in [
            r#"{"ends": "finished"}"#,
            r#"{"ends": "completed", "act": []}"#,
            r#"{"ends": "completed", "acts": [{"wait_for_task": "signature"}]}"#,
            r#"{"ends": "completed", "acts": [{"pay": {}, "withdraw": {}}]}"#,
            r#"{"ends": "completed", "acts": [{"wait_for_step": {"step": "card", "state": "made"}}]}"#,
            r#"{"ends": "completed", "acts": [{}]}"#,
        ] {
            assert!(Script::parse(wrong).is_err(), "{wrong}");
        }
    }

    /// If this fails, acts mean something else than the examples say.
    #[test]
    fn acts_are_read_as_they_are_written() {
        let script = Script::parse(
            r#"{"ends": "partially-completed", "reasons": ["HRS-801"], "acts": [
                {"wait_for_task": "father-authorisation", "as": "father", "method": "face"},
                {"wait_for_step": {"step": "enrolment", "state": "succeeded"}},
                {"pay": {"child": 2}}, {"withdraw": {}}]}"#,
        )
        .expect("a script");
        assert_eq!(script.ends, CaseState::PartiallyCompleted);
        assert!(
            matches!(&script.acts[0], Act::Task { role: Role::Father, method: Some(how), child: 1, .. } if how == "face")
        );
        assert_eq!(script.acts[2..], [Act::Pay { child: 2 }, Act::Withdraw]);
    }

    /// If this fails, the first thing that a newcomer tries is refused.
    #[test]
    fn every_shipped_example_is_a_sound_form_with_a_script() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/applications");
        let packs = policy::Packs::shipped();
        let blind = vault::MasterKey::generate().blind_index();
        let mut ends = BTreeSet::new();
        for entry in fs::read_dir(folder).expect("the examples") {
            let path = entry.expect("a file").path();
            let named = path.display().to_string();
            if named.ends_with(".acts.json") {
                continue;
            }
            let request = crate::client::read_form(&path).unwrap_or_else(|failure| panic!("{named}: {failure:?}"));
            let now_ms = jiff::Timestamp::now().as_millisecond();
            let parsed = orchestrator::inbound::form::parse(request, 0, &packs, &blind, now_ms);
            assert!(parsed.is_ok(), "{named}: {:?}", parsed.err());
            let script =
                Script::read(&path.with_extension("acts.json")).unwrap_or_else(|failure| panic!("{failure:?}"));
            ends.insert(name(script.ends));
        }
        let all = ["completed", "expired", "offline", "partially-completed", "rejected", "withdrawn"];
        assert_eq!(ends, BTreeSet::from(all), "every end is shown by an example");
    }

    /// If this fails, the example of an expiry cannot be watched.
    #[test]
    fn the_quick_pack_is_a_sound_pack() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/policies");
        let packs = policy::Packs::load_folder(&folder).expect("no problems");
        assert!(packs.get("anhui-quick").is_some());
    }
}
