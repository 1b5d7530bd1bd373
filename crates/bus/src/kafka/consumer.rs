//! One member of a group on Kafka.
//!
//! librdkafka fetches ahead into a bounded queue; `next` waits for the first message and then drains what is ready.
//! Which partitions are ours, what was returned from each and what of it is committed is kept in one [`Shares`], changed
//! by librdkafka's rebalance callback, which runs inside our own polling: so a partition that is taken away can neither
//! be committed nor returned from afterwards.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use futures::FutureExt;
use rdkafka::Offset;
use rdkafka::client::ClientContext;
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _, ConsumerContext, Rebalance, StreamConsumer};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Headers as _, Message as _};
use rdkafka::topic_partition_list::TopicPartitionList;
use rustc_hash::FxHashMap;

use crate::kafka::{ANSWER_MAX, refused, write_log};
use crate::{Consumer, Error, Header, Message, Received, header};

/// How many messages `caught_up` may take in ahead of `next` while it serves the group's protocol.
const AHEAD_MAX: usize = 256;

/// How often `caught_up` looks for what is ready: each look serves at most one event of the group's protocol.
const LOOKS: usize = 8;

/// Reads the partitions that its group gives to it, and leaves the group when dropped.
pub(super) struct KafkaConsumer {
    group: String,
    stream: Arc<StreamConsumer<Membership>>,
}

/// What librdkafka's callbacks change.
struct Membership {
    topics: Vec<Arc<str>>,
    shares: Mutex<Shares>,
}

/// The partitions that are ours.
#[derive(Default)]
struct Shares {
    /// Whether the group has answered at all.
    joined: bool,
    partitions: FxHashMap<Place, Share>,
    /// Taken in by `caught_up` and not yet returned.
    ahead: VecDeque<Received>,
}

type Place = (Arc<str>, i32);

/// Where we stand in one partition.
#[derive(Clone, Copy, Default)]
struct Share {
    /// The offset after the last message returned; `None` before the first.
    returned: Option<i64>,
    /// The offset up to which is committed, by us.
    committed: Option<i64>,
    /// Where it began and ended when it became ours, once asked for.
    extent: Option<(i64, i64)>,
}

impl KafkaConsumer {
    pub(super) fn join(config: &ClientConfig, group: &str, topics: &[Arc<str>]) -> Result<KafkaConsumer, Error> {
        let context = Membership { topics: topics.to_vec(), shares: Mutex::default() };
        let stream: StreamConsumer<Membership> = config.create_with_context(context).map_err(refused)?;
        let names: Vec<&str> = topics.iter().map(|name| &**name).collect();
        let attempt = || format!("subscribe group {group}");
        stream.subscribe(&names).map_err(|source| Error::Kafka { attempt: attempt(), source })?;
        Ok(KafkaConsumer { group: group.to_owned(), stream: Arc::new(stream) })
    }

    fn shares(&self) -> MutexGuard<'_, Shares> {
        self.stream.context().shares()
    }

    fn failed(&self, attempt: &str, source: KafkaError) -> Error {
        Error::Kafka { attempt: format!("{attempt} of group {}", self.group), source }
    }

    /// One message, or what stands in the way of ever getting one. What librdkafka mends by itself is logged.
    fn judge<'a>(&self, polled: KafkaResult<BorrowedMessage<'a>>) -> Result<Option<BorrowedMessage<'a>>, Error> {
        match polled {
            Ok(message) => Ok(Some(message)),
            Err(error) if is_final(&error) => Err(self.failed("read messages", error)),
            Err(error) => {
                tracing::warn!(group = self.group, %error, "reading from kafka is interrupted; it will be resumed");
                Ok(None)
            }
        }
    }

    /// Serves the group's protocol and takes in what is ready, without waiting.
    fn look(&self) -> Result<(), Error> {
        for _ in 0..LOOKS {
            if self.shares().ahead.len() >= AHEAD_MAX {
                break;
            }
            let Some(polled) = self.stream.recv().now_or_never() else { continue };
            if let Some(message) = self.judge(polled)? {
                let received = self.stream.context().received(&message);
                self.shares().ahead.push_back(received);
            }
        }
        Ok(())
    }

    /// Asks the cluster where the partitions that became ours begin, for this group, and where they end.
    async fn measure(&self) -> KafkaResult<()> {
        let unmeasured: Vec<Place> = {
            let shares = self.shares();
            let missing = shares.partitions.iter().filter(|(_, share)| share.extent.is_none());
            missing.map(|(place, _)| place.clone()).collect()
        };
        if unmeasured.is_empty() {
            return Ok(());
        }
        let stream = self.stream.clone();
        let asked = tokio::task::spawn_blocking(move || extents(&stream, unmeasured));
        let extents = asked.await.unwrap_or(Err(KafkaError::Canceled))?;
        let mut shares = self.shares();
        for (place, extent) in extents {
            if let Some(share) = shares.partitions.get_mut(&place) {
                share.extent.get_or_insert(extent);
            }
        }
        Ok(())
    }
}

#[async_trait]
impl Consumer for KafkaConsumer {
    async fn next(&mut self, max: usize) -> Result<Vec<Received>, Error> {
        let max = max.max(1);
        let mut batch = self.shares().take_ahead(max);
        while batch.is_empty() {
            let polled = self.stream.recv().await;
            // From here to the end nothing waits, so dropping this future loses no message.
            if let Some(message) = self.judge(polled)? {
                batch.push(self.stream.context().received(&message));
            }
        }
        while batch.len() < max {
            // What fails now fails again at the next call, when there is nothing to return before it.
            let Some(Ok(message)) = self.stream.recv().now_or_never() else { break };
            batch.push(self.stream.context().received(&message));
        }
        self.shares().note_returned(&batch);
        Ok(batch)
    }

    async fn commit(&mut self) -> Result<(), Error> {
        let handled = self.shares().uncommitted();
        if handled.is_empty() {
            return Ok(());
        }
        let mut offsets = TopicPartitionList::with_capacity(handled.len());
        for ((topic, partition), offset) in &handled {
            let added = offsets.add_partition_offset(topic, *partition, Offset::Offset(*offset));
            added.map_err(|source| self.failed("commit offsets", source))?;
        }
        let stream = self.stream.clone();
        let asked = tokio::task::spawn_blocking(move || stream.commit(&offsets, CommitMode::Sync));
        match asked.await.unwrap_or(Err(KafkaError::Canceled)) {
            Ok(()) => {
                self.shares().note_committed(handled);
                Ok(())
            }
            // Partitions are changing hands. What was handled may come again to whoever gets them, as everything may.
            Err(error @ KafkaError::ConsumerCommit(code)) if is_rebalance(code) => {
                tracing::warn!(group = self.group, %error, "offsets not committed during a rebalance; messages may repeat");
                Ok(())
            }
            Err(source) => Err(self.failed("commit offsets", source)),
        }
    }

    async fn caught_up(&mut self) -> Result<bool, Error> {
        self.look()?;
        if !self.shares().joined {
            return Ok(false);
        }
        if let Err(error) = self.measure().await {
            tracing::warn!(group = self.group, %error, "cannot ask where the topics end; it will be asked again");
            return Ok(false);
        }
        Ok(self.shares().caught_up())
    }
}

impl Shares {
    /// Up to `max` messages that were taken in ahead.
    fn take_ahead(&mut self, max: usize) -> Vec<Received> {
        let count = self.ahead.len().min(max);
        self.ahead.drain(..count).collect()
    }

    fn note_returned(&mut self, batch: &[Received]) {
        for received in batch {
            let place = (received.message.topic.clone(), received.partition);
            // Absent where the partition was taken away while the batch was drained: it is another's to commit.
            if let Some(share) = self.partitions.get_mut(&place) {
                share.returned = Some(received.offset + 1);
            }
        }
    }

    fn uncommitted(&self) -> Vec<(Place, i64)> {
        let behind = |share: &Share| share.returned.filter(|returned| share.committed != Some(*returned));
        self.partitions.iter().filter_map(|(place, share)| Some((place.clone(), behind(share)?))).collect()
    }

    fn note_committed(&mut self, handled: Vec<(Place, i64)>) {
        for (place, offset) in handled {
            if let Some(share) = self.partitions.get_mut(&place) {
                share.committed = Some(offset);
            }
        }
    }

    fn caught_up(&self) -> bool {
        self.partitions
            .values()
            .all(|share| share.extent.is_some_and(|(begin, end)| share.returned.unwrap_or(begin).max(begin) >= end))
    }
}

impl Membership {
    fn shares(&self) -> MutexGuard<'_, Shares> {
        self.shares.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn places(&self, list: &TopicPartitionList) -> Vec<Place> {
        list.elements().iter().map(|element| (self.name(element.topic()), element.partition())).collect()
    }

    /// The shared name of a topic that we subscribed to.
    fn name(&self, topic: &str) -> Arc<str> {
        self.topics.iter().find(|known| &***known == topic).cloned().unwrap_or_else(|| topic.into())
    }

    fn received(&self, borrowed: &BorrowedMessage<'_>) -> Received {
        // Ours have eight bytes. A stranger's message with another key comes with key 0; what it is shows its payload.
        let key = borrowed.key().and_then(|key| key.try_into().ok()).map_or(0, u64::from_be_bytes);
        let message = Message {
            topic: self.name(borrowed.topic()),
            key,
            payload: borrowed.payload().map_or_else(Bytes::new, Bytes::copy_from_slice),
            headers: headers(borrowed),
        };
        Received { message, partition: borrowed.partition(), offset: borrowed.offset() }
    }
}

/// A header name that is not UTF-8 makes the library panic. One stranger's message must not stop a partition, so such
/// headers are left out.
fn headers(borrowed: &BorrowedMessage<'_>) -> Vec<Header> {
    let read = || {
        let headers = borrowed.headers().into_iter().flat_map(|headers| headers.iter());
        headers
            .map(|found| Header {
                name: header::name(found.key),
                value: found.value.map_or_else(Bytes::new, Bytes::copy_from_slice),
            })
            .collect()
    };
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(read)).unwrap_or_default()
}

fn extents(stream: &StreamConsumer<Membership>, places: Vec<Place>) -> KafkaResult<Vec<(Place, (i64, i64))>> {
    let mut asked = TopicPartitionList::with_capacity(places.len());
    for (topic, partition) in &places {
        asked.add_partition(topic, *partition);
    }
    let committed = stream.committed_offsets(asked, ANSWER_MAX)?;
    let measure = |place: Place| {
        let (low, end) = stream.fetch_watermarks(&place.0, place.1, ANSWER_MAX)?;
        let begin = match committed.find_partition(&place.0, place.1).map(|element| element.offset()) {
            Some(Offset::Offset(offset)) => offset.max(low),
            _ => low,
        };
        Ok((place, (begin, end)))
    };
    places.into_iter().map(measure).collect()
}

impl ClientContext for Membership {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, line: &str) {
        write_log(level, facility, line);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::warn!(%error, reason, "kafka");
    }
}

impl ConsumerContext for Membership {
    fn pre_rebalance(&self, _: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        if let Rebalance::Revoke(list) = rebalance {
            let places = self.places(list);
            let mut shares = self.shares();
            shares.partitions.retain(|place, _| !places.contains(place));
            shares.ahead.retain(|received| {
                !places
                    .iter()
                    .any(|(topic, partition)| *topic == received.message.topic && *partition == received.partition)
            });
        }
    }

    fn post_rebalance(&self, _: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        if let Rebalance::Assign(list) = rebalance {
            let places = self.places(list);
            let mut shares = self.shares();
            shares.joined = true;
            shares.partitions.extend(places.into_iter().map(|place| (place, Share::default())));
        }
    }
}

/// Whether a commit failed because partitions are changing hands.
fn is_rebalance(code: RDKafkaErrorCode) -> bool {
    use RDKafkaErrorCode::{IllegalGeneration, RebalanceInProgress, UnknownMemberId};
    matches!(code, IllegalGeneration | RebalanceInProgress | UnknownMemberId)
}

/// Whether waiting will not mend it: someone must change the configuration or the permissions.
fn is_final(error: &KafkaError) -> bool {
    use RDKafkaErrorCode::{
        Authentication, ClusterAuthorizationFailed, GroupAuthorizationFailed, SaslAuthenticationFailed,
        TopicAuthorizationFailed,
    };
    match error {
        KafkaError::MessageConsumptionFatal(_) => true,
        KafkaError::MessageConsumption(code) => matches!(
            code,
            Authentication
                | ClusterAuthorizationFailed
                | GroupAuthorizationFailed
                | SaslAuthenticationFailed
                | TopicAuthorizationFailed
        ),
        _ => false,
    }
}
