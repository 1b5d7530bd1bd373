//! The "last day" card: for each deadline of a family its exact date, why, and a warning where the rule has a hole.
//!
//! A card is a row of [`CARDS`]: the value of the law that sets the period, the facts from which it runs, and the fact
//! that settles it. A pack that does not set the value has no such card; one that leaves it open has it without a date.

use identifiers::LocalMinute;
use jiff::{ToSpan, civil::Date};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Words, everything};
use crate::{
    Pack, Undecidable,
    calendar::Calendar,
    case::Case,
    law::{self, Kind, Term},
    legal_time::{self, Counting, Deadline, Span, Unit},
    rules::{counting, premium::next_year},
};

/// The values that a pack may set for the card alone.
pub(super) const TERMS: &[Term] = &[
    Term {
        key: "duty.birth_registration",
        zh: "出生登记申报期限",
        en: "within which a birth is to be registered",
        kind: Kind::Span,
    },
    Term {
        key: "duty.collect_documents",
        zh: "证照领取期限",
        en: "within which documents are to be collected",
        kind: Kind::Span,
    },
];

/// One deadline of a family.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastDay {
    /// Which deadline: the term that sets it, or the rule and its name for it.
    pub key: String,
    /// What must be done by then.
    pub name: Words,
    /// The last day in time, moved off rest days where the law moves it; `None` where the source leaves it open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<Date>,
    /// The last day as counted, before it is moved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nominal: Option<Date>,
    /// The last minute in time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_minute: Option<LocalMinute>,
    /// How it was counted, or why it has no date.
    pub why: Words,
    /// Document and article.
    pub article: String,
    /// What a hole in the sources, or a year without calendar, means here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warning: Option<Words>,
    /// True where the last minute is over.
    pub passed: bool,
}

/// One kind of card.
struct Card {
    term: &'static str,
    zh: &'static str,
    en: &'static str,
    /// The period runs from the first of these that is known.
    from: &'static [&'static str],
    /// Once one of these is known there is nothing left to be done in time.
    settled_by: &'static [&'static str],
}

/// In the order in which they are shown where dates are alike.
const CARDS: &[Card] = &[
    Card {
        term: "eligibility.delivery_window",
        zh: "线上办理《出生医学证明》",
        en: "apply for the birth certificate online",
        from: &["delivery.delivered_on", "child.born_at"],
        settled_by: &["certificate.number"],
    },
    Card {
        term: "duty.birth_registration",
        zh: "申报出生登记",
        en: "register the birth",
        from: &["child.born_at"],
        settled_by: &["registration.id_number"],
    },
    Card {
        term: "benefit.on_time",
        zh: "参保并缴费,待遇自出生之日起",
        en: "enrol and pay, so that cover starts at birth",
        from: &["child.born_at"],
        settled_by: &["premium.paid_at"],
    },
    Card {
        term: "premium.shelter",
        zh: "次年保费:参保并缴费,不受集中缴费期限制",
        en: "next year's premium: enrol and pay outside the collection period",
        from: &["child.born_at"],
        settled_by: &["premium.paid_at"],
    },
    Card {
        term: "provisional.complete_within",
        zh: "补齐容缺参保材料",
        en: "complete the provisional enrolment",
        from: &["provisional.enrolled_on"],
        settled_by: &["registration.id_number"],
    },
    Card {
        term: "duty.collect_documents",
        zh: "领取证照",
        en: "collect the documents",
        from: &["certificate.issued_on"],
        settled_by: &["hand-over.handed_over_on"],
    },
];

/// Each deadline that still matters to the family, the earliest first, those without a date last.
pub fn last_days(pack: &Pack, calendar: &Calendar, facts: &Value, at: &LocalMinute) -> Vec<LastDay> {
    let case = Case::new(pack, calendar, facts, "", at);
    let mut found: Vec<LastDay> = CARDS.iter().filter_map(|card| card.of(&case)).collect();
    for advised in everything(pack, calendar, facts, at) {
        let Ok(decision) = advised.answer else { continue };
        // A rule that counts by the value of a card tells the same days again.
        if CARDS.iter().any(|card| decision.terms.contains_key(card.term)) {
            continue;
        }
        for (name, deadline) in &decision.deadlines {
            let key = format!("{}.{name}", decision.rule);
            let what = Words::new(format!("{}({name})", advised.title), format!("{} ({name})", decision.rule));
            found.push(dated(key, what, deadline, None, at));
        }
    }
    found.sort_by_key(|card| (card.date.is_none(), card.date));
    found
}

impl Card {
    fn of(&self, case: &Case<'_>) -> Option<LastDay> {
        if self.settled_by.iter().any(|path| case.fact(path).is_some()) {
            return None;
        }
        let from = self.from.iter().find_map(|path| start(case, path))?;
        // The source gives the shelter only to a child born at the end of the year.
        if self.term == "premium.shelter" && !next_year::is_sheltered(case, &from) {
            return None;
        }
        let provision = case.provision(self.term, Some(from.date()))?;
        let name = Words::new(self.zh, self.en);
        let law::Value::Span(span) = provision.value else {
            return Some(LastDay {
                key: self.term.to_owned(),
                name,
                date: None,
                nominal: None,
                last_minute: None,
                why: Words::new(law::UNSPECIFIED_ZH, law::UNSPECIFIED_EN),
                article: provision.source.to_string(),
                warning: None,
                passed: false,
            });
        };
        let (deadline, unknown) = counted(case, &from, span, &provision.source)?;
        let warning = if self.term == "benefit.on_time" { hole(case, &from, &deadline) } else { None };
        Some(dated(self.term.to_owned(), name, &deadline, unknown.or(warning), case.asked_at))
    }
}

fn dated(key: String, name: Words, deadline: &Deadline, warning: Option<Words>, at: &LocalMinute) -> LastDay {
    let from = deadline.from.as_str().replace('T', " ");
    let moved = if deadline.rolled == deadline.nominal {
        Words::default()
    } else {
        Words::new(
            format!(",末日{}遇休假日顺延", deadline.nominal),
            format!("; its last day {} is a rest day and moves on", deadline.nominal),
        )
    };
    LastDay {
        key,
        name,
        date: Some(deadline.rolled),
        nominal: Some(deadline.nominal),
        last_minute: Some(deadline.last_minute.clone()),
        why: Words::new(
            format!("自{from}起{}{}", deadline.span.zh(), moved.zh),
            format!("{} from {from}{}", deadline.span, moved.en),
        ),
        article: deadline.article.to_string(),
        warning,
        passed: *at > deadline.last_minute,
    }
}

/// The deadline; where the calendar does not reach, as it stands before it is moved, and the warning that it may move.
fn counted(case: &Case<'_>, from: &LocalMinute, span: Span, article: &str) -> Option<(Deadline, Option<Words>)> {
    let counting = counting::counting(case);
    match legal_time::deadline(from, span, counting, &[], article, case.calendar) {
        Ok(deadline) => Some((deadline, None)),
        Err(unknown) => {
            // Working days of an unknown year cannot be counted at all.
            let as_counted = Counting { roll: false, ..counting };
            let deadline = legal_time::deadline(from, span, as_counted, &[], article, case.calendar).ok()?;
            let year = unknown.year;
            let warning = Words::new(
                format!("{year}年节假日安排尚未公布,末日或可顺延;请按此日办理,不要等待。"),
                format!("the holidays of {year} are not published; the day may move on, do not wait for it"),
            );
            Some((deadline, Some(warning)))
        }
    }
}

/// G1: the days between "90天内" and "超过3个月", of which the source says nothing, or says two things.
fn hole(case: &Case<'_>, from: &LocalMinute, on_time: &Deadline) -> Option<Words> {
    let span = case.span("benefit.late_after", Some(from.date()))?;
    let (late, _) = counted(case, from, span, "")?;
    let (first, last) = (on_time.rolled.saturating_add(1.day()), late.rolled);
    if last > on_time.rolled {
        return Some(Words::new(
            format!("{first}至{last}缴费的,来源未作规定,须由工作人员确认待遇起始日;请勿拖到该日。"),
            format!("of a payment from {first} to {last} the source says nothing; a person decides. Do not wait."),
        ));
    }
    (last < on_time.rolled).then(|| {
        let first = last.saturating_add(1.day());
        let last = on_time.rolled;
        Words::new(
            format!("{first}至{last}缴费的,来源的两条规定相互冲突;请在{first}之前缴费。"),
            format!("of a payment from {first} to {last} the source says two things; pay before {first}"),
        )
    })
}

/// The minute from which a period runs: a moment, or the beginning of a day. What cannot be is told elsewhere.
fn start(case: &Case<'_>, path: &str) -> Option<LocalMinute> {
    let day = |case: &Case<'_>| -> Result<Option<LocalMinute>, Undecidable> {
        if case.text(path).is_some_and(|text| text.len() > 10) {
            return case.minute(path);
        }
        Ok(case.day(path)?.map(|day| LocalMinute::on(day, 0, 0)))
    };
    day(case).ok().flatten()
}

/// The last minute in time of a period of the law that runs from a fact; `None` where any of it is open or unknown.
pub(super) fn last_minute(case: &Case<'_>, term: &'static str, path: &str) -> Option<LocalMinute> {
    let from = start(case, path)?;
    let span = case.span(term, Some(from.date())).filter(|span| span.unit != Unit::WorkingDays)?;
    counted(case, &from, span, "").map(|(deadline, _)| deadline.last_minute)
}
