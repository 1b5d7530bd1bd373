//! The definitions that the stories are told about.

use std::sync::Arc;

use saga::{Cause, Definition, definition::OnRefusal};

use crate::draft::{definition, department, law, person};

pub const HOUR: i64 = 3_600_000;
pub const DAY: i64 = 24 * HOUR;

/// The causes of an automatic way back.
pub const BACK: [Cause; 3] = [Cause::Withdrawn, Cause::Rejected, Cause::Expired];

/// A birth in small: everything that the shipped definitions use, each once.
///
/// `certificate` survives withdrawal and refusal, being a medical fact; `booklet` and, before it, `record` do not.
pub fn birth() -> Arc<Definition> {
    definition(
        "birth",
        vec![
            law("eligibility"),
            person("father", "father")
                .after(&["eligibility"])
                .expires(7 * DAY, OnRefusal::Expire)
                .reminded(&[DAY, 3 * DAY]),
            department("certificate").after(&["father"]).undone_for(&[Cause::Corrected]).mandatory(),
            department("record").after(&["certificate"]).undone_for(&BACK),
            department("booklet").after(&["record"]).undone_for(&BACK),
            department("query").after(&["eligibility"]),
            department("registration").after(&["booklet", "query"]).pivot(),
            department("card").after(&["registration"]).forward().chosen(),
            department("collection").after(&["card"]).forward().chosen(),
            department("enrolment").after(&["registration"]).forward().mandatory(),
            department("provisional")
                .after(&["certificate"])
                .when_late("registration", 10 * DAY)
                .when_offline("registration")
                .forward()
                .refused(OnRefusal::Offline),
            department("premium")
                .after(&["enrolment"])
                .forward()
                .chosen()
                .noticed()
                .expires(90 * DAY, OnRefusal::Offline),
            department("maternity").after(&["registration"]).forward().chosen(),
            department("congratulation").after(&["registration"]).courtesy(),
            person("book", "applicant")
                .after(&["registration"])
                .forward()
                .expires(30 * DAY, OnRefusal::Close)
                .declined(OnRefusal::Close)
                .closed_by_bereavement(),
        ],
    )
}

/// The items that one may tick in `birth`.
pub const BIRTH_ITEMS: [&str; 4] = ["card", "collection", "premium", "maternity"];

/// Two branches before the pivot, one of which can be undone and one not, and a father whose no may come while the
/// pivot is out.
pub fn branches() -> Arc<Definition> {
    definition(
        "branches",
        vec![
            department("first").undone_for(&BACK),
            department("second").after(&["first"]).undone_for(&BACK),
            department("other").undone_for(&[Cause::Withdrawn, Cause::Corrected]),
            department("plain"),
            department("pivot").after(&["first"]).pivot(),
            person("father", "father").after(&["first"]).expires(DAY, OnRefusal::Expire).mandatory(),
            department("later").after(&["pivot"]).forward().chosen(),
            department("needed").after(&["pivot"]).forward().mandatory(),
        ],
    )
}

/// What twins share, besides what each has alone.
pub fn twins() -> Arc<Definition> {
    definition(
        "twins",
        vec![
            department("own").undone_for(&BACK),
            department("shared")
                .after(&["own"])
                .undone_for(&[Cause::Withdrawn, Cause::Rejected, Cause::Corrected])
                .family(),
            department("pivot").after(&["shared"]).pivot(),
            department("claim").after(&["pivot"]).forward().family(),
        ],
    )
}
