//! What holds for every saga, whatever its definition and whatever happens to it.
//!
//! A world of departments that lose, double, delay and reorder is played against random definitions; [`legal`] says
//! what a legal saga is and looks at every event; [`world`] says at the end whether beliefs and ledgers agree. The seed
//! is fixed, so that a failure is the same for everybody; `YIJIAN_SEED=<number>` plays other worlds and
//! `YIJIAN_WORLDS=<number>` more of them.

mod ledger;
mod legal;
mod plan;
mod world;

use std::{cell::RefCell, collections::BTreeMap};

use proptest::{
    collection::vec,
    prelude::any,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};

use plan::Plan;
use world::World;

/// Enough that each kind of end is met dozens of times; few enough for an edit-compile-test round.
const WORLDS: u32 = 10_000;

fn number(variable: &str, default: u32) -> u32 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// If it failed, some family's case, of some kind that no story tells, would lose a step, do one twice, undo what
/// stands for good, or wait for ever.
#[test]
fn every_saga_is_legal_and_comes_to_its_end() {
    let worlds = number("YIJIAN_WORLDS", WORLDS);
    let seed = number("YIJIAN_SEED", 7);
    let mut bytes = [0; 32];
    bytes[..4].copy_from_slice(&seed.to_le_bytes());
    let config = Config { cases: worlds, failure_persistence: None, max_shrink_iters: 2_000, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
    let shares = RefCell::new(BTreeMap::<String, u32>::new());
    let worlds_and_acts = (plan::plans(), vec((any::<u8>(), any::<u16>()), 0..160));
    let result = runner.run(&worlds_and_acts, |(plan, acts): (Plan, Vec<(u8, u16)>)| {
        let mut world = World::new(plan.definition(), plan.group_size());
        for (kind, choice) in acts {
            world.play(kind, choice);
        }
        world.settle();
        for met in world.met() {
            *shares.borrow_mut().entry(met).or_default() += 1;
        }
        Ok(())
    });
    if let Err(failure) = result {
        panic!("seed {seed}: {failure}");
    }
    let shares = shares.into_inner();
    for (met, count) in &shares {
        println!("{:5.1} % {met}", f64::from(*count) * 100.0 / f64::from(worlds));
    }
    for met in legal::MUST_BE_MET {
        assert!(shares.get(*met).is_some_and(|count| *count > 0), "no world met `{met}`: {shares:?}");
    }
}
