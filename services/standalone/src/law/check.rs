//! `yijian policy check`: everything that is wrong with a pack, or what an author should know of a sound one.

use std::{fmt::Write, path::PathBuf};

use clap::Args;
use jiff::civil::Date;
use policy::{Problem, check, message};

use super::Years;
use crate::program::Failure;

/// `yijian policy check`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// 政策包的文件夹,或放有各包的文件夹 / a pack's folder, or the folder that holds packs
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    #[command(flatten)]
    years: Years,
}

/// What there is to say of sound packs; everything that is wrong with others is the failure.
pub(super) fn text(arguments: &Arguments, today: Date) -> Result<String, Failure> {
    let given = arguments.years.given()?;
    let (packs, calendar) = check::packs(&arguments.folder, given).map_err(|problems| refused(&problems.0))?;
    let mut problems: Vec<Problem> = Vec::new();
    let mut text = String::new();
    for pack in &packs {
        problems.extend(
            check::beyond_the_calendar(pack, &calendar, today)
                .into_iter()
                .map(|problem| Problem { file: format!("{}/{}", pack.name, problem.file), ..problem }),
        );
        let (steps, values) = (pack.definition.steps.len(), pack.law.iter().count());
        let _ = writeln!(
            text,
            "{} {} 没有问题 / no problems: {steps} 个环节 steps, {values} 项规定 values of the law, {} 条短信 messages",
            pack.name,
            pack.version,
            pack.messages.len()
        );
        for (template, lengths) in pack.message_lengths() {
            let message::Lengths { typical, longest, segments } = lengths;
            let (id, title) = (&template.id, &template.title);
            let _ = writeln!(
                text,
                "  {id}  通常 {typical} 字 units,最长 at most {longest},{segments} 条 segments  {title}"
            );
        }
    }
    if !problems.is_empty() {
        return Err(refused(&problems));
    }
    if let Some(warning) = check::calendar_warning(&calendar, today) {
        let _ = writeln!(text, "提示 / warning: {}\n  {}", warning.zh, warning.en);
    }
    Ok(text)
}

fn refused(problems: &[Problem]) -> Failure {
    let mut lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    lines.push(format!("{} 个问题 / problems", problems.len()));
    Failure::Refused(lines.join("\n"))
}
