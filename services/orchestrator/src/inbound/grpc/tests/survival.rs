//! What must survive: a restart, another writer, a pack that is gone, a cache that is full, a batch of many acts.

use proto::bus as wire;
use serde_json::{Value, json};

use super::{
    line::{Line, batch},
    *,
};
use crate::{
    coordinator::work::{Clear, Done, Notice, Order},
    store::{Act, Due, PendingKey, PendingKindName, PendingRow, PublicId, SagaNumber},
};

fn answered(number: SagaNumber, step: u8, revision: u32, says: saga::input::Says, clear: Option<Value>) -> Order {
    let step = saga::StepIndex(step);
    Order {
        inputs: vec![(number, saga::Input::Answered { step, revision, says })],
        clear: clear.map(|value| Clear { step, correction: true, value }),
        ..Order::default()
    }
}

fn signing(number: SagaNumber) -> Work {
    Work::Order(Box::new(answered(number, 0, 1, saga::input::Says::Done, None)))
}

fn reply(number: SagaNumber, case: PublicId, step: &str, revision: u32, outcome: wire::reply::Outcome) -> wire::Reply {
    wire::Reply {
        saga: number,
        effect_key: case.to_vec().into(),
        step: step.to_owned(),
        kind: wire::CommandKind::Act.into(),
        revision,
        number: 1,
        endpoint: "140000.health".to_owned(),
        outcome: Some(outcome),
        ..Default::default()
    }
}

/// The second thing that a mother corrects would otherwise bring back the mistake that she had corrected first.
#[tokio::test]
async fn after_a_restart_every_correction_still_counts() {
    let mut line = Line::new().await;
    let case = line.submit(samples::shanxi(1, 1)).await;
    let number = line.number(case).await;
    line.batch(vec![signing(number)]).await;
    let mut last = Vec::new();
    for (revision, path, value) in [
        (1, "child.weight_g", json!(3_210)),
        (2, "child.length_cm", json!(47)),
        (3, "child.gestation_weeks", json!(38)),
    ] {
        let needs = wire::NeedsCorrection { fields: vec![path.to_owned()], code: "HLT-401".to_owned() };
        let outcome = wire::reply::Outcome::NeedsCorrection(needs);
        let needs = Work::Reply(Box::new(reply(number, case, "certificate", revision, outcome)));
        assert_eq!(line.batch(vec![needs]).await.0, [Some(Done::Answered(vec![saga::Answer::Taken]))]);
        line.coordinator = line.world.coordinator().await;
        let corrected = answered(number, 1, revision, saga::input::Says::Corrected, Some(json!({ path: value })));
        last = line.batch(vec![Work::Order(Box::new(corrected))]).await.1;
    }
    let fields = line.opened(&last[0]);
    assert_eq!(
        (&fields["child"]["weight_g"], &fields["child"]["length_cm"], &fields["child"]["gestation_weeks"]),
        (&json!(3_210), &json!(47), &json!(38)),
    );
}

/// A command whose keys have left the cache while its batch was decided would otherwise never be sent, by anybody.
#[tokio::test]
async fn a_batch_larger_than_the_cache_still_sends_every_command() {
    let mut line = Line::new().await;
    let mut signings = Vec::new();
    for seed in 1..=20 {
        let case = line.submit(samples::shanxi(seed, 1)).await;
        signings.push(signing(line.number(case).await));
    }
    line.coordinator.keep_at_most(4, 4);
    let (_, outgoing) = line.batch(signings).await;
    assert_eq!(outgoing.len(), 20);
    assert!(line.world.buried().await.is_empty(), "no case was left alone");
}

/// A premium paid before its turn, which the mother's own number finds.
fn paid(line: &Line, seed: u64) -> Notice {
    Notice {
        endpoint: "340000.tax".to_owned(),
        kind: "PremiumPaid".to_owned(),
        fields: json!({ "paid_on": "2026-11-20" }),
        ..registered(line, seed)
    }
}

/// A registration that the mother's own number finds.
fn registered(line: &Line, seed: u64) -> Notice {
    let mother = identifiers::synthetic::mother(seed).citizen_id.as_str().to_owned();
    Notice {
        id: [3; 16],
        endpoint: "140000.police".to_owned(),
        kind: "BirthRegistered".to_owned(),
        subject: line.world.secrets.blind.of("subject", &mother),
        fields: json!({ "id_number": "x" }),
    }
}

/// A premium that was paid would otherwise be forgotten because somebody else changed the case meanwhile.
#[tokio::test]
async fn a_notice_on_a_case_that_has_moved_on_is_told_to_what_it_has_become() {
    let mut line = Line::new().await;
    let case = line.submit(samples::anhui(1)).await;
    let number = line.number(case).await;
    let freezing = Order { inputs: vec![(number, saga::Input::Freeze)], ..Order::default() };
    let freezing = Work::Order(Box::new(freezing));
    let mut other = line.world.coordinator().await;
    batch(&mut other, vec![freezing]).await;
    let version = line.version(number).await;
    let told = Work::Notice(Box::new(paid(&line, 1)));
    let (done, _) = line.batch(vec![told]).await;
    assert_eq!(done, [Some(Done::Answered(vec![saga::Answer::Taken]))]);
    assert_eq!(line.version(number).await, version + 1, "what was answered is stored");
}

/// A kill between a filing and the look at what had waited for it would otherwise leave a registration lying for ever.
#[tokio::test]
async fn a_notice_that_waited_is_found_by_a_start() {
    let mut line = Line::new().await;
    let told = Work::Notice(Box::new(paid(&line, 1)));
    assert_eq!(line.batch(vec![told]).await.0, [Some(Done::Buried)]);
    let kept = line.world.store.notices(None, 9).await.expect("read");
    line.world.store.notices_matched(&[kept[0].id]).await.expect("taken away for the filing");
    let case = line.submit(samples::anhui(1)).await;
    let number = line.number(case).await;
    let version = line.version(number).await;
    line.world.store.keep_notices(&kept).await.expect("as before the kill");
    line.coordinator = line.world.coordinator().await;
    line.coordinator.catch_up().await.expect("stored");
    assert_eq!(line.version(number).await, version + 1);
    assert!(line.world.store.notices(None, 9).await.expect("read").is_empty(), "it waits no longer");
}

/// A notice that comes before its case would otherwise not count, or count twice.
#[tokio::test]
async fn a_notice_that_came_before_its_case_is_told_to_it() {
    let mut line = Line::new().await;
    let told = Work::Notice(Box::new(paid(&line, 1)));
    assert_eq!(line.batch(vec![told]).await.0, [Some(Done::Buried)]);
    let case = line.submit(samples::anhui(1)).await;
    let number = line.number(case).await;
    assert!(line.world.store.notices(None, 9).await.expect("read").is_empty(), "it waits no longer");
    let loaded = line.world.store.load(&[number]).await.expect("read");
    let noticed = loaded[0].entries.iter().filter(|entry| String::from_utf8_lossy(&entry.body).contains("Noticed"));
    assert_eq!(noticed.count(), 1);
}

/// A registration at the counter that comes too early for what follows it would otherwise stop the family's case for good.
#[tokio::test]
async fn a_notice_that_the_case_cannot_go_on_with_is_an_operators_and_the_case_goes_on() {
    let mut line = Line::new().await;
    let case = line.submit(samples::shanxi(1, 1)).await;
    let number = line.number(case).await;
    let told = Work::Notice(Box::new(registered(&line, 1)));
    assert_eq!(
        line.batch(vec![told, signing(number)]).await.0,
        [Some(Done::Buried), Some(Done::Answered(vec![saga::Answer::Taken]))]
    );
    let kept = line.world.store.notices(None, 9).await.expect("read");
    assert_eq!(kept.iter().map(|notice| notice.waits).collect::<Vec<_>>(), [false], "it waits for an operator");
    let status = line.world.case(&uuid::Uuid::from_bytes(case).to_string()).await.steps[1].state();
    assert_eq!(status, v1::StepState::InDoubt, "the certificate is asked for");
}

/// A case would otherwise be decided by another law than the one it was born under, or by none, when its pack is taken
/// out of the folder.
#[tokio::test]
async fn a_case_goes_on_under_the_pack_it_was_born_under_though_no_pack_is_served_today() {
    let mut line = Line::new().await;
    let case = line.submit(samples::anhui(1)).await;
    let number = line.number(case).await;
    let packless = Arc::new(
        Definitions::keep_all(line.world.parts.store.clone(), Arc::new(Packs::default())).await.expect("none"),
    );
    line.world.parts.definitions = packless;
    line.coordinator = line.world.coordinator().await;
    let version = line.version(number).await;
    let queries = std::mem::take(&mut line.sent).into_iter().map(|sent| Work::Reply(Box::new(line.succeeded(&sent))));
    let (done, _) = line.batch(queries.collect()).await;
    assert!(done.iter().all(|done| matches!(done, Some(Done::Answered(_)))), "{done:?}");
    assert!(line.version(number).await > version, "the answers are stored");
}

/// Twenty families' clerks at once on one application would otherwise be told that the service is stopping.
#[tokio::test]
async fn many_acts_on_one_application_in_one_batch_are_all_answered() {
    let mut line = Line::new().await;
    let case = line.submit(samples::shanxi(1, 1)).await;
    let number = line.number(case).await;
    let acts = (0..20_u8).map(|at| {
        let input = if at % 2 == 0 { saga::Input::Freeze } else { saga::Input::Unfreeze };
        let act = Some(Act { key: [at + 1; 32], what: [at + 1; 32] });
        Work::Order(Box::new(Order { inputs: vec![(number, input)], act, ..Order::default() }))
    });
    let (done, _) = line.batch(acts.collect()).await;
    assert_eq!(done, vec![Some(Done::Answered(vec![saga::Answer::Taken])); 20]);
}

/// One damaged row would otherwise stop every family's case, at every start again.
#[tokio::test]
async fn a_row_of_a_step_that_does_not_exist_hurts_nobody() {
    let mut line = Line::new().await;
    let case = line.submit(samples::shanxi(1, 1)).await;
    let number = line.number(case).await;
    for kind in [PendingKindName::Command, PendingKindName::Task, PendingKindName::Expiry, PendingKindName::Late] {
        let row = PendingRow {
            key: PendingKey { kind, step: 200 },
            revision: 0,
            due_at: 1,
            whom: "health".into(),
            person: None,
            message: None,
            attempts: 1,
            since: 1,
        };
        let (done, _) = line.batch(vec![Work::Due(Box::new(Due { number, row }))]).await;
        assert_eq!(done, [Some(Done::Unknown)]);
    }
}

/// A father who has nine days by law of our own making would otherwise be told on the eighth that his time is over.
#[tokio::test]
async fn our_downtime_lengthens_the_whole_deadline_and_not_the_next_reminder_alone() {
    let mut line = Line::new().await;
    let case = line.submit(samples::shanxi(1, 1)).await;
    let number = line.number(case).await;
    let (down, last) = (8 * DAY_MS, 30 * DAY_MS);
    line.world.clock.advance_to(NOW_MS + DAY_MS / 2);
    crate::downtime::beat(&line.world.store, line.world.clock.now_ms()).await.expect("stored");
    line.world.clock.advance_to(NOW_MS + DAY_MS / 2 + down);
    line.coordinator = line.world.coordinator().await;
    let mut waited = 0;
    while line.world.store.load(&[number]).await.expect("read")[0].summary.state == "running" {
        line.world.clock.advance_to(line.world.store.next_due().await.expect("read").expect("something is due"));
        waited = line.world.clock.now_ms() - NOW_MS;
        let due = line.world.store.due(line.world.clock.now_ms(), 9).await.expect("read");
        line.batch(due.into_iter().map(|due| Work::Due(Box::new(due))).collect()).await;
    }
    assert_eq!(waited, last + down + limits::PERSONS_GRACE_MS);
}
