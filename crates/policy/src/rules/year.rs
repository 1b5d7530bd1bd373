//! Domain table D4: which days stay uncovered by the years that a family ticks (参保年度 □当年 □次年), shown before it pays.

use std::collections::BTreeSet;

use super::{
    Argument, Rule, Ruling,
    benefit::{
        self,
        cover::{self, uncovered},
        window::day,
    },
};
use crate::{case::Case, decision::Undecidable, law::Term};

const GIVES: &[&str] =
    &["years", "start_on", "end_on", "uncovered_from", "uncovered_until", "needs_person", "row", "year_row"];
const NEEDS: &[&str] = &["benefit.on_time", "benefit.on_time_effect", "benefit.late_effect", "benefit.cross_year_rule"];

/// The rules of this table.
pub const RULES: &[Rule] = &[
    Rule {
        name: "year",
        table: "D4",
        zh: "所选参保年度的后果",
        en: "what the ticked years would mean",
        argument: Argument::None,
        article: "附3 参保年度; 附3 备注",
        codes: &[],
        needs: NEEDS,
        gives: GIVES,
        decide: |case| {
            let born = case.must("child.born_at", case.minute("child.born_at")?)?;
            let ticked = cover::ticked(case, born.date())?;
            preview(case, case.must("child.insurance.years", ticked)?)
        },
    },
    Rule {
        name: "year-if",
        table: "D4",
        zh: "若选某参保年度的后果 (birth-year, next-year, both)",
        en: "what ticking birth-year, next-year or both would mean",
        argument: Argument::Word,
        article: "附3 参保年度; 附3 备注",
        codes: &[],
        needs: NEEDS,
        gives: GIVES,
        decide: |case| {
            let born = case.must("child.born_at", case.minute("child.born_at")?)?.date();
            let years = match case.argument {
                "birth-year" => BTreeSet::from([born.year()]),
                "next-year" => BTreeSet::from([born.year() + 1]),
                "both" => BTreeSet::from([born.year(), born.year() + 1]),
                other => return Err(Undecidable::UnknownRule(format!("year-if:{other}"))),
            };
            preview(case, years)
        },
    },
];

/// The values that a pack may set for them: none beyond those of [`benefit`].
pub const TERMS: &[Term] = &[];

/// What a payment would cover if it were made on the day of asking, or was when it was made.
fn preview(case: &Case<'_>, years: BTreeSet<i16>) -> Result<Ruling, Undecidable> {
    let born_at = case.must("child.born_at", case.minute("child.born_at")?)?;
    let born = born_at.date();
    let paid_on = case.minute("premium.paid_at")?.map_or_else(|| case.asked_at.date(), |paid_at| paid_at.date());
    benefit::not_before_birth("premium.paid_at", paid_on, born)?;
    let (row, cover) = benefit::would_cover(case, &born_at, paid_on, &years)?;
    let bare = uncovered(born, &cover);
    let chosen = years.iter().map(i16::to_string).collect::<Vec<_>>().join("、");
    let (zh, en) = match bare {
        // Nothing is called covered that a person has yet to confirm.
        None if cover.person.is_some() => (
            format!("缴纳{chosen}年度保费({paid_on}缴费):待遇起算日须人工确认,建议{}", cover.start_on),
            format!(
                "paying for {chosen} on {paid_on}: a person must confirm the first day of benefits; suggested {}",
                cover.start_on
            ),
        ),
        Some((from, until)) => (
            format!("缴纳{chosen}年度保费({paid_on}缴费):{from}至{until}没有待遇"),
            format!("paying for {chosen} on {paid_on}: {from} to {until} stay uncovered"),
        ),
        None => (
            format!("缴纳{chosen}年度保费({paid_on}缴费):自出生之日起没有空白"),
            format!("paying for {chosen} on {paid_on}: no day since birth stays uncovered"),
        ),
    };
    let mut ruling = Ruling::yes(if cover.row.is_empty() { row } else { cover.row }, zh, en)
        .giving("years", years.iter().copied().collect::<Vec<_>>())
        .giving("start_on", day(Some(cover.start_on)))
        .giving("end_on", day(cover.end_on))
        .giving("uncovered_from", day(bare.map(|days| days.0)))
        .giving("uncovered_until", day(bare.map(|days| days.1)))
        .giving("needs_person", cover.person.is_some())
        .giving("row", row)
        .giving("year_row", cover.row);
    ruling.excluded = cover.excluded;
    ruling.warnings = cover.person.into_iter().chain(cover.warnings).collect();
    if let Some((from, until)) = bare {
        ruling = ruling.warning(
            format!("缴费前请注意:{from}至{until}所发生的费用不予报销"),
            format!("before you pay: costs from {from} to {until} would not be reimbursed"),
        );
    }
    if !years.contains(&(born.year() + 1)) {
        ruling = ruling.warning(
            format!("{}年度保费须另行缴纳", born.year() + 1),
            format!("the premium of {} must be paid separately", born.year() + 1),
        );
    }
    Ok(ruling)
}
