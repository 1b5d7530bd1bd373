//! A message gateway that is not there: a message centre, a queue, a shelf of sent messages, and receipts.
//!
//! ```text
//!   queued ──> left by the first way that may reach the reader ──> receipt ──> arrived
//!   (Accepted)               (Progress)                               └──> next way, or a person calls (Refused)
//! ```
//!
//! A message leaves when its time in the queue is over (the behaviour's `finished_after_ms`); until then it can be
//! recalled. What has arrived is kept, text and all, as a real gateway's log keeps it.

use adapter::{
    Reply, Stopped, Unknown,
    simulated::{Desk, Ended, Error, Sitting, answer},
};
use async_trait::async_trait;
use identifiers::Phone;
use jiff::{
    Timestamp,
    tz::{Offset, TimeZone},
};

use crate::{
    MessageGateway,
    contract::{Channel, Message, Receipt, SendMessage, SendMessageOutput},
};

/// A telephone whose number ends so is no telephone, and its owner has no app: nothing is sent (SMS-NUMBER).
pub const REFUSED_ENDING: &str = "0000";

/// A telephone whose number ends so is switched off for good, and its owner has no app: what is sent to it does not
/// arrive (SMS-CALL).
pub const UNDELIVERED_ENDING: &str = "0001";

/// The owner of a telephone whose number ends so has no app: a text message reaches it.
pub const WITHOUT_APP_ENDING: &str = "0003";

/// Words for which this gateway's examiner passes no text (SMS-TEMPLATE), as providers refuse words of commerce. Those
/// of the published text (APP, 医保, 缴费) are allowed to a government sender.
pub const REFUSED_WORDS: [&str; 3] = ["贷款", "中奖", "APP下载"];

/// The stage of a message that has left and of which no receipt has come.
pub const STAGE_LEFT: &str = "已发出,待回执";

/// The longest text in UTF-16 units: gateways take bodies of about so many characters.
pub const UNITS_MAX: usize = 500;

/// A message never decides how a case ends and the platform shows the same words, so this leads nowhere in particular.
const OFFLINE_ROUTE: &str = "departments";

/// A simulated message gateway.
pub struct SimulatedSms {
    desk: Desk,
}

/// Messages that have left, by call.
const LEFT: &str = "message.left";

/// A message that has arrived.
#[derive(Clone, PartialEq, Eq)]
pub struct SentMessage {
    /// The key of the call that sent it.
    pub call_id: String,
    /// The receiver's telephone, where it has one.
    pub phone: Option<Phone>,
    /// By which way it arrived.
    pub channel: Channel,
    /// The id of the text in its pack.
    pub template: String,
    /// The text with its signature, as it arrived.
    pub text: String,
    /// When it arrived, in milliseconds since 1970.
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

    /// Every message that has arrived, in the order of arrival.
    ///
    /// # Errors
    /// If the ledger cannot be used.
    pub async fn messages(&self) -> Result<Vec<SentMessage>, Error> {
        let mut sent = Vec::new();
        for effect in self.desk.ledger().effects().await? {
            let Message { phone, text, template, .. } = serde_json::from_value::<SendMessage>(effect.fields)?.message;
            let channel = serde_json::from_value::<SendMessageOutput>(effect.outputs)?.channel;
            let (call_id, sent_at_ms) = (effect.call_id, effect.done_at_ms);
            sent.push(SentMessage { call_id, phone, channel, template, text, sent_at_ms });
        }
        Ok(sent)
    }

    async fn sent(&self, key: &str, message: &Message, not_after_ms: i64) -> Answered {
        let subject = message.phone.as_ref().map_or(message.to.as_str(), Phone::as_str);
        let request = SendMessage { message: message.clone() };
        let mut sitting = self.desk.sit("SendMessage", key, subject, &request).await?;
        if sitting.books().get(LEFT, key).await?.is_some() {
            return self.received(sitting, message).await;
        }
        let way = match way(message) {
            Ok(way) => way,
            Err(No { code, reason }) => return sitting.refuse(code, &reason, OFFLINE_ROUTE).await,
        };
        if not_after_ms > 0 && sitting.now_ms() > not_after_ms {
            return sitting.refuse("SMS-EXPIRED", "已过发送时限,未发送。", OFFLINE_ROUTE).await;
        }
        let queued = sitting.first_called_ms().await? < sitting.now_ms();
        let mut sitting = sitting.waited(&[]).await?;
        // A text message that was worth queueing is worth waiting for its receipt; the app answers for itself.
        if queued && way == Channel::Sms {
            let now_ms = sitting.now_ms();
            sitting.books().put(LEFT, key, now_ms.into()).await?;
            return sitting.progress(STAGE_LEFT).await;
        }
        self.received(sitting, message).await
    }

    /// What became of a message that has left.
    async fn received(&self, mut sitting: Sitting, message: &Message) -> Answered {
        let channel = way(message).unwrap_or(Channel::Sms);
        if channel == Channel::Sms && ends(message, UNDELIVERED_ENDING) {
            let reason = format!("短信未送达({}),请打电话告知。", Receipt::Undelivered.word());
            return sitting.refuse("SMS-CALL", &reason, OFFLINE_ROUTE).await;
        }
        let number = format!("M{:012}", sitting.books().next("message").await?);
        let segments = if channel == Channel::Sms { message.segments } else { 0 };
        let (receipt, reported_at) = (Receipt::Delivered, beijing_time(sitting.now_ms()));
        sitting.succeed(SendMessageOutput { number, receipt, reported_at, segments, channel }).await
    }
}

/// Why no way leads to the reader.
struct No {
    code: &'static str,
    reason: String,
}

/// The first of the message's ways that may reach its reader.
fn way(message: &Message) -> Result<Channel, No> {
    let without_app = [REFUSED_ENDING, UNDELIVERED_ENDING, WITHOUT_APP_ENDING];
    if message.channels.contains(&Channel::App) && !without_app.iter().any(|ending| ends(message, ending)) {
        return Ok(Channel::App);
    }
    let no = |code, reason: &str| Err(No { code, reason: reason.to_owned() });
    if !message.channels.contains(&Channel::Sms) {
        return no("SMS-CALL", "平台消息未能送达,请打电话告知。");
    }
    if message.phone.is_none() || ends(message, REFUSED_ENDING) {
        return no("SMS-NUMBER", "该号码无法接收短信,请打电话告知。");
    }
    if message.text.encode_utf16().count() > UNITS_MAX {
        return no("SMS-TEXT", "短信内容过长,未发送,请在平台查看。");
    }
    match REFUSED_WORDS.iter().find(|word| message.text.contains(**word)) {
        Some(word) => {
            Err(No { code: "SMS-TEMPLATE", reason: format!("短信模板未通过审核:含有“{word}”。") })
        }
        None => Ok(Channel::Sms),
    }
}

fn ends(message: &Message, ending: &str) -> bool {
    message.phone.as_ref().is_some_and(|phone| phone.as_str().ends_with(ending))
}

type Answered = Result<Reply<SendMessageOutput>, Ended<SendMessageOutput>>;

#[async_trait]
impl MessageGateway for SimulatedSms {
    async fn send(&self, key: &str, message: &Message, not_after_ms: i64) -> Result<Reply<SendMessageOutput>, Unknown> {
        answer(self.sent(key, message, not_after_ms).await)
    }

    async fn recall(&self, key: &str) -> Result<Stopped, Unknown> {
        if self.desk.ledger().get(LEFT, key).await?.is_some() {
            return Ok(Stopped::TooLate);
        }
        self.desk.stop("SendMessage", key).await
    }
}

fn beijing_time(now_ms: i64) -> String {
    let moment = Timestamp::from_millisecond(now_ms).unwrap_or(Timestamp::UNIX_EPOCH);
    moment.to_zoned(TimeZone::fixed(Offset::constant(8))).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}
