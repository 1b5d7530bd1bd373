//! How much of everything the core takes, and why that much.

/// Steps of one definition. The largest shipped saga has about thirty; 64 keeps a saga small enough to load whole.
pub const STEPS_MAX: usize = 64;

/// Revisions of one step. A person who corrects the same data a hundred times needs a counter, not another try.
pub const REVISIONS_MAX: u32 = 100;

/// Rounds of rules that one input may set off. Each round changes at least one step, a step passes through at most
/// eight states without new input, and a hundred-fold of that is a mistake in the rules, not a saga.
pub const ROUNDS_MAX: usize = STEPS_MAX * 8;

/// Reminders of one task. A person reminded a dozen times has been told.
pub const REMINDERS_MAX: usize = 12;

/// Procedures that follow one case. A record corrected a hundred times needs another remedy.
pub const PROCEDURES_MAX: usize = 100;

/// Messages of one saga. A family that was sent two hundred has been told; what comes after is dropped.
pub const MESSAGES_MAX: usize = 200;

/// Reasons kept of one refusal. The pre-check has nine; a department that names a hundred is broken.
pub const REASONS_MAX: usize = 32;

/// Characters of an operator's reason or of a code. Enough for a sentence; not a place for documents.
pub const TEXT_MAX: usize = 1_000;

/// Children of one application. Octuplets are the most that ever lived.
pub const GROUP_MAX: u8 = 8;
