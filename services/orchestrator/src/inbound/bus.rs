//! Replies and notices from the bus: decoded, handed to the coordinator, and only then acknowledged.
//!
//! What cannot be decoded goes to the dead letters with its reason and never blocks a partition.

use std::sync::Arc;

use bus::{Bus, Consumer, Received};
use prost::Message;
use proto::{associated::notice_associated, bus as wire};
use serde::Deserialize;
use serde_json::Value;
use service::clock::Clock;
use tokio_util::sync::CancellationToken;

use super::deadlines::Gate;
use crate::{
    coordinator::work::{Done, Handle, Notice, Rejected, Work},
    limits,
    secrets::Secrets,
    store::{DeadLetter, Store},
};

/// Reads one topic of the orchestrator's.
pub struct Reader {
    /// The carrier.
    pub bus: Arc<dyn Bus>,
    /// Which topic.
    pub topic: Arc<str>,
    /// The consumer group: the orchestrator's name.
    pub group: String,
    /// What its messages are.
    pub carries: Carries,
    /// Where the work goes.
    pub handle: Handle,
    /// Where dead letters go.
    pub store: Arc<dyn Store>,
    /// The keys.
    pub secrets: Arc<Secrets>,
    /// Machine time.
    pub clock: Arc<dyn Clock>,
    /// Told when everything that lay in the topic at the start has been decided.
    pub gate: Gate,
}

/// What a topic carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carries {
    /// `yijian.bus.v1.Reply`.
    Replies,
    /// `yijian.bus.v1.Notice`.
    Notices,
}

/// Why reading ended.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The carrier failed.
    #[error("read from the bus")]
    Bus(#[from] bus::Error),
    /// The store failed.
    #[error("keep a dead letter")]
    Store(#[from] crate::store::Error),
}

/// What a notice says, once opened.
#[derive(Deserialize)]
struct Told {
    subject: Subject,
    #[serde(default)]
    fields: Value,
}

#[derive(Deserialize)]
struct Subject {
    value: String,
}

impl Reader {
    /// Reads until the service stops.
    ///
    /// # Errors
    /// If the carrier or the store fails for good.
    pub async fn run(self, stop: CancellationToken) -> Result<(), Error> {
        let mut consumer = self.bus.subscribe(&self.group, std::slice::from_ref(&self.topic)).await?;
        loop {
            if !self.gate.is_open_for(self.carries) && consumer.caught_up().await? {
                self.gate.caught_up(self.carries);
            }
            let next = tokio::select! {
                next = consumer.next(limits::REPLIES_MAX) => Some(next?),
                // An empty topic is caught up without a message ever coming.
                () = tokio::time::sleep(GATE_LOOK) , if !self.gate.is_open_for(self.carries) => None,
                () = stop.cancelled() => return Ok(()),
            };
            if let Some(received) = next
                && !self.read(received, &mut *consumer).await?
            {
                return Ok(());
            }
        }
    }

    /// Hands a batch in, waits until it is decided, and acknowledges it. False if the service is stopping.
    async fn read(&self, received: Vec<Received>, consumer: &mut dyn Consumer) -> Result<bool, Error> {
        let mut dead = Vec::new();
        let mut waiting = Vec::with_capacity(received.len());
        for message in received {
            match self.work_of(&message) {
                Ok(work) => match self.handle.give(work).await {
                    Ok(done) => waiting.push(done),
                    Err(Rejected::Overloaded | Rejected::Stopping) => return Ok(false),
                },
                Err((code, what)) => dead.push(self.dead(&message, code, what)),
            }
        }
        if !dead.is_empty() {
            tracing::warn!(
                topic = &*self.topic,
                count = dead.len(),
                "messages could not be read; see the dead letters"
            );
            self.store.bury(&dead).await?;
        }
        for done in waiting {
            let done: Result<Done, _> = done.await;
            if done.is_err() {
                // It was not decided: it is not acknowledged, and comes again.
                return Ok(false);
            }
        }
        consumer.commit().await?;
        Ok(true)
    }

    fn work_of(&self, received: &Received) -> Result<Work, (&'static str, &'static str)> {
        let bytes = received.message.payload.clone();
        match self.carries {
            Carries::Replies => {
                let reply = wire::Reply::decode(bytes).map_err(|_| ("YJ-0307", "it is not a Reply"))?;
                Ok(Work::Reply(Box::new(reply)))
            }
            Carries::Notices => {
                let notice = wire::Notice::decode(bytes).map_err(|_| ("YJ-0307", "it is not a Notice"))?;
                self.opened(&notice).map(|notice| Work::Notice(Box::new(notice)))
            }
        }
    }

    fn opened(&self, notice: &wire::Notice) -> Result<Notice, (&'static str, &'static str)> {
        let id: [u8; 16] = notice.id.as_ref().try_into().map_err(|_| ("YJ-0307", "its id is not 16 bytes"))?;
        let channel = self
            .secrets
            .channels
            .get(&notice.channel_key_id)
            .filter(|channel| *channel.endpoint() == *notice.endpoint)
            .ok_or(("YJ-0306", "its channel key is not this endpoint's"))?;
        let bound = notice_associated(&notice.endpoint, &notice.kind, &id);
        let plain = channel.open(&bound, &notice.sealed).map_err(|_| ("YJ-0306", "its payload does not open"))?;
        let told: Told = serde_json::from_slice(&plain).map_err(|_| ("YJ-0306", "its payload has another shape"))?;
        Ok(Notice {
            id,
            endpoint: notice.endpoint.clone(),
            kind: notice.kind.clone(),
            subject: self.secrets.blind.of("subject", &told.subject.value),
            fields: told.fields,
        })
    }

    fn dead(&self, received: &Received, code: &str, what: &str) -> DeadLetter {
        let content = &received.message.payload;
        DeadLetter {
            id: 0,
            at: self.clock.now_ms(),
            topic: received.message.topic.to_string(),
            code: code.to_owned(),
            what: what.to_owned(),
            saga: received.message.key,
            step: String::new(),
            size: content.len() as u64,
            sealed: self.secrets.own.seal(b"dead-letter", content),
        }
    }
}

/// How often an idle topic is asked whether everything that lay in it has been read.
const GATE_LOOK: std::time::Duration = std::time::Duration::from_millis(50);
