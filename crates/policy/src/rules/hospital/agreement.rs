//! The agreement (医保协议) between a hospital and the insurance agency, as a small calendar: on which days it is in
//! force, suspended or ended, by the Interim Measures on designated medical institutions (arts 33, 38, 41, 42).
//!
//! ```text
//!   from ──────────── suspended ──────────── goes on ─────────── until ── expired (art. 41)
//!                        │  │
//!                        │  └ validity ends meanwhile: terminated (art. 42)
//!                        └ own request, more than 180 days, no application to resume: terminated (art. 42)
//! ```
//!
//! What ends it by itself is the missing *application* to resume within the 180 days, not that it was not resumed. The
//! first and the last day of a validity or a suspension belong to it; the day of a termination is the first without an
//! agreement.

use std::sync::Arc;

use jiff::civil::Date;
use serde_json::Value;

use crate::{
    calendar::{Calendar, next},
    case::Case,
    decision::Undecidable,
    legal_time::{CountFrom, Span, nominal},
    rules::counting::counting,
};

/// Where the facts of the agreement lie: the answer of the maternity status query.
pub const AGREEMENT: &str = "maternity-status.agreement";

/// What an agreement is on one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// 履行中.
    InForce,
    /// 中止: costs of these days are not settled (art. 42).
    Suspended,
    /// 终止 or 解除, before its validity ended or because that ended during a suspension.
    Terminated,
    /// 期满, not renewed (art. 41).
    Expired,
    /// There was none on this day or any day before.
    Never,
}

/// A standing and the article that makes it so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// What the agreement is on the day.
    pub standing: Standing,
    /// By which article.
    pub article: &'static str,
    /// True where the article says 原则上 (in principle), so that the agency may have decided otherwise.
    pub in_principle: bool,
}

const NEVER: Found =
    Found {
        standing: Standing::Never, article: "《医疗机构医疗保障定点管理暂行办法》第三十三条", in_principle: false
    };

/// A time during which the agreement is not carried out (中止).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suspension {
    /// Its first day.
    pub from: Date,
    /// Its last day; `None` while it is open.
    pub until: Option<Date>,
    /// True where the hospital asked for it; `None` where the answer does not tell.
    pub own_request: Option<bool>,
    /// The day on which the hospital applied to go on.
    pub resume_applied_on: Option<Date>,
    /// The path of `own_request`, to name it where it is not told and matters.
    place: Arc<str>,
}

/// An agreement and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreement {
    /// Its first day.
    pub from: Date,
    /// The last day of its validity.
    pub until: Date,
    /// The first day without it, where it was ended before its validity was over.
    pub terminated_on: Option<Date>,
    /// Its suspensions.
    pub suspensions: Vec<Suspension>,
}

/// How many days a suspension at the hospital's own request may last without an application to go on, and how days
/// count: asked only where it matters.
pub struct SuspensionLimit<'c> {
    pub(super) span: &'c dyn Fn(Date) -> Result<Span, Undecidable>,
    pub(super) count_from: CountFrom,
    pub(super) calendar: &'c Calendar,
}

impl Standing {
    /// As facts and pages write it.
    pub fn word(self) -> &'static str {
        match self {
            Self::InForce => "in-force",
            Self::Suspended => "suspended",
            Self::Terminated => "terminated",
            Self::Expired => "expired",
            Self::Never => "never",
        }
    }
}

impl Agreement {
    /// The agreements in the facts, in order of time: one, or a list where one followed another (art. 41: yearly ones).
    /// Empty where the answer says that the hospital never was designated, by an empty list or by
    /// `maternity-status.designated` = `false`.
    ///
    /// # Errors
    /// If neither is there, or a day of an agreement cannot be; with the path of the field.
    pub fn read(case: &Case<'_>) -> Result<Vec<Self>, Undecidable> {
        let mut agreements = match case.fact(AGREEMENT) {
            None => match case.truth("maternity-status.designated") {
                Some(false) => Vec::new(),
                Some(true) | None => return Err(Undecidable::Missing(vec![AGREEMENT.to_owned()])),
            },
            Some(Value::Array(list)) => {
                let one = |(at, found)| Self::parse(found, &format!("{AGREEMENT}[{at}]"));
                list.iter().enumerate().map(one).collect::<Result<_, _>>()?
            }
            Some(found) => vec![Self::parse(found, AGREEMENT)?],
        };
        agreements.sort_by_key(|agreement| agreement.from);
        Ok(agreements)
    }

    /// Reads `{from, until, terminated_on?, suspensions?: [{from, until?, own_request?, resume_applied_on?}]}` that lies
    /// at a place of the facts.
    ///
    /// # Errors
    /// If a day is missing, does not exist, or comes before one that it must follow; with the path of the field.
    pub fn parse(found: &Value, place: &str) -> Result<Self, Undecidable> {
        if !found.is_object() {
            return Err(impossible(place.to_owned(), "应为对象", "must be an object"));
        }
        let from = needed_day(found, place, "from")?;
        let until = needed_day(found, place, "until")?;
        let terminated_on = day(found, place, "terminated_on")?;
        not_before(Some(until), from, place, "until")?;
        not_before(terminated_on, from, place, "terminated_on")?;
        let suspensions = match found.get("suspensions") {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(list)) => {
                let one = |(at, found)| Suspension::parse(found, &format!("{place}.suspensions[{at}]"));
                list.iter().enumerate().map(one).collect::<Result<_, _>>()?
            }
            Some(_) => return Err(impossible(format!("{place}.suspensions"), "应为列表", "must be a list")),
        };
        Ok(Self { from, until, terminated_on, suspensions })
    }

    /// What the agreement is on this day.
    ///
    /// # Errors
    /// If it depends on who asked for a suspension and nobody told, or on a limit that the pack leaves open.
    pub fn standing(&self, on: Date, limit: &SuspensionLimit<'_>) -> Result<Found, Undecidable> {
        let found = |standing, article| Found { standing, article, in_principle: false };
        if on < self.from {
            return Ok(NEVER);
        }
        if self.terminated_on.is_some_and(|first| on >= first) {
            // Who ended it and why the answer does not tell: what follows for the cost is art. 33, whatever the cause.
            return Ok(found(Standing::Terminated, "《医疗机构医疗保障定点管理暂行办法》第三十三条"));
        }
        if on > self.until {
            let suspended_at_the_end = self.suspensions.iter().any(|suspension| suspension.covers(self.until));
            return Ok(if suspended_at_the_end {
                found(Standing::Terminated, "《医疗机构医疗保障定点管理暂行办法》第四十二条第一款")
            } else {
                found(Standing::Expired, "《医疗机构医疗保障定点管理暂行办法》第四十一条")
            });
        }
        for suspension in &self.suspensions {
            if suspension.has_ended_the_agreement(on, limit)? {
                return Ok(Found {
                    standing: Standing::Terminated,
                    article: "《医疗机构医疗保障定点管理暂行办法》第四十二条第二款",
                    in_principle: true,
                });
            }
        }
        if self.suspensions.iter().any(|suspension| suspension.covers(on)) {
            return Ok(found(Standing::Suspended, "《医疗机构医疗保障定点管理暂行办法》第四十二条第一款"));
        }
        Ok(found(Standing::InForce, "《医疗机构医疗保障定点管理暂行办法》第三十三条"))
    }
}

impl Suspension {
    fn parse(found: &Value, place: &str) -> Result<Self, Undecidable> {
        let from = needed_day(found, place, "from")?;
        let until = day(found, place, "until")?;
        let resume_applied_on = day(found, place, "resume_applied_on")?;
        not_before(until, from, place, "until")?;
        not_before(resume_applied_on, from, place, "resume_applied_on")?;
        let own_request = match found.get("own_request") {
            None | Some(Value::Null) => None,
            Some(Value::Bool(own)) => Some(*own),
            Some(_) => return Err(impossible(format!("{place}.own_request"), "应为是或否", "must be yes or no")),
        };
        Ok(Self { place: format!("{place}.own_request").into(), from, until, own_request, resume_applied_on })
    }

    /// True on each of its days, the last included.
    pub fn covers(&self, on: Date) -> bool {
        on >= self.from && self.until.is_none_or(|until| on <= until)
    }

    /// True where it lasted longer than the limit without an application to go on, and this day comes after. A
    /// suspension that the agency ordered never does that: art. 42 ties it to the hospital's own request.
    fn has_ended_the_agreement(&self, on: Date, limit: &SuspensionLimit<'_>) -> Result<bool, Undecidable> {
        if self.own_request == Some(false) || on <= self.from {
            return Ok(false);
        }
        // The duration of a state, not a period in which somebody must act: its end does not move off rest days.
        let last = nominal(self.from, (limit.span)(self.from)?, limit.count_from, limit.calendar)?;
        let ended_in_time = self.until.is_some_and(|until| until <= last);
        let applied_in_time = self.resume_applied_on.is_some_and(|applied| applied <= last);
        if ended_in_time || applied_in_time || on < next(last) {
            return Ok(false);
        }
        self.own_request.ok_or_else(|| Undecidable::Missing(vec![self.place.to_string()]))
    }
}

/// The standing of the case's hospital on a day, by the last agreement that had begun by then: [`Standing::Never`]
/// without one.
pub(super) fn standing(agreements: &[Agreement], on: Date, case: &Case<'_>) -> Result<Found, Undecidable> {
    let Some(agreement) = agreements.iter().rev().find(|agreement| agreement.from <= on) else {
        return Ok(NEVER);
    };
    let span = |from| case.set("hospital.suspension_max", case.span("hospital.suspension_max", Some(from)));
    let limit = SuspensionLimit { span: &span, count_from: counting(case).count_from, calendar: case.calendar };
    agreement.standing(on, &limit)
}

/// The day under a key; `None` where it is absent or `null`.
pub(super) fn day(found: &Value, place: &str, key: &str) -> Result<Option<Date>, Undecidable> {
    let wrong = || impossible(format!("{place}.{key}"), "日期不存在,应写成YYYY-MM-DD", "no such day; write YYYY-MM-DD");
    match found.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.len() == 10 => text.parse().map(Some).map_err(|_| wrong()),
        Some(_) => Err(wrong()),
    }
}

/// The day under a key that must be there.
pub(super) fn needed_day(found: &Value, place: &str, key: &str) -> Result<Date, Undecidable> {
    day(found, place, key)?.ok_or_else(|| Undecidable::Missing(vec![format!("{place}.{key}")]))
}

/// A fact that cannot be.
pub(super) fn impossible(path: String, zh: &str, en: &str) -> Undecidable {
    Undecidable::Impossible { path, zh: zh.to_owned(), en: en.to_owned() }
}

fn not_before(later: Option<Date>, earlier: Date, place: &str, key: &str) -> Result<(), Undecidable> {
    if later.is_none_or(|later| later >= earlier) {
        return Ok(());
    }
    Err(impossible(format!("{place}.{key}"), "早于起始日", "before the day on which it begins"))
}
