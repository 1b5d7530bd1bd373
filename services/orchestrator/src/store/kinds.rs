//! The kinds of rows, as numbers that stay what they are once something is stored under them.

/// The kinds of pending rows, as stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum PendingKindName {
    /// A department's answer.
    Command = 0,
    /// A person's answer.
    Task = 1,
    /// The end of waiting.
    Expiry = 2,
    /// A predecessor's being late.
    Late = 3,
    /// A legal limit, a reminder, or a question that the law could not answer.
    Legal = 4,
    /// A message to be sent, or its receipt; `step` is the message's place.
    Message = 5,
    /// A call by a person instead of a message; `step` is the message's place.
    Call = 6,
}

impl PendingKindName {
    /// True for what waits for a person: a task, or a call instead of a message.
    pub fn is_a_persons(self) -> bool {
        matches!(self, Self::Task | Self::Call)
    }

    /// True for what goes out to a department: a held department gets neither.
    pub fn is_sent(self) -> bool {
        matches!(self, Self::Command | Self::Message)
    }
}

/// What a sealed payload is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum SealedKind {
    /// What a step gave, sealed by the department.
    Output = 0,
    /// What the applicant corrected, sealed under the case's storage key.
    Correction = 1,
    /// The words of a refusal or correction, sealed by the department.
    Words = 2,
    /// What an operator stated as output, sealed under the case's storage key.
    Stated = 3,
    /// A decision of the law with inputs and outputs, sealed under the case's storage key.
    Decision = 4,
    /// The law's decision whether a step is done at all, sealed likewise.
    Selection = 5,
    /// The facts on which a procedure began, sealed likewise.
    Facts = 6,
}
