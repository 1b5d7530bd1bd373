//! One step as the fold of the facts about it; `state` hands each fact to its step.

use std::sync::Arc;

use super::{Out, Status, StepRun};
use crate::{
    event::{Command, Fact, Why},
    input::{Found, Outcome, Question, Says, Verdict},
    legal::{ASK_AGAIN_MS, LegalClock},
};

impl StepRun {
    pub(super) fn new() -> Self {
        Self {
            status: Status::Waiting,
            revision: 0,
            out: None,
            numbered: [0; 3],
            since: 0,
            kept: false,
            late: false,
            selected: None,
            released: false,
            for_operator: false,
            reminded: 0,
            reasons: Vec::new(),
            correct: Vec::new(),
            correcting_since: 0,
            because: None,
            legal: LegalClock::default(),
        }
    }

    /// The law could not answer, and nothing else is wrong with it: no command is out that is unanswered or has failed.
    pub(crate) fn waits_for_the_law_only(&self, attempts_max: u32) -> bool {
        self.legal.unknown.is_some() && !self.is_unanswered(attempts_max)
    }

    /// Sendings ran out without an answer, or a failure that sending cannot heal.
    pub fn is_unanswered(&self, attempts_max: u32) -> bool {
        self.out.as_ref().is_some_and(|out| {
            let exhausted = out.accepted.is_none() && out.attempts > attempts_max;
            exhausted || matches!(out.failed, Some((_, false)))
        })
    }

    pub(super) fn settle(&mut self, status: Status) {
        self.status = status;
        self.out = None;
        self.legal.stop();
        if status == Status::Succeeded {
            self.reasons.clear();
            self.because = None;
        }
    }

    /// What speaks of the handling and not of its end.
    pub(super) fn hear(&mut self, next: i64, outcome: &Outcome) {
        let Some(out) = &mut self.out else { return };
        match outcome {
            Outcome::Accepted { department_case } => out.accepted = Some(department_case.clone()),
            Outcome::Progress { stage } => {
                out.accepted.get_or_insert_with(|| Arc::from(""));
                out.stage = Some(stage.clone());
            }
            Outcome::Failed { code, retryable } => {
                out.failed = Some((code.clone(), *retryable));
                return;
            }
            Outcome::NeedsCorrection { .. }
            | Outcome::Succeeded
            | Outcome::Refused { .. }
            | Outcome::Compensated
            | Outcome::Cancelled => return,
        }
        out.failed = None;
        out.due_at = next;
    }

    pub(super) fn order(&mut self, at: i64, pause: i64, command: Command, revision: u32, why: Why) {
        if revision != self.revision {
            self.numbered = [0; 3];
        }
        self.revision = revision;
        self.status = match command {
            Command::Act => Status::InDoubt,
            Command::Compensate => Status::Compensating,
            Command::Cancel => Status::Cancelling,
        };
        if self.since == 0 {
            self.since = at;
        }
        match command {
            Command::Act => self.legal.begin(at),
            Command::Compensate | Command::Cancel => self.legal.stop(),
        }
        self.out =
            Some(Out { command, why, attempts: 1, accepted: None, stage: None, failed: None, due_at: at + pause });
    }

    /// The first notice before its turn is kept; the second is the kept one, whose turn has come.
    pub(super) fn notice(&mut self, at: i64, at_once: bool) {
        if self.status == Status::Waiting && !self.kept && !at_once {
            self.kept = true;
        } else {
            self.kept = false;
            self.legal.resume(at);
            // Voided, and then done at a counter: what stands now is another effect, which is undone under its own
            // revision (protocol.md 5).
            if self.status == Status::Waiting && self.numbered[Command::Compensate as usize] > 0 {
                self.revision += 1;
                self.numbered = [0; 3];
            }
            self.settle(Status::Succeeded);
        }
    }

    pub(super) fn apply(&mut self, at: i64, fact: &Fact) {
        match fact {
            Fact::Asked { .. } => self.status = Status::Deciding,
            Fact::Undecided { code, .. } => {
                self.legal.unknown = Some(code.clone());
                self.legal.ask_again_at = at + ASK_AGAIN_MS;
            }
            Fact::AskedAgain { .. } => {
                self.legal.unknown = None;
                self.legal.ask_anew();
            }
            Fact::TimesStated { limit, unknown, reminders, .. } => {
                self.legal.state(at, *limit, unknown.clone(), reminders);
            }
            Fact::LimitReached { stage, .. } => self.legal.reached = Some(*stage),
            Fact::Decided { question: Question::Selection, verdict, .. } => {
                let yes = *verdict == Verdict::Yes;
                self.legal.unknown = None;
                self.selected = Some(yes);
                self.status = if yes { Status::Waiting } else { Status::Unselected };
            }
            Fact::Decided { question: Question::Performance, verdict, .. } => match verdict {
                Verdict::Yes => self.settle(Status::Succeeded),
                Verdict::No { reasons } => {
                    self.settle(Status::Refused);
                    self.reasons.clone_from(reasons);
                }
            },
            Fact::TaskOpened { revision, .. } => {
                self.status = Status::Open;
                self.revision = *revision;
                self.reminded = 0;
                self.since = at;
                self.legal.begin(at);
            }
            Fact::TaskAnswered { says, .. } => {
                self.legal.resume(at);
                self.settle(match says {
                    Says::Done => Status::Succeeded,
                    Says::Declined => Status::Declined,
                    Says::Corrected => Status::Waiting,
                });
            }
            Fact::Reminded { .. } if matches!(self.status, Status::Open | Status::Correcting) => {
                self.reminded = self.reminded.saturating_add(1);
            }
            Fact::Reminded { .. } => self.legal.remind(),
            Fact::TaskExpired { .. } => self.settle(Status::Expired),
            Fact::Closed { .. } => {
                self.legal.resume(at);
                self.settle(Status::Closed);
            }
            Fact::Late { .. } => self.late = true,
            Fact::WentOffline { .. } => self.settle(Status::Offline),
            Fact::Skipped { because, .. } => {
                self.settle(Status::Skipped);
                self.because = Some(*because);
            }
            Fact::Reopened { .. } => {
                self.settle(Status::Waiting);
                self.because = None;
            }
            Fact::Retried { .. } => self.try_again(at),
            // The rest are folded by the whole saga and never come here.
            _ => {}
        }
    }

    fn try_again(&mut self, at: i64) {
        match &mut self.out {
            Some(out) => {
                out.attempts = 0;
                out.failed = None;
                out.due_at = at;
            }
            None if self.status == Status::Waiting => self.released = true,
            None => {
                self.settle(Status::Waiting);
                self.reasons.clear();
                self.since = 0;
                self.legal = LegalClock::default();
                self.released = true;
            }
        }
    }

    pub(super) fn resolve(&mut self, found: Found, goes_on: bool) {
        let again = goes_on && self.out.as_ref().is_some_and(|out| out.why == Why::Corrected);
        match found {
            Found::Done => self.settle(Status::Succeeded),
            Found::NotDone => self.settle(Status::Refused),
            Found::Undone if self.status == Status::Compensated => self.for_operator = false,
            Found::Undone if again => self.begin_again(),
            Found::Undone => self.settle(Status::Compensated),
        }
    }

    /// Voided, to be done again: neither late nor expired by the time of what was voided.
    pub(super) fn begin_again(&mut self) {
        self.settle(Status::Waiting);
        self.since = 0;
        self.legal = LegalClock::default();
    }
}
