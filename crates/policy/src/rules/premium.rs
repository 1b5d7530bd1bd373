//! Domain tables D5 and D6: who pays a newborn's premium of a year, by the minute of birth and the place of enrolment.
//!
//! ```text
//!   birth year   family │ none (D5-1) │ fiscal (D6-1; not: born earlier D6-2, enrolled elsewhere D6-3: by its rules, had one D6-4)
//!   next year    collection period (D5-2) │ missed, but within the shelter of 90 days (D5-3) │ late (D5-4)
//! ```
//!
//! Benefits of a birth year that the family pays are table D3 ([`super::benefit`]); the subsidy's money is D7.

use identifiers::LocalMinute;
use jiff::civil::Date;
use serde_json::Value;

use super::{
    Argument, Rule, Ruling,
    benefit::{
        cover::{first_of, last_of},
        not_before_birth,
        window::day,
    },
};
use crate::{
    case::Case,
    decision::Undecidable,
    law::{self, Kind, Term},
};

pub mod next_year;

/// The payer of a child who is enrolled in another province: whoever that province's rules name.
pub(crate) const OTHER_PROVINCE: &str = "other-province";

const GIVES: &[&str] = &[
    "payer",
    "year",
    "row",
    "start_on",
    "end_on",
    "start_not_before",
    "amount_fen",
    "amount_known",
    "next_year",
    "next_year_pay_by",
    "birth_year_payer",
    "year_end_birth",
];

/// The rules of these tables.
pub const RULES: &[Rule] = &[
    Rule {
        name: "premium-payer",
        table: "D5",
        zh: "保费由谁缴",
        en: "who pays the premium",
        argument: Argument::None,
        article: "社会保险法第二十五条",
        codes: &[],
        needs: &["premium.birth_year_payer"],
        gives: GIVES,
        decide: payer,
    },
    Rule {
        name: "premium-payer-for",
        table: "D5",
        zh: "某年度保费由谁缴 (birth-year, next-year)",
        en: "who pays the premium of birth-year or next-year",
        argument: Argument::Word,
        article: "社会保险法第二十五条",
        codes: &[],
        needs: &["premium.birth_year_payer"],
        gives: GIVES,
        decide: |case| {
            let born_at = born_at(case)?;
            match case.argument {
                "birth-year" => birth_year(case, &born_at),
                "next-year" => next_year::decide(case, &born_at),
                other => Err(Undecidable::UnknownRule(format!("premium-payer-for:{other}"))),
            }
        },
    },
    Rule {
        name: "subsidy-due",
        table: "D6",
        zh: "个人缴费由财政资助",
        en: "whether the state pays the premium",
        argument: Argument::None,
        article: "社会保险法第二十五条",
        codes: &[],
        needs: &["premium.birth_year_payer"],
        gives: &[],
        decide: |case| {
            let due = due(case, &["fiscal"])?;
            Ok(due.said(("由财政资助", "the state pays"), ("不属财政资助", "the state does not pay")))
        },
    },
    Rule {
        name: "premium-due",
        table: "D5",
        zh: "保费由家庭缴纳",
        en: "whether the family pays the premium",
        argument: Argument::None,
        article: "社会保险法第二十五条",
        codes: &[],
        needs: &["premium.birth_year_payer"],
        gives: &[],
        decide: |case| {
            let due = due(case, &["family", "person-and-subsidy"])?;
            let no = if due.is_elsewhere {
                ("保费按参保地规定,不在本省缴纳", "the premium is for the rules of the province of enrolment")
            } else {
                ("家庭无须缴纳保费", "the family owes no premium")
            };
            Ok(due.said(("保费由家庭缴纳", "the family pays the premium"), no))
        },
    },
];

const PAYERS: Kind = Kind::Word(&["family", "fiscal", "none"]);

/// The values that a pack may set for them. `premium.personal_standard` is a value of table D7.
pub const TERMS: &[Term] = &[
    Term {
        key: "premium.birth_year_payer",
        zh: "出生当年个人缴费由谁承担",
        en: "who pays the birth year's premium",
        kind: PAYERS,
    },
    Term {
        key: "premium.birth_year_effect",
        zh: "出生当年待遇起算日",
        en: "from which day the birth year's benefits run where the family pays nothing",
        kind: Kind::Word(&["birth", "enrolment-day"]),
    },
    Term {
        key: "premium.born_from",
        zh: "财政资助的出生时间起点(含)",
        en: "the first minute of birth with a subsidy",
        kind: Kind::Minute,
    },
    Term {
        key: "premium.born_until",
        zh: "财政资助的出生时间止点(不含)",
        en: "the minute of birth from which the subsidy is not settled",
        kind: Kind::Minute,
    },
    Term {
        key: "premium.next_year_payer",
        zh: "出生次年个人缴费由谁承担",
        en: "who pays the next year's premium",
        kind: PAYERS,
    },
    Term {
        key: "premium.collection_until",
        zh: "集中缴费期截止日",
        en: "the last day of the collection period",
        kind: Kind::MonthDay,
    },
    Term {
        key: "premium.collection_ends_in",
        zh: "集中缴费期截止于上一年或本年",
        en: "whether it ends in the year before or in the year that is paid for",
        kind: Kind::Word(&["year-before", "same-year"]),
    },
    Term {
        key: "premium.shelter",
        zh: "不受集中缴费期限制的期限",
        en: "within this of birth the collection period does not matter",
        kind: Kind::Span,
    },
    Term {
        key: "premium.shelter_effect",
        zh: "该期限内参保缴费的待遇起算日",
        en: "from which day benefits run if paid within it",
        kind: Kind::Word(&["birth", "year"]),
    },
    Term {
        key: "premium.late_cost",
        zh: "错过集中缴费期的个人负担",
        en: "what a person pays who missed the collection period",
        kind: Kind::Word(&["personal-part", "personal-and-subsidy"]),
    },
    Term {
        key: "premium.waiting",
        zh: "待遇等待期(至少)",
        en: "the least waiting period of who missed it",
        kind: Kind::Span,
    },
];

fn born_at(case: &Case<'_>) -> Result<LocalMinute, Undecidable> {
    case.must("child.born_at", case.minute("child.born_at")?)
}

/// The first year for which anybody pays: the birth year, or the next one where the birth year is free.
fn payer(case: &Case<'_>) -> Result<Ruling, Undecidable> {
    let born_at = born_at(case)?;
    match birth_year_payer(case, &born_at)? {
        "none" => next_year::decide(case, &born_at),
        _ => birth_year(case, &born_at),
    }
}

fn birth_year_payer<'q>(case: &Case<'q>, born_at: &LocalMinute) -> Result<&'q str, Undecidable> {
    let term = "premium.birth_year_payer";
    case.set(term, case.word(term, Some(born_at.date())))
}

fn birth_year(case: &Case<'_>, born_at: &LocalMinute) -> Result<Ruling, Undecidable> {
    match birth_year_payer(case, born_at)? {
        "fiscal" => subsidised(case, born_at),
        "none" => free(case, born_at),
        _ => {
            let year = born_at.date().year();
            let ruling = Ruling::yes(
                "D5-0",
                format!("{year}年度保费由家庭缴纳"),
                format!("the family pays the premium of {year}"),
            );
            Ok(told(case, born_at, ruling, "family", year))
        }
    }
}

/// D5-1: the birth year is free, from birth, once the child is enrolled.
fn free(case: &Case<'_>, born_at: &LocalMinute) -> Result<Ruling, Undecidable> {
    let (born, enrolled_on) = (born_at.date(), enrolled_on(case, born_at)?);
    let start = start(case, born, enrolled_on);
    let mut ruling = Ruling::yes(
        "D5-1",
        format!("出生当年无需缴费:自{start}起享受{}年度待遇", born.year()),
        format!("the birth year is free: benefits of {} from {start}", born.year()),
    )
    .giving("start_on", day(Some(start)));
    if enrolled_on.year() > born.year() {
        ruling = ruling.warning(
            "在出生次年才参保:来源未写明出生当年待遇最迟何时参保仍可享受,按自出生之日起计",
            "enrolled after the birth year: until when that still opens the birth year's benefits the source does not say; from birth is assumed",
        );
    }
    Ok(told(case, born_at, ruling, "none", born.year()))
}

/// D6: the state pays the birth year of a child born in the programme's time and enrolled here, once.
fn subsidised(case: &Case<'_>, born_at: &LocalMinute) -> Result<Ruling, Undecidable> {
    let (born, year) = (born_at.date(), born_at.date().year());
    let minute = |term| match case.provision(term, Some(born)).map(|found| &found.value) {
        Some(law::Value::Minute(minute)) => Some(minute),
        Some(_) | None => None,
    };
    if minute("premium.born_until").is_some_and(|until| born_at >= until) {
        // G25: whether the programme goes on is for the next pack to say.
        return Err(Undecidable::NotSet("premium.birth_year_payer"));
    }
    let not = |row, payer, zh: &str, en: &str| {
        let ruling =
            Ruling::yes(row, format!("不属财政资助:{zh}"), format!("no subsidy: {en}")).excluding("D6-1", zh, en);
        Ok(told(case, born_at, ruling, payer, year))
    };
    if let Some(from) = minute("premium.born_from").filter(|from| born_at < *from) {
        let from = from.as_str().replace('T', " ");
        let ruling = not("D6-2", "none", &format!("出生早于{from}"), &format!("born before {from}"))?;
        return Ok(ruling.warning("适用此前的规定(D5)", "the rules that held before apply (D5)"));
    }
    if case.truth("enrolment.already_subsidised") == Some(true) {
        return not("D6-4", "none", "该新生儿已资助一次", "one subsidy for the child was given already");
    }
    let area = case.text("enrolment.area").or_else(|| case.text("provisional.area"));
    if !case.pack.covers_area(case.must("enrolment.area", area)?) {
        let (zh, en) = ("未在本省参保,保费按参保地规定", "enrolled in another province, whose rules say who pays");
        return not("D6-3", OTHER_PROVINCE, zh, en);
    }
    let start = start(case, born, enrolled_on(case, born_at)?);
    let ruling = Ruling::yes(
        "D6-1",
        format!("{year}年度个人缴费由财政全额资助,家庭无须缴费"),
        format!("the state pays the whole premium of {year}; the family owes nothing"),
    )
    .giving("start_on", day(Some(start)))
    .excluding(
        "D6-2",
        "出生时间在资助范围内(零时整计入)",
        "the minute of birth is within the programme, 00:00 included",
    )
    .excluding("D6-3", "在本省参保", "enrolled in this province")
    .excluding("D6-4", "未见此前的资助", "no earlier subsidy is known")
    .warning(
        "“同步开通待遇享受”未写明自何日起,按自出生之日起计(G26)",
        "from which day benefits run the plan does not say; from birth is assumed (G26)",
    );
    Ok(told(case, born_at, ruling, "fiscal", year))
}

/// The day of enrolment, the provisional one if there is no other yet.
fn enrolled_on(case: &Case<'_>, born_at: &LocalMinute) -> Result<Date, Undecidable> {
    let path = "enrolment.enrolled_on";
    let found = match case.day(path)? {
        Some(found) => Some(found),
        None => case.day("provisional.enrolled_on")?,
    };
    let found = case.must(path, found)?;
    not_before_birth(path, found, born_at.date())?;
    Ok(found)
}

fn start(case: &Case<'_>, born: Date, enrolled_on: Date) -> Date {
    match case.word("premium.birth_year_effect", Some(born)) {
        Some("enrolment-day") => enrolled_on,
        Some(_) | None => born,
    }
}

/// What every ruling of these tables gives; what it has given already stays.
fn told(case: &Case<'_>, born_at: &LocalMinute, ruling: Ruling, payer: &str, year: i16) -> Ruling {
    let amount = match payer {
        "none" => Some(0),
        "family" | "fiscal" => case.money("premium.personal_standard", Some(first_of(year))),
        _ => None,
    };
    let row = ruling.row;
    let mut ruling = next_year::tell_pay_by(case, born_at, ruling);
    let birth_year_payer = case.word("premium.birth_year_payer", Some(born_at.date()));
    for (field, value) in [
        ("payer", Value::from(payer)),
        ("year", Value::from(year)),
        ("row", Value::from(row)),
        ("start_on", Value::Null),
        ("end_on", day(Some(last_of(year)))),
        ("start_not_before", Value::Null),
        ("next_year", Value::from(born_at.date().year() + 1)),
        ("amount_fen", Value::from(amount)),
        ("amount_known", Value::from(amount.is_some())),
        ("birth_year_payer", Value::from(birth_year_payer)),
    ] {
        ruling.gives.entry(field).or_insert(value);
    }
    if amount.is_none() && payer != OTHER_PROVINCE {
        ruling = ruling.warning(
            format!("{year}年度缴费标准未载入,金额未知"),
            format!("the amount is not known: the pack does not set the standard of {year}"),
        );
    }
    ruling
}

/// Whether one of some payers pays, and for which year that was decided.
struct Due {
    is_due: bool,
    is_elsewhere: bool,
    /// Of the year after birth, not of the birth year.
    is_next_year: bool,
}

/// Yes where one of these pays: by the step that decided it, else decided here.
fn due(case: &Case<'_>, who: &[&str]) -> Result<Due, Undecidable> {
    let decided;
    let (payer, year) = match case.text("premium-payer.payer") {
        Some(payer) => (payer, case.number("premium-payer.year")?),
        None => {
            decided = payer(case)?.gives;
            let payer = decided.get("payer").and_then(Value::as_str).unwrap_or_default();
            (payer, decided.get("year").and_then(Value::as_i64))
        }
    };
    // A step that does not tell its year decides that of birth, as every shipped pack asks it.
    let born = case.minute("child.born_at")?.map(|born_at| i64::from(born_at.date().year()));
    let is_next_year = matches!((year, born), (Some(year), Some(born)) if year > born);
    Ok(Due { is_due: who.contains(&payer), is_elsewhere: payer == OTHER_PROVINCE, is_next_year })
}

impl Due {
    /// In a sentence that names its year: what holds for the birth year says nothing about the next.
    fn said(&self, yes: (&str, &str), no: (&str, &str)) -> Ruling {
        let (zh, en) = if self.is_due { yes } else { no };
        let (zh, en) = if self.is_next_year {
            (format!("出生次年{zh}"), format!("for the year after birth {en}"))
        } else {
            (format!("出生当年{zh}"), format!("for the year of birth {en}"))
        };
        if self.is_due { Ruling::yes("", zh, en) } else { Ruling::no("", Vec::new(), zh, en) }
    }
}
