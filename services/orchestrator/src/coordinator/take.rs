//! Each piece of work in its turn: what it says to which saga, and what is kept of it.

use std::sync::Arc;

use prost::Message;
use proto::{
    associated::{Direction, bus_associated},
    bus as wire,
};
use saga::{Answer, Definition, Input, Saga, Status, StepIndex, event::Command, input::Timer};
use serde_json::Value;

use super::{
    Batch, Cached, Coordinator, Decided, Work, Working, answer,
    application::{Application, endpoint, facts_of, merge, replace_output, stored_at},
    compose,
    follow::NOBODY,
    law::record_the_pack,
    load::Read,
    notify::message_told,
    work::{Clear, Done, Filing, Notice, Order, Queued},
};
use crate::store::{self, PendingKindName, SagaNumber, SealedKind, SealedRow, Summary, UnmatchedNotice};

impl Coordinator {
    pub(super) fn take(&mut self, queued: Queued, read: &Read, batch: &mut Batch, now: i64) {
        match &queued.work {
            Work::File(filing) => {
                let (application, done) = self.file(filing, batch, now);
                batch.decided.push(Decided { application, queued, done });
            }
            Work::Order(_) => self.order(queued, read, batch, now),
            Work::Follow(follow) => {
                let known = follow.act.as_ref().and_then(|act| Some((read.acts.get(&act.key)?, act.what)));
                match known {
                    Some((known, what)) if *known == what => answer(queued.answer, Done::ActRepeated),
                    Some(_) => answer(queued.answer, Done::KeyTaken),
                    None => self.follow(queued, batch, now),
                }
            }
            Work::Look(look) => {
                let seen = batch
                    .sagas
                    .get(&look.number)
                    .and_then(|working| Some((working.now.facts.clone(), working.now.pack.clone()?)));
                let Work::Look(look) = queued.work else { return };
                // Whoever has gone away asks again.
                let _gone = look.seen.send(seen);
                answer(queued.answer, Done::Answered(Vec::new()));
            }
            Work::Reply(reply) => {
                let done = self.reply(reply, batch, now);
                self.decided(queued, done, batch);
            }
            Work::Notice(notice) => {
                let (application, done) = self.notice(notice, read, batch, now);
                batch.decided.push(Decided { application, queued, done });
            }
            Work::Due(due) if due.row.key.kind == PendingKindName::Message => {
                let done = self.message_due(due, batch, now);
                self.decided(queued, done, batch);
            }
            Work::Due(due) => {
                let there = |working: &&mut Working| usize::from(due.row.key.step) < working.now.definition.steps.len();
                let done = match batch.sagas.get_mut(&due.number).filter(there) {
                    None => Done::Unknown,
                    Some(working) => {
                        let step = StepIndex(due.row.key.step);
                        let timer = timer_of(due.row.key.kind);
                        let input = Input::Due { step, timer, revision: due.row.revision };
                        let taken = working.take_due(&input, step, now, &self.parts.downtimes);
                        if let (Answer::Taken, Some(message)) = (&taken, &due.row.message) {
                            working.again.insert(step, message.clone());
                        }
                        Done::Answered(vec![taken])
                    }
                };
                self.ask_the_law(due.number, batch, now);
                self.decided(queued, done, batch);
            }
        }
    }

    /// Puts work with its answer where the answer waits for the commit.
    fn decided(&self, queued: Queued, done: Done, batch: &mut Batch) {
        let left_alone = queued.work.names().iter().any(|number| self.quarantined.contains(number));
        let done = if left_alone { Done::Quarantined } else { done };
        let application = queued
            .work
            .names()
            .first()
            .and_then(|number| batch.sagas.get(number))
            .map_or([0; 16], |working| working.now.summary.application);
        batch.decided.push(Decided { application, queued, done });
    }

    /// A new application: one saga per child, started.
    fn file(&mut self, filing: &Filing, batch: &mut Batch, now: i64) -> (store::PublicId, Done) {
        let id = (self.parts.new_id)();
        let form = Arc::new(filing.facts.clone());
        let application = Application::new(self.parts.secrets.suite, form.clone());
        let sealed_form = application.seal(&stored_at(id, "form"), form.to_string().as_bytes());
        let wrapped_key = application.wrapped(&self.parts.secrets.master);
        batch.opens.insert(
            id,
            store::NewApplication { id, key: filing.key, form: filing.form, wrapped_key, sealed_form, at: now },
        );
        self.applications.put(id, application);
        let group_size = u8::try_from(filing.children.len()).unwrap_or(u8::MAX);
        let mut cases = Vec::with_capacity(filing.children.len());
        for child in &filing.children {
            let Some(number) = self.numbers.next() else { continue };
            let case = (self.parts.new_id)();
            cases.push(case);
            let definition = filing.pack.definition.clone();
            let summary = Summary {
                case,
                application: id,
                child_order: child.order,
                pack: filing.pack.name.clone(),
                definition: filing.pack.hash,
                state: "running",
                stuck: false,
                frozen: false,
                bereaved: false,
                submitted_at: now,
                changed_at: now,
            };
            let cached = Cached {
                version: 0,
                saga: Saga::new(&definition),
                definition,
                pack: Some(filing.pack.clone()),
                summary,
                facts: facts_of(&form, child.order),
            };
            let mut working = Working::of(number, cached);
            working.child = Some(child.child);
            working.found_by.extend(filing.found_by.iter().copied());
            working.take(&Input::Start { chosen: child.chosen.clone(), group_size }, now);
            if let Some(application) = self.applications.get(&id) {
                record_the_pack(&mut working, self.parts.definitions.packs(), application, now);
            }
            batch.sagas.insert(number, working);
            self.ask_the_law(number, batch, now);
        }
        (id, Done::Filed { application: id, cases, repeated: false })
    }

    /// A person's act or an operator's order: recorded once under its idempotency key.
    fn order(&mut self, queued: Queued, read: &Read, batch: &mut Batch, now: i64) {
        let Work::Order(order) = &queued.work else { return };
        if let Some(known) = order.act.as_ref().and_then(|act| Some((read.acts.get(&act.key)?, act.what))) {
            let done = if *known.0 == known.1 { Done::ActRepeated } else { Done::KeyTaken };
            return answer(queued.answer, done);
        }
        // Told to all of them or to none (protocol.md 19): one twin that cannot be read keeps the act from the other.
        if let Some((named, _)) = order.inputs.iter().find(|(number, _)| !batch.sagas.contains_key(number)) {
            let done = if self.quarantined.contains(named) { Done::Quarantined } else { Done::Unknown };
            return answer(queued.answer, done);
        }
        let Some(working) = order.inputs.first().and_then(|(number, _)| batch.sagas.get(number)) else {
            return answer(queued.answer, Done::Unknown);
        };
        let application = working.now.summary.application;
        if order.act.is_some() && batch.acts.contains_key(&application) {
            // Two acts on one application: the second is decided on what the first has made of it.
            batch.later.push(queued);
            return;
        }
        let answers: Vec<Answer> =
            order.inputs.iter().map(|(number, input)| self.tell_saga(*number, input, order, batch, now)).collect();
        if let Some(act) = order.act.clone().filter(|_| answers.contains(&Answer::Taken)) {
            batch.acts.insert(application, act);
        }
        batch.decided.push(Decided { application, queued, done: Done::Answered(answers) });
    }

    fn tell_saga(&mut self, number: SagaNumber, input: &Input, order: &Order, batch: &mut Batch, now: i64) -> Answer {
        let Some(working) = batch.sagas.get_mut(&number) else {
            return Answer::Refused(saga::Objection::NotWaiting);
        };
        if order.clear.as_ref().is_some_and(|clear| acted_before(&working.now, clear)) {
            return Answer::Refused(saga::Objection::SamePerson);
        }
        // What the decision will read must be there before it is taken; if it is refused, it was never there.
        let before = order.clear.as_ref().map(|_| working.now.facts.clone());
        if let Some(clear) = &order.clear {
            lay_over(&mut working.now, clear);
        }
        let taken = working.take_noted(input, order.note.clone(), now);
        match (&order.clear, before) {
            (Some(clear), _) if taken == Answer::Taken => {
                let application = self.applications.get_mut(&working.now.summary.application);
                if let Some(application) = application {
                    working.seals.push(sealed_clear(application, &working.now, clear));
                }
            }
            (Some(_), Some(before)) => working.now.facts = before,
            _ => {}
        }
        self.ask_the_law(number, batch, now);
        taken
    }

    /// A department's answer: checked against the saga it names, opened, and told to it.
    fn reply(&mut self, reply: &wire::Reply, batch: &mut Batch, now: i64) -> Done {
        match self.told(reply, batch, now) {
            Ok(done) => done,
            Err((code, what)) => {
                tracing::warn!(saga.number = reply.saga, code, "a reply could not be used: {what}");
                let content = reply.encode_to_vec();
                batch.dead.push(self.dead("replies", code, what.to_owned(), reply.saga, &reply.step, &content));
                Done::Buried
            }
        }
    }

    fn told(&mut self, reply: &wire::Reply, batch: &mut Batch, now: i64) -> Result<Done, (&'static str, &'static str)> {
        let Some(working) = batch.sagas.get_mut(&reply.saga) else {
            return Err(("YJ-0301", "no saga has this number"));
        };
        if let Some(message) = compose::message_of(&reply.step) {
            return message_told(working, message, reply, now);
        }
        let cached = &working.now;
        let step = cached.definition.find(&reply.step).ok_or(("YJ-0302", "the saga has no such step"))?;
        if compose::effect_key(&cached.definition, step, cached) != *reply.effect_key {
            return Err(("YJ-0301", "the effect key is another saga's"));
        }
        let department = cached.definition.step(step).department().ok_or(("YJ-0303", "the step is no department's"))?;
        let at = endpoint(compose::area_of(&cached.facts), department);
        if *at != *reply.endpoint {
            return Err(("YJ-0303", "another department answers than was asked"));
        }
        let command = compose::command_of(reply.kind()).ok_or(("YJ-0304", "it answers no command known"))?;
        let outcome = compose::outcome_of(reply.outcome.clone()).ok_or(("YJ-0304", "it has no outcome"))?;
        let opened = self.open_reply(reply, &at, working.now.summary.application)?;
        let (revision, number) = (reply.revision, reply.number);
        let succeeded = outcome == saga::Outcome::Succeeded;
        // What the rules will read must be there before the decision; if it is not taken, it was never there.
        let output = opened.filter(|_| succeeded);
        let laid = output.is_some();
        let before = output
            .and_then(|output| replace_output(&mut working.now.facts, &working.now.definition, step.0, Some(output)));
        let taken = working.take(&Input::Reply { step, command, revision, number, outcome }, now);
        if taken == Answer::Taken && !reply.sealed.is_empty() {
            let kind = if succeeded { SealedKind::Output } else { SealedKind::Words };
            working.seals.push(SealedRow { step: step.0, kind, revision, sealed: reply.sealed.to_vec() });
        } else if taken != Answer::Taken && laid {
            replace_output(&mut working.now.facts, &working.now.definition, step.0, before);
        }
        if let Answer::Refused(_) = taken {
            return Err(("YJ-0305", "it does not fit the saga as it stands: an old revision, or the case has ended"));
        }
        if taken == Answer::Taken && laid {
            self.index(reply.saga, step, batch);
        }
        self.ask_the_law(reply.saga, batch, now);
        Ok(Done::Answered(vec![taken]))
    }

    fn open_reply(
        &mut self,
        reply: &wire::Reply,
        at: &Arc<str>,
        application: store::PublicId,
    ) -> Result<Option<Value>, (&'static str, &'static str)> {
        if reply.sealed.is_empty() {
            return Ok(None);
        }
        let application = self.applications.get_mut(&application).ok_or(("YJ-0310", "its keys are not loaded"))?;
        let key = application
            .endpoint(&self.parts.secrets.channels, at)
            .map_err(|_| ("YJ-0306", "there is no channel key for this department"))?;
        let bound = bus_associated(reply.saga, &reply.step, reply.kind(), Direction::Reply);
        let plain = key.key.open(&bound, &reply.sealed).map_err(|_| ("YJ-0306", "its payload does not open"))?;
        serde_json::from_slice(&plain).map(Some).map_err(|_| ("YJ-0306", "its payload is not JSON"))
    }

    /// Makes the case findable by what the step gave.
    fn index(&mut self, number: SagaNumber, step: StepIndex, batch: &mut Batch) {
        let Some(working) = batch.sagas.get_mut(&number) else { return };
        let is = working.now.definition.step(step);
        for field in &is.index {
            let path = format!("{}.{}", is.name, field.field);
            if let Some(value) = policy::facts::text(&working.now.facts, &path) {
                working.found_by.push(self.parts.secrets.blind.of("subject", value));
            }
        }
    }

    /// A fact that nobody asked for: to the newest case of its subject that can use it, else kept.
    /// With the application whose unit it waits for; none where nothing is told.
    fn notice(&mut self, notice: &Notice, read: &Read, batch: &mut Batch, now: i64) -> Told {
        let numbers = read.subjects.get(&notice.subject).map_or(&[][..], Vec::as_slice);
        let fits = |number: &&SagaNumber| {
            let step = batch.sagas.get(number).and_then(|working| step_of(&working.now.definition, &notice.kind));
            step.is_some()
        };
        let Some(number) = numbers.iter().find(fits).copied() else {
            let owed_by_nobody = numbers.iter().copied().find(|number| {
                let pack = batch.sagas.get(number).and_then(|working| working.now.pack.as_ref());
                pack.is_some_and(|pack| pack.on_notice.contains_key(&*notice.kind))
            });
            if let Some(number) = owed_by_nobody {
                return self.surplus(number, notice, batch, now);
            }
            self.keep_notice(notice, true, "没有匹配的办件 no case has this subject yet", batch);
            return (NOBODY, Done::Buried);
        };
        let Some(working) = batch.sagas.get_mut(&number) else { return (NOBODY, Done::Unknown) };
        let Some(step) = step_of(&working.now.definition, &notice.kind) else { return (NOBODY, Done::Unknown) };
        let application = working.now.summary.application;
        let department = working.now.definition.step(step).department().cloned().unwrap_or_default();
        if *endpoint(compose::area_of(&working.now.facts), &department) != *notice.endpoint {
            self.keep_notice(notice, false, OTHER_DEPARTMENT, batch);
            return (NOBODY, Done::Buried);
        }
        if is_paid_otherwise(&working.now, step, notice) {
            return self.surplus(number, notice, batch, now);
        }
        let before = working.now.facts.clone();
        let clear = Clear { step, correction: false, value: notice.fields.clone() };
        lay_over(&mut working.now, &clear);
        let taken = working.take(&Input::Notice { step }, now);
        match taken {
            Answer::Taken => {
                batch.noticed.insert(number);
                if let Some(application) = self.applications.get_mut(&working.now.summary.application) {
                    working.seals.push(sealed_clear(application, &working.now, &clear));
                }
                self.index(number, step, batch);
                self.ask_the_law(number, batch, now);
            }
            Answer::Repeated => working.now.facts = before,
            Answer::Refused(_) => {
                working.now.facts = before;
                self.keep_notice(
                    notice,
                    false,
                    "办件已办结或不再等待 the case has ended or does not wait for it",
                    batch,
                );
            }
        }
        (application, Done::Answered(vec![taken]))
    }

    pub(super) fn keep_notice(&self, notice: &Notice, waits: bool, why: &str, batch: &mut Batch) {
        batch.unmatched.push(UnmatchedNotice {
            id: 0,
            notice: notice.id,
            at: self.parts.clock.now_ms(),
            endpoint: notice.endpoint.clone(),
            kind: notice.kind.clone(),
            subject: notice.subject,
            why: why.to_owned(),
            waits,
            sealed: self.parts.secrets.own.seal(&notice.id, notice.fields.to_string().as_bytes()),
        });
    }
}

/// Where a clerk's answer names the person, as a blind index.
pub(crate) const OFFICER: &str = "officer";

/// Why a notice waits for a person: its fact is another department's to tell.
pub(super) const OTHER_DEPARTMENT: &str = "发送部门不符 another department tells it than may";

/// What became of a notice, and the application whose unit it waits for.
pub(super) type Told = (store::PublicId, Done);

/// True where the step was completed by another payment than the one that the notice tells of.
fn is_paid_otherwise(cached: &Cached, step: StepIndex, notice: &Notice) -> bool {
    let known = policy::facts::text(&cached.facts, &format!("{}.voucher", cached.definition.step(step).name));
    let told = policy::facts::text(&notice.fields, "voucher");
    let has_procedure = cached.pack.as_ref().is_some_and(|pack| pack.on_notice.contains_key(&*notice.kind));
    let done = cached.saga.run(step).status == Status::Succeeded;
    done && has_procedure && known.is_some() && told.is_some() && known != told
}

fn step_of(definition: &Definition, notice: &str) -> Option<StepIndex> {
    definition.indices().find(|step| definition.step(*step).notices.iter().any(|kind| **kind == *notice))
}

/// True where the person who answers has answered a step that must be another person's. Persons are compared by blind
/// index: who they are is not kept.
fn acted_before(cached: &Cached, clear: &Clear) -> bool {
    let Some(officer) = policy::facts::text(&clear.value, OFFICER) else { return false };
    let Some(is) = cached.definition.steps.get(clear.step.at()) else { return false };
    is.differs_from.iter().any(|other| {
        let path = format!("{}.{OFFICER}", cached.definition.step(*other).name);
        policy::facts::text(&cached.facts, &path) == Some(officer)
    })
}

fn timer_of(kind: PendingKindName) -> Timer {
    match kind {
        PendingKindName::Command => Timer::Resend,
        PendingKindName::Task => Timer::Task,
        PendingKindName::Expiry => Timer::Expiry,
        PendingKindName::Late => Timer::Late,
        PendingKindName::Legal => Timer::Legal,
        PendingKindName::Message | PendingKindName::Call => Timer::Message,
    }
}

fn lay_over(cached: &mut Cached, clear: &Clear) {
    if clear.correction {
        merge(&mut cached.facts, &clear.value);
    } else {
        replace_output(&mut cached.facts, &cached.definition, clear.step.0, Some(clear.value.clone()));
    }
}

fn sealed_clear(application: &Application, cached: &Cached, clear: &Clear) -> SealedRow {
    let (kind, what) =
        if clear.correction { (SealedKind::Correction, "correction") } else { (SealedKind::Stated, "stated") };
    let sealed = application.seal(&stored_at(cached.summary.case, what), clear.value.to_string().as_bytes());
    // Corrections are laid one over the other, whatever their steps: in the order of the saga's entries.
    let revision = match clear.correction {
        true => u32::try_from(cached.version).unwrap_or(u32::MAX),
        false => cached.saga.run(clear.step).revision,
    };
    SealedRow { step: clear.step.0, kind, revision, sealed }
}

/// Which of a saga's commands were ordered in these events, the last of each step.
pub(super) fn ordered_in(events: &[saga::Event]) -> Vec<(StepIndex, Command, u32)> {
    let mut ordered: Vec<(StepIndex, Command, u32)> = Vec::new();
    for event in events {
        if let saga::Fact::Ordered { step, command, revision, .. } = &event.fact {
            ordered.retain(|(other, ..)| other != step);
            ordered.push((*step, *command, *revision));
        }
    }
    ordered
}
