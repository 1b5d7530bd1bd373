//! The stories that are true of every carrier. Tests run them on memory, on the mock cluster and on real Kafka; they
//! panic where a carrier does not mean what Kafka means.
//!
//! Each story uses topics and groups of its own, whose names begin with `name`, so that stories may share a carrier.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::{Bus, Consumer, Error, MESSAGE_BYTES_MAX, Message, Received, header};

/// How long a story waits for what must come. Generous: a mock cluster's new group takes three seconds, and a busy
/// machine several times that.
const PATIENCE: Duration = Duration::from_secs(60);

/// If this fails, a later command overtakes an earlier one of the same saga, or one arrives changed.
pub async fn what_was_published_is_received_in_the_order_of_its_key(bus: &dyn Bus, name: &str) {
    let topic = topic(name, "order");
    let messages: Vec<Message> = (0..600).map(|n| message(&topic, n % 20, n)).collect();
    publish(bus, messages).await;

    let mut consumer = subscribe(bus, name, &topic).await;
    let mut seen: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
    for received in read(&mut *consumer, 600).await {
        assert_eq!(header::find(&received.message.headers, "story").map(|value| &value[..]), Some(&b"told"[..]));
        seen.entry(received.message.key).or_default().push(number(&received));
    }
    for key in 0..20 {
        let expected: Vec<u64> = (0..600).filter(|n| n % 20 == key).collect();
        assert_eq!(seen.get(&key), Some(&expected), "key {key}");
    }
}

/// If this fails, a command that an adapter had received but not handled when it died is lost.
pub async fn what_was_not_committed_comes_again(bus: &dyn Bus, name: &str) {
    let topic = topic(name, "again");
    publish(bus, (0..50).map(|n| message(&topic, n, n)).collect()).await;
    let mut first = subscribe(bus, name, &topic).await;
    assert_eq!(numbers(read(&mut *first, 50).await), (0..50).collect::<Vec<_>>());
    drop(first);

    let mut second = subscribe(bus, name, &topic).await;
    assert_eq!(numbers(read(&mut *second, 50).await), (0..50).collect::<Vec<_>>());
}

/// If this fails, every restart repeats all that was ever handled.
pub async fn what_was_committed_does_not_come_again(bus: &dyn Bus, name: &str) {
    let topic = topic(name, "committed");
    publish(bus, (0..50).map(|n| message(&topic, n % 7, n)).collect()).await;
    let mut first = subscribe(bus, name, &topic).await;
    read(&mut *first, 50).await;
    first.commit().await.expect("commit");
    drop(first);

    // One more message of each key comes after all that lay before it in its partition.
    publish(bus, (50..57).map(|n| message(&topic, n % 7, n)).collect()).await;
    let mut second = subscribe(bus, name, &topic).await;
    assert_eq!(numbers(read(&mut *second, 7).await), (50..57).collect::<Vec<_>>());
}

/// If this fails, an onlooker (an auditor's console, a second system) takes commands away from the department.
pub async fn each_group_receives_everything(bus: &dyn Bus, name: &str) {
    let topic = topic(name, "groups");
    let mut one = subscribe(bus, &format!("{name}-one"), &topic).await;
    let mut other = subscribe(bus, &format!("{name}-other"), &topic).await;
    publish(bus, (0..100).map(|n| message(&topic, n, n)).collect()).await;
    assert_eq!(numbers(read(&mut *one, 100).await), (0..100).collect::<Vec<_>>());
    one.commit().await.expect("commit");
    assert_eq!(numbers(read(&mut *other, 100).await), (0..100).collect::<Vec<_>>());
}

/// If this fails, a second instance of an adapter makes commands vanish instead of sharing the work.
pub async fn two_consumers_of_a_group_share_without_loss(bus: &dyn Bus, name: &str) {
    let topic = topic(name, "share");
    let first = subscribe(bus, name, &topic).await;
    let second = subscribe(bus, name, &topic).await;
    let (seen, mut arrivals) = tokio::sync::mpsc::unbounded_channel();
    let workers = [first, second].map(|mut consumer| {
        let seen = seen.clone();
        tokio::spawn(async move {
            while let Ok(batch) = consumer.next(10).await {
                let told = batch.iter().map(number).all(|number| seen.send(number).is_ok());
                consumer.commit().await.expect("commit");
                if !told {
                    return;
                }
            }
        })
    });
    publish(bus, (0..500).map(|n| message(&topic, n, n)).collect()).await;

    let all = async {
        let mut left: std::collections::BTreeSet<u64> = (0..500).collect();
        while !left.is_empty() {
            left.remove(&arrivals.recv().await.expect("the workers are alive"));
        }
    };
    tokio::time::timeout(PATIENCE, all).await.expect("every message reaches one of the two");
    workers.iter().for_each(|worker| worker.abort());
}

/// If this fails, work that one instance had begun when it died is never done by the other.
pub async fn who_stays_gets_what_the_one_who_left_had_not_committed(bus: &dyn Bus, name: &str) {
    let topic = topic(name, "leave");
    publish(bus, (0..60).map(|n| message(&topic, n, n)).collect()).await;
    let mut leaves = subscribe(bus, name, &topic).await;
    read(&mut *leaves, 60).await;
    let mut stays = subscribe(bus, name, &topic).await;
    drop(leaves);
    let mut seen = numbers(read(&mut *stays, 60).await);
    seen.dedup();
    assert_eq!(seen, (0..60).collect::<Vec<_>>());
}

/// If this fails, deadlines fire before replies that were there in time have been read, or never.
pub async fn a_consumer_knows_when_it_has_caught_up(bus: &dyn Bus, name: &str) {
    let (filled, empty) = (topic(name, "filled"), topic(name, "empty"));
    publish(bus, (0..40).map(|n| message(&filled, n, n)).collect()).await;
    let mut consumer = wait(bus.subscribe(name, &[filled.clone(), empty.clone()])).await.expect("subscribed");
    let mut seen = 0;
    while seen < 40 {
        assert!(!consumer.caught_up().await.expect("caught up"), "after {seen} of 40");
        seen += wait(consumer.next(7)).await.expect("next").len();
    }
    until_caught_up(&mut *consumer).await;

    let mut idle = subscribe(bus, &format!("{name}-idle"), &empty).await;
    until_caught_up(&mut *idle).await;

    consumer.commit().await.expect("commit");
    drop(consumer);
    let mut next = subscribe(bus, name, &filled).await;
    until_caught_up(&mut *next).await;
}

/// If this fails, one message that cannot be sent takes the others of its batch with it, or is taken for sent.
pub async fn publishing_answers_for_each_message(bus: &dyn Bus, name: &str) {
    let topic = topic(name, "answers");
    let mut large = message(&topic, 2, 2);
    large.payload = vec![0; MESSAGE_BYTES_MAX + 1].into();
    let unnamed = Message { topic: "no such name".into(), ..message(&topic, 3, 3) };
    let batch = vec![message(&topic, 1, 1), large, unnamed, message(&topic, 4, 4)];
    let answers = wait(bus.publish(batch)).await;
    assert!(answers[0].is_ok(), "{:?}", answers[0]);
    assert!(matches!(answers[1], Err(Error::TooLarge { .. })), "{:?}", answers[1]);
    assert!(matches!(answers[2], Err(Error::TopicName { .. })), "{:?}", answers[2]);
    assert!(answers[3].is_ok(), "{:?}", answers[3]);

    let mut consumer = subscribe(bus, name, &topic).await;
    assert_eq!(numbers(read(&mut *consumer, 2).await), [1, 4]);
}

/// If this fails, the carrier breaks under what a loaded orchestrator publishes at once.
pub async fn a_large_batch_arrives_whole(bus: &dyn Bus, name: &str) {
    let topic = topic(name, "large");
    let mut messages: Vec<Message> = (0..5_000).map(|n| message(&topic, n, n)).collect();
    messages.iter_mut().for_each(|message| message.payload = [&message.payload[..], &[7; 1_000]].concat().into());
    publish(bus, messages).await;
    let mut consumer = subscribe(bus, name, &topic).await;
    assert_eq!(numbers(read(&mut *consumer, 5_000).await), (0..5_000).collect::<Vec<_>>());
    consumer.commit().await.expect("commit");
}

/// If this fails, shutting down while waiting for messages loses the one that just came.
pub async fn waiting_can_be_given_up_without_loss(bus: &dyn Bus, name: &str) {
    let topic = topic(name, "cancel");
    let mut consumer = subscribe(bus, name, &topic).await;
    let mut seen = Vec::new();
    for n in 0..20 {
        publish(bus, vec![message(&topic, n, n)]).await;
        tokio::select! {
            biased;
            batch = consumer.next(5) => seen.extend(batch.expect("next")),
            () = tokio::task::yield_now() => {}
        }
    }
    let left = 20 - seen.len();
    seen.extend(read(&mut *consumer, left).await);
    assert_eq!(numbers(seen), (0..20).collect::<Vec<_>>());
}

fn topic(name: &str, story: &str) -> Arc<str> {
    format!("{name}.{story}").into()
}

fn message(topic: &Arc<str>, key: u64, number: u64) -> Message {
    let headers = vec![header::header("story", Bytes::from_static(b"told"))];
    Message { topic: topic.clone(), key, payload: Bytes::copy_from_slice(&number.to_be_bytes()), headers }
}

fn number(received: &Received) -> u64 {
    let digits = received.message.payload.first_chunk().expect("a payload of ours begins with eight bytes");
    u64::from_be_bytes(*digits)
}

fn numbers(received: Vec<Received>) -> Vec<u64> {
    let mut numbers: Vec<u64> = received.iter().map(number).collect();
    numbers.sort_unstable();
    numbers
}

async fn publish(bus: &dyn Bus, messages: Vec<Message>) {
    for answer in wait(bus.publish(messages)).await {
        answer.expect("published");
    }
}

async fn subscribe(bus: &dyn Bus, group: &str, topic: &Arc<str>) -> Box<dyn Consumer> {
    wait(bus.subscribe(group, std::slice::from_ref(topic))).await.expect("subscribed")
}

async fn read(consumer: &mut dyn Consumer, count: usize) -> Vec<Received> {
    let mut all = Vec::new();
    while all.len() < count {
        all.extend(wait(consumer.next(count)).await.expect("next"));
    }
    all
}

/// Asks as the orchestrator does at its start: reads while waiting for the answer to turn.
async fn until_caught_up(consumer: &mut dyn Consumer) {
    let turned = async {
        while !consumer.caught_up().await.expect("caught up") {
            let nothing_new = tokio::time::timeout(Duration::from_millis(20), consumer.next(10)).await.is_err();
            assert!(nothing_new, "nothing is left to be read");
        }
    };
    wait(turned).await;
}

async fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.expect("what must come has come")
}
