//! The commands that speak gRPC to a running server, as the platform does.
//!
//! What they print is for people: aligned, Chinese first. With `--json` it is the answer itself as proto JSON, under the
//! names of the .proto files. Every answer is looked at as gRPC gives it; nothing here knows the store.

mod form;

mod print;

mod refusal;

mod json;

use std::{
    io::{self, Write},
    path::PathBuf,
};

use clap::{Args, ValueEnum};
use prost::Message;
use proto::v1::{self, applications_client::ApplicationsClient, operations_client::OperationsClient};
use serde_json::{Map, Value};
use tonic::transport::{Channel, Endpoint};
use uuid::Uuid;

pub use form::read as read_form;
pub use refusal::Words;

use crate::program::Failure;

/// Bytes of one answer: a thousand cases with their steps.
const ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Which server, and how its answers are printed.
#[derive(Clone, Debug, Args)]
pub struct Server {
    /// 服务地址 / where the server is
    #[arg(long, env = "YIJIAN_SERVER", default_value = "http://127.0.0.1:7071", value_name = "URL")]
    pub server: String,
    /// 以 proto JSON 输出 / print proto JSON
    #[arg(long)]
    pub json: bool,
}

/// `yijian submit`.
#[derive(Debug, Args)]
pub struct Submit {
    /// 申请表文件(proto JSON),- 为标准输入 / the form
    pub file: PathBuf,
    /// 幂等键,代替文件中的 / an idempotency key instead of the file's
    #[arg(long)]
    pub key: Option<String>,
    #[command(flatten)]
    server: Server,
}

/// `yijian case`, `watch`, `history`.
#[derive(Debug, Args)]
pub struct OneCase {
    /// 办件号 / the case's id
    #[arg(value_name = "CASE")]
    pub id: Uuid,
    #[command(flatten)]
    server: Server,
}

/// `yijian cases`.
#[derive(Debug, Args)]
pub struct Cases {
    /// 状态,可重复:running、completed、… / only cases in this state
    #[arg(long, value_parser = print::state)]
    pub state: Vec<v1::CaseState>,
    /// 只看卡住的 / only stuck ones
    #[arg(long)]
    pub stuck: bool,
    /// 只看等待某部门的 / only those that wait for this department
    #[arg(long, default_value = "")]
    pub department: String,
    /// 按证件号码、出生证编号或缴费凭证号 / by ID number, certificate number or voucher
    #[arg(long, default_value = "")]
    pub subject: String,
    /// 最多多少条 / at most so many
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub limit: u32,
    #[command(flatten)]
    server: Server,
}

/// `yijian tasks`.
#[derive(Debug, Args)]
pub struct Tasks {
    /// 只看此办件的 / only this case's
    #[arg(long)]
    pub case: Option<Uuid>,
    /// 只看此角色的 / only this role's
    #[arg(long = "as", value_enum)]
    pub role: Option<Role>,
    /// 只看此人的 / only those of the person with this ID number
    #[arg(long, default_value = "")]
    pub id_number: String,
    /// 最多多少条 / at most so many
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub limit: u32,
    #[command(flatten)]
    server: Server,
}

/// Who acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Role {
    /// 申请人(母亲)
    Applicant,
    /// 父亲
    Father,
    /// 窗口人员
    Clerk,
}

impl Role {
    /// As the API names it.
    pub fn name(self) -> &'static str {
        match self {
            Role::Applicant => "applicant",
            Role::Father => "father",
            Role::Clerk => "clerk",
        }
    }
}

/// `yijian answer`.
#[derive(Args)]
pub struct AnswerTask {
    /// 待办号 / the task's id: CASE/STEP
    pub task: String,
    /// 以何身份 / in which role
    #[arg(long = "as", value_enum)]
    pub role: Role,
    /// 公民身份号码;窗口人员为工号 / the person's ID number; of a clerk, the number that the office gave her
    #[arg(long, alias = "officer")]
    pub id_number: String,
    /// 不同意 / the person says no
    #[arg(long, conflicts_with = "correct")]
    pub decline: bool,
    /// 方式,如 face、e-licence、counter / how; by default the task's first way
    #[arg(long)]
    pub method: Option<String>,
    /// 补正 字段=值,可重复 / a corrected field, may be repeated
    #[arg(long, value_name = "FIELD=VALUE", value_parser = corrected)]
    pub correct: Vec<(String, Value)>,
    /// 经办人的决定 字段=值,可重复 / what the person decides, may be repeated
    #[arg(long, value_name = "FIELD=VALUE", value_parser = corrected, conflicts_with_all = ["decline", "correct"])]
    pub field: Vec<(String, Value)>,
    /// 幂等键 / idempotency key; by default a new one
    #[arg(long)]
    pub key: Option<String>,
    #[command(flatten)]
    server: Server,
}

impl std::fmt::Debug for AnswerTask {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("AnswerTask").field("task", &self.task).field("role", &self.role).finish_non_exhaustive()
    }
}

/// `yijian withdraw`.
#[derive(Args)]
pub struct Withdraw {
    /// 申请号或办件号 / the application's or a case's id
    pub id: Uuid,
    /// 申请人的公民身份号码 / the applicant's ID number
    #[arg(long)]
    pub id_number: String,
    /// 幂等键 / idempotency key; by default a new one
    #[arg(long)]
    pub key: Option<String>,
    #[command(flatten)]
    server: Server,
}

impl std::fmt::Debug for Withdraw {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Withdraw").field("id", &self.id).finish_non_exhaustive()
    }
}

/// `yijian procedure`.
#[derive(Args)]
pub struct StartProcedure {
    /// 办件号 / the case's id
    #[arg(value_name = "CASE")]
    pub id: Uuid,
    /// 程序名,如 correction、recalculation、refund / which procedure, as the pack calls it
    #[arg(value_name = "NAME")]
    pub procedure: String,
    /// 以何身份 / in which role
    #[arg(long = "as", value_enum, default_value = "applicant")]
    pub role: Role,
    /// 公民身份号码;窗口人员为工号 / the person's ID number; of a clerk, the number that the office gave her
    #[arg(long, alias = "officer")]
    pub id_number: String,
    /// 更正 字段=值,可重复 / a corrected fact, may be repeated
    #[arg(long, value_name = "FIELD=VALUE", value_parser = corrected)]
    pub correct: Vec<(String, Value)>,
    /// 申请内容 字段=值,可重复 / what is asked for, may be repeated
    #[arg(long, value_name = "FIELD=VALUE", value_parser = corrected)]
    pub request: Vec<(String, Value)>,
    /// 事由,不得含个人信息 / why, without personal data
    #[arg(long, default_value = "")]
    pub reason: String,
    /// 幂等键 / idempotency key; by default a new one
    #[arg(long)]
    pub key: Option<String>,
    #[command(flatten)]
    server: Server,
}

impl std::fmt::Debug for StartProcedure {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("StartProcedure")
            .field("id", &self.id)
            .field("procedure", &self.procedure)
            .finish_non_exhaustive()
    }
}

/// A value that is JSON is taken as such, anything else as text.
fn corrected(text: &str) -> Result<(String, Value), String> {
    let (field, value) = text.split_once('=').ok_or("应为 字段=值 / must be FIELD=VALUE")?;
    let value = serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.to_owned()));
    Ok((field.to_owned(), value))
}

/// Both services of a server.
#[derive(Clone)]
pub struct Client {
    /// What the platform calls.
    pub applications: ApplicationsClient<Channel>,
    /// What operators call.
    pub operations: OperationsClient<Channel>,
}

impl Client {
    /// A client of the server at this address, which is connected to when first called.
    ///
    /// # Errors
    /// If the address is none.
    pub fn new(server: &str) -> Result<Self, Failure> {
        let wrong = |why: &str| Failure::Usage(format!("--server {server}: {why}"));
        // The server speaks in clear, to this machine only: what asks for more must not silently get less.
        if !server.starts_with("http://") {
            return Err(wrong("应为 http://主机:端口 / must be http://HOST:PORT"));
        }
        let endpoint = Endpoint::from_shared(server.to_owned()).map_err(|error| wrong(&error.to_string()))?;
        let channel = endpoint.connect_lazy();
        Ok(Self {
            applications: ApplicationsClient::new(channel.clone()).max_decoding_message_size(ANSWER_BYTES_MAX),
            operations: OperationsClient::new(channel).max_decoding_message_size(ANSWER_BYTES_MAX),
        })
    }
}

/// A new idempotency key.
pub fn fresh_key() -> String {
    Uuid::now_v7().to_string()
}

/// Files an application.
pub(crate) async fn submit(arguments: Submit) -> Result<(), Failure> {
    let mut request = form::read(&arguments.file)?;
    if let Some(key) = arguments.key {
        request.idempotency_key = key;
    }
    let mut client = Client::new(&arguments.server.server)?;
    let response = client.applications.submit_application(request).await.map_err(Words::from)?.into_inner();
    arguments.server.print("yijian.v1.SubmitApplicationResponse", &response, print::submitted)
}

/// One case.
pub(crate) async fn case(arguments: OneCase) -> Result<(), Failure> {
    let mut client = Client::new(&arguments.server.server)?;
    let request = v1::GetCaseRequest { case_id: arguments.id.to_string() };
    let case = client.applications.get_case(request).await.map_err(Words::from)?.into_inner();
    arguments.server.print("yijian.v1.Case", &case, print::case)
}

/// Cases, newest first.
pub(crate) async fn cases(arguments: Cases) -> Result<(), Failure> {
    let mut client = Client::new(&arguments.server.server)?;
    let request = v1::SearchCasesRequest {
        states: arguments.state.into_iter().map(i32::from).collect(),
        stuck: arguments.stuck,
        department: arguments.department,
        subject: arguments.subject,
        page_size: arguments.limit,
        page_token: String::new(),
    };
    let found = client.operations.search_cases(request).await.map_err(Words::from)?.into_inner();
    arguments.server.print("yijian.v1.SearchCasesResponse", &found, print::cases)
}

/// A case now and after every change.
pub(crate) async fn watch(arguments: OneCase) -> Result<(), Failure> {
    let mut client = Client::new(&arguments.server.server)?;
    let request = v1::WatchCaseRequest { case_id: arguments.id.to_string(), only_the_end: false };
    let mut stream = client.applications.watch_case(request).await.map_err(Words::from)?.into_inner();
    let mut before = None;
    while let Some(case) = stream.message().await.map_err(Words::from)? {
        arguments.server.print("yijian.v1.Case", &case, |case| print::change(before.as_ref(), case))?;
        before = Some(case);
    }
    Ok(())
}

/// What waits for persons.
pub(crate) async fn tasks(arguments: Tasks) -> Result<(), Failure> {
    let mut client = Client::new(&arguments.server.server)?;
    let request = v1::ListTasksRequest {
        case_id: arguments.case.map(|case| case.to_string()).unwrap_or_default(),
        role: arguments.role.map(Role::name).unwrap_or_default().to_owned(),
        id_number: arguments.id_number,
        page_size: arguments.limit,
        page_token: String::new(),
    };
    let found = client.applications.list_tasks(request).await.map_err(Words::from)?.into_inner();
    arguments.server.print("yijian.v1.ListTasksResponse", &found, print::tasks)
}

/// Answers a task.
pub(crate) async fn answer(arguments: AnswerTask) -> Result<(), Failure> {
    let Some((case, _)) = arguments.task.split_once('/') else {
        return Err(Failure::Usage("待办号形如 CASE/STEP / a task's id is CASE/STEP".to_owned()));
    };
    let mut client = Client::new(&arguments.server.server)?;
    let request = v1::ListTasksRequest { case_id: case.to_owned(), page_size: 1_000, ..Default::default() };
    let open = client.applications.list_tasks(request).await.map_err(Words::from)?.into_inner().tasks;
    let task = open.into_iter().find(|task| task.task_id == arguments.task);
    // A task that is not open is answered all the same: the server's refusal says why.
    let task = task.unwrap_or_else(|| v1::Task { task_id: arguments.task.clone(), version: 1, ..Default::default() });
    let says = match (arguments.decline, arguments.correct.is_empty()) {
        (true, _) => Says::No,
        (false, true) => Says::Yes { method: arguments.method, fields: arguments.field.into_iter().collect() },
        (false, false) => Says::Corrected(arguments.correct.into_iter().collect()),
    };
    let actor = v1::Actor { role: arguments.role.name().to_owned(), id_number: arguments.id_number };
    let request = complete(&task, actor, says, arguments.key.unwrap_or_else(fresh_key));
    let done = client.applications.complete_task(request).await.map_err(Words::from)?.into_inner();
    arguments
        .server
        .print("yijian.v1.CompleteTaskResponse", &done, |done| done.case.as_ref().map(print::case).unwrap_or_default())
}

/// What a person says to a task.
pub enum Says {
    /// Agreed, signed; in the named way or the task's first.
    Yes {
        /// One of the task's methods.
        method: Option<String>,
        /// What the person decides, under the names that the step gives; empty where it gives none.
        fields: Map<String, Value>,
    },
    /// No.
    No,
    /// The corrected fields.
    Corrected(Map<String, Value>),
}

impl Says {
    /// Agreed, in the task's first way, with nothing to decide.
    pub fn yes() -> Self {
        Says::Yes { method: None, fields: Map::new() }
    }
}

/// The answer to a task, with a digest of the evidence that a platform would keep.
pub fn complete(task: &v1::Task, actor: v1::Actor, says: Says, idempotency_key: String) -> v1::CompleteTaskRequest {
    let object = |fields: Map<String, Value>| Value::Object(fields).to_string();
    let (mut method_used, mut corrected_json, mut fields_json) = (String::new(), String::new(), String::new());
    let outcome = match says {
        Says::Yes { method, fields } => {
            method_used = method.or_else(|| task.methods.first().cloned()).unwrap_or_default();
            if !fields.is_empty() {
                fields_json = object(fields);
            }
            v1::TaskOutcome::Done
        }
        Says::No => v1::TaskOutcome::Declined,
        Says::Corrected(fields) => {
            corrected_json = object(fields);
            v1::TaskOutcome::Corrected
        }
    };
    // The platform's own digest of a signature stands here; this client keeps none and sends a constant.
    let evidence_digest = if outcome == v1::TaskOutcome::Declined { String::new() } else { "00".repeat(32) };
    v1::CompleteTaskRequest {
        fields_json,
        task_id: task.task_id.clone(),
        version: task.version,
        actor: Some(actor),
        outcome: outcome.into(),
        method: method_used,
        evidence_digest,
        idempotency_key,
        corrected_json,
    }
}

/// Begins a procedure that follows a case.
pub(crate) async fn procedure(arguments: StartProcedure) -> Result<(), Failure> {
    let mut client = Client::new(&arguments.server.server)?;
    let request = v1::StartProcedureRequest {
        case_id: arguments.id.to_string(),
        procedure: arguments.procedure,
        request_json: written(arguments.request),
        corrections_json: written(arguments.correct),
        actor: Some(v1::Actor { role: arguments.role.name().to_owned(), id_number: arguments.id_number }),
        reason: arguments.reason,
        idempotency_key: arguments.key.unwrap_or_else(fresh_key),
    };
    let begun = client.applications.start_procedure(request).await.map_err(Words::from)?.into_inner();
    arguments.server.print("yijian.v1.StartProcedureResponse", &begun, |begun| {
        begun.case.as_ref().map(print::case).unwrap_or_default()
    })
}

/// Fields as one JSON object; nothing where there are none.
fn written(fields: Vec<(String, Value)>) -> String {
    if fields.is_empty() { String::new() } else { Value::Object(fields.into_iter().collect()).to_string() }
}

/// Withdraws an application.
pub(crate) async fn withdraw(arguments: Withdraw) -> Result<(), Failure> {
    let mut client = Client::new(&arguments.server.server)?;
    let request = v1::WithdrawApplicationRequest {
        application_id: arguments.id.to_string(),
        actor: Some(v1::Actor { role: Role::Applicant.name().to_owned(), id_number: arguments.id_number }),
        idempotency_key: arguments.key.unwrap_or_else(fresh_key),
    };
    let withdrawn = client.applications.withdraw_application(request).await.map_err(Words::from)?.into_inner();
    arguments.server.print("yijian.v1.WithdrawApplicationResponse", &withdrawn, |withdrawn| {
        withdrawn.cases.iter().map(print::case).collect::<Vec<_>>().join("\n")
    })
}

/// Every event of a case.
pub(crate) async fn history(arguments: OneCase) -> Result<(), Failure> {
    let mut client = Client::new(&arguments.server.server)?;
    let request = v1::GetHistoryRequest { case_id: arguments.id.to_string() };
    let history = client.operations.get_history(request).await.map_err(Words::from)?.into_inner();
    arguments.server.print("yijian.v1.GetHistoryResponse", &history, print::history)
}

impl Server {
    /// Prints an answer: for people, or as JSON. A reader that has gone is not an error.
    pub(crate) fn print<M: Message>(
        &self,
        name: &str,
        message: &M,
        people: impl FnOnce(&M) -> String,
    ) -> Result<(), Failure> {
        let text = if self.json { json::text(name, message)? } else { people(message) };
        match writeln!(io::stdout(), "{}", text.trim_end()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(Failure::Refused(format!("无法输出 / cannot print: {error}")))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// If this fails, personal data of who wrote https:// travels in clear, or a mistyped address is a riddle.
    #[tokio::test]
    async fn only_an_address_that_is_spoken_to_as_it_says_is_taken() {
        for wrong in ["https://127.0.0.1:7071", "127.0.0.1:7071", "foo", "unix:/tmp/socket", ""] {
            let Err(Failure::Usage(words)) = Client::new(wrong) else { panic!("taken: {wrong}") };
            assert!(words.starts_with("--server ") && words.contains("http://"), "{words}");
        }
        assert!(Client::new("http://127.0.0.1:7071").is_ok());
        assert!(Client::new("http://[::1]:7071").is_ok());
    }
}
