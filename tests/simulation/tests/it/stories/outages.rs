//! An outage costs a family nothing: each department in turn is down for a night, from each moment of the saga on.

use proto::bus::CommandKind::{Cancel, Compensate};
use saga::{End, Status};
use service::clock::Clock;
use simulation::{
    World,
    world::{DEPARTMENTS, HOUR, Manner},
};

use super::{decided_after, filed, ledger, rests};

/// How long a night is, in milliseconds.
const NIGHT: i64 = 12 * HOUR;

/// The first message of a saga, as it travels.
const MESSAGE: &str = "message/0";

/// Every step that a department performs on the straight path, and the message that tells of one.
const MOMENTS: [&str; 7] = ["reserve", "certificate", "badge", "registration", "card", "claim", MESSAGE];

/// Each act of the straight path.
const ACTS: [&str; 7] = ["Reserve", "Issue", "Badge", "Register", "Card", "Claim", "SendMessage"];

async fn a_night_without(department: &'static str, moment: &str, accepted: bool) -> World {
    let mut world = filed(1, &["card", "claim"]).await;
    if accepted {
        for (name, act) in
            [("alpha", "Reserve"), ("alpha", "Issue"), ("beta", "Badge"), ("beta", "Claim"), ("gamma", "Register")]
        {
            world.behaviours(name).set(act, decided_after(HOUR));
        }
    }
    world.people_answer = true;
    let out = if moment == MESSAGE {
        world.run_until_told(0).await
    } else {
        world.run_until(0, moment, Status::InDoubt).await
    };
    assert!(out, "{moment} goes out");
    if accepted {
        world.run_for(HOUR / 2).await;
    }
    // Its system does nothing, and nothing that is sent to it arrives: the adapter stands in its machine room.
    let until = world.clock.now_ms() + NIGHT;
    world.behaviours(department).outage_until(until);
    let steps: Vec<String> = department_steps(&world, department);
    world.treat(Manner::Lost, move |message| steps.iter().any(|step| message.is_command(step)));
    world.run_for(NIGHT).await;
    world.let_go();
    world
}

fn department_steps(world: &World, department: &str) -> Vec<String> {
    let definition = world.definition();
    let of = |step: &&saga::Step| step.department().is_some_and(|name| **name == *department);
    let message = (department == "sms").then(|| MESSAGE.to_owned());
    definition.steps.iter().filter(of).map(|step| step.name.to_string()).chain(message).collect()
}

async fn costs_nothing(accepted: bool) {
    for department in DEPARTMENTS {
        for moment in MOMENTS {
            let cell = format!("{department} down when {moment} is out (accepted: {accepted})");
            let mut world = a_night_without(department, moment, accepted).await;
            rests(&mut world).await;
            assert_eq!(world.end(0).await, Some(End::Completed), "{cell}");
            let undoing = world.sent.iter().find(|sent| matches!(sent.kind, Compensate | Cancel));
            assert!(undoing.is_none(), "{cell}: {undoing:?}");
            for act in ACTS {
                assert_eq!(ledger(&world, act).await, (1, 0), "{cell}: {act}");
            }
        }
    }
}

/// If this fails, a department's bad night ends a family's case or takes something from it.
#[tokio::test]
async fn a_night_without_a_department_ends_no_case_and_undoes_nothing() {
    costs_nothing(false).await;
}

/// If this fails, a department's bad night costs the families whose cases it had accepted before.
#[tokio::test]
async fn a_night_without_a_department_that_had_accepted_ends_no_case_and_undoes_nothing() {
    costs_nothing(true).await;
}
