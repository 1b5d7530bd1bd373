//! How the orchestrator starts and stops, in the order that its promises need.
//!
//! Open the store; check the keys against it; keep the definitions; make every open command due, ramped; read replies
//! and notices up to where they end; serve gRPC; only then let deadlines fire. Stopping runs the other way: no new work,
//! the batch that was begun is finished, what it ordered is published.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use bus::Bus;
use policy::Packs;
use service::clock::Clock;
use tokio::{net::TcpListener, sync::mpsc, task::JoinSet};
use tokio_stream::wrappers::TcpListenerStream;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use vault::{ChannelKeys, MasterKey, Suite};

use crate::{
    coordinator::{Coordinator, Parts, tally::Tally, work::Handle},
    definitions::Definitions,
    downtime::Downtimes,
    inbound::{
        bus::{Carries, Reader},
        deadlines::{Deadlines, Gate},
        grpc,
    },
    limits,
    outbound::{Departments, Relay},
    secrets::Secrets,
    store::Store,
    watch::Watchers,
};

/// What an orchestrator is made of.
pub struct Ingredients {
    /// Where everything is kept.
    pub store: Arc<dyn Store>,
    /// The carrier.
    pub bus: Arc<dyn Bus>,
    /// The packs of today.
    pub packs: Arc<Packs>,
    /// Wraps each case's key.
    pub master: MasterKey,
    /// The cipher that new payloads are sealed with.
    pub suite: Suite,
    /// One key per endpoint.
    pub channels: ChannelKeys,
    /// Machine time.
    pub clock: Arc<dyn Clock>,
    /// Its name: its topics are `<name>.replies` and `<name>.notices`.
    pub name: String,
    /// Where gRPC is served; bound already, so that a port that is taken stops the start and not the service.
    pub listener: TcpListener,
}

/// A running orchestrator.
pub struct Orchestrator {
    /// Where gRPC is served.
    pub address: SocketAddr,
    /// The store, for pages that only read.
    pub store: Arc<dyn Store>,
    /// What sagas are pinned to.
    pub definitions: Arc<Definitions>,
    /// Who watches which case.
    pub watchers: Arc<Watchers>,
    /// What was committed so far.
    pub tally: Arc<Tally>,
    stop: CancellationToken,
    tasks: JoinSet<anyhow::Result<()>>,
}

impl Orchestrator {
    /// Starts everything in its order.
    ///
    /// # Errors
    /// If the keys are not the database's, the bus cannot be read, or the store fails.
    pub async fn start(ingredients: Ingredients) -> anyhow::Result<Self> {
        let Ingredients { store, bus, packs, master, suite, channels, clock, name, listener } = ingredients;
        let address = listener.local_addr()?;
        service::loopback::require(address)?;
        let secrets = Arc::new(Secrets::unlock(&*store, master, suite, channels).await?);
        let calendar = packs.calendar();
        let definitions = Arc::new(Definitions::keep_all(store.clone(), packs.clone()).await?);
        let downtimes = Downtimes::at_start(&*store, clock.now_ms()).await?;
        let open = store.make_all_due(None, clock.now_ms(), limits::RAMP_PER_SECOND).await?;
        if open > 0 {
            tracing::info!(open, "commands without an answer are sent again");
        }
        let departments = Arc::new(Departments::load(store.clone(), clock.clone()).await?);
        let watchers = Arc::new(Watchers::default());
        let (work, queue) = mpsc::channel(limits::QUEUE_MAX);
        let (relay_door, relayed) = mpsc::channel(limits::RELAY_MAX / limits::BATCH_MAX);
        let handle = Handle::new(work);
        let stop = CancellationToken::new();
        let mut tasks = JoinSet::new();

        let coordinator = Coordinator::new(Parts {
            store: store.clone(),
            definitions: definitions.clone(),
            secrets: secrets.clone(),
            clock: clock.clone(),
            watchers: watchers.clone(),
            reply_topic: bus::topic::replies(&name),
            calendar: calendar.clone(),
            downtimes,
            new_id: Arc::new(|| Uuid::now_v7().into_bytes()),
        });
        let tally = coordinator.tally.clone();
        let finishing = stop.clone();
        tasks.spawn(async move { Ok(coordinator.run(queue, relay_door, finishing).await?) });
        let relay =
            Relay { bus: bus.clone(), store: store.clone(), clock: clock.clone(), departments: departments.clone() };
        tasks.spawn(async move { Ok(relay.run(relayed).await?) });

        let gate = Gate::default();
        let topics = [(Carries::Replies, bus::topic::replies(&name)), (Carries::Notices, bus::topic::notices(&name))];
        for (carries, topic) in topics {
            let reader = Reader {
                bus: bus.clone(),
                topic,
                group: name.clone(),
                carries,
                handle: handle.clone(),
                store: store.clone(),
                secrets: secrets.clone(),
                clock: clock.clone(),
                gate: gate.clone(),
            };
            let stop = stop.clone();
            tasks.spawn(async move { Ok(reader.run(stop).await?) });
        }
        let deadlines = Deadlines { store: store.clone(), handle: handle.clone(), clock: clock.clone(), gate };
        let watching = stop.clone();
        tasks.spawn(async move { Ok(deadlines.run(watching).await?) });

        tasks.spawn(watch_the_calendar(calendar.clone(), clock.clone(), stop.clone()));
        let parts = grpc::Parts {
            handle,
            store: store.clone(),
            packs,
            blind: secrets.blind.clone(),
            secrets: secrets.clone(),
            calendar: calendar.clone(),
            watchers: watchers.clone(),
            clock,
            definitions: definitions.clone(),
            control: departments,
        };
        let serving = stop.clone();
        tasks.spawn(async move {
            let incoming = TcpListenerStream::new(listener);
            Ok(grpc::serve(parts, incoming, serving).await?)
        });
        Ok(Self { address, store, definitions, watchers, tally, stop, tasks })
    }

    /// Waits until something fails or [`stop`](Self::stop) is called from elsewhere through `token`.
    ///
    /// # Errors
    /// With what failed.
    pub async fn failed(&mut self) -> anyhow::Error {
        loop {
            match self.tasks.join_next().await {
                Some(Ok(Ok(()))) if self.stop.is_cancelled() => {}
                Some(Ok(Ok(()))) => return anyhow::anyhow!("a part of the orchestrator ended by itself"),
                Some(Ok(Err(error))) => return error,
                Some(Err(panic)) => return anyhow::Error::from(panic).context("a part of the orchestrator panicked"),
                None => return anyhow::anyhow!("the orchestrator has stopped"),
            }
        }
    }

    /// Stops: no new work, the batch that was begun is finished and published.
    ///
    /// # Errors
    /// With the first part that failed while stopping.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        self.stop.cancel();
        let mut first = Ok(());
        while let Some(joined) = self.tasks.join_next().await {
            let result = joined.unwrap_or_else(|panic| Err(panic.into()));
            if first.is_ok() {
                first = result;
            }
        }
        first
    }
}

/// A day in which to look at the calendar again.
const DAILY: Duration = Duration::from_secs(86_400);

/// Looks every day whether the next year is missing, for a service that has run since summer needs it too.
async fn watch_the_calendar(
    calendar: Arc<policy::Calendar>,
    clock: Arc<dyn Clock>,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let mut days = tokio::time::interval(DAILY);
    loop {
        tokio::select! {
            _ = days.tick() => warn_of_the_year(&calendar, clock.now_ms()),
            () = stop.cancelled() => return Ok(()),
        }
    }
}

/// From November on, says that the next year's working days are missing while somebody can still add them.
fn warn_of_the_year(calendar: &policy::Calendar, now_ms: i64) {
    let today = crate::coordinator::beijing(now_ms).date();
    if let Some(missing) = calendar.missing_soon(today) {
        tracing::warn!(
            code = "YJ-0109",
            year = missing.year,
            "{}年的节假日安排尚未载入,跨入该年的法定时限将不予计算 / the working days of {} are not known; legal limits that \
             reach into it are not computed",
            missing.year,
            missing.year
        );
    }
}
