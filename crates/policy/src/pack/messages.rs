//! Reads `messages.toml`: the texts that families and those in charge are sent.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::Value;

use super::{
    header::Header,
    sheet::{Placed, Sheet, Table},
    steps::Steps,
};
use crate::{
    message::{Channel, Condition, Kind, Recipient, Template, Variable, forbidden, occasion, providers, units},
    rules,
};

/// What `messages.toml` says.
#[derive(Default)]
pub(super) struct Messages {
    pub(super) templates: BTreeMap<Arc<str>, Template>,
    /// Each occasion and path that a text names, to be looked up once the steps are read. Of a text that names no
    /// occasion nothing is looked up: who sends it brings the facts.
    occasions: Vec<Placed<Arc<str>>>,
    paths: Vec<Placed<Arc<str>>>,
}

type Words = BTreeMap<Arc<str>, Arc<str>>;

/// The pack's own words for what facts hold as codes.
struct Dictionary {
    reasons: Words,
    departments: Words,
    items: Words,
}

/// Reads the file; everything wrong is noted on the sheet.
pub(super) fn read(sheet: &Sheet<'_>, header: &Header) -> Messages {
    let syntax = sheet.syntax();
    let root = sheet.root(syntax.get_ref());
    let words = |key| root.pairs(key).into_iter().map(|(code, word)| (code.value, word.value)).collect();
    let dictionary = Dictionary {
        reasons: words("reason_classes"),
        departments: departments(&root, header),
        items: header.items.iter().map(|(key, item)| (Arc::clone(key), Arc::clone(&item.name.zh))).collect(),
    };
    let mut read = Messages::default();
    for table in root.tables("message") {
        if let Some(template) = read.template(&table, &dictionary) {
            if read.templates.contains_key(&template.id) {
                table.report(table.line, format!("短信重复 the id `{}` stands twice", template.id), "改名 rename one");
            }
            for limit in providers::broken(&template) {
                table.report(table.line_of("text"), limit.what, limit.cure);
            }
            read.templates.insert(Arc::clone(&template.id), template);
        }
        table.finish();
    }
    root.finish();
    read
}

fn departments(root: &Table<'_>, header: &Header) -> Words {
    let mut found = Words::new();
    for (department, word) in root.pairs("departments") {
        if !header.departments.contains(&department.value) {
            root.report(
                department.line,
                format!("不认识的部门 unknown department `{}`", department.value),
                format!("可用 known are {}", header.departments.join(", ")),
            );
        }
        found.insert(department.value, word.value);
    }
    found
}

impl Messages {
    fn template(&mut self, table: &Table<'_>, dictionary: &Dictionary) -> Option<Template> {
        let (id, title) = (table.needed("id"), table.needed("title"));
        let to = table.word("to", &Recipient::WORDS);
        if !table.has("to") {
            table.report(table.line, "缺少 missing `to`".into(), "写上 add `to = \"applicant\"` or `\"father\"`");
        }
        let text = table.needed("text");
        let source = table.needed("source");
        let when = table.texts("when");
        for occasion in &when {
            if let Err(known) = occasion::step_named(&occasion.value) {
                let what = format!("不认识的时机 unknown occasion of a message `{}`", occasion.value);
                table.report(occasion.line, what, format!("用其中之一 use one of {known}"));
            }
        }
        self.occasions.extend(when.iter().cloned());
        let mut paths = Vec::new();
        let conditions = conditions(table, &mut paths);
        let variables = variables(table, text.as_ref(), dictionary, &mut paths);
        if !when.is_empty() {
            self.paths.append(&mut paths);
        }
        if let Some(text) = &text {
            check_text(table, text, &variables);
        }
        // A reader stands in where none is named, so that what else is wrong is told too.
        let to = to.unwrap_or(Recipient::Applicant);
        Some(Template {
            id: id?.value,
            title: title?.value,
            to,
            when: when.into_iter().map(|occasion| occasion.value).collect(),
            conditions,
            urgent: table.truth("urgent").unwrap_or(false),
            channels: channels(table, to),
            text: text?.value,
            variables,
            source: source?.value,
            line: table.line,
        })
    }

    /// What a text names must be there: a step that is not would never call for it, a fact that is not would leave it
    /// unsent for ever.
    pub(super) fn check(&self, sheet: &Sheet<'_>, header: &Header, sagas: &[Steps]) {
        let sent = self.templates.values().find(|template| !template.when.is_empty());
        if let Some(template) = sent.filter(|_| !header.departments.iter().any(|known| &**known == MESSENGER)) {
            sheet.report(
                template.line,
                format!("没有发送短信的部门 no department `{MESSENGER}` to send `{}`", template.id),
                format!("在 pack.toml 的 departments 中加入 add `{MESSENGER}` to departments in pack.toml"),
            );
        }
        let steps = || sagas.iter().flat_map(|saga| &saga.steps);
        let names = || steps().map(|step| &*step.name);
        for occasion in &self.occasions {
            if let Ok(Some(step)) = occasion::step_named(&occasion.value)
                && !names().any(|name| name == step)
            {
                let known: Vec<&str> = names().collect();
                sheet.report(
                    occasion.line,
                    format!("不认识的环节 unknown step `{step}` in `when`"),
                    format!("可用 known are {}", known.join(", ")),
                );
            }
        }
        for path in &self.paths {
            let (first, rest) = crate::facts::split(&path.value);
            let step = steps().find(|step| &*step.name == first);
            let field = rest.and_then(|rest| rest.split('.').next());
            let gives = sagas.iter().find_map(|saga| saga.gives.get(first));
            let known = match (step, gives, field) {
                (Some(_), Some(gives), Some(field)) => {
                    gives.iter().any(|given| &**given == field) || given_by_law(step, field)
                }
                (Some(_), _, _) => true,
                (None, ..) => {
                    [OCCASION, "request", "correction"].contains(&first)
                        || header.form == super::Form::General
                        || crate::facts::ROOTS.contains(&first)
                }
            };
            if !known {
                sheet.report(
                    path.line,
                    format!("没有这项信息 no such fact: `{}`", path.value),
                    "用环节给出的字段、表单字段或 use a field that a step gives, one of the form, or `occasion.…`"
                        .into(),
                );
            }
        }
    }
}

/// The department that sends messages.
const MESSENGER: &str = "sms";

/// Where the sender puts what only it knows of an occasion.
const OCCASION: &str = "occasion";

fn given_by_law(step: Option<&saga::Step>, field: &str) -> bool {
    let Some(saga::definition::Performer::Law { rule }) = step.map(|step| &step.performer) else { return false };
    rules::find(rule).is_some_and(|(rule, _)| rule.gives.contains(&field))
}

fn channels(table: &Table<'_>, to: Recipient) -> Vec<Channel> {
    if !table.has("channels") {
        return if to.is_family() { vec![Channel::App, Channel::Sms] } else { vec![Channel::App] };
    }
    let mut found = Vec::new();
    for word in table.texts("channels") {
        match Channel::WORDS.iter().find(|(known, _)| *known == &*word.value) {
            Some((_, channel)) if !found.contains(channel) => found.push(*channel),
            Some(_) => table.report(word.line, format!("重复 `{}` stands twice", word.value), "删除一处 remove one"),
            None => table.report(
                word.line,
                format!("不认识的发送方式 unknown channel `{}`", word.value),
                "用其中之一 use one of app, sms",
            ),
        }
    }
    if found.is_empty() {
        table.report(
            table.line_of("channels"),
            "没有发送方式 names no channel".into(),
            "写上 write e.g. [\"app\", \"sms\"]",
        );
    }
    found
}

fn conditions(table: &Table<'_>, paths: &mut Vec<Placed<Arc<str>>>) -> Vec<Condition> {
    let mut found = Vec::new();
    for condition in table.tables("if") {
        let path = condition.needed("path");
        let (is, not) = (literal(&condition, "is"), literal(&condition, "not"));
        if condition.has("is") == condition.has("not") {
            condition.report(
                condition.line,
                "条件写法不对 a condition says what a fact is, or what it is not".into(),
                "写成 write { path = \"…\", is = \"…\" } or { path = \"…\", not = \"…\" }",
            );
        } else if let Some(placed) = path {
            let path = Arc::clone(&placed.value);
            found.extend(match (is, not) {
                (Some(value), _) => Some(Condition::Is { path, value }),
                (None, Some(value)) => Some(Condition::Not { path, value }),
                (None, None) => None,
            });
            paths.push(placed);
        }
        condition.finish();
    }
    found
}

fn literal(table: &Table<'_>, key: &'static str) -> Option<Value> {
    if table.is_text(key) {
        return table.text(key).map(|text| Value::from(&*text.value));
    }
    table.truth(key).map(Value::Bool)
}

fn variables(
    table: &Table<'_>,
    text: Option<&Placed<Arc<str>>>,
    dictionary: &Dictionary,
    paths: &mut Vec<Placed<Arc<str>>>,
) -> Vec<Variable> {
    let mut found: Vec<Variable> = Vec::new();
    for variable in table.tables("variables") {
        let mark = variable.needed("mark");
        if let (Some(mark), Some(text)) = (&mark, text)
            && !text.value.contains(&*mark.value)
        {
            variable.report(mark.line, format!("正文里没有 the text has no `{}`", mark.value), "更正 correct the mark");
        }
        if let Some(mark) = &mark
            && found.iter().any(|other| other.mark == mark.value)
        {
            variable.report(mark.line, format!("变量重复 `{}` stands twice", mark.value), "删除一处 remove one");
        }
        if let Some(read) = one_variable(&variable, mark, dictionary, paths) {
            found.push(read);
        }
        variable.finish();
    }
    found
}

fn one_variable(
    table: &Table<'_>,
    mark: Option<Placed<Arc<str>>>,
    dictionary: &Dictionary,
    paths: &mut Vec<Placed<Arc<str>>>,
) -> Option<Variable> {
    let (path, value) = (table.text("path"), table.text("value"));
    let kind = kind(table);
    let own: Words = table.pairs("words").into_iter().map(|(code, word)| (code.value, word.value)).collect();
    let typical = table.text("typical");
    if path.is_none() && value.is_none() && !table.has("path") && !table.has("value") {
        table.report(
            table.line,
            "变量没有来源 the variable has neither `path` nor `value`".into(),
            "写上字段或固定值 name a fact, or write the value itself",
        );
    }
    let kind = kind?;
    if let Some(path) = &path {
        check_path(table, path, kind);
    }
    let words = match kind {
        Kind::ReasonClass => dictionary.reasons.clone(),
        Kind::Department => dictionary.departments.clone(),
        Kind::Item => dictionary.items.clone(),
        _ => own,
    };
    let mut read = Variable {
        mark: mark?.value,
        kind,
        path: path.as_ref().map(|path| Arc::clone(&path.value)),
        value: value.map(|value| value.value),
        typical: "".into(),
        longest: 0,
        words,
    };
    read.longest = longest(table, &read);
    read.typical = match (&typical, &read.path, &read.value) {
        (Some(typical), ..) => Arc::clone(&typical.value),
        (None, None, Some(value)) => Arc::clone(value),
        (None, ..) => kind.typical().into(),
    };
    if let Some(typical) = typical.filter(|typical| units(&typical.value) > read.longest && kind != Kind::Name) {
        table.report(
            typical.line,
            format!("常见值比最长值还长 the usual value is longer than the longest, {}", read.longest),
            "更正 `typical` correct it",
        );
    }
    paths.extend(path);
    Some(read)
}

/// UTF-16 units of the longest value that a variable can have.
fn longest(table: &Table<'_>, variable: &Variable) -> usize {
    let fixed = variable.value.as_deref().map(units).unwrap_or(0);
    if variable.path.is_none() {
        return fixed;
    }
    let of_kind = match variable.kind.longest() {
        Some(longest) => longest,
        None => {
            if variable.words.is_empty() {
                let (what, cure) = match variable.kind {
                    Kind::ReasonClass => ("原因类别 classes of reasons", "在文件开头加上 add `[reason_classes]`"),
                    Kind::Department => ("部门名称 names of departments", "在文件开头加上 add `[departments]`"),
                    Kind::Item => ("事项 items", "在 pack.toml 加上 add `[items.…]` to pack.toml"),
                    _ => ("`words`", "写上 add `words = { code = \"文字\" }`"),
                };
                table.report(table.line, format!("没有 has no {what}"), cure);
            }
            variable.words.values().map(|word| units(word)).max().unwrap_or(0)
        }
    };
    if fixed > of_kind {
        table.report(
            table.line_of("value"),
            format!("`value` 太长 is longer than its kind allows, {of_kind}"),
            "缩短 shorten it",
        );
    }
    of_kind.max(fixed)
}

/// The longest text that one variable may bring, in UTF-16 units: more than three providers take, and far less than a
/// message that nobody reads.
const TEXT_UNITS_MAX: usize = 100;

fn kind(table: &Table<'_>) -> Option<Kind> {
    let word = table.needed("kind")?;
    if let Some(max) = word.value.strip_prefix("text(max=").and_then(|rest| rest.strip_suffix(')')) {
        if let Some(max) = max.parse().ok().filter(|max| (1..=TEXT_UNITS_MAX).contains(max)) {
            return Some(Kind::Text(max));
        }
    } else if let Some((_, kind)) = Kind::WORDS.iter().find(|(known, _)| *known == &*word.value) {
        return Some(*kind);
    }
    let known: Vec<&str> = Kind::WORDS.iter().map(|(known, _)| *known).collect();
    table.report(
        word.line,
        format!("`kind` 不认识 does not know `{}`", word.value),
        format!("用其中之一 use one of {}, text(max=1…{TEXT_UNITS_MAX})", known.join(", ")),
    );
    None
}

fn check_path(table: &Table<'_>, path: &Placed<Arc<str>>, kind: Kind) {
    if let Some(what) = forbidden::of_path(&path.value, kind) {
        table.report(
            path.line,
            format!("短信中不得出现{what} may not stand in a message: `{}`", path.value),
            "删去;细节请读者登录查看 remove it; details are read behind the login",
        );
    }
    if kind == Kind::CaseNumber && &*path.value != CASE_NUMBER {
        table.report(
            path.line,
            format!("办件编号只能取自 a case number is only `{CASE_NUMBER}`"),
            "更正 correct the path",
        );
    }
}

/// The one fact that may be a long number in a text.
const CASE_NUMBER: &str = "occasion.case_number";

/// A text without a variable for each of its marks would be sent with the mark in it; one with a long number in it
/// would be refused each time it is sent.
fn check_text(table: &Table<'_>, text: &Placed<Arc<str>>, variables: &[Variable]) {
    let mut rest = &*text.value;
    while let Some(at) = rest.find('{') {
        rest = &rest[at..];
        let Some(end) = rest.find('}') else { break };
        let mark = &rest[..=end];
        if !variables.iter().any(|variable| &*variable.mark == mark) {
            table.report(
                text.line,
                format!("正文的变量未说明 unknown variable `{mark}`"),
                "在 variables 中加上 add it to `variables`",
            );
        }
        rest = &rest[end + 1..];
    }
    let fixed = variables.iter().filter(|variable| variable.kind != Kind::CaseNumber);
    let fixed = fixed.filter_map(|variable| variable.value.as_deref());
    if let Some(what) = std::iter::once(&*text.value).chain(fixed).find_map(forbidden::of_text) {
        table.report(text.line, format!("短信中不得出现{what} may not stand in a message"), "删去 remove it");
    }
}
