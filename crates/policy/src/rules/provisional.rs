//! Domain table D12: provisional enrolment (容缺参保) and what becomes of it when the household registration comes, comes
//! differently, comes elsewhere, or does not come.
//!
//! Whatever happens, the family keeps its person number, its start of benefits and its money: a second record is folded
//! into the older one, and a benefit is not stopped by a machine unless the pack says so.
//!
//! The answers of one case belong together because one step's answer is sent to the next. Where an answer repeats what
//! it is about (`certificate_number`, `name`, `sex`, `born_at`, `mother_id_number`), that must agree.

use jiff::civil::Date;

use super::{Argument, Rule, Ruling, counting::counting};
use crate::{
    case::Case,
    decision::Undecidable,
    law::{Kind, Term},
    legal_time::{deadline, end_of},
};

mod twice;

/// What is moved from the record that is closed to the one that stays.
const MOVES: [&str; 3] = ["payments", "subsidy", "claims"];

/// The rules of this table.
pub const RULES: &[Rule] = &[
    Rule {
        name: "provisional",
        table: "D12",
        zh: "容缺参保的补全与合并",
        en: "what becomes of a provisional enrolment",
        argument: Argument::None,
        article: "晋医保发〔2026〕4号 三(二): 为尚未办理户籍的新生儿及时办理容缺参保登记",
        codes: &[],
        needs: &[],
        gives: &[
            "action",
            "survivor",
            "closes",
            "moves",
            "id_number",
            "start_on",
            "needs_person",
            "terminate_on",
            "recover",
            "stop_benefit",
            "due_on",
        ],
        decide: |case| decided(case).map(|(_, ruling)| ruling),
    },
    Rule {
        name: "provisional-merge",
        table: "D12",
        zh: "是否须合并容缺参保",
        en: "whether a provisional enrolment is to be merged",
        argument: Argument::None,
        article: "晋医保发〔2026〕4号 三(二): 为尚未办理户籍的新生儿及时办理容缺参保登记",
        codes: &[],
        needs: &[],
        gives: &[],
        decide: |case| {
            let (action, ruling) = decided(case)?;
            Ok(if action == Action::Merge { ruling } else { Ruling { against: Some(Vec::new()), ..ruling } })
        },
    },
    twice::RULE,
];

/// The values that a pack may set for them.
pub const TERMS: &[Term] = &[
    Term {
        key: "provisional.complete_within",
        zh: "容缺参保后补全户籍的期限",
        en: "how long a provisional enrolment waits for the registration",
        kind: Kind::Span,
    },
    Term {
        key: "provisional.stops_benefit",
        zh: "逾期未补全是否停止待遇",
        en: "whether the benefit stops when that time is over",
        kind: Kind::Truth,
    },
    Term {
        key: "provisional.duplicate",
        zh: "两地重复参保时保留哪一个",
        en: "which of two enrolments in two provinces stays where the family does not choose",
        kind: Kind::Word(&["first-used", "first-enrolled"]),
    },
];

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    /// Nothing yet.
    Wait,
    /// The ID number is added to the provisional record.
    Attach,
    /// Two records become one.
    Merge,
    /// A person compares.
    Person,
    /// The family is reminded (N15).
    Remind,
    /// The enrolment here ends; the child is registered in another province.
    TerminateHere,
    /// There is no provisional record: the ordinary enrolment.
    EnrolNormally,
}

impl Action {
    const fn word(self) -> &'static str {
        match self {
            Self::Wait => "wait",
            Self::Attach => "attach",
            Self::Merge => "merge",
            Self::Person => "person",
            Self::Remind => "remind",
            Self::TerminateHere => "terminate-here",
            Self::EnrolNormally => "enrol-normally",
        }
    }
}

fn decided(case: &Case<'_>) -> Result<(Action, Ruling), Undecidable> {
    let provisional = case.text("provisional.person_number");
    let registered = case.text("registration.id_number");
    let (action, ruling) = match (provisional, registered) {
        (None, None) => (
            Action::Wait,
            Ruling::yes("D12-0", "尚无容缺参保,户籍亦未办妥", "neither a provisional enrolment nor a registration"),
        ),
        (None, Some(_)) => (
            Action::EnrolNormally,
            Ruling::yes("D12-6", "无容缺参保,按户籍自动参保", "no provisional enrolment: enrol by the registration")
                .excluding("D12-1", "没有可补全的容缺参保", "there is no provisional enrolment to complete"),
        ),
        (Some(number), None) => waiting(case, number)?,
        (Some(number), Some(_)) => arrived(case, number)?,
    };
    Ok((action, ruling.giving("action", action.word())))
}

/// The registration has not come.
fn waiting(case: &Case<'_>, number: &str) -> Result<(Action, Ruling), Undecidable> {
    let stops = case.says("provisional.stops_benefit", None).unwrap_or(false);
    let Some(span) = case.span("provisional.complete_within", None) else {
        let ruling = Ruling::yes("D12-7", "等待户籍;补全期限来源未写明", "waiting; the source sets no time")
            .giving("survivor", number)
            .giving("stop_benefit", false)
            .excluding("D12-4", "没有期限,故无逾期", "there is no time that could be over")
            .warning(
                "三(二)未写明容缺参保的补全期限: 按部门公布的承诺时限。",
                "三(二) sets no time for completing a provisional enrolment: as the department promises publicly",
            );
        return Ok((Action::Wait, ruling));
    };
    let enrolled = case.day("provisional.enrolled_on")?;
    let enrolled = case.must("provisional.enrolled_on", enrolled)?;
    let due = deadline(&end_of(enrolled), span, counting(case), &[], "provisional.complete_within", case.calendar)?;
    let over = *case.asked_at > due.last_minute;
    let due_on = due.rolled.to_string();
    let (action, ruling) = if over {
        let (zh, en) = if stops {
            ("逾期未补全户籍: 提醒,并按本包规定停止待遇", "overdue: remind, and stop the benefit as the pack says")
        } else {
            ("逾期未补全户籍: 提醒,待遇不自动停止", "overdue: remind; the benefit is not stopped")
        };
        (Action::Remind, Ruling::yes("D12-4", zh, en).excluding("D12-7", "期限已过", "the time is over"))
    } else {
        let ruling = Ruling::yes("D12-7", "等待户籍,期限未到", "waiting; the time is not over").excluding(
            "D12-4",
            "期限未到",
            "the time is not over",
        );
        (Action::Wait, ruling)
    };
    let ruling = ruling.giving("survivor", number).giving("stop_benefit", over && stops).giving("due_on", due_on);
    Ok((action, ruling.with_deadline("provisional-completion", due)))
}

/// The registration has come.
fn arrived(case: &Case<'_>, number: &str) -> Result<(Action, Ruling), Undecidable> {
    let start = start_kept(case)?;
    let keeping = |ruling: Ruling| match start {
        Some(day) => ruling.giving("start_on", day.to_string()),
        None => ruling,
    };
    let differing = differing(case);
    if !differing.is_empty() {
        let ruling = Ruling::yes("D12-3", "户籍信息与容缺参保不一致,由专人核对", "the two differ: a person compares")
            .giving("needs_person", true)
            .giving("survivor", number)
            .excluding(
                "D12-1",
                format!("不一致: {}", differing.join("、")),
                format!("differing: {}", differing.join(", ")),
            );
        return Ok((Action::Person, keeping(ruling)));
    }
    if case.text("registration.area").is_some_and(|area| !case.pack.covers_area(area)) {
        let from = case.day("registration.registered_on")?;
        let from = case.must("registration.registered_on", from)?;
        let ruling = Ruling::yes(
            "D12-5",
            "在外省登记户籍: 自登记之日起终止本地参保,已享受的待遇不追回",
            "registered in another province: the enrolment here ends that day; benefits used are not recovered",
        )
        .giving("terminate_on", from.to_string())
        .giving("recover", false)
        .giving("closes", number)
        .excluding("D12-1", "户籍不在本省", "the registration is not in this province");
        return Ok((Action::TerminateHere, keeping(ruling)));
    }
    let id_number = case.text("registration.id_number").unwrap_or_default();
    let ruling = match case.text("enrolment.person_number").filter(|second| *second != number) {
        None => {
            let ruling = Ruling::yes(
                "D12-1",
                "补入公民身份号码,原参保号与待遇起始日不变",
                "the ID number is added; person number and start of benefits stay",
            )
            .giving("survivor", number)
            .excluding("D12-2", "没有第二个参保记录", "there is no second record");
            return Ok((Action::Attach, keeping(ruling.giving("id_number", id_number))));
        }
        Some(second) => merged(case, number, second)?,
    };
    Ok((Action::Merge, keeping(ruling.giving("id_number", id_number))))
}

/// Two records of one child: the older stays, everything moves to it.
fn merged(case: &Case<'_>, number: &str, second: &str) -> Result<Ruling, Undecidable> {
    let (first_on, second_on) = (case.day("provisional.enrolled_on")?, case.day("enrolment.enrolled_on")?);
    let first_on = case.needed("provisional.enrolled_on", first_on);
    let second_on = case.needed("enrolment.enrolled_on", second_on);
    case.complete()?;
    // On one day the family already knows the provisional number.
    let (stays, closes) = if second_on < first_on { (second, number) } else { (number, second) };
    Ok(Ruling::yes(
        "D12-2",
        "同一婴儿有两个参保记录: 保留较早的,缴费、资助、报销并入,较晚的注销",
        "two records of one child: the older stays, payments, subsidy and claims move to it",
    )
    .giving("survivor", stays)
    .giving("closes", closes)
    .giving("moves", MOVES.map(serde_json::Value::from).to_vec())
    .excluding("D12-1", "另有一个参保记录,须先合并", "there is another record, which is merged first"))
}

/// The earliest start of benefits that the family was promised.
fn start_kept(case: &Case<'_>) -> Result<Option<Date>, Undecidable> {
    let starts = [case.day("provisional.start_on")?, case.day("benefit.start_on")?, case.day("enrolment.start_on")?];
    Ok(starts.into_iter().flatten().min())
}

/// What an answer says of the child otherwise than the case does: names of fields, never values.
fn differing(case: &Case<'_>) -> Vec<&'static str> {
    let pairs = [
        ("certificate_number", "certificate.number"),
        ("name", "child.name"),
        ("sex", "child.sex"),
        ("born_at", "child.born_at"),
        ("mother_id_number", "mother.id_number"),
    ];
    let mut found = Vec::new();
    for (field, known) in pairs {
        let of_case = case.text(known);
        let differs = ["provisional", "registration", "enrolment"].into_iter().any(|step| {
            match (case.text(&format!("{step}.{field}")), of_case) {
                (Some(told), Some(known)) if field == "name" => {
                    identifiers::normalise_for_comparison(told) != identifiers::normalise_for_comparison(known)
                }
                (Some(told), Some(known)) => told != known,
                (None, _) | (_, None) => false,
            }
        });
        if differs {
            found.push(field);
        }
    }
    found
}
