//! One world: a family, its departments, the carrier between them, and whatever can go wrong.

mod air;
mod broken;
mod orchestrating;
mod people;
mod place;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, atomic::AtomicU64},
};

use adapter::simulated::Behaviours;
use bus::Message;
use orchestrator::{
    coordinator::{
        Coordinator,
        work::{Done, FiledChild, Filing, Work},
    },
    downtime::Downtimes,
    fold,
    secrets::Secrets,
    store::{SagaNumber, Store},
};
use policy::{Pack, Packs};
use proto::{associated::command_id, bus::CommandKind};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use saga::{Definition, Saga, Status, StepIndex, definition::Scope};
use serde_json::json;
use service::clock::{Clock, VirtualClock};
use vault::{ChannelKeys, MasterKey, Suite};

use self::{air::Meant, orchestrating::coordinator};
pub use self::{
    air::{Carried, Flight, Manner, Tried, Waited},
    orchestrating::Sent,
    people::Doing,
    place::{Place, Said},
};
use crate::{Mutation, store::WorldStore};

/// The moment at which every world begins: 2026-11-02T00:00:00Z.
pub const BEGINNING_MS: i64 = 1_793_577_600_000;

/// The departments of the proving saga.
pub const DEPARTMENTS: [&str; 4] = ["alpha", "beta", "gamma", "sms"];

/// A minute, in milliseconds.
pub const MINUTE: i64 = 60_000;

/// An hour, in milliseconds.
pub const HOUR: i64 = 60 * MINUTE;

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
    /// When a death was reported.
    pub bereaved_at: Option<i64>,
    /// Every command that left for a department, resends too.
    pub sent: Vec<Sent>,
    /// For how many hours the orchestrator goes down as soon as a pivot is out.
    pub down_at_the_pivot: Option<i64>,
    /// Everything that departments have said.
    pub said: BTreeSet<Said>,
    /// Persons who found nobody there to take their answer.
    pub tried: Vec<Tried>,
    /// Replies that arrived while nobody read them.
    pub waited: Vec<Waited>,
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
    other: Option<Coordinator>,
    downtimes: Downtimes,
    down_until: Option<i64>,
    unread: Vec<Message>,
    manners: Vec<(Manner, Meant)>,
    held: Vec<Flight>,
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
        let downtimes = Downtimes::at_start(&store, BEGINNING_MS).await.expect("the store answers");
        let coordinator = coordinator(&store, &packs, &secrets, &clock, &ids, downtimes).await;
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
            bereaved_at: None,
            sent: Vec::new(),
            down_at_the_pivot: None,
            said: BTreeSet::new(),
            tried: Vec::new(),
            waited: Vec::new(),
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
            other: None,
            downtimes: Downtimes::default(),
            down_until: None,
            unread: Vec::new(),
            manners: Vec::new(),
            held: Vec::new(),
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

    /// Files the family's application: so many children, these items.
    pub async fn file(&mut self, children: u8, items: &[&str]) {
        let chosen: BTreeSet<Arc<str>> = items.iter().map(|item| Arc::from(*item)).collect();
        let facts = json!({
            "application": { "area": "990101", "channel": "web" },
            "mother": { "name": "测试母亲", "id_number": "mother", "phone": "15400000000" },
            "applicant": { "phone": "15400000000" },
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

    /// Runs until a step of a child's saga stands so, a hundred days at most. False if it never did.
    pub async fn run_until(&mut self, child: usize, step: &str, status: Status) -> bool {
        let until = self.clock.now_ms() + 100 * 24 * HOUR;
        while self.status(child, step).await != status {
            let Some(next) = self.next_moment().await.filter(|next| *next <= until) else { return false };
            self.clock.advance_to(next);
            self.moment().await;
        }
        true
    }

    /// Runs until the first message of a child's saga is with its sender, a hundred days at most. False if it never was.
    pub async fn run_until_told(&mut self, child: usize) -> bool {
        let until = self.clock.now_ms() + 100 * 24 * HOUR;
        while !self.saga(self.sagas[child]).await.messages.first().is_some_and(saga::MessageRun::is_out) {
            let Some(next) = self.next_moment().await.filter(|next| *next <= until) else { return false };
            self.clock.advance_to(next);
            self.moment().await;
        }
        true
    }

    async fn next_moment(&self) -> Option<i64> {
        let flight = self.air.keys().next().map(|(at, _)| *at);
        let due = match self.down_until {
            Some(until) => Some(until),
            None => self.store.next_due().await.expect("the store answers").filter(|due| *due < i64::MAX),
        };
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
        if self.down_until.is_some_and(|until| until <= now) {
            self.come_back().await;
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
        if !self.is_down() {
            self.fire(now).await;
        }
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
    pub async fn status(&self, child: usize, step: &str) -> Status {
        self.saga(self.sagas[child]).await.run(self.step(step)).status
    }

    /// The id of an act's command, which is also its call's idempotency key at the department.
    pub async fn act_id(&self, child: usize, step: &str, revision: u32) -> String {
        let loaded = self.store.load(&[self.sagas[child]]).await.expect("the store answers");
        let summary = &loaded.first().expect("the saga is stored").summary;
        let family = self.pack.definition.step(self.step(step)).scope == Scope::Family;
        let key = if family { summary.application } else { summary.case };
        hex::encode(command_id(key, step, CommandKind::Act, revision))
    }

    /// How a child's case ended, if it has.
    pub async fn end(&self, child: usize) -> Option<saga::End> {
        self.saga(self.sagas[child]).await.end
    }
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
