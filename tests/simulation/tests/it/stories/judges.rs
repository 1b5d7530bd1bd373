//! The judges themselves: what is planted in a ledger by hand must be seen, or they are no judges.

use saga::End;
use service::clock::Clock;
use simulation::{World, judge::judge};

use super::{certified, rests, signs};

/// A family to which nothing bad has happened.
async fn a_happy_family() -> World {
    let mut world = certified(1, &["card", "claim"]).await;
    signs(&mut world).await;
    rests(&mut world).await;
    assert_eq!(world.end(0).await, Some(End::Completed));
    world
}

async fn sees(world: &World, what: &str) {
    let wrongs = judge(world).await;
    assert_eq!(wrongs.len(), 1, "one wrong was planted: {wrongs:?}");
    assert!(wrongs[0].contains(what), "{wrongs:?}");
}

/// The one effect of an act, under another call's id.
async fn copy_under(world: &World, department: &str, act: &str, call_id: String) {
    let ledger = world.place(department).desk.ledger();
    let effects = ledger.effects().await.expect("the ledger answers");
    let mut effect = effects.into_iter().find(|effect| effect.act == act).expect("it was done");
    effect.call_id = call_id;
    ledger.do_once(effect).await.expect("the ledger answers");
}

/// If this fails, a child could be issued two certificates and every test would still pass.
#[tokio::test]
async fn a_planted_duplicate_is_seen() {
    let world = a_happy_family().await;
    let again = world.act_id(0, "certificate", 2).await;
    copy_under(&world, "alpha", "Issue", again).await;
    sees(&world, "certificate: the effect stands 2 times").await;
}

/// If this fails, a department could do what nobody has asked for and every test would still pass.
#[tokio::test]
async fn a_planted_effect_of_nobodys_is_seen() {
    let world = a_happy_family().await;
    copy_under(&world, "beta", "Claim", "planted".to_owned()).await;
    sees(&world, "Claim planted belongs to no command").await;
}

/// If this fails, a child could be registered at the counter and by us and every test would still pass.
#[tokio::test]
async fn a_planted_second_registration_is_seen() {
    let world = a_happy_family().await;
    copy_under(&world, "gamma", "Register", "counter-planted".to_owned()).await;
    sees(&world, "is registered 2 times").await;
}

/// If this fails, a card that a family was promised could be missing and every test would still pass.
#[tokio::test]
async fn a_planted_loss_is_seen() {
    let world = a_happy_family().await;
    world.place("beta").local.lock().expect("no test panics with it").clear();
    sees(&world, "card: believed done, and nothing stands").await;
}

/// If this fails, a certificate could be voided behind a family's back and every test would still pass.
#[tokio::test]
async fn a_planted_compensation_too_many_is_seen() {
    let world = a_happy_family().await;
    let act = world.act_id(0, "certificate", 1).await;
    let undone = world.place("alpha").desk.ledger().undo_once(&act, world.clock.now_ms()).await;
    assert!(undone.expect("the ledger answers"));
    sees(&world, "certificate: believed done, and nothing stands").await;
}
