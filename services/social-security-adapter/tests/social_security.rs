//! What the card centre promises: its contract, one card per child, and an end of an application that can be known.

#![allow(clippy::unwrap_used)]

use std::{sync::Arc, time::Duration};

use adapter::{
    Department, Reply, Retry, Stopped, Undone, Unknown,
    simulated::{Behaviour, Behaviours, Desk, Ledger, magic},
    testing,
};
use identifiers::{AreaCode, Ethnicity, LocalMinute, Sex, synthetic};
use jiff::civil::date;
use serde_json::json;
use service::clock::VirtualClock;
use social_security_adapter::{
    CardCentre, adapter,
    contract::{ApplyCard, ApplyCardOutput, Card, Child, ChildRegistration, Delivery, HandOver, Mother, Registration},
    simulated::SimulatedSocialSecurity,
};

const NOW_MS: i64 = 1_795_276_800_000;

struct World {
    centre: Arc<SimulatedSocialSecurity>,
    clock: VirtualClock,
}

impl World {
    fn new() -> Self {
        Self::replicating(Duration::ZERO)
    }

    /// New ID numbers reach the card centre after this time.
    fn replicating(lag: Duration) -> Self {
        let clock = VirtualClock::at(NOW_MS);
        let desk = Desk::new(Ledger::in_memory(), Behaviours::default(), Arc::new(clock.clone()));
        Self { centre: Arc::new(SimulatedSocialSecurity::new(desk).replicated_after(lag)), clock }
    }

    fn department(&self) -> Department {
        adapter(Arc::clone(&self.centre) as Arc<dyn CardCentre>)
    }

    fn standing(&self) -> usize {
        self.centre.desk().ledger().standing_in_memory()
    }

    fn takes(&self, milliseconds: u64) {
        let slow = Behaviour { finished_after_ms: [milliseconds; 2], ..Behaviour::default() };
        self.centre.desk().behaviours().set("ApplyCard", slow);
    }
}

fn application() -> ApplyCard {
    let synthetic::Person { name, citizen_id, phone } = synthetic::mother(1);
    let area = AreaCode::parse("340104").unwrap();
    ApplyCard {
        child: Child {
            name: synthetic::child_name(1, &name),
            sex: Sex::Female,
            born_at: LocalMinute::parse("2026-11-01T09:30").unwrap(),
            registration: ChildRegistration { ethnicity: Ethnicity::parse("01").unwrap() },
            card: Card { bank: "102".to_owned(), phone },
        },
        registration: Registration {
            id_number: synthetic::citizen_id_of(&area, date(2026, 11, 1), Sex::Female, 7),
            address: "安徽省合肥市样板路1号".to_owned(),
        },
        mother: Mother { name, id_number: citizen_id },
        hand_over: None,
    }
}

fn asking_for(scenario: u16) -> ApplyCard {
    let mut request = application();
    request.mother.id_number = magic::mother(&AreaCode::parse("340104").unwrap(), scenario, 1);
    request
}

fn ready(reply: Result<Reply<ApplyCardOutput>, Unknown>) -> ApplyCardOutput {
    match reply {
        Ok(Reply::Succeeded(card)) => card,
        Ok(other) => panic!("not ready: {other:?}"),
        Err(unknown) => panic!("not known: {unknown:?}"),
    }
}

/// A child would otherwise have two cards after a crash.
#[tokio::test]
async fn an_application_sent_twice_is_one_card() {
    let world = World::new();
    testing::act_twice_is_once(&world.department(), "ApplyCard", application(), || world.standing()).await;
}

/// A withdrawal repeated would otherwise take the next card, too.
#[tokio::test]
async fn a_withdrawal_sent_twice_withdraws_once() {
    let world = World::new();
    testing::compensate_twice_is_once(&world.department(), "ApplyCard", application(), || world.standing()).await;
}

/// A card would otherwise be made that nobody waits for.
#[tokio::test]
async fn an_application_that_comes_after_its_withdrawal_is_refused() {
    let world = World::new();
    testing::compensate_then_act_is_refused(&world.department(), "ApplyCard", application(), || world.standing()).await;
}

/// A number issued an hour ago would otherwise cost the child its card (HRS-804).
#[tokio::test]
async fn a_new_number_is_waited_for_then_the_card_is_made_then_it_is_ready() {
    let world = World::replicating(Duration::from_secs(60));
    world.takes(10_000);
    for after_ms in [0, 59_999] {
        world.clock.advance_to(NOW_MS + after_ms);
        let reply = world.centre.apply("01", &application()).await;
        assert!(reply == Ok(Reply::failed("HRS-804", Retry::Later)));
    }
    world.clock.advance_to(NOW_MS + 60_000);
    assert!(matches!(world.centre.apply("01", &application()).await, Ok(Reply::Accepted { .. })));
    world.clock.advance_to(NOW_MS + 65_000);
    assert!(world.centre.apply("01", &application()).await == Ok(Reply::progress("制卡")));
    world.clock.advance_to(NOW_MS + 70_000);
    assert_eq!(ready(world.centre.apply("01", &application()).await).bank, "102");
    assert_eq!(world.standing(), 1);
}

/// A mother who withdraws would otherwise lose a finished card, or get one that she no longer wants.
#[tokio::test]
async fn an_application_can_be_stopped_until_the_card_is_made() {
    let world = World::new();
    world.takes(10_000);
    assert!(matches!(world.centre.apply("01", &application()).await, Ok(Reply::Accepted { .. })));
    assert_eq!(world.centre.stop("01").await, Ok(Stopped::Stopped));
    world.clock.advance_to(NOW_MS + 10_000);
    assert!(matches!(world.centre.apply("01", &application()).await, Ok(Reply::Refused { .. })));

    world.takes(0);
    ready(world.centre.apply("02", &application()).await);
    assert_eq!(world.centre.stop("02").await, Ok(Stopped::TooLate));
    assert_eq!(world.standing(), 1);
}

/// A child with a card would otherwise be given another (HRS-801).
#[tokio::test]
async fn a_child_has_one_card_until_it_is_cancelled() {
    let world = World::new();
    let first = ready(world.centre.apply("01", &application()).await);
    let again = world.centre.apply("02", &application()).await;
    assert!(matches!(again, Ok(Reply::Refused { code, .. }) if code == "HRS-801"));
    assert_eq!(world.centre.withdraw("01", "03").await, Ok(Undone::Done));
    assert!(ready(world.centre.apply("04", &application()).await).card != first.card);
}

/// A family that asked for post would otherwise wait at a counter.
#[tokio::test]
async fn the_answer_says_where_the_card_is() {
    let World { centre, .. } = World::new();
    let by_mail = HandOver { card: Some(Delivery::Mail), ..HandOver::default() };
    assert_eq!(
        ready(centre.apply("01", &ApplyCard { hand_over: Some(by_mail), ..application() }).await).outlet,
        "邮寄"
    );
    let World { centre, .. } = World::new();
    assert!(ready(centre.apply("01", &application()).await).outlet.contains("102"));
}

/// A form that asks for a scenario would otherwise show another one than the README says.
#[tokio::test]
async fn mothers_who_ask_for_a_scenario_get_it() {
    let World { centre, .. } = World::new();
    let refused = centre.apply("01", &asking_for(magic::CARD_REFUSED)).await;
    assert!(matches!(refused, Ok(Reply::Refused { code, .. }) if code == "HRS-801"));
    let first = centre.apply("02", &asking_for(magic::CARD_CORRECTION)).await;
    let asked = |fields: &[String]| fields == ["child.card.bank"];
    assert!(matches!(first, Ok(Reply::NeedsCorrection { code, fields, .. }) if code == "HRS-802" && asked(&fields)));
    ready(centre.apply("03", &asking_for(magic::CARD_CORRECTION)).await);
}

/// A corrected name would otherwise be confirmed for a child without a card (X6).
#[tokio::test]
async fn a_holders_record_is_corrected_while_there_is_a_card() {
    let world = World::new();
    let fields = |name: &str| {
        json!({ "registration": { "id_number": application().registration.id_number },
                "corrections": { "child.name": name } })
    };
    let correct = async |key: &str, name: &str| {
        world.centre.correct_record(key, &serde_json::from_value(fields(name)).unwrap()).await
    };
    assert!(matches!(correct("01", "例安然").await, Ok(Reply::Refused { code, .. }) if code == "HRS-811"));
    ready(world.centre.apply("02", &application()).await);
    assert!(matches!(correct("03", "例冻").await, Ok(Reply::Refused { code, .. }) if code == "HRS-812"));
    assert!(matches!(correct("04", "例安然").await, Ok(Reply::Succeeded(told)) if told.record_version == 2));
    testing::act_twice_is_once(&world.department(), "CorrectRecord", fields("例安宁"), || world.standing()).await;
}

/// The proto would otherwise describe a contract that nobody keeps, to whoever writes an adapter in another language.
#[test]
fn the_names_and_shapes_are_those_of_the_proto() {
    let hand_over = HandOver {
        card: Some(Delivery::Mail),
        recipient: Some("例安".to_owned()),
        recipient_phone: Some("15400000001".to_owned()),
        recipient_address: Some("安徽省合肥市样板路1号".to_owned()),
    };
    testing::contract::is_the_protos("ApplyCard", ApplyCard { hand_over: Some(hand_over), ..application() });
    let (card, bank, outlet) = ("340000001".to_owned(), "102".to_owned(), "邮寄".to_owned());
    testing::contract::is_the_protos("ApplyCardOutput", ApplyCardOutput { card, bank, outlet });
}
