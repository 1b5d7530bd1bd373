//! One world: a family, its departments, the carrier between them, and whatever can go wrong.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use adapter::{
    Runtime, Settings,
    simulated::{Behaviours, Desk, Ledger},
};
use bus::{Message, Received};
use orchestrator::{
    coordinator::{
        Coordinator, Parts,
        work::{Done, FiledChild, Filing, Notice, Order, Queued, Work},
    },
    definitions::Definitions,
    downtime::Downtimes,
    fold,
    outbound::Outgoing,
    secrets::Secrets,
    store::{OpenTask, SagaNumber, Store, TaskFilter},
    watch::Watchers,
};
use policy::{Pack, Packs};
use prost::Message as _;
use proto::bus as wire;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use saga::{Definition, Input, Saga, StepIndex, input::Says};
use serde_json::json;
use service::clock::{Clock, VirtualClock};
use tokio::sync::oneshot;
use vault::{ChannelKeys, MasterKey, Suite};

use crate::{
    Mutation,
    departments::{self, LocalLedger},
    inbox::WorldInbox,
    store::WorldStore,
};

/// The moment at which every world begins: 2026-11-02T00:00:00Z.
pub const BEGINNING_MS: i64 = 1_793_577_600_000;

/// The departments of the proving saga.
pub const DEPARTMENTS: [&str; 4] = ["alpha", "beta", "gamma", "sms"];

const MINUTE: i64 = 60_000;

/// How badly the carrier and the machines behave.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Chaos {
    /// The share of messages that are lost.
    pub loss: f64,
    /// The share that comes twice.
    pub doubling: f64,
    /// The share that takes hours instead of moments.
    pub slow: f64,
    /// The share of commits after which somebody crashes before sending.
    pub crash: f64,
}

impl Chaos {
    /// Nothing goes wrong.
    pub const NONE: Self = Self { loss: 0.0, doubling: 0.0, slow: 0.0, crash: 0.0 };
    /// Everything goes wrong now and then.
    pub const STORM: Self = Self { loss: 0.12, doubling: 0.15, slow: 0.10, crash: 0.06 };
}

/// A department of the world.
pub struct Place {
    /// Its name.
    pub name: &'static str,
    /// What the runtime remembers; survives its crash.
    pub inbox: WorldInbox,
    /// The department's own system.
    pub desk: Desk,
    /// What its local handler has done.
    pub local: LocalLedger,
    runtime: Runtime,
}

/// Something on its way.
#[derive(Clone)]
pub enum Flight {
    /// A command, to the department of this name.
    Command(&'static str, Message),
    /// A reply or notice, to the orchestrator.
    Home(Message),
    /// A person answers a task.
    Answer(SagaNumber, StepIndex, u32, Says),
    /// Whatever the script of the world does.
    Doing(Doing),
}

/// What people do to a case.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Doing {
    /// The mother withdraws.
    Withdraw,
    /// A death is reported.
    Bereave,
    /// An operator freezes the first child's case.
    Freeze,
    /// And lifts it.
    Unfreeze,
    /// An operator says "not done" of whatever is in doubt.
    NotDone,
    /// An operator retries whatever can be.
    Retry,
    /// An operator has the certificate voided and issued again.
    Redo,
    /// A parent registers the first child at a counter.
    Counter,
    /// A parent pays.
    Pay,
    /// The orchestrator crashes.
    Crash,
}

/// One world.
pub struct World {
    /// By which it can be played again.
    pub seed: u64,
    /// Draws every lot.
    pub lots: ChaCha8Rng,
    /// The time.
    pub clock: VirtualClock,
    /// What is stored; survives crashes.
    pub store: WorldStore,
    /// The departments.
    pub places: Vec<Place>,
    /// How bad it is now.
    pub chaos: Chaos,
    /// The sagas of the family, in order of the children.
    pub sagas: Vec<SagaNumber>,
    /// Whether people answer their tasks.
    pub people_answer: bool,
    /// The share of tasks that a person declines.
    pub declines: f64,
    /// Messages that left for a department after their saga's end; must stay empty.
    pub after_the_end: Vec<String>,
    /// When a death was reported.
    pub bereaved_at: Option<i64>,
    /// Commands sent, by (saga, step); more than one of a kind is a resend.
    pub sent: u64,
    pack: Arc<Pack>,
    packs: Arc<Packs>,
    secrets: Arc<Secrets>,
    keys: ChannelKeys,
    coordinator: Coordinator,
    ids: Arc<AtomicU64>,
    air: BTreeMap<(i64, u64), Flight>,
    flights: u64,
    seen_tasks: BTreeSet<(SagaNumber, u8, u32)>,
    mutation: Option<Mutation>,
    drops: Option<fn(&Flight) -> bool>,
}

impl World {
    /// A world of this seed, in which nothing has happened yet.
    pub async fn new(seed: u64, mutation: Option<Mutation>) -> Self {
        let pack = Arc::new(proving_pack());
        let mut packs = Packs::default();
        packs.insert((*pack).clone());
        let packs = Arc::new(packs);
        let endpoints: Vec<String> = DEPARTMENTS.iter().map(|name| format!("990000.{name}")).collect();
        let keys = ChannelKeys::generate(&endpoints.iter().map(String::as_str).collect::<Vec<_>>());
        let store = WorldStore::new(mutation);
        let secrets = Secrets::unlock(&store, MasterKey::from_bytes([7; 32]), Suite::Aes256Gcm, keys.clone());
        let secrets = Arc::new(secrets.await.expect("a new store takes any key"));
        let clock = VirtualClock::at(BEGINNING_MS);
        let ids = Arc::new(AtomicU64::new(1));
        let coordinator = coordinator(&store, &packs, &secrets, &clock, &ids).await;
        let places = DEPARTMENTS.iter().map(|name| Place::new(name, &keys, &clock, mutation)).collect();
        Self {
            seed,
            lots: ChaCha8Rng::seed_from_u64(seed),
            clock,
            store,
            places,
            chaos: Chaos::NONE,
            sagas: Vec::new(),
            people_answer: true,
            declines: 0.0,
            after_the_end: Vec::new(),
            bereaved_at: None,
            sent: 0,
            pack,
            packs,
            secrets,
            keys,
            coordinator,
            ids,
            air: BTreeMap::new(),
            flights: 0,
            seen_tasks: BTreeSet::new(),
            mutation,
            drops: None,
        }
    }

    /// The department of this name.
    pub fn place(&self, name: &str) -> &Place {
        self.places.iter().find(|place| place.name == name).expect("the world has this department")
    }

    /// What this department's commands are treated like.
    pub fn behaviours(&self, name: &str) -> Behaviours {
        self.place(name).desk.behaviours().clone()
    }

    /// Whatever this says of is lost from now on; `None`: nothing more.
    pub fn drop_flights(&mut self, which: Option<fn(&Flight) -> bool>) {
        self.drops = which;
    }

    /// Files the family's application: so many children, these items.
    pub async fn file(&mut self, children: u8, items: &[&str]) {
        let chosen: BTreeSet<Arc<str>> = items.iter().map(|item| Arc::from(*item)).collect();
        let facts = json!({
            "application": { "area": "990101", "channel": "web" },
            "mother": { "name": "测试母亲", "id_number": "mother", "phone": "15400000000" },
            "father": { "name": "测试父亲", "id_number": "father" },
            "children": (1..=children).map(|order| json!({ "order": order })).collect::<Vec<_>>(),
        });
        let filing = Filing {
            pack: self.pack.clone(),
            area: "990101".to_owned(),
            key: [1; 32],
            form: [2; 32],
            facts,
            children: (1..=children)
                .map(|order| FiledChild { order, chosen: chosen.clone(), child: [order; 32] })
                .collect(),
            found_by: vec![[9; 32]],
        };
        let done = self.tell(Work::File(Box::new(filing))).await;
        let Some(Done::Filed { application, .. }) = done else { panic!("the application is filed: {done:?}") };
        self.sagas = self.store.find_application(application).await.expect("the store answers");
    }

    /// Hands work to the coordinator and sends what follows, unless it crashes in between.
    pub async fn tell(&mut self, work: Work) -> Option<Done> {
        let (answer, mut done) = oneshot::channel();
        let processed = self.coordinator.process(vec![Queued { work, answer: Some(answer) }]).await;
        let processed = processed.expect("the memory store does not fail");
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

    /// The orchestrator dies and starts again: what it had not sent is due at once.
    pub async fn crash(&mut self) {
        self.coordinator = coordinator(&self.store, &self.packs, &self.secrets, &self.clock, &self.ids).await;
        self.store.make_all_due(None, self.clock.now_ms(), u32::MAX).await.expect("the store answers");
    }

    async fn send(&mut self, outgoing: Outgoing) {
        let stored = self.store.load(&[outgoing.number]).await.expect("the store answers");
        if stored.first().is_some_and(|saga| saga.summary.state != "running") {
            self.after_the_end.push(self.pack.definition.step(outgoing.step).name.to_string());
        }
        self.sent += 1;
        let name = DEPARTMENTS.iter().find(|name| ***name == *outgoing.department).expect("a department of the world");
        let command = wire::Command::decode(outgoing.payload.clone()).expect("our own encoding");
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

    /// The answers that a broken orchestrator gives itself.
    fn forged(&self, command: &wire::Command) -> Option<wire::Reply> {
        let cancels = command.kind() == wire::CommandKind::Cancel;
        let forges = match self.mutation {
            Some(Mutation::CompensationWhileThePivotIsOut) => cancels && command.step == "registration",
            Some(Mutation::InDoubtTakenAsNotDone) => cancels && command.step != "registration",
            _ => false,
        };
        forges.then(|| wire::Reply {
            command_id: command.id.clone(),
            saga: command.saga,
            effect_key: command.effect_key.clone(),
            step: command.step.clone(),
            kind: command.kind,
            revision: command.revision,
            number: 1,
            endpoint: format!("990000.{}", self.department_of(&command.step)),
            outcome: Some(wire::reply::Outcome::Cancelled(wire::Cancelled {})),
            sealed: Default::default(),
        })
    }

    fn department_of(&self, step: &str) -> String {
        let index = self.pack.definition.find(step).expect("a step of the proving saga");
        self.pack.definition.step(index).department().map(|name| name.to_string()).unwrap_or_default()
    }

    /// Puts something into the air, with the carrier's manners.
    pub fn launch(&mut self, flight: Flight) {
        if self.drops.is_some_and(|drops| drops(&flight)) || self.lots.random_bool(self.chaos.loss) {
            return;
        }
        let copies = if self.lots.random_bool(self.chaos.doubling) { 2 } else { 1 };
        for _ in 0..copies {
            let slow = self.lots.random_bool(self.chaos.slow);
            let delay = if slow { self.lots.random_range(MINUTE..180 * MINUTE) } else { self.lots.random_range(1..3_000) };
            self.fly(delay, flight.clone());
        }
    }

    /// Puts something into the air that arrives after so many milliseconds, whatever happens.
    pub fn fly(&mut self, after_ms: i64, flight: Flight) {
        self.flights += 1;
        self.air.insert((self.clock.now_ms() + after_ms, self.flights), flight);
    }

    /// New tasks reach their persons, who answer in their own time, or never.
    async fn notice_tasks(&mut self) {
        let filter = TaskFilter { limit: 100, ..TaskFilter::default() };
        let tasks = self.store.tasks(&filter).await.expect("the store answers");
        for OpenTask { number, row, .. } in tasks {
            if !self.people_answer || !self.seen_tasks.insert((number, row.key.step, row.revision)) {
                continue;
            }
            // A task that belongs to a department's step is a correction.
            let correcting = self.pack.definition.step(StepIndex(row.key.step)).department().is_some();
            let says = match (self.lots.random_bool(self.declines), correcting) {
                (true, _) => Says::Declined,
                (false, true) => Says::Corrected,
                (false, false) => Says::Done,
            };
            let silent = self.declines > 0.0 && self.lots.random_bool(self.declines);
            if !silent {
                let after = self.lots.random_range(MINUTE..600 * MINUTE);
                self.fly(after, Flight::Answer(number, StepIndex(row.key.step), row.revision, says));
            }
        }
    }

    /// Runs for so many milliseconds of virtual time, or until nothing is left to happen.
    pub async fn run_for(&mut self, ms: i64) {
        let until = self.clock.now_ms() + ms;
        while let Some(next) = self.next_moment().await {
            if next > until {
                break;
            }
            self.clock.advance_to(next);
            self.moment().await;
        }
        self.clock.advance_to(until);
    }

    async fn next_moment(&self) -> Option<i64> {
        let flight = self.air.keys().next().map(|(at, _)| *at);
        let due = self.store.next_due().await.expect("the store answers").filter(|due| *due < i64::MAX);
        let mut polls = Vec::new();
        for place in &self.places {
            polls.extend(place.next_poll().await);
        }
        let next = flight.into_iter().chain(due).chain(polls).min()?;
        Some(next.max(self.clock.now_ms()))
    }

    /// Everything that happens at this moment. Replies come before deadlines: a reply that was there in time is never
    /// overtaken by its own deadline.
    async fn moment(&mut self) {
        let now = self.clock.now_ms();
        if self.mutation == Some(Mutation::DeadlinesBeforeReplies) {
            self.fire(now).await;
        }
        while let Some(entry) = self.air.first_entry().filter(|entry| entry.key().0 <= now) {
            let flight = entry.remove();
            self.land(flight).await;
        }
        for at in 0..self.places.len() {
            if self.places[at].next_poll().await.is_some_and(|due| due <= now) {
                self.poll(at).await;
            }
        }
        self.fire(now).await;
    }

    async fn land(&mut self, flight: Flight) {
        match flight {
            Flight::Command(name, message) => self.deliver(name, message).await,
            Flight::Home(message) => self.come_home(message).await,
            Flight::Answer(number, step, revision, says) => self.answer(number, step, revision, says).await,
            Flight::Doing(doing) => self.act(doing).await,
        }
    }

    async fn deliver(&mut self, name: &'static str, message: Message) {
        let at = self.places.iter().position(|place| place.name == name).expect("a department of the world");
        if self.lots.random_bool(self.chaos.crash) {
            let (commits, after) = (self.lots.random_range(0..2), self.lots.random_bool(0.5));
            self.places[at].inbox.crash_at(commits, after);
        }
        let received = Received { message: message.clone(), partition: 0, offset: 0 };
        match self.places[at].runtime.handle(&[received]).await {
            Ok(outgoing) => self.leave(at, outgoing).await,
            Err(_) => {
                self.restart(at).await;
                // The offset was not committed: it comes again.
                self.fly(1_000, Flight::Command(name, message));
            }
        }
        self.places[at].inbox.heal();
    }

    async fn poll(&mut self, at: usize) {
        match self.places[at].runtime.poll().await {
            Ok(outgoing) => self.leave(at, outgoing).await,
            Err(_) => self.restart(at).await,
        }
    }

    async fn leave(&mut self, at: usize, outgoing: Vec<adapter::Outgoing>) {
        if self.lots.random_bool(self.chaos.crash) {
            self.restart(at).await;
            return;
        }
        for one in &outgoing {
            self.launch(Flight::Home(one.message.clone()));
        }
        self.places[at].runtime.published(&outgoing);
    }

    async fn restart(&mut self, at: usize) {
        self.places[at].inbox.heal();
        self.places[at].runtime = self.places[at].build(&self.keys, &self.clock, self.mutation);
        let outgoing = self.places[at].runtime.unpublished().await.expect("the inbox answers");
        for one in &outgoing {
            self.launch(Flight::Home(one.message.clone()));
        }
        self.places[at].runtime.published(&outgoing);
    }

    async fn come_home(&mut self, message: Message) {
        if message.topic.ends_with(".notices") {
            let notice = wire::Notice::decode(message.payload.clone()).expect("the SDK's own encoding");
            let id: [u8; 16] = notice.id.as_ref().try_into().expect("16 bytes");
            let channel = self.secrets.channels.get(&notice.channel_key_id).expect("our own key");
            let bound = proto::associated::notice_associated(&notice.endpoint, &notice.kind, &id);
            let plain = channel.open(&bound, &notice.sealed).expect("our own seal");
            let told: serde_json::Value = serde_json::from_slice(&plain).expect("JSON");
            let subject = told["subject"]["value"].as_str().unwrap_or_default();
            let work = Notice {
                id,
                endpoint: notice.endpoint,
                kind: notice.kind,
                subject: self.secrets.blind.of("subject", subject),
                fields: told["fields"].clone(),
            };
            self.tell(Work::Notice(Box::new(work))).await;
            return;
        }
        let mut reply = wire::Reply::decode(message.payload.clone()).expect("the SDK's own encoding");
        if self.mutation == Some(Mutation::AcknowledgingBeforeCommit) && self.lots.random_bool(0.1) {
            // Acknowledged, and dead before the commit. Nobody asks again either.
            return;
        }
        self.mutate(&mut reply).await;
        if self.lots.random_bool(self.chaos.crash) {
            // Dead before the commit: not acknowledged, it comes again.
            self.crash().await;
            self.fly(1_000, Flight::Home(message));
            return;
        }
        self.tell(Work::Reply(Box::new(reply))).await;
    }

    async fn mutate(&self, reply: &mut wire::Reply) {
        if self.mutation.is_none() {
            return;
        }
        let saga = self.saga(reply.saga).await;
        let Some(step) = self.pack.definition.find(&reply.step) else { return };
        match self.mutation {
            Some(Mutation::OldRevisionCounts) if saga.run(step).revision != reply.revision => {
                reply.revision = saga.run(step).revision;
                reply.number += 1;
            }
            Some(Mutation::FailedCompensationTakenAsDone)
                if reply.kind() == wire::CommandKind::Compensate
                    && matches!(reply.outcome, Some(wire::reply::Outcome::Failed(_))) =>
            {
                reply.number = 1;
                reply.outcome = Some(wire::reply::Outcome::Compensated(wire::Compensated {}));
            }
            _ => {}
        }
    }

    /// Rows whose time has come go to the coordinator.
    async fn fire(&mut self, now: i64) {
        let mut due = self.store.due(now, 1_000).await.expect("the store answers");
        if self.mutation == Some(Mutation::SendingWhileFrozen) {
            self.send_frozen().await;
        }
        let mut kept = Vec::new();
        if self.mutation.is_none() {
            kept.append(&mut due);
        }
        for row in due.drain(..) {
            let saga = self.saga(row.number).await;
            let run = saga.run(StepIndex(row.row.key.step));
            let accepted = run.out.as_ref().is_some_and(|out| out.accepted.is_some());
            let command = row.row.message.is_some();
            let silenced = match self.mutation {
                Some(Mutation::NoResend | Mutation::AcknowledgingBeforeCommit) => command,
                Some(Mutation::NoAskingAfterAccepted) => command && accepted,
                _ => false,
            };
            if silenced {
                let step = (row.number, row.row.key.step);
                self.store.make_due(&[step], i64::MAX).await.expect("the store answers");
            } else {
                kept.push(row);
            }
        }
        for row in kept {
            self.tell(Work::Due(Box::new(row))).await;
        }
    }

    /// What a program that does not know of freezing would send.
    async fn send_frozen(&mut self) {
        for number in self.sagas.clone() {
            if self.saga(number).await.frozen_since.is_some() {
                self.after_the_end.push("sent while frozen".to_owned());
            }
        }
    }

    async fn answer(&mut self, number: SagaNumber, step: StepIndex, revision: u32, says: Says) {
        let family = self.pack.definition.step(step).scope == saga::definition::Scope::Family;
        let sagas = if family { self.sagas.clone() } else { vec![number] };
        let mut inputs = Vec::new();
        for number in sagas {
            let run = self.saga(number).await;
            let run = run.run(step);
            if matches!(run.status, saga::Status::Open | saga::Status::Correcting) && run.revision == revision {
                inputs.push((number, Input::Answered { step, revision, says }));
            }
        }
        if !inputs.is_empty() {
            self.tell(Work::Order(Box::new(Order { inputs, act: None, clear: None, note: None }))).await;
        }
    }

    /// Gives one order to all sagas of the family, in one transaction.
    pub async fn order(&mut self, input: Input) {
        let inputs = self.sagas.iter().map(|number| (*number, input.clone())).collect();
        self.tell(Work::Order(Box::new(Order { inputs, act: None, clear: None, note: None }))).await;
    }

    /// Gives one order to one saga.
    pub async fn order_one(&mut self, child: usize, input: Input) -> Option<Done> {
        let inputs = vec![(self.sagas[child], input)];
        self.tell(Work::Order(Box::new(Order { inputs, act: None, clear: None, note: None }))).await
    }

    /// What people do.
    pub async fn act(&mut self, doing: Doing) {
        match doing {
            Doing::Withdraw => self.order(Input::Withdraw { by: "applicant".into() }).await,
            Doing::Bereave => {
                self.bereaved_at.get_or_insert(self.clock.now_ms());
                self.order(Input::Bereaved { by: "health".into() }).await;
            }
            Doing::Freeze => {
                self.order_one(0, Input::Freeze).await;
            }
            Doing::Unfreeze => {
                self.order_one(0, Input::Unfreeze).await;
            }
            Doing::Crash => self.crash().await,
            Doing::NotDone => self.operate(false).await,
            Doing::Retry => self.operate(true).await,
            Doing::Redo => {
                let step = self.step("certificate");
                let revision = self.saga(self.sagas[0]).await.run(step).revision;
                self.order_one(0, Input::Redo { step, revision }).await;
            }
            Doing::Counter => self.register_at_counter().await,
            Doing::Pay => self.pay().await,
        }
    }

    async fn operate(&mut self, retry: bool) {
        for child in 0..self.sagas.len() {
            let saga = self.saga(self.sagas[child]).await;
            let step = StepIndex(self.lots.random_range(0..self.pack.definition.steps.len() as u8));
            let revision = saga.run(step).revision;
            let found = saga::input::Found::NotDone;
            let input =
                if retry { Input::Retry { step, revision } } else { Input::Resolve { step, revision, found } };
            self.order_one(child, input).await;
        }
    }

    async fn register_at_counter(&mut self) {
        let Some(certificate) = self.given("alpha", "Issue").await else { return };
        let (ledger, now) = (self.place("gamma").desk.ledger().clone(), self.clock.now_ms());
        departments::register_at_counter(&ledger, &certificate, now).await.expect("the ledger answers");
        self.poll(2).await;
    }

    async fn pay(&mut self) {
        let Some(number) = self.given("gamma", "Register").await else { return };
        let ledger = self.place("gamma").desk.ledger().clone();
        departments::pay(&ledger, &number).await.expect("the ledger answers");
        self.poll(2).await;
    }

    /// The newest number that a department has given for an act.
    pub async fn given(&self, name: &str, act: &str) -> Option<String> {
        let effects = self.place(name).desk.ledger().effects().await.expect("the ledger answers");
        let newest = effects.iter().rev().find(|effect| effect.act == act && effect.stands())?;
        newest.outputs["number"].as_str().map(str::to_owned)
    }

    /// The saga of this number as it is stored.
    pub async fn saga(&self, number: SagaNumber) -> Saga {
        let loaded = self.store.load(&[number]).await.expect("the store answers");
        let loaded = loaded.first().expect("the saga is stored");
        fold::fold(&self.pack.definition, loaded).expect("its history folds")
    }

    /// The definition of all sagas here.
    pub fn definition(&self) -> Arc<Definition> {
        self.pack.definition.clone()
    }

    /// The step of this name.
    pub fn step(&self, name: &str) -> StepIndex {
        self.pack.definition.find(name).expect("a step of the proving saga")
    }

    /// How a step of a child's saga stands.
    pub async fn status(&self, child: usize, step: &str) -> saga::Status {
        self.saga(self.sagas[child]).await.run(self.step(step)).status
    }

    /// How a child's case ended, if it has.
    pub async fn end(&self, child: usize) -> Option<saga::End> {
        self.saga(self.sagas[child]).await.end
    }

    /// The weather clears: nothing is lost any more, departments are up, people answer, freezes are lifted, and whoever
    /// operates looks after what is stuck; until every case has ended or a hundred days have passed.
    pub async fn settle(&mut self) {
        self.chaos = Chaos::NONE;
        self.drops = None;
        self.declines = 0.0;
        self.people_answer = true;
        for place in &self.places {
            place.desk.behaviours().outage_until(0);
        }
        for _ in 0..200 {
            self.run_for(12 * 60 * MINUTE).await;
            let mut open = false;
            for child in 0..self.sagas.len() {
                open |= self.look_after(child).await;
            }
            if !open {
                break;
            }
        }
        // Whatever is still in the air lands, and finds nothing to change.
        self.run_for(24 * 60 * MINUTE).await;
    }

    /// What an operator does for a case that cannot go on by itself. True while it is open.
    async fn look_after(&mut self, child: usize) -> bool {
        let saga = self.saga(self.sagas[child]).await;
        if saga.end.is_some() {
            return false;
        }
        if saga.frozen_since.is_some() {
            self.order_one(child, Input::Unfreeze).await;
        }
        self.seen_tasks.clear();
        self.notice_tasks().await;
        let definition = self.definition();
        for step in definition.indices() {
            let run = saga.run(step);
            let revision = run.revision;
            if run.for_operator {
                self.order_one(child, Input::Resolve { step, revision, found: saga::input::Found::Undone }).await;
            } else if run.status == saga::Status::NotDone {
                self.order_one(child, Input::Resolve { step, revision, found: saga::input::Found::NotDone }).await;
            } else if saga.step_is_stuck(&definition, step) {
                self.order_one(child, Input::Retry { step, revision }).await;
            }
        }
        true
    }
}

impl Place {
    fn new(name: &'static str, keys: &ChannelKeys, clock: &VirtualClock, mutation: Option<Mutation>) -> Self {
        let (inbox, local) = (WorldInbox::new(), LocalLedger::default());
        let desk = Desk::new(Ledger::in_memory(), Behaviours::default(), Arc::new(clock.clone()));
        let runtime = runtime(name, &desk, &local, &inbox, keys, clock, mutation);
        Self { name, inbox, desk, local, runtime }
    }

    fn build(&self, keys: &ChannelKeys, clock: &VirtualClock, mutation: Option<Mutation>) -> Runtime {
        runtime(self.name, &self.desk, &self.local, &self.inbox, keys, clock, mutation)
    }

    /// When the runtime has something to call again.
    async fn next_poll(&self) -> Option<i64> {
        use adapter::inbox::Inbox;
        self.inbox.due(i64::MAX, 1).await.expect("the inbox answers").first().and_then(|row| row.due_ms)
    }
}

fn runtime(
    name: &str,
    desk: &Desk,
    local: &LocalLedger,
    inbox: &WorldInbox,
    keys: &ChannelKeys,
    clock: &VirtualClock,
    mutation: Option<Mutation>,
) -> Runtime {
    let endpoint = format!("990000.{name}");
    let settings = Settings {
        notice_topic: Some("yijian.notices".into()),
        mutation: match mutation {
            Some(Mutation::Adapter(mutation)) => Some(mutation),
            _ => None,
        },
        ..Settings::default()
    };
    let department = departments::department(name, desk.clone(), local.clone());
    let clock = Arc::new(clock.clone());
    Runtime::new(department, &endpoint, keys.only(&endpoint), Arc::new(inbox.clone()), clock, settings)
}

async fn coordinator(
    store: &WorldStore,
    packs: &Arc<Packs>,
    secrets: &Arc<Secrets>,
    clock: &VirtualClock,
    ids: &Arc<AtomicU64>,
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
        downtimes: Downtimes::default(),
        new_id: Arc::new(move || u128::from(ids.fetch_add(1, Ordering::SeqCst)).to_be_bytes()),
    })
}

fn home(topic: &str, key: u64, reply: &wire::Reply) -> Message {
    Message { topic: topic.into(), key, payload: reply.encode_to_vec().into(), headers: Vec::new() }
}

/// The saga that the worlds run.
fn proving_pack() -> Pack {
    let files = [
        ("pack.toml", include_str!("../packs/proving/pack.toml")),
        ("saga.toml", include_str!("../packs/proving/saga.toml")),
        ("messages.toml", include_str!("../packs/proving/messages.toml")),
    ];
    match Pack::parse(&files) {
        Ok(pack) => pack,
        Err(problems) => panic!("the proving pack has problems:\n{problems}"),
    }
}
