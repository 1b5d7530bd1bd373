//! `yijian policy decide`: every decision for a family that is not in the system, child by child.

use std::{borrow::Cow, fs, path::PathBuf, sync::Arc};

use clap::Args;
use identifiers::LocalMinute;
use policy::{
    Calendar, Decision, Pack, Packs,
    advice::{self, Advised, Choice, LastDay},
    facts::{self, known::FactProblem},
};
use serde_json::{Value, json};

use super::{Years, print};
use crate::program::Failure;

/// Bytes of a file of facts: one family fills a few thousand.
const FACTS_BYTES_MAX: u64 = 1_048_576;

/// `yijian policy decide`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// 政策包名称或文件夹;不写则由规则选定 / a shipped pack's name or a folder; without it the law chooses
    #[arg(long, value_name = "PACK|DIR")]
    pub pack: Option<String>,
    /// 事实文件(JSON) / the facts
    #[arg(long, value_name = "FILE")]
    pub facts: PathBuf,
    /// 提问的时刻(北京时间),默认现在 / when the question is asked, Beijing time [default: now]
    #[arg(long, value_name = "YYYY-MM-DDTHH:MM", value_parser = minute)]
    pub at: Option<LocalMinute>,
    /// 以 JSON 输出,不作遮盖 / print JSON, nothing masked
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    years: Years,
}

fn minute(text: &str) -> Result<LocalMinute, String> {
    LocalMinute::parse(text).map_err(|violation| format!("{} / {}", violation.zh, violation.en))
}

/// What the law says of one child.
pub(super) struct Told {
    pub(super) pack: Arc<Pack>,
    pub(super) order: Option<i64>,
    pub(super) decisions: Vec<Advised>,
    pub(super) last_days: Vec<LastDay>,
    pub(super) choices: Vec<Choice>,
}

pub(super) fn text(arguments: &Arguments, now: LocalMinute) -> Result<String, Failure> {
    let calendar = arguments.years.read()?;
    let facts = read(arguments)?;
    let at = arguments.at.clone().unwrap_or(now);
    let named = arguments.pack.as_deref().map(super::pack).transpose()?;
    let mut told = Vec::new();
    for facts in advice::per_child(&facts) {
        told.push(tell(named.as_ref(), &calendar, facts, &at)?);
    }
    if arguments.json {
        let children: Vec<Value> = told.iter().map(as_json).collect();
        return serde_json::to_string_pretty(&json!({"at": at.as_str(), "children": children}))
            .map_err(|error| Failure::Refused(error.to_string()));
    }
    Ok(told.iter().map(|told| print::told(told, &at)).collect::<Vec<_>>().join("\n\n"))
}

fn read(arguments: &Arguments) -> Result<Value, Failure> {
    let wrong = |why: String| Failure::Usage(format!("{}: {why}", arguments.facts.display()));
    let size =
        fs::metadata(&arguments.facts).map_err(|error| wrong(format!("无法读取 / cannot be read: {error}")))?.len();
    if size > FACTS_BYTES_MAX {
        return Err(wrong(format!("过大 / too large: {size} > {FACTS_BYTES_MAX} bytes")));
    }
    let text =
        fs::read_to_string(&arguments.facts).map_err(|error| wrong(format!("无法读取 / cannot be read: {error}")))?;
    // Editors of Windows put a mark in front, which is no JSON.
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let facts: Value = serde_json::from_str(text).map_err(|error| {
        // The error's own words may repeat what stands in the file.
        let (line, column) = (error.line(), error.column());
        wrong(format!("不是 JSON / not JSON: 第 {line} 行第 {column} 列 / line {line}, column {column}"))
    })?;
    if !facts.is_object() {
        return Err(wrong("应为一个 JSON 对象 / must be one JSON object".to_owned()));
    }
    Ok(facts)
}

fn tell(
    named: Option<&Arc<Pack>>,
    calendar: &Calendar,
    facts: Cow<'_, Value>,
    at: &LocalMinute,
) -> Result<Told, Failure> {
    let (pack, choice) = match named {
        Some(pack) => (Arc::clone(pack), None),
        None => chosen(&facts).map(|(pack, decision)| (pack, Some(decision)))?,
    };
    let problems = facts::known::problems(&pack, &facts);
    if !problems.is_empty() {
        return Err(Failure::Usage(said(&problems)));
    }
    let choice = choice.map(|decision| Advised {
        name: Arc::clone(&decision.rule),
        title: "适用的政策包".into(),
        rule: Arc::clone(&decision.rule),
        answer: Ok(decision),
    });
    Ok(Told {
        order: facts::at(&facts, "child.order").and_then(Value::as_i64),
        decisions: choice.into_iter().chain(advice::everything(&pack, calendar, &facts, at)).collect(),
        last_days: advice::last_days(&pack, calendar, &facts, at),
        choices: advice::preview(&pack, calendar, &facts, at),
        pack,
    })
}

fn said(problems: &[FactProblem]) -> String {
    let line = |problem: &FactProblem| format!("{}: {} / {}", problem.path, problem.what.zh, problem.what.en);
    problems.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// The shipped pack under which this birth falls, and the decision that says why.
fn chosen(facts: &Value) -> Result<(Arc<Pack>, Decision), Failure> {
    let slips = facts::known::of_other_kinds(policy::Form::Birth, facts);
    if !slips.is_empty() {
        return Err(Failure::Usage(said(&slips)));
    }
    let (area, born_at) = (facts::text(facts, "application.area"), facts::text(facts, "child.born_at"));
    let born_at = born_at.and_then(|text| LocalMinute::parse(text).ok());
    let (Some(area), Some(born_at)) = (area, born_at) else {
        return Err(Failure::Usage(
            "选定政策包须有 application.area 与 child.born_at,或写明 --pack / \
             to choose the pack, application.area and child.born_at are needed; or name one with --pack"
                .to_owned(),
        ));
    };
    let submitted_on = facts::text(facts, "application.submitted_on").and_then(|day| day.parse().ok());
    Packs::shipped().choice(area, &born_at, submitted_on).map_err(|refused| {
        let (explained, decision) = *refused;
        let mut lines = vec![explained.to_string()];
        lines.extend(decision.excluded.iter().map(|pack| format!("  {}: {} / {}", pack.row, pack.zh, pack.en)));
        Failure::Refused(lines.join("\n"))
    })
}

fn as_json(told: &Told) -> Value {
    let decisions: Vec<Value> = told
        .decisions
        .iter()
        .map(|advised| match &advised.answer {
            Ok(decision) => json!({"name": &*advised.name, "title": &*advised.title, "decision": decision}),
            Err(undecidable) => {
                let why = advice::why(undecidable);
                let missing = match undecidable {
                    policy::Undecidable::Missing(paths) => paths.clone(),
                    _ => Vec::new(),
                };
                json!({
                    "name": &*advised.name,
                    "title": &*advised.title,
                    "undecidable": {"rule": &*advised.rule, "code": undecidable.code(), "why": why, "missing": missing},
                })
            }
        })
        .collect();
    json!({
        "order": told.order,
        "pack": {"name": &*told.pack.name, "version": &*told.pack.version},
        "decisions": decisions,
        "last_days": told.last_days,
        "choices": told.choices,
    })
}
