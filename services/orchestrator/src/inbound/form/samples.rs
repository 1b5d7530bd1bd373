//! Forms of families who do not exist, for tests.

use identifiers::synthetic;
use policy::Packs;
use proto::v1;
use vault::{BlindIndex, MasterKey};

/// 2026-11-20 08:00 in China.
pub(crate) const NOW_MS: i64 = 1_795_132_800_000;

/// A key that is the same in every test.
pub(crate) fn blind() -> BlindIndex {
    MasterKey::from_bytes([7; 32]).blind_index()
}

/// A sound form of Anhui for one child, with every item; `seed` chooses the family.
pub(crate) fn anhui(seed: u64) -> v1::SubmitApplicationRequest {
    request(seed, "340104", vec![child(seed, 1)])
}

/// A sound form of Shanxi 2026 for so many children; its first step is the applicant's signature.
pub(crate) fn shanxi(seed: u64, children: u32) -> v1::SubmitApplicationRequest {
    let children = (1..=children).map(|order| v1::Child { items: Vec::new(), ..child(seed, order) }).collect();
    request(seed, "140105", children)
}

/// The birth form of a request.
pub(crate) fn form(request: &mut v1::SubmitApplicationRequest) -> &mut v1::BirthForm {
    match &mut request.form {
        Some(v1::submit_application_request::Form::Birth(form)) => form,
        _ => panic!("a birth form"),
    }
}

/// A pack with a general form, for any area of Anhui, with one item that needs another.
pub(crate) fn general_pack() -> Packs {
    let pack = r#"
name = "test-general"
title = "测试"
version = "1"
form = "general"
departments = ["archive"]
sms_signature = { value = "测试", source = "test" }
sources = ["test"]
[selector]
areas = ["34"]
[items.copy]
zh = "复制"
en = "copy"
source = "test"
[items.post]
zh = "寄送"
en = "post"
needs = ["copy"]
source = "test"
"#;
    let saga = r#"
[[step]]
name = "file"
title = "归档"
performer = "archive"
command = "File"
kind = "pivot"
send = ["payload"]
source = "test"
"#;
    let mut packs = Packs::default();
    let parsed = policy::Pack::parse(&[("pack.toml", pack), ("saga.toml", saga), ("messages.toml", "")]);
    packs.insert(parsed.unwrap_or_else(|problems| panic!("{problems}")));
    packs
}

fn request(seed: u64, area: &str, children: Vec<v1::Child>) -> v1::SubmitApplicationRequest {
    let form = v1::BirthForm {
        area: area.to_owned(),
        children,
        mother: Some(parent(&synthetic::mother(seed))),
        father: Some(parent(&synthetic::father(seed))),
        residence: Some(v1::Residence {
            police_station: "样例派出所".to_owned(), address: "样例路1号".to_owned()
        }),
        hand_over: Some(v1::HandOver {
            certificate: v1::Delivery::Mail.into(),
            household_register: v1::Printing::HouseholdPlace.into(),
            card: v1::Delivery::Collect.into(),
            recipient: "测试".to_owned(),
            recipient_phone: synthetic::phone(seed).as_str().to_owned(),
            recipient_address: "样例路1号".to_owned(),
        }),
        notice_version: "2024-06".to_owned(),
        marriage_licence_claimed: true,
    };
    v1::SubmitApplicationRequest {
        idempotency_key: format!("family-{seed:08}"),
        channel: v1::Channel::App.into(),
        form: Some(v1::submit_application_request::Form::Birth(form)),
    }
}

fn parent(person: &synthetic::Person) -> v1::Parent {
    v1::Parent {
        name: person.name.as_str().to_owned(),
        nationality: "CHN".to_owned(),
        document_type: "01".to_owned(),
        id_number: person.citizen_id.as_str().to_owned(),
        ethnicity: "01".to_owned(),
        household_address: "样例路1号".to_owned(),
        phone: person.phone.as_str().to_owned(),
    }
}

fn child(seed: u64, order: u32) -> v1::Child {
    let mother = synthetic::mother(seed);
    v1::Child {
        order,
        name: synthetic::child_name(seed + u64::from(order), &mother.name).as_str().to_owned(),
        sex: v1::Sex::Female.into(),
        born_at: format!("2026-11-01T09:3{order}"),
        gestation_weeks: 39,
        gestation_days: 2,
        weight_g: 3_250,
        length_cm: 50,
        birth_place: v1::BirthPlace::Facility.into(),
        facility_name: "样例妇幼保健院".to_owned(),
        registration: Some(v1::BirthRegistration {
            follow: v1::Follow::Mother.into(),
            relation_to_head: "30".to_owned(),
            ethnicity: "01".to_owned(),
            native_place: "340104".to_owned(),
        }),
        insurance: Some(v1::Insurance {
            years: vec![v1::InsuranceYear::BirthYear.into()],
            kind: "390".to_owned(),
            place: "340104".to_owned(),
        }),
        card: Some(v1::Card { bank: "102".to_owned(), phone: synthetic::phone(seed).as_str().to_owned() }),
        items: (1..=5).collect(),
    }
}
