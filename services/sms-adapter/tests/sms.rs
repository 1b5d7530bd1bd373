//! What the gateway promises: its contract, each message at most once, none after its time, its text letter by letter.

#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use adapter::{
    Department, Reply, Stopped, Unknown,
    simulated::{Behaviour, Behaviours, Desk, Ledger},
    testing,
};
use identifiers::Phone;
use prost_reflect::{DescriptorPool, DynamicMessage, ReflectMessage};
use serde::Serialize;
use service::clock::VirtualClock;
use sms_adapter::{
    MessageGateway, adapter,
    contract::{Message, Receipt, SendMessage, SendMessageOutput},
    simulated::{SimulatedSms, UNITS_MAX},
};

const NOW_MS: i64 = 1_795_276_800_000;
const NO_LIMIT: i64 = 0;

struct World {
    gateway: Arc<SimulatedSms>,
    clock: VirtualClock,
}

impl World {
    fn new() -> Self {
        let clock = VirtualClock::at(NOW_MS);
        let desk = Desk::new(Ledger::in_memory(), Behaviours::default(), Arc::new(clock.clone()));
        Self { gateway: Arc::new(SimulatedSms::new(desk)), clock }
    }

    fn department(&self) -> Department {
        adapter(Arc::clone(&self.gateway) as Arc<dyn MessageGateway>)
    }

    fn standing(&self) -> usize {
        self.gateway.desk().ledger().standing_in_memory()
    }

    fn queues_for(&self, milliseconds: u64) {
        let slow = Behaviour { finished_after_ms: [milliseconds; 2], ..Behaviour::default() };
        self.gateway.desk().behaviours().set("SendMessage", slow);
    }
}

fn message_to(phone: &str) -> Message {
    Message {
        phone: Phone::parse(phone).unwrap(),
        text: "【皖事通】例安宁先生(女士),您已成功办理。".to_owned(),
        template: "N13".to_owned(),
        signature: "皖事通".to_owned(),
        segments: 1,
    }
}

fn message() -> Message {
    message_to("15400000002")
}

fn receipt(reply: Result<Reply<SendMessageOutput>, Unknown>) -> Receipt {
    match reply {
        Ok(Reply::Succeeded(output)) => output.receipt,
        Ok(other) => panic!("not sent: {other:?}"),
        Err(unknown) => panic!("not known: {unknown:?}"),
    }
}

fn refused(reply: Result<Reply<SendMessageOutput>, Unknown>) -> String {
    match reply {
        Ok(Reply::Refused { code, .. }) => code,
        Ok(other) => panic!("not refused: {other:?}"),
        Err(unknown) => panic!("not known: {unknown:?}"),
    }
}

/// A family would otherwise be told the same thing twice.
#[tokio::test]
async fn a_message_sent_twice_leaves_once() {
    let world = World::new();
    let fields = SendMessage { message: message() };
    testing::act_twice_is_once(&world.department(), "SendMessage", fields, || world.standing()).await;
}

/// The family would otherwise read other words than those published.
#[tokio::test]
async fn a_message_arrives_letter_by_letter_and_its_answer_is_kept() {
    let world = World::new();
    let first = world.gateway.send("01", &message(), NO_LIMIT).await;
    let second = world.gateway.send("01", &message(), NO_LIMIT).await;
    assert!(first == second);
    assert_eq!(receipt(first), Receipt::Delivered);
    let sent = world.gateway.messages().await.unwrap();
    assert!(sent.len() == 1 && sent[0].text == message().text && sent[0].phone == message().phone);
    assert_eq!((sent[0].call_id.as_str(), sent[0].template.as_str(), sent[0].sent_at_ms), ("01", "N13", NOW_MS));
}

/// A message would otherwise reach a family after the time in which it was true.
#[tokio::test]
async fn a_message_does_not_leave_after_its_time() {
    let world = World::new();
    assert_eq!(receipt(world.gateway.send("01", &message(), NOW_MS).await), Receipt::Delivered);
    assert_eq!(refused(world.gateway.send("02", &message(), NOW_MS - 1).await), "SMS-EXPIRED");
    // Queued in time, and its time passes in the queue.
    world.queues_for(10_000);
    assert!(matches!(world.gateway.send("03", &message(), NOW_MS + 5_000).await, Ok(Reply::Accepted { .. })));
    world.clock.advance_to(NOW_MS + 10_000);
    assert_eq!(refused(world.gateway.send("03", &message(), NOW_MS + 5_000).await), "SMS-EXPIRED");
    // What has left is answered as such, whatever the time.
    assert_eq!(receipt(world.gateway.send("01", &message(), NOW_MS).await), Receipt::Delivered);
    assert_eq!(world.standing(), 1);
}

/// A bereaved family would otherwise be congratulated by a message that was still in a queue.
#[tokio::test]
async fn a_queued_message_can_be_recalled_and_a_sent_one_not() {
    let world = World::new();
    world.queues_for(10_000);
    assert!(matches!(world.gateway.send("01", &message(), NO_LIMIT).await, Ok(Reply::Accepted { .. })));
    assert_eq!(world.gateway.recall("01").await, Ok(Stopped::Stopped));
    world.clock.advance_to(NOW_MS + 10_000);
    refused(world.gateway.send("01", &message(), NO_LIMIT).await);
    assert_eq!(world.standing(), 0);

    world.queues_for(0);
    receipt(world.gateway.send("02", &message(), NO_LIMIT).await);
    assert_eq!(world.gateway.recall("02").await, Ok(Stopped::TooLate));
}

/// A number that cannot be reached would otherwise look like one that was, or hold up its case.
#[tokio::test]
async fn magic_numbers_refuse_or_do_not_receive() {
    let world = World::new();
    assert_eq!(refused(world.gateway.send("01", &message_to("15400000000"), NO_LIMIT).await), "SMS-NUMBER");
    assert_eq!(receipt(world.gateway.send("02", &message_to("15400000001"), NO_LIMIT).await), Receipt::Undelivered);
    let endless = Message { text: "例".repeat(UNITS_MAX + 1), ..message() };
    assert_eq!(refused(world.gateway.send("03", &endless, NO_LIMIT).await), "SMS-TEXT");
    assert_eq!(world.standing(), 1);
}

/// The proto would otherwise describe a contract that nobody keeps, to whoever writes an adapter in another language.
#[test]
fn the_names_and_shapes_are_those_of_the_proto() {
    assert_is("SendMessage", SendMessage { message: message() });
    let output = SendMessageOutput {
        number: "M000000000001".to_owned(),
        receipt: Receipt::Delivered,
        reported_at: "2026-11-22T09:30:05+08:00".to_owned(),
        segments: 1,
    };
    assert_is("SendMessageOutput", output);
}

/// Reads the value as the proto's message, which refuses any other name or shape, and asks for every field of it.
fn assert_is(message: &str, value: impl Serialize) {
    let pool = DescriptorPool::decode(proto::DESCRIPTORS).unwrap();
    let descriptor = pool.get_message_by_name(&format!("yijian.departments.v1.{message}")).unwrap();
    let value = serde_json::to_value(value).unwrap();
    let read = DynamicMessage::deserialize(descriptor, value).unwrap_or_else(|error| panic!("{message}: {error}"));
    assert_complete(message, &read);
}

fn assert_complete(path: &str, message: &DynamicMessage) {
    for field in message.descriptor().fields() {
        let path = format!("{path}.{}", field.name());
        assert!(message.has_field(&field), "{path} is in the proto and not in the contract");
        if let Some(inner) = message.get_field(&field).as_message() {
            assert_complete(&path, inner);
        }
    }
}
