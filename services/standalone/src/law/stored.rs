//! `yijian policy explain` and `replay`: what the law has decided in stored cases, and what another pack would have.
//!
//! Both ask a running server, which alone can open what was decided. Values that name a person come masked.

use std::{
    fmt::Write as _,
    io::{self, Write},
    time::Instant,
};

use clap::Args;
use proto::v1::{self, replay_policy_response::Told};
use uuid::Uuid;

use super::pack;
use crate::{
    client::{Client, Server, Words},
    program::Failure,
};

/// `yijian policy explain`.
#[derive(Debug, Args)]
pub struct Explain {
    /// 办件号 / the case's id
    #[arg(value_name = "CASE")]
    pub id: Uuid,
    #[command(flatten)]
    server: Server,
}

/// `yijian policy replay`.
#[derive(Debug, Args)]
pub struct Replay {
    /// 另一个政策包:内置名称或文件夹 / the other pack: a shipped pack's name, or a pack's folder
    #[arg(long, value_name = "PACK")]
    pub pack: String,
    /// 办件号,逗号分隔;all 为全部 / the cases, comma-separated; `all` for all
    #[arg(long, default_value = "all", value_name = "IDS")]
    pub cases: String,
    /// 只看按此政策包受理的办件,默认与另一个包同名 / cases that were born under this pack; the other pack's name by default
    #[arg(long, default_value = "", value_name = "NAME")]
    pub born_under: String,
    /// 最多列出多少个办件 / at most so many cases are listed
    #[arg(long, default_value_t = 20, value_name = "N")]
    pub list: u32,
    #[command(flatten)]
    server: Server,
}

/// Every decision of a case, in order.
pub(super) async fn explain(arguments: Explain) -> Result<(), Failure> {
    let mut client = Client::new(&arguments.server.server)?;
    let request = v1::ExplainCaseRequest { case_id: arguments.id.to_string() };
    let explained = client.applications.explain_case(request).await.map_err(Words::from)?.into_inner();
    arguments.server.print("yijian.v1.ExplainCaseResponse", &explained, explanation)
}

fn explanation(explained: &v1::ExplainCaseResponse) -> String {
    let mut text = String::new();
    for decision in &explained.decisions {
        let outcome = match &*decision.outcome {
            "yes" => "是",
            "no" => "否",
            _ => "尚不能判断",
        };
        let at = decision.at.as_ref().map(|at| beijing(at.seconds)).unwrap_or_default();
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "\n{at}  {}  {} {} → {outcome} {}",
            decision.step, decision.rule, decision.row, decision.text_zh
        );
        let mut line = |label: &str, value: String| {
            if !value.is_empty() {
                let _ = writeln!(text, "    {label}: {value}");
            }
        };
        line("依据 articles", decision.articles.join("; "));
        line("政策包 pack", decision.pack.clone());
        line("事实 inputs", pairs(&decision.inputs));
        line("取值 values", pairs(&decision.terms));
        for deadline in &decision.deadlines {
            let rolled = if deadline.rolled == deadline.nominal { "" } else { ",顺延至 rolled to " };
            let rolled_day = if rolled.is_empty() { "" } else { &deadline.rolled };
            line(
                "期限 deadline",
                format!(
                    "{}: {}起{},名义 nominal {}{rolled}{rolled_day} ({})",
                    deadline.name, deadline.from, deadline.span, deadline.nominal, deadline.article
                ),
            );
        }
        for excluded in &decision.excluded {
            line("排除 excluded", format!("{} {}", excluded.row, excluded.text_zh));
        }
        for reason in &decision.reasons {
            line("原因 reason", format!("{} {} {}", reason.code, reason.text_zh, reason.offline_route));
        }
        for warning in &decision.warnings {
            line("注意 warning", warning.clone());
        }
    }
    let _ = write!(text, "\n节假日安排 calendar: {}", explained.calendar.join("; "));
    text.trim_start().to_owned()
}

fn pairs(values: &std::collections::HashMap<String, String>) -> String {
    let mut pairs: Vec<String> = values.iter().map(|(name, value)| format!("{name}={value}")).collect();
    pairs.sort();
    pairs.join(", ")
}

fn beijing(seconds: i64) -> String {
    let at = jiff::Timestamp::from_second(seconds).unwrap_or_default();
    identifiers::LocalMinute::from_timestamp(at).as_str().replace('T', " ")
}

/// Which stored cases another pack would have decided otherwise.
pub(super) async fn replay(arguments: Replay) -> Result<(), Failure> {
    let other = pack(&arguments.pack)?;
    let files = other.files.iter().map(|(name, text)| v1::PackFile { name: name.to_string(), text: text.to_string() });
    let case_ids = match &*arguments.cases {
        "all" => Vec::new(),
        ids => ids.split(',').map(|id| id.trim().to_owned()).collect(),
    };
    let request = v1::ReplayPolicyRequest {
        files: files.collect(),
        case_ids,
        born_under: arguments.born_under.clone(),
        told_max: Some(arguments.list),
    };
    let began = Instant::now();
    let mut client = Client::new(&arguments.server.server)?;
    let mut stream = client.operations.replay_policy(request).await.map_err(Words::from)?.into_inner();
    let mut listed = 0;
    while let Some(response) = stream.message().await.map_err(Words::from)? {
        match &response.told {
            _ if arguments.server.json => {
                arguments.server.print("yijian.v1.ReplayPolicyResponse", &response, |_| String::new())?;
            }
            Some(Told::Difference(case)) => {
                listed += 1;
                print(&difference(case))?;
            }
            Some(Told::Summary(summary)) => {
                let took = began.elapsed().as_secs_f64();
                print(&format!("{}\n用时 took {took:.1} s", totals(summary, listed)))?;
            }
            None => {}
        }
    }
    Ok(())
}

fn difference(case: &v1::CaseDifference) -> String {
    let mut text = case.case_id.clone();
    for decision in &case.decisions {
        let _ = write!(
            text,
            "\n    {}: {} {} → {} {}",
            decision.rule, decision.old_row, decision.old_zh, decision.new_row, decision.new_zh
        );
        if decision.fen != 0 {
            let _ = write!(text, "  {:+.2} 元", decision.fen as f64 / 100.0);
        }
        if decision.covered_days != 0 {
            let _ = write!(text, "  {:+} 天待遇 days of cover", decision.covered_days);
        }
    }
    text
}

fn totals(summary: &v1::ReplaySummary, listed: usize) -> String {
    let more = usize::try_from(summary.differing).unwrap_or(usize::MAX).saturating_sub(listed);
    let more = if more > 0 { format!(",另有 {more} 件未列出 more not listed") } else { String::new() };
    let unreadable = match summary.unreadable {
        0 => String::new(),
        some => format!(";{some} 件无法打开 cannot be opened"),
    };
    format!(
        "共 {} 件,{} 件会有不同决定{more}{unreadable}。 {} cases, {} would be decided otherwise.\n金额 {:+.2} 元,待遇 {:+} 天 days of cover",
        summary.cases,
        summary.differing,
        summary.cases,
        summary.differing,
        summary.fen as f64 / 100.0,
        summary.covered_days
    )
}

fn print(text: &str) -> Result<(), Failure> {
    match writeln!(io::stdout(), "{text}") {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::Refused(format!("无法输出 / cannot print: {error}")))
        }
        _ => Ok(()),
    }
}
