//! One transaction on a ledger: reads and writes that count together or not at all.
//!
//! In memory it keeps what stood before each write and puts it back when dropped; in a file it is SQLite's own.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::{Value, json};
use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};
use tokio::sync::{Mutex, MutexGuard, OwnedMutexGuard};

use super::ledger::{Effect, Error};
use crate::{Fact, Subject};

/// Counters and facts have registers of their own names beside the department's.
const COUNTERS: &str = "counter";
const FACTS: &str = "fact";

/// As many facts as one look for notices takes up; the next look takes the rest.
const FACTS_TOLD_MAX: usize = 256;

/// Where the pages lie.
#[derive(Clone)]
pub(super) enum Shelf {
    Memory(Arc<Mutex<Pages>>),
    File(Arc<Mutex<SqliteConnection>>),
}

impl Shelf {
    pub(super) async fn begin(&self) -> Result<Books, Error> {
        let open = match self {
            Shelf::Memory(pages) => {
                Open::Memory { pages: Arc::clone(pages).lock_owned().await, before: Vec::new(), committed: false }
            }
            Shelf::File(connection) => {
                let mut connection = Arc::clone(connection).lock_owned().await;
                // A transaction whose future was dropped is still open; it was never answered, so it is undone here.
                let _ = sqlx::query("ROLLBACK").execute(&mut *connection).await;
                sqlx::query("BEGIN IMMEDIATE").execute(&mut *connection).await?;
                Open::File(connection)
            }
        };
        Ok(Books { open })
    }

    pub(super) fn pages(&self) -> MutexGuard<'_, Pages> {
        match self {
            Shelf::Memory(pages) => pages.try_lock().expect("no transaction is under way between a test's calls"),
            Shelf::File(_) => panic!("only a ledger in memory is counted without waiting"),
        }
    }
}

/// A ledger in memory.
#[derive(Default)]
pub(super) struct Pages {
    effects: BTreeMap<String, (u64, Effect)>,
    entries: BTreeMap<(String, String), Value>,
}

impl Pages {
    pub(super) fn effects(&self) -> impl Iterator<Item = &Effect> {
        self.effects.values().map(|(_, effect)| effect)
    }

    fn restore(&mut self, before: Before) {
        match before {
            Before::Effect(call_id, Some(effect)) => {
                self.effects.insert(call_id, effect);
            }
            Before::Effect(call_id, None) => {
                self.effects.remove(&call_id);
            }
            Before::Entry(key, Some(value)) => {
                self.entries.insert(key, value);
            }
            Before::Entry(key, None) => {
                self.entries.remove(&key);
            }
        }
    }
}

/// What stood where something was written.
enum Before {
    Effect(String, Option<(u64, Effect)>),
    Entry((String, String), Option<Value>),
}

enum Open {
    Memory { pages: OwnedMutexGuard<Pages>, before: Vec<Before>, committed: bool },
    File(OwnedMutexGuard<SqliteConnection>),
}

impl Drop for Open {
    fn drop(&mut self) {
        if let Open::Memory { pages, before, committed: false } = self {
            while let Some(before) = before.pop() {
                pages.restore(before);
            }
        }
    }
}

/// A transaction on a ledger. Dropping it without [`commit`](Self::commit) undoes it.
pub struct Books {
    open: Open,
}

impl Books {
    /// Makes everything written count.
    ///
    /// # Errors
    /// If the file cannot be written; then nothing counts.
    pub async fn commit(mut self) -> Result<(), Error> {
        match &mut self.open {
            Open::Memory { committed, .. } => *committed = true,
            Open::File(connection) => {
                sqlx::query("COMMIT").execute(&mut **connection).await?;
            }
        }
        Ok(())
    }

    /// One entry of a register.
    ///
    /// # Errors
    /// If the file cannot be used.
    pub async fn get(&mut self, register: &str, key: &str) -> Result<Option<Value>, Error> {
        match &mut self.open {
            Open::Memory { pages, .. } => Ok(pages.entries.get(&(register.to_owned(), key.to_owned())).cloned()),
            Open::File(connection) => {
                let row = sqlx::query("SELECT value FROM entry WHERE register = ? AND key = ?")
                    .bind(register)
                    .bind(key)
                    .fetch_optional(&mut **connection)
                    .await?;
                row.map(|row| json_of(&row, 0)).transpose()
            }
        }
    }

    /// Writes one entry of a register, over an earlier one.
    ///
    /// # Errors
    /// If the file cannot be used.
    pub async fn put(&mut self, register: &str, key: &str, value: Value) -> Result<(), Error> {
        match &mut self.open {
            Open::Memory { pages, before, .. } => {
                let place = (register.to_owned(), key.to_owned());
                let earlier = pages.entries.insert(place.clone(), value);
                before.push(Before::Entry(place, earlier));
            }
            Open::File(connection) => {
                sqlx::query(
                    "INSERT INTO entry (register, key, value) VALUES (?, ?, ?)
                     ON CONFLICT (register, key) DO UPDATE SET value = excluded.value",
                )
                .bind(register)
                .bind(key)
                .bind(value.to_string())
                .execute(&mut **connection)
                .await?;
            }
        }
        Ok(())
    }

    /// Takes one entry out of a register.
    ///
    /// # Errors
    /// If the file cannot be used.
    pub async fn remove(&mut self, register: &str, key: &str) -> Result<(), Error> {
        match &mut self.open {
            Open::Memory { pages, before, .. } => {
                let place = (register.to_owned(), key.to_owned());
                let earlier = pages.entries.remove(&place);
                before.push(Before::Entry(place, earlier));
            }
            Open::File(connection) => {
                sqlx::query("DELETE FROM entry WHERE register = ? AND key = ?")
                    .bind(register)
                    .bind(key)
                    .execute(&mut **connection)
                    .await?;
            }
        }
        Ok(())
    }

    /// Every entry of a register, by key.
    ///
    /// # Errors
    /// If the file cannot be used.
    pub async fn entries(&mut self, register: &str) -> Result<Vec<(String, Value)>, Error> {
        match &mut self.open {
            Open::Memory { pages, .. } => {
                let from = (register.to_owned(), String::new());
                let entries = pages.entries.range(from..).take_while(|((of, _), _)| of == register);
                Ok(entries.map(|((_, key), value)| (key.clone(), value.clone())).collect())
            }
            Open::File(connection) => {
                let rows = sqlx::query("SELECT key, value FROM entry WHERE register = ? ORDER BY key")
                    .bind(register)
                    .fetch_all(&mut **connection)
                    .await?;
                rows.iter().map(|row| Ok((row.try_get(0)?, json_of(row, 1)?))).collect()
            }
        }
    }

    /// The next number of a counter: 1, 2, 3 …
    ///
    /// # Errors
    /// If the file cannot be used.
    pub async fn next(&mut self, counter: &str) -> Result<u64, Error> {
        let last = self.get(COUNTERS, counter).await?.and_then(|value| value.as_u64()).unwrap_or(0);
        self.put(COUNTERS, counter, json!(last + 1)).await?;
        Ok(last + 1)
    }

    /// What the call of this id did.
    ///
    /// # Errors
    /// If the file cannot be used.
    pub async fn effect(&mut self, call_id: &str) -> Result<Option<Effect>, Error> {
        match &mut self.open {
            Open::Memory { pages, .. } => Ok(pages.effects.get(call_id).map(|(_, effect)| effect.clone())),
            Open::File(connection) => {
                let row = sqlx::query(
                    "SELECT call_id, act, subject, done_at_ms, undone_at_ms, same_as, fields, outputs
                     FROM effect WHERE call_id = ?",
                )
                .bind(call_id)
                .fetch_optional(&mut **connection)
                .await?;
                row.as_ref().map(effect_of).transpose()
            }
        }
    }

    /// Every effect, in the order in which they were recorded.
    ///
    /// # Errors
    /// If the file cannot be used.
    pub async fn effects(&mut self) -> Result<Vec<Effect>, Error> {
        match &mut self.open {
            Open::Memory { pages, .. } => {
                let mut effects: Vec<_> = pages.effects.values().cloned().collect();
                effects.sort_unstable_by_key(|(number, _)| *number);
                Ok(effects.into_iter().map(|(_, effect)| effect).collect())
            }
            Open::File(connection) => {
                let rows = sqlx::query(
                    "SELECT call_id, act, subject, done_at_ms, undone_at_ms, same_as, fields, outputs
                     FROM effect ORDER BY number",
                )
                .fetch_all(&mut **connection)
                .await?;
                rows.iter().map(effect_of).collect()
            }
        }
    }

    /// Records an effect. Under an id that is recorded already nothing changes.
    ///
    /// # Errors
    /// If the file cannot be used.
    pub async fn record(&mut self, effect: &Effect) -> Result<(), Error> {
        match &mut self.open {
            Open::Memory { pages, before, .. } => {
                if !pages.effects.contains_key(&effect.call_id) {
                    let number = pages.effects.len() as u64;
                    pages.effects.insert(effect.call_id.clone(), (number, effect.clone()));
                    before.push(Before::Effect(effect.call_id.clone(), None));
                }
            }
            Open::File(connection) => {
                sqlx::query(
                    "INSERT INTO effect (call_id, act, subject, done_at_ms, undone_at_ms, same_as, fields, outputs)
                     VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (call_id) DO NOTHING",
                )
                .bind(&effect.call_id)
                .bind(&effect.act)
                .bind(&effect.subject)
                .bind(effect.done_at_ms)
                .bind(effect.undone_at_ms)
                .bind(&effect.same_as)
                .bind(effect.fields.to_string())
                .bind(effect.outputs.to_string())
                .execute(&mut **connection)
                .await?;
            }
        }
        Ok(())
    }

    /// Marks an effect as undone. False if nothing of it stood.
    ///
    /// # Errors
    /// If the file cannot be used.
    pub async fn mark_undone(&mut self, act_id: &str, now_ms: i64) -> Result<bool, Error> {
        match &mut self.open {
            Open::Memory { pages, before, .. } => {
                let Some(effect) = pages.effects.get_mut(act_id).filter(|(_, effect)| effect.undone_at_ms.is_none())
                else {
                    return Ok(false);
                };
                before.push(Before::Effect(act_id.to_owned(), Some(effect.clone())));
                effect.1.undone_at_ms = Some(now_ms);
                Ok(true)
            }
            Open::File(connection) => {
                let changed =
                    sqlx::query("UPDATE effect SET undone_at_ms = ? WHERE call_id = ? AND undone_at_ms IS NULL")
                        .bind(now_ms)
                        .bind(act_id)
                        .execute(&mut **connection)
                        .await?;
                Ok(changed.rows_affected() > 0)
            }
        }
    }

    /// Tells a fact that nobody asked for. It is collected until it is acknowledged.
    ///
    /// # Errors
    /// If the file cannot be used.
    pub async fn tell(&mut self, fact: &Fact) -> Result<(), Error> {
        let value = json!({ "kind": fact.kind, "subject": fact.subject, "fields": fact.fields });
        self.put(FACTS, &hex::encode(fact.id), value).await
    }

    pub(super) async fn untold(&mut self) -> Result<Vec<Fact>, Error> {
        let mut entries = self.entries(FACTS).await?;
        entries.truncate(FACTS_TOLD_MAX);
        let mut facts = Vec::with_capacity(entries.len());
        for (key, mut value) in entries {
            let mut id = [0; 16];
            let kind = value["kind"].as_str().unwrap_or_default().to_owned();
            let subject: Subject = serde_json::from_value(value["subject"].take())?;
            // A key that is no id was written by nobody here; it is passed over rather than told under a wrong id.
            if hex::decode_to_slice(&key, &mut id).is_ok() {
                facts.push(Fact { id, kind, subject, fields: value["fields"].take() });
            }
        }
        Ok(facts)
    }

    pub(super) async fn forget_fact(&mut self, id: &[u8; 16]) -> Result<(), Error> {
        self.remove(FACTS, &hex::encode(id)).await
    }
}

fn json_of(row: &SqliteRow, column: usize) -> Result<Value, Error> {
    let text: &str = row.try_get(column)?;
    Ok(serde_json::from_str(text)?)
}

fn effect_of(row: &SqliteRow) -> Result<Effect, Error> {
    Ok(Effect {
        call_id: row.try_get(0)?,
        act: row.try_get(1)?,
        subject: row.try_get(2)?,
        done_at_ms: row.try_get(3)?,
        undone_at_ms: row.try_get(4)?,
        same_as: row.try_get(5)?,
        fields: json_of(row, 6)?,
        outputs: json_of(row, 7)?,
    })
}
