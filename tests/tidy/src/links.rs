//! Links and named documents lead somewhere.

use std::collections::BTreeSet;

use crate::{Finding, tree::File};

/// Every relative link of a Markdown file that leads to no file or folder, and every document that a comment names and
/// the repository does not have. `exists` is asked with paths from the root.
pub fn check(files: &[File], exists: impl Fn(&str) -> bool) -> Vec<Finding> {
    let documents: BTreeSet<&str> =
        files.iter().filter(|file| file.ends_with(".md")).filter_map(|file| file.path.rsplit('/').next()).collect();
    let mut findings = Vec::new();
    for file in files {
        if file.ends_with(".md") {
            findings.extend(check_page(file, &exists));
        }
        if file.ends_with(".rs") && !file.path.starts_with("tests/tidy/") {
            findings.extend(check_comments(file, &documents));
        }
    }
    findings
}

fn check_page(file: &File, exists: &impl Fn(&str) -> bool) -> Vec<Finding> {
    let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut findings = Vec::new();
    let mut in_code = false;
    for (index, line) in file.text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        }
        if in_code {
            continue;
        }
        for target in targets(line) {
            let outside = target.contains("://") || target.starts_with("mailto:") || target.starts_with('#');
            let path = target.split('#').next().unwrap_or_default();
            if !outside && !resolve(folder, path).is_some_and(|path| exists(&path)) {
                findings.push(Finding::at_line(&file.path, index, format!("the link to {target} leads nowhere")));
            }
        }
    }
    findings
}

/// What stands between `](` and `)`.
fn targets(line: &str) -> Vec<&str> {
    line.match_indices("](").filter_map(|(at, start)| line[at + start.len()..].split(')').next()).collect()
}

/// The path from the root of what `path` means in `folder`; `None` if it leaves the repository.
fn resolve(folder: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

/// What the README says in one language and not in the other: sections, links, commands.
pub fn check_translation(one: &File, other: &File) -> Vec<Finding> {
    type Part = fn(&str) -> Vec<String>;
    let parts: [(&str, Part); 3] = [("sections", sections), ("links", links_out), ("commands", commands)];
    let mut findings = Vec::new();
    for (name, part) in parts {
        let (here, there) = (part(&one.text), part(&other.text));
        if here != there {
            findings.push(Finding::new(&other.path, format!("{name} differ from {}: {there:?}, {here:?}", one.path)));
        }
    }
    findings
}

/// The depth of each heading.
fn sections(text: &str) -> Vec<String> {
    text.lines().filter(|line| line.starts_with("##")).map(|line| line.split(' ').next().unwrap_or("").into()).collect()
}

/// Every link, in order, except from one language to the other.
fn links_out(text: &str) -> Vec<String> {
    text.lines().flat_map(targets).filter(|target| !target.starts_with("README")).map(String::from).collect()
}

/// Every line of a block of code up to its remark, where it begins like a command.
fn commands(text: &str) -> Vec<String> {
    let is_command =
        |line: &&str| ["cargo ", "yijian ", "grpcurl ", "deploy/"].iter().any(|start| line.starts_with(start));
    let apart = |line: &str| line.split(" # ").next().unwrap_or_default().trim().to_owned();
    text.lines().filter(is_command).map(apart).collect()
}

fn check_comments(file: &File, documents: &BTreeSet<&str>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, line) in file.text.lines().enumerate() {
        let Some((_, comment)) = line.split_once("//") else { continue };
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/');
        for word in comment.split(|c| !is_name(c)).map(|word| word.trim_end_matches('.')) {
            let name = word.rsplit('/').next().unwrap_or_default();
            if name.len() > 3 && name.ends_with(".md") && !documents.contains(name) {
                findings.push(Finding::at_line(&file.path, index, format!("names {word}, which is not here")));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    /// If this fails, a reader follows a link of the README to nowhere.
    #[test]
    fn a_link_to_nowhere_is_found() {
        let text = "[here](b.md) [there](../README.md#part) [lost](c.md) [web](https://example.org/x) [part](#part)\n\
                    ```\n[code](d.md)\n```\n[out](../../e.md)\n";
        let exists = |path: &str| ["docs/b.md", "README.md"].contains(&path);
        let places: Vec<String> =
            check(&[File::sample("docs/a.md", text)], exists).into_iter().map(|finding| finding.what).collect();
        assert_eq!(places, ["the link to c.md leads nowhere", "the link to ../../e.md leads nowhere"]);
    }

    /// If this fails, a comment sends its reader to a document that the repository does not have.
    #[test]
    fn a_document_that_is_not_here_is_found_in_comments() {
        let page = File::sample("docs/protocol.md", "");
        let code = File::sample("crates/x/src/a.rs", "//! See `protocol.md`, docs/lost.md.\nlet a = \"b.md\";\n");
        let found: Vec<String> = check(&[page, code], |_| true).into_iter().map(|finding| finding.what).collect();
        assert_eq!(found, ["names docs/lost.md, which is not here"]);
    }

    /// If this fails, those who read Chinese are told something else than those who read English.
    #[test]
    fn a_translation_that_says_something_else_is_found() {
        let one =
            File::sample("README.md", "## Start\n[zh](README.zh-CN.md) [a](a.md)\n```\ncargo run    # all\n```\n");
        let same = "## 启动\n[en](README.md) [甲](a.md)\n```\ncargo run    # 全部\n```\n";
        assert_eq!(check_translation(&one, &File::sample("README.zh-CN.md", same)), []);
        for (from, to) in [("## 启动", "启动"), ("(a.md)", "(b.md)"), ("cargo run", "cargo test")] {
            let other = File::sample("README.zh-CN.md", &same.replace(from, to));
            assert_eq!(check_translation(&one, &other).len(), 1, "{from}");
        }
    }
}
