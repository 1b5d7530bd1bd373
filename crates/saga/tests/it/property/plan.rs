//! Random definitions: small graphs with one pivot, compensations, persons, family steps, courtesies and law.

use std::sync::Arc;

use proptest::{collection::vec, prelude::*};
use saga::{
    Cause, Definition,
    definition::{OnRefusal, Retry},
};

use crate::draft::{self, Draft, definition, department, law, person};

pub const LATE_MS: i64 = 50_000;
pub const EXPIRY_MS: i64 = 120_000;
const REMIND_MS: [i64; 2] = [30_000, 60_000];

/// A definition to be, in numbers that can be shrunk.
#[derive(Clone, Debug)]
pub struct Plan {
    steps: Vec<StepPlan>,
    /// Beyond the last step where it is a procedure: it has none.
    pivot: usize,
    twins: bool,
}

#[derive(Clone, Debug)]
struct StepPlan {
    predecessors: u8,
    performer: u8,
    undone_for: u8,
    means: (u8, u8, u8),
    flags: u16,
}

pub fn plans() -> impl Strategy<Value = Plan> {
    let step = (any::<u8>(), 0..10_u8, 0..16_u8, (0..4_u8, 0..4_u8, 0..4_u8), any::<u16>()).prop_map(
        |(predecessors, performer, undone_for, means, flags)| StepPlan {
            predecessors,
            performer,
            undone_for,
            means,
            flags,
        },
    );
    (vec(step, 2..10), any::<prop::sample::Index>(), any::<bool>(), 0..8_u8).prop_map(|(steps, pivot, twins, kind)| {
        let procedure = kind == 7;
        Plan { pivot: if procedure { steps.len() } else { pivot.index(steps.len()) }, steps, twins }
    })
}

fn means(number: u8) -> OnRefusal {
    [OnRefusal::Reject, OnRefusal::Expire, OnRefusal::Offline, OnRefusal::Close][usize::from(number)]
}

impl Plan {
    pub fn group_size(&self) -> u8 {
        if self.twins { 2 } else { 1 }
    }

    pub fn definition(&self) -> Arc<Definition> {
        let names: Vec<String> = (0..self.steps.len()).map(|at| format!("s{at}")).collect();
        let courtesies: Vec<bool> =
            self.steps.iter().enumerate().map(|(at, step)| at != self.pivot && step.performer == 9).collect();
        let drafts = (0..self.steps.len()).map(|at| self.draft(at, &names, &courtesies)).collect();
        let procedure = self.pivot == self.steps.len();
        let definition = if procedure { draft::procedure("random", drafts) } else { definition("random", drafts) };
        assert_eq!(definition.problems(), [], "the plan should have been of a definition that can be run");
        definition
    }

    fn draft(&self, at: usize, names: &[String], courtesies: &[bool]) -> Draft {
        let plan = &self.steps[at];
        let flag = |bit: u32| plan.flags & (1 << bit) != 0;
        let earlier: Vec<&str> = (0..at).filter(|other| !courtesies[*other]).map(|other| &*names[other]).collect();
        let named = |offset: usize| earlier.get((usize::from(plan.predecessors) + offset) % earlier.len().max(1));
        // A third of the predecessors, so that graphs are neither chains nor heaps.
        let mut after: Vec<&str> = Vec::new();
        after.extend(named(0).filter(|_| !flag(0)));
        after.extend(named(3).filter(|other| flag(1) && !after.contains(*other)).copied().iter());
        let pivot = at == self.pivot;
        let mut draft = match plan.performer {
            7 if !pivot => person(&names[at], "father").reminded(&REMIND_MS),
            8 if !pivot => law(&names[at]),
            _ => department(&names[at]),
        };
        draft = draft.refused(means(plan.means.0)).declined(self.declined(at, names, courtesies));
        if pivot {
            draft = draft.pivot();
        } else {
            draft = self.unlike_the_pivot(plan, draft, courtesies[at]);
            if let Some(other) = named(1).filter(|other| flag(2) && flag(3) && !after.contains(other)) {
                draft = draft.when_late(other, LATE_MS).when_offline(other);
            }
        }
        if let Some(other) = named(2).filter(|other| flag(4) && flag(5) && !after.contains(other)) {
            draft = draft.once_settled(&[other]);
        }
        if flag(14) && !courtesies[at] {
            draft = draft.limited("5 working days");
        }
        if flag(15) && !courtesies[at] && draft.step.department().is_some() {
            draft = draft.reminded_on(&[30, 60]);
        }
        draft.step.retry = Retry { attempts_max: 2, first_ms: 1_000, longest_ms: 4_000, inquiry_ms: 10_000 };
        draft.after(&after)
    }

    /// `Close` is for tasks on which nothing depends; whether something does is only known of the last step here.
    fn declined(&self, at: usize, names: &[String], courtesies: &[bool]) -> OnRefusal {
        let close = at + 1 == names.len() || courtesies[at];
        match means(self.steps[at].means.1) {
            OnRefusal::Close if !close => OnRefusal::Offline,
            other => other,
        }
    }

    fn unlike_the_pivot(&self, plan: &StepPlan, mut draft: Draft, courtesy: bool) -> Draft {
        let flag = |bit: u32| plan.flags & (1 << bit) != 0;
        let by_department = draft.step.department().is_some();
        let causes = [Cause::Withdrawn, Cause::Rejected, Cause::Expired, Cause::Corrected];
        let on: Vec<Cause> = causes
            .into_iter()
            .enumerate()
            .filter(|(bit, _)| plan.undone_for & (1 << bit) != 0)
            .map(|(_, c)| c)
            .collect();
        if by_department && !courtesy && !on.is_empty() {
            draft = draft.undone_for(&on);
        }
        if courtesy {
            return draft.courtesy();
        }
        draft = match (flag(6), flag(7), flag(8)) {
            (true, true, _) => draft.chosen(),
            (true, false, true) => draft.selected_by("rule"),
            (_, _, mandatory) => {
                if mandatory {
                    draft.mandatory()
                } else {
                    draft
                }
            }
        };
        if flag(9) {
            draft = draft.family();
        }
        if flag(10) {
            draft = draft.closed_by_bereavement();
        }
        if flag(11) {
            draft = draft.forward();
        }
        let expires = flag(12) || draft.step.remind_ms.len() > 1;
        if expires && !matches!(draft.step.performer, saga::definition::Performer::Law { .. }) {
            draft = draft.expires(EXPIRY_MS, means(plan.means.2));
            if by_department && flag(13) {
                draft = draft.noticed();
            }
        }
        draft
    }
}
