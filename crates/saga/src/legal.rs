//! The legal clock of a step: until when its performer must have acted, and when the family is reminded.
//!
//! The core does not know working days. It says that times are wanted ([`crate::Saga::wants_times`]); whoever knows the
//! law states them as moments (`Input::Times`), and the clock speaks at each. While a correction is with the applicant
//! or the case is frozen the clock stands, and the times are asked for again.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::limits;

/// Milliseconds after which a question that the law could not answer is put again: a calendar or a pack may have come.
pub const ASK_AGAIN_MS: i64 = 6 * 3_600_000;

/// How far a legal limit has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// One working day is left: yellow.
    Near,
    /// It is over: red.
    Passed,
    /// It was over and nothing happened: told to who supervises.
    Escalated,
}

impl Stage {
    /// As messages and pages name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Near => "near",
            Self::Passed => "passed",
            Self::Escalated => "escalated",
        }
    }
}

/// A legal limit as moments, in milliseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limit {
    /// When it turns yellow.
    pub near_at: i64,
    /// When it turns red: the last moment in time.
    pub due_at: i64,
    /// When it is escalated.
    pub escalate_at: i64,
}

impl Limit {
    /// When a stage is reached.
    pub fn at(&self, stage: Stage) -> i64 {
        match stage {
            Stage::Near => self.near_at,
            Stage::Passed => self.due_at,
            Stage::Escalated => self.escalate_at,
        }
    }
}

/// The legal clock of one step.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LegalClock {
    /// When the performer's time began, in milliseconds since 1970; 0 before. Never moved: pauses are kept apart.
    pub began: i64,
    /// The times of this stretch have been stated.
    pub stated: bool,
    /// The limit, where there is one and it could be computed.
    pub limit: Option<Limit>,
    /// How far it has come.
    pub reached: Option<Stage>,
    /// Why it could not be computed, as a code.
    pub unknown: Option<Arc<str>>,
    /// When the law is asked again about what it could not answer.
    pub ask_again_at: i64,
    /// Since when it stands still, if it does.
    pub paused_since: Option<i64>,
    /// When it stood still.
    pub pauses: Vec<(i64, i64)>,
    /// Moments of the reminders that are still to come, rising.
    pub reminders: Vec<i64>,
    /// How many reminders there were.
    pub reminded: u8,
    /// Of which moment the last one was, in milliseconds since 1970; 0 before.
    pub reminded_until: i64,
}

impl LegalClock {
    /// The performer's time begins, or goes on under a new revision.
    pub(crate) fn begin(&mut self, at: i64) {
        if self.began == 0 {
            self.began = at;
        }
        self.ask_anew();
    }

    /// The times are to be stated anew; until they are, what was stated before does not speak.
    pub(crate) fn ask_anew(&mut self) {
        self.stated = false;
        self.limit = None;
        self.reminders.clear();
    }

    /// The times as the law states them. What was reminded of before is not reminded of again.
    pub(crate) fn state(&mut self, at: i64, limit: Option<Limit>, unknown: Option<Arc<str>>, reminders: &[i64]) {
        self.stated = true;
        self.limit = limit;
        self.unknown = unknown;
        self.ask_again_at = at + ASK_AGAIN_MS;
        self.reminders = reminders.iter().copied().filter(|moment| *moment > self.reminded_until).collect();
        self.reminders.sort_unstable();
        self.reminders.dedup();
        self.reminders.truncate(limits::REMINDERS_MAX);
    }

    /// People are reminded for the moment whose turn it was.
    pub(crate) fn remind(&mut self) {
        if !self.reminders.is_empty() {
            self.reminded_until = self.reminders.remove(0);
            self.reminded = self.reminded.saturating_add(1);
        }
    }

    /// Nothing is awaited of the performer any more, for now.
    pub(crate) fn stop(&mut self) {
        self.ask_anew();
        self.unknown = None;
    }

    /// It stands still.
    pub(crate) fn pause(&mut self, at: i64) {
        self.paused_since.get_or_insert(at);
    }

    /// It goes on; the times are to be stated anew.
    pub(crate) fn resume(&mut self, at: i64) {
        if let Some(since) = self.paused_since.take() {
            self.pauses.push((since, at));
            self.ask_anew();
        }
    }

    /// The next stage that the limit will reach, and when.
    pub fn next_stage(&self) -> Option<(Stage, i64)> {
        let limit = self.limit?;
        let next = match self.reached {
            None => Stage::Near,
            Some(Stage::Near) => Stage::Passed,
            Some(Stage::Passed) => Stage::Escalated,
            Some(Stage::Escalated) => return None,
        };
        Some((next, limit.at(next)))
    }

    /// When the next reminder is due.
    pub fn next_reminder(&self) -> Option<i64> {
        self.reminders.first().copied()
    }

    /// When the clock speaks next: a reminder, a stage, or the question that could not be answered.
    pub(crate) fn speaks_at(&self) -> Option<i64> {
        let asks = self.unknown.is_some().then_some(self.ask_again_at);
        [self.next_stage().map(|(_, at)| at), self.next_reminder(), asks].into_iter().flatten().min()
    }
}
