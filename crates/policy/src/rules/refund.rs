//! Whether a premium is to be paid back, which voucher, and by which way ([004] 篇10 第10章 art. 3; rows C6 and C7 of the
//! compensations).
//!
//! ```text
//!   payments, each voucher once ──> owed at all? (TAX-1005) ──> the right year and place? (TAX-1004)
//!                                                          ──> the second for one year? (TAX-1003)
//!   whose fault ──> agency: C6    tax: C7    not yet found: a clerk says
//! ```
//!
//! The same voucher told twice is one payment, never a refund.

use std::collections::{BTreeMap, BTreeSet};

use identifiers::LocalMinute;
use serde_json::{Value, json};

use super::{Argument, Rule, Ruling};
use crate::{
    case::Case,
    decision::Undecidable,
    facts,
    law::{Kind, Term, Value as LawValue, yuan},
    rules::premium::OTHER_PROVINCE,
};

/// The rule of this table.
pub const RULES: &[Rule] = &[Rule {
    name: "refund",
    table: "C6–C7",
    zh: "保费应否退还及退款路径",
    en: "whether a premium is refunded, and by which way",
    argument: Argument::None,
    article: "[004] 篇10 10章第三条",
    codes: &[],
    needs: &[],
    gives: &["path", "amount_fen", "refunds", "papers", "steps"],
    decide: refund,
}];

/// The values that a pack may set for it; the base pack sets them.
pub const TERMS: &[Term] = &[
    Term {
        key: "refund.agency_fault_steps",
        zh: "经办机构原因退款的步骤",
        en: "steps of a refund for the agency's fault",
        kind: Kind::Texts,
    },
    Term {
        key: "refund.agency_fault_papers",
        zh: "经办机构原因退款的文书",
        en: "papers of a refund for the agency's fault",
        kind: Kind::Texts,
    },
    Term {
        key: "refund.tax_fault_steps",
        zh: "税务部门原因退款的步骤",
        en: "steps of a refund for tax's fault",
        kind: Kind::Texts,
    },
    Term {
        key: "refund.tax_fault_papers",
        zh: "税务部门原因退款的文书",
        en: "papers of a refund for tax's fault",
        kind: Kind::Texts,
    },
];

/// Digits of an area code that name the city: premiums of a city's counties lie in one pool.
const CITY_DIGITS: usize = 4;

/// One payment, by one voucher.
#[derive(Clone, Debug)]
struct Payment {
    paid_at: Option<LocalMinute>,
    amount_fen: i64,
    /// For which years; empty where nobody says.
    years: BTreeSet<i16>,
    area: Option<String>,
}

/// Why a payment is to be given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cause {
    PaidTwice,
    WrongYearOrPlace,
    NothingOwed,
}

impl Cause {
    fn code(self) -> &'static str {
        match self {
            Self::PaidTwice => "TAX-1003",
            Self::WrongYearOrPlace => "TAX-1004",
            Self::NothingOwed => "TAX-1005",
        }
    }
}

fn refund(case: &Case<'_>) -> Result<Ruling, Undecidable> {
    let payer = case.needed("premium-payer.payer", case.text("premium-payer.payer"));
    let year = case.needed("premium-payer.year", case.number("premium-payer.year")?);
    let payments = payments(case)?;
    case.complete()?;
    let (Some(payer), Some(year)) = (payer, year.and_then(|year| i16::try_from(year).ok())) else {
        return Err(impossible("premium-payer.year", "不是年份", "is no year"));
    };
    let owed = match payer {
        "fiscal" | "none" => false,
        // Owed too where it is by another province's rules: what was paid there, this table does not call unowed.
        "family" | "person-and-subsidy" | OTHER_PROVINCE => true,
        _ => return Err(impossible("premium-payer.payer", "不认识的缴费主体", "names no payer")),
    };
    let found = causes(&payments, owed, year, case.text("enrolment.area"));
    if found.is_empty() {
        return Ok(Ruling::no("C0", Vec::new(), "没有应退的保费", "nothing is to be refunded"));
    }
    Ok(due(case, &payments, &found))
}

/// Which vouchers are to be given back, and why. Payments are looked at in order of time, so that the first one stays.
fn causes(payments: &BTreeMap<String, Payment>, owed: bool, year: i16, area: Option<&str>) -> Vec<(String, Cause)> {
    let mut ordered: Vec<(&String, &Payment)> = payments.iter().collect();
    ordered.sort_by(|one, other| (&one.1.paid_at, one.0).cmp(&(&other.1.paid_at, other.0)));
    let next = year.saturating_add(1);
    let mut paid: BTreeSet<i16> = BTreeSet::new();
    let mut found = Vec::new();
    for (voucher, payment) in ordered {
        let elsewhere = match (payment.area.as_deref(), area) {
            (Some(there), Some(here)) => there.get(..CITY_DIGITS) != here.get(..CITY_DIGITS),
            (None, _) | (_, None) => false,
        };
        let cause = if elsewhere || payment.years.iter().any(|paid_for| *paid_for != year && *paid_for != next) {
            Some(Cause::WrongYearOrPlace)
        } else if !owed && payment.years.contains(&year) {
            Some(Cause::NothingOwed)
        } else if payment.years.iter().any(|paid_for| paid.contains(paid_for)) {
            Some(Cause::PaidTwice)
        } else {
            None
        };
        match cause {
            Some(cause) => found.push((voucher.clone(), cause)),
            None => paid.extend(&payment.years),
        }
    }
    found
}

fn due(case: &Case<'_>, payments: &BTreeMap<String, Payment>, found: &[(String, Cause)]) -> Ruling {
    // A payment for two years of which one is owed: how much of it was for which, only the voucher says.
    let whole = found.iter().all(|(voucher, _)| payments[voucher].years.len() == 1);
    let sum = found.iter().try_fold(0_i64, |sum, (voucher, _)| sum.checked_add(payments[voucher].amount_fen));
    let amount = sum.filter(|_| whole);
    let refunds: Vec<Value> = found
        .iter()
        .map(|(voucher, cause)| {
            let payment = &payments[voucher];
            let fen = (payment.years.len() == 1).then_some(payment.amount_fen);
            json!({"voucher": voucher, "code": cause.code(), "amount_fen": fen, "years": payment.years})
        })
        .collect();
    let texts = |term| match case.provision(term, None).map(|provision| &provision.value) {
        Some(LawValue::Texts(texts)) => json!(texts),
        Some(_) | None => json!([]),
    };
    // Tax's own proof settles the question where no clerk has.
    let proven = || case.text("overcollection.proof_number").map(|_| "tax");
    let (row, path, papers, steps) = match case.text("refund-finding.fault").or_else(proven) {
        Some("agency") => {
            ("C6", "agency-fault", texts("refund.agency_fault_papers"), texts("refund.agency_fault_steps"))
        }
        Some("tax") => ("C7", "tax-fault", texts("refund.tax_fault_papers"), texts("refund.tax_fault_steps")),
        Some(_) | None => ("C6/C7", "to-be-found", json!([]), json!([])),
    };
    let codes: BTreeSet<&str> = found.iter().map(|(_, cause)| cause.code()).collect();
    let codes: Vec<&str> = codes.into_iter().collect();
    let how_much = amount.map_or_else(|| "金额待核".to_owned(), |fen| format!("{}元", yuan(fen)));
    let mut ruling = Ruling::yes(
        row,
        format!("应退保费{how_much}({})", codes.join("、")),
        format!("a premium is refunded ({})", codes.join(", ")),
    )
    .giving("path", path)
    .giving("amount_fen", amount)
    .giving("refunds", refunds)
    .giving("papers", papers)
    .giving("steps", steps)
    .warning(
        "[004] 10章第三条只规定向参保单位退款;向家庭退款属类推",
        "the article speaks of refunds to units; a refund to a family is by analogy",
    );
    ruling = match path {
        "agency-fault" => ruling.excluding("C7", "不是税务部门的原因", "not tax's fault"),
        "tax-fault" => ruling.excluding("C6", "不是经办机构的原因", "not the agency's fault"),
        _ => ruling.warning(
            "多收原因未查明:由经办人员认定是经办机构还是税务部门的原因",
            "whose fault it was is not found yet: a clerk says whether the agency's or tax's",
        ),
    };
    if amount.is_none() {
        ruling = ruling
            .warning("一张凭证含多个年度,应退金额须逐年核定", "one voucher pays several years: a clerk splits it");
    }
    ruling
}

/// All payments by voucher, those of the list and the one that the case waited for.
fn payments(case: &Case<'_>) -> Result<BTreeMap<String, Payment>, Undecidable> {
    let listed = case.fact("payments").and_then(Value::as_array);
    let waited_for = case.fact("premium");
    if listed.is_none() && waited_for.is_none() {
        let _ = case.needed::<()>("premium", None);
    }
    let born_year = case.minute("child.born_at")?.map(|born_at| born_at.date().year());
    let mut found = BTreeMap::new();
    for (path, payment) in waited_for
        .map(|payment| ("premium", payment))
        .into_iter()
        .chain(listed.into_iter().flatten().map(|payment| ("payments[]", payment)))
    {
        let voucher = case.needed(&format!("{path}.voucher"), facts::text(payment, "voucher"));
        let amount = facts::at(payment, "amount_fen");
        let amount = case.needed(&format!("{path}.amount_fen"), amount);
        let (Some(voucher), Some(amount)) = (voucher, amount) else { continue };
        let amount_fen = amount.as_i64().filter(|fen| *fen > 0);
        let amount_fen = amount_fen.ok_or_else(|| {
            impossible(&format!("{path}.amount_fen"), "应为正的整数(分)", "must be a positive number of fen")
        })?;
        let paid_at = match facts::text(payment, "paid_at").map(facts::minute) {
            None => None,
            Some(Ok(paid_at)) => Some(paid_at),
            Some(Err(_)) => return Err(impossible(&format!("{path}.paid_at"), "时间不存在", "no such time")),
        };
        let area = facts::text(payment, "area").map(str::to_owned);
        let years = years(path, payment, born_year)?;
        if years.is_empty() {
            let _ = case.needed::<()>(&format!("{path}.years"), None);
        }
        found.entry(voucher.to_owned()).or_insert(Payment { paid_at, amount_fen, years, area });
    }
    Ok(found)
}

/// The years that a payment is for: `year` as a number, or `years` as numbers or as the form's words, which count from
/// the birth.
fn years(path: &str, payment: &Value, born_year: Option<i16>) -> Result<BTreeSet<i16>, Undecidable> {
    let mut found = BTreeSet::new();
    let listed = facts::at(payment, "years").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    for year in facts::at(payment, "year").into_iter().chain(listed) {
        let year = match (year.as_str(), year.as_i64()) {
            (Some("birth-year"), _) => born_year,
            (Some("next-year"), _) => born_year.map(|year| year.saturating_add(1)),
            (Some(text), _) => text.parse::<i16>().ok(),
            (None, number) => number.and_then(|year| i16::try_from(year).ok()),
        };
        let year = year.ok_or_else(|| {
            impossible(
                &format!("{path}.years"),
                "不是年份,或缺少出生时间",
                "is no year, or the time of birth is missing",
            )
        })?;
        found.insert(year);
    }
    Ok(found)
}

fn impossible(path: &str, zh: &str, en: &str) -> Undecidable {
    Undecidable::Impossible { path: path.to_owned(), zh: zh.to_owned(), en: en.to_owned() }
}
