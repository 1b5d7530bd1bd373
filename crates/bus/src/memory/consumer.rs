//! One member of a group on the carrier in memory.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::Notify;

use crate::memory::{Topic, lock};
use crate::{Consumer, Error, Received};

/// Reads the partitions that its group gives to it, and leaves the group when dropped.
pub(super) struct MemoryConsumer {
    id: u64,
    group: Arc<str>,
    topics: Vec<Subscribed>,
    wake: Arc<Notify>,
    /// Rises with each read, so that the topic and partition read first change and none starves.
    turn: usize,
}

struct Subscribed {
    topic: Arc<Topic>,
    /// Where each partition ended when this consumer subscribed.
    ends: Vec<i64>,
}

impl MemoryConsumer {
    pub(super) fn join(id: u64, group: &str, topics: Vec<Arc<Topic>>) -> MemoryConsumer {
        let group: Arc<str> = group.into();
        let wake = Arc::new(Notify::new());
        let subscribe = |topic: Arc<Topic>| {
            let ends = lock(&topic.log).join(&group, id, wake.clone());
            Subscribed { topic, ends }
        };
        let topics = topics.into_iter().map(subscribe).collect();
        MemoryConsumer { id, group, topics, wake, turn: 0 }
    }

    fn take(&mut self, max: usize) -> Vec<Received> {
        let mut taken = Vec::new();
        self.turn = self.turn.wrapping_add(1);
        let count = self.topics.len();
        for step in 0..count {
            let topic = &self.topics[(self.turn.wrapping_add(step)) % count].topic;
            lock(&topic.log).take(&self.group, self.id, self.turn / count, max, &mut taken);
            if taken.len() >= max {
                break;
            }
        }
        taken
    }
}

#[async_trait]
impl Consumer for MemoryConsumer {
    async fn next(&mut self, max: usize) -> Result<Vec<Received>, Error> {
        loop {
            let taken = self.take(max.max(1));
            if !taken.is_empty() {
                return Ok(taken);
            }
            // One waiter and a permit that is kept: what was appended since the look wakes this at once.
            self.wake.notified().await;
        }
    }

    async fn commit(&mut self) -> Result<(), Error> {
        for subscribed in &self.topics {
            let room = lock(&subscribed.topic.log).commit(&self.group, self.id);
            if room {
                subscribed.topic.room.notify_waiters();
            }
        }
        Ok(())
    }

    async fn caught_up(&mut self) -> Result<bool, Error> {
        let caught_up = |known: &Subscribed| lock(&known.topic.log).caught_up(&self.group, self.id, &known.ends);
        Ok(self.topics.iter().all(caught_up))
    }
}

impl Drop for MemoryConsumer {
    fn drop(&mut self) {
        for subscribed in &self.topics {
            lock(&subscribed.topic.log).leave(&self.group, self.id);
        }
    }
}
