//! Parents as the platform's clients: they file, answer and wait, and insist while the server is away.
//!
//! Every request carries an idempotency key of its own and is repeated as it is until it is answered, as a platform
//! does whose connection broke: what was acknowledged is kept here, and what is not is asked again.

use std::time::Duration;

use anyhow::Context;
use proto::v1;
use serde_json::{Value, json};
use standalone::client::{Client, Says, complete};
use tokio::time::{Instant, sleep, timeout};
use tonic::{Code, Response, Status};
use tonic_types::StatusExt;

use crate::{
    family,
    wait::{PATIENCE, Patience},
};

/// How soon a request whose answer did not come is repeated.
const REPEATED_AFTER: Duration = Duration::from_millis(100);

/// Parents at one server, which may die and come back at the same address.
#[derive(Clone)]
pub struct Parents {
    client: Client,
}

impl Parents {
    /// Parents with this client.
    pub fn new(client: Client) -> Self {
        Self { client }
    }

    /// Files a form and insists.
    ///
    /// # Errors
    /// If it is refused.
    pub async fn file(&self, request: &v1::SubmitApplicationRequest) -> anyhow::Result<v1::SubmitApplicationResponse> {
        insist("file", || {
            let (mut client, request) = (self.client.clone(), request.clone());
            async move { client.applications.submit_application(request).await }
        })
        .await
    }

    /// The open task of this step, once there is one.
    ///
    /// # Errors
    /// If it does not come, or the case ends without it.
    pub async fn task(&self, case_id: &str, step: &str) -> anyhow::Result<v1::Task> {
        let patience = Patience::with(format!("the task {step} of {case_id}"), PATIENCE);
        let request = v1::ListTasksRequest { case_id: case_id.to_owned(), ..Default::default() };
        loop {
            let tasks = insist("list tasks", || {
                let (mut client, request) = (self.client.clone(), request.clone());
                async move { client.applications.list_tasks(request).await }
            });
            if let Some(task) = tasks.await?.tasks.into_iter().find(|task| task.step == step) {
                return Ok(task);
            }
            let case = self.case(case_id).await?;
            anyhow::ensure!(case.state() == v1::CaseState::Running, "{case_id} has ended without a task {step}");
            patience.once_more().await?;
        }
    }

    /// Agrees to the task of this step when it is open.
    ///
    /// # Errors
    /// If it does not come or the answer is refused.
    pub async fn agree(&self, case_id: &str, step: &str, actor: v1::Actor) -> anyhow::Result<()> {
        self.decide(case_id, step, actor, json!({})).await
    }

    /// Agrees to the task of this step when it is open, and decides these fields of it.
    ///
    /// # Errors
    /// If it does not come or the answer is refused.
    pub async fn decide(&self, case_id: &str, step: &str, actor: v1::Actor, fields: Value) -> anyhow::Result<()> {
        let task = self.task(case_id, step).await?;
        let key = format!("{step}-{case_id}");
        let fields = fields.as_object().cloned().context("a decision is an object")?;
        let request = complete(&task, actor, Says::Yes { method: None, fields }, key);
        insist("answer", || {
            let (mut client, request) = (self.client.clone(), request.clone());
            async move { client.applications.complete_task(request).await }
        })
        .await?;
        Ok(())
    }

    /// Withdraws an application. Answers false where it had ended by then.
    ///
    /// # Errors
    /// If it is refused for another reason.
    pub async fn withdraw(&self, application_id: &str, actor: v1::Actor) -> anyhow::Result<bool> {
        let request = v1::WithdrawApplicationRequest {
            application_id: application_id.to_owned(),
            actor: Some(actor),
            idempotency_key: format!("withdraw-{application_id}"),
        };
        let answered = insist("withdraw", || {
            let (mut client, request) = (self.client.clone(), request.clone());
            async move { client.applications.withdraw_application(request).await }
        });
        match answered.await {
            Ok(_) => Ok(true),
            Err(error) if error.downcast_ref::<Status>().is_some_and(|status| status.message().contains("YJ-0215")) => {
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    /// The case as it stands.
    ///
    /// # Errors
    /// If there is none.
    pub async fn case(&self, case_id: &str) -> anyhow::Result<v1::Case> {
        let request = v1::GetCaseRequest { case_id: case_id.to_owned() };
        insist("look at the case", || {
            let (mut client, request) = (self.client.clone(), request.clone());
            async move { client.applications.get_case(request).await }
        })
        .await
    }

    /// The case when it has ended: watched, and watched again where the server died meanwhile.
    ///
    /// # Errors
    /// If it does not end: with the steps that it waits for.
    pub async fn end_of(&self, case_id: &str) -> anyhow::Result<v1::Case> {
        if let Ok(ended) = timeout(PATIENCE, self.watched(case_id)).await {
            return ended;
        }
        let case = self.case(case_id).await?;
        let steps = case.steps.iter().map(|step| format!("{} {}", step.name, step.state().as_str_name()));
        anyhow::bail!("{case_id} does not end: {}", steps.collect::<Vec<_>>().join(", "))
    }

    async fn watched(&self, case_id: &str) -> anyhow::Result<v1::Case> {
        let request = v1::WatchCaseRequest { case_id: case_id.to_owned(), only_the_end: true };
        loop {
            let stream = insist("watch", || {
                let (mut client, request) = (self.client.clone(), request.clone());
                async move { client.applications.watch_case(request).await }
            });
            match stream.await?.message().await {
                Ok(Some(case)) => return Ok(case),
                Ok(None) => sleep(REPEATED_AFTER).await,
                Err(status) if is_broken(&status) => sleep(REPEATED_AFTER).await,
                Err(status) => return Err(status.into()),
            }
        }
    }

    /// Files a form of Shanxi and signs it: everything that its family has to do.
    ///
    /// # Errors
    /// If either is refused.
    pub async fn file_and_sign(
        &self,
        request: &v1::SubmitApplicationRequest,
    ) -> anyhow::Result<v1::SubmitApplicationResponse> {
        let filed = self.file(request).await?;
        let first = filed.case_ids.first().context("an application has a case")?;
        self.agree(first, "signature", family::applicant(request)).await?;
        Ok(filed)
    }
}

/// Repeats a call until it is answered, with yes or with a no that repeating does not change.
///
/// # Errors
/// The no; or that nothing was heard for longer than anybody would wait.
pub async fn insist<T, Answer>(what: &str, mut call: impl FnMut() -> Answer) -> anyhow::Result<T>
where
    Answer: Future<Output = Result<Response<T>, Status>>,
{
    let deadline = Instant::now() + PATIENCE;
    loop {
        match call().await {
            Ok(response) => return Ok(response.into_inner()),
            Err(status) if is_broken(&status) && Instant::now() < deadline => sleep(REPEATED_AFTER).await,
            Err(status) => return Err(anyhow::Error::from(status).context(what.to_owned())),
        }
    }
}

/// The connection broke, or the server asks to come back: nothing was said about the request itself.
fn is_broken(status: &Status) -> bool {
    match status.code() {
        Code::Unavailable | Code::ResourceExhausted | Code::Cancelled => true,
        // What breaks in transport has these codes too, and no code of ours.
        Code::Unknown | Code::Internal => status.get_details_error_info().is_none(),
        _ => false,
    }
}
