//! The clock as an input: rows whose time has come, once every answer that lay waiting has been read.
//!
//! A reply that was there in time is never overtaken by its own deadline (protocol.md 14): after a start, and after the
//! machine's clock has jumped, nothing fires before the topics are read up to where they ended.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    time::{Duration, Instant},
};

use service::clock::Clock;
use tokio_util::sync::CancellationToken;

use super::bus::Carries;
use crate::{
    coordinator::work::{Done, Handle, Rejected, Work},
    downtime, limits,
    store::{Due, Error, PendingKey, SagaNumber, Store},
};

/// The longest sleep between two looks. A command that is ordered becomes due after two seconds at the earliest.
const LOOK: Duration = Duration::from_millis(200);
/// How often the store is told that we serve.
const HEARTBEAT: Duration = Duration::from_secs(5);
/// A jump of the clock by more than this closes the gate again: the machine slept, and answers may be waiting.
const JUMP_MS: i64 = 60_000;
/// How long the gate stays closed after a jump, for the carriers to bring what waits.
const AFTER_JUMP: Duration = Duration::from_secs(10);

/// How long a row that nobody could use is passed over: that of a case that cannot be read, above all. Without it, a few
/// hundred such rows would be all that is ever handed in.
const PASSED_OVER_MS: i64 = 60_000;

/// Rows passed over, as they were, until when.
type PassedOver = HashMap<(SagaNumber, PendingKey, u32, i64), i64>;

/// Open once replies and notices have been read up to where they ended at the start.
#[derive(Clone, Default)]
pub struct Gate(Arc<AtomicU8>);

impl Gate {
    fn bit(carries: Carries) -> u8 {
        match carries {
            Carries::Replies => 1,
            Carries::Notices => 2,
        }
    }

    /// Everything of this kind that lay waiting has been decided.
    pub fn caught_up(&self, carries: Carries) {
        self.0.fetch_or(Self::bit(carries), Ordering::AcqRel);
    }

    /// Whether it is open as far as this kind goes.
    pub fn is_open_for(&self, carries: Carries) -> bool {
        self.0.load(Ordering::Acquire) & Self::bit(carries) != 0
    }

    /// Whether deadlines may fire.
    pub fn is_open(&self) -> bool {
        self.0.load(Ordering::Acquire) == 3
    }
}

/// Hands due rows to the coordinator.
pub struct Deadlines {
    /// Where the rows are.
    pub store: Arc<dyn Store>,
    /// Where the work goes.
    pub handle: Handle,
    /// Machine time.
    pub clock: Arc<dyn Clock>,
    /// Closed until the topics are read.
    pub gate: Gate,
}

impl Deadlines {
    /// Watches until the service stops.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn run(self, stop: CancellationToken) -> Result<(), Error> {
        let mut beaten = Instant::now();
        let mut seen = (Instant::now(), self.clock.now_ms());
        let mut closed_until = Instant::now();
        let mut passed_over = PassedOver::new();
        loop {
            let now_ms = self.clock.now_ms();
            let passed = i64::try_from(seen.0.elapsed().as_millis()).unwrap_or(i64::MAX);
            if (now_ms - seen.1 - passed).abs() > JUMP_MS {
                tracing::warn!("the machine's clock has jumped; deadlines wait until waiting answers are read");
                closed_until = Instant::now() + AFTER_JUMP;
            }
            seen = (Instant::now(), now_ms);
            if beaten.elapsed() >= HEARTBEAT {
                downtime::beat(&*self.store, now_ms).await?;
                beaten = Instant::now();
            }
            let fired = if self.gate.is_open() && Instant::now() >= closed_until {
                self.fire(now_ms, &mut passed_over).await?
            } else {
                0
            };
            if fired == limits::DUE_MAX {
                continue;
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK) => {}
                () = stop.cancelled() => {
                    downtime::beat(&*self.store, self.clock.now_ms()).await?;
                    return Ok(());
                }
            }
        }
    }

    /// Hands in what is due and waits until it is decided, so that no row is taken twice.
    async fn fire(&self, now_ms: i64, passed_over: &mut PassedOver) -> Result<u32, Error> {
        passed_over.retain(|_, until| *until > now_ms);
        let limit = limits::DUE_MAX.saturating_add(u32::try_from(passed_over.len()).unwrap_or(u32::MAX));
        let mut rows = self.store.due(now_ms, limit).await?;
        rows.retain(|due| !passed_over.contains_key(&as_it_was(due)));
        rows.truncate(limits::DUE_MAX as usize);
        let count = u32::try_from(rows.len()).unwrap_or(u32::MAX);
        let mut waiting = Vec::with_capacity(rows.len());
        for row in rows {
            let was = as_it_was(&row);
            match self.handle.give(Work::Due(Box::new(row))).await {
                Ok(done) => waiting.push((was, done)),
                Err(Rejected::Overloaded | Rejected::Stopping) => return Ok(0),
            }
        }
        for (was, done) in waiting {
            match done.await {
                Ok(Done::Unknown | Done::Quarantined) => {
                    passed_over.insert(was, now_ms.saturating_add(PASSED_OVER_MS));
                }
                Ok(_) => {}
                Err(_) => return Ok(0),
            }
        }
        Ok(count)
    }
}

fn as_it_was(due: &Due) -> (SagaNumber, PendingKey, u32, i64) {
    (due.number, due.row.key.clone(), due.row.revision, due.row.due_at)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use service::clock::VirtualClock;
    use tokio::sync::mpsc;

    use super::{Deadlines, Done, Gate, Handle, PassedOver, Work, limits};
    use crate::store::{
        Store,
        conformance::{commit, new_case},
        memory::MemoryStore,
    };

    /// A few hundred cases that cannot be read would otherwise stop the clock for every other family.
    #[tokio::test]
    async fn rows_that_nobody_can_use_do_not_stand_before_the_others() {
        let store = MemoryStore::new();
        let unreadable = u64::from(limits::DUE_MAX);
        let cases: Vec<_> = (1..=unreadable + 1).map(new_case).collect();
        commit(&store, &cases).await;
        let (work, mut queue) = mpsc::channel(4_096);
        let store: Arc<dyn Store> = Arc::new(store);
        let (clock, gate) = (Arc::new(VirtualClock::at(5_000)), Gate::default());
        let deadlines = Deadlines { store, handle: Handle::new(work), clock, gate };
        let answering = tokio::spawn(async move {
            let mut handed_in = Vec::new();
            while let Some(queued) = queue.recv().await {
                let Work::Due(due) = queued.work else { continue };
                handed_in.push(due.number);
                let _gone = queued.answer.expect("the clock waits").send(Done::Unknown);
            }
            handed_in
        });
        let mut passed_over = PassedOver::new();
        for _ in 0..3 {
            deadlines.fire(5_000, &mut passed_over).await.expect("read");
        }
        deadlines.fire(70_000, &mut passed_over).await.expect("read");
        drop(deadlines);
        let handed_in = answering.await.expect("answered");
        assert!(handed_in.contains(&(unreadable + 1)), "the readable one is handed in");
        assert_eq!(handed_in.len() as u64, 2 * unreadable + 1, "and the others once a minute");
    }
}
