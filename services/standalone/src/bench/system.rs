//! The whole straight path in this process, each side on a runtime of its own: orchestrator, carrier, adapter.

use std::{
    collections::BTreeSet,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use adapter::{Inbox, MemoryInbox, Runtime, SqliteInbox};
use anyhow::Context;
use orchestrator::{Ingredients, Orchestrator, store::sqlite::SqliteStore};
use service::clock::SystemClock;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use vault::{ChannelKeys, MasterKey};

use super::{InboxChoice, Settings, machine, work};

/// The runtimes of the two sides.
pub(super) struct Runtimes {
    server: tokio::runtime::Runtime,
    departments: tokio::runtime::Runtime,
}

/// Threads of the orchestrator's runtime: the coordinator decides on one while the other serves gRPC and the bus.
const SERVER_THREADS: usize = 2;

impl Runtimes {
    /// Starts the threads.
    ///
    /// # Errors
    /// If the system gives none.
    pub(super) fn start() -> anyhow::Result<Self> {
        let runtime = |name: &str, threads| {
            let mut builder = tokio::runtime::Builder::new_multi_thread();
            builder.worker_threads(threads).thread_name(name).enable_all().build()
        };
        Ok(Self {
            server: runtime(machine::SERVER_THREADS, SERVER_THREADS)?,
            departments: runtime(machine::DEPARTMENT_THREADS, 1)?,
        })
    }
}

/// Keys that outlive one start of the system, so that its database can be opened again.
pub(super) struct Keys {
    master: [u8; 32],
    channels: ChannelKeys,
}

impl Keys {
    /// Fresh keys, for this benchmark alone.
    pub(super) fn generate() -> Self {
        Self { master: rand::random(), channels: ChannelKeys::generate(&[work::ENDPOINT]) }
    }
}

/// A running system.
pub(super) struct System {
    /// Where gRPC is served.
    pub(super) address: SocketAddr,
    /// The store, for filling and closing.
    pub(super) store: Arc<SqliteStore>,
    /// The threads of the inbox's database.
    pub(super) inbox_threads: BTreeSet<u32>,
    inbox: Option<Arc<SqliteInbox>>,
    orchestrator: Orchestrator,
    adapter: JoinHandle<Result<(), adapter::Error>>,
    stop_adapter: CancellationToken,
}

/// Where the orchestrator's database is.
fn database(folder: &Path) -> PathBuf {
    folder.join("orchestrator.sqlite")
}

impl System {
    /// Starts both sides in this folder.
    ///
    /// # Errors
    /// With whatever did not start.
    pub(super) fn start(
        runtimes: &Runtimes,
        settings: &Settings,
        folder: &Path,
        keys: &Keys,
        bus: &Arc<dyn bus::Bus>,
    ) -> anyhow::Result<Self> {
        let before = machine::threads()?;
        let durable = match settings.inbox {
            InboxChoice::Memory => None,
            InboxChoice::Durable => {
                let opened = runtimes.departments.block_on(SqliteInbox::open(&folder.join("inbox.sqlite")));
                Some(Arc::new(opened.context("open the inbox")?))
            }
        };
        let inbox: Arc<dyn Inbox> = match &durable {
            Some(inbox) => inbox.clone(),
            None => Arc::new(MemoryInbox::new()),
        };
        let mut inbox_threads = machine::threads()?;
        inbox_threads.retain(|thread| !before.contains(thread));

        let clock = Arc::new(SystemClock);
        let own_keys = keys.channels.only(work::ENDPOINT);
        let paced = adapter::Settings::default();
        let adapter = Runtime::new(work::department(), work::ENDPOINT, own_keys, inbox, clock.clone(), paced);
        let stop_adapter = CancellationToken::new();
        let (carrier, stopping) = (bus.clone(), stop_adapter.clone());
        let adapter = runtimes.departments.spawn(async move { adapter.run(carrier, stopping).await });

        let (orchestrator, store) = runtimes.server.block_on(async {
            let store = SqliteStore::open(&database(folder)).await.context("open the store")?;
            let store = Arc::new(store);
            let listener = TcpListener::bind(("127.0.0.1", 0)).await.context("listen")?;
            let started = Orchestrator::start(Ingredients {
                store: store.clone(),
                bus: bus.clone(),
                packs: Arc::new(work::packs()?),
                master: MasterKey::from_bytes(keys.master),
                suite: settings.cipher,
                channels: keys.channels.clone(),
                clock,
                name: settings.name.clone(),
                listener,
            });
            anyhow::Ok((started.await?, store))
        })?;
        let address = orchestrator.address;
        Ok(Self { address, store, inbox_threads, inbox: durable, orchestrator, adapter, stop_adapter })
    }

    /// What was committed so far: as many commits of `n` sagas as stand in place `n`.
    pub(super) fn commits_by_sagas(&self) -> Vec<u64> {
        self.orchestrator.tally.commits_by_sagas()
    }

    /// Stops both sides and closes the databases.
    ///
    /// # Errors
    /// With the first that did not stop well.
    pub(super) fn stop(self, runtimes: &Runtimes) -> anyhow::Result<()> {
        runtimes.server.block_on(async {
            self.orchestrator.stop().await?;
            self.stop_adapter.cancel();
            self.adapter.await?.context("run the adapter")?;
            if let Some(inbox) = self.inbox.and_then(Arc::into_inner) {
                inbox.close().await.context("close the inbox")?;
            }
            self.store.close().await.context("close the store")
        })
    }
}
