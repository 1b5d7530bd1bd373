//! The parts of a step that name no other step: expiry, limit, compensation, retry, index.

use std::{collections::BTreeMap, sync::Arc};

use saga::definition::{Cause, Compensation, Expiry, IndexField, Kind, OnRefusal, Retry};

use super::super::sheet::Table;

pub(super) const KINDS: [(&str, Kind); 3] =
    [("compensable", Kind::Compensable), ("pivot", Kind::Pivot), ("forward", Kind::Forward)];

pub(super) const REFUSALS: [(&str, OnRefusal); 4] = [
    ("reject", OnRefusal::Reject),
    ("expire", OnRefusal::Expire),
    ("offline", OnRefusal::Offline),
    ("close", OnRefusal::Close),
];

const CAUSES: [(&str, Cause); 5] = [
    ("withdrawn", Cause::Withdrawn),
    ("rejected", Cause::Rejected),
    ("expired", Cause::Expired),
    ("corrected", Cause::Corrected),
    ("revoked", Cause::Revoked),
];

/// Where the sources of single values are kept.
pub(super) struct Notes<'n> {
    pub(super) step: Arc<str>,
    pub(super) sources: &'n mut BTreeMap<Arc<str>, Arc<str>>,
}

impl Notes<'_> {
    /// Keeps the table's `source`, if it names one, as that of `<step>.<key>`.
    pub(super) fn keep(&mut self, table: &Table<'_>, key: &str) {
        if let Some(source) = table.text("source") {
            self.sources.insert(format!("{}.{key}", self.step).into(), source.value);
        }
    }
}

/// `{ after, then, source }`.
pub(super) fn expiry(table: &Table<'_>, notes: &mut Notes<'_>) -> Option<Expiry> {
    let expires = table.table("expires")?;
    for key in ["after", "then", "source"] {
        if !expires.has(key) {
            expires.report(
                expires.line,
                format!("`expires` 缺少 has no `{key}`"),
                "写全 write { after, then, source }",
            );
        }
    }
    let after_ms = expires.span("after");
    let then = expires.word("then", &REFUSALS);
    notes.keep(&expires, "expires");
    expires.finish();
    Some(Expiry { after_ms: after_ms.unwrap_or(1), then: then.unwrap_or(OnRefusal::Expire) })
}

/// `{ value, source }`, or the value alone.
pub(super) fn limit(table: &Table<'_>, notes: &mut Notes<'_>) -> Option<Arc<str>> {
    let limit = table.sourced("limit")?;
    if let Some(source) = limit.source {
        notes.sources.insert(format!("{}.limit", notes.step).into(), source);
    }
    Some(limit.value)
}

/// `{ command, on, source }`.
pub(super) fn compensation(table: &Table<'_>, notes: &mut Notes<'_>) -> Option<Compensation> {
    let compensate = table.table("compensate")?;
    let command = compensate.needed("command").map(|command| command.value).unwrap_or_default();
    let mut on = Vec::new();
    for word in compensate.texts("on") {
        match CAUSES.iter().find(|(name, _)| *name == &*word.value) {
            Some((_, cause)) if !on.contains(cause) => on.push(*cause),
            Some(_) => {
                compensate.report(word.line, format!("重复 `{}` stands twice", word.value), "删除一处 remove one")
            }
            None => {
                let known: Vec<&str> = CAUSES.iter().map(|(name, _)| *name).collect();
                compensate.report(
                    word.line,
                    format!("不认识的缘由 unknown cause `{}`", word.value),
                    format!("用其中之一 use one of {}", known.join(", ")),
                );
            }
        }
    }
    notes.keep(&compensate, "compensate");
    compensate.finish();
    Some(Compensation { command, on })
}

/// `{ attempts, first, longest, inquiry }`, each as the default where absent.
pub(super) fn retry(table: &Table<'_>) -> Retry {
    let usual = Retry::default();
    let Some(retry) = table.table("retry") else { return usual };
    let read = Retry {
        attempts_max: retry.count("attempts").unwrap_or(usual.attempts_max),
        first_ms: retry.span("first").unwrap_or(usual.first_ms),
        longest_ms: retry.span("longest").unwrap_or(usual.longest_ms),
        inquiry_ms: retry.span("inquiry").unwrap_or(usual.inquiry_ms),
    };
    if read.first_ms > read.longest_ms {
        retry.report(retry.line, "`first` 大于 is longer than `longest`".into(), "更正其一 correct one of them");
    }
    retry.finish();
    read
}

/// `[{ kind, field }]`.
pub(super) fn index(table: &Table<'_>) -> Vec<IndexField> {
    let mut found = Vec::new();
    for entry in table.tables("index") {
        let (kind, field) = (entry.needed("kind"), entry.needed("field"));
        if let (Some(kind), Some(field)) = (kind, field) {
            found.push(IndexField { kind: kind.value, field: field.value });
        }
        entry.finish();
    }
    found
}
