//! The carrier in memory means what every carrier means ([`bus::conformance`]), and keeps its own limits.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use bus::conformance;
use bus::memory::{Limits, MemoryBus};
use bus::{Bus, Error, Message};

fn small(messages_max: usize) -> MemoryBus {
    MemoryBus::new(3, Limits { messages_max, ..Limits::default() })
}

fn message(topic: &str, key: u64) -> Message {
    Message { topic: topic.into(), key, payload: Bytes::from_static(b"sealed"), headers: Vec::new() }
}

/// If this fails, a department that is down fills the memory of the orchestrator, or loses what was refused silently.
#[tokio::test(start_paused = true)]
async fn a_full_topic_fails_what_is_left_after_the_bounded_wait() {
    let bus = small(10);
    let answers = bus.publish((0..15).map(|key| message("down", key)).collect()).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 10);
    assert!(answers[..10].iter().all(Result::is_ok), "the first ten, in order");
    assert!(answers[10..].iter().all(|answer| matches!(answer, Err(Error::Full { .. }))));
    assert_eq!(bus.depth("down"), 10);
}

/// If this fails, one department that is down slows the commands to all others.
#[tokio::test(start_paused = true)]
async fn a_full_topic_delays_no_other_and_is_waited_for_once() {
    let bus = small(10);
    bus.publish((0..11).map(|key| message("down", key)).collect()).await;
    let before = tokio::time::Instant::now();
    let answers = bus.publish(vec![message("down", 1), message("up", 2)]).await;
    assert!(answers[0].is_err() && answers[1].is_ok());
    assert_eq!(tokio::time::Instant::now(), before, "no second wait, on the paused clock");
}

/// If this fails, a publisher that waits for room is never told that there is some.
#[tokio::test(start_paused = true)]
async fn a_waiting_publisher_goes_on_when_the_reader_commits() {
    let bus = small(10);
    let mut reader = bus.subscribe("reader", &["busy".into()]).await.expect("subscribed");
    let publisher = bus.clone();
    let publishing =
        tokio::spawn(async move { publisher.publish((0..100).map(|key| message("busy", key)).collect()).await });
    let mut seen = 0;
    while seen < 100 {
        seen += reader.next(4).await.expect("next").len();
        reader.commit().await.expect("commit");
    }
    assert!(publishing.await.expect("published").iter().all(Result::is_ok));
    assert_eq!(bus.depth("busy"), 0, "what all groups committed is forgotten");
}

/// If this fails, the carrier forgets a message that a slower group still needs, or keeps what nobody needs.
#[tokio::test]
async fn a_message_is_forgotten_when_the_last_group_has_committed_it() {
    let bus = MemoryBus::default();
    let topics: [Arc<str>; 1] = ["shared".into()];
    let mut fast = bus.subscribe("fast", &topics).await.expect("subscribed");
    let mut slow = bus.subscribe("slow", &topics).await.expect("subscribed");
    bus.publish((0..30).map(|key| message("shared", key)).collect()).await;
    assert_eq!(fast.next(100).await.expect("next").len(), 30);
    fast.commit().await.expect("commit");
    assert_eq!(bus.depth("shared"), 30);
    assert_eq!(slow.next(100).await.expect("next").len(), 30);
    assert_eq!(bus.depth("shared"), 30, "read is not handled");
    slow.commit().await.expect("commit");
    assert_eq!(bus.depth("shared"), 0);
}

/// If this fails, starting a second instance makes the first one's work be done twice for no reason.
#[tokio::test]
async fn a_member_that_joins_repeats_nothing() {
    let bus = MemoryBus::default();
    let topics: [Arc<str>; 1] = ["joined".into()];
    let mut first = bus.subscribe("group", &topics).await.expect("subscribed");
    bus.publish((0..60).map(|key| message("joined", key)).collect()).await;
    assert_eq!(first.next(100).await.expect("next").len(), 60);
    let mut second = bus.subscribe("group", &topics).await.expect("subscribed");
    let nothing = tokio::time::timeout(Duration::ZERO, second.next(100)).await;
    assert!(nothing.is_err(), "what the first has in hand is not given to the second");
    first.commit().await.expect("commit");
    bus.publish((60..120).map(|key| message("joined", key)).collect()).await;
    let (ours, theirs) = (first.next(100).await.expect("next").len(), second.next(100).await.expect("next").len());
    assert_eq!(ours + theirs, 60);
    assert!(ours > 0 && theirs > 0, "both have a share");
}

/// If this fails, a later command overtakes an earlier one of the same saga, or one arrives changed.
#[tokio::test]
async fn what_was_published_is_received_in_the_order_of_its_key() {
    conformance::what_was_published_is_received_in_the_order_of_its_key(&MemoryBus::default(), "s0").await;
}

/// If this fails, a command that an adapter had received but not handled when it died is lost.
#[tokio::test]
async fn what_was_not_committed_comes_again() {
    conformance::what_was_not_committed_comes_again(&MemoryBus::default(), "s1").await;
}

/// If this fails, every restart repeats all that was ever handled.
#[tokio::test]
async fn what_was_committed_does_not_come_again() {
    conformance::what_was_committed_does_not_come_again(&MemoryBus::default(), "s2").await;
}

/// If this fails, an onlooker (an auditor's console, a second system) takes commands away from the department.
#[tokio::test]
async fn each_group_receives_everything() {
    conformance::each_group_receives_everything(&MemoryBus::default(), "s3").await;
}

/// If this fails, a second instance of an adapter makes commands vanish instead of sharing the work.
#[tokio::test]
async fn two_consumers_of_a_group_share_without_loss() {
    conformance::two_consumers_of_a_group_share_without_loss(&MemoryBus::default(), "s4").await;
}

/// If this fails, work that one instance had begun when it died is never done by the other.
#[tokio::test]
async fn who_stays_gets_what_the_one_who_left_had_not_committed() {
    conformance::who_stays_gets_what_the_one_who_left_had_not_committed(&MemoryBus::default(), "s5").await;
}

/// If this fails, deadlines fire before replies that were there in time have been read, or never.
#[tokio::test]
async fn a_consumer_knows_when_it_has_caught_up() {
    conformance::a_consumer_knows_when_it_has_caught_up(&MemoryBus::default(), "s6").await;
}

/// If this fails, one message that cannot be sent takes the others of its batch with it, or is taken for sent.
#[tokio::test]
async fn publishing_answers_for_each_message() {
    conformance::publishing_answers_for_each_message(&MemoryBus::default(), "s7").await;
}

/// If this fails, the carrier breaks under what a loaded orchestrator publishes at once.
#[tokio::test]
async fn a_large_batch_arrives_whole() {
    conformance::a_large_batch_arrives_whole(&MemoryBus::default(), "s8").await;
}

/// If this fails, shutting down while waiting for messages loses the one that just came.
#[tokio::test]
async fn waiting_can_be_given_up_without_loss() {
    conformance::waiting_can_be_given_up_without_loss(&MemoryBus::default(), "s9").await;
}
