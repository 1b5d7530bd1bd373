//! All packs, and which of them an application falls under.

use std::{collections::BTreeMap, fs, io, path::Path, sync::Arc};

use identifiers::LocalMinute;

use super::{FILES, Pack, Problem, Problems};

use crate::{calendar::Calendar, check};

/// The texts of one shipped pack: the four files, its own procedures, and those of the base.
macro_rules! files {
    ($pack:literal $(, $procedure:literal)*) => {
        [
            ("pack.toml", include_str!(concat!("../../../../deploy/policies/", $pack, "/pack.toml"))),
            ("saga.toml", include_str!(concat!("../../../../deploy/policies/", $pack, "/saga.toml"))),
            ("messages.toml", include_str!(concat!("../../../../deploy/policies/", $pack, "/messages.toml"))),
            ("law.toml", include_str!(concat!("../../../../deploy/policies/", $pack, "/law.toml"))),
            $(($procedure, include_str!(concat!("../../../../deploy/policies/", $pack, "/", $procedure))),)*
            ("base/law.toml", include_str!("../../../../deploy/policies/base/law.toml")),
            ("base/refund.toml", include_str!("../../../../deploy/policies/base/refund.toml")),
        ]
    };
}

/// The packs of `deploy/policies`, as text, so that a binary alone can serve them.
const SHIPPED: [&[(&str, &str)]; 3] = [
    &files!("anhui-2024", "correction.toml", "recalculation.toml"),
    &files!("shanxi-2025", "correction.toml"),
    &files!("shanxi-2026", "correction.toml"),
];

/// The values that the shipped packs take from their base where they set none of their own.
pub const SHIPPED_BASE: &str = include_str!("../../../../deploy/policies/base/law.toml");

/// The folder of the years' notices, beside the packs.
pub(crate) const CALENDAR: &str = "calendar";

/// Packs by name, and the calendar that holds for them.
#[derive(Clone, Debug, Default)]
pub struct Packs(BTreeMap<Arc<str>, Arc<Pack>>, Option<Arc<Calendar>>);

/// Why no pack, or more than one, is for an application. Holds no personal data.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {zh} {en}")]
pub struct Explained {
    /// `PACK-001` no pack for the area, `PACK-002` none for the time of birth, `PACK-003` more than one, `PACK-004` none
    /// for the day of filing.
    pub code: &'static str,
    /// For people.
    pub zh: String,
    /// The same in English.
    pub en: String,
}

impl Packs {
    /// The packs that this version of the project brings along.
    pub fn shipped() -> Self {
        let mut packs = Self::default();
        for files in SHIPPED {
            packs.insert(Pack::parse(files).expect("the shipped packs are read by this crate's tests"));
        }
        packs
    }

    /// Every folder of `folder` that holds a `pack.toml`. Fails with everything wrong in any of them; each problem's
    /// file is then named with its pack's folder.
    pub fn load_folder(folder: &Path) -> Result<Self, Problems> {
        Self::load_folder_by(folder, None)
    }

    /// The same by a calendar that is given, instead of the folder's own.
    pub(crate) fn load_folder_by(folder: &Path, given: Option<Arc<Calendar>>) -> Result<Self, Problems> {
        let names = match folders(folder) {
            Ok(names) => names,
            Err(error) => {
                return Err(Problems(vec![Problem::new(
                    "policies",
                    1,
                    format!("无法读取文件夹 the folder cannot be read: {error}"),
                    "给出放有政策包的文件夹 name the folder that holds the packs".into(),
                )]));
            }
        };
        let mut packs = Self::default();
        let mut problems = Vec::new();
        let years = folder.join(CALENDAR);
        packs.1 = given;
        if packs.1.is_none() && years.is_dir() {
            match Calendar::load_folder(&years) {
                Ok(calendar) => packs.1 = Some(Arc::new(calendar)),
                Err(found) => problems.extend(found.of_folder(CALENDAR).0),
            }
        }
        for name in names {
            match Pack::load(&folder.join(&name)) {
                Ok(pack) if *pack.name != *name => problems.push(Problem::new(
                    &format!("{name}/pack.toml"),
                    1,
                    format!("包名与文件夹不同 the pack is named `{}`, its folder `{name}`", pack.name),
                    "改成一致 name both alike".into(),
                )),
                Ok(pack) => {
                    problems.extend(Problems(check::never_countable(&pack, &packs.calendar())).of_folder(&name).0);
                    packs.insert(pack);
                }
                Err(found) => problems.extend(found.of_folder(&name).0),
            }
        }
        if problems.is_empty() { Ok(packs) } else { Err(Problems(problems)) }
    }

    /// The years whose working days are known: those of the folder's own `calendar`, else those built in.
    pub fn calendar(&self) -> Arc<Calendar> {
        self.1.clone().unwrap_or_else(|| Arc::new(Calendar::shipped()))
    }

    /// Adds a pack; one of the same name is replaced.
    pub fn insert(&mut self, pack: Pack) {
        self.0.insert(Arc::clone(&pack.name), Arc::new(pack));
    }

    /// The pack of this name.
    pub fn get(&self, name: &str) -> Option<&Arc<Pack>> {
        self.0.get(name)
    }

    /// All packs, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Pack>> {
        self.0.values()
    }

    /// The one pack for an application filed in this area (GB/T 2260, six digits) for a birth at this minute.
    ///
    /// The time of birth decides, not the time of filing: [001] 三(一) "2026年1月1日零时以后出生".
    /// [`Packs::choice`] explains it.
    pub fn choose(&self, area: &str, born_at: &LocalMinute) -> Result<&Arc<Pack>, Explained> {
        match self.choice(area, born_at, None) {
            Ok((pack, _)) => Ok(self.get(&pack.name).expect("the choice is one of them")),
            Err(refused) => Err(refused.0),
        }
    }
}

fn folders(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.path().join(FILES[0]).is_file()
            && let Ok(name) = entry.file_name().into_string()
        {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}
