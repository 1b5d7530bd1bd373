//! What each choice would mean to a family, before it is made: to pay today or on the last day, to tick 当年 or 次年.
//!
//! Each choice is asked of the same rule that will decide later, with the choice added to the facts. A rule that the pack
//! does not use gives no choice.

use std::borrow::Cow;

use identifiers::LocalMinute;
use jiff::{ToSpan, civil::Date};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Words, last_day::last_minute, with};
use crate::{
    Decision, Pack, Undecidable,
    calendar::Calendar,
    case::Case,
    facts, law,
    rules::{self, premium::next_year},
};

/// One choice and what it would mean.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// What would be chosen.
    pub choice: Words,
    /// What would follow.
    pub means: Words,
    /// The row of the rule's table that would hold; empty where nothing can be decided.
    pub row: String,
    /// The first day of cover, where the rule gives one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_on: Option<Date>,
    /// The last day of cover, where the rule gives one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_on: Option<Date>,
    /// The first day that would stay uncovered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uncovered_from: Option<Date>,
    /// The last day that would stay uncovered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uncovered_until: Option<Date>,
    /// True where a person would have to decide.
    pub needs_person: bool,
    /// What the sources leave open, to be shown before the choice is made.
    pub warnings: Vec<Words>,
}

/// What the choices that a family still has would mean, in the order in which they come up.
///
/// The facts are one child's. What the family has not said yet is supposed as it would most likely be, and each choice
/// for which it mattered says so.
pub fn preview(pack: &Pack, calendar: &Calendar, facts: &Value, at: &LocalMinute) -> Vec<Choice> {
    let (enrolled, supposed) = enrolled(facts, at);
    let mut asked = Asked { pack, calendar, at, supposed };
    let mut choices = Vec::new();
    choices.extend(asked.choice("premium-payer-for:birth-year", &enrolled, Words::new("参保", "enrol")));
    if facts::at(facts, "premium.paid_at").is_none() {
        let years = asked.years(&enrolled);
        if years.is_empty() {
            choices.extend(asked.next_year(&enrolled));
        }
        choices.extend(years);
        let paying = asked.suppose_the_birth_year(&enrolled);
        choices.extend(asked.payments(&paying));
    }
    choices
}

/// A fact that the family has not stated and that is supposed for the preview.
struct Supposed {
    path: &'static str,
    said: Words,
}

/// The facts with an enrolment today where the family says, as far as there is none yet: without one a payment opens
/// nothing, and no place has a programme.
fn enrolled<'f>(facts: &'f Value, at: &LocalMinute) -> (Cow<'f, Value>, Vec<Supposed>) {
    let (mut enrolled, mut supposed) = (Cow::Borrowed(facts), Vec::new());
    if facts::at(facts, "enrolment.enrolled_on").is_none() {
        let provisional = facts::text(facts, "provisional.enrolled_on").map(str::to_owned);
        let day = provisional.unwrap_or_else(|| at.date().to_string());
        enrolled = Cow::Owned(with(&enrolled, "enrolment.enrolled_on", day));
    }
    let known = ["enrolment.area", "provisional.area"].iter().any(|path| facts::text(facts, path).is_some());
    let place = facts::text(facts, "child.insurance.place").or_else(|| facts::text(facts, "application.area"));
    if let Some(place) = place.filter(|_| !known) {
        enrolled = Cow::Owned(with(&enrolled, "enrolment.area", place));
        let said = Words::new(format!("设想在{place}参保"), format!("an enrolment in {place} is supposed"));
        supposed.push(Supposed { path: "enrolment.area", said });
    }
    (enrolled, supposed)
}

struct Asked<'q> {
    pack: &'q Pack,
    calendar: &'q Calendar,
    at: &'q LocalMinute,
    supposed: Vec<Supposed>,
}

impl Asked<'_> {
    /// The facts with the birth year ticked where no year is: a payment is always for some year.
    fn suppose_the_birth_year<'f>(&mut self, facts: &'f Value) -> Cow<'f, Value> {
        const TICKED: &str = "child.insurance.years";
        let is_named = |path: &&str| {
            facts::at(facts, path).is_some_and(|years| years.as_array().is_none_or(|years| !years.is_empty()))
        };
        if ["premium.years", "enrolment.years", TICKED].iter().any(is_named) {
            return Cow::Borrowed(facts);
        }
        let said = Words::new("尚未勾选参保年度,设想只缴出生当年", "no year is ticked yet: the birth year is supposed");
        self.supposed.push(Supposed { path: TICKED, said });
        Cow::Owned(with(facts, TICKED, json!(["birth-year"])))
    }

    /// What ticking the next year means where the birth year costs the family nothing: D5.
    fn next_year(&self, facts: &Value) -> Vec<Choice> {
        let case = Case::new(self.pack, self.calendar, facts, "", self.at);
        let mut times = vec![(self.at.clone(), Words::new("勾选次年,今日缴费", "tick the next year and pay today"))];
        let born_at = case.minute("child.born_at").ok().flatten();
        // The source gives the shelter only to a child born at the end of the year.
        let last = born_at
            .filter(|born_at| next_year::is_sheltered(&case, born_at))
            .and_then(|_| last_minute(&case, "premium.shelter", "child.born_at"))
            .filter(|last| last.date() > self.at.date());
        if let Some(last) = last {
            let (date, after) = (last.date(), morning_after(&last));
            let words = Words::new(
                format!("勾选次年,最后一日({date})缴费"),
                format!("tick the next year and pay on the last day in time, {date}"),
            );
            times.push((last, words));
            if let Some(after) = after {
                let date = after.date();
                let words = Words::new(
                    format!("勾选次年,逾期首日({date})缴费"),
                    format!("tick the next year and pay on the first day that is late, {date}"),
                );
                times.push((after, words));
            }
        }
        times
            .into_iter()
            .filter_map(|(minute, choice)| {
                let paid = with(facts, "premium.paid_at", minute.as_str());
                self.choice("premium-payer-for:next-year", &paid, choice)
            })
            .collect()
    }

    /// Which years are paid: D4.
    fn years(&self, facts: &Value) -> Vec<Choice> {
        let ticked = [
            (json!(["birth-year"]), Words::new("只勾选当年", "tick only the birth year")),
            (json!(["next-year"]), Words::new("只勾选次年", "tick only the next year")),
            (json!(["birth-year", "next-year"]), Words::new("当年、次年都勾选", "tick both years")),
        ];
        let paid = with(facts, "premium.paid_at", self.at.as_str());
        let choices = ticked
            .into_iter()
            .filter_map(|(years, choice)| self.choice("year", &with(&paid, "child.insurance.years", years), choice));
        choices.collect()
    }

    /// When the premium is paid: D3. Only days that are still to come are offered.
    fn payments(&self, facts: &Value) -> Vec<Choice> {
        let case = Case::new(self.pack, self.calendar, facts, "", self.at);
        let day = |minute: &LocalMinute| minute.date();
        let mut times = vec![(self.at.clone(), Words::new("今日缴费", "pay today"))];
        let mut offer = |minute: Option<LocalMinute>, zh: &str, en: &str| {
            if let Some(minute) = minute.filter(|minute| day(minute) > day(self.at)) {
                let date = minute.date();
                times.push((minute, Words::new(format!("{zh}({date})缴费"), format!("pay {en}, {date}"))));
            }
        };
        let on_time = last_minute(&case, "benefit.on_time", "child.born_at");
        let late = last_minute(&case, "benefit.late_after", "child.born_at");
        offer(on_time.clone(), "最后一日", "on the last day in time");
        if let (Some(on_time), Some(late)) = (&on_time, &late)
            && late > on_time
        {
            offer(morning_after(on_time), "最后一日的次日", "on the day after that");
        }
        offer(on_time.max(late).as_ref().and_then(morning_after), "逾期首日", "on the first day that is late");
        times
            .into_iter()
            .filter_map(|(minute, choice)| {
                self.choice("benefit", &with(facts, "premium.paid_at", minute.as_str()), choice)
            })
            .collect()
    }

    /// What was supposed, as far as this decision asked for it, and what the decision itself leaves open.
    fn told_with(&self, decision: &Decision) -> Vec<Words> {
        let mattered = self.supposed.iter().filter(|supposed| decision.inputs.contains_key(supposed.path));
        let open = decision.warnings.iter().map(|(zh, en)| Words::new(zh, en));
        mattered.map(|supposed| supposed.said.clone()).chain(open).collect()
    }

    /// What a rule would say; `None` where the pack does not use it.
    fn choice(&self, rule: &str, facts: &Value, choice: Words) -> Option<Choice> {
        let (known, _) = rules::find(rule)?;
        if known.needs.is_empty() || !known.needs.iter().all(|term| self.pack.law.get(term, None).is_some()) {
            return None;
        }
        let nothing = |means| Choice {
            choice: choice.clone(),
            means,
            row: String::new(),
            start_on: None,
            end_on: None,
            uncovered_from: None,
            uncovered_until: None,
            needs_person: false,
            warnings: Vec::new(),
        };
        match rules::decide(rule, self.pack, self.calendar, facts, self.at) {
            Ok(decision) => {
                let day =
                    |key: &str| decision.gives.get(key).and_then(Value::as_str).and_then(|text| text.parse().ok());
                Some(Choice {
                    row: decision.row.to_string(),
                    start_on: day("start_on"),
                    end_on: day("end_on"),
                    uncovered_from: day("uncovered_from"),
                    uncovered_until: day("uncovered_until"),
                    needs_person: decision.gives.get("needs_person") == Some(&Value::Bool(true)),
                    warnings: self.told_with(&decision),
                    ..nothing(Words::new(&decision.zh, &decision.en))
                })
            }
            // What the source leaves open is told; what the pack does not have is no choice of the family's.
            Err(Undecidable::NotSet(key)) => {
                matches!(self.pack.law.get(key, None)?.value, law::Value::Unspecified).then_some(())?;
                let (zh, en) = law::term(key).map_or(("", ""), |term| (term.zh, term.en));
                Some(nothing(Words::new(
                    format!("尚不能确定:来源未写明{zh}"),
                    format!("not decidable yet: the source does not say {en}"),
                )))
            }
            Err(Undecidable::UnknownRule(_)) => None,
            Err(Undecidable::Missing(paths)) => {
                // By the name under which the family can state it, not that of an answer to come.
                let stated = |path: String| if path == "enrolment.area" { "application.area".to_owned() } else { path };
                let why = super::why(&Undecidable::Missing(paths.into_iter().map(stated).collect()));
                Some(nothing(Words::new(format!("尚不能确定:{}", why.zh), format!("not decidable yet: {}", why.en))))
            }
            Err(why @ (Undecidable::Year(_) | Undecidable::Impossible { .. })) => {
                let why = super::why(&why);
                Some(nothing(Words::new(format!("尚不能确定:{}", why.zh), format!("not decidable yet: {}", why.en))))
            }
        }
    }
}

/// 00:00 of the day after.
fn morning_after(minute: &LocalMinute) -> Option<LocalMinute> {
    let day = minute.date().saturating_add(1.day());
    LocalMinute::parse(&format!("{day}T00:00")).ok()
}
