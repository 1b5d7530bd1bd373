//! `yijian policy …`: what a pack says, what it would decide, and what was decided in stored cases.
//!
//! ```text
//!   check DIR         everything wrong with a pack, and how long its messages are      check
//!   show PACK         the pack as one page                                             show
//!   diff A B          what differs, in words                                           diff
//!   decide --facts F  every decision for a family that is not in the system            decide
//!   bench             how fast                                                         bench
//!   explain CASE      each decision of a stored case                                   stored (asks a server)
//!   replay --pack P   which stored cases another pack would have decided otherwise     stored (asks a server)
//! ```
//!
//! The others read files and the clock and print; what they print is decided in `policy`.

mod bench;
mod check;
mod decide;
mod print;
mod stored;

use std::{
    borrow::Cow,
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::{Args, Subcommand};
use identifiers::LocalMinute;
use policy::{Calendar, Pack, Packs};

use crate::program::Failure;

/// The commands of `yijian policy`.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// 检查政策包:一次列出全部问题 / everything that is wrong with a pack, or with a folder of packs
    Check(check::Arguments),
    /// 政策包全文,一页读完(Markdown) / a pack as one page
    Show(Show),
    /// 两个政策包有何不同 / what differs between two packs
    Diff(Diff),
    /// 对一个未在系统内的家庭作出全部判断 / every decision for a family that is not in the system
    Decide(decide::Arguments),
    /// 测量:判断有多快 / how fast the law decides
    Bench(bench::Arguments),
    /// 一个办件的各项决定,依次列出 / each decision of a case, in order
    Explain(stored::Explain),
    /// 换一个政策包,哪些已存办件会有不同决定 / which stored cases another pack would have decided otherwise
    Replay(stored::Replay),
}

/// `yijian policy show`.
#[derive(Debug, Args)]
pub struct Show {
    /// 内置政策包的名称,或政策包的文件夹;base 为各包共用的取值 / a shipped pack's name, or a pack's folder; `base`: shared values
    pub pack: String,
}

/// `yijian policy diff`.
#[derive(Debug, Args)]
pub struct Diff {
    /// 旧 / the old one: a shipped pack's name, or a pack's folder
    pub old: String,
    /// 新 / the new one
    pub new: String,
}

/// Where the years' working days are read from.
#[derive(Clone, Debug, Args)]
pub struct Years {
    /// 节假日文件夹,代替内置的和政策包旁边的 / folder of the years' notices, instead of those built in or beside the packs
    #[arg(long, value_name = "DIR")]
    pub calendar: Option<PathBuf>,
}

impl Years {
    fn read(&self) -> Result<Calendar, Failure> {
        Ok(self.given()?.unwrap_or_else(Calendar::shipped))
    }

    /// Those of the folder that is named; `None` where none is.
    fn given(&self) -> Result<Option<Calendar>, Failure> {
        let read = self.calendar.as_deref().map(Calendar::load_folder).transpose();
        read.map_err(|problems| Failure::Refused(problems.to_string()))
    }
}

/// Does what is asked and prints it.
///
/// # Errors
/// What the law or a file says against it, in words.
pub async fn run(command: Command) -> Result<(), Failure> {
    let text = match command {
        Command::Check(arguments) => check::text(&arguments, now().date())?,
        Command::Show(arguments) => shown(&arguments.pack)?,
        Command::Diff(arguments) => diff(&arguments)?,
        Command::Decide(arguments) => decide::text(&arguments, now())?,
        Command::Bench(arguments) => bench::text(&arguments)?,
        Command::Explain(arguments) => return stored::explain(arguments).await,
        Command::Replay(arguments) => return stored::replay(arguments).await,
    };
    match writeln!(io::stdout(), "{}", text.trim_end()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::Refused(format!("无法输出 / cannot print: {error}")))
        }
        _ => Ok(()),
    }
}

fn now() -> LocalMinute {
    LocalMinute::from_timestamp(jiff::Timestamp::now())
}

fn diff(arguments: &Diff) -> Result<String, Failure> {
    let (old, new) = (pack(&arguments.old)?, pack(&arguments.new)?);
    let changes = policy::diff(&old, &new);
    if changes.is_empty() {
        return Ok("没有不同 / no difference".to_owned());
    }
    Ok(changes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
}

/// The name of the values that the shipped packs share.
const BASE: &str = "base";

/// A pack as one page, or the values of a base.
fn shown(named: &str) -> Result<String, Failure> {
    let Some(text) = base(named) else { return Ok(policy::show::page(&*pack(named)?)) };
    let text = text.map_err(|error| Failure::Usage(format!("{named}: 无法读取 / cannot be read: {error}")))?;
    let law = policy::pack::base_law(&text).map_err(|problems| Failure::Refused(problems.to_string()))?;
    Ok(policy::show::base_page(named, &law))
}

/// The text of a base's values where this names one: the shipped base, or a folder of values that is no pack.
fn base(named: &str) -> Option<io::Result<Cow<'static, str>>> {
    let folder = Path::new(named);
    let law = folder.join(policy::law::LAW);
    if law.is_file() && !folder.join(policy::pack::FILES[0]).is_file() {
        return Some(fs::read_to_string(law).map(Cow::Owned));
    }
    (named == BASE && !folder.is_dir()).then_some(Ok(Cow::Borrowed(policy::pack::SHIPPED_BASE)))
}

/// The shipped pack of this name, or else the pack of this folder.
fn pack(named: &str) -> Result<Arc<Pack>, Failure> {
    let shipped = Packs::shipped();
    if let Some(pack) = shipped.get(named) {
        return Ok(Arc::clone(pack));
    }
    if base(named).is_some() {
        return Err(Failure::Usage(format!(
            "{named} 是各包共用的取值,不是政策包;阅读用 yijian policy show {named} / \
             holds values that packs share and is no pack; read it with yijian policy show {named}"
        )));
    }
    if !Path::new(named).is_dir() {
        let names: Vec<&str> = shipped.iter().map(|pack| &*pack.name).collect();
        return Err(Failure::Usage(format!(
            "没有这个政策包,也没有这个文件夹 / neither a shipped pack nor a folder: {named}\n  内置 shipped: {}",
            names.join(", ")
        )));
    }
    Pack::load(Path::new(named)).map(Arc::new).map_err(|problems| Failure::Refused(problems.to_string()))
}

#[cfg(test)]
mod tests;
