//! The clock as an input: rows whose time has come, once every answer that lay waiting has been read.
//!
//! A reply that was there in time is never overtaken by its own deadline (protocol.md 14): after a start, and after the
//! machine's clock has jumped, nothing fires before the topics are read up to where they ended.

use std::{
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
    coordinator::work::{Handle, Rejected, Work},
    downtime, limits,
    store::{Error, Store},
};

/// The longest sleep between two looks. A command that is ordered becomes due after two seconds at the earliest.
const LOOK: Duration = Duration::from_millis(200);
/// How often the store is told that we serve.
const HEARTBEAT: Duration = Duration::from_secs(5);
/// A jump of the clock by more than this closes the gate again: the machine slept, and answers may be waiting.
const JUMP_MS: i64 = 60_000;
/// How long the gate stays closed after a jump, for the carriers to bring what waits.
const AFTER_JUMP: Duration = Duration::from_secs(10);

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
            let fired = if self.gate.is_open() && Instant::now() >= closed_until { self.fire(now_ms).await? } else { 0 };
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
    async fn fire(&self, now_ms: i64) -> Result<u32, Error> {
        let rows = self.store.due(now_ms, limits::DUE_MAX).await?;
        let count = u32::try_from(rows.len()).unwrap_or(u32::MAX);
        let mut waiting = Vec::with_capacity(rows.len());
        for row in rows {
            match self.handle.give(Work::Due(Box::new(row))).await {
                Ok(done) => waiting.push(done),
                Err(Rejected::Overloaded | Rejected::Stopping) => return Ok(0),
            }
        }
        for done in waiting {
            if done.await.is_err() {
                return Ok(0);
            }
        }
        Ok(count)
    }
}
