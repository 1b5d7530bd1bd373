//! The orchestrator as a process of its own, for a real Kafka between it and the departments.
//!
//! Its keys are mounted and never made here: a database whose key is not there is refused, not begun anew.

use std::{net::SocketAddr, path::PathBuf, process::ExitCode, sync::Arc};

use anyhow::Context;
use clap::Parser;
use orchestrator::{Ingredients, Orchestrator, pages, store::sqlite::SqliteStore};
use policy::Packs;
use service::{clock::SystemClock, data_folder::DataFolder, loopback, shutdown::Shutdown, telemetry};
use tokio::net::TcpListener;
use vault::{ChannelKeys, MasterKey, Suite};

/// 编排器 / the orchestrator.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Kafka 地址 / bootstrap.servers
    #[arg(long, env = "YIJIAN_BOOTSTRAP", value_name = "HOST:PORT")]
    bootstrap: String,
    /// librdkafka 属性,可重复 / a property of librdkafka, may be repeated
    #[arg(long = "bus-property", env = "YIJIAN_BUS_PROPERTY", value_name = "KEY=VALUE", value_delimiter = ',')]
    bus_properties: Vec<String>,
    /// 数据目录 / data folder
    #[arg(long, env = "YIJIAN_DATA", value_name = "DIR")]
    data: PathBuf,
    /// 主密钥文件 / file of the master key
    #[arg(long, env = "YIJIAN_MASTER_KEY", value_name = "FILE")]
    master_key: PathBuf,
    /// 通道密钥文件 / file of the channel keys
    #[arg(long, env = "YIJIAN_CHANNEL_KEYS", value_name = "FILE")]
    channel_keys: PathBuf,
    /// 加密算法:sm4 或 aes / the cipher for new payloads
    #[arg(long, env = "YIJIAN_CIPHER", default_value = "sm4", value_name = "sm4|aes")]
    cipher: String,
    /// 政策包目录,代替内置政策包 / folder of policy packs, instead of those built in
    #[arg(long, env = "YIJIAN_POLICIES", value_name = "DIR")]
    policies: Option<PathBuf>,
    /// 名称,其主题为 <NAME>.replies 与 <NAME>.notices / its name, which its topics bear
    #[arg(long, env = "YIJIAN_NAME", default_value = "yijian")]
    name: String,
    /// gRPC 地址(仅限本机) / where gRPC is served, this machine only
    #[arg(long, env = "YIJIAN_GRPC", default_value = "127.0.0.1:7071", value_name = "ADDRESS")]
    grpc: SocketAddr,
    /// 页面地址(仅限本机) / where pages are served, this machine only
    #[arg(long, env = "YIJIAN_PAGES", default_value = "127.0.0.1:7070", value_name = "ADDRESS")]
    pages: SocketAddr,
    /// 日志级别 / what is logged
    #[arg(long, env = "RUST_LOG", default_value = "info", value_name = "FILTER")]
    log: String,
}

#[tokio::main]
async fn main() -> ExitCode {
    match serve(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The sentence and its causes; where in the program it arose is of no use to an operator.
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(arguments: Arguments) -> anyhow::Result<()> {
    telemetry::start(&arguments.log, telemetry::Format::Text, std::io::stderr)?;
    let (listener, page_listener) = (bind(arguments.grpc).await?, bind(arguments.pages).await?);
    let folder = DataFolder::open(&arguments.data)?;
    let suite: Suite = arguments.cipher.parse().context("read --cipher")?;
    let packs = match &arguments.policies {
        Some(folder) => Packs::load_folder(folder).map_err(|problems| anyhow::anyhow!("{problems}"))?,
        None => Packs::shipped(),
    };
    let master = MasterKey::load(&arguments.master_key).context("load the master key")?;
    let channels = ChannelKeys::load(&arguments.channel_keys).context("load the channel keys")?;
    let mut carrier = bus::Settings { choice: bus::Choice::Kafka, ..bus::Settings::default() };
    for property in &arguments.bus_properties {
        let (name, value) = property.split_once('=').context("read --bus-property: KEY=VALUE")?;
        carrier.properties.insert(name.to_owned(), value.to_owned());
    }
    carrier.properties.insert("bootstrap.servers".to_owned(), arguments.bootstrap);
    let opened = bus::open(&carrier).await.context("open the bus")?;
    let store = SqliteStore::open(&folder.join("orchestrator.sqlite")).await.context("open the database")?;
    let clock = Arc::new(SystemClock);
    let shutdown = Shutdown::on_signals()?;
    let ingredients = Ingredients {
        store: Arc::new(store),
        bus: opened.bus.clone(),
        packs: Arc::new(packs),
        master,
        suite,
        channels,
        clock: clock.clone(),
        name: arguments.name,
        listener,
    };
    let mut orchestrator = Orchestrator::start(ingredients).await?;
    tracing::info!(grpc = %orchestrator.address, pages = %arguments.pages, "已启动 / at work");
    let router = pages::router(orchestrator.store.clone(), orchestrator.definitions.clone(), clock);
    let page_server = tokio::spawn(axum::serve(page_listener, router).into_future());
    let failed = tokio::select! {
        () = shutdown.wait() => None,
        error = orchestrator.failed() => Some(error),
    };
    page_server.abort();
    let stopped = orchestrator.stop().await;
    failed.map_or(stopped, Err)
}

async fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    loopback::require(address)?;
    TcpListener::bind(address).await.with_context(|| format!("无法在 {address} 上监听 / cannot listen on {address}"))
}
