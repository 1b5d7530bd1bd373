//! Departments that answer from a script: for who tries a policy pack before any of its departments has an adapter.
//!
//! A script is TOML: a table for each department's command, with what the command gives and, where it can be undone,
//! by which command. The departments keep ledgers like every simulated one, so each effect can be counted.
//!
//! ```
//! use adapter::simulated::Script;
//!
//! let script = Script::parse(r#"
//!     [fire.InspectPremises]
//!     gives     = { number = "消检{serial}", inspected_on = "{today}", premises = "{premises.address}" }
//!     undone_by = "CancelInspection"
//!     takes_ms  = [200, 800]
//!     stages    = ["现场检查", "审批"]
//!     refuse    = [{ path = "premises.floor", is = "-2", code = "FIRE-101", reason = "…", offline_route = "fire" }]
//! "#).expect("a script");
//! assert_eq!(script.departments().collect::<Vec<_>>(), ["fire"]);
//! ```
//!
//! In `gives`, `{serial}` is the department's next number, `{today}` the day of the call, `{now}` its minute, and any
//! other `{…}` the field of the command under that path. No script decides anything that a law decides.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use identifiers::LocalMinute;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::desk::{Desk, Ended, answer};
use crate::{Adapter, Call, Department, Reply, Retry, Stopped, Undo, Undone, Unknown};

/// The code of the answer where the script asks for a field that the command does not carry.
const CODE_FIELD: &str = "SCRIPT-FIELD";

/// What departments answer, by department and command.
#[derive(Clone, Debug, Default)]
pub struct Script(BTreeMap<String, BTreeMap<String, Arc<Answer>>>);

/// How one command is answered.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    /// The output, with marks.
    #[serde(default)]
    gives: Map<String, Value>,
    /// The command that undoes it.
    undone_by: Option<String>,
    /// From acceptance to result, in milliseconds.
    #[serde(default)]
    takes_ms: [u64; 2],
    /// What is told on the way.
    #[serde(default)]
    stages: Vec<String>,
    /// When it is refused; the first that holds counts.
    #[serde(default)]
    refuse: Vec<Refusal>,
}

/// A refusal, where the field under `path` is this text.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Refusal {
    path: String,
    is: String,
    code: String,
    reason: String,
    offline_route: String,
}

/// Why a script cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ScriptFile {
    /// It cannot be read.
    #[error("read the script in {file}")]
    Unreadable {
        /// The file.
        file: String,
        /// What the operating system says.
        #[source]
        source: std::io::Error,
    },
    /// It says what no script is.
    #[error("understand the script in {file}")]
    Wrong {
        /// The file.
        file: String,
        /// Which line, and why.
        #[source]
        source: Box<toml::de::Error>,
    },
    /// Two scripts answer the same command.
    #[error("department {department}: command {command} is answered by two scripts, the second is {file}")]
    Twice {
        /// The second file.
        file: String,
        /// The department.
        department: String,
        /// Its command.
        command: String,
    },
}

impl Script {
    /// Reads a script.
    ///
    /// # Errors
    /// With the line where it is wrong.
    pub fn parse(text: &str) -> Result<Self, toml::de::Error> {
        Ok(Self(toml::from_str(text)?))
    }

    /// Adds what a file says.
    ///
    /// # Errors
    /// If it cannot be read, is wrong, or answers a command that is answered already.
    pub fn add_file(&mut self, path: &Path) -> Result<(), ScriptFile> {
        let file = path.display().to_string();
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(source) => return Err(ScriptFile::Unreadable { file, source }),
        };
        let Self(more) = match Self::parse(&text) {
            Ok(script) => script,
            Err(source) => return Err(ScriptFile::Wrong { file, source: Box::new(source) }),
        };
        for (department, commands) in more {
            let known = self.0.entry(department.clone()).or_default();
            for (command, answer) in commands {
                if known.contains_key(&command) {
                    return Err(ScriptFile::Twice { file, department, command });
                }
                known.insert(command, answer);
            }
        }
        Ok(())
    }

    /// The departments that it has answers for.
    pub fn departments(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The department of this name at this desk; `None` where the script does not know it.
    pub fn department(&self, name: &str, desk: Desk) -> Option<Department> {
        let mut adapter = Adapter::for_department(name);
        for (command, scripted) in self.0.get(name)? {
            desk.behaviours().change(command, |behaviour| behaviour.finished_after_ms = scripted.takes_ms);
            adapter = adapter.remote(command.as_str(), acting(command, scripted)).stopped_by(stopping(command));
            if let Some(undo) = &scripted.undone_by {
                adapter = adapter.undone_by(undo.as_str(), undoing(undo));
            }
        }
        Some(adapter.serving(desk))
    }
}

type Running<T> = futures::future::BoxFuture<'static, Result<T, Unknown>>;

fn acting(
    command: &str,
    scripted: &Arc<Answer>,
) -> impl Fn(&Desk, Value, Call) -> Running<Reply<Value>> + Send + Sync + use<> {
    let (command, scripted) = (command.to_owned(), Arc::clone(scripted));
    move |desk, fields, call| {
        let (desk, command, scripted) = (desk.clone(), command.clone(), Arc::clone(&scripted));
        Box::pin(async move { answer(answered(&desk, &command, &scripted, &fields, &call).await) })
    }
}

fn undoing(command: &str) -> impl Fn(&Desk, Undo<Value, Value>, Call) -> Running<Undone> + Send + Sync + use<> {
    let command = command.to_owned();
    move |desk, undo, call| {
        let (desk, command) = (desk.clone(), command.clone());
        Box::pin(async move { desk.undo(&command, &undo.act_id, call.id()).await })
    }
}

fn stopping(command: &str) -> impl Fn(&Desk, Value, Call) -> Running<Stopped> + Send + Sync + use<> {
    let command = command.to_owned();
    move |desk, _fields, call| {
        let (desk, command) = (desk.clone(), command.clone());
        Box::pin(async move { desk.stop(&command, call.id()).await })
    }
}

async fn answered(
    desk: &Desk,
    command: &str,
    scripted: &Answer,
    fields: &Value,
    call: &Call,
) -> Result<Reply<Value>, Ended<Value>> {
    // A subject matters to corrections only, which no script asks for: each call is its own.
    let sitting = desk.sit(command, call.id(), call.id(), fields).await?;
    let stages: Vec<&str> = scripted.stages.iter().map(String::as_str).collect();
    let mut sitting = sitting.waited(&stages).await?;
    let holds = |refusal: &&Refusal| text_at(fields, &refusal.path).as_deref() == Some(&refusal.is);
    if let Some(refusal) = scripted.refuse.iter().find(holds) {
        return sitting.refuse(&refusal.code, &refusal.reason, &refusal.offline_route).await;
    }
    let serial = sitting.books().next(command).await?;
    let minute = jiff::Timestamp::from_millisecond(sitting.now_ms()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    let minute = LocalMinute::from_timestamp(minute);
    let value_of = |mark: &str| match mark {
        "serial" => Some(format!("{serial:08}")),
        "today" => Some(minute.date().to_string()),
        "now" => Some(minute.as_str().to_owned()),
        path => text_at(fields, path),
    };
    match filled(&Value::Object(scripted.gives.clone()), &value_of) {
        Some(output) => sitting.succeed(output).await,
        None => sitting.fail(CODE_FIELD, Retry::Never).await,
    }
}

/// The field under a dotted path, as text.
fn text_at(fields: &Value, path: &str) -> Option<String> {
    let found = path.split('.').try_fold(fields, |value, name| value.get(name))?;
    match found {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The value with its marks filled; `None` where a mark has no value.
fn filled(value: &Value, value_of: &impl Fn(&str) -> Option<String>) -> Option<Value> {
    Some(match value {
        Value::String(text) => Value::String(filled_text(text, value_of)?),
        Value::Array(values) => {
            Value::Array(values.iter().map(|value| filled(value, value_of)).collect::<Option<_>>()?)
        }
        Value::Object(fields) => {
            let filled = fields.iter().map(|(name, value)| Some((name.clone(), filled(value, value_of)?)));
            Value::Object(filled.collect::<Option<_>>()?)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    })
}

fn filled_text(text: &str, value_of: &impl Fn(&str) -> Option<String>) -> Option<String> {
    let mut written = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let (mark, after) = after.split_once('}')?;
        written.push_str(before);
        written.push_str(&value_of(mark)?);
        rest = after;
    }
    written.push_str(rest);
    Some(written)
}
