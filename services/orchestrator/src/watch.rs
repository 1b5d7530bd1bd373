//! Who watches which case: told after each commit, never waited for.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use policy::Pack;
use saga::{Definition, Saga};
use tokio::sync::watch;

use crate::store::{SagaNumber, Summary};

/// A case as it stands after one version.
#[derive(Debug)]
pub struct Snapshot {
    /// The saga's number.
    pub number: SagaNumber,
    /// Grows with every change.
    pub version: u64,
    /// What lists show.
    pub summary: Summary,
    /// How it stands.
    pub saga: Saga,
    /// What it is pinned to.
    pub definition: Arc<Definition>,
    /// Its pack, for titles and reasons in words; `None` where the pack is not loaded any more.
    pub pack: Option<Arc<Pack>>,
}

impl Snapshot {
    /// The fields that the performer of a step gives, as the pack lists them; none where it lists none.
    pub fn gives(&self, step: &str) -> &[Arc<str>] {
        let Some(pack) = &self.pack else { return &[] };
        let of_procedure = pack.procedures.values().find(|procedure| procedure.hash == self.summary.definition);
        let gives = of_procedure.map_or(&pack.gives, |procedure| &procedure.gives);
        gives.get(step).map_or(&[], Vec::as_slice)
    }
}

/// Entries at which those whom nobody watches any more are thrown out, and again at each doubling.
const PRUNED_AT: usize = 1_024;

type Watched = watch::Sender<Option<Arc<Snapshot>>>;

/// The watchers of all cases.
#[derive(Debug, Default)]
pub struct Watchers {
    cases: Mutex<HashMap<SagaNumber, Watched>>,
    count: AtomicUsize,
}

impl Watchers {
    /// Watches a case from now on. The newest snapshot wins; what nobody read in time is overwritten.
    pub fn watch(&self, number: SagaNumber) -> watch::Receiver<Option<Arc<Snapshot>>> {
        let mut cases = self.cases.lock().unwrap_or_else(PoisonError::into_inner);
        if cases.len() >= PRUNED_AT && cases.len().is_power_of_two() {
            cases.retain(|_, sender| sender.receiver_count() > 0);
        }
        let sender = cases.entry(number).or_insert_with(|| watch::Sender::new(None));
        let receiver = sender.subscribe();
        self.count.store(cases.len(), Ordering::Release);
        receiver
    }

    /// True where nobody watches anything, so that no snapshot need be made.
    pub fn is_empty(&self) -> bool {
        self.count.load(Ordering::Acquire) == 0
    }

    /// Tells those who watch this case; `make` is called only if somebody does.
    pub fn tell(&self, number: SagaNumber, make: impl FnOnce() -> Snapshot) {
        if self.is_empty() {
            return;
        }
        let mut cases = self.cases.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(sender) = cases.get(&number) else { return };
        if sender.receiver_count() == 0 {
            cases.remove(&number);
        } else {
            sender.send_replace(Some(Arc::new(make())));
        }
        self.count.store(cases.len(), Ordering::Release);
    }
}
