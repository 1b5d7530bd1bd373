//! How a runtime paces itself, and the limits that keep it bounded, each with its reason.

use std::{sync::Arc, time::Duration};

/// How a runtime paces itself.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The topic for the department's notices; `None` if it has none to tell.
    pub notice_topic: Option<Arc<str>>,
    /// How long after `Accepted` an act is called again, unless its command says otherwise.
    pub asked_again_every: Duration,
    /// How long after a call without result it is made again at first; the pause doubles up to
    /// [`CALL_AGAIN_MAX`].
    pub called_again_after: Duration,
    /// After how long a call counts as one without result.
    pub call_time_max: Duration,
    /// How often the loop looks for what is due and for notices.
    pub poll_every: Duration,
    /// How many messages the loop takes at once.
    pub batch_max: usize,
    /// How many calls to the department are under way at once.
    pub calls_max: usize,
    /// How long rows are kept after their last change.
    pub kept_for: Duration,
    /// A rule of the protocol to break on purpose, so that tests can show that they notice.
    #[cfg(feature = "mutations")]
    pub mutation: Option<crate::Mutation>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            notice_topic: None,
            asked_again_every: ASKED_AGAIN_EVERY,
            called_again_after: CALLED_AGAIN_AFTER,
            call_time_max: CALL_TIME_MAX,
            poll_every: POLL_EVERY,
            batch_max: BATCH_MAX,
            calls_max: CALLS_MAX,
            kept_for: KEPT_FOR,
            #[cfg(feature = "mutations")]
            mutation: None,
        }
    }
}

/// A department that accepted takes hours to weeks; asking every minute costs it little and loses a minute at most.
pub(crate) const ASKED_AGAIN_EVERY: Duration = Duration::from_secs(60);
/// A lost answer is usually a lost connection, which is back within seconds.
pub(crate) const CALLED_AGAIN_AFTER: Duration = Duration::from_secs(5);
/// A department that is down for a night is found again within five minutes of its return.
pub(crate) const CALL_AGAIN_MAX: Duration = Duration::from_secs(300);
/// Longer than any healthy call; a slower one holds up the batch that it is in.
pub(crate) const CALL_TIME_MAX: Duration = Duration::from_secs(10);
/// Notices and results are wanted within seconds, and an idle look costs one indexed query.
pub(crate) const POLL_EVERY: Duration = Duration::from_secs(1);
/// Enough that one sync to disk serves hundreds of commands; little enough that a batch is a few hundred kilobytes.
pub(crate) const BATCH_MAX: usize = 512;
/// What a department's system bears from one caller; the rest of the batch waits its turn.
pub(crate) const CALLS_MAX: usize = 32;
/// Longer than any case may ask: a case lives months, and its longest legal limit is well under a year.
pub(crate) const KEPT_FOR: Duration = Duration::from_secs(2 * 365 * 24 * 3600);
/// How many due calls one poll takes up; the next poll takes the rest.
pub(crate) const DUE_MAX: usize = 256;
/// How many commands may wait for one step's open call. Two sagas with three commands each is what the protocol can
/// bring; more is a sender gone wrong, and the oldest of them keep their place.
pub(crate) const WAITING_MAX: usize = 32;
/// The highest revision that is taken for one. Each needs a correction, a redo or an order by a person.
pub(crate) const REVISION_MAX: u32 = 10_000;
/// The most sagas that may share an effect; nonuplets have been born.
pub(crate) const GROUP_SIZE_MAX: u32 = 9;
/// A step's name is a word of a definition; a longer one is not a name.
pub(crate) const STEP_NAME_BYTES_MAX: usize = 200;
/// How often one batch may go on calling for the same step: finish a call, stop, act again, undo, for two sagas. What
/// needs more goes on at the next poll.
pub(crate) const ROUNDS_MAX: usize = 16;
/// How many recorded messages are published in one go after a start.
pub(crate) const UNPUBLISHED_MAX: usize = 1_000;
/// How many dead letters one look shows.
pub(crate) const DEAD_LETTERS_SHOWN_MAX: usize = 1_000;
/// Rows that are two years old can wait a day longer.
pub(crate) const FORGOTTEN_EVERY: Duration = Duration::from_secs(24 * 3600);
