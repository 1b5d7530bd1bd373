//! The pages in HTML: table headings, languages marked, nothing told by colour alone.

use std::{collections::HashMap, fmt::Write};

use jiff::{
    Timestamp,
    tz::{Offset, TimeZone},
};
use maud::{DOCTYPE, Markup, html};
use proto::v1;

use super::{
    Line, Row,
    words::{self, Word},
};
use crate::{inbound::grpc::view, store::SagaNumber};

/// The list of cases.
pub(super) fn list(
    rows: &[Row],
    counts: &[(&'static str, u64)],
    state: Option<&str>,
    older_page: bool,
    older: Option<SagaNumber>,
    now_ms: i64,
) -> Markup {
    let narrowed = state.map(|state| format!("state={state}&")).unwrap_or_default();
    let total: u64 = counts.iter().map(|(_, count)| count).sum();
    page(
        "办件",
        html! {
            ul.counts {
                li { a href="/" aria-current=[state.is_none().then_some("page")] { "全部 " span lang="en" { "all" } " " (total) } }
                @for (name, count) in counts {
                    @let word = words::named(name);
                    li { a class=(word.class) href={ "/?state=" (name) } aria-current=[(state == Some(*name)).then_some("page")] {
                        (word.sign) " " (word.zh) " " span lang="en" { (word.en) } " " (count)
                    } }
                }
            }
            table {
                caption { "办件,最新在前 " span lang="en" { "cases, newest first" } " · " (time(now_ms)) }
                thead { tr {
                    (heading("办件", "case")) (heading("政策包", "pack")) (heading("婴儿", "child")) (heading("状态", "state"))
                    (heading("提交", "filed")) (heading("变动", "changed")) (heading("环节", "steps"))
                } }
                tbody {
                    @for row in rows { (case_row(row)) }
                    @if rows.is_empty() { tr { td colspan="7" { "没有办件 " span lang="en" { "no cases" } } } }
                }
            }
            nav aria-label="分页 pages" {
                @if older_page { a href={ "/?" (narrowed) } { "« 最新 " span lang="en" { "newest" } } " " }
                @if let Some(older) = older {
                    a href={ "/?" (narrowed) "before=" (older) } { "更早 " span lang="en" { "older" } " »" }
                }
            }
        },
    )
}

fn case_row(row: &Row) -> Markup {
    let summary = &row.summary;
    let id = view::uuid(summary.case);
    html! { tr {
        th scope="row" { a href={ "/cases/" (id) } { (short(&id)) } }
        td { (summary.pack) }
        td.number { (summary.child_order) }
        td { (shown(&words::named(summary.state))) (badges(summary.frozen, summary.stuck, summary.bereaved)) }
        td.time { (time(summary.submitted_at)) }
        td.time { (time(summary.changed_at)) }
        td { @match &row.case {
            Some(case) => ul.steps { @for step in case.steps.iter().filter(|step| tells(step)) { li { (brief(step)) } } },
            None => span.bad { "✗ 无法读取 " span lang="en" { "cannot be read" } },
        } }
    } }
}

/// In the list, what was not chosen only takes room.
fn tells(step: &v1::Step) -> bool {
    step.state() != v1::StepState::NotSelected
}

fn brief(step: &v1::Step) -> Markup {
    let word = words::step(step.state());
    html! {
        span class=(word.class) title={ (word.zh) " " (word.en) } {
            span aria-hidden="true" { (word.sign) } " " (step.title) span.hidden { "," (word.zh) }
        }
        @if step.stuck { " " (stuck()) }
    }
}

/// One case.
pub(super) fn case(case: &v1::Case, titles: &HashMap<String, String>, history: &[Line], now_ms: i64) -> Markup {
    page(
        "办件详情",
        html! {
            p { a href="/" { "« 全部办件 " span lang="en" { "all cases" } } }
            h2 { (case.case_id) " " (shown(&words::case(case.state()))) (badges(case.frozen, case.stuck, case.bereaved)) }
            p {
                "政策包 " span lang="en" { "pack" } " " (case.pack) " · 申请 " span lang="en" { "application" } " " (case.application_id)
                " · 第" (case.child_order) "名婴儿 " span lang="en" { "child " (case.child_order) } " · " (time(now_ms))
            }
            table {
                caption { "环节 " span lang="en" { "steps" } }
                thead { tr {
                    (heading("环节", "step")) (heading("承办", "performer")) (heading("状态", "state"))
                    (heading("法定时限", "legal limit")) (heading("原因与去处", "reasons and where to go")) (heading("发送", "sendings")) (heading("下次动作", "next"))
                } }
                tbody { @for step in &case.steps { (step_row(step)) } }
            }
            (procedures(&case.procedures))
            (messages(&case.messages, titles))
            table {
                caption { "经过 " span lang="en" { "history" } }
                thead { tr { (heading("时间", "time")) (heading("事件", "event")) (heading("环节", "step")) (heading("由", "by")) } }
                tbody {
                    @for line in history { tr {
                        td.time { (time(line.at_ms)) }
                        td lang="en" { (line.event) }
                        td { (line.step) }
                        td { (line.actor) }
                    } }
                }
            }
        },
    )
}

fn step_row(step: &v1::Step) -> Markup {
    html! { tr {
        th scope="row" { (step.title) " " span lang="en" { (step.name) } }
        td { (step.performer) }
        td {
            (shown(&words::step(step.state())))
            @if !step.stage.is_empty() { " · " (step.stage) }
            @if step.stuck { " " (stuck()) }
            @if step.revision > 1 { " · 第" (step.revision) "版 " span lang="en" { "revision " (step.revision) } }
        }
        td { (limit(step)) }
        td { @for reason in &step.reasons {
            p {
                (reason.code) " " (reason.text_zh) " " span lang="en" { (reason.text_en) }
                @if !reason.offline_route.is_empty() { br; (reason.offline_route) }
            }
        } }
        td.number { @if step.attempts > 0 { (step.attempts) } }
        td.time { @if let Some(at) = &step.next_at { (time(at.seconds * 1_000)) } }
    } }
}

/// How long a step may take by law: the limit in words, its day, and how near that is, in colour, sign and word.
fn limit(step: &v1::Step) -> Markup {
    let stage = words::limit(&step.limit_stage);
    html! {
        (step.limit)
        @if let Some(due) = &step.limit_due_at { br; (shown(&stage)) " " span.time { (deadline(due.seconds * 1_000)) } }
        @else if step.limit_stage == "unknown" { br; (shown(&stage)) }
    }
}

/// What follows the case; nothing where nothing does.
fn procedures(procedures: &[v1::FollowUp]) -> Markup {
    html! { @if !procedures.is_empty() { table {
        caption { "后续程序 " span lang="en" { "procedures that follow" } }
        thead { tr {
            (heading("程序", "procedure")) (heading("状态", "state")) (heading("尚未确认", "not confirmed yet"))
        } }
        tbody { @for one in procedures { tr {
            th scope="row" { a href={ "/cases/" (one.case_id) } { (one.title) } " " span lang="en" { (one.procedure) } }
            td { (shown(&words::case(one.state()))) }
            td { (one.waits_for.join("、")) }
        } } }
    } } }
}

/// The messages to people; nothing where there are none.
fn messages(messages: &[v1::SentMessage], titles: &HashMap<String, String>) -> Markup {
    html! { @if !messages.is_empty() { table {
        caption { "短信 " span lang="en" { "messages" } }
        thead { tr {
            (heading("短信", "message")) (heading("收件人", "to")) (heading("状态", "state")) (heading("发送", "sent"))
        } }
        tbody { @for one in messages { tr {
            th scope="row" { (one.template) " " (titles.get(&one.template).map(String::as_str).unwrap_or_default()) }
            td { (words::reader(&one.to)) " " span lang="en" { (one.to) } }
            td { (shown(&words::message(&one.state))) }
            td.time { @if let Some(at) = &one.sent_at { (time(at.seconds * 1_000)) } }
        } } }
    } } }
}

/// A page that has only this to say.
pub(super) fn nothing(zh: &str, en: &str) -> Markup {
    page(
        zh,
        html! { p { (zh) " " span lang="en" { (en) } } p { a href="/" { "全部办件 " span lang="en" { "all cases" } } } },
    )
}

fn page(title: &str, body: Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="zh-CN" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " · 一件事" }
                link rel="stylesheet" href="/style.css";
                script src="/live.js" defer {}
            }
            body {
                header {
                    h1 { "新生儿出生“一件事” " span lang="en" { "one application, all departments" } }
                    button id="pause" type="button" aria-pressed="false" hidden { "暂停刷新 " span lang="en" { "pause" } }
                }
                main id="live" { (body) }
            }
        }
    }
}

fn heading(zh: &str, en: &str) -> Markup {
    html! { th scope="col" { (zh) " " span lang="en" { (en) } } }
}

fn shown(word: &Word) -> Markup {
    html! { span class=(word.class) { span aria-hidden="true" { (word.sign) } " " (word.zh) " " span lang="en" { (word.en) } } }
}

fn stuck() -> Markup {
    html! { span class="badge bad" { "卡住 " span lang="en" { "stuck" } } }
}

fn badges(frozen: bool, is_stuck: bool, bereaved: bool) -> Markup {
    html! {
        @if frozen { " " span class="badge aside" { "冻结 " span lang="en" { "frozen" } } }
        @if is_stuck { " " (stuck()) }
        @if bereaved { " " span class="badge quiet" { "专人办理 " span lang="en" { "by a person" } } }
    }
}

/// The end of the number, which tells two cases apart; its beginning is the time.
fn short(id: &str) -> String {
    let mut text = "…".to_owned();
    text.push_str(id.get(24..).unwrap_or(id));
    text
}

/// The last minute that is in time, in Beijing: `2026-12-18 17:29`.
fn deadline(due_ms: i64) -> String {
    let Ok(at) = Timestamp::from_millisecond(due_ms - 1) else { return String::new() };
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write!(text, "{}", at.to_zoned(TimeZone::fixed(Offset::constant(8))).strftime("%Y-%m-%d %H:%M"));
    text
}

/// In Beijing: `11-22 09:30:05`.
fn time(at_ms: i64) -> String {
    let Ok(at) = Timestamp::from_millisecond(at_ms) else { return String::new() };
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write!(text, "{}", at.to_zoned(TimeZone::fixed(Offset::constant(8))).strftime("%m-%d %H:%M:%S"));
    text
}
