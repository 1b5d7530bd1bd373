//! Which steps could never start, whatever happens: they would stand in a pack, be promised, and never be done.

use saga::{
    definition::{Definition, Selection, StartWhen, StepIndex},
    limits,
};

/// Each step that can never start, and why. Steps within a cycle are not named: the definition says that itself; and of a saga too large to run nothing is said here.
pub(super) fn never_started(definition: &Definition) -> Vec<(StepIndex, String)> {
    let mut found = Vec::new();
    if definition.steps.len() > limits::STEPS_MAX {
        return found;
    }
    for index in definition.indices() {
        let step = definition.step(index);
        if definition.depends_on(index, index) {
            continue;
        }
        let blocked = definition
            .indices()
            .find(|other| definition.depends_on(*other, *other) && definition.depends_on(index, *other));
        if let Some(other) = blocked {
            found.push((index, format!("`{}` 处于循环 is part of a cycle", definition.step(other).name)));
        } else if !step.start_when.is_empty()
            && step.start_when.iter().all(|condition| contradicts(definition, index, condition))
        {
            found
                .push((index, "start_when 与 after 相互矛盾 every condition excludes a predecessor in `after`".into()));
        } else if let Some(other) = unticked(definition, index) {
            let name = &definition.step(other).name;
            found.push((index, format!("必办而其前置 `{name}` 可不选 is mandatory but follows what may be unticked")));
        }
    }
    found
}

/// True where the condition asks for a step to be late or offline that must have succeeded before.
fn contradicts(definition: &Definition, index: StepIndex, condition: &StartWhen) -> bool {
    match condition {
        StartWhen::Late { step, .. } | StartWhen::Offline { step } => must_succeed(definition, index, *step),
        StartWhen::Succeeded { .. } => false,
    }
}

/// True where `earlier` is, directly or through others, among the `after` of `later`. The steps must hold no cycle.
fn must_succeed(definition: &Definition, later: StepIndex, earlier: StepIndex) -> bool {
    let mut open = definition.step(later).after.clone();
    let mut seen = Vec::new();
    while let Some(at) = open.pop() {
        if at == earlier {
            return true;
        }
        if !seen.contains(&at) {
            seen.push(at);
            open.extend(&definition.step(at).after);
        }
    }
    false
}

/// A predecessor that may not be done at all, of a step without which no case is completed.
fn unticked(definition: &Definition, index: StepIndex) -> Option<StepIndex> {
    let step = definition.step(index);
    let optional = |other: &StepIndex| definition.step(*other).selection == Selection::Chosen;
    if step.mandatory { step.after.iter().copied().find(optional) } else { None }
}
