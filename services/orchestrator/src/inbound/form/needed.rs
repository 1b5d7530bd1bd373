//! What the pack's own commands will carry: a form without it would be accepted and then never sent.

use policy::{Pack, facts};
use saga::{
    Step,
    definition::{Performer, Selection},
};
use serde_json::Value;

use super::{Check, child::Child};

/// Blocks of the form that children share. Other roots are answers of steps, which come later.
const SHARED: [&str; 7] =
    ["application", "mother", "father", "residence", "hand_over", "notice_version", "marriage_licence_claimed"];

/// Notes every field that a step of the pack sends and that is not in the form, unless something is noted of it.
pub(super) fn by_pack(check: &mut Check, pack: &Pack, form: &Value, children: &[Child]) {
    let without_father = facts::at(form, "father").is_none();
    if without_father && !check.knows("father") && pack.definition.steps.iter().any(names_father) {
        check.note("father", "YJ-FORM-11", "本地办理须填写父亲信息", "the father must be named here");
    }
    for step in &pack.definition.steps {
        for path in step.send.iter().filter(|path| !path.ends_with('?')) {
            let (root, rest) = path.split_once('.').map_or((&**path, ""), |(root, rest)| (root, rest));
            if root == "child" {
                for child in children.iter().filter(|child| runs_for(step, child)) {
                    let field = if rest.is_empty() { child.field.clone() } else { format!("{}.{rest}", child.field) };
                    if !rest.is_empty() && facts::at(&child.facts, rest).is_none() {
                        note(check, &field);
                    }
                }
            } else if SHARED.contains(&root)
                && root != "application"
                && facts::at(form, path).is_none()
                && children.iter().any(|child| runs_for(step, child))
            {
                note(check, path);
            }
        }
    }
}

fn note(check: &mut Check, field: &str) {
    if !check.knows(field) {
        check.note(field, "FRM-301", "必填项未填写", "must be filled in");
    }
}

/// The step may be done for this child: always, by rule, or as it was ticked.
fn runs_for(step: &Step, child: &Child) -> bool {
    match &step.selection {
        Selection::Always | Selection::Rule(_) => true,
        Selection::Chosen => step.item.as_deref().is_some_and(|item| child.ticks(item)),
    }
}

fn names_father(step: &Step) -> bool {
    let asks = matches!(&step.performer, Performer::Person { role, .. } if &**role == "father");
    asks || step.send.iter().any(|path| path.starts_with("father") && !path.ends_with('?'))
}
