//! What the gateway promises: its contract, each message at most once, none after its time, its text letter by letter.

#![allow(clippy::unwrap_used)]

use std::{collections::BTreeMap, sync::Arc};

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
    contract::{Channel, Message, Parameter, Receipt, SendMessage, SendMessageOutput},
    simulated::{STAGE_LEFT, SimulatedSms, UNITS_MAX},
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
        phone: Some(Phone::parse(phone).unwrap()),
        text: "【皖事通】例安宁先生(女士),您已成功办理。".to_owned(),
        template: "N13".to_owned(),
        signature: "皖事通".to_owned(),
        segments: 1,
        to: "applicant".to_owned(),
        channels: vec![Channel::Sms],
        key: "N13:enrolment.succeeded#1".to_owned(),
        parameters: vec![Parameter { name: "name".to_owned(), value: "例安宁".to_owned() }],
        providers: BTreeMap::from([("tencent".to_owned(), "{1}先生(女士),您已成功办理。".to_owned())]),
    }
}

/// By the app where that reaches the reader, else by text message.
fn either_way_to(phone: &str) -> Message {
    Message { channels: vec![Channel::App, Channel::Sms], ..message_to(phone) }
}

fn message() -> Message {
    message_to("15400000002")
}

fn channel(reply: Result<Reply<SendMessageOutput>, Unknown>) -> (Channel, u32) {
    match reply {
        Ok(Reply::Succeeded(output)) => (output.channel, output.segments),
        Ok(other) => panic!("not sent: {other:?}"),
        Err(unknown) => panic!("not known: {unknown:?}"),
    }
}

fn receipt(reply: Result<Reply<SendMessageOutput>, Unknown>) -> Receipt {
    match reply {
        Ok(Reply::Succeeded(output)) => output.receipt,
        Ok(other) => panic!("not sent: {other:?}"),
        Err(unknown) => panic!("not known: {unknown:?}"),
    }
}

fn refused(reply: Result<Reply<SendMessageOutput>, Unknown>) -> String {
    refused_because(reply).0
}

fn refused_because(reply: Result<Reply<SendMessageOutput>, Unknown>) -> (String, String) {
    match reply {
        Ok(Reply::Refused { code, reason, .. }) => (code, reason),
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

/// A number that cannot be reached would otherwise look like one that was, and nobody would call.
#[tokio::test]
async fn magic_numbers_refuse_or_do_not_receive() {
    let world = World::new();
    assert_eq!(refused(world.gateway.send("01", &message_to("15400000000"), NO_LIMIT).await), "SMS-NUMBER");
    let undelivered = world.gateway.send("02", &message_to("15400000001"), NO_LIMIT).await;
    let (code, reason) = refused_because(undelivered);
    assert!(code == "SMS-CALL" && reason.contains("UNDELIV"), "{code}: {reason}");
    let endless = Message { text: "例".repeat(UNITS_MAX + 1), ..message() };
    assert_eq!(refused(world.gateway.send("03", &endless, NO_LIMIT).await), "SMS-TEXT");
    let nowhere = Message { phone: None, ..message() };
    assert_eq!(refused(world.gateway.send("04", &nowhere, NO_LIMIT).await), "SMS-NUMBER");
    assert_eq!(world.standing(), 0);
}

/// A family without the app would otherwise never be told, or one with it be told twice and the state pay for it.
#[tokio::test]
async fn the_app_comes_first_then_a_text_message_then_a_person_calls() {
    let world = World::new();
    assert_eq!(channel(world.gateway.send("01", &either_way_to("15400000002"), NO_LIMIT).await), (Channel::App, 0));
    assert_eq!(channel(world.gateway.send("02", &either_way_to("15400000003"), NO_LIMIT).await), (Channel::Sms, 1));
    assert_eq!(refused(world.gateway.send("03", &either_way_to("15400000001"), NO_LIMIT).await), "SMS-CALL");
    assert_eq!(refused(world.gateway.send("04", &either_way_to("15400000000"), NO_LIMIT).await), "SMS-NUMBER");
    let by_app_alone = Message { channels: vec![Channel::App], ..message_to("15400000003") };
    assert_eq!(refused(world.gateway.send("05", &by_app_alone, NO_LIMIT).await), "SMS-CALL");
    // Those in charge are reached by the app and have no telephone here.
    let handler = Message { phone: None, channels: vec![Channel::App], to: "handler".to_owned(), ..message() };
    assert_eq!(channel(world.gateway.send("06", &handler, NO_LIMIT).await), (Channel::App, 0));
    let sent = world.gateway.messages().await.unwrap();
    assert_eq!(
        sent.iter().map(|message| message.channel).collect::<Vec<_>>(),
        [Channel::App, Channel::Sms, Channel::App]
    );
}

/// An operator would otherwise take a message that has left for one that arrived, or recall it in vain.
#[tokio::test]
async fn a_queued_text_message_leaves_and_then_waits_for_its_receipt() {
    let world = World::new();
    world.queues_for(10_000);
    for (key, phone) in [("01", "15400000002"), ("02", "15400000001")] {
        assert!(matches!(world.gateway.send(key, &message_to(phone), NO_LIMIT).await, Ok(Reply::Accepted { .. })));
    }
    world.clock.advance_to(NOW_MS + 10_000);
    for (key, phone) in [("01", "15400000002"), ("02", "15400000001")] {
        let reply = world.gateway.send(key, &message_to(phone), NO_LIMIT).await;
        assert!(matches!(reply, Ok(Reply::Progress { stage }) if stage == STAGE_LEFT), "{key}");
        assert_eq!(world.gateway.recall(key).await, Ok(Stopped::TooLate), "{key}");
    }
    assert_eq!(world.standing(), 0);
    // What has left is told its receipt, whatever its not-after time says by now.
    assert_eq!(receipt(world.gateway.send("01", &message(), NOW_MS).await), Receipt::Delivered);
    assert_eq!(refused(world.gateway.send("02", &message_to("15400000001"), NO_LIMIT).await), "SMS-CALL");
    assert_eq!(world.standing(), 1);
    assert_eq!(receipt(world.gateway.send("01", &message(), NO_LIMIT).await), Receipt::Delivered);
    assert_eq!(world.standing(), 1);
}

/// A province would otherwise not know which word of its text the provider's examiner refused.
#[tokio::test]
async fn a_refused_template_names_the_word() {
    let world = World::new();
    let text = "【皖事通】恭喜中奖,请登录查看。".to_owned();
    let (code, reason) = refused_because(world.gateway.send("01", &Message { text, ..message() }, NO_LIMIT).await);
    assert!(code == "SMS-TEMPLATE" && reason.contains("中奖"), "{code}: {reason}");
    // The published text has APP, 医保 and 缴费 in it and is a government's.
    let text = "【皖事通】请通过“皖事通”APP进行缴费,缴费成功后可享受医保待遇。".to_owned();
    assert_eq!(receipt(world.gateway.send("02", &Message { text, ..message() }, NO_LIMIT).await), Receipt::Delivered);
}

/// A command of an older orchestrator would otherwise be refused for naming no way, and the family not be told.
#[test]
fn a_command_without_channels_is_a_text_message() {
    let old = serde_json::json!({ "message": {
        "phone": "15400000002", "text": "【皖事通】您好", "template": "N13", "signature": "皖事通", "segments": 1,
    }});
    let read: SendMessage = serde_json::from_value(old).unwrap();
    assert!(read.message.channels == [Channel::Sms] && read.message.parameters.is_empty());
    assert!(
        serde_json::from_value::<SendMessage>(serde_json::json!({ "message": {
            "text": "", "template": "", "signature": "", "segments": 1, "channels": ["pigeon"],
        }}))
        .is_err()
    );
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
        channel: Channel::Sms,
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
