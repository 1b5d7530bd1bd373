//! One text of the catalogue: to whom it goes, on which occasions, by which ways, and its words.

use std::sync::Arc;

use serde_json::Value;

use super::Variable;
use crate::{Form, facts};

/// To whom a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Recipient {
    /// The mother.
    Applicant,
    /// The father.
    Father,
    /// Whoever handles the item in its department (经办).
    Handler,
    /// Who supervises the handlers (督办).
    Supervisor,
    /// Who runs the platform.
    Operator,
    /// Who answers for a city's plan.
    CitySupervisor,
}

impl Recipient {
    /// Each with its word in packs and commands.
    pub const WORDS: [(&'static str, Self); 6] = [
        ("applicant", Self::Applicant),
        ("father", Self::Father),
        ("handler", Self::Handler),
        ("supervisor", Self::Supervisor),
        ("operator", Self::Operator),
        ("city-supervisor", Self::CitySupervisor),
    ];

    /// Its word in packs and commands.
    pub fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, recipient)| *recipient == self).map_or("", |(word, _)| word)
    }

    /// True for a parent: nothing automatic reaches a family after a bereavement.
    pub fn is_family(self) -> bool {
        match self {
            Self::Applicant | Self::Father => true,
            Self::Handler | Self::Supervisor | Self::Operator | Self::CitySupervisor => false,
        }
    }

    /// Where the telephone number is in the facts. Those in charge are reached by whoever knows their duty roster,
    /// which hands it in with the occasion.
    pub fn phone_path(self, form: Form) -> &'static str {
        match (self, form) {
            (Self::Applicant, Form::Birth) => "mother.phone",
            (Self::Applicant, Form::General) => "applicant.phone",
            (Self::Father, Form::Birth | Form::General) => "father.phone",
            (Self::Handler | Self::Supervisor | Self::Operator | Self::CitySupervisor, Form::Birth | Form::General) => {
                "occasion.phone"
            }
        }
    }
}

/// A way by which a message goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// The message centre of the platform's app (消息中心).
    App,
    /// A text message.
    Sms,
}

impl Channel {
    /// Each with its word in packs and commands.
    pub const WORDS: [(&'static str, Self); 2] = [("app", Self::App), ("sms", Self::Sms)];

    /// Its word in packs and commands.
    pub fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, channel)| *channel == self).map_or("", |(word, _)| word)
    }
}

/// What must be so for a text to be sent on its occasion.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// The fact at the path is this.
    Is {
        /// Where it is in the facts.
        path: Arc<str>,
        /// A text, or yes or no.
        value: Value,
    },
    /// The fact at the path is not this; an absent one is not.
    Not {
        /// Where it is in the facts.
        path: Arc<str>,
        /// A text, or yes or no.
        value: Value,
    },
}

impl Condition {
    /// Where it looks.
    pub fn path(&self) -> &str {
        match self {
            Self::Is { path, .. } | Self::Not { path, .. } => path,
        }
    }

    /// True where the facts are so.
    pub fn holds(&self, facts: &Value) -> bool {
        match self {
            Self::Is { path, value } => facts::at(facts, path) == Some(value),
            Self::Not { path, value } => facts::at(facts, path) != Some(value),
        }
    }
}

/// A text of the catalogue, with its variables.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    /// E.g. `N13`.
    pub id: Arc<str>,
    /// For officials, in Chinese.
    pub title: Arc<str>,
    /// To whom it goes.
    pub to: Recipient,
    /// The occasions for which it is, e.g. `enrolment.succeeded`; `*` stands for any step. None: it is sent by hand, or
    /// by a part of the system that names it.
    pub when: Vec<Arc<str>>,
    /// All of these must hold as well.
    pub conditions: Vec<Condition>,
    /// It waits for no quiet hours and no daily cap: security only.
    pub urgent: bool,
    /// The ways it goes, the first that reaches the reader being enough.
    pub channels: Vec<Channel>,
    /// Letter by letter; without the signature.
    pub text: Arc<str>,
    /// What is filled in.
    pub variables: Vec<Variable>,
    /// The article; `unspecified: …` where the sources name the occasion and give no text.
    pub source: Arc<str>,
    /// The line of `messages.toml`.
    pub line: usize,
}
