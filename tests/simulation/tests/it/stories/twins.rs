//! Stories that broke earlier versions of the protocol: those of twins. Their numbers are those of `protocol.md`; the
//! last one was told by a world drawn by lot.

use adapter::simulated::{Behaviour, Correction};
use proto::bus::CommandKind::{Act, Compensate};
use saga::{End, Status, input::Says};
use simulation::world::{Doing, HOUR, MINUTE, Manner};

use super::{certified, decided_after, ledger, rests, sent, signs};

/// If this fails, what twins share is taken from the one that is registered because the other is not. (10)
#[tokio::test]
async fn what_twins_share_stays_while_one_of_them_needs_it() {
    let mut world = certified(2, &[]).await;
    let (first, second) = (world.sagas[0], world.sagas[1]);
    world.treat(Manner::Held, move |message| {
        let unsent = message.commands(Act, "registration") && message.saga() == Some(first);
        let unheard = message.is_reply("registration") && message.saga() == Some(second);
        unsent || unheard
    });
    signs(&mut world).await;
    world.run_for(MINUTE).await;
    assert_eq!(ledger(&world, "Register").await, (1, 0), "the second twin is registered, and nobody here knows it");

    world.act(Doing::Withdraw).await;
    assert!(world.run_until(0, "reserve", Status::Compensated).await, "the first twin lets go of it");
    assert!(sent(&world, Compensate, "reserve") > 0);
    world.let_go();
    rests(&mut world).await;

    assert_eq!(ledger(&world, "Reserve").await, (1, 0), "the second twin still needs it");
    assert_eq!(ledger(&world, "Issue").await, (1, 1));
    assert_eq!(world.status(1, "registration").await, Status::Succeeded);
    assert_eq!((world.end(0).await, world.end(1).await), (Some(End::Withdrawn), Some(End::Withdrawn)));
}

/// If this fails, a family whose claim was paid reads that it was refused, on the other twin's case. (11)
#[tokio::test]
async fn the_other_twins_older_copy_of_a_corrected_claim_is_answered_with_its_success() {
    let mut world = certified(2, &["claim"]).await;
    let correction = Correction { code: "FIX".to_owned(), fields: vec!["mother.name".to_owned()] };
    let behaviour = Behaviour { needs_correction: Some(correction), ..Behaviour::default() };
    world.behaviours("beta").set("Claim", behaviour);
    let second = world.sagas[1];
    world.treat(Manner::Held, move |message| message.commands(Act, "claim") && message.saga() == Some(second));
    signs(&mut world).await;
    assert!(world.run_until(0, "claim", Status::Correcting).await);
    world.answer_task(0, "claim", Says::Corrected).await;
    assert!(world.run_until(0, "claim", Status::Succeeded).await);
    assert_eq!(world.status(1, "claim").await, Status::InDoubt);

    world.let_go();
    world.run_for(HOUR).await;
    assert_eq!(world.status(1, "claim").await, Status::Succeeded);
    assert_eq!(ledger(&world, "Claim").await, (1, 0));
    rests(&mut world).await;
}

/// If this fails, a claim is decided that neither twin's case knows of, because one was withdrawn before it could ask.
#[tokio::test]
async fn a_claim_under_way_that_the_other_twin_never_asked_for_is_not_left_behind() {
    let mut world = certified(2, &["claim"]).await;
    world.behaviours("beta").set("Claim", decided_after(HOUR));
    world.answer_task(1, "signature", Says::Done).await;
    assert!(world.run_until(1, "claim", Status::InDoubt).await);
    world.run_for(MINUTE).await;
    world.act(Doing::Withdraw).await;
    rests(&mut world).await;

    assert_eq!(world.status(0, "claim").await, Status::Skipped);
    assert_eq!(world.status(1, "claim").await, Status::Succeeded, "its end was the answer");
    assert_eq!(ledger(&world, "Claim").await, (1, 0));
}
