//! Who may depend on whom.
//!
//! ```text
//!   identifiers   vault   proto   service      on none of ours
//!        ^          ^        ^        ^
//!        |   saga   |        |        |        on none of ours, and on no clock, network or randomness
//!        |     ^    |        |        |
//!       policy-'    |   bus -'        |
//!        ^    ^     |    ^   ^        |
//!        |    |     |    |   '--- adapter ───  a department's adapter: on adapter, proto, identifiers
//!        '--- orchestrator                     on everything but adapter
//! ```
//!
//! The tables below are the rules; a package that stands in none of them is a finding, so that a new one is thought
//! about.

use cargo_metadata::{DependencyKind, MetadataCommand};

use crate::{Finding, tree, tree::File};

/// A package of the workspace and what it depends on.
#[derive(Clone, Debug)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its folder is under `tests/`.
    pub only_tests: bool,
    /// What it depends on.
    pub on: Vec<On>,
}

/// One dependency.
#[derive(Clone, Debug)]
pub struct On {
    /// The other package's name.
    pub name: String,
    /// It is a package of this workspace.
    pub ours: bool,
    /// Only its tests need it.
    pub for_tests: bool,
}

/// What a package may depend on, of ours.
enum May {
    /// On these, and its tests on those besides.
    On(&'static [&'static str], &'static [&'static str]),
    /// On everything but these.
    AllBut(&'static [&'static str]),
}

/// The departments' adapters, which follow one rule.
const DEPARTMENTS: [&str; 7] = [
    "health-adapter",
    "police-adapter",
    "insurance-adapter",
    "tax-adapter",
    "social-security-adapter",
    "civil-affairs-adapter",
    "sms-adapter",
];

/// A department knows its contract and the SDK, nothing of sagas, the store or the law. Its tests need a clock.
const DEPARTMENT: May = May::On(&["adapter", "identifiers", "proto"], &["bus", "service", "vault"]);

const RULES: [(&str, May); 10] = [
    ("identifiers", May::On(&[], &[])),
    ("vault", May::On(&[], &[])),
    ("proto", May::On(&[], &[])),
    ("service", May::On(&[], &[])),
    ("saga", May::On(&[], &[])),
    ("policy", May::On(&["identifiers", "saga"], &[])),
    ("bus", May::On(&["proto"], &[])),
    ("adapter", May::On(&["bus", "identifiers", "proto", "service", "vault"], &[])),
    // The one that knows sagas and the one that knows departments meet only on the bus.
    ("orchestrator", May::AllBut(&["adapter", "standalone"])),
    ("standalone", May::AllBut(&[])),
];

/// Outside libraries that only some may name, each with its reason. Packages under `tests/` may name all of them.
const RESERVED: [(&str, &[&str], &str); 7] = [
    ("rdkafka", &["bus"], "the carrier can be changed in one place"),
    ("sqlx", &["adapter", "orchestrator"], "SQL stands in the store, the inbox and the simulated ledgers"),
    ("aes", &["vault"], "sealing is done in one place"),
    ("aes-gcm", &["vault"], "sealing is done in one place"),
    ("sm4", &["vault"], "sealing is done in one place"),
    ("hkdf", &["vault"], "keys are derived in one place"),
    ("hmac", &["vault"], "blind indexes are made in one place"),
];

/// All that the core of sagas may use from outside, its tests apart: how events are written down.
const CORE_USES: [&str; 1] = ["serde"];

/// The packages of the workspace, from `cargo metadata`.
///
/// # Errors
/// If cargo fails.
pub fn packages() -> anyhow::Result<Vec<Package>> {
    let metadata = MetadataCommand::new().manifest_path(tree::root().join("Cargo.toml")).no_deps().exec()?;
    Ok(metadata
        .packages
        .iter()
        .map(|package| Package {
            name: package.name.to_string(),
            only_tests: package.manifest_path.components().rev().nth(2).is_some_and(|part| part.as_str() == "tests"),
            on: package
                .dependencies
                .iter()
                .map(|on| On {
                    name: on.name.clone(),
                    ours: on.path.is_some(),
                    for_tests: on.kind == DependencyKind::Development,
                })
                .collect(),
        })
        .collect())
}

/// Every dependency that a rule forbids.
pub fn check(packages: &[Package]) -> Vec<Finding> {
    packages.iter().filter(|package| !package.only_tests).flat_map(check_package).collect()
}

fn check_package(package: &Package) -> Vec<Finding> {
    let mut findings = Vec::new();
    let Some(may) = rule(&package.name) else {
        return vec![Finding::new(&package.name, "no rule says on whom this package may depend")];
    };
    for on in &package.on {
        if on.ours && !allows(may, on) {
            findings.push(Finding::new(&package.name, format!("must not depend on {}", on.name)));
        }
        for (library, who, why) in RESERVED {
            if !on.ours && on.name == library && !who.contains(&package.name.as_str()) {
                findings.push(Finding::new(&package.name, format!("must not name {library}: {why}")));
            }
        }
        if package.name == "saga" && !on.ours && !on.for_tests && !CORE_USES.contains(&on.name.as_str()) {
            findings.push(Finding::new("saga", format!("the core is pure and must not use {}", on.name)));
        }
    }
    findings
}

fn rule(name: &str) -> Option<&'static May> {
    if DEPARTMENTS.contains(&name) {
        return Some(&DEPARTMENT);
    }
    RULES.iter().find(|(package, _)| *package == name).map(|(_, may)| may)
}

fn allows(may: &May, on: &On) -> bool {
    let name = on.name.as_str();
    match may {
        May::On(these, in_tests) => these.contains(&name) || (on.for_tests && in_tests.contains(&name)),
        // What orchestrator's own tests use of the departments is theirs to say.
        May::AllBut(these) => on.for_tests || !these.contains(&name),
    }
}

/// Every dependency that does not take its version from the workspace: two versions of one library are built twice and
/// understand each other badly.
pub fn check_manifests(files: &[File]) -> Vec<Finding> {
    let members = files.iter().filter(|file| file.ends_with("/Cargo.toml"));
    members.flat_map(check_manifest).collect()
}

fn check_manifest(file: &File) -> Vec<Finding> {
    let mut in_dependencies = false;
    let mut findings = Vec::new();
    for (index, line) in file.text.lines().map(str::trim).enumerate() {
        if line.starts_with('[') {
            in_dependencies = line.trim_matches(['[', ']']).ends_with("dependencies");
        } else if in_dependencies && line.contains('=') && !line.starts_with('#') {
            let inherited = line.contains(".workspace = true") || line.contains("workspace = true");
            if !inherited {
                findings.push(Finding::at_line(&file.path, index, "take it from the workspace: x.workspace = true"));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, ours: &[&str], outside: &[&str]) -> Package {
        let on = |ours: bool| move |name: &&str| On { name: (*name).to_owned(), ours, for_tests: false };
        let on = ours.iter().map(on(true)).chain(outside.iter().map(on(false))).collect();
        Package { name: name.to_owned(), only_tests: false, on }
    }

    /// If this fails, a department's adapter can reach into the store and nobody is told.
    #[test]
    fn what_a_rule_forbids_is_found() {
        let cases = [
            package("tax-adapter", &["orchestrator"], &[]),
            package("orchestrator", &["adapter"], &[]),
            package("saga", &["identifiers"], &[]),
            package("saga", &[], &["tokio"]),
            package("vault", &["service"], &[]),
            package("adapter", &[], &["rdkafka"]),
            package("police-adapter", &["adapter"], &["sqlx"]),
            package("newcomer", &[], &[]),
        ];
        for case in cases {
            assert_eq!(check(std::slice::from_ref(&case)).len(), 1, "{case:?}");
        }
    }

    /// If this fails, the rules forbid what the layout needs.
    #[test]
    fn what_the_layout_needs_is_allowed() {
        let cases = [
            package("tax-adapter", &["adapter", "proto", "identifiers"], &["serde"]),
            package("orchestrator", &["bus", "saga", "policy", "vault"], &["sqlx", "tonic"]),
            package("bus", &["proto"], &["rdkafka"]),
            package("standalone", &["adapter", "orchestrator"], &["clap"]),
        ];
        assert_eq!(check(&cases), []);
    }

    /// If this fails, what only tests use counts as what the service is built of, or the other way round.
    #[test]
    fn tests_may_use_a_little_more_and_no_less_is_hidden_behind_them() {
        let with = |name: &str| Package {
            name: "tax-adapter".to_owned(),
            only_tests: false,
            on: vec![On { name: name.to_owned(), ours: true, for_tests: true }],
        };
        assert_eq!(check(&[with("service")]), []);
        assert_eq!(check(&[with("orchestrator")]).len(), 1);
    }

    /// If this fails, one crate can quietly build another version of a library.
    #[test]
    fn a_version_of_ones_own_is_found() {
        let text = "[package]\nname = \"x\"\n\n[dependencies]\nserde.workspace = true\naes = { workspace = true }\n\
                    tokio = \"1\"\n\n[dev-dependencies]\n# rand = \"0.8\"\nrand = { version = \"0.8\" }\n";
        let findings = check_manifests(&[File::sample("crates/x/Cargo.toml", text)]);
        let places: Vec<&str> = findings.iter().map(|finding| finding.place.as_str()).collect();
        assert_eq!(places, ["crates/x/Cargo.toml:7", "crates/x/Cargo.toml:11"]);
    }
}
