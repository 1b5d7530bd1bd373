//! Decisions are recorded under their date, and the list of them names each.

use crate::{Finding, tree::File};

/// Where they are.
const FOLDER: &str = "docs/decisions/";

/// Records whose name is not `YYYY-MM-DD-title.md`, or that the folder's list does not name.
pub fn check(files: &[File]) -> Vec<Finding> {
    let list = files.iter().find(|file| file.path == format!("{FOLDER}README.md"));
    let list = list.map_or("", |file| file.text.as_str());
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| file.path.starts_with(FOLDER)) {
        let name = &file.path[FOLDER.len()..];
        if name == "README.md" {
            continue;
        }
        if !is_dated(name) {
            findings.push(Finding::new(&file.path, "name it YYYY-MM-DD-title.md"));
        }
        if !list.contains(&format!("({name})")) {
            findings.push(Finding::new(&file.path, "the list in README.md does not name it"));
        }
    }
    findings
}

fn is_dated(name: &str) -> bool {
    let (Some(date), Some(rest)) = (name.get(..10), name.get(10..)) else { return false };
    let form = date.bytes().enumerate().all(|(at, byte)| match at {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    });
    form && rest.starts_with('-') && rest.len() > "-.md".len() && rest.ends_with(".md")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// If this fails, why something was decided cannot be found again.
    #[test]
    fn a_record_without_a_date_or_outside_the_list_is_found() {
        let files = [
            File::sample("docs/decisions/README.md", "- [one](2026-01-02-one.md)\n- [two](two.md)\n"),
            File::sample("docs/decisions/2026-01-02-one.md", ""),
            File::sample("docs/decisions/two.md", ""),
            File::sample("docs/decisions/2026-01-03-three.md", ""),
        ];
        let places: Vec<String> = check(&files).into_iter().map(|finding| finding.place).collect();
        assert_eq!(places, ["docs/decisions/two.md", "docs/decisions/2026-01-03-three.md"]);
    }
}
