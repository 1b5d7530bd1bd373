//! Domain table D11: how a pack counts legal time, for every rule that does.

use crate::{
    calendar::RestDays,
    case::Case,
    law::{Kind, Law, Provision, Term, Value},
    legal_time::{CountFrom, Counting},
};

/// The values that a pack may set for it.
pub const TERMS: &[Term] = &[
    Term {
        key: "counting.count_from",
        zh: "期间起算日",
        en: "the first day that counts",
        kind: Kind::Word(&["next-day", "same-day"]),
    },
    Term {
        key: "counting.roll_on_holiday",
        zh: "期间末日遇法定休假日是否顺延",
        en: "whether an end on a rest day moves on",
        kind: Kind::Truth,
    },
    Term {
        key: "counting.rest_days",
        zh: "何为法定休假日",
        en: "which days are rest days",
        kind: Kind::Word(&["all", "published-holidays-only"]),
    },
];

/// How a pack counts: as the civil code does (arts 201 to 203) where the pack says nothing.
pub fn of(law: &Law) -> Counting {
    read(|term| law.get(term, None))
}

/// How the case's pack counts, noted as used.
pub fn counting(case: &Case<'_>) -> Counting {
    read(|term| case.provision(term, None))
}

fn read<'l>(value: impl Fn(&'static str) -> Option<&'l Provision>) -> Counting {
    let default = Counting::default();
    let word = |term| match value(term).map(|provision| &provision.value) {
        Some(Value::Word(word)) => Some(&**word),
        Some(_) | None => None,
    };
    Counting {
        count_from: match word("counting.count_from") {
            Some("same-day") => CountFrom::SameDay,
            Some(_) | None => default.count_from,
        },
        roll: match value("counting.roll_on_holiday").map(|provision| &provision.value) {
            Some(Value::Truth(roll)) => *roll,
            Some(_) | None => default.roll,
        },
        rest_days: match word("counting.rest_days") {
            Some("published-holidays-only") => RestDays::PublishedHolidaysOnly,
            Some(_) | None => default.rest_days,
        },
    }
}
