//! A coordinator whose batches the test makes itself, with departments that answer when the test lets them.

use prost::Message as _;
use proto::{
    associated::{Direction, bus_associated},
    bus as wire,
};
use serde_json::{Value, json};

use super::*;
use crate::{
    coordinator::work::{Done, Look, Queued},
    fold,
    outbound::Outgoing,
    store::{PublicId, SagaNumber},
};

/// A coordinator whose batches the test makes itself.
pub(super) struct Line {
    pub(super) world: World,
    pub(super) coordinator: Coordinator,
    queue: mpsc::Receiver<Queued>,
    /// What was sent and nobody has answered yet.
    pub(super) sent: Vec<Outgoing>,
    /// Every message to a person that went out, each once, as its sender reads it, in order.
    pub(super) messages: Vec<Value>,
}

impl Line {
    pub(super) async fn new() -> Self {
        Self::at(NOW_MS, Packs::shipped()).await
    }

    /// With these packs, at this moment.
    pub(super) async fn at(now: i64, packs: Packs) -> Self {
        let (work, queue) = mpsc::channel(limits::QUEUE_MAX);
        let (world, coordinator) = World::under(Handle::new(work), packs, now).await;
        Self { world, coordinator, queue, sent: Vec::new(), messages: Vec::new() }
    }

    /// Works off what a gRPC call asks of the coordinator.
    pub(super) async fn call<T>(&mut self, asked: impl Future<Output = T>) -> T {
        tokio::pin!(asked);
        loop {
            tokio::select! {
                told = &mut asked => return told,
                Some(queued) = self.queue.recv() => {
                    let processed = self.coordinator.process(vec![queued]).await.expect("stored");
                    self.keep(processed.outgoing);
                }
            }
        }
    }

    fn keep(&mut self, outgoing: Vec<Outgoing>) {
        for sent in outgoing {
            if sent.step.is_none() {
                let message = self.opened(&sent)["message"].clone();
                if !self.messages.contains(&message) {
                    self.messages.push(message);
                }
            }
            self.sent.push(sent);
        }
    }

    /// Files; the public ids of the cases.
    pub(super) async fn file(&mut self, request: v1::SubmitApplicationRequest) -> Vec<String> {
        let api = self.world.api.clone();
        let filed = self.call(async move { api.submit_application(Request::new(request)).await }).await;
        filed.expect("filed").into_inner().case_ids
    }

    /// Files; the first child's case.
    pub(super) async fn submit(&mut self, request: v1::SubmitApplicationRequest) -> PublicId {
        id(&self.file(request).await[0])
    }

    pub(super) async fn number(&self, case: PublicId) -> SagaNumber {
        self.world.store.find_case(case).await.expect("read").expect("filed")
    }

    pub(super) async fn number_of(&self, case: &str) -> SagaNumber {
        self.number(id(case)).await
    }

    /// One batch; what was answered to each, and what may go out.
    pub(super) async fn batch(&mut self, works: Vec<Work>) -> (Vec<Option<Done>>, Vec<Outgoing>) {
        let (done, outgoing) = batch(&mut self.coordinator, works).await;
        self.keep(outgoing.clone());
        (done, outgoing)
    }

    /// One piece of work; what was answered.
    pub(super) async fn work(&mut self, work: Work) -> Done {
        self.batch(vec![work]).await.0.remove(0).expect("answered")
    }

    pub(super) async fn version(&self, number: SagaNumber) -> u64 {
        self.world.store.load(&[number]).await.expect("read")[0].version
    }

    /// As after a kill: nothing is known but what is stored.
    pub(super) async fn restart(&mut self) {
        self.coordinator = self.world.coordinator().await;
    }

    /// So much later; the clock has spoken to whatever was due.
    pub(super) async fn later(&mut self, by_ms: i64) {
        let end = self.world.clock.now_ms() + by_ms;
        self.until(end).await;
    }

    /// At this moment; each row was due at its own.
    pub(super) async fn until(&mut self, end: i64) {
        while let Some(next) = self.world.store.next_due().await.expect("read").filter(|next| *next <= end) {
            self.world.clock.advance_to(next.max(self.world.clock.now_ms()));
            let due = self.world.store.due(self.world.clock.now_ms(), 100).await.expect("read");
            self.batch(due.into_iter().map(|due| Work::Due(Box::new(due))).collect()).await;
        }
        self.world.clock.advance_to(end);
    }

    /// The answer of a department that did what it was sent.
    pub(super) fn succeeded(&self, sent: &Outgoing) -> wire::Reply {
        self.gave(sent, &json!({}))
    }

    /// The answer of a department that did what it was sent and gives this.
    pub(super) fn gave(&self, sent: &Outgoing, output: &Value) -> wire::Reply {
        let outcome = wire::reply::Outcome::Succeeded(wire::Succeeded::default());
        self.answer(sent, 1, outcome, Some(output))
    }

    /// Any answer to what was sent.
    pub(super) fn answer(
        &self,
        sent: &Outgoing,
        number: u32,
        outcome: wire::reply::Outcome,
        output: Option<&Value>,
    ) -> wire::Reply {
        let command = wire::Command::decode(sent.payload.clone()).expect("a command");
        let channel = self.world.secrets.channels.get(&command.channel_key_id).expect("a channel key");
        let key = channel.unwrap(&command.wrapped_key).expect("wrapped for it");
        let bound = bus_associated(command.saga, &command.step, command.kind(), Direction::Reply);
        let sealed = output.map(|output| key.seal(&bound, output.to_string().as_bytes())).unwrap_or_default();
        wire::Reply {
            saga: command.saga,
            effect_key: command.effect_key,
            step: command.step,
            kind: command.kind,
            revision: command.revision,
            number,
            endpoint: channel.endpoint().to_owned(),
            sealed: sealed.into(),
            outcome: Some(outcome),
            ..Default::default()
        }
    }

    /// The fields of a command that goes out, as its department opens them.
    pub(super) fn opened(&self, outgoing: &Outgoing) -> Value {
        let command = wire::Command::decode(outgoing.payload.clone()).expect("a command");
        let channel = self.world.secrets.channels.get(&command.channel_key_id).expect("a channel key");
        let key = channel.unwrap(&command.wrapped_key).expect("wrapped for it");
        let bound = bus_associated(command.saga, &command.step, command.kind(), Direction::Command);
        serde_json::from_slice(&key.open(&bound, &command.sealed_fields).expect("sealed for it")).expect("JSON")
    }

    /// Takes what was sent for this step of this saga out of what waits for an answer: the last sending of it.
    pub(super) fn taken(&mut self, number: SagaNumber, step: &str) -> Outgoing {
        let is = |sent: &Outgoing| sent.number == number && step_of(sent) == step;
        let found = self.sent.iter().rfind(|sent| is(sent)).cloned();
        let found = found.unwrap_or_else(|| panic!("{step} was not sent; waiting: {:?}", self.waiting()));
        self.sent.retain(|sent| !is(sent));
        found
    }

    /// The steps that were sent and not answered.
    pub(super) fn waiting(&self) -> Vec<(SagaNumber, String)> {
        self.sent.iter().map(|sent| (sent.number, step_of(sent))).collect()
    }

    /// This step's department does it and gives this.
    pub(super) async fn does(&mut self, number: SagaNumber, step: &str, output: &Value) {
        let sent = self.taken(number, step);
        let reply = self.gave(&sent, output);
        let done = self.work(Work::Reply(Box::new(reply))).await;
        assert_eq!(done, Done::Answered(vec![saga::Answer::Taken]), "{step}");
    }

    /// Every department does what it was sent, as a sound family's records say, until nothing is sent any more or only
    /// what `except` names.
    pub(super) async fn departments_answer(&mut self, seed: u64, except: &[&str]) {
        while let Some(at) = self.sent.iter().position(|sent| !except.contains(&&*step_of(sent))) {
            let sent = self.sent.remove(at);
            let mut given = gives(&step_of(&sent), seed);
            if sent.area.starts_with("14") {
                given = serde_json::from_str(&given.to_string().replace("340104", "140105")).expect("JSON");
            }
            let reply = self.gave(&sent, &given);
            self.work(Work::Reply(Box::new(reply))).await;
        }
    }

    /// The facts of a case as its coordinator has them.
    pub(super) async fn facts(&mut self, number: SagaNumber) -> Value {
        let (seen, facts) = tokio::sync::oneshot::channel();
        self.work(Work::Look(Box::new(Look { number, seen }))).await;
        facts.await.expect("looked").expect("there").0
    }

    /// Everything that happened in a saga, in order.
    pub(super) async fn events(&self, number: SagaNumber) -> Vec<saga::Event> {
        let loaded = self.world.store.load(&[number]).await.expect("read").remove(0);
        loaded.entries.iter().flat_map(|entry| fold::events(entry).expect("events")).collect()
    }

    /// As stored: what somebody reads who has the file and no key.
    pub(super) async fn stored_events(&self, number: SagaNumber) -> String {
        let loaded = self.world.store.load(&[number]).await.expect("read").remove(0);
        loaded.entries.iter().map(|entry| String::from_utf8_lossy(&entry.body).into_owned()).collect()
    }

    pub(super) async fn get(&self, case: &str) -> v1::Case {
        self.world.case(case).await
    }

    /// A step of a case as it is shown.
    pub(super) async fn step(&self, case: &str, name: &str) -> v1::Step {
        let steps = self.get(case).await.steps;
        steps.into_iter().find(|step| step.name == name).unwrap_or_else(|| panic!("no step {name}"))
    }

    /// Somebody answers a task through the door.
    pub(super) async fn complete(
        &mut self,
        request: v1::CompleteTaskRequest,
    ) -> Result<v1::CompleteTaskResponse, Status> {
        let api = self.world.api.clone();
        let told = self.call(async move { api.complete_task(Request::new(request)).await }).await;
        told.map(tonic::Response::into_inner)
    }

    /// The open task of this step.
    pub(super) async fn task(&self, case: &str, step: &str) -> v1::Task {
        let tasks = self.world.tasks(case).await;
        let names: Vec<String> = tasks.iter().map(|task| task.step.clone()).collect();
        tasks.into_iter().find(|task| task.step == step).unwrap_or_else(|| panic!("no task {step} among {names:?}"))
    }

    /// The family signs and authorises whatever waits for it.
    pub(super) async fn family_signs(&mut self, case: &str, seed: u64) {
        for task in self.world.tasks(case).await {
            let actor = match &*task.role {
                "applicant" => applicant(seed),
                "father" => father(seed),
                _ => continue,
            };
            let request = v1::CompleteTaskRequest {
                actor: Some(actor),
                idempotency_key: format!("{}-{}", task.step, task.case_id),
                ..signed(&task, seed)
            };
            self.complete(request).await.expect("answered");
        }
    }

    /// Files for Anhui and brings the case to where father and mother have signed.
    pub(super) async fn anhui_signed(&mut self, seed: u64) -> String {
        let case = self.file(samples::anhui(seed)).await.remove(0);
        // Another case that waits for its premium goes on waiting.
        self.departments_answer(seed, &["premium"]).await;
        self.family_signs(&case, seed).await;
        self.family_signs(&case, seed).await;
        case
    }

    /// Files for Anhui and brings the case to where the child is registered and enrolled; what waits is returned to by
    /// its step's name.
    pub(super) async fn anhui_enrolled(&mut self, seed: u64) -> String {
        let case = self.anhui_signed(seed).await;
        self.departments_answer(seed, &["premium"]).await;
        case
    }
}

/// A public id from its text.
pub(super) fn id(case: &str) -> PublicId {
    uuid::Uuid::parse_str(case).expect("an id").into_bytes()
}

/// The step that a command names.
pub(super) fn step_of(sent: &Outgoing) -> String {
    wire::Command::decode(sent.payload.clone()).expect("a command").step
}

/// What a sound family's departments give for a step.
pub(super) fn gives(step: &str, seed: u64) -> Value {
    let mother = identifiers::synthetic::mother(seed).citizen_id.as_str().to_owned();
    let father = identifiers::synthetic::father(seed).citizen_id.as_str().to_owned();
    let household =
        json!({"found": true, "area": "340104", "address": "样例路1号", "ethnicity": "01", "household_type": "family"});
    match step {
        "delivery" => json!({"found": true, "live_birth": true, "in_province": true, "place": "facility",
            "mother_id_number": mother, "within_window": true, "collected_offline": false, "record": "R-1",
            "facility_code": "F-1", "delivered_on": "2026-11-01", "children": 1}),
        "household" => json!({"mother": household, "father": household}),
        "marriage" => json!({"found": true, "spouse_id_number": father, "spouse_name": "测试"}),
        "marriage-licence" => json!({"claimed": true, "licence": "L-1"}),
        "certificate" => json!({"number": format!("K34000{seed:04}"), "issued_on": "2026-11-21", "issuer": "样例",
            "licence": "L-2"}),
        "registration" => json!({"id_number": child_number(seed), "registered_on": "2026-11-22", "area": "340104",
            "address": "样例路1号"}),
        "enrolment" => json!({"person_number": format!("P-{seed}"), "area": "340104", "enrolled_on": "2026-11-23",
            "years": [2026]}),
        "card" => json!({"card": "C-1", "bank": "102", "outlet": "城东支行"}),
        "maternity-status" => json!({"insured": "employee", "settled": false, "own_area": true, "emergency": false,
            "difficult_birth": false, "babies": 1, "designated": true,
            "agreement": {"from": "2020-01-01", "until": "2030-12-31"},
            "costs": [{"on": "2026-11-01", "amount_fen": 500_000}], "average_monthly_wage_fen": 600_000}),
        "maternity-payment" => json!({"amount_fen": 500_000, "total_fen": 500_000, "paid_on": "2026-12-20",
            "account_tail": "1234", "payment_order": "O-1"}),
        "benefit-window" => json!({"start_on": "2026-11-01", "end_on": "2026-12-31", "window_id": "W-1", "version": 1}),
        "subsidy-entry" => json!({"ledger_entry": "E-1", "year": 2026, "amount_fen": 40_000}),
        "overcollection" => json!({"proof_number": "OC-1"}),
        "guidance" => json!({"registration_number": "G-1"}),
        "hand-over" => json!({"handed_over_on": "2026-11-25"}),
        step if step.ends_with("-correction") => json!({"corrected_on": "2026-11-26", "record_version": 2}),
        _ => json!({}),
    }
}

/// The number that the police give the child of a family.
pub(super) fn child_number(seed: u64) -> String {
    identifiers::synthetic::mother(1_000 + seed).citizen_id.as_str().to_owned()
}

/// What tax tells of a payment.
pub(super) fn payment(voucher: &str) -> Value {
    json!({"voucher": voucher, "paid_at": "2026-11-24T10:00", "amount_fen": 40_000, "years": [2026]})
}

/// One batch of a coordinator; what was answered to each, and what may go out.
pub(super) async fn batch(coordinator: &mut Coordinator, works: Vec<Work>) -> (Vec<Option<Done>>, Vec<Outgoing>) {
    let (queued, answers): (Vec<_>, Vec<_>) = works
        .into_iter()
        .map(|work| {
            let (answer, done) = tokio::sync::oneshot::channel();
            (Queued { work, answer: Some(answer) }, done)
        })
        .unzip();
    let processed = coordinator.process(queued).await.expect("stored");
    let mut done = Vec::new();
    for answer in answers {
        done.push(answer.await.ok());
    }
    (done, processed.outgoing)
}
