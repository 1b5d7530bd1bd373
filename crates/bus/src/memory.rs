//! The carrier in memory: Kafka's meaning inside one process, with nothing to install and no added latency.
//!
//! The embedded default, and what the simulation runs on: it has no thread and no timer of its own, and the one bounded
//! wait is on tokio's clock, so that it runs under paused time. A topic has one lock, held for a batch and never across
//! an await; a consumer has one [`tokio::sync::Notify`]. What a topic holds and who owns which partition is in [`log`].
//!
//! It never stands for durability: what lies in it is gone with the process, and is sent again by those who remember.

mod consumer;
mod log;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use rustc_hash::FxHashMap;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::memory::consumer::MemoryConsumer;
use crate::memory::log::Log;
use crate::{Bus, Consumer, Error, Message, topic};

/// How many partitions a topic has, as a small Kafka installation would: enough for a few consumers of a group to share.
pub const PARTITIONS: u32 = 6;

/// What a topic may hold, and how long `publish` waits for room.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Messages of one topic. 65,536 is several seconds of what one machine can handle: more would only wait longer, and
    /// a department that is down for a night is to be sent to again when it returns, not to be buffered for.
    pub messages_max: usize,
    /// Bytes of one topic. With some ten topics of 32 MiB the carrier stays under a third of a gigabyte at its fullest.
    pub bytes_max: usize,
    /// How long `publish` waits for a full topic. Short: who publishes has other topics to serve.
    pub wait_max: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { messages_max: 65_536, bytes_max: 32 << 20, wait_max: Duration::from_millis(500) }
    }
}

/// The carrier in memory. Cloning shares it.
#[derive(Clone)]
pub struct MemoryBus {
    shared: Arc<Shared>,
}

struct Shared {
    partitions: u32,
    limits: Limits,
    topics: Mutex<FxHashMap<Arc<str>, Arc<Topic>>>,
    consumers: AtomicU64,
}

/// One topic: its log under its lock, and who waits for room.
struct Topic {
    name: Arc<str>,
    log: Mutex<Log>,
    room: Notify,
}

impl Default for MemoryBus {
    fn default() -> MemoryBus {
        MemoryBus::new(PARTITIONS, Limits::default())
    }
}

impl MemoryBus {
    /// An empty carrier; `partitions` of 0 are taken as 1.
    pub fn new(partitions: u32, limits: Limits) -> MemoryBus {
        let shared = Shared {
            partitions: partitions.max(1),
            limits,
            topics: Mutex::new(FxHashMap::default()),
            consumers: AtomicU64::new(0),
        };
        MemoryBus { shared: Arc::new(shared) }
    }

    /// An empty carrier with the usual limits.
    pub fn with_partitions(partitions: u32) -> MemoryBus {
        MemoryBus::new(partitions, Limits::default())
    }

    /// How many messages the topic holds: those that some group has not committed.
    pub fn depth(&self, topic: &str) -> usize {
        let known = lock(&self.shared.topics).get(topic).cloned();
        known.map_or(0, |topic| lock(&topic.log).len())
    }

    fn topic(&self, name: &Arc<str>) -> Arc<Topic> {
        let mut topics = lock(&self.shared.topics);
        if let Some(topic) = topics.get(name) {
            return topic.clone();
        }
        let topic = Arc::new(Topic {
            name: name.clone(),
            log: Mutex::new(Log::new(self.shared.partitions, self.shared.limits)),
            room: Notify::new(),
        });
        topics.insert(name.clone(), topic.clone());
        topic
    }
}

#[async_trait]
impl Bus for MemoryBus {
    async fn publish(&self, messages: Vec<Message>) -> Vec<Result<(), Error>> {
        let mut answers: Vec<Result<(), Error>> = messages.iter().map(Message::check).collect();
        let mut batches: Vec<Batch> = Vec::new();
        for (index, message) in messages.into_iter().enumerate() {
            if answers[index].is_err() {
                continue;
            }
            // A relay writes to some ten topics: a walk is faster than a map.
            match batches.iter_mut().find(|batch| batch.topic.name == message.topic) {
                Some(batch) => batch.left.push((index, message)),
                None => batches.push(Batch { topic: self.topic(&message.topic), left: vec![(index, message)] }),
            }
        }
        // First all that has room at once, so that a full topic delays no other.
        batches.retain_mut(|batch| {
            batch.append();
            !batch.left.is_empty()
        });
        let until = Instant::now() + self.shared.limits.wait_max;
        for mut batch in batches {
            batch.append_until(until).await;
            for (index, message) in batch.left {
                answers[index] = Err(Error::Full { topic: message.topic });
            }
        }
        answers
    }

    async fn subscribe(&self, group: &str, topics: &[Arc<str>]) -> Result<Box<dyn Consumer>, Error> {
        if topics.is_empty() {
            return Err(Error::NoTopics { group: group.to_owned() });
        }
        topics.iter().try_for_each(|name| topic::check(name))?;
        let member = self.shared.consumers.fetch_add(1, Ordering::Relaxed);
        let mut distinct: Vec<Arc<Topic>> = Vec::with_capacity(topics.len());
        for name in topics {
            if !distinct.iter().any(|topic| topic.name == *name) {
                distinct.push(self.topic(name));
            }
        }
        Ok(Box::new(MemoryConsumer::join(member, group, distinct)))
    }

    async fn healthy(&self) -> Result<(), Error> {
        Ok(())
    }
}

/// What one call of `publish` brings to one topic, in order, with each message's place in the call.
struct Batch {
    topic: Arc<Topic>,
    left: Vec<(usize, Message)>,
}

impl Batch {
    /// Appends from the front while there is room. Never skips one: a key's messages keep their order.
    fn append(&mut self) {
        let mut log = lock(&self.topic.log);
        let fitting = log.fitting(self.left.iter().map(|(_, message)| message));
        if fitting == self.left.len() {
            log.append(std::mem::take(&mut self.left).into_iter().map(|(_, message)| message));
        } else {
            log.append(self.left.drain(..fitting).map(|(_, message)| message));
        }
    }

    /// Appends as room comes, until that moment. A topic that gave no room for a whole wait is not waited for again
    /// until somebody reads it: a department that is down costs one wait, not one for every batch.
    async fn append_until(&mut self, until: Instant) {
        let topic = self.topic.clone();
        if lock(&topic.log).is_jammed() {
            return;
        }
        while !self.left.is_empty() {
            let room = topic.room.notified();
            tokio::pin!(room);
            room.as_mut().enable();
            self.append();
            if !self.left.is_empty() && tokio::time::timeout_at(until, room).await.is_err() {
                self.append();
                if !self.left.is_empty() {
                    lock(&topic.log).jam();
                }
                return;
            }
        }
    }
}

/// A panic while the lock was held left nothing half done that matters: each change is a few assignments.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
