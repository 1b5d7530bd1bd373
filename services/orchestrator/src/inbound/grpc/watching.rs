//! One case, now and after every change, until it has ended.

use std::sync::Arc;

use futures::{Stream, stream};
use proto::v1;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio_util::sync::CancellationToken;
use tonic::Status;

use super::{status::Refusal, view};
use crate::watch::Snapshot;

/// What a watcher wants to see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Each state, as far as the watcher keeps up; the newest wins.
    EveryChange,
    /// Only the state in which the case has ended.
    TheEnd,
}

/// One watch.
pub(crate) struct Watch {
    /// As it stood after the watch had begun.
    pub(crate) first: Option<Arc<Snapshot>>,
    pub(crate) changes: watch::Receiver<Option<Arc<Snapshot>>>,
    pub(crate) wanted: Wanted,
    pub(crate) stop: CancellationToken,
    /// Its place among the watches that there may be.
    pub(crate) _place: OwnedSemaphorePermit,
}

/// The states as they come. Ends after the end; or with `UNAVAILABLE` when the service stops, so that the watcher looks
/// elsewhere.
pub(crate) fn states(watch: Watch) -> impl Stream<Item = Result<v1::Case, Status>> + Send + 'static {
    stream::unfold(Some((watch, None)), |state| async move {
        let (mut watch, mut seen) = state?;
        loop {
            let Some(snapshot) = watch.next().await else {
                return Some((Err(Refusal::Stopping.into()), None));
            };
            // Commits that were under way when the watch began may be told after the state that was read.
            if seen.is_some_and(|seen| snapshot.version <= seen) {
                continue;
            }
            seen = Some(snapshot.version);
            let ended = snapshot.saga.end.is_some();
            if ended {
                return Some((Ok(view::case(&snapshot)), None));
            }
            if watch.wanted == Wanted::EveryChange {
                return Some((Ok(view::case(&snapshot)), Some((watch, seen))));
            }
        }
    })
}

impl Watch {
    /// The next state; `None` when there will be none.
    async fn next(&mut self) -> Option<Arc<Snapshot>> {
        if let Some(first) = self.first.take() {
            return Some(first);
        }
        loop {
            tokio::select! {
                biased;
                changed = self.changes.changed() => changed.ok()?,
                () = self.stop.cancelled() => return None,
            }
            if let Some(snapshot) = self.changes.borrow_and_update().clone() {
                return Some(snapshot);
            }
        }
    }
}
