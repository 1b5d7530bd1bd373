//! The inbox of a world: the memory inbox, with crashes before and after its commits.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use adapter::inbox::{Changes, DeadLetter, Error, Inbox, KeptCommand, MemoryInbox, Outgoing, StepKey, StepRow};
use async_trait::async_trait;

/// The memory inbox, which survives the crash of the runtime that uses it.
#[derive(Clone, Default)]
pub struct WorldInbox {
    inner: Arc<MemoryInbox>,
    /// Commits until the crash; negative: no crash is planned. Even: the crash comes before the commit, odd: after it.
    fuse: Arc<AtomicI64>,
}

impl WorldInbox {
    /// An empty inbox.
    pub fn new() -> Self {
        Self { inner: Arc::new(MemoryInbox::new()), fuse: Arc::new(AtomicI64::new(-1)) }
    }

    /// The runtime crashes at its `commits`-th commit from now, before it or after it.
    pub fn crash_at(&self, commits: i64, after: bool) {
        self.fuse.store(commits * 2 + i64::from(after), Ordering::SeqCst);
    }

    /// No crash is planned any more.
    pub fn heal(&self) {
        self.fuse.store(-1, Ordering::SeqCst);
    }
}

#[async_trait]
impl Inbox for WorldInbox {
    async fn load(&self, keys: &[StepKey]) -> Result<Vec<StepRow>, Error> {
        self.inner.load(keys).await
    }

    async fn kept_commands(&self, wanted: &[(i64, u32)]) -> Result<Vec<KeptCommand>, Error> {
        self.inner.kept_commands(wanted).await
    }

    async fn commit(&self, changes: Changes) -> Result<Vec<i64>, Error> {
        let left = self.fuse.load(Ordering::SeqCst);
        if left == 0 {
            self.heal();
            return Err(Error::Damaged { what: "crash before the commit" });
        }
        let committed = self.inner.commit(changes).await?;
        if left == 1 {
            self.heal();
            return Err(Error::Damaged { what: "crash after the commit" });
        }
        if left > 1 {
            self.fuse.store(left - 2, Ordering::SeqCst);
        }
        Ok(committed)
    }

    async fn unpublished(&self, limit: usize) -> Result<Vec<Outgoing>, Error> {
        self.inner.unpublished(limit).await
    }

    async fn published(&self, ids: &[i64]) -> Result<(), Error> {
        self.inner.published(ids).await
    }

    async fn due(&self, now_ms: i64, limit: usize) -> Result<Vec<StepRow>, Error> {
        self.inner.due(now_ms, limit).await
    }

    async fn forget_before(&self, changed_ms: i64) -> Result<u64, Error> {
        self.inner.forget_before(changed_ms).await
    }

    async fn dead_letters(&self, limit: usize) -> Result<Vec<DeadLetter>, Error> {
        self.inner.dead_letters(limit).await
    }
}
