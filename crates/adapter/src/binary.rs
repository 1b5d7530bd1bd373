//! A department's adapter as a process of its own: what all of them do between `main` and the table of contents.
//!
//! It locks its data folder, opens its inbox and the simulated department's ledger there, reads its channel keys from a
//! file that it never makes, and works until it is told to stop.

use std::{path::PathBuf, sync::Arc, time::Duration};

use anyhow::Context;
use clap::Parser;
use identifiers::AreaCode;
use serde::Deserialize;
use service::{
    clock::{Clock, SystemClock},
    config,
    data_folder::DataFolder,
    shutdown::Shutdown,
    telemetry,
};
use vault::ChannelKeys;

use crate::{
    Department, Runtime, Settings, SqliteInbox,
    simulated::{Behaviours, Desk, Ledger},
};

/// Every setting, with what it means. `--config FILE` and `YIJIAN_SECTION__KEY` are laid over it.
const DEFAULTS: &str = r#"
[log]
# 日志级别 / what is written, e.g. "info,adapter=debug"
filter = "info"

[adapter]
# 受理后多久再问一次 / how long after acceptance the department is asked again
asked_again_every_ms = 1000
# 通知发往哪个主题 / the topic for notices
notice_topic = "yijian.notices"

# librdkafka 的任何属性 / any property of librdkafka
[bus]
"#;

/// 部门适配器 / a department's adapter.
#[derive(Parser)]
struct Arguments {
    /// Kafka 地址 / bootstrap.servers
    #[arg(long)]
    bootstrap: String,
    /// 行政区划代码 / area code, 6 digits
    #[arg(long, default_value = "340000")]
    area: String,
    /// 数据目录 / data folder
    #[arg(long)]
    data: PathBuf,
    /// 通道密钥文件 / file of channel keys
    #[arg(long)]
    keys: PathBuf,
    /// 消息总线:仅支持 kafka / the carrier between processes
    #[arg(long, default_value = "kafka")]
    bus: bus::Choice,
    /// 模拟部门的表现(TOML) / how the simulated department behaves
    #[arg(long)]
    behaviour: Option<PathBuf>,
    /// 配置文件(TOML) / configuration over the defaults
    #[arg(long)]
    config: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Configuration {
    log: Log,
    adapter: Pace,
    bus: std::collections::BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Log {
    filter: String,
}

#[derive(Deserialize)]
struct Pace {
    asked_again_every_ms: u64,
    notice_topic: String,
}

/// Runs the department of this name, which `build` makes for the simulated desk and area, until the process is told to
/// stop.
///
/// # Errors
/// Whatever keeps it from starting or from going on, in words for its operator.
pub async fn run(name: &str, build: impl FnOnce(Desk, &AreaCode) -> Department) -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    anyhow::ensure!(arguments.bus == bus::Choice::Kafka, "only kafka carries messages between processes");
    let configuration: Configuration = config::load(DEFAULTS, arguments.config.as_deref(), "YIJIAN")?;
    telemetry::start(&configuration.log.filter, telemetry::Format::Text, std::io::stderr)?;
    let area = AreaCode::parse(&arguments.area)?;
    let endpoint = format!("{}.{name}", area.as_str());
    let folder = DataFolder::open(&arguments.data)?;
    let keys = ChannelKeys::load(&arguments.keys).context("load the channel keys")?.only(&endpoint);
    anyhow::ensure!(keys.current_for(&endpoint).is_some(), "the key file has no key for {endpoint}");

    let behaviours = match &arguments.behaviour {
        Some(path) => Behaviours::load(path)?,
        None => Behaviours::default(),
    };
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let ledger = Ledger::open(&folder.join(format!("{name}.ledger.db"))).await.context("open the ledger")?;
    let inbox = SqliteInbox::open(&folder.join(format!("{name}.inbox.db"))).await.context("open the inbox")?;
    let department = build(Desk::new(ledger, behaviours, Arc::clone(&clock)), &area);

    let mut carrier = bus::Settings { choice: arguments.bus, properties: configuration.bus, ..Default::default() };
    carrier.properties.insert("bootstrap.servers".to_owned(), arguments.bootstrap);
    let opened = bus::open(&carrier).await.context("open the bus")?;
    let settings = Settings {
        notice_topic: Some(configuration.adapter.notice_topic.into()),
        asked_again_every: Duration::from_millis(configuration.adapter.asked_again_every_ms),
        ..Settings::default()
    };
    let shutdown = Shutdown::on_signals()?;
    tracing::info!(department = name, endpoint, "at work");
    let runtime = Runtime::new(department, &endpoint, keys, Arc::new(inbox), clock, settings);
    runtime.run(opened.bus, shutdown.token()).await?;
    tracing::info!(department = name, "stopped");
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    /// Every adapter would otherwise stop at its first line, on a machine where nobody reads Rust.
    #[test]
    fn the_defaults_and_the_arguments_are_sound() {
        Arguments::command().debug_assert();
        let set = [("YIJIAN_BUS__SECURITY_PROTOCOL".into(), "ssl".into())];
        let configuration: Configuration =
            config::load_with(DEFAULTS, None, "YIJIAN", set).expect("the defaults are a configuration");
        assert_eq!(configuration.adapter.notice_topic, "yijian.notices");
        assert_eq!(configuration.bus.get("security.protocol").map(String::as_str), Some("ssl"));
    }
}
