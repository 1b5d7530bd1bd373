//! Rules of the protocol that a test may break on purpose, to show that the simulation notices. Absent from every
//! build without the feature `mutations`.

/// One rule broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mutation {
    /// Compensations and cancellations leave no tombstone.
    NoTombstone,
    /// The inbox is keyed by the command's id instead of (effect key, step).
    InboxByCommandId,
    /// A call that is made again gets a new idempotency key.
    NewCallKeyAfterACrash,
    /// A family's step is keyed by saga, so each twin has its own effect.
    FamilyKeyPerSaga,
    /// A compensation does not wait for a call without result; the call is finished although a tombstone stands.
    FinishingDespiteATombstone,
}
