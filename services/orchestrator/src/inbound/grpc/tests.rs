//! The gRPC door over the real coordinator and the store in memory; departments never answer here.

use std::sync::Arc;

use policy::Packs;
use proto::v1::{self, applications_server::Applications};
use service::clock::{Clock, VirtualClock};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tonic::{Code, Request, Status};
use tonic_types::StatusExt;
use vault::{ChannelKeys, MasterKey, Suite};

use super::{Api, Parts};
use crate::{
    coordinator::{
        Coordinator, Parts as CoordinatorParts,
        work::{Handle, Work},
    },
    definitions::Definitions,
    downtime::Downtimes,
    inbound::form::samples::{self, NOW_MS},
    limits,
    outbound::Departments,
    secrets::Secrets,
    store::{Store, memory::MemoryStore},
    watch::Watchers,
};

mod applications;
mod explained;
mod levels;
mod line;
mod messages;
mod operations;
mod previews;
mod procedures;
mod survival;
mod transport;

const DAY_MS: i64 = 86_400_000;

/// An orchestrator without bus and clockwork.
struct World {
    api: Api,
    parts: Parts,
    clock: VirtualClock,
    store: MemoryStore,
    secrets: Arc<Secrets>,
    stop: CancellationToken,
}

impl World {
    async fn new() -> Self {
        let (work, queue) = mpsc::channel(limits::QUEUE_MAX);
        let (world, coordinator) = Self::with(Handle::new(work)).await;
        let (door, mut relayed) = mpsc::channel(64);
        tokio::spawn(async move { while relayed.recv().await.is_some() {} });
        tokio::spawn(coordinator.run(queue, door, world.stop.clone()));
        world
    }

    async fn with(handle: Handle) -> (Self, Coordinator) {
        Self::under(handle, Packs::shipped(), NOW_MS).await
    }

    async fn under(handle: Handle, packs: Packs, now: i64) -> (Self, Coordinator) {
        let memory = MemoryStore::new();
        let store: Arc<dyn Store> = Arc::new(memory.clone());
        let clock = VirtualClock::at(now);
        let time: Arc<dyn Clock> = Arc::new(clock.clone());
        let packs = Arc::new(packs);
        let definitions = Arc::new(Definitions::keep_all(store.clone(), packs.clone()).await.expect("kept"));
        let names = ["health", "police", "insurance", "tax", "social-security", "civil-affairs", "sms"];
        let endpoints: Vec<String> =
            ["340000", "140000"].iter().flat_map(|area| names.map(|name| format!("{area}.{name}"))).collect();
        let endpoints: Vec<&str> = endpoints.iter().map(String::as_str).collect();
        let channels = ChannelKeys::generate(&endpoints);
        let master = MasterKey::from_bytes([7; 32]);
        let secrets = Secrets::unlock(&*store, master, Suite::Sm4Gcm, channels).await.expect("a new store");
        let secrets = Arc::new(secrets);
        let watchers = Arc::new(Watchers::default());
        let control = Arc::new(Departments::load(store.clone(), time.clone()).await.expect("read"));
        let blind = secrets.blind.clone();
        let calendar = Arc::new(policy::Calendar::shipped());
        let parts = Parts {
            handle,
            store,
            packs,
            blind,
            secrets: secrets.clone(),
            calendar,
            watchers,
            clock: time,
            definitions,
            control,
        };
        let stop = CancellationToken::new();
        let api = Api::new(parts.clone(), stop.clone());
        let world = Self { api, parts, clock, store: memory, secrets, stop };
        let coordinator = world.coordinator().await;
        (world, coordinator)
    }

    /// A coordinator that knows only what is stored, as after a restart.
    async fn coordinator(&self) -> Coordinator {
        Coordinator::new(CoordinatorParts {
            store: self.parts.store.clone(),
            definitions: self.parts.definitions.clone(),
            secrets: self.secrets.clone(),
            clock: self.parts.clock.clone(),
            watchers: self.parts.watchers.clone(),
            reply_topic: "test.replies".into(),
            calendar: self.parts.calendar.clone(),
            downtimes: Downtimes::at_start(&*self.parts.store, self.clock.now_ms()).await.expect("read"),
            new_id: Arc::new(|| uuid::Uuid::now_v7().into_bytes()),
        })
    }

    async fn submit(&self, request: v1::SubmitApplicationRequest) -> Result<v1::SubmitApplicationResponse, Status> {
        self.api.submit_application(Request::new(request)).await.map(tonic::Response::into_inner)
    }

    async fn case(&self, case_id: &str) -> v1::Case {
        let request = v1::GetCaseRequest { case_id: case_id.to_owned() };
        self.api.get_case(Request::new(request)).await.expect("the case").into_inner()
    }

    async fn tasks(&self, case_id: &str) -> Vec<v1::Task> {
        let request = v1::ListTasksRequest { case_id: case_id.to_owned(), ..Default::default() };
        self.api.list_tasks(Request::new(request)).await.expect("the tasks").into_inner().tasks
    }

    async fn complete(&self, request: v1::CompleteTaskRequest) -> Result<v1::CompleteTaskResponse, Status> {
        self.api.complete_task(Request::new(request)).await.map(tonic::Response::into_inner)
    }

    /// So much later; the clock has spoken to whatever was due.
    async fn later(&self, by_ms: i64) {
        self.clock.advance_to(self.clock.now_ms() + by_ms);
        loop {
            let due = self.store.due(self.clock.now_ms(), 100).await.expect("read");
            if due.is_empty() {
                return;
            }
            for due in due {
                let done = self.parts.handle.give(Work::Due(Box::new(due))).await.expect("taken");
                done.await.expect("answered");
            }
        }
    }

    async fn buried(&self) -> Vec<String> {
        let letters = self.store.dead_letters(None, 100).await.expect("read");
        letters.into_iter().rev().map(|letter| letter.code).collect()
    }
}

/// The applicant's signature under a task.
fn signed(task: &v1::Task, seed: u64) -> v1::CompleteTaskRequest {
    v1::CompleteTaskRequest {
        fields_json: String::new(),
        task_id: task.task_id.clone(),
        version: task.version,
        actor: Some(applicant(seed)),
        outcome: v1::TaskOutcome::Done.into(),
        method: task.methods.first().cloned().unwrap_or_default(),
        evidence_digest: "ab".repeat(32),
        idempotency_key: format!("signature-{seed}"),
        corrected_json: String::new(),
    }
}

fn applicant(seed: u64) -> v1::Actor {
    let id_number = identifiers::synthetic::mother(seed).citizen_id.as_str().to_owned();
    v1::Actor { role: "applicant".to_owned(), id_number }
}

fn father(seed: u64) -> v1::Actor {
    let id_number = identifiers::synthetic::father(seed).citizen_id.as_str().to_owned();
    v1::Actor { role: "father".to_owned(), id_number }
}

/// The status, and the code that names its page.
fn told(status: &Status) -> (Code, String) {
    (status.code(), status.get_details_error_info().map(|info| info.reason).unwrap_or_default())
}

fn metadata(status: &Status, name: &str) -> Option<String> {
    status.get_details_error_info()?.metadata.get(name).cloned()
}
