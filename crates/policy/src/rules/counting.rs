//! Domain table D11: how a pack counts legal time, for every rule that does.

use crate::{
    calendar::RestDays,
    case::Case,
    law::{Kind, Term},
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

/// How the case's pack counts: as the civil code does (arts 201 to 203) where the pack says nothing.
pub fn counting(case: &Case<'_>) -> Counting {
    let default = Counting::default();
    Counting {
        count_from: match case.word("counting.count_from", None) {
            Some("same-day") => CountFrom::SameDay,
            Some(_) | None => default.count_from,
        },
        roll: case.says("counting.roll_on_holiday", None).unwrap_or(default.roll),
        rest_days: match case.word("counting.rest_days", None) {
            Some("published-holidays-only") => RestDays::PublishedHolidaysOnly,
            Some(_) | None => default.rest_days,
        },
    }
}
