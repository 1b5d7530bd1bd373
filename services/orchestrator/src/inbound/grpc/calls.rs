//! Calls by a person instead of messages: listed among the tasks, done by a clerk.
//!
//! What could not be written or delivered is not lost: somebody telephones and says so here. A call belongs to no step,
//! never decides how a case ends, and stays open when the case has ended.

use std::sync::Arc;

use prost::Message;
use proto::v1;
use saga::{Input, MessageIndex, MessageStatus, Objection};

use super::{
    Api,
    acts::Ordered,
    request,
    status::{Missing, Refusal},
    view,
};
use crate::{
    coordinator::{CALLER, message_of, message_step, work::Order},
    inbound::form::Check,
    store::{OpenTask, SagaNumber},
    watch::Snapshot,
};

/// What clerks read where the message's own title is not to be had.
const TITLE: &str = "电话通知";

impl Api {
    /// A clerk has telephoned. The same request again gets the same answer.
    pub(crate) async fn called(
        &self,
        mut request: v1::CompleteTaskRequest,
        number: SagaNumber,
        message: MessageIndex,
    ) -> Result<v1::CompleteTaskResponse, Refusal> {
        let size = request.encoded_len();
        let key = std::mem::take(&mut request.idempotency_key);
        let act = request::act(&self.parts.blind, "CompleteTask", &key, &request)?;
        let actor = request::actor(request.actor.as_ref())?;
        check(&request)?;
        let snapshot = self.snapshot(number).await?;
        let status = snapshot.saga.messages.get(usize::from(message)).map(|run| run.status);
        let status = status.ok_or(Refusal::NotFound(Missing::Task))?;
        if self.known_act(&act).await? {
            return Ok(v1::CompleteTaskResponse { case: Some(view::case(&snapshot)), repeated_request: true });
        }
        let step = message_step(message);
        let refused = match status {
            MessageStatus::Called => Some(Refusal::TaskAnswered),
            MessageStatus::ToCall => (*actor.role != *CALLER).then_some(Refusal::WrongPerson),
            // The message arrived after all, or its time is still to come.
            MessageStatus::Waiting | MessageStatus::Out | MessageStatus::Delivered | MessageStatus::Dropped => {
                Some(Refusal::Objection(Objection::NotWaiting))
            }
        };
        if let Some(refusal) = refused {
            return Err(self.bury(number, &step, size, refusal).await?);
        }
        let note = format!("{} {}", request.method, request.evidence_digest);
        let note = Some(note.trim().into()).filter(|note: &Arc<str>| !note.is_empty());
        let order = Order { inputs: vec![(number, Input::Called { message })], act: Some(act), clear: None, note };
        let ordered = match self.order(order).await {
            Ok(ordered) => ordered,
            Err(refusal @ Refusal::Objection(_)) => return Err(self.bury(number, &step, size, refusal).await?),
            Err(refusal) => return Err(refusal),
        };
        let case = view::case(&self.snapshot(number).await?);
        Ok(v1::CompleteTaskResponse { case: Some(case), repeated_request: ordered == Ordered::Repeated })
    }
}

/// The message that the second half of a task's id names, where it names one.
pub(crate) fn named(step: &str) -> Option<MessageIndex> {
    message_of(step)
}

/// A call is done or still to be done: nothing else can be said of it, and nothing comes with it.
fn check(request: &v1::CompleteTaskRequest) -> Result<(), Refusal> {
    let mut check = Check::new();
    if request.outcome() != v1::TaskOutcome::Done {
        check.note("outcome", "YJ-0209", "电话通知应为DONE", "a call is DONE");
    }
    if request.version != 0 {
        check.note("version", "YJ-0209", "电话通知的版本为0", "a call has version 0");
    }
    for (field, text) in [("corrected_json", &request.corrected_json), ("fields_json", &request.fields_json)] {
        if !text.is_empty() {
            check.note(field, "YJ-0209", "电话通知不填写", "does not belong to a call");
        }
    }
    let digest = &request.evidence_digest;
    if !digest.is_empty() && !hex::decode(digest).is_ok_and(|bytes| bytes.len() == super::tasks::DIGEST_BYTES) {
        check.note("evidence_digest", "YJ-0209", "应为32字节的十六进制摘要", "must be a digest of 32 bytes in hex");
    }
    if !request.method.is_empty() {
        check.note("method", "YJ-0209", "电话通知不填写", "does not belong to a call");
    }
    Ok(check.settle()?)
}

/// A call as tasks are shown: its title says about what, never whom.
pub(crate) fn shown(call: &OpenTask, snapshot: &Snapshot) -> Option<v1::Task> {
    let run = snapshot.saga.messages.get(usize::from(call.row.key.step))?;
    let template = snapshot.pack.as_ref().and_then(|pack| pack.messages.get(&run.template));
    let title = template.map_or_else(|| TITLE.to_owned(), |template| format!("{TITLE}:{}", template.title));
    let (case_id, step) = (view::uuid(call.summary.case), message_step(call.row.key.step));
    Some(v1::Task {
        task_id: format!("{case_id}/{step}"),
        case_id,
        step,
        title,
        role: call.row.whom.to_string(),
        version: call.row.revision,
        opened_at: Some(view::timestamp(call.row.since)),
        ..v1::Task::default()
    })
}
