//! What makes a definition one that cannot be run: everything at once, each with its step and why.

use std::collections::BTreeSet;

use super::{Cause, Definition, Kind, OnRefusal, Performer, Scope, Selection, StartWhen, StepIndex};
use crate::limits;

/// What is wrong with a definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The step, if it is one step's.
    pub step: Option<StepIndex>,
    /// What and why, in a sentence.
    pub what: String,
}

impl Definition {
    /// Everything that is wrong, at once; empty means that it can be run.
    pub fn problems(&self) -> Vec<Problem> {
        let mut found = Vec::new();
        if self.steps.is_empty() || self.steps.len() > limits::STEPS_MAX {
            found.push(Problem {
                step: None,
                what: format!("a saga has 1 to {} steps, this one {}", limits::STEPS_MAX, self.steps.len()),
            });
            return found;
        }
        match self.steps.iter().filter(|step| step.kind == Kind::Pivot).count() {
            0 if self.procedure => {}
            _ if self.procedure => {
                found.push(Problem { step: None, what: "a procedure has no pivot; it only goes forward".into() });
            }
            1 => {}
            0 => found.push(Problem { step: None, what: "no step is the pivot; name exactly one".into() }),
            many => found.push(Problem { step: None, what: format!("{many} steps are pivots; name exactly one") }),
        }
        let mut names = BTreeSet::new();
        for index in self.indices() {
            let step = self.step(index);
            if !names.insert(&step.name) {
                found.push(Problem { step: Some(index), what: format!("the name `{}` stands twice", step.name) });
            }
            found.extend(self.problems_of(index).into_iter().map(|what| Problem { step: Some(index), what }));
        }
        if !found.iter().any(|problem| problem.what.contains("does not exist")) {
            found.extend(self.cycles());
        }
        found
    }

    fn problems_of(&self, index: StepIndex) -> Vec<String> {
        let step = self.step(index);
        let mut found = Vec::new();
        for other in step.waits_for() {
            if other.at() >= self.steps.len() {
                found.push(format!("predecessor number {} does not exist", other.0));
            } else if other == index {
                found.push("a step cannot wait for itself".into());
            }
        }
        found.extend(self.problems_of_law(index));
        if let Some(compensation) = &step.compensation {
            if compensation.on.is_empty() {
                found.push("a compensation without a cause would never run; name its causes in `on`".into());
            }
            if step.kind == Kind::Pivot && compensation.on.iter().any(|cause| *cause != Cause::Revoked) {
                found.push("the pivot is never compensated automatically; only `revoked` may be a cause".into());
            }
            if !matches!(step.performer, Performer::Department { .. }) {
                found.push("only a department's act can be compensated".into());
            }
        }
        let never = |condition: &StartWhen| match condition {
            StartWhen::Offline { step: other } => step.after.contains(other),
            StartWhen::Late { .. } | StartWhen::Succeeded { .. } => false,
        };
        if !step.start_when.is_empty() && step.start_when.iter().all(never) {
            found.push("unreachable: it needs a step to succeed and the same step to go offline".into());
        }
        if step.kind == Kind::Pivot && !matches!(step.performer, Performer::Department { .. }) {
            found.push("the pivot is an act of a department".into());
        }
        if step.kind == Kind::Pivot && step.scope == Scope::Family {
            found.push("the pivot is each child's own, never the family's".into());
        }
        if !step.notices.is_empty() && step.kind != Kind::Pivot && step.expiry.is_none() {
            found.push("it waits for a notice that may never come; give it an expiry".into());
        }
        if step.kind == Kind::Pivot && step.expiry.is_some() {
            found.push("the pivot does not expire; a department that is late is asked on".into());
        }
        if step.selection == Selection::Chosen && step.item.is_none() {
            found.push("an applicant chooses items; name the item".into());
        }
        if step.mandatory && step.selection == Selection::Chosen {
            found.push("a mandatory step cannot be unticked".into());
        }
        if step.remind_ms.len() > limits::REMINDERS_MAX || !step.remind_ms.is_sorted() {
            found.push(format!("reminders rise in time and are at most {}", limits::REMINDERS_MAX));
        }
        if step.retry.attempts_max == 0 || step.retry.first_ms <= 0 || step.retry.inquiry_ms <= 0 {
            found.push("attempts and pauses are positive".into());
        }
        if step.declined == OnRefusal::Close && self.has_dependents(index) {
            found.push("`close` is for a task on which nothing depends".into());
        }
        found
    }

    /// What is wrong with a step's limit, its reminders, and who may not answer it.
    fn problems_of_law(&self, index: StepIndex) -> Vec<String> {
        let step = self.step(index);
        let mut found = Vec::new();
        for other in step.limit_from.iter().chain(&step.differs_from) {
            if other.at() >= self.steps.len() {
                found.push(format!("step number {} does not exist", other.0));
            } else if *other == index {
                found.push("neither its limit's beginning nor another's answer can be its own".into());
            }
        }
        if step.remind_on.is_some() && step.department().is_none() {
            found.push("legal reminders are of what a department awaits; a task is reminded by `remind_ms`".into());
        }
        let days = step.remind_on.as_ref().map_or(&[][..], |on| &on.days);
        if days.len() > limits::REMINDERS_MAX || !days.is_sorted() {
            found.push(format!("days of reminders rise and are at most {}", limits::REMINDERS_MAX));
        }
        found
    }

    fn cycles(&self) -> Vec<Problem> {
        self.indices()
            .filter(|index| self.depends_on(*index, *index))
            .map(|index| Problem {
                step: Some(index),
                what: "waits, through others, for itself: a cycle, so neither it nor what follows it could ever start"
                    .into(),
            })
            .collect()
    }
}
