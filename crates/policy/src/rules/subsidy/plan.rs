//! `[[plan]]` of `law.toml`: how many children each city is to subsidise in a year, and what the year then costs: what is
//! pre-allocated (预拨), what is due by fact (据实结算), and by when the money must be there.
//!
//! 晋医保发〔2026〕4号 五 and 附件1.

use std::sync::Arc;

use jiff::civil::Date;

use super::share::{Share, area, prefix};
use crate::{
    calendar::{Calendar, YearUnknown},
    law::Law,
    ledger::{self, Entry},
    pack::sheet::Table,
};

/// The plan of one city for one year.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// GB/T 2260 code, six digits; one that ends in `0000` is the province's row 合计, the sum of all others.
    pub area: Arc<str>,
    /// The city's name.
    pub zh: Arc<str>,
    /// The operating year.
    pub year: i16,
    /// At least this many children (≥).
    pub children: u32,
    /// Document and annex.
    pub source: Arc<str>,
    /// The line of `law.toml`.
    pub line: usize,
}

/// What a year came to in one city. Sums in 分.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// Children who were really subsidised × the standard of the year.
    pub due_fen: i64,
    /// What had been pre-allocated.
    pub pre_allocated_fen: i64,
    /// What is still to come (positive) or too much (negative).
    pub difference_fen: i64,
    /// How many children are missing from the plan; 0 where it is reached. The plan is a least number, so that more than
    /// planned are paid for, and fewer are a matter of acceptance (验收), not of money.
    pub short_of_plan: u64,
}

/// Why a year cannot be settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettlementError {
    /// A sum is negative.
    #[error("{0} fen is no sum of money")]
    Negative(i64),
    /// A sum is larger than 64 bits hold.
    #[error("a sum exceeds what the books hold")]
    TooLarge,
}

/// Until when a year's money must be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FundsDue {
    /// The day as the plan names it.
    pub last_day: Date,
    /// The last working day on or before it: a bank moves no money on a rest day.
    pub pay_by: Date,
}

impl Plan {
    /// True for the row 合计.
    pub fn is_total(&self) -> bool {
        prefix(&self.area).len() == 2
    }
}

impl Law {
    /// The plan for the city to which this area (six digits) belongs.
    pub fn plan(&self, area: &str, year: i16) -> Option<&Plan> {
        let plans = self.plans.iter().filter(|plan| plan.year == year && !plan.is_total());
        plans.filter(|plan| area.starts_with(prefix(&plan.area))).max_by_key(|plan| prefix(&plan.area).len())
    }
}

impl Settlement {
    /// The entry that brings the books of the year to what really arrived; `None` where nothing differs.
    ///
    /// # Errors
    /// If the reference is empty.
    pub fn entry(&self, reference: &str, year: i16, share: &Share) -> Result<Option<Entry>, ledger::Error> {
        let Some(lines) = self.difference_fen.checked_abs().and_then(|sum| share.split(sum)) else {
            return Err(ledger::Error::TooLarge);
        };
        match self.difference_fen {
            0 => Ok(None),
            1.. => Entry::settlement_owed(reference, year, &lines).map(Some),
            ..0 => Entry::settlement_excess(reference, year, &lines).map(Some),
        }
    }
}

/// What a city is given in the year itself: planned children × the standard, in 分. 当年预拨.
///
/// # Errors
/// If the standard is negative or the product too large.
pub fn pre_allocation(planned: u32, standard_fen: i64) -> Result<i64, SettlementError> {
    product(u64::from(planned), standard_fen)
}

/// What a year came to: 次年据实结算. `standard_fen` is the year's personal premium, all sums are in 分.
///
/// # Errors
/// If a sum is negative or too large.
pub fn settlement(
    planned: u32,
    actual: u64,
    standard_fen: i64,
    pre_allocated_fen: i64,
) -> Result<Settlement, SettlementError> {
    if pre_allocated_fen < 0 {
        return Err(SettlementError::Negative(pre_allocated_fen));
    }
    let due_fen = product(actual, standard_fen)?;
    Ok(Settlement {
        due_fen,
        pre_allocated_fen,
        difference_fen: due_fen - pre_allocated_fen,
        short_of_plan: u64::from(planned).saturating_sub(actual),
    })
}

fn product(children: u64, standard_fen: i64) -> Result<i64, SettlementError> {
    if standard_fen < 0 {
        return Err(SettlementError::Negative(standard_fen));
    }
    let children = i64::try_from(children).map_err(|_| SettlementError::TooLarge)?;
    children.checked_mul(standard_fen).ok_or(SettlementError::TooLarge)
}

/// When the money of a year must be there: not moved on past a rest day but drawn forward, since all of it is due
/// *before* the day is over (应在10月底前全部拨付完毕).
///
/// # Errors
/// If the calendar of the year is not known.
pub fn funds_due(last_day: Date, calendar: &Calendar) -> Result<FundsDue, YearUnknown> {
    let pay_by = if calendar.is_working(last_day)? { last_day } else { calendar.working_day_before(last_day)? };
    Ok(FundsDue { last_day, pay_by })
}

/// Reads `[[plan]]` of `law.toml`; everything wrong is noted on the sheet.
pub(crate) fn read_plans(root: &Table<'_>) -> Vec<Plan> {
    let mut found: Vec<Plan> = Vec::new();
    for table in root.tables("plan") {
        let Some(plan) = read(table) else { continue };
        if let Some(earlier) = found.iter().find(|earlier| earlier.area == plan.area && earlier.year == plan.year) {
            root.report(
                plan.line,
                format!(
                    "`{}` {}年的计划重复(另见第{}行) has two plans for one year",
                    plan.area, plan.year, earlier.line
                ),
                "删除一处 remove one",
            );
        }
        found.push(plan);
    }
    for total in found.iter().filter(|plan| plan.is_total()) {
        let cities = found
            .iter()
            .filter(|plan| !plan.is_total() && plan.year == total.year && plan.area.starts_with(prefix(&total.area)));
        let sum: u64 = cities.map(|plan| u64::from(plan.children)).sum();
        if sum != u64::from(total.children) {
            root.report(
                total.line,
                format!("合计不符 the cities sum to {sum}, not to {}", total.children),
                "更正各市或合计 correct a city or the total",
            );
        }
    }
    found
}

fn read(table: Table<'_>) -> Option<Plan> {
    let area = area(&table);
    let zh = table.needed("zh").map(|text| text.value);
    let source = table.needed("source").map(|text| text.value);
    let number = |key: &'static str| {
        if !table.has(key) {
            table.report(table.line, format!("缺少 missing `{key}`"), format!("写上 add `{key} = 2026`"));
        }
        table.count(key)
    };
    let (year, children) = (number("year"), number("children"));
    let line = table.line;
    let in_time = year.and_then(|year| i16::try_from(year).ok()).filter(|year| (2000..=2100).contains(year));
    if year.is_some() && in_time.is_none() {
        table.report(table.line_of("year"), "`year` 不是年份 is no year".into(), "写成 write e.g. 2026");
    }
    table.finish();
    Some(Plan { area: area?, zh: zh?, year: in_time?, children: children?, source: source?, line })
}
