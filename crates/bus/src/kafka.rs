//! The Kafka carrier: the same meaning on a cluster, through librdkafka.
//!
//! Nothing is acknowledged before all in-sync replicas have it (`acks=all`), the producer is idempotent, and offsets are
//! committed only after handling. Any property of librdkafka can be set; those that carry this meaning cannot be unset.
//! Back-pressure is bounded queues on both sides: the producer's, for which `publish` waits, and the consumer's, which
//! stops fetching while nobody takes.

mod consumer;
mod mock;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::ClientContext;
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::OwnedHeaders;
use rdkafka::metadata::MetadataTopic;
use rdkafka::producer::{DeliveryFuture, FutureProducer, FutureRecord, Producer};
use rustc_hash::FxHashSet;
use tokio::time::Instant;

use crate::kafka::consumer::KafkaConsumer;
use crate::{Bus, Consumer, Error, Message, topic};

pub use mock::MockCluster;

/// How long `publish` waits while the producer's queue is full.
const QUEUE_WAIT_MAX: Duration = Duration::from_secs(10);

/// How often a full queue is looked at again: about the time in which a broker acknowledges a batch.
const QUEUE_LOOK_EVERY: Duration = Duration::from_millis(5);

/// How long we wait for the cluster's answer to a question about topics or health.
const ANSWER_MAX: Duration = Duration::from_secs(10);

/// What the meaning of the carrier rests on. Nobody's configuration goes before these.
const FIXED: [(&str, &str); 3] = [("acks", "all"), ("enable.idempotence", "true"), ("enable.auto.commit", "false")];

/// What we would set, had the operator not.
const USUAL: [(&str, &str); 13] = [
    ("client.id", "yijian"),
    // The partitioner of Kafka's own Java client: a department's tools find a key where ours put it.
    ("partitioner", "murmur2_random"),
    // Batches come from the relay's own batching; waiting here would only add to each round trip.
    ("linger.ms", "1"),
    // The relay sends again whatever was not delivered; five minutes, the usual, would hold its memory for nothing.
    ("message.timeout.ms", "30000"),
    // 64 MiB in flight, the bound on the producer's memory.
    ("queue.buffering.max.kbytes", "65536"),
    // 16 MiB fetched ahead for each consumer: some seconds of work.
    ("queued.max.messages.kbytes", "16384"),
    // The protocol demands that every reply is read, however late the group is first seen.
    ("auto.offset.reset", "earliest"),
    ("partition.assignment.strategy", "cooperative-sticky"),
    // A killed consumer's partitions move after ten seconds instead of 45: its work waits meanwhile.
    ("session.timeout.ms", "10000"),
    ("heartbeat.interval.ms", "3000"),
    ("socket.keepalive.enable", "true"),
    // A broker that was down is found again within seconds.
    ("reconnect.backoff.max.ms", "5000"),
    // Topics are made on purpose, with our number of partitions; a consumer that is early waits for them.
    ("topic.metadata.refresh.interval.ms", "30000"),
];

/// What we would set on the mock cluster, had the operator not.
const MOCK: [(&str, &str); 3] = [
    // Producing does not wake a waiting fetch there, so the wait is the latency.
    ("fetch.wait.max.ms", "5"),
    // When a member leaves, the mock lets the others wait for nearly as long as this.
    ("session.timeout.ms", "3000"),
    ("heartbeat.interval.ms", "500"),
];

/// The carrier on a Kafka cluster.
pub struct KafkaBus {
    properties: BTreeMap<String, String>,
    producer: FutureProducer<Logs>,
    topics: Topics,
    known: Mutex<FxHashSet<Arc<str>>>,
}

/// Who makes topics: the cluster by its administrative interface, or the mock by its own.
enum Topics {
    Cluster { admin: Box<AdminClient<Logs>>, partitions: i32, replication: i32 },
    Mock(Arc<MockCluster>),
}

impl KafkaBus {
    /// A carrier on the cluster that `bootstrap.servers` names. Does not wait for it: that is what
    /// [`Bus::healthy`] is for. [`Error::Configuration`] names the property that librdkafka does not accept.
    pub fn connect(
        properties: &BTreeMap<String, String>,
        partitions: i32,
        replication: i32,
    ) -> Result<KafkaBus, Error> {
        if !properties.contains_key("bootstrap.servers") {
            return Err(Error::Configuration { reason: "the property bootstrap.servers is missing".to_owned() });
        }
        let properties = complete(properties);
        let admin = Box::new(config(&properties).create_with_context(Logs).map_err(refused)?);
        KafkaBus::with(properties, Topics::Cluster { admin, partitions, replication })
    }

    /// A carrier on a mock cluster, which lives at least as long.
    pub fn on_mock(cluster: Arc<MockCluster>, properties: &BTreeMap<String, String>) -> Result<KafkaBus, Error> {
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let mut on_mock: BTreeMap<String, String> = MOCK.into_iter().map(owned).collect();
        on_mock.extend(properties.clone());
        on_mock.insert("bootstrap.servers".to_owned(), cluster.bootstrap_servers().to_owned());
        let properties = complete(&on_mock);
        KafkaBus::with(properties, Topics::Mock(cluster))
    }

    fn with(properties: BTreeMap<String, String>, topics: Topics) -> Result<KafkaBus, Error> {
        let producer = config(&properties).create_with_context(Logs).map_err(refused)?;
        Ok(KafkaBus { properties, producer, topics, known: Mutex::default() })
    }

    /// Makes the topics that this carrier has not seen yet.
    async fn make<'a>(&self, names: impl Iterator<Item = &'a Arc<str>>) -> Result<(), Error> {
        let missing: FxHashSet<Arc<str>> = {
            let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            names.filter(|name| !known.contains(*name)).cloned().collect()
        };
        if missing.is_empty() {
            return Ok(());
        }
        match &self.topics {
            Topics::Mock(cluster) => missing.iter().try_for_each(|name| cluster.make_topic(name))?,
            Topics::Cluster { admin, partitions, replication } => {
                // Whoever is there already need not be made, so no permission to make any is needed for them.
                let there = self.ask(None, |topics| topics.iter().map(|topic| topic.name().into()).collect()).await?;
                let missing = missing.difference(&there).cloned().collect();
                if !self.make_on_cluster(admin, &missing, *partitions, *replication).await? {
                    // A mock cluster of another process has no such interface: it makes a topic that is asked for.
                    for name in missing {
                        self.ask(Some(name), |_| FxHashSet::default()).await?;
                    }
                }
            }
        }
        self.known.lock().unwrap_or_else(PoisonError::into_inner).extend(missing);
        Ok(())
    }

    /// Makes topics through the cluster's administrative interface; false if it has none.
    async fn make_on_cluster(
        &self,
        admin: &AdminClient<Logs>,
        names: &FxHashSet<Arc<str>>,
        partitions: i32,
        replication: i32,
    ) -> Result<bool, Error> {
        if names.is_empty() {
            return Ok(true);
        }
        let topics: Vec<NewTopic> =
            names.iter().map(|name| NewTopic::new(name, partitions, TopicReplication::Fixed(replication))).collect();
        let options = AdminOptions::new().request_timeout(Some(ANSWER_MAX)).operation_timeout(Some(ANSWER_MAX));
        let made = match admin.create_topics(&topics, &options).await {
            Ok(made) => made,
            Err(KafkaError::AdminOp(RDKafkaErrorCode::UnsupportedFeature | RDKafkaErrorCode::OperationTimedOut)) => {
                return Ok(false);
            }
            Err(source) => return Err(Error::Kafka { attempt: "make topics".to_owned(), source }),
        };
        for (name, code) in made.into_iter().filter_map(Result::err) {
            match code {
                RDKafkaErrorCode::TopicAlreadyExists => {}
                // Where an administrator alone makes topics, `publish` will say what is missing.
                RDKafkaErrorCode::TopicAuthorizationFailed | RDKafkaErrorCode::ClusterAuthorizationFailed => {
                    tracing::warn!(topic = name, "we may not make this topic; an administrator must make it");
                }
                code => {
                    let attempt = format!("make topic {name}");
                    return Err(Error::Kafka { attempt, source: KafkaError::AdminOp(code) });
                }
            }
        }
        Ok(true)
    }

    /// Asks the cluster about one topic, or about all, and looks at the answer.
    async fn ask(
        &self,
        topic: Option<Arc<str>>,
        look: fn(&[MetadataTopic]) -> FxHashSet<Arc<str>>,
    ) -> Result<FxHashSet<Arc<str>>, Error> {
        let producer = self.producer.clone();
        let asking = move || {
            let metadata = producer.client().fetch_metadata(topic.as_deref(), ANSWER_MAX)?;
            Ok(look(metadata.topics()))
        };
        let answer = tokio::task::spawn_blocking(asking).await.unwrap_or(Err(KafkaError::Canceled));
        answer.map_err(|source| Error::Kafka { attempt: "ask the cluster for its topics".to_owned(), source })
    }

    /// Hands one message to the producer's queue; waits for room until that moment.
    async fn enqueue(&self, message: &Message, until: Instant) -> Result<DeliveryFuture, Error> {
        loop {
            let mut headers = OwnedHeaders::new_with_capacity(message.headers.len());
            for header in &message.headers {
                headers =
                    headers.insert(rdkafka::message::Header { key: &header.name, value: Some(&header.value[..]) });
            }
            let key = message.key.to_be_bytes();
            let record = FutureRecord::to(&message.topic).key(&key[..]).payload(&message.payload[..]).headers(headers);
            match self.producer.send_result(record).map_err(|(error, _)| error) {
                Ok(delivery) => return Ok(delivery),
                Err(KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull)) if Instant::now() < until => {
                    tokio::time::sleep(QUEUE_LOOK_EVERY).await;
                }
                Err(error) => return Err(undelivered(message, error)),
            }
        }
    }
}

#[async_trait]
impl Bus for KafkaBus {
    async fn publish(&self, messages: Vec<Message>) -> Vec<Result<(), Error>> {
        let mut answers: Vec<Result<(), Error>> = messages.iter().map(Message::check).collect();
        let good = |answers: &[Result<(), Error>], index: usize| answers[index].is_ok();
        let names =
            messages.iter().enumerate().filter(|(index, _)| good(&answers, *index)).map(|(_, message)| &message.topic);
        if let Err(error) = self.make(names).await {
            answers.iter_mut().filter(|answer| answer.is_ok()).for_each(|answer| *answer = Err(error.clone()));
            return answers;
        }
        let until = Instant::now() + QUEUE_WAIT_MAX;
        let mut deliveries = Vec::with_capacity(messages.len());
        for (index, message) in messages.iter().enumerate() {
            if good(&answers, index) {
                match self.enqueue(message, until).await {
                    Ok(delivery) => deliveries.push((index, delivery)),
                    Err(error) => answers[index] = Err(error),
                }
            }
        }
        for (index, delivery) in deliveries {
            answers[index] = match delivery.await {
                Ok(Ok(_)) => Ok(()),
                Ok(Err((error, _))) => Err(undelivered(&messages[index], error)),
                Err(_) => Err(undelivered(&messages[index], KafkaError::Canceled)),
            };
        }
        answers
    }

    async fn subscribe(&self, group: &str, topics: &[Arc<str>]) -> Result<Box<dyn Consumer>, Error> {
        if topics.is_empty() {
            return Err(Error::NoTopics { group: group.to_owned() });
        }
        topics.iter().try_for_each(|name| topic::check(name))?;
        self.make(topics.iter()).await?;
        let mut config = config(&self.properties);
        config.set("group.id", group);
        Ok(Box::new(KafkaConsumer::join(&config, group, topics)?))
    }

    async fn healthy(&self) -> Result<(), Error> {
        self.ask(None, |_| FxHashSet::default()).await.map(drop)
    }
}

/// The operator's properties, completed by the usual ones and overruled by the fixed ones.
fn complete(properties: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    let mut complete: BTreeMap<String, String> = USUAL.into_iter().map(owned).collect();
    complete.extend(properties.clone());
    complete.extend(FIXED.into_iter().map(owned));
    complete
}

fn config(properties: &BTreeMap<String, String>) -> ClientConfig {
    let mut config = ClientConfig::new();
    properties.iter().for_each(|(name, value)| {
        config.set(name, value);
    });
    config
}

/// A client that librdkafka would not make. Names the property and never its value, which may be a password.
fn refused(error: KafkaError) -> Error {
    let reason = match error {
        KafkaError::ClientConfig(_, _, property, _) => format!("librdkafka does not accept the property {property}"),
        KafkaError::ClientCreation(reason) => format!("librdkafka: {reason}"),
        other => other.to_string(),
    };
    Error::Configuration { reason }
}

fn undelivered(message: &Message, source: KafkaError) -> Error {
    let topic = message.topic.clone();
    match source {
        KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull) => Error::Full { topic },
        KafkaError::MessageProduction(RDKafkaErrorCode::MessageSizeTooLarge) => {
            Error::TooLarge { topic, size: message.size() }
        }
        source => Error::Kafka { attempt: format!("publish to {topic}"), source },
    }
}

/// librdkafka's own lines, in our log. They speak of brokers and connections, never of what a message holds.
#[derive(Clone)]
struct Logs;

impl ClientContext for Logs {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, line: &str) {
        write_log(level, facility, line);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::warn!(%error, reason, "kafka");
    }
}

fn write_log(level: RDKafkaLogLevel, facility: &str, line: &str) {
    use RDKafkaLogLevel::{Alert, Critical, Debug, Emerg, Error, Info, Notice, Warning};
    // One set of properties serves producers and consumers; each would warn of the other's.
    match level {
        _ if facility == "CONFWARN" => tracing::debug!(facility, line, "librdkafka"),
        // An error of librdkafka is a lost connection, which it mends by itself.
        Emerg | Alert | Critical | Error | Warning => tracing::warn!(facility, line, "librdkafka"),
        Notice | Info => tracing::info!(facility, line, "librdkafka"),
        Debug => tracing::debug!(facility, line, "librdkafka"),
    }
}
