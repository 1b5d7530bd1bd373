//! The runtime: a department at work on its topic, from the command received to the reply published.
//!
//! Every step of it can be called on its own ([`handle`](Runtime::handle), [`poll`](Runtime::poll),
//! [`unpublished`](Runtime::unpublished), [`published`](Runtime::published)), which is how the simulation drives it;
//! [`run`](Runtime::run) is the loop that calls them. It holds nothing between two batches but the numbers of messages
//! that have left: what matters is in the inbox. It starts no tasks and draws no lots, so that the same messages at
//! the same times give the same calls in the same order.

mod arrival;
mod batch;
mod messages;
mod perform;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, PoisonError};

use bus::{Bus, Received};
use bytes::Bytes;
use service::clock::Clock;
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;
use vault::{ChannelKey, ChannelKeys};

use self::{
    arrival::{Arrival, Parsed},
    batch::Batch,
};
use crate::{
    Department, Settings,
    department::Traits,
    inbox::{self, DeadLetter, Inbox, Outgoing, StepKey},
    record::Context,
    settings::{CALL_AGAIN_MAX, DEAD_LETTERS_SHOWN_MAX, DUE_MAX, FORGOTTEN_EVERY, UNPUBLISHED_MAX},
};

/// A department's adapter at work for one endpoint.
pub struct Runtime {
    department: Department,
    endpoint: Arc<str>,
    /// The CloudEvents source of its messages.
    source: Bytes,
    keys: ChannelKeys,
    inbox: Arc<dyn Inbox>,
    clock: Arc<dyn Clock>,
    settings: Settings,
    /// Messages that have left and are not yet forgotten; the next transaction forgets them along the way.
    left: Mutex<Vec<i64>>,
    /// One batch at a time: a step's record is loaded, changed and stored without another seeing it in between.
    at_work: tokio::sync::Mutex<()>,
}

/// Why a runtime stops.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The inbox failed.
    #[error("use the inbox")]
    Inbox(#[from] inbox::Error),
    /// The carrier failed.
    #[error("use the bus")]
    Bus(#[from] bus::Error),
    /// A command was wrapped under a channel key that is not ours: the keys of this endpoint are wrong, and going on
    /// would turn every command into a dead letter.
    #[error("open commands with channel key {id:?}: not a key of this endpoint, or another key of that name")]
    ChannelKey {
        /// The key's id.
        id: String,
    },
    /// This endpoint has no channel key at all.
    #[error("find a channel key of endpoint {endpoint}")]
    NoChannelKey {
        /// The endpoint.
        endpoint: Arc<str>,
    },
    /// What the inbox keeps sealed does not open.
    #[error("open an output kept in the inbox")]
    OwnOutput {
        /// Why not.
        #[source]
        source: vault::Error,
    },
    /// The department has notices to tell, and the settings name no topic for them.
    #[error("find the topic for notices: the settings name none")]
    NoNoticeTopic,
}

impl Runtime {
    /// A runtime for the endpoint `<area>.<department>`, with the channel keys of that endpoint.
    pub fn new(
        department: Department,
        endpoint: &str,
        keys: ChannelKeys,
        inbox: Arc<dyn Inbox>,
        clock: Arc<dyn Clock>,
        settings: Settings,
    ) -> Self {
        let source = format!("/department/{endpoint}").into();
        let (left, at_work) = (Mutex::default(), tokio::sync::Mutex::default());
        Self { department, endpoint: endpoint.into(), source, keys, inbox, clock, settings, left, at_work }
    }

    /// The endpoint, which is also its consumer group.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// How it paces itself.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The topic it takes commands from.
    pub fn commands_topic(&self) -> Arc<str> {
        format!("{}.commands", self.endpoint).into()
    }

    /// Handles received messages to the end: decides, commits intents, calls, commits results with their replies.
    /// Gives the recorded messages to publish. After an error nothing is lost: the same messages may be handled again.
    ///
    /// # Errors
    /// [`Error::Inbox`] and [`Error::ChannelKey`]; what is wrong with one message alone becomes a dead letter.
    pub async fn handle(&self, received: &[Received]) -> Result<Vec<Outgoing>, Error> {
        let _one_at_a_time = self.at_work.lock().await;
        let mut arrivals: Vec<Arrival> = Vec::with_capacity(received.len());
        let mut dead_letters = Vec::new();
        for message in received {
            match arrival::parse(message, &self.endpoint, &self.keys)? {
                Parsed::Command(arrival) => arrivals.push(*arrival),
                Parsed::DeadLetter(reason) => dead_letters.push(self.dead_letter(message, reason)?),
            }
        }
        Batch::of_commands(self, arrivals, dead_letters).await?.run().await
    }

    /// Calls again what is due, asks what became of accepted acts, collects notices. Gives the recorded messages to
    /// publish.
    ///
    /// # Errors
    /// As [`handle`](Self::handle), and [`Error::NoNoticeTopic`].
    pub async fn poll(&self) -> Result<Vec<Outgoing>, Error> {
        let _one_at_a_time = self.at_work.lock().await;
        let due = self.inbox.due(self.clock.now_ms(), DUE_MAX).await?;
        let (ids, notices) = self.collect_notices().await?;
        let outgoing = Batch::of_due(self, due, notices)?.run().await?;
        if !ids.is_empty() {
            let told =
                perform::bounded(Some(self.settings.call_time_max), || self.department.served().acknowledged(ids));
            if let Err(unknown) = told.await {
                // They will be told again under the same ids, which their receiver knows.
                tracing::warn!(cause = unknown.cause(), "notices could not be acknowledged to the department");
            }
        }
        Ok(outgoing)
    }

    /// Recorded messages not known to have left: what a start publishes first.
    ///
    /// # Errors
    /// [`Error::Inbox`].
    pub async fn unpublished(&self) -> Result<Vec<Outgoing>, Error> {
        self.forget_what_has_left().await?;
        Ok(self.inbox.unpublished(UNPUBLISHED_MAX).await?)
    }

    /// These messages have left. They are forgotten with the next transaction; after a crash before it they leave once
    /// more, which their receivers know as repeats.
    pub fn published(&self, outgoing: &[Outgoing]) {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        left.extend(outgoing.iter().map(|one| one.id));
    }

    /// Forgets messages that have left, now.
    ///
    /// # Errors
    /// [`Error::Inbox`].
    pub async fn forget_what_has_left(&self) -> Result<(), Error> {
        let left = self.take_published();
        if !left.is_empty() {
            self.inbox.published(&left).await?;
        }
        Ok(())
    }

    /// Forgets steps that nothing has happened to for as long as the settings keep them; tells how many.
    ///
    /// # Errors
    /// [`Error::Inbox`].
    pub async fn forget_old(&self) -> Result<u64, Error> {
        let kept_ms = i64::try_from(self.settings.kept_for.as_millis()).unwrap_or(i64::MAX);
        Ok(self.inbox.forget_before(self.clock.now_ms().saturating_sub(kept_ms)).await?)
    }

    /// The newest messages that could not be read.
    ///
    /// # Errors
    /// [`Error::Inbox`].
    pub async fn dead_letters(&self) -> Result<Vec<DeadLetter>, Error> {
        Ok(self.inbox.dead_letters(DEAD_LETTERS_SHOWN_MAX).await?)
    }

    /// The loop: publishes what is left from before, then takes commands and polls until told to stop. The batch in
    /// hand is finished first.
    ///
    /// # Errors
    /// Whatever [`handle`](Self::handle) and the bus give; starting again goes on where it stopped.
    pub async fn run(&self, bus: Arc<dyn Bus>, shutdown: CancellationToken) -> Result<(), Error> {
        let mut consumer = bus.subscribe(&self.endpoint, &[self.commands_topic()]).await?;
        let mut behind = !self.publish_left_overs(&*bus).await?;
        let mut look = tokio::time::interval(self.settings.poll_every);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut forgot = Instant::now();
        loop {
            tokio::select! {
                biased;
                () = shutdown.cancelled() => break,
                _ = look.tick() => {
                    let outgoing = self.poll().await?;
                    behind |= !self.publish(&*bus, outgoing).await;
                    if behind {
                        behind = !self.publish_left_overs(&*bus).await?;
                    }
                    if forgot.elapsed() >= FORGOTTEN_EVERY {
                        self.forget_old().await?;
                        forgot = Instant::now();
                    }
                }
                received = consumer.next(self.settings.batch_max) => {
                    let outgoing = self.handle(&received?).await?;
                    behind |= !self.publish(&*bus, outgoing).await;
                    // What could not leave is in the outbox, so the commands need not come again.
                    consumer.commit().await?;
                }
            }
        }
        self.forget_what_has_left().await
    }

    /// True if all of them left.
    async fn publish(&self, bus: &dyn Bus, outgoing: Vec<Outgoing>) -> bool {
        let messages = outgoing.iter().map(|one| one.message.clone()).collect();
        let results = bus.publish(messages).await;
        let mut left = Vec::with_capacity(outgoing.len());
        let mut all = true;
        for (one, result) in outgoing.into_iter().zip(results) {
            match result {
                Ok(()) => left.push(one),
                Err(error) => {
                    if all {
                        tracing::warn!(%error, "a reply could not be published and will be again");
                    }
                    all = false;
                }
            }
        }
        self.published(&left);
        all
    }

    /// True if nothing is left in the outbox that has not left.
    async fn publish_left_overs(&self, bus: &dyn Bus) -> Result<bool, Error> {
        loop {
            let outgoing = self.unpublished().await?;
            if outgoing.is_empty() {
                return Ok(true);
            }
            if !self.publish(bus, outgoing).await {
                return Ok(false);
            }
        }
    }

    async fn collect_notices(&self) -> Result<(Vec<[u8; 16]>, Vec<bus::Message>), Error> {
        let Some(collecting) = self.department.served().notices() else { return Ok((Vec::new(), Vec::new())) };
        let facts = match perform::bounded(Some(self.settings.call_time_max), || collecting).await {
            Ok(facts) => facts,
            Err(unknown) => {
                tracing::warn!(cause = unknown.cause(), "notices could not be collected and will be again");
                return Ok((Vec::new(), Vec::new()));
            }
        };
        if facts.is_empty() {
            return Ok((Vec::new(), Vec::new()));
        }
        let topic = self.settings.notice_topic.as_ref().ok_or(Error::NoNoticeTopic)?;
        let messages = facts.iter().map(|fact| self.notice(topic, fact)).collect::<Result<_, Error>>()?;
        Ok((facts.iter().map(|fact| fact.id).collect(), messages))
    }

    fn dead_letter(&self, received: &Received, reason: &str) -> Result<DeadLetter, Error> {
        let topic = received.message.topic.to_string();
        let (partition, offset) = (received.partition, received.offset);
        tracing::error!(bus.topic = %topic, bus.partition = partition, bus.offset = offset, reason, "a message cannot be read and was put aside");
        let sealed = self.channel()?.seal(b"dead-letter", &received.message.payload);
        Ok(DeadLetter { received_ms: self.clock.now_ms(), topic, partition, offset, reason: reason.to_owned(), sealed })
    }

    fn channel(&self) -> Result<&ChannelKey, Error> {
        let missing = || Error::NoChannelKey { endpoint: Arc::clone(&self.endpoint) };
        self.keys.current_for(&self.endpoint).ok_or_else(missing)
    }

    fn take_published(&self) -> Vec<i64> {
        std::mem::take(&mut *self.left.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn context(&self, traits: Traits, now_ms: i64, may_call: bool) -> Context {
        let ms = |duration: std::time::Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        Context {
            now_ms,
            undo: traits.undo,
            stop: traits.stop,
            asked_again_ms: traits.asked_again_ms.unwrap_or_else(|| ms(self.settings.asked_again_every)),
            called_again_ms: ms(self.settings.called_again_after),
            called_again_max_ms: ms(CALL_AGAIN_MAX),
            may_call,
            #[cfg(feature = "mutations")]
            mutation: self.settings.mutation,
        }
    }
}

/// What the mutations change about keys and names; nothing, without them.
#[cfg(not(feature = "mutations"))]
impl Runtime {
    fn mutate_key(&self, _: &mut Arrival) {}

    fn mutate_call_id(&self, id: String, _times: u32) -> String {
        id
    }

    /// The step's name as it goes into replies.
    fn step_name<'a>(&self, key: &'a StepKey) -> &'a str {
        &key.step
    }

    /// The step's name as it goes into the ids of calls.
    fn call_step<'a>(&self, key: &'a StepKey) -> &'a str {
        &key.step
    }
}

/// A broken key is the right one with something appended after a character that no step's name has.
#[cfg(feature = "mutations")]
impl Runtime {
    fn mutate_key(&self, arrival: &mut Arrival) {
        let ask = arrival.incoming.ask;
        let suffix = match self.settings.mutation {
            Some(crate::Mutation::InboxByCommandId) => format!("{:?} {}", ask.kind, ask.revision),
            Some(crate::Mutation::FamilyKeyPerSaga) if arrival.incoming.family => ask.saga.to_string(),
            _ => return,
        };
        arrival.key.step = format!("{}\u{1}{suffix}", arrival.key.step).into();
    }

    fn mutate_call_id(&self, id: String, times: u32) -> String {
        match self.settings.mutation {
            Some(crate::Mutation::NewCallKeyAfterACrash) if times > 1 => format!("{id}-{times}"),
            _ => id,
        }
    }

    fn step_name<'a>(&self, key: &'a StepKey) -> &'a str {
        key.step.split('\u{1}').next().unwrap_or_default()
    }

    fn call_step<'a>(&self, key: &'a StepKey) -> &'a str {
        match self.settings.mutation {
            Some(crate::Mutation::FamilyKeyPerSaga) => &key.step,
            _ => self.step_name(key),
        }
    }
}
