//! `yijian bench`: the straight path under load, measured from the outside.
//!
//! Each saga goes the whole way: gRPC, coordinator, SQLite with every commit on disk, carrier, adapter with its inbox,
//! and back, until the client that filed it sees its end. Clients, orchestrator and adapter share this process, each on
//! threads of its own. What the work is stands in [`work`]; how a figure is to be read, in `docs/benchmarks.md`.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, ValueEnum};
use serde::Serialize;
use service::telemetry;
use uuid::Uuid;

use crate::program::Failure;

mod load;
mod machine;
mod stored;
mod system;
mod work;

use load::{Loaded, Series};
use machine::Spent;
use system::{Keys, Runtimes, System};

/// What `yijian bench` measures.
#[derive(Clone, Debug, Args)]
pub struct Arguments {
    /// 测多少个办件 / how many sagas
    #[arg(long, default_value_t = 20_000, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    pub sagas: u64,
    /// 同时多少个客户端 / how many clients at once
    #[arg(long, default_value_t = 200, value_name = "C", value_parser = clap::value_parser!(u64).range(1..=4_000))]
    pub concurrency: u64,
    /// 部门的收件箱:durable 或 memory / the department's inbox
    #[arg(long, value_enum, default_value_t = InboxChoice::Durable)]
    pub inbox: InboxChoice,
    /// 消息总线:memory、mock 或 kafka / the carrier
    #[arg(long, default_value = "memory", value_name = "memory|mock|kafka")]
    pub bus: bus::Choice,
    /// Kafka 地址 / bootstrap.servers
    #[arg(long, value_name = "HOST:PORT", required_if_eq("bus", "kafka"))]
    pub bootstrap: Option<String>,
    /// 加密算法 / the cipher
    #[arg(long, default_value = "sm4", value_name = "sm4|aes")]
    pub cipher: vault::Suite,
    /// 先存入多少个已办结的办件 / ended sagas that are stored first
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub stored: u64,
    /// 数据目录,须为空或不存在(默认为临时目录,测完即删) / data folder, empty or new [default: a temporary one, removed afterwards]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// 以 JSON 输出 / the report as JSON
    #[arg(long)]
    pub json: bool,
}

/// Where the adapter keeps what it has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum InboxChoice {
    /// In SQLite, every commit on disk.
    Durable,
    /// In memory: what a department pays that keeps its own record.
    Memory,
}

/// What one system is made of.
struct Settings {
    inbox: InboxChoice,
    cipher: vault::Suite,
    /// The orchestrator's name, and so its topics': new for each benchmark, so that none reads another's replies.
    name: String,
}

/// What was measured.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Sagas ended in a second.
    pub sagas_per_second: f64,
    /// From filing to the end seen by the client, in milliseconds: half of the sagas took at most this long.
    pub latency_ms_p50: f64,
    /// The same, of 99 in a hundred.
    pub latency_ms_p99: f64,
    /// The same, of all.
    pub latency_ms_max: f64,
    /// Processor time of the orchestrator and its database, in milliseconds for each saga.
    pub server_cpu_ms_per_saga: f64,
    /// Processor time of the adapter and its inbox.
    pub departments_cpu_ms_per_saga: f64,
    /// Processor time of the clients.
    pub load_cpu_ms_per_saga: f64,
    /// Processor time of the Kafka client of both sides, and of the mock cluster; 0 with the carrier in memory.
    pub carrier_cpu_ms_per_saga: f64,
    /// Bytes by which the databases have grown, for each saga.
    pub disk_bytes_per_saga: u64,
    /// The most memory that the whole process used.
    pub peak_rss_bytes: u64,
    /// Commits of the orchestrator's store.
    pub commits: u64,
    /// Half of the commits were of at most so many sagas.
    pub sagas_per_commit_p50: u64,
    /// How often a client was told to come back.
    pub overloaded: u64,
}

/// Measures and prints.
///
/// # Errors
/// [`Failure::Usage`] for a data folder that is not empty, [`Failure::Refused`] for whatever else went wrong.
pub async fn run(arguments: Arguments) -> Result<(), Failure> {
    telemetry::start("warn", telemetry::Format::Text, std::io::stderr)
        .map_err(|error| Failure::Usage(error.to_string()))?;
    if let Some(folder) = &arguments.data
        && std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some())
    {
        return Err(Failure::Usage(format!("{} 不是空目录 / is not an empty folder", folder.display())));
    }
    let json = arguments.json;
    // The measurement has runtimes of its own and waits for them.
    let measured = tokio::task::spawn_blocking(move || measure(&arguments)).await.context("measure")??;
    if json {
        println!("{}", serde_json::to_string_pretty(&measured).context("write the report")?);
    } else {
        println!("{}", measured.in_words());
    }
    Ok(())
}

fn measure(arguments: &Arguments) -> anyhow::Result<Report> {
    let folder = Folder::make(arguments.data.as_deref())?;
    let name = format!("bench-{}", Uuid::now_v7().simple());
    let settings = Settings { inbox: arguments.inbox, cipher: arguments.cipher, name: name.clone() };
    let (runtimes, keys) = (Runtimes::start()?, Keys::generate());
    let mut carrier = bus::Settings { choice: arguments.bus, ..bus::Settings::default() };
    carrier.properties.extend(arguments.bootstrap.clone().map(|address| ("bootstrap.servers".to_owned(), address)));
    let loading = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name(machine::LOAD_THREADS)
        .enable_all()
        .build()?;
    let carrier = loading.block_on(bus::open(&carrier)).context("open the bus")?;
    let mut series = Series { name, next: 0 };
    let clients = arguments.concurrency;
    // `block_on` itself runs on this thread, which has no part's name; what is spawned runs on the named ones.
    let mut run = |address, sagas| loading.block_on(load::load(address, &mut series, sagas, clients));
    let start = || System::start(&runtimes, &settings, &folder.path, &keys, &carrier.bus);

    if arguments.stored > 0 {
        let system = start()?;
        run(system.address, 1)?;
        loading.block_on(stored::fill(&*system.store, arguments.stored))?;
        system.stop(&runtimes)?;
    }
    let bytes_before = machine::bytes_on_disk(&folder.path)?;
    let system = start()?;
    // Statements are prepared, connections made, consumers joined.
    let warm_up = clients.max(WARM_UP_MIN);
    run(system.address, warm_up)?;
    machine::forget_peak_memory();
    let (spent_before, commits_before) = (machine::spent(&system.inbox_threads)?, system.commits_by_sagas());
    let loaded = run(system.address, arguments.sagas)?;
    let spent = machine::spent(&system.inbox_threads)?.since(spent_before);
    let peak_rss_bytes = machine::peak_memory_bytes()?;
    let commits = difference(&system.commits_by_sagas(), &commits_before);
    system.stop(&runtimes)?;
    let grown = machine::bytes_on_disk(&folder.path)?.saturating_sub(bytes_before);
    let disk_bytes_per_saga = grown / (arguments.sagas + warm_up);
    Ok(Report::of(&loaded, arguments.sagas, spent, &commits, disk_bytes_per_saga, peak_rss_bytes))
}

/// Sagas before the measurement, at least.
const WARM_UP_MIN: u64 = 50;

fn difference(after: &[u64], before: &[u64]) -> Vec<u64> {
    after.iter().zip(before).map(|(after, before)| after - before).collect()
}

impl Report {
    fn of(
        loaded: &Loaded,
        sagas: u64,
        spent: Spent,
        commits_by_sagas: &[u64],
        disk_bytes_per_saga: u64,
        peak_rss_bytes: u64,
    ) -> Self {
        let milliseconds = |us: u64| us as f64 / 1_000.0;
        let each = |time: std::time::Duration| time.as_secs_f64() * 1_000.0 / sagas as f64;
        let latency = &loaded.latency_us;
        Self {
            sagas_per_second: sagas as f64 / loaded.took.as_secs_f64(),
            latency_ms_p50: milliseconds(latency.value_at_quantile(0.5)),
            latency_ms_p99: milliseconds(latency.value_at_quantile(0.99)),
            latency_ms_max: milliseconds(latency.max()),
            server_cpu_ms_per_saga: each(spent.server),
            departments_cpu_ms_per_saga: each(spent.departments),
            load_cpu_ms_per_saga: each(spent.load),
            carrier_cpu_ms_per_saga: each(spent.carrier),
            disk_bytes_per_saga,
            peak_rss_bytes,
            commits: commits_by_sagas.iter().sum(),
            sagas_per_commit_p50: median(commits_by_sagas),
            overloaded: loaded.overloaded,
        }
    }

    fn in_words(&self) -> String {
        let Report { sagas_per_second, latency_ms_p50, latency_ms_p99, latency_ms_max, .. } = self;
        [
            format!("吞吐 / throughput              {sagas_per_second:.0} 办件/秒 sagas/s"),
            format!("时延 / latency p50, p99, max   {latency_ms_p50:.1}, {latency_ms_p99:.1}, {latency_ms_max:.1} ms"),
            format!("处理器 / cpu, each saga        编排器 server {:.2} ms", self.server_cpu_ms_per_saga),
            format!("                               部门 departments {:.2} ms", self.departments_cpu_ms_per_saga),
            format!("                               客户端 clients {:.2} ms", self.load_cpu_ms_per_saga),
            format!("                               总线 carrier {:.2} ms", self.carrier_cpu_ms_per_saga),
            format!("磁盘 / disk, each saga         {} B", self.disk_bytes_per_saga),
            format!("内存峰值 / peak memory         {} MiB", self.peak_rss_bytes >> 20),
            format!("提交 / commits                 {}", self.commits),
            format!("每次提交的办件 / sagas each    {} (p50)", self.sagas_per_commit_p50),
        ]
        .join("\n")
    }
}

/// The number of sagas that half of the commits do not exceed.
fn median(commits_by_sagas: &[u64]) -> u64 {
    let commits: u64 = commits_by_sagas.iter().sum();
    let mut seen = 0;
    for (sagas, count) in (0..).zip(commits_by_sagas) {
        seen += count;
        if seen * 2 >= commits {
            return sagas;
        }
    }
    0
}

/// The folder with the databases; a temporary one goes with the benchmark.
struct Folder {
    path: PathBuf,
    temporary: bool,
}

impl Folder {
    fn make(given: Option<&Path>) -> anyhow::Result<Self> {
        let temporary = || std::env::temp_dir().join(format!("yijian-bench-{}", Uuid::now_v7().simple()));
        let path = given.map_or_else(temporary, Path::to_owned);
        std::fs::create_dir_all(&path).with_context(|| format!("make {}", path.display()))?;
        Ok(Self { path, temporary: given.is_none() })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.temporary
            && let Err(error) = std::fs::remove_dir_all(&self.path)
        {
            tracing::warn!(%error, "the temporary folder could not be removed");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// If this fails, the benchmark measures something else than it says, or nothing.
    #[test]
    fn a_small_load_goes_the_whole_path() {
        let arguments = Arguments {
            sagas: 20,
            concurrency: 4,
            inbox: InboxChoice::Durable,
            bus: bus::Choice::Memory,
            bootstrap: None,
            cipher: vault::Suite::Sm4Gcm,
            stored: 30,
            data: None,
            json: false,
        };
        let report = measure(&arguments).expect("every case ends completed");
        assert!(report.sagas_per_second > 0.0 && report.latency_ms_p50 <= report.latency_ms_max, "{report:?}");
        // Filed, answered twice in turn, then side by side and once more: never fewer, and never a row at a time.
        assert!(report.commits >= 4 && report.commits <= 20 * 8, "{report:?}");
        assert!(report.disk_bytes_per_saga > 7_000, "seven answers of a thousand bytes are kept: {report:?}");
    }

    /// If this fails, commits are said to be of more sagas than they are.
    #[test]
    fn the_median_is_of_commits_and_not_of_sagas() {
        assert_eq!(median(&[0, 10, 0, 0, 1]), 1);
        assert_eq!(median(&[0, 1, 0, 0, 10]), 4);
        assert_eq!(median(&[0, 0]), 0);
    }
}
