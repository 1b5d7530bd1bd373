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
use crate::{Pack, Undecidable, calendar::Calendar, case::Case, facts, rules};

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
pub fn preview(pack: &Pack, calendar: &Calendar, facts: &Value, at: &LocalMinute) -> Vec<Choice> {
    let asked = Asked { pack, calendar, at };
    let mut choices = Vec::new();
    let enrolled = enrolled(facts, at);
    choices.extend(asked.choice("premium-payer", &enrolled, Words::new("参保", "enrol")));
    if facts::at(facts, "premium.paid_at").is_none() {
        choices.extend(asked.years(&enrolled));
        choices.extend(asked.payments(&enrolled));
    }
    choices
}

/// The facts with an enrolment today, where there is none yet: without one a payment opens nothing.
fn enrolled<'f>(facts: &'f Value, at: &LocalMinute) -> Cow<'f, Value> {
    match facts::at(facts, "enrolment.enrolled_on") {
        Some(_) => Cow::Borrowed(facts),
        None => Cow::Owned(with(facts, "enrolment.enrolled_on", at.date().to_string())),
    }
}

struct Asked<'q> {
    pack: &'q Pack,
    calendar: &'q Calendar,
    at: &'q LocalMinute,
}

impl Asked<'_> {
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
                    warnings: decision.warnings.iter().map(|(zh, en)| Words::new(zh, en)).collect(),
                    ..nothing(Words::new(&decision.zh, &decision.en))
                })
            }
            Err(Undecidable::NotSet(_) | Undecidable::UnknownRule(_)) => None,
            Err(why @ (Undecidable::Missing(_) | Undecidable::Year(_) | Undecidable::Impossible { .. })) => {
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
