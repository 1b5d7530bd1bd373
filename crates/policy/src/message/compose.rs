//! From a template and the facts of one case to what the command to send it carries.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::{
    Channel, Provider, Template, Variable,
    forbidden::{self, Forbidden},
    provider_form, segments,
    variable::Unfit,
};
use crate::{
    Pack,
    facts::{self, Missing},
};

/// Why a message cannot be sent. Names paths and kinds, never a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ComposeError {
    /// Facts are not there.
    #[error(transparent)]
    Missing(#[from] Missing),
    /// Facts are there and are not what the text needs.
    #[error("facts do not fit the message: {}", paths.join(", "))]
    Unfit {
        /// Every such path.
        paths: Vec<Arc<str>>,
    },
    /// The text, filled in, says what no message may say. An operator must look: a pack or a department put it there.
    #[error("a message may not contain {what}")]
    Forbidden {
        /// What it is.
        what: Forbidden,
    },
}

/// What the command to send this message carries as `message`:
///
/// ```text
/// {template, to, channels, phone?, text, signature, segments, key, parameters [{name, value}], providers {aliyun, …}}
/// ```
///
/// `text` has the signature in 【】 already in front. `key` is that of [`super::Due`], taken from `occasion.key`; empty
/// where the facts have none. `parameters` are the values in the order in which providers number them.
///
/// Returns `None` where the pack has no such template.
///
/// # Errors
/// If facts are missing or do not fit, or the text would say what no message may say.
pub fn compose(pack: &Pack, template: &str, facts: &Value) -> Option<Result<Value, ComposeError>> {
    let template = pack.messages.get(template)?;
    Some(fill(pack, template, facts))
}

fn fill(pack: &Pack, template: &Template, facts: &Value) -> Result<Value, ComposeError> {
    let phone_path = template.to.phone_path(pack.form);
    let phone = facts::text(facts, phone_path);
    let mut missing: Vec<Arc<str>> = Vec::new();
    if phone.is_none() && template.to.is_family() && template.channels.contains(&Channel::Sms) {
        missing.push(phone_path.into());
    }
    let mut unfit = Vec::new();
    let mut filled: Vec<(&Variable, String)> = Vec::new();
    for variable in &template.variables {
        let path = || variable.path.clone().unwrap_or_else(|| Arc::clone(&variable.mark));
        match variable.written(facts) {
            Ok(Some(value)) => filled.push((variable, value)),
            Ok(None) => missing.push(path()),
            Err(Unfit) => unfit.push(path()),
        }
    }
    if !missing.is_empty() {
        return Err(Missing { paths: missing }.into());
    }
    if !unfit.is_empty() {
        return Err(ComposeError::Unfit { paths: unfit });
    }
    if let Some(what) = forbidden::said(template, &filled, facts) {
        return Err(ComposeError::Forbidden { what });
    }
    Ok(command(pack, template, phone, &filled, facts))
}

fn command(
    pack: &Pack,
    template: &Template,
    phone: Option<&str>,
    filled: &[(&Variable, String)],
    facts: &Value,
) -> Value {
    let values: Vec<(&str, &str)> = filled.iter().map(|(variable, value)| (&*variable.mark, value.as_str())).collect();
    let text = signed(&pack.sms_signature, &render(template, &values));
    let parameters: Vec<Value> = super::providers::numbered(template)
        .into_iter()
        .filter_map(|variable| {
            let (_, value) = filled.iter().find(|(other, _)| other.mark == variable.mark)?;
            Some(json!({ "name": super::providers::name(variable), "value": value }))
        })
        .collect();
    let providers: Map<String, Value> = Provider::ALL
        .into_iter()
        .map(|provider| (provider.word().to_owned(), provider_form(template, provider).into()))
        .collect();
    let mut message = json!({
        "template": &*template.id,
        "to": template.to.word(),
        "channels": template.channels.iter().map(|channel| channel.word()).collect::<Vec<_>>(),
        "segments": segments(&text).len(),
        "text": text,
        "signature": &*pack.sms_signature,
        "key": facts::text(facts, "occasion.key").unwrap_or_default(),
        "parameters": parameters,
        "providers": providers,
    });
    if let Some(phone) = phone {
        message["phone"] = phone.into();
    }
    message
}

/// The text with its signature in front, as it is sent and counted.
pub fn signed(signature: &str, text: &str) -> String {
    if signature.is_empty() { text.to_owned() } else { format!("【{signature}】{text}") }
}

/// The text with each mark replaced by its value. A value is never searched for marks; each mark is filled wherever it
/// stands, and one without a value stays as it is.
pub fn render(template: &Template, values: &[(&str, &str)]) -> String {
    filled_in(&template.text, values)
}

/// The same for a text alone.
pub(super) fn filled_in(text: &str, values: &[(&str, &str)]) -> String {
    let mut rendered = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((at, mark, value)) = next_mark(rest, values) {
        rendered.push_str(&rest[..at]);
        rendered.push_str(value);
        rest = &rest[at + mark.len()..];
    }
    rendered.push_str(rest);
    rendered
}

fn next_mark<'v>(text: &str, values: &[(&'v str, &'v str)]) -> Option<(usize, &'v str, &'v str)> {
    let found = values.iter().filter(|(mark, _)| !mark.is_empty());
    let found = found.filter_map(|(mark, value)| text.find(mark).map(|at| (at, *mark, *value)));
    found.min_by_key(|(at, mark, _)| (*at, std::cmp::Reverse(mark.len())))
}

#[cfg(test)]
mod tests {
    use super::filled_in;

    /// A mother named like a mark would otherwise have her name filled in again.
    #[test]
    fn values_are_filled_in_once_and_never_read_for_marks() {
        assert_eq!(filled_in("{a},{b},{a},{c}", &[("{a}", "{b}"), ("{b}", "乙")]), "{b},乙,{b},{c}");
    }

    /// Of two marks of which one begins like the other the wrong one would otherwise be filled.
    #[test]
    fn the_longest_mark_wins() {
        assert_eq!(filled_in("***到**", &[("**", "二"), ("***", "三")]), "三到二");
    }
}
