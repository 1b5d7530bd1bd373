//! Whether what a step sends can ever be there: a field of the form, or one that a step before it gives.
//!
//! A path that leads nowhere would leave the command unsent for ever, and the case with it.

use saga::{
    definition::{Definition, Scope, StepIndex},
    limits,
};

use super::{
    super::{
        Form,
        sheet::{Placed, Sheet},
    },
    Context, Steps,
};
use crate::facts::{self, known};
use std::sync::Arc;

/// At most so many names are offered instead of an unknown one.
const OFFERED_MAX: usize = 3;

/// Notes every path that can never be there.
pub(super) fn check(steps: &Steps, sheet: &Sheet<'_>, context: &Context<'_>) {
    let definition =
        Definition { name: "".into(), title: "".into(), steps: steps.steps.clone(), procedure: steps.procedure };
    for (index, path) in &steps.sent {
        let (first, rest) = facts::split(&path.value);
        if let Some(giver) = context.names.get(first) {
            given(steps, sheet, &definition, (*index, *giver), path);
        } else if context.header.form == Form::Birth && !steps.procedure && !facts::ROOTS.contains(&first) {
            sheet.report(
                path.line,
                format!("没有这项信息 no such fact: `{}`", path.value),
                format!("用环节名或 use a step's name or one of {}", facts::ROOTS.join(", ")),
            );
        } else if first == "child" && steps.steps[index.at()].scope == Scope::Family {
            sheet.report(
                path.line,
                "家庭的环节没有单个孩子 a family's step has no single child".into(),
                "用 use `children`, or scope = \"child\"".into(),
            );
        } else if context.header.form == Form::Birth && facts::ROOTS.contains(&first) && rest.is_some() {
            of_the_form(sheet, path);
        }
    }
}

/// A field that a step gives must be among those, and without `?` the step must come before the one that sends it.
fn given(
    steps: &Steps,
    sheet: &Sheet<'_>,
    definition: &Definition,
    (sender, giver): (StepIndex, StepIndex),
    path: &Placed<Arc<str>>,
) {
    let (first, rest) = facts::split(&path.value);
    let field = rest.and_then(|rest| rest.split('.').next());
    if let (Some(given), Some(field)) = (steps.gives.get(first), field)
        && !given.iter().any(|name| &**name == field)
    {
        sheet.report(
            path.line,
            format!("该环节不给出此字段 `{first}` gives no `{field}`"),
            "更正 correct `send`, or `gives` there".into(),
        );
        return;
    }
    // A procedure follows a case whose own steps may have given it; of a saga too large to run the definition says so.
    let is_checked = !steps.procedure && !path.value.ends_with('?') && definition.steps.len() <= limits::STEPS_MAX;
    if is_checked && !definition.depends_on(sender, giver) {
        let sender = &definition.step(sender).name;
        sheet.report(
            path.line,
            format!("发送时还没有 `{}`: `{first}` 不在 `{sender}` 之前 `{first}` is not before `{sender}`", path.value),
            format!("在 after 中写上 add `{first}` to `after`, 或写成 or write `{}?`", path.value),
        );
    }
}

fn of_the_form(sheet: &Sheet<'_>, path: &Placed<Arc<str>>) {
    let wanted = path.value.strip_suffix('?').unwrap_or(&path.value);
    let known: Vec<&str> = known::of_the_form().collect();
    let below = format!("{wanted}.");
    if known.iter().any(|name| *name == wanted || name.starts_with(&below)) {
        return;
    }
    sheet.report(
        path.line,
        format!("申请表没有此字段 the form has no field `{wanted}`"),
        format!("是否为 perhaps {}", nearest(wanted, &known).join(", ")),
    );
}

/// The known names that differ least from this one, the nearest first.
fn nearest<'k>(wanted: &str, known: &[&'k str]) -> Vec<&'k str> {
    let mut ranked: Vec<(usize, &str)> = known.iter().map(|name| (distance(wanted, name), *name)).collect();
    ranked.sort_unstable();
    ranked.into_iter().take(OFFERED_MAX).map(|(_, name)| name).collect()
}

/// How many letters must be put in, taken out or changed to make one word of the other.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, letter) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = at + 1;
        for (column, known) in other.iter().enumerate() {
            let changed = diagonal + usize::from(*known != letter);
            diagonal = row[column + 1];
            row[column + 1] = changed.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[other.len()]
}
