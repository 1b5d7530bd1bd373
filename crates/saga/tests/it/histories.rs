//! Yesterday's logs, replayed today: `histories/*.json` are frozen.
//!
//! Each holds a definition, its log as it was stored, and how every step and the case stood at the end of it. A change
//! of the core that reads any of them differently would change the past of running cases. `YIJIAN_SAVE_HISTORIES=1`
//! writes those that are missing; it never writes over one that exists, since cases with such logs are under way.

use std::{collections::BTreeMap, fs, path::PathBuf};

use saga::{Definition, End, Event, Saga, Status, event::SCHEMA, input::Says};
use serde_json::{Value, json};

use crate::{
    case::Case,
    definitions::{BIRTH_ITEMS, DAY, birth, branches, twins},
};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/histories")
}

/// Birth, up to and with the registration.
fn registered() -> Case {
    let mut case = Case::of(birth()).started();
    case.person_says("father", Says::Done).succeed(&["query", "certificate", "record", "booklet", "registration"]);
    case
}

fn told() -> Vec<(&'static str, Case)> {
    let mut completed = registered();
    completed.accepts("card").succeed(&["card", "collection", "enrolment", "maternity", "congratulation"]);
    completed.notice("premium").passes(2 * DAY).person_says("book", Says::Done);

    let mut partially = registered();
    partially.needs_correction("card").person_says("card", Says::Corrected).refuses("card");
    partially.succeed(&["enrolment", "maternity", "congratulation"]).accepts("premium");
    partially.later(90 * DAY).due("premium", saga::input::Timer::Expiry).cancelled("premium");
    partially.person_says("book", Says::Declined);

    let mut rejected = Case::of(birth()).started_with(&BIRTH_ITEMS[..1], 1);
    rejected.person_says("father", Says::Done).succeed(&["certificate", "record"]).fails("booklet", true);
    rejected.passes(DAY / 24).refuses("query").compensated("booklet").compensated("record");

    let mut withdrawn = Case::of(branches()).started();
    withdrawn.succeed(&["first", "second", "other"]).withdraw().cancelled("pivot").cancelled("plain");
    withdrawn.compensated("other").compensated("second").compensated("first");

    let mut offline = Case::of(birth()).started_with(&[], 1);
    offline.person_says("father", Says::Done).succeed(&["query", "certificate", "record", "booklet"]);
    offline.freeze().later(DAY).unfreeze().refuses("registration").succeed(&["provisional"]);

    let mut expired = Case::of(birth()).started();
    expired.succeed(&["query"]).passes(7 * DAY);

    let mut released = Case::of(twins()).started_with(&[], 2);
    released.withdraw().compensated("shared").compensated("own");

    let mut bereaved = registered();
    bereaved.bereaved().cancelled("congratulation").succeed(&["card", "enrolment", "maternity"]);
    bereaved.retry("collection").retry("premium").succeed(&["collection", "premium"]);

    let mut overtaken = Case::of(branches()).started();
    overtaken.succeed(&["first", "second", "other", "plain"]).person_says("father", Says::Declined).cancelled("pivot");
    overtaken.notice("pivot").compensated("second").resolve("second", saga::input::Found::Undone);
    overtaken.redo("other").compensated("other").succeed(&["other", "later"]);
    overtaken.resolve("needed", saga::input::Found::NotDone).cancelled("needed").retry("needed").succeed(&["needed"]);

    let mut late = Case::of(birth()).started_with(&[], 1);
    late.person_says("father", Says::Done).succeed(&["query", "certificate", "record", "booklet"]);
    late.accepts("registration").later(10 * DAY).due("provisional", saga::input::Timer::Late);
    late.succeed(&["provisional", "registration", "enrolment", "congratulation"]).person_says("book", Says::Done);

    vec![
        ("completed", completed),
        ("partially-completed", partially),
        ("rejected", rejected),
        ("withdrawn-with-compensation", withdrawn),
        ("offline-pivot-with-stand-in", offline),
        ("expired", expired),
        ("twin-released", released),
        ("bereaved", bereaved),
        ("rejection-overtaken-by-the-pivot", overtaken),
        ("late-pivot-with-stand-in", late),
    ]
}

/// How it stands, in words that a later core still has.
fn summary(definition: &Definition, saga: &Saga) -> Value {
    let steps: BTreeMap<&str, (Status, u32)> = definition
        .indices()
        .map(|index| (&*definition.step(index).name, (saga.run(index).status, saga.run(index).revision)))
        .collect();
    json!({ "end": saga.end, "steps": steps })
}

fn written(case: &Case) -> Value {
    let events = case.log.iter().filter(|(_, events)| !events.is_empty());
    let entries: Vec<Value> = events
        .enumerate()
        .map(|(at, (time, events))| json!({ "seq": at + 1, "at": time, "schema": SCHEMA, "events": events }))
        .collect();
    json!({
        "definition": *case.definition,
        "entries": entries,
        "summary": summary(&case.definition, &case.saga),
    })
}

/// If it failed, an upgrade would rewrite the past of cases that are under way.
#[test]
fn yesterdays_logs_replay_today() {
    if std::env::var_os("YIJIAN_SAVE_HISTORIES").is_some() {
        for (name, case) in told() {
            let file = folder().join(format!("{name}.json"));
            if !file.exists() {
                fs::write(file, serde_json::to_string_pretty(&written(&case)).unwrap() + "\n").unwrap();
            }
        }
    }
    let mut files: Vec<PathBuf> = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 10, "a frozen history is missing: {files:?}");
    for file in files {
        let saved: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
        let definition: Definition = serde_json::from_value(saved["definition"].clone()).unwrap();
        assert_eq!(definition.problems(), [], "{}", file.display());
        let mut saga = Saga::new(&definition);
        for entry in saved["entries"].as_array().unwrap() {
            let at = entry["at"].as_i64().unwrap();
            assert!(entry["schema"].as_u64().unwrap() <= u64::from(SCHEMA));
            let events: Vec<Event> = serde_json::from_value(entry["events"].clone()).unwrap();
            assert_eq!(serde_json::to_value(&events).unwrap(), entry["events"], "it would be stored otherwise today");
            for event in &events {
                saga.apply(&definition, at, event);
            }
        }
        assert_eq!(summary(&definition, &saga), saved["summary"], "{}", file.display());
    }
}

/// If it failed, the saved histories would not hold what their names say, or a kind of fact would never be replayed.
#[test]
fn the_histories_hold_every_end_and_every_kind_of_fact() {
    let told = told();
    let ends: std::collections::BTreeSet<End> = told.iter().filter_map(|(_, case)| case.end()).collect();
    assert_eq!(ends.len(), 6, "{ends:?}");
    for (name, case) in &told {
        let expected = match *name {
            "completed" | "bereaved" | "late-pivot-with-stand-in" => End::Completed,
            "partially-completed" => End::PartiallyCompleted,
            "rejected" => End::Rejected,
            "withdrawn-with-compensation" | "twin-released" => End::Withdrawn,
            "expired" => End::Expired,
            _ => End::Offline,
        };
        assert_eq!(case.end(), Some(expected), "{name}");
    }
    let kinds: std::collections::BTreeSet<&str> =
        told.iter().flat_map(|(_, case)| case.facts()).map(saga::Fact::name).collect();
    assert_eq!(kinds.len(), 24, "every kind of fact: {kinds:?}");
}
