//! The table of failures (ARCHITECTURE.md), cell by cell: each way of failing, of a department's step and of a person's,
//! before the pivot, at it and after it.

use adapter::simulated::{Behaviour, Failing, Retrying};
use proto::bus::CommandKind::{Act, Compensate};
use saga::{End, Input, Status, input::Says};
use service::clock::Clock;
use simulation::{
    World,
    world::{Carried, Doing, HOUR, MINUTE, Manner},
};

use super::{certified, decided_after, failing, filed, ledger, rests, sent, signs};

/// A department's step, and where it stands.
struct Place {
    step: &'static str,
    department: &'static str,
    act: &'static str,
}

/// Before the pivot, the pivot, after the pivot.
const PLACES: [Place; 3] = [
    Place { step: "certificate", department: "alpha", act: "Issue" },
    Place { step: "registration", department: "gamma", act: "Register" },
    Place { step: "claim", department: "beta", act: "Claim" },
];

/// What stands and what was undone in the ledgers.
type Ledgers = &'static [(&'static str, (usize, usize))];

/// Everything was done, once.
const ALL: Ledgers = &[
    ("Reserve", (1, 0)),
    ("Issue", (1, 0)),
    ("Badge", (1, 0)),
    ("Register", (1, 0)),
    ("StandIn", (0, 0)),
    ("Card", (1, 0)),
    ("Claim", (1, 0)),
];
/// The certificate was refused: what came before it was undone, and nothing else was done.
const NO_CERTIFICATE: Ledgers = &[
    ("Reserve", (0, 1)),
    ("Issue", (0, 0)),
    ("Badge", (0, 0)),
    ("Register", (0, 0)),
    ("Card", (0, 0)),
    ("Claim", (0, 0)),
];
/// The pivot was refused: what stands stands, the stand-in goes on.
const NO_REGISTRATION: Ledgers = &[
    ("Reserve", (1, 0)),
    ("Issue", (1, 0)),
    ("Badge", (1, 0)),
    ("Register", (0, 0)),
    ("StandIn", (1, 0)),
    ("Card", (0, 0)),
    ("Claim", (0, 0)),
];
/// One branch was refused: the others are done.
const NO_CLAIM: Ledgers = &[
    ("Reserve", (1, 0)),
    ("Issue", (1, 0)),
    ("Badge", (1, 0)),
    ("Register", (1, 0)),
    ("StandIn", (0, 0)),
    ("Card", (1, 0)),
    ("Claim", (0, 0)),
];

async fn ends(world: &World, cell: &str, end: End, ledgers: Ledgers) {
    assert_eq!(world.end(0).await, Some(end), "{cell}");
    for (act, expected) in ledgers {
        assert_eq!(ledger(world, act).await, *expected, "{cell}: {act} (standing, undone)");
    }
}

/// A family whose certificate has not been asked for, with one act behaving so.
async fn with(place: &Place, behaviour: Behaviour) -> World {
    let mut world = filed(1, &["card", "claim"]).await;
    world.behaviours(place.department).set(place.act, behaviour);
    world.people_answer = true;
    world
}

/// Runs until the step has been out for half a night; the case must be running, and the step in doubt and shown as
/// stuck or not.
async fn still_waits(world: &mut World, place: &Place, stuck: bool, cell: &str) {
    assert!(world.run_until(0, place.step, Status::InDoubt).await, "{cell}");
    world.run_for(6 * HOUR).await;
    let saga = world.saga(world.sagas[0]).await;
    assert_eq!(saga.run(world.step(place.step)).status, Status::InDoubt, "{cell}");
    assert_eq!(saga.step_is_stuck(&world.definition(), world.step(place.step)), stuck, "{cell}: stuck");
    assert_eq!((saga.end, saga.ending), (None, None), "{cell}");
}

/// If this fails, a refusal takes too much from a family, or too little.
#[tokio::test]
async fn refused_by_a_department() {
    let expected =
        [(End::Rejected, NO_CERTIFICATE), (End::Offline, NO_REGISTRATION), (End::PartiallyCompleted, NO_CLAIM)];
    for (place, (end, ledgers)) in PLACES.iter().zip(expected) {
        let mut world = with(place, Behaviour { refuse: Some("NO".to_owned()), ..Behaviour::default() }).await;
        rests(&mut world).await;
        ends(&world, &format!("{} refused", place.step), end, ledgers).await;
    }
}

/// If this fails, a department that says "not now" is taken to have said no, or is not asked again.
#[tokio::test]
async fn failing_at_a_department() {
    for place in &PLACES {
        let cell = format!("{} failing", place.step);
        let mut world = with(place, failing(None)).await;
        still_waits(&mut world, place, true, &cell).await;
        world.behaviours(place.department).set(place.act, Behaviour::default());
        rests(&mut world).await;
        ends(&world, &cell, End::Completed, ALL).await;
    }
}

/// If this fails, a failure that sending cannot heal is not shown to an operator, or costs the family its case.
#[tokio::test]
async fn failing_at_a_department_until_somebody_looks() {
    for place in &PLACES {
        let cell = format!("{} failing for good", place.step);
        let fail = Failing { code: "BROKEN".to_owned(), retry: Retrying::Never, times: None };
        let mut world = with(place, Behaviour { fail: Some(fail), ..Behaviour::default() }).await;
        still_waits(&mut world, place, true, &cell).await;
        world.behaviours(place.department).set(place.act, Behaviour::default());
        rests(&mut world).await;
        ends(&world, &cell, End::Completed, ALL).await;
    }
}

/// If this fails, silence is taken for an answer.
#[tokio::test]
async fn silent_at_a_department() {
    for place in &PLACES {
        let cell = format!("{} silent", place.step);
        let mut world = with(place, Behaviour::default()).await;
        let far = world.clock.now_ms() + 100 * HOUR;
        world.behaviours(place.department).change(place.act, |behaviour| behaviour.outage_until_ms = far);
        still_waits(&mut world, place, true, &cell).await;
        rests(&mut world).await;
        ends(&world, &cell, End::Completed, ALL).await;
    }
}

/// If this fails, a message that comes twice is done twice.
#[tokio::test]
async fn twice_at_a_department() {
    for place in &PLACES {
        let mut world = with(place, Behaviour::default()).await;
        world.treat(Manner::Doubled, |message| message.is_command(place.step) || message.is_reply(place.step));
        assert!(world.run_until(0, place.step, Status::Succeeded).await);
        rests(&mut world).await;
        ends(&world, &format!("{} twice", place.step), End::Completed, ALL).await;
    }
}

/// If this fails, an answer that takes hours is forgotten, or its act done again meanwhile.
#[tokio::test]
async fn late_at_a_department() {
    for place in &PLACES {
        let cell = format!("{} late", place.step);
        let mut world = with(place, Behaviour::default()).await;
        world.treat(Manner::Late(4 * HOUR), |message| message.is_command(place.step) || message.is_reply(place.step));
        still_waits(&mut world, place, true, &cell).await;
        assert!(world.run_until(0, place.step, Status::Succeeded).await, "{cell}");
        assert!(sent(&world, Act, place.step) > 1, "{cell}: asked on");
        rests(&mut world).await;
        ends(&world, &cell, End::Completed, ALL).await;
    }
}

/// If this fails, a decision that was lost after the acceptance is never heard of.
#[tokio::test]
async fn reply_lost_after_a_department_accepted() {
    for place in &PLACES {
        let cell = format!("{} accepted, reply lost", place.step);
        let mut world = with(place, decided_after(HOUR)).await;
        world.treat(Manner::Lost, |message| message.replies("Succeeded", place.step));
        still_waits(&mut world, place, false, &cell).await;
        assert_eq!(ledger(&world, place.act).await, (1, 0), "{cell}: decided, and nobody here knows it");
        rests(&mut world).await;
        ends(&world, &cell, End::Completed, ALL).await;
    }
}

/// Who is asked before the pivot, and who after it. No person performs the pivot.
const TASKS: [&str; 2] = ["consent", "register-signature"];

/// A family in which this task is open and nobody else has anything to do. Before the pivot the mother has not signed.
async fn asked(task: &str) -> World {
    let mut world = certified(1, &["card", "claim"]).await;
    if task == "register-signature" {
        world.answer_task(0, "consent", Says::Done).await;
        signs(&mut world).await;
    }
    assert!(world.run_until(0, task, Status::Open).await);
    world.run_for(HOUR).await;
    world
}

/// A no before the pivot, or silence, undoes everything; after it, it costs nothing but itself.
const UNDONE: Ledgers = &[
    ("Reserve", (0, 1)),
    ("Issue", (0, 1)),
    ("Badge", (0, 0)),
    ("Register", (0, 0)),
    ("Card", (0, 0)),
    ("Claim", (0, 0)),
];

/// If this fails, a person's no takes too much from a family, or too little.
#[tokio::test]
async fn declined_by_a_person() {
    for (task, end, ledgers) in [(TASKS[0], End::Rejected, UNDONE), (TASKS[1], End::Completed, ALL)] {
        let mut world = asked(task).await;
        world.answer_task(0, task, Says::Declined).await;
        rests(&mut world).await;
        ends(&world, &format!("{task} declined"), end, ledgers).await;
    }
}

/// If this fails, a person who finds nobody there has lost her turn.
#[tokio::test]
async fn failing_for_a_person() {
    for task in TASKS {
        let mut world = asked(task).await;
        world.act(Doing::Down(8)).await;
        world.answer_later(0, task, Says::Done, HOUR).await;
        world.run_for(9 * HOUR).await;
        assert_eq!(world.status(0, task).await, Status::Succeeded, "{task}");
        rests(&mut world).await;
        ends(&world, &format!("{task} failing"), End::Completed, ALL).await;
    }
}

/// If this fails, a case waits for ever for a person who never answers, or harms what does not depend on her.
#[tokio::test]
async fn silent_persons() {
    let ends_so = [(TASKS[0], Status::Expired, End::Expired, UNDONE), (TASKS[1], Status::Closed, End::Completed, ALL)];
    for (task, status, end, ledgers) in ends_so {
        let mut world = asked(task).await;
        world.run_for(8 * 24 * HOUR).await;
        assert_eq!(world.status(0, task).await, status, "{task}");
        rests(&mut world).await;
        ends(&world, &format!("{task} silent"), end, ledgers).await;
    }
}

/// If this fails, a person who presses the button twice, or again because the answer to the first time was lost, has
/// answered two questions.
#[tokio::test]
async fn twice_by_a_person() {
    for task in TASKS {
        let mut world = asked(task).await;
        let (step, revision) = (world.step(task), 1);
        for says in [Says::Done, Says::Done, Says::Declined] {
            world.order_one(0, Input::Answered { step, revision, says }).await;
            assert_eq!(world.status(0, task).await, Status::Succeeded, "{task}: the first answer counts");
        }
        rests(&mut world).await;
        ends(&world, &format!("{task} twice"), End::Completed, ALL).await;
    }
}

/// If this fails, an answer that comes after a task's time wakes a case that has ended, or reopens what was closed.
#[tokio::test]
async fn late_by_a_person() {
    for (task, end, ledgers) in [(TASKS[0], End::Expired, UNDONE), (TASKS[1], End::Completed, ALL)] {
        let mut world = asked(task).await;
        world.run_for(8 * 24 * HOUR).await;
        let (step, before) = (world.step(task), world.status(0, task).await);
        world.order_one(0, Input::Answered { step, revision: 1, says: Says::Done }).await;
        assert_eq!(world.status(0, task).await, before, "{task}");
        rests(&mut world).await;
        ends(&world, &format!("{task} late"), end, ledgers).await;
    }
}

/// If this fails, what stands on something is undone after it, and a family holds a badge for a certificate that does
/// not exist.
#[tokio::test]
async fn everything_is_undone_in_reverse_order() {
    let mut world = certified(1, &["card", "claim"]).await;
    world.treat(Manner::Lost, |message| message.commands(Act, "registration"));
    signs(&mut world).await;
    assert!(world.run_until(0, "badge", Status::Succeeded).await);
    world.act(Doing::Withdraw).await;
    rests(&mut world).await;

    let mut undone: Vec<_> = world.effects().await.into_iter().filter(|effect| effect.undone_at_ms.is_some()).collect();
    undone.sort_by_key(|effect| effect.undone_at_ms);
    let acts: Vec<_> = undone.iter().map(|effect| effect.act.as_str()).collect();
    assert_eq!(acts, ["Badge", "Issue", "Reserve"]);
    assert_eq!(world.end(0).await, Some(End::Withdrawn));
}

/// If this fails, an operator never learns of a compensation that a department cannot do, and it counts as done.
#[tokio::test]
async fn a_compensation_that_fails_is_stuck_and_never_done() {
    let mut world = certified(1, &[]).await;
    world.behaviours("alpha").set("Void", failing(None));
    world.act(Doing::Withdraw).await;
    world.run_for(12 * HOUR).await;
    let saga = world.saga(world.sagas[0]).await;
    assert_eq!(saga.run(world.step("certificate")).status, Status::Compensating);
    assert!(saga.is_stuck(&world.definition()));
    assert_eq!(saga.end, None);
    assert_eq!(ledger(&world, "Issue").await, (1, 0));

    world.behaviours("alpha").set("Void", Behaviour::default());
    rests(&mut world).await;
    assert_eq!(ledger(&world, "Issue").await, (0, 1));
    assert_eq!(world.end(0).await, Some(End::Withdrawn));
}

/// If this fails, the mother's word does not stop what nobody has begun, or stops what is finished.
#[tokio::test]
async fn withdrawn_before_at_and_after_the_pivot() {
    for (moment, end, ledgers) in [
        ("certificate", End::Withdrawn, UNDONE),
        ("registration", End::Withdrawn, NO_BRANCHES),
        ("card", End::Withdrawn, NO_CLAIM),
    ] {
        let mut world = certified(1, &["card", "claim"]).await;
        world.answer_task(0, "consent", Says::Done).await;
        if moment != "certificate" {
            signs(&mut world).await;
            let after = moment == "card";
            // At the pivot the answer is out, after it the claim is not sent yet: whatever is undone or stopped shows.
            world.treat(Manner::Held, move |message| match message {
                Carried::Command { step, kind, .. } => after && step == "claim" && *kind == Act,
                Carried::Reply { step, .. } => !after && step == "registration",
                Carried::Notice(_) => false,
            });
            world.run_for(MINUTE).await;
        }
        world.act(Doing::Withdraw).await;
        world.run_for(MINUTE).await;
        rests(&mut world).await;
        ends(&world, &format!("withdrawn at {moment}"), end, ledgers).await;
        assert!(moment == "certificate" || sent(&world, Compensate, "certificate") == 0, "{moment}");
    }
}

/// Withdrawn while the pivot was out and had succeeded: what stands stands, no optional branch begins.
const NO_BRANCHES: Ledgers = &[
    ("Reserve", (1, 0)),
    ("Issue", (1, 0)),
    ("Badge", (1, 0)),
    ("Register", (1, 0)),
    ("Card", (0, 0)),
    ("Claim", (0, 0)),
];
