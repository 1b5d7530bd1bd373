//! The parts of a step that name no other step: expiry, limit, compensation, retry, index.

use std::{collections::BTreeMap, sync::Arc};

use saga::definition::{Cause, Compensation, Expiry, IndexField, Kind, OnRefusal, Performer, RemindOn, Retry};

use super::super::sheet::{Placed, Table};
use crate::legal_time::Span;

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

/// A person would be reminded of a task that is over. Of a department's step both do not run from one moment.
pub(super) fn check_reminders(table: &Table<'_>, who: &Performer, expiry: Option<&Expiry>, remind_ms: &[i64]) {
    let (Performer::Person { .. }, Some(expiry)) = (who, expiry) else { return };
    if remind_ms.iter().any(|after_ms| *after_ms >= expiry.after_ms) {
        table.report(
            table.line_of("remind"),
            "到期之后才提醒 a reminder does not come before `expires`".into(),
            "提前该提醒 remind earlier, 或延长 or let it expire later",
        );
    }
}

/// `{ value, source, from? }`, or the value alone. Which step `from` names is resolved with the other steps.
pub(super) fn limit(table: &Table<'_>, notes: &mut Notes<'_>) -> Option<Arc<str>> {
    let Some(inner) = table.nested_if_table("limit") else {
        let limit = table.text("limit")?;
        check_limit(table, &limit);
        return Some(limit.value);
    };
    let limit = inner.needed("value");
    if let Some(source) = inner.needed("source") {
        notes.sources.insert(format!("{}.limit", notes.step).into(), source.value);
    }
    inner.text("from");
    inner.finish();
    let limit = limit?;
    check_limit(table, &limit);
    Some(limit.value)
}

fn check_limit(table: &Table<'_>, limit: &Placed<Arc<str>>) {
    if &*limit.value != saga::definition::UNSPECIFIED && Span::parse(&limit.value).is_none() {
        table.report(
            limit.line,
            format!("`limit` 不是法定时限 is no legal limit: `{}`", limit.value),
            "写成 write e.g. \"20 working days\", \"8 hours\", \"1 month\", 或 or \"unspecified\"",
        );
    }
}

/// `{ from, days, at, source }`: reminders on legal days.
pub(super) fn remind_on(table: &Table<'_>, notes: &mut Notes<'_>) -> Option<RemindOn> {
    let remind = table.table("remind_on")?;
    let from = remind.needed("from").map(|from| from.value).unwrap_or_default();
    let days: Vec<u16> = remind.counts("days").into_iter().filter_map(|day| u16::try_from(day).ok()).collect();
    let at = remind.needed("at");
    let minute = at.as_ref().and_then(|at| minute_of_day(&at.value));
    if let (Some(at), None) = (&at, minute) {
        remind.report(at.line, format!("不是时刻 no time of day: `{}`", at.value), "写成 write e.g. \"09:00\"");
    }
    if days.is_empty() || !days.is_sorted() || days.len() > saga::limits::REMINDERS_MAX {
        let most = saga::limits::REMINDERS_MAX;
        remind.report(
            remind.line,
            format!("`days` 须递增,最多{most}个 must rise, at most {most}"),
            "更正 correct them",
        );
    }
    notes.keep(&remind, "remind_on");
    remind.finish();
    Some(RemindOn { from, days, minute: minute.unwrap_or_default() })
}

/// Minutes after midnight of `HH:MM`.
fn minute_of_day(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':').filter(|_| text.len() == 5)?;
    let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
    (hour < 24 && minute < 60).then_some(hour * 60 + minute)
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
