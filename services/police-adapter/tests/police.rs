//! What the police promise: one number for a child, right in every digit and unlike every other; registration that
//! nothing undoes; what their magic values do; their contract.

// A test that meets an error has failed, and unwrap says where.
#![allow(clippy::unwrap_used)]

use std::{collections::BTreeSet, sync::Arc};

use adapter::{
    Department, Reply, Unknown,
    simulated::{Behaviour, Behaviours, Desk, Ledger, magic},
    testing,
};
use identifiers::{AreaCode, CitizenId, Sex};
use police_adapter::{
    HouseholdRegister, adapter,
    contract::{QueryHousehold, QueryHouseholdOutput, RegisterBirth, RegisterBirthOutput},
    simulated::SimulatedPolice,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use service::clock::VirtualClock;

/// 2026-11-02 07:30 in Beijing, which is the day before by UTC.
const NOW_MS: i64 = 1_793_575_800_000;

fn police() -> Arc<SimulatedPolice> {
    let desk = Desk::new(Ledger::in_memory(), Behaviours::default(), Arc::new(VirtualClock::at(NOW_MS)));
    Arc::new(SimulatedPolice::new(desk))
}

fn department(police: &Arc<SimulatedPolice>) -> Department {
    adapter(Arc::clone(police) as Arc<dyn HouseholdRegister>)
}

fn standing(police: &SimulatedPolice) -> usize {
    police.desk().ledger().standing_in_memory()
}

fn birth() -> Value {
    json!({
        "child": { "order": 1, "name": "测安", "sex": "2", "born_at": "2026-11-01T09:30", "birth_place": "facility",
                   "registration": { "follow": "father", "relation_to_head": "30", "ethnicity": "01",
                                     "native_place": "340104" } },
        "mother": { "name": "测试", "id_number": "340104199003070021", "ethnicity": "01",
                    "household_address": "测试路1号" },
        "father": { "name": "试测", "id_number": "340202198805050012", "ethnicity": "01",
                    "household_address": "试测路2号" },
        "residence": { "police_station": "测试派出所", "address": "测试路1号" },
        "marriage": { "spouse_id_number": "340202198805050012" },
        "marriage-licence": { "licence": "1.2.156.3005.2.11100000MB03271699022.340100.000000016.001.9" },
        "certificate": { "number": "X340000001", "issued_on": "2026-11-02", "issuer": "测试医院", "licence": "L" },
    })
}

/// Another family's birth on the same day: the child of another mother with another certificate.
fn birth_of(order: u32, sex: &str) -> Value {
    let mut birth = birth();
    birth["child"]["sex"] = json!(sex);
    birth["child"]["order"] = json!(order);
    birth["certificate"]["number"] = json!(format!("X34{order:07}"));
    birth
}

fn asking_for(scenario: u16) -> Value {
    let mut birth = birth();
    birth["mother"]["id_number"] = json!(magic::mother(&AreaCode::parse("340104").unwrap(), scenario, 1).as_str());
    birth
}

fn typed<Fields: DeserializeOwned>(fields: Value) -> Fields {
    serde_json::from_value(fields).unwrap()
}

async fn register(police: &SimulatedPolice, key: &str, birth: Value) -> Result<Reply<RegisterBirthOutput>, Unknown> {
    police.register(key, &typed(birth)).await
}

fn done<Output>(reply: Result<Reply<Output>, Unknown>) -> Output {
    match reply {
        Ok(Reply::Succeeded(output)) => output,
        Ok(other) => panic!("not done: {other:?}"),
        Err(unknown) => panic!("not known: {unknown:?}"),
    }
}

/// A child would otherwise have two numbers after a crash.
#[tokio::test]
async fn a_registration_sent_twice_is_done_once() {
    let police = police();
    testing::act_twice_is_once(&department(&police), "RegisterBirth", birth(), || standing(&police)).await;
}

/// A child would otherwise be registered for a family that has withdrawn.
#[tokio::test]
async fn a_registration_after_its_cancellation_is_refused() {
    let police = police();
    testing::compensate_then_act_is_refused(&department(&police), "RegisterBirth", birth(), || standing(&police)).await;
}

/// A permanent number would otherwise be taken back.
#[test]
fn nothing_undoes_a_registration() {
    assert_eq!(
        department(&police()).commands(),
        [("CorrectRecord", None), ("QueryHousehold", None), ("RegisterBirth", None)]
    );
}

/// Another department would otherwise refuse the number, or take a girl for a boy.
#[tokio::test]
async fn a_number_states_area_date_and_sex_and_has_its_check_digit() {
    let police = police();
    for (order, sex, follow, area) in
        [(1, "1", "mother", "340104"), (2, "2", "mother", "340104"), (3, "2", "father", "340202")]
    {
        let mut birth = birth_of(order, sex);
        birth["child"]["registration"]["follow"] = json!(follow);
        let output = done(register(&police, &format!("{order}"), birth).await);
        let number = CitizenId::parse(output.id_number.as_str()).unwrap();
        assert_eq!(number.area(), area);
        assert_eq!(number.birth_date().to_string(), "2026-11-01");
        assert_eq!(number.sex(), Sex::parse(sex).unwrap());
        assert_eq!(output.area.as_str(), area);
    }
}

/// Two people would otherwise share one number for life. More births than order codes are spread over the city.
#[tokio::test]
async fn no_two_children_share_a_number_even_when_a_county_has_no_code_left() {
    let police = police();
    let mut numbers = BTreeSet::new();
    for order in 1..=501 {
        let output = done(register(&police, &format!("{order}"), birth_of(order, "1")).await);
        assert!(numbers.insert(output.id_number.clone()), "a number was issued twice");
        assert_eq!(&output.id_number.as_str()[..4], "3402");
    }
    let elsewhere = numbers.iter().filter(|number| number.area() != "340202").count();
    assert_eq!(elsewhere, 1, "the five hundred and first is lent by the next county");
}

/// Twins would otherwise live in two households.
#[tokio::test]
async fn twins_join_one_household_under_two_numbers() {
    let police = police();
    let first = done(register(&police, "a", birth_of(1, "1")).await);
    let second = done(register(&police, "b", birth_of(2, "1")).await);
    assert_eq!(first.household_number, second.household_number);
    assert!(first.id_number != second.id_number);
    assert_eq!(first.household_head, "试测");
}

/// A child registered at a counter would otherwise be registered again, or its case would never hear of it.
#[tokio::test]
async fn a_registration_at_a_counter_is_told_once_and_stands() {
    let police = police();
    let at_counter = done(police.register_at_counter(&typed(birth())).await);
    police.register_at_counter(&typed(birth())).await.unwrap();
    let told = police.notices().await.unwrap();
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].kind.as_str(), told[0].subject.kind.as_str()), ("BirthRegistered", "certificate"));
    assert_eq!(told[0].subject.value, "X340000001");
    assert!(typed::<RegisterBirthOutput>(told[0].fields.clone()) == at_counter);
    police.acknowledged(&[told[0].id]).await.unwrap();
    assert!(police.notices().await.unwrap().is_empty());
    assert!(done(register(&police, "a", birth()).await) == at_counter, "the same fact is a success");
    assert_eq!(standing(&police), 1);
}

/// One child would otherwise be registered twice on two certificates.
#[tokio::test]
async fn a_child_is_not_registered_again_on_another_certificate() {
    let police = police();
    done(register(&police, "a", birth()).await);
    let mut other = birth();
    other["certificate"]["number"] = json!("X340000009");
    let refused = register(&police, "b", other).await;
    assert!(matches!(refused, Ok(Reply::Refused { code, .. }) if code == "POL-606"));
}

/// A child would otherwise be given an ethnicity that neither parent has.
#[tokio::test]
async fn the_ethnicity_is_one_of_the_parents() {
    let police = police();
    let mut birth = birth();
    birth["child"]["registration"]["ethnicity"] = json!("03");
    let asked = register(&police, "a", birth.clone()).await;
    assert!(matches!(asked, Ok(Reply::NeedsCorrection { code, .. }) if code == "POL-604"));
    birth["father"]["ethnicity"] = json!("03");
    done(register(&police, "a of revision 2", birth).await);
}

/// A demonstration of 补正 and of a refusal would otherwise show a success.
#[tokio::test]
async fn magic_mothers_see_the_registration_corrected_and_refused() {
    let police = police();
    let asked = register(&police, "a", asking_for(magic::REGISTRATION_CORRECTION)).await;
    assert!(matches!(asked, Ok(Reply::NeedsCorrection { code, .. }) if code == "POL-603"));
    let mut corrected = asking_for(magic::REGISTRATION_CORRECTION);
    corrected["child"]["name"] = json!("测宁");
    done(register(&police, "a of revision 2", corrected).await);
    let mut refused = asking_for(magic::REGISTRATION_REFUSED);
    refused["certificate"]["number"] = json!("X340000002");
    let refused = register(&police, "b", refused).await;
    assert!(matches!(refused, Ok(Reply::Refused { code, .. }) if code == "POL-605"));
    assert_eq!(standing(&police), 1);
}

/// A registration that takes days would otherwise be silent all the while.
#[tokio::test]
async fn a_slow_registration_is_accepted_first() {
    let police = police();
    let slow = Behaviour { finished_after_ms: [1_000, 1_000], ..Behaviour::default() };
    police.desk().behaviours().set("RegisterBirth", slow);
    assert!(matches!(register(&police, "a", birth()).await, Ok(Reply::Accepted { .. })));
    assert_eq!(standing(&police), 0);
}

/// Eligibility would otherwise be decided on something else than what the mother's number asks for.
#[tokio::test]
async fn households_are_where_the_numbers_were_issued_unless_the_mother_asks_otherwise() {
    let police = police();
    let area = AreaCode::parse("340104").unwrap();
    let find = async |mother: &str| {
        let request = json!({ "mother": { "name": "测试", "id_number": mother },
                              "father": { "name": "试测", "id_number": "340202198805050012" } });
        let output = done(police.find_households("q", &typed(request)).await);
        serde_json::to_value(output).unwrap()
    };
    let plain = find("340104199003070021").await;
    assert_eq!((&plain["mother"]["area"], &plain["father"]["area"]), (&json!("340104"), &json!("340202")));
    assert_eq!(plain["mother"]["ethnicity"], plain["father"]["ethnicity"]);
    assert_eq!(plain["father"]["household_type"], "family");
    let elsewhere = find(magic::mother(&area, magic::MOTHER_ELSEWHERE, 0).as_str()).await;
    assert_eq!(elsewhere["mother"]["area"], "320102");
    let other = find(magic::mother(&area, magic::OTHER_ETHNICITY, 0).as_str()).await;
    assert!(other["mother"]["ethnicity"] != other["father"]["ethnicity"]);
    let collective = find(magic::mother(&area, magic::COLLECTIVE_HOUSEHOLD, 0).as_str()).await;
    assert_eq!(collective["mother"]["household_type"], "collective");
    let several = find(magic::mother(&area, magic::SEVERAL, 0).as_str()).await;
    assert_eq!(several["mother"]["area"], "320102");
    assert!(several["mother"]["ethnicity"] != several["father"]["ethnicity"]);
}

/// A corrected fact would otherwise be confirmed for a child that is not registered (X6).
#[tokio::test]
async fn a_registered_childs_entry_is_corrected_and_its_number_stays() {
    let police = police();
    let id_number = done(register(&police, "a", birth()).await).id_number;
    let fields =
        |name: &str| json!({ "registration": { "id_number": id_number }, "corrections": { "child.name": name } });
    let correct = async |key: &str, fields: Value| police.correct_record(key, &typed(fields)).await;
    let mut unknown = fields("例安然");
    unknown["registration"]["id_number"] = json!("340104199003070021");
    assert!(matches!(correct("b", unknown).await, Ok(Reply::Refused { code, .. }) if code == "POL-611"));
    assert!(matches!(correct("c", fields("例冻")).await, Ok(Reply::Refused { code, .. }) if code == "POL-612"));
    assert_eq!(done(correct("d", fields("例安然")).await).record_version, 2);
    testing::act_twice_is_once(&department(&police), "CorrectRecord", fields("例安宁"), || standing(&police)).await;
    assert!(done(register(&police, "e", birth()).await).id_number == id_number);
}

/// An adapter written in another language from the proto would otherwise speak of other fields than this one.
#[test]
fn the_contract_is_the_protos_name_for_name() {
    let person = json!({ "name": "测试", "id_number": "340104199003070021" });
    testing::contract::has_the_protos_names::<QueryHousehold>(
        "QueryHousehold",
        &json!({ "mother": person, "father": person }),
    );
    let household = json!({ "found": true, "area": "340104", "address": "测试路1号", "ethnicity": "01",
                            "household_type": "collective" });
    testing::contract::has_the_protos_names::<QueryHouseholdOutput>(
        "QueryHouseholdOutput",
        &json!({ "mother": household, "father": household }),
    );
    testing::contract::has_the_protos_names::<RegisterBirth>("RegisterBirth", &birth());
    testing::contract::has_the_protos_names::<RegisterBirthOutput>(
        "RegisterBirthOutput",
        &json!({ "id_number": "340104199003070021", "registered_on": "2026-11-02", "area": "340104",
                 "address": "测试路1号", "household_number": "1", "household_head": "测试",
                 "police_station": "测试派出所" }),
    );
}
