//! An undoing at a simulated department's desk, for a department that has more to take back than the effect: books of its
//! own, in which nothing is rubbed out. What it takes back counts together with the undoing, or not at all.

use jiff::civil::Date;

use super::{
    behaviour::Behaviour,
    books::Books,
    desk::{LOST_ANSWER, date_of, lose_again},
    ledger::Effect,
};
use crate::{Retry, Undone, Unknown};

/// An undoing at the desk.
pub enum Undoing {
    /// It came to nothing; what stood still stands.
    Failed {
        /// The department's code.
        code: String,
        /// Whether another sending can help.
        retry: Retry,
    },
    /// The effect is taken back once this is finished.
    Begun(Box<BegunUndoing>),
}

/// An undoing that counts once it is [finished](Self::finish), and has left nothing if it is dropped.
pub struct BegunUndoing {
    pub(super) books: Books,
    pub(super) taken_back: Option<Effect>,
    pub(super) key: String,
    pub(super) behaviour: Behaviour,
    pub(super) now_ms: i64,
}

impl BegunUndoing {
    /// The effect that stood until now; `None` where nothing stood, so that there is nothing else to take back.
    pub fn taken_back(&self) -> Option<&Effect> {
        self.taken_back.as_ref()
    }

    /// The ledger's registers, in the transaction of the undoing.
    pub fn books(&mut self) -> &mut Books {
        &mut self.books
    }

    /// The date of the call in Beijing.
    pub fn today(&self) -> Date {
        date_of(self.now_ms)
    }

    /// The moment of the call, in milliseconds since 1970.
    pub fn now_ms(&self) -> i64 {
        self.now_ms
    }

    /// Makes it count.
    ///
    /// # Errors
    /// [`Unknown`] where the ledger cannot be used, or the behaviour loses the answer.
    pub async fn finish(mut self: Box<Self>) -> Result<Undone, Unknown> {
        let lost = lose_again(&mut self.books, &self.key, &self.behaviour).await?;
        self.books.commit().await?;
        if lost { Err(LOST_ANSWER) } else { Ok(Undone::Done) }
    }
}
