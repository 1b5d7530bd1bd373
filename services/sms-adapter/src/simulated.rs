//! A message gateway that is not there: a queue, a shelf of sent messages, and receipts.
//!
//! A message leaves when its time in the queue is over (the behaviour's `finished_after_ms`); until then it can be
//! recalled. What has left is kept, text and all, as a real gateway's log keeps it.

use adapter::{
    Reply, Stopped, Unknown,
    simulated::{Desk, Ended, Error, answer},
};
use async_trait::async_trait;
use identifiers::Phone;
use jiff::{
    Timestamp,
    tz::{Offset, TimeZone},
};

use crate::{
    MessageGateway,
    contract::{Message, Receipt, SendMessage, SendMessageOutput},
};

/// A telephone whose number ends so is no telephone: nothing is sent to it (SMS-NUMBER).
pub const REFUSED_ENDING: &str = "0000";

/// A telephone whose number ends so is switched off for good: what is sent to it does not arrive.
pub const UNDELIVERED_ENDING: &str = "0001";

/// The longest text in UTF-16 units: gateways take bodies of about so many characters.
pub const UNITS_MAX: usize = 500;

/// A message never decides how a case ends and the platform shows the same words, so this leads nowhere in particular.
const OFFLINE_ROUTE: &str = "departments";

/// A simulated message gateway.
pub struct SimulatedSms {
    desk: Desk,
}

/// A message that has left the gateway.
#[derive(Clone, PartialEq, Eq)]
pub struct SentMessage {
    /// The key of the call that sent it.
    pub call_id: String,
    /// The receiver.
    pub phone: Phone,
    /// The id of the text in its pack.
    pub template: String,
    /// The text with its signature, as it arrived.
    pub text: String,
    /// When it left, in milliseconds since 1970.
    pub sent_at_ms: i64,
}

impl SimulatedSms {
    /// A gateway at this desk.
    pub fn new(desk: Desk) -> Self {
        Self { desk }
    }

    /// Its desk, with ledger and behaviours.
    pub fn desk(&self) -> &Desk {
        &self.desk
    }

    /// Every message that has left, in the order of leaving.
    ///
    /// # Errors
    /// If the ledger cannot be used.
    pub async fn messages(&self) -> Result<Vec<SentMessage>, Error> {
        let mut sent = Vec::new();
        for effect in self.desk.ledger().effects().await? {
            let Message { phone, text, template, .. } = serde_json::from_value::<SendMessage>(effect.fields)?.message;
            sent.push(SentMessage { call_id: effect.call_id, phone, template, text, sent_at_ms: effect.done_at_ms });
        }
        Ok(sent)
    }

    async fn sent(&self, key: &str, message: &Message, not_after_ms: i64) -> Answered {
        let phone = message.phone.as_str();
        let request = SendMessage { message: message.clone() };
        let sitting = self.desk.sit("SendMessage", key, phone, &request).await?;
        if phone.ends_with(REFUSED_ENDING) {
            return sitting.refuse("SMS-NUMBER", "该号码无法接收短信,请在平台查看。", OFFLINE_ROUTE).await;
        }
        if message.text.encode_utf16().count() > UNITS_MAX {
            return sitting.refuse("SMS-TEXT", "短信内容过长,未发送,请在平台查看。", OFFLINE_ROUTE).await;
        }
        let late = |now_ms: i64| not_after_ms > 0 && now_ms > not_after_ms;
        if late(sitting.now_ms()) {
            return sitting.refuse("SMS-EXPIRED", "已过发送时限,未发送。", OFFLINE_ROUTE).await;
        }
        let mut sitting = sitting.waited(&[]).await?;
        let number = format!("M{:012}", sitting.books().next("message").await?);
        let receipt = if phone.ends_with(UNDELIVERED_ENDING) { Receipt::Undelivered } else { Receipt::Delivered };
        let reported_at = beijing_time(sitting.now_ms());
        sitting.succeed(SendMessageOutput { number, receipt, reported_at, segments: message.segments }).await
    }
}

type Answered = Result<Reply<SendMessageOutput>, Ended<SendMessageOutput>>;

#[async_trait]
impl MessageGateway for SimulatedSms {
    async fn send(&self, key: &str, message: &Message, not_after_ms: i64) -> Result<Reply<SendMessageOutput>, Unknown> {
        answer(self.sent(key, message, not_after_ms).await)
    }

    async fn recall(&self, key: &str) -> Result<Stopped, Unknown> {
        self.desk.stop("SendMessage", key).await
    }
}

fn beijing_time(now_ms: i64) -> String {
    let moment = Timestamp::from_millisecond(now_ms).unwrap_or(Timestamp::UNIX_EPOCH);
    moment.to_zoned(TimeZone::fixed(Offset::constant(8))).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}
