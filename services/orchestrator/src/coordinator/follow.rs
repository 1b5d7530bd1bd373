//! Procedures that follow a case: a correction once and everywhere, a refund, a recalculation.
//!
//! Each is a saga of its own, filed against the case, under the pack that the case is pinned to. So it may begin while
//! the case runs and years after it ended, asks, retries, expires and is rescued like any other saga, and never touches
//! what the case has settled. Its facts are those of the case at that moment, with what is asked for on top; they are
//! sealed with it. Where the law cannot decide for want of a fact, what the case has come to know since is added.

use std::{collections::BTreeSet, sync::Arc};

use policy::OnNotice;
use saga::{Answer, Input, Saga, Status, definition::Performer};
use serde_json::{Map, Value, json};

use super::{
    Batch, Cached, Coordinator, Decided,
    application::{endpoint, merge, stored_at},
    compose,
    law::beijing,
    take::{OTHER_DEPARTMENT, Told},
    work::{Done, Follow, Notice, Queued, Work},
    working::Working,
};
use crate::store::{PublicId, SagaNumber, SealedKind, SealedRow, Summary};

impl Coordinator {
    /// Begins a procedure on each of the sagas that are named, or on none.
    pub(super) fn follow(&mut self, queued: Queued, batch: &mut Batch, now: i64) {
        let Work::Follow(follow) = &queued.work else { return };
        let ready = follow.cases.iter().all(|number| {
            let working = batch.sagas.get(number);
            working.is_some_and(|working| !working.now.definition.procedure && has(&working.now, &follow.procedure))
        });
        let Some(application) = follow.cases.first().and_then(|number| batch.sagas.get(number)) else {
            return super::answer(queued.answer, Done::Unknown);
        };
        if !ready {
            return super::answer(queued.answer, Done::NoProcedure);
        }
        let application = application.now.summary.application;
        if follow.act.is_some() && batch.acts.contains_key(&application) {
            batch.later.push(queued);
            return;
        }
        let mut cases = Vec::new();
        for number in &follow.cases {
            cases.extend(self.begin(*number, follow, batch, now));
        }
        if let Some(act) = follow.act.clone().filter(|_| !cases.is_empty()) {
            batch.acts.insert(application, act);
        }
        let repeated = cases.is_empty();
        batch.decided.push(Decided { application, queued, done: Done::Followed { cases, repeated } });
    }

    /// A payment that nobody owed, or that was made twice, is not lost: the pack's procedure for it begins.
    pub(super) fn surplus(&mut self, number: SagaNumber, notice: &Notice, batch: &mut Batch, now: i64) -> Told {
        let Some(working) = batch.sagas.get(&number) else { return (NOBODY, Done::Unknown) };
        let application = working.now.summary.application;
        let begins = working.now.pack.as_ref().and_then(|pack| pack.on_notice.get(&*notice.kind).cloned());
        let Some(OnNotice { department, rule, procedure }) = begins else { return (NOBODY, Done::Unknown) };
        if *endpoint(compose::area_of(&working.now.facts), &department) != *notice.endpoint {
            self.keep_notice(notice, false, OTHER_DEPARTMENT, batch);
            return (NOBODY, Done::Buried);
        }
        if rule.is_some_and(|rule| self.is_in_order(&working.now, &rule, notice, now)) {
            self.keep_notice(notice, false, IN_ORDER, batch);
            return (NOBODY, Done::Buried);
        }
        let proof = policy::facts::text(&notice.fields, "voucher").map_or_else(
            || hex::encode(notice.id),
            |voucher| hex::encode(self.parts.secrets.blind.of("voucher", voucher)),
        );
        let follow = Follow {
            cases: vec![number],
            procedure,
            key: proof.into(),
            request: json!({ "payment": notice.fields, "reason": notice.kind }),
            corrections: Map::new(),
            act: None,
            note: None,
        };
        let begun = self.begin(number, &follow, batch, now);
        let answer = if begun.is_some() { Answer::Taken } else { Answer::Repeated };
        (application, Done::Answered(vec![answer]))
    }

    /// The law finds nothing wrong with the payment: it is for a year that the family owes and has not paid.
    fn is_in_order(&self, cached: &Cached, rule: &str, notice: &Notice, now: i64) -> bool {
        let (Some(pack), Value::Object(facts)) = (&cached.pack, &cached.facts) else { return false };
        let mut facts = facts.clone();
        in_question(&mut facts, &notice.fields);
        let decided = policy::decide(rule, pack, &self.parts.calendar, &Value::Object(facts), &beijing(now));
        decided.is_ok_and(|decision| decision.outcome == policy::Outcome::No)
    }

    fn begin(&mut self, parent: SagaNumber, follow: &Follow, batch: &mut Batch, now: i64) -> Option<PublicId> {
        let working = batch.sagas.get_mut(&parent)?;
        let pack = working.now.pack.clone()?;
        let procedure = pack.procedures.get(&follow.procedure)?;
        let corrections = corrections_for(follow, parent);
        let input = Input::Follow { procedure: follow.procedure.clone(), key: follow.key.clone() };
        if working.take_noted(&input, follow.note.clone(), now) != Answer::Taken {
            return None;
        }
        let summary = working.now.summary.clone();
        let application = self.applications.get_mut(&summary.application)?;
        let received = received(&working.now, &corrections);
        if !corrections.is_empty() {
            let corrected = Value::Object(corrections.clone());
            merge(&mut working.now.facts, &corrected);
            let sealed = application.seal(&stored_at(summary.case, "correction"), corrected.to_string().as_bytes());
            let revision = u32::try_from(working.now.version).unwrap_or(u32::MAX);
            working.seals.push(SealedRow { step: 0, kind: SealedKind::Correction, revision, sealed });
        }
        let mut facts = working.now.facts.clone();
        if let Value::Object(facts) = &mut facts {
            // What the procedure decides or does anew is not known yet, whatever the case had come to.
            for step in &procedure.definition.steps {
                facts.remove(&*step.name);
            }
            facts.insert("request".to_owned(), follow.request.clone());
            if let Some(payment) = follow.request.get("payment") {
                in_question(facts, payment);
            }
            let paths: Vec<&String> = corrections.keys().collect();
            facts.insert("correction".to_owned(), json!({ "paths": paths, "received": received }));
            facts.insert("corrections".to_owned(), Value::Object(corrections));
        }
        let number = self.numbers.next()?;
        let case = (self.parts.new_id)();
        let summary = Summary {
            case,
            pack: procedure.definition.name.clone(),
            definition: procedure.hash,
            state: "running",
            stuck: false,
            frozen: false,
            submitted_at: now,
            changed_at: now,
            ..summary
        };
        let sealed = application.seal(&stored_at(case, "facts"), facts.to_string().as_bytes());
        let definition = procedure.definition.clone();
        let cached = Cached { version: 0, saga: Saga::new(&definition), definition, pack: Some(pack), summary, facts };
        let mut working = Working::of(number, cached);
        working.seals.push(SealedRow { step: 0, kind: SealedKind::Facts, revision: 0, sealed });
        working.take(&Input::Start { chosen: BTreeSet::new(), group_size: 1 }, now);
        batch.sagas.insert(number, working);
        self.ask_the_law(number, batch, now);
        Some(case)
    }
}

impl Coordinator {
    /// A procedure that the law cannot decide learns what its case has come to know since it began: who pays the
    /// premium is often decided after somebody has paid it. What it knows already stays.
    pub(super) fn learn(&mut self, number: SagaNumber, batch: &mut Batch) {
        let Some(parent) = batch.followed.get(&number) else { return };
        let Some(known) = batch.sagas.get(parent).and_then(|parent| parent.now.facts.as_object()).cloned() else {
            return;
        };
        let Some(working) = batch.sagas.get_mut(&number).filter(|working| working.changed()) else { return };
        let own: BTreeSet<Arc<str>> = working.now.definition.steps.iter().map(|step| step.name.clone()).collect();
        let Value::Object(facts) = &mut working.now.facts else { return };
        let before = facts.len();
        for (name, value) in known.into_iter().filter(|(name, _)| !own.contains(&**name)) {
            facts.entry(name).or_insert(value);
        }
        if facts.len() == before {
            return;
        }
        let kept: Map<String, Value> = facts
            .iter()
            .filter(|(name, _)| !own.contains(&***name))
            .map(|(name, is)| (name.clone(), is.clone()))
            .collect();
        let summary = &working.now.summary;
        let Some(application) = self.applications.get_mut(&summary.application) else { return };
        let sealed = application.seal(&stored_at(summary.case, "facts"), Value::Object(kept).to_string().as_bytes());
        let revision = u32::try_from(working.now.version).unwrap_or(u32::MAX);
        working.seals.push(SealedRow { step: 0, kind: SealedKind::Facts, revision, sealed });
    }
}

/// What is corrected of this case: of a sibling's, the family's facts alone.
fn corrections_for(follow: &Follow, case: SagaNumber) -> Map<String, Value> {
    let named = follow.cases.first() == Some(&case);
    let concerns = |path: &str| named || !path.starts_with("child.");
    follow.corrections.iter().filter(|(path, _)| concerns(path)).map(|(path, is)| (path.clone(), is.clone())).collect()
}

/// The payment in question stands where the rules look for one; what was paid before stands beside it.
fn in_question(facts: &mut Map<String, Value>, payment: &Value) {
    let before = facts.insert("premium".to_owned(), payment.clone());
    let payments: Vec<Value> = before.into_iter().chain([payment.clone()]).collect();
    facts.insert("payments".to_owned(), Value::Array(payments));
}

/// Why a notice of a payment that begins nothing waits for a person.
const IN_ORDER: &str = "依法应缴,不属多缴;本件不等待此款 the payment was owed; this case does not wait for it";

/// No application: nothing is told to any.
pub(super) const NOBODY: PublicId = [0; 16];

fn has(cached: &Cached, procedure: &str) -> bool {
    cached.pack.as_ref().is_some_and(|pack| pack.procedures.contains_key(procedure))
}

/// The departments that were sent, or may have been sent, one of the corrected fields by this case.
fn received(cached: &Cached, corrections: &Map<String, Value>) -> Vec<Arc<str>> {
    let mut departments = BTreeSet::new();
    for index in cached.definition.indices() {
        let (step, run) = (cached.definition.step(index), cached.saga.run(index));
        let Performer::Department { department, .. } = &step.performer else { continue };
        let was_sent = run.revision > 0
            && !matches!(run.status, Status::Waiting | Status::Cancelled | Status::Compensated | Status::NotDone);
        let sends = |path: &String| {
            step.send.iter().any(|sent| {
                let sent = sent.strip_suffix('?').unwrap_or(sent);
                within(path, sent) || within(sent, path)
            })
        };
        if was_sent && corrections.keys().any(sends) {
            departments.insert(department.clone());
        }
    }
    departments.into_iter().collect()
}

/// True where a path is another one or lies below it.
fn within(path: &str, whole: &str) -> bool {
    path == whole || path.strip_prefix(whole).is_some_and(|rest| rest.starts_with('.'))
}
