//! A decision of the law, with everything that an official or a family may ask of it: which rule, which row of its
//! table, by which articles, from which facts, and what was excluded and why.

use std::{collections::BTreeMap, sync::Arc};

use identifiers::LocalMinute;
use saga::Reason;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{calendar::YearUnknown, legal_time::Deadline};

/// Yes or no.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Yes.
    Yes,
    /// No.
    No,
}

/// A way of deciding that was not taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Excluded {
    /// The row of the rule's table, e.g. `D3-2`.
    pub row: Arc<str>,
    /// Why not, in Chinese; holds no personal data beyond dates and sums of the case.
    pub zh: String,
    /// The same in English.
    pub en: String,
}

/// What a rule decided and why. Inputs and outputs are the case's data: sealed wherever they are kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// The rule as it was named, e.g. `benefit`.
    pub rule: Arc<str>,
    /// When it was asked, in Beijing time; `None` where the time does not matter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_at: Option<LocalMinute>,
    /// The row of its table that holds, e.g. `D3-1`.
    pub row: Arc<str>,
    /// Yes or no.
    pub outcome: Outcome,
    /// With a no: every reason that applies, in order of the table's rows, each with its offline route.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<Reason>,
    /// In a sentence, in Chinese.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub zh: String,
    /// The same in English.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub en: String,
    /// The articles of the rule and of every value of the law that it used.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub articles: Vec<Arc<str>>,
    /// The facts that it used, by path; `null` where it looked and found none.
    pub inputs: BTreeMap<String, Value>,
    /// The values of the law that it used, by term, as the pack writes them.
    pub terms: BTreeMap<String, String>,
    /// What else could have been decided, and why it was not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub excluded: Vec<Excluded>,
    /// Every deadline that it computed, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub deadlines: BTreeMap<String, Deadline>,
    /// What a hole or a contradiction in the sources means for this case, in both languages.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<(String, String)>,
    /// What it gives to the steps that follow, under the step's name.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub gives: Map<String, Value>,
}

/// The words of a decision: what people read of it and machines do not need to decide again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// In a sentence, in Chinese.
    pub zh: String,
    /// The same in English.
    pub en: String,
    /// The articles.
    pub articles: Vec<Arc<str>>,
    /// What else could have been decided, and why it was not.
    pub excluded: Vec<Excluded>,
    /// What a hole or a contradiction in the sources means for this case.
    pub warnings: Vec<(String, String)>,
}

impl Decision {
    /// The decision without its words, and the words. They are kept apart, because a hundred thousand decisions are
    /// opened to be taken anew and few to be read.
    pub fn split(mut self) -> (Self, Explanation) {
        let words = Explanation {
            zh: std::mem::take(&mut self.zh),
            en: std::mem::take(&mut self.en),
            articles: std::mem::take(&mut self.articles),
            excluded: std::mem::take(&mut self.excluded),
            warnings: std::mem::take(&mut self.warnings),
        };
        (self, words)
    }

    /// The decision with its words.
    #[must_use]
    pub fn joined(self, words: Explanation) -> Self {
        let Explanation { zh, en, articles, excluded, warnings } = words;
        Self { zh, en, articles, excluded, warnings, ..self }
    }
}

/// Why a rule cannot say anything yet. Nothing is guessed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Undecidable {
    /// Facts are not there: paths, never values.
    #[error("缺少数据 facts are missing: {}", .0.join(", "))]
    Missing(Vec<String>),
    /// The calendar of a year is not there.
    #[error(transparent)]
    Year(#[from] YearUnknown),
    /// The pack does not set this value, or leaves it `unspecified`, and the rule cannot do without.
    #[error("政策包未规定 the pack does not set `{0}`")]
    NotSet(&'static str),
    /// A fact cannot be what it says.
    #[error("`{path}`: {zh} {en}")]
    Impossible {
        /// Which fact.
        path: String,
        /// Why, in Chinese.
        zh: String,
        /// The same in English.
        en: String,
    },
    /// No rule has this name.
    #[error("no rule is named `{0}`")]
    UnknownRule(String),
}

impl Undecidable {
    /// The code under which people find it: `LAW-001` facts missing, `LAW-002` year unknown, `LAW-003` not set by the
    /// pack, `LAW-004` impossible fact, `LAW-005` unknown rule.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing(_) => "LAW-001",
            Self::Year(_) => "LAW-002",
            Self::NotSet(_) => "LAW-003",
            Self::Impossible { .. } => "LAW-004",
            Self::UnknownRule(_) => "LAW-005",
        }
    }
}

impl From<Decision> for saga::input::Verdict {
    fn from(decision: Decision) -> Self {
        match decision.outcome {
            Outcome::Yes => Self::Yes,
            Outcome::No => Self::No { reasons: decision.reasons },
        }
    }
}
