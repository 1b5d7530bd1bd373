//! The carrier between the orchestrator and the departments' adapters: topics, partitions by key, offsets, consumer
//! groups, at least once. That is Kafka's meaning, whichever carrier is chosen.
//!
//! ```text
//!   relay, adapters ── publish ──►  topic ─┬─ partition 0 ─ 0 1 2 3 …     one key, one partition: in order
//!                                          ├─ partition 1 ─ 0 1 …
//!                                          └─ partition 2 ─ 0 1 2 …
//!                                               │
//!                 group A: consumer 1 ◄─────────┤   each partition belongs to one consumer of a group
//!                          consumer 2 ◄─────────┤   next → handle → commit; what is not committed comes again
//!                 group B: consumer 1 ◄─────────┘   every group gets everything
//! ```
//!
//! [`memory`] keeps it in the process, [`kafka`] speaks to a cluster or to librdkafka's mock of one; [`open`] chooses by
//! configuration, and [`conformance`] holds the stories that are true of each. This is the only crate that names
//! rdkafka.
//!
//! The carrier moves opaque bytes: it never opens a payload, never logs one, and is never the memory of anything.
//! Losing a topic costs time, not correctness.

pub mod conformance;
pub mod header;
pub mod kafka;
pub mod memory;
mod open;
pub mod topic;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;

pub use open::{Choice, Opened, Settings, UnknownChoice, open};

/// The most bytes that one message may have (payload, header names and header values). A little under Kafka's own
/// default (`message.max.bytes`, 1,048,588), so that what one carrier takes every carrier takes; a command is around
/// 1,000 bytes.
pub const MESSAGE_BYTES_MAX: usize = 1_000_000;

/// One message on its way.
#[derive(Clone)]
pub struct Message {
    /// Where it goes.
    pub topic: Arc<str>,
    /// The saga's number: messages with one key keep their order.
    pub key: u64,
    /// The envelope, whose personal data is sealed.
    pub payload: Bytes,
    /// Trace context and CloudEvents attributes ([`header`]); no personal data.
    pub headers: Vec<Header>,
}

impl Message {
    /// The bytes that count against the carrier's limits.
    pub fn size(&self) -> usize {
        self.headers.iter().fold(self.payload.len(), |sum, header| sum + header.name.len() + header.value.len())
    }

    /// Whether any carrier would take it: a valid topic name, not too large.
    fn check(&self) -> Result<(), Error> {
        topic::check(&self.topic)?;
        match self.size() {
            size if size > MESSAGE_BYTES_MAX => Err(Error::TooLarge { topic: self.topic.clone(), size }),
            _ => Ok(()),
        }
    }
}

/// Says where it goes and how large it is, never what is in it.
impl fmt::Debug for Message {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Message({}, key {}, {} bytes)", self.topic, self.key, self.payload.len())
    }
}

/// One header of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Its name, e.g. `traceparent`.
    pub name: Cow<'static, str>,
    /// Its value.
    pub value: Bytes,
}

/// A message as a consumer gets it.
#[derive(Clone, Debug)]
pub struct Received {
    /// What was published.
    pub message: Message,
    /// The partition of its topic.
    pub partition: i32,
    /// Its place in the partition; rises, not necessarily by one.
    pub offset: i64,
}

/// A carrier.
#[async_trait]
pub trait Bus: Send + Sync + 'static {
    /// Publishes all; answers for each message, in order. Waits while the carrier is full, up to the carrier's bound,
    /// then fails those left. `Ok` means that the carrier holds it; an error does not mean that it does not (a lost
    /// acknowledgement), so whoever publishes again publishes the same.
    async fn publish(&self, messages: Vec<Message>) -> Vec<Result<(), Error>>;

    /// A consumer of the group `group` on these topics, which are made if they do not exist. A group's first consumer
    /// reads from the oldest message that is there.
    async fn subscribe(&self, group: &str, topics: &[Arc<str>]) -> Result<Box<dyn Consumer>, Error>;

    /// Whether the carrier can be reached now.
    async fn healthy(&self) -> Result<(), Error>;
}

/// One member of a group. Dropping it leaves the group: what it did not commit comes to the others, or to the next.
#[async_trait]
pub trait Consumer: Send {
    /// At least one and at most `max` messages (`max` 0 is taken as 1); waits for the first and never to fill up.
    /// Dropping the future before it is done loses nothing.
    async fn next(&mut self, max: usize) -> Result<Vec<Received>, Error>;

    /// Everything returned so far has been handled (its effects are committed): it will not come again to this group,
    /// except what has meanwhile passed to another member, which may see it again.
    async fn commit(&mut self) -> Result<(), Error>;

    /// True once everything that lay in this consumer's partitions when they became its own has been returned by
    /// `next`. False while it waits to be given partitions; may turn false again when more are given to it.
    async fn caught_up(&mut self) -> Result<bool, Error>;
}

/// What can go wrong between us and the carrier.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// A name that Kafka would not take.
    #[error(
        "topic name {name:?} is not valid: letters, digits, '.', '_' and '-', at most {} of them",
        topic::LENGTH_MAX
    )]
    TopicName {
        /// The name.
        name: String,
    },
    /// Nothing to subscribe to.
    #[error("subscribe group {group}: no topics")]
    NoTopics {
        /// The group.
        group: String,
    },
    /// More bytes than [`MESSAGE_BYTES_MAX`].
    #[error("publish to {topic}: {size} bytes are more than {MESSAGE_BYTES_MAX}")]
    TooLarge {
        /// Where it would have gone.
        topic: Arc<str>,
        /// Its size in bytes.
        size: usize,
    },
    /// The carrier stayed full for as long as we wait: whoever reads the topic does not keep up.
    #[error("publish to {topic}: the carrier is full")]
    Full {
        /// Where it would have gone.
        topic: Arc<str>,
    },
    /// No carrier of this configuration can be made.
    #[error("set up the carrier: {reason}")]
    Configuration {
        /// What was wrong; never the value of a property.
        reason: String,
    },
    /// Kafka's answer to what we attempted.
    #[error("{attempt}")]
    Kafka {
        /// What was being attempted.
        attempt: String,
        /// Kafka's own error.
        #[source]
        source: rdkafka::error::KafkaError,
    },
}
