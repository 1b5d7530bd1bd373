//! From stored entries to a saga, and back from events to entries.

use saga::{Definition, Event, Saga, event::SCHEMA};

use crate::store::{Entry, Loaded};

/// Why a saga cannot be read. Such a saga is quarantined alone, visibly.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The entry was written by a later program.
    #[error("entry {seq} has schema {schema}, this program reads up to {SCHEMA}")]
    Schema {
        /// Which entry.
        seq: u64,
        /// Its schema.
        schema: u16,
    },
    /// An entry is missing.
    #[error("entry {seq} is missing")]
    Gap {
        /// Which entry.
        seq: u64,
    },
    /// The entry cannot be decoded.
    #[error("entry {seq} cannot be decoded")]
    Decode {
        /// Which entry.
        seq: u64,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// An event names a step that the definition does not have.
    #[error("entry {seq} names step {step}, which the definition does not have")]
    Step {
        /// Which entry.
        seq: u64,
        /// Which step.
        step: u8,
    },
}

/// The saga after all its entries.
///
/// # Errors
/// If an entry is missing, from the future, or cannot be decoded.
pub fn fold(definition: &Definition, loaded: &Loaded) -> Result<Saga, Error> {
    let mut saga = Saga::new(definition);
    for (entry, expected) in loaded.entries.iter().zip(1..) {
        if entry.seq != expected {
            return Err(Error::Gap { seq: expected });
        }
        for event in events(entry)? {
            if let Some(step) = event.fact.step().filter(|step| step.at() >= definition.steps.len()) {
                return Err(Error::Step { seq: entry.seq, step: step.0 });
            }
            saga.apply(definition, entry.at, &event);
        }
    }
    if loaded.entries.len() as u64 != loaded.version {
        return Err(Error::Gap { seq: loaded.version });
    }
    Ok(saga)
}

/// The events of one entry.
///
/// # Errors
/// If the entry is from the future or cannot be decoded.
pub fn events(entry: &Entry) -> Result<Vec<Event>, Error> {
    if entry.schema > SCHEMA {
        return Err(Error::Schema { seq: entry.seq, schema: entry.schema });
    }
    serde_json::from_slice(&entry.body).map_err(|source| Error::Decode { seq: entry.seq, source })
}

/// The entry of one decision.
pub fn entry(seq: u64, at: i64, events: &[Event]) -> Entry {
    let body = serde_json::to_vec(events).expect("events consist of what JSON can say");
    Entry { seq, at, schema: SCHEMA, body }
}
