//! The orchestrator of a world: the real coordinator, dying and coming back.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use bus::Message;
use orchestrator::{
    coordinator::{
        Coordinator, Parts,
        work::{Done, Notice, Queued, Work},
    },
    definitions::Definitions,
    downtime::{self, Downtimes},
    outbound::Outgoing,
    secrets::Secrets,
    store::{SagaNumber, Store},
    watch::Watchers,
};
use policy::Packs;
use prost::Message as _;
use proto::bus as wire;
use rand::Rng;
use service::clock::{Clock, VirtualClock};
use tokio::sync::oneshot;

use super::{DEPARTMENTS, Doing, Flight, HOUR, World};
use crate::{Mutation, store::WorldStore};

/// A command that left for a department, and how its saga stood at that moment.
#[derive(Clone, Debug)]
pub struct Sent {
    /// Of which saga.
    pub number: SagaNumber,
    /// For which step.
    pub step: String,
    /// Which of the three.
    pub kind: wire::CommandKind,
    /// When, in milliseconds since 1970.
    pub at: i64,
    /// The case had ended.
    pub ended: bool,
    /// The case was frozen.
    pub frozen: bool,
}

impl World {
    /// Hands work to the coordinator and sends what follows, unless it crashes in between.
    pub async fn tell(&mut self, work: Work) -> Option<Done> {
        let (answer, mut done) = oneshot::channel();
        // A person or an operator may be served by the other orchestrator, which has not heard of everything.
        let by_the_other = matches!(work, Work::Order(_)) && self.other.is_some() && self.lots.random_bool(0.5);
        let batch = vec![Queued { work, answer: Some(answer) }];
        let processed = match self.other.as_mut().filter(|_| by_the_other) {
            Some(other) => other.process(batch).await,
            None => self.coordinator.process(batch).await,
        };
        let processed = processed.expect("the memory store does not fail");
        if by_the_other {
            // What the first one keeps in memory is old now; it reads anew what the other has written.
            self.coordinator = self.new_coordinator().await;
        }
        if self.lots.random_bool(self.chaos.crash) {
            self.crash().await;
        } else {
            for outgoing in processed.outgoing {
                self.send(outgoing).await;
            }
        }
        self.notice_tasks().await;
        done.try_recv().ok()
    }

    /// From now on a second orchestrator serves people and operators, beside the first on the same store.
    pub async fn add_orchestrator(&mut self) {
        self.other = Some(self.new_coordinator().await);
    }

    /// The orchestrator dies and starts again: what it had not sent is due at once.
    pub async fn crash(&mut self) {
        downtime::beat(&self.store, self.clock.now_ms()).await.expect("the store answers");
        self.start_again().await;
    }

    /// The orchestrator is down for so many hours: nobody reads replies, no deadline fires, people find nobody.
    pub async fn go_down(&mut self, hours: i64) {
        downtime::beat(&self.store, self.clock.now_ms()).await.expect("the store answers");
        self.down_until = Some(self.clock.now_ms() + hours * HOUR);
    }

    /// True while nobody serves.
    pub(super) fn is_down(&self) -> bool {
        self.down_until.is_some_and(|until| self.clock.now_ms() < until)
    }

    /// Back after a while: what lay waiting is read before any deadline fires.
    pub(super) async fn come_back(&mut self) {
        self.down_until = None;
        self.start_again().await;
        if self.mutation == Some(Mutation::DeadlinesBeforeReplies) {
            self.fire(self.clock.now_ms()).await;
        }
        // Whoever dies while reading reads again from where the topics ended, before any deadline: as if never dead.
        let crash = std::mem::take(&mut self.chaos.crash);
        for message in std::mem::take(&mut self.unread) {
            self.come_home(message).await;
        }
        self.chaos.crash = crash;
    }

    async fn start_again(&mut self) {
        let now = self.clock.now_ms();
        self.downtimes = Downtimes::at_start(&self.store, now).await.expect("the store answers");
        self.coordinator = self.new_coordinator().await;
        self.store.make_all_due(None, now, u32::MAX).await.expect("the store answers");
    }

    async fn new_coordinator(&self) -> Coordinator {
        let downtimes = self.downtimes.clone();
        coordinator(&self.store, &self.packs, &self.secrets, &self.clock, &self.ids, downtimes).await
    }

    pub(super) async fn send(&mut self, outgoing: Outgoing) {
        let stored = self.store.load(&[outgoing.number]).await.expect("the store answers");
        let summary = &stored.first().expect("what sends is stored").summary;
        let command = wire::Command::decode(outgoing.payload.clone()).expect("our own encoding");
        self.sent.push(Sent {
            number: outgoing.number,
            step: command.step.clone(),
            kind: command.kind(),
            at: self.clock.now_ms(),
            ended: summary.state != "running",
            frozen: summary.frozen,
        });
        if command.step == "registration"
            && let Some(hours) = self.down_at_the_pivot.take()
        {
            self.fly(100, Flight::Doing(Doing::Down(hours)));
        }
        let name = DEPARTMENTS.iter().find(|name| ***name == *outgoing.department).expect("a department of the world");
        if let Some(reply) = self.forged(&command) {
            self.fly(5, Flight::Home(home(&command.reply_topic, outgoing.number, &reply)));
            return;
        }
        let message = Message {
            topic: format!("990000.{name}.commands").into(),
            key: outgoing.number,
            payload: outgoing.payload,
            headers: Vec::new(),
        };
        self.launch(Flight::Command(name, message));
    }

    pub(super) async fn come_home(&mut self, message: Message) {
        if message.topic.ends_with(".notices") {
            let notice = self.open_notice(&message);
            self.tell(Work::Notice(Box::new(notice))).await;
            return;
        }
        let reply = wire::Reply::decode(message.payload.clone()).expect("the SDK's own encoding");
        let Some(reply) = self.misread(reply).await else { return };
        if self.lots.random_bool(self.chaos.crash) {
            // Dead before the commit: not acknowledged, it comes again.
            self.crash().await;
            self.fly(1_000, Flight::Home(message));
            return;
        }
        self.tell(Work::Reply(Box::new(reply))).await;
    }

    fn open_notice(&self, message: &Message) -> Notice {
        let notice = wire::Notice::decode(message.payload.clone()).expect("the SDK's own encoding");
        let id: [u8; 16] = notice.id.as_ref().try_into().expect("16 bytes");
        let channel = self.secrets.channels.get(&notice.channel_key_id).expect("our own key");
        let bound = proto::associated::notice_associated(&notice.endpoint, &notice.kind, &id);
        let plain = channel.open(&bound, &notice.sealed).expect("our own seal");
        let told: serde_json::Value = serde_json::from_slice(&plain).expect("JSON");
        let subject = told["subject"]["value"].as_str().unwrap_or_default();
        Notice {
            id,
            endpoint: notice.endpoint,
            kind: notice.kind,
            subject: self.secrets.blind.of("subject", subject),
            fields: told["fields"].clone(),
        }
    }

    /// Rows whose time has come go to the coordinator.
    pub(super) async fn fire(&mut self, now: i64) {
        let mut due = self.store.due(now, 1_000).await.expect("the store answers");
        if self.mutation.is_some() {
            due = self.overlook(due, now).await;
        }
        for row in due {
            self.tell(Work::Due(Box::new(row))).await;
        }
    }
}

pub(super) async fn coordinator(
    store: &WorldStore,
    packs: &Arc<Packs>,
    secrets: &Arc<Secrets>,
    clock: &VirtualClock,
    ids: &Arc<AtomicU64>,
    downtimes: Downtimes,
) -> Coordinator {
    let store: Arc<dyn Store> = Arc::new(store.clone());
    let definitions = Definitions::keep_all(store.clone(), packs.clone()).await.expect("the store answers");
    let ids = ids.clone();
    Coordinator::new(Parts {
        store,
        definitions: Arc::new(definitions),
        secrets: secrets.clone(),
        clock: Arc::new(clock.clone()),
        watchers: Arc::new(Watchers::default()),
        reply_topic: "yijian.replies".into(),
        calendar: Arc::new(policy::Calendar::shipped()),
        downtimes,
        new_id: Arc::new(move || u128::from(ids.fetch_add(1, Ordering::SeqCst)).to_be_bytes()),
    })
}

fn home(topic: &str, key: u64, reply: &wire::Reply) -> Message {
    Message { topic: topic.into(), key, payload: reply.encode_to_vec().into(), headers: Vec::new() }
}
