//! The inbox in memory: for tests, the simulation and measurements. What it holds is lost with it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;

use super::{Changes, DeadLetter, Error, Inbox, KeptCommand, Outgoing, StepKey, StepRow};

/// An inbox in memory.
#[derive(Default)]
pub struct MemoryInbox {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    rows: BTreeMap<i64, StepRow>,
    numbers: BTreeMap<StepKey, i64>,
    due: BTreeSet<(i64, i64)>,
    commands: BTreeMap<(i64, u32), Vec<u8>>,
    outgoing: BTreeMap<i64, bus::Message>,
    dead_letters: Vec<DeadLetter>,
    last_row: i64,
    last_outgoing: i64,
}

impl State {
    fn put(&mut self, row: StepRow) {
        if let Some(old_due_ms) = self.rows.get(&row.id).and_then(|old| old.due_ms) {
            self.due.remove(&(old_due_ms, row.id));
        }
        if let Some(due_ms) = row.due_ms {
            self.due.insert((due_ms, row.id));
        }
        self.numbers.insert(row.key.clone(), row.id);
        self.rows.insert(row.id, row);
    }
}

impl MemoryInbox {
    /// An empty inbox.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many steps it knows.
    pub fn steps(&self) -> usize {
        self.state().rows.len()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic while the lock was held came from a department's own effect; what was written before it stands.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Inbox for MemoryInbox {
    async fn load(&self, keys: &[StepKey]) -> Result<Vec<StepRow>, Error> {
        let mut state = self.state();
        let mut rows = Vec::with_capacity(keys.len());
        for key in keys {
            let known = state.numbers.get(key).and_then(|id| state.rows.get(id)).cloned();
            rows.push(known.unwrap_or_else(|| {
                state.last_row += 1;
                StepRow { id: state.last_row, key: key.clone(), due_ms: None, changed_ms: 0, record: Vec::new() }
            }));
        }
        Ok(rows)
    }

    async fn kept_commands(&self, wanted: &[(i64, u32)]) -> Result<Vec<KeptCommand>, Error> {
        let state = self.state();
        let kept = wanted.iter().filter_map(|&(row, revision)| {
            let command = state.commands.get(&(row, revision))?.clone();
            Some(KeptCommand { row, revision, command })
        });
        Ok(kept.collect())
    }

    async fn commit(&self, changes: Changes) -> Result<Vec<i64>, Error> {
        let mut state = self.state();
        for row in changes.rows {
            state.put(row);
        }
        for kept in changes.commands {
            state.commands.insert((kept.row, kept.revision), kept.command);
        }
        let mut numbers = Vec::with_capacity(changes.outgoing.len());
        for message in changes.outgoing {
            state.last_outgoing += 1;
            let number = state.last_outgoing;
            state.outgoing.insert(number, message);
            numbers.push(number);
        }
        for id in changes.published {
            state.outgoing.remove(&id);
        }
        state.dead_letters.extend(changes.dead_letters);
        for effect in changes.effects.in_memory {
            effect();
        }
        Ok(numbers)
    }

    async fn unpublished(&self, limit: usize) -> Result<Vec<Outgoing>, Error> {
        let state = self.state();
        let oldest = state.outgoing.iter().take(limit);
        Ok(oldest.map(|(&id, message)| Outgoing { id, message: message.clone() }).collect())
    }

    async fn published(&self, ids: &[i64]) -> Result<(), Error> {
        let mut state = self.state();
        for id in ids {
            state.outgoing.remove(id);
        }
        Ok(())
    }

    async fn due(&self, now_ms: i64, limit: usize) -> Result<Vec<StepRow>, Error> {
        let state = self.state();
        let due = state.due.iter().take_while(|(due_ms, _)| *due_ms <= now_ms).take(limit);
        Ok(due.filter_map(|(_, id)| state.rows.get(id).cloned()).collect())
    }

    async fn forget_before(&self, changed_ms: i64) -> Result<u64, Error> {
        let mut state = self.state();
        let old = |row: &&StepRow| row.due_ms.is_none() && row.changed_ms < changed_ms;
        let forgotten: Vec<i64> = state.rows.values().filter(old).map(|row| row.id).collect();
        for id in &forgotten {
            if let Some(row) = state.rows.remove(id) {
                state.numbers.remove(&row.key);
            }
            let revisions: Vec<(i64, u32)> =
                state.commands.range((*id, 0)..=(*id, u32::MAX)).map(|(key, _)| *key).collect();
            for key in revisions {
                state.commands.remove(&key);
            }
        }
        Ok(forgotten.len() as u64)
    }

    async fn dead_letters(&self, limit: usize) -> Result<Vec<DeadLetter>, Error> {
        Ok(self.state().dead_letters.iter().rev().take(limit).cloned().collect())
    }
}
