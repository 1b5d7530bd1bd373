//! The facts of one case, and the few of them that a command carries.
//!
//! Facts are one JSON object. Its roots are the form's ([`ROOTS`]) and, for each step that has succeeded, the fields of
//! its answer under the step's name:
//!
//! ```text
//! application {channel, area, submitted_on}
//! mother, father {name, id_number, ethnicity, nationality, document_type, household_address, phone}
//! residence {police_station, address}
//! children [child, …]
//! child {order, name, sex, born_at, gestation_weeks, gestation_days, weight_g, length_cm, birth_place, facility_name,
//!        registration {follow "mother"|"father", relation_to_head, ethnicity, native_place},
//!        insurance {years, kind, place}, card {bank, phone}, items […]}      absent for a family's step
//! hand_over {certificate, household_register, card, recipient, recipient_phone, recipient_address}
//! notice_version, marriage_licence_claimed
//! <step> {…}                                                                e.g. certificate {number, …}
//! ```

use std::sync::Arc;

use identifiers::{LocalMinute, Violation};
use jiff::Timestamp;
use serde_json::{Map, Value};

pub mod kinds;
pub mod known;

/// What a birth's form brings. All other roots are names of steps.
pub const ROOTS: [&str; 9] = [
    "application",
    "mother",
    "father",
    "residence",
    "children",
    "child",
    "hand_over",
    "notice_version",
    "marriage_licence_claimed",
];

/// A minute of Beijing time, or the minute in which an instant with its offset lies there: departments tell
/// `2026-11-22T09:30:05+08:00`.
///
/// # Errors
/// If there is no such minute.
pub fn minute(text: &str) -> Result<LocalMinute, Violation> {
    match text.parse::<Timestamp>() {
        Ok(instant) => Ok(LocalMinute::from_timestamp(instant)),
        Err(_) => LocalMinute::parse(text),
    }
}

/// Facts that a command cannot do without and that are not there. Names paths only, never a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("facts are missing: {}", paths.join(", "))]
pub struct Missing {
    /// Every path that is missing.
    pub paths: Vec<Arc<str>>,
}

/// The object that holds just these paths of the facts, nested as they are there.
///
/// `child` takes the whole object, `mother.id_number` one leaf; a `?` at the end lets a path be absent. An absent field
/// and `null` are the same. Fails with every path that is missing.
pub fn compose(send: &[Arc<str>], facts: &Value) -> Result<Value, Missing> {
    let mut composed = Map::new();
    let mut missing = Vec::new();
    for path in send {
        let (wanted, optional) = match path.strip_suffix('?') {
            Some(wanted) => (wanted, true),
            None => (&**path, false),
        };
        match at(facts, wanted) {
            Some(value) => insert(&mut composed, wanted, value.clone()),
            None if optional => {}
            None => missing.push(Arc::from(wanted)),
        }
    }
    if missing.is_empty() { Ok(Value::Object(composed)) } else { Err(Missing { paths: missing }) }
}

/// The value at a path of names separated by dots; `None` where it is absent or `null`.
pub fn at<'f>(facts: &'f Value, path: &str) -> Option<&'f Value> {
    let found = path.split('.').try_fold(facts, |value, name| value.as_object()?.get(name))?;
    (!found.is_null()).then_some(found)
}

/// The text at a path; `None` where it is absent, empty or no text.
pub fn text<'f>(facts: &'f Value, path: &str) -> Option<&'f str> {
    at(facts, path)?.as_str().filter(|text| !text.is_empty())
}

/// True where the path holds `true`; false otherwise, absence included.
pub fn holds(facts: &Value, path: &str) -> bool {
    at(facts, path).and_then(Value::as_bool).unwrap_or(false)
}

/// The root of a path and what follows it, without the mark of an optional one.
pub(crate) fn split(path: &str) -> (&str, Option<&str>) {
    let path = path.strip_suffix('?').unwrap_or(path);
    path.split_once('.').map_or((path, None), |(root, rest)| (root, Some(rest)))
}

fn insert(object: &mut Map<String, Value>, path: &str, value: Value) {
    let Some((name, rest)) = path.split_once('.') else {
        object.insert(path.to_owned(), value);
        return;
    };
    let inner = object.entry(name).or_insert_with(|| Value::Object(Map::new()));
    if let Value::Object(inner) = inner {
        insert(inner, rest, value);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn facts() -> Value {
        json!({
            "mother": {"name": "张三", "id_number": "340104199003070021", "phone": null},
            "child": {"name": "王一", "card": {"bank": "102"}, "order": 1},
            "certificate": {"number": "K340000001"},
        })
    }

    fn send(paths: &[&str]) -> Vec<Arc<str>> {
        paths.iter().map(|path| Arc::from(*path)).collect()
    }

    /// A department would otherwise learn what it has no business knowing (个人信息保护法 art. 6).
    #[test]
    fn a_command_carries_just_the_paths_it_names() {
        let composed =
            compose(&send(&["child.name", "child.order", "certificate.number"]), &facts()).expect("all facts");
        assert_eq!(composed, json!({"child": {"name": "王一", "order": 1}, "certificate": {"number": "K340000001"}}));
    }

    /// A pack that sends a whole block would otherwise send half of it.
    #[test]
    fn a_root_is_sent_whole_in_whatever_order_its_leaves_are_named() {
        for paths in [["child", "child.name"], ["child.name", "child"]] {
            assert_eq!(compose(&send(&paths), &facts()).expect("all facts"), json!({"child": facts()["child"]}));
        }
    }

    /// A department would otherwise be asked to act on half a form, or never be asked though it could act.
    #[test]
    fn what_is_missing_is_named_whole_unless_it_may_be_absent() {
        let refused = compose(&send(&["mother.name", "mother.phone", "father.name", "mother.email?"]), &facts());
        assert_eq!(refused.expect_err("refused").paths, send(&["mother.phone", "father.name"]));
        let composed = compose(&send(&["mother.name", "mother.phone?", "father?"]), &facts()).expect("all facts");
        assert_eq!(composed, json!({"mother": {"name": "张三"}}));
    }

    /// A log line about a missing field would otherwise carry the family's data.
    #[test]
    fn an_error_names_paths_and_no_values() {
        let refused = compose(&send(&["mother.phone", "child.name"]), &facts()).expect_err("refused");
        assert_eq!(refused.to_string(), "facts are missing: mother.phone");
    }
}
