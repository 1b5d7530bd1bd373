//! How much of everything the orchestrator takes at once, and why that much.

/// Pieces of work decided and committed together. Hundreds of sagas per fsync are enough to hide it; more only makes
/// those at the front of the batch wait for those at its end.
pub const BATCH_MAX: usize = 512;

/// Pieces of work waiting for the coordinator. Two seconds of work at full speed: whoever comes after that is told to
/// come back, before memory grows.
pub const QUEUE_MAX: usize = 4_096;

/// Times that work is decided again because its saga had moved on. Only another writer on the same saga can cause it;
/// one that wins eight times in a row is a mistake.
pub const STALE_MAX: usize = 8;

/// Sagas kept in memory after their last change, about 8 KiB each. A working set, not a truth.
pub const SAGAS_CACHED: usize = 8_192;

/// Applications whose keys and form are kept opened, about 4 KiB each.
pub const APPLICATIONS_CACHED: usize = 8_192;

/// Messages handed to the relay and not yet with the carrier. What does not fit stays due in the store.
pub const RELAY_MAX: usize = 16_384;

/// Replies taken from the bus at once.
pub const REPLIES_MAX: usize = 512;

/// Due rows taken from the store at once.
pub const DUE_MAX: u32 = 512;

/// Commands a second that are sent again at start, so that a restart with a hundred thousand open commands does not
/// drown the departments.
pub const RAMP_PER_SECOND: u32 = 2_000;

/// Rules that one saga may ask in one decision; more is a loop in a pack.
pub const QUESTIONS_MAX: usize = 256;

/// Milliseconds for which gRPC must have served before a person's deadline fires: a person who found us down has this
/// long to try again (protocol.md 14).
pub const PERSONS_GRACE_MS: i64 = 60_000;
