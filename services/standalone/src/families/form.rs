//! The form that a family files: annex 3, filled in completely.

use identifiers::Sex;
use proto::v1;

use super::{
    people::{Family, Parent},
    story::{SHANXI, Story},
};

/// The whole request under this key.
pub(super) fn request(family: &Family, idempotency_key: String) -> v1::SubmitApplicationRequest {
    let children = (1..).zip(&family.children).map(|(order, child)| self::child(family, order, child)).collect();
    let form = v1::BirthForm {
        area: family.area.clone(),
        children,
        mother: Some(parent(family, &family.mother)),
        father: Some(parent(family, &family.father)),
        residence: Some(v1::Residence {
            police_station: "模拟派出所".to_owned(),
            address: format!("{}模拟路2号", family.area),
        }),
        hand_over: Some(v1::HandOver {
            certificate: v1::Delivery::Collect.into(),
            household_register: v1::Printing::HouseholdPlace.into(),
            card: v1::Delivery::Collect.into(),
            ..Default::default()
        }),
        notice_version: "2024-06".to_owned(),
        marriage_licence_claimed: true,
    };
    v1::SubmitApplicationRequest {
        idempotency_key,
        channel: v1::Channel::App.into(),
        form: Some(v1::submit_application_request::Form::Birth(form)),
    }
}

fn parent(family: &Family, parent: &Parent) -> v1::Parent {
    v1::Parent {
        name: parent.name.clone(),
        nationality: "CHN".to_owned(),
        document_type: "01".to_owned(),
        id_number: parent.id_number.clone(),
        ethnicity: "01".to_owned(),
        household_address: format!("{}模拟路1号", family.area),
        phone: parent.phone.clone(),
    }
}

fn child(family: &Family, order: u32, (name, sex): &(String, Sex)) -> v1::Child {
    let (sex, relation) = match sex {
        Sex::Male => (v1::Sex::Male, "20"),
        Sex::Female => (v1::Sex::Female, "30"),
    };
    v1::Child {
        order,
        name: name.clone(),
        sex: sex.into(),
        born_at: family.born_at.clone(),
        gestation_weeks: 37 + (family.temper % 5) as u32,
        gestation_days: (family.temper % 7) as u32,
        weight_g: 2_700 + (family.temper % 1_200) as u32,
        length_cm: 48 + (family.temper % 5) as u32,
        birth_place: v1::BirthPlace::Facility.into(),
        facility_name: "模拟市妇幼保健院".to_owned(),
        registration: Some(v1::BirthRegistration {
            follow: if family.temper.is_multiple_of(3) { v1::Follow::Father } else { v1::Follow::Mother }.into(),
            relation_to_head: relation.to_owned(),
            ethnicity: "01".to_owned(),
            native_place: family.area.clone(),
        }),
        insurance: Some(v1::Insurance {
            years: vec![v1::InsuranceYear::BirthYear.into()],
            kind: "390".to_owned(),
            place: family.area.clone(),
        }),
        card: Some(v1::Card { bank: "102".to_owned(), phone: family.mother.phone.clone() }),
        items: items(family).into_iter().map(i32::from).collect(),
    }
}

/// What is ticked. In Shanxi everything that its pack offers is always done.
fn items(family: &Family) -> Vec<v1::Item> {
    if family.area.starts_with(SHANXI) {
        return Vec::new();
    }
    match family.story {
        Story::FewItems => vec![v1::Item::InsuranceEnrolment],
        Story::Plain
        | Story::Twins
        | Story::Scenario(_)
        | Story::Withdrawn
        | Story::FatherDeclines
        | Story::FatherSilent => vec![
            v1::Item::SocialSecurityCard,
            v1::Item::InsuranceEnrolment,
            v1::Item::InsurancePremium,
            v1::Item::MaternityReimbursement,
            v1::Item::ParentingGuidance,
        ],
    }
}
