//! What differs between two packs, in words: values of the law, steps, messages, reasons, whom the pack is for.
//!
//! An official reads this before a new version is put in force. Where a thing stands in its file is no difference, what
//! it says is; a source that was reworded is told as such, because somebody will ask.

use std::{collections::BTreeMap, fmt};

use crate::{
    Pack,
    advice::Words,
    law::{self, Provision},
};

pub(crate) mod step;
mod text;

/// One thing that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What it is about, e.g. 规定 `benefit.on_time` or 环节 `premium`.
    pub about: Words,
    /// From what to what.
    pub what: Words,
}

impl Change {
    fn new(about_zh: impl Into<String>, about_en: impl Into<String>, what: Words) -> Self {
        Self { about: Words::new(about_zh, about_en), what }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { about, what } = self;
        write!(formatter, "{}: {}\n  {}: {}", about.zh, what.zh, about.en, what.en)
    }
}

/// Everything that differs, in the order in which a pack is read; empty where both say the same.
pub fn diff(old: &Pack, new: &Pack) -> Vec<Change> {
    let mut changes = Vec::new();
    changes.extend(header(old, new));
    changes.extend(items(old, new));
    changes.extend(step::changes(steps_of(old), steps_of(new)));
    changes.extend(procedures(old, new));
    changes.extend(values(old, new));
    changes.extend(shares(old, new));
    changes.extend(rows(old, new));
    changes.extend(messages(old, new));
    changes.extend(reasons(old, new));
    changes
}

/// `旧 → 新`, quoted as they stand; a missing one is 无 / none.
fn arrow(old: &str, new: &str) -> Words {
    let or = |text: &str, none: &str| if text.is_empty() { none.to_owned() } else { text.to_owned() };
    Words::new(format!("{} → {}", or(old, "无"), or(new, "无")), format!("{} → {}", or(old, "none"), or(new, "none")))
}

fn added(what: &str) -> Words {
    Words::new(format!("新增 {what}"), format!("added {what}"))
}

fn removed(what: &str) -> Words {
    Words::new(format!("删除 {what}"), format!("removed {what}"))
}

/// A field that stands once in a pack.
fn once(zh: &str, en: &str, old: &str, new: &str) -> Option<Change> {
    (old != new).then(|| Change::new(zh, en, arrow(old, new)))
}

fn header(old: &Pack, new: &Pack) -> Vec<Change> {
    let minute = |minute: &Option<identifiers::LocalMinute>| {
        minute.as_ref().map(|minute| minute.as_str().replace('T', " ")).unwrap_or_default()
    };
    let day = |day: Option<jiff::civil::Date>| day.map(|day| day.to_string()).unwrap_or_default();
    let begun = |pack: &Pack| {
        let each = pack.on_notice.iter().map(|(kind, is)| {
            format!(
                "{kind} ({}{}) → {}",
                is.department,
                is.rule.as_ref().map(|rule| format!(", {rule}")).unwrap_or_default(),
                is.procedure
            )
        });
        each.collect::<Vec<_>>().join("、")
    };
    let (before, after) = (&old.selector, &new.selector);
    let changes = [
        once("包名", "name", &old.name, &new.name),
        once("名称", "title", &old.title, &new.title),
        once("版本", "version", &old.version, &new.version),
        once("申请表", "form", &format!("{:?}", old.form), &format!("{:?}", new.form)),
        once("适用地区", "areas", &before.areas.join("、"), &after.areas.join("、")),
        once("出生时间自", "born from", &minute(&before.born_from), &minute(&after.born_from)),
        once("出生时间止", "born before", &minute(&before.born_until), &minute(&after.born_until)),
        once("申请日期自", "filed from", &day(before.submitted_from), &day(after.submitted_from)),
        once("申请日期止", "filed before", &day(before.submitted_until), &day(after.submitted_until)),
        once("短信签名", "signature of messages", &old.sms_signature, &new.sms_signature),
        once("部门", "departments", &old.departments.join("、"), &new.departments.join("、")),
        once("收到通知即开始的程序", "procedures begun by a notice", &begun(old), &begun(new)),
        once("依据", "documents", &old.documents.join("、"), &new.documents.join("、")),
    ];
    changes.into_iter().flatten().collect()
}

/// Each key of either side, with what it means there.
fn both<'p, K: Ord, V>(old: &'p BTreeMap<K, V>, new: &'p BTreeMap<K, V>) -> Vec<(&'p K, Option<&'p V>, Option<&'p V>)> {
    let mut keys: Vec<&K> = old.keys().chain(new.keys()).collect();
    keys.sort();
    keys.dedup();
    keys.into_iter().map(|key| (key, old.get(key), new.get(key))).collect()
}

fn items(old: &Pack, new: &Pack) -> Vec<Change> {
    let said = |item: &crate::pack::Item| {
        let mandatory = if item.mandatory { "必选 mandatory" } else { "可选 optional" };
        let needs =
            if item.needs.is_empty() { String::new() } else { format!(", 须先选 needs {}", item.needs.join("、")) };
        format!("{} ({mandatory}{needs}; {})", item.name.zh, item.source)
    };
    named("事项", "item", both(&old.items, &new.items), said)
}

fn reasons(old: &Pack, new: &Pack) -> Vec<Change> {
    let mut changes = named("不予办理的原因", "reason", both(&old.reasons, &new.reasons), |reason| {
        format!("“{}” / “{}” → {} ({})", reason.text.zh, reason.text.en, reason.offline_route, reason.source)
    });
    changes.extend(named("线下去处", "offline route", both(&old.offline_routes, &new.offline_routes), |route| {
        format!("“{}” / “{}” ({})", route.text.zh, route.text.en, route.source)
    }));
    changes
}

/// Things that have a key and are told whole.
fn named<K: Ord + fmt::Display, V: PartialEq>(
    zh: &str,
    en: &str,
    both: Vec<(&K, Option<&V>, Option<&V>)>,
    said: impl Fn(&V) -> String,
) -> Vec<Change> {
    let mut changes = Vec::new();
    for (key, old, new) in both {
        let what = match (old, new) {
            (Some(old), Some(new)) if old == new => continue,
            (Some(old), Some(new)) => text::changed(&said(old), &said(new)),
            (None, Some(new)) => added(&said(new)),
            (Some(old), None) => removed(&said(old)),
            (None, None) => continue,
        };
        changes.push(Change::new(format!("{zh} {key}"), format!("{en} {key}"), what));
    }
    changes
}

fn steps_of(pack: &Pack) -> step::Saga<'_> {
    step::Saga { definition: &pack.definition, gives: &pack.gives }
}

/// Procedures that follow a case, each a saga of its own.
fn procedures(old: &Pack, new: &Pack) -> Vec<Change> {
    let mut changes = Vec::new();
    for (name, before, after) in both(&old.procedures, &new.procedures) {
        let about = |what| Change::new(format!("后续程序 {name}"), format!("procedure {name}"), what);
        match (before, after) {
            (Some(before), Some(after)) => {
                let was = step::Saga { definition: &before.definition, gives: &before.gives };
                let is = step::Saga { definition: &after.definition, gives: &after.gives };
                changes.extend(step::changes(was, is).into_iter().map(|change| Change {
                    about: Words::new(
                        format!("后续程序 {name} · {}", change.about.zh),
                        format!("procedure {name}, {}", change.about.en),
                    ),
                    ..change
                }));
            }
            (None, Some(after)) => changes.push(about(added(&format!("“{}”", after.definition.title)))),
            (Some(before), None) => changes.push(about(removed(&format!("“{}”", before.definition.title)))),
            (None, None) => {}
        }
    }
    changes
}

/// What the values of the law say, and where.
fn values(old: &Pack, new: &Pack) -> Vec<Change> {
    let mut changes = Vec::new();
    for term in law::terms() {
        let (before, after) = (provisions(old, term.key), provisions(new, term.key));
        let same = before.len() == after.len() && before.iter().zip(after).all(|(one, other)| is_same(one, other));
        if same {
            continue;
        }
        let what = match (before, after) {
            ([], after) => Words::new(
                format!("新增 {}", list(after, |provision| provision.value.zh())),
                format!("added {}", list(after, |provision| provision.value.to_string())),
            ),
            (before, []) => Words::new(
                format!("删除 {}", list(before, |provision| provision.value.zh())),
                format!("removed {}", list(before, |provision| provision.value.to_string())),
            ),
            (before, after) if values_of(before) == values_of(after) => Words::new(
                format!(
                    "值不变,来源或生效日期改写: {} → {}",
                    list(before, |p| p.value.zh()),
                    list(after, |p| p.value.zh())
                ),
                format!(
                    "the same value, its source or dates reworded: {} → {}",
                    list(before, |provision| provision.value.to_string()),
                    list(after, |provision| provision.value.to_string())
                ),
            ),
            (before, after) => Words::new(
                format!("{} → {}", list(before, |p| p.value.zh()), list(after, |p| p.value.zh())),
                format!("{} → {}", list(before, |p| p.value.to_string()), list(after, |p| p.value.to_string())),
            ),
        };
        changes.push(Change::new(
            format!("规定 {}({})", term.zh, term.key),
            format!("law {} ({})", term.key, term.en),
            what,
        ));
    }
    changes
}

fn provisions<'p>(pack: &'p Pack, key: &str) -> &'p [Provision] {
    pack.law.iter().find(|(term, _)| *term == key).map_or(&[], |(_, provisions)| provisions)
}

/// Where it stands in the file is no difference.
fn is_same(one: &Provision, other: &Provision) -> bool {
    (&one.value, &one.source, one.from, one.until) == (&other.value, &other.source, other.from, other.until)
}

fn values_of(provisions: &[Provision]) -> Vec<&law::Value> {
    provisions.iter().map(|provision| &provision.value).collect()
}

/// Each value with its dates, source and line.
fn list(provisions: &[Provision], said: impl Fn(&Provision) -> String) -> String {
    let one = |provision: &Provision| {
        let dates = match (provision.from, provision.until) {
            (None, None) => String::new(),
            (from, until) => {
                let day = |day: Option<jiff::civil::Date>| day.map(|day| day.to_string()).unwrap_or_default();
                format!("{}..{} ", day(from), day(until))
            }
        };
        format!("{dates}{} [{} {}]", said(provision), provision.place(), provision.source)
    };
    provisions.iter().map(one).collect::<Vec<_>>().join("; ")
}

fn shares(old: &Pack, new: &Pack) -> Vec<Change> {
    let said = |share: &crate::rules::subsidy::Share| {
        let percent = |part: u32| format!("{}.{:02}%", part / 100, part % 100);
        let day = |day: Option<jiff::civil::Date>| day.map(|day| day.to_string()).unwrap_or_default();
        let (province, city, county) = (percent(share.province), percent(share.city), percent(share.county));
        format!("{province} / {city} / {county} {}..{} [{}]", day(share.from), day(share.until), share.source)
    };
    let by_area = |pack: &Pack| {
        let mut found: BTreeMap<String, String> = BTreeMap::new();
        for share in &pack.law.shares {
            let text = found.entry(share.area.to_string()).or_default();
            if !text.is_empty() {
                text.push_str("; ");
            }
            text.push_str(&said(share));
        }
        found
    };
    let (old, new) = (by_area(old), by_area(new));
    let changes = both(&old, &new).into_iter().filter(|(_, old, new)| old != new).map(|(area, old, new)| {
        let text = |side: Option<&String>| side.cloned().unwrap_or_default();
        let what = arrow(&text(old), &text(new));
        Change::new(format!("分担比例(省/市/县) {area}"), format!("shares of province, city, county in {area}"), what)
    });
    changes.collect()
}

/// The agency's procedures and the plan, row by row.
fn rows(old: &Pack, new: &Pack) -> Vec<Change> {
    let procedures = |pack: &Pack| -> BTreeMap<String, String> {
        let said = |row: &crate::rules::review::Procedure| {
            let limit = row.limit.map_or_else(|| law::UNSPECIFIED_ZH.to_owned(), |limit| limit.zh());
            let longest = row.limit_max.map(|limit| format!(" ≤{}", limit.zh())).unwrap_or_default();
            let papers: Vec<&str> = row.paper.iter().chain(&row.refusal_paper).map(|paper| &**paper).collect();
            let copies = row.copies.map(|copies| format!(" ×{copies}")).unwrap_or_default();
            let (levels, papers, source) = (row.levels.join("·"), papers.join("、"), &row.source);
            let from = row.counts_from.as_deref().unwrap_or_default();
            format!("{limit}{longest} {from} {levels} {papers}{copies} {}人 [{source}]", row.persons)
        };
        pack.law.procedures.iter().map(|row| (format!("{} {}", row.business, row.zh), said(row))).collect()
    };
    let plans = |pack: &Pack| -> BTreeMap<String, String> {
        let rows = pack.law.plans.iter();
        rows.map(|row| (format!("{} {} {}", row.year, row.area, row.zh), format!("≥{} [{}]", row.children, row.source)))
            .collect()
    };
    let (before, after) = (procedures(old), procedures(new));
    let mut changes = named("经办程序", "procedure of the agency", both(&before, &after), String::clone);
    let (before, after) = (plans(old), plans(new));
    changes.extend(named("资助计划", "plan", both(&before, &after), String::clone));
    changes
}

fn messages(old: &Pack, new: &Pack) -> Vec<Change> {
    let mut changes = Vec::new();
    for (id, before, after) in both(&old.messages, &new.messages) {
        let what = match (before, after) {
            (Some(before), Some(after)) if before == after => continue,
            (Some(before), Some(after)) if before.text == after.text => Words::new(
                "正文不变,收件人、时机、变量或来源改写",
                "the same text; to whom, when, its variables or source differ",
            ),
            (Some(before), Some(after)) => text::changed(&before.text, &after.text),
            (None, Some(after)) => added(&format!("“{}”", after.text)),
            (Some(before), None) => removed(&format!("“{}”", before.text)),
            (None, None) => continue,
        };
        let title = after.or(before).map(|template| template.title.to_string()).unwrap_or_default();
        changes.push(Change::new(format!("短信 {id} {title}"), format!("message {id}"), what));
    }
    changes
}
