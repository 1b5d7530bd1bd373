//! The keys and facts of one application, opened once and kept while its sagas are at work.

use std::{collections::HashMap, sync::Arc};

use saga::Definition;
use serde_json::{Map, Value};
use vault::{CaseKey, ChannelKeys, MasterKey, SealingKey, Suite};

use crate::store::{SealedKind, SealedRow};

/// What can go wrong when something sealed is opened.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The case key was destroyed.
    #[error("the case key was destroyed")]
    Destroyed,
    /// A key or a payload does not open.
    #[error("open {what}")]
    Sealed {
        /// What was to be opened.
        what: &'static str,
        /// Why it does not open.
        #[source]
        source: vault::Error,
    },
    /// What was sealed is not what it should be.
    #[error("{what} is not JSON")]
    Json {
        /// What was opened.
        what: &'static str,
    },
    /// No channel key for the endpoint.
    #[error("there is no channel key for the endpoint {endpoint}")]
    NoChannel {
        /// Which endpoint.
        endpoint: String,
    },
}

/// The key of one (case, endpoint), ready for use.
pub(crate) struct EndpointKey {
    /// Seals and opens.
    pub(crate) key: SealingKey,
    /// The key wrapped under the endpoint's channel key.
    pub(crate) wrapped: Vec<u8>,
    /// Which channel key.
    pub(crate) channel: String,
}

/// The keys of one application, and its form.
pub(crate) struct Application {
    case_key: CaseKey,
    suite: Suite,
    storage: SealingKey,
    endpoints: HashMap<Arc<str>, Arc<EndpointKey>>,
    /// The form as facts, with `children`.
    pub(crate) form: Option<Arc<Value>>,
}

/// What a stored payload is bound to, besides its key: nothing moves from one place to another.
pub(crate) fn stored_at(application: [u8; 16], what: &str) -> Vec<u8> {
    let mut bound = application.to_vec();
    bound.extend_from_slice(what.as_bytes());
    bound
}

impl Application {
    /// A new application with a key of its own.
    pub(crate) fn new(suite: Suite, form: Arc<Value>) -> Self {
        let case_key = CaseKey::generate();
        let storage = case_key.for_storage(suite);
        Self { case_key, suite, storage, endpoints: HashMap::new(), form: Some(form) }
    }

    /// A stored application.
    pub(crate) fn open(master: &MasterKey, suite: Suite, wrapped: Option<&[u8]>) -> Result<Self, Error> {
        let wrapped = wrapped.ok_or(Error::Destroyed)?;
        let case_key = master.unwrap(wrapped).map_err(|source| Error::Sealed { what: "a case key", source })?;
        let storage = case_key.for_storage(suite);
        Ok(Self { case_key, suite, storage, endpoints: HashMap::new(), form: None })
    }

    /// The case key, wrapped for the store.
    pub(crate) fn wrapped(&self, master: &MasterKey) -> Vec<u8> {
        master.wrap(self.suite, &self.case_key)
    }

    /// Seals something for the store.
    pub(crate) fn seal(&self, bound: &[u8], plain: &[u8]) -> Vec<u8> {
        self.storage.seal(bound, plain)
    }

    /// Opens something from the store, as it was sealed.
    pub(crate) fn unseal_bytes(&self, what: &'static str, bound: &[u8], sealed: &[u8]) -> Result<Vec<u8>, Error> {
        self.storage.open(bound, sealed).map_err(|source| Error::Sealed { what, source })
    }

    /// Opens something from the store.
    pub(crate) fn unseal(&self, what: &'static str, bound: &[u8], sealed: &[u8]) -> Result<Value, Error> {
        let plain = self.storage.open(bound, sealed).map_err(|source| Error::Sealed { what, source })?;
        serde_json::from_slice(&plain).map_err(|_| Error::Json { what })
    }

    /// The key for an endpoint `<area>.<department>`.
    pub(crate) fn endpoint(&mut self, channels: &ChannelKeys, endpoint: &Arc<str>) -> Result<Arc<EndpointKey>, Error> {
        if let Some(key) = self.endpoints.get(endpoint) {
            return Ok(key.clone());
        }
        let channel =
            channels.current_for(endpoint).ok_or_else(|| Error::NoChannel { endpoint: endpoint.to_string() })?;
        let key = self.case_key.for_endpoint(self.suite, endpoint);
        let made = Arc::new(EndpointKey { wrapped: channel.wrap(&key), channel: channel.id().to_owned(), key });
        self.endpoints.insert(endpoint.clone(), made.clone());
        Ok(made)
    }
}

/// The endpoint of a department for cases of an area: the province's.
pub fn endpoint(area: &str, department: &str) -> Arc<str> {
    let province = area.get(..2).unwrap_or("00");
    format!("{province}0000.{department}").into()
}

/// The facts of one child's saga: the form, its own block as `child`, and what the steps gave.
pub(crate) fn facts_of(form: &Value, order: u8) -> Value {
    let mut facts = form.clone();
    let own = form
        .get("children")
        .and_then(Value::as_array)
        .and_then(|children| children.get(usize::from(order).saturating_sub(1)))
        .cloned();
    if let (Some(own), Value::Object(facts)) = (own, &mut facts) {
        facts.insert("child".to_owned(), own);
    }
    facts
}

/// Puts what a step gave among the facts, or takes it away; answers what stood there before.
pub(crate) fn replace_output(
    facts: &mut Value,
    definition: &Definition,
    step: u8,
    output: Option<Value>,
) -> Option<Value> {
    let is = definition.steps.get(usize::from(step))?;
    let facts = facts.as_object_mut()?;
    match output {
        Some(output) => facts.insert(is.name.to_string(), output),
        None => facts.remove(&*is.name),
    }
}

/// Lays corrected data over the form: `{"child.weight_g": 3300}` replaces that one path.
pub(crate) fn merge(facts: &mut Value, correction: &Value) {
    for (path, value) in correction.as_object().into_iter().flatten() {
        let mut at = &mut *facts;
        for part in path.split('.') {
            if !at.is_object() {
                *at = Value::Object(Map::new());
            }
            let Some(object) = at.as_object_mut() else { return };
            at = object.entry(part).or_insert(Value::Null);
        }
        at.clone_from(value);
    }
}

/// The order in which stored payloads are laid over the form: a procedure's own facts, corrections in the order they
/// came, then outputs.
pub(crate) fn laid_over(mut rows: Vec<SealedRow>) -> Vec<SealedRow> {
    let place = |row: &SealedRow| match row.kind {
        SealedKind::Facts => 0,
        SealedKind::Correction => 1,
        SealedKind::Output | SealedKind::Words | SealedKind::Stated | SealedKind::Decision | SealedKind::Selection => 2,
    };
    rows.sort_by_key(|row| (place(row), row.revision, row.step));
    rows
}
