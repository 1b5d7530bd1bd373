//! kill -9, ten times, each with at least two hundred sagas in flight; afterwards nothing is lost and nothing twice.

use std::{
    collections::BTreeSet,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use adapter::simulated::magic;
use anyhow::Context;
use harness::{
    compare::compare,
    evidence::{Evidence, in_flight, orchestrator_database},
    family,
    parents::Parents,
    process::{Launch, Running},
    wait::{PATIENCE, until},
};
use tokio::{sync::Semaphore, task::JoinSet};

/// The program, as cargo has built it for these tests.
const PROGRAM: &str = env!("CARGO_BIN_EXE_yijian-under-faults");

/// How often the process is killed.
const KILLS: u64 = 10;

/// Commands without an answer at each kill. A saga of Shanxi has at most one, so these are as many sagas.
const IN_FLIGHT: u64 = 200;

/// Families on their way at once: enough that two hundred are with departments, which take one to six seconds each.
const FAMILIES_AT_ONCE: usize = 420;

/// Families that must have filed between two kills, so that each kill meets another moment: 20 to 56.
fn filed_between(kill: u64) -> u64 {
    20 + kill * 4
}

/// One family in so many has twins, withdraws after signing, or is refused registration.
const TWINS: u64 = 7;
const WITHDRAWN: u64 = 11;
const REFUSED: u64 = 13;

/// What families were told: only what was acknowledged counts.
#[derive(Default)]
struct Told {
    filed: AtomicU64,
    enough: AtomicBool,
}

async fn one_family(parents: &Parents, told: &Told, number: u64) -> anyhow::Result<Vec<String>> {
    let request = match number {
        _ if number.is_multiple_of(REFUSED) => family::shanxi_asking_for(magic::REGISTRATION_REFUSED, number),
        _ if number.is_multiple_of(TWINS) => family::shanxi(number, 2),
        _ => family::shanxi(number, 1),
    };
    let filed = parents.file_and_sign(&request).await.with_context(|| format!("family {number}"))?;
    told.filed.fetch_add(1, Ordering::Relaxed);
    if number.is_multiple_of(WITHDRAWN) {
        parents.withdraw(&filed.application_id, family::applicant(&request)).await?;
    }
    for case in &filed.case_ids {
        parents.end_of(case).await?;
    }
    Ok(filed.case_ids)
}

/// Families come as long as more are wanted; answers every case that was acknowledged to one of them.
async fn families(parents: Parents, told: Arc<Told>) -> anyhow::Result<BTreeSet<String>> {
    let places = Arc::new(Semaphore::new(FAMILIES_AT_ONCE));
    let mut on_their_way = JoinSet::new();
    let mut number = 0;
    while !told.enough.load(Ordering::Relaxed) {
        number += 1;
        let place = places.clone().acquire_owned().await?;
        let (parents, told) = (parents.clone(), told.clone());
        on_their_way.spawn(async move {
            let cases = one_family(&parents, &told, number).await;
            drop(place);
            cases
        });
    }
    let mut cases = BTreeSet::new();
    for done in on_their_way.join_all().await {
        cases.extend(done?);
    }
    Ok(cases)
}

/// Starts, waits for the load, kills; at last starts once more, for those who are still on their way.
async fn kills(folder: &Path, told: &Told, first: Running) -> anyhow::Result<(Vec<u64>, Running)> {
    let again = Launch::serve(PROGRAM, folder, &[]).on_the_ports_of(&first);
    let database = orchestrator_database(&folder.join("data"));
    let (mut running, mut counted) = (first, Vec::new());
    for kill in 0..KILLS {
        let before = told.filed.load(Ordering::Relaxed);
        let waiting = until("two hundred sagas in flight", PATIENCE, async || {
            let enough = told.filed.load(Ordering::Relaxed) >= before + filed_between(kill);
            let waiting = if enough { in_flight(&database).await? } else { 0 };
            Ok((waiting >= IN_FLIGHT).then_some(waiting))
        });
        counted.push(waiting.await?);
        running.kill().await?;
        running = again.start().await?;
    }
    Ok((counted, running))
}

/// A family's birth registration, insurance or subsidy would otherwise be lost or made twice whenever a machine dies.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_kills_under_load_lose_nothing_and_do_nothing_twice() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let first = Launch::serve(PROGRAM, folder.path(), &[]).start().await?;
    let (parents, told) = (Parents::new(first.client()?), Arc::new(Told::default()));
    let coming = tokio::spawn(families(parents.clone(), told.clone()));
    let (counted, running) = kills(folder.path(), &told, first).await?;
    told.enough.store(true, Ordering::Relaxed);
    let acknowledged = coming.await??;
    assert!(running.stop().await?.success(), "a clean shutdown at the end");

    let evidence = Evidence::of(&folder.path().join("data")).await?;
    let report = compare(&evidence);
    println!("in flight at each kill: {counted:?}");
    println!("{report:?}");
    report.all_well()?;
    let known: BTreeSet<String> =
        evidence.cases.iter().map(|case| uuid::Uuid::from_bytes(case.case).to_string()).collect();
    assert!(acknowledged.is_subset(&known), "a case that was acknowledged is not there");
    assert_eq!(known.len(), acknowledged.len(), "a family that repeated its request has two cases");
    assert!(counted.len() == KILLS as usize && counted.iter().all(|waiting| *waiting >= IN_FLIGHT));
    assert!(report.resent > 0, "no command was sent again, so the kills met nothing that was out");
    for end in ["Completed", "Offline"] {
        assert!(report.ends.contains_key(end), "no case ended {end}: {:?}", report.ends);
    }
    Ok(())
}
