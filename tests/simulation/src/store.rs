//! The store of a world: the memory store, with the mutations that concern what is stored.

use std::sync::Arc;

use async_trait::async_trait;
use orchestrator::store::{
    Appended, Blind, CaseFilter, DeadLetter, DecidedCase, DepartmentRow, Due, Error, Loaded, OpenTask, PendingKindName,
    PendingRow, PublicId, SagaNumber, SealedRow, Store, Summary, TaskFilter, Unit, UnmatchedNotice,
    memory::MemoryStore,
};

use saga::pending::NEVER;

use crate::Mutation;

/// The memory store, which survives the crash of the coordinator that uses it.
#[derive(Clone)]
pub struct WorldStore {
    inner: Arc<MemoryStore>,
    mutation: Option<Mutation>,
}

impl WorldStore {
    /// An empty store.
    pub fn new(mutation: Option<Mutation>) -> Self {
        Self { inner: Arc::new(MemoryStore::new()), mutation }
    }

    /// The units as a broken program would write them.
    async fn broken(&self, units: &[Unit]) -> Result<Vec<Unit>, Error> {
        let mut units = units.to_vec();
        for change in units.iter_mut().flat_map(|unit| &mut unit.sagas) {
            match self.mutation {
                Some(Mutation::ForgettingThePendingRow) => {
                    change.awaits.retain(|row| row.key.kind != PendingKindName::Command || row.key.step % 3 != 0);
                }
                // Rows of a frozen saga become due as if it were not.
                Some(Mutation::SendingWhileFrozen) => {
                    let frozen =
                        |row: &&mut PendingRow| row.key.kind == PendingKindName::Command && row.due_at == NEVER;
                    change.awaits.iter_mut().filter(frozen).for_each(|row| row.due_at = row.since + 60_000);
                }
                Some(Mutation::NoVersionCheck) if change.expected_version > 0 => {
                    let stored = self.inner.load(&[change.number]).await?;
                    let version = stored.first().map_or(0, |saga| saga.version);
                    for (entry, seq) in change.entries.iter_mut().zip(version + 1..) {
                        entry.seq = seq;
                    }
                    change.expected_version = version;
                }
                _ => {}
            }
        }
        Ok(units)
    }
}

#[async_trait]
impl Store for WorldStore {
    async fn meta(&self, name: &str) -> Result<Option<Vec<u8>>, Error> {
        self.inner.meta(name).await
    }
    async fn set_meta(&self, name: &str, value: &[u8]) -> Result<(), Error> {
        self.inner.set_meta(name, value).await
    }
    async fn keep_definition(&self, hash: [u8; 32], body: &[u8]) -> Result<(), Error> {
        self.inner.keep_definition(hash, body).await
    }
    async fn definition(&self, hash: [u8; 32]) -> Result<Option<Vec<u8>>, Error> {
        self.inner.definition(hash).await
    }
    async fn reserve_numbers(&self, count: u64) -> Result<SagaNumber, Error> {
        self.inner.reserve_numbers(count).await
    }
    async fn append(&self, units: &[Unit]) -> Result<Vec<Appended>, Error> {
        if self.mutation.is_none() {
            return self.inner.append(units).await;
        }
        self.inner.append(&self.broken(units).await?).await
    }
    async fn load(&self, numbers: &[SagaNumber]) -> Result<Vec<Loaded>, Error> {
        self.inner.load(numbers).await
    }
    async fn form(&self, application: PublicId) -> Result<Option<Vec<u8>>, Error> {
        self.inner.form(application).await
    }
    async fn sealed(&self, number: SagaNumber) -> Result<Vec<SealedRow>, Error> {
        self.inner.sealed(number).await
    }
    async fn decided(
        &self,
        born_under: &str,
        only: &[SagaNumber],
        after: SagaNumber,
        limit: u32,
    ) -> Result<Vec<DecidedCase>, Error> {
        self.inner.decided(born_under, only, after, limit).await
    }
    async fn find_case(&self, case: PublicId) -> Result<Option<SagaNumber>, Error> {
        self.inner.find_case(case).await
    }
    async fn find_application(&self, application: PublicId) -> Result<Vec<SagaNumber>, Error> {
        self.inner.find_application(application).await
    }
    async fn find_procedures(&self, application: PublicId, child_order: u8) -> Result<Vec<SagaNumber>, Error> {
        self.inner.find_procedures(application, child_order).await
    }
    async fn find_key(&self, key: Blind) -> Result<Option<(PublicId, Blind)>, Error> {
        self.inner.find_key(key).await
    }
    async fn find_act(&self, key: Blind) -> Result<Option<Blind>, Error> {
        self.inner.find_act(key).await
    }
    async fn find_subject(&self, subject: Blind) -> Result<Vec<SagaNumber>, Error> {
        self.inner.find_subject(subject).await
    }
    async fn search(&self, filter: &CaseFilter) -> Result<(Vec<(SagaNumber, u64, Summary)>, u64), Error> {
        self.inner.search(filter).await
    }
    async fn tasks(&self, filter: &TaskFilter) -> Result<Vec<OpenTask>, Error> {
        self.inner.tasks(filter).await
    }
    async fn due(&self, now: i64, limit: u32) -> Result<Vec<Due>, Error> {
        self.inner.due(now, limit).await
    }
    async fn next_due(&self) -> Result<Option<i64>, Error> {
        self.inner.next_due().await
    }
    async fn make_due(&self, rows: &[(SagaNumber, u8)], at: i64) -> Result<(), Error> {
        self.inner.make_due(rows, at).await
    }
    async fn make_all_due(&self, department: Option<&str>, from: i64, per_second: u32) -> Result<u64, Error> {
        self.inner.make_all_due(department, from, per_second).await
    }
    async fn postpone_tasks(&self, by_ms: i64) -> Result<u64, Error> {
        self.inner.postpone_tasks(by_ms).await
    }
    async fn in_flight(&self) -> Result<u64, Error> {
        self.inner.in_flight().await
    }
    async fn departments(&self) -> Result<Vec<DepartmentRow>, Error> {
        self.inner.departments().await
    }
    async fn set_department(&self, row: &DepartmentRow) -> Result<(), Error> {
        self.inner.set_department(row).await
    }
    async fn bury(&self, letters: &[DeadLetter]) -> Result<(), Error> {
        self.inner.bury(letters).await
    }
    async fn dead_letters(&self, before: Option<u64>, limit: u32) -> Result<Vec<DeadLetter>, Error> {
        self.inner.dead_letters(before, limit).await
    }
    async fn keep_notices(&self, notices: &[UnmatchedNotice]) -> Result<(), Error> {
        self.inner.keep_notices(notices).await
    }
    async fn notices(&self, before: Option<u64>, limit: u32) -> Result<Vec<UnmatchedNotice>, Error> {
        self.inner.notices(before, limit).await
    }
    async fn notices_for(&self, subjects: &[Blind]) -> Result<Vec<UnmatchedNotice>, Error> {
        self.inner.notices_for(subjects).await
    }
    async fn notices_matched(&self, ids: &[u64]) -> Result<(), Error> {
        self.inner.notices_matched(ids).await
    }
}
