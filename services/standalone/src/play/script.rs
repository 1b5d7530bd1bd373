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
    /// The messages to the family in the order in which they were called for, in groups within which the order is open;
    /// `None` where the script does not say.
    pub messages: Option<Vec<Vec<String>>>,
    /// What persons do, one after the other.
    pub acts: Vec<Act>,
}

/// What a person does, as soon as it is possible. `child` is the order of the child whose case is meant.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    /// Answers a task when it is open.
    Task(Answer),
    /// Waits until a step stands so.
    Step {
        /// Which.
        step: String,
        /// How.
        state: StepState,
        /// Whose.
        child: u32,
    },
    /// Pays a premium.
    Pay(Payment),
    /// Waits until every case has ended.
    End,
    /// Begins a procedure that follows the case.
    Follow(Follow),
    /// Waits until a procedure has ended so.
    Procedure {
        /// Which, by the pack's name for it.
        procedure: String,
        /// How.
        state: CaseState,
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

/// The answer to a task.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The task's step.
    pub step: String,
    /// Of which procedure that follows the case; `None`: of the case itself.
    pub procedure: Option<String>,
    /// In which role.
    pub role: Role,
    /// The person's number, or the officer's; by default the form's.
    pub person: Option<String>,
    /// How; by default the task's first way.
    pub method: Option<String>,
    /// Says no.
    pub decline: bool,
    /// The corrected fields, for a correction.
    pub correct: Map<String, Value>,
    /// What the person decides.
    pub fields: Map<String, Value>,
    /// Whose.
    pub child: u32,
}

/// A premium that is paid.
#[derive(Clone, Debug, PartialEq)]
pub struct Payment {
    /// Whose.
    pub child: u32,
    /// When it was paid by the bank's list, `2026-05-31T10:00`; `None`: now.
    pub paid_at: Option<String>,
    /// Paid although nothing is due; otherwise as soon as something is.
    pub unasked: bool,
}

/// A procedure that is begun on a case.
#[derive(Clone, Debug, PartialEq)]
pub struct Follow {
    /// By the pack's name for it.
    pub procedure: String,
    /// The corrected facts.
    pub corrections: Map<String, Value>,
    /// What is asked for.
    pub request: Map<String, Value>,
    /// Why, for the record.
    pub reason: String,
    /// In which role.
    pub role: Role,
    /// The person's number, or the officer's; by default the form's.
    pub person: Option<String>,
    /// Whose case.
    pub child: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    ends: String,
    #[serde(default)]
    reasons: BTreeSet<String>,
    messages: Option<Vec<Group>>,
    #[serde(default)]
    acts: Vec<Line>,
}

/// One message, or several in whatever order.
#[derive(Deserialize)]
#[serde(untagged)]
enum Group {
    One(String),
    Several(Vec<String>),
}

/// One act as written: exactly one of its verbs.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    wait_for_task: Option<String>,
    procedure: Option<String>,
    #[serde(rename = "as")]
    role: Option<String>,
    id_number: Option<String>,
    officer: Option<String>,
    method: Option<String>,
    #[serde(default)]
    decline: bool,
    #[serde(default)]
    correct: Map<String, Value>,
    #[serde(default)]
    fields: Map<String, Value>,
    wait_for_step: Option<StepLine>,
    wait_for_end: Option<Nothing>,
    wait_for_procedure: Option<ProcedureLine>,
    start_procedure: Option<FollowLine>,
    pay: Option<PayLine>,
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
struct ProcedureLine {
    procedure: String,
    state: String,
    #[serde(default = "first")]
    child: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FollowLine {
    procedure: String,
    #[serde(default)]
    corrections: Map<String, Value>,
    #[serde(default)]
    request: Map<String, Value>,
    #[serde(default)]
    reason: String,
    #[serde(rename = "as")]
    role: String,
    officer: Option<String>,
    #[serde(default = "first")]
    child: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PayLine {
    #[serde(default = "first")]
    child: u32,
    paid_at: Option<String>,
    #[serde(default)]
    unasked: bool,
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
        let acts = (1..).zip(file.acts).map(|(at, line)| {
            line.act().map_err(|what| format!("第{at}个动作有误 / act {at} cannot be played: {what}"))
        });
        let acts = acts.collect::<Result<_, _>>()?;
        let messages = file.messages.map(|groups| groups.into_iter().map(Group::messages).collect());
        Ok(Self { ends: case_state(&file.ends)?, reasons: file.reasons, messages, acts })
    }
}

impl Group {
    fn messages(self) -> Vec<String> {
        match self {
            Group::One(message) => vec![message],
            Group::Several(messages) => messages,
        }
    }
}

/// What an act may be.
const VERBS: &str = "wait_for_task | wait_for_step | wait_for_end | wait_for_procedure | start_procedure | pay | withdraw | bereavement";

impl Line {
    fn act(self) -> Result<Act, String> {
        let verbs = [
            self.wait_for_task.is_some(),
            self.wait_for_step.is_some(),
            self.wait_for_end.is_some(),
            self.wait_for_procedure.is_some(),
            self.start_procedure.is_some(),
            self.pay.is_some(),
            self.withdraw.is_some(),
            self.bereavement.is_some(),
        ];
        if verbs.into_iter().filter(|said| *said).count() != 1 {
            return Err(VERBS.to_owned());
        }
        if let Some(line) = self.wait_for_step {
            let state = StepState::from_str_name(&constant("STEP_STATE", &line.state))
                .ok_or_else(|| format!("没有这种状态 / no such state: {}", line.state))?;
            return Ok(Act::Step { step: line.step, state, child: line.child });
        }
        if let Some(line) = self.wait_for_procedure {
            let state = case_state(&line.state)?;
            return Ok(Act::Procedure { procedure: line.procedure, state, child: line.child });
        }
        if let Some(line) = self.start_procedure {
            return line.act();
        }
        if let Some(PayLine { child, paid_at, unasked }) = self.pay {
            return Ok(Act::Pay(Payment { child, paid_at, unasked }));
        }
        if let Some(line) = self.bereavement {
            return Ok(Act::Bereavement { reported_by: line.reported_by, child: line.child });
        }
        if self.withdraw.is_some() {
            return Ok(Act::Withdraw);
        }
        let Some(step) = self.wait_for_task else { return Ok(Act::End) };
        let role = role(self.role.as_deref().unwrap_or_default())?;
        Ok(Act::Task(Answer {
            step,
            procedure: self.procedure,
            person: person(role, self.officer.or(self.id_number))?,
            role,
            method: self.method,
            decline: self.decline,
            correct: self.correct,
            fields: self.fields,
            child: self.child,
        }))
    }
}

impl FollowLine {
    fn act(self) -> Result<Act, String> {
        let role = role(&self.role)?;
        Ok(Act::Follow(Follow {
            procedure: self.procedure,
            corrections: self.corrections,
            request: self.request,
            reason: self.reason,
            person: person(role, self.officer)?,
            role,
            child: self.child,
        }))
    }
}

fn role(name: &str) -> Result<Role, String> {
    match name {
        "applicant" => Ok(Role::Applicant),
        "father" => Ok(Role::Father),
        "clerk" => Ok(Role::Clerk),
        _ => Err("\"as\": applicant, father, clerk".to_owned()),
    }
}

/// A clerk is not in the form: who acts must be said.
fn person(role: Role, named: Option<String>) -> Result<Option<String>, String> {
    if role == Role::Clerk && named.is_none() {
        return Err("\"officer\": 经办人的工号 / which clerk acts".to_owned());
    }
    Ok(named)
}

fn case_state(name: &str) -> Result<CaseState, String> {
    CaseState::from_str_name(&constant("CASE_STATE", name)).ok_or_else(|| format!("没有这种结果 / no such end: {name}"))
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
            r#"{"ends": "completed", "acts": [{"wait_for_task": "approval", "as": "clerk"}]}"#,
            r#"{"ends": "completed", "acts": [{"start_procedure": {"procedure": "correction"}}]}"#,
            r#"{"ends": "completed", "acts": [{"wait_for_procedure": {"procedure": "correction", "state": "made"}}]}"#,
            r#"{"ends": "completed", "acts": [{"pay": {"paid": "2026-05-31T10:00"}}]}"#,
            r#"{"ends": "completed", "messages": [1]}"#,
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
                {"wait_for_task": "approval", "procedure": "recalculation", "as": "clerk", "officer": "C-3",
                 "fields": {"amount_fen": 1}},
                {"pay": {"child": 2, "paid_at": "2026-05-31T10:00"}}, {"withdraw": {}},
                {"start_procedure": {"procedure": "correction", "corrections": {"child.name": "例新"}, "as": "applicant"}},
                {"wait_for_procedure": {"procedure": "correction", "state": "completed"}}],
                "messages": ["N01", ["N11", "N13"]]}"#,
        )
        .expect("a script");
        assert_eq!(script.ends, CaseState::PartiallyCompleted);
        assert!(matches!(&script.acts[0], Act::Task(Answer { role: Role::Father, method: Some(how), child: 1, .. })
            if how == "face"));
        assert!(
            matches!(&script.acts[2], Act::Task(Answer { role: Role::Clerk, person: Some(who), procedure: Some(_), .. })
            if who == "C-3")
        );
        let paid_at = Some("2026-05-31T10:00".to_owned());
        assert_eq!(script.acts[3..5], [Act::Pay(Payment { child: 2, paid_at, unasked: false }), Act::Withdraw]);
        assert!(matches!(&script.acts[5], Act::Follow(follow) if follow.corrections.contains_key("child.name")));
        let groups = [vec!["N01".to_owned()], vec!["N11".to_owned(), "N13".to_owned()]];
        assert_eq!(script.messages.as_deref(), Some(&groups[..]));
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
