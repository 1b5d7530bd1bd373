//! What the health department promises: one certificate for a child, voided and issued again with a new number; what its
//! magic values do; its contract.

// A test that meets an error has failed, and unwrap says where.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use adapter::{
    Department, Reply, Undone, Unknown,
    simulated::{Behaviours, Desk, Ledger, magic},
    testing,
};
use health_adapter::{
    DeliveryRegister, adapter,
    contract::{
        HandOverCertificate, HandOverCertificateOutput, IssueBirthCertificate, IssueBirthCertificateOutput,
        QueryDelivery, QueryDeliveryOutput, RegisterGuidance, RegisterGuidanceOutput,
    },
    simulated::SimulatedHealth,
};
use identifiers::{AreaCode, ELicenceId};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use service::clock::VirtualClock;

/// 2026-11-02 07:30 in Beijing, which is the day before by UTC.
const NOW_MS: i64 = 1_793_575_800_000;

fn health() -> Arc<SimulatedHealth> {
    let desk = Desk::new(Ledger::in_memory(), Behaviours::default(), Arc::new(VirtualClock::at(NOW_MS)));
    Arc::new(SimulatedHealth::new(desk, AreaCode::parse("340000").unwrap()))
}

fn department(health: &Arc<SimulatedHealth>) -> Department {
    adapter(Arc::clone(health) as Arc<dyn DeliveryRegister>)
}

fn standing(health: &SimulatedHealth) -> usize {
    health.desk().ledger().standing_in_memory()
}

fn parent(id_number: &str) -> Value {
    json!({ "name": "测试", "document_type": "01", "id_number": id_number, "nationality": "CHN", "ethnicity": "01",
            "household_address": "测试路1号" })
}

fn application() -> Value {
    json!({
        "child": { "order": 1, "name": "测安", "sex": "2", "born_at": "2026-11-01T09:30", "gestation_weeks": 39,
                   "gestation_days": 2, "weight_g": 3300, "length_cm": 50, "birth_place": "facility",
                   "facility_name": "测试医院" },
        "mother": parent("340104199003070021"),
        "father": parent("34010419880505001X"),
        "delivery": { "record": "FM0001" },
        "marriage-licence": { "licence": "1.2.156.3005.2.11100000MB03271699022.340100.000000016.001.9" },
    })
}

/// The same application by a mother who asks for a scenario.
fn asking_for(scenario: u16) -> Value {
    let mut application = application();
    let mother = magic::mother(&AreaCode::parse("340104").unwrap(), scenario, 1);
    application["mother"]["id_number"] = json!(mother.as_str());
    application
}

fn hand_over() -> Value {
    json!({
        "certificate": { "number": "X340000001" },
        "child": { "facility_name": "测试医院" },
        "hand_over": { "certificate": "mail", "recipient": "测试", "recipient_phone": "15400000000",
                       "recipient_address": "测试路1号" },
    })
}

fn guidance() -> Value {
    json!({
        "child": { "name": "测安", "born_at": "2026-11-01T09:30" },
        "mother": { "name": "测试", "phone": "15400000000" },
        "residence": { "address": "测试路1号" },
    })
}

fn typed<Fields: DeserializeOwned>(fields: Value) -> Fields {
    serde_json::from_value(fields).unwrap()
}

fn done<Output>(reply: Result<Reply<Output>, Unknown>) -> Output {
    match reply {
        Ok(Reply::Succeeded(output)) => output,
        Ok(other) => panic!("not done: {other:?}"),
        Err(unknown) => panic!("not known: {unknown:?}"),
    }
}

async fn issue(
    health: &SimulatedHealth,
    key: &str,
    application: Value,
) -> Result<Reply<IssueBirthCertificateOutput>, Unknown> {
    health.issue(key, &typed(application)).await
}

/// A child would otherwise have two certificates after a crash.
#[tokio::test]
async fn an_act_sent_twice_is_done_once() {
    let health = health();
    let department = department(&health);
    testing::act_twice_is_once(&department, "IssueBirthCertificate", application(), || standing(&health)).await;
    testing::act_twice_is_once(&department, "HandOverCertificate", hand_over(), || standing(&health)).await;
    testing::act_twice_is_once(&department, "RegisterGuidance", guidance(), || standing(&health)).await;
}

/// A certificate would otherwise be voided twice, or not at all.
#[tokio::test]
async fn a_compensation_sent_twice_undoes_once() {
    let health = health();
    let department = department(&health);
    testing::compensate_twice_is_once(&department, "IssueBirthCertificate", application(), || standing(&health)).await;
    testing::compensate_twice_is_once(&department, "RegisterGuidance", guidance(), || standing(&health)).await;
}

/// A certificate would otherwise be issued for a family that has withdrawn.
#[tokio::test]
async fn an_act_after_its_compensation_is_refused() {
    let health = health();
    let department = department(&health);
    for (command, fields) in [
        ("IssueBirthCertificate", application()),
        ("HandOverCertificate", hand_over()),
        ("RegisterGuidance", guidance()),
    ] {
        testing::compensate_then_act_is_refused(&department, command, fields, || standing(&health)).await;
    }
}

/// The table of contents would otherwise promise compensations under other names than the packs order.
#[test]
fn the_table_of_contents_is_what_the_packs_name() {
    assert_eq!(
        department(&health()).commands(),
        [
            ("CorrectRecord", None),
            ("HandOverCertificate", None),
            ("IssueBirthCertificate", Some("VoidBirthCertificate")),
            ("QueryDelivery", None),
            ("RegisterGuidance", Some("CancelGuidance")),
        ]
    );
}

/// Two children would otherwise share a number, or another system would refuse the certificate.
#[tokio::test]
async fn certificates_are_numbered_in_turn_with_the_province_and_a_valid_licence() {
    let health = health();
    let first = done(issue(&health, "a", application()).await);
    let mut second_child = application();
    second_child["child"]["order"] = json!(2);
    let second = done(issue(&health, "b", second_child).await);
    assert_eq!(first.number.as_str(), "X340000001");
    assert_eq!(second.number.as_str(), "X340000002");
    assert!(ELicenceId::parse(&first.licence).is_ok());
    assert_eq!(first.issued_on.to_string(), "2026-11-02", "the date in Beijing");
}

/// A family that applies again after withdrawing would otherwise get a second certificate for one birth (HLT-405).
#[tokio::test]
async fn another_application_for_the_same_child_gets_the_certificate_that_stands() {
    let health = health();
    let first = done(issue(&health, "a", application()).await);
    let again = done(issue(&health, "b", application()).await);
    assert!(first == again);
    assert_eq!(standing(&health), 1);
    let effects = health.desk().ledger().effects().await.unwrap();
    assert_eq!(effects[1].same_as.as_deref(), Some("a"));
    assert_eq!(health.void("b", "undo").await, Ok(Undone::Done));
    assert_eq!(standing(&health), 0, "voided through the later application");
}

/// A corrected certificate would otherwise carry the voided number.
#[tokio::test]
async fn a_voided_certificate_is_issued_again_under_a_new_number() {
    let health = health();
    let first = done(issue(&health, "a", application()).await);
    assert_eq!(health.void("a", "undo").await, Ok(Undone::Done));
    assert_eq!(standing(&health), 0);
    let second = done(issue(&health, "b", application()).await);
    assert!(first.number != second.number);
    assert_eq!(standing(&health), 1);
}

/// A demonstration of 补正 and of a refusal would otherwise show a success.
#[tokio::test]
async fn magic_mothers_see_the_certificate_corrected_and_refused() {
    let health = health();
    let asked = issue(&health, "a", asking_for(magic::CERTIFICATE_CORRECTION)).await;
    assert_eq!(asked, Ok(Reply::needs_correction("HLT-401", ["child.weight_g"], "出生体重与分娩记录不一致,请核对。")));
    let mut corrected = asking_for(magic::CERTIFICATE_CORRECTION);
    corrected["child"]["weight_g"] = json!(3310);
    done(issue(&health, "a of revision 2", corrected).await);
    let refused = issue(&health, "b", asking_for(magic::CERTIFICATE_REFUSED)).await;
    assert!(matches!(refused, Ok(Reply::Refused { code, .. }) if code == "HLT-403"));
    assert_eq!(standing(&health), 1);
}

/// Eligibility would otherwise be decided on something else than what the mother's number asks for.
#[tokio::test]
async fn a_delivery_is_found_unless_the_mother_asks_for_none() {
    let health = health();
    let find = async |id_number: &str| {
        done(health.find_delivery("q", &typed(json!({ "mother": { "id_number": id_number } }))).await)
    };
    let area = AreaCode::parse("340104").unwrap();
    let found = find("340104199003070021").await;
    assert!(found.found && found.within_window == Some(true) && found.delivered_on.is_some());
    let none = find(magic::mother(&area, magic::NO_DELIVERY, 0).as_str()).await;
    assert_eq!(serde_json::to_value(none).unwrap(), json!({ "found": false }));
    for late in [magic::TOO_LATE, magic::SEVERAL] {
        let late = find(magic::mother(&area, late, 0).as_str()).await;
        assert_eq!((late.found, late.within_window), (true, Some(false)));
    }
    let entered = QueryDeliveryOutput { found: true, live_birth: Some(false), ..QueryDeliveryOutput::default() };
    let mother = typed::<QueryDelivery>(json!({ "mother": { "id_number": "340104199003070021" } })).mother.id_number;
    health.enter_delivery(&mother, &entered).await.unwrap();
    assert!(find("340104199003070021").await == entered);
    assert_eq!(standing(&health), 0, "a query leaves nothing behind");
}

/// A corrected fact would otherwise be confirmed for a certificate that was never issued, or that was voided (X6).
#[tokio::test]
async fn a_certificates_record_is_corrected_while_it_stands() {
    let health = health();
    let fields =
        |name: &str| json!({ "certificate": { "number": "X340000001" }, "corrections": { "child.name": name } });
    let correct = async |key: &str, name: &str| health.correct_record(key, &typed(fields(name))).await;
    let refused = |reply| matches!(reply, Ok(Reply::Refused { code, .. }) if code == "HLT-411");
    assert!(refused(correct("a", "例安然").await));
    done(issue(&health, "b", application()).await);
    assert_eq!(done(correct("c", "例安然").await).record_version, 2);
    assert_eq!(done(correct("d", "例安宁").await).record_version, 3);
    assert!(matches!(correct("e", "例冻").await, Ok(Reply::Refused { code, .. }) if code == "HLT-412"));
    testing::act_twice_is_once(&department(&health), "CorrectRecord", fields("例安"), || standing(&health)).await;
    assert_eq!(health.void("b", "f").await, Ok(Undone::Done));
    assert!(refused(correct("g", "例安平").await));
}

/// An adapter written in another language from the proto would otherwise speak of other fields than this one.
#[test]
fn the_contract_is_the_protos_name_for_name() {
    testing::contract::has_the_protos_names::<QueryDelivery>(
        "QueryDelivery",
        &json!({ "mother": { "id_number": "340104199003070021" } }),
    );
    testing::contract::has_the_protos_names::<QueryDeliveryOutput>(
        "QueryDeliveryOutput",
        &json!({ "found": true, "live_birth": true, "in_province": true, "place": "brought-at-once",
                 "mother_id_number": "340104199003070021", "within_window": true, "collected_offline": false,
                 "record": "FM0001", "facility_code": "H34010400001", "delivered_on": "2026-11-01",
                 "children": [{ "order": 1, "sex": "2", "born_at": "2026-11-01T09:30" }] }),
    );
    testing::contract::has_the_protos_names::<IssueBirthCertificate>("IssueBirthCertificate", &application());
    testing::contract::has_the_protos_names::<IssueBirthCertificateOutput>(
        "IssueBirthCertificateOutput",
        &json!({ "number": "X340000001", "issued_on": "2026-11-02", "issuer": "测试医院", "licence": "L" }),
    );
    testing::contract::has_the_protos_names::<HandOverCertificate>("HandOverCertificate", &hand_over());
    testing::contract::has_the_protos_names::<HandOverCertificateOutput>(
        "HandOverCertificateOutput",
        &json!({ "handed_over_on": "2026-11-02", "tracking_number": "EMS0000000001CN" }),
    );
    testing::contract::has_the_protos_names::<RegisterGuidance>("RegisterGuidance", &guidance());
    testing::contract::has_the_protos_names::<RegisterGuidanceOutput>(
        "RegisterGuidanceOutput",
        &json!({ "registration_number": "YE1" }),
    );
}
