//! How a simulated department behaves: slow, unwilling, broken or losing answers, per command, changed while it runs.
//!
//! Where chance is wanted it is drawn from the call's id, so that the same call meets the same fate when it is made
//! again, after a restart too.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde::Deserialize;

use crate::Retry;

/// How one command is treated. The default is prompt and faultless.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Behaviour {
    /// From acceptance to result, in milliseconds: a range, from which each call has its own time. `[0, 0]` answers
    /// at once without `Accepted`.
    pub finished_after_ms: [u64; 2],
    /// Refuses every act with this code.
    pub refuse: Option<String>,
    /// Answers `Failed`.
    pub fail: Option<Failing>,
    /// Asks once for a correction of every act's data.
    pub needs_correction: Option<Correction>,
    /// Until this moment (milliseconds since 1970) nothing answers and nothing is done.
    pub outage_until_ms: i64,
    /// How many answers are lost for each call after its effect was done.
    pub lose_answers: u32,
}

/// An answer `Failed`, and how often it is given.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failing {
    /// The department's code.
    pub code: String,
    /// Whether another sending can help.
    #[serde(default)]
    pub retry: Retrying,
    /// How many times for each call; `None`: always.
    #[serde(default)]
    pub times: Option<u32>,
}

/// [`Retry`], as configuration spells it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Retrying {
    /// Another sending can help.
    #[default]
    Later,
    /// A person must look.
    Never,
}

impl From<Retrying> for Retry {
    fn from(retrying: Retrying) -> Retry {
        match retrying {
            Retrying::Later => Retry::Later,
            Retrying::Never => Retry::Never,
        }
    }
}

/// A request for correction.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Correction {
    /// The department's code.
    pub code: String,
    /// The fields of the contract to be corrected.
    pub fields: Vec<String>,
}

/// Why a file of behaviours cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BehaviourFile {
    /// It cannot be read.
    #[error("read the behaviours in {file}")]
    Unreadable {
        /// The file.
        file: String,
        /// What the operating system says.
        #[source]
        source: std::io::Error,
    },
    /// It says what no behaviour is.
    #[error("understand the behaviours in {file}")]
    Wrong {
        /// The file.
        file: String,
        /// Which line, and why.
        #[source]
        source: Box<toml::de::Error>,
    },
}

/// The behaviours of one department's commands, shared with whoever changes them. `*` is every command not named.
#[derive(Clone, Debug, Default)]
pub struct Behaviours {
    by_command: Arc<Mutex<BTreeMap<String, Behaviour>>>,
}

impl Behaviours {
    /// These behaviours, by command; `*` is every command not named.
    pub fn new(by_command: BTreeMap<String, Behaviour>) -> Self {
        Self { by_command: Arc::new(Mutex::new(by_command)) }
    }

    /// Reads behaviours from TOML: one table for each command, `["*"]` for every one not named.
    ///
    /// # Errors
    /// With the line where the text is wrong.
    pub fn parse(text: &str) -> Result<Self, toml::de::Error> {
        Ok(Self::new(toml::from_str(text)?))
    }

    /// [Parses](Self::parse) a file.
    ///
    /// # Errors
    /// If it cannot be read or is wrong.
    pub fn load(path: &Path) -> Result<Self, BehaviourFile> {
        let file = path.display().to_string();
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(source) => return Err(BehaviourFile::Unreadable { file, source }),
        };
        Self::parse(&text).map_err(|source| BehaviourFile::Wrong { file, source: Box::new(source) })
    }

    /// How the command is treated now.
    pub fn of(&self, command: &str) -> Behaviour {
        let by_command = self.lock();
        by_command.get(command).or_else(|| by_command.get(ANY)).cloned().unwrap_or_default()
    }

    /// Treats the command so from now on.
    pub fn set(&self, command: &str, behaviour: Behaviour) {
        self.lock().insert(command.to_owned(), behaviour);
    }

    /// Changes how the command is treated, starting from how it is treated now.
    pub fn change(&self, command: &str, change: impl FnOnce(&mut Behaviour)) {
        let mut behaviour = self.of(command);
        change(&mut behaviour);
        self.set(command, behaviour);
    }

    /// The whole department is down until this moment (milliseconds since 1970); a moment in the past ends an outage.
    pub fn outage_until(&self, until_ms: i64) {
        let mut by_command = self.lock();
        by_command.entry(ANY.to_owned()).or_default();
        for behaviour in by_command.values_mut() {
            behaviour.outage_until_ms = until_ms;
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Behaviour>> {
        // A panic elsewhere cannot leave a map of plain values half changed.
        self.by_command.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const ANY: &str = "*";

impl Behaviour {
    /// How long this call takes, in milliseconds.
    pub(super) fn finished_after_ms(&self, call_id: &str) -> u64 {
        let [shortest, longest] = self.finished_after_ms;
        let span = longest.saturating_sub(shortest).saturating_add(1);
        shortest + spread(call_id) % span
    }
}

/// 64 bits of a text, the same for the same text: FNV-1a, then the finaliser of SplitMix64.
pub(super) fn spread(text: &str) -> u64 {
    let mut bits = text
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325, |bits: u64, byte| (bits ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}
