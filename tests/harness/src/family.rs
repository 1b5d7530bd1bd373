//! Families who do not exist and the complete forms that they file.

use adapter::simulated::magic;
use identifiers::{AreaCode, CitizenId, Sex, synthetic};
use jiff::{
    ToSpan,
    civil::{Date, date},
};
use proto::v1::{self, submit_application_request::Form};

/// The first day on which a mother here is born; 500 share a day and an area.
const MOTHERS_BORN_FROM: Date = date(1990, 1, 1);
/// So many days later begins the next seed's turn at the same day.
const MOTHERS_BORN_DAYS: u64 = 4_000;

/// Areas of each province in which families file and live.
const ANHUI: [&str; 4] = ["340104", "340202", "340302", "340802"];
const SHANXI: [&str; 4] = ["140105", "140826", "140702", "140802"];

/// A sound form of Anhui 2024 with every item; `seed` chooses the family.
pub fn anhui(seed: u64) -> v1::SubmitApplicationRequest {
    let area = ANHUI[(seed % 4) as usize];
    request(&format!("anhui-{seed:08}"), seed, area, &mother(seed, area), 1, (1..=5).collect())
}

/// A sound form of Shanxi 2026, whose only task is the applicant's signature, for so many children.
pub fn shanxi(seed: u64, children: u32) -> v1::SubmitApplicationRequest {
    let area = SHANXI[(seed % 4) as usize];
    request(&format!("shanxi-{seed:08}"), seed, area, &mother(seed, area), children, Vec::new())
}

/// The same for a mother whose number asks the simulated departments for something (`adapter::simulated::magic`).
pub fn shanxi_asking_for(scenario: u16, seed: u64) -> v1::SubmitApplicationRequest {
    let area = SHANXI[(seed % 4) as usize];
    let mother = magic::mother(&AreaCode::parse(area).expect("Shanxi is a known province"), scenario, seed / 4);
    request(&format!("{scenario}-{seed:08}"), seed, area, &mother, 1, Vec::new())
}

/// The birth form of a request.
///
/// # Panics
/// If it has none.
pub fn form(request: &v1::SubmitApplicationRequest) -> &v1::BirthForm {
    match &request.form {
        Some(Form::Birth(form)) => form,
        _ => panic!("a request without a birth form"),
    }
}

/// The birth form of a request, to be changed.
///
/// # Panics
/// If it has none.
pub fn form_mut(request: &mut v1::SubmitApplicationRequest) -> &mut v1::BirthForm {
    match &mut request.form {
        Some(Form::Birth(form)) => form,
        _ => panic!("a request without a birth form"),
    }
}

/// The mother of a request, as the one who acts.
pub fn applicant(request: &v1::SubmitApplicationRequest) -> v1::Actor {
    let id_number = form(request).mother.as_ref().map(|mother| mother.id_number.clone()).unwrap_or_default();
    v1::Actor { role: "applicant".to_owned(), id_number }
}

/// The clerk whom the office knows under this number, as the one who acts.
pub fn clerk(officer: &str) -> v1::Actor {
    v1::Actor { role: "clerk".to_owned(), id_number: officer.to_owned() }
}

fn mother(seed: u64, area: &str) -> CitizenId {
    let area = AreaCode::parse(area).expect("the areas above are of known provinces");
    let later = i64::try_from(seed / 4 / 500 % MOTHERS_BORN_DAYS).expect("a few thousand");
    let day = MOTHERS_BORN_FROM.saturating_add(later.days());
    synthetic::citizen_id_of(&area, day, Sex::Female, seed / 4)
}

fn request(
    key: &str,
    seed: u64,
    area: &str,
    mother: &CitizenId,
    children: u32,
    items: Vec<i32>,
) -> v1::SubmitApplicationRequest {
    let father = magic::spouse_of(mother);
    let name = synthetic::name(seed);
    let form = v1::BirthForm {
        area: area.to_owned(),
        children: (1..=children).map(|order| child(seed, area, order, &name, items.clone())).collect(),
        mother: Some(parent(mother, name.as_str(), phone(seed * 2))),
        father: Some(parent(&father, synthetic::name(!seed).as_str(), phone(seed * 2 + 1))),
        residence: Some(v1::Residence {
            police_station: "样例派出所".to_owned(),
            address: "样例县样例路1号".to_owned(),
        }),
        hand_over: Some(v1::HandOver {
            certificate: v1::Delivery::Mail.into(),
            household_register: v1::Printing::HouseholdPlace.into(),
            card: v1::Delivery::Collect.into(),
            recipient: name.as_str().to_owned(),
            recipient_phone: phone(seed * 2),
            recipient_address: "样例县样例路1号".to_owned(),
        }),
        notice_version: "2024-06".to_owned(),
        marriage_licence_claimed: true,
    };
    v1::SubmitApplicationRequest {
        idempotency_key: format!("family-{key}"),
        channel: v1::Channel::App.into(),
        form: Some(Form::Birth(form)),
    }
}

/// A telephone that answers: the simulated gateway knows endings that do not.
fn phone(seed: u64) -> String {
    let phone = synthetic::phone(seed % 50_000_000).as_str().to_owned();
    if phone[7..].starts_with("000") { format!("{}1234", &phone[..7]) } else { phone }
}

fn parent(number: &CitizenId, name: &str, phone: String) -> v1::Parent {
    v1::Parent {
        name: name.to_owned(),
        nationality: "CHN".to_owned(),
        document_type: "01".to_owned(),
        id_number: number.as_str().to_owned(),
        ethnicity: "01".to_owned(),
        household_address: "样例县样例路1号".to_owned(),
        phone,
    }
}

fn child(seed: u64, area: &str, order: u32, of: &identifiers::PersonName, items: Vec<i32>) -> v1::Child {
    v1::Child {
        order,
        name: synthetic::child_name(seed.wrapping_mul(8).wrapping_add(u64::from(order)), of).as_str().to_owned(),
        sex: v1::Sex::Female.into(),
        born_at: format!("2026-03-{:02}T{:02}:3{order}", 1 + seed % 19, seed % 24),
        gestation_weeks: 39,
        gestation_days: 2,
        weight_g: 3_250,
        length_cm: 50,
        birth_place: v1::BirthPlace::Facility.into(),
        facility_name: "样例县妇幼保健院".to_owned(),
        registration: Some(v1::BirthRegistration {
            follow: v1::Follow::Mother.into(),
            relation_to_head: "30".to_owned(),
            ethnicity: "01".to_owned(),
            native_place: area.to_owned(),
        }),
        insurance: Some(v1::Insurance {
            years: vec![v1::InsuranceYear::BirthYear.into()],
            kind: "390".to_owned(),
            place: area.to_owned(),
        }),
        card: Some(v1::Card { bank: "102".to_owned(), phone: phone(seed * 2) }),
        items,
    }
}
