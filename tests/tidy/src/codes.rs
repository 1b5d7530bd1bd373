//! Every error code that the code names has a page in `docs/errors`, and every page has a code that names it; likewise
//! the numbered rules of `docs/protocol.md`.

use std::collections::{BTreeMap, BTreeSet};

use crate::{Finding, tree::File};

/// Where the pages are.
const PAGES: &str = "docs/errors/";

/// The rules between the orchestrator and the departments.
const PROTOCOL: &str = "docs/protocol.md";

/// Codes without a page, pages without a code, and pages that do not begin with their code.
pub fn check(files: &[File]) -> Vec<Finding> {
    let mut used: BTreeMap<String, String> = BTreeMap::new();
    for file in files.iter().filter(|file| file.ends_with(".rs") && !file.path.starts_with("tests/tidy/")) {
        for (index, line) in file.text.lines().enumerate() {
            for code in codes_in(line) {
                used.entry(code).or_insert_with(|| format!("{}:{}", file.path, index + 1));
            }
        }
    }
    let mut findings = Vec::new();
    let mut pages = BTreeSet::new();
    for file in files.iter().filter(|file| file.path.starts_with(PAGES) && file.ends_with(".md")) {
        let Some(code) = file.path[PAGES.len()..].strip_suffix(".md").filter(|name| *name != "README") else {
            continue;
        };
        pages.insert(code.to_owned());
        if !file.text.starts_with(&format!("# {code} ")) {
            findings.push(Finding::new(&file.path, format!("does not begin with `# {code} ` and what it means")));
        }
        if !used.contains_key(code) {
            findings.push(Finding::new(&file.path, "explains a code that nothing names"));
        }
    }
    for (code, place) in used {
        if !pages.contains(&code) {
            findings.push(Finding::new(place, format!("{code} has no page {PAGES}{code}.md")));
        }
    }
    findings
}

/// `YJ-` and four digits, and `ErrorCode::new(n)`.
fn codes_in(line: &str) -> Vec<String> {
    let mut codes = Vec::new();
    for (at, _) in line.match_indices("YJ-") {
        let digits: String = line[at + 3..].chars().take_while(char::is_ascii_digit).collect();
        if digits.len() == 4 {
            codes.push(format!("YJ-{digits}"));
        }
    }
    for (at, start) in line.match_indices("ErrorCode::new(") {
        let digits: String = line[at + start.len()..].chars().take_while(char::is_ascii_digit).collect();
        if let Ok(number) = digits.parse::<u16>() {
            codes.push(format!("YJ-{number:04}"));
        }
    }
    codes
}

/// Rules that comments cite and `docs/protocol.md` does not have.
pub fn check_rules(files: &[File]) -> Vec<Finding> {
    let Some(protocol) = files.iter().find(|file| file.path == PROTOCOL) else {
        return vec![Finding::new(PROTOCOL, "is missing")];
    };
    let rules: BTreeSet<u32> = protocol.text.lines().filter_map(|line| line.split_once(". ")?.0.parse().ok()).collect();
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| file.ends_with(".rs")) {
        for (index, line) in file.text.lines().enumerate() {
            for cited in rules_cited(line).into_iter().filter(|cited| !rules.contains(cited)) {
                findings.push(Finding::at_line(&file.path, index, format!("{PROTOCOL} has no rule {cited}")));
            }
        }
    }
    findings
}

/// The numbers after `protocol.md`: `protocol.md 10`, `protocol.md 10, 11`.
fn rules_cited(line: &str) -> Vec<u32> {
    let mut cited = Vec::new();
    for (at, name) in line.match_indices("protocol.md ") {
        for word in line[at + name.len()..].split_inclusive([',', ' ', ')', ';', '.']).map(str::trim) {
            let digits = word.trim_end_matches([',', ')', ';', '.']);
            match digits.parse() {
                Ok(number) => cited.push(number),
                Err(_) if word.is_empty() => {}
                Err(_) => break,
            }
        }
    }
    cited
}

#[cfg(test)]
mod tests {
    use super::*;

    /// If this fails, an operator looks up a code and finds nothing.
    #[test]
    fn a_code_without_a_page_and_a_page_without_a_code_are_found() {
        let files = [
            File::sample("crates/x/src/a.rs", "\"YJ-0998\"; ErrorCode::new(997); \"YJ-0999\"; \"YJ-FORM-01\"\n"),
            File::sample("docs/errors/YJ-0997.md", "# YJ-0997 …\n"),
            File::sample("docs/errors/YJ-0998.md", "# Something else\n"),
            File::sample("docs/errors/YJ-0996.md", "# YJ-0996 …\n"),
            File::sample("docs/errors/README.md", "# Codes\n"),
        ];
        let places: Vec<String> = check(&files).into_iter().map(|finding| finding.place).collect();
        assert_eq!(places, ["docs/errors/YJ-0998.md", "docs/errors/YJ-0996.md", "crates/x/src/a.rs:1"]);
    }

    /// If this fails, a comment rests on a rule that was never written down.
    #[test]
    fn a_rule_that_does_not_exist_is_found() {
        let protocol = File::sample(PROTOCOL, "# Rules\n\n10. One.\n11. Two.\n");
        let code = File::sample("crates/x/src/a.rs", "//! See (protocol.md 10, 12) and protocol.md \"Judges\", 14.\n");
        let what: Vec<String> = check_rules(&[protocol, code]).into_iter().map(|finding| finding.what).collect();
        assert_eq!(what, ["docs/protocol.md has no rule 12"]);
        assert_eq!(check_rules(&[]).len(), 1);
    }
}
