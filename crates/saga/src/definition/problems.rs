//! What makes a definition one that cannot be run: everything at once, each with its step and why.

use std::collections::BTreeSet;

use super::{Cause, Definition, Kind, OnRefusal, Performer, Scope, Selection, StartWhen, StepIndex};
use crate::limits;

/// What is wrong with a definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The step, if it is one step's.
    pub step: Option<StepIndex>,
    /// What and why, in a sentence, Chinese first.
    pub what: String,
}

impl Definition {
    /// Everything that is wrong, at once; empty means that it can be run.
    pub fn problems(&self) -> Vec<Problem> {
        let mut found = Vec::new();
        if self.steps.is_empty() || self.steps.len() > limits::STEPS_MAX {
            found.push(Problem {
                step: None,
                what: format!(
                    "环节应为1至{most}个,这里有{here}个 a saga has 1 to {most} steps, this one {here}",
                    most = limits::STEPS_MAX,
                    here = self.steps.len()
                ),
            });
            return found;
        }
        match self.steps.iter().filter(|step| step.kind == Kind::Pivot).count() {
            0 if self.procedure => {}
            _ if self.procedure => {
                found.push(Problem {
                    step: None,
                    what: "程序没有枢轴 a procedure has no pivot; 只进不退,改用 forward it only goes forward".into(),
                });
            }
            1 => {}
            0 => found.push(Problem {
                step: None,
                what: "没有枢轴 no step is the pivot; 须恰好一个 name exactly one".into(),
            }),
            many => found.push(Problem {
                step: None,
                what: format!("枢轴有{many}个 {many} steps are pivots; 须恰好一个 name exactly one"),
            }),
        }
        let mut names = BTreeSet::new();
        for index in self.indices() {
            let step = self.step(index);
            if !names.insert(&step.name) {
                found.push(Problem {
                    step: Some(index),
                    what: format!("环节名 `{0}` 出现两次 the name `{0}` stands twice", step.name),
                });
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
                found.push(format!("第{0}号前置环节不存在 predecessor number {0} does not exist", other.0));
            } else if other == index {
                found.push("环节不能等待自己 a step cannot wait for itself".into());
            }
        }
        found.extend(self.problems_of_law(index));
        if let Some(compensation) = &step.compensation {
            if compensation.on.is_empty() {
                found.push(
                    "撤回没有原因,永远不会执行 a compensation without a cause would never run; \
                     在 `on` 中写明 name its causes in `on`"
                        .into(),
                );
            }
            if step.kind == Kind::Pivot && compensation.on.iter().any(|cause| *cause != Cause::Revoked) {
                found.push(
                    "枢轴不自动撤回 the pivot is never compensated automatically; \
                     原因只能是 `revoked` only `revoked` may be a cause"
                        .into(),
                );
            }
            if !matches!(step.performer, Performer::Department { .. }) {
                found.push("只有部门办理的才能撤回 only a department's act can be compensated".into());
            }
        }
        let never = |condition: &StartWhen| match condition {
            StartWhen::Offline { step: other } => step.after.contains(other),
            StartWhen::Late { .. } | StartWhen::Succeeded { .. } => false,
        };
        if !step.start_when.is_empty() && step.start_when.iter().all(never) {
            found.push(
                "永远不会开始:同一环节既要办成又要转线下 unreachable: it needs a step to succeed and the \
                 same step to go offline"
                    .into(),
            );
        }
        if step.kind == Kind::Pivot && !matches!(step.performer, Performer::Department { .. }) {
            found.push("枢轴须由部门办理 the pivot is an act of a department".into());
        }
        if step.kind == Kind::Pivot && step.scope == Scope::Family {
            found.push("枢轴按每名婴儿办理,不能一家一次 the pivot is each child's own, never the family's".into());
        }
        if !step.notices.is_empty() && step.kind != Kind::Pivot && step.expiry.is_none() {
            found.push(
                "等待的通知可能永远不来 it waits for a notice that may never come; 写明 `expires` give it an expiry"
                    .into(),
            );
        }
        if step.kind == Kind::Pivot && step.expiry.is_some() {
            found.push(
                "枢轴不会过期 the pivot does not expire; 部门迟延的继续询问 a department that is late is asked on"
                    .into(),
            );
        }
        if step.selection == Selection::Chosen && step.item.is_none() {
            found.push("申请人勾选的是事项 an applicant chooses items; 写明 `item` name the item".into());
        }
        if step.mandatory && step.selection == Selection::Chosen {
            found.push("必办环节不能由申请人勾选 a mandatory step cannot be unticked".into());
        }
        if step.remind_ms.len() > limits::REMINDERS_MAX || !step.remind_ms.is_sorted() {
            found.push(format!(
                "提醒时间须由早到晚,最多{0}次 reminders rise in time and are at most {0}",
                limits::REMINDERS_MAX
            ));
        }
        if step.retry.attempts_max == 0 || step.retry.first_ms <= 0 || step.retry.inquiry_ms <= 0 {
            found.push("次数和间隔须大于零 attempts and pauses are positive".into());
        }
        if step.declined == OnRefusal::Close && self.has_dependents(index) {
            found.push("有后续环节的不能写 `close` `close` is for a task on which nothing depends".into());
        }
        found
    }

    /// What is wrong with a step's limit, its reminders, and who may not answer it.
    fn problems_of_law(&self, index: StepIndex) -> Vec<String> {
        let step = self.step(index);
        let mut found = Vec::new();
        for other in step.limit_from.iter().chain(&step.differs_from) {
            if other.at() >= self.steps.len() {
                found.push(format!("第{0}号环节不存在 step number {0} does not exist", other.0));
            } else if *other == index {
                found.push(
                    "时限起点和“不得同一人”都不能指自己 neither its limit's beginning nor another's answer \
                     can be its own"
                        .into(),
                );
            }
        }
        if step.remind_on.is_some() && step.department().is_none() {
            found.push(
                "法定提醒用于部门等待的环节 legal reminders are of what a department awaits; \
                 人的待办用 `remind` a task is reminded by `remind_ms`"
                    .into(),
            );
        }
        let days = step.remind_on.as_ref().map_or(&[][..], |on| &on.days);
        if days.len() > limits::REMINDERS_MAX || !days.is_sorted() {
            found.push(format!(
                "提醒日须由早到晚,最多{0}个 days of reminders rise and are at most {0}",
                limits::REMINDERS_MAX
            ));
        }
        found
    }

    fn cycles(&self) -> Vec<Problem> {
        self.indices()
            .filter(|index| self.depends_on(*index, *index))
            .map(|index| Problem {
                step: Some(index),
                what: "经由其他环节等待自己:成了循环,它和之后的环节都无法开始 waits, through others, for itself: a cycle, so neither it \
                       nor what follows it could ever start"
                    .into(),
            })
            .collect()
    }
}
