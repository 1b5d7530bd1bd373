//! Families who do not exist: a steady trickle of applications, and parents who answer, pay, withdraw or keep silent.
//!
//! ```text
//!   every few seconds: a line in families.jsonl, then a family at its own pace (one task each)
//!      family ── SubmitApplication (key from the line) ──> cases       the same path for a new family and after a restart
//!             ── ListTasks as father, as applicant ──> CompleteTask
//!             ── GetCase: a premium is due ──> pays at simulated tax
//!      clerks ── ListTasks as clerk ──> CompleteTask, each level of a review another of them
//! ```
//!
//! The parents are ordinary gRPC clients: they know what a platform shows them. What they are is derived from the installation's seed and their number, so a restart needs nothing but the open lines.

mod clerks;

mod form;

mod life;

mod people;

mod register;

mod story;

use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};

use anyhow::Context;
use rand::Rng;
use service::clock::{Clock, SystemClock};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

pub use people::{Family, Parent, replaced};
pub use story::Story;

use self::{
    life::World,
    register::{Line, Register},
};
use crate::{client::Client, counter::Counter, departments::Systems};

/// How often a department is cut off, and for how long: seen within a few minutes, over within a minute's patience.
const OUTAGE_EVERY: Duration = Duration::from_secs(150);
const OUTAGE_MS: i64 = 30_000;

/// Families of an earlier run take up their lives again within so long, not all in the same instant.
const TAKEN_UP_WITHIN_MS: u64 = 5_000;

/// Fathers who never answer keep a case open for days; more than this many only fill the page.
const SILENT_MAX: usize = 40;

/// The families at work.
pub struct Families {
    tasks: JoinSet<()>,
    stop: CancellationToken,
}

impl Families {
    /// Takes up the lives of open families and begins the trickle.
    ///
    /// # Errors
    /// If the register of families cannot be read or written, or the address is none.
    pub async fn start(data: &Path, grpc: SocketAddr, systems: Systems, per_minute: u32) -> anyhow::Result<Self> {
        let clock = SystemClock;
        let (register, open) = Register::open(&data.join("families.jsonl")).context("open the register of families")?;
        let client = Client::new(&format!("http://{grpc}"))
            .map_err(|_| anyhow::anyhow!("{grpc} is no address that a client can call"))?;
        let world = Arc::new(World {
            seed: register.seed(),
            register,
            client,
            counter: Counter::new(systems.clone()),
            clock: Arc::new(clock),
        });
        let (mut tasks, stop) = (JoinSet::new(), CancellationToken::new());
        tasks.spawn(outages(systems, stop.clone()));
        let (office, closing) = (world.clone(), stop.clone());
        tasks.spawn(async move { clerks::work(&office, closing).await });
        tasks.spawn(trickle(world, open, per_minute, stop.clone()));
        Ok(Self { tasks, stop })
    }

    /// Stops: whatever a parent has begun to say may or may not arrive, as in life.
    pub async fn stop(mut self) {
        self.stop.cancel();
        while self.tasks.join_next().await.is_some() {}
    }
}

/// Takes up the open families, then brings in a new one every so often.
async fn trickle(world: Arc<World>, open: Vec<Line>, per_minute: u32, stop: CancellationToken) {
    let mut lives = JoinSet::new();
    let mut silent = 0;
    for line in open {
        silent += usize::from(line.story == Story::FatherSilent);
        let pause = Duration::from_millis(rand::rng().random_range(0..TAKEN_UP_WITHIN_MS));
        let world = world.clone();
        lives.spawn(async move {
            tokio::time::sleep(pause).await;
            life::live(&world, &line).await;
        });
    }
    let mut due = tokio::time::interval(Duration::from_secs(60) / per_minute.max(1));
    due.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            Some(_) = lives.join_next(), if !lives.is_empty() => {}
            _ = due.tick() => {
                let line = match world.register.file(world.clock.now_ms(), silent < SILENT_MAX) {
                    Ok(line) => line,
                    Err(error) => {
                        tracing::error!(%error, "无法登记合成家庭 / a synthetic family cannot be registered");
                        continue;
                    }
                };
                silent += usize::from(line.story == Story::FatherSilent);
                let world = world.clone();
                lives.spawn(async move { life::live(&world, &line).await });
            }
        }
    }
    lives.shutdown().await;
}

/// Now and then the power goes out at one department.
async fn outages(systems: Systems, stop: CancellationToken) {
    let departments = systems.behaviours();
    if departments.is_empty() {
        return;
    }
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(OUTAGE_EVERY) => {}
        }
        let (name, behaviours) = &departments[rand::rng().random_range(0..departments.len())];
        tracing::info!(
            endpoint = name,
            seconds = OUTAGE_MS / 1_000,
            "模拟部门中断 / a simulated department is down for a while"
        );
        behaviours.outage_until(SystemClock.now_ms() + OUTAGE_MS);
    }
}
