//! Keeps personal data unreadable wherever it rests or travels: sealing, keys, blind index, masking.
//!
//! ```text
//!  MasterKey ──wraps──> CaseKey ──HKDF-SM3(endpoint)──> SealingKey ──seals──> fields of one case for one department
//!      │                   └─────HKDF-SM3(storage)────> SealingKey ──seals──> what the store keeps of one case
//!      ├──derives──> BlindIndex      equality search without clear text
//!      └──seals────> probe           "is this database ours?"
//!  ChannelKey (one per endpoint, by id, rotating) ──wraps──> SealingKey, which so travels in the envelope
//! ```
//!
//! Destroying a wrapped case key makes every copy of that case unreadable, in databases, topics and backups alike:
//! nothing else can derive it. The orchestrator holds the master key and all channel keys; an adapter holds only the
//! channel keys of its own endpoint, and never a case key.
//!
//! This crate knows nothing of sagas, tables or envelopes. It must never log, and no `Debug` here shows a secret.

mod blind_index;
mod case_key;
mod channel_key;
mod channel_keys;
mod derive;
mod error;
pub mod mask;
mod master_key;
mod sealing;
mod secret_file;
mod suite;

pub use blind_index::BlindIndex;
pub use case_key::CaseKey;
pub use channel_key::ChannelKey;
pub use channel_keys::ChannelKeys;
pub use error::Error;
pub use master_key::MasterKey;
pub use sealing::SealingKey;
pub use suite::Suite;
