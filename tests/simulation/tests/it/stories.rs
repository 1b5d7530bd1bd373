//! Stories: what happens to one family when one thing goes wrong, played through the real core, coordinator, SDK and
//! departments.
//!
//! In these worlds nothing goes wrong by chance. People do nothing by themselves until the world is left to
//! [rest](rests); then it must come to its end, and the judges must find nobody wronged.

mod judges;
mod lateness;
mod outages;
mod protocol;
mod table;
mod twins;

use adapter::simulated::{Behaviour, Failing, Retrying};
use saga::{Status, input::Says};
use simulation::{World, judge::judge};

/// A family of so many children that has just filed for these items.
async fn filed(children: u8, items: &[&str]) -> World {
    let mut world = World::new(7, None).await;
    world.people_answer = false;
    world.file(children, items).await;
    world
}

/// A family with its certificates, before anybody has signed: the pivot is next.
async fn certified(children: u8, items: &[&str]) -> World {
    let mut world = filed(children, items).await;
    for child in 0..world.sagas.len() {
        assert!(world.run_until(child, "certificate", Status::Succeeded).await, "the certificate is issued");
    }
    world
}

/// The mother signs for all children, and the pivot goes out.
async fn signs(world: &mut World) {
    for child in 0..world.sagas.len() {
        world.answer_task(child, "signature", Says::Done).await;
        assert_eq!(world.status(child, "registration").await, Status::InDoubt, "the pivot is out");
    }
}

/// The weather clears, people answer, operators operate; the world comes to rest and nobody was wronged.
async fn rests(world: &mut World) {
    world.settle().await;
    let wrongs = judge(world).await;
    assert!(wrongs.is_empty(), "somebody was wronged:\n  {}", wrongs.join("\n  "));
}

/// How many effects of an act stand in the departments' ledgers, and how many were undone.
async fn ledger(world: &World, act: &str) -> (usize, usize) {
    let effects = world.effects().await;
    let of_act = effects.iter().filter(|effect| effect.act == act && effect.same_as.is_none());
    let (standing, undone): (Vec<_>, Vec<_>) = of_act.partition(|effect| effect.undone_at_ms.is_none());
    (standing.len(), undone.len())
}

/// Answers `Failed` to so many sendings, or always.
fn failing(times: Option<u32>) -> Behaviour {
    let fail = Failing { code: "BUSY".to_owned(), retry: Retrying::Later, times };
    Behaviour { fail: Some(fail), ..Behaviour::default() }
}

/// Accepts, and decides so many milliseconds later.
fn decided_after(ms: i64) -> Behaviour {
    let ms = u64::try_from(ms).expect("times run forward");
    Behaviour { finished_after_ms: [ms, ms], ..Behaviour::default() }
}

/// How often a command of this kind for this step was sent, in all cases of the family.
fn sent(world: &World, kind: proto::bus::CommandKind, step: &str) -> usize {
    world.sent.iter().filter(|sent| sent.kind == kind && sent.step == step).count()
}
