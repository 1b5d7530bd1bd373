//! The one way in: load, decide, append. Every input of every saga passes through here, in batches.
//!
//! ```text
//!   queue ──> batch ──> load the sagas it names       (one read)
//!                          │
//!                          v
//!                decide each input in order            pure, in memory; the law is asked here
//!                          │
//!                          v
//!                append what changed                   (one transaction)
//!                   │            │
//!              committed       stale ──> forget what was loaded, decide again
//!                   │
//!                   ├──> answers to those who wait
//!                   ├──> watchers
//!                   └──> commands to the relay
//! ```
//!
//! Whatever has queued while the last batch was committed makes the next one, so that an idle system adds no delay and a
//! loaded one commits hundreds of sagas per fsync. Nothing leaves before the commit; a saga that cannot be read is
//! quarantined alone. Nothing here waits for a department, and nothing awaits per row.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    num::NonZeroUsize,
    sync::Arc,
};

use lru::LruCache;
use service::clock::Clock;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use crate::{
    definitions::Definitions,
    downtime::Downtimes,
    limits,
    outbound::Outgoing,
    secrets::Secrets,
    store::{self, Appended, Blind, DeadLetter, PublicId, SagaNumber, Store, UnmatchedNotice},
    watch::{Snapshot, Watchers},
};

pub mod application;
mod compose;
mod finish;
mod follow;
pub(crate) mod kept_decision;
mod law;
mod load;
mod notify;
mod silences;
mod take;
pub mod tally;
pub mod work;
mod working;

use application::Application;
pub(crate) use compose::{message_of, message_step};
pub(crate) use law::{PACK_CHOICE, beijing};
pub(crate) use take::OFFICER;
use tally::Tally;
use work::{Done, Queued, Work};
pub(crate) use working::CALLER;
use working::{Cached, Working};

/// What the coordinator needs of the world.
pub struct Parts {
    /// Where everything is kept.
    pub store: Arc<dyn Store>,
    /// What sagas are pinned to.
    pub definitions: Arc<Definitions>,
    /// The years whose working days are known.
    pub calendar: Arc<policy::Calendar>,
    /// The keys.
    pub secrets: Arc<Secrets>,
    /// Machine time.
    pub clock: Arc<dyn Clock>,
    /// Who watches which case.
    pub watchers: Arc<Watchers>,
    /// Where departments answer.
    pub reply_topic: Arc<str>,
    /// When nobody could reach us.
    pub downtimes: Downtimes,
    /// Gives a public id that was never given before: UUIDs of version 7, and in the simulation numbers.
    pub new_id: Arc<dyn Fn() -> PublicId + Send + Sync>,
}

/// Kept notices that a start looks through at once.
const NOTICES_AT_ONCE: u32 = 256;

/// Load, decide, append.
pub struct Coordinator {
    parts: Parts,
    sagas: LruCache<SagaNumber, Cached>,
    applications: LruCache<PublicId, Application>,
    applications_max: usize,
    numbers: std::ops::Range<SagaNumber>,
    quarantined: HashSet<SagaNumber>,
    silences: silences::Silences,
    /// Notices that lay waiting and are being told to a case, by their own ids: their rows go when that is stored.
    kept: HashMap<[u8; 16], u64>,
    /// What was committed, for the benchmark and the metrics.
    pub tally: Arc<Tally>,
}

/// What one batch came to.
#[derive(Default)]
pub struct Processed {
    /// Commands to publish, now that they are committed.
    pub outgoing: Vec<Outgoing>,
    /// How many sagas were committed.
    pub sagas: usize,
}

/// A batch while it is being decided.
#[derive(Default)]
struct Batch {
    sagas: BTreeMap<SagaNumber, Working>,
    /// New applications and recorded acts, by application.
    opens: BTreeMap<PublicId, store::NewApplication>,
    acts: BTreeMap<PublicId, store::Act>,
    /// Work that waits for the commit of an application's unit.
    decided: Vec<Decided>,
    /// Work for the next round.
    later: Vec<Queued>,
    dead: Vec<DeadLetter>,
    unmatched: Vec<UnmatchedNotice>,
    /// Applications with a saga that turned out not to be workable: nothing of them is stored in this round.
    failed: BTreeSet<PublicId>,
    /// Sagas that a notice has changed.
    noticed: BTreeSet<SagaNumber>,
    /// The case that a procedure follows, where the law asked in vain.
    followed: BTreeMap<SagaNumber, SagaNumber>,
}

/// Work that was decided and is to be answered once it is stored.
struct Decided {
    application: PublicId,
    queued: Queued,
    done: Done,
}

impl Coordinator {
    /// A coordinator that has seen nothing yet.
    pub fn new(parts: Parts) -> Self {
        let capacity = |count| NonZeroUsize::new(count).expect("a cache has room");
        Self {
            parts,
            sagas: LruCache::new(capacity(limits::SAGAS_CACHED)),
            // Bounded after each round: within one, whatever it needs stays.
            applications: LruCache::unbounded(),
            applications_max: limits::APPLICATIONS_CACHED,
            numbers: 0..0,
            quarantined: HashSet::new(),
            silences: silences::Silences::default(),
            kept: HashMap::new(),
            tally: Arc::default(),
        }
    }

    /// With other room for what is kept between batches.
    #[cfg(test)]
    pub(crate) fn keep_at_most(&mut self, sagas: usize, applications: usize) {
        self.sagas.resize(NonZeroUsize::new(sagas).expect("a cache has room"));
        self.applications_max = applications;
    }

    /// Tells notices that lie waiting to the cases that they have by now: a kill may have come between the commit of a
    /// case and the look at what had waited for it.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn catch_up(&mut self) -> Result<Vec<Outgoing>, store::Error> {
        let mut outgoing = Vec::new();
        let mut before = None;
        loop {
            let page = self.parts.store.notices(before, NOTICES_AT_ONCE).await?;
            let Some(last) = page.last() else { return Ok(outgoing) };
            before = Some(last.id);
            let subjects: BTreeSet<Blind> =
                page.iter().filter(|notice| notice.waits).map(|notice| notice.subject).collect();
            let mut known = Vec::new();
            for subject in subjects {
                if !self.parts.store.find_subject(subject).await?.is_empty() {
                    known.push(subject);
                }
            }
            let work = self.notices_that_waited(&known).await?;
            outgoing.append(&mut self.process(work).await?.outgoing);
        }
    }

    /// Takes work until the queue closes or the service stops; a batch that was begun is finished.
    ///
    /// # Errors
    /// If the store fails: what was not committed was not answered, and comes again after the restart.
    pub async fn run(
        mut self,
        mut queue: mpsc::Receiver<Queued>,
        relay: mpsc::Sender<Vec<Outgoing>>,
        stop: CancellationToken,
    ) -> Result<(), store::Error> {
        let found = self.catch_up().await?;
        if !found.is_empty() && relay.try_send(found).is_err() {
            tracing::warn!("the relay is behind; commands wait for their next turn");
        }
        let mut batch = Vec::with_capacity(limits::BATCH_MAX);
        loop {
            let taken = tokio::select! {
                taken = queue.recv_many(&mut batch, limits::BATCH_MAX) => taken,
                () = stop.cancelled() => 0,
            };
            if taken == 0 {
                return Ok(());
            }
            let processed = self.process(std::mem::take(&mut batch)).await?;
            if !processed.outgoing.is_empty() && relay.try_send(processed.outgoing).is_err() {
                // The rows stay due: the clock sends them again.
                tracing::warn!("the relay is behind; commands wait for their next turn");
            }
        }
    }

    /// Decides and commits a batch, round by round until nothing of it is left.
    ///
    /// # Errors
    /// If the store fails; what was not committed is not answered.
    pub async fn process(&mut self, batch: Vec<Queued>) -> Result<Processed, store::Error> {
        let mut processed = Processed::default();
        let mut left = batch;
        let mut in_vain = 0;
        while in_vain < limits::STALE_MAX {
            if left.is_empty() {
                return Ok(processed);
            }
            let (sagas, work) = (processed.sagas, left.len());
            left = self.round(left, &mut processed).await?;
            // Acts on one application take turns, a round each; only a round that comes to nothing was overtaken.
            let came_on = processed.sagas > sagas || left.len() < work;
            in_vain = if came_on { 0 } else { in_vain + 1 };
        }
        tracing::error!(work = left.len(), "work was overtaken by another writer again and again; it comes again");
        Ok(processed)
    }

    /// One round: everything that can be decided together. Answers what is left for the next.
    async fn round(&mut self, work: Vec<Queued>, processed: &mut Processed) -> Result<Vec<Queued>, store::Error> {
        let now = self.parts.clock.now_ms();
        let mut batch = Batch::default();
        let subjects = self.load(&work, &mut batch).await?;
        for queued in work {
            self.take(queued, &subjects, &mut batch, now);
        }
        let (units, messages) = self.units(&mut batch, now);
        let answers = if units.is_empty() { Vec::new() } else { self.parts.store.append(&units).await? };
        if !units.is_empty() {
            self.tally.committed(units.iter().map(|unit| unit.sagas.len()).sum());
        }
        let mut fates: BTreeMap<PublicId, Appended> = BTreeMap::new();
        for (unit, answer) in units.iter().zip(answers) {
            let application = unit.opens.as_ref().map_or_else(
                || unit.sagas.first().map_or([0; 16], |change| change.summary.application),
                |opens| opens.id,
            );
            fates.insert(application, answer);
        }
        drop(units);
        self.keep_aside(&mut batch).await?;
        let left = self.settle(batch, &fates, messages, processed).await?;
        while self.applications.len() > self.applications_max {
            self.applications.pop_lru();
        }
        Ok(left)
    }

    /// Writes down what could not be used or belongs to nobody yet.
    async fn keep_aside(&mut self, batch: &mut Batch) -> Result<(), store::Error> {
        if !batch.dead.is_empty() {
            self.parts.store.bury(&std::mem::take(&mut batch.dead)).await?;
        }
        if !batch.unmatched.is_empty() {
            self.parts.store.keep_notices(&std::mem::take(&mut batch.unmatched)).await?;
        }
        Ok(())
    }

    /// Takes each unit's fate: the committed is kept, answered and sent; the stale is decided again.
    async fn settle(
        &mut self,
        batch: Batch,
        fates: &BTreeMap<PublicId, Appended>,
        mut messages: BTreeMap<SagaNumber, Vec<Outgoing>>,
        processed: &mut Processed,
    ) -> Result<Vec<Queued>, store::Error> {
        let mut later = batch.later;
        let mut found_by = BTreeSet::new();
        for (number, working) in batch.sagas {
            let application = working.now.summary.application;
            let changed = working.now.version > working.began_at;
            match fates.get(&application) {
                Some(Appended::Committed) if changed => {
                    processed.sagas += 1;
                    processed.outgoing.append(&mut messages.remove(&number).unwrap_or_default());
                    found_by.extend(working.found_by.iter().copied());
                    self.tell(number, &working.now);
                    self.sagas.put(number, working.now);
                }
                // Nothing was stored of it, and nothing of what was decided is believed.
                _ if changed => {}
                Some(Appended::Committed) | None => {
                    self.sagas.put(number, working.now);
                }
                // What was decided on is not what is stored; it is loaded anew.
                Some(
                    Appended::Stale
                    | Appended::KeyKnown { .. }
                    | Appended::ChildLive { .. }
                    | Appended::ActKnown { .. },
                ) => {}
            }
        }
        let mut told = Vec::new();
        let mut useless = Batch::default();
        for decided in batch.decided {
            match fates.get(&decided.application) {
                Some(Appended::Stale | Appended::ActKnown { .. }) => later.push(decided.queued),
                Some(Appended::KeyKnown { application, form }) => {
                    self.applications.pop(&decided.application);
                    let done = self.known_under_key(&decided.queued.work, *application, *form).await?;
                    answer(decided.queued.answer, done);
                }
                Some(Appended::ChildLive { case }) => {
                    self.applications.pop(&decided.application);
                    answer(decided.queued.answer, Done::ChildLive { case: *case });
                }
                _ if batch.failed.contains(&decided.application) => {
                    if let Work::Notice(notice) = &decided.queued.work {
                        self.kept.remove(&notice.id);
                        let why = "办件无法据此继续 the case cannot go on with it";
                        self.keep_notice(notice, false, why, &mut useless);
                        answer(decided.queued.answer, Done::Buried);
                        continue;
                    }
                    // What was meant for a sibling is decided again without the saga that is left alone now.
                    let names = decided.queued.work.names();
                    if matches!(decided.queued.work, Work::File(_))
                        || names.iter().any(|number| self.quarantined.contains(number))
                    {
                        answer(decided.queued.answer, Done::Quarantined);
                    } else {
                        later.push(decided.queued);
                    }
                }
                Some(Appended::Committed) | None => {
                    if let Work::Notice(notice) = &decided.queued.work
                        && let Some(row) = self.kept.remove(&notice.id)
                        && matches!(&decided.done, Done::Answered(answers) if !answers.iter().any(is_refused))
                    {
                        told.push(row);
                    }
                    answer(decided.queued.answer, decided.done);
                }
            }
        }
        self.keep_aside(&mut useless).await?;
        if !told.is_empty() {
            self.parts.store.notices_matched(&told).await?;
        }
        let subjects: Vec<_> = found_by.into_iter().collect();
        later.extend(self.notices_that_waited(&subjects).await?);
        Ok(later)
    }

    fn tell(&self, number: SagaNumber, cached: &Cached) {
        self.parts.watchers.tell(number, || Snapshot {
            number,
            version: cached.version,
            summary: cached.summary.clone(),
            saga: cached.saga.clone(),
            definition: cached.definition.clone(),
            pack: cached.pack.clone(),
        });
    }
}

fn is_refused(answer: &saga::Answer) -> bool {
    matches!(answer, saga::Answer::Refused(_))
}

/// Answers, if somebody still waits.
fn answer(to: Option<oneshot::Sender<Done>>, done: Done) {
    if let Some(to) = to {
        // Whoever has gone away asks again under the same idempotency key.
        let _gone = to.send(done);
    }
}

impl Work {
    /// The sagas that it names.
    fn names(&self) -> Vec<SagaNumber> {
        match self {
            Self::File(_) | Self::Notice(_) => Vec::new(),
            Self::Follow(follow) => follow.cases.clone(),
            Self::Order(order) => order.inputs.iter().map(|(number, _)| *number).collect(),
            Self::Look(look) => vec![look.number],
            Self::Reply(reply) => vec![reply.saga],
            Self::Due(due) => vec![due.number],
        }
    }
}
