//! The maternity allowance (生育津贴): its days and its amount (《女职工劳动保护特别规定》 art. 7; 《社会保险法》
//! art. 56).
//!
//! Only a mother who is herself insured as an employee has one ([003] 附件2 二.6: 参保女职工).
//!
//! Days are the national minimum, more for a difficult birth and for each further baby, and what the province adds.
//! The amount is the employer's average monthly wage of last year, divided and multiplied by the days: multiplied
//! first, then rounded once to a 分, half up (no source says how; twice rounded would lose up to half a 分 a day).

use super::{
    Insured,
    terms::{DAYS, DIFFICULT, DIVISOR, EXTRA_BABY, PROVINCE},
};
use crate::{
    case::Case,
    decision::Undecidable,
    rules::{Argument, Rule, Ruling},
};

/// How many days, and how much.
pub(super) const RULE: Rule = Rule {
    name: "maternity-allowance",
    table: "D9",
    zh: "生育津贴天数与金额",
    en: "days and amount of the maternity allowance",
    argument: Argument::None,
    article: "《女职工劳动保护特别规定》第七条; 《社会保险法》第五十六条",
    codes: &[],
    needs: &[DAYS, DIFFICULT, EXTRA_BABY, DIVISOR],
    gives: &["days", "amount_fen"],
    decide: amount,
};

/// The route with the days of the allowance, where both facts that matter to them are known: the route itself does not
/// depend on them, so that nobody is asked.
pub(super) fn with_days(case: &Case<'_>, ruling: Ruling) -> Result<Ruling, Undecidable> {
    let (Some(babies), Some(difficult)) = (babies(case)?, case.truth("maternity-status.difficult_birth")) else {
        return Ok(ruling);
    };
    let (days, province_is_open) = match days(case, babies, difficult) {
        Ok(found) => found,
        Err(Undecidable::NotSet(_)) => return Ok(ruling),
        Err(other) => return Err(other),
    };
    Ok(warned(ruling.giving("allowance_days", days), province_is_open))
}

fn amount(case: &Case<'_>) -> Result<Ruling, Undecidable> {
    let insured = Insured::known(case)?;
    if let Some(other) = insured.filter(|insured| *insured != Insured::Employee) {
        return Ok(no_allowance(case, other));
    }
    let _ = case.needed(Insured::PATH, insured);
    let (born, difficult, wage) =
        ("maternity-status.babies", "maternity-status.difficult_birth", "maternity-status.average_monthly_wage_fen");
    let babies = case.needed(born, babies(case)?);
    let difficult = case.needed(difficult, case.truth(difficult));
    let monthly_fen = case.needed(wage, case.number(wage)?);
    case.complete()?;
    let (Some(babies), Some(difficult), Some(monthly_fen)) = (babies, difficult, monthly_fen) else {
        return case.complete().map(|()| Ruling::default());
    };
    if !(0..=WAGE_FEN_MAX).contains(&monthly_fen) {
        return Err(impossible(wage, "应为不小于零的分", "must be 分, not below zero"));
    }
    let (days, province_is_open) = days(case, babies, difficult)?;
    let divisor = case.count(DIVISOR, super::law_day(case)?).filter(|divisor| *divisor > 0);
    let divisor = i64::from(case.set(DIVISOR, divisor)?);
    let amount_fen = (2 * monthly_fen * i64::from(days) + divisor) / (2 * divisor);
    let yuan = crate::law::yuan(amount_fen);
    let ruling = Ruling::yes(
        "D9-allowance",
        format!("生育津贴{days}日,{yuan}元"),
        format!("{days} days of allowance, {yuan} yuan"),
    )
    .giving("days", days)
    .giving("amount_fen", amount_fen)
    .warning("来源未写明取整方法,按分四舍五入", "no source says how to round: half up to a 分");
    Ok(warned(ruling, province_is_open))
}

/// The rows of the table without an allowance: nothing but the insurance matters to them.
fn no_allowance(case: &Case<'_>, insured: Insured) -> Ruling {
    let row = match (insured, case.truth("maternity-status.settled")) {
        (Insured::None, _) => "D9-9",
        (Insured::SpouseOfEmployee, _) => "D9-8",
        (_, Some(true)) => "D9-6",
        (_, Some(false)) => "D9-7",
        (_, None) => "D9-6-7",
    };
    let (zh, en) = if insured == Insured::None {
        case.cite("《女职工劳动保护特别规定》第八条");
        (
            "未参保,没有生育津贴;职工未参加生育保险的,产假工资由用人单位支付",
            "not insured: no allowance; an employee's employer pays her wage where it did not insure her",
        )
    } else {
        ("非参保女职工,没有生育津贴", "not insured as an employee herself: no allowance")
    };
    Ruling::no(row, Vec::new(), zh, en).excluding("D9-allowance", "非参保女职工", "she is not insured as an employee")
}

/// A thousand million yuan: nobody earns it, and twice as much times any number of days stays in range.
const WAGE_FEN_MAX: i64 = 100_000_000_000;

/// More babies were never born at once.
const BABIES_MAX: i64 = 20;

/// More days than that no law gives; a pack that sets more has mistyped.
const DAYS_MAX: u32 = 3660;

/// How many babies were born, those of the answer; at least one.
fn babies(case: &Case<'_>) -> Result<Option<u32>, Undecidable> {
    let path = "maternity-status.babies";
    let Some(found) = case.number(path)? else { return Ok(None) };
    let babies = u32::try_from(found).ok().filter(|_| (1..=BABIES_MAX).contains(&found));
    babies.map(Some).ok_or_else(|| impossible(path, "应为婴儿人数,至少为1", "must be a number of babies, at least 1"))
}

/// The days, and whether the province's own are left open.
fn days(case: &Case<'_>, babies: u32, difficult: bool) -> Result<(u32, bool), Undecidable> {
    let on = super::law_day(case)?;
    let count = |term| case.set(term, case.count(term, on));
    let mut days = count(DAYS)?;
    if difficult {
        days = days.saturating_add(count(DIFFICULT)?);
    }
    if babies > 1 {
        days = days.saturating_add(count(EXTRA_BABY)?.saturating_mul(babies - 1));
    }
    let province = case.count(PROVINCE, on);
    days = days.saturating_add(province.unwrap_or(0));
    if days > DAYS_MAX {
        return Err(Undecidable::NotSet(DAYS));
    }
    Ok((days, province.is_none()))
}

fn warned(ruling: Ruling, province_is_open: bool) -> Ruling {
    if !province_is_open {
        return ruling;
    }
    ruling.warning(
        "本省增加的产假天数未在来源中写明,此处仅为国家规定的最低天数",
        "what the province adds is not in the sources: these are the national minimum only",
    )
}

fn impossible(path: &str, zh: &str, en: &str) -> Undecidable {
    Undecidable::Impossible { path: path.to_owned(), zh: zh.to_owned(), en: en.to_owned() }
}
