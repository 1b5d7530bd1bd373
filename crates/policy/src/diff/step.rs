//! How the steps of two packs differ, field by field.
//!
//! Steps are compared as the definition is stored, with each number of a step replaced by that step's name: a step that
//! only moved in the list is the same.

use std::{collections::BTreeMap, sync::Arc};

use saga::definition::{Definition, Step};
use serde_json::{Map, Value};

use super::{Change, added, arrow, removed};
use crate::advice::Words;

/// What each field is called. A field that has no words here is told under its own name.
const FIELDS: &[(&str, &str, &str)] = &[
    ("title", "名称", "title"),
    ("item", "事项", "item"),
    ("mandatory", "是否必办", "mandatory"),
    ("scope", "按孩子或按家庭", "scope"),
    ("performer", "由谁办理", "performer"),
    ("after", "须先办成", "after"),
    ("once_settled", "须先了结", "once settled"),
    ("start_when", "何时开始", "starts when"),
    ("send", "交给该部门的信息", "send"),
    ("gives", "该部门答复的信息", "gives"),
    ("index", "检索项", "index"),
    ("kind", "性质", "kind"),
    ("selection", "是否办理由何决定", "selection"),
    ("retry", "重发", "retry"),
    ("expiry", "等待期限", "expires"),
    ("remind_ms", "提醒", "reminders"),
    ("refused", "部门不予办理时", "when refused"),
    ("declined", "本人不同意时", "when declined"),
    ("compensation", "撤销办法", "compensation"),
    ("notices", "办结通知", "notices"),
    ("bereavement", "不幸事件后", "after a bereavement"),
    ("limit", "办理时限", "limit"),
    ("limit_from", "时限自何环节起算", "the limit begins with"),
    ("differs_from", "须由不同的人办理", "another person than at"),
    ("remind_on", "法定提醒", "legal reminders"),
    ("source", "来源", "source"),
];

/// A saga's steps, and what each performer answers.
#[derive(Clone, Copy)]
pub(super) struct Saga<'p> {
    pub(super) definition: &'p Definition,
    pub(super) gives: &'p BTreeMap<Arc<str>, Vec<Arc<str>>>,
}

pub(super) fn changes(old: Saga<'_>, new: Saga<'_>) -> Vec<Change> {
    let (before, after) = (old.definition, new.definition);
    let mut changes = Vec::new();
    for step in &before.steps {
        let about =
            |what| Change::new(format!("环节 {} {}", step.name, step.title), format!("step {}", step.name), what);
        match after.find(&step.name) {
            None => changes.push(about(removed(&format!("“{}” ({})", step.title, step.source)))),
            Some(index) => {
                let (was, is) = (fields(old, step), fields(new, after.step(index)));
                changes.extend(differing(&was, &is).into_iter().map(about));
            }
        }
    }
    for step in after.steps.iter().filter(|step| before.find(&step.name).is_none()) {
        let is = fields(new, step);
        let performer = said(is.get("performer").unwrap_or(&Value::Null));
        let what = added(&format!("“{}”, {performer} ({})", step.title, step.source));
        changes.push(Change::new(format!("环节 {} {}", step.name, step.title), format!("step {}", step.name), what));
    }
    changes
}

fn differing(was: &Map<String, Value>, is: &Map<String, Value>) -> Vec<Words> {
    let mut keys: Vec<&String> = was.keys().chain(is.keys().filter(|key| !was.contains_key(*key))).collect();
    keys.sort_by_key(|key| FIELDS.iter().position(|(field, ..)| field == key).unwrap_or(FIELDS.len()));
    let mut found = Vec::new();
    for key in keys {
        let of = |side: &Map<String, Value>| side.get(key).cloned().unwrap_or(Value::Null);
        let (old, new) = (of(was), of(is));
        if old == new {
            continue;
        }
        let (zh, en) =
            FIELDS.iter().find(|(field, ..)| field == key).map_or((key.as_str(), key.as_str()), |(_, zh, en)| (zh, en));
        let words = match (&old, &new) {
            (Value::Array(old), Value::Array(new)) => list(old, new),
            _ => arrow(&said(&old), &said(&new)),
        };
        found.push(Words::new(format!("{zh}: {}", words.zh), format!("{en}: {}", words.en)));
    }
    found
}

/// Of two lists what was added and what was taken away; where neither, their order.
fn list(old: &[Value], new: &[Value]) -> Words {
    let apart = |these: &[Value], those: &[Value]| {
        these.iter().filter(|entry| !those.contains(entry)).map(said).collect::<Vec<_>>().join("、")
    };
    let (gone, come) = (apart(old, new), apart(new, old));
    match (gone.is_empty(), come.is_empty()) {
        (true, true) => Words::new("次序改变", "another order"),
        (true, false) => added(&come),
        (false, true) => removed(&gone),
        (false, false) => arrow(&gone, &come),
    }
}

/// A step's fields, other steps named instead of numbered.
fn fields(saga: Saga<'_>, step: &Step) -> Map<String, Value> {
    let Ok(Value::Object(mut fields)) = serde_json::to_value(step) else { return Map::new() };
    fields.remove("name");
    for key in ["after", "once_settled", "start_when", "differs_from", "limit_from"] {
        if let Some(value) = fields.get_mut(key) {
            name_steps(saga.definition, value, true);
        }
    }
    let gives = saga.gives.get(&step.name).map(|gives| gives.iter().map(|field| Value::from(&**field)).collect());
    fields.insert("gives".to_owned(), Value::Array(gives.unwrap_or_default()));
    fields
}

fn name_steps(definition: &Definition, value: &mut Value, is_step: bool) {
    match value {
        Value::Number(number) if is_step => {
            let at = number.as_u64().and_then(|at| usize::try_from(at).ok());
            if let Some(step) = at.and_then(|at| definition.steps.get(at)) {
                *value = Value::from(&*step.name);
            }
        }
        Value::Array(entries) => entries.iter_mut().for_each(|entry| name_steps(definition, entry, is_step)),
        Value::Object(fields) => {
            fields
                .iter_mut()
                .for_each(|(key, field)| name_steps(definition, field, key == "step" || field.is_object()));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// A value as people read it: milliseconds as days, hours, minutes.
fn said(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(true) => "是 yes".to_owned(),
        Value::Bool(false) => "否 no".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        Value::Array(entries) => entries.iter().map(said).collect::<Vec<_>>().join("、"),
        Value::Object(fields) => {
            let one = |(key, field): (&String, &Value)| {
                let text = match field.as_i64().filter(|_| key.ends_with("_ms")) {
                    Some(milliseconds) => span(milliseconds),
                    None => said(field),
                };
                if matches!(field, Value::Object(_)) { format!("{key}({text})") } else { format!("{key} {text}") }
            };
            fields.iter().map(one).collect::<Vec<_>>().join(", ")
        }
    }
}

/// Machine time in its largest whole unit.
pub(crate) fn span(milliseconds: i64) -> String {
    const UNITS: [(i64, &str); 4] = [(86_400_000, "日 d"), (3_600_000, "小时 h"), (60_000, "分 min"), (1_000, "秒 s")];
    let unit = UNITS.iter().find(|(length, _)| milliseconds >= *length && milliseconds % length == 0);
    unit.map_or_else(|| format!("{milliseconds} ms"), |(length, name)| format!("{}{name}", milliseconds / length))
}
