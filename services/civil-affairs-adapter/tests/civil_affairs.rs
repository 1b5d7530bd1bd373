//! What civil affairs promise: every mother's husband is known, by the register or by the rule; what their magic values
//! do; their contract.

// A test that meets an error has failed, and unwrap says where.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use adapter::{
    Reply, Unknown,
    simulated::{Behaviours, Desk, Ledger, magic},
    testing,
};
use civil_affairs_adapter::{
    MarriageRegister, adapter,
    contract::{QueryMarriage, QueryMarriageLicence, QueryMarriageLicenceOutput, QueryMarriageOutput},
    simulated::SimulatedCivilAffairs,
};
use identifiers::{AreaCode, CitizenId, ELicenceId, synthetic};
use serde_json::json;
use service::clock::VirtualClock;

const NOW_MS: i64 = 1_793_575_800_000;

fn civil_affairs() -> SimulatedCivilAffairs {
    SimulatedCivilAffairs::new(Desk::new(
        Ledger::in_memory(),
        Behaviours::default(),
        Arc::new(VirtualClock::at(NOW_MS)),
    ))
}

fn done<Output>(reply: Result<Reply<Output>, Unknown>) -> Output {
    match reply {
        Ok(Reply::Succeeded(output)) => output,
        Ok(other) => panic!("not done: {other:?}"),
        Err(unknown) => panic!("not known: {unknown:?}"),
    }
}

async fn marriage(register: &SimulatedCivilAffairs, wife: &CitizenId) -> QueryMarriageOutput {
    let request = json!({ "mother": { "id_number": wife } });
    done(register.find_marriage("q", &serde_json::from_value(request).unwrap()).await)
}

async fn licence(register: &SimulatedCivilAffairs, wife: &CitizenId) -> QueryMarriageLicenceOutput {
    let request = json!({ "mother": { "id_number": wife } });
    done(register.find_licence("q", &serde_json::from_value(request).unwrap()).await)
}

fn asking_for(scenario: u16) -> CitizenId {
    magic::mother(&AreaCode::parse("340104").unwrap(), scenario, 0)
}

/// The table of contents would otherwise lack what the packs ask for.
#[test]
fn the_table_of_contents_is_what_the_packs_name() {
    let department = adapter(Arc::new(civil_affairs()));
    assert_eq!(department.commands(), [("QueryMarriage", None), ("QueryMarriageLicence", None)]);
}

/// A hand-written form, and every synthetic family, would otherwise be refused as unmarried.
#[tokio::test]
async fn a_mother_without_an_entry_is_married_to_the_husband_that_the_rule_names() {
    let register = civil_affairs();
    let found = marriage(&register, &synthetic::mother(7).citizen_id).await;
    assert!(found.found);
    assert!(found.spouse_id_number == Some(synthetic::father(7).citizen_id));
    let licence = licence(&register, &synthetic::mother(7).citizen_id).await;
    assert!(licence.claimed && ELicenceId::parse(&licence.licence.unwrap()).is_ok());
}

/// A family whose marriage was registered would otherwise be told of another husband.
#[tokio::test]
async fn a_registered_marriage_goes_before_the_rule() {
    let register = civil_affairs();
    let (wife, husband) = (synthetic::mother(7).citizen_id, synthetic::father(8));
    register.register_marriage(&wife, &husband.citizen_id, &husband.name).await.unwrap();
    let found = marriage(&register, &wife).await;
    assert!(found.spouse_id_number == Some(husband.citizen_id) && found.spouse_name == Some(husband.name));
}

/// A demonstration of a refusal would otherwise show a success.
#[tokio::test]
async fn magic_mothers_are_not_married_or_have_no_licence() {
    let register = civil_affairs();
    for (scenario, married, claimed) in [
        (magic::NOT_MARRIED, false, true),
        (magic::LICENCE_NOT_CLAIMED, true, false),
        (magic::SEVERAL, false, false),
        (magic::NO_DELIVERY, true, true),
    ] {
        assert_eq!(marriage(&register, &asking_for(scenario)).await.found, married, "{scenario}");
        assert_eq!(licence(&register, &asking_for(scenario)).await.claimed, claimed, "{scenario}");
    }
}

/// An adapter written in another language from the proto would otherwise speak of other fields than this one.
#[test]
fn the_contract_is_the_protos_name_for_name() {
    let query = json!({ "mother": { "id_number": "340104199003070021" } });
    testing::contract::has_the_protos_names::<QueryMarriage>("QueryMarriage", &query);
    testing::contract::has_the_protos_names::<QueryMarriageOutput>(
        "QueryMarriageOutput",
        &json!({ "found": true, "spouse_id_number": "34010419880505001X", "spouse_name": "试测" }),
    );
    testing::contract::has_the_protos_names::<QueryMarriageLicence>("QueryMarriageLicence", &query);
    testing::contract::has_the_protos_names::<QueryMarriageLicenceOutput>(
        "QueryMarriageLicenceOutput",
        &json!({ "claimed": true, "licence": "L" }),
    );
}
