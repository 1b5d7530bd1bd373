//! Whether anybody was wronged: the judges of protocol.md, at quiescence.

use std::collections::BTreeMap;

use adapter::simulated::Effect;
use orchestrator::{
    fold,
    store::{SagaNumber, Store, Summary},
};
use proto::{associated::command_id, bus::CommandKind};
use saga::{
    Definition, Event, Fact, MessageStatus, Outcome, Saga, Status, StepIndex,
    definition::{Kind, Scope},
    event::{Command, Why},
};

use crate::{
    World,
    world::{HOUR, Said},
};

/// Revisions looked for in the ledgers.
const REVISIONS: u32 = 24;

/// What was already with the carrier at a death may still arrive before its cancellation does.
const LAST_MESSAGES_MS: i64 = 6 * HOUR;

/// One child's case, with all that was written of it.
struct Case {
    number: SagaNumber,
    saga: Saga,
    summary: Summary,
    /// Each event and when it happened, in milliseconds since 1970.
    events: Vec<(i64, Event)>,
}

/// Everything that is wrong with a world in which nothing more happens; empty if nobody was wronged.
pub async fn judge(world: &World) -> Vec<String> {
    let mut wrongs = Vec::new();
    let definition = world.definition();
    let effects = world.effects().await;
    let mut cases = Vec::new();
    for number in &world.sagas {
        let loaded = world.store.load(&[*number]).await.expect("the store answers").remove(0);
        let saga = fold::fold(&definition, &loaded).expect("its history folds");
        let events = loaded.entries.iter().flat_map(|entry| {
            let events = fold::events(entry).expect("decodes");
            events.into_iter().map(|event| (entry.at, event))
        });
        cases.push(Case { number: *number, saga, events: events.collect(), summary: loaded.summary });
    }
    for case in &cases {
        history(world, &definition, case, &mut wrongs);
        overtaken(world, &definition, case, &mut wrongs);
        waiting(&definition, case, &mut wrongs);
    }
    let mut claimed: BTreeMap<&str, usize> = BTreeMap::new();
    for (child, case) in cases.iter().enumerate() {
        for step in definition.indices().filter(|step| definition.step(*step).department().is_some()) {
            let mine = effects_of(&definition, case, step, &effects);
            for effect in &mine {
                *claimed.entry(&effect.call_id).or_default() += 1;
            }
            belief(&definition, &cases, child, step, &mine, &mut wrongs);
        }
        for (place, run) in case.saga.messages.iter().enumerate() {
            let id = hex::encode(command_id(case.summary.case, &format!("message/{place}"), CommandKind::Act, 1));
            let mine: Vec<&Effect> = effects.iter().filter(|effect| effect.call_id == id).collect();
            for effect in &mine {
                *claimed.entry(&effect.call_id).or_default() += 1;
            }
            let times = mine.iter().filter(|effect| effect.stands()).count();
            let delivered = run.status == MessageStatus::Delivered;
            if times > 1 || delivered && times == 0 {
                wrongs.push(format!("child {} message {place}: {:?}, sent {times} times", child + 1, run.status));
            }
        }
    }
    for effect in &effects {
        let outside = effect.call_id.starts_with("counter-");
        if !outside && !claimed.contains_key(&*effect.call_id) {
            wrongs.push(format!("{} {} belongs to no command of any saga", effect.act, effect.call_id));
        }
    }
    registered_twice(&effects, &mut wrongs);
    sending(world, &effects, &mut wrongs);
    wrongs
}

/// The effects of one step of one case, under whatever revision.
fn effects_of<'a>(definition: &Definition, case: &Case, step: StepIndex, effects: &'a [Effect]) -> Vec<&'a Effect> {
    let is = definition.step(step);
    let key = if is.scope == Scope::Family { case.summary.application } else { case.summary.case };
    let mut mine = Vec::new();
    for revision in 1..=REVISIONS {
        let id = hex::encode(command_id(key, &is.name, CommandKind::Act, revision));
        mine.extend(effects.iter().filter(|effect| effect.call_id == id));
    }
    mine
}

/// A case that has not ended at quiescence never will.
fn waiting(definition: &Definition, case: &Case, wrongs: &mut Vec<String>) {
    if case.saga.end.is_some() {
        return;
    }
    let open: Vec<_> = definition
        .indices()
        .filter(|step| !case.saga.run(*step).status.is_settled())
        .map(|step| format!("{} {:?}", definition.step(step).name, case.saga.run(step).status))
        .collect();
    wrongs.push(format!("saga {} waits for ever: {}", case.number, open.join(", ")));
}

/// One child, one registration: at the counter or by us.
fn registered_twice(effects: &[Effect], wrongs: &mut Vec<String>) {
    let mut registered: BTreeMap<&str, usize> = BTreeMap::new();
    for effect in effects.iter().filter(|effect| effect.act == "Register" && effect.stands()) {
        *registered.entry(&effect.subject).or_default() += 1;
    }
    let twice = registered.iter().filter(|(_, times)| **times > 1);
    wrongs.extend(twice.map(|(certificate, times)| format!("the child of {certificate} is registered {times} times")));
}

/// Nothing leaves after a case's end or while it is frozen, and no message long after a death.
fn sending(world: &World, effects: &[Effect], wrongs: &mut Vec<String>) {
    for sent in &world.sent {
        // What a family is told of the end comes after it.
        if sent.ended && !sent.step.starts_with("message/") {
            wrongs.push(format!("saga {}: a command for {} went out after the end", sent.number, sent.step));
        }
        if sent.frozen {
            wrongs.push(format!("saga {}: a command for {} went out while frozen", sent.number, sent.step));
        }
    }
    let Some(death) = world.bereaved_at else { return };
    let late = |effect: &&Effect| effect.act == "SendMessage" && effect.done_at_ms > death + LAST_MESSAGES_MS;
    wrongs.extend(effects.iter().filter(late).map(|_| "a message long after the death".to_owned()));
}

/// What the order of events must never show.
fn history(world: &World, definition: &Definition, case: &Case, wrongs: &mut Vec<String>) {
    let mut saga = Saga::new(definition);
    let number = case.number;
    for (at, event) in &case.events {
        let outlives = matches!(
            event.fact,
            Fact::MessageQueued { .. }
                | Fact::MessageSent { .. }
                | Fact::MessageReplied { .. }
                | Fact::MessageDropped { .. }
                | Fact::Bereaved
        );
        if saga.end.is_some() && !outlives {
            wrongs.push(format!("saga {number}: {} after the end", event.fact.name()));
        }
        if let Fact::Replied { step, command, revision, outcome, .. } = &event.fact {
            let is = &definition.step(*step).name;
            let said = Said {
                number,
                step: is.to_string(),
                kind: kind_of(*command),
                revision: *revision,
                says: name_of(outcome),
            };
            if !world.said.contains(&said) {
                wrongs.push(format!("saga {number}: {} is written of {is}, which no department has said", said.says));
            }
        }
        if let Fact::MessageReplied { message, outcome, .. } = &event.fact {
            let step = format!("message/{message}");
            let says = name_of(outcome);
            let heard = |said: &Said| said.number == number && said.step == step && said.says == says;
            if !world.said.iter().any(heard) {
                wrongs.push(format!("saga {number}: {says} is written of {step}, which its sender has not said"));
            }
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
        saga.apply(definition, *at, event);
    }
}

fn kind_of(command: Command) -> CommandKind {
    match command {
        Command::Act => CommandKind::Act,
        Command::Compensate => CommandKind::Compensate,
        Command::Cancel => CommandKind::Cancel,
    }
}

fn name_of(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Accepted { .. } => "Accepted",
        Outcome::Progress { .. } => "Progress",
        Outcome::NeedsCorrection { .. } => "NeedsCorrection",
        Outcome::Succeeded => "Succeeded",
        Outcome::Refused { .. } => "Refused",
        Outcome::Compensated => "Compensated",
        Outcome::Cancelled => "Cancelled",
        Outcome::Failed { .. } => "Failed",
    }
}

/// A reply that was there in time is never overtaken by its own deadline, nor a person who tried in time
/// (protocol.md 14).
fn overtaken(world: &World, definition: &Definition, case: &Case, wrongs: &mut Vec<String>) {
    let mut saga = Saga::new(definition);
    let number = case.number;
    for (at, event) in &case.events {
        let lay_unread = |step: StepIndex| {
            let run = saga.run(step);
            run.status == Status::InDoubt
                && world.waited.iter().any(|waited| {
                    let same = waited.number == number && *waited.step == *definition.step(step).name;
                    same && waited.revision == run.revision && waited.at < *at
                })
        };
        match &event.fact {
            Fact::Late { step } => {
                let conditions = definition.step(*step).start_when.iter();
                let awaited = conditions.map(saga::definition::StartWhen::step).find(|other| lay_unread(*other));
                if let Some(other) = awaited {
                    let name = &definition.step(other).name;
                    wrongs.push(format!("saga {number}: {name} counts as late, and its success lay unread"));
                }
            }
            Fact::Ordered { step, command: Command::Cancel, why: Why::Expired, .. } if lay_unread(*step) => {
                let name = &definition.step(*step).name;
                wrongs.push(format!("saga {number}: {name} expires, and its success lay unread"));
            }
            Fact::TaskExpired { step } => {
                let revision = saga.run(*step).revision;
                let tried = world.tried.iter().any(|tried| {
                    tried.number == number && tried.step == *step && tried.revision == revision && tried.at < *at
                });
                if tried {
                    let name = &definition.step(*step).name;
                    wrongs.push(format!("saga {number}: {name} expires although its person came in time"));
                }
            }
            _ => {}
        }
        saga.apply(definition, *at, event);
    }
}

/// What the saga believes of a step is what the ledger shows.
fn belief(
    definition: &Definition,
    cases: &[Case],
    child: usize,
    step: StepIndex,
    mine: &[&Effect],
    wrongs: &mut Vec<String>,
) {
    let is = definition.step(step);
    let status = |case: &Case| case.saga.run(step).status;
    let name = format!("child {} {}", child + 1, is.name);
    let family = is.scope == Scope::Family;
    let standing = mine.iter().filter(|effect| effect.stands()).count();
    if standing > 1 {
        wrongs.push(format!("{name}: the effect stands {standing} times"));
    }
    let told_otherwise = cases[child].events.iter().any(|(_, event)| match &event.fact {
        Fact::Noticed { step: noticed } => *noticed == step,
        Fact::Resolved { step: resolved, .. } => *resolved == step,
        _ => false,
    });
    let answered_with_other = mine.iter().any(|effect| effect.same_as.is_some());
    let another_believes = family && cases.iter().any(|other| status(other) == Status::Succeeded);
    match status(&cases[child]) {
        Status::Succeeded if standing == 0 && !told_otherwise && !answered_with_other => {
            wrongs.push(format!("{name}: believed done, and nothing stands"));
        }
        Status::Succeeded => {}
        Status::Compensated if family => {
            let all = cases.iter().all(|other| status(other) == Status::Compensated);
            if all && standing > 0 {
                wrongs.push(format!("{name}: released by all, and it stands"));
            }
        }
        stands if standing > 0 && !another_believes && !told_otherwise => {
            let withdrawn_kept = family && cases.iter().any(|other| status(other) == Status::Compensated);
            if !withdrawn_kept {
                wrongs.push(format!("{name}: {stands:?}, and the effect stands"));
            }
        }
        _ => {}
    }
}
