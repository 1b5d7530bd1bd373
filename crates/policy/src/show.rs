//! A pack as one page that an official reads from top to bottom: Markdown, in Chinese.

use std::fmt::{self, Write};

use saga::definition::{Definition, Kind, OnRefusal, Performer, Scope, Selection, StartWhen, Step, StepIndex};

use crate::{
    Form, Pack,
    diff::step::span,
    law::{Law, UNSPECIFIED_ZH},
    legal_time::Span,
    rules,
};

/// What a source that leaves a thing open is written as.
const UNSPECIFIED: &str = "unspecified";

/// The whole pack.
pub fn page(pack: &Pack) -> String {
    let mut page = String::new();
    // Writing to a text cannot fail.
    let _ = write_page(&mut page, pack);
    page
}

/// The values of a base, which is no pack: what packs take from it where they set none of their own.
pub fn base_page(name: &str, law: &Law) -> String {
    let mut page = format!("# 基础取值 `{name}`\n\n不是政策包:各包未自行写明的值取自此处。\n");
    // Writing to a text cannot fail.
    let _ = values(&mut page, law).and_then(|()| rows(&mut page, law));
    page
}

fn write_page(page: &mut String, pack: &Pack) -> fmt::Result {
    header(page, pack)?;
    items(page, pack)?;
    writeln!(page, "\n## 环节\n")?;
    steps(page, &pack.definition)?;
    for (name, procedure) in &pack.procedures {
        writeln!(page, "\n## 后续程序:{}(`{name}`)\n", procedure.definition.title)?;
        steps(page, &procedure.definition)?;
    }
    values(page, &pack.law)?;
    rows(page, &pack.law)?;
    messages(page, pack)?;
    reasons(page, pack)
}

fn header(page: &mut String, pack: &Pack) -> fmt::Result {
    writeln!(page, "# {}\n", pack.title)?;
    let form = match pack.form {
        Form::Birth => "新生儿出生“一件事”申请表(附3)",
        Form::General => "通用",
    };
    writeln!(page, "- 政策包 `{}`,版本 {},申请表:{form}", pack.name, pack.version)?;
    writeln!(page, "- 适用地区(行政区划代码开头):{}", pack.selector.areas.join("、"))?;
    let minute = |minute: &identifiers::LocalMinute| minute.as_str().replace('T', " ");
    let born = match (&pack.selector.born_from, &pack.selector.born_until) {
        (None, None) => "不限".to_owned(),
        (Some(from), None) => format!("{}(含)以后", minute(from)),
        (None, Some(until)) => format!("{}以前", minute(until)),
        (Some(from), Some(until)) => format!("{}(含)至{}(不含)", minute(from), minute(until)),
    };
    writeln!(page, "- 适用的出生时间:{born}")?;
    writeln!(page, "- 部门:{}", pack.departments.join("、"))?;
    writeln!(page, "- 短信签名:【{}】", pack.sms_signature)?;
    writeln!(page, "- 依据:{}", pack.documents.join(";"))?;
    for (key, source) in pack.sources.iter().filter(|(key, _)| !key.contains('-') && !is_of_a_step(pack, key)) {
        writeln!(page, "- `{key}` 的来源:{}", said_source(source))?;
    }
    Ok(())
}

fn is_of_a_step(pack: &Pack, key: &str) -> bool {
    key.split_once('.').is_some_and(|(step, _)| pack.definition.find(step).is_some())
}

fn items(page: &mut String, pack: &Pack) -> fmt::Result {
    if pack.items.is_empty() {
        return Ok(());
    }
    writeln!(page, "\n## 事项\n\n| 事项 | 是否必选 | 须先选 | 来源 |\n|---|---|---|---|")?;
    for item in pack.items.values() {
        let name = |key: &std::sync::Arc<str>| {
            pack.items.get(key).map_or_else(|| key.to_string(), |item| item.name.zh.to_string())
        };
        let needs: Vec<String> = item.needs.iter().map(name).collect();
        let mandatory = if item.mandatory { "必选" } else { "可选" };
        writeln!(
            page,
            "| {} | {mandatory} | {} | {} |",
            cell(&item.name.zh),
            cell(&needs.join("、")),
            cell(&said_source(&item.source))
        )?;
    }
    Ok(())
}

fn steps(page: &mut String, definition: &Definition) -> fmt::Result {
    writeln!(page, "| 次序 | 环节 | 由谁办理 | 何时开始 | 时限 | 来源 |\n|---|---|---|---|---|---|")?;
    for index in definition.indices() {
        let step = definition.step(index);
        writeln!(
            page,
            "| {} | {} | {} | {} | {} | {} |",
            index.0 + 1,
            cell(&format!("{}{}", step.title, marks(step))),
            cell(&performer(definition, step)),
            cell(&begins(definition, step)),
            cell(&limit(step)),
            cell(&said_source(&step.source)),
        )?;
    }
    Ok(())
}

/// What is special of a step.
fn marks(step: &Step) -> String {
    let mut marks = Vec::new();
    if step.mandatory {
        marks.push("必办".to_owned());
    }
    match step.kind {
        Kind::Pivot => marks.push("此后只进不退".to_owned()),
        Kind::Compensable | Kind::Forward => {}
    }
    match step.scope {
        Scope::Family => marks.push("全家一次".to_owned()),
        Scope::Child => {}
    }
    match &step.selection {
        Selection::Always => {}
        Selection::Chosen => marks.push("勾选才办".to_owned()),
        Selection::Rule(rule) => marks.push(format!("按规则“{}”", rule_zh(rule))),
    }
    if marks.is_empty() { String::new() } else { format!("({})", marks.join(";")) }
}

fn rule_zh(name: &str) -> String {
    rules::find(name).map_or_else(
        || name.to_owned(),
        |(rule, argument)| match argument {
            Some(argument) => format!("{}: {argument}", rule.zh),
            None => rule.zh.to_owned(),
        },
    )
}

fn performer(definition: &Definition, step: &Step) -> String {
    match &step.performer {
        Performer::Department { department, command } => format!("{department}(`{command}`)"),
        Performer::Person { role, methods, .. } => {
            let role = match &**role {
                "applicant" => "申请人",
                "father" => "父亲",
                "clerk" => "工作人员",
                other => other,
            };
            let others = step.differs_from.iter().map(|other| format!("“{}”", definition.step(*other).title));
            let others = others.collect::<Vec<_>>().join("、");
            let another = if others.is_empty() { others } else { format!(";须与{others}不是同一人") };
            format!("{role}({}){another}", methods.join("、"))
        }
        Performer::Law { rule } => format!("法律规定:{}", rule_zh(rule)),
    }
}

fn begins(definition: &Definition, step: &Step) -> String {
    let titles = |steps: &[StepIndex]| {
        steps.iter().map(|index| definition.step(*index).title.to_string()).collect::<Vec<_>>().join("、")
    };
    let mut parts = Vec::new();
    if !step.after.is_empty() {
        parts.push(format!("办成后:{}", titles(&step.after)));
    }
    if !step.once_settled.is_empty() {
        parts.push(format!("了结后:{}", titles(&step.once_settled)));
    }
    let conditions: Vec<String> = step
        .start_when
        .iter()
        .map(|condition| match condition {
            StartWhen::Late { step, after_ms } => {
                format!("“{}”满{}仍未了结", definition.step(*step).title, zh_span(*after_ms))
            }
            StartWhen::Offline { step } => format!("“{}”转线下", definition.step(*step).title),
            StartWhen::Succeeded { step } => format!("“{}”办成", definition.step(*step).title),
        })
        .collect();
    if !conditions.is_empty() {
        parts.push(conditions.join("或"));
    }
    if parts.is_empty() { "申请后即开始".to_owned() } else { parts.join(";") }
}

fn zh_span(milliseconds: i64) -> String {
    let text = span(milliseconds);
    text.split(' ').next().unwrap_or_default().to_owned()
}

fn limit(step: &Step) -> String {
    let mut parts = Vec::new();
    if let Some(limit) = step.limit.as_deref() {
        parts.push(match Span::parse(limit) {
            Some(span) => span.zh(),
            None if limit == UNSPECIFIED => UNSPECIFIED_ZH.to_owned(),
            None => limit.to_owned(),
        });
    }
    if let Some(expiry) = &step.expiry {
        let then = match expiry.then {
            OnRefusal::Reject => "不予办理",
            OnRefusal::Expire => "申请失效",
            OnRefusal::Offline => "转线下",
            OnRefusal::Close => "不再等待",
        };
        parts.push(format!("等待{},逾期{then}", zh_span(expiry.after_ms)));
    }
    parts.join(";")
}

fn values(page: &mut String, law: &Law) -> fmt::Result {
    if law.iter().next().is_none() {
        return Ok(());
    }
    writeln!(page, "\n## 法律规定的值\n\n| 规定 | 值 | 生效 | 来源 | 所在 |\n|---|---|---|---|---|")?;
    for term in crate::law::terms() {
        let Some((_, provisions)) = law.iter().find(|(key, _)| *key == term.key) else { continue };
        for provision in provisions {
            let dates = match (provision.from, provision.until) {
                (None, None) => "本包全程".to_owned(),
                (Some(from), None) => format!("{from}起"),
                (None, Some(until)) => format!("至{until}前"),
                (Some(from), Some(until)) => format!("{from}至{until}前"),
            };
            writeln!(
                page,
                "| {}(`{}`) | {} | {dates} | {} | {} |",
                cell(term.zh),
                term.key,
                cell(&provision.value.zh()),
                cell(&said_source(&provision.source)),
                provision.place(),
            )?;
        }
    }
    if !law.shares.is_empty() {
        writeln!(page, "\n### 财政分担比例\n\n| 地区 | 省 | 市 | 县 | 来源 |\n|---|---|---|---|---|")?;
        let percent = |part: u32| format!("{}.{:02}%", part / 100, part % 100);
        for share in &law.shares {
            let parts = [share.province, share.city, share.county].map(percent).join(" | ");
            writeln!(page, "| {} | {parts} | {} |", share.area, cell(&said_source(&share.source)))?;
        }
    }
    Ok(())
}

/// How the agency handles each business, and how many children each city is to subsidise.
fn rows(page: &mut String, law: &Law) -> fmt::Result {
    if !law.procedures.is_empty() {
        writeln!(page, "\n## 经办程序\n\n| 业务 | 时限 | 层级 | 文书 | 来源 |\n|---|---|---|---|---|")?;
    }
    for procedure in &law.procedures {
        let open = || UNSPECIFIED_ZH.to_owned();
        let mut limit = procedure.limit.map_or_else(open, Span::zh);
        if let Some(longest) = procedure.limit_max {
            limit.push_str(&format!(",最长{}", longest.zh()));
        }
        if let Some(from) = &procedure.counts_from {
            limit.push_str(&format!("(自{from}起)"));
        }
        let papers: Vec<&str> = procedure.paper.iter().chain(&procedure.refusal_paper).map(|paper| &**paper).collect();
        let copies = procedure.copies.map(|copies| format!(" ×{copies}")).unwrap_or_default();
        let (levels, papers) = (procedure.levels.join(" → "), papers.join("、"));
        let (name, source) = (cell(&procedure.zh), cell(&said_source(&procedure.source)));
        writeln!(page, "| {name} | {} | {} | {}{copies} | {source} |", cell(&limit), cell(&levels), cell(&papers))?;
    }
    if !law.plans.is_empty() {
        writeln!(page, "\n## 资助计划\n\n| 年度 | 地区 | 人数(不少于) | 来源 |\n|---|---|---|---|")?;
    }
    for plan in &law.plans {
        let (name, source) = (cell(&plan.zh), cell(&said_source(&plan.source)));
        writeln!(page, "| {} | {name}({}) | {} | {source} |", plan.year, plan.area, plan.children)?;
    }
    Ok(())
}

fn messages(page: &mut String, pack: &Pack) -> fmt::Result {
    if pack.messages.is_empty() {
        return Ok(());
    }
    writeln!(
        page,
        "\n## 短信\n\n| 编号 | 名称 | 正文 | 字数(UTF-16)通常/最长 | 最多条数 | 来源 |\n|---|---|---|---|---|---|"
    )?;
    for (template, lengths) in pack.message_lengths() {
        let (title, text, source) = (cell(&template.title), cell(&template.text), cell(&said_source(&template.source)));
        let (typical, longest, segments) = (lengths.typical, lengths.longest, lengths.segments);
        writeln!(page, "| {} | {title} | {text} | {typical} / {longest} | {segments} | {source} |", template.id)?;
    }
    Ok(())
}

fn reasons(page: &mut String, pack: &Pack) -> fmt::Result {
    if pack.reasons.is_empty() {
        return Ok(());
    }
    writeln!(page, "\n## 不予办理的原因与线下去处\n\n| 代码 | 告知申请人 | 线下去处 | 来源 |\n|---|---|---|---|")?;
    for (code, reason) in &pack.reasons {
        let route = pack.offline_routes.get(&reason.offline_route).map_or("", |route| &*route.text.zh);
        writeln!(
            page,
            "| {code} | {} | {} | {} |",
            cell(&reason.text.zh),
            cell(route),
            cell(&said_source(&reason.source))
        )?;
    }
    Ok(())
}

/// What a source leaves open is said so in Chinese.
fn said_source(source: &str) -> String {
    match source.strip_prefix(UNSPECIFIED) {
        Some(rest) => format!("来源未写明{}", rest.replacen(": ", ":", 1).replace(UNSPECIFIED, "来源未写明")),
        None => source.replace(UNSPECIFIED, "来源未写明"),
    }
}

/// A text that stays within its cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}
