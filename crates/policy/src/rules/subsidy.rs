//! Domain table D7: the premium of the birth year that the public funds bear, how the levels share it to the 分, and how
//! it is booked and taken back.
//!
//! ```text
//!   premium.personal_standard ──> amount ──[[share]]──> province + city + county ──> one entry of the ledger
//!        │ unspecified: 100 % by the public funds, no sum            │ no share: the sum, no entry (G7)
//! ```
//!
//! Who pays is D6's question (`premium-payer`); where it is answered, the answer counts here. 晋医保发〔2026〕4号 三(三), 五.

use std::sync::Arc;

use identifiers::LocalMinute;
use jiff::civil::Date;
use serde_json::{Value, json};

mod plan;
mod share;

pub use plan::{FundsDue, Plan, Settlement, SettlementError, funds_due, pre_allocation, settlement};
pub use share::{Share, WHOLE};
pub(crate) use {plan::read_plans, share::read_shares};

use super::{Argument, Rule, Ruling};
use crate::{
    case::Case,
    decision::Undecidable,
    law::{Kind, Term, Value as LawValue, yuan},
    ledger::{self, Entry},
};

/// The rules of this table.
pub const RULES: &[Rule] = &[
    Rule {
        name: "subsidy",
        table: "D7",
        zh: "出生当年个人缴费的财政资助",
        en: "the premium of the birth year that the public funds bear",
        argument: Argument::None,
        article: "[001] 三(三); 五",
        codes: &[],
        needs: &["premium.personal_standard"],
        gives: &["amount_fen", "year", "lines", "entry"],
        decide: subsidy,
    },
    Rule {
        name: "subsidy-reversal",
        table: "D7",
        zh: "资助是否应冲销",
        en: "whether a booked subsidy is taken back",
        argument: Argument::None,
        article: "[001] 三(一); 五: 据实结算",
        codes: &[],
        needs: &[],
        gives: &["reverses", "round", "entry", "amount_fen"],
        decide: reversal,
    },
    Rule {
        name: "subsidy-funds",
        table: "D7",
        zh: "资助资金应于何日前到位",
        en: "by when a year's subsidies must be paid in",
        argument: Argument::None,
        article: "[001] 五",
        codes: &[],
        needs: &["subsidy.funds_due"],
        gives: &["last_day", "pay_by"],
        decide: funds,
    },
];

/// The values that a pack may set for them.
pub const TERMS: &[Term] = &[
    Term {
        key: "premium.personal_standard",
        zh: "当年居民医保个人缴费标准",
        en: "the personal premium of a resident for the year",
        kind: Kind::Money,
    },
    Term {
        key: "subsidy.funds_due",
        zh: "各级财政资助资金拨付完毕的最后一日",
        en: "the last day on which all levels' money of a year is paid in",
        kind: Kind::MonthDay,
    },
];

/// The minutes of birth between which D6 lets the public funds pay; this table only reads them.
const BORN_FROM: &str = "premium.born_from";
const BORN_UNTIL: &str = "premium.born_until";

fn subsidy(case: &Case<'_>) -> Result<Ruling, Undecidable> {
    let Some(born_at) = case.needed("child.born_at", case.minute("child.born_at")?) else {
        return case.complete().map(|()| Ruling::default());
    };
    let year = born_at.date().year();
    if after_the_line(case, &born_at) {
        // G25: whether the scheme goes on, and at which standard, is for the next pack to say.
        return Err(Undecidable::NotSet("premium.personal_standard"));
    }
    if !borne_by_the_public_funds(case, &born_at) {
        let excluded = ("出生时间不在资助范围内,或当年保费不由财政承担", "born outside the scheme, or another pays");
        return Ok(Ruling::no("D7-4", Vec::new(), "不属于财政资助范围", "not a case of the subsidy")
            .giving("year", year)
            .excluding("D7-1", excluded.0, excluded.1));
    }
    if let Some(area) = case.text("enrolment.area")
        && !case.pack.covers_area(area)
    {
        return Ok(Ruling::no("D7-5", Vec::new(), "在本省以外参保,不由本省资助", "enrolled outside the province")
            .giving("year", year)
            .excluding("D7-1", "资助按属地参保原则", "the subsidy goes by the place of enrolment"));
    }
    let standard = case.provision("premium.personal_standard", Some(born_at.date()));
    let standard = case.set("premium.personal_standard", standard)?;
    let LawValue::Money(fen) = standard.value else {
        return Ok(unspecified(year));
    };
    known(case, born_at.date(), fen)
}

/// D7-3: who pays is certain, the sum is not.
fn unspecified(year: i16) -> Ruling {
    Ruling::yes(
        "D7-3",
        format!("{year}年个人缴费由财政全额资助(100%);金额按当年公布的个人缴费标准,尚未写入政策包"),
        format!("the premium of {year} is borne by the public funds in full; the published sum is not in the pack"),
    )
    .giving("amount_fen", Value::Null)
    .giving("year", year)
    .giving("lines", json!([]))
    .giving("entry", Value::Null)
    .excluding("D7-1", "个人缴费标准未写明,不能记账", "without the standard nothing can be booked")
    .warning(
        "来源未写明个人缴费标准:公布后写入 premium.personal_standard",
        "the source names no sum: write the published one as premium.personal_standard",
    )
}

/// D7-1 with a share for the area, D7-2 without.
fn known(case: &Case<'_>, born_on: Date, fen: i64) -> Result<Ruling, Undecidable> {
    let year = born_on.year();
    let zh = format!("{year}年个人缴费{}元由财政全额资助", yuan(fen));
    let en = format!("the premium of {year}, {} yuan, is borne by the public funds in full", yuan(fen));
    let with = |row, zh: String, en: String| Ruling::yes(row, zh, en).giving("amount_fen", fen).giving("year", year);
    let share = if case.pack.law.shares.is_empty() {
        None
    } else {
        let area = case.must("enrolment.area", case.text("enrolment.area"))?;
        case.pack.law.share(area, born_on)
    };
    let Some(share) = share else {
        return Ok(with("D7-2", zh, en)
            .giving("lines", json!([]))
            .giving("entry", Value::Null)
            .excluding("D7-1", "没有该地区的分担比例", "no share for this area")
            .warning(
                "G7: 省、市、县分担比例不在来源中(晋政办发〔2024〕19号);只能记总额,不能分级记账",
                "G7: the levels' shares are not in the sources; only the total is known, nothing is booked by level",
            ));
    };
    case.cite(Arc::clone(&share.source));
    let impossible =
        |zh: &str, en: String| Undecidable::Impossible { path: "premium.personal_standard".into(), zh: zh.into(), en };
    let lines = share.split(fen).ok_or_else(|| impossible("金额为负", "the sum is negative".into()))?;
    let entry = match case.text("enrolment.person_number") {
        None => Value::Null,
        Some(person) => {
            let round = case.number("subsidy-reversal.round")?.unwrap_or(0).saturating_add(1);
            let entry = Entry::subsidy(&reference(year, person, round), year, &lines);
            json!(entry.map_err(|error| impossible("不能记账", error.to_string()))?)
        }
    };
    // As the books name the accounts, and without a level that bears nothing: the department books these lines as told.
    let told =
        lines.iter().filter(|line| line.fen > 0).map(|line| json!({"account": line.account.zh(), "fen": line.fen}));
    let ruling = with("D7-1", zh, en).giving("lines", told.collect::<Vec<Value>>()).giving("entry", entry);
    Ok(ruling.excluding("D7-2", "该地区有分担比例", "the area has a share"))
}

/// One per child, year and round: the same subsidy told twice is one entry. A round ends with a reversal.
fn reference(year: i16, person_number: &str, round: i64) -> String {
    format!("premium-subsidy/{year}/{person_number}/{round}")
}

/// D6's answer where there is one; else the line of birth times.
fn borne_by_the_public_funds(case: &Case<'_>, born_at: &LocalMinute) -> bool {
    match case.text("premium-payer.payer") {
        Some(payer) => payer == "fiscal",
        None => within_the_line(case, born_at),
    }
}

/// From the first minute (included) to the last (excluded); the pack's own births where the law names no minutes.
fn within_the_line(case: &Case<'_>, born_at: &LocalMinute) -> bool {
    match (minute(case, BORN_FROM), minute(case, BORN_UNTIL)) {
        (None, None) => case.pack.covers_birth(born_at),
        (from, until) => from.is_none_or(|from| born_at >= from) && until.is_none_or(|until| born_at < until),
    }
}

fn after_the_line(case: &Case<'_>, born_at: &LocalMinute) -> bool {
    minute(case, BORN_UNTIL).is_some_and(|until| born_at >= until)
}

fn minute<'q>(case: &Case<'q>, term: &'static str) -> Option<&'q LocalMinute> {
    match &case.provision(term, None)?.value {
        LawValue::Minute(minute) => Some(minute),
        _ => None,
    }
}

/// Whether what was booked for a child falls away because its time of birth was corrected.
fn reversal(case: &Case<'_>) -> Result<Ruling, Undecidable> {
    let Some(booked) = case.fact("subsidy.entry") else { return booked_by_the_department(case) };
    let impossible =
        |en: String| Undecidable::Impossible {
            path: "subsidy.entry".into(), zh: "不是一笔平衡的分录".into(), en
        };
    let booked: Entry = serde_json::from_value(booked.clone()).map_err(|error| impossible(error.to_string()))?;
    let born_at = case.must("child.born_at", case.minute("child.born_at")?)?;
    let year = born_at.date().year();
    // The payer that was decided before the correction says nothing about the corrected time.
    let within = within_the_line(case, &born_at);
    if within && year == booked.period() {
        return Ok(Ruling::no("D7-R2", Vec::new(), "更正后仍属同一年度的资助,不冲销", "still the same year's subsidy"));
    }
    let entry = ledger::reverse(&booked).map_err(|error| impossible(error.to_string()))?;
    let round = booked.reference().rsplit('/').next().and_then(|round| round.parse::<i64>().ok()).unwrap_or(1);
    let (zh, en) = if within {
        (
            "更正后的出生时间属另一年度:冲销后按该年度重新记账",
            "the corrected birth is of another year: reverse and book anew",
        )
    } else {
        ("更正后的出生时间不在资助范围内:冲销已记账的资助", "the corrected birth is outside the scheme: reverse it")
    };
    Ok(Ruling::yes("D7-R1", zh, en)
        .giving("reverses", booked.reference())
        .giving("round", round)
        .giving("amount_fen", booked.total_fen())
        .giving("entry", json!(entry))
        .excluding("D7-R2", "出生时间越过界线", "the birth moved across the line"))
}

/// As [`reversal`], where the pack knows no shares and the department has booked the total under a number of its own.
fn booked_by_the_department(case: &Case<'_>) -> Result<Ruling, Undecidable> {
    let Some(number) = case.text("subsidy-entry.ledger_entry") else {
        return Ok(Ruling::no("D7-R0", Vec::new(), "没有已记账的资助", "no subsidy is booked"));
    };
    let year = case.needed("subsidy-entry.year", case.number("subsidy-entry.year")?);
    let amount_fen = case.needed("subsidy-entry.amount_fen", case.number("subsidy-entry.amount_fen")?);
    let born_at = case.needed("child.born_at", case.minute("child.born_at")?);
    case.complete()?;
    let (Some(year), Some(amount_fen), Some(born_at)) = (year, amount_fen, born_at) else {
        return Err(Undecidable::Missing(Vec::new()));
    };
    if within_the_line(case, &born_at) && i64::from(born_at.date().year()) == year {
        return Ok(Ruling::no("D7-R2", Vec::new(), "更正后仍属同一年度的资助,不冲销", "still the same year's subsidy"));
    }
    Ok(Ruling::yes(
        "D7-R1",
        "更正后的出生时间不在该笔资助的年度或范围内:由医保冲销所记总额",
        "the corrected birth is outside the year or the scheme: the department reverses the total that it booked",
    )
    .giving("reverses", number)
    .giving("round", 1)
    .giving("amount_fen", amount_fen)
    .giving("entry", Value::Null)
    .excluding("D7-R2", "出生时间越过界线", "the birth moved across the line"))
}

/// Until when the money of the year in which it is asked must be there.
fn funds(case: &Case<'_>) -> Result<Ruling, Undecidable> {
    let today = case.asked_at.date();
    let found = case.provision("subsidy.funds_due", Some(today)).and_then(|provision| match provision.value {
        LawValue::MonthDay(month, day) => Date::new(today.year(), month, day).ok(),
        _ => None,
    });
    let last_day = case.set("subsidy.funds_due", found)?;
    let FundsDue { last_day, pay_by } = funds_due(last_day, case.calendar)?;
    let (row, late) = if today > pay_by { ("D7-F2", true) } else { ("D7-F1", false) };
    let zh = format!("{}年资助资金应于{pay_by}前(含当日)全部拨付至市级社会保障基金财政专户", today.year());
    let en = format!("the subsidies of {} are to be in the city's special account by {pay_by}", today.year());
    let mut ruling = if late { Ruling::no(row, Vec::new(), zh, en) } else { Ruling::yes(row, zh, en) };
    ruling = ruling.giving("last_day", last_day.to_string()).giving("pay_by", pay_by.to_string());
    if pay_by != last_day {
        ruling = ruling.warning(
            format!("X14: {last_day}不是工作日,银行不办理拨付,须在{pay_by}前到账"),
            format!("X14: {last_day} is a rest day on which banks move nothing; pay in by {pay_by}"),
        );
    }
    Ok(ruling)
}
