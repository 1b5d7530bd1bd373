//! Reads cases from the store, folded and ready to be shown.

use proto::v1;

use super::{
    Api,
    status::{Missing, Refusal},
    view,
};
use crate::{
    definitions::Pinned,
    fold::fold,
    store::{Loaded, PublicId, SagaNumber},
    watch::Snapshot,
};

impl Api {
    /// The case's saga number.
    pub(crate) async fn number_of(&self, case: PublicId) -> Result<SagaNumber, Refusal> {
        self.parts.store.find_case(case).await?.ok_or(Refusal::NotFound(Missing::Case))
    }

    /// The case as it stands in the store.
    pub(crate) async fn snapshot(&self, number: SagaNumber) -> Result<Snapshot, Refusal> {
        let loaded = self.parts.store.load(&[number]).await?.pop().ok_or(Refusal::NotFound(Missing::Case))?;
        self.folded(&loaded).await
    }

    /// These cases, in this order, in one read.
    pub(crate) async fn snapshots(&self, numbers: &[SagaNumber]) -> Result<Vec<Snapshot>, Refusal> {
        let mut loaded = self.parts.store.load(numbers).await?;
        let place = |number| numbers.iter().position(|wanted| *wanted == number);
        loaded.sort_by_key(|loaded| place(loaded.number));
        let mut snapshots = Vec::with_capacity(loaded.len());
        for loaded in &loaded {
            snapshots.push(self.folded(loaded).await?);
        }
        Ok(snapshots)
    }

    /// These cases as they are shown, in this order.
    pub(crate) async fn cases(&self, numbers: &[SagaNumber]) -> Result<Vec<v1::Case>, Refusal> {
        Ok(self.snapshots(numbers).await?.iter().map(view::case).collect())
    }

    /// What was loaded, folded. A saga that cannot be read is told so and hides nobody else's.
    pub(crate) async fn folded(&self, loaded: &Loaded) -> Result<Snapshot, Refusal> {
        let summary = &loaded.summary;
        let pinned = self.parts.definitions.get(summary.definition).await;
        let Pinned { definition, pack } = pinned.map_err(|error| unreadable(loaded, &error))?;
        let saga = fold(&definition, loaded).map_err(|error| unreadable(loaded, &error))?;
        let (number, version, summary) = (loaded.number, loaded.version, summary.clone());
        Ok(Snapshot { number, version, summary, saga, definition, pack })
    }
}

fn unreadable(loaded: &Loaded, error: &(dyn std::error::Error + 'static)) -> Refusal {
    tracing::error!(saga.id = loaded.number, error, "YJ-0208 办件无法读取 / a case cannot be read");
    Refusal::Quarantined
}
