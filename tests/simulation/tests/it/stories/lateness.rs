//! Stories that broke earlier versions of the protocol: those in which somebody is late. Their numbers are those of
//! `protocol.md`.

use proto::bus::CommandKind::Act;
use saga::{End, Status, input::Says};
use simulation::world::{Doing, HOUR, MINUTE, Manner};

use super::{certified, decided_after, filed, ledger, rests, sent, signs};

const DAY: i64 = 24 * HOUR;

/// If this fails, a father who came on his last day and found us down is told that he came too late. (8)
#[tokio::test]
async fn a_father_who_found_us_down_on_his_last_day_is_in_time() {
    let mut world = certified(1, &[]).await;
    world.run_for(6 * DAY + 20 * HOUR).await;
    world.act(Doing::Down(8)).await;
    for task in ["consent", "signature"] {
        world.answer_later(0, task, Says::Done, 2 * HOUR).await;
    }
    world.run_for(7 * HOUR).await;
    assert_eq!(world.tried.len(), 2, "both came and found nobody");
    assert_eq!(world.status(0, "consent").await, Status::Open);

    world.run_for(2 * HOUR).await;
    assert_eq!(world.status(0, "consent").await, Status::Succeeded);
    rests(&mut world).await;
    assert_eq!(world.end(0).await, Some(End::Completed));
}

/// If this fails, a decision that took three weeks and was lost once is never heard, or asked for anew. (14)
#[tokio::test]
async fn a_decision_after_three_weeks_whose_reply_is_lost_is_asked_for_until_it_is_heard() {
    let mut world = filed(1, &[]).await;
    world.behaviours("alpha").set("Issue", decided_after(21 * DAY));
    assert!(world.run_until(0, "consent", Status::Open).await);
    for task in ["consent", "signature"] {
        world.answer_task(0, task, Says::Done).await;
    }
    world.treat(Manner::Lost, |message| message.replies("Succeeded", "certificate"));
    world.run_for(21 * DAY + HOUR).await;
    assert_eq!(ledger(&world, "Issue").await, (1, 0), "decided");
    assert_eq!(world.status(0, "certificate").await, Status::InDoubt, "and nobody here knows it");

    world.let_go();
    rests(&mut world).await;
    assert_eq!(ledger(&world, "Issue").await, (1, 0));
    assert_eq!(world.end(0).await, Some(End::Completed));
}

/// If this fails, our own downtime makes a department look late, and a stand-in is ordered that nobody needs. (15)
#[tokio::test]
async fn after_a_downtime_replies_are_read_before_deadlines_fire() {
    let mut world = certified(1, &[]).await;
    world.behaviours("gamma").set("Register", decided_after(47 * HOUR));
    signs(&mut world).await;
    world.run_for(46 * HOUR + 50 * MINUTE).await;
    assert_eq!(world.status(0, "registration").await, Status::InDoubt);
    world.act(Doing::Down(2)).await;
    world.run_for(HOUR + 59 * MINUTE).await;
    assert_eq!(world.waited.len(), 1, "the success lies unread, and the deadline has passed");

    world.run_for(2 * MINUTE).await;
    assert_eq!(world.status(0, "registration").await, Status::Succeeded);
    assert_eq!(world.status(0, "stand-in").await, Status::Skipped);
    rests(&mut world).await;
    assert_eq!(ledger(&world, "StandIn").await, (0, 0));
}

/// If this fails, a certificate is issued twice because the answer to the first attempt was slow. (16)
#[tokio::test]
async fn a_second_attempt_beside_a_late_success_is_answered_with_it() {
    let mut world = filed(1, &[]).await;
    world.treat(Manner::Held, |message| message.is_reply("certificate"));
    assert!(world.run_until(0, "certificate", Status::InDoubt).await);
    world.run_for(10 * MINUTE).await;
    assert!(sent(&world, Act, "certificate") >= 2, "there was a second attempt");
    assert!(world.held().len() >= 2, "and both were answered");
    world.let_go();
    rests(&mut world).await;

    assert_eq!(ledger(&world, "Issue").await, (1, 0));
    assert_eq!(world.end(0).await, Some(End::Completed));
}
