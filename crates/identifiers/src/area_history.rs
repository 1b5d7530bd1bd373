//! Which area codes were in force when, for the provinces whose packs are shipped: the ministry's yearly lists as data.
//!
//! A citizen ID number keeps the code of the area that issued it, which may have been renamed or dissolved since; an
//! application of today may not use such a code. The list is not complete: districts founded since its last year, and
//! development zones that registers treat like counties, are not in it. A county that the list does not know is
//! therefore accepted where its city is known.

use jiff::civil::Date;

use crate::{AreaCode, Violation};

/// One code a line: code, name, first year, last year or `-`.
const LISTED: &str = include_str!("../data/areas.tsv");

/// An area as the lists have it. The lists are yearly, so that in the year of a change both the old and the new hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Area {
    /// The six digits.
    pub code: &'static str,
    /// Its name, e.g. `绛县`.
    pub name_zh: &'static str,
    /// The first year of whose end the lists name it; 1981 stands for that year or an earlier one.
    pub valid_from: i16,
    /// The year in which it ended; `None` where it is in force.
    pub valid_to: Option<i16>,
}

impl Area {
    /// True where it was in force at some time of the day's year. Before 1981 the lists say nothing.
    pub fn is_in_force(&self, day: Date) -> bool {
        (day.year() >= self.valid_from || self.valid_from == FIRST_YEAR)
            && self.valid_to.is_none_or(|last| day.year() <= last)
    }
}

/// The first year of the lists.
const FIRST_YEAR: i16 = 1981;

impl AreaCode {
    /// The area that this code named on a day; `None` where the lists cannot say: another province than theirs, or a
    /// county they do not know of a city they know.
    ///
    /// # Errors
    /// `AR-003` no such city in a province whose cities are all known, `AR-004` not in force on that day.
    pub fn at(&self, day: Date) -> Result<Option<Area>, Violation> {
        if listed(&format!("{}0000", self.province())).next().is_none() {
            return Ok(None);
        }
        if let Some(found) = in_force(self.as_str(), day)? {
            return Ok(Some(found));
        }
        match in_force(&format!("{}00", self.city()), day)? {
            Some(_) => Ok(None),
            None => Err(Violation::new(
                "AR-003",
                "该省没有行政区划代码前四位所表示的市",
                "the first four digits of the area code are no city of the province",
            )),
        }
    }
}

/// The area of a code on a day; `None` where the lists do not have the code at all.
fn in_force(code: &str, day: Date) -> Result<Option<Area>, Violation> {
    let mut known = false;
    for area in listed(code) {
        if area.is_in_force(day)
            && !listed(code).any(|later| later.valid_from > area.valid_from && later.is_in_force(day))
        {
            return Ok(Some(area));
        }
        known = true;
    }
    if known {
        return Err(Violation::new(
            "AR-004",
            "该行政区划代码在该日未启用或已停用",
            "the area code was not in force on that day",
        ));
    }
    Ok(None)
}

/// The lines of a code, in order of time.
fn listed(code: &str) -> impl Iterator<Item = Area> + '_ {
    LISTED.lines().filter(move |line| line.starts_with(code)).filter_map(read)
}

/// One line; `None` for a comment. That each is either, the tests of this file say.
fn read(line: &'static str) -> Option<Area> {
    let mut parts = line.split('\t');
    let (code, name_zh, from, to) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let valid_to = if to == "-" { None } else { Some(to.parse().ok()?) };
    Some(Area { code, name_zh, valid_from: from.parse().ok()?, valid_to })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use jiff::civil::date;

    use super::*;

    /// A district would otherwise be missing from the list because its line cannot be read.
    #[test]
    fn every_line_of_the_list_is_an_area_or_a_comment() {
        let mut codes = Vec::new();
        for line in LISTED.lines().filter(|line| !line.starts_with('#')) {
            let area = read(line).unwrap_or_else(|| panic!("{line}"));
            AreaCode::parse(area.code).unwrap();
            assert!(area.valid_to.is_none_or(|last| last >= area.valid_from), "{line}");
            codes.push(area.code);
        }
        assert!(codes.is_sorted() && codes.len() > 500);
        let cities = |province| {
            let of = |code: &&&str| code.starts_with(province) && code.ends_with("00") && !code.ends_with("0000");
            codes.iter().filter(of).filter(|code| in_force(code, date(2026, 1, 1)).is_ok()).count()
        };
        assert_eq!((cities("34"), cities("14")), (16, 11), "the cities of both provinces");
    }

    /// A mother born in a city that was dissolved would otherwise be told that her ID number is wrong, or a child be
    /// registered in a district that no longer exists.
    #[test]
    fn a_code_holds_in_its_years_and_names_what_it_named_then() {
        let at = |code: &str, year: i16| {
            let found = AreaCode::parse(code).unwrap().at(date(year, 7, 1));
            found.map(|area| area.map(|area| area.name_zh)).map_err(|violation| violation.code)
        };
        assert_eq!(at("340104", 2026), Ok(Some("蜀山区")));
        assert_eq!(at("340104", 1995), Ok(Some("西市区")), "the same digits, another district");
        assert_eq!(at("340104", 2002), Ok(Some("蜀山区")), "in the year of the change the new one");
        assert_eq!(at("140826", 2026), Ok(Some("绛县")));
        assert_eq!(at("140826", 1990), Err("AR-004"), "before the city of Yuncheng");
        assert_eq!(at("341402", 2005), Ok(Some("居巢区")));
        assert_eq!(at("341402", 2026), Err("AR-004"), "the city of Chaohu was dissolved in 2011");
        assert_eq!(at("341499", 2026), Err("AR-004"), "a county of a dissolved city");
        assert_eq!(at("140202", 2018), Ok(Some("城区")), "in the year of the change the old one too");
        assert_eq!(at("140213", 2018), Ok(Some("平城区")));
        assert_eq!(at("140202", 2019), Err("AR-004"));
    }

    /// A family of a district founded last month would otherwise be turned away because a list is a year old.
    #[test]
    fn what_the_list_cannot_know_is_not_refused() {
        let at = |code: &str| AreaCode::parse(code).unwrap().at(date(2026, 7, 1)).map_err(|violation| violation.code);
        assert_eq!(at("340199"), Ok(None), "an unknown county of a known city");
        assert_eq!(at("320102"), Ok(None), "another province");
        assert_eq!(at("341999"), Err("AR-003"), "no such city");
        assert_eq!(at("149901"), Err("AR-003"), "no such city");
    }

    /// A parent's number would otherwise be refused for having been issued before the lists begin.
    #[test]
    fn before_the_first_list_nothing_is_refused_that_it_names() {
        let area = AreaCode::parse("340100").unwrap().at(date(1975, 1, 1)).unwrap().unwrap();
        assert_eq!(area.name_zh, "合肥市");
    }
}
