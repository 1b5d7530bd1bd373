//! `yijian policy bench`: how fast the law decides on this machine.
//!
//! Two figures: everything for one family, on one thread; and a replay of many cases under a second pack, on all
//! threads. The families are made before the clock starts.

use std::{path::PathBuf, thread, time::Instant};

use clap::Args;
use hdrhistogram::Histogram;
use identifiers::LocalMinute;
use policy::{Calendar, Pack, advice::Questions, replay};
use serde_json::{Value, json};

use crate::program::Failure;

/// `yijian policy bench`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// 政策包 / the pack
    #[arg(long, default_value = "anhui-2024", value_name = "PACK|DIR")]
    pub pack: String,
    /// 重放时的另一政策包 / the other pack of the replay [default: the same]
    #[arg(long, value_name = "PACK|DIR")]
    pub against: Option<String>,
    /// 事实文件,默认内置一家 / the family's facts [default: one built in]
    #[arg(long, value_name = "FILE")]
    pub facts: Option<PathBuf>,
    /// 多少家 / how many families
    #[arg(long, default_value_t = 100_000, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    pub families: u64,
}

/// The longest time that is told apart: a minute.
const SLOWEST_NS: u64 = 60_000_000_000;

/// A family with everything that departments answer.
const FAMILY: &str = include_str!("../../../../examples/facts/anhui-on-time.json");

pub(super) fn text(arguments: &Arguments) -> Result<String, Failure> {
    let pack = super::pack(&arguments.pack)?;
    let other = super::pack(arguments.against.as_deref().unwrap_or(&arguments.pack))?;
    let facts: Value = match &arguments.facts {
        Some(file) => {
            let text = std::fs::read_to_string(file)
                .map_err(|error| Failure::Usage(format!("{}: {error}", file.display())))?;
            serde_json::from_str(&text)
                .map_err(|_| Failure::Usage(format!("{}: 不是 JSON / not JSON", file.display())))?
        }
        None => serde_json::from_str(FAMILY).map_err(|error| Failure::Refused(error.to_string()))?,
    };
    let calendar = Calendar::shipped();
    let at = LocalMinute::parse("2026-10-12T09:00").map_err(|violation| Failure::Refused(violation.en.to_string()))?;
    let families: Vec<Value> = (0..arguments.families).map(|number| family(&facts, number)).collect();
    let everything = everything(&pack, &calendar, &families, &at)?;
    Ok(format!("{everything}\n{}", replayed(&pack, &other, &calendar, &families, &at)))
}

/// Families born on different days, so that no two neighbours are decided alike.
fn family(facts: &Value, number: u64) -> Value {
    let mut family = facts.clone();
    if let Some(child) = family.get_mut("child") {
        child["born_at"] = json!(format!("2026-{:02}-{:02}T08:30", 1 + number % 9, 1 + number % 28));
    }
    family
}

fn everything(pack: &Pack, calendar: &Calendar, families: &[Value], at: &LocalMinute) -> Result<String, Failure> {
    let mut spent =
        Histogram::<u64>::new_with_max(SLOWEST_NS, 3).map_err(|error| Failure::Refused(error.to_string()))?;
    let questions = Questions::of(pack);
    let (mut decided, mut asked) = (0_u64, 0_u64);
    for facts in families {
        let begun = Instant::now();
        let answers = questions.ask(calendar, facts, at);
        spent.saturating_record(u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX));
        decided += answers.iter().filter(|advised| advised.answer.is_ok()).count() as u64;
        asked += answers.len() as u64;
    }
    let microseconds = |nanoseconds: u64| nanoseconds as f64 / 1_000.0;
    let mean = spent.mean() / 1_000.0;
    Ok(format!(
        "一家的全部判断 everything for one family: 平均 mean {mean:.1} µs, p50 {:.1} µs, p99 {:.1} µs; \
         每家 {} 问 questions each, {decided} 项判断 decisions, 每秒 {:.0} 项 a second",
        microseconds(spent.value_at_quantile(0.5)),
        microseconds(spent.value_at_quantile(0.99)),
        asked / families.len().max(1) as u64,
        decided as f64 / (mean * families.len() as f64 / 1_000_000.0),
    ))
}

fn replayed(old: &Pack, new: &Pack, calendar: &Calendar, families: &[Value], at: &LocalMinute) -> String {
    let mut rules: Vec<std::sync::Arc<str>> = Vec::new();
    for advised in Questions::of(old).ask(calendar, &families[0], at) {
        if !rules.contains(&advised.rule) {
            rules.push(advised.rule);
        }
    }
    let asked: Vec<_> = rules.into_iter().map(|rule| (rule, at.clone())).collect();
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let begun = Instant::now();
    let different: usize = thread::scope(|scope| {
        let parts = families.chunks(families.len().div_ceil(threads)).map(|part| {
            let asked = &asked;
            scope
                .spawn(move || part.iter().filter(|facts| !replay(old, new, calendar, facts, asked).is_empty()).count())
        });
        let running: Vec<_> = parts.collect();
        running.into_iter().map(|part| part.join().unwrap_or_default()).sum()
    });
    format!(
        "重放 replay of {} 件 cases, {} → {}: {:.2} s, {threads} 线程 threads; {different} 件不同 differ",
        families.len(),
        old.name,
        new.name,
        begun.elapsed().as_secs_f64(),
    )
}
