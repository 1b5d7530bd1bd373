//! Reads `saga.toml`: each `[[step]]` becomes a step of the definition.
//!
//! Names are resolved here (steps, departments, rules, items), each unknown one with its line; what is wrong
//! with the whole (cycles, the pivot, compensation) the definition itself says, and is given its line here.

use std::{collections::BTreeMap, sync::Arc};

use saga::definition::{
    Definition, Kind, OnBereavement, OnRefusal, Performer, Scope, Selection, StartWhen, Step, StepIndex,
};

use super::{
    header::Header,
    reachable,
    sheet::{Placed, Sheet, Table},
};
use crate::{law::Law, rules};

mod parts;
mod sent;

/// Performers that are persons.
const PERSONS: [&str; 3] = ["applicant", "father", "clerk"];

/// The performer that is the law.
const LAW: &str = "law";

/// True for a performer that is no department.
pub(super) fn is_reserved(name: &str) -> bool {
    name == LAW || PERSONS.contains(&name)
}

/// What `saga.toml` says.
#[derive(Default)]
pub(super) struct Steps {
    pub(super) steps: Vec<Step>,
    /// Of a procedure; a pack's own saga has the pack's.
    pub(super) title: Arc<str>,
    procedure: bool,
    pub(super) gives: BTreeMap<Arc<str>, Vec<Arc<str>>>,
    pub(super) sources: BTreeMap<Arc<str>, Arc<str>>,
    /// The line of each step.
    pub(super) lines: Vec<usize>,
    /// Each path that a step sends, with its step and line.
    sent: Vec<(StepIndex, Placed<Arc<str>>)>,
}

/// What the steps' names are resolved against.
struct Context<'c> {
    header: &'c Header,
    law: &'c Law,
    names: BTreeMap<Arc<str>, StepIndex>,
}

/// Reads the file; everything wrong is noted on its sheet, or on `pack`'s where a reason is missing there.
pub(super) fn read(sheet: &Sheet<'_>, pack: &Sheet<'_>, header: &Header, law: &Law, procedure: bool) -> Steps {
    let syntax = sheet.syntax();
    let root = sheet.root(syntax.get_ref());
    let tables = root.tables("step");
    let mut context = Context { header, law, names: BTreeMap::new() };
    for (at, table) in tables.iter().enumerate() {
        if let (Some(name), Ok(at)) = (table.text("name"), u8::try_from(at)) {
            context.names.entry(name.value).or_insert(StepIndex(at));
        }
    }
    let mut read = Steps { procedure, ..Steps::default() };
    if procedure {
        read.title = root.needed("title").map(|title| title.value).unwrap_or_default();
    }
    for (at, table) in tables.into_iter().enumerate() {
        let index = StepIndex(u8::try_from(at).unwrap_or(u8::MAX));
        read.lines.push(table.line);
        let step = context.step(&table, index, &mut read);
        read.steps.push(step);
        table.finish();
    }
    root.finish();
    if procedure {
        for (step, line) in read.steps.iter().zip(&read.lines).filter(|(step, _)| step.scope == Scope::Family) {
            sheet.report(
                *line,
                format!("程序只属于一个办件 a procedure is one case's: `{}`", step.name),
                "删去 remove `scope = \"family\"`".into(),
            );
        }
    }
    read.check_whole(sheet);
    sent::check(&read, sheet, &context);
    read.check_reasons(pack, header, law);
    read
}

impl Context<'_> {
    fn step(&self, table: &Table<'_>, index: StepIndex, read: &mut Steps) -> Step {
        let needed = |key| table.needed(key).map(|text| text.value).unwrap_or_default();
        let name: Arc<str> = needed("name");
        let mut notes = parts::Notes { step: Arc::clone(&name), sources: &mut read.sources };
        let expiry = parts::expiry(table, &mut notes);
        let limit = parts::limit(table, &mut notes);
        let compensation = parts::compensation(table, &mut notes);
        let named = Arc::clone(&name);
        let start_when = self.start_when(table, &mut notes);
        let performer = self.performer(table);
        let remind_ms = table.spans("remind");
        parts::check_reminders(table, &performer, expiry.as_ref(), &remind_ms);
        let send = table.texts("send");
        read.sent.extend(send.iter().map(|path| (index, path.clone())));
        let gives: Vec<Arc<str>> = table.texts("gives").into_iter().map(|field| field.value).collect();
        let gives = match &performer {
            Performer::Law { rule } if gives.is_empty() => {
                let rule = rules::find(rule).map(|(rule, _)| rule.gives).unwrap_or_default();
                rule.iter().map(|field| Arc::from(*field)).collect()
            }
            Performer::Law { .. } | Performer::Department { .. } | Performer::Person { .. } => gives,
        };
        if !gives.is_empty() {
            read.gives.insert(Arc::clone(&name), gives);
        }
        Step {
            name,
            title: needed("title"),
            item: self.item(table),
            mandatory: table.truth("mandatory").unwrap_or(false),
            scope: table.word("scope", &[("child", Scope::Child), ("family", Scope::Family)]).unwrap_or(Scope::Child),
            performer,
            after: self.indices(table, "after"),
            once_settled: self.indices(table, "once_settled"),
            start_when,
            send: send.into_iter().map(|path| path.value).collect(),
            index: parts::index(table),
            kind: table.word("kind", &parts::KINDS).unwrap_or(Kind::Compensable),
            selection: self.selection(table),
            retry: parts::retry(table),
            expiry,
            remind_ms,
            refused: table.word("refused", &parts::REFUSALS).unwrap_or(OnRefusal::Reject),
            declined: table.word("declined", &parts::REFUSALS).unwrap_or(OnRefusal::Reject),
            compensation,
            notices: table.texts("notices").into_iter().map(|notice| notice.value).collect(),
            bereavement: table
                .word("bereavement", &[("close", OnBereavement::Close), ("person", OnBereavement::Person)])
                .unwrap_or(OnBereavement::Close),
            limit,
            differs_from: self.indices(table, "differs_from"),
            limit_from: table.nested_if_table("limit").and_then(|limit| self.resolve(&limit, &limit.text("from")?)),
            remind_on: parts::remind_on(table, &mut parts::Notes { step: named, sources: &mut read.sources }),
            source: needed("source"),
        }
    }

    fn performer(&self, table: &Table<'_>) -> Performer {
        let needed = |key| table.needed(key).map(|text| text.value).unwrap_or_default();
        let who = table.needed("performer");
        let line = who.as_ref().map_or(table.line, |who| who.line);
        let who = who.map(|who| who.value).unwrap_or_default();
        let (performer, foreign): (Performer, &[&'static str]) = if &*who == LAW {
            let rule = table.needed("rule");
            if let Some(rule) = &rule {
                self.check_rule(table, rule);
            }
            let rule = rule.map(|rule| rule.value).unwrap_or_default();
            (Performer::Law { rule }, &["command", "task", "methods", "send", "retry"])
        } else if PERSONS.contains(&&*who) {
            let methods = table.texts("methods").into_iter().map(|method| method.value).collect();
            (Performer::Person { role: who, task: needed("task"), methods }, &["command", "rule", "send", "retry"])
        } else {
            if !who.is_empty() && !self.header.departments.contains(&who) {
                let placed = Placed { value: Arc::clone(&who), line };
                self.unknown(table, &placed, "部门 unknown department", self.header.departments.iter());
            }
            let command = needed("command");
            (Performer::Department { department: who, command }, &["rule", "task", "methods"])
        };
        for key in foreign {
            if table.excuse(key) {
                table.report(
                    table.line_of(key),
                    format!("`{key}` 不适用于该执行者 does not apply to this performer"),
                    "删除 remove it",
                );
            }
        }
        performer
    }

    fn item(&self, table: &Table<'_>) -> Option<Arc<str>> {
        let item = table.text("item")?;
        if !self.header.items.contains_key(&item.value) {
            self.unknown(table, &item, "事项 unknown item", self.header.items.keys());
        }
        Some(item.value)
    }

    fn selection(&self, table: &Table<'_>) -> Selection {
        const WORDS: [(&str, Chosen); 2] = [("always", Chosen::Always), ("chosen", Chosen::ByApplicant)];
        if let Some(rule) = table.nested_if_table("selection") {
            let named = rule.needed("rule");
            rule.finish();
            let Some(named) = named else { return Selection::Always };
            self.check_rule(table, &named);
            return Selection::Rule(named.value);
        }
        match table.word("selection", &WORDS) {
            Some(Chosen::ByApplicant) => Selection::Chosen,
            Some(Chosen::Always) | None => Selection::Always,
        }
    }

    fn check_rule(&self, table: &Table<'_>, rule: &Placed<Arc<str>>) {
        let Some((known, argument)) = rules::find(&rule.value) else {
            let names = rules::all().map(|rule| rule.name);
            self.unknown(table, rule, "规则 unknown rule", names);
            return;
        };
        for term in known.needs {
            if self.law.get(term, None).is_none() {
                let zh = crate::law::term(term).map_or("", |term| term.zh);
                table.report(
                    rule.line,
                    format!("规则 `{}` 需要 needs `{term}` ({zh})", known.name),
                    format!("在 law.toml 中写明 set `{term}` in law.toml"),
                );
            }
        }
        if known.argument == rules::Argument::Item && !argument.is_some_and(|item| self.header.items.contains_key(item))
        {
            table.report(
                rule.line,
                format!("规则须指明事项 the rule `{}` needs an item of the pack", known.name),
                format!("写成 write `{}:<item>`", known.name),
            );
        }
    }

    fn start_when(&self, table: &Table<'_>, notes: &mut parts::Notes<'_>) -> Vec<StartWhen> {
        let mut found = Vec::new();
        for condition in table.tables("start_when") {
            let resolve = |key| condition.text(key).and_then(|name| self.resolve(&condition, &name));
            let (late, offline, succeeded) = (resolve("late"), resolve("offline"), resolve("succeeded"));
            let by = condition.span("by");
            notes.keep(&condition, "start_when");
            let named = ["late", "offline", "succeeded"].iter().filter(|key| condition.has(key)).count();
            if named != 1 || condition.has("late") != condition.has("by") {
                condition.report(
                    condition.line,
                    "条件写法不对 a condition names one step".into(),
                    "写成 write { late = \"…\", by = \"30 days\" }, { offline = \"…\" } or { succeeded = \"…\" }",
                );
            } else if let (Some(step), Some(after_ms)) = (late, by) {
                found.push(StartWhen::Late { step, after_ms });
            } else if let Some(step) = offline {
                found.push(StartWhen::Offline { step });
            } else if let Some(step) = succeeded {
                found.push(StartWhen::Succeeded { step });
            }
            condition.finish();
        }
        found
    }

    fn indices(&self, table: &Table<'_>, key: &'static str) -> Vec<StepIndex> {
        let mut found = Vec::new();
        for name in table.texts(key) {
            match self.resolve(table, &name) {
                Some(index) if found.contains(&index) => {
                    table.report(
                        name.line,
                        format!("重复 `{}` stands twice in `{key}`", name.value),
                        "删除一处 remove one",
                    );
                }
                Some(index) => found.push(index),
                None => {}
            }
        }
        found
    }

    fn resolve(&self, table: &Table<'_>, name: &Placed<Arc<str>>) -> Option<StepIndex> {
        let found = self.names.get(&name.value).copied();
        if found.is_none() {
            self.unknown(table, name, "环节 unknown step", self.names.keys());
        }
        found
    }

    fn unknown<S: AsRef<str>>(
        &self,
        table: &Table<'_>,
        name: &Placed<Arc<str>>,
        what: &str,
        known: impl Iterator<Item = S>,
    ) {
        let known: Vec<String> = known.map(|name| name.as_ref().to_owned()).collect();
        let cure = if known.is_empty() { "无 (none)".into() } else { known.join(", ") };
        table.report(name.line, format!("不认识的{what} `{}`", name.value), format!("可用 known are {cure}"));
    }
}

/// The words of `selection`.
#[derive(Clone, Copy)]
enum Chosen {
    Always,
    ByApplicant,
}

impl Steps {
    fn check_whole(&self, sheet: &Sheet<'_>) {
        let definition =
            Definition { name: "".into(), title: "".into(), steps: self.steps.clone(), procedure: self.procedure };
        let second_pivot = self.steps.iter().enumerate().filter(|(_, step)| step.kind == Kind::Pivot).nth(1);
        let told = definition.problems();
        for problem in &told {
            let line = match (problem.step, second_pivot) {
                (Some(step), _) => self.lines[step.at()],
                (None, Some((second, _))) => self.lines[second],
                (None, None) => 1,
            };
            let of =
                problem.step.map(|step| format!("环节 step `{}`: ", self.steps[step.at()].name)).unwrap_or_default();
            let (what, cure) = problem.what.split_once("; ").unwrap_or((&problem.what, "更正该环节 correct the step"));
            sheet.report(line, format!("{of}{what}"), cure.to_owned());
        }
        for (step, why) in reachable::never_started(&definition) {
            if told.iter().any(|problem| problem.step == Some(step) && problem.what.contains("unreachable")) {
                continue;
            }
            sheet.report(
                self.lines[step.at()],
                format!("环节 step `{}`: 永远不会开始 can never start: {why}", self.steps[step.at()].name),
                "更正 after 或 start_when correct `after` or `start_when`".into(),
            );
        }
    }

    /// A no without words would leave the applicant without a reason.
    fn check_reasons(&self, pack: &Sheet<'_>, header: &Header, law: &Law) {
        for (step, line) in self.steps.iter().zip(&self.lines) {
            let rule = match (&step.performer, &step.selection) {
                (Performer::Law { rule }, _) | (_, Selection::Rule(rule)) => rule,
                (Performer::Department { .. } | Performer::Person { .. }, Selection::Always | Selection::Chosen) => {
                    continue;
                }
            };
            let Some((rule, _)) = rules::find(rule) else { continue };
            for code in rule.codes.iter().filter(|code| rules::eligibility::may_say(code, law)) {
                if !header.reasons.contains_key(*code) {
                    pack.report(
                        1,
                        format!("缺少原因 missing reason `{code}` of rule `{}` (saga.toml:{line})", rule.name),
                        format!("加上 add `[reasons.{code}]`"),
                    );
                }
            }
        }
    }
}
