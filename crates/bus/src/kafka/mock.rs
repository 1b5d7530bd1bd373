//! librdkafka's mock cluster: a broker inside this process that speaks Kafka's protocol, for machines that have none.
//!
//! Good for tests and for trying an adapter in any language against its address; never for keeping anything: a partition
//! holds 5 MiB, and what overflows is lost without an error, so keep what is under way below 2 MiB a partition. The
//! first messages of a new group come after about three seconds.

use std::sync::mpsc;
use std::thread::JoinHandle;

use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use crate::Error;

/// A mock cluster of one broker, alive until dropped.
pub struct MockCluster {
    address: String,
    /// `None` only while dropping.
    orders: Option<mpsc::Sender<Order>>,
    thread: Option<JoinHandle<()>>,
}

/// A topic to make, and where the outcome is awaited.
struct Order {
    topic: String,
    made: mpsc::Sender<Result<(), KafkaError>>,
}

impl MockCluster {
    /// Starts one whose topics have this many partitions. The cluster's handle may not leave the thread that made it, so
    /// it lives on a thread of its own, which sleeps.
    pub fn start(partitions: i32) -> Result<MockCluster, Error> {
        let (orders, received) = mpsc::channel::<Order>();
        let (started, address) = mpsc::channel();
        let live = move || {
            let cluster = match rdkafka::mocking::MockCluster::new(1) {
                Ok(cluster) => cluster,
                Err(error) => return drop(started.send(Err(error))),
            };
            drop(started.send(Ok(cluster.bootstrap_servers())));
            for order in received {
                drop(order.made.send(cluster.create_topic(&order.topic, partitions, 1)));
            }
        };
        let failed = |source| Error::Kafka { attempt: "start the mock cluster".to_owned(), source };
        let spawned = std::thread::Builder::new().name("mock-kafka".to_owned()).spawn(live);
        let thread = spawned.map_err(|error| Error::Configuration { reason: error.to_string() })?;
        let address = address.recv().unwrap_or(Err(KafkaError::Canceled)).map_err(failed)?;
        Ok(MockCluster { address, orders: Some(orders), thread: Some(thread) })
    }

    /// Its address, for `bootstrap.servers` of any client on this machine.
    pub fn bootstrap_servers(&self) -> &str {
        &self.address
    }

    /// Makes a topic; one that exists is left as it is.
    pub(super) fn make_topic(&self, topic: &str) -> Result<(), Error> {
        let (made, outcome) = mpsc::channel();
        let order = Order { topic: topic.to_owned(), made };
        if let Some(orders) = &self.orders {
            // A thread that is gone drops the order, and with it the other end of `outcome`.
            drop(orders.send(order));
        }
        match outcome.recv().unwrap_or(Err(KafkaError::Canceled)) {
            Ok(()) | Err(KafkaError::MockCluster(RDKafkaErrorCode::TopicAlreadyExists)) => Ok(()),
            Err(source) => Err(Error::Kafka { attempt: format!("make topic {topic} on the mock cluster"), source }),
        }
    }
}

impl Drop for MockCluster {
    fn drop(&mut self) {
        drop(self.orders.take());
        if let Some(thread) = self.thread.take() {
            // A panic of that thread has been printed; there is nothing left to end.
            drop(thread.join());
        }
    }
}
