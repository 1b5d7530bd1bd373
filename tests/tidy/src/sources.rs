//! How source files look: what each is for, how long it may be, and words that must not be left in it.

use crate::{Finding, tree::File};

/// Lines of one file, its tests apart. What is longer is two things.
const LINES_MAX: usize = 500;

/// The rules of sagas are read as one list.
const DECIDE: (&str, usize) = ("crates/saga/src/decide.rs", 399);

/// Files that may be longer, how long, and why.
const LONGER: [(&str, usize, &str); 1] =
    [("crates/saga/src/state.rs", 560, "a saga's state and the one match that folds every event into it")];

/// What is never left in a source file, and what to do instead. Written in pieces, or this file would be a finding.
const LEFT_BEHIND: [(&str, &str); 5] = [
    (concat!("to", "do!("), "write it, or an issue"),
    (concat!("unimpl", "emented!("), "write it, or make the case not compile"),
    (concat!("db", "g!("), "log it with tracing, or not at all"),
    (concat!("#[ig", "nore"), "a test that does not run proves nothing"),
    (concat!("FIX", "ME"), "mend it, or write an issue"),
];

/// The one reason for which a test may stand aside: it is a process that another test starts and ends.
const STARTED: &str = concat!("#[ig", "nore = \"started by ");

/// Beginnings of paths of somebody's own machine.
const MACHINE: [&str; 5] =
    [concat!("/ro", "ot/"), concat!("/ho", "me/"), concat!("/wo", "rk/"), concat!("/Us", "ers/"), concat!("C:", "\\")];

/// What the core must not even name: it is a function.
const IMPURE: [&str; 9] =
    ["SystemTime", "Instant", "std::fs", "std::net", "std::env", "std::thread", "async fn", "println!", "static mut"];

/// Everything that is wrong with the sources among these files.
pub fn check(files: &[File]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files {
        findings.extend(check_machine_paths(file));
        if file.ends_with(".rs") {
            findings.extend(check_source(file));
        }
    }
    findings
}

fn check_source(file: &File) -> Vec<Finding> {
    let mut findings = Vec::new();
    if !file.text.starts_with("//!") {
        findings.push(Finding::new(&file.path, "does not begin with `//!` and what it is for"));
    }
    if file.path.rsplit('/').next() == Some("mod.rs") {
        findings.push(Finding::new(&file.path, "name it after its module: foo.rs beside foo/"));
    }
    findings.extend(check_length(file));
    for (index, line) in file.text.lines().enumerate() {
        for (word, instead) in LEFT_BEHIND {
            if line.contains(word) && !line.contains(STARTED) {
                findings.push(Finding::at_line(&file.path, index, format!("{word}: {instead}")));
            }
        }
    }
    if file.path.starts_with("crates/saga/src/") {
        findings.extend(check_purity(file));
    }
    findings
}

fn check_length(file: &File) -> Option<Finding> {
    let lines = lines_apart_from_tests(&file.text);
    let allowed = if file.path == DECIDE.0 {
        DECIDE.1
    } else {
        LONGER.iter().find(|(path, ..)| *path == file.path).map_or(LINES_MAX, |(_, lines, _)| *lines)
    };
    let too_long = !file.is_test() && lines > allowed;
    too_long.then(|| Finding::new(&file.path, format!("{lines} lines, more than {allowed}: split it by meaning")))
}

/// Lines before the module of tests at the end of a file.
fn lines_apart_from_tests(text: &str) -> usize {
    let lines: Vec<&str> = text.lines().collect();
    let tests = lines.windows(2).position(|pair| pair[0] == "#[cfg(test)]" && pair[1].ends_with("mod tests {"));
    tests.unwrap_or(lines.len())
}

fn check_purity(file: &File) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, line) in file.text.lines().enumerate() {
        let code = line.trim_start();
        for word in IMPURE {
            if !code.starts_with("//") && code.contains(word) {
                findings.push(Finding::at_line(&file.path, index, format!("the core knows no {word}")));
            }
        }
    }
    findings
}

fn check_machine_paths(file: &File) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, line) in file.text.lines().enumerate() {
        for start in MACHINE {
            if line.contains(start) {
                findings.push(Finding::at_line(&file.path, index, format!("{start}… is a path of one machine")));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(path: &str, text: &str) -> Vec<String> {
        check(&[File::sample(path, text)]).into_iter().map(|finding| finding.what).collect()
    }

    /// If this fails, a file can stand in the tree and nobody says what it is for.
    #[test]
    fn a_file_without_a_purpose_is_found() {
        assert_eq!(findings("crates/x/src/a.rs", "use std::fmt;\n").len(), 1);
        assert_eq!(findings("crates/x/src/a.rs", "//! What it is for.\n"), Vec::<String>::new());
        assert_eq!(findings("crates/x/src/a/mod.rs", "//! What it is for.\n").len(), 1);
    }

    /// If this fails, files grow until nobody reads them.
    #[test]
    fn a_long_file_is_found_and_its_tests_do_not_count() {
        let long = format!("//! Long.\n{}", "//\n".repeat(LINES_MAX));
        assert_eq!(findings("crates/x/src/a.rs", &long).len(), 1);
        assert_eq!(findings("crates/x/tests/a.rs", &long).len(), 0);
        assert_eq!(findings("crates/x/src/a/tests.rs", &long).len(), 0);
        let tested = format!("//! Short.\n#[cfg(test)]\nmod tests {{\n{}}}\n", "//\n".repeat(LINES_MAX));
        assert_eq!(findings("crates/x/src/a.rs", &tested).len(), 0);
        let decide = format!("//! The rules.\n{}", "//\n".repeat(DECIDE.1));
        assert_eq!(findings(DECIDE.0, &decide).len(), 1);
    }

    /// If this fails, unfinished work and switched-off tests are taken for finished ones.
    #[test]
    fn what_was_left_behind_is_found() {
        for (word, _) in LEFT_BEHIND {
            let text = format!("//! A file.\nfn a() {{ {word}\n");
            assert_eq!(findings("crates/x/src/a.rs", &text).len(), 1, "{word}");
        }
        let started = format!("//! A file.\n{STARTED}the test that kills it\"]\n");
        assert_eq!(findings("crates/x/src/a.rs", &started).len(), 0);
    }

    /// If this fails, the repository works on one machine only, or tells whose it is.
    #[test]
    fn a_path_of_one_machine_is_found_in_any_file() {
        for start in MACHINE {
            assert_eq!(findings("docs/a.md", &format!("see {start}a/b\n")).len(), 1, "{start}");
        }
    }

    /// If this fails, the core can read a clock, and yesterday's decisions cannot be replayed.
    #[test]
    fn what_is_not_pure_is_found_in_the_core_and_nowhere_else() {
        let text = "//! A file.\n// SystemTime is not used.\nlet now = SystemTime::now();\n";
        assert_eq!(findings("crates/saga/src/a.rs", text).len(), 1);
        assert_eq!(findings("crates/bus/src/a.rs", text).len(), 0);
    }

    /// If this fails, a file is excused that does not need it any more.
    #[test]
    fn every_exception_is_above_the_common_limit() {
        for (path, lines, why) in LONGER {
            assert!(lines > LINES_MAX && !why.is_empty(), "{path}");
        }
    }
}
