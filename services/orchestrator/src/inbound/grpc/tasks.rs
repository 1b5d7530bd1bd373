//! What waits for persons, and their answers.
//!
//! A refused answer changes nothing and is kept with the dead letters, where an operator finds it: somebody believed
//! that they had the right to answer, or that it was not too late.

use std::{collections::HashMap, sync::Arc};

use jiff::Timestamp;
use policy::{Form, facts::kinds::decided_by_a_person};
use prost::Message;
use proto::v1;
use saga::{Input, Objection, Status, StepIndex, definition::Performer, input::Says, pending::NEVER};
use serde_json::Value;

use super::{
    Api,
    acts::{self, Ordered},
    calls, page, procedures, request,
    status::{Missing, Refusal},
    view,
};
use crate::{
    coordinator::{
        OFFICER, beijing,
        work::{Clear, Order},
    },
    inbound::form::{self, Check},
    store::{OpenTask, PendingKey, PendingKindName, SagaNumber, TaskFilter},
    watch::Snapshot,
};

/// The role of those who handle cases at an office.
const CLERK: &str = "clerk";

/// Bytes of the digest of what the platform keeps as evidence: SM3 or SHA-256.
pub(super) const DIGEST_BYTES: usize = 32;

/// Tasks of one saga that are looked through, which come before its calls: no definition has more steps.
const TASKS_OF_ONE: u32 = saga::limits::STEPS_MAX as u32;

impl Api {
    /// Tasks in the order of their sagas, page by page.
    pub(crate) async fn tasks(&self, request: &v1::ListTasksRequest) -> Result<v1::ListTasksResponse, Refusal> {
        let limit = page::size(request.page_size)?;
        let saga = match &*request.case_id {
            "" => None,
            case => Some(self.number_of(request::id("case_id", case)?).await?),
        };
        let filter = TaskFilter {
            saga,
            role: Some(request.role.clone()).filter(|role| !role.is_empty()),
            person: (!request.id_number.is_empty()).then(|| form::blind_person(&self.parts.blind, &request.id_number)),
            after: page::task(&request.page_token)?,
            limit,
        };
        let open = self.parts.store.tasks(&filter).await?;
        let full = u32::try_from(open.len()).is_ok_and(|found| found >= limit);
        let last = open.last().filter(|_| full);
        let next_page_token = last.map(|task| page::task_token(task.number, &task.row.key)).unwrap_or_default();
        let mut numbers: Vec<SagaNumber> = open.iter().map(|task| task.number).collect();
        numbers.dedup();
        let mut snapshots: HashMap<SagaNumber, Snapshot> = HashMap::new();
        for loaded in self.parts.store.load(&numbers).await? {
            // One case that cannot be read hides its own tasks only; it is logged where it is folded.
            if let Ok(snapshot) = self.folded(&loaded).await {
                snapshots.insert(loaded.number, snapshot);
            }
        }
        let shown = |task: &OpenTask| {
            let snapshot = snapshots.get(&task.number)?;
            match task.row.key.kind {
                PendingKindName::Call => calls::shown(task, snapshot),
                _ => shown(task, snapshot),
            }
        };
        let tasks = open.iter().filter_map(shown).collect();
        Ok(v1::ListTasksResponse { tasks, next_page_token })
    }

    /// A person's answer. The same request again gets the same answer.
    pub(crate) async fn complete(
        &self,
        mut request: v1::CompleteTaskRequest,
    ) -> Result<v1::CompleteTaskResponse, Refusal> {
        if let Some((case, message)) =
            request.task_id.split_once('/').and_then(|(case, step)| Some((case, calls::named(step)?)))
        {
            let number = self.number_of(request::id("task_id", case)?).await?;
            return self.called(request, number, message).await;
        }
        let size = request.encoded_len();
        let key = std::mem::take(&mut request.idempotency_key);
        let act = request::act(&self.parts.blind, "CompleteTask", &key, &request)?;
        let (says, actor) = (says(&request)?, request::actor(request.actor.as_ref())?);
        let (case, step) = request.task_id.split_once('/').ok_or(Refusal::NotFound(Missing::Task))?;
        let number = self.number_of(request::id("task_id", case)?).await?;
        let snapshot = self.snapshot(number).await?;
        let step = request::step(&snapshot.definition, step)?;
        let name = Arc::clone(&snapshot.definition.step(step).name);
        if self.known_act(&act).await? {
            return Ok(v1::CompleteTaskResponse { case: Some(view::case(&snapshot)), repeated_request: true });
        }
        let open = self.open_tasks(&snapshot, step).await?;
        let refused = match open.iter().find(|task| task.number == number) {
            None => Some(why_not_open(&snapshot, step, request.version)),
            Some(task) if task.row.revision != request.version => Some(Refusal::OldVersion(task.row.revision)),
            Some(task) if !self.may_answer(actor, task) => Some(Refusal::WrongPerson),
            Some(_) => None,
        };
        if let Some(refusal) = refused {
            return Err(self.bury(number, &name, size, refusal).await?);
        }
        let clear = self.content(&request, &snapshot, step, says)?;
        let same = open.iter().filter(|task| task.row.revision == request.version);
        let answer = |task: &OpenTask| (task.number, Input::Answered { step, revision: request.version, says });
        // What the person did it with, and the digest of the evidence that the platform keeps.
        let note = format!("{} {}", request.method, request.evidence_digest);
        let note = Some(note.trim().into()).filter(|note: &Arc<str>| !note.is_empty());
        let order = Order { inputs: same.map(answer).collect(), act: Some(act), clear, note };
        let ordered = match self.order(order).await {
            Ok(ordered) => ordered,
            // Answered, expired or corrected between reading and deciding: told as if it had been read later.
            Err(Refusal::Objection(Objection::NotWaiting | Objection::OtherRevision { .. })) => {
                let refusal = why_not_open(&self.snapshot(number).await?, step, request.version);
                return Err(self.bury(number, &name, size, refusal).await?);
            }
            Err(refusal @ Refusal::Objection(_)) => return Err(self.bury(number, &name, size, refusal).await?),
            Err(refusal) => return Err(refusal),
        };
        let case = view::case(&self.snapshot(number).await?);
        Ok(v1::CompleteTaskResponse { case: Some(case), repeated_request: ordered == Ordered::Repeated })
    }

    /// The open tasks of this step: the case's own, and for a family's step those of all children.
    async fn open_tasks(&self, snapshot: &Snapshot, step: StepIndex) -> Result<Vec<OpenTask>, Refusal> {
        let numbers = match snapshot.definition.step(step).scope {
            saga::definition::Scope::Child => vec![snapshot.number],
            saga::definition::Scope::Family => self.parts.store.find_application(snapshot.summary.application).await?,
        };
        let mut open = Vec::new();
        for number in numbers {
            let filter = TaskFilter { saga: Some(number), limit: TASKS_OF_ONE, ..TaskFilter::default() };
            let tasks = self.parts.store.tasks(&filter).await?;
            let of_step = |task: &OpenTask| task.row.key == PendingKey { kind: PendingKindName::Task, step: step.0 };
            open.extend(tasks.into_iter().filter(of_step));
        }
        Ok(open)
    }

    /// In the role that is asked, and where the form names the person, that very person.
    fn may_answer(&self, actor: &v1::Actor, task: &OpenTask) -> bool {
        let same = |person| person == form::blind_person(&self.parts.blind, &actor.id_number);
        *actor.role == *task.row.whom && task.row.person.is_none_or(same)
    }

    /// Checks what comes with the answer; the corrected data, where there are some.
    fn content(
        &self,
        request: &v1::CompleteTaskRequest,
        snapshot: &Snapshot,
        step: StepIndex,
        says: Says,
    ) -> Result<Option<Clear>, Refusal> {
        let mut check = Check::new();
        let digest = &request.evidence_digest;
        let given = hex::decode(digest).is_ok_and(|bytes| bytes.len() == DIGEST_BYTES);
        if !given && (says == Says::Done || !digest.is_empty()) {
            let (zh, en) = ("应为32字节的十六进制摘要", "must be a digest of 32 bytes in hex");
            check.note("evidence_digest", "YJ-0209", zh, en);
        }
        let performer = &snapshot.definition.step(step).performer;
        if let Performer::Person { methods, .. } = performer
            && !methods.is_empty()
            && !methods.iter().any(|method| **method == *request.method)
            && (says == Says::Done || !request.method.is_empty())
        {
            let ways = methods.join(", ");
            check.note("method", "YJ-0209", format!("应为以下之一: {ways}"), format!("must be one of {ways}"));
        }
        let correcting = snapshot.saga.run(step).status == Status::Correcting;
        match says {
            Says::Done if correcting => {
                let (zh, en) = ("该待办为补正,应为CORRECTED或DECLINED", "a correction is CORRECTED or DECLINED");
                check.note("outcome", "YJ-0209", zh, en);
            }
            Says::Corrected if !correcting => {
                check.note("outcome", "YJ-0209", "该待办不是补正", "the task is not a correction");
            }
            Says::Done | Says::Declined if !request.corrected_json.is_empty() => {
                check.note("corrected_json", "YJ-0209", "仅补正可填写", "belongs to CORRECTED only");
            }
            Says::Done | Says::Declined | Says::Corrected => {}
        }
        check.settle()?;
        if says == Says::Done {
            return self.decided(request, snapshot, step);
        }
        if says != Says::Corrected {
            return Ok(None);
        }
        let now = Timestamp::from_millisecond(self.parts.clock.now_ms()).unwrap_or(Timestamp::UNIX_EPOCH);
        let value = form::correction(&request.corrected_json, &snapshot.saga.run(step).correct, now)?;
        Ok(Some(acts::corrected(step, value)))
    }
}

impl Api {
    /// What a person decides besides having done it: the fields that the pack says the step gives, and who a clerk is,
    /// as a blind index, so that no one acts at two levels of one review.
    fn decided(
        &self,
        request: &v1::CompleteTaskRequest,
        snapshot: &Snapshot,
        step: StepIndex,
    ) -> Result<Option<Clear>, Refusal> {
        let mut fields = procedures::object("fields_json", &request.fields_json)?;
        let is = snapshot.definition.step(step);
        let gives = snapshot.gives(&is.name);
        let mut check = Check::new();
        if fields.keys().any(|field| !gives.iter().any(|given| **given == **field)) {
            // The name came from outside: it is not repeated.
            let (zh, en) = match gives {
                [] => ("此待办不填写内容".to_owned(), "nothing is decided in this task".to_owned()),
                known => (format!("可填写的为 {}", known.join(", ")), format!("may hold {}", known.join(", "))),
            };
            check.note("fields_json", "YJ-0209", zh, en);
        }
        for given in gives.iter().filter(|given| !fields.contains_key(&***given)) {
            check.note("fields_json", "YJ-0209", format!("缺少 {given}"), format!("{given} is missing"));
        }
        let form = snapshot.pack.as_ref().map_or(Form::General, |pack| pack.form);
        let filed_on = beijing(snapshot.summary.submitted_at).date();
        for problem in decided_by_a_person(form, &is.name, &fields, filed_on) {
            if gives.iter().any(|given| **given == *problem.path) {
                check.note(format!("fields_json.{}", problem.path), "YJ-0209", problem.what.zh, problem.what.en);
            }
        }
        check.settle()?;
        let actor = request::actor(request.actor.as_ref())?;
        if actor.role == CLERK {
            let number = request::officer(&actor.id_number);
            if number.is_empty() {
                let (zh, en) = ("窗口办理须写明经办人", "what a clerk answers names the person who acts");
                return Err(Refusal::invalid("actor.id_number", zh, en));
            }
            let officer = hex::encode(self.parts.blind.of("person", &number));
            fields.insert(OFFICER.to_owned(), officer.into());
        }
        Ok((!fields.is_empty()).then(|| acts::stated(step, Value::Object(fields))))
    }
}

fn says(request: &v1::CompleteTaskRequest) -> Result<Says, Refusal> {
    match v1::TaskOutcome::try_from(request.outcome) {
        Ok(v1::TaskOutcome::Done) => Ok(Says::Done),
        Ok(v1::TaskOutcome::Declined) => Ok(Says::Declined),
        Ok(v1::TaskOutcome::Corrected) => Ok(Says::Corrected),
        Ok(v1::TaskOutcome::Unspecified) | Err(_) => {
            Err(Refusal::invalid("outcome", "应为DONE、DECLINED或CORRECTED", "must be DONE, DECLINED or CORRECTED"))
        }
    }
}

/// Why a task that somebody answers is not open.
fn why_not_open(snapshot: &Snapshot, step: StepIndex, version: u32) -> Refusal {
    let run = snapshot.saga.run(step);
    if version != run.revision {
        return Refusal::OldVersion(run.revision);
    }
    match run.status {
        Status::Succeeded | Status::Declined | Status::InDoubt => Refusal::TaskAnswered,
        Status::Expired | Status::Closed | Status::Offline | Status::Skipped | Status::Cancelled => Refusal::TaskOver,
        _ if snapshot.saga.end.is_some() => Refusal::Objection(Objection::Ended),
        _ => match snapshot.saga.ending {
            Some(ending) => Refusal::Objection(Objection::Ending(ending)),
            None => Refusal::Objection(Objection::NotWaiting),
        },
    }
}

fn shown(task: &OpenTask, snapshot: &Snapshot) -> Option<v1::Task> {
    let step = StepIndex(task.row.key.step);
    let is = snapshot.definition.steps.get(step.at())?;
    let run = snapshot.saga.run(step);
    let methods = match &is.performer {
        Performer::Person { methods, .. } => methods.iter().map(ToString::to_string).collect(),
        Performer::Department { .. } | Performer::Law { .. } => Vec::new(),
    };
    // After the last reminder the row itself waits for the expiry, which our downtime may have put off.
    let expiry = is.expiry.filter(|_| run.status == Status::Open).map(|expiry| run.since + expiry.after_ms);
    let expires_at = expiry.map(|at| if task.row.due_at == NEVER { at } else { at.max(task.row.due_at) });
    let case_id = view::uuid(task.summary.case);
    Some(v1::Task {
        task_id: format!("{case_id}/{}", is.name),
        case_id,
        step: is.name.to_string(),
        title: is.title.to_string(),
        role: task.row.whom.to_string(),
        version: task.row.revision,
        opened_at: Some(view::timestamp(task.row.since)),
        expires_at: expires_at.map(view::timestamp),
        methods,
        correct_fields: run.correct.iter().map(ToString::to_string).collect(),
        reasons: view::reasons(run, snapshot.pack.as_deref()),
    })
}
