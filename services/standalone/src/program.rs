//! What may be written on the command line, and the exit status that follows.

use std::{net::SocketAddr, path::PathBuf, process::ExitCode};

use clap::{Args, Parser, Subcommand};

use crate::{bench, client, law, play, serve};

/// The exit status of a request that makes no sense: a wrong option, a file that cannot be read.
pub const EXIT_USAGE: u8 = 2;

/// 新生儿出生“一件事” / one application, all departments.
#[derive(Debug, Parser)]
#[command(name = "yijian", version, about, long_about = None, args_conflicts_with_subcommands = true)]
pub struct Program {
    /// What to do; without it everything is served.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// How to serve.
    #[command(flatten)]
    pub serve: ServeArguments,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// 启动全部服务(默认) / serve everything (the default)
    Serve(ServeArguments),
    /// 提交申请表(proto JSON 文件,- 为标准输入) / file an application
    Submit(client::Submit),
    /// 查看一个办件 / one case
    Case(client::OneCase),
    /// 办件列表,最新在前 / cases, newest first
    Cases(client::Cases),
    /// 跟随一个办件直到办结 / follow a case to its end
    Watch(client::OneCase),
    /// 待办列表 / tasks that wait for persons
    Tasks(client::Tasks),
    /// 答复待办 / answer a task
    #[command(alias = "complete")]
    Answer(client::AnswerTask),
    /// 对办件启动更正、重核、退费等程序 / begin a correction, recalculation, refund … on a case
    Procedure(client::StartProcedure),
    /// 撤回申请 / withdraw an application
    Withdraw(client::Withdraw),
    /// 办件的全部事件 / every event of a case
    History(client::OneCase),
    /// 提交示例并按其剧本办到底 / file an example and play its acts to the end
    Play(play::Arguments),
    /// 政策包:检查、展示、比较、判断 / policy packs: check, show, compare, decide
    #[command(subcommand)]
    Policy(law::Command),
    /// 测量:多少办件、多快 / load, measured
    Bench(bench::Arguments),
}

/// How `yijian serve` serves.
#[derive(Clone, Debug, Args)]
pub struct ServeArguments {
    /// 数据目录 / data folder
    #[arg(long, env = "YIJIAN_DATA", default_value = "data", value_name = "DIR")]
    pub data: PathBuf,
    /// 不产生合成家庭 / no synthetic families
    #[arg(long, env = "YIJIAN_NO_FAMILIES")]
    pub no_families: bool,
    /// 每分钟多少个合成家庭 / synthetic families a minute
    #[arg(long, env = "YIJIAN_FAMILIES_PER_MINUTE", default_value_t = 30, value_name = "N",
          value_parser = clap::value_parser!(u32).range(1..=6_000))]
    pub families_per_minute: u32,
    /// 消息总线:memory、mock 或 kafka / the carrier
    #[arg(long, env = "YIJIAN_BUS", default_value = "memory", value_name = "memory|mock|kafka")]
    pub bus: bus::Choice,
    /// Kafka 地址 / bootstrap.servers
    #[arg(long, env = "YIJIAN_BOOTSTRAP", value_name = "HOST:PORT")]
    pub bootstrap: Option<String>,
    /// librdkafka 属性,可重复 / a property of librdkafka, may be repeated
    #[arg(long = "bus-property", env = "YIJIAN_BUS_PROPERTY", value_name = "KEY=VALUE", value_delimiter = ',',
          value_parser = property)]
    pub bus_properties: Vec<Property>,
    /// 加密算法:sm4 或 aes / the cipher for new payloads
    #[arg(long, env = "YIJIAN_CIPHER", default_value = "sm4", value_name = "sm4|aes", value_parser = cipher)]
    pub cipher: vault::Suite,
    /// 政策包目录,代替内置政策包 / folder of policy packs, instead of those built in
    #[arg(long, env = "YIJIAN_POLICIES", value_name = "DIR")]
    pub policies: Option<PathBuf>,
    /// gRPC 地址(仅限本机) / where gRPC is served, this machine only
    #[arg(long, env = "YIJIAN_GRPC", default_value = "127.0.0.1:7071", value_name = "ADDRESS")]
    pub grpc: SocketAddr,
    /// 页面地址(仅限本机) / where pages are served, this machine only [default: 127.0.0.1:7070]
    #[arg(long, env = "YIJIAN_PAGES", value_name = "ADDRESS")]
    pub pages: Option<SocketAddr>,
    /// 只启动编排器(须 --bus kafka) / the orchestrator without departments
    #[arg(long, env = "YIJIAN_ORCHESTRATOR_ONLY", conflicts_with = "departments_only")]
    pub orchestrator_only: bool,
    /// 只启动各部门(须 --bus kafka) / the departments without orchestrator
    #[arg(long, env = "YIJIAN_DEPARTMENTS_ONLY")]
    pub departments_only: bool,
    /// 日志级别,如 info,adapter=debug / what is logged
    #[arg(long, env = "RUST_LOG", default_value = "info", value_name = "FILTER")]
    pub log: String,
}

/// A property of librdkafka; its value may be a password and is never printed.
#[derive(Clone)]
pub struct Property {
    /// E.g. `sasl.username`.
    pub name: String,
    /// Its value.
    pub value: String,
}

impl std::fmt::Debug for Property {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}=***", self.name)
    }
}

fn property(text: &str) -> Result<Property, String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok(Property { name: name.to_owned(), value: value.to_owned() }),
        _ => Err("应为 KEY=VALUE / must be KEY=VALUE".to_owned()),
    }
}

fn cipher(text: &str) -> Result<vault::Suite, String> {
    text.parse().map_err(|_| "应为 sm4 或 aes / must be sm4 or aes".to_owned())
}

/// Why a command did not do what was asked.
#[derive(Debug)]
pub enum Failure {
    /// What was asked makes no sense: exit status 2.
    Usage(String),
    /// It was refused or went wrong: exit status 1.
    Refused(String),
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Failure::Refused(told(&error))
    }
}

/// The error and its causes in one line each, the first as it stands: it is the one with the code.
fn told(error: &anyhow::Error) -> String {
    let mut lines = Vec::new();
    for cause in error.chain() {
        let line = cause.to_string();
        // Some errors repeat their source in their own words.
        if !lines.iter().any(|known: &String| known.contains(&line)) {
            lines.push(line);
        }
    }
    lines.join("\n  ← ")
}

/// Does what the command line asks.
pub async fn run(program: Program) -> ExitCode {
    let done = match program.command {
        None => serve::run(program.serve).await,
        Some(Command::Serve(arguments)) => serve::run(arguments).await,
        Some(Command::Submit(arguments)) => client::submit(arguments).await,
        Some(Command::Case(arguments)) => client::case(arguments).await,
        Some(Command::Cases(arguments)) => client::cases(arguments).await,
        Some(Command::Watch(arguments)) => client::watch(arguments).await,
        Some(Command::Tasks(arguments)) => client::tasks(arguments).await,
        Some(Command::Answer(arguments)) => client::answer(arguments).await,
        Some(Command::Procedure(arguments)) => client::procedure(arguments).await,
        Some(Command::Withdraw(arguments)) => client::withdraw(arguments).await,
        Some(Command::History(arguments)) => client::history(arguments).await,
        Some(Command::Play(arguments)) => play::run(arguments).await,
        Some(Command::Policy(command)) => law::run(command).await,
        Some(Command::Bench(arguments)) => bench::run(arguments).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Usage(words)) => {
            eprintln!("{words}");
            ExitCode::from(EXIT_USAGE)
        }
        Err(Failure::Refused(words)) => {
            eprintln!("{words}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// If this fails, a newcomer who types nothing but the name gets a help text instead of a running system.
    #[test]
    fn without_a_command_everything_is_served() {
        let program = Program::try_parse_from(["yijian", "--no-families", "--data", "d"]).expect("options of serve");
        assert!(program.command.is_none() && program.serve.no_families);
        assert_eq!(program.serve.data, PathBuf::from("d"));
        let program = Program::try_parse_from(["yijian", "serve", "--cipher", "aes"]).expect("named");
        assert!(matches!(program.command, Some(Command::Serve(serve)) if serve.cipher == vault::Suite::Aes256Gcm));
    }

    /// If this fails, options that contradict each other start something that nobody asked for.
    #[test]
    fn options_that_make_no_sense_are_refused() {
        for wrong in [
            &["yijian", "--orchestrator-only", "--departments-only"][..],
            &["yijian", "--bus", "pigeon"],
            &["yijian", "--cipher", "rot13"],
            &["yijian", "--bus-property", "acks"],
            &["yijian", "--families-per-minute", "0"],
            &["yijian", "--data", "d", "cases"],
            &["yijian", "--grpc", "7071"],
        ] {
            assert!(Program::try_parse_from(wrong).is_err(), "{wrong:?}");
        }
    }

    /// If this fails, a broker's password is in the first log that prints the arguments.
    #[test]
    fn a_property_is_printed_without_its_value() {
        let program = Program::try_parse_from(["yijian", "--bus-property", "sasl.password=Tr0ub4dor"]).expect("one");
        assert!(!format!("{program:?}").contains("Tr0ub4dor"));
    }
}
