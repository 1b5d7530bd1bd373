//! The Kafka carrier means what every carrier means ([`bus::conformance`]), on a real cluster: the one whose bootstrap
//! servers `YIJIAN_KAFKA` names. Without it the stories are skipped, and say so.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use bus::{Bus, Choice, Settings, conformance};

/// The carrier, and a prefix for topics and groups that no earlier run has used.
async fn real(story: &str) -> Option<(Arc<dyn Bus>, String)> {
    let Ok(servers) = std::env::var("YIJIAN_KAFKA") else {
        println!("skipped: YIJIAN_KAFKA names no cluster");
        return None;
    };
    let properties = [("bootstrap.servers".to_owned(), servers)].into();
    let settings = Settings { choice: Choice::Kafka, properties, ..Settings::default() };
    let bus = bus::open(&settings).await.expect("a client").bus;
    bus.healthy().await.expect("the cluster answers");
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    Some((bus, format!("conformance-{}-{story}", now.as_millis())))
}

/// If this fails, a later command overtakes an earlier one of the same saga, or one arrives changed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_published_is_received_in_the_order_of_its_key() {
    if let Some((bus, name)) = real("s0").await {
        conformance::what_was_published_is_received_in_the_order_of_its_key(&*bus, &name).await;
    }
}

/// If this fails, a command that an adapter had received but not handled when it died is lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_not_committed_comes_again() {
    if let Some((bus, name)) = real("s1").await {
        conformance::what_was_not_committed_comes_again(&*bus, &name).await;
    }
}

/// If this fails, every restart repeats all that was ever handled.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_committed_does_not_come_again() {
    if let Some((bus, name)) = real("s2").await {
        conformance::what_was_committed_does_not_come_again(&*bus, &name).await;
    }
}

/// If this fails, an onlooker (an auditor's console, a second system) takes commands away from the department.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_group_receives_everything() {
    if let Some((bus, name)) = real("s3").await {
        conformance::each_group_receives_everything(&*bus, &name).await;
    }
}

/// If this fails, a second instance of an adapter makes commands vanish instead of sharing the work.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_consumers_of_a_group_share_without_loss() {
    if let Some((bus, name)) = real("s4").await {
        conformance::two_consumers_of_a_group_share_without_loss(&*bus, &name).await;
    }
}

/// If this fails, work that one instance had begun when it died is never done by the other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_stays_gets_what_the_one_who_left_had_not_committed() {
    if let Some((bus, name)) = real("s5").await {
        conformance::who_stays_gets_what_the_one_who_left_had_not_committed(&*bus, &name).await;
    }
}

/// If this fails, deadlines fire before replies that were there in time have been read, or never.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_consumer_knows_when_it_has_caught_up() {
    if let Some((bus, name)) = real("s6").await {
        conformance::a_consumer_knows_when_it_has_caught_up(&*bus, &name).await;
    }
}

/// If this fails, one message that cannot be sent takes the others of its batch with it, or is taken for sent.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn publishing_answers_for_each_message() {
    if let Some((bus, name)) = real("s7").await {
        conformance::publishing_answers_for_each_message(&*bus, &name).await;
    }
}

/// If this fails, the carrier breaks under what a loaded orchestrator publishes at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_batch_arrives_whole() {
    if let Some((bus, name)) = real("s8").await {
        conformance::a_large_batch_arrives_whole(&*bus, &name).await;
    }
}

/// If this fails, shutting down while waiting for messages loses the one that just came.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn waiting_can_be_given_up_without_loss() {
    if let Some((bus, name)) = real("s9").await {
        conformance::waiting_can_be_given_up_without_loss(&*bus, &name).await;
    }
}
