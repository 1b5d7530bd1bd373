//! One batch at work: every step that it touches, taken in rounds. A round feeds each step its commands until one needs
//! a call, commits the intents, makes the calls side by side, and takes their results; the next round goes on from
//! there. Two transactions for a batch in which every command needs one call.

use std::collections::{BTreeMap, VecDeque};

use super::{
    Error, Runtime,
    arrival::{self, ActCommand, Arrival},
    perform::{Job, Performed},
};
use crate::{
    Outgoing,
    department::Traits,
    inbox::{self, Changes, DeadLetter, KeptCommand, StepKey, StepRow},
    record::{Answer, Calling, Context, Outcome, Plan, StepRecord, What},
    settings::ROUNDS_MAX,
};

/// The code of the answer to a command that the department does not know.
const CODE_UNKNOWN_COMMAND: &str = "SDK-UNKNOWN-COMMAND";

/// One step while a batch works on it.
pub(super) struct Work {
    pub(super) row: StepRow,
    pub(super) record: StepRecord,
    queue: VecDeque<Arrival>,
    /// The commands of its acts, by revision, as far as they are needed.
    pub(super) acts: BTreeMap<u32, ActCommand>,
    call: Option<Calling>,
    /// False once a call of this batch ended without result.
    may_call: bool,
}

/// A batch of commands, or of steps in which something is due.
pub(super) struct Batch<'a> {
    runtime: &'a Runtime,
    now_ms: i64,
    works: Vec<Work>,
    changes: Changes,
    outgoing: Vec<Outgoing>,
}

impl<'a> Batch<'a> {
    /// A batch of commands: one load for all of their steps.
    pub(super) async fn of_commands(
        runtime: &'a Runtime,
        arrivals: Vec<Arrival>,
        dead_letters: Vec<DeadLetter>,
    ) -> Result<Batch<'a>, Error> {
        let mut places: BTreeMap<StepKey, usize> = BTreeMap::new();
        let mut keys: Vec<StepKey> = Vec::new();
        let mut queues: Vec<VecDeque<Arrival>> = Vec::new();
        for mut arrival in arrivals {
            runtime.mutate_key(&mut arrival);
            let place = *places.entry(arrival.key.clone()).or_insert_with(|| {
                keys.push(arrival.key.clone());
                queues.push(VecDeque::new());
                keys.len() - 1
            });
            queues[place].push_back(arrival);
        }
        let rows = match keys.is_empty() {
            true => Vec::new(),
            false => runtime.inbox.load(&keys).await?,
        };
        let mut works = Vec::with_capacity(rows.len());
        for (row, queue) in rows.into_iter().zip(queues) {
            works.push(work(row, queue)?);
        }
        let changes = Changes { dead_letters, ..Changes::default() };
        let now_ms = runtime.clock.now_ms();
        Ok(Batch { runtime, now_ms, works, changes, outgoing: Vec::new() })
    }

    /// A batch of steps in which something is due.
    pub(super) fn of_due(runtime: &'a Runtime, rows: Vec<StepRow>, notices: Vec<bus::Message>) -> Result<Self, Error> {
        let now_ms = runtime.clock.now_ms();
        let mut batch = Batch { runtime, now_ms, works: Vec::new(), changes: Changes::default(), outgoing: Vec::new() };
        batch.changes.outgoing = notices;
        for row in rows {
            batch.works.push(work(row, VecDeque::new())?);
            let index = batch.works.len() - 1;
            let context = batch.context(index);
            let plan = batch.works[index].record.call_again(&context);
            batch.take(index, plan)?;
        }
        Ok(batch)
    }

    /// Works it off; gives the recorded messages to publish.
    pub(super) async fn run(mut self) -> Result<Vec<Outgoing>, Error> {
        for _ in 0..ROUNDS_MAX {
            let calls = self.next_calls()?;
            if calls.is_empty() {
                break;
            }
            if calls.iter().any(|&(index, call)| self.needs_intent(index, call)) {
                self.commit().await?;
            }
            let jobs = self.jobs(calls).await?;
            for (job, performed) in self.runtime.perform(jobs, self.now_ms).await {
                self.finish(job.index, &job.call, performed)?;
            }
        }
        self.look_up_the_rest()?;
        self.commit().await?;
        Ok(self.outgoing)
    }

    fn traits(&self, index: usize) -> Traits {
        let command = self.runtime.department.find(self.works[index].record.command());
        command.map(|command| self.runtime.department.traits(command)).unwrap_or_default()
    }

    fn context(&self, index: usize) -> Context {
        self.runtime.context(self.traits(index), self.now_ms, self.works[index].may_call)
    }

    /// Feeds each step until it needs a call; gives the calls of this round.
    fn next_calls(&mut self) -> Result<Vec<(usize, Calling)>, Error> {
        let mut calls = Vec::new();
        for index in 0..self.works.len() {
            while self.works[index].call.is_none() {
                let Some(arrival) = self.works[index].queue.pop_front() else { break };
                self.feed(index, arrival)?;
            }
            if let Some(call) = self.works[index].call.take() {
                calls.push((index, call));
            }
        }
        Ok(calls)
    }

    fn feed(&mut self, index: usize, arrival: Arrival) -> Result<(), Error> {
        let Arrival { incoming, command, .. } = arrival;
        let Some(known) = self.runtime.department.find(&command.name) else {
            return self.refuse_unknown(index, incoming);
        };
        let context =
            self.runtime.context(self.runtime.department.traits(known), self.now_ms, self.works[index].may_call);
        let ask = incoming.ask;
        let work = &mut self.works[index];
        let plan = work.record.plan(&incoming, &context);
        let called = plan.call.is_some_and(|call| {
            call.what == What::Act && call.times == 1 && call.asked_by == Some(ask) && call.needs_intent
        });
        if called || (ask.kind == crate::record::Kind::Act && work.record.keeps_waiting(ask)) {
            let kept = KeptCommand { row: work.row.id, revision: ask.revision, command: command.encoded.clone() };
            self.changes.commands.push(kept);
            work.acts.insert(ask.revision, command);
        }
        self.take(index, plan)
    }

    /// A name that is not in the department's table is answered at once and leaves no trace in the inbox.
    fn refuse_unknown(&mut self, index: usize, incoming: crate::record::Incoming) -> Result<(), Error> {
        tracing::error!(step.name = %self.works[index].row.key.step, "a command came that this department does not know");
        let outcome = Outcome::Failed { code: CODE_UNKNOWN_COMMAND.to_owned(), retryable: false };
        let answer = Answer { ask: incoming.ask, number: 0, outcome };
        let message = self.runtime.reply(&self.works[index].row.key, &answer, &incoming.address, &self.works[index])?;
        self.changes.outgoing.push(message);
        Ok(())
    }

    fn take(&mut self, index: usize, plan: Plan) -> Result<(), Error> {
        self.works[index].call = plan.call;
        for answer in &plan.answers {
            let work = &self.works[index];
            let Some(address) = work.record.address(answer.ask.saga) else { continue };
            let message = self.runtime.reply(&work.row.key, answer, address, work)?;
            self.changes.outgoing.push(message);
        }
        Ok(())
    }

    fn finish(&mut self, index: usize, call: &Calling, performed: Performed) -> Result<(), Error> {
        let context = self.context(index);
        let work = &mut self.works[index];
        if performed.came_to_nothing() {
            work.may_call = false;
        }
        let plan = work.record.finish(call, performed.result, &context);
        self.changes.effects.append(performed.effects);
        self.take(index, plan)
    }

    /// What is left after the last round is only looked up; what needs a call has its intent recorded and is due.
    fn look_up_the_rest(&mut self) -> Result<(), Error> {
        for index in 0..self.works.len() {
            self.works[index].may_call = false;
            while let Some(arrival) = self.works[index].queue.pop_front() {
                self.feed(index, arrival)?;
            }
        }
        Ok(())
    }

    /// A call whose effect commits with the inbox, or that only reads, needs no intent.
    fn needs_intent(&self, index: usize, call: Calling) -> bool {
        let traits = self.traits(index);
        let harmless = match call.what {
            What::Act => traits.local || traits.query,
            What::Undo => traits.undo_local,
            What::Stop => false,
        };
        call.needs_intent && !harmless
    }

    /// The calls with their data; what is not in memory is loaded from the inbox at once.
    async fn jobs(&mut self, calls: Vec<(usize, Calling)>) -> Result<Vec<Job>, Error> {
        let missing: Vec<(i64, u32)> = calls
            .iter()
            .filter(|(index, call)| !self.works[*index].acts.contains_key(&call.revision))
            .map(|(index, call)| (self.works[*index].row.id, call.revision))
            .collect();
        if !missing.is_empty() {
            let kept = self.runtime.inbox.kept_commands(&missing).await?;
            let places: BTreeMap<i64, usize> =
                calls.iter().map(|(index, _)| (self.works[*index].row.id, *index)).collect();
            for KeptCommand { row, revision, command } in kept {
                let parsed = arrival::parse_kept(command, &self.runtime.endpoint, &self.runtime.keys)?;
                if let (Some(command), Some(&index)) = (parsed, places.get(&row)) {
                    self.works[index].acts.insert(revision, command);
                }
            }
        }
        calls.into_iter().map(|(index, call)| self.runtime.job(index, call, &self.works[index])).collect()
    }

    /// One transaction for everything that changed since the last one.
    async fn commit(&mut self) -> Result<(), Error> {
        let mut changes = std::mem::take(&mut self.changes);
        for work in &mut self.works {
            let record = work.record.to_bytes();
            if record != work.row.record && !work.record.command().is_empty() {
                work.row.record = record;
                work.row.due_ms = work.record.due_ms();
                work.row.changed_ms = self.now_ms;
                changes.rows.push(work.row.clone());
            }
        }
        changes.published = self.runtime.take_published();
        if changes.is_empty() {
            return Ok(());
        }
        let messages = changes.outgoing.clone();
        let numbers = self.runtime.inbox.commit(changes).await?;
        let recorded = numbers.into_iter().zip(messages).map(|(id, message)| Outgoing { id, message });
        self.outgoing.extend(recorded);
        Ok(())
    }
}

fn work(row: StepRow, queue: VecDeque<Arrival>) -> Result<Work, Error> {
    let record = StepRecord::from_bytes(&row.record).ok_or(inbox::Error::Damaged { what: "a step's record" })?;
    Ok(Work { row, record, queue, acts: BTreeMap::new(), call: None, may_call: true })
}
