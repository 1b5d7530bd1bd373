//! The premium of the year after birth (domain table D5, [000] 在参保缴费优惠政策方面): the collection period, the shelter of
//! a child born at the end of the year, and what is late.
//!
//! "Born at the end of the year" (年底出生) no source defines. It is derived: the shelter ends after the collection period
//! does (G5). Until when that period runs no source says either; where the outcome does not depend on it, it is not asked.
//! In the shelter "参保缴费" is read as both: enrolment and payment each lie within the 90 days (G2).

use identifiers::LocalMinute;
use jiff::civil::Date;

use super::{enrolled_on, told};
use crate::{
    case::Case,
    decision::Undecidable,
    law,
    legal_time::{self, CountFrom},
    rules::{
        Ruling,
        benefit::{
            cover::first_of,
            not_before_birth,
            window::{End, day},
        },
    },
};

/// The two periods of the year after birth.
struct Periods {
    shelter: End,
    collection_until: Option<Date>,
}

impl Periods {
    /// `None` where the pack knows no shelter.
    fn of(case: &Case<'_>, born_at: &LocalMinute) -> Result<Option<Self>, Undecidable> {
        let born = born_at.date();
        let Some(provision) = case.provision("premium.shelter", Some(born)) else { return Ok(None) };
        let law::Value::Span(span) = provision.value else { return Ok(None) };
        let shelter = End::count(case, born_at, span, &provision.source)?;
        Ok(Some(Self { shelter, collection_until: collection_until(case, born.year() + 1) }))
    }

    /// True where the shelter reaches beyond the collection period; `None` where it depends on what is not known.
    fn is_year_end_birth(&self) -> Option<bool> {
        let until = self.collection_until?;
        if self.shelter.nominal > until { Some(true) } else { self.shelter.rolled().map(|rolled| rolled > until) }
    }

    /// The last day of the shelter; as counted where the calendar does not reach.
    fn sheltered_until(&self) -> Date {
        self.shelter.rolled().unwrap_or(self.shelter.nominal)
    }

    /// True where the shelter gives the family days that the collection period does not.
    fn shelters(&self, next_year: i16) -> bool {
        match self.collection_until {
            Some(until) => self.sheltered_until() > until,
            // A shelter that ends within the birth year says nothing about the next year's collection period.
            None => self.sheltered_until().year() >= next_year,
        }
    }

    /// The last day on which the family can surely pay the personal part alone; `None` where it is not known.
    fn pay_by(&self, next_year: i16) -> Option<Date> {
        if self.shelters(next_year) { Some(self.sheltered_until()) } else { self.collection_until }
    }
}

/// True where the shelter is of use to a child of this birth: the source gives it to those born at the end of the year.
pub(crate) fn is_sheltered(case: &Case<'_>, born_at: &LocalMinute) -> bool {
    matches!(Periods::of(case, born_at), Ok(Some(periods)) if periods.shelters(born_at.date().year() + 1))
}

/// The last day of the collection period for a year; `None` where the source leaves it open.
fn collection_until(case: &Case<'_>, year: i16) -> Option<Date> {
    let law::Value::MonthDay(month, day) = case.provision("premium.collection_until", Some(first_of(year)))?.value
    else {
        return None;
    };
    let ends_in = match case.word("premium.collection_ends_in", Some(first_of(year))) {
        Some("same-year") => year,
        Some(_) | None => year - 1,
    };
    // 02-29 is the end of February in a common year.
    Date::new(ends_in, month, day).ok().or_else(|| Date::new(ends_in, month, day - 1).ok())
}

/// Who pays the year after birth, if it was paid when it was, or else is paid on the day of asking.
pub(super) fn decide(case: &Case<'_>, born_at: &LocalMinute) -> Result<Ruling, Undecidable> {
    let (born, year) = (born_at.date(), born_at.date().year() + 1);
    let payer = case.set("premium.next_year_payer", case.word("premium.next_year_payer", Some(born)))?;
    let paid_on = case.minute("premium.paid_at")?.map_or_else(|| case.asked_at.date(), |paid_at| paid_at.date());
    not_before_birth("premium.paid_at", paid_on, born)?;
    let periods = if payer == "family" { Periods::of(case, born_at)? } else { None };
    let Some(periods) = periods else {
        let ruling = Ruling::yes(
            "D5-0",
            format!("{year}年度保费: {}", if payer == "family" { "由家庭缴纳" } else { "家庭无须缴纳" }),
            format!(
                "the premium of {year}: {}",
                if payer == "family" { "the family pays" } else { "the family owes nothing" }
            ),
        );
        return Ok(told(case, born_at, ruling, payer, year));
    };
    let ruling = if periods.collection_until.is_some_and(|until| paid_on <= until) {
        in_collection(year, paid_on, &periods)
    } else if periods.shelter.is_past(paid_on)? {
        late(case, born, year, paid_on, &periods)?
    } else {
        // Only here the enrolment matters: a payment after the shelter is late whenever the child was enrolled.
        let both_on = paid_on.max(enrolled_on(case, born_at)?);
        if periods.shelter.is_past(both_on)? {
            late(case, born, year, both_on, &periods)?.warning(
                "缴费在期限内而参保在期限之后:“参保缴费”按两者均须在期限内理解,来源未写明(G2)",
                "paid in time but enrolled after it: that both must lie within the period is how the source is read; it does not say so (G2)",
            )
        } else {
            sheltered(case, born, year, both_on, &periods)
        }
    };
    let payer = match (ruling.row, case.word("premium.late_cost", Some(born))) {
        ("D5-4", Some("personal-and-subsidy")) => "person-and-subsidy",
        _ => "family",
    };
    Ok(told(case, born_at, ruling, payer, year))
}

/// D5-2: within the collection period, as everybody.
fn in_collection(year: i16, paid_on: Date, periods: &Periods) -> Ruling {
    let until = periods.collection_until.map(|until| until.to_string()).unwrap_or_default();
    Ruling::yes(
        "D5-2",
        format!("{year}年度在集中缴费期内缴纳个人缴费部分({until}止)"),
        format!("the personal part of {year}, within the collection period that ends on {until}"),
    )
    .giving("start_on", day(Some(first_of(year))))
    .excluding("D5-3", format!("{paid_on}未过集中缴费期"), format!("on {paid_on} the collection period was not missed"))
    .excluding(
        "D5-4",
        format!("{paid_on}未过集中缴费期"),
        format!("on {paid_on} the collection period was not missed"),
    )
}

/// D5-3: the collection period is missed, or may be, and enrolment and payment, the later of which counts, are within
/// the shelter.
fn sheltered(case: &Case<'_>, born: Date, year: i16, both_on: Date, periods: &Periods) -> Ruling {
    let start = match case.word("premium.shelter_effect", Some(born)) {
        Some("year") => first_of(year),
        Some(_) | None => born,
    };
    let last = periods.sheltered_until();
    let ruling = Ruling::yes(
        "D5-3",
        format!("出生后{}内({last}止)参保缴费:只缴{year}年度个人缴费部分,待遇自{start}起", periods.shelter.span.zh()),
        format!(
            "enrolled and paid within {} of birth (by {last}): the personal part of {year} only, benefits from {start}",
            periods.shelter.span
        ),
    )
    .giving("start_on", day(Some(start)))
    .excluding("D5-4", format!("{both_on}未过{last}"), format!("{both_on} is not after {last}"));
    match periods.collection_until {
        Some(until) => {
            ruling.excluding("D5-2", format!("集中缴费期已于{until}截止"), format!("the collection period ended on {until}"))
        }
        None => ruling.warning(
            "集中缴费期截止日来源未写明,是否属“年底出生”无从判断;此时缴费结果相同(G5)",
            "until when the collection period runs no source says, so whether the child counts as born at the end of the year is open; for this payment it makes no difference (G5)",
        ),
    }
}

/// D5-4: as an ordinary resident who missed the collection period; by the later of enrolment and payment where the
/// payment alone was not late.
fn late(case: &Case<'_>, born: Date, year: i16, both_on: Date, periods: &Periods) -> Result<Ruling, Undecidable> {
    let collection_until = case.set("premium.collection_until", periods.collection_until)?;
    let last = periods.sheltered_until();
    let ruling = Ruling::yes(
        "D5-4",
        format!("错过集中缴费期({collection_until})和出生后{}({last}):按普通居民补缴{year}年度", periods.shelter.span.zh()),
        format!("the collection period ({collection_until}) and the {} after birth ({last}) were missed: {year} is paid as an ordinary resident", periods.shelter.span),
    )
    .excluding("D5-2", format!("{both_on}晚于{collection_until}"), format!("{both_on} is after {collection_until}"))
    .excluding("D5-3", format!("{both_on}晚于{last}"), format!("{both_on} is after {last}"));
    let Some(waiting) = case.span("premium.waiting", Some(born)) else { return Ok(ruling) };
    // The least wait, by its nominal end: moving it off a rest day would only make a family wait longer.
    let waited = legal_time::nominal(both_on, waiting, CountFrom::NextDay, case.calendar)?;
    Ok(ruling.giving("start_not_before", day(Some(crate::calendar::next(waited)))).warning(
        format!("待遇等待期至少{},确切长度来源未写明", waiting.zh()),
        format!("the waiting period is at least {waiting}; how long exactly the source does not say"),
    ))
}

/// Adds until when the year after birth can be paid without loss, as far as it is known.
pub(super) fn tell_pay_by(case: &Case<'_>, born_at: &LocalMinute, ruling: Ruling) -> Ruling {
    let next_year = born_at.date().year() + 1;
    let Ok(Some(periods)) = Periods::of(case, born_at) else {
        return ruling.giving("next_year_pay_by", day(None)).giving("year_end_birth", serde_json::Value::Null);
    };
    let mut ruling = ruling
        .giving("next_year_pay_by", day(periods.pay_by(next_year)))
        .giving("year_end_birth", periods.is_year_end_birth());
    if let Ok(deadline) = &periods.shelter.deadline {
        ruling = ruling.with_deadline(&format!("shelter-{}", periods.shelter.name()), deadline.clone());
    }
    if periods.collection_until.is_none() {
        ruling = ruling.warning(
            format!("{next_year}年度集中缴费期截止日来源未写明"),
            format!("until when the premium of {next_year} is collected no source says"),
        );
    }
    ruling
}
