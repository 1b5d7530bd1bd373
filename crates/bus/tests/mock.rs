//! The Kafka carrier means what every carrier means ([`bus::conformance`]), on librdkafka's mock cluster: the real
//! client and protocol, with nothing to install.

use std::sync::Arc;

use bytes::Bytes;

use bus::{Bus, Choice, Message, Opened, Settings, conformance};

async fn mock() -> Opened {
    bus::open(&Settings { choice: Choice::Mock, ..Settings::default() }).await.expect("a mock cluster")
}

/// If this fails, a department that tries its adapter against our mock from another process cannot talk to us.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_mock_can_be_reached_by_its_address() {
    let mock = mock().await;
    let address = mock.address.clone().expect("the mock has an address");
    let properties =
        [("bootstrap.servers", address.as_str()), ("fetch.wait.max.ms", "5"), ("session.timeout.ms", "3000")];
    let properties = properties.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let settings = Settings { choice: Choice::Kafka, properties, ..Settings::default() };
    let outside: Arc<dyn Bus> = bus::open(&settings).await.expect("a client").bus;
    outside.healthy().await.expect("healthy");

    let topic: Arc<str> = "340000.police.commands".into();
    let command = Message { topic: topic.clone(), key: 7, payload: Bytes::from_static(b"sealed"), headers: Vec::new() };
    assert!(mock.bus.publish(vec![command]).await[0].is_ok());
    let mut department = outside.subscribe("department", &[topic]).await.expect("subscribed");
    let received = department.next(10).await.expect("a command");
    assert_eq!((received[0].message.key, &received[0].message.payload[..]), (7, &b"sealed"[..]));
}

/// If this fails, a later command overtakes an earlier one of the same saga, or one arrives changed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_published_is_received_in_the_order_of_its_key() {
    conformance::what_was_published_is_received_in_the_order_of_its_key(&*mock().await.bus, "s0").await;
}

/// If this fails, a command that an adapter had received but not handled when it died is lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_not_committed_comes_again() {
    conformance::what_was_not_committed_comes_again(&*mock().await.bus, "s1").await;
}

/// If this fails, every restart repeats all that was ever handled.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_committed_does_not_come_again() {
    conformance::what_was_committed_does_not_come_again(&*mock().await.bus, "s2").await;
}

/// If this fails, an onlooker (an auditor's console, a second system) takes commands away from the department.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_group_receives_everything() {
    conformance::each_group_receives_everything(&*mock().await.bus, "s3").await;
}

/// If this fails, a second instance of an adapter makes commands vanish instead of sharing the work.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_consumers_of_a_group_share_without_loss() {
    conformance::two_consumers_of_a_group_share_without_loss(&*mock().await.bus, "s4").await;
}

/// If this fails, work that one instance had begun when it died is never done by the other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_stays_gets_what_the_one_who_left_had_not_committed() {
    conformance::who_stays_gets_what_the_one_who_left_had_not_committed(&*mock().await.bus, "s5").await;
}

/// If this fails, deadlines fire before replies that were there in time have been read, or never.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_consumer_knows_when_it_has_caught_up() {
    conformance::a_consumer_knows_when_it_has_caught_up(&*mock().await.bus, "s6").await;
}

/// If this fails, one message that cannot be sent takes the others of its batch with it, or is taken for sent.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn publishing_answers_for_each_message() {
    conformance::publishing_answers_for_each_message(&*mock().await.bus, "s7").await;
}

/// If this fails, the carrier breaks under what a loaded orchestrator publishes at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_batch_arrives_whole() {
    conformance::a_large_batch_arrives_whole(&*mock().await.bus, "s8").await;
}

/// If this fails, shutting down while waiting for messages loses the one that just came.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn waiting_can_be_given_up_without_loss() {
    conformance::waiting_can_be_given_up_without_loss(&*mock().await.bus, "s9").await;
}
