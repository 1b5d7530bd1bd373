//! A family from its application to the end of its cases, at its own pace.

use std::{collections::HashSet, sync::Arc, time::Duration};

use proto::v1::{self, CaseState, StepState};
use serde_json::{Map, Value, json};
use service::clock::Clock;
use tonic::Code;

use super::{
    form,
    people::{Family, Parent},
    register::{Line, Register},
    story::Story,
};
use crate::{
    client::{Client, Says, complete},
    counter::{self, Counter},
};

/// How often a family that expects something looks, and at most how seldom one for which nothing happens.
pub(super) const LOOK_EVERY: Duration = Duration::from_secs(1);
const LOOK_AT_LEAST_EVERY: Duration = Duration::from_secs(60);

/// Looks without news before a family looks less often.
const PATIENCE: u32 = 20;

/// How long a person thinks before answering, in milliseconds: the shortest, and how much longer it may be.
pub(super) const THINKS_MS: i64 = 1_500;
pub(super) const THINKS_LONGER_MS: u64 = 4_000;

/// After how long a filing that was refused for want of room is tried again.
const FILED_AGAIN_AFTER: Duration = Duration::from_secs(3);

/// What all families have to do with.
pub(super) struct World {
    pub(super) seed: u64,
    pub(super) register: Register,
    pub(super) client: Client,
    pub(super) counter: Counter,
    pub(super) clock: Arc<dyn Clock>,
}

/// Files, answers, pays, until all cases have ended.
pub(super) async fn live(world: &World, line: &Line) {
    let family = Family::of(world.seed, line);
    let mut life =
        Life { world, family: &family, line, cases: Vec::new(), answered: HashSet::new(), paid: HashSet::new() };
    if !life.file().await {
        life.is_over();
        return;
    }
    let (mut seen, mut quiet, mut pause) = (Vec::new(), 0, LOOK_EVERY);
    loop {
        tokio::time::sleep(pause).await;
        // What went wrong is tried again at the next look; the log of a demonstration need not hold it.
        let Ok(cases) = life.look().await else { continue };
        if cases.iter().all(|case| case.state() != CaseState::Running) {
            life.is_over();
            return;
        }
        let versions: Vec<u64> = cases.iter().map(|case| case.version).collect();
        if versions == seen {
            quiet += 1;
        } else {
            (seen, quiet, pause) = (versions, 0, LOOK_EVERY);
        }
        if quiet >= PATIENCE {
            pause = (pause * 2).min(LOOK_AT_LEAST_EVERY);
        }
        if let Err(status) = life.act(&cases).await {
            tracing::debug!(family = line.number, code = ?status.code(), "a family is not answered and will try again");
        }
    }
}

struct Life<'a> {
    world: &'a World,
    family: &'a Family,
    line: &'a Line,
    cases: Vec<String>,
    answered: HashSet<(String, u32)>,
    paid: HashSet<u32>,
}

impl Life<'_> {
    /// Files the application, or finds that it was filed. False where it is not taken.
    async fn file(&mut self) -> bool {
        let key = self.key("form");
        loop {
            let request = form::request(self.family, key.clone());
            let mut client = self.world.client.applications.clone();
            match client.submit_application(request).await {
                Ok(response) => {
                    self.cases = response.into_inner().case_ids;
                    return true;
                }
                Err(status) if matches!(status.code(), Code::InvalidArgument | Code::AlreadyExists) => {
                    tracing::warn!(
                        family = self.line.number,
                        message = status.message(),
                        "a synthetic form was refused"
                    );
                    return false;
                }
                Err(_) => tokio::time::sleep(FILED_AGAIN_AFTER).await,
            }
        }
    }

    async fn look(&self) -> Result<Vec<v1::Case>, tonic::Status> {
        let mut cases = Vec::new();
        for case_id in &self.cases {
            let request = v1::GetCaseRequest { case_id: case_id.clone() };
            cases.push(self.world.client.applications.clone().get_case(request).await?.into_inner());
        }
        Ok(cases)
    }

    async fn act(&mut self, cases: &[v1::Case]) -> Result<(), tonic::Status> {
        let waits = |state| cases.iter().flat_map(|case| &case.steps).any(|step| step.state() == state);
        if waits(StepState::TaskOpen) || waits(StepState::Correcting) {
            let family = self.family;
            self.answer("father", &family.father).await?;
            self.answer("applicant", &family.mother).await?;
        }
        if self.family.story == Story::Withdrawn {
            self.withdraw(cases).await?;
        }
        self.pay(cases).await;
        Ok(())
    }

    /// A parent looks at the platform's list and answers what is asked, after some thought.
    async fn answer(&mut self, role: &str, parent: &Parent) -> Result<(), tonic::Status> {
        let mut client = self.world.client.applications.clone();
        let request = v1::ListTasksRequest {
            role: role.to_owned(),
            id_number: parent.id_number.clone(),
            page_size: 100,
            ..Default::default()
        };
        for task in client.list_tasks(request).await?.into_inner().tasks {
            let told = (task.task_id.clone(), task.version);
            let opened_ms = task.opened_at.as_ref().map_or(0, |at| at.seconds * 1_000);
            let thinks_ms = THINKS_MS + (self.family.temper % THINKS_LONGER_MS) as i64;
            let thinking = self.world.clock.now_ms() < opened_ms + thinks_ms;
            if thinking || self.answered.contains(&told) || !self.cases.contains(&task.case_id) {
                continue;
            }
            let Some(says) = self.says(&task) else { continue };
            let actor = v1::Actor { role: role.to_owned(), id_number: parent.id_number.clone() };
            let key = self.key(&format!("{}-{}", task.task_id.replace('/', "-"), task.version));
            match client.complete_task(complete(&task, actor, says, key)).await {
                Ok(_) => drop(self.answered.insert(told)),
                // Answered before, or overtaken.
                Err(status) if status.code() == Code::FailedPrecondition => drop(self.answered.insert(told)),
                Err(status) => return Err(status),
            }
            // One at a time: what was said for a family is said for both twins, as the next look at the list shows.
            break;
        }
        Ok(())
    }

    /// What this family says to a task; `None`: nothing.
    fn says(&self, task: &v1::Task) -> Option<Says> {
        if !task.correct_fields.is_empty() {
            let fields: Map<String, Value> =
                task.correct_fields.iter().map(|field| (field.clone(), self.corrected(field))).collect();
            return Some(Says::Corrected(fields));
        }
        match (self.family.story, &*task.step) {
            (Story::FatherSilent, "father-authorisation") => None,
            (Story::FatherDeclines, "father-authorisation") => Some(Says::No),
            // She withdraws instead of signing.
            (Story::Withdrawn, "signature") => None,
            _ => {
                let at = usize::try_from(self.family.temper % 8).unwrap_or_default();
                let method = task.methods.get(at % task.methods.len().max(1)).cloned();
                Some(Says::Yes { method, fields: Map::new() })
            }
        }
    }

    /// The right data for a field that was found wrong.
    fn corrected(&self, field: &str) -> Value {
        match field {
            "child.weight_g" => json!(3_250),
            "child.name" => json!(identifiers::synthetic::name(self.family.temper).as_str()),
            "child.card.bank" => json!("103"),
            "child.registration.follow" => json!("mother"),
            "child.registration.ethnicity" => json!("01"),
            // Another than the one that the bank did not know.
            "mother.bank_account" => json!(format!("622848{:010}", self.family.temper % 10_000_000_000)),
            _ => json!("已核对"),
        }
    }

    async fn withdraw(&mut self, cases: &[v1::Case]) -> Result<(), tonic::Status> {
        let signing = cases.iter().any(|case| case.ending.is_empty() && stands(case, "signature", StepState::TaskOpen));
        if !signing {
            return Ok(());
        }
        let request = v1::WithdrawApplicationRequest {
            application_id: cases[0].application_id.clone(),
            actor: Some(v1::Actor { role: "applicant".to_owned(), id_number: self.family.mother.id_number.clone() }),
            idempotency_key: self.key("withdraw"),
        };
        self.world.client.applications.clone().withdraw_application(request).await?;
        Ok(())
    }

    /// Pays for each child whose premium is due, as the platform shows it: the message that says so may be held back
    /// until the morning.
    async fn pay(&mut self, cases: &[v1::Case]) {
        for case in cases.iter().filter(|case| stands(case, "premium", StepState::Accepted)) {
            if self.paid.contains(&case.child_order) {
                continue;
            }
            let request = counter::Request {
                area: self.family.area.clone(),
                mother_id_number: self.family.mother.id_number.clone(),
                born_at: self.family.born_at.clone(),
                child_order: case.child_order,
                by_bank: None,
            };
            match self.world.counter.pay(&request).await {
                Ok(counter::Outcome::Paid { .. }) => drop(self.paid.insert(case.child_order)),
                Ok(counter::Outcome::NothingDue | counter::Outcome::Reversed) => {}
                Ok(counter::Outcome::Unknown { why }) => {
                    tracing::warn!(family = self.line.number, why, "a family cannot pay");
                }
                Err(error) => self.unable(&error),
            }
        }
    }

    fn unable(&self, error: &anyhow::Error) {
        tracing::warn!(family = self.line.number, error = &**error, "a simulated system does not answer a family");
    }

    fn is_over(&self) {
        if let Err(error) = self.world.register.ended(self.line.number) {
            tracing::warn!(%error, "无法登记合成家庭 / the end of a synthetic family cannot be registered");
        }
    }

    fn key(&self, of: &str) -> String {
        format!("family-{}-{}-{of}", self.world.seed, self.line.number)
    }
}

fn stands(case: &v1::Case, step: &str, state: StepState) -> bool {
    case.steps.iter().any(|one| one.name == step && one.state() == state)
}
