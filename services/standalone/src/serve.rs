//! Serves everything in one process: orchestrator, simulated departments, pages, and a trickle of families.
//!
//! Also half of it: orchestrator or departments alone, so that each can be killed without the other; then a real Kafka
//! lies between. What may fail because of the machine (a port, a lock, a key) fails before anything is started.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use adapter::simulated::Script;
use anyhow::Context;
use axum::Router;
use orchestrator::{Ingredients, Orchestrator, pages, store::sqlite::SqliteStore};
use policy::Packs;
use service::{
    clock::{Clock, SystemClock},
    data_folder::{self, DataFolder},
    error_code::ErrorCode,
    shutdown::Shutdown,
    telemetry,
};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use vault::{ChannelKeys, MasterKey, Suite};

use crate::{
    counter::Counter,
    departments::{self, Departments, Endpoints},
    families::Families,
    program::{Failure, ServeArguments},
};

/// The orchestrator's name: its topics are `yijian.replies` and `yijian.notices`.
const NAME: &str = "yijian";

/// An address is taken.
const ADDRESS_TAKEN: ErrorCode = ErrorCode::new(106);
/// Keys cannot be read or made.
const KEYS_UNUSABLE: ErrorCode = ErrorCode::new(107);
/// Policy packs have mistakes.
const PACKS_UNUSABLE: ErrorCode = ErrorCode::new(108);

/// Where the pages are, and where the departments' desk is when they run alone beside an orchestrator.
const PAGES: &str = "127.0.0.1:7070";
const DESK_ALONE: &str = "127.0.0.1:7072";

/// How long two halves that start at the same time wait for each other's making of keys, in steps of [`KEYS_STEP`].
const KEYS_STEPS: u32 = 50;
const KEYS_STEP: Duration = Duration::from_millis(100);

/// How the files end that say, beside the packs' folders, what departments answer where nobody simulates them.
const SCRIPT: &str = ".departments.toml";

/// Which half is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Half {
    /// All of it, in this process.
    Both,
    /// The orchestrator and its pages.
    Orchestrator,
    /// The simulated departments and their adapters.
    Departments,
}

/// How everything is served.
pub struct Settings {
    /// The data folder.
    pub data: PathBuf,
    /// How many synthetic families come each minute; `None`: none.
    pub families_per_minute: Option<u32>,
    /// The carrier.
    pub bus: bus::Settings,
    /// The cipher for new payloads.
    pub cipher: Suite,
    /// The policy packs.
    pub packs: Packs,
    /// What departments answer that are not simulated.
    pub script: Script,
    /// Where gRPC is served.
    pub grpc: SocketAddr,
    /// Where pages are served.
    pub pages: SocketAddr,
    /// What is served.
    pub half: Half,
}

impl Settings {
    /// The settings that the command line asks for.
    ///
    /// # Errors
    /// [`Failure::Usage`] where they contradict each other, [`Failure::Refused`] where the packs have mistakes.
    pub fn from_arguments(arguments: ServeArguments) -> Result<Self, Failure> {
        let half = match (arguments.orchestrator_only, arguments.departments_only) {
            (false, false) => Half::Both,
            (true, _) => Half::Orchestrator,
            (_, true) => Half::Departments,
        };
        if half != Half::Both && arguments.bus != bus::Choice::Kafka {
            return Err(Failure::Usage(
                "只启动一半时须用 --bus kafka --bootstrap HOST:PORT / half of it needs --bus kafka --bootstrap HOST:PORT"
                    .to_owned(),
            ));
        }
        let mut carrier = bus::Settings { choice: arguments.bus, ..bus::Settings::default() };
        carrier.properties.extend(arguments.bus_properties.into_iter().map(|given| (given.name, given.value)));
        if let Some(address) = arguments.bootstrap {
            carrier.properties.insert("bootstrap.servers".to_owned(), address);
        }
        if carrier.choice == bus::Choice::Kafka && !carrier.properties.contains_key("bootstrap.servers") {
            return Err(Failure::Usage("--bus kafka 须给出 --bootstrap HOST:PORT / needs --bootstrap".to_owned()));
        }
        let usual = if half == Half::Departments { DESK_ALONE } else { PAGES };
        Ok(Self {
            data: arguments.data,
            families_per_minute: (!arguments.no_families && half == Half::Both)
                .then_some(arguments.families_per_minute),
            bus: carrier,
            cipher: arguments.cipher,
            packs: packs(arguments.policies.as_deref())?,
            script: script(arguments.policies.as_deref())?,
            grpc: arguments.grpc,
            pages: arguments.pages.unwrap_or(usual.parse().expect("a constant address")),
            half,
        })
    }
}

fn packs(folder: Option<&Path>) -> Result<Packs, Failure> {
    let Some(folder) = folder else { return Ok(Packs::shipped()) };
    Packs::load_folder(folder).map_err(|problems| {
        Failure::Refused(format!(
            "{PACKS_UNUSABLE} 政策包有误,未启动 / the policy packs have mistakes, nothing was started; see {}\n{problems}",
            PACKS_UNUSABLE.page()
        ))
    })
}

/// What stands beside the folders of the packs: the answers of departments that nobody simulates.
fn script(folder: Option<&Path>) -> Result<Script, Failure> {
    let mut script = Script::default();
    let Some(folder) = folder else { return Ok(script) };
    let entries = std::fs::read_dir(folder).with_context(|| format!("read {}", folder.display()))?;
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.retain(|file| file.to_string_lossy().ends_with(SCRIPT));
    // In a fixed order, so that of two that contradict each other the same is always named.
    files.sort();
    for file in files {
        script.add_file(&file).map_err(anyhow::Error::from)?;
    }
    Ok(script)
}

/// Serves until the process is told to stop.
///
/// # Errors
/// Whatever keeps it from starting, or from going on.
pub async fn run(arguments: ServeArguments) -> Result<(), Failure> {
    telemetry::start(&arguments.log, telemetry::Format::Text, std::io::stderr)
        .map_err(|error| Failure::Usage(format!("--log: {error}")))?;
    let settings = Settings::from_arguments(arguments)?;
    let shutdown = Shutdown::on_signals().context("listen to signals")?;
    let mut serving = Serving::start(settings).await?;
    println!("{}", serving.welcome());
    let failed = tokio::select! {
        () = shutdown.wait() => None,
        error = serving.failed() => Some(error),
    };
    let stopped = serving.stop().await;
    match failed {
        Some(error) => Err(error.into()),
        None => Ok(stopped?),
    }
}

/// Everything at work.
pub struct Serving {
    /// Where gRPC is served; `None` where there is no orchestrator.
    pub grpc: Option<SocketAddr>,
    /// Where pages are served.
    pub pages: SocketAddr,
    /// The departments, where they are in this process.
    pub departments: Option<Departments>,
    orchestrator: Option<Orchestrator>,
    families: Option<Families>,
    page_server: JoinHandle<std::io::Result<()>>,
    stop_pages: CancellationToken,
    data: PathBuf,
    bus: bus::Opened,
    _locks: Vec<DataFolder>,
}

impl Serving {
    /// Starts everything in its order: ports, locks, keys, carrier, orchestrator, departments, pages, families.
    ///
    /// # Errors
    /// A port that is taken, an address that is not this machine's alone, a folder in use, another database's key, a
    /// carrier that makes no sense.
    pub async fn start(settings: Settings) -> anyhow::Result<Self> {
        let grpc = match settings.half {
            Half::Departments => None,
            Half::Both | Half::Orchestrator => Some(bind(settings.grpc, "--grpc").await?),
        };
        let page_listener = bind(settings.pages, "--pages").await?;
        let pages = page_listener.local_addr()?;
        let locks = lock(&settings)?;
        let endpoints = Endpoints::of(&settings.packs).and(Endpoints::of(&Packs::shipped()));
        let (master, channels) = keys(&settings.data, &endpoints).await?;
        let carrier = bus::open(&settings.bus).await.context("open the bus")?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);

        let mut router = Router::new();
        let mut orchestrator = None;
        if let Some(listener) = grpc {
            let path = database(&settings.data);
            let store = SqliteStore::open(&path).await.with_context(|| format!("open {}", path.display()))?;
            let started = Orchestrator::start(Ingredients {
                store: Arc::new(store),
                bus: carrier.bus.clone(),
                packs: Arc::new(settings.packs),
                master,
                suite: settings.cipher,
                channels: channels.clone(),
                clock: clock.clone(),
                name: NAME.to_owned(),
                listener,
            })
            .await?;
            router = router.merge(pages::router(started.store.clone(), started.definitions.clone(), clock.clone()));
            orchestrator = Some(started);
        }
        let mut departments = None;
        if settings.half != Half::Orchestrator {
            let started = Departments::start(
                &endpoints,
                departments::Ingredients {
                    folder: &departments_folder(&settings.data),
                    bus: carrier.bus.clone(),
                    channels: &channels,
                    clock,
                    notice_topic: bus::topic::notices(NAME),
                    script: &settings.script,
                },
            )
            .await?;
            router = router.merge(Counter::new(started.systems.clone()).router());
            departments = Some(started);
        }
        let stop_pages = CancellationToken::new();
        let stopping = stop_pages.clone().cancelled_owned();
        let served = axum::serve(page_listener, router).with_graceful_shutdown(stopping);
        let page_server = tokio::spawn(served.into_future());
        let address = orchestrator.as_ref().map(|started| started.address);
        let families = match (settings.families_per_minute, address, &departments) {
            (Some(per_minute), Some(grpc), Some(departments)) => {
                Some(Families::start(&settings.data, grpc, departments.systems.clone(), per_minute).await?)
            }
            _ => None,
        };
        Ok(Self {
            grpc: address,
            pages,
            departments,
            orchestrator,
            families,
            page_server,
            stop_pages,
            data: settings.data,
            bus: carrier,
            _locks: locks,
        })
    }

    /// What a person reads who has started it.
    pub fn welcome(&self) -> String {
        let mut lines = vec!["已启动 / started".to_owned()];
        if self.orchestrator.is_some() {
            lines.push(format!("  页面 / pages      http://{}", self.pages));
        } else {
            lines.push(format!("  模拟柜台 / desk    http://{}{}", self.pages, crate::counter::PATH));
        }
        if let Some(grpc) = self.grpc {
            lines.push(format!("  gRPC              {grpc}"));
        }
        if let Some(bus) = &self.bus.address {
            lines.push(format!("  Kafka             {bus}"));
        }
        lines.push(format!("  数据 / data       {}", self.data.display()));
        if self.families.is_some() {
            lines.push("  合成家庭陆续提交申请 / synthetic families are coming in (--no-families: 不产生)".to_owned());
        }
        lines.push("  按 Ctrl-C 停止 / Ctrl-C stops".to_owned());
        lines.join("\n")
    }

    /// Waits until a part fails.
    pub async fn failed(&mut self) -> anyhow::Error {
        let orchestrator = async {
            match &mut self.orchestrator {
                Some(orchestrator) => orchestrator.failed().await,
                None => std::future::pending().await,
            }
        };
        let departments = async {
            match &mut self.departments {
                Some(departments) => departments.failed().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            error = orchestrator => error,
            error = departments => error,
            ended = &mut self.page_server => anyhow::anyhow!("the page server ended: {ended:?}"),
        }
    }

    /// Stops in the order that lets each finish what it has begun.
    ///
    /// # Errors
    /// With the first part that failed while stopping.
    pub async fn stop(self) -> anyhow::Result<()> {
        if let Some(families) = self.families {
            families.stop().await;
        }
        self.stop_pages.cancel();
        // An adapter's last replies still reach the bus; the orchestrator reads them after the next start.
        let orchestrator = match self.orchestrator {
            Some(orchestrator) => orchestrator.stop().await,
            None => Ok(()),
        };
        let departments = match self.departments {
            Some(departments) => departments.stop().await,
            None => Ok(()),
        };
        // A browser that holds its connection open is not waited for.
        self.page_server.abort();
        orchestrator.and(departments)
    }
}

/// Where the orchestrator's database is.
pub fn orchestrator_folder(data: &Path) -> PathBuf {
    data.join("orchestrator")
}

/// The orchestrator's database.
pub fn database(data: &Path) -> PathBuf {
    orchestrator_folder(data).join("orchestrator.sqlite")
}

/// Where the departments' ledgers and inboxes are.
pub fn departments_folder(data: &Path) -> PathBuf {
    data.join("departments")
}

async fn bind(address: SocketAddr, option: &str) -> anyhow::Result<TcpListener> {
    service::loopback::require(address)?;
    TcpListener::bind(address).await.with_context(|| {
        format!(
            "{ADDRESS_TAKEN} 无法在 {address} 上监听,可用 {option} 另选地址 / cannot listen on {address}; choose another \
             with {option}; see {}",
            ADDRESS_TAKEN.page()
        )
    })
}

/// The whole folder for who serves everything; each half for whoever serves it.
fn lock(settings: &Settings) -> Result<Vec<DataFolder>, data_folder::Error> {
    let (whole, orchestrator, departments) = match settings.half {
        Half::Both => (true, true, true),
        Half::Orchestrator => (false, true, false),
        Half::Departments => (false, false, true),
    };
    let folders = [
        (whole, settings.data.clone()),
        (orchestrator, orchestrator_folder(&settings.data)),
        (departments, departments_folder(&settings.data)),
    ];
    folders.into_iter().filter(|(wanted, _)| *wanted).map(|(_, path)| DataFolder::open(path)).collect()
}

/// Reads the keys; makes those that are not there. The embedded default only: elsewhere keys are mounted, never made.
async fn keys(data: &Path, endpoints: &Endpoints) -> anyhow::Result<(MasterKey, ChannelKeys)> {
    let folder = data.join("keys");
    let mut attempts = 0;
    // The other half may be making them just now.
    let _lock = loop {
        match DataFolder::open(&folder) {
            Err(data_folder::Error::InUse { .. }) if attempts < KEYS_STEPS => attempts += 1,
            opened => break opened?,
        }
        tokio::time::sleep(KEYS_STEP).await;
    };
    let unusable = || format!("{KEYS_UNUSABLE} 密钥无法使用 / the keys cannot be used; see {}", KEYS_UNUSABLE.page());
    let path = folder.join("master.key");
    // A database whose keys are gone is not given others, which would only stand in the way of the right ones: the
    // master key's cases do not open under another, nor do inboxes under other channel keys.
    let used = database(data).exists();
    let master = if used {
        MasterKey::load(&path).with_context(unusable)?
    } else {
        if !path.exists() {
            tracing::info!(folder = %folder.display(), "首次启动:生成密钥 / first start: making keys");
        }
        MasterKey::load_or_create(&path).with_context(unusable)?
    };
    let names = endpoints.names();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let path = folder.join("channels.toml");
    if used {
        ChannelKeys::load(&path).with_context(unusable)?;
    }
    // Endpoints that a new pack brings are added in any case.
    let channels = ChannelKeys::load_or_create(&path, &names).with_context(unusable)?;
    Ok((master, channels))
}
