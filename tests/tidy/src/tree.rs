//! The files of the repository, read once, without what is built or kept by version control.

use std::{fs, path::Path};

use anyhow::Context;

/// Folders of the root that hold nothing written by hand.
const SKIPPED: [&str; 3] = ["target", ".git", "data"];

/// Ends of names of files that are text and ours.
const TEXT: [&str; 9] = [".rs", ".md", ".toml", ".sh", ".proto", ".sql", ".json", ".yaml", "run"];

/// A file of the repository.
#[derive(Clone, Debug)]
pub struct File {
    /// From the repository's root, with `/`.
    pub path: String,
    /// What is in it.
    pub text: String,
}

impl File {
    /// A file for trying a checker on.
    pub fn sample(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }

    /// True if its name ends so.
    pub fn ends_with(&self, end: &str) -> bool {
        self.path.ends_with(end)
    }

    /// True if it holds nothing but tests: what lies under a `tests` folder, or is a module of tests or of stories that
    /// several implementations share.
    pub fn is_test(&self) -> bool {
        self.path.split('/').any(|part| matches!(part, "tests" | "tests.rs" | "conformance" | "conformance.rs"))
    }
}

/// The root of the repository: the folder of the workspace.
pub fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// Every text file of the repository, in the order of paths.
///
/// # Errors
/// If a folder or a file cannot be read.
pub fn files() -> anyhow::Result<Vec<File>> {
    let mut files = Vec::new();
    walk(root(), "", &mut files)?;
    files.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(files)
}

fn walk(folder: &Path, prefix: &str, files: &mut Vec<File>) -> anyhow::Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("list {prefix:?}"))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}/{name}") };
        if entry.file_type()?.is_dir() {
            if !SKIPPED.contains(&path.as_str()) {
                walk(&entry.path(), &path, files)?;
            }
        } else if TEXT.iter().any(|end| name.ends_with(end)) {
            let text = fs::read_to_string(entry.path()).with_context(|| format!("read {path}"))?;
            files.push(File { path, text });
        }
    }
    Ok(())
}
