//! Answers for people at a terminal: aligned, Chinese first.

use jiff::{
    Timestamp,
    tz::{Offset, TimeZone},
};
use proto::v1::{self, CaseState, StepState};

/// The state of this name, as `--state` takes it.
pub(super) fn state(text: &str) -> Result<CaseState, String> {
    let named = format!("CASE_STATE_{}", text.to_ascii_uppercase().replace('-', "_"));
    match CaseState::from_str_name(&named) {
        Some(CaseState::Unspecified) | None => {
            Err("running, completed, partially-completed, offline, rejected, expired, withdrawn".to_owned())
        }
        Some(state) => Ok(state),
    }
}

/// How a case stands.
pub(super) fn case_word(state: CaseState) -> &'static str {
    match state {
        CaseState::Unspecified => "未知 unknown",
        CaseState::Running => "办理中 running",
        CaseState::Completed => "已办结 completed",
        CaseState::PartiallyCompleted => "部分办结 partially-completed",
        CaseState::Offline => "转线下 offline",
        CaseState::Rejected => "不予办理 rejected",
        CaseState::Expired => "逾期终止 expired",
        CaseState::Withdrawn => "已撤回 withdrawn",
    }
}

/// How a step stands.
pub(super) fn step_word(state: StepState) -> &'static str {
    match state {
        StepState::Unspecified => "未知 unknown",
        StepState::Waiting => "未到 waiting",
        StepState::NotSelected => "未选 not-selected",
        StepState::InDoubt => "待答复 in-doubt",
        StepState::Accepted => "已受理 accepted",
        StepState::TaskOpen => "待本人 task-open",
        StepState::Correcting => "待补正 correcting",
        StepState::Succeeded => "已办 succeeded",
        StepState::Refused => "未通过 refused",
        StepState::Offline => "转线下 offline",
        StepState::Skipped => "不再办 skipped",
        StepState::Declined => "本人拒绝 declined",
        StepState::Expired => "逾期 expired",
        StepState::Cancelling => "取消中 cancelling",
        StepState::Cancelled => "已取消 cancelled",
        StepState::Compensating => "撤销中 compensating",
        StepState::Compensated => "已撤销 compensated",
        StepState::Deciding => "判断中 deciding",
    }
}

/// What became of a filing.
pub(super) fn submitted(response: &v1::SubmitApplicationResponse) -> String {
    let mut lines = vec![format!("申请 application  {}", response.application_id)];
    lines.extend(response.case_ids.iter().map(|case| format!("办件 case         {case}")));
    if response.repeated_request {
        lines.push("此前已提交,未重复受理 / filed before, nothing new was recorded".to_owned());
    }
    lines.join("\n")
}

/// One case with its steps.
pub(super) fn case(case: &v1::Case) -> String {
    let mut lines = vec![
        format!("办件 case         {}", case.case_id),
        format!("申请 application  {}", case.application_id),
        format!("状态 state        {}{}", case_word(case.state()), conditions(case)),
        format!("婴儿 child        {}", case.child_order),
        format!("政策包 pack       {}", case.pack),
        format!("提交 filed        {}", time(case.submitted_at.as_ref())),
        format!("变动 changed      {}", time(case.changed_at.as_ref())),
    ];
    let rows = case.steps.iter().map(|step| {
        let mut state = step_word(step.state()).to_owned();
        if step.stuck {
            state.push_str(" 卡住 stuck");
        }
        if !step.stage.is_empty() {
            state.push_str(&format!(" {}", step.stage));
        }
        let next = step.next_at.as_ref().map(|at| format!("下次 next {}", time(Some(at)))).unwrap_or_default();
        vec![format!("  {}", step.title), step.name.clone(), step.performer.clone(), state, limit(step), next]
    });
    lines.extend(table(rows.collect()));
    for step in &case.steps {
        lines.extend(step.reasons.iter().map(|reason| format!("  {} {}", step.title, told(reason))));
    }
    if !case.procedures.is_empty() {
        lines.push("后续程序 procedures".to_owned());
        lines.extend(table(case.procedures.iter().map(procedure).collect()));
    }
    if !case.messages.is_empty() {
        lines.push("短信 messages".to_owned());
        lines.extend(table(case.messages.iter().map(message).collect()));
    }
    lines.join("\n")
}

/// The legal limit of a step, its last minute, and how near that is: yellow and red in words.
fn limit(step: &v1::Step) -> String {
    let stage = match &*step.limit_stage {
        "near" => " 黄 near",
        "passed" => " 红 passed",
        "escalated" => " 红·已督办 escalated",
        "unknown" => " 无该年日历 unknown",
        _ => "",
    };
    // The first moment that is too late is told as the last minute in time.
    let due = step.limit_due_at.as_ref().and_then(|at| Timestamp::new(at.seconds - 1, 0).ok());
    let due = due.map(|at| at.to_zoned(TimeZone::fixed(Offset::constant(8))).strftime(" 至%Y-%m-%d %H:%M").to_string());
    format!("{}{}{stage}", step.limit, due.unwrap_or_default())
}

fn procedure(follow_up: &v1::FollowUp) -> Vec<String> {
    let waits = match follow_up.waits_for.is_empty() {
        true => String::new(),
        false => format!("尚未确认 waits for {}", follow_up.waits_for.join(",")),
    };
    let state = case_word(follow_up.state()).to_owned();
    vec![format!("  {}", follow_up.title), follow_up.procedure.clone(), follow_up.case_id.clone(), state, waits]
}

fn message(message: &v1::SentMessage) -> Vec<String> {
    let state = match &*message.state {
        "waiting" => "待发 waiting",
        "out" => "已发 out",
        "delivered" => "已送达 delivered",
        "to-call" => "待电话告知 to-call",
        "called" => "已电话告知 called",
        "retracted" => "已声明有误 retracted",
        "dropped" => "不再发送 dropped",
        other => other,
    };
    vec![format!("  {}", message.template), message.to.clone(), state.to_owned(), time(message.sent_at.as_ref())]
}

/// A case after a change: how it stands, and the steps that stand otherwise than before.
pub(super) fn change(before: Option<&v1::Case>, now: &v1::Case) -> String {
    let Some(before) = before else { return case(now) };
    let mut lines = Vec::new();
    let at = time(now.changed_at.as_ref());
    for (was, is) in before.steps.iter().zip(&now.steps) {
        if was.state != is.state || was.stage != is.stage || was.stuck != is.stuck {
            let stuck = if is.stuck { " 卡住 stuck" } else { "" };
            let stage = if is.stage.is_empty() { String::new() } else { format!(" {}", is.stage) };
            lines.push(format!("{at}  {}  {}{stage}{stuck}", wide(&is.title, 28), step_word(is.state())));
            if was.reasons != is.reasons {
                lines.extend(is.reasons.iter().map(|reason| format!("                {}", told(reason))));
            }
        }
    }
    if before.state != now.state || conditions(before) != conditions(now) {
        lines.push(format!("{at}  {}  {}{}", wide("办件 case", 28), case_word(now.state()), conditions(now)));
    }
    lines.join("\n")
}

/// Cases in lines.
pub(super) fn cases(found: &v1::SearchCasesResponse) -> String {
    let mut rows = vec![
        ["办件 case", "状态 state", "政策包 pack", "婴儿 child", "提交 filed", "变动 changed"]
            .map(str::to_owned)
            .to_vec(),
    ];
    rows.extend(found.cases.iter().map(|case| {
        vec![
            case.case_id.clone(),
            format!("{}{}", case_word(case.state()), conditions(case)),
            case.pack.clone(),
            case.child_order.to_string(),
            time(case.submitted_at.as_ref()),
            time(case.changed_at.as_ref()),
        ]
    }));
    let mut lines = table(rows);
    lines.push(format!(
        "共 {} 件,显示 {} 件 / {} in all, {} shown",
        found.total,
        found.cases.len(),
        found.total,
        found.cases.len()
    ));
    lines.join("\n")
}

/// Tasks in lines.
pub(super) fn tasks(found: &v1::ListTasksResponse) -> String {
    if found.tasks.is_empty() {
        return "没有待办 / no tasks".to_owned();
    }
    let mut rows =
        vec![["待办 task", "事由 title", "角色 role", "方式 methods", "期限 expires"].map(str::to_owned).to_vec()];
    rows.extend(found.tasks.iter().map(|task| {
        let asked = if task.correct_fields.is_empty() { &task.methods } else { &task.correct_fields };
        vec![
            task.task_id.clone(),
            task.title.clone(),
            task.role.clone(),
            asked.join(","),
            time(task.expires_at.as_ref()),
        ]
    }));
    let mut lines = table(rows);
    for task in &found.tasks {
        lines.extend(task.reasons.iter().map(|reason| format!("  {}  {}", task.task_id, told(reason))));
    }
    lines.join("\n")
}

/// Events in lines.
pub(super) fn history(history: &v1::GetHistoryResponse) -> String {
    let row = |event: &v1::HistoryEvent| {
        let at = time(event.at.as_ref());
        vec![event.sequence.to_string(), at, event.event.clone(), event.step.clone(), event.actor.clone()]
    };
    table(history.events.iter().map(row).collect()).join("\n")
}

/// A reason in one line: code, Chinese, English, where to go.
pub(super) fn told(reason: &v1::Reason) -> String {
    let parts = [&reason.code, &reason.text_zh, &reason.text_en, &reason.offline_route];
    parts.into_iter().filter(|part| !part.is_empty()).map(String::as_str).collect::<Vec<_>>().join(" · ")
}

fn conditions(case: &v1::Case) -> String {
    let named = [(case.frozen, " 冻结 frozen"), (case.stuck, " 卡住 stuck"), (case.bereaved, " 专人办理 bereaved")];
    named.into_iter().filter(|(holds, _)| *holds).map(|(_, word)| word).collect()
}

fn time(at: Option<&prost_types::Timestamp>) -> String {
    let Some(at) = at.and_then(|at| Timestamp::new(at.seconds, at.nanos).ok()) else { return String::new() };
    at.to_zoned(TimeZone::fixed(Offset::constant(8))).strftime("%m-%d %H:%M:%S").to_string()
}

/// Columns as wide as their widest cell.
fn table(rows: Vec<Vec<String>>) -> Vec<String> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns)
        .map(|column| rows.iter().filter_map(|row| row.get(column)).map(|cell| width(cell)).max().unwrap_or(0))
        .collect();
    let line = |row: &Vec<String>| {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| wide(cell, *width)).collect();
        cells.join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

fn wide(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(width(text))))
}

/// Columns on a terminal: Han characters and full-width punctuation take two.
fn width(text: &str) -> usize {
    text.chars()
        .map(|character| {
            if matches!(character, '\u{1100}'..='\u{115F}' | '\u{2E80}'..='\u{FF60}' | '\u{20000}'..='\u{3FFFD}') {
                2
            } else {
                1
            }
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// If this fails, lines with Chinese words are ragged and states are read off the wrong line.
    #[test]
    fn columns_are_aligned_as_a_terminal_shows_them() {
        let rows = [["出生登记", "已办"], ["card", "未到"]].map(|row| row.map(str::to_owned).to_vec()).to_vec();
        assert_eq!(table(rows), ["出生登记  已办", "card      未到"]);
    }

    /// If this fails, a clerk cannot see that a case is late by law, a family what it was told, or anybody which
    /// department has not confirmed a correction.
    #[test]
    fn a_case_shows_limits_messages_and_procedures() {
        let at = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
        let case = v1::Case {
            steps: vec![
                v1::Step {
                    title: "生育待遇初审".to_owned(),
                    limit: "20个工作日".to_owned(),
                    // 2026-12-19 00:00 in Beijing.
                    limit_due_at: at(1_797_609_600),
                    limit_stage: "near".to_owned(),
                    ..Default::default()
                },
                v1::Step {
                    title: "出生登记".to_owned(),
                    limit: "按部门公布的承诺时限".to_owned(),
                    ..Default::default()
                },
            ],
            messages: vec![v1::SentMessage {
                template: "N13".to_owned(),
                to: "applicant".to_owned(),
                state: "delivered".to_owned(),
                sent_at: at(1_797_609_600),
                name: "message/0".to_owned(),
            }],
            procedures: vec![v1::FollowUp {
                title: "信息更正".to_owned(),
                state: CaseState::Running.into(),
                waits_for: vec!["police".to_owned()],
                ..Default::default()
            }],
            ..Default::default()
        };
        let told = super::case(&case);
        for shown in [
            "20个工作日 至2026-12-18 23:59 黄",
            "按部门公布的承诺时限",
            "N13",
            "已送达",
            "信息更正",
            "waits for police",
        ] {
            assert!(told.contains(shown), "{shown} in:\n{told}");
        }
    }

    /// If this fails, `yijian cases --state` refuses the words that it prints.
    #[test]
    fn a_state_is_asked_for_by_the_word_that_is_printed() {
        for known in 1..=7 {
            let known = CaseState::try_from(known).expect("seven states");
            let word = case_word(known).rsplit(' ').next().expect("two words");
            assert_eq!(state(word), Ok(known));
        }
        assert!(state("unspecified").is_err() && state("x").is_err());
    }

    /// If this fails, a watcher is told of steps that did not change, or not of those that did.
    #[test]
    fn a_change_tells_only_what_changed() {
        let step = |name: &str, state: StepState| v1::Step {
            title: name.to_owned(),
            state: state.into(),
            ..Default::default()
        };
        let case = |card| v1::Case {
            state: CaseState::Running.into(),
            steps: vec![step("登记", StepState::Succeeded), step("社保卡", card)],
            ..Default::default()
        };
        let told = change(Some(&case(StepState::Waiting)), &case(StepState::Accepted));
        assert!(told.contains("社保卡") && told.contains("已受理") && !told.contains("登记"), "{told}");
    }
}
