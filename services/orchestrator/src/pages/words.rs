//! States in words and signs: Chinese first, English second, and a sign so that colour alone never tells.

use proto::v1::{CaseState, StepState};

/// How a state is shown.
pub(super) struct Word {
    /// The class that colours it.
    pub(super) class: &'static str,
    /// The sign before it.
    pub(super) sign: &'static str,
    /// Chinese.
    pub(super) zh: &'static str,
    /// English.
    pub(super) en: &'static str,
}

const fn word(class: &'static str, sign: &'static str, zh: &'static str, en: &'static str) -> Word {
    Word { class, sign, zh, en }
}

/// How a case stands, in words.
pub(super) fn case(state: CaseState) -> Word {
    match state {
        CaseState::Unspecified => word("quiet", "?", "未知", "unknown"),
        CaseState::Running => word("going", "▶", "办理中", "running"),
        CaseState::Completed => word("good", "✓", "已办结", "completed"),
        CaseState::PartiallyCompleted => word("good", "✓", "部分办结", "partially completed"),
        CaseState::Offline => word("aside", "⇢", "转线下", "offline"),
        CaseState::Rejected => word("bad", "✗", "不予办理", "rejected"),
        CaseState::Expired => word("bad", "⌛", "逾期终止", "expired"),
        CaseState::Withdrawn => word("quiet", "↩", "已撤回", "withdrawn"),
    }
}

/// How a case stands, by the name in its summary row.
pub(super) fn named(state: &str) -> Word {
    case(match state {
        "running" => CaseState::Running,
        "completed" => CaseState::Completed,
        "partially-completed" => CaseState::PartiallyCompleted,
        "offline" => CaseState::Offline,
        "rejected" => CaseState::Rejected,
        "expired" => CaseState::Expired,
        "withdrawn" => CaseState::Withdrawn,
        _ => CaseState::Unspecified,
    })
}

/// How a step stands, in words.
pub(super) fn step(state: StepState) -> Word {
    match state {
        StepState::Unspecified => word("quiet", "?", "未知", "unknown"),
        StepState::Waiting => word("quiet", "○", "未到", "waiting"),
        StepState::NotSelected => word("quiet", "–", "未选", "not selected"),
        StepState::InDoubt => word("going", "…", "待答复", "awaiting an answer"),
        StepState::Accepted => word("going", "…", "已受理", "accepted"),
        StepState::TaskOpen => word("person", "☐", "待本人", "waits for a person"),
        StepState::Correcting => word("person", "☐", "待补正", "waits for a correction"),
        StepState::Succeeded => word("good", "✓", "已办", "done"),
        StepState::Refused => word("bad", "✗", "未通过", "refused"),
        StepState::Offline => word("aside", "⇢", "转线下", "offline"),
        StepState::Skipped => word("quiet", "–", "不再办", "skipped"),
        StepState::Declined => word("bad", "✗", "本人拒绝", "declined"),
        StepState::Expired => word("bad", "⌛", "逾期", "expired"),
        StepState::Cancelling => word("going", "…", "取消中", "cancelling"),
        StepState::Cancelled => word("quiet", "↩", "已取消", "cancelled"),
        StepState::Compensating => word("going", "…", "撤销中", "compensating"),
        StepState::Compensated => word("quiet", "↩", "已撤销", "compensated"),
        StepState::Deciding => word("going", "…", "判断中", "deciding"),
    }
}

/// How near a legal limit is: not yet, one working day before (yellow), over (red), long over.
pub(super) fn limit(stage: &str) -> Word {
    match stage {
        "near" => word("yellow", "△", "将到期", "due soon"),
        "passed" => word("red", "▲", "已超期", "overdue"),
        "escalated" => word("red", "▲", "已督办", "escalated"),
        "unknown" => word("aside", "?", "无该年日历,不能计算", "no calendar of that year"),
        _ => word("quiet", "·", "期内", "in time"),
    }
}

/// How a message stands.
pub(super) fn message(state: &str) -> Word {
    match state {
        "waiting" => word("quiet", "○", "待发", "waits for its hour"),
        "out" => word("going", "…", "已发", "sent"),
        "delivered" => word("good", "✓", "已送达", "delivered"),
        "to-call" => word("person", "☐", "待电话告知", "a person is to call"),
        "called" => word("good", "✓", "已电话告知", "called"),
        "retracted" => word("quiet", "↩", "已声明有误", "retracted"),
        "dropped" => word("quiet", "–", "不再发送", "dropped"),
        _ => word("quiet", "?", "未知", "unknown"),
    }
}

/// To whom a message goes.
pub(super) fn reader(role: &str) -> &'static str {
    match role {
        "applicant" => "申请人",
        "father" => "父亲",
        "handler" => "经办人",
        "supervisor" => "督办人",
        "operator" => "运行人员",
        "city-supervisor" => "市级督办人",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An operator would otherwise read “unknown” of a message whose state the service knows well.
    #[test]
    fn every_state_of_a_message_has_its_word() {
        for state in ["waiting", "out", "delivered", "to-call", "called", "dropped", "retracted"] {
            assert_ne!(message(state).zh, message("").zh, "{state}");
        }
    }
}
