//! `yijian.v1.Operations`: what operators call.

use proto::v1::{self, operations_server::Operations};
use saga::{Input, input::Found};
use serde_json::Value;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, async_trait};

use super::{
    Api, acts, page, request,
    status::{Missing, Refusal},
    view,
};
use crate::{
    coordinator::{
        message_of,
        work::{Clear, Order},
    },
    fold,
    inbound::form,
    store::{CaseFilter, DepartmentRow, SagaNumber},
};

/// Bytes of an output that an operator states. The largest that a department gives has about 2 KiB.
const OUTPUT_BYTES_MAX: usize = 16 * 1024;

#[async_trait]
impl Operations for Api {
    type ReplayPolicyStream = ReceiverStream<Result<v1::ReplayPolicyResponse, Status>>;

    async fn replay_policy(
        &self,
        request: Request<v1::ReplayPolicyRequest>,
    ) -> Result<Response<Self::ReplayPolicyStream>, Status> {
        Ok(Response::new(ReceiverStream::new(self.replay(request.into_inner()).await?)))
    }

    async fn search_cases(
        &self,
        request: Request<v1::SearchCasesRequest>,
    ) -> Result<Response<v1::SearchCasesResponse>, Status> {
        Ok(Response::new(self.search(request.get_ref()).await?))
    }

    async fn get_history(
        &self,
        request: Request<v1::GetHistoryRequest>,
    ) -> Result<Response<v1::GetHistoryResponse>, Status> {
        let case = request::id("case_id", &request.get_ref().case_id)?;
        let number = self.number_of(case).await?;
        Ok(Response::new(v1::GetHistoryResponse { events: self.history(number).await? }))
    }

    async fn retry_step(&self, request: Request<v1::RetryStepRequest>) -> Result<Response<v1::OrderResponse>, Status> {
        let request = request.get_ref();
        request::words("reason", &request.reason)?;
        let number = self.number_of(request::id("case_id", &request.case_id)?).await?;
        let step = request::step(&self.snapshot(number).await?.definition, &request.step)?;
        let input = Input::Retry { step, revision: request.revision };
        Ok(Response::new(self.told(number, input, request.reason.clone(), None).await?))
    }

    async fn resolve_step(
        &self,
        request: Request<v1::ResolveStepRequest>,
    ) -> Result<Response<v1::OrderResponse>, Status> {
        Ok(Response::new(self.resolve(request.get_ref()).await?))
    }

    async fn hold_department(
        &self,
        request: Request<v1::HoldDepartmentRequest>,
    ) -> Result<Response<v1::Department>, Status> {
        let request = request.get_ref();
        request::words("reason", &request.reason)?;
        self.knows_department(&request.department)?;
        let row = self.parts.control.hold(&request.department, &request.reason).await.map_err(Refusal::from)?;
        Ok(Response::new(department(row)))
    }

    async fn resume_department(
        &self,
        request: Request<v1::ResumeDepartmentRequest>,
    ) -> Result<Response<v1::Department>, Status> {
        let request = request.get_ref();
        self.knows_department(&request.department)?;
        let resumed = self.parts.control.resume(&request.department, request.ramp_per_second).await;
        Ok(Response::new(department(resumed.map_err(Refusal::from)?)))
    }

    async fn freeze_case(
        &self,
        request: Request<v1::FreezeCaseRequest>,
    ) -> Result<Response<v1::OrderResponse>, Status> {
        let request = request.get_ref();
        request::words("reason", &request.reason)?;
        let number = self.number_of(request::id("case_id", &request.case_id)?).await?;
        Ok(Response::new(self.told(number, Input::Freeze, request.reason.clone(), None).await?))
    }

    async fn unfreeze_case(
        &self,
        request: Request<v1::UnfreezeCaseRequest>,
    ) -> Result<Response<v1::OrderResponse>, Status> {
        let request = request.get_ref();
        request::words("reason", &request.reason)?;
        let number = self.number_of(request::id("case_id", &request.case_id)?).await?;
        Ok(Response::new(self.told(number, Input::Unfreeze, request.reason.clone(), None).await?))
    }

    async fn retract_message(
        &self,
        request: Request<v1::RetractMessageRequest>,
    ) -> Result<Response<v1::OrderResponse>, Status> {
        let request = request.get_ref();
        request::words("reason", &request.reason)?;
        let message = message_of(&request.message)
            .ok_or_else(|| Refusal::invalid("message", "应为message/<序号>", "must be message/<n>"))?;
        let number = self.number_of(request::id("case_id", &request.case_id)?).await?;
        if usize::from(message) >= self.snapshot(number).await?.saga.messages.len() {
            return Err(Refusal::NotFound(Missing::Message).into());
        }
        Ok(Response::new(self.told(number, Input::Retract { message }, request.reason.clone(), None).await?))
    }

    async fn list_dead_letters(
        &self,
        request: Request<v1::ListDeadLettersRequest>,
    ) -> Result<Response<v1::ListDeadLettersResponse>, Status> {
        let request = request.get_ref();
        let (limit, before) = (page::size(request.page_size)?, page::number(&request.page_token)?);
        let letters = self.parts.store.dead_letters(before, limit).await.map_err(Refusal::from)?;
        let next_page_token = next(limit, letters.len(), letters.last().map(|letter| letter.id));
        let shown = |letter: crate::store::DeadLetter| v1::DeadLetter {
            id: letter.id,
            at: Some(view::timestamp(letter.at)),
            topic: letter.topic,
            code: letter.code,
            what: letter.what,
            saga: letter.saga,
            step: letter.step,
            size_bytes: letter.size,
        };
        let dead_letters = letters.into_iter().map(shown).collect();
        Ok(Response::new(v1::ListDeadLettersResponse { dead_letters, next_page_token }))
    }

    async fn list_unmatched_notices(
        &self,
        request: Request<v1::ListUnmatchedNoticesRequest>,
    ) -> Result<Response<v1::ListUnmatchedNoticesResponse>, Status> {
        let request = request.get_ref();
        let (limit, before) = (page::size(request.page_size)?, page::number(&request.page_token)?);
        let notices = self.parts.store.notices(before, limit).await.map_err(Refusal::from)?;
        let next_page_token = next(limit, notices.len(), notices.last().map(|notice| notice.id));
        let shown = |notice: crate::store::UnmatchedNotice| v1::UnmatchedNotice {
            id: notice.id,
            at: Some(view::timestamp(notice.at)),
            endpoint: notice.endpoint,
            kind: notice.kind,
            why: notice.why,
        };
        let notices = notices.into_iter().map(shown).collect();
        Ok(Response::new(v1::ListUnmatchedNoticesResponse { notices, next_page_token }))
    }
}

impl Api {
    async fn search(&self, request: &v1::SearchCasesRequest) -> Result<v1::SearchCasesResponse, Refusal> {
        let limit = page::size(request.page_size)?;
        let mut states = Vec::new();
        for state in &request.states {
            let name = v1::CaseState::try_from(*state).ok().and_then(view::state_name);
            states.push(name.ok_or_else(|| Refusal::invalid("states", "没有此状态", "no such state"))?);
        }
        let filter = CaseFilter {
            states,
            stuck: request.stuck,
            department: Some(request.department.clone()).filter(|name| !name.is_empty()),
            subject: (!request.subject.is_empty()).then(|| form::blind_subject(&self.parts.blind, &request.subject)),
            before: page::number(&request.page_token)?,
            limit,
        };
        let (rows, total) = self.parts.store.search(&filter).await?;
        let next_page_token = next(limit, rows.len(), rows.last().map(|(number, ..)| *number));
        let numbers: Vec<SagaNumber> = rows.iter().map(|(number, ..)| *number).collect();
        let mut whole = std::collections::HashMap::new();
        for loaded in self.parts.store.load(&numbers).await? {
            if let Ok(snapshot) = self.folded(&loaded).await {
                whole.insert(loaded.number, view::case(&snapshot));
            }
        }
        // A case that cannot be read is listed by its summary: it must not be missing from the list.
        let shown = |(number, version, summary): (SagaNumber, u64, crate::store::Summary)| {
            whole.remove(&number).unwrap_or_else(|| view::summary(&summary, version))
        };
        Ok(v1::SearchCasesResponse { cases: rows.into_iter().map(shown).collect(), next_page_token, total })
    }

    async fn history(&self, number: SagaNumber) -> Result<Vec<v1::HistoryEvent>, Refusal> {
        let loaded = self.parts.store.load(&[number]).await?.pop().ok_or(Refusal::NotFound(Missing::Case))?;
        let definition = self.parts.definitions.get(loaded.summary.definition).await;
        let definition = definition.map_err(|error| Refusal::Internal(Box::new(error)))?.definition;
        let mut shown = Vec::new();
        for entry in &loaded.entries {
            let events = fold::events(entry).map_err(|error| Refusal::Internal(Box::new(error)))?;
            for event in events {
                let step = event.fact.step().and_then(|step| definition.steps.get(step.at()));
                let json = serde_json::to_string(&event).map_err(|error| Refusal::Internal(Box::new(error)))?;
                shown.push(v1::HistoryEvent {
                    sequence: shown.len() as u64 + 1,
                    at: Some(view::timestamp(entry.at)),
                    event: event.fact.name().to_owned(),
                    step: step.map(|step| step.name.to_string()).unwrap_or_default(),
                    actor: view::actor(&event.by),
                    json,
                });
            }
        }
        Ok(shown)
    }

    async fn resolve(&self, request: &v1::ResolveStepRequest) -> Result<v1::OrderResponse, Refusal> {
        request::words("reason", &request.reason)?;
        let found = match v1::Resolution::try_from(request.resolution) {
            Ok(v1::Resolution::Done) => Found::Done,
            Ok(v1::Resolution::NotDone) => Found::NotDone,
            Ok(v1::Resolution::Undone) => Found::Undone,
            Ok(v1::Resolution::Unspecified) | Err(_) => {
                let (zh, en) = ("应为DONE、NOT_DONE或UNDONE", "must be DONE, NOT_DONE or UNDONE");
                return Err(Refusal::invalid("resolution", zh, en));
            }
        };
        match found {
            Found::Done | Found::Undone => request::words("evidence", &request.evidence)?,
            Found::NotDone => {}
        }
        let output = match found {
            Found::Done => output(&request.output_json)?,
            Found::NotDone | Found::Undone if request.output_json.is_empty() => None,
            Found::NotDone | Found::Undone => {
                return Err(Refusal::invalid("output_json", "仅DONE可填写", "belongs to DONE only"));
            }
        };
        let number = self.number_of(request::id("case_id", &request.case_id)?).await?;
        let step = request::step(&self.snapshot(number).await?.definition, &request.step)?;
        let input = Input::Resolve { step, revision: request.revision, found };
        let note = format!("{} · {}", request.reason, request.evidence);
        self.told(number, input, note, output.map(|value| acts::stated(step, value))).await
    }

    /// One saga is told, and shown as it stands then.
    async fn told(
        &self,
        number: SagaNumber,
        input: Input,
        note: String,
        clear: Option<Clear>,
    ) -> Result<v1::OrderResponse, Refusal> {
        self.order(Order { inputs: vec![(number, input)], act: None, clear, note: Some(note.into()) }).await?;
        Ok(v1::OrderResponse { case: Some(view::case(&self.snapshot(number).await?)) })
    }

    fn knows_department(&self, name: &str) -> Result<(), Refusal> {
        let known = self.parts.packs.iter().any(|pack| pack.departments.iter().any(|known| **known == *name));
        if known { Ok(()) } else { Err(Refusal::NotFound(Missing::Department)) }
    }
}

fn department(row: DepartmentRow) -> v1::Department {
    v1::Department { department: row.name, held: row.held, reason: row.reason }
}

/// What an operator states that a step gave: an object, or nothing.
fn output(text: &str) -> Result<Option<Value>, Refusal> {
    if text.is_empty() {
        return Ok(None);
    }
    let read = if text.len() > OUTPUT_BYTES_MAX { None } else { serde_json::from_str::<Value>(text).ok() };
    match read {
        Some(value @ Value::Object(_)) => Ok(Some(value)),
        _ => {
            Err(Refusal::invalid("output_json", "应为不超过16KiB的JSON对象", "must be a JSON object of at most 16 KiB"))
        }
    }
}

/// The token of the next page, where this one is full.
fn next(limit: u32, found: usize, last: Option<u64>) -> String {
    let full = u32::try_from(found).is_ok_and(|found| found >= limit);
    last.filter(|_| full).map(page::token).unwrap_or_default()
}
