//! A department as the protocol wants it: an inbox by step, numbered answers, tombstones, and its own records.

use std::collections::BTreeMap;

use saga::{Outcome, event::Command};

use crate::case::reason;

/// What a department's answer will be, if it has a choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    Yes,
    No,
    Correct,
    Later,
    Fails { retryable: bool },
    Silent,
}

impl Mood {
    pub fn of(choice: u16) -> Self {
        match choice % 16 {
            0..=6 => Self::Yes,
            7 => Self::No,
            8 => Self::Correct,
            9 | 10 => Self::Later,
            11 => Self::Fails { retryable: false },
            12 => Self::Fails { retryable: true },
            _ => Self::Silent,
        }
    }
}

/// The department's records of one step.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    newest: BTreeMap<(Command, u32), (u32, Outcome)>,
    /// Acts up to this revision are refused for ever.
    tombstone: u32,
    /// The revision whose effect stands.
    pub standing: Option<u32>,
    /// The same fact stands by other ways: at a counter.
    pub outside: bool,
    pub acts: u32,
    pub undos: u32,
}

impl Ledger {
    /// What it answers to a command, if anything: a number and an outcome.
    pub fn handle(&mut self, command: Command, revision: u32, mood: Mood) -> Option<(u32, Outcome)> {
        let known = self.newest.get(&(command, revision)).cloned();
        let open = known
            .as_ref()
            .is_none_or(|(_, outcome)| matches!(outcome, Outcome::Accepted { .. } | Outcome::Progress { .. }));
        if !open {
            return known;
        }
        match mood {
            Mood::Silent => return None,
            Mood::Fails { retryable } => return Some((0, Outcome::Failed { code: "DOWN".into(), retryable })),
            Mood::Yes | Mood::No | Mood::Correct | Mood::Later => {}
        }
        if command != Command::Cancel && mood == Mood::Later {
            let outcome = match known {
                None => Outcome::Accepted { department_case: "A".into() },
                Some(_) => Outcome::Progress { stage: "复核".into() },
            };
            let stopped = command == Command::Act && (self.tombstone >= revision || self.standing.is_some());
            if !stopped {
                return Some(self.record(command, revision, outcome));
            }
        }
        let outcome = match command {
            Command::Act => self.act(revision, mood)?,
            Command::Compensate => self.compensate(revision),
            Command::Cancel => self.cancel(revision),
        };
        Some(self.record(command, revision, outcome))
    }

    fn record(&mut self, command: Command, revision: u32, outcome: Outcome) -> (u32, Outcome) {
        let number = self.newest.get(&(command, revision)).map_or(0, |(number, _)| *number) + 1;
        self.newest.insert((command, revision), (number, outcome.clone()));
        (number, outcome)
    }

    fn act(&mut self, revision: u32, mood: Mood) -> Option<Outcome> {
        let refused = Outcome::Refused { reason: reason("NO") };
        if self.newest.keys().any(|(command, later)| *command == Command::Act && *later > revision) {
            return None;
        }
        if self.tombstone >= revision {
            return Some(refused);
        }
        if self.outside || self.standing.is_some() {
            return Some(Outcome::Succeeded);
        }
        Some(match mood {
            Mood::No => refused,
            Mood::Correct => Outcome::NeedsCorrection { fields: vec!["name".into()], reason: reason("COR") },
            Mood::Yes | Mood::Later | Mood::Fails { .. } | Mood::Silent => {
                self.standing = Some(revision);
                self.acts += 1;
                Outcome::Succeeded
            }
        })
    }

    fn compensate(&mut self, revision: u32) -> Outcome {
        if self.standing.is_some_and(|standing| standing <= revision) {
            self.standing = None;
            self.undos += 1;
        }
        self.tombstone = self.tombstone.max(revision);
        Outcome::Compensated
    }

    fn cancel(&mut self, revision: u32) -> Outcome {
        if self.outside || self.standing.is_some() {
            return Outcome::Succeeded;
        }
        self.tombstone = self.tombstone.max(revision);
        Outcome::Cancelled
    }
}
