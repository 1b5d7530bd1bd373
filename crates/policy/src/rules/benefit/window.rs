//! The two periods of the remark on payment ([003] 附3 备注): until when a payment is in time, and after when it is late.
//!
//! They are two periods, counted in different units, so that they seldom end on one day: a payment can be in time,
//! in neither (a gap), late, or both (a contradiction). Each end keeps its nominal and its rolled date; where the year
//! of the rolled one is not known yet, a payment by the nominal end is in time all the same, because rolling only
//! lengthens.

use identifiers::LocalMinute;
use jiff::civil::Date;
use serde_json::Value;

use crate::{
    calendar::YearUnknown,
    case::Case,
    decision::Undecidable,
    law,
    legal_time::{self, Deadline, Span, Unit},
    rules::{Ruling, counting},
};

/// Where a payment lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timing {
    /// In time and not late.
    InTime,
    /// No longer in time and not yet late: the source has no rule.
    Gap,
    /// Late.
    Late,
    /// In time by one sentence and late by the next: the source has two rules.
    Both,
}

/// One period's end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    /// How long the period is.
    pub span: Span,
    /// The last day as counted.
    pub nominal: Date,
    /// The deadline with its rolled date, or which year's calendar it waits for.
    pub deadline: Result<Deadline, YearUnknown>,
}

/// Both periods of one birth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// Until then a payment is in time.
    pub on_time: End,
    /// After it a payment is late. `None` where the pack sets no such period: then what is not in time is late.
    pub late: Option<End>,
    /// True where the source names such a period and leaves its length open.
    pub late_open: bool,
}

impl End {
    /// Counts a period from the birth, as the pack counts.
    ///
    /// # Errors
    /// For working days only, if they reach into a year that is not known.
    pub fn count(case: &Case<'_>, from: &LocalMinute, span: Span, article: &str) -> Result<Self, Undecidable> {
        let counting = counting::counting(case);
        let nominal = legal_time::nominal(from.date(), span, counting.count_from, case.calendar)?;
        let deadline = legal_time::deadline(from, span, counting, &[], article, case.calendar);
        Ok(Self { span, nominal, deadline })
    }

    /// True where the day lies after the end. Up to the nominal end no calendar is asked.
    ///
    /// # Errors
    /// If the day lies after the nominal end, and the rolled one is in a year that is not known.
    pub fn is_past(&self, day: Date) -> Result<bool, YearUnknown> {
        if day <= self.nominal {
            return Ok(false);
        }
        self.deadline.as_ref().map(|deadline| day > deadline.rolled).map_err(|unknown| *unknown)
    }

    /// The rolled date; `None` where its year is not known.
    pub fn rolled(&self) -> Option<Date> {
        self.deadline.as_ref().ok().map(|deadline| deadline.rolled)
    }

    /// The name of the deadline in a decision, e.g. `day-90`, `3-months`.
    pub fn name(&self) -> String {
        match self.span.unit {
            Unit::Days => format!("day-{}", self.span.count),
            Unit::Hours | Unit::Months | Unit::Years | Unit::WorkingDays => self.span.to_string().replace(' ', "-"),
        }
    }
}

impl Window {
    /// The periods of a birth, by the law in force on its day.
    ///
    /// # Errors
    /// If the pack does not set the first period.
    pub fn of(case: &Case<'_>, born_at: &LocalMinute) -> Result<Self, Undecidable> {
        let day = Some(born_at.date());
        let on_time = case.set("benefit.on_time", case.span("benefit.on_time", day))?;
        let article = |term| case.provision(term, day).map_or("", |provision| &provision.source);
        let open = case.provision("benefit.late_after", day).map(|found| found.value == law::Value::Unspecified);
        let late = match case.span("benefit.late_after", day) {
            Some(span) => Some(End::count(case, born_at, span, article("benefit.late_after"))?),
            None => None,
        };
        Ok(Self {
            on_time: End::count(case, born_at, on_time, article("benefit.on_time"))?,
            late,
            late_open: open == Some(true),
        })
    }

    /// Where an event on this day lies.
    ///
    /// # Errors
    /// If it depends on a year that is not known, or on a period whose length the source leaves open.
    pub fn timing(&self, day: Date) -> Result<Timing, Undecidable> {
        let in_time = !self.on_time.is_past(day)?;
        let late = match &self.late {
            Some(late) => late.is_past(day)?,
            None if !in_time && self.late_open => return Err(Undecidable::NotSet("benefit.late_after")),
            None => !in_time,
        };
        Ok(match (in_time, late) {
            (true, false) => Timing::InTime,
            (false, false) => Timing::Gap,
            (false, true) => Timing::Late,
            (true, true) => Timing::Both,
        })
    }

    /// True where the day is in time by its nominal end, whatever an unknown calendar will say.
    pub fn is_surely_in_time(&self, day: Date) -> bool {
        day <= self.on_time.nominal
    }

    /// Tells the ruling both ends: as deadlines where they are known, and as fields for the steps that follow.
    pub(crate) fn tell(&self, ruling: Ruling) -> Ruling {
        let first_late = match &self.late {
            Some(late) => late.rolled(),
            None if self.late_open => None,
            None => self.on_time.rolled(),
        };
        let mut ruling = ruling
            .giving("on_time_until", day(self.on_time.rolled()))
            .giving("on_time_nominal", day(Some(self.on_time.nominal)))
            .giving("late_from", day(first_late.map(crate::calendar::next)));
        for end in [Some(&self.on_time), self.late.as_ref()].into_iter().flatten() {
            ruling = match &end.deadline {
                Ok(deadline) => ruling.with_deadline(&end.name(), deadline.clone()),
                Err(unknown) => ruling.warning(
                    format!(
                        "期限名义末日为{};{}年节假日安排尚未公布,是否顺延未知,只可能更晚",
                        end.nominal, unknown.year
                    ),
                    format!(
                        "the period ends on {} as counted; whether it moves on is not known before the calendar of {} is, and it can only get later",
                        end.nominal, unknown.year
                    ),
                ),
            };
        }
        ruling
    }
}

/// A day as steps carry it; `null` where there is none.
pub(crate) fn day(day: Option<Date>) -> Value {
    day.map_or(Value::Null, |day| Value::from(day.to_string()))
}
