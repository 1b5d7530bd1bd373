//! The store that keeps everything in memory: for the simulation, and for tests that need no disk.
//!
//! Its clones share what is stored, so a simulated crash drops the coordinator and keeps the store. Ordered maps
//! throughout: the same calls give the same answers, whatever the seed of the process.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;

use super::{
    Act, Appended, Blind, CaseFilter, Change, DeadLetter, DecidedCase, DepartmentRow, Due, Entry, Error, Loaded,
    OpenTask, PendingKey, PendingKindName, PendingRow, PublicId, SagaNumber, SealedKind, SealedRow, Store, Summary,
    TaskFilter, Unit, UnmatchedNotice,
};

/// A due time that never comes.
const NEVER: i64 = i64::MAX;

/// A store in memory; its clones share what is stored.
#[derive(Clone, Default)]
pub struct MemoryStore {
    tables: Arc<Mutex<Tables>>,
}

impl std::fmt::Debug for MemoryStore {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("MemoryStore").finish_non_exhaustive()
    }
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn tables(&self) -> MutexGuard<'_, Tables> {
        // A panic inside one call has already failed the test that made it; the tables of the others stay readable.
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Default)]
struct Tables {
    meta: BTreeMap<String, Vec<u8>>,
    definitions: BTreeMap<[u8; 32], Vec<u8>>,
    numbers_given: u64,
    keys: BTreeMap<Blind, (PublicId, Blind)>,
    applications: BTreeMap<PublicId, Application>,
    sagas: BTreeMap<SagaNumber, Saga>,
    pending: BTreeMap<(SagaNumber, PendingKey), PendingRow>,
    sealed: BTreeMap<(SagaNumber, u8, SealedKind, u32), Vec<u8>>,
    found_by: BTreeSet<(Blind, SagaNumber)>,
    live_children: BTreeMap<Blind, SagaNumber>,
    acts: BTreeMap<Blind, Blind>,
    departments: BTreeMap<String, DepartmentRow>,
    letters: Vec<DeadLetter>,
    notices: BTreeMap<u64, UnmatchedNotice>,
    notices_given: u64,
}

struct Application {
    wrapped_key: Vec<u8>,
    sealed_form: Vec<u8>,
}

struct Saga {
    version: u64,
    summary: Summary,
    entries: Vec<Entry>,
    child: Option<Blind>,
}

impl Tables {
    /// Writes the unit if nothing speaks against it.
    fn append(&mut self, unit: &Unit) -> Appended {
        if let Some(refused) = self.refuse(unit) {
            return refused;
        }
        if let Some(new) = &unit.opens {
            self.keys.insert(new.key, (new.id, new.form));
            let (wrapped_key, sealed_form) = (new.wrapped_key.clone(), new.sealed_form.clone());
            self.applications.insert(new.id, Application { wrapped_key, sealed_form });
        }
        if let Some(Act { key, what }) = unit.act {
            self.acts.insert(key, what);
        }
        for change in &unit.sagas {
            self.write(change);
        }
        Appended::Committed
    }

    /// Why the unit may not be written, if so. What a repetition meets first speaks first: its own key, then its child.
    fn refuse(&self, unit: &Unit) -> Option<Appended> {
        if let Some(&(application, form)) = unit.opens.as_ref().and_then(|new| self.keys.get(&new.key)) {
            return Some(Appended::KeyKnown { application, form });
        }
        if let Some(&what) = unit.act.as_ref().and_then(|act| self.acts.get(&act.key)) {
            return Some(Appended::ActKnown { what });
        }
        let mut in_this_unit = BTreeMap::new();
        for change in &unit.sagas {
            let Some(child) = change.child else { continue };
            let live = self.live_children.get(&child).filter(|&&number| number != change.number);
            if let Some(saga) = live.and_then(|number| self.sagas.get(number)) {
                return Some(Appended::ChildLive { case: saga.summary.case });
            }
            if let Some(case) = in_this_unit.insert(child, change.summary.case) {
                return Some(Appended::ChildLive { case });
            }
        }
        let moved_on =
            |change: &Change| self.sagas.get(&change.number).map_or(0, |saga| saga.version) != change.expected_version;
        unit.sagas.iter().any(moved_on).then_some(Appended::Stale)
    }

    fn write(&mut self, change: &Change) {
        let number = change.number;
        let version = change.expected_version + change.entries.len() as u64;
        let saga = self.sagas.entry(number).or_insert_with(|| Saga {
            version: 0,
            summary: change.summary.clone(),
            entries: Vec::new(),
            child: None,
        });
        saga.version = version;
        saga.summary = change.summary.clone();
        saga.entries.extend_from_slice(&change.entries);
        saga.child = change.child.or(saga.child);
        let running = change.summary.state == super::STATES[0];
        match (saga.child, running) {
            (Some(child), false) if self.live_children.get(&child) == Some(&number) => {
                self.live_children.remove(&child);
            }
            (_, true) => {
                if let Some(child) = change.child {
                    self.live_children.insert(child, number);
                }
            }
            (_, false) => {}
        }
        for key in &change.awaits_no_more {
            self.pending.remove(&(number, key.clone()));
        }
        for row in &change.awaits {
            let place = (number, row.key.clone());
            let mut row = row.clone();
            if row.message.is_none() {
                row.message = self.pending.get(&place).and_then(|known| known.message.clone());
            }
            self.pending.insert(place, row);
        }
        for row in &change.seals {
            self.sealed.insert((number, row.step, row.kind, row.revision), row.sealed.clone());
        }
        self.found_by.extend(change.found_by.iter().map(|subject| (*subject, number)));
    }

    fn held(&self, row: &PendingRow) -> bool {
        row.key.kind.is_sent() && self.departments.get(&*row.whom).is_some_and(|row| row.held)
    }

    fn matches(&self, number: SagaNumber, saga: &Saga, filter: &CaseFilter) -> bool {
        let waits_for = |name: &String| {
            let of_saga = self.pending.range(command(number, 0)..=command(number, u8::MAX));
            of_saga.into_iter().any(|(_, row)| *row.whom == **name)
        };
        (filter.states.is_empty() || filter.states.contains(&saga.summary.state))
            && (!filter.stuck || saga.summary.stuck)
            && filter.department.as_ref().is_none_or(waits_for)
            && filter.subject.is_none_or(|subject| self.found_by.contains(&(subject, number)))
    }
}

fn command(number: SagaNumber, step: u8) -> (SagaNumber, PendingKey) {
    (number, PendingKey { kind: PendingKindName::Command, step })
}

/// Decisions in the order in which they were taken.
fn in_order(mut decisions: Vec<SealedRow>) -> Vec<SealedRow> {
    decisions.sort_by_key(|row| (row.revision, row.kind));
    decisions
}

fn most(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}

#[async_trait]
impl Store for MemoryStore {
    async fn meta(&self, name: &str) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.tables().meta.get(name).cloned())
    }

    async fn set_meta(&self, name: &str, value: &[u8]) -> Result<(), Error> {
        self.tables().meta.insert(name.to_owned(), value.to_vec());
        Ok(())
    }

    async fn keep_definition(&self, hash: [u8; 32], body: &[u8]) -> Result<(), Error> {
        self.tables().definitions.entry(hash).or_insert_with(|| body.to_vec());
        Ok(())
    }

    async fn definition(&self, hash: [u8; 32]) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.tables().definitions.get(&hash).cloned())
    }

    async fn reserve_numbers(&self, count: u64) -> Result<SagaNumber, Error> {
        let mut tables = self.tables();
        let first = tables.numbers_given + 1;
        tables.numbers_given += count;
        Ok(first)
    }

    async fn append(&self, units: &[Unit]) -> Result<Vec<Appended>, Error> {
        let mut tables = self.tables();
        Ok(units.iter().map(|unit| tables.append(unit)).collect())
    }

    async fn load(&self, numbers: &[SagaNumber]) -> Result<Vec<Loaded>, Error> {
        let tables = self.tables();
        let numbers: BTreeSet<_> = numbers.iter().copied().collect();
        let loaded = numbers.into_iter().filter_map(|number| {
            let saga = tables.sagas.get(&number)?;
            let application = tables.applications.get(&saga.summary.application);
            Some(Loaded {
                number,
                version: saga.version,
                summary: saga.summary.clone(),
                wrapped_key: application.map(|application| application.wrapped_key.clone()),
                entries: saga.entries.clone(),
            })
        });
        Ok(loaded.collect())
    }

    async fn form(&self, application: PublicId) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.tables().applications.get(&application).map(|application| application.sealed_form.clone()))
    }

    async fn sealed(&self, number: SagaNumber) -> Result<Vec<SealedRow>, Error> {
        let tables = self.tables();
        let first = (number, 0, SealedKind::Output, 0);
        let last = (number, u8::MAX, SealedKind::Facts, u32::MAX);
        let mut newest = BTreeMap::new();
        for (&(_, step, kind, revision), sealed) in tables.sealed.range(first..=last) {
            let apart = if kind == SealedKind::Correction { revision } else { 0 };
            newest.insert((step, kind, apart), SealedRow { step, kind, revision, sealed: sealed.clone() });
        }
        Ok(newest.into_values().collect())
    }

    async fn decided(
        &self,
        born_under: &str,
        only: &[SagaNumber],
        after: SagaNumber,
        limit: u32,
    ) -> Result<Vec<DecidedCase>, Error> {
        let tables = self.tables();
        let wanted = |number: SagaNumber, saga: &Saga| match only {
            [] => *saga.summary.pack == *born_under,
            only => only.contains(&number),
        };
        let above = (std::ops::Bound::Excluded(after), std::ops::Bound::Unbounded);
        let sagas = tables.sagas.range(above).filter(|(number, saga)| wanted(**number, saga)).take(most(limit));
        let decided = sagas.map(|(number, saga)| DecidedCase {
            number: *number,
            case: saga.summary.case,
            definition: saga.summary.definition,
            wrapped_key: tables
                .applications
                .get(&saga.summary.application)
                .map(|application| application.wrapped_key.clone()),
            decisions: in_order(
                tables
                    .sealed
                    .range((*number, 0, SealedKind::Output, 0)..=(*number, u8::MAX, SealedKind::Facts, u32::MAX))
                    .filter(|((_, _, kind, _), _)| matches!(kind, SealedKind::Decision | SealedKind::Selection))
                    .map(|(&(_, step, kind, revision), sealed)| SealedRow {
                        step,
                        kind,
                        revision,
                        sealed: sealed.clone(),
                    })
                    .collect(),
            ),
        });
        Ok(decided.collect())
    }

    async fn find_case(&self, case: PublicId) -> Result<Option<SagaNumber>, Error> {
        let tables = self.tables();
        Ok(tables.sagas.iter().find(|(_, saga)| saga.summary.case == case).map(|(number, _)| *number))
    }

    async fn find_application(&self, application: PublicId) -> Result<Vec<SagaNumber>, Error> {
        let tables = self.tables();
        let of_it = tables.sagas.iter().filter(|(_, saga)| saga.summary.application == application);
        let cases = of_it.filter(|(_, saga)| !saga.summary.is_a_procedure());
        let ordered: BTreeSet<_> = cases.map(|(number, saga)| (saga.summary.child_order, *number)).collect();
        Ok(ordered.into_iter().map(|(_, number)| number).collect())
    }

    async fn find_procedures(&self, application: PublicId, child_order: u8) -> Result<Vec<SagaNumber>, Error> {
        let tables = self.tables();
        let follows = |summary: &Summary| {
            summary.application == application && summary.child_order == child_order && summary.is_a_procedure()
        };
        Ok(tables.sagas.iter().filter(|(_, saga)| follows(&saga.summary)).map(|(number, _)| *number).collect())
    }

    async fn find_key(&self, key: Blind) -> Result<Option<(PublicId, Blind)>, Error> {
        Ok(self.tables().keys.get(&key).copied())
    }

    async fn find_act(&self, key: Blind) -> Result<Option<Blind>, Error> {
        Ok(self.tables().acts.get(&key).copied())
    }

    async fn find_subject(&self, subject: Blind) -> Result<Vec<SagaNumber>, Error> {
        let tables = self.tables();
        let found = tables.found_by.range((subject, 0)..=(subject, SagaNumber::MAX));
        Ok(found.rev().map(|(_, number)| *number).collect())
    }

    async fn search(&self, filter: &CaseFilter) -> Result<(Vec<(SagaNumber, u64, Summary)>, u64), Error> {
        let tables = self.tables();
        let matching: Vec<_> =
            tables.sagas.iter().filter(|(number, saga)| tables.matches(**number, saga, filter)).collect();
        let below = |number: SagaNumber| filter.before.is_none_or(|before| number < before);
        let page = matching.iter().rev().filter(|(number, _)| below(**number)).take(most(filter.limit));
        let page = page.map(|(number, saga)| (**number, saga.version, saga.summary.clone())).collect();
        Ok((page, matching.len() as u64))
    }

    async fn tasks(&self, filter: &TaskFilter) -> Result<Vec<OpenTask>, Error> {
        let tables = self.tables();
        let wanted = |number: SagaNumber, row: &PendingRow| {
            row.key.kind.is_a_persons()
                && filter.saga.is_none_or(|saga| saga == number)
                && filter.role.as_ref().is_none_or(|role| **role == *row.whom)
                && filter.person.is_none_or(|person| row.person == Some(person))
                && filter.after.as_ref().is_none_or(|(saga, key)| (number, &row.key) > (*saga, key))
        };
        let open = tables.pending.iter().filter(|((number, _), row)| wanted(*number, row));
        let tasks = open.filter_map(|((number, _), row)| {
            let summary = tables.sagas.get(number)?.summary.clone();
            Some(OpenTask { number: *number, summary, row: row.clone() })
        });
        Ok(tasks.take(most(filter.limit)).collect())
    }

    async fn due(&self, now: i64, limit: u32) -> Result<Vec<Due>, Error> {
        let tables = self.tables();
        let come = |row: &PendingRow| row.due_at <= now && row.due_at < NEVER && !tables.held(row);
        let mut due: Vec<_> = tables.pending.iter().filter(|(_, row)| come(row)).collect();
        // Stable: rows of one moment stay in the order of their keys.
        due.sort_by_key(|(_, row)| row.due_at);
        Ok(due
            .into_iter()
            .take(most(limit))
            .map(|((number, _), row)| Due { number: *number, row: row.clone() })
            .collect())
    }

    async fn next_due(&self) -> Result<Option<i64>, Error> {
        let tables = self.tables();
        let awaited = tables.pending.values().filter(|row| row.due_at < NEVER && !tables.held(row));
        Ok(awaited.map(|row| row.due_at).min())
    }

    async fn make_due(&self, rows: &[(SagaNumber, u8)], at: i64) -> Result<(), Error> {
        let mut tables = self.tables();
        for (number, step) in rows {
            if let Some(row) = tables.pending.get_mut(&command(*number, *step)).filter(|row| row.due_at < NEVER) {
                row.due_at = at;
            }
        }
        Ok(())
    }

    async fn make_all_due(&self, department: Option<&str>, from: i64, per_second: u32) -> Result<u64, Error> {
        let mut tables = self.tables();
        let mut rank = 0;
        for row in tables.pending.values_mut() {
            let asked = department.is_none_or(|name| name == &*row.whom);
            if row.may_have_gone_out() && row.due_at < NEVER && asked {
                row.due_at = from + rank * 1000 / i64::from(per_second.max(1));
                rank += 1;
            }
        }
        Ok(rank.unsigned_abs())
    }

    async fn postpone_tasks(&self, by_ms: i64) -> Result<u64, Error> {
        let mut moved = 0;
        for row in self.tables().pending.values_mut() {
            if row.key.kind == PendingKindName::Task && row.due_at < NEVER {
                row.due_at += by_ms;
                moved += 1;
            }
        }
        Ok(moved)
    }

    async fn in_flight(&self) -> Result<u64, Error> {
        let tables = self.tables();
        Ok(tables.pending.keys().filter(|(_, key)| key.kind == PendingKindName::Command).count() as u64)
    }

    async fn departments(&self) -> Result<Vec<DepartmentRow>, Error> {
        Ok(self.tables().departments.values().cloned().collect())
    }

    async fn set_department(&self, row: &DepartmentRow) -> Result<(), Error> {
        self.tables().departments.insert(row.name.clone(), row.clone());
        Ok(())
    }

    async fn bury(&self, letters: &[DeadLetter]) -> Result<(), Error> {
        let mut tables = self.tables();
        for letter in letters {
            let id = tables.letters.len() as u64 + 1;
            tables.letters.push(DeadLetter { id, ..letter.clone() });
        }
        Ok(())
    }

    async fn dead_letters(&self, before: Option<u64>, limit: u32) -> Result<Vec<DeadLetter>, Error> {
        let tables = self.tables();
        let below = tables.letters.iter().rev().filter(|letter| before.is_none_or(|before| letter.id < before));
        Ok(below.take(most(limit)).cloned().collect())
    }

    async fn keep_notices(&self, notices: &[UnmatchedNotice]) -> Result<(), Error> {
        let mut tables = self.tables();
        for notice in notices {
            if let Some(known) = tables.notices.values_mut().find(|known| known.notice == notice.notice) {
                let same = (known.subject, &known.endpoint) == (notice.subject, &notice.endpoint);
                if same && known.waits && !notice.waits {
                    (known.why, known.waits) = (notice.why.clone(), false);
                }
                continue;
            }
            tables.notices_given += 1;
            let id = tables.notices_given;
            tables.notices.insert(id, UnmatchedNotice { id, ..notice.clone() });
        }
        Ok(())
    }

    async fn notices(&self, before: Option<u64>, limit: u32) -> Result<Vec<UnmatchedNotice>, Error> {
        let tables = self.tables();
        let below = tables.notices.values().rev().filter(|notice| before.is_none_or(|before| notice.id < before));
        Ok(below.take(most(limit)).cloned().collect())
    }

    async fn notices_for(&self, subjects: &[Blind]) -> Result<Vec<UnmatchedNotice>, Error> {
        let tables = self.tables();
        let waiting = tables.notices.values().filter(|notice| notice.waits && subjects.contains(&notice.subject));
        Ok(waiting.cloned().collect())
    }

    async fn notices_matched(&self, ids: &[u64]) -> Result<(), Error> {
        let mut tables = self.tables();
        tables.notices.retain(|id, _| !ids.contains(id));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{super::conformance, MemoryStore, Store};

    /// If this failed, the simulation would prove things of a store that behaves unlike the real one.
    #[tokio::test]
    async fn memory_keeps_every_rule_of_a_store() {
        conformance::run_all(async || Arc::new(MemoryStore::new()) as Arc<dyn Store>).await;
    }
}
