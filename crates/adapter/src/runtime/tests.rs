//! Stories of the whole runtime: from messages to messages, with a department whose answers are written down.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::atomic::{AtomicUsize, Ordering},
};

use bus::memory::MemoryBus;
use prost::Message as _;
use proto::bus::{CommandKind, reply::Outcome};
use serde::{Deserialize, Serialize};
use service::clock::VirtualClock;

use super::*;
use crate::{
    Adapter, Call, Effects, Fact, Local, MemoryInbox, Reply, Retry, Stopped, Subject, Undo, Undone, Unknown,
    inbox::{Changes, KeptCommand, StepRow},
    testing::{self, Told, Trial},
};

/// A card centre with a ledger: one card for each call id.
#[derive(Default)]
struct Centre {
    /// What the next calls are answered with instead of a card.
    script: Mutex<VecDeque<Scripted>>,
    /// Call id → whose card.
    cards: Mutex<BTreeMap<String, String>>,
    calls: Mutex<Vec<String>>,
    facts: Mutex<Vec<Fact>>,
}

#[derive(Clone, Copy)]
enum Scripted {
    /// The card is made and the answer lost.
    DoneAndLost,
    Accepted,
    Failed,
    Correct,
    Panics,
    Hangs,
}

#[derive(Clone, Serialize, Deserialize)]
struct ApplyCard {
    name: String,
}

#[derive(Serialize, Deserialize)]
struct CardReady {
    card: String,
}

impl Centre {
    fn answering(script: impl IntoIterator<Item = Scripted>) -> Arc<Self> {
        Arc::new(Self { script: Mutex::new(script.into_iter().collect()), ..Self::default() })
    }

    fn cards(&self) -> usize {
        self.cards.lock().expect("not poisoned").len()
    }

    fn calls(&self) -> Vec<String> {
        self.calls.lock().expect("not poisoned").clone()
    }

    fn make(&self, id: &str, name: &str) -> CardReady {
        self.cards.lock().expect("not poisoned").insert(id.to_owned(), name.to_owned());
        CardReady { card: format!("card of {name}") }
    }
}

async fn apply(centre: &Centre, request: ApplyCard, call: Call) -> Result<Reply<CardReady>, Unknown> {
    centre.calls.lock().expect("not poisoned").push(call.id().to_owned());
    let next = centre.script.lock().expect("not poisoned").pop_front();
    Ok(match next {
        None => Reply::succeeded(centre.make(call.id(), &request.name)),
        Some(Scripted::DoneAndLost) => {
            centre.make(call.id(), &request.name);
            return Err(Unknown::because("the answer was lost"));
        }
        Some(Scripted::Accepted) => Reply::accepted("HRS-1"),
        Some(Scripted::Failed) => Reply::failed("HRS-804", Retry::Later),
        Some(Scripted::Correct) => Reply::needs_correction("HRS-803", ["photo"], "照片不清"),
        Some(Scripted::Panics) => panic!("a department's bug"),
        Some(Scripted::Hangs) => std::future::pending().await,
    })
}

async fn withdraw(centre: &Centre, undo: Undo<ApplyCard, CardReady>, _: Call) -> Result<Undone, Unknown> {
    let card = undo.output.map(|output| output.card);
    assert_eq!(card, Some(format!("card of {}", undo.fields.name)), "an undoing is told what the act gave");
    centre.cards.lock().expect("not poisoned").remove(&undo.act_id);
    Ok(Undone::Done)
}

async fn stop(_: &Centre, _: ApplyCard, _: Call) -> Result<Stopped, Unknown> {
    Ok(Stopped::Stopped)
}

async fn told_unasked(centre: &Centre) -> Result<Vec<Fact>, Unknown> {
    Ok(centre.facts.lock().expect("not poisoned").clone())
}

async fn acknowledged(centre: &Centre, ids: Vec<[u8; 16]>) -> Result<(), Unknown> {
    centre.facts.lock().expect("not poisoned").retain(|fact| !ids.contains(&fact.id));
    Ok(())
}

fn department(centre: &Arc<Centre>) -> Department {
    Adapter::for_department("social-security")
        .remote("ApplyCard", apply)
        .undone_by("WithdrawCard", withdraw)
        .stopped_by(stop)
        .notices(told_unasked)
        .acknowledged(acknowledged)
        .serving_shared(Arc::clone(centre))
}

fn fields() -> ApplyCard {
    ApplyCard { name: "小明".to_owned() }
}

fn words(told: &[Told]) -> Vec<(u64, u32, &'static str)> {
    let word = |told: &Told| match told.outcome {
        Some(Outcome::Accepted(_)) => "accepted",
        Some(Outcome::Progress(_)) => "progress",
        Some(Outcome::NeedsCorrection(_)) => "correct",
        Some(Outcome::Succeeded(_)) => "succeeded",
        Some(Outcome::Refused(_)) => "refused",
        Some(Outcome::Compensated(_)) => "compensated",
        Some(Outcome::Cancelled(_)) => "cancelled",
        Some(Outcome::Failed(_)) => "failed",
        None => "nothing",
    };
    told.iter().map(|one| (one.saga, one.number, word(one))).collect()
}

#[tokio::test]
async fn the_three_promises_hold_and_are_seen_to_be_broken() {
    // A department's one-line tests would pass whatever it does.
    let centre = Centre::answering([]);
    testing::act_twice_is_once(&department(&centre), "ApplyCard", fields(), || centre.cards()).await;
    let centre = Centre::answering([Scripted::Failed, Scripted::Accepted]);
    testing::act_twice_is_once(&department(&centre), "ApplyCard", fields(), || centre.cards()).await;
    let centre = Centre::answering([]);
    testing::compensate_twice_is_once(&department(&centre), "ApplyCard", fields(), || centre.cards()).await;
    let centre = Centre::answering([]);
    testing::compensate_then_act_is_refused(&department(&centre), "ApplyCard", fields(), || centre.cards()).await;

    let broken = tokio::spawn(async {
        let centre = Centre::answering([]);
        let counted = AtomicUsize::new(0);
        let effects = || counted.fetch_add(1, Ordering::Relaxed);
        testing::act_twice_is_once(&department(&centre), "ApplyCard", fields(), effects).await;
    });
    assert!(broken.await.is_err(), "a counter that rises at every look is a second effect");
}

#[tokio::test]
async fn an_output_comes_back_sealed_for_its_saga_and_kind_of_command() {
    // The orchestrator could not open what the department gave, or a twin could read the other's key.
    let centre = Centre::answering([]);
    let trial = Trial::of(department(&centre));
    let step = trial.step(1, "ApplyCard", &fields()).of_twin(1);
    let told = trial.act(&step, 1).await;
    assert_eq!(words(&told), [(1, 1, "succeeded")]);
    assert_eq!(told[0].sealed["card"], "card of 小明");
    let twin = trial.act(&step.of_twin(2), 1).await;
    assert_eq!((words(&twin), &twin[0].sealed["card"]), (vec![(2, 1, "succeeded")], &told[0].sealed["card"]));
    let cancel = trial.cancel(&step, 1).await;
    assert_eq!((words(&cancel), &cancel[0].sealed["card"]), (vec![(1, 1, "succeeded")], &told[0].sealed["card"]));
    assert_eq!(centre.calls().len(), 1);
}

#[tokio::test]
async fn many_copies_in_one_batch_are_one_effect_and_keep_their_order() {
    // A bus that doubles and hurries would make two cards, or compensate before it acts.
    let centre = Centre::answering([]);
    let trial = Trial::of(department(&centre));
    let one = trial.step(1, "ApplyCard", &fields());
    let two = trial.step(2, "ApplyCard", &fields());
    let batch = [
        trial.received(&one, CommandKind::Act, 1),
        trial.received(&two, CommandKind::Act, 1),
        trial.received(&one, CommandKind::Act, 1),
        trial.received(&one, CommandKind::Compensate, 1),
        trial.received(&one, CommandKind::Act, 1),
    ];
    let told = trial.send(&batch).await;
    let of_one: Vec<_> = words(&told).into_iter().filter(|(saga, ..)| *saga == 1).collect();
    assert_eq!(of_one, [(1, 1, "succeeded"), (1, 1, "succeeded"), (1, 1, "compensated"), (1, 2, "refused")]);
    assert_eq!((centre.calls().len(), centre.cards()), (2, 1));
}

#[tokio::test]
async fn a_lost_answer_is_fetched_under_the_same_id() {
    // Another id would make a second card.
    let centre = Centre::answering([Scripted::DoneAndLost]);
    let trial = Trial::of(department(&centre));
    let step = trial.step(1, "ApplyCard", &fields());
    assert!(trial.act(&step, 1).await.is_empty(), "an unknown outcome is silence");
    assert_eq!(words(&trial.time_passes(5_000).await), [(1, 1, "succeeded")]);
    let calls = centre.calls();
    assert_eq!((calls.len(), centre.cards()), (2, 1));
    assert_eq!(calls[0], calls[1]);
}

#[tokio::test]
async fn a_compensation_finishes_the_lost_call_first_and_then_undoes_it() {
    // The card would stay with a family that has withdrawn.
    let centre = Centre::answering([Scripted::DoneAndLost]);
    let trial = Trial::of(department(&centre));
    let step = trial.step(1, "ApplyCard", &fields());
    trial.act(&step, 1).await;
    assert_eq!(words(&trial.compensate(&step, 1).await), [(1, 1, "compensated")]);
    assert_eq!(centre.cards(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_function_that_panics_or_hangs_is_a_call_without_result() {
    // One bad form would take the whole department down, or hold up all families behind it.
    for scripted in [Scripted::Panics, Scripted::Hangs] {
        let centre = Centre::answering([scripted]);
        let trial = Trial::of(department(&centre));
        let step = trial.step(1, "ApplyCard", &fields());
        assert!(trial.act(&step, 1).await.is_empty());
        assert_eq!(words(&trial.act(&step, 1).await), [(1, 1, "succeeded")]);
    }
}

#[tokio::test]
async fn an_accepted_card_is_stopped_by_its_cancel() {
    // The centre would go on making a card that nobody wants.
    let centre = Centre::answering([Scripted::Accepted]);
    let trial = Trial::of(department(&centre));
    let step = trial.step(1, "ApplyCard", &fields());
    assert_eq!(words(&trial.act(&step, 1).await), [(1, 1, "accepted")]);
    assert_eq!(words(&trial.cancel(&step, 1).await), [(1, 1, "cancelled")]);
    assert!(trial.time_passes(LONG_MS).await.is_empty());
    assert_eq!((centre.calls().len(), centre.cards()), (1, 0));
}

const LONG_MS: i64 = 86_400_000;

#[tokio::test]
async fn a_corrected_form_is_acted_on_with_its_own_fields() {
    // The card would be made with the photo that was refused, or undone with another form's fields.
    let centre = Centre::answering([Scripted::Correct]);
    let trial = Trial::of(department(&centre));
    let step = trial.step(1, "ApplyCard", &fields());
    let told = trial.act(&step, 1).await;
    assert_eq!((words(&told), &told[0].sealed["reason"]), (vec![(1, 1, "correct")], &"照片不清".into()));
    let corrected = step.with(&ApplyCard { name: "小红".to_owned() });
    let told = trial.act(&corrected, 2).await;
    assert_eq!(told[0].sealed["card"], "card of 小红");
    assert_eq!(words(&trial.compensate(&step, 2).await), [(1, 1, "compensated")]);
}

#[tokio::test]
async fn what_the_contract_does_not_know_is_answered_and_stops_nothing() {
    // A wrong definition would be asked about for ever, without anybody seeing why.
    let centre = Centre::answering([]);
    let trial = Trial::of(department(&centre));
    let told = trial.act(&trial.step(1, "MakeTea", &fields()), 1).await;
    assert_eq!(words(&told), [(1, 0, "failed")]);
    let told = trial.act(&trial.step(2, "ApplyCard", &["no", "object"]), 1).await;
    assert_eq!(words(&told), [(2, 0, "failed")]);
    assert!(matches!(&told[0].outcome, Some(Outcome::Failed(failed)) if !failed.retryable));
    assert!(centre.calls().is_empty());
}

#[tokio::test]
async fn unreadable_messages_are_put_aside_and_the_others_go_on() {
    // One broken message would hold up every family behind it, or vanish.
    let centre = Centre::answering([]);
    let trial = Trial::of(department(&centre));
    let step = trial.step(1, "ApplyCard", &fields());
    let mut garbage = trial.received(&step, CommandKind::Act, 1);
    garbage.message.payload = Bytes::from_static(b"\xff\xff");
    let mut forged =
        proto::bus::Command::decode(trial.received(&step, CommandKind::Act, 1).message.payload).expect("ours");
    forged.id = Bytes::from_static(&[0; 16]);
    let mut elsewhere = forged.clone();
    (elsewhere.id, elsewhere.saga) = (command_id_of(&elsewhere), 9);
    let received = |command: &proto::bus::Command| {
        let mut received = trial.received(&step, CommandKind::Act, 1);
        received.message.payload = command.encode_to_vec().into();
        received
    };
    let good = trial.received(&step, CommandKind::Act, 1);
    let told = trial.send(&[garbage, received(&forged), received(&elsewhere), good]).await;
    assert_eq!(words(&told), [(1, 1, "succeeded")]);
    let letters = trial.runtime().dead_letters().await.expect("dead letters are read");
    let reasons: Vec<&str> = letters.iter().map(|letter| &*letter.reason).collect();
    assert_eq!(letters.len(), 3);
    assert_eq!(reasons[0], "its fields do not open");
    assert_eq!(reasons[2], "not a command");
}

fn command_id_of(command: &proto::bus::Command) -> Bytes {
    let effect_key = command.effect_key[..].try_into().expect("16 bytes");
    Bytes::copy_from_slice(&proto::associated::command_id(
        effect_key,
        &command.step,
        CommandKind::Act,
        command.revision,
    ))
}

#[tokio::test]
async fn a_wrong_channel_key_stops_the_runtime_and_writes_nothing() {
    // A key file mixed up would turn all families' commands into dead letters.
    let centre = Centre::answering([]);
    let (ours, theirs) = (Trial::of(department(&centre)), Trial::of(department(&centre)));
    let step = theirs.step(1, "ApplyCard", &fields());
    let stopped = ours.runtime().handle(&[theirs.received(&step, CommandKind::Act, 1)]).await;
    assert!(matches!(stopped, Err(Error::ChannelKey { .. })));
    assert!(ours.runtime().dead_letters().await.expect("dead letters are read").is_empty());
    assert!(centre.calls().is_empty());
}

#[tokio::test]
async fn a_notice_is_told_until_it_is_acknowledged_and_then_no_more() {
    // A premium paid would be forgotten, or told every second for ever.
    let centre = Centre::answering([]);
    let subject = Subject { kind: "citizen-id".to_owned(), value: "secret".to_owned() };
    let fact = Fact { id: [3; 16], kind: "CardLost".to_owned(), subject, fields: serde_json::json!({"when": "today"}) };
    centre.facts.lock().expect("not poisoned").push(fact);
    let trial = Trial::of(department(&centre));
    let told = trial.notices().await;
    assert_eq!(told.len(), 1);
    assert_eq!((&*told[0].0, &told[0].1["subject"]["value"]), ("CardLost", &"secret".into()));
    assert!(trial.notices().await.is_empty());
}

/// An inbox that dies at its `alive`-th commit and stays dead, whatever it was doing.
struct Mortal {
    inbox: Arc<MemoryInbox>,
    alive: AtomicUsize,
}

#[async_trait::async_trait]
impl Inbox for Mortal {
    async fn load(&self, keys: &[StepKey]) -> Result<Vec<StepRow>, inbox::Error> {
        self.inbox.load(keys).await
    }
    async fn kept_commands(&self, wanted: &[(i64, u32)]) -> Result<Vec<KeptCommand>, inbox::Error> {
        self.inbox.kept_commands(wanted).await
    }
    async fn commit(&self, changes: Changes) -> Result<Vec<i64>, inbox::Error> {
        let left = self.alive.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        match left {
            Ok(_) => self.inbox.commit(changes).await,
            Err(_) => Err(inbox::Error::Damaged { what: "everything" }),
        }
    }
    async fn unpublished(&self, limit: usize) -> Result<Vec<Outgoing>, inbox::Error> {
        self.inbox.unpublished(limit).await
    }
    async fn published(&self, ids: &[i64]) -> Result<(), inbox::Error> {
        self.inbox.published(ids).await
    }
    async fn due(&self, now_ms: i64, limit: usize) -> Result<Vec<StepRow>, inbox::Error> {
        self.inbox.due(now_ms, limit).await
    }
    async fn forget_before(&self, changed_ms: i64) -> Result<u64, inbox::Error> {
        self.inbox.forget_before(changed_ms).await
    }
    async fn dead_letters(&self, limit: usize) -> Result<Vec<DeadLetter>, inbox::Error> {
        self.inbox.dead_letters(limit).await
    }
}

#[tokio::test]
async fn a_crash_at_any_commit_leaves_one_card_under_one_id() {
    // Power fails between the call and its record; the family would have two cards or none.
    for alive in 0..3 {
        let centre = Centre::answering([]);
        let memory = Arc::new(MemoryInbox::new());
        let mortal = Mortal { inbox: Arc::clone(&memory), alive: AtomicUsize::new(alive) };
        let clock = VirtualClock::at(1);
        let trial = Trial::on(department(&centre), Arc::new(mortal), clock.clone(), Settings::default());
        let step = trial.step(1, "ApplyCard", &fields());
        let command = trial.received(&step, CommandKind::Act, 1);
        let died = trial.runtime().handle(std::slice::from_ref(&command)).await.is_err();
        assert_eq!(died, alive < 2, "a batch with one call has two commits");
        let called = if alive == 0 { 0 } else { 1 };
        assert_eq!(centre.calls().len(), called, "no call without its intent");

        let after = trial.restarted(memory);
        let left = after.runtime().unpublished().await.expect("the outbox is read");
        assert_eq!(left.len(), usize::from(!died), "a recorded reply leaves after the restart");
        let told = after.send(&[command]).await;
        assert_eq!(words(&told), [(1, 1, "succeeded")]);
        let calls = centre.calls();
        assert!(calls.iter().all(|id| *id == calls[0]));
        assert_eq!(centre.cards(), 1);
    }
}

#[tokio::test]
async fn a_batch_of_any_size_takes_two_transactions_and_a_batch_of_queries_one() {
    // With a transaction for each command, one disk serves a tenth of the families.
    let (plenty, sagas) = (1_000, 100);
    let send = async |department: Department, command: &str| {
        let mortal = Arc::new(Mortal { inbox: Arc::new(MemoryInbox::new()), alive: AtomicUsize::new(plenty) });
        let inbox: Arc<dyn Inbox> = Arc::clone(&mortal) as Arc<dyn Inbox>;
        let trial = Trial::on(department, inbox, VirtualClock::at(1), Settings::default());
        let step = |saga| trial.received(&trial.step(saga, command, &fields()), CommandKind::Act, 1);
        let told = trial.send(&(1..=sagas).map(step).collect::<Vec<_>>()).await;
        assert_eq!(told.len(), 100);
        plenty - mortal.alive.load(Ordering::Relaxed)
    };
    assert_eq!(send(department(&Centre::answering([])), "ApplyCard").await, 2);
    let asking = Adapter::for_department("social-security").remote("QueryCard", apply).idempotent_query();
    assert_eq!(send(asking.serving_shared(Centre::answering([])), "QueryCard").await, 1);
}

#[cfg(feature = "mutations")]
#[tokio::test]
async fn each_broken_rule_shows() {
    // The simulation would pass because its switches do nothing.
    use crate::Mutation;
    let trial = |mutation, centre: &Arc<Centre>| {
        let settings = Settings { mutation: Some(mutation), ..Settings::default() };
        Trial::on(department(centre), Arc::new(MemoryInbox::new()), VirtualClock::at(1), settings)
    };
    for mutation in [Mutation::NoTombstone, Mutation::InboxByCommandId] {
        let centre = Centre::answering([]);
        let trial = trial(mutation, &centre);
        let step = trial.step(1, "ApplyCard", &fields());
        trial.compensate(&step, 1).await;
        assert_eq!(words(&trial.act(&step, 1).await), [(1, 1, "succeeded")], "{mutation:?}");
    }
    let centre = Centre::answering([Scripted::DoneAndLost]);
    let new_key = trial(Mutation::NewCallKeyAfterACrash, &centre);
    let step = new_key.step(1, "ApplyCard", &fields());
    new_key.act(&step, 1).await;
    new_key.act(&step, 1).await;
    assert_eq!(centre.cards(), 2);

    let centre = Centre::answering([]);
    let per_saga = trial(Mutation::FamilyKeyPerSaga, &centre);
    let step = per_saga.step(1, "ApplyCard", &fields()).of_twin(1);
    per_saga.act(&step, 1).await;
    assert_eq!(words(&per_saga.act(&step.of_twin(2), 1).await), [(2, 1, "succeeded")]);
    assert_eq!(centre.cards(), 2);

    let centre = Centre::answering([Scripted::DoneAndLost]);
    let despite = trial(Mutation::FinishingDespiteATombstone, &centre);
    let step = despite.step(1, "ApplyCard", &fields());
    despite.act(&step, 1).await;
    assert_eq!(words(&despite.compensate(&step, 1).await), [(1, 1, "compensated")]);
    despite.time_passes(LONG_MS).await;
    assert_eq!(centre.cards(), 1);
}

#[tokio::test]
async fn a_local_effect_commits_with_its_reply_and_once() {
    // Guidance would be entered in the department's list twice, or answered and not entered.
    let counted = Arc::new(AtomicUsize::new(0));
    fn enter(counted: &Arc<AtomicUsize>, _: ApplyCard, _: Call) -> Local<()> {
        let counted = Arc::clone(counted);
        let effects = Effects::none().in_memory(move || {
            counted.fetch_add(1, Ordering::Relaxed);
        });
        Local::new(Reply::succeeded(()), effects)
    }
    let department = Adapter::for_department("health").local("Enter", enter).serving(Arc::clone(&counted));
    let count = || counted.load(Ordering::Relaxed);
    testing::act_twice_is_once(&department, "Enter", fields(), count).await;
}

#[tokio::test(start_paused = true)]
async fn the_loop_takes_commands_and_sends_replies_until_it_is_told_to_stop() {
    // The adapter would start and do nothing.
    let centre = Centre::answering([Scripted::DoneAndLost]);
    let trial = Trial::of(department(&centre));
    let step = trial.step(1, "ApplyCard", &fields());
    let bus: Arc<dyn Bus> = Arc::new(MemoryBus::default());
    let mut replies = bus.subscribe("orchestrator", &["trial.replies".into()]).await.expect("subscribed");
    let commands = vec![
        trial.received(&step, CommandKind::Act, 1).message,
        trial.received(&trial.step(2, "ApplyCard", &fields()), CommandKind::Act, 1).message,
    ];
    assert!(bus.publish(commands).await.iter().all(Result::is_ok));
    let shutdown = CancellationToken::new();
    let sender = async {
        let mut told = Vec::new();
        while told.len() < 2 {
            for received in replies.next(9).await.expect("replies come") {
                told.push(trial.open_one(&received.message));
            }
            // The lost answer is fetched when the clock says so; the loop looks every second.
            trial.clock().advance_to(trial.clock().now_ms() + 10_000);
        }
        shutdown.cancel();
        told
    };
    let (ran, told) = tokio::join!(trial.runtime().run(Arc::clone(&bus), shutdown.clone()), sender);
    ran.expect("the loop ends without error");
    let mut told = words(&told);
    told.sort();
    assert_eq!(told, [(1, 1, "succeeded"), (2, 1, "succeeded")]);
    assert!(trial.runtime().unpublished().await.expect("the outbox is read").is_empty());
}
