//! One case as a rule sees it: its facts and its law, read through one door that writes down what was used.
//!
//! A rule asks for a fact by path or for a value by term; the [`Case`] remembers both, so that the decision names its
//! inputs and articles without the rule having to. A fact that a rule does not ask for is not demanded of anybody.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use identifiers::LocalMinute;
use jiff::civil::Date;
use serde_json::Value;

use crate::{
    Pack,
    calendar::Calendar,
    decision::Undecidable,
    facts,
    law::{Provision, Value as LawValue},
    legal_time::Span,
};

/// The law and the facts of one question.
pub struct Case<'q> {
    /// The pack of the case.
    pub pack: &'q Pack,
    /// The known years.
    pub calendar: &'q Calendar,
    /// When the question is asked, in Beijing time: the clock is the caller's.
    pub asked_at: &'q LocalMinute,
    /// What follows the rule's name after a colon; empty where nothing does.
    pub argument: &'q str,
    facts: &'q Value,
    // Borrowed until the decision is made: most rules end with less than they looked at.
    inputs: RefCell<BTreeMap<String, Option<&'q Value>>>,
    terms: RefCell<BTreeMap<&'static str, &'q LawValue>>,
    articles: RefCell<Vec<Arc<str>>>,
    missing: RefCell<BTreeSet<String>>,
}

/// What a [`Case`] has written down.
pub(crate) struct Used {
    pub(crate) inputs: BTreeMap<String, Value>,
    pub(crate) terms: BTreeMap<String, String>,
    pub(crate) articles: Vec<Arc<str>>,
}

impl<'q> Case<'q> {
    /// A case of which nothing has been read yet.
    pub fn new(
        pack: &'q Pack,
        calendar: &'q Calendar,
        facts: &'q Value,
        argument: &'q str,
        asked_at: &'q LocalMinute,
    ) -> Self {
        Self {
            pack,
            calendar,
            asked_at,
            argument,
            facts,
            inputs: RefCell::default(),
            terms: RefCell::default(),
            articles: RefCell::default(),
            missing: RefCell::default(),
        }
    }

    /// The fact at a path, noted as used; `None` where it is absent or `null`.
    pub fn fact(&self, path: &str) -> Option<&'q Value> {
        let found = facts::at(self.facts, path);
        let mut inputs = self.inputs.borrow_mut();
        if !inputs.contains_key(path) {
            inputs.insert(path.to_owned(), found);
        }
        found
    }

    /// The text at a path; `None` where it is absent, empty or no text.
    pub fn text(&self, path: &str) -> Option<&'q str> {
        self.fact(path)?.as_str().filter(|text| !text.is_empty())
    }

    /// True where the path holds `true`.
    pub fn holds(&self, path: &str) -> bool {
        self.fact(path).and_then(Value::as_bool).unwrap_or(false)
    }

    /// Yes or no where the path says either.
    pub fn truth(&self, path: &str) -> Option<bool> {
        self.fact(path)?.as_bool()
    }

    /// A whole number, e.g. 分.
    ///
    /// # Errors
    /// If it is there and no whole number.
    pub fn number(&self, path: &str) -> Result<Option<i64>, Undecidable> {
        let Some(found) = self.fact(path) else { return Ok(None) };
        found.as_i64().map(Some).ok_or_else(|| Undecidable::Impossible {
            path: path.to_owned(),
            zh: "应为整数".to_owned(),
            en: "must be a whole number".to_owned(),
        })
    }

    /// A minute of Beijing time, or the minute in which an instant with its offset lies there: departments tell
    /// `2026-11-22T09:30:05+08:00`.
    ///
    /// # Errors
    /// If it is there and no such minute.
    pub fn minute(&self, path: &str) -> Result<Option<LocalMinute>, Undecidable> {
        let Some(text) = self.text(path) else { return Ok(None) };
        facts::minute(text).map(Some).map_err(|violation| Undecidable::Impossible {
            path: path.to_owned(),
            zh: violation.zh.to_string(),
            en: violation.en.to_string(),
        })
    }

    /// A civil day, written `YYYY-MM-DD` or as a minute of that day.
    ///
    /// # Errors
    /// If it is there and no such day.
    pub fn day(&self, path: &str) -> Result<Option<Date>, Undecidable> {
        let Some(text) = self.text(path) else { return Ok(None) };
        if text.len() > 10 {
            return Ok(self.minute(path)?.map(|minute| minute.date()));
        }
        text.parse::<Date>().map(Some).map_err(|_| Undecidable::Impossible {
            path: path.to_owned(),
            zh: "日期不存在,应写成YYYY-MM-DD".to_owned(),
            en: "no such day; write YYYY-MM-DD".to_owned(),
        })
    }

    /// A fact that the rule cannot do without: noted as missing where it is not there. A rule asks for all it needs and
    /// then calls [`Case::complete`], so that everything missing is named at once.
    pub fn needed<T>(&self, path: &str, found: Option<T>) -> Option<T> {
        if found.is_none() {
            self.missing.borrow_mut().insert(path.to_owned());
        }
        found
    }

    /// Fails with every fact that was needed and is not there.
    ///
    /// # Errors
    /// [`Undecidable::Missing`].
    pub fn complete(&self) -> Result<(), Undecidable> {
        let missing: Vec<String> = self.missing.borrow().iter().cloned().collect();
        if missing.is_empty() { Ok(()) } else { Err(Undecidable::Missing(missing)) }
    }

    /// Fails at once with this one fact where it is not there.
    ///
    /// # Errors
    /// [`Undecidable::Missing`].
    pub fn must<T>(&self, path: &str, found: Option<T>) -> Result<T, Undecidable> {
        found.ok_or_else(|| Undecidable::Missing(vec![path.to_owned()]))
    }

    /// The value of the law in force on a day (without a day: its first), noted as used. `None` where the pack has none.
    pub fn provision(&self, term: &'static str, on: Option<Date>) -> Option<&'q Provision> {
        let found = self.pack.law.get(term, on)?;
        let mut terms = self.terms.borrow_mut();
        if !terms.contains_key(term) {
            terms.insert(term, &found.value);
        }
        drop(terms);
        self.cite(found.source.clone());
        Some(found)
    }

    /// A length of time; `None` where the source leaves it open or the pack does not set it.
    pub fn span(&self, term: &'static str, on: Option<Date>) -> Option<Span> {
        match self.provision(term, on)?.value {
            LawValue::Span(span) => Some(span),
            _ => None,
        }
    }

    /// One of the term's words; `None` where it is open or not set.
    pub fn word(&self, term: &'static str, on: Option<Date>) -> Option<&'q str> {
        match &self.provision(term, on)?.value {
            LawValue::Word(word) => Some(word),
            _ => None,
        }
    }

    /// A sum in 分; `None` where it is open or not set.
    pub fn money(&self, term: &'static str, on: Option<Date>) -> Option<i64> {
        match self.provision(term, on)?.value {
            LawValue::Money(fen) => Some(fen),
            _ => None,
        }
    }

    /// A whole number of the law; `None` where it is open or not set.
    pub fn count(&self, term: &'static str, on: Option<Date>) -> Option<u32> {
        match self.provision(term, on)?.value {
            LawValue::Count(count) => Some(count),
            _ => None,
        }
    }

    /// Yes or no of the law; `None` where it is open or not set.
    pub fn says(&self, term: &'static str, on: Option<Date>) -> Option<bool> {
        match self.provision(term, on)?.value {
            LawValue::Truth(truth) => Some(truth),
            _ => None,
        }
    }

    /// A list of words of the law; `None` where it is open or not set.
    pub fn texts(&self, term: &'static str, on: Option<Date>) -> Option<&'q [Arc<str>]> {
        match &self.provision(term, on)?.value {
            LawValue::Texts(texts) => Some(texts),
            _ => None,
        }
    }

    /// A value that the rule cannot do without.
    ///
    /// # Errors
    /// [`Undecidable::NotSet`].
    pub fn set<T>(&self, term: &'static str, found: Option<T>) -> Result<T, Undecidable> {
        found.ok_or(Undecidable::NotSet(term))
    }

    /// Names an article on which the decision rests.
    pub fn cite(&self, article: impl Into<Arc<str>>) {
        let article = article.into();
        let mut articles = self.articles.borrow_mut();
        if !articles.iter().any(|known| Arc::ptr_eq(known, &article) || *known == article) {
            articles.push(article);
        }
    }

    pub(crate) fn into_used(self) -> Used {
        let inputs = self.inputs.into_inner().into_iter();
        let terms = self.terms.into_inner().into_iter();
        Used {
            inputs: inputs.map(|(path, found)| (path, found.cloned().unwrap_or(Value::Null))).collect(),
            terms: terms.map(|(term, value)| (term.to_owned(), value.zh())).collect(),
            articles: self.articles.into_inner(),
        }
    }
}
