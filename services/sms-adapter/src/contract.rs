//! What the message gateway is given and what it answers, as it travels: JSON with these names.
//!
//! The same contract for other languages, with each field's meaning: `yijian/departments/v1/sms.proto`. A test holds
//! the two together. A text names its reader, so types that hold one have no `Debug`.

use std::collections::BTreeMap;

use identifiers::Phone;
use serde::{Deserialize, Serialize};

/// Send one message, at most once.
#[derive(Clone, Serialize, Deserialize)]
pub struct SendMessage {
    /// What is sent.
    pub message: Message,
}

/// One message.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// The receiver's telephone; absent for those in charge, whom the app alone reaches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<Phone>,
    /// The text, letter by letter, its signature in 【】 in front.
    pub text: String,
    /// The id of the text in the pack, e.g. `N13`.
    pub template: String,
    /// The signature under which the sender is registered, without brackets.
    pub signature: String,
    /// In how many parts it goes out as a text message.
    pub segments: u32,
    /// To whom it goes: `applicant`, `father`, `handler`, `supervisor`, `operator`, `city-supervisor`.
    #[serde(default)]
    pub to: String,
    /// The ways to try, in this order: the first that reaches the reader is enough. Where none is named, a text message.
    #[serde(default = "text_message")]
    pub channels: Vec<Channel>,
    /// Names it among the messages of its case, for whoever reads the gateway's log. What makes a sending the same as
    /// one before is the command's id, not this.
    #[serde(default)]
    pub key: String,
    /// The values filled in, in the order in which providers number them.
    #[serde(default)]
    pub parameters: Vec<Parameter>,
    /// The text without its values as each provider registers it, by provider: `aliyun`, `tencent`, `huawei`, `plain`.
    #[serde(default)]
    pub providers: BTreeMap<String, String>,
}

/// A value filled into a text.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parameter {
    /// Its name where a provider wants one.
    pub name: String,
    /// What was filled in.
    pub value: String,
}

/// A way to the reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Channel {
    /// The message centre of the platform's app (消息中心).
    App,
    /// A text message.
    Sms,
}

fn text_message() -> Vec<Channel> {
    vec![Channel::Sms]
}

/// What the receipt says: the message has arrived.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendMessageOutput {
    /// The gateway's number of the message.
    pub number: String,
    /// That it arrived.
    pub receipt: Receipt,
    /// When it arrived: `2026-11-22T09:30:05+08:00`.
    pub reported_at: String,
    /// In how many parts it went out; 0 in the app.
    pub segments: u32,
    /// By which way it reached the reader.
    #[serde(default = "by_text_message")]
    pub channel: Channel,
}

fn by_text_message() -> Channel {
    Channel::Sms
}

/// What became of a message that has left, in the words of the operators' receipts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Receipt {
    /// It reached the reader.
    #[serde(rename = "DELIVRD")]
    Delivered,
    /// It did not reach the telephone.
    #[serde(rename = "UNDELIV")]
    Undelivered,
    /// The network gave up.
    #[serde(rename = "EXPIRED")]
    Expired,
    /// The network refused it.
    #[serde(rename = "REJECTD")]
    Rejected,
    /// Nobody knows.
    #[serde(rename = "UNKNOWN")]
    Unknown,
}

impl Receipt {
    /// Its word in the operators' receipts.
    pub fn word(self) -> &'static str {
        match self {
            Self::Delivered => "DELIVRD",
            Self::Undelivered => "UNDELIV",
            Self::Expired => "EXPIRED",
            Self::Rejected => "REJECTD",
            Self::Unknown => "UNKNOWN",
        }
    }
}
