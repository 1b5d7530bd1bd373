//! The departments of a world at work: the real adapter over a simulated desk, crashing where chance says so.

use std::sync::Arc;

use adapter::{
    Runtime, Settings,
    inbox::Inbox,
    simulated::{Behaviours, Desk, Ledger},
};
use bus::{Message, Received};
use orchestrator::store::SagaNumber;
use proto::bus::CommandKind;
use rand::Rng;
use service::clock::VirtualClock;
use vault::ChannelKeys;

use super::{Carried, Flight, World};
use crate::{
    Mutation,
    departments::{self, LocalLedger},
    inbox::WorldInbox,
};

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

/// What a department has said to a command, whether or not anybody heard it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Said {
    /// To which saga.
    pub number: SagaNumber,
    /// Of which step.
    pub step: String,
    /// To which of the three commands.
    pub kind: CommandKind,
    /// Under which revision.
    pub revision: u32,
    /// The outcome's name, e.g. `Succeeded`.
    pub says: &'static str,
}

impl Place {
    pub(super) fn new(
        name: &'static str,
        keys: &ChannelKeys,
        clock: &VirtualClock,
        mutation: Option<Mutation>,
    ) -> Self {
        let (inbox, local) = (WorldInbox::new(), LocalLedger::default());
        let desk = Desk::new(Ledger::in_memory(), Behaviours::default(), Arc::new(clock.clone()));
        let runtime = runtime(name, &desk, &local, &inbox, keys, clock, mutation);
        Self { name, inbox, desk, local, runtime }
    }

    fn build(&self, keys: &ChannelKeys, clock: &VirtualClock, mutation: Option<Mutation>) -> Runtime {
        runtime(self.name, &self.desk, &self.local, &self.inbox, keys, clock, mutation)
    }

    /// When the runtime has something to call again.
    pub(super) async fn next_poll(&self) -> Option<i64> {
        self.inbox.due(i64::MAX, 1).await.expect("the inbox answers").first().and_then(|row| row.due_ms)
    }
}

impl World {
    pub(super) async fn deliver(&mut self, name: &'static str, message: Message) {
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

    pub(super) async fn poll(&mut self, at: usize) {
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
        self.publish(at, &outgoing);
    }

    fn publish(&mut self, at: usize, outgoing: &[adapter::Outgoing]) {
        for one in outgoing {
            let flight = Flight::Home(one.message.clone());
            if let Some(Carried::Reply { saga, step, kind, revision, says }) = flight.carried() {
                self.said.insert(Said { number: saga, step, kind, revision, says });
            }
            self.launch(flight);
        }
        self.places[at].runtime.published(outgoing);
    }

    /// The adapter of this department dies and starts again.
    pub async fn restart_department(&mut self, name: &str) {
        let at = self.places.iter().position(|place| place.name == name).expect("a department of the world");
        self.restart(at).await;
    }

    async fn restart(&mut self, at: usize) {
        self.places[at].inbox.heal();
        self.places[at].runtime = self.places[at].build(&self.keys, &self.clock, self.mutation);
        let outgoing = self.places[at].runtime.unpublished().await.expect("the inbox answers");
        self.publish(at, &outgoing);
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
    let repeats = mutation == Some(Mutation::ActNotIdempotent);
    let department = departments::department(name, desk.clone(), local.clone(), repeats);
    let clock = Arc::new(clock.clone());
    Runtime::new(department, &endpoint, keys.only(&endpoint), Arc::new(inbox.clone()), clock, settings)
}
