//! When nobody could reach us: a person's deadline is lengthened by it (protocol.md 14).

use serde::{Deserialize, Serialize};

use crate::{
    limits,
    store::{Error, Store},
};

/// The name of the downtimes in the store's small values.
const DOWNTIMES: &str = "downtimes";
/// The name of the heartbeat in the store's small values.
const HEARTBEAT: &str = "heartbeat";
/// Downtimes that are remembered; older ones lie before every open task.
const KEPT_MAX: usize = 1_000;

/// The times in which we did not serve, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Downtimes(Vec<Downtime>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Downtime {
    from_ms: i64,
    by_ms: i64,
}

impl Downtimes {
    /// Reads what is known, adds the time since the last heartbeat, and moves the deadlines of all open tasks by it.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn at_start(store: &dyn Store, now_ms: i64) -> Result<Self, Error> {
        let mut known: Self = match store.meta(DOWNTIMES).await? {
            Some(bytes) => serde_json::from_slice(&bytes)
                .map_err(|error| Error::Damaged { table: "meta", what: format!("downtimes: {error}") })?,
            None => Self::default(),
        };
        let last = store.meta(HEARTBEAT).await?.and_then(|bytes| Some(i64::from_be_bytes(bytes.try_into().ok()?)));
        if let Some(from_ms) = last {
            // The grace comes on top: whoever found us down needs a moment to try again.
            let by_ms = (now_ms - from_ms).max(0) + limits::PERSONS_GRACE_MS;
            known.0.push(Downtime { from_ms, by_ms });
            let too_many = known.0.len().saturating_sub(KEPT_MAX);
            known.0.drain(..too_many);
            let bytes = serde_json::to_vec(&known).expect("numbers are what JSON can say");
            store.set_meta(DOWNTIMES, &bytes).await?;
            store.postpone_tasks(by_ms).await?;
        }
        beat(store, now_ms).await?;
        Ok(known)
    }

    /// How long we were down after this moment, in milliseconds.
    pub fn since(&self, at_ms: i64) -> i64 {
        // What began after we were back began with all its time, even within the grace.
        let ended = |down: &&Downtime| down.from_ms + down.by_ms - limits::PERSONS_GRACE_MS > at_ms;
        self.0.iter().rev().take_while(ended).map(|down| down.by_ms).sum()
    }
}

/// Writes that we serve at this moment.
///
/// # Errors
/// If the store fails.
pub async fn beat(store: &dyn Store, now_ms: i64) -> Result<(), Error> {
    store.set_meta(HEARTBEAT, &now_ms.to_be_bytes()).await
}

#[cfg(test)]
mod tests {
    use super::{Downtimes, beat, limits::PERSONS_GRACE_MS};
    use crate::store::memory::MemoryStore;

    /// A task that is opened a moment after a long outage would otherwise stay open for all the days of the outage more.
    #[tokio::test]
    async fn only_tasks_that_were_open_while_we_were_down_are_lengthened() {
        let store = MemoryStore::new();
        beat(&store, 1_000).await.expect("stored");
        let known = Downtimes::at_start(&store, 501_000).await.expect("read");
        assert_eq!(known.since(900), 500_000 + PERSONS_GRACE_MS);
        assert_eq!((known.since(501_000), known.since(502_000)), (0, 0));
    }
}
