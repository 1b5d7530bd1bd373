//! One policy pack: whom it is for, its saga, its messages, its reasons, and where each value stands in the law.
//!
//! A pack is four files: `pack.toml`, `saga.toml`, `law.toml` and `messages.toml`. Reading one
//! finds everything that is wrong with it at once, each with its file and line; a pack with a problem is not used.

use std::{collections::BTreeMap, fs, path::Path, sync::Arc};

use identifiers::LocalMinute;
use saga::Definition;
use sm3::{Digest, Sm3};

use crate::{
    law::Law,
    message::{self, Lengths, Template},
};

mod choose;
mod duration;
mod header;
pub(crate) mod law;
mod messages;
mod problem;
mod reachable;
pub(crate) mod sheet;
mod steps;

pub use choose::{Explained, Packs};
pub use problem::{Problem, Problems};

use sheet::Sheet;

/// The files of a pack, all of which must be there.
pub const FILES: [&str; 4] = ["pack.toml", "saga.toml", "messages.toml", "law.toml"];

/// Bytes of one file of a pack. The longest shipped one has about 12 kB; a file of a megabyte is a mistake.
pub const FILE_BYTES_MAX: u64 = 1_048_576;

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

/// Which births a pack is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selector {
    /// Beginnings of GB/T 2260 area codes, e.g. `34`.
    pub areas: Vec<Arc<str>>,
    /// The first minute of birth; included.
    pub born_from: Option<LocalMinute>,
    /// The minute of birth from which the pack no longer holds; excluded.
    pub born_until: Option<LocalMinute>,
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
    /// SM3 of the definition's canonical JSON: under this a saga is pinned to its definition.
    pub hash: [u8; 32],
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
    /// Reads the three files of a folder. Fails with everything that is wrong, a missing file included.
    pub fn load(folder: &Path) -> Result<Self, Problems> {
        let mut texts = Vec::new();
        let mut problems = Vec::new();
        for name in FILES {
            match read(&folder.join(name)) {
                Ok(text) => texts.push((name, text)),
                Err(why) => problems.push(Problem::new(
                    name,
                    1,
                    format!("无法读取文件 cannot be read: {why}"),
                    "放入该文件 put the file into the pack's folder".to_owned(),
                )),
            }
        }
        if !problems.is_empty() {
            return Err(Problems(problems));
        }
        let files: Vec<(&str, &str)> = texts.iter().map(|(name, text)| (*name, text.as_str())).collect();
        Self::parse(&files)
    }

    /// Reads a pack from the texts of its files. Fails with everything that is wrong.
    pub fn parse(files: &[(&str, &str)]) -> Result<Self, Problems> {
        let text_of = |wanted: &str| files.iter().find(|(name, _)| *name == wanted).map_or("", |(_, text)| text);
        let [pack, saga, messages, law] = FILES.map(|name| Sheet::new(name, text_of(name)));
        for (name, _) in files {
            if !FILES.contains(name) {
                pack.report(1, format!("多余的文件 unknown file `{name}`"), "删除或改名 remove or rename it".into());
            }
        }
        let header = header::read(&pack);
        let texts = messages::read(&messages, &header);
        let provisions = law::read(&law);
        for (term, provision) in crate::message::timing::unreadable(&provisions) {
            let what = format!("`{term}` 不是时刻 is no time of day");
            law.report(provision.line, what, "写成 write \"21:00\"".into());
        }
        let steps = steps::read(&saga, &pack, &header, &texts.templates);
        texts.check(&messages, &header, &steps);
        let problems: Vec<Problem> = [pack, saga, messages, law].into_iter().flat_map(Sheet::into_problems).collect();
        if !problems.is_empty() {
            return Err(Problems(problems));
        }
        let definition = Definition { name: header.name.clone(), title: header.title.clone(), steps: steps.steps };
        Ok(Self {
            hash: content_hash(&definition),
            definition: Arc::new(definition),
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
}

/// SM3 of a definition's canonical JSON: keys sorted, no spaces, so that the same definition has one hash everywhere.
pub fn content_hash(definition: &Definition) -> [u8; 32] {
    let value = serde_json::to_value(definition).expect("a definition consists of what JSON can say");
    let mut text = String::new();
    canonical(&value, &mut text);
    Sm3::digest(text.as_bytes()).into()
}

fn canonical(value: &serde_json::Value, text: &mut String) {
    match value {
        serde_json::Value::Object(fields) => {
            let sorted: BTreeMap<_, _> = fields.iter().collect();
            text.push('{');
            for (at, (key, field)) in sorted.into_iter().enumerate() {
                if at > 0 {
                    text.push(',');
                }
                text.push_str(&serde_json::Value::from(key.as_str()).to_string());
                text.push(':');
                canonical(field, text);
            }
            text.push('}');
        }
        serde_json::Value::Array(values) => {
            text.push('[');
            for (at, entry) in values.iter().enumerate() {
                if at > 0 {
                    text.push(',');
                }
                canonical(entry, text);
            }
            text.push(']');
        }
        serde_json::Value::Null
        | serde_json::Value::Bool(_)
        | serde_json::Value::Number(_)
        | serde_json::Value::String(_) => text.push_str(&value.to_string()),
    }
}

fn read(path: &Path) -> Result<String, String> {
    let size = fs::metadata(path).map_err(|error| error.to_string())?.len();
    if size > FILE_BYTES_MAX {
        return Err(format!("{size} bytes, more than {FILE_BYTES_MAX}"));
    }
    fs::read_to_string(path).map_err(|error| error.to_string())
}
