//! The program as a process: started, killed in the middle, stopped cleanly, started again on the same folder.

use std::{
    fs::{self, File},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{ExitStatus, Output, Stdio},
    time::Duration,
};

use anyhow::Context;
use standalone::client::Client;
use tokio::process::{Child, Command};

use crate::wait::{PATIENCE, until};

/// Lines of a failed process that an error quotes.
const LINES_QUOTED: usize = 30;

/// How a process is started, the same way each time.
#[derive(Clone, Debug)]
pub struct Launch {
    program: PathBuf,
    arguments: Vec<String>,
    outputs: PathBuf,
    name: String,
}

impl Launch {
    /// The program at this path with these arguments. What it writes is kept under `outputs`, in files called after
    /// `name` and the number of the start.
    pub fn new(program: impl Into<PathBuf>, name: &str, outputs: &Path, arguments: &[&str]) -> Self {
        let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        Self { program: program.into(), arguments, outputs: outputs.to_owned(), name: name.to_owned() }
    }

    /// Everything in one process on free ports, without families of its own, on the data folder `folder/data`.
    pub fn serve(program: impl Into<PathBuf>, folder: &Path, more: &[&str]) -> Self {
        let data = folder.join("data").display().to_string();
        let mut arguments = vec!["serve", "--no-families", "--data", &data];
        arguments.extend(["--grpc", "127.0.0.1:0", "--pages", "127.0.0.1:0"]);
        arguments.extend(more);
        Self::new(program, "serve", &folder.join("outputs"), &arguments)
    }

    /// The same on the ports that this process had, so that clients find it again after a restart.
    pub fn on_the_ports_of(mut self, running: &Running) -> Self {
        for (option, address) in [("--grpc", running.grpc), ("--pages", running.pages)] {
            let at = self.arguments.iter().position(|argument| argument == option);
            if let (Some(at), Some(address)) = (at, address) {
                self.arguments[at + 1] = address.to_string();
            }
        }
        self
    }

    /// Starts it and waits until it says that it has.
    ///
    /// # Errors
    /// If it ends instead: with what it wrote.
    pub async fn start(&self) -> anyhow::Result<Running> {
        self.start_until(|written| written.contains("Ctrl-C")).await
    }

    /// Starts it and waits until what it has written so far, standard output and standard error, shows that it is ready.
    ///
    /// # Errors
    /// If it ends instead: with what it wrote.
    pub async fn start_until(&self, ready: impl Fn(&str) -> bool) -> anyhow::Result<Running> {
        fs::create_dir_all(&self.outputs)?;
        let number = fs::read_dir(&self.outputs)?.count() / 2 + 1;
        let file = |kind: &str| self.outputs.join(format!("{:03}-{}.{kind}", number, self.name));
        let (out, err) = (file("out"), file("err"));
        let mut child = Command::new(&self.program)
            .args(&self.arguments)
            .stdin(Stdio::null())
            .stdout(File::create(&out)?)
            .stderr(File::create(&err)?)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("start {}", self.program.display()))?;
        let written = until(&format!("the start of {}", self.name), PATIENCE, async || {
            let written = [fs::read_to_string(&out)?, String::from_utf8_lossy(&fs::read(&err)?).into_owned()].concat();
            if let Some(status) = child.try_wait()? {
                anyhow::bail!("{} ended with {status} instead of starting:\n{}", self.name, tail(&written));
            }
            Ok(ready(&written).then_some(written))
        })
        .await?;
        let after = |mark: &str| {
            let line = written.lines().find(|line| line.contains(mark))?;
            line.rsplit([' ', '/']).find_map(|word| word.parse().ok())
        };
        Ok(Running {
            child,
            grpc: after("gRPC"),
            pages: after("http://127.0.0.1"),
            kafka: written
                .lines()
                .find(|line| line.contains("Kafka "))
                .and_then(|line| line.split_whitespace().last().map(str::to_owned)),
            outputs: [out, err],
        })
    }

    /// Runs it to its end, which must come by itself.
    ///
    /// # Errors
    /// If it goes on for longer than anybody would wait.
    pub async fn run(&self) -> anyhow::Result<Output> {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).stdin(Stdio::null()).kill_on_drop(true);
        let output = tokio::time::timeout(PATIENCE * 2, command.output()).await;
        output.with_context(|| format!("{} does not end", self.name))?.context("run the program")
    }
}

/// A process that was started.
#[derive(Debug)]
pub struct Running {
    /// Where its gRPC is, if it serves any.
    pub grpc: Option<SocketAddr>,
    /// Where its pages and the simulated tax counter are, if it serves any.
    pub pages: Option<SocketAddr>,
    /// The address of the Kafka cluster that it speaks to or mocks.
    pub kafka: Option<String>,
    /// What it writes: standard output, standard error.
    pub outputs: [PathBuf; 2],
    child: Child,
}

impl Running {
    /// A client of it.
    ///
    /// # Errors
    /// If it serves no gRPC.
    pub fn client(&self) -> anyhow::Result<Client> {
        let address = self.grpc.context("this process serves no gRPC")?;
        Client::new(&format!("http://{address}")).map_err(|failure| anyhow::anyhow!("{failure:?}"))
    }

    /// `kill -9`: it has no time for anything.
    ///
    /// # Errors
    /// If it had ended before by itself, which none may: with what it wrote.
    pub async fn kill(mut self) -> anyhow::Result<()> {
        if let Some(status) = self.child.try_wait()? {
            anyhow::bail!("it had ended before by itself with {status}:\n{}", self.written());
        }
        self.child.kill().await.context("kill it")
    }

    /// Asks it to stop, as ctrl-c does, and waits until it has.
    ///
    /// # Errors
    /// If it does not stop.
    pub async fn stop(mut self) -> anyhow::Result<ExitStatus> {
        let number = self.child.id().context("it had ended before by itself")?.to_string();
        let asked = Command::new("kill").args(["-TERM", &number]).status().await?;
        anyhow::ensure!(asked.success(), "kill -TERM {number}: {asked}");
        let ended = tokio::time::timeout(Duration::from_secs(60), self.child.wait()).await;
        Ok(ended.with_context(|| format!("it does not stop:\n{}", self.written()))??)
    }

    /// The last lines of what it has written.
    pub fn written(&self) -> String {
        let read = |path: &PathBuf| String::from_utf8_lossy(&fs::read(path).unwrap_or_default()).into_owned();
        tail(&self.outputs.iter().map(read).collect::<String>())
    }
}

fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(LINES_QUOTED)..].join("\n")
}
