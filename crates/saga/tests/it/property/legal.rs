//! What a legal saga is: judged at every event, against the saga as it was just before.

use std::collections::BTreeSet;

use saga::{
    Answer, Cause, Decision, Definition, End, Event, Fact, Input, Saga, Status, StepIndex, decide,
    event::{Command, Why},
    pending,
};

/// What the worlds together must have met, or the judges have judged nothing.
pub const MUST_BE_MET: &[&str] = &[
    "end Completed",
    "end PartiallyCompleted",
    "end Offline",
    "end Rejected",
    "end Expired",
    "end Withdrawn",
    "pivot succeeded",
    "pivot cancelled",
    "compensation",
    "redo",
    "rejection lifted",
    "stuck",
    "frozen",
    "bereaved",
    "offline healed",
    "late stand-in",
];

/// Judges one decision: the events that `input` led to, from `before` to `decision.saga`.
pub fn judge(definition: &Definition, before: &Saga, input: &Input, now: i64, decision: &Decision) {
    assert_eq!(decision, &decide(definition, before, input, now), "decided twice, differently");
    let mut saga = before.clone();
    for event in &decision.events {
        judge_event(definition, &saga, event);
        saga.apply(definition, now, event);
    }
    assert_eq!(saga, decision.saga, "the events do not tell the whole story");
    assert!(decision.events.len() <= 8 * definition.steps.len(), "the rules do not come to rest");
    let taken = decision.answer == Answer::Taken;
    assert_eq!(taken, !decision.events.is_empty(), "{:?} with {:?}", decision.answer, decision.events);
    let again = decide(definition, &decision.saga, input, now);
    // A timer that comes twice sends the same command twice, which every department must bear; and where two reminders
    // are overdue it brings the one and then the other.
    let harmless = |event: &Event| matches!(event.fact, Fact::Reminded { .. } | Fact::SentAgain { .. });
    let same = again.saga == decision.saga || again.events.iter().all(harmless);
    assert!(same, "the second delivery of {input:?} changes something: {:?}", again.events);
    judge_rest(definition, &decision.saga);
}

fn judge_event(definition: &Definition, saga: &Saga, event: &Event) {
    let outlives = matches!(
        event.fact,
        Fact::Bereaved
            | Fact::Followed { .. }
            | Fact::MessageQueued { .. }
            | Fact::MessageSent { .. }
            | Fact::MessageReplied { .. }
            | Fact::MessageCalled { .. }
            | Fact::MessageDropped { .. }
    );
    assert!(saga.end.is_none() || outlives, "{event:?} after the end");
    match &event.fact {
        Fact::Ordered { step, command, revision, why } => {
            assert_eq!(saga.frozen_since, None, "{event:?} while frozen");
            match command {
                Command::Act => judge_act(definition, saga, *step, *revision),
                Command::Compensate => judge_compensation(definition, saga, *step, *why),
                Command::Cancel => {
                    assert_eq!(saga.run(*step).status, Status::InDoubt, "only what is in doubt is cancelled");
                }
            }
        }
        Fact::SentAgain { step } => {
            assert_eq!(saga.frozen_since, None, "{event:?} while frozen");
            assert!(saga.run(*step).out.is_some());
        }
        Fact::TaskOpened { .. } => assert_eq!(saga.frozen_since, None, "{event:?} while frozen"),
        Fact::Ending { .. } => assert!(!saga.is_forward(definition) || matches!(event.by, saga::Actor::Person(_))),
        Fact::Ended { end } => judge_end(definition, saga, *end),
        _ => {}
    }
}

fn judge_act(definition: &Definition, saga: &Saga, step: StepIndex, revision: u32) {
    let (is, run) = (definition.step(step), saga.run(step));
    assert_eq!((run.status, revision), (Status::Waiting, run.revision + 1), "a new revision of what waits, no other");
    if saga.ending.is_some() {
        assert!(is.mandatory && saga.is_forward(definition), "nothing starts while the case ends");
    }
    for before in &is.after {
        assert_eq!(saga.run(*before).status, Status::Succeeded, "started before what it needs");
    }
    for before in &is.once_settled {
        assert!(saga.run(*before).status.is_settled(), "started before what is to be settled first");
    }
    let mourned = saga.bereaved && !run.released;
    assert!(!mourned, "after a bereavement nothing starts by itself");
    assert!(!(saga.bereaved && is.message.is_some()), "no message after a bereavement");
}

fn judge_compensation(definition: &Definition, saga: &Saga, step: StepIndex, why: Why) {
    let is = definition.step(step);
    assert_ne!(Some(step), definition.pivot(), "the pivot is never undone");
    assert!(!saga.pivot_is_out(definition), "compensation while the pivot is out");
    match why {
        Why::Ending(cause) => {
            assert!(is.is_undone_for(cause), "compensated for a cause that is not named");
            assert!(!saga.pivot_succeeded(definition), "compensated after the pivot");
            assert_eq!(saga.ending.map(saga::event::Ending::cause), Some(cause));
        }
        Why::Corrected => assert!(is.is_undone_for(Cause::Corrected)),
        Why::Turn | Why::Expired | Why::Operator | Why::Bereavement => panic!("no cause for a compensation: {why:?}"),
    }
    for later in definition.indices().filter(|later| definition.depends_on(*later, step)) {
        assert!(saga.run(later).out.is_none(), "undone while what was built on it is out");
    }
}

fn judge_end(definition: &Definition, saga: &Saga, end: End) {
    for run in &saga.steps {
        assert!(run.status.is_settled() && run.out.is_none() && !run.for_operator, "ends unsettled: {run:?}");
    }
    let back = matches!(end, End::Withdrawn | End::Rejected | End::Expired);
    assert_eq!(back, saga.ending.is_some());
    if let (Some(ending), false) = (saga.ending, saga.is_forward(definition)) {
        let left = |step: &StepIndex| {
            saga.run(*step).status == Status::Succeeded && definition.step(*step).is_undone_for(ending.cause())
        };
        assert_eq!(definition.indices().find(left), None, "ends with something standing that was to be undone");
    }
    if end == End::Completed {
        assert!(saga.pivot_succeeded(definition), "completed without the pivot");
    }
    if matches!(end, End::Rejected | End::Expired) {
        assert!(!saga.pivot_succeeded(definition), "{end:?} after the pivot");
    }
}

/// A saga at rest waits for something that somebody can see.
fn judge_rest(definition: &Definition, saga: &Saga) {
    let rows = pending(definition, saga);
    if saga.end.is_some() {
        assert_eq!(rows, [], "something is awaited after the end");
        return;
    }
    let deciding = saga.steps.iter().any(|run| run.status == Status::Deciding);
    let visible = !rows.is_empty() || saga.frozen_since.is_some() || saga.is_stuck(definition) || deciding;
    assert!(visible || !saga.started, "waits for nothing: {}", tell(definition, saga));
    let distinct: BTreeSet<String> = rows.iter().map(|row| format!("{:?} {:?}", row.step, row.timer())).collect();
    assert_eq!(distinct.len(), rows.len(), "two rows for one wait");
    for step in definition.indices() {
        let run = saga.run(step);
        let with_department = matches!(run.status, Status::InDoubt | Status::Cancelling | Status::Compensating);
        assert_eq!(with_department, run.out.is_some(), "{run:?}");
    }
}

/// The saga in a few lines, for whoever reads a failure.
pub fn tell(definition: &Definition, saga: &Saga) -> String {
    let mut told = format!("ending {:?}, bereaved {}", saga.ending, saga.bereaved);
    for index in definition.indices() {
        let (step, run) = (definition.step(index), saga.run(index));
        let after: Vec<u8> = step.after.iter().map(|before| before.0).collect();
        told += &format!(
            "\n{} {:?} after {after:?}, {:?} r{} out {:?}",
            step.name, step.kind, run.status, run.revision, run.out
        );
    }
    told
}
