//! What the commands of `yijian policy` print, and with which exit status they fail.

use std::fs;

use clap::Parser;
use jiff::civil::date;

use super::*;
use crate::Program;

fn folder(path: &str) -> String {
    format!("{}/../../{path}", env!("CARGO_MANIFEST_DIR"))
}

fn parsed(words: &[&str]) -> Command {
    let words = ["yijian", "policy"].into_iter().chain(words.iter().copied());
    match Program::try_parse_from(words).map(|program| program.command) {
        Ok(Some(crate::program::Command::Policy(command))) => command,
        other => panic!("no policy command: {other:?}"),
    }
}

fn decided(words: &[&str]) -> Result<String, Failure> {
    let Command::Decide(arguments) = parsed(words) else { panic!("not decide") };
    decide::text(&arguments, LocalMinute::parse("2026-10-12T09:00").expect("a minute"))
}

fn checked(path: &str) -> Result<String, Failure> {
    let Command::Check(arguments) = parsed(&["check", path]) else { panic!("not check") };
    check::text(&arguments, date(2026, 11, 2))
}

/// A pack's author would otherwise mend one problem a day, or see a broken pack called sound.
#[test]
fn check_tells_all_problems_with_file_line_and_cure_and_of_sound_packs_their_messages() {
    let Err(Failure::Refused(words)) = checked(&folder("crates/policy/tests/packs/test-broken")) else {
        panic!("a broken pack passed");
    };
    assert!(words.lines().count() > 10 && words.contains("saga.toml:29"), "{words}");
    assert!(words.lines().last().is_some_and(|line| line.ends_with("个问题 / problems")), "{words}");
    let sound = checked(&folder("deploy/policies")).unwrap_or_else(|failure| panic!("{failure:?}"));
    assert!(sound.contains("anhui-2024") && sound.contains("N13  通常"), "{sound}");
    assert!(sound.contains("2027年节假日安排尚未载入"), "November: the next year is missing: {sound}");
}

/// A mistyped name would otherwise be answered with a riddle.
#[test]
fn a_pack_is_named_or_a_folder_and_anything_else_is_answered_with_the_names_there_are() {
    assert_eq!(&*pack("shanxi-2026").expect("shipped").name, "shanxi-2026");
    assert_eq!(&*pack(&folder("crates/policy/tests/packs/test-minimal")).expect("a folder").name, "test-minimal");
    let Err(Failure::Usage(words)) = pack("anhui-2042") else { panic!("found") };
    assert!(words.contains("anhui-2024"), "{words}");
}

/// The limits and levels that every province takes from the base would otherwise be read nowhere but in its file.
#[test]
fn the_base_is_shown_as_values_and_is_no_pack_to_be_compared() {
    for named in ["base".to_owned(), folder("deploy/policies/base")] {
        let page = shown(&named).unwrap_or_else(|failure| panic!("{failure:?}"));
        assert!(page.contains("变更登记") && page.contains("2章第五条"), "{page}");
        let Err(Failure::Usage(words)) = pack(&named) else { panic!("a pack") };
        assert!(words.contains("policy show"), "{words}");
    }
}

/// An official would otherwise not see under which pack, by which row and article a family was decided.
#[test]
fn decide_names_pack_row_articles_inputs_and_deadlines_and_masks_who_it_is() {
    let facts = folder("examples/facts/anhui-day-91.json");
    let told = decided(&["decide", "--facts", &facts]).unwrap_or_else(|failure| panic!("{failure:?}"));
    assert!(told.starts_with("anhui-2024"), "chosen by area and minute of birth: {told}");
    for words in [
        "[D3-2]",
        "条款 articles:",
        "premium.paid_at = 2026-09-30T10:00",
        "2026-10-01 → 2026-10-08",
        "不适用 excluded D3-1",
    ] {
        assert!(told.contains(words), "no {words} in {told}");
    }
    for person in ["例言溪", "340104199003070021", "15420000511", "示例县"] {
        assert!(!told.contains(person), "{person} is printed");
    }
}

/// A platform that reads the answer by program would otherwise find words where it needs fields.
#[test]
fn decide_answers_in_json_too_with_what_is_missing_by_rule() {
    let facts = folder("examples/facts/anhui-just-born.json");
    let told = decided(&["decide", "--facts", &facts, "--pack", "anhui-2024", "--at", "2026-10-05T09:00", "--json"]);
    let told: serde_json::Value = serde_json::from_str(&told.expect("decided")).expect("JSON");
    let child = &told["children"][0];
    let benefit =
        child["decisions"].as_array().and_then(|all| all.iter().find(|one| one["name"] == "benefit")).expect("asked");
    assert_eq!(benefit["undecidable"]["code"], "LAW-001");
    assert_eq!(benefit["undecidable"]["missing"], serde_json::json!(["enrolment.enrolled_on", "premium.paid_at"]));
    assert!(
        child["last_days"].as_array().is_some_and(|cards| cards.iter().any(|card| card["key"] == "benefit.on_time"))
    );
    assert!(child["choices"].as_array().is_some_and(|choices| !choices.is_empty()));
}

/// Of twins over midnight the second would otherwise be decided by the pack of the first.
#[test]
fn decide_takes_each_child_under_the_pack_of_its_own_minute() {
    let facts = folder("examples/facts/shanxi-twins-over-midnight.json");
    let told = decided(&["decide", "--facts", &facts]).unwrap_or_else(|failure| panic!("{failure:?}"));
    let (first, second) = told.split_once("\n\nshanxi-2026").expect("two children");
    assert!(first.starts_with("shanxi-2025") && first.contains("child 1") && second.contains("child 2"), "{told}");
}

/// A slip in the facts would otherwise be decided upon, or told with the family's data.
#[test]
fn facts_that_cannot_be_used_are_named_by_field_and_never_by_value() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let path = file.path().to_str().expect("a path").to_owned();
    let refused = |text: &str, more: &[&str]| {
        fs::write(&path, text).expect("written");
        match decided(&[&["decide", "--facts", &path], more].concat()) {
            Err(Failure::Usage(words)) => words,
            other => panic!("taken: {other:?}"),
        }
    };
    let anhui = &["--pack", "anhui-2024"][..];
    let words = refused(r#"{"child": {"born_at": "2026-02-30T08:00", "nickname": "小宝贝"}}"#, anhui);
    assert!(
        words.contains("child.born_at: ") && words.contains("child.nickname: ") && !words.contains("小宝贝"),
        "{words}"
    );
    let words = refused(r#"{"child": {"name": "小宝贝" oops"#, anhui);
    assert!(words.contains("line 1") && !words.contains("小宝贝"), "{words}");
    assert!(refused(r#"{"child": {}}"#, &[]).contains("application.area"), "without a pack the law needs the place");
    let words = refused("[]", anhui);
    assert!(words.starts_with(&path) && words.contains("JSON 对象"), "the file is named: {words}");
    let words = refused("\u{feff}{\"child\": {\"nickname\": \"小宝贝\"}}", anhui);
    assert!(words.contains("child.nickname"), "a byte order mark is passed over: {words}");
}
