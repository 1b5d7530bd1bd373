//! What every simulated department rests on: the ledger in both its places, the desk, the behaviours, the magic values.

// A test that meets an error has failed, and unwrap says where.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use adapter::{
    Fact, Reply, Retry, Stopped, Subject, Undone, Unknown,
    simulated::{Behaviour, Behaviours, Correction, Desk, Effect, Ended, Failing, Ledger, Retrying, answer, magic},
};
use identifiers::{AreaCode, CitizenId, Sex, synthetic};
use serde_json::json;
use service::clock::VirtualClock;

const START_MS: i64 = 1_780_000_000_000;

/// A department with one act, which gives each call the next number.
struct Counter {
    desk: Desk,
    clock: VirtualClock,
}

impl Counter {
    fn with(ledger: Ledger) -> Self {
        let clock = VirtualClock::at(START_MS);
        Self { desk: Desk::new(ledger, Behaviours::default(), Arc::new(clock.clone())), clock }
    }

    fn new() -> Self {
        Self::with(Ledger::in_memory())
    }

    fn treats(&self, behaviour: Behaviour) {
        self.desk.behaviours().set("Count", behaviour);
    }

    async fn act(&self, key: &str) -> Result<Reply<u64>, Unknown> {
        answer(self.count(key).await)
    }

    async fn count(&self, key: &str) -> Result<Reply<u64>, Ended<u64>> {
        let sitting = self.desk.sit("Count", key, "测试", &json!({ "of": "测试" })).await?;
        let mut sitting = sitting.waited(&["初审", "复核"]).await?;
        let number = sitting.books().next("number").await?;
        sitting.succeed(number).await
    }

    fn later(&self, milliseconds: i64) {
        self.clock.advance_to(self.desk.now_ms() + milliseconds);
    }
}

/// Runs a story on a ledger in memory and on one in a file.
async fn in_both_places(story: impl AsyncFn(Counter)) {
    story(Counter::new()).await;
    let folder = tempfile::tempdir().unwrap();
    story(Counter::with(Ledger::open(&folder.path().join("ledger.db")).await.unwrap())).await;
}

/// A crash after the effect and before its answer would otherwise register a child twice.
#[tokio::test]
async fn the_same_key_is_the_same_effect_and_the_same_answer() {
    in_both_places(async |counter| {
        assert_eq!(counter.act("a").await, Ok(Reply::succeeded(1)));
        assert_eq!(counter.act("a").await, Ok(Reply::succeeded(1)));
        assert_eq!(counter.act("b").await, Ok(Reply::succeeded(2)));
        let effects = counter.desk.ledger().effects().await.unwrap();
        let calls: Vec<&str> = effects.iter().map(|effect| effect.call_id.as_str()).collect();
        assert_eq!(calls, ["a", "b"]);
        assert_eq!(effects[0].outputs, json!(1));
        assert_eq!(effects[0].fields, json!({ "of": "测试" }));
    })
    .await;
}

/// An undoing that is repeated would otherwise be counted as a compensation too many.
#[tokio::test]
async fn an_effect_is_undone_once_and_keeps_its_moment() {
    in_both_places(async |counter| {
        counter.act("a").await.unwrap();
        counter.later(5);
        assert_eq!(counter.desk.undo("Uncount", "a", "undo").await, Ok(Undone::Done));
        counter.later(5);
        assert_eq!(counter.desk.undo("Uncount", "a", "undo").await, Ok(Undone::Done));
        let effect = counter.desk.ledger().effect("a").await.unwrap().unwrap();
        assert_eq!(effect.undone_at_ms, Some(START_MS + 5));
        assert!(!effect.stands());
    })
    .await;
}

/// An application withdrawn while it was handled would otherwise be done after all.
#[tokio::test]
async fn what_was_stopped_before_it_was_done_is_never_done() {
    in_both_places(async |counter| {
        counter.treats(Behaviour { finished_after_ms: [100, 100], ..Behaviour::default() });
        assert!(matches!(counter.act("a").await, Ok(Reply::Accepted { .. })));
        assert_eq!(counter.desk.stop("Count", "a").await, Ok(Stopped::Stopped));
        counter.later(1_000);
        assert!(matches!(counter.act("a").await, Ok(Reply::Refused { .. })));
        assert_eq!(counter.desk.ledger().effects().await.unwrap(), []);
        counter.treats(Behaviour::default());
        counter.act("b").await.unwrap();
        assert_eq!(counter.desk.stop("Count", "b").await, Ok(Stopped::TooLate));
    })
    .await;
}

/// A transaction that came to nothing would otherwise leave half an effect.
#[tokio::test]
async fn what_is_not_committed_leaves_nothing() {
    in_both_places(async |counter| {
        let ledger = counter.desk.ledger();
        ledger.put("register", "kept", json!(1)).await.unwrap();
        let mut books = ledger.begin().await.unwrap();
        books.put("register", "kept", json!(2)).await.unwrap();
        books.put("register", "new", json!(3)).await.unwrap();
        books.remove("register", "kept").await.unwrap();
        assert_eq!(books.next("number").await.unwrap(), 1);
        drop(books);
        assert_eq!(ledger.entries("register").await.unwrap(), [("kept".to_owned(), json!(1))]);
        assert_eq!(ledger.begin().await.unwrap().next("number").await.unwrap(), 1);
    })
    .await;
}

/// A fact that was told once and lost would otherwise never be heard of again.
#[tokio::test]
async fn a_fact_is_told_until_it_is_acknowledged() {
    in_both_places(async |counter| {
        let subject = Subject { kind: "certificate".to_owned(), value: "X340000001".to_owned() };
        let fact = Fact { id: *b"0123456789abcdef", kind: "Registered".to_owned(), subject, fields: json!({ "a": 1 }) };
        let mut books = counter.desk.ledger().begin().await.unwrap();
        books.tell(&fact).await.unwrap();
        books.commit().await.unwrap();
        assert_eq!(counter.desk.notices().await.unwrap(), std::slice::from_ref(&fact));
        assert_eq!(counter.desk.notices().await.unwrap(), std::slice::from_ref(&fact));
        counter.desk.acknowledged(&[fact.id]).await.unwrap();
        assert_eq!(counter.desk.notices().await.unwrap(), []);
    })
    .await;
}

/// A restarted department would otherwise have forgotten whom it has registered.
#[tokio::test]
async fn a_ledger_in_a_file_is_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let counter = Counter::with(Ledger::open(&path).await.unwrap());
    counter.act("a").await.unwrap();
    drop(counter);
    let again = Counter::with(Ledger::open(&path).await.unwrap());
    assert_eq!(again.act("a").await, Ok(Reply::succeeded(1)));
    assert_eq!(again.act("b").await, Ok(Reply::succeeded(2)));
}

/// A person paying at a counter, which is another process, would otherwise not be seen by the department.
#[tokio::test]
async fn what_another_process_writes_is_seen() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let (here, there) = (Ledger::open(&path).await.unwrap(), Ledger::open(&path).await.unwrap());
    there.put("paid", "a", json!(38_000)).await.unwrap();
    assert_eq!(here.get("paid", "a").await.unwrap(), Some(json!(38_000)));
}

/// A family would otherwise be told a stage that the time has not come to, or never a result.
#[tokio::test]
async fn a_slow_act_is_accepted_then_passes_its_stages_then_is_done() {
    let counter = Counter::new();
    counter.treats(Behaviour { finished_after_ms: [1_000, 1_000], ..Behaviour::default() });
    let accepted = counter.act("a").await;
    assert!(matches!(accepted, Ok(Reply::Accepted { .. })));
    counter.later(100);
    assert_eq!(counter.act("a").await, Ok(Reply::progress("初审")));
    counter.later(500);
    assert_eq!(counter.act("a").await, Ok(Reply::progress("复核")));
    assert_eq!(counter.desk.ledger().standing_in_memory(), 0);
    counter.later(400);
    assert_eq!(counter.act("a").await, Ok(Reply::succeeded(1)));
}

/// The same call would otherwise take another time after a restart, and a simulated world would not replay.
#[tokio::test]
async fn each_call_has_its_own_time_within_the_range_and_keeps_it() {
    let mut times = Vec::new();
    for _ in 0..2 {
        let counter = Counter::new();
        counter.treats(Behaviour { finished_after_ms: [10, 20], ..Behaviour::default() });
        for key in ["a", "b", "c", "d", "e", "f"] {
            let started = counter.desk.now_ms();
            while !matches!(counter.act(key).await, Ok(Reply::Succeeded(_))) {
                counter.later(1);
            }
            times.push(counter.desk.now_ms() - started);
        }
    }
    assert!(times.iter().all(|time| (10..=20).contains(time)), "{times:?}");
    assert!(times.iter().any(|time| *time != times[0]), "{times:?}");
    assert_eq!(times[..6], times[6..]);
}

/// A lost answer would otherwise look like a failure, with nothing done.
#[tokio::test]
async fn a_lost_answer_is_an_effect_that_was_done() {
    let counter = Counter::new();
    counter.treats(Behaviour { lose_answers: 2, ..Behaviour::default() });
    assert!(counter.act("a").await.is_err());
    assert_eq!(counter.desk.ledger().standing_in_memory(), 1);
    assert!(counter.act("a").await.is_err());
    assert_eq!(counter.act("a").await, Ok(Reply::succeeded(1)));
    assert_eq!(counter.desk.ledger().standing_in_memory(), 1);
}

/// An outage would otherwise do something, or end without anybody ending it.
#[tokio::test]
async fn in_an_outage_nothing_is_done_and_afterwards_all_goes_on() {
    let counter = Counter::new();
    counter.treats(Behaviour { finished_after_ms: [0, 0], ..Behaviour::default() });
    counter.desk.behaviours().outage_until(START_MS + 10);
    assert!(counter.act("a").await.is_err());
    assert!(counter.desk.undo("Uncount", "a", "undo").await.is_err());
    assert!(counter.desk.notices().await.is_err());
    assert_eq!(counter.desk.ledger().standing_in_memory(), 0);
    counter.later(10);
    assert_eq!(counter.act("a").await, Ok(Reply::succeeded(1)));
}

/// A department told to fail, refuse or ask would otherwise do the act.
#[tokio::test]
async fn a_department_does_what_its_behaviour_says() {
    let counter = Counter::new();
    let failing = Failing { code: "X-1".to_owned(), retry: Retrying::Never, times: Some(1) };
    counter.treats(Behaviour { fail: Some(failing), ..Behaviour::default() });
    assert_eq!(counter.act("a").await, Ok(Reply::failed("X-1", Retry::Never)));
    assert_eq!(counter.act("a").await, Ok(Reply::succeeded(1)));

    let correction = Correction { code: "X-2".to_owned(), fields: vec!["child.name".to_owned()] };
    counter.treats(Behaviour { needs_correction: Some(correction), ..Behaviour::default() });
    let asked = counter.act("b").await;
    assert!(matches!(&asked, Ok(Reply::NeedsCorrection { code, .. }) if code == "X-2"));
    assert_eq!(counter.act("b").await, asked, "the same key has the same answer");
    assert_eq!(counter.act("b of revision 2").await, Ok(Reply::succeeded(2)));

    counter.treats(Behaviour { refuse: Some("X-3".to_owned()), ..Behaviour::default() });
    assert!(matches!(counter.act("c").await, Ok(Reply::Refused { code, .. }) if code == "X-3"));
    counter.treats(Behaviour::default());
    assert!(matches!(counter.act("c").await, Ok(Reply::Refused { .. })), "a refusal stands under its key");
    assert_eq!(counter.desk.ledger().standing_in_memory(), 2);
}

/// An operator's file would otherwise be taken for something it does not say.
#[test]
fn behaviours_are_read_from_toml_and_unknown_words_are_refused() {
    let text = "[\"*\"]\nfinished_after_ms = [5, 9]\n[Count]\nfail = { code = \"X\", retry = \"never\" }\n";
    let behaviours = Behaviours::parse(text).unwrap();
    assert_eq!(behaviours.of("Other").finished_after_ms, [5, 9]);
    assert_eq!(behaviours.of("Count").fail.unwrap().retry, Retrying::Never);
    assert!(Behaviours::parse("[Count]\nslow = true\n").is_err());
}

/// What a department holds of people would otherwise stand in a log.
#[test]
fn an_effect_shows_no_person() {
    let effect = Effect {
        call_id: "a".to_owned(),
        act: "Count".to_owned(),
        subject: "欧阳昭昭".to_owned(),
        done_at_ms: 1,
        undone_at_ms: None,
        same_as: None,
        fields: json!("欧阳昭昭"),
        outputs: json!("欧阳昭昭"),
    };
    assert!(!format!("{effect:?}").contains("欧阳"));
}

/// A synthetic or a real family would otherwise meet a scenario by chance, and a hand-written one would never meet it.
#[test]
fn only_a_mother_who_asks_for_a_scenario_meets_it() {
    let area = AreaCode::parse("340104").unwrap();
    for asked in [
        magic::NO_DELIVERY,
        magic::SEVERAL,
        magic::CERTIFICATE_REFUSED,
        magic::REGISTRATION_CORRECTION,
        magic::MATERNITY_SETTLED,
    ] {
        for seed in [0, 1, 365] {
            let mother = magic::mother(&area, asked, seed);
            assert_eq!(magic::scenario(mother.as_str()), Some(asked));
            assert_eq!(mother.sex(), Sex::Female);
            assert_eq!(mother.birth_date().year(), magic::YEAR);
        }
    }
    for seed in 0..5_000 {
        assert_eq!(magic::scenario(synthetic::mother(seed).citizen_id.as_str()), None);
    }
}

/// A hand-written form would otherwise need a marriage registered somewhere first.
#[test]
fn the_husband_is_derived_and_synthetic_parents_fulfil_it() {
    for seed in 0..2_000 {
        let (mother, father) = (synthetic::mother(seed), synthetic::father(seed));
        assert_eq!(magic::spouse_of(&mother.citizen_id), father.citizen_id);
    }
    let by_hand = CitizenId::parse("340104199003070021").unwrap();
    assert_eq!(magic::spouse_of(&by_hand).as_str(), "34010419900307003X", "as the documentation says");
}
