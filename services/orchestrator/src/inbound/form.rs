//! Parses a submitted form into a [`Filing`], or says everything that is wrong with it at once.
//!
//! ```text
//!   SubmitApplicationRequest ──> birth | general ──> facts ──> what the pack needs ──> Filing
//!                                      └── every violation, none repeated ────────> Violations
//! ```
//!
//! gRPC is the only caller. Nothing is stored here and nothing is asked of the store: the same request, packs and time
//! give the same answer. Values never appear in a violation, which may be logged and is returned.

use std::{collections::BTreeSet, sync::Arc};

use identifiers::LocalMinute;
use jiff::{Timestamp, civil::Date};
use policy::Packs;
use proto::v1;
use serde_json::{Value, json};
use vault::BlindIndex;

use crate::{
    coordinator::work::{FiledChild, Filing},
    store::Blind,
};

mod birth;
mod check;
mod child;
mod correction;
mod general;
mod needed;
#[cfg(test)]
pub(crate) mod samples;
#[cfg(test)]
mod tests;

pub(crate) use check::Check;
pub use check::{Violation, Violations};
pub(crate) use correction::{correction, facts_corrected};

use check::Choice;

/// Bytes of one form. The longest form that the fields' own limits allow has about 20 KiB for eight children; 64 KiB
/// leaves room for new fields and keeps a queue of thousands of forms below a quarter of a gigabyte.
pub const FORM_BYTES_MAX: usize = 64 * 1024;

/// Fewest and most characters of an idempotency key: fewer could collide by chance, more is a document.
pub const KEY_CHARACTERS: std::ops::RangeInclusive<usize> = 8..=128;

/// What a form is parsed with.
pub(crate) struct Context<'c> {
    pub(crate) packs: &'c Packs,
    pub(crate) blind: &'c BlindIndex,
    pub(crate) now: Timestamp,
    /// The civil date in China.
    pub(crate) today: Date,
}

/// Parses a request of `size_bytes` as it came, at `now_ms` (milliseconds since 1970).
///
/// # Errors
/// With every violation of the form. A form above [`FORM_BYTES_MAX`] has that one violation and is not looked into.
pub fn parse(
    request: v1::SubmitApplicationRequest,
    size_bytes: usize,
    packs: &Packs,
    blind: &BlindIndex,
    now_ms: i64,
) -> Result<Filing, Violations> {
    let mut check = Check::new();
    if size_bytes > FORM_BYTES_MAX {
        let (zh, en) = (
            format!("申请表不得超过{}KiB", FORM_BYTES_MAX / 1024),
            format!("a form has at most {} KiB", FORM_BYTES_MAX / 1024),
        );
        check.note("form", "YJ-FORM-02", zh, en);
        return Err(check.into_violations());
    }
    let now = Timestamp::from_millisecond(now_ms).unwrap_or(Timestamp::UNIX_EPOCH);
    let context = Context { packs, blind, now, today: LocalMinute::from_timestamp(now).date() };
    key(&mut check, "idempotency_key", &request.idempotency_key);
    let channel = channel(&mut check, request.channel);
    let key = blind.of("idempotency-key", &request.idempotency_key);
    let filing = match request.form {
        Some(v1::submit_application_request::Form::Birth(form)) => {
            birth::parse(&mut check, form, channel, key, &context)
        }
        Some(v1::submit_application_request::Form::General(form)) => {
            general::parse(&mut check, &form, channel, key, &context)
        }
        None => {
            check.note("form", "YJ-FORM-03", "缺少申请表", "the form is missing");
            None
        }
    };
    match filing {
        Some(filing) if check.is_clean() => Ok(filing),
        _ => Err(check.into_violations()),
    }
}

/// Checks an idempotency key: 8 to 128 visible ASCII characters.
pub(crate) fn key(check: &mut Check, field: &str, key: &str) {
    if !KEY_CHARACTERS.contains(&key.len()) || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        check.note(
            field,
            "YJ-FORM-01",
            "幂等键应为8至128个可见ASCII字符",
            "an idempotency key is 8 to 128 visible ASCII characters",
        );
    }
}

/// The one way in which a subject (an ID number, a certificate's number, a voucher) is written before it is blinded: as
/// it stands, without spaces around it, and an ID number's last letter large.
pub fn subject(text: &str) -> String {
    let text = text.trim();
    match text.strip_suffix('x') {
        Some(digits) if digits.len() == 17 && digits.bytes().all(|byte| byte.is_ascii_digit()) => format!("{digits}X"),
        _ => text.to_owned(),
    }
}

/// The index by which a case is found: the same kind for every subject, since who asks does not say what it is.
pub fn blind_subject(blind: &BlindIndex, text: &str) -> Blind {
    blind.of("subject", &subject(text))
}

/// The index of a person who may answer tasks.
pub fn blind_person(blind: &BlindIndex, id_number: &str) -> Blind {
    blind.of("person", &subject(id_number))
}

/// The index by which the applicant's own cases are found: who withdraws must be the applicant of that very case.
pub fn blind_applicant(blind: &BlindIndex, id_number: &str) -> Blind {
    blind.of("applicant", &subject(id_number))
}

fn channel(check: &mut Check, number: i32) -> &'static str {
    let words = [(1, "web"), (2, "app"), (3, "mini-program"), (4, "counter")];
    check.choice("channel", number, &words, Choice::Needed).unwrap_or_default()
}

/// The facts of an application that is filed, with the block that says how it was.
struct Assembled {
    facts: Value,
    children: Vec<FiledChild>,
    applicant: Option<String>,
    father: Option<String>,
}

/// Closes a filing. The digest is taken before the day of filing is added: repeating a request tomorrow is a repeat.
fn close(
    pack: &Arc<policy::Pack>,
    area: &str,
    channel: &str,
    key: Blind,
    context: &Context<'_>,
    mut assembled: Assembled,
) -> Filing {
    let blind = context.blind;
    assembled.facts["application"] = json!({"channel": channel, "area": area});
    let chosen: Vec<&BTreeSet<Arc<str>>> = assembled.children.iter().map(|child| &child.chosen).collect();
    let said = json!({"pack": &*pack.name, "facts": assembled.facts, "chosen": chosen});
    let form = blind.of("form", &canonical(&said));
    assembled.facts["application"]["submitted_on"] = context.today.to_string().into();
    let mut found_by = Vec::new();
    if let Some(id_number) = &assembled.applicant {
        found_by.extend([blind_subject(blind, id_number), blind_applicant(blind, id_number)]);
    }
    if let Some(id_number) = &assembled.father {
        found_by.push(blind_subject(blind, id_number));
    }
    Filing {
        pack: Arc::clone(pack),
        area: area.to_owned(),
        key,
        form,
        facts: assembled.facts,
        children: assembled.children,
        found_by,
    }
}

/// JSON with sorted keys and no spaces, whatever order the map itself keeps.
fn canonical(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let mut names: Vec<&String> = fields.keys().collect();
            names.sort_unstable();
            let fields: Vec<String> = names
                .into_iter()
                .map(|name| format!("{}:{}", Value::from(name.as_str()), canonical(&fields[name.as_str()])))
                .collect();
            format!("{{{}}}", fields.join(","))
        }
        Value::Array(values) => {
            let values: Vec<String> = values.iter().map(canonical).collect();
            format!("[{}]", values.join(","))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.to_string(),
    }
}
