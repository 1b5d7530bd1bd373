//! How a record is stored: a version byte, then protobuf. Fields are only ever added; a reader of an older version
//! passes over what it does not know, and a record of a newer version byte is refused.

use std::collections::BTreeMap;

use prost::Message;

use super::{
    Act, ActState, Address, Answered, Ask, Asker, Detail, Fixed, Kind, Open, Outcome, StepRecord, Waiting, What,
};

/// The version of what follows it.
const VERSION: u8 = 1;

#[derive(Clone, PartialEq, Message)]
struct Row {
    #[prost(bool, tag = "1")]
    family: bool,
    #[prost(uint32, tag = "2")]
    group_size: u32,
    #[prost(message, repeated, tag = "3")]
    acts: Vec<ActRow>,
    #[prost(message, optional, tag = "4")]
    open: Option<OpenRow>,
    #[prost(int64, tag = "5")]
    ask_again_ms: i64,
    #[prost(message, repeated, tag = "6")]
    askers: Vec<AskerRow>,
    #[prost(message, repeated, tag = "7")]
    waiting: Vec<WaitingRow>,
    #[prost(uint32, tag = "8")]
    newest_stamp: u32,
    #[prost(string, tag = "9")]
    command: String,
}

#[derive(Clone, PartialEq, Message)]
struct ActRow {
    #[prost(uint32, tag = "1")]
    revision: u32,
    #[prost(uint32, tag = "2")]
    stamp: u32,
    /// 1 accepted, 2 progress, 3 needs correction, 4 succeeded, 5 refused, 6 undone, 7 stopped.
    #[prost(uint32, tag = "3")]
    state: u32,
    /// The number, the stage or the code.
    #[prost(string, tag = "4")]
    word: String,
    #[prost(string, repeated, tag = "5")]
    fields: Vec<String>,
    #[prost(string, tag = "6")]
    offline_route: String,
    #[prost(message, optional, tag = "7")]
    detail: Option<DetailRow>,
}

#[derive(Clone, PartialEq, Message)]
struct DetailRow {
    #[prost(bytes = "vec", tag = "1")]
    sealed: Vec<u8>,
    #[prost(uint64, tag = "2")]
    saga: u64,
    #[prost(uint32, tag = "3")]
    kind: u32,
}

#[derive(Clone, PartialEq, Message)]
struct OpenRow {
    /// 1 act, 2 undo, 3 stop.
    #[prost(uint32, tag = "1")]
    what: u32,
    #[prost(uint32, tag = "2")]
    revision: u32,
    #[prost(uint32, tag = "3")]
    times: u32,
    #[prost(int64, tag = "4")]
    due_ms: i64,
}

#[derive(Clone, PartialEq, Message)]
struct AskerRow {
    #[prost(uint64, tag = "1")]
    saga: u64,
    #[prost(bytes = "vec", tag = "2")]
    wrapped_key: Vec<u8>,
    #[prost(string, tag = "3")]
    channel_key_id: String,
    #[prost(string, tag = "4")]
    reply_topic: String,
    #[prost(bytes = "vec", tag = "5")]
    traceparent: Vec<u8>,
    #[prost(uint32, tag = "6")]
    acted: u32,
    #[prost(uint32, tag = "7")]
    tombstone: u32,
    /// 0: no cancel was answered.
    #[prost(uint32, tag = "8")]
    cancelled_revision: u32,
    #[prost(uint32, tag = "9")]
    cancelled_succeeded: u32,
    #[prost(message, repeated, tag = "10")]
    answered: Vec<AnsweredRow>,
}

#[derive(Clone, Copy, PartialEq, Message)]
struct AnsweredRow {
    #[prost(uint32, tag = "1")]
    kind: u32,
    #[prost(uint32, tag = "2")]
    revision: u32,
    #[prost(uint32, tag = "3")]
    number: u32,
    #[prost(uint32, tag = "4")]
    stamp: u32,
}

#[derive(Clone, Copy, PartialEq, Message)]
struct WaitingRow {
    #[prost(uint64, tag = "1")]
    saga: u64,
    #[prost(uint32, tag = "2")]
    kind: u32,
    #[prost(uint32, tag = "3")]
    revision: u32,
    #[prost(int64, tag = "4")]
    not_after_ms: i64,
}

impl StepRecord {
    /// The bytes to store.
    pub fn to_bytes(&self) -> Vec<u8> {
        let row = Row {
            family: self.family,
            group_size: self.group_size,
            acts: self.acts.iter().map(|(revision, act)| act_row(*revision, act)).collect(),
            open: self.open.map(open_row),
            ask_again_ms: self.ask_again_ms,
            askers: self.askers.iter().map(|(saga, asker)| asker_row(*saga, asker)).collect(),
            waiting: self.waiting.iter().map(waiting_row).collect(),
            newest_stamp: self.newest_stamp,
            command: self.command.clone(),
        };
        let mut bytes = Vec::with_capacity(1 + row.encoded_len());
        bytes.push(VERSION);
        row.encode_raw(&mut bytes);
        bytes
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote; no bytes are a record never written. `None` if they are damaged
    /// or of a version that this one does not know.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let Some((&version, rest)) = bytes.split_first() else { return Some(Self::default()) };
        if version != VERSION {
            return None;
        }
        let row = Row::decode(rest).ok()?;
        Some(Self {
            family: row.family,
            group_size: row.group_size,
            acts: row.acts.into_iter().map(act).collect::<Option<_>>()?,
            open: match row.open {
                Some(open) => Some(open_call(open)?),
                None => None,
            },
            ask_again_ms: row.ask_again_ms,
            askers: row.askers.into_iter().map(asker).collect::<Option<_>>()?,
            waiting: row.waiting.into_iter().map(waiting).collect::<Option<_>>()?,
            newest_stamp: row.newest_stamp,
            command: row.command,
        })
    }
}

fn act_row(revision: u32, act: &Act) -> ActRow {
    let mut row = ActRow { revision, stamp: act.stamp, ..ActRow::default() };
    match &act.state {
        ActState::Answered(Outcome::Accepted { number }) => (row.state, row.word) = (1, number.clone()),
        ActState::Answered(Outcome::Progress { stage }) => (row.state, row.word) = (2, stage.clone()),
        ActState::Answered(Outcome::NeedsCorrection { code, fields, detail }) => {
            (row.state, row.word, row.fields) = (3, code.clone(), fields.clone());
            row.detail = Some(detail_row(detail));
        }
        ActState::Answered(Outcome::Succeeded { detail }) => {
            (row.state, row.detail) = (4, Some(detail_row(detail)));
        }
        ActState::Answered(Outcome::Refused { code, offline_route, detail }) => {
            (row.state, row.word, row.offline_route) = (5, code.clone(), offline_route.clone());
            row.detail = detail.as_ref().map(detail_row);
        }
        ActState::Undone(detail) => (row.state, row.detail) = (6, detail.as_ref().map(detail_row)),
        ActState::Stopped => row.state = 7,
        // Invariant: these three are never the recorded outcome of an act; stored as state 0, they would be refused.
        ActState::Answered(Outcome::Compensated | Outcome::Cancelled | Outcome::Failed { .. }) => row.state = 0,
    }
    row
}

fn act(row: ActRow) -> Option<(u32, Act)> {
    let detail = match row.detail {
        Some(detail) => Some(Detail { sealed: detail.sealed, saga: detail.saga, kind: kind(detail.kind)? }),
        None => None,
    };
    let state = match row.state {
        1 => ActState::Answered(Outcome::Accepted { number: row.word }),
        2 => ActState::Answered(Outcome::Progress { stage: row.word }),
        3 => ActState::Answered(Outcome::NeedsCorrection { code: row.word, fields: row.fields, detail: detail? }),
        4 => ActState::Answered(Outcome::Succeeded { detail: detail? }),
        5 => ActState::Answered(Outcome::Refused { code: row.word, offline_route: row.offline_route, detail }),
        6 => ActState::Undone(detail),
        7 => ActState::Stopped,
        _ => return None,
    };
    Some((row.revision, Act { state, stamp: row.stamp }))
}

fn detail_row(detail: &Detail) -> DetailRow {
    DetailRow { sealed: detail.sealed.clone(), saga: detail.saga, kind: kind_number(detail.kind) }
}

fn open_row(open: Open) -> OpenRow {
    let what = match open.what {
        What::Act => 1,
        What::Undo => 2,
        What::Stop => 3,
    };
    OpenRow { what, revision: open.revision, times: open.times, due_ms: open.due_ms }
}

fn open_call(row: OpenRow) -> Option<Open> {
    let what = match row.what {
        1 => What::Act,
        2 => What::Undo,
        3 => What::Stop,
        _ => return None,
    };
    Some(Open { what, revision: row.revision, times: row.times, due_ms: row.due_ms })
}

fn asker_row(saga: u64, asker: &Asker) -> AskerRow {
    let answered = asker.answered.iter().map(|((kind, revision), answered)| AnsweredRow {
        kind: kind_number(*kind),
        revision: *revision,
        number: answered.number,
        stamp: answered.stamp,
    });
    AskerRow {
        saga,
        wrapped_key: asker.address.wrapped_key.clone(),
        channel_key_id: asker.address.channel_key_id.clone(),
        reply_topic: asker.address.reply_topic.clone(),
        traceparent: asker.address.traceparent.clone(),
        acted: asker.acted,
        tombstone: asker.tombstone,
        cancelled_revision: asker.cancelled.map_or(0, |fixed| fixed.revision),
        cancelled_succeeded: asker.cancelled.map_or(0, |fixed| fixed.succeeded),
        answered: answered.collect(),
    }
}

fn asker(row: AskerRow) -> Option<(u64, Asker)> {
    let mut answered = BTreeMap::new();
    for one in row.answered {
        answered.insert((kind(one.kind)?, one.revision), Answered { number: one.number, stamp: one.stamp });
    }
    let fixed = Fixed { revision: row.cancelled_revision, succeeded: row.cancelled_succeeded };
    let address = Address {
        wrapped_key: row.wrapped_key,
        channel_key_id: row.channel_key_id,
        reply_topic: row.reply_topic,
        traceparent: row.traceparent,
    };
    let cancelled = (fixed.revision > 0).then_some(fixed);
    Some((row.saga, Asker { address, acted: row.acted, tombstone: row.tombstone, cancelled, answered }))
}

fn waiting_row(waiting: &Waiting) -> WaitingRow {
    let Waiting { ask: Ask { saga, kind, revision }, not_after_ms } = *waiting;
    WaitingRow { saga, kind: kind_number(kind), revision, not_after_ms }
}

fn waiting(row: WaitingRow) -> Option<Waiting> {
    let ask = Ask { saga: row.saga, kind: kind(row.kind)?, revision: row.revision };
    Some(Waiting { ask, not_after_ms: row.not_after_ms })
}

fn kind_number(kind: Kind) -> u32 {
    match kind {
        Kind::Act => 1,
        Kind::Compensate => 2,
        Kind::Cancel => 3,
    }
}

fn kind(number: u32) -> Option<Kind> {
    match number {
        1 => Some(Kind::Act),
        2 => Some(Kind::Compensate),
        3 => Some(Kind::Cancel),
        _ => None,
    }
}
