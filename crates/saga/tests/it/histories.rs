//! Yesterday's logs, replayed today: `histories/*.json` are frozen.
//!
//! Each holds a definition, its log as it was stored, and how every step and the case stood at the end of it. A change
//! of the core that reads any of them differently would change the past of running cases. `YIJIAN_SAVE_HISTORIES=1`
//! writes those that are missing; it never writes over one that exists, since cases with such logs are under way.

use std::{collections::BTreeMap, fs, path::PathBuf, sync::Arc};

use saga::{
    Definition, End, Event, Explained, Input, Outcome, Saga, Status,
    event::SCHEMA,
    input::{Question, Says, Verdict},
};
use serde_json::{Value, json};

use crate::{
    case::{Case, law_and_messages::limit, reason},
    definitions::{BIRTH_ITEMS, DAY, HOUR, birth, branches, twins},
    draft::{definition, department, law, person, procedure},
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
        ("slow-law", slow_law()),
        ("messages", messages()),
        ("retracted", retracted()),
        ("procedure", followed_and_refused()),
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

/// A law that answers late, limits that are told and stated anew, reminders, and why the case falls under its pack.
fn slow_law() -> Case {
    let drafts = vec![
        law("never-known"),
        department("pivot").after(&["never-known"]).pivot().limited("20 working days").reminded_on(&[30, 60]),
        person("book", "applicant").after(&["pivot"]).forward().limited("5 working days"),
    ];
    let explained = Arc::new(Explained {
        rule: "eligibility".into(),
        row: "D1-1".into(),
        pack: "anhui-2024@1".into(),
        articles: vec!["[001] art. 4".into()],
        inputs: vec!["mother.nationality".into()],
        excluded: vec!["D1-2".into()],
    });
    let mut case = Case::of(definition("slow-law", drafts)).started();
    case.give(&Input::UnderPack { explained: Arc::clone(&explained) });
    case.undecided("never-known").passes(7 * HOUR).undecided("never-known").retry("never-known");
    let (step, question) = (case.step("never-known"), Question::Performance);
    case.give(&Input::Decided { step, question, verdict: Verdict::Yes, explained: Some(explained) });
    case.cannot_state("pivot").accepts("pivot").retry("pivot");
    let began = case.now;
    let pivot = case.step("pivot");
    let reminders = |rest: &[i64]| Input::Times {
        step: pivot,
        limit: Some(limit(began, 28 * HOUR, 30 * HOUR, 31 * HOUR)),
        unknown: None,
        reminders: rest.iter().map(|hours| began + hours * HOUR).collect(),
    };
    case.give(&reminders(&[30, 60])).passes(30 * HOUR).needs_correction("pivot").later(HOUR);
    case.person_says("pivot", Says::Corrected).give(&reminders(&[60])).passes(30 * HOUR);
    case.freeze().later(HOUR).unfreeze().succeed(&["pivot"]);
    case.states("book", limit(case.now, HOUR, 2 * HOUR, 3 * HOUR));
    case.passes(HOUR).person_says("book", Says::Done);
    case
}

/// Messages that wait, go out, arrive, fail, are telephoned and are dropped, and procedures that follow.
fn messages() -> Case {
    let mut case = Case::of(definition("messages", vec![department("pivot").pivot()])).started();
    let filed = case.now;
    case.message("N01", "submitted@1", filed).message("N02", "b", filed + HOUR).message("N03", "c", 0);
    case.message_due(0).passes(HOUR).message_due(2).sender_says(0, 1, delivered(false)).sender_says(
        0,
        2,
        delivered(true),
    );
    case.sender_says(1, 1, Outcome::Refused { reason: reason("NO-PHONE") }).called(1).follow("correction", "d");
    case.succeed(&["pivot"]).message("N30", "ended@9", filed + DAY).follow("refund", "e").bereaved();
    case
}

/// A correction that is reminded of, and messages that were wrong.
fn retracted() -> Case {
    let drafts = vec![department("pivot").reminded(&[3 * DAY]).pivot()];
    let mut case = Case::of(definition("retracted", drafts)).started();
    case.message("N01", "a", case.now).message_due(0).sender_says(0, 1, Outcome::Succeeded);
    case.message("N02", "b", case.now + DAY).needs_correction("pivot").passes(4 * DAY);
    case.message("N03", "c", case.now + DAY).retract(0).retract(2);
    case.person_says("pivot", Says::Corrected).succeed(&["pivot"]);
    case
}

fn delivered(yes: bool) -> Outcome {
    if yes { Outcome::Succeeded } else { Outcome::Accepted { department_case: "M-1".into() } }
}

/// A correction told to two departments, one of which refuses.
fn followed_and_refused() -> Case {
    let drafts = vec![department("register"), department("police").after(&["register"]), department("archive")];
    let mut case = Case::of(procedure("correction", drafts)).started();
    case.succeed(&["register", "police"]).refuses("archive");
    case
}

/// How it stands, in words that a later core still has.
fn summary(definition: &Definition, saga: &Saga) -> Value {
    let steps: BTreeMap<&str, (Status, u32)> = definition
        .indices()
        .map(|index| (&*definition.step(index).name, (saga.run(index).status, saga.run(index).revision)))
        .collect();
    let mut summary = json!({ "end": saga.end, "steps": steps });
    // Only where there are some, so that what was frozen before they were known is compared as it was.
    let clocks: BTreeMap<&str, Value> = definition
        .indices()
        .map(|index| (&*definition.step(index).name, &saga.run(index).legal))
        .filter(|(_, legal)| legal.began > 0 && (legal.reached.is_some() || legal.reminded > 0))
        .map(|(name, legal)| (name, json!([legal.began, legal.pauses, legal.reached, legal.reminded])))
        .collect();
    if !clocks.is_empty() {
        summary["clocks"] = json!(clocks);
    }
    if !saga.messages.is_empty() {
        let messages = saga.messages.iter();
        summary["messages"] =
            messages.map(|run| json!([run.template, format!("{:?}", run.status), run.attempts])).collect();
    }
    if !saga.followed.is_empty() {
        summary["followed"] = json!(saga.followed);
    }
    summary
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
    assert!(files.len() >= 13, "a frozen history is missing: {files:?}");
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
            "completed" | "slow-law" | "messages" | "retracted" | "late-pivot-with-stand-in" => End::Completed,
            "partially-completed" | "procedure" | "bereaved" => End::PartiallyCompleted,
            "rejected" => End::Rejected,
            "withdrawn-with-compensation" | "twin-released" => End::Withdrawn,
            "expired" => End::Expired,
            _ => End::Offline,
        };
        assert_eq!(case.end(), Some(expected), "{name}");
    }
    let kinds: std::collections::BTreeSet<&str> =
        told.iter().flat_map(|(_, case)| case.facts()).map(saga::Fact::name).collect();
    assert_eq!(kinds.len(), 36, "every kind of fact: {kinds:?}");
}
