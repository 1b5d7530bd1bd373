//! Reads `pack.toml`: whom the pack is for, its items, its reasons, and where to go offline.

use std::{collections::BTreeMap, sync::Arc};

use identifiers::LocalMinute;
use jiff::civil::Date;

use crate::rules;

use super::{
    Form, Item, OfflineRoute, OnNotice, Reason, Selector, Text,
    sheet::{Placed, Sheet, Table},
};

/// What `pack.toml` says. Where it is wrong it is noted on the sheet, and stands here empty.
pub(super) struct Header {
    pub(super) name: Arc<str>,
    pub(super) title: Arc<str>,
    pub(super) version: Arc<str>,
    pub(super) form: Form,
    pub(super) selector: Selector,
    pub(super) sms_signature: Arc<str>,
    pub(super) departments: Vec<Arc<str>>,
    pub(super) items: BTreeMap<Arc<str>, Item>,
    pub(super) offline_routes: BTreeMap<Arc<str>, OfflineRoute>,
    pub(super) reasons: BTreeMap<Arc<str>, Reason>,
    pub(super) sources: BTreeMap<Arc<str>, Arc<str>>,
    pub(super) documents: Vec<Arc<str>>,
    pub(super) procedures: Vec<Placed<Arc<str>>>,
    pub(super) on_notice: BTreeMap<Arc<str>, OnNotice>,
}

/// Reads the file; everything wrong is noted on the sheet.
pub(super) fn read(sheet: &Sheet<'_>) -> Header {
    let syntax = sheet.syntax();
    let root = sheet.root(syntax.get_ref());
    let mut sources = BTreeMap::new();
    let needed = |key| root.needed(key).map(|text| text.value).unwrap_or_default();
    let signature = root.sourced("sms_signature");
    if let Some(source) = signature.as_ref().and_then(|signature| signature.source.clone()) {
        sources.insert(Arc::from("sms_signature"), source);
    }
    let offline_routes = offline_routes(&root);
    let header = Header {
        name: needed("name"),
        title: needed("title"),
        version: needed("version"),
        form: root.word("form", &[("birth", Form::Birth), ("general", Form::General)]).unwrap_or(Form::Birth),
        selector: selector(&root, &mut sources),
        sms_signature: signature.map(|signature| signature.value).unwrap_or_default(),
        departments: departments(&root),
        items: items(&root),
        reasons: reasons(&root, &offline_routes),
        offline_routes,
        sources,
        on_notice: on_notice(&root),
        procedures: root.texts("procedures"),
        documents: root.texts("sources").into_iter().map(|text| text.value).collect(),
    };
    // Read with the folder: which other folder's values hold where this pack sets none.
    root.text("base");
    if !root.has("form") {
        root.report(1, "缺少 missing `form`".into(), "写上 add `form = \"birth\"` or `\"general\"`");
    }
    if header.documents.is_empty() {
        root.report(
            1,
            "没有依据 `sources` names no document".into(),
            "写明文件名称 name the documents of the articles",
        );
    }
    root.finish();
    header
}

/// `on_notice`: a kind of notice, who tells it, and the procedure that it begins.
fn on_notice(root: &Table<'_>) -> BTreeMap<Arc<str>, OnNotice> {
    let known = |key| -> Vec<Arc<str>> { root.texts(key).into_iter().map(|name| name.value).collect() };
    let (procedures, departments) = (known("procedures"), known("departments"));
    let mut found = BTreeMap::new();
    for table in root.tables("on_notice") {
        let named = (table.needed("kind"), table.needed("from"), table.needed("begins"));
        if let (Some(kind), Some(from), Some(begins)) = named {
            if !procedures.contains(&begins.value) {
                table.report(
                    begins.line,
                    format!("没有这个程序 no procedure `{}`", begins.value),
                    "在 procedures 中列出 list it in `procedures`",
                );
            }
            if !departments.contains(&from.value) {
                table.report(
                    from.line,
                    format!("没有这个部门 no department `{}`", from.value),
                    "在 departments 中列出 list it in `departments`",
                );
            }
            let rule = table.text("rule");
            if let Some(rule) = rule.as_ref().filter(|rule| rules::find(&rule.value).is_none()) {
                table.report(
                    rule.line,
                    format!("没有这条规则 no rule `{}`", rule.value),
                    "写规则的名称 write the name of a rule",
                );
            }
            let rule = rule.map(|rule| rule.value);
            found.insert(kind.value, OnNotice { department: from.value, rule, procedure: begins.value });
        }
        table.finish();
    }
    found
}

fn departments(root: &Table<'_>) -> Vec<Arc<str>> {
    let found = root.texts("departments");
    for (at, text) in found.iter().enumerate() {
        if super::steps::is_reserved(&text.value) {
            root.report(
                text.line,
                format!("`{}` 不是部门 is not a department but a person or the law", text.value),
                "删除 remove it",
            );
        } else if found[..at].iter().any(|earlier| earlier.value == text.value) {
            root.report(text.line, format!("部门重复 `{}` stands twice", text.value), "删除一处 remove one");
        }
    }
    found.into_iter().map(|text| text.value).collect()
}

fn selector(root: &Table<'_>, sources: &mut BTreeMap<Arc<str>, Arc<str>>) -> Selector {
    let Some(table) = root.table("selector") else {
        if !root.has("selector") {
            root.report(1, "缺少 missing `[selector]`".into(), "写明适用地区 add it with `areas = [\"34\"]`");
        }
        return Selector::default();
    };
    let areas = table.texts("areas");
    if areas.is_empty() {
        table.report(table.line, "没有适用地区 no `areas`".into(), "写明地区代码 name the beginnings of area codes");
    }
    for area in &areas {
        if area.value.is_empty() || area.value.len() > 6 || !area.value.bytes().all(|byte| byte.is_ascii_digit()) {
            table.report(
                area.line,
                format!("不是地区代码的开头 not the beginning of an area code: `{}`", area.value),
                "写一至六位数字 write one to six digits of GB/T 2260",
            );
        }
    }
    let mut sourced = |key: &'static str| {
        let found = table.sourced(key)?;
        if let Some(source) = found.source.clone() {
            sources.insert(format!("selector.{key}").into(), source);
        }
        Some(found)
    };
    let [born_from, born_until] = ["born_from", "born_until"].map(|key| {
        let found = sourced(key)?;
        let parsed = LocalMinute::parse(&found.value);
        if let Err(violation) = &parsed {
            table.report(
                found.line,
                format!("`{key}`: {} {}", violation.zh, violation.en),
                "写成 write e.g. \"2026-01-01T00:00\"",
            );
        }
        parsed.ok()
    });
    let [submitted_from, submitted_until] = ["submitted_from", "submitted_until"].map(|key| {
        let found = sourced(key)?;
        let parsed = found.value.parse::<Date>().ok().filter(|_| found.value.len() == 10);
        if parsed.is_none() {
            let what = format!("`{key}` 不是日期 is not a day: `{}`", found.value);
            table.report(found.line, what, "写成 write e.g. \"2026-01-01\"");
        }
        parsed
    });
    report_if_empty(
        &table,
        "born",
        born_from.as_ref().zip(born_until.as_ref()).is_some_and(|(from, until)| from >= until),
    );
    let filing = submitted_from.zip(submitted_until);
    report_if_empty(&table, "submitted", filing.is_some_and(|(from, until)| from >= until));
    table.finish();
    let areas = areas.into_iter().map(|area| area.value).collect();
    Selector { areas, born_from, born_until, submitted_from, submitted_until }
}

/// A pack that ends before it begins is for nobody.
fn report_if_empty(table: &Table<'_>, what: &str, is_empty: bool) {
    if is_empty {
        let (until, zh, en) = match what {
            "born" => ("born_until", "无一出生可适用", "no birth could fall under the pack"),
            _ => ("submitted_until", "无一申请可适用", "no application could fall under the pack"),
        };
        let what = format!("`{until}` 不晚于 is not after `{what}_from`: {zh} {en}");
        table.report(table.line_of(until), what, "更正时间 correct one of them");
    }
}

fn text(table: &Table<'_>) -> Text {
    let needed = |key| table.needed(key).map(|text| text.value).unwrap_or_default();
    Text { zh: needed("zh"), en: needed("en") }
}

fn source(table: &Table<'_>) -> Arc<str> {
    table.needed("source").map(|text| text.value).unwrap_or_default()
}

fn items(root: &Table<'_>) -> BTreeMap<Arc<str>, Item> {
    let tables = root.named("items");
    let keys: Vec<Arc<str>> = tables.iter().map(|(key, _)| Arc::clone(key)).collect();
    let mut items = BTreeMap::new();
    for (key, table) in tables {
        let needs = table.texts("needs");
        for needed in &needs {
            if !keys.contains(&needed.value) || needed.value == key {
                table.report(
                    needed.line,
                    format!("事项不存在 no other item `{}`", needed.value),
                    format!("用其中之一 use one of {}", keys.join(", ")),
                );
            }
        }
        let item = Item {
            name: text(&table),
            mandatory: table.truth("mandatory").unwrap_or(false),
            needs: needs.into_iter().map(|needed| needed.value).collect(),
            source: source(&table),
        };
        table.finish();
        items.insert(key, item);
    }
    items
}

fn offline_routes(root: &Table<'_>) -> BTreeMap<Arc<str>, OfflineRoute> {
    let mut routes = BTreeMap::new();
    for (key, table) in root.named("offline_routes") {
        let route = OfflineRoute { text: text(&table), source: source(&table) };
        table.finish();
        routes.insert(key, route);
    }
    routes
}

fn reasons(root: &Table<'_>, routes: &BTreeMap<Arc<str>, OfflineRoute>) -> BTreeMap<Arc<str>, Reason> {
    let mut reasons = BTreeMap::new();
    for (code, table) in root.named("reasons") {
        let route = table.text("offline_route");
        if let Some(route) = &route
            && !routes.contains_key(&route.value)
        {
            table.report(
                route.line,
                format!("线下去处不存在 no offline route `{}`", route.value),
                format!("加上 add `[offline_routes.{}]`", route.value),
            );
        }
        let reason = Reason {
            text: text(&table),
            offline_route: route.map(|route| route.value).unwrap_or_default(),
            source: source(&table),
        };
        table.finish();
        reasons.insert(code, reason);
    }
    reasons
}
