//! The promises of every adapter, each in one line, and a [`Trial`] in which a department's own stories can be told.
//!
//! They run the department through the real runtime on a memory inbox, count effects with a closure of the caller's
//! (usually: what stands in the simulated department's ledger), and panic with a sentence where a promise is broken.

#[cfg(feature = "contracts")]
pub mod contract;

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use bus::{Message, Received};
use prost::Message as _;
use proto::{
    associated::{Direction, bus_associated, command_id},
    bus::{Command, CommandKind, Notice, Reply, reply::Outcome},
};
use serde::Serialize;
use service::clock::{Clock, VirtualClock};
use vault::{CaseKey, ChannelKeys, SealingKey, Suite};

use crate::{Department, Inbox, MemoryInbox, Outgoing, Runtime, Settings, record::CODE_TOMBSTONE};

/// A day in June 2026, on which no test depends.
const START_MS: i64 = 1_780_000_000_000;
/// How long a trial waits between two looks at what an accepting department has decided.
const LOOK_EVERY_MS: i64 = 3_600_000;
/// How many looks it takes before it says that the department never decides: a month of them.
const LOOKS_MAX: usize = 720;

/// The same act sent twice has one effect and the same answer. `effects` counts what stands; the act must succeed with
/// these fields (at last, if the department accepts first) and add exactly one.
///
/// # Panics
/// If the promise is broken.
pub async fn act_twice_is_once(
    department: &Department,
    command: &str,
    fields: impl Serialize,
    effects: impl Fn() -> usize,
) {
    let before = effects();
    let trial = Trial::of(department.clone());
    let step = trial.step(1, command, &fields);
    let first = trial.decided(&step).await;
    assert!(first.succeeded(), "{command} was to succeed and was answered with {:?}", first.outcome);
    assert_eq!(effects(), before + 1, "{command} was to have one effect");
    let second = trial.only(trial.act(&step, 1).await);
    assert_eq!(effects(), before + 1, "{command}, sent twice, had a second effect");
    assert_eq!(second, first, "{command}, sent twice, was answered differently");
}

/// The same compensation sent twice undoes once and gives the same answer. `effects` counts what stands.
///
/// # Panics
/// If the promise is broken.
pub async fn compensate_twice_is_once(
    department: &Department,
    command: &str,
    fields: impl Serialize,
    effects: impl Fn() -> usize,
) {
    let before = effects();
    let trial = Trial::of(department.clone());
    let step = trial.step(1, command, &fields);
    let acted = trial.decided(&step).await;
    assert!(acted.succeeded(), "{command} was to succeed and was answered with {:?}", acted.outcome);
    let first = trial.only(trial.compensate(&step, 1).await);
    let compensated = matches!(first.outcome, Some(Outcome::Compensated(_)));
    assert!(compensated, "{command} was to be compensated and was answered with {:?}", first.outcome);
    assert_eq!(effects(), before, "{command}, compensated, left an effect or took another's");
    let second = trial.only(trial.compensate(&step, 1).await);
    assert_eq!(effects(), before, "{command}, compensated twice, was undone twice");
    assert_eq!(second, first, "{command}, compensated twice, was answered differently");
}

/// An act that comes after its compensation is refused and has no effect.
///
/// # Panics
/// If the promise is broken.
pub async fn compensate_then_act_is_refused(
    department: &Department,
    command: &str,
    fields: impl Serialize,
    effects: impl Fn() -> usize,
) {
    let before = effects();
    let trial = Trial::of(department.clone());
    let step = trial.step(1, command, &fields);
    let told = trial.only(trial.compensate(&step, 1).await);
    assert!(matches!(told.outcome, Some(Outcome::Compensated(_))), "nothing was done, so it is compensated");
    let told = trial.only(trial.act(&step, 1).await);
    let refused = matches!(&told.outcome, Some(Outcome::Refused(refused)) if refused.code == CODE_TOMBSTONE);
    assert!(refused, "{command} came after its compensation and was answered with {:?}", told.outcome);
    assert_eq!(effects(), before, "{command} came after its compensation and had an effect");
}

/// One step of one case as its sender sees it.
#[derive(Clone)]
pub struct TrialStep {
    effect_key: [u8; 16],
    group_size: u32,
    saga: u64,
    step: String,
    command: String,
    fields: Vec<u8>,
    not_after_ms: i64,
}

impl TrialStep {
    /// The same step as another saga of the same birth group sends it.
    pub fn of_twin(&self, saga: u64) -> Self {
        Self { saga, group_size: 2, ..self.clone() }
    }

    /// The same step with other fields.
    ///
    /// # Panics
    /// If the fields cannot be written as JSON.
    pub fn with(&self, fields: &impl Serialize) -> Self {
        Self { fields: serde_json::to_vec(fields).expect("fields are JSON"), ..self.clone() }
    }

    /// The same step, not to be done after this moment.
    pub fn not_after(&self, not_after_ms: i64) -> Self {
        Self { not_after_ms, ..self.clone() }
    }
}

/// One reply, opened.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// To which saga.
    pub saga: u64,
    /// To which kind of command.
    pub kind: CommandKind,
    /// Under which revision.
    pub revision: u32,
    /// Its number.
    pub number: u32,
    /// What it says.
    pub outcome: Option<Outcome>,
    /// What it says in sealed JSON; `Null` where nothing is sealed.
    pub sealed: serde_json::Value,
}

impl Told {
    /// True if the effect was done.
    pub fn succeeded(&self) -> bool {
        matches!(self.outcome, Some(Outcome::Succeeded(_)))
    }

    fn undecided(&self) -> bool {
        match &self.outcome {
            Some(Outcome::Accepted(_) | Outcome::Progress(_)) => true,
            Some(Outcome::Failed(failed)) => failed.retryable,
            _ => false,
        }
    }
}

/// A department on the real runtime and a memory inbox, with a sender that plays the orchestrator.
pub struct Trial {
    runtime: Runtime,
    department: Department,
    clock: VirtualClock,
    keys: ChannelKeys,
    case: SealingKey,
    endpoint: String,
    offset: AtomicI64,
}

impl Trial {
    /// A trial on a new memory inbox.
    pub fn of(department: Department) -> Self {
        Self::on(department, Arc::new(MemoryInbox::new()), VirtualClock::at(START_MS), Settings::default())
    }

    /// A trial on an inbox and a clock of the caller's (a simulated department that has a clock of its own shares it).
    pub fn on(department: Department, inbox: Arc<dyn Inbox>, clock: VirtualClock, settings: Settings) -> Self {
        let endpoint = format!("340000.{}", department.name());
        let keys = ChannelKeys::generate(&[&endpoint]);
        let case = CaseKey::generate().for_endpoint(Suite::default(), &endpoint);
        let settings =
            Settings { notice_topic: settings.notice_topic.clone().or(Some("trial.notices".into())), ..settings };
        let shared: Arc<dyn Clock> = Arc::new(clock.clone());
        let runtime = Runtime::new(department.clone(), &endpoint, keys.clone(), inbox, shared, settings);
        Self { runtime, department, clock, keys, case, endpoint, offset: AtomicI64::new(0) }
    }

    /// The same sender with a new runtime on what the inbox holds: the adapter was stopped and started again.
    pub fn restarted(self, inbox: Arc<dyn Inbox>) -> Self {
        let shared: Arc<dyn Clock> = Arc::new(self.clock.clone());
        let settings = self.runtime.settings().clone();
        let runtime = Runtime::new(self.department.clone(), &self.endpoint, self.keys.clone(), inbox, shared, settings);
        Self { runtime, ..self }
    }

    /// The channel keys of the trial's endpoint, for an adapter that works in another process.
    pub fn keys(&self) -> &ChannelKeys {
        &self.keys
    }

    /// The clock, to be moved by hand.
    pub fn clock(&self) -> &VirtualClock {
        &self.clock
    }

    /// The runtime, for what a trial does not offer.
    pub fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    /// A step of the case with this number, under this command.
    ///
    /// # Panics
    /// If the fields cannot be written as JSON.
    pub fn step(&self, saga: u64, command: &str, fields: &impl Serialize) -> TrialStep {
        let mut effect_key = [0; 16];
        effect_key[8..].copy_from_slice(&saga.to_be_bytes());
        let fields = serde_json::to_vec(fields).expect("fields are JSON");
        let (step, command) = (format!("step of {command}"), command.to_owned());
        TrialStep { effect_key, group_size: 1, saga, step, command, fields, not_after_ms: 0 }
    }

    /// Sends the act and gives the replies.
    pub async fn act(&self, step: &TrialStep, revision: u32) -> Vec<Told> {
        self.send(&[self.received(step, CommandKind::Act, revision)]).await
    }

    /// Sends the compensation and gives the replies.
    pub async fn compensate(&self, step: &TrialStep, revision: u32) -> Vec<Told> {
        self.send(&[self.received(step, CommandKind::Compensate, revision)]).await
    }

    /// Sends the cancellation and gives the replies.
    pub async fn cancel(&self, step: &TrialStep, revision: u32) -> Vec<Told> {
        self.send(&[self.received(step, CommandKind::Cancel, revision)]).await
    }

    /// Lets time pass and the adapter look at what is due; gives the replies.
    ///
    /// # Panics
    /// If the runtime gives an error.
    pub async fn time_passes(&self, ms: i64) -> Vec<Told> {
        self.clock.advance_to(self.clock.now_ms() + ms);
        let outgoing = self.runtime.poll().await.expect("the runtime polls");
        self.open(outgoing)
    }

    /// Sends the act of revision 1, again as long as it fails and may be retried, and waits as long as it is only
    /// accepted; gives the decision.
    ///
    /// # Panics
    /// If there is no decision within a month.
    pub async fn decided(&self, step: &TrialStep) -> Told {
        let mut told = self.act(step, 1).await;
        for _ in 0..LOOKS_MAX {
            match told.pop() {
                Some(last) if !last.undecided() => return last,
                Some(last) if last.number > 0 => told = self.time_passes(LOOK_EVERY_MS).await,
                Some(_) | None => {
                    told = self.time_passes(LOOK_EVERY_MS).await;
                    told.extend(self.act(step, 1).await);
                }
            }
        }
        panic!("{} was not decided within a month", step.command);
    }

    /// The notices that the department has to tell.
    ///
    /// # Panics
    /// If the runtime gives an error, or a notice does not open.
    pub async fn notices(&self) -> Vec<(String, serde_json::Value)> {
        let outgoing = self.runtime.poll().await.expect("the runtime polls");
        let notices = outgoing.iter().filter(|one| &*one.message.topic == "trial.notices");
        let open = |one: &Outgoing| {
            let notice = Notice::decode(one.message.payload.clone()).expect("a notice is a notice");
            let id = notice.id[..].try_into().expect("a notice's id has 16 bytes");
            let associated = proto::associated::notice_associated(&notice.endpoint, &notice.kind, &id);
            let key = self.keys.get(&notice.channel_key_id).expect("a notice names its key");
            let plain = key.open(&associated, &notice.sealed).expect("a notice opens");
            (notice.kind, serde_json::from_slice(&plain).expect("a notice is JSON"))
        };
        notices.map(open).collect()
    }

    /// Hands received messages to the runtime and gives the replies.
    ///
    /// # Panics
    /// If the runtime gives an error.
    pub async fn send(&self, received: &[Received]) -> Vec<Told> {
        let outgoing = self.runtime.handle(received).await.expect("the runtime handles a batch");
        self.open(outgoing)
    }

    /// A command as it comes from the bus.
    pub fn received(&self, step: &TrialStep, kind: CommandKind, revision: u32) -> Received {
        let associated = bus_associated(step.saga, &step.step, kind, Direction::Command);
        let channel = self.keys.current_for(&self.endpoint).expect("a trial has a key of its endpoint");
        let undone_by = self.department.commands().into_iter().find(|(name, _)| *name == step.command);
        let command = Command {
            id: command_id(step.effect_key, &step.step, kind, revision).to_vec().into(),
            saga: step.saga,
            effect_key: step.effect_key.to_vec().into(),
            group_size: step.group_size,
            family: step.group_size > 1,
            step: step.step.clone(),
            kind: kind.into(),
            revision,
            name: step.command.clone(),
            compensation: undone_by.and_then(|(_, undo)| undo).unwrap_or_default().to_owned(),
            wrapped_key: channel.wrap(&self.case).into(),
            channel_key_id: channel.id().to_owned(),
            sealed_fields: self.case.seal(&associated, &step.fields).into(),
            not_after_ms: step.not_after_ms,
            attempt: 1,
            reply_topic: "trial.replies".to_owned(),
        };
        let message = Message {
            topic: self.runtime.commands_topic(),
            key: step.saga,
            payload: command.encode_to_vec().into(),
            headers: Vec::new(),
        };
        Received { message, partition: 0, offset: self.offset.fetch_add(1, Ordering::Relaxed) }
    }

    fn only(&self, told: Vec<Told>) -> Told {
        assert_eq!(told.len(), 1, "one command was to get one answer");
        told.into_iter().next().expect("there is one")
    }

    fn open(&self, outgoing: Vec<Outgoing>) -> Vec<Told> {
        self.runtime.published(&outgoing);
        let replies = outgoing.into_iter().filter(|one| &*one.message.topic == "trial.replies");
        replies.map(|one| self.open_one(&one.message)).collect()
    }

    /// Opens one reply as the orchestrator would.
    ///
    /// # Panics
    /// If it is not a reply to a command of this trial.
    pub fn open_one(&self, message: &Message) -> Told {
        let reply = Reply::decode(message.payload.clone()).expect("a reply is a reply");
        let kind = CommandKind::try_from(reply.kind).expect("a reply names the kind of its command");
        let effect_key = reply.effect_key[..].try_into().expect("an effect key has 16 bytes");
        assert_eq!(reply.command_id[..], command_id(effect_key, &reply.step, kind, reply.revision));
        assert_eq!(message.key, reply.saga, "a reply is keyed by its saga");
        let sealed = match reply.sealed.is_empty() {
            true => serde_json::Value::Null,
            false => {
                let associated = bus_associated(reply.saga, &reply.step, kind, Direction::Reply);
                let plain = self.case.open(&associated, &reply.sealed).expect("a reply opens");
                serde_json::from_slice(&plain).expect("a reply is JSON")
            }
        };
        let Reply { saga, revision, number, outcome, .. } = reply;
        Told { saga, kind, revision, number, outcome, sealed }
    }
}
