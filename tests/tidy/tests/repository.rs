//! The repository is as its own rules say.

use std::process::Command;

use tidy::{codes, decisions, dependencies, expect_none, links, sources, tree};

fn files() -> Vec<tree::File> {
    let files = tree::files().expect("the repository can be read");
    assert!(files.len() > 100, "only {} files were found: the checks would pass on nothing", files.len());
    files
}

/// If this fails, a part knows what it must not know: the core of departments, a department of sagas, all of Kafka.
#[test]
fn nobody_depends_on_what_is_not_theirs_to_know() {
    let packages = dependencies::packages().expect("cargo metadata");
    assert!(packages.iter().any(|package| package.name == "saga"), "the workspace was not found");
    expect_none(&dependencies::check(&packages));
}

/// If this fails, one crate builds its own version of a library beside the workspace's.
#[test]
fn every_version_stands_in_one_place() {
    expect_none(&dependencies::check_manifests(&files()));
}

/// If this fails, a reader opens a file that does not say what it is for, is too long, or is not finished.
#[test]
fn every_source_file_says_what_it_is_for_and_is_finished() {
    expect_none(&sources::check(&files()));
}

/// If this fails, an operator is given a code that nothing explains.
#[test]
fn every_error_code_has_a_page_and_every_page_a_code() {
    expect_none(&codes::check(&files()));
}

/// If this fails, the code rests on rules that the protocol does not have.
#[test]
fn every_rule_that_is_cited_exists() {
    expect_none(&codes::check_rules(&files()));
}

/// If this fails, a reader of the papers is sent to nowhere.
#[test]
fn every_link_leads_somewhere() {
    expect_none(&links::check(&files(), |path| tree::root().join(path).exists()));
}

/// If this fails, one language's README promises what the other's does not.
#[test]
fn both_readmes_say_the_same() {
    let files = files();
    let named = |path: &str| files.iter().find(|file| file.path == path).expect("it is in the root").clone();
    expect_none(&links::check_translation(&named("README.md"), &named("README.zh-CN.md")));
}

/// If this fails, a decision cannot be found by those who want to change it.
#[test]
fn every_decision_is_dated_and_listed() {
    expect_none(&decisions::check(&files()));
}

/// If this fails, changes of meaning hide between changes of spaces.
#[test]
fn the_sources_are_formatted() {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["fmt", "--all", "--check", "--", "-l"])
        .current_dir(tree::root())
        .output()
        .expect("cargo fmt can be started: rustup component add rustfmt");
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "run cargo fmt:\n{}{}", said(&output.stdout), said(&output.stderr));
}
