//! A case as people are told it: states, reasons in words, and when something happens next.
//!
//! Nothing here is personal: a saga holds codes only, and the words are the pack's.

use std::collections::HashMap;

use policy::{Pack, legal_time::Span};
use prost_types::Timestamp;
use proto::v1;
use saga::{
    Definition, End, MessageIndex, MessageRun, MessageStatus, PendingKind, Saga, Status, StepIndex,
    definition::Performer,
    event::{Actor, Ending},
    input::Reason,
    pending::NEVER,
    state::StepRun,
};
use uuid::Uuid;

use crate::{
    coordinator::message_step,
    store::{PublicId, Summary},
    watch::Snapshot,
};

/// The whole case.
pub(crate) fn case(snapshot: &Snapshot) -> v1::Case {
    let saga = &snapshot.saga;
    let mut case = summary(&snapshot.summary, snapshot.version);
    case.state = state(saga.end).into();
    case.frozen = saga.frozen_since.is_some();
    case.stuck = saga.is_stuck(&snapshot.definition);
    case.bereaved = saga.bereaved;
    case.ending = saga.ending.map(ending_word).unwrap_or_default().to_owned();
    let next = next_times(&snapshot.definition, saga);
    let step = |index| step(&snapshot.definition, saga, index, snapshot.pack.as_deref(), next.get(&index).copied());
    case.messages = (0..).zip(&saga.messages).map(|(place, run)| message(place, run)).collect();
    case.steps = snapshot.definition.indices().map(step).collect();
    case
}

/// What lists need: the case without its steps, as its summary row has it.
pub(crate) fn summary(summary: &Summary, version: u64) -> v1::Case {
    v1::Case {
        case_id: uuid(summary.case),
        application_id: uuid(summary.application),
        child_order: summary.child_order.into(),
        state: state_of(summary.state).into(),
        frozen: summary.frozen,
        stuck: summary.stuck,
        bereaved: summary.bereaved,
        ending: String::new(),
        steps: Vec::new(),
        pack: summary.pack.to_string(),
        definition_hash: hex::encode(summary.definition),
        submitted_at: Some(timestamp(summary.submitted_at)),
        changed_at: Some(timestamp(summary.changed_at)),
        version,
        messages: Vec::new(),
        procedures: Vec::new(),
    }
}

/// A public id as it is written.
pub(crate) fn uuid(id: PublicId) -> String {
    Uuid::from_bytes(id).to_string()
}

/// Milliseconds since 1970 as protobuf has them.
pub(crate) fn timestamp(at_ms: i64) -> Timestamp {
    let nanos = at_ms.rem_euclid(1_000) * 1_000_000;
    Timestamp { seconds: at_ms.div_euclid(1_000), nanos: i32::try_from(nanos).unwrap_or_default() }
}

/// Why a case is about to end, as the API says it.
pub(crate) fn ending_word(ending: Ending) -> &'static str {
    match ending {
        Ending::Withdrawn => "withdrawn",
        Ending::Rejected => "rejected",
        Ending::Expired => "expired",
    }
}

/// The state's name in summary rows; `None` for a state that no case has.
pub(crate) fn state_name(state: v1::CaseState) -> Option<&'static str> {
    match state {
        v1::CaseState::Unspecified => None,
        v1::CaseState::Running => Some("running"),
        v1::CaseState::Completed => Some("completed"),
        v1::CaseState::PartiallyCompleted => Some("partially-completed"),
        v1::CaseState::Offline => Some("offline"),
        v1::CaseState::Rejected => Some("rejected"),
        v1::CaseState::Expired => Some("expired"),
        v1::CaseState::Withdrawn => Some("withdrawn"),
    }
}

/// Who made a fact one, in the API's words.
pub(crate) fn actor(actor: &Actor) -> String {
    match actor {
        Actor::Department(name) => format!("department:{name}"),
        Actor::Person(role) => format!("person:{role}"),
        Actor::Clock => "clock".to_owned(),
        Actor::Law(rule) => format!("rule:{rule}"),
        Actor::Operator => "operator".to_owned(),
        Actor::Definition => "definition".to_owned(),
    }
}

/// Reasons in words: the pack's text for the code, and the way out.
pub(crate) fn reasons(run: &StepRun, pack: Option<&Pack>) -> Vec<v1::Reason> {
    let failed = run.out.as_ref().and_then(|out| out.failed.as_ref());
    let failed = failed.map(|(code, _)| Reason { code: code.clone(), offline_route: "".into() });
    run.reasons.iter().cloned().chain(failed).map(|given| reason(&given, pack)).collect()
}

pub(crate) fn reason(given: &Reason, pack: Option<&Pack>) -> v1::Reason {
    let known = pack.and_then(|pack| pack.reasons.get(&given.code));
    let route = match (&*given.offline_route, known) {
        ("", Some(known)) => &*known.offline_route,
        (route, _) => route,
    };
    // A route that the pack does not know is the department's own words for it.
    let route = pack.and_then(|pack| pack.offline_routes.get(route)).map_or(route, |route| &*route.text.zh);
    v1::Reason {
        code: given.code.to_string(),
        text_zh: known.map(|known| known.text.zh.to_string()).unwrap_or_default(),
        text_en: known.map(|known| known.text.en.to_string()).unwrap_or_default(),
        offline_route: route.to_owned(),
    }
}

fn step(definition: &Definition, saga: &Saga, index: StepIndex, pack: Option<&Pack>, next_at: Option<i64>) -> v1::Step {
    let (is, run) = (definition.step(index), saga.run(index));
    let out = run.out.as_ref();
    v1::Step {
        name: is.name.to_string(),
        title: is.title.to_string(),
        item: is.item.as_deref().unwrap_or_default().to_owned(),
        performer: performer(&is.performer).to_owned(),
        state: step_state(run).into(),
        revision: run.revision,
        stuck: saga.end.is_none() && saga.step_is_stuck(definition, index),
        stage: out.and_then(|out| out.stage.as_deref()).unwrap_or_default().to_owned(),
        reasons: reasons(run, pack),
        attempts: out.map_or(0, |out| out.attempts),
        next_at: next_at.map(timestamp),
        limit: is.limit.as_deref().map(limit_zh).unwrap_or_default(),
        limit_near_at: run.legal.limit.map(|limit| timestamp(limit.near_at)),
        limit_due_at: run.legal.limit.map(|limit| timestamp(limit.due_at)),
        limit_stage: limit_stage(run).to_owned(),
    }
}

/// A legal limit in words; what the sources leave open is said so.
fn limit_zh(limit: &str) -> String {
    Span::parse(limit).map_or_else(|| policy::law::UNSPECIFIED_ZH.to_owned(), Span::zh)
}

fn limit_stage(run: &StepRun) -> &'static str {
    match (&run.legal.unknown, run.legal.reached) {
        (Some(_), _) if !run.status.is_settled() => "unknown",
        (_, Some(stage)) => stage.name(),
        (_, None) => "",
    }
}

/// A message as people are told of it.
fn message(place: MessageIndex, run: &MessageRun) -> v1::SentMessage {
    let state = match run.status {
        _ if run.retracted => "retracted",
        MessageStatus::Waiting => "waiting",
        MessageStatus::Out => "out",
        MessageStatus::Delivered => "delivered",
        MessageStatus::ToCall => "to-call",
        MessageStatus::Called => "called",
        MessageStatus::Dropped => "dropped",
    };
    v1::SentMessage {
        template: run.template.to_string(),
        to: run.to.to_string(),
        state: state.to_owned(),
        sent_at: (run.sent_at > 0).then(|| timestamp(run.sent_at)),
        name: message_step(place),
    }
}

/// A procedure as the case that it follows tells it.
pub(crate) fn follow_up(snapshot: &Snapshot) -> v1::FollowUp {
    let mut waits_for: Vec<String> = snapshot
        .definition
        .indices()
        .filter(|step| matches!(snapshot.saga.run(*step).status, Status::InDoubt | Status::Open | Status::Correcting))
        .map(|step| performer(&snapshot.definition.step(step).performer).to_owned())
        .collect();
    waits_for.sort();
    waits_for.dedup();
    v1::FollowUp {
        case_id: uuid(snapshot.summary.case),
        procedure: snapshot.summary.pack.rsplit('/').next().unwrap_or_default().to_owned(),
        title: snapshot.definition.title.to_string(),
        state: state(snapshot.saga.end).into(),
        waits_for,
    }
}

fn performer(performer: &Performer) -> &str {
    match performer {
        Performer::Department { department, .. } => department,
        Performer::Person { role, .. } => role,
        Performer::Law { .. } => "law",
    }
}

/// When the clock acts next on each step; frozen cases have no such time.
fn next_times(definition: &Definition, saga: &Saga) -> HashMap<StepIndex, i64> {
    let mut next = HashMap::new();
    let of_a_step = |pending: &saga::Pending| {
        pending.due_at != NEVER && !matches!(pending.kind, PendingKind::Message { .. } | PendingKind::Call)
    };
    for pending in saga::pending(definition, saga).into_iter().filter(of_a_step) {
        let at = next.entry(pending.step).or_insert(pending.due_at);
        *at = pending.due_at.min(*at);
    }
    next
}

fn state(end: Option<End>) -> v1::CaseState {
    match end {
        None => v1::CaseState::Running,
        Some(End::Completed) => v1::CaseState::Completed,
        Some(End::PartiallyCompleted) => v1::CaseState::PartiallyCompleted,
        Some(End::Offline) => v1::CaseState::Offline,
        Some(End::Rejected) => v1::CaseState::Rejected,
        Some(End::Expired) => v1::CaseState::Expired,
        Some(End::Withdrawn) => v1::CaseState::Withdrawn,
    }
}

fn state_of(name: &str) -> v1::CaseState {
    let states = (1..=7).filter_map(|number| v1::CaseState::try_from(number).ok());
    states.into_iter().find(|state| state_name(*state) == Some(name)).unwrap_or_default()
}

fn step_state(run: &StepRun) -> v1::StepState {
    match run.status {
        Status::Waiting => v1::StepState::Waiting,
        // Closed is what nobody asks for any more: to people it is as if it had not been asked.
        Status::Unselected | Status::Closed => v1::StepState::NotSelected,
        Status::Deciding => v1::StepState::Deciding,
        Status::InDoubt if run.out.as_ref().is_some_and(|out| out.accepted.is_some()) => v1::StepState::Accepted,
        // Told not done at an operator's word: still with the department until the operator says how it goes on.
        Status::InDoubt | Status::NotDone => v1::StepState::InDoubt,
        Status::Open => v1::StepState::TaskOpen,
        Status::Correcting => v1::StepState::Correcting,
        Status::Succeeded => v1::StepState::Succeeded,
        Status::Refused => v1::StepState::Refused,
        Status::Offline => v1::StepState::Offline,
        Status::Skipped => v1::StepState::Skipped,
        Status::Declined => v1::StepState::Declined,
        Status::Expired => v1::StepState::Expired,
        Status::Cancelling => v1::StepState::Cancelling,
        Status::Cancelled => v1::StepState::Cancelled,
        Status::Compensating => v1::StepState::Compensating,
        Status::Compensated => v1::StepState::Compensated,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use policy::Packs;
    use saga::state::Out;

    use super::*;

    fn snapshot(change: impl FnOnce(&Definition, &mut Saga)) -> Snapshot {
        let packs = Packs::shipped();
        let pack = Arc::clone(packs.get("anhui-2024").expect("shipped"));
        let definition = pack.definition.clone();
        let mut saga = Saga::new(&definition);
        change(&definition, &mut saga);
        let summary = Summary {
            case: [1; 16],
            application: [2; 16],
            child_order: 1,
            pack: pack.name.clone(),
            definition: pack.hash,
            state: "running",
            stuck: false,
            frozen: false,
            bereaved: false,
            submitted_at: 1_500,
            changed_at: 2_500,
        };
        Snapshot { number: 1, version: 9, summary, saga, definition, pack: Some(pack) }
    }

    fn step_of(case: &v1::Case, name: &str) -> v1::Step {
        case.steps.iter().find(|step| step.name == name).expect("a step of the pack").clone()
    }

    /// A family would otherwise read a code where the law owes it a reason, and not learn where to go.
    #[test]
    fn a_refusal_is_told_in_words_with_the_way_out() {
        let case = case(&snapshot(|definition, saga| {
            let step = definition.find("eligibility").expect("a step");
            saga.steps[step.at()].status = Status::Refused;
            let given = [("PRE-104", ""), ("XYZ-1", "police"), ("XYZ-2", "请到某窗口")];
            let reason = |(code, route): (&str, &str)| Reason { code: code.into(), offline_route: route.into() };
            saga.steps[step.at()].reasons = given.map(reason).to_vec();
        }));
        let step = step_of(&case, "eligibility");
        assert_eq!((step.state(), &*step.performer), (v1::StepState::Refused, "law"));
        assert_eq!(step.reasons[0].text_zh, "父母双方须均为本省户籍居民。");
        assert!(step.reasons[0].offline_route.contains("户政窗口"), "the reason's own route");
        assert!(step.reasons[1].offline_route.contains("户政窗口"), "the route that was given");
        assert_eq!((&*step.reasons[2].text_zh, &*step.reasons[2].offline_route), ("", "请到某窗口"));
    }

    /// A family would otherwise ask at a counter about what the department has long accepted.
    #[test]
    fn what_a_department_has_accepted_is_told_apart_from_what_it_may_not_know() {
        let accepted = |accepted: Option<&str>, failed: Option<(&str, bool)>| {
            let case = case(&snapshot(|definition, saga| {
                let step = definition.find("card").expect("a step").at();
                saga.steps[step].status = Status::InDoubt;
                saga.steps[step].out = Some(Out {
                    command: saga::event::Command::Act,
                    why: saga::event::Why::Turn,
                    attempts: 2,
                    accepted: accepted.map(Into::into),
                    stage: accepted.map(|_| "初审".into()),
                    failed: failed.map(|(code, again)| (code.into(), again)),
                    due_at: 60_000,
                });
            }));
            step_of(&case, "card")
        };
        let step = accepted(Some("C-1"), None);
        assert_eq!((step.state(), &*step.stage, step.attempts), (v1::StepState::Accepted, "初审", 2));
        assert_eq!(step.next_at, Some(timestamp(60_000)));
        let step = accepted(None, Some(("HRS-804", false)));
        assert_eq!((step.state(), step.stuck, &*step.reasons[0].code), (v1::StepState::InDoubt, true, "HRS-804"));
        assert_eq!((&*step.title, &*step.item), ("社会保障卡申领", "social-security-card"));
    }

    /// A list that filters by a state would otherwise miss the cases that it shows in that state.
    #[test]
    fn each_state_has_one_name_for_summaries_and_the_api() {
        for name in crate::store::STATES {
            assert_eq!(state_name(state_of(name)), Some(name));
        }
        let ends = [End::Completed, End::PartiallyCompleted, End::Offline, End::Rejected, End::Expired, End::Withdrawn];
        let mut named: Vec<_> = ends.iter().map(|end| state_name(state(Some(*end)))).collect();
        named.insert(0, state_name(state(None)));
        assert_eq!(named, crate::store::STATES.map(Some));
    }

    /// A time before 1970, or a second off, would be shown as the time of filing.
    #[test]
    fn milliseconds_are_told_exactly() {
        assert_eq!(timestamp(1_500), Timestamp { seconds: 1, nanos: 500_000_000 });
        assert_eq!(timestamp(-1), Timestamp { seconds: -1, nanos: 999_000_000 });
    }
}
