//! What a legal saga is: judged at every event, against the saga as it was just before.

use std::collections::BTreeSet;

use saga::{
    Answer, Cause, Decision, Definition, End, Event, Fact, Input, MessageStatus, Pending, PendingKind, Saga, Status,
    StepIndex, decide,
    event::{Command, Why},
    legal::Stage,
    pending,
    pending::NEVER,
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
    "procedure",
    "followed",
    "undecided",
    "asked again",
    "limit stated",
    "limit unknown",
    "limit stated anew",
    "limit reached Near",
    "limit reached Passed",
    "limit reached Escalated",
    "legal reminder",
    "message delivered",
    "message called",
    "message dropped",
    "message after the end",
    "bereaved after the end",
];

/// Judges one decision: the events that `input` led to, from `before` to `decision.saga`.
pub fn judge(definition: &Definition, before: &Saga, input: &Input, now: i64, decision: &Decision) {
    assert_eq!(decision, &decide(definition, before, input, now), "decided twice, differently");
    let mut saga = before.clone();
    for event in &decision.events {
        judge_event(definition, &saga, event);
        judge_told(definition, &saga, event, now);
        saga.apply(definition, now, event);
    }
    assert_eq!(saga, decision.saga, "the events do not tell the whole story");
    let events_max = 8 * definition.steps.len() + saga.messages.len();
    assert!(decision.events.len() <= events_max, "the rules do not come to rest");
    let taken = decision.answer == Answer::Taken;
    assert_eq!(taken, !decision.events.is_empty(), "{:?} with {:?}", decision.answer, decision.events);
    let again = decide(definition, &decision.saga, input, now);
    // A timer that comes twice sends the same command twice, which every department must bear; and where two reminders
    // or stages are overdue it brings the one and then the other. An operator who orders twice has the command sent
    // again and the law asked again.
    let harmless = |event: &Event| match event.fact {
        Fact::Reminded { .. } | Fact::LimitReached { .. } | Fact::SentAgain { .. } | Fact::MessageSent { .. } => true,
        Fact::Retried { .. } | Fact::AskedAgain { .. } => matches!(input, Input::Retry { .. }),
        _ => false,
    };
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

/// What the law, the clock and the sender of messages may say, and when.
fn judge_told(definition: &Definition, saga: &Saga, event: &Event, now: i64) {
    let known = |message: &u8| &saga.messages[usize::from(*message)];
    match &event.fact {
        Fact::Undecided { step, .. } => {
            let run = saga.run(*step);
            assert_eq!((run.status, &run.legal.unknown), (Status::Deciding, &None), "an answer to no question");
        }
        Fact::AskedAgain { step } => assert!(saga.run(*step).legal.unknown.is_some(), "nothing was unanswered"),
        Fact::TimesStated { step, .. } => {
            assert!(saga.wants_times(definition, *step), "times that were not asked for");
        }
        Fact::LimitReached { step, stage } => {
            let legal = &saga.run(*step).legal;
            assert_eq!(saga.frozen_since, None, "{event:?} while frozen");
            assert!(legal.stated && legal.paused_since.is_none(), "{event:?} of a clock that stands: {legal:?}");
            let before = [None, Some(Stage::Near), Some(Stage::Passed)];
            assert_eq!(legal.reached, before[*stage as usize], "each stage once and in its order");
            assert!(legal.limit.is_some_and(|limit| limit.at(*stage) <= now), "before its time");
            assert!(is_under_way(saga, *step), "{event:?} of what is not under way");
        }
        Fact::Reminded { step } => {
            assert_eq!(saga.frozen_since, None, "{event:?} while frozen");
            assert!(is_under_way(saga, *step), "{event:?} of what is not under way");
            let run = saga.run(*step);
            let in_time = run.legal.next_reminder().is_some_and(|moment| moment <= now);
            assert!(in_time || run.status == Status::Open, "before its time");
        }
        Fact::MessageQueued { template, key, .. } => {
            assert!(!saga.bereaved, "{event:?} after a bereavement");
            assert_eq!(saga.message(template, key), None, "told twice");
        }
        Fact::MessageSent { message } => {
            assert!(saga.frozen_since.is_none() && !saga.bereaved, "{event:?} in silence");
            let run = known(message);
            let in_time = run.status == MessageStatus::Waiting && run.due_at <= now;
            assert!(in_time || run.status == MessageStatus::Out, "{run:?}");
        }
        Fact::MessageReplied { message, .. } => {
            assert!(matches!(known(message).status, MessageStatus::Out | MessageStatus::ToCall), "{event:?}");
        }
        Fact::MessageCalled { message } => assert_eq!(known(message).status, MessageStatus::ToCall),
        Fact::MessageDropped { .. } => assert!(saga.bereaved, "{event:?} although nobody died"),
        Fact::Followed { procedure, key } => {
            assert!(!saga.followed.contains(&(procedure.clone(), key.clone())), "begun twice");
        }
        _ => {}
    }
}

fn is_under_way(saga: &Saga, step: StepIndex) -> bool {
    let run = saga.run(step);
    let act = run.out.as_ref().is_some_and(|out| out.command == Command::Act);
    run.status == Status::Open || (run.status == Status::InDoubt && act)
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
    if definition.procedure {
        assert!(!matches!(end, End::Rejected | End::Expired), "a procedure only goes forward");
    } else if end == End::Completed {
        assert!(saga.pivot_succeeded(definition), "completed without the pivot");
    }
    if matches!(end, End::Rejected | End::Expired) {
        assert!(!saga.pivot_succeeded(definition), "{end:?} after the pivot");
    }
}

/// A saga at rest waits for something that somebody can see.
fn judge_rest(definition: &Definition, saga: &Saga) {
    let rows = pending(definition, saga);
    judge_what_is_awaited(definition, saga, &rows);
    if saga.end.is_some() {
        return;
    }
    let deciding = saga.steps.iter().any(|run| run.status == Status::Deciding);
    let visible = !rows.is_empty() || saga.frozen_since.is_some() || saga.is_stuck(definition) || deciding;
    assert!(visible || !saga.started, "waits for nothing: {}", tell(definition, saga));
    for step in definition.indices() {
        let run = saga.run(step);
        let with_department = matches!(run.status, Status::InDoubt | Status::Cancelling | Status::Compensating);
        assert_eq!(with_department, run.out.is_some(), "{run:?}");
    }
}

/// A row stands exactly while something is awaited, and one only.
fn judge_what_is_awaited(definition: &Definition, saga: &Saga, rows: &[Pending]) {
    let distinct: BTreeSet<String> = rows.iter().map(|row| format!("{:?} {:?}", row.step, row.timer())).collect();
    assert_eq!(distinct.len(), rows.len(), "two rows for one wait");
    let kinds = |row: &Pending| matches!(row.kind, PendingKind::Message { .. } | PendingKind::Call);
    let (of_messages, of_steps): (Vec<&Pending>, Vec<&Pending>) = rows.iter().partition(|row| kinds(row));
    assert!(saga.end.is_none() || of_steps.is_empty(), "something but a message is awaited after the end");
    assert!(saga.frozen_since.is_none() || rows.iter().all(|row| row.due_at == NEVER), "due while frozen: {rows:?}");
    for (at, message) in saga.messages.iter().enumerate() {
        let found: Vec<_> = of_messages.iter().filter(|row| row.step.at() == at).map(|row| &row.kind).collect();
        match message.status {
            MessageStatus::Waiting | MessageStatus::Out => {
                assert_eq!(found, [&PendingKind::Message { attempts: message.attempts }]);
                assert!(!saga.bereaved || saga.frozen_since.is_some(), "still to be sent after a bereavement");
            }
            MessageStatus::ToCall => assert_eq!(found, [&PendingKind::Call]),
            MessageStatus::Delivered | MessageStatus::Called | MessageStatus::Dropped => assert!(found.is_empty()),
        }
    }
    for step in definition.indices().filter(|_| saga.end.is_none()) {
        let run = saga.run(step);
        let legal = &run.legal;
        let told = legal.limit.is_some() && legal.reached != Some(Stage::Escalated);
        let speaks = legal.unknown.is_some() || !legal.reminders.is_empty() || told;
        let found = of_steps.iter().filter(|row| row.step == step && row.kind == PendingKind::Legal).count();
        assert_eq!(found, usize::from(speaks), "{run:?}");
        let may = run.status == Status::Deciding || is_under_way(saga, step);
        assert!(may || !speaks, "a legal clock runs of what is not under way: {run:?}");
        assert_eq!(legal.paused_since.is_some(), run.status == Status::Correcting, "{run:?}");
        assert!(legal.stated || (legal.limit.is_none() && legal.reminders.is_empty()), "what is void speaks: {run:?}");
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
