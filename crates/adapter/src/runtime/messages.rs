//! Replies and notices as messages of the bus: numbered, addressed, sealed, with their headers.

use std::sync::Arc;

use bus::header::{CloudEvent, TraceParent, hexadecimal};
use bytes::Bytes;
use prost::Message as _;
use proto::{
    associated::{Direction, bus_associated, command_id, notice_associated},
    bus::{self as wire, reply},
};

use super::{Error, Runtime, arrival, arrival::kind_on_the_bus, batch::Work};
use crate::{
    Fact,
    inbox::StepKey,
    record::{Address, Answer, Detail, Outcome},
};

impl Runtime {
    /// A reply to one command of one saga.
    pub(super) fn reply(
        &self,
        key: &StepKey,
        answer: &Answer,
        address: &Address,
        work: &Work,
    ) -> Result<bus::Message, Error> {
        let step = self.step_name(key);
        let kind = kind_on_the_bus(answer.ask.kind);
        let id = command_id(key.effect_key, step, kind, answer.ask.revision);
        let sealed = match answer.outcome.detail() {
            Some(detail) => self.sealed_for(step, answer, address, detail, work)?,
            None => Bytes::new(),
        };
        let reply = wire::Reply {
            command_id: Bytes::copy_from_slice(&id),
            saga: answer.ask.saga,
            effect_key: Bytes::copy_from_slice(&key.effect_key),
            step: step.to_owned(),
            kind: kind.into(),
            revision: answer.ask.revision,
            number: answer.number,
            endpoint: self.endpoint.to_string(),
            outcome: Some(outcome(&answer.outcome)),
            sealed,
        };
        let event = CloudEvent {
            id: hexadecimal(&id),
            source: self.source.clone(),
            kind: Bytes::from_static(b"yijian.bus.v1.Reply"),
            subject: Some(Bytes::copy_from_slice(step.as_bytes())),
        };
        Ok(bus::Message {
            topic: address.reply_topic.as_str().into(),
            key: answer.ask.saga,
            payload: reply.encode_to_vec().into(),
            headers: event.headers(TraceParent::parse(&address.traceparent)),
        })
    }

    /// What was sealed for this saga and kind of reply as it is; for another, opened and sealed anew under its own key.
    fn sealed_for(
        &self,
        step: &str,
        answer: &Answer,
        address: &Address,
        detail: &Detail,
        work: &Work,
    ) -> Result<Bytes, Error> {
        let ask = answer.ask;
        if (detail.saga, detail.kind) == (ask.saga, ask.kind) {
            return Ok(Bytes::copy_from_slice(&detail.sealed));
        }
        let theirs = work.record.address(detail.saga).unwrap_or(address);
        let unwrap = |address: &Address| {
            arrival::unwrap(&address.channel_key_id, &address.wrapped_key, &self.endpoint, &self.keys)
        };
        let associated = bus_associated(detail.saga, step, kind_on_the_bus(detail.kind), Direction::Reply);
        let plain = unwrap(theirs)?.open(&associated, &detail.sealed).map_err(|source| Error::OwnOutput { source })?;
        let associated = bus_associated(ask.saga, step, kind_on_the_bus(ask.kind), Direction::Reply);
        Ok(unwrap(address)?.seal(&associated, &plain).into())
    }

    /// A fact that nobody asked for.
    pub(super) fn notice(&self, topic: &Arc<str>, fact: &Fact) -> Result<bus::Message, Error> {
        let channel = self.channel()?;
        let plain = serde_json::json!({ "subject": fact.subject, "fields": fact.fields }).to_string();
        let sealed = channel.seal(&notice_associated(&self.endpoint, &fact.kind, &fact.id), plain.as_bytes());
        let notice = wire::Notice {
            id: Bytes::copy_from_slice(&fact.id),
            endpoint: self.endpoint.to_string(),
            kind: fact.kind.clone(),
            channel_key_id: channel.id().to_owned(),
            sealed: sealed.into(),
        };
        let event = CloudEvent {
            id: hexadecimal(&fact.id),
            source: self.source.clone(),
            kind: Bytes::from_static(b"yijian.bus.v1.Notice"),
            subject: None,
        };
        let [a, b, c, d, e, f, g, h, ..] = fact.id;
        Ok(bus::Message {
            topic: Arc::clone(topic),
            key: u64::from_be_bytes([a, b, c, d, e, f, g, h]),
            payload: notice.encode_to_vec().into(),
            headers: event.headers(None),
        })
    }
}

fn outcome(outcome: &Outcome) -> reply::Outcome {
    match outcome.clone() {
        Outcome::Accepted { number } => reply::Outcome::Accepted(wire::Accepted { department_case: number }),
        Outcome::Progress { stage } => reply::Outcome::Progress(wire::Progress { stage }),
        Outcome::NeedsCorrection { code, fields, .. } => {
            reply::Outcome::NeedsCorrection(wire::NeedsCorrection { fields, code })
        }
        Outcome::Succeeded { .. } => reply::Outcome::Succeeded(wire::Succeeded {}),
        Outcome::Refused { code, offline_route, .. } => reply::Outcome::Refused(wire::Refused { code, offline_route }),
        Outcome::Compensated => reply::Outcome::Compensated(wire::Compensated {}),
        Outcome::Cancelled => reply::Outcome::Cancelled(wire::Cancelled {}),
        Outcome::Failed { code, retryable } => reply::Outcome::Failed(wire::Failed { code, retryable }),
    }
}
