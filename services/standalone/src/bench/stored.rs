//! Fills the store with ended sagas before the measurement: what one real saga left, under other numbers and ids.

use anyhow::Context;
use orchestrator::store::{Appended, CaseFilter, Change, NewApplication, SagaNumber, Store, Unit};
use rand::RngCore;

/// Sagas in one transaction.
const BATCH: u64 = 512;

/// Stores so many copies of the newest ended saga.
///
/// # Errors
/// If there is no ended saga, or the store fails.
pub(super) async fn fill(store: &dyn Store, sagas: u64) -> anyhow::Result<()> {
    let filter = CaseFilter { states: vec!["completed"], limit: 1, ..CaseFilter::default() };
    let (found, _) = store.search(&filter).await?;
    let (number, ..) = found.first().context("find an ended saga to copy")?;
    let model = Model::read(store, *number).await?;
    let mut left = sagas;
    while left > 0 {
        let count = left.min(BATCH);
        let first = store.reserve_numbers(count).await?;
        let units: Vec<Unit> = (first..first + count).map(|number| model.copy(number)).collect();
        let answers = store.append(&units).await?;
        let refused = answers.iter().filter(|answer| **answer != Appended::Committed).count();
        anyhow::ensure!(refused == 0, "{refused} copies were not stored");
        left -= count;
    }
    Ok(())
}

/// What one saga left in the store.
struct Model {
    change: Change,
    wrapped_key: Vec<u8>,
    sealed_form: Vec<u8>,
}

impl Model {
    async fn read(store: &dyn Store, number: SagaNumber) -> anyhow::Result<Self> {
        let saga = store.load(&[number]).await?.pop().context("load the saga to copy")?;
        let sealed_form = store.form(saga.summary.application).await?.context("find the form to copy")?;
        let change = Change {
            number,
            expected_version: 0,
            entries: saga.entries,
            summary: saga.summary,
            awaits: Vec::new(),
            awaits_no_more: Vec::new(),
            seals: store.sealed(number).await?,
            found_by: Vec::new(),
            child: None,
        };
        Ok(Self { change, wrapped_key: saga.wrapped_key.context("find the key to copy")?, sealed_form })
    }

    fn copy(&self, number: SagaNumber) -> Unit {
        let mut change = self.change.clone();
        change.number = number;
        // Ids of version 7 rise with time, and so do these; keys and subjects lie anywhere.
        change.summary.case = rising(number, 1);
        change.summary.application = rising(number, 0);
        change.found_by = vec![anywhere()];
        change.child = Some(anywhere());
        let opens = NewApplication {
            id: change.summary.application,
            key: anywhere(),
            form: anywhere(),
            wrapped_key: self.wrapped_key.clone(),
            sealed_form: self.sealed_form.clone(),
            at: change.summary.submitted_at,
        };
        Unit { opens: Some(opens), sagas: vec![change], act: None }
    }
}

fn rising(number: SagaNumber, kind: u8) -> [u8; 16] {
    let mut id = [kind; 16];
    id[..8].copy_from_slice(&number.to_be_bytes());
    rand::rng().fill_bytes(&mut id[9..]);
    id
}

fn anywhere() -> [u8; 32] {
    let mut bytes = [0; 32];
    rand::rng().fill_bytes(&mut bytes);
    bytes
}
