//! What the message gateway is given and what it answers, as it travels: JSON with these names.
//!
//! The same contract for other languages, with each field's meaning: `yijian/departments/v1/sms.proto`. A test holds
//! the two together. A text names its reader, so types that hold one have no `Debug`.

use identifiers::Phone;
use serde::{Deserialize, Serialize};

/// Send one text message, at most once.
#[derive(Clone, Serialize, Deserialize)]
pub struct SendMessage {
    /// What is sent.
    pub message: Message,
}

/// One text message.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// The receiver.
    pub phone: Phone,
    /// The text, letter by letter, its signature in 【】 in front.
    pub text: String,
    /// The id of the text in the pack, e.g. `N13`.
    pub template: String,
    /// The signature under which the sender is registered, without brackets.
    pub signature: String,
    /// In how many parts it goes out.
    pub segments: u32,
}

/// What the receipt says. The message has left, whether or not it arrived.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendMessageOutput {
    /// The gateway's number of the message.
    pub number: String,
    /// Whether it arrived.
    pub receipt: Receipt,
    /// When it arrived or was given up: `2026-11-22T09:30:05+08:00`.
    pub reported_at: String,
    /// In how many parts it went out.
    pub segments: u32,
}

/// What became of a message that has left, in the words of the operators' receipts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Receipt {
    /// It reached the telephone.
    #[serde(rename = "DELIVRD")]
    Delivered,
    /// It did not.
    #[serde(rename = "UNDELIV")]
    Undelivered,
}
