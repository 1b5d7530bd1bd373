//! One policy pack: whom it is for, its saga, its messages, its reasons, and where each value stands in the law.
//!
//! A pack is four files: `pack.toml`, `saga.toml`, `law.toml` and `messages.toml`. Reading one
//! finds everything that is wrong with it at once, each with its file and line; a pack with a problem is not used.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use identifiers::LocalMinute;
use jiff::civil::Date;
use saga::Definition;

use crate::{
    law::{self as law_values, Law},
    message::{self, Lengths, Template},
};

mod choose;
mod duration;
mod files;
mod header;
pub(crate) mod law;
mod messages;
mod problem;
mod reachable;
pub(crate) mod sheet;
mod steps;

pub(crate) use choose::CALENDAR;
pub use choose::{Explained, Packs, SHIPPED_BASE};
pub use problem::{Problem, Problems};

use sheet::Sheet;

/// The files of a pack, all of which must be there.
pub const FILES: [&str; 4] = ["pack.toml", "saga.toml", "messages.toml", "law.toml"];

/// Bytes of one file of a pack. The longest shipped one has about 12 kB; a file of a megabyte is a mistake.
pub const FILE_BYTES_MAX: u64 = 1_048_576;

/// A procedure that follows a case: a saga of its own, filed against it.
#[derive(Clone, Debug, PartialEq)]
pub struct Procedure {
    /// Its saga.
    pub definition: Arc<Definition>,
    /// Under this a saga of the procedure is pinned: SM3 of the pack's hash and the procedure's name.
    pub hash: [u8; 32],
    /// For each step, the fields of its performer's answer, where they are listed.
    pub gives: BTreeMap<Arc<str>, Vec<Arc<str>>>,
    /// The file it stands in.
    pub file: Arc<str>,
    /// The line of each step in that file.
    pub lines: Vec<usize>,
}

/// The values of a base, which is no pack: of its `law.toml` alone.
///
/// # Errors
/// Everything that is wrong with it.
pub fn base_law(text: &str) -> Result<Law, Problems> {
    let sheet = Sheet::new(law_values::LAW, text);
    let law = law::read(&sheet);
    let problems = sheet.into_problems();
    if problems.is_empty() { Ok(law) } else { Err(Problems(problems)) }
}

/// Which form an application under this pack carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// 附3 of the newborn "one thing".
    Birth,
    /// Any fields, for one things that are not a birth.
    General,
}

/// A text for people in both languages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// Chinese, shown first.
    pub zh: Arc<str>,
    /// English.
    pub en: Arc<str>,
}

/// Which births, and which applications, a pack is for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selector {
    /// Beginnings of GB/T 2260 area codes, e.g. `34`.
    pub areas: Vec<Arc<str>>,
    /// The first minute of birth; included.
    pub born_from: Option<LocalMinute>,
    /// The minute of birth from which the pack no longer holds; excluded.
    pub born_until: Option<LocalMinute>,
    /// The first day of filing; included.
    pub submitted_from: Option<Date>,
    /// The day of filing from which the pack no longer holds; excluded.
    pub submitted_until: Option<Date>,
}

/// An item (事项) that belongs to the one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Its name.
    pub name: Text,
    /// True where the applicant cannot untick it.
    pub mandatory: bool,
    /// Items without which it cannot be chosen.
    pub needs: Vec<Arc<str>>,
    /// The article.
    pub source: Arc<str>,
}

/// Why something was refused, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// What the applicant reads.
    pub text: Text,
    /// A key of the pack's offline routes; empty where there is none.
    pub offline_route: Arc<str>,
    /// The article.
    pub source: Arc<str>,
}

/// Where to go instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfflineRoute {
    /// What the applicant reads.
    pub text: Text,
    /// The article.
    pub source: Arc<str>,
}

/// What a notice begins that no step waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnNotice {
    /// Who may tell it.
    pub department: Arc<str>,
    /// The rule that must not have said no: nothing begins for what the law finds in order.
    pub rule: Option<Arc<str>>,
    /// The procedure.
    pub procedure: Arc<str>,
}

/// A policy pack, checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Pack {
    /// E.g. `anhui-2024`; also the folder's name.
    pub name: Arc<str>,
    /// For people, in Chinese.
    pub title: Arc<str>,
    /// Rises with each change of the pack.
    pub version: Arc<str>,
    /// Which form its applications carry.
    pub form: Form,
    /// The saga.
    pub definition: Arc<Definition>,
    /// The line of each step in `saga.toml`.
    pub lines: Vec<usize>,
    /// SM3 of all its texts: under this a saga is pinned to the pack, rules, values and messages included.
    pub hash: [u8; 32],
    /// Its texts as they were read, so that they can be kept for as long as a saga is pinned to them.
    pub files: Arc<[(Box<str>, Box<str>)]>,
    /// What begins when a kind of notice comes that no step waits for, e.g. a premium that nobody owed.
    pub on_notice: BTreeMap<Arc<str>, OnNotice>,
    /// Procedures that follow a case: correction, refund, recalculation, by name.
    pub procedures: BTreeMap<Arc<str>, Procedure>,
    /// Which births it is for.
    pub selector: Selector,
    /// Put in front of each message as 【…】.
    pub sms_signature: Arc<str>,
    /// The departments that its steps may name.
    pub departments: Vec<Arc<str>>,
    /// The items, by key.
    pub items: BTreeMap<Arc<str>, Item>,
    /// The messages, by id.
    pub messages: BTreeMap<Arc<str>, Template>,
    /// The values that the law sets.
    pub law: Law,
    /// The offline routes, by key.
    pub offline_routes: BTreeMap<Arc<str>, OfflineRoute>,
    /// The reasons, by code.
    pub reasons: BTreeMap<Arc<str>, Reason>,
    /// For each step, the fields of its performer's answer, where the pack lists them.
    pub gives: BTreeMap<Arc<str>, Vec<Arc<str>>>,
    /// Where single values come from, e.g. `father-authorisation.expires` → `unspecified`.
    pub sources: BTreeMap<Arc<str>, Arc<str>>,
    /// The documents that the articles are of.
    pub documents: Vec<Arc<str>>,
}

impl Pack {
    /// Reads a pack's folder, and that of its base beside it. Fails with everything that is wrong, a missing file
    /// included.
    pub fn load(folder: &Path) -> Result<Self, Problems> {
        let texts = files::of_folder(folder)?;
        let files: Vec<(&str, &str)> = texts.iter().map(|(name, text)| (&**name, &**text)).collect();
        Self::parse(&files)
    }

    /// Reads a pack from the texts of its files: the four of [`FILES`], `<procedure>.toml`, and under `base/` those of
    /// its base. Fails with everything that is wrong.
    pub fn parse(files: &[(&str, &str)]) -> Result<Self, Problems> {
        let text_of = |wanted: &str| files.iter().find(|(name, _)| *name == wanted).map(|(_, text)| *text);
        let [pack, saga, messages, law] = FILES.map(|name| Sheet::new(name, text_of(name).unwrap_or_default()));
        let header = header::read(&pack);
        let texts = messages::read(&messages, &header);
        let mut provisions = law::read(&law);
        let mut problems = Vec::new();
        if let Some(text) = text_of(law_values::BASE_LAW) {
            let base = Sheet::new(law_values::BASE_LAW, text);
            provisions = provisions.over(&law::read(&base));
            problems.extend(base.into_problems());
        }
        let steps = steps::read(&saga, &pack, &header, &provisions, false);
        let hash = files::hash(files);
        let mut procedures = BTreeMap::new();
        let mut sagas = vec![steps];
        for name in &header.procedures {
            let (own, inherited) = (format!("{}.toml", name.value), format!("base/{}.toml", name.value));
            let Some((file, text)) =
                [own, inherited].into_iter().find_map(|file| text_of(&file).map(|text| (file, text)))
            else {
                pack.report(
                    name.line,
                    format!("没有这个程序的文件 there is no file of the procedure `{}`", name.value),
                    format!("放入 put `{}.toml` into the folder", name.value),
                );
                continue;
            };
            let sheet = Sheet::new(&file, text);
            let steps = steps::read(&sheet, &pack, &header, &provisions, true);
            problems.extend(sheet.into_problems());
            let definition = Arc::new(Definition {
                name: format!("{}/{}", header.name, name.value).into(),
                title: steps.title.clone(),
                steps: steps.steps.clone(),
                procedure: true,
            });
            let hash = files::hash_of_procedure(&hash, &name.value);
            procedures.insert(
                name.value.clone(),
                Procedure {
                    definition,
                    hash,
                    gives: steps.gives.clone(),
                    file: file.as_str().into(),
                    lines: steps.lines.clone(),
                },
            );
            sagas.push(steps);
        }
        for (name, _) in files {
            if !files::is_known(name, &header.procedures) {
                pack.report(1, format!("多余的文件 unknown file `{name}`"), "删除或改名 remove or rename it".into());
            }
        }
        texts.check(&messages, &header, &sagas);
        let steps = sagas.swap_remove(0);
        problems.extend([pack, saga, messages, law].into_iter().flat_map(Sheet::into_problems));
        if !problems.is_empty() {
            problems.sort_by_key(|problem| files::order(&problem.file));
            return Err(Problems(problems));
        }
        let definition =
            Definition { name: header.name.clone(), title: header.title.clone(), steps: steps.steps, procedure: false };
        Ok(Self {
            hash,
            files: files.iter().map(|(name, text)| ((*name).into(), (*text).into())).collect(),
            on_notice: header.on_notice,
            procedures,
            definition: Arc::new(definition),
            lines: steps.lines,
            name: header.name,
            title: header.title,
            version: header.version,
            form: header.form,
            selector: header.selector,
            sms_signature: header.sms_signature,
            departments: header.departments,
            items: header.items,
            messages: texts.templates,
            law: provisions,
            offline_routes: header.offline_routes,
            reasons: header.reasons,
            gives: steps.gives,
            sources: header.sources.into_iter().chain(steps.sources).collect(),
            documents: header.documents,
        })
    }

    /// The definition of the saga that this hash pins to: the pack's own, or a procedure's.
    pub fn pinned(&self, hash: &[u8; 32]) -> Option<&Arc<Definition>> {
        if self.hash == *hash {
            return Some(&self.definition);
        }
        self.procedures.values().find(|procedure| procedure.hash == *hash).map(|procedure| &procedure.definition)
    }

    /// Name and version, as decisions cite it.
    pub fn cited(&self) -> Arc<str> {
        format!("{} {}", self.name, self.version).into()
    }

    /// How long each message is with this pack's signature, by id.
    pub fn message_lengths(&self) -> impl Iterator<Item = (&Template, Lengths)> {
        self.messages.values().map(|template| (template, message::lengths(template, &self.sms_signature)))
    }

    /// True where an area code of GB/T 2260 is one that the pack is for.
    pub fn covers_area(&self, area: &str) -> bool {
        self.selector.areas.iter().any(|prefix| area.starts_with(&**prefix))
    }

    /// True where a birth at this minute falls under the pack.
    pub fn covers_birth(&self, born_at: &LocalMinute) -> bool {
        self.selector.born_from.as_ref().is_none_or(|from| born_at >= from)
            && self.selector.born_until.as_ref().is_none_or(|until| born_at < until)
    }

    /// True where an application filed on this day falls under the pack.
    pub fn covers_filing(&self, submitted_on: Date) -> bool {
        self.selector.submitted_from.is_none_or(|from| submitted_on >= from)
            && self.selector.submitted_until.is_none_or(|until| submitted_on < until)
    }
}
