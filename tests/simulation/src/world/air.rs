//! The carrier of a world: what is on its way, and how badly it travels.
//!
//! Chance loses, doubles and delays (see [`Chaos`](super::Chaos)); a story says so itself, of the legs that it means.

use bus::Message;
use orchestrator::store::SagaNumber;
use prost::Message as _;
use proto::bus::{self as wire, CommandKind};
use rand::Rng;
use saga::{StepIndex, input::Says};
use service::clock::Clock;

use super::{Doing, MINUTE, World};

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

/// What a message on its way says, for stories that mean one of them.
#[derive(Clone, Debug, PartialEq)]
pub enum Carried {
    /// A command to a department.
    Command {
        /// Of which saga.
        saga: SagaNumber,
        /// For which step.
        step: String,
        /// Which of the three.
        kind: CommandKind,
    },
    /// A department's reply.
    Reply {
        /// To which saga.
        saga: SagaNumber,
        /// For which step.
        step: String,
        /// To which of the three.
        kind: CommandKind,
        /// Under which revision.
        revision: u32,
        /// The outcome's name, e.g. `Succeeded`.
        says: &'static str,
    },
    /// A department's notice of this kind.
    Notice(String),
}

impl Carried {
    /// A command, of any of the three kinds, for this step.
    pub fn is_command(&self, of: &str) -> bool {
        matches!(self, Self::Command { step, .. } if step == of)
    }

    /// A command of this kind for this step.
    pub fn commands(&self, which: CommandKind, of: &str) -> bool {
        matches!(self, Self::Command { step, kind, .. } if step == of && *kind == which)
    }

    /// A reply, to any of the three commands, for this step.
    pub fn is_reply(&self, of: &str) -> bool {
        matches!(self, Self::Reply { step, .. } if step == of)
    }

    /// A reply of this outcome for this step.
    pub fn replies(&self, what: &str, of: &str) -> bool {
        matches!(self, Self::Reply { step, says, .. } if step == of && *says == what)
    }

    /// The saga that it belongs to; a notice does not say.
    pub fn saga(&self) -> Option<SagaNumber> {
        match self {
            Self::Command { saga, .. } | Self::Reply { saga, .. } => Some(*saga),
            Self::Notice(_) => None,
        }
    }
}

/// What a story does to the messages that it means.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Manner {
    /// They are lost.
    Lost,
    /// They are held back until [`World::let_go`].
    Held,
    /// Each comes twice.
    Doubled,
    /// Each comes so many milliseconds later.
    Late(i64),
}

/// Which messages a story means.
pub(super) type Meant = Box<dyn Fn(&Carried) -> bool>;

impl Flight {
    /// What it says, if it is a message.
    pub fn carried(&self) -> Option<Carried> {
        match self {
            Self::Command(_, message) => {
                let command = wire::Command::decode(message.payload.clone()).expect("our own encoding");
                Some(Carried::Command { saga: command.saga, kind: command.kind(), step: command.step })
            }
            Self::Home(message) if message.topic.ends_with(".notices") => {
                let notice = wire::Notice::decode(message.payload.clone()).expect("the SDK's own encoding");
                Some(Carried::Notice(notice.kind))
            }
            Self::Home(message) => {
                let reply = wire::Reply::decode(message.payload.clone()).expect("the SDK's own encoding");
                let says = name_of(reply.outcome.as_ref());
                let (saga, kind, revision) = (reply.saga, reply.kind(), reply.revision);
                Some(Carried::Reply { saga, step: reply.step, kind, revision, says })
            }
            Self::Answer(..) | Self::Doing(_) => None,
        }
    }
}

fn name_of(outcome: Option<&wire::reply::Outcome>) -> &'static str {
    use wire::reply::Outcome as Said;
    match outcome {
        None => "",
        Some(Said::Accepted(_)) => "Accepted",
        Some(Said::Progress(_)) => "Progress",
        Some(Said::NeedsCorrection(_)) => "NeedsCorrection",
        Some(Said::Succeeded(_)) => "Succeeded",
        Some(Said::Refused(_)) => "Refused",
        Some(Said::Compensated(_)) => "Compensated",
        Some(Said::Cancelled(_)) => "Cancelled",
        Some(Said::Failed(_)) => "Failed",
    }
}

impl World {
    /// From now on, until the weather clears, the messages meant travel in this manner.
    pub fn treat(&mut self, manner: Manner, meant: impl Fn(&Carried) -> bool + 'static) {
        self.manners.push((manner, Box::new(meant)));
    }

    /// The messages held back so far.
    pub fn held(&self) -> &[Flight] {
        &self.held
    }

    /// All messages travel as they should again, and what was held back is on its way.
    pub fn let_go(&mut self) {
        self.manners.clear();
        for flight in std::mem::take(&mut self.held) {
            self.fly(1, flight);
        }
    }

    /// Puts something into the air, with the carrier's manners.
    pub(super) fn launch(&mut self, flight: Flight) {
        let (mut copies, mut later) = (1, 0);
        if let Some(manner) = self.manner_of(&flight) {
            match manner {
                Manner::Lost => return,
                Manner::Held => return self.held.push(flight),
                Manner::Doubled => copies = 2,
                Manner::Late(ms) => later = ms,
            }
        }
        if self.lots.random_bool(self.chaos.loss) {
            return;
        }
        copies += u8::from(self.lots.random_bool(self.chaos.doubling));
        for _ in 0..copies {
            let slow = self.lots.random_bool(self.chaos.slow);
            let delay =
                if slow { self.lots.random_range(MINUTE..180 * MINUTE) } else { self.lots.random_range(1..3_000) };
            self.fly(delay + later, flight.clone());
        }
    }

    fn manner_of(&self, flight: &Flight) -> Option<Manner> {
        if self.manners.is_empty() {
            return None;
        }
        let carried = flight.carried()?;
        self.manners.iter().find(|(_, meant)| meant(&carried)).map(|(manner, _)| *manner)
    }

    /// Puts something into the air that arrives after so many milliseconds, whatever happens.
    pub fn fly(&mut self, after_ms: i64, flight: Flight) {
        self.flights += 1;
        self.air.insert((self.clock.now_ms() + after_ms, self.flights), flight);
    }

    pub(super) async fn land(&mut self, flight: Flight) {
        match flight {
            Flight::Command(name, message) => self.deliver(name, message).await,
            Flight::Home(message) if self.is_down() => self.wait_unread(message),
            Flight::Home(message) => self.come_home(message).await,
            Flight::Answer(number, step, revision, says) => match self.tries_again_in_ms() {
                Some(after) => {
                    self.tried.push(Tried { number, step, revision, at: self.clock.now_ms() });
                    self.fly(after, Flight::Answer(number, step, revision, says));
                }
                None => {
                    self.answer(number, step, revision, says).await;
                }
            },
            Flight::Doing(doing) => match self.tries_again_in_ms().filter(|_| doing.needs_us()) {
                Some(after) => self.fly(after, Flight::Doing(doing)),
                None => self.act(doing).await,
            },
        }
    }

    fn wait_unread(&mut self, message: Message) {
        if !message.topic.ends_with(".notices") {
            let reply = wire::Reply::decode(message.payload.clone()).expect("the SDK's own encoding");
            if let (wire::CommandKind::Act, Some(wire::reply::Outcome::Succeeded(_))) = (reply.kind(), &reply.outcome) {
                let at = self.clock.now_ms();
                self.waited.push(Waited { number: reply.saga, step: reply.step, revision: reply.revision, at });
            }
        }
        self.unread.push(message);
    }

    /// Whoever finds the orchestrator down comes back within the grace after its return.
    fn tries_again_in_ms(&mut self) -> Option<i64> {
        let back = self.down_until.filter(|_| self.is_down())?;
        let patience = self.lots.random_range(1..orchestrator::limits::PERSONS_GRACE_MS);
        Some(back - self.clock.now_ms() + patience)
    }
}

/// An act's success that lay unread while the orchestrator was down.
#[derive(Clone, Debug)]
pub struct Waited {
    /// Of which saga.
    pub number: SagaNumber,
    /// Of which step.
    pub step: String,
    /// Under which revision.
    pub revision: u32,
    /// Since when, in milliseconds since 1970.
    pub at: i64,
}

/// A person's attempt to answer a task while nobody was there to hear it.
#[derive(Clone, Copy, Debug)]
pub struct Tried {
    /// Of which saga's task.
    pub number: SagaNumber,
    /// Which one.
    pub step: StepIndex,
    /// Its version.
    pub revision: u32,
    /// When, in milliseconds since 1970.
    pub at: i64,
}
