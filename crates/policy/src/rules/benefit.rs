//! Domain table D3: from which day a newborn's medical benefits run where the family pays ([003] 附3 备注).
//!
//! ```text
//!   birth ──90 days──> in time │ gap │ late <──3 months── birth
//!                      D3-1    │ D3-2│ D3-3        both at once: D3-4
//!           from birth ┘         └ gap_rule └ day after payment   └ conflict_rule
//! ```
//!
//! The deciding event is the payment as the tax office dates it, never the arrival of its notice; enrolment must have
//! happened too, before or after. Which years the payment is for is table D4 ([`cover`]).

use identifiers::LocalMinute;
use jiff::civil::Date;

use super::{Argument, Rule, Ruling};
use crate::{
    case::Case,
    decision::Undecidable,
    law::{Kind, Term},
};

pub mod cover;
pub mod window;

use cover::Cover;
use window::{Timing, Window, day};

/// The rules of this table.
pub const RULES: &[Rule] = &[
    Rule {
        name: "benefit",
        table: "D3",
        zh: "医保待遇起算",
        en: "from which day benefits run",
        argument: Argument::None,
        article: "附3 备注 医保参保缴费提示",
        codes: &[],
        needs: &["benefit.on_time", "benefit.on_time_effect", "benefit.late_effect", "benefit.cross_year_rule"],
        gives: &[
            "start_on",
            "end_on",
            "row",
            "year_row",
            "needs_person",
            "suggested_start_on",
            "suggested_end_on",
            "uncovered_from",
            "uncovered_until",
            "on_time_until",
            "on_time_nominal",
            "late_from",
        ],
        decide: benefit,
    },
    Rule {
        name: "benefit-deadlines",
        table: "D3",
        zh: "参保缴费期限",
        en: "until when a payment is in time",
        argument: Argument::None,
        article: "附3 备注 医保参保缴费提示",
        codes: &[],
        needs: &["benefit.on_time"],
        gives: &["on_time_until", "on_time_nominal", "late_from"],
        decide: deadlines,
    },
    Rule {
        name: "benefit-needs-person",
        table: "D3",
        zh: "待遇起算须人工确认",
        en: "whether a person must confirm from which day benefits run",
        argument: Argument::None,
        article: "附3 备注: 90天与3个月之间无规定 (G1)",
        codes: &[],
        needs: &[],
        gives: &[],
        decide: needs_person,
    },
];

const HOLES: Kind = Kind::Word(&["favour-applicant", "strict", "manual"]);

/// The values that a pack may set for them.
pub const TERMS: &[Term] = &[
    Term { key: "benefit.on_time", zh: "及时缴费期限", en: "a payment is in time within", kind: Kind::Span },
    Term { key: "benefit.late_after", zh: "逾期缴费起点", en: "a payment is late after", kind: Kind::Span },
    Term {
        key: "benefit.gap_rule",
        zh: "既不及时也未逾期时的处理",
        en: "what holds where a payment is neither in time nor late",
        kind: HOLES,
    },
    Term {
        key: "benefit.conflict_rule",
        zh: "既及时又逾期时的处理",
        en: "what holds where a payment is both in time and late",
        kind: HOLES,
    },
    Term {
        key: "benefit.on_time_effect",
        zh: "及时缴费的待遇起算日",
        en: "from which day benefits run if paid in time",
        kind: cover::EFFECTS,
    },
    Term {
        key: "benefit.late_effect",
        zh: "逾期缴费的待遇起算日",
        en: "from which day benefits run if paid late",
        kind: cover::EFFECTS,
    },
    Term {
        key: "benefit.deciding_event",
        zh: "以何事判断是否及时",
        en: "which event decides whether it is in time",
        kind: Kind::Word(&["payment", "enrolment", "later-of-both"]),
    },
    cover::TERMS[0],
    cover::TERMS[1],
    cover::TERMS[2],
];

/// What happened, as far as this table asks.
struct Events {
    born_at: LocalMinute,
    paid_on: Date,
    enrolled_on: Date,
    deciding_on: Date,
}

/// How a timing is answered: the row, which effect holds, and why a person must confirm it.
struct Answer {
    row: &'static str,
    effect: &'static str,
    person: Option<(String, String)>,
    warning: Option<(String, String)>,
}

fn benefit(case: &Case<'_>) -> Result<Ruling, Undecidable> {
    let events = events(case)?;
    let born = events.born_at.date();
    let window = Window::of(case, &events.born_at)?;
    let answer = answer(case, born, &window, events.deciding_on)?;
    // Never before the payment; where enrolment decides too, not before it either.
    let from = events.paid_on.max(events.deciding_on);
    let cover = covered(case, &answer, born, from, &cover::years(case, born)?)?;
    let mut ruling = sentence(&answer, &events, &cover);
    if answer.row == "D3-1" && events.enrolled_on > events.deciding_on && window.on_time.is_past(events.enrolled_on)? {
        ruling = ruling.warning(
            "缴费及时而参保在期限之后:“参保缴费”是否要求两者均在期限内,来源未写明,以缴费时间为准(G2)",
            "paid in time but enrolled after it: whether both must lie within the period the source does not say; the payment decides (G2)",
        );
    }
    let ruling = excluded(ruling, &answer, &window, events.deciding_on, &cover);
    Ok(window.tell(tell(ruling, &answer, cover, born)))
}

/// Birth, payment and enrolment, all of which must have happened; neither of the latter before the birth.
fn events(case: &Case<'_>) -> Result<Events, Undecidable> {
    let born_at = case.needed("child.born_at", case.minute("child.born_at")?);
    let paid_at = case.needed("premium.paid_at", case.minute("premium.paid_at")?);
    let enrolled_on = case.needed("enrolment.enrolled_on", case.day("enrolment.enrolled_on")?);
    case.complete()?;
    let (Some(born_at), Some(paid_at), Some(enrolled_on)) = (born_at, paid_at, enrolled_on) else {
        return Err(Undecidable::Missing(Vec::new()));
    };
    let (born, paid_on) = (born_at.date(), paid_at.date());
    not_before_birth("premium.paid_at", paid_on, born)?;
    not_before_birth("enrolment.enrolled_on", enrolled_on, born)?;
    let deciding_on = match case.word("benefit.deciding_event", Some(born)) {
        Some("enrolment") => enrolled_on,
        Some("later-of-both") => paid_on.max(enrolled_on),
        Some(_) | None => paid_on,
    };
    Ok(Events { born_at, paid_on, enrolled_on, deciding_on })
}

pub(crate) fn not_before_birth(path: &str, day: Date, born: Date) -> Result<(), Undecidable> {
    if day >= born {
        return Ok(());
    }
    Err(Undecidable::Impossible {
        path: path.to_owned(),
        zh: "早于出生之日".to_owned(),
        en: "lies before the birth".to_owned(),
    })
}

/// The days that a payment covers, by the effect of the answer.
fn covered(
    case: &Case<'_>,
    answer: &Answer,
    born: Date,
    paid_on: Date,
    years: &std::collections::BTreeSet<i16>,
) -> Result<Cover, Undecidable> {
    let effect = case.set(answer.effect, case.word(answer.effect, Some(born)))?;
    if effect == "birth" {
        return cover::from_birth(case, born, years);
    }
    Ok(cover::from_day(cover::first_day(effect, born, paid_on), years))
}

/// The cover of a payment on this day for these years, and why a person must confirm it: what a preview shows.
///
/// # Errors
/// If the law or a calendar is not there.
pub(crate) fn would_cover(
    case: &Case<'_>,
    born_at: &LocalMinute,
    paid_on: Date,
    years: &std::collections::BTreeSet<i16>,
) -> Result<(&'static str, Cover), Undecidable> {
    let born = born_at.date();
    let answer = answer(case, born, &Window::of(case, born_at)?, paid_on)?;
    let mut cover = covered(case, &answer, born, paid_on, years)?;
    cover.person = answer.person.or(cover.person);
    cover.warnings.extend(answer.warning);
    Ok((answer.row, cover))
}

fn answer(case: &Case<'_>, born: Date, window: &Window, deciding_on: Date) -> Result<Answer, Undecidable> {
    const IN_TIME: &str = "benefit.on_time_effect";
    const LATE: &str = "benefit.late_effect";
    let conflict = case.word("benefit.conflict_rule", Some(born));
    let timing = match window.timing(deciding_on) {
        // In time by the nominal end, and the pack favours the applicant in a contradiction: whether there is one, the
        // calendar that is missing would say, but the outcome is the same.
        Err(Undecidable::Year(_)) if window.is_surely_in_time(deciding_on) && conflict == Some("favour-applicant") => {
            Timing::InTime
        }
        found => found?,
    };
    let plain = |row, effect| Answer { row, effect, person: None, warning: None };
    Ok(match timing {
        Timing::InTime => plain("D3-1", IN_TIME),
        Timing::Late => plain("D3-3", LATE),
        Timing::Gap => hole(
            "D3-2",
            case.word("benefit.gap_rule", Some(born)),
            (
                "缴费在及时期限之后、逾期起点之前,来源没有规定(G1)",
                "the payment lies after the first period and within the second, for which the source has no rule (G1)",
            ),
        ),
        Timing::Both => hole(
            "D3-4",
            conflict,
            (
                "缴费同时符合及时与逾期两条规定,来源相互矛盾(G1)",
                "by one sentence of the source the payment is in time, by the next it is late (G1)",
            ),
        ),
    })
}

/// A hole of the source, as the pack fills it. Where the pack does not, a person does, with the answer that favours the
/// applicant put before him.
fn hole(row: &'static str, rule: Option<&str>, why: (&str, &str)) -> Answer {
    let why = Some((why.0.to_owned(), why.1.to_owned()));
    match rule {
        Some("strict") => Answer { row, effect: "benefit.late_effect", person: None, warning: why },
        Some("favour-applicant") => Answer { row, effect: "benefit.on_time_effect", person: None, warning: why },
        Some(_) | None => Answer { row, effect: "benefit.on_time_effect", person: why, warning: None },
    }
}

fn sentence(answer: &Answer, events: &Events, cover: &Cover) -> Ruling {
    let (zh, en) = match answer.row {
        "D3-1" => ("及时参保缴费", "paid in time"),
        "D3-2" => ("缴费落在规定的空档", "paid in the gap between the two periods"),
        "D3-3" => ("逾期参保缴费", "paid late"),
        _ => ("缴费同时符合两条相反的规定", "paid both in time and late"),
    };
    let person = answer.person.is_some() || cover.person.is_some();
    let (start, paid) = (cover.start_on, events.paid_on);
    if person {
        return Ruling::yes(
            answer.row,
            format!("{zh}({paid}缴费):待遇起算日须人工确认,建议{start}"),
            format!("{en} (on {paid}): a person must confirm the first day of benefits; suggested {start}"),
        );
    }
    let until = cover.end_on.unwrap_or(start);
    Ruling::yes(
        answer.row,
        format!("{zh}({paid}缴费):自{start}起享受居民医保待遇,至{until}"),
        format!("{en} (on {paid}): benefits from {start} to {until}"),
    )
}

/// Names the rows that do not hold, and why.
fn excluded(mut ruling: Ruling, answer: &Answer, window: &Window, decided_on: Date, cover: &Cover) -> Ruling {
    let on_time = window.on_time.rolled().unwrap_or(window.on_time.nominal);
    let late = window.late.as_ref().map_or(on_time, |late| late.rolled().unwrap_or(late.nominal));
    let both = answer.row == "D3-4";
    let rows = [
        (
            "D3-1",
            if both {
                (
                    "及时规定适用,但逾期规定同时适用".to_owned(),
                    "it holds, but so does the rule for late payment".to_owned(),
                )
            } else {
                (
                    format!("{decided_on}晚于及时期限{on_time}"),
                    format!("{decided_on} is after {on_time}, the last day in time"),
                )
            },
        ),
        (
            "D3-2",
            (
                format!("{decided_on}不在{on_time}之后、{late}之前的空档"),
                format!("{decided_on} is not after {on_time} and by {late}, where the source has no rule"),
            ),
        ),
        (
            "D3-3",
            if both {
                (
                    "逾期规定适用,但及时规定同时适用".to_owned(),
                    "it holds, but so does the rule for payment in time".to_owned(),
                )
            } else {
                (
                    format!("{decided_on}未超过{late}"),
                    format!("{decided_on} is not after {late}; a payment is late from the day after that"),
                )
            },
        ),
        ("D3-4", ("两条规定并未同时适用".to_owned(), "the two sentences do not both hold".to_owned())),
    ];
    for (row, (zh, en)) in rows.into_iter().filter(|(row, _)| *row != answer.row) {
        ruling = ruling.excluding(row, zh, en);
    }
    ruling.excluded.extend(cover.excluded.iter().cloned());
    ruling
}

/// What the steps that follow are given. Where a person must confirm, there is no start, only a suggestion.
fn tell(ruling: Ruling, answer: &Answer, cover: Cover, born: Date) -> Ruling {
    let uncovered = cover::uncovered(born, &cover);
    let (start, end) = (Some(cover.start_on), cover.end_on);
    let reasons: Vec<_> = answer.person.clone().into_iter().chain(cover.person).collect();
    let person = !reasons.is_empty();
    let mut ruling = ruling
        .giving("row", answer.row)
        .giving("year_row", cover.row)
        .giving("needs_person", person)
        .giving("start_on", day(start.filter(|_| !person)))
        .giving("end_on", day(end.filter(|_| !person)))
        .giving("suggested_start_on", day(start.filter(|_| person)))
        .giving("suggested_end_on", day(end.filter(|_| person)))
        .giving("uncovered_from", day(uncovered.map(|days| days.0)))
        .giving("uncovered_until", day(uncovered.map(|days| days.1)));
    ruling.warnings.extend(reasons.into_iter().chain(answer.warning.clone()).chain(cover.warnings));
    if answer.effect == "benefit.on_time_effect" && end.is_some() {
        ruling = ruling.warning(
            "及时缴费的待遇终止日来源未写明,按所缴年度末计",
            "the source names no last day for a payment in time; the end of the years paid for is assumed",
        );
    }
    ruling
}

/// Until when a payment is in time and from when it is late: for reminders, before anything is paid.
fn deadlines(case: &Case<'_>) -> Result<Ruling, Undecidable> {
    let born_at = case.must("child.born_at", case.minute("child.born_at")?)?;
    let window = Window::of(case, &born_at)?;
    let last = window.on_time.rolled().unwrap_or(window.on_time.nominal);
    let ruling = Ruling::yes(
        "",
        format!("{last}(含当日)前参保缴费为及时"),
        format!("a payment up to and including {last} is in time"),
    );
    Ok(window.tell(ruling))
}

/// Yes exactly where the benefit decision left it to a person.
fn needs_person(case: &Case<'_>) -> Result<Ruling, Undecidable> {
    let person = case.must("benefit.needs_person", case.truth("benefit.needs_person"))?;
    Ok(if person {
        Ruling::yes("", "待遇起算日须人工确认", "a person must confirm the first day of benefits")
    } else {
        Ruling::no("", Vec::new(), "待遇起算日已由规定确定", "the law itself says the first day of benefits")
    })
}
