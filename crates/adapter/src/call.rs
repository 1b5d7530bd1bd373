//! What a department's function is told about the call besides its fields.

use serde::de::DeserializeOwned;

/// One call of a department's function.
#[derive(Clone, Debug)]
pub struct Call {
    pub(crate) id: String,
    pub(crate) revision: u32,
    pub(crate) attempt: u32,
    pub(crate) not_after_ms: i64,
    pub(crate) now_ms: i64,
    pub(crate) first: bool,
}

impl Call {
    /// The idempotency key of the call: 32 hexadecimal digits, the same for the same (effect key, step, revision), in
    /// every repetition and after every crash. A department's system must do the effect at most once for it.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Which revision of the fields this is: 1 at first, higher after a correction or a redo.
    pub fn revision(&self) -> u32 {
        self.revision
    }

    /// How often the orchestrator has sent the command, for people; decide nothing by it.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// After this moment (milliseconds since 1970) the effect must not be done any more; 0: no such moment.
    pub fn not_after_ms(&self) -> i64 {
        self.not_after_ms
    }

    /// The moment of the call by the runtime's clock, in milliseconds since 1970.
    pub fn now_ms(&self) -> i64 {
        self.now_ms
    }

    /// False if the same call was made before: its result is not known, or it was accepted and is asked about again.
    pub fn first(&self) -> bool {
        self.first
    }
}

/// What is to be undone.
#[derive(Clone)]
pub struct Undo<Fields, Output> {
    /// The id under which the act was called.
    pub act_id: String,
    /// The fields it was done with.
    pub fields: Fields,
    /// What it gave; `None` for an act that was accepted and has given nothing yet.
    pub output: Option<Output>,
}

/// What is to be undone, before the department's types are known.
pub(crate) struct UndoParts {
    pub(crate) act_id: String,
    pub(crate) fields: Vec<u8>,
    pub(crate) output: Option<Vec<u8>>,
}

impl UndoParts {
    /// The typed form; `None` if it does not decode, because another version of the department's adapter did the act.
    pub(crate) fn typed<Fields: DeserializeOwned, Output: DeserializeOwned>(self) -> Option<Undo<Fields, Output>> {
        let fields = serde_json::from_slice(&self.fields).ok()?;
        let output = match self.output {
            Some(output) => Some(serde_json::from_slice(&output).ok()?),
            None => None,
        };
        Some(Undo { act_id: self.act_id, fields, output })
    }
}
