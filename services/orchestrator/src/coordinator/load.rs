//! What a batch needs to know before anything is decided: the sagas, their keys and facts, the cases of notices, known
//! idempotency keys. Few reads for all, none per row.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use futures::future::try_join_all;
use policy::Outcome;
use proto::{
    associated::{Direction, bus_associated},
    bus::CommandKind,
};
use saga::Status;
use serde_json::Value;

use super::{
    Batch, Cached, Coordinator, Work, Working,
    application::{self, Application, endpoint, facts_of, laid_over, merge, replace_output, stored_at},
    compose::area_of,
    kept_decision,
    work::{Done, Notice, Queued},
};
use crate::{
    definitions::Pinned,
    fold,
    store::{self, Blind, Loaded, PublicId, SagaNumber, SealedKind, SealedRow},
};

/// Why a saga cannot be worked on.
#[derive(Debug, thiserror::Error)]
enum Unreadable {
    #[error("its definition")]
    Definition(#[from] crate::definitions::Error),
    #[error("its history")]
    History(#[from] fold::Error),
    #[error("its keys and payloads")]
    Sealed(#[from] application::Error),
    #[error("its form is not there")]
    NoForm,
}

/// What was read besides the sagas.
#[derive(Default)]
pub(super) struct Read {
    /// The sagas of each notice's subject, newest first.
    pub(super) subjects: BTreeMap<Blind, Vec<SagaNumber>>,
    /// What was said under each known idempotency key of an act.
    pub(super) acts: BTreeMap<Blind, Blind>,
}

impl Coordinator {
    /// Reads what the batch needs and puts the sagas into it.
    pub(super) async fn load(&mut self, work: &[Queued], batch: &mut Batch) -> Result<Read, store::Error> {
        self.reserve_numbers(work).await?;
        let read = self.read(work).await?;
        let mut numbers: BTreeSet<SagaNumber> = work.iter().flat_map(|queued| queued.work.names()).collect();
        numbers.extend(read.subjects.values().flatten());
        self.bring(numbers, batch).await?;
        let mut followed = BTreeMap::new();
        for (number, working) in &batch.sagas {
            if let Some(parent) = self.parent_of(working).await? {
                followed.insert(*number, parent);
            }
        }
        let parents = followed.values().filter(|parent| !batch.sagas.contains_key(parent)).copied().collect();
        self.bring(parents, batch).await?;
        batch.followed = followed;
        Ok(read)
    }

    /// The case that a procedure follows, where the law cannot decide one of its steps for want of facts.
    async fn parent_of(&self, working: &Working) -> Result<Option<SagaNumber>, store::Error> {
        let Cached { summary, saga, .. } = &working.now;
        let in_vain = |run: &saga::state::StepRun| run.status == Status::Deciding && run.legal.unknown.is_some();
        if !summary.is_a_procedure() || !saga.steps.iter().any(in_vain) {
            return Ok(None);
        }
        let cases = self.parts.store.find_application(summary.application).await?;
        let cases = self.parts.store.load(&cases).await?;
        let own = cases.iter().find(|case| case.summary.child_order == summary.child_order);
        Ok(own.map(|case| case.number))
    }

    /// Puts these sagas into the batch.
    async fn bring(&mut self, numbers: BTreeSet<SagaNumber>, batch: &mut Batch) -> Result<(), store::Error> {
        let mut missing = Vec::new();
        for number in numbers {
            match self.sagas.pop(&number) {
                Some(cached) if self.applications.get(&cached.summary.application).is_some() => {
                    batch.sagas.insert(number, Working::of(number, cached));
                }
                _ if self.quarantined.contains(&number) => {}
                _ => missing.push(number),
            }
        }
        if missing.is_empty() {
            return Ok(());
        }
        let loaded = self.parts.store.load(&missing).await?;
        let payloads = try_join_all(loaded.iter().map(|saga| self.payloads(saga))).await?;
        for (saga, (form, rows)) in loaded.into_iter().zip(payloads) {
            let number = saga.number;
            match self.open(saga, form, rows).await {
                Ok(cached) => {
                    batch.sagas.insert(number, Working::of(number, cached));
                }
                Err(why) => self.quarantine(number, &why, batch),
            }
        }
        Ok(())
    }

    async fn payloads(&self, saga: &Loaded) -> Result<(Option<Vec<u8>>, Vec<SealedRow>), store::Error> {
        let known = self.applications.peek(&saga.summary.application).is_some_and(|known| known.form.is_some());
        let form = if known { None } else { self.parts.store.form(saga.summary.application).await? };
        Ok((form, self.parts.store.sealed(saga.number).await?))
    }

    async fn open(
        &mut self,
        loaded: Loaded,
        form: Option<Vec<u8>>,
        rows: Vec<SealedRow>,
    ) -> Result<Cached, Unreadable> {
        let Pinned { definition, pack } = self.parts.definitions.get(loaded.summary.definition).await?;
        let saga = fold::fold(&definition, &loaded)?;
        let id = loaded.summary.application;
        if !self.applications.contains(&id) {
            let secrets = &self.parts.secrets;
            let opened = Application::open(&secrets.master, secrets.suite, loaded.wrapped_key.as_deref())?;
            self.applications.put(id, opened);
        }
        let application = self.applications.get_mut(&id).ok_or(Unreadable::NoForm)?;
        if let (None, Some(sealed)) = (&application.form, &form) {
            application.form = Some(Arc::new(application.unseal("the form", &stored_at(id, "form"), sealed)?));
        }
        let form = application.form.clone().ok_or(Unreadable::NoForm)?;
        let mut facts = facts_of(&form, loaded.summary.child_order);
        for row in laid_over(rows) {
            let Some(is) = definition.steps.get(usize::from(row.step)) else { continue };
            match row.kind {
                SealedKind::Correction => {
                    let bound = stored_at(loaded.summary.case, "correction");
                    let correction = application.unseal("a correction", &bound, &row.sealed)?;
                    merge(&mut facts, &correction);
                }
                SealedKind::Stated => {
                    let stated =
                        application.unseal("a statement", &stored_at(loaded.summary.case, "stated"), &row.sealed)?;
                    replace_output(&mut facts, &definition, row.step, Some(stated));
                }
                SealedKind::Output => {
                    let department = is.department().cloned().unwrap_or_default();
                    let at = endpoint(area_of(&facts), &department);
                    let key = application.endpoint(&self.parts.secrets.channels, &at)?;
                    let opened = open_output(&key.key, loaded.number, &is.name, &row.sealed)?;
                    replace_output(&mut facts, &definition, row.step, Some(opened));
                }
                SealedKind::Facts => {
                    let bound = stored_at(loaded.summary.case, "facts");
                    facts = application.unseal("a procedure's facts", &bound, &row.sealed)?;
                }
                SealedKind::Decision => {
                    let decision = kept_decision::open(application, loaded.summary.case, &row.sealed)?;
                    if decision.outcome == Outcome::Yes && !decision.gives.is_empty() {
                        replace_output(&mut facts, &definition, row.step, Some(Value::Object(decision.gives)));
                    }
                }
                SealedKind::Words | SealedKind::Selection => {}
            }
        }
        Ok(Cached { version: loaded.version, saga, definition, pack, summary: loaded.summary, facts })
    }

    /// Saga numbers come in blocks, so that filing needs no round trip of its own.
    async fn reserve_numbers(&mut self, work: &[Queued]) -> Result<(), store::Error> {
        let needed: usize = work
            .iter()
            .map(|queued| match &queued.work {
                Work::File(filing) => filing.children.len(),
                Work::Follow(follow) => follow.cases.len(),
                // A payment that nobody owed begins a procedure.
                Work::Notice(_) => 1,
                Work::Order(_) | Work::Reply(_) | Work::Due(_) | Work::Look(_) => 0,
            })
            .sum();
        let needed = needed as u64;
        if self.numbers.end - self.numbers.start < needed {
            let count = needed.max(1_024);
            let first = self.parts.store.reserve_numbers(count).await?;
            self.numbers = first..first + count;
        }
        Ok(())
    }

    async fn read(&self, work: &[Queued]) -> Result<Read, store::Error> {
        let mut read = Read::default();
        let mut subjects = BTreeSet::new();
        let mut keys = BTreeSet::new();
        for queued in work {
            match &queued.work {
                Work::Notice(notice) => {
                    subjects.insert(notice.subject);
                }
                Work::Order(order) => keys.extend(order.act.as_ref().map(|act| act.key)),
                Work::Follow(follow) => keys.extend(follow.act.as_ref().map(|act| act.key)),
                Work::File(_) | Work::Reply(_) | Work::Due(_) | Work::Look(_) => {}
            }
        }
        let store = &self.parts.store;
        let found = try_join_all(subjects.iter().map(|subject| store.find_subject(*subject))).await?;
        read.subjects = subjects.into_iter().zip(found).collect();
        let known = try_join_all(keys.iter().map(|key| store.find_act(*key))).await?;
        read.acts = keys.into_iter().zip(known).filter_map(|(key, what)| Some((key, what?))).collect();
        Ok(read)
    }

    /// Notices that waited for one of these subjects, as work.
    pub(super) async fn notices_that_waited(&mut self, subjects: &[Blind]) -> Result<Vec<Queued>, store::Error> {
        if subjects.is_empty() {
            return Ok(Vec::new());
        }
        let mut work = Vec::new();
        for row in self.parts.store.notices_for(subjects).await? {
            let Ok(plain) = self.parts.secrets.own.open(&row.notice, &row.sealed) else { continue };
            let Ok(fields) = serde_json::from_slice::<Value>(&plain) else { continue };
            self.kept.insert(row.notice, row.id);
            let notice =
                Notice { id: row.notice, endpoint: row.endpoint, kind: row.kind, subject: row.subject, fields };
            work.push(Queued { work: Work::Notice(Box::new(notice)), answer: None });
        }
        Ok(work)
    }

    /// The cases that were filed under a known key, or that the key belongs to another form.
    pub(super) async fn known_under_key(
        &self,
        work: &Work,
        application: PublicId,
        form: Blind,
    ) -> Result<Done, store::Error> {
        if !matches!(work, Work::File(filing) if filing.form == form) {
            return Ok(Done::KeyTaken);
        }
        let numbers = self.parts.store.find_application(application).await?;
        let mut loaded = self.parts.store.load(&numbers).await?;
        loaded.sort_by_key(|saga| saga.summary.child_order);
        let cases = loaded.iter().map(|saga| saga.summary.case).collect();
        Ok(Done::Filed { application, cases, repeated: true })
    }

    /// A saga that cannot be worked on is left alone, visibly; the others go on.
    pub(super) fn quarantine(&mut self, number: SagaNumber, why: &dyn std::error::Error, batch: &mut Batch) {
        let mut what = why.to_string();
        let mut cause = why.source();
        while let Some(next) = cause {
            what = format!("{what}: {next}");
            cause = next.source();
        }
        tracing::error!(
            saga.number = number,
            code = "YJ-0310",
            reason = what,
            "a saga cannot be read and is left alone"
        );
        if self.quarantined.insert(number) {
            batch.dead.push(self.dead("store", "YJ-0310", what, number, "", &[]));
        }
        if let Some(working) = batch.sagas.remove(&number)
            && working.changed()
        {
            // The whole unit falls: what one act tells several sagas is told to all of them or to none.
            batch.failed.insert(working.now.summary.application);
        }
    }

    /// A dead letter, its content sealed.
    pub(super) fn dead(
        &self,
        topic: &str,
        code: &str,
        what: String,
        saga: SagaNumber,
        step: &str,
        content: &[u8],
    ) -> store::DeadLetter {
        store::DeadLetter {
            id: 0,
            at: self.parts.clock.now_ms(),
            topic: topic.to_owned(),
            code: code.to_owned(),
            what,
            saga,
            step: step.chars().take(64).collect(),
            size: content.len() as u64,
            sealed: self.parts.secrets.own.seal(b"dead-letter", content),
        }
    }
}

/// What a step gave, as the department sealed it: in the answer to the act, or to a cancel that came too late.
fn open_output(
    key: &vault::SealingKey,
    number: SagaNumber,
    step: &str,
    sealed: &[u8],
) -> Result<Value, application::Error> {
    let open = |kind| key.open(&bus_associated(number, step, kind, Direction::Reply), sealed);
    let plain = open(CommandKind::Act)
        .or_else(|_| open(CommandKind::Cancel))
        .map_err(|source| application::Error::Sealed { what: "an output", source })?;
    serde_json::from_slice(&plain).map_err(|_| application::Error::Json { what: "an output" })
}
