//! `yijian.v1.Applications`: what the government platform calls.

use std::{pin::Pin, sync::Arc};

use futures::Stream;
use prost::Message;
use proto::v1::{self, applications_server::Applications};
use saga::Input;
use tonic::{Request, Response, Status, async_trait};

use super::{
    Api,
    acts::Ordered,
    request,
    status::{Missing, Refusal},
    view,
    watching::{self, Wanted, Watch},
};
use crate::{
    coordinator::work::{Done, Order, Work},
    inbound::form,
    store::{PublicId, SagaNumber},
};

/// Who may report a death: the family, the counter, and the hospital, which often knows first.
const BEREAVEMENT_REPORTERS: [&str; 4] = ["applicant", "father", "clerk", "health"];

#[async_trait]
impl Applications for Api {
    async fn submit_application(
        &self,
        request: Request<v1::SubmitApplicationRequest>,
    ) -> Result<Response<v1::SubmitApplicationResponse>, Status> {
        Ok(Response::new(self.submit(request.into_inner()).await?))
    }

    async fn get_case(&self, request: Request<v1::GetCaseRequest>) -> Result<Response<v1::Case>, Status> {
        let case = request::id("case_id", &request.get_ref().case_id)?;
        let number = self.number_of(case).await?;
        Ok(Response::new(self.with_procedures(&self.snapshot(number).await?).await?))
    }

    async fn start_procedure(
        &self,
        request: Request<v1::StartProcedureRequest>,
    ) -> Result<Response<v1::StartProcedureResponse>, Status> {
        Ok(Response::new(self.start_procedure(request.into_inner()).await?))
    }

    async fn explain_case(
        &self,
        request: Request<v1::ExplainCaseRequest>,
    ) -> Result<Response<v1::ExplainCaseResponse>, Status> {
        Ok(Response::new(self.explain(request.get_ref()).await?))
    }

    async fn preview_choices(
        &self,
        request: Request<v1::PreviewChoicesRequest>,
    ) -> Result<Response<v1::PreviewChoicesResponse>, Status> {
        Ok(Response::new(self.preview(request.get_ref())?))
    }

    async fn get_deadlines(
        &self,
        request: Request<v1::GetDeadlinesRequest>,
    ) -> Result<Response<v1::GetDeadlinesResponse>, Status> {
        Ok(Response::new(self.deadlines(request.get_ref()).await?))
    }

    type WatchCaseStream = Pin<Box<dyn Stream<Item = Result<v1::Case, Status>> + Send>>;

    async fn watch_case(
        &self,
        request: Request<v1::WatchCaseRequest>,
    ) -> Result<Response<Self::WatchCaseStream>, Status> {
        let watch = self.watch(request.get_ref()).await?;
        Ok(Response::new(Box::pin(watching::states(watch))))
    }

    async fn list_tasks(
        &self,
        request: Request<v1::ListTasksRequest>,
    ) -> Result<Response<v1::ListTasksResponse>, Status> {
        Ok(Response::new(self.tasks(request.get_ref()).await?))
    }

    async fn complete_task(
        &self,
        request: Request<v1::CompleteTaskRequest>,
    ) -> Result<Response<v1::CompleteTaskResponse>, Status> {
        Ok(Response::new(self.complete(request.into_inner()).await?))
    }

    async fn withdraw_application(
        &self,
        request: Request<v1::WithdrawApplicationRequest>,
    ) -> Result<Response<v1::WithdrawApplicationResponse>, Status> {
        let (cases, repeated_request) = self.withdraw(request.into_inner()).await?;
        Ok(Response::new(v1::WithdrawApplicationResponse { cases, repeated_request }))
    }

    async fn report_bereavement(
        &self,
        request: Request<v1::ReportBereavementRequest>,
    ) -> Result<Response<v1::ReportBereavementResponse>, Status> {
        let (cases, repeated_request) = self.bereave(request.into_inner()).await?;
        Ok(Response::new(v1::ReportBereavementResponse { cases, repeated_request }))
    }
}

impl Api {
    async fn submit(&self, request: v1::SubmitApplicationRequest) -> Result<v1::SubmitApplicationResponse, Refusal> {
        let size = request.encoded_len();
        let parts = &self.parts;
        let filing = form::parse(request, size, &parts.packs, &parts.blind, parts.clock.now_ms())?;
        match parts.handle.ask(Work::File(Box::new(filing))).await? {
            Done::Filed { application, cases, repeated } => Ok(v1::SubmitApplicationResponse {
                application_id: view::uuid(application),
                case_ids: cases.into_iter().map(view::uuid).collect(),
                repeated_request: repeated,
            }),
            Done::KeyTaken => Err(Refusal::KeyTaken),
            Done::ChildLive { case } => Err(Refusal::ChildLive(case)),
            Done::Quarantined => Err(Refusal::Quarantined),
            Done::Answered(_)
            | Done::ActRepeated
            | Done::Unknown
            | Done::Followed { .. }
            | Done::NoProcedure
            | Done::Buried => Err(Refusal::Internal("a filing was answered as something else".into())),
        }
    }

    /// Watches first and reads then: what is committed in between is told, and told once.
    async fn watch(&self, request: &v1::WatchCaseRequest) -> Result<Watch, Refusal> {
        let number = self.number_of(request::id("case_id", &request.case_id)?).await?;
        let place = Arc::clone(&self.watches).try_acquire_owned().map_err(|_| Refusal::Overloaded)?;
        let changes = self.parts.watchers.watch(number);
        let wanted = if request.only_the_end { Wanted::TheEnd } else { Wanted::EveryChange };
        // Who wants the end alone is not read the whole case while it has not come.
        let first = match wanted {
            Wanted::TheEnd if self.parts.store.is_running(number).await? == Some(true) => None,
            Wanted::TheEnd | Wanted::EveryChange => Some(Arc::new(self.snapshot(number).await?)),
        };
        Ok(Watch { first, changes, wanted, stop: self.stop.clone(), _place: place })
    }

    async fn withdraw(&self, mut request: v1::WithdrawApplicationRequest) -> Result<(Vec<v1::Case>, bool), Refusal> {
        let key = std::mem::take(&mut request.idempotency_key);
        let act = request::act(&self.parts.blind, "WithdrawApplication", &key, &request)?;
        let actor = request::actor(request.actor.as_ref())?;
        let numbers = self.sagas_of("application_id", &request.application_id).await?;
        if actor.role != "applicant" || !self.is_applicant(&actor.id_number, &numbers).await? {
            return Err(self.bury(numbers[0], "", request.encoded_len(), Refusal::WrongPerson).await?);
        }
        if self.known_act(&act).await? {
            return Ok((self.cases(&numbers).await?, true));
        }
        let withdraw = |number: &SagaNumber| (*number, Input::Withdraw { by: "applicant".into() });
        let order = Order { inputs: numbers.iter().map(withdraw).collect(), act: Some(act), clear: None, note: None };
        let ordered = self.order(order).await?;
        Ok((self.cases(&numbers).await?, ordered == Ordered::Repeated))
    }

    async fn bereave(&self, mut request: v1::ReportBereavementRequest) -> Result<(Vec<v1::Case>, bool), Refusal> {
        let key = std::mem::take(&mut request.idempotency_key);
        let act = request::act(&self.parts.blind, "ReportBereavement", &key, &request)?;
        if !BEREAVEMENT_REPORTERS.contains(&request.reported_by.as_str()) {
            let (zh, en) = ("应为applicant、father、clerk或health", "must be applicant, father, clerk or health");
            return Err(Refusal::invalid("reported_by", zh, en));
        }
        let numbers = self.sagas_of("application_id", &request.application_id).await?;
        let concerned = if request.case_id.is_empty() {
            numbers.clone()
        } else {
            let number = self.number_of(request::id("case_id", &request.case_id)?).await?;
            if !numbers.contains(&number) {
                return Err(Refusal::NotFound(Missing::Case));
            }
            vec![number]
        };
        if self.known_act(&act).await? {
            return Ok((self.cases(&numbers).await?, true));
        }
        let by: Arc<str> = request.reported_by.into();
        let bereave = |number: SagaNumber| (number, Input::Bereaved { by: Arc::clone(&by) });
        let order =
            Order { inputs: concerned.into_iter().map(bereave).collect(), act: Some(act), clear: None, note: None };
        let ordered = self.order(order).await?;
        Ok((self.cases(&numbers).await?, ordered == Ordered::Repeated))
    }

    /// The sagas of an application that is named by its own id or by that of one of its cases; at least one.
    pub(crate) async fn sagas_of(&self, field: &str, text: &str) -> Result<Vec<SagaNumber>, Refusal> {
        let id: PublicId = request::id(field, text)?;
        let numbers = self.parts.store.find_application(id).await?;
        if !numbers.is_empty() {
            return Ok(numbers);
        }
        let number = self.parts.store.find_case(id).await?.ok_or(Refusal::NotFound(Missing::Application))?;
        let loaded = self.parts.store.load(&[number]).await?;
        let application = loaded.first().ok_or(Refusal::NotFound(Missing::Application))?.summary.application;
        let numbers = self.parts.store.find_application(application).await?;
        if numbers.is_empty() { Err(Refusal::NotFound(Missing::Application)) } else { Ok(numbers) }
    }

    /// Whether this ID number is the applicant's of each of these cases.
    pub(super) async fn is_applicant(&self, id_number: &str, numbers: &[SagaNumber]) -> Result<bool, Refusal> {
        let own = self.parts.store.find_subject(form::blind_applicant(&self.parts.blind, id_number)).await?;
        Ok(numbers.iter().all(|number| own.contains(number)))
    }
}
