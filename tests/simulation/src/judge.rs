//! Whether anybody was wronged: the judges of protocol.md, at quiescence.

use std::collections::BTreeMap;

use adapter::simulated::Effect;
use orchestrator::{fold, store::Store};
use proto::{associated::command_id, bus::CommandKind};
use saga::{
    Definition, Event, Fact, Saga, Status, StepIndex,
    definition::{Kind, Scope},
    event::{Command, Why},
};

use crate::World;

/// Revisions looked for in the ledgers.
const REVISIONS: u32 = 24;

/// Everything that is wrong with a world in which nothing more happens; empty if nobody was wronged.
pub async fn judge(world: &World) -> Vec<String> {
    let mut wrongs = Vec::new();
    let definition = world.definition();
    let effects = all_effects(world).await;
    let mut claimed: BTreeMap<String, usize> = BTreeMap::new();
    let mut sagas = Vec::new();
    for number in &world.sagas {
        let loaded = world.store.load(&[*number]).await.expect("the store answers").remove(0);
        let saga = fold::fold(&definition, &loaded).expect("its history folds");
        let events: Vec<Event> = loaded.entries.iter().flat_map(|entry| fold::events(entry).expect("decodes")).collect();
        history(&definition, *number, &events, &mut wrongs);
        if saga.end.is_none() {
            let open: Vec<_> = definition
                .indices()
                .filter(|step| !saga.run(*step).status.is_settled())
                .map(|step| format!("{} {:?}", definition.step(step).name, saga.run(step).status))
                .collect();
            wrongs.push(format!("saga {number} waits for ever: {}", open.join(", ")));
        }
        sagas.push((saga, events, loaded.summary));
    }
    for (at, (saga, events, summary)) in sagas.iter().enumerate() {
        for step in definition.indices() {
            let is = definition.step(step);
            if is.department().is_none() {
                continue;
            }
            let family = is.scope == Scope::Family;
            let key = if family { summary.application } else { summary.case };
            let mine: Vec<&Effect> = (1..=REVISIONS)
                .flat_map(|revision| {
                    let id = hex::encode(command_id(key, &is.name, CommandKind::Act, revision));
                    effects.iter().filter(move |effect| effect.call_id == id)
                })
                .collect();
            for effect in &mine {
                *claimed.entry(effect.call_id.clone()).or_default() += 1;
            }
            let standing = mine.iter().filter(|effect| effect.stands()).count();
            belief(&definition, at, saga, events, step, standing, &mine, &sagas, &mut wrongs);
        }
    }
    for effect in &effects {
        let outside = effect.call_id.starts_with("counter-");
        if !outside && !claimed.contains_key(&effect.call_id) {
            wrongs.push(format!("{} {} belongs to no command of any saga", effect.act, effect.call_id));
        }
    }
    wrongs.extend(world.after_the_end.iter().map(|step| format!("a command went out after the end or while frozen: {step}")));
    if let Some(at) = world.bereaved_at {
        let sent = effects.iter().filter(|effect| effect.act == "SendMessage" && effect.done_at_ms > at);
        // What was already with the carrier may still arrive before its cancellation does.
        wrongs.extend(sent.filter(|effect| effect.done_at_ms > at + 6 * 3_600_000).map(|_| "a message long after the death".into()));
    }
    wrongs
}

async fn all_effects(world: &World) -> Vec<Effect> {
    let mut effects = Vec::new();
    for place in &world.places {
        effects.extend(place.desk.ledger().effects().await.expect("the ledger answers"));
        effects.extend(place.local.lock().expect("no test panics with it").iter().cloned());
    }
    effects
}

/// What the order of events must never show.
fn history(definition: &Definition, number: u64, events: &[Event], wrongs: &mut Vec<String>) {
    let mut saga = Saga::new(definition);
    for event in events {
        if saga.end.is_some() {
            wrongs.push(format!("saga {number}: {} after the end", event.fact.name()));
        }
        if let Fact::Ordered { step, command: Command::Compensate, why, .. } = &event.fact {
            let is = definition.step(*step);
            if is.kind == Kind::Pivot {
                wrongs.push(format!("saga {number}: the pivot is compensated"));
            }
            if saga.pivot_is_out(definition) {
                wrongs.push(format!("saga {number}: {} is compensated while the pivot is out", is.name));
            }
            if saga.pivot_succeeded(definition) {
                wrongs.push(format!("saga {number}: {} is compensated after the pivot", is.name));
            }
            if let Why::Ending(cause) = why
                && !is.is_undone_for(*cause)
            {
                wrongs.push(format!("saga {number}: {} is compensated for a cause it does not name", is.name));
            }
        }
        saga.apply(definition, 0, event);
    }
}

/// What the saga believes of a step is what the ledger shows.
#[allow(clippy::too_many_arguments, reason = "one judgement over one step, seen from all sides")]
fn belief(
    definition: &Definition,
    at: usize,
    saga: &Saga,
    events: &[Event],
    step: StepIndex,
    standing: usize,
    mine: &[&Effect],
    sagas: &[(Saga, Vec<Event>, orchestrator::store::Summary)],
    wrongs: &mut Vec<String>,
) {
    let is = definition.step(step);
    let run = saga.run(step);
    let name = format!("child {} {}", at + 1, is.name);
    let family = is.scope == Scope::Family;
    if standing > 1 {
        wrongs.push(format!("{name}: the effect stands {standing} times"));
    }
    let told_otherwise = events.iter().any(|event| match &event.fact {
        Fact::Noticed { step: noticed } => *noticed == step,
        Fact::Resolved { step: resolved, .. } => *resolved == step,
        _ => false,
    });
    let answered_with_other = mine.iter().any(|effect| effect.same_as.is_some());
    let another_believes = family && sagas.iter().any(|(other, ..)| other.run(step).status == Status::Succeeded);
    match run.status {
        Status::Succeeded if standing == 0 && !told_otherwise && !answered_with_other => {
            wrongs.push(format!("{name}: believed done, and nothing stands"));
        }
        Status::Succeeded => {}
        Status::Compensated if family => {
            let all = sagas.iter().all(|(other, ..)| other.run(step).status == Status::Compensated);
            if all && standing > 0 {
                wrongs.push(format!("{name}: released by all, and it stands"));
            }
        }
        _ if standing > 0 && !another_believes && !told_otherwise => {
            let withdrawn_kept = family && sagas.iter().any(|(other, ..)| other.run(step).status == Status::Compensated);
            if !withdrawn_kept {
                wrongs.push(format!("{name}: {:?}, and the effect stands", run.status));
            }
        }
        _ => {}
    }
}
