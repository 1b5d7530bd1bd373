//! Domain table D9: which way a mother's delivery costs and her maternity allowance take ([003] 附件2 二.6; 三(三)1).
//!
//! | row | insurance | settled | area | route | allowance |
//! |---|---|---|---|---|---|
//! | D9-1 | employee | yes | own | `inform` | automatic, where the pack says so |
//! | D9-2 | employee | yes | other | `inform` | the same: 二.6 has no condition of area |
//! | D9-3 | any insured | no, and no costs claimed yet | – | `tell-route`, then one of the rows below | – |
//! | D9-4 | employee | no | own | `apply` | after decision |
//! | D9-5 | employee | no | other | `apply-cross-area` | after decision |
//! | D9-6 | resident | yes | – | `inform` | none |
//! | D9-7 | resident | no | – | `apply`, or `apply-cross-area` | none |
//! | D9-8 | spouse of an employee | – | – | as a resident: the medical part only | none |
//! | D9-9 | none | – | – | `none`: told of no entitlement | employer's |
//!
//! A claim asks [`super::hospital`] first. Where that leaves it to a person, so does the route, under that row's name.
//! Where it refuses the medical part, a mother without a right to an allowance is refused with its reasons; an employee
//! still applies, because no source ties her allowance to the hospital.

use jiff::civil::Date;
use serde_json::Value;

use super::{
    Argument, Rule, Ruling,
    hospital::{self, Assessment, COSTS, Whole},
};
use crate::{case::Case, decision::Undecidable, law::Term};

mod allowance;
mod review;
mod selections;
mod terms;

/// What holds in every province; the pack's own step names its documents on top.
const ARTICLE: &str = "《社会保险法》第五十四条";

/// The rules of this table.
pub const RULES: &[Rule] = &[
    Rule {
        name: "maternity-route",
        table: "D9",
        zh: "生育医疗费用报销与生育津贴的办理途径",
        en: "which way delivery costs and the maternity allowance take",
        argument: Argument::None,
        article: ARTICLE,
        codes: &["MAT-1101", "MAT-1102"],
        needs: &["hospital.suspension_max"],
        gives: &["route", "allowance", "allowance_days", "medical", "refused", "needs_person", "reason"],
        decide: route,
    },
    selections::TO_APPLY,
    selections::BY_PERSON,
    selections::HANDLED,
    selections::INFORM,
    selections::CROSS_AREA,
    allowance::RULE,
    review::RULE,
];

/// The values that a pack may set for them.
pub const TERMS: &[Term] = terms::TERMS;

/// How the mother is insured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Insured {
    /// 参保职工.
    Employee,
    /// 城乡居民.
    Resident,
    /// 职工未就业配偶.
    SpouseOfEmployee,
    /// Not at all.
    None,
}

impl Insured {
    const PATH: &str = "maternity-status.insured";

    fn read(case: &Case<'_>) -> Result<Self, Undecidable> {
        case.must(Self::PATH, Self::known(case)?)
    }

    /// As the status query answered; `None` where it has not.
    fn known(case: &Case<'_>) -> Result<Option<Self>, Undecidable> {
        match case.text(Self::PATH) {
            None => Ok(None),
            Some("employee") => Ok(Some(Self::Employee)),
            Some("resident") => Ok(Some(Self::Resident)),
            Some("spouse-of-employee") => Ok(Some(Self::SpouseOfEmployee)),
            Some("none") => Ok(Some(Self::None)),
            Some(_) => Err(Undecidable::Impossible {
                path: Self::PATH.to_owned(),
                zh: "应为employee、resident、spouse-of-employee或none".to_owned(),
                en: "must be employee, resident, spouse-of-employee or none".to_owned(),
            }),
        }
    }
}

/// The day whose law holds: that of the delivery, where it is known.
fn law_day(case: &Case<'_>) -> Result<Option<Date>, Undecidable> {
    case.day("delivery.delivered_on")
}

/// Names the documents by which the pack has claims made, where it is built on any.
pub(super) fn cite_source(case: &Case<'_>) {
    super::selection::cite_step(case, "maternity-route");
}

/// True where the status query says that the mother is not insured at all.
pub(super) fn is_uninsured(case: &Case<'_>) -> Result<bool, Undecidable> {
    Ok(Insured::known(case)? == Some(Insured::None))
}

/// True where the pack's source wants the originals of a claim across areas at the window.
pub(super) fn originals_to_window(case: &Case<'_>) -> Result<bool, Undecidable> {
    Ok(case.says(terms::ORIGINALS, law_day(case)?) == Some(true))
}

fn route(case: &Case<'_>) -> Result<Ruling, Undecidable> {
    cite_source(case);
    let insured = Insured::read(case)?;
    let ruling = match insured {
        Insured::None => uninsured(case),
        Insured::Employee | Insured::Resident | Insured::SpouseOfEmployee => {
            let path = "maternity-status.settled";
            if case.must(path, case.truth(path))? { settled(insured, case)? } else { unsettled(insured, case)? }
        }
    };
    Ok(unfit_rows(insured, ruling))
}

/// A route before its allowance, as steps that follow read it.
fn taking(row: &'static str, route: &str, medical: &str, zh: &str, en: &str) -> Ruling {
    Ruling::yes(row, zh, en)
        .giving("route", route)
        .giving("medical", medical)
        .giving("needs_person", route == "person")
        .giving("reason", zh)
}

fn uninsured(case: &Case<'_>) -> Ruling {
    case.cite("《女职工劳动保护特别规定》第八条");
    taking(
        "D9-9",
        "none",
        "none",
        "未参保,不享受生育保险待遇;职工未参加生育保险的,产假工资与生育医疗费用由用人单位支付",
        "not insured: no entitlement; an employee's employer pays where it did not insure her",
    )
    .giving("allowance", "employer")
}

fn settled(insured: Insured, case: &Case<'_>) -> Result<Ruling, Undecidable> {
    let (zh, en) = ("生育医疗费用已联网直接结算,无需申请", "already settled by network: nothing to apply for");
    let row = match insured {
        // The outcome is the same in either area, so that the area is looked at but not demanded.
        Insured::Employee => match case.truth("maternity-status.own_area") {
            Some(true) => "D9-1",
            Some(false) => "D9-2",
            None => "D9-1-2",
        },
        Insured::SpouseOfEmployee => "D9-8",
        Insured::Resident | Insured::None => "D9-6",
    };
    let ruling = taking(row, "inform", "settled", zh, en);
    if insured != Insured::Employee {
        return Ok(ruling.giving("allowance", "none"));
    }
    if case.says(terms::AUTOMATIC, law_day(case)?) == Some(true) {
        return allowance::with_days(case, ruling.giving("allowance", "automatic"));
    }
    let ruling = ruling.giving("allowance", "after-decision").warning(
        "来源未写明生育津贴无需申请即可发放,按申领办理",
        "no source says that the allowance is paid without application: she applies for it",
    );
    allowance::with_days(case, ruling)
}

fn unsettled(insured: Insured, case: &Case<'_>) -> Result<Ruling, Undecidable> {
    let employee = insured == Insured::Employee;
    let claimed = case.fact(COSTS).is_some_and(|costs| costs.as_array().is_none_or(|list| !list.is_empty()));
    let ruling = if claimed {
        let assessment = hospital::assess(case)?;
        let ruling = match assessment.whole() {
            Whole::Payable => applying(insured, "claim", &assessment, case)?,
            Whole::Person => by_person(&assessment),
            Whole::Refused(codes) if employee => applying(insured, "refused", &assessment, case)?
                .giving("refused", codes.into_iter().map(Value::from).collect::<Vec<_>>()),
            Whole::Refused(codes) => refused(codes, &assessment),
        };
        assessment.explained(ruling)
    } else {
        taking(
            "D9-3",
            "tell-route",
            "claim",
            "尚未享受报销:告知办理途径",
            "not yet reimbursed: the mother is told where and how to apply",
        )
        .excluding("D9-4", "尚未提出费用", "no costs have been claimed yet")
        .excluding("D9-7", "尚未提出费用", "no costs have been claimed yet")
    };
    if employee {
        return allowance::with_days(case, ruling.giving("allowance", "after-decision"));
    }
    Ok(ruling.giving("allowance", "none"))
}

fn applying(insured: Insured, medical: &str, assessment: &Assessment, case: &Case<'_>) -> Result<Ruling, Undecidable> {
    let path = "maternity-status.own_area";
    let own_area = case.must(path, case.truth(path))?;
    let row = match (insured, own_area) {
        (Insured::Employee, true) => "D9-4",
        (Insured::Employee, false) => "D9-5",
        (Insured::SpouseOfEmployee, _) => "D9-8",
        (Insured::Resident | Insured::None, _) => "D9-7",
    };
    let (route, zh, en) = if own_area {
        ("apply", "尚未享受报销,向医保经办机构申请", "not yet reimbursed: apply to the agency")
    } else if originals_to_window(case)? {
        (
            "apply-cross-area",
            "跨统筹区发生,线上申请(原始材料递交经办窗口)或到窗口办理",
            "arose in another pooling area: apply online (originals to the window) or at the window",
        )
    } else {
        ("apply-cross-area", "跨统筹区发生,向医保经办机构申请", "arose in another pooling area: apply to the agency")
    };
    if medical == "claim" {
        return Ok(taking(row, route, medical, zh, en));
    }
    let (why_zh, why_en) = assessment.sentence();
    let (zh, en) = (format!("{zh}生育津贴;{why_zh}"), format!("{en} for the allowance; {why_en}"));
    Ok(taking(row, route, medical, &zh, &en).warning(
        "来源未写明生育津贴以定点医疗机构为条件,仅医疗费用部分不予支付",
        "no source ties the allowance to the hospital: only the medical part is refused",
    ))
}

fn by_person(assessment: &Assessment) -> Ruling {
    let (zh, en) = assessment.sentence();
    taking(assessment.row(), "person", "undecided", zh, en)
}

fn refused(codes: Vec<&'static str>, assessment: &Assessment) -> Ruling {
    let (zh, en) = assessment.sentence();
    let names: Vec<Value> = codes.iter().copied().map(Value::from).collect();
    let ruling = taking(assessment.row(), "none", "refused", zh, en).giving("refused", names);
    Ruling { against: Some(codes), ..ruling }
}

/// With the rows that another insurance would have had.
fn unfit_rows(insured: Insured, mut ruling: Ruling) -> Ruling {
    let rows: [(Insured, &str, &str, &str); 4] = [
        (Insured::Employee, "D9-1", "非参保职工", "she is not insured as an employee"),
        (Insured::Resident, "D9-6", "非城乡居民参保人", "she is not insured as a resident"),
        (Insured::SpouseOfEmployee, "D9-8", "非参保职工的未就业配偶", "she is not an employee's unemployed spouse"),
        (Insured::None, "D9-9", "已参保", "she is insured"),
    ];
    for (other, row, zh, en) in rows {
        if other != insured {
            ruling = ruling.excluding(row, zh, en);
        }
    }
    ruling
}
