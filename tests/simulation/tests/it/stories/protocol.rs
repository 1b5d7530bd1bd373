//! Stories that broke earlier versions of the protocol: those of one child. Their numbers are those of `protocol.md`.

use adapter::simulated::Effect;
use orchestrator::coordinator::work::Done;
use proto::bus::CommandKind::{Act, Cancel, Compensate};
use saga::{
    Answer, End, Input, MessageStatus, Status,
    input::{Found, Says},
};
use serde_json::json;
use service::clock::Clock;
use simulation::world::{Carried, Doing, HOUR, MINUTE, Manner};

use super::{certified, failing, filed, ledger, rests, sent, signs};

/// If this fails, a child whose mother has withdrawn and given the certificate back is registered without one. (1)
#[tokio::test]
async fn the_second_copy_of_a_withdrawn_registration_finds_a_tombstone() {
    let mut world = certified(1, &[]).await;
    world.behaviours("gamma").set("Register", failing(Some(1)));
    world.treat(Manner::Held, |message| message.commands(Act, "registration"));
    signs(&mut world).await;
    let copy = world.held()[0].clone();
    world.fly(1, copy);
    world.run_for(MINUTE).await;
    assert_eq!(world.status(0, "registration").await, Status::InDoubt, "the first copy failed; the second is out");

    world.act(Doing::Withdraw).await;
    assert!(world.run_until(0, "certificate", Status::Compensated).await);
    world.let_go();
    rests(&mut world).await;

    assert_eq!(ledger(&world, "Register").await, (0, 0));
    assert_eq!(ledger(&world, "Issue").await, (0, 1));
    assert_eq!(world.end(0).await, Some(End::Withdrawn));
}

/// If this fails, a success that follows a failure is taken for a repeat of it, and the family waits for ever. (2)
#[tokio::test]
async fn a_failure_has_no_number_and_hides_no_success() {
    let mut world = filed(1, &[]).await;
    world.behaviours("alpha").set("Issue", failing(Some(1)));
    assert!(world.run_until(0, "certificate", Status::Succeeded).await);

    assert!(sent(&world, Act, "certificate") >= 2, "it was asked again");
    let run = world.saga(world.sagas[0]).await.run(world.step("certificate")).clone();
    assert_eq!((run.revision, run.numbered[0]), (1, 1), "the success is the first numbered reply");
    rests(&mut world).await;
    assert_eq!(world.end(0).await, Some(End::Completed));
}

/// If this fails, a registered child loses its certificate because its father declined a moment too late. (3)
#[tokio::test]
async fn nothing_is_undone_while_the_registration_is_out() {
    let mut world = certified(1, &[]).await;
    world.treat(Manner::Held, |message| message.is_reply("registration"));
    signs(&mut world).await;
    world.run_for(MINUTE).await;
    assert_eq!(ledger(&world, "Register").await, (1, 0), "registered, and nobody here knows it");

    world.answer_task(0, "consent", Says::Declined).await;
    world.run_for(HOUR).await;
    assert_eq!(world.status(0, "registration").await, Status::Cancelling, "its answer decides");
    assert_eq!(world.status(0, "certificate").await, Status::Succeeded);
    world.let_go();
    rests(&mut world).await;

    assert!(world.sent.iter().all(|sent| sent.kind != Compensate), "nothing was undone");
    assert_eq!(world.status(0, "consent").await, Status::Offline);
    assert_eq!(world.end(0).await, Some(End::PartiallyCompleted));
}

/// If this fails, a finished card is destroyed because its answer was slower than the mother's withdrawal. (4)
#[tokio::test]
async fn a_card_already_made_stays_when_the_mother_withdraws() {
    let mut world = certified(1, &["card"]).await;
    world.treat(Manner::Held, |message| message.is_reply("card"));
    signs(&mut world).await;
    assert!(world.run_until(0, "card", Status::InDoubt).await);
    world.run_for(MINUTE).await;
    assert_eq!(ledger(&world, "Card").await, (1, 0), "made, and nobody here knows it");

    world.act(Doing::Withdraw).await;
    world.run_for(MINUTE).await;
    assert!(sent(&world, Cancel, "card") > 0);
    world.let_go();
    rests(&mut world).await;

    assert_eq!(ledger(&world, "Card").await, (1, 0));
    assert_eq!(world.status(0, "card").await, Status::Succeeded);
    assert_eq!(world.end(0).await, Some(End::Withdrawn));
}

/// If this fails, an operator who has read the ledger rightly has a certificate issued twice. (5)
#[tokio::test]
async fn not_done_said_of_a_command_on_its_way_lets_it_never_be_done() {
    let mut world = filed(1, &[]).await;
    world.treat(Manner::Held, |message| message.commands(Act, "certificate"));
    assert!(world.run_until(0, "certificate", Status::InDoubt).await);
    world.run_for(MINUTE).await;
    let step = world.step("certificate");
    world.order_one(0, Input::Resolve { step, revision: 1, found: Found::NotDone }).await;
    assert!(world.run_until(0, "certificate", Status::NotDone).await, "the cancellation's answer decides");

    world.let_go();
    world.run_for(MINUTE).await;
    assert_eq!(ledger(&world, "Issue").await, (0, 0), "the command arrived and did nothing");
    world.order_one(0, Input::Retry { step, revision: 1 }).await;
    rests(&mut world).await;

    assert_eq!(ledger(&world, "Issue").await, (1, 0));
    assert_eq!(world.end(0).await, Some(End::Completed));
}

/// If this fails, a call that was under way when the adapter died lands after its compensation, and a certificate stands
/// that nobody knows of. (6)
#[tokio::test]
async fn a_call_under_way_is_brought_to_its_result_before_it_is_undone() {
    let mut world = filed(1, &[]).await;
    let far = world.clock.now_ms() + 1_000 * HOUR;
    world.behaviours("alpha").change("Issue", |behaviour| behaviour.outage_until_ms = far);
    assert!(world.run_until(0, "certificate", Status::InDoubt).await);
    world.run_for(MINUTE).await;
    world.restart_department("alpha").await;
    world.act(Doing::Withdraw).await;
    world.run_for(HOUR).await;
    assert_eq!(
        world.status(0, "certificate").await,
        Status::Compensating,
        "the department knows of nothing to undo yet"
    );

    let landed = Effect {
        call_id: world.act_id(0, "certificate", 1).await,
        act: "Issue".to_owned(),
        subject: "child".to_owned(),
        done_at_ms: world.clock.now_ms(),
        undone_at_ms: None,
        same_as: None,
        fields: json!({}),
        outputs: json!({ "number": "Issue-1" }),
    };
    world.place("alpha").desk.ledger().do_once(landed).await.expect("the ledger answers");
    world.behaviours("alpha").change("Issue", |behaviour| behaviour.outage_until_ms = 0);
    rests(&mut world).await;

    assert_eq!(ledger(&world, "Issue").await, (0, 1));
    assert_eq!(world.end(0).await, Some(End::Withdrawn));
}

/// If this fails, a family that has paid is told that its time is over. (7)
#[tokio::test]
async fn a_premium_that_was_paid_does_not_expire() {
    let mut world = certified(1, &["premium"]).await;
    signs(&mut world).await;
    assert!(world.run_until(0, "premium", Status::InDoubt).await);
    world.run_for(MINUTE).await;
    world.treat(Manner::Lost, |message| match message {
        Carried::Notice(_) => true,
        Carried::Command { step, kind, .. } | Carried::Reply { step, kind, .. } => step == "premium" && *kind == Act,
    });
    world.act(Doing::Pay).await;
    world.run_for(9 * 24 * HOUR).await;
    assert_eq!(world.status(0, "premium").await, Status::InDoubt, "paid, and nobody here knows it");

    world.run_for(2 * 24 * HOUR).await;
    assert!(sent(&world, Cancel, "premium") > 0, "its time was over, and the department was asked");
    assert_eq!(world.status(0, "premium").await, Status::Succeeded);
    rests(&mut world).await;
}

/// If this fails, a message of congratulation reaches a family in mourning. (9)
#[tokio::test]
async fn a_message_on_its_way_at_a_death_is_not_sent() {
    let mut world = certified(1, &["card"]).await;
    world.treat(Manner::Held, |message| message.commands(Act, "message/0"));
    signs(&mut world).await;
    assert!(world.run_until_told(0).await);
    world.act(Doing::Bereave).await;
    world.run_for(MINUTE).await;
    assert_eq!(world.saga(world.sagas[0]).await.messages[0].status, MessageStatus::Dropped);
    assert_eq!(sent(&world, Cancel, "message/0"), 1, "it is called back from whoever has not sent it yet");
    world.let_go();
    rests(&mut world).await;

    assert_eq!(ledger(&world, "SendMessage").await, (0, 0));
}

/// If this fails, a certificate that was voided to be corrected is never issued again: its new version is answered with
/// the old success. (12)
#[tokio::test]
async fn a_certificate_voided_for_correction_is_issued_anew() {
    let mut world = certified(1, &[]).await;
    let first = world.given("alpha", "Issue").await;
    let step = world.step("certificate");
    let redone = world.order_one(0, Input::Redo { step, revision: 1 }).await;
    assert_eq!(redone, Some(Done::Answered(vec![Answer::Taken])));
    world.run_for(HOUR).await;

    assert_eq!(ledger(&world, "Issue").await, (1, 1), "the old one void, the new one stands");
    assert_ne!(world.given("alpha", "Issue").await, first);
    assert_eq!(world.status(0, "certificate").await, Status::Succeeded);
    rests(&mut world).await;
    assert_eq!(world.end(0).await, Some(End::Completed));
}

/// If this fails, what a registered child needs is taken back although the registration has become known. (13)
#[tokio::test]
async fn a_registration_at_the_counter_stops_the_way_back() {
    let mut world = certified(1, &[]).await;
    world.treat(Manner::Held, |message| {
        matches!(message, Carried::Notice(_)) || message.replies("Compensated", "certificate")
    });
    world.act(Doing::Counter).await;
    world.act(Doing::Withdraw).await;
    world.run_for(MINUTE).await;
    assert_eq!(world.status(0, "certificate").await, Status::Compensating);

    let notices: Vec<_> =
        world.held().iter().filter(|one| matches!(one.carried(), Some(Carried::Notice(_)))).cloned().collect();
    for notice in notices {
        world.fly(1, notice);
    }
    world.run_for(MINUTE).await;
    assert_eq!(world.status(0, "registration").await, Status::Succeeded, "registered at the counter");
    world.let_go();
    world.run_for(MINUTE).await;
    let saga = world.saga(world.sagas[0]).await;
    assert!(saga.run(world.step("certificate")).for_operator, "what was undone meanwhile needs an operator");
    rests(&mut world).await;

    assert_eq!(sent(&world, Compensate, "reserve"), 0, "what was not ordered yet is not ordered any more");
    assert_eq!(ledger(&world, "Reserve").await, (1, 0));
    assert_eq!(ledger(&world, "Register").await, (1, 0));
    assert_eq!(world.end(0).await, Some(End::Withdrawn));
}
