//! Shipped packs with other values in their `law.toml`, for tests of what a value changes.

#![allow(dead_code, reason = "each file of tests uses some of it")]

use std::{path::PathBuf, sync::Arc};

use identifiers::LocalMinute;
use policy::{Calendar, Decision, Pack, Undecidable};
use serde_json::Value;

/// The shipped pack of this name.
pub(crate) fn shipped(name: &str) -> Arc<Pack> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../deploy/policies").join(name);
    Arc::new(Pack::load(&folder).unwrap_or_else(|problems| panic!("{problems}")))
}

/// A shipped pack whose `law.toml` says something else for each of these terms; an empty value takes the term away.
pub(crate) fn with_values(name: &str, values: &[(&str, &str)]) -> Pack {
    let files = shipped(name).files.clone();
    let mut law = files.iter().find(|(file, _)| &**file == "law.toml").expect("every pack has one").1.to_string();
    for (term, value) in values {
        let (section, key) = term.split_once('.').expect("section.key");
        let header = format!("[{section}]");
        let mut inside = false;
        let mut lines = Vec::new();
        for line in law.lines() {
            inside = if line.starts_with('[') { line == header } else { inside };
            if !(inside && line.split('=').next().is_some_and(|start| start.trim() == key)) {
                lines.push(line.to_owned());
            }
            if line == header && !value.is_empty() {
                lines.push(format!("{key} = {{ value = {value}, source = \"测试\" }}"));
            }
        }
        assert!(lines.contains(&header), "no {header}");
        law = lines.join("\n");
    }
    let of = |file: &str, text| if file == "law.toml" { law.as_str() } else { text };
    let files: Vec<(&str, &str)> = files.iter().map(|(file, text)| (&**file, of(file, text))).collect();
    Pack::parse(&files).unwrap_or_else(|problems| panic!("{problems}"))
}

/// What a rule says, asked at this minute.
pub(crate) fn asked_at(at: &str, rule: &str, pack: &Pack, facts: &Value) -> Result<Decision, Undecidable> {
    policy::decide(rule, pack, &Calendar::shipped(), facts, &LocalMinute::parse(at).expect("a minute"))
}

/// A field that a decision gives, as text; empty where it is `null` or absent.
pub(crate) fn given<'d>(decision: &'d Decision, field: &str) -> &'d str {
    decision.gives.get(field).and_then(Value::as_str).unwrap_or_default()
}

/// A shipped pack with words of its files replaced; each must stand there.
pub(crate) fn changed(name: &str, changes: &[(&str, &str, &str)]) -> Pack {
    let mut files: Vec<(String, String)> =
        shipped(name).files.iter().map(|(name, text)| (name.to_string(), text.to_string())).collect();
    for (file, old, new) in changes {
        let (_, text) = files.iter_mut().find(|(name, _)| name == file).expect("a file of the pack");
        assert!(text.contains(old), "{file} has no {old}");
        *text = text.replacen(old, new, 1);
    }
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (&**name, &**text)).collect();
    Pack::parse(&files).unwrap_or_else(|problems| panic!("{problems}"))
}
