//! What the insurance agency promises: its contract, one record per child, three levels of review, one subsidy.

#![allow(clippy::unwrap_used)]

use adapter::{
    Reply, Retry, Stopped, Undone, Unknown,
    simulated::{Behaviour, magic},
    testing,
};
use identifiers::{AreaCode, CertificateNumber, CitizenId, LocalMinute, Sex, synthetic};
use insurance_adapter::{
    InsuranceAgency,
    contract::{
        Certificate, Child, ClaimMaternity, ClaimMaternityOutput, Delivery, EnrolProvisionally,
        EnrolProvisionallyOutput, EnrolResident, EnrolResidentOutput, Enrolment, Insurance, InsuranceYear,
        MaternityDecision, MaternityRoute, Missing, Mother, Provisional, RecordSubsidy, RecordSubsidyOutput,
        Registration, SubsidisedChild, Subsidy, SubsidyLine,
    },
    simulated::{MATERNITY_FEN, PREMIUM_FEN},
};
use jiff::civil::date;

#[path = "shared/world.rs"]
mod world;

use world::{NOW_MS, World};

impl World {
    fn takes(&self, command: &str, milliseconds: u64) {
        let slow = Behaviour { finished_after_ms: [milliseconds; 2], ..Behaviour::default() };
        self.agency.desk().behaviours().set(command, slow);
    }
}

fn child_id() -> CitizenId {
    synthetic::citizen_id_of(&AreaCode::parse("140105").unwrap(), date(2026, 11, 1), Sex::Male, 7)
}

fn child() -> Child {
    let parent = synthetic::mother(1).name;
    Child {
        name: synthetic::child_name(1, &parent),
        sex: Sex::Male,
        born_at: LocalMinute::parse("2026-11-01T09:30").unwrap(),
        insurance: Some(Insurance {
            years: vec![InsuranceYear::NextYear, InsuranceYear::BirthYear],
            kind: Some("390".to_owned()),
            place: Some(AreaCode::parse("140826").unwrap()),
        }),
    }
}

fn mother() -> Mother {
    let synthetic::Person { name, citizen_id, phone } = synthetic::mother(1);
    Mother { name, id_number: citizen_id, phone }
}

fn mother_asking_for(scenario: u16) -> Mother {
    let id_number = magic::mother(&AreaCode::parse("340104").unwrap(), scenario, 1);
    Mother { id_number, ..mother() }
}

fn certificate() -> Certificate {
    Certificate { number: CertificateNumber::parse("X140000001").unwrap() }
}

fn enrolment() -> EnrolResident {
    EnrolResident {
        child: child(),
        registration: Registration { id_number: child_id() },
        certificate: None,
        provisional: None,
        mother: mother(),
    }
}

fn provisional_enrolment() -> EnrolProvisionally {
    EnrolProvisionally { child: child(), certificate: certificate(), mother: mother() }
}

fn provisional_number() -> Provisional {
    Provisional { person_number: "1400000000000001".to_owned() }
}

fn claim() -> ClaimMaternity {
    let delivery = Delivery {
        record: "FM202611010001".to_owned(),
        facility_code: "H34010400001".to_owned(),
        delivered_on: date(2026, 11, 1),
    };
    ClaimMaternity { mother: mother(), delivery }
}

fn subsidy() -> RecordSubsidy {
    RecordSubsidy {
        child: SubsidisedChild { born_at: child().born_at },
        registration: Registration { id_number: child_id() },
        enrolment: Enrolment { person_number: "1400000000000001".to_owned(), area: AreaCode::parse("140826").unwrap() },
        subsidy: Some(shared_subsidy()),
    }
}

/// The premium shared 60 : 20 : 20, a made-up ratio, with the remainder of the division at the province.
fn shared_subsidy() -> Subsidy {
    let line = |account: &str, fen| SubsidyLine { account: account.to_owned(), fen };
    let lines = vec![line("财政专户-省补", 24_001), line("财政专户-市补", 8_000), line("财政专户-县补", 7_999)];
    Subsidy { amount_fen: Some(PREMIUM_FEN), year: Some(2026), lines }
}

fn done<Output>(reply: Result<Reply<Output>, Unknown>) -> Output {
    match reply {
        Ok(Reply::Succeeded(output)) => output,
        Ok(other) => panic!("not done: {other:?}"),
        Err(unknown) => panic!("not known: {unknown:?}"),
    }
}

fn refused<Output>(reply: Result<Reply<Output>, Unknown>) -> String {
    match reply {
        Ok(Reply::Refused { code, .. }) => code,
        Ok(other) => panic!("not refused: {other:?}"),
        Err(unknown) => panic!("not known: {unknown:?}"),
    }
}

/// A child would otherwise have two records after a crash.
#[tokio::test]
async fn an_act_sent_twice_is_done_once() {
    let world = World::new();
    testing::act_twice_is_once(&world.department(), "EnrolResident", enrolment(), || world.standing()).await;
    let world = World::new();
    testing::act_twice_is_once(&world.department(), "EnrolProvisionally", provisional_enrolment(), || world.standing())
        .await;
    let world = World::new();
    testing::act_twice_is_once(&world.department(), "ClaimMaternity", claim(), || world.standing()).await;
    let world = World::new();
    testing::act_twice_is_once(&world.department(), "RecordSubsidy", subsidy(), || world.standing()).await;
}

/// A record that was cancelled would otherwise be cancelled for somebody else, too.
#[tokio::test]
async fn a_compensation_sent_twice_undoes_once() {
    let world = World::new();
    testing::compensate_twice_is_once(&world.department(), "EnrolResident", enrolment(), || world.standing()).await;
    let world = World::new();
    testing::compensate_twice_is_once(&world.department(), "EnrolProvisionally", provisional_enrolment(), || {
        world.standing()
    })
    .await;
    let world = World::new();
    testing::compensate_twice_is_once(&world.department(), "RecordSubsidy", subsidy(), || world.standing()).await;
}

/// An enrolment that nobody wants any more would otherwise be done when its command arrives late.
#[tokio::test]
async fn an_act_that_comes_after_its_compensation_is_refused() {
    let world = World::new();
    testing::compensate_then_act_is_refused(&world.department(), "EnrolResident", enrolment(), || world.standing())
        .await;
    let world = World::new();
    testing::compensate_then_act_is_refused(&world.department(), "EnrolProvisionally", provisional_enrolment(), || {
        world.standing()
    })
    .await;
    let world = World::new();
    testing::compensate_then_act_is_refused(&world.department(), "RecordSubsidy", subsidy(), || world.standing()).await;
}

/// A family would otherwise pay for the wrong year, or be enrolled where it did not ask to be.
#[tokio::test]
async fn a_child_is_enrolled_where_and_for_which_years_the_family_chose() {
    let World { agency, .. } = World::new();
    let chosen = done(agency.enrol("01", &enrolment()).await);
    assert_eq!((chosen.area.as_str(), &chosen.years[..]), ("140826", &[2026, 2027][..]));
    assert_eq!(chosen.enrolled_on, date(2026, 11, 22));

    let World { agency, .. } = World::new();
    let mut silent = enrolment();
    silent.child.insurance = None;
    let unchosen = done(agency.enrol("01", &silent).await);
    assert_eq!((unchosen.area.as_str(), &unchosen.years[..]), ("140105", &[2026][..]));
}

/// One child would otherwise have two person numbers, and its first hospital bill would hang on the lost one.
#[tokio::test]
async fn a_provisional_record_is_completed_by_its_number_or_its_certificate() {
    for (send_number, send_certificate) in [(true, false), (false, true)] {
        let World { agency, .. } = World::new();
        let provisional = done(agency.enrol_provisionally("01", &provisional_enrolment()).await);
        assert_eq!(provisional.missing, [Missing::IdNumber, Missing::Household]);
        let mut full = enrolment();
        full.provisional = send_number.then(|| Provisional { person_number: provisional.person_number.clone() });
        full.certificate = send_certificate.then(certificate);
        assert!(done(agency.enrol("02", &full).await).person_number == provisional.person_number);
    }
}

/// A late provisional enrolment would otherwise open a second record beside the full one.
#[tokio::test]
async fn a_provisional_enrolment_that_comes_after_the_full_one_finds_it() {
    let World { agency, .. } = World::new();
    let full = done(agency.enrol("01", &EnrolResident { certificate: Some(certificate()), ..enrolment() }).await);
    let provisional = done(agency.enrol_provisionally("02", &provisional_enrolment()).await);
    assert!(provisional.person_number == full.person_number && provisional.missing.is_empty());
    assert_eq!(agency.desk().ledger().standing_in_memory(), 1);
}

/// A number mixed up on the way would otherwise give somebody else's record to this child.
#[tokio::test]
async fn a_provisional_number_that_the_register_does_not_know_needs_a_person() {
    let World { agency, .. } = World::new();
    let unknown = Some(Provisional { person_number: "1400000000009999".to_owned() });
    let reply = agency.enrol("01", &EnrolResident { provisional: unknown, ..enrolment() }).await;
    assert!(reply == Ok(Reply::failed("INS-905", Retry::Never)));
    assert_eq!(agency.desk().ledger().standing_in_memory(), 0);
}

/// A child enrolled at a counter would otherwise be enrolled twice, or its case would be refused (INS-901).
#[tokio::test]
async fn a_child_that_is_enrolled_already_keeps_its_record() {
    let World { agency, .. } = World::new();
    let first = done(agency.enrol("01", &enrolment()).await);
    let second = done(agency.enrol("02", &enrolment()).await);
    assert!(first == second);
    assert_eq!(agency.desk().ledger().standing_in_memory(), 1);
    assert_eq!(agency.cancel_enrolment("01", "03").await, Ok(Undone::Done));
    let third = done(agency.enrol("04", &enrolment()).await);
    assert!(third.person_number != first.person_number, "a cancelled record was found");
}

/// The family would otherwise not know where its claim is for a month, or be told of a level not reached.
#[tokio::test]
async fn a_claim_passes_three_levels_and_can_be_withdrawn_until_it_is_decided() {
    let world = World::new();
    world.takes("ClaimMaternity", 9_000);
    let request = claim();
    assert!(matches!(world.agency.claim_maternity("01", &request).await, Ok(Reply::Accepted { .. })));
    for (after_ms, level) in [(0, "初审"), (3_000, "复核"), (6_000, "审批")] {
        world.clock.advance_to(NOW_MS + after_ms);
        assert!(world.agency.claim_maternity("01", &request).await == Ok(Reply::progress(level)), "{level}");
    }
    let mut other = claim();
    other.delivery.record = "FM202611010002".to_owned();
    assert!(matches!(world.agency.claim_maternity("02", &other).await, Ok(Reply::Accepted { .. })));
    assert_eq!(world.agency.withdraw_claim("02").await, Ok(Stopped::Stopped));

    world.clock.advance_to(NOW_MS + 20_000);
    let decision = done(world.agency.claim_maternity("01", &request).await);
    assert_eq!((decision.route, decision.amount_fen), (MaternityRoute::Application, MATERNITY_FEN));
    assert_eq!(world.agency.withdraw_claim("01").await, Ok(Stopped::TooLate));
    refused(world.agency.claim_maternity("02", &other).await);
    assert_eq!(world.standing(), 1);
}

/// One delivery would otherwise be paid twice, once for each twin.
#[tokio::test]
async fn one_delivery_is_paid_once() {
    let World { agency, .. } = World::new();
    let first = done(agency.claim_maternity("01", &claim()).await);
    assert!(first == done(agency.claim_maternity("02", &claim()).await));
    assert_eq!(agency.desk().ledger().standing_in_memory(), 1);
}

/// The state would otherwise pay for a child twice, for one born too early, or for another province's.
#[tokio::test]
async fn a_child_is_subsidised_once_if_born_from_2026_and_enrolled_in_the_province() {
    let World { agency, .. } = World::new();
    let entry = done(agency.record_subsidy("01", &subsidy()).await);
    assert_eq!((entry.year, entry.amount_fen), (2026, PREMIUM_FEN));
    assert!(entry == done(agency.record_subsidy("02", &subsidy()).await));
    assert_eq!(agency.desk().ledger().standing_in_memory(), 1);

    let born = |at: &str| {
        let mut request = subsidy();
        request.child.born_at = LocalMinute::parse(at).unwrap();
        request.registration.id_number = synthetic::citizen_id(99, Sex::Female);
        request
    };
    assert_eq!(refused(agency.record_subsidy("03", &born("2025-12-31T23:59")).await), "INS-911");
    assert_eq!(done(agency.record_subsidy("04", &born("2026-01-01T00:00")).await).year, 2026);
    let mut elsewhere = subsidy();
    elsewhere.enrolment.area = AreaCode::parse("340104").unwrap();
    assert_eq!(refused(agency.record_subsidy("05", &elsewhere).await), "INS-912");
}

/// A form that asks for a scenario would otherwise show another one than the README says.
#[tokio::test]
async fn mothers_who_ask_for_a_scenario_get_it() {
    let World { agency, .. } = World::new();
    let mut enrol = enrolment();
    enrol.mother = mother_asking_for(magic::ENROLMENT_REFUSED);
    assert_eq!(refused(agency.enrol("01", &enrol).await), "INS-902");
    let mut enrol = provisional_enrolment();
    enrol.mother = mother_asking_for(magic::ENROLMENT_REFUSED);
    assert_eq!(refused(agency.enrol_provisionally("02", &enrol).await), "INS-902");
    let refusing = ClaimMaternity { mother: mother_asking_for(magic::MATERNITY_REFUSED), ..claim() };
    assert_eq!(refused(agency.claim_maternity("03", &refusing).await), "MAT-1101");
    let settled = ClaimMaternity { mother: mother_asking_for(magic::MATERNITY_SETTLED), ..claim() };
    let told = done(agency.claim_maternity("04", &settled).await);
    assert_eq!((told.route, told.amount_fen, told.paid_on), (MaternityRoute::SettledByNetwork, 0, None));
}

/// The proto would otherwise describe a contract that nobody keeps, to whoever writes an adapter in another language.
#[test]
fn the_names_and_shapes_are_those_of_the_proto() {
    let full =
        EnrolResident { certificate: Some(certificate()), provisional: Some(provisional_number()), ..enrolment() };
    testing::contract::is_the_protos("EnrolResident", full);
    testing::contract::is_the_protos("EnrolProvisionally", provisional_enrolment());
    testing::contract::is_the_protos("ClaimMaternity", claim());
    testing::contract::is_the_protos("RecordSubsidy", subsidy());
    let (area, on) = (AreaCode::parse("140826").unwrap(), date(2026, 11, 22));
    let person_number = provisional_number().person_number;
    let enrolled = EnrolResidentOutput {
        person_number: person_number.clone(),
        area: area.clone(),
        enrolled_on: on,
        years: vec![2026, 2027],
    };
    testing::contract::is_the_protos("EnrolResidentOutput", enrolled);
    let missing = vec![Missing::IdNumber];
    testing::contract::is_the_protos(
        "EnrolProvisionallyOutput",
        EnrolProvisionallyOutput { person_number, area, enrolled_on: on, missing },
    );
    let (route, decision) = (MaternityRoute::Application, MaternityDecision::Approved);
    testing::contract::is_the_protos(
        "ClaimMaternityOutput",
        ClaimMaternityOutput { route, decision, amount_fen: 1, paid_on: Some(on) },
    );
    let entry = RecordSubsidyOutput { ledger_entry: "ZZ1408262026000001".to_owned(), year: 2026, amount_fen: 1 };
    testing::contract::is_the_protos("RecordSubsidyOutput", entry);
}
