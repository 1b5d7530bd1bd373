//! Which families have come, in one small file beside the data: the seed, then a line when a family files and another
//! when its cases have ended.
//!
//! The line is written before the application is sent, so that after a crash the same family files again under the same
//! key and finds the cases it has. Nothing personal is in it.

use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::Path,
    sync::{Mutex, PoisonError},
};

use serde::{Deserialize, Serialize};

use super::story::{self, Story};

/// A family that has filed, or is about to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Line {
    /// Its number, from 0.
    pub(super) number: u64,
    /// When it came, in milliseconds since 1970.
    pub(super) filed_ms: i64,
    /// The first two digits of its province.
    pub(super) province: String,
    /// What happens to it.
    pub(super) story: Story,
}

/// One line of the file.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Entry {
    /// What people are derived from, and the number of the next family.
    Begun {
        seed: u64,
        next: u64,
    },
    Filed(Line),
    Ended(u64),
}

/// The register, open for writing.
pub(super) struct Register {
    seed: u64,
    file: Mutex<(File, u64)>,
}

impl Register {
    /// Opens the register, or begins one; gives the families whose cases have not ended. What has ended is forgotten.
    pub(super) fn open(path: &Path) -> io::Result<(Self, Vec<Line>)> {
        let text = match fs::read_to_string(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            read => read?,
        };
        let (mut seed, mut next, mut open) = (u64::from(rand::random::<u32>()), 0, BTreeMap::new());
        // A line cut off by a crash is a family that had not filed yet.
        for entry in text.lines().filter_map(|line| serde_json::from_str(line).ok()) {
            match entry {
                Entry::Begun { seed: known, next: known_next } => (seed, next) = (known, known_next),
                Entry::Filed(line) => {
                    next = next.max(line.number + 1);
                    open.insert(line.number, line);
                }
                Entry::Ended(number) => drop(open.remove(&number)),
            }
        }
        let open: Vec<Line> = open.into_values().collect();
        let mut text = written(&Entry::Begun { seed, next });
        for line in &open {
            text.push_str(&written(&Entry::Filed(line.clone())));
        }
        let beside = path.with_extension("new");
        fs::write(&beside, text)?;
        File::open(&beside)?.sync_all()?;
        fs::rename(&beside, path)?;
        let file = OpenOptions::new().append(true).open(path)?;
        Ok((Self { seed, file: Mutex::new((file, next)) }, open))
    }

    /// What people are derived from.
    pub(super) fn seed(&self) -> u64 {
        self.seed
    }

    /// The next family comes.
    pub(super) fn file(&self, now_ms: i64, silent_allowed: bool) -> io::Result<Line> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let number = file.1;
        let (province, story) = story::of(number, silent_allowed);
        let line = Line { number, filed_ms: now_ms, province: province.to_owned(), story };
        file.0.write_all(written(&Entry::Filed(line.clone())).as_bytes())?;
        file.1 = number + 1;
        Ok(line)
    }

    /// All cases of this family have ended.
    pub(super) fn ended(&self, number: u64) -> io::Result<()> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.0.write_all(written(&Entry::Ended(number)).as_bytes())
    }
}

fn written(entry: &Entry) -> String {
    serde_json::to_string(entry).expect("numbers and words are JSON") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    /// If this fails, families that were under way when the program stopped are never heard of again, or ended ones come
    /// back, or two families share a number.
    #[test]
    fn a_restart_finds_the_open_families_and_only_those() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("families.jsonl");
        let (register, open) = Register::open(&path).expect("begun");
        assert!(open.is_empty());
        let lines: Vec<Line> = (0..3).map(|at| register.file(at, true).expect("filed")).collect();
        register.ended(1).expect("ended");
        let seed = register.seed();
        drop(register);
        let cut = fs::read_to_string(&path).expect("read") + "{\"filed\":{\"num";
        fs::write(&path, cut).expect("a crash in the middle of a line");

        let (register, open) = Register::open(&path).expect("opened");
        assert_eq!(register.seed(), seed);
        assert_eq!(open, [lines[0].clone(), lines[2].clone()]);
        assert_eq!(register.file(9, true).expect("filed").number, 3);
    }
}
