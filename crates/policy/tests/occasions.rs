//! When a message is due: the occasions that a saga's log brings, and the texts that they call for.

use std::{collections::BTreeSet, sync::Arc};

use policy::{
    Pack, Packs,
    message::{self, Moment, Occasion},
};
use saga::{
    Actor, Definition, End, Event, Fact, Outcome, Reason, Saga, StepIndex,
    event::Command,
    input::{Says, Verdict},
};
use serde_json::{Value, json};

fn pack(name: &str) -> Arc<Pack> {
    Arc::clone(Packs::shipped().get(name).expect("shipped"))
}

fn event(fact: Fact) -> Event {
    Event { by: Actor::Definition, fact, note: None }
}

fn at(definition: &Definition, name: &str) -> StepIndex {
    definition.find(name).unwrap_or_else(|| panic!("no step {name}"))
}

fn replied(step: StepIndex, outcome: Outcome) -> Event {
    event(Fact::Replied { step, command: Command::Act, revision: 1, number: 1, outcome })
}

fn started() -> Event {
    let chosen: BTreeSet<Arc<str>> =
        ["social-security-card".into(), "insurance-enrolment".into(), "insurance-premium".into()].into();
    event(Fact::Started { chosen, group_size: 1 })
}

fn words(occasions: &[Occasion]) -> Vec<String> {
    occasions.iter().map(|occasion| format!("{}#{}", occasion.word(), occasion.count)).collect()
}

/// A family would otherwise not be told of what happened, or be told of what did not.
#[test]
fn a_log_is_read_as_the_occasions_it_brought() {
    let anhui = pack("anhui-2024");
    let definition = &*anhui.definition;
    let step = |name: &str| at(definition, name);
    let reason = Reason { code: "POL-203".into(), offline_route: "police".into() };
    let father = step("father-authorisation");
    let registration = step("registration");
    let log = vec![
        started(),
        event(Fact::TaskOpened { step: father, revision: 1 }),
        event(Fact::Reminded { step: father }),
        event(Fact::Reminded { step: father }),
        event(Fact::TaskAnswered { step: father, revision: 1, says: Says::Done }),
        replied(step("certificate"), Outcome::Accepted { department_case: "A1".into() }),
        replied(step("certificate"), Outcome::Succeeded),
        replied(registration, Outcome::Refused { reason: reason.clone() }),
        event(Fact::WentOffline { step: registration }),
        // Kept until its turn: nothing is said before the fact counts.
        event(Fact::Noticed { step: step("premium") }),
        replied(step("enrolment"), Outcome::Succeeded),
        event(Fact::Noticed { step: step("premium") }),
        event(Fact::Ended { end: End::PartiallyCompleted }),
    ];
    let found = message::occasions(definition, &log);
    assert_eq!(
        words(&found),
        [
            "submitted#1",
            "father-authorisation.opened#1",
            "father-authorisation.reminded#1",
            "father-authorisation.reminded#2",
            "father-authorisation.succeeded#1",
            "certificate.succeeded#1",
            "registration.refused#1",
            "registration.offline#1",
            "enrolment.succeeded#1",
            "premium.succeeded#1",
            "ended.partially-completed#1",
        ]
    );
    assert_eq!(found[6].reason_code.as_deref(), Some("POL-203"));
    assert_eq!(
        found[7].facts(definition),
        json!({
            "step": "registration", "item": "birth-registration", "department": "police", "reason_code": "POL-203", "count": 1,
        })
    );
    // Asked of the end of the log alone, the same occasions have the same counts.
    let mut saga = Saga::new(definition);
    log[..3].iter().for_each(|event| saga.apply(definition, 0, event));
    assert_eq!(words(&message::told_by(definition, &saga, &log[3..])), words(&found)[3..]);
}

/// A message would otherwise wait in the saga's log under a word that nobody can read when its time has come.
#[test]
fn an_occasion_is_read_back_from_its_word() {
    for (moment, step) in [
        (Moment::Submitted, None),
        (Moment::Ended(End::PartiallyCompleted), None),
        (Moment::Reminded, Some("father-authorisation")),
        (Moment::NeedsCorrection, Some("certificate")),
        (Moment::LimitPassed, Some("registration")),
    ] {
        let occasion = Occasion::new(moment, step);
        assert_eq!(Occasion::read(&occasion.word()), Some(occasion.clone()), "{}", occasion.word());
    }
    for word in ["", "succeeded", "certificate.done", "certificate."] {
        assert_eq!(Occasion::read(word), None, "{word}");
    }
}

/// A text of one province, or of another end, would otherwise go to a family it is not for.
#[test]
fn each_occasion_calls_for_its_texts_and_no_other() {
    let due = |name: &str, occasion: &Occasion| {
        let due = message::due(&pack(name), occasion, &Value::Null);
        due.into_iter().map(|due| due.template.to_string()).collect::<Vec<_>>()
    };
    let of = |moment, step| Occasion::new(moment, step);
    assert_eq!(due("anhui-2024", &of(Moment::Submitted, None)), ["N01"]);
    assert_eq!(due("anhui-2024", &of(Moment::Succeeded, Some("enrolment"))), ["N13"]);
    assert_eq!(due("shanxi-2026", &of(Moment::Succeeded, Some("subsidy-entry"))), ["N14a"]);
    assert_eq!(due("anhui-2024", &of(Moment::LimitNear, Some("card"))), ["O01"]);
    assert_eq!(due("anhui-2024", &of(Moment::LimitPassed, Some("registration"))), ["N26", "O02"]);
    assert_eq!(due("anhui-2024", &of(Moment::Ended(End::Completed), None)), ["N29"]);
    assert_eq!(due("anhui-2024", &of(Moment::Ended(End::PartiallyCompleted), None)), ["N30"]);
    assert_eq!(due("anhui-2024", &of(Moment::Ended(End::Withdrawn), None)), [""; 0]);
    let corrected = Occasion { procedure: Some("correction".into()), ..of(Moment::Ended(End::Completed), None) };
    for pack in ["anhui-2024", "shanxi-2025", "shanxi-2026"] {
        assert_eq!(due(pack, &corrected), ["N27"], "a correction is no case that is all done (N29)");
    }
    assert_eq!(due("anhui-2024", &of(Moment::Opened, Some("signature"))), [""; 0]);
}

/// A grieving mother would otherwise be congratulated, or those in charge no longer be warned.
#[test]
fn after_a_bereavement_nothing_automatic_reaches_the_family() {
    let anhui = pack("anhui-2024");
    let definition = &*anhui.definition;
    let card = at(definition, "card");
    let log = [
        started(),
        event(Fact::Bereaved),
        replied(card, Outcome::Succeeded),
        event(Fact::Decided {
            step: at(definition, "eligibility"),
            question: saga::input::Question::Performance,
            verdict: Verdict::Yes,
            explained: None,
        }),
    ];
    let after = message::occasions(definition, &log).split_off(1);
    assert_eq!(words(&after), ["card.succeeded#1", "eligibility.succeeded#1"]);
    assert!(after.iter().all(|occasion| message::due(&anhui, occasion, &Value::Null).is_empty()));
    let late = Occasion { bereaved: true, ..Occasion::new(Moment::LimitPassed, Some("certificate")) };
    let due = message::due(&anhui, &late, &Value::Null);
    assert_eq!(due.iter().map(|due| &*due.template).collect::<Vec<_>>(), ["O02"]);
}
