//! The example packs: a city whose rules are of neither shipped province, and a one thing that is no birth at all.

use std::{path::PathBuf, sync::Arc};

use identifiers::LocalMinute;
use policy::{Calendar, Form, Pack, Packs, message};
use saga::definition::{Cause, Kind, Performer};
use serde_json::json;

fn packs() -> Packs {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples/policies");
    Packs::load_folder(&folder).unwrap_or_else(|problems| panic!("{problems}"))
}

fn pack(name: &str) -> Arc<Pack> {
    Arc::clone(packs().get(name).unwrap_or_else(|| panic!("no pack {name}")))
}

/// An official who copies an example would otherwise begin with a pack that is refused.
#[test]
fn every_example_pack_is_sound_and_cites_what_is_to_be_verified() {
    let packs = packs();
    let names: Vec<&str> = packs.iter().map(|pack| &*pack.name).collect();
    assert_eq!(names, ["anhui-quick", "restaurant", "xian-2026"]);
    for name in ["restaurant", "xian-2026"] {
        let pack = packs.get(name).expect("an example");
        assert!(
            pack.documents.iter().any(|document| document.contains("须核对")),
            "{name} is not to be trusted unread"
        );
        assert!(!Packs::shipped().iter().any(|shipped| shipped.name == pack.name), "an example is not shipped as law");
    }
}

/// Nobody would otherwise know whether the engine has a birth in it: departments, items and articles are all others.
#[test]
fn the_restaurant_has_a_law_step_a_person_two_departments_side_by_side_a_pivot_and_a_message() {
    let restaurant = pack("restaurant");
    let definition = &restaurant.definition;
    assert_eq!(restaurant.form, Form::General);
    for department in ["health", "police", "insurance", "civil-affairs", "social-security", "tax"] {
        assert!(!restaurant.departments.iter().any(|named| &**named == department), "{department}");
    }
    let find = |name: &str| definition.find(name).unwrap_or_else(|| panic!("no step {name}"));
    let (signboard, fire) = (definition.step(find("signboard")), definition.step(find("fire-safety")));
    assert_eq!(signboard.after, fire.after, "side by side");
    assert_ne!(signboard.department(), fire.department());
    assert_eq!(definition.pivot(), Some(find("food-licence")));
    assert!(matches!(&definition.step(find("close")).performer, Performer::Law { .. }));
    assert!(
        matches!(&definition.step(find("site-inspection")).performer, Performer::Person { role, .. } if &**role == "clerk")
    );
    assert!(signboard.is_undone_for(Cause::Rejected) && signboard.is_undone_for(Cause::Withdrawn));
    assert_eq!(definition.step(find("tobacco-licence")).kind, Kind::Forward);
}

/// Who opens a restaurant would otherwise be told nothing, because the message looked for a mother.
#[test]
fn a_general_forms_message_goes_to_its_applicant() {
    let restaurant = pack("restaurant");
    let facts = json!({
        "applicant": {"name": "例店主", "phone": "15400001111"},
        "food-licence": {"valid_until": "2031-11-21"},
    });
    let composed = message::compose(&restaurant, "R01", &facts).expect("a template").expect("all facts");
    assert_eq!(composed["phone"], "15400001111");
    assert!(composed["text"].as_str().is_some_and(|text| text.starts_with("【政务服务】例店主,")));
    let missing = message::compose(&restaurant, "R01", &json!({})).expect("a template").expect_err("nothing is known");
    assert!(missing.to_string().contains("applicant.phone"), "{missing}");
}

/// What a family of Xi'an that paid so, for these years, is told of its benefits: the row, the first and the last day.
fn benefit(born_at: &str, paid_at: &str, ticked: &str, years: &[i16]) -> (String, Option<String>, Option<String>) {
    let facts = json!({
        "child": {"born_at": born_at, "insurance": {"years": [ticked]}},
        "enrolment": {"enrolled_on": &born_at[..10], "years": years},
        "premium": {"paid_at": paid_at, "years": years},
    });
    let asked_at = LocalMinute::parse("2026-12-01T12:00").expect("a minute");
    let calendar = Calendar::shipped();
    let decision = policy::decide("benefit", &pack("xian-2026"), &calendar, &facts, &asked_at)
        .unwrap_or_else(|undecidable| panic!("{born_at} {paid_at}: {undecidable}"));
    let day = |field: &str| decision.gives.get(field).and_then(|day| day.as_str()).map(str::to_owned);
    (decision.row.to_string(), day("start_on"), day("end_on"))
}

/// A child whose parents paid late would otherwise be insured from the day after, as in Anhui, or from no day at all; or
/// its birth year would be covered by a premium that Xi'an counts for the next year alone. (Domain tables D3 and D4,
/// variant `per_year`.)
#[test]
fn in_xian_late_is_from_the_next_month_and_each_year_needs_its_own_premium() {
    let told = |start: &str, end: &str| (Some(start.to_owned()), Some(end.to_owned()));
    let days = |(_, start, end): (String, Option<String>, Option<String>)| (start, end);
    let on_time = benefit("2026-03-03T08:00", "2026-06-01T23:50", "birth-year", &[2026]);
    assert_eq!(days(on_time), told("2026-03-03", "2026-12-31"), "day 90");
    let late = benefit("2026-03-03T08:00", "2026-06-02T00:10", "birth-year", &[2026]);
    assert_eq!(
        days(late),
        told("2026-07-01", "2026-12-31"),
        "day 91: late at once, there is no gap, and not from 3 June"
    );
    let at_new_year = benefit("2026-11-20T08:00", "2026-12-01T09:00", "next-year", &[2027]);
    assert_eq!(days(at_new_year), told("2027-01-01", "2027-12-31"), "only the next year was paid");
}

/// A payment that tax reports with seconds and offset, in UTC too, would otherwise leave the family without a start.
#[test]
fn the_minute_of_a_payment_is_read_as_tax_tells_it() {
    let on_time = benefit("2026-03-03T08:00", "2026-06-01T23:50", "birth-year", &[2026]);
    for told in ["2026-06-01T23:59:59+08:00", "2026-06-01T15:59:59Z"] {
        assert_eq!(benefit("2026-03-03T08:00", told, "birth-year", &[2026]), on_time, "{told}");
    }
    let late = benefit("2026-03-03T08:00", "2026-06-01T16:00:00Z", "birth-year", &[2026]);
    assert_ne!(late, on_time, "midnight in Beijing has passed");
}

/// A province that offers births and restaurants would otherwise refuse every newborn, since two packs claim its area.
#[test]
fn a_one_thing_that_is_no_birth_never_claims_one() {
    let mut packs = packs();
    let mut restaurant = Pack::clone(&pack("restaurant"));
    restaurant.selector.areas = vec!["61".into()];
    packs.insert(restaurant);
    let born_at = LocalMinute::parse("2026-03-13T13:13").expect("a minute");
    assert_eq!(packs.choose("610113", &born_at).map(|pack| &*pack.name), Ok("xian-2026"));
}

/// A family in another city of the province would otherwise be handled by the rules of its capital.
#[test]
fn a_citys_pack_is_for_that_city_alone() {
    let xian = pack("xian-2026");
    assert!(xian.covers_area("610113") && !xian.covers_area("610300"));
}
