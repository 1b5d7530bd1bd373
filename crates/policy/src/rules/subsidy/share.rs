//! `[[share]]` of `law.toml`: which part of a sum the province, the city and the county bear, and how a sum is split by it.

use std::sync::Arc;

use jiff::civil::Date;

use crate::{
    law::{self, Law},
    ledger::{Account, LEVELS, Line},
    pack::{law::day, sheet::Table},
};

/// All of a sum, in hundredths of a per cent.
pub const WHOLE: u32 = 10_000;

/// How the public funds' levels share a sum in one county. The three parts are in hundredths of a per cent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// GB/T 2260 code, six digits: of a county, or ending in `00` of a city and all its counties, or in `0000` of a
    /// province. The narrowest that fits counts.
    pub area: Arc<str>,
    /// The province's part.
    pub province: u32,
    /// The city's part.
    pub city: u32,
    /// The county's part.
    pub county: u32,
    /// The first day in force.
    pub from: Option<Date>,
    /// The first day no longer in force.
    pub until: Option<Date>,
    /// Document and article.
    pub source: Arc<str>,
    /// The line of `law.toml`.
    pub line: usize,
}

impl Share {
    /// True where it is in force on this day.
    pub fn is_in_force(&self, day: Date) -> bool {
        self.from.is_none_or(|from| day >= from) && self.until.is_none_or(|until| day < until)
    }

    /// Splits a sum of 分, which must not be negative: city and county bear their part rounded down, the province bears
    /// the rest. The three always add up to the sum. `None` for a negative sum.
    pub fn split(&self, fen: i64) -> Option<[Line; 3]> {
        if fen < 0 {
            return None;
        }
        let part = |hundredths: u32| {
            let exact = i128::from(fen) * i128::from(hundredths) / i128::from(WHOLE);
            i64::try_from(exact).expect("a part of a sum is no larger than the sum: a share is at most the whole")
        };
        let (city, county) = (part(self.city), part(self.county));
        let sums = [fen - city - county, city, county];
        Some([0, 1, 2].map(|at: usize| Line { account: account(at), fen: sums[at] }))
    }

    fn overlaps(&self, other: &Self) -> bool {
        let begins_before_end = |one: &Self, two: &Self| match (one.from, two.until) {
            (Some(from), Some(until)) => from < until,
            (None, _) | (_, None) => true,
        };
        self.area == other.area && begins_before_end(self, other) && begins_before_end(other, self)
    }
}

fn account(level: usize) -> Account {
    LEVELS[level]
}

impl Law {
    /// The share for this area (six digits) on this day: that of the county, else of its city, else of its province.
    pub fn share(&self, area: &str, on: Date) -> Option<&Share> {
        self.shares
            .iter()
            .filter(|share| share.is_in_force(on) && area.starts_with(prefix(&share.area)))
            .max_by_key(|share| prefix(&share.area).len())
    }
}

/// The part of an area code that its wider areas have in common with their narrower ones.
pub(super) fn prefix(area: &str) -> &str {
    let city = area.strip_suffix("00").unwrap_or(area);
    if city.len() == 4 { city.strip_suffix("00").unwrap_or(city) } else { city }
}

/// Reads `[[share]]` of `law.toml`; everything wrong is noted on the sheet.
pub(crate) fn read_shares(root: &Table<'_>) -> Vec<Share> {
    let mut found: Vec<Share> = Vec::new();
    for table in root.tables("share") {
        let Some(share) = read(table) else { continue };
        if let Some(earlier) = found.iter().find(|earlier| earlier.overlaps(&share)) {
            root.report(
                share.line,
                format!(
                    "`{}` 的分担比例在某些日期重复生效(另见第{}行) has two shares on some days (the other on line {})",
                    share.area, earlier.line, earlier.line
                ),
                "更正 `from` 或 or `until`, 使前者止于后者之始 let one end where the next begins",
            );
        }
        found.push(share);
    }
    found
}

fn read(table: Table<'_>) -> Option<Share> {
    let area = area(&table);
    let parts = ["province", "city", "county"].map(|level| part(&table, level));
    let source = table.needed("source").map(|source| source.value);
    let (from, until) = (day(&table, "from"), day(&table, "until"));
    let line = table.line;
    if let (Some(from), Some(until)) = (from, until)
        && from >= until
    {
        table.report(line, format!("从未生效 in force on no day: {from} 至 until {until}"), "更正日期 correct a date");
    }
    if let [Some(province), Some(city), Some(county)] = parts
        && province + city + county != WHOLE
    {
        let sum = law::yuan(i64::from(province + city + county));
        table.report(
            line,
            format!("三级分担比例之和不是100.00% the shares sum to {sum} %, not to 100.00 %"),
            "更正 `province`、`city` 或 or `county`",
        );
        table.finish();
        return None;
    }
    table.finish();
    let [province, city, county] = [parts[0]?, parts[1]?, parts[2]?];
    Some(Share { area: area?, province, city, county, from, until, source: source?, line })
}

/// A GB/T 2260 code of six digits.
pub(super) fn area(table: &Table<'_>) -> Option<Arc<str>> {
    let text = table.needed("area")?;
    let fits = text.value.len() == 6 && text.value.bytes().all(|byte| byte.is_ascii_digit());
    if !fits {
        table.report(
            text.line,
            format!("不是六位地区代码 not an area code of six digits: `{}`", text.value),
            "写成 write e.g. \"140105\" (县 county), \"140100\" (市 city)",
        );
    }
    fits.then_some(text.value)
}

/// A part in per cent with two digits after the point, as hundredths.
fn part(table: &Table<'_>, level: &'static str) -> Option<u32> {
    let text = table.needed(level)?;
    let found = law::money(&text.value).and_then(|hundredths| u32::try_from(hundredths).ok());
    let found = found.filter(|hundredths| *hundredths <= WHOLE);
    if found.is_none() {
        table.report(
            text.line,
            format!("`{level}` 不是百分比 is no per cent from 0.00 to 100.00: `{}`", text.value),
            "写成两位小数 write two digits after the point, e.g. \"60.00\"",
        );
    }
    found
}
