//! Procedures that follow a case: begun by whoever the platform or the counter vouches for.

use std::sync::Arc;

use jiff::Timestamp;
use prost::Message;
use proto::v1;
use serde_json::{Map, Value};

use super::{
    Api, request,
    status::{Missing, Refusal},
    view,
};
use crate::{
    coordinator::work::{Done, Follow, Work},
    inbound::form,
    store::SagaNumber,
    watch::Snapshot,
};

/// Bytes of what is asked for. A form has four times as many.
const REQUEST_BYTES_MAX: usize = 16_384;

/// Who may begin a procedure.
const ROLES: [&str; 2] = ["applicant", "clerk"];

impl Api {
    /// Begins a procedure on a case; a correction of the family's facts on the cases of all its children.
    pub(crate) async fn start_procedure(
        &self,
        mut request: v1::StartProcedureRequest,
    ) -> Result<v1::StartProcedureResponse, Refusal> {
        let size = request.encoded_len();
        let key = std::mem::take(&mut request.idempotency_key);
        let act = request::act(&self.parts.blind, "StartProcedure", &key, &request)?;
        request::words("reason", &request.reason)?;
        let actor = request::actor(request.actor.as_ref())?;
        let number = self.number_of(request::id("case_id", &request.case_id)?).await?;
        let snapshot = self.snapshot(number).await?;
        let pack = snapshot.pack.clone().ok_or(Refusal::NotFound(Missing::Procedure))?;
        let procedure = pack.procedures.get(&*request.procedure).filter(|_| !snapshot.definition.procedure);
        let procedure = procedure.ok_or(Refusal::NotFound(Missing::Procedure))?;
        let applicant = actor.role == "applicant" && self.is_applicant(&actor.id_number, &[number]).await?;
        let clerk = actor.role == "clerk" && !actor.id_number.is_empty();
        if !ROLES.contains(&actor.role.as_str()) || !(applicant || clerk) {
            return Err(self.bury(number, "", size, Refusal::WrongPerson).await?);
        }
        let now = Timestamp::from_millisecond(self.parts.clock.now_ms()).unwrap_or(Timestamp::UNIX_EPOCH);
        let corrections = form::facts_corrected(&request.corrections_json, now)?;
        match (corrects(procedure), corrections.is_empty()) {
            (true, true) => {
                return Err(Refusal::invalid("corrections_json", "须写明更正的内容", "names nothing to correct"));
            }
            (false, false) => {
                return Err(Refusal::invalid(
                    "corrections_json",
                    "此程序不更正信息",
                    "this procedure corrects nothing",
                ));
            }
            (true, false) | (false, true) => {}
        }
        let asked = object("request_json", &request.request_json)?;
        if self.known_act(&act).await? {
            return Ok(v1::StartProcedureResponse {
                case: Some(self.with_procedures(&snapshot).await?),
                repeated_request: true,
            });
        }
        let of_the_family = corrections.keys().any(|path| !path.starts_with("child."));
        let cases: Vec<SagaNumber> = if of_the_family {
            let all = self.parts.store.find_application(snapshot.summary.application).await?;
            std::iter::once(number).chain(all.into_iter().filter(|other| *other != number)).collect()
        } else {
            vec![number]
        };
        let follow = Follow {
            cases,
            procedure: request.procedure.as_str().into(),
            key: hex::encode(act.key).into(),
            request: Value::Object(asked),
            corrections,
            act: Some(act),
            note: Some(Arc::from(request.reason.as_str())),
        };
        let repeated_request = match self.parts.handle.ask(Work::Follow(Box::new(follow))).await? {
            Done::Followed { repeated, .. } => repeated,
            Done::ActRepeated => true,
            Done::KeyTaken => return Err(Refusal::KeyTaken),
            Done::NoProcedure => return Err(Refusal::NotFound(Missing::Procedure)),
            Done::Unknown => return Err(Refusal::NotFound(Missing::Case)),
            Done::Quarantined => return Err(Refusal::Quarantined),
            Done::Filed { .. } | Done::ChildLive { .. } | Done::Answered(_) | Done::Buried => {
                return Err(Refusal::Internal("a procedure was answered as something else".into()));
            }
        };
        let case = self.with_procedures(&self.snapshot(number).await?).await?;
        Ok(v1::StartProcedureResponse { case: Some(case), repeated_request })
    }

    /// The case with the procedures that follow it.
    pub(crate) async fn with_procedures(&self, snapshot: &Snapshot) -> Result<v1::Case, Refusal> {
        let mut case = view::case(snapshot);
        if !snapshot.saga.followed.is_empty() {
            let summary = &snapshot.summary;
            let numbers = self.parts.store.find_procedures(summary.application, summary.child_order).await?;
            case.procedures = self.snapshots(&numbers).await?.iter().map(view::follow_up).collect();
        }
        Ok(case)
    }
}

/// True where the procedure tells departments what is corrected.
fn corrects(procedure: &policy::pack::Procedure) -> bool {
    let is = |path: &Arc<str>| path.split(['.', '?']).next() == Some("corrections");
    procedure.definition.steps.iter().any(|step| step.send.iter().any(is))
}

/// A JSON object of a request; empty text is an empty object.
pub(crate) fn object(field: &str, text: &str) -> Result<Map<String, Value>, Refusal> {
    if text.len() > REQUEST_BYTES_MAX {
        return Err(Refusal::invalid(
            field,
            format!("不得超过{REQUEST_BYTES_MAX}字节"),
            format!("at most {REQUEST_BYTES_MAX} bytes"),
        ));
    }
    object_of_any_size(field, text)
}

/// A JSON object whose size the caller has checked.
pub(crate) fn object_of_any_size(field: &str, text: &str) -> Result<Map<String, Value>, Refusal> {
    if text.is_empty() {
        return Ok(Map::new());
    }
    match serde_json::from_str(text) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) | Err(_) => Err(Refusal::invalid(field, "应为一个JSON对象", "must be a JSON object")),
    }
}
