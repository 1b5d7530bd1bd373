//! Departments that do not answer: operators are told of each once a day, with how many cases wait for it by then.
//!
//! A department that is away leaves thousands of cases unanswered within minutes. One of them carries the word; the
//! others are counted. What was counted is not kept: after a restart operators may be told a second time, never too few.

use std::{collections::HashMap, sync::Arc};

use crate::store::SagaNumber;

/// How long the word about one department holds, in milliseconds.
const HOLDS_MS: i64 = 24 * 3_600_000;

/// How long cases are counted before the word goes out, in milliseconds.
pub(super) const GATHERED_MS: i64 = 10 * 60_000;

/// The silent departments, by endpoint.
#[derive(Debug, Default)]
pub(super) struct Silences(HashMap<Arc<str>, Silence>);

#[derive(Debug)]
struct Silence {
    since: i64,
    /// The case that carries the word; asked again, for a batch may be decided twice, it still does.
    carrier: SagaNumber,
    others: u32,
}

impl Silences {
    /// A case has been left unanswered; true where it is the one that carries the word.
    pub(super) fn carries(&mut self, endpoint: Arc<str>, case: SagaNumber, now: i64) -> bool {
        let fresh = || Silence { since: now, carrier: case, others: 0 };
        let silence = self.0.entry(endpoint).or_insert_with(fresh);
        if now - silence.since >= HOLDS_MS {
            *silence = fresh();
        }
        if silence.carrier != case {
            silence.others = silence.others.saturating_add(1);
        }
        silence.carrier == case
    }

    /// How many cases have been left unanswered since the word was begun; one at least.
    pub(super) fn cases(&self, endpoint: &str) -> u32 {
        self.0.get(endpoint).map_or(1, |silence| silence.others.saturating_add(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Operators would otherwise be told ten thousand times of one outage, or not at all of the next.
    #[test]
    fn one_case_carries_the_word_and_the_next_day_another() {
        let (police, tax): (Arc<str>, Arc<str>) = ("340000.police".into(), "340000.tax".into());
        let mut silences = Silences::default();
        assert!(silences.carries(police.clone(), 1, 0));
        assert!(!silences.carries(police.clone(), 2, 1));
        assert!(silences.carries(police.clone(), 1, 2), "a batch is decided twice");
        assert!(silences.carries(tax.clone(), 2, 3));
        assert!(!silences.carries(police.clone(), 3, HOLDS_MS - 1));
        assert_eq!((silences.cases(&police), silences.cases(&tax), silences.cases("340000.health")), (3, 1, 1));
        assert!(silences.carries(police.clone(), 4, HOLDS_MS));
        assert_eq!(silences.cases(&police), 1);
    }
}
