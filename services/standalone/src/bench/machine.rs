//! What the benchmark costs the machine: processor time by who spent it, memory, and bytes on disk.
//!
//! Each part has a runtime of its own whose threads carry its name, so that the kernel's own figures tell them apart.

use std::{collections::BTreeSet, fs, path::Path, time::Duration};

use anyhow::Context;

/// The names of the threads of each part, at most 15 bytes, as the kernel keeps them.
pub(super) const SERVER_THREADS: &str = "bench-server";
/// See [`SERVER_THREADS`].
pub(super) const DEPARTMENT_THREADS: &str = "bench-adapter";
/// See [`SERVER_THREADS`].
pub(super) const LOAD_THREADS: &str = "bench-load";
/// How sqlx names the thread of a database connection, as far as the kernel keeps it.
const DATABASE_THREADS: &str = "sqlx-sqlite";
/// How librdkafka names its threads, those of the mock cluster included.
const CARRIER_THREADS: &str = "rdk:";

/// Clock ticks of the kernel's accounting in a second; 100 on every Linux that is built today.
const TICKS_PER_SECOND: u32 = 100;

/// Processor time of the parts, since each began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Spent {
    /// The orchestrator with its database.
    pub(super) server: Duration,
    /// The adapter with its inbox.
    pub(super) departments: Duration,
    /// The clients.
    pub(super) load: Duration,
    /// The Kafka client of both sides, and the mock cluster.
    pub(super) carrier: Duration,
}

impl Spent {
    /// What was spent after `earlier`.
    pub(super) fn since(self, earlier: Spent) -> Spent {
        Spent {
            server: self.server.saturating_sub(earlier.server),
            departments: self.departments.saturating_sub(earlier.departments),
            load: self.load.saturating_sub(earlier.load),
            carrier: self.carrier.saturating_sub(earlier.carrier),
        }
    }
}

/// The threads that there are now.
///
/// # Errors
/// Where there is no `/proc`.
pub(super) fn threads() -> anyhow::Result<BTreeSet<u32>> {
    let tasks = fs::read_dir("/proc/self/task").context("list the threads in /proc")?;
    Ok(tasks.flatten().filter_map(|task| task.file_name().to_str()?.parse().ok()).collect())
}

/// What each part has spent; `inbox` are the threads of the adapter's database.
///
/// # Errors
/// Where there is no `/proc`.
pub(super) fn spent(inbox: &BTreeSet<u32>) -> anyhow::Result<Spent> {
    let mut spent = Spent::default();
    for thread in threads()? {
        // A thread may end between the list and the look.
        let Ok(line) = fs::read_to_string(format!("/proc/self/task/{thread}/stat")) else { continue };
        let Some((name, time)) = name_and_time(&line) else { continue };
        if inbox.contains(&thread) || name == DEPARTMENT_THREADS {
            spent.departments += time;
        } else if name == SERVER_THREADS || name.starts_with(DATABASE_THREADS) {
            spent.server += time;
        } else if name == LOAD_THREADS {
            spent.load += time;
        } else if name.starts_with(CARRIER_THREADS) {
            spent.carrier += time;
        }
    }
    Ok(spent)
}

/// The name and the time in user and kernel mode of a line of `/proc/self/task/*/stat`.
fn name_and_time(line: &str) -> Option<(&str, Duration)> {
    // The name stands in parentheses and may contain any character, these included.
    let (head, rest) = line.rsplit_once(')')?;
    let (_, name) = head.split_once('(')?;
    let mut fields = rest.split_ascii_whitespace().skip(11);
    let (user, system): (u32, u32) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    Some((name, Duration::from_secs(1) * (user + system) / TICKS_PER_SECOND))
}

/// Forgets the highest memory use so far, where the kernel lets us; elsewhere the figure includes the preparation.
pub(super) fn forget_peak_memory() {
    // 5: the peak, and nothing else.
    if let Err(error) = fs::write("/proc/self/clear_refs", "5") {
        tracing::warn!(%error, "the peak of memory includes the preparation");
    }
}

/// The highest memory use of the whole process, in bytes.
///
/// # Errors
/// Where there is no `/proc`.
pub(super) fn peak_memory_bytes() -> anyhow::Result<u64> {
    let status = fs::read_to_string("/proc/self/status").context("read the memory in /proc")?;
    let kilobytes = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .and_then(|value| value.trim().strip_suffix("kB"))
        .and_then(|value| value.trim().parse::<u64>().ok())
        .context("find VmHWM in /proc/self/status")?;
    Ok(kilobytes * 1_024)
}

/// The bytes of all files of a folder.
///
/// # Errors
/// If it cannot be read.
pub(super) fn bytes_on_disk(folder: &Path) -> anyhow::Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder).with_context(|| format!("list {}", folder.display()))? {
        bytes += entry?.metadata()?.len();
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// If this fails, the figures name the wrong part, and work is done on what is not slow.
    #[test]
    fn time_is_read_for_threads_of_any_name() {
        let line = "17 (a) b (c)) S 1 1 1 0 -1 64 0 0 0 0 250 50 0 0 20 0 9 0 100 0 0";
        assert_eq!(name_and_time(line), Some(("a) b (c)", Duration::from_secs(3))));
        assert_eq!(name_and_time("17 (gone"), None);
    }

    /// If this fails, a part that works is reported to have spent nothing.
    #[test]
    fn what_a_part_spends_is_counted_as_its_own() {
        let before = spent(&BTreeSet::new()).expect("there is a /proc");
        let work = move || {
            let until = std::time::Instant::now() + Duration::from_millis(60);
            while std::time::Instant::now() < until {
                std::hint::spin_loop();
            }
            spent(&BTreeSet::new()).expect("there is a /proc").since(before)
        };
        let thread = std::thread::Builder::new().name(DEPARTMENT_THREADS.to_owned()).spawn(work).expect("a thread");
        let spent = thread.join().expect("it does not panic");
        assert!(spent.departments > Duration::ZERO, "{spent:?}");
        assert_eq!(spent.load, Duration::ZERO);
    }
}
