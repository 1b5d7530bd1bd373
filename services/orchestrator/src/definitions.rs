//! The definitions that sagas are pinned to, by content hash: from the packs of today, and from the store for sagas born
//! under packs of yesterday.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use policy::{Pack, Packs};
use saga::Definition;

use crate::store::{self, Store};

/// Why a definition is not to be had.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store does not answer.
    #[error("read a definition")]
    Store(#[source] store::Error),
    /// Nobody has it.
    #[error("no definition has this content hash")]
    Unknown,
    /// It cannot be decoded.
    #[error("the stored definition cannot be decoded")]
    Decode(#[source] serde_json::Error),
}

/// All definitions seen so far.
pub struct Definitions {
    store: Arc<dyn Store>,
    packs: Arc<Packs>,
    known: RwLock<HashMap<[u8; 32], Arc<Definition>>>,
}

impl Definitions {
    /// Keeps the definitions of all packs in the store, so that a saga outlives its pack.
    ///
    /// # Errors
    /// If the store cannot keep them.
    pub async fn keep_all(store: Arc<dyn Store>, packs: Arc<Packs>) -> Result<Self, Error> {
        let mut known = HashMap::new();
        for pack in packs.iter() {
            let body = serde_json::to_vec(&*pack.definition).map_err(Error::Decode)?;
            store.keep_definition(pack.hash, &body).await.map_err(Error::Store)?;
            known.insert(pack.hash, pack.definition.clone());
        }
        Ok(Self { store, packs, known: RwLock::new(known) })
    }

    /// The definition with this content hash.
    ///
    /// # Errors
    /// If nobody has it, or it cannot be read.
    pub async fn get(&self, hash: [u8; 32]) -> Result<Arc<Definition>, Error> {
        if let Some(definition) = self.known.read().unwrap_or_else(PoisonError::into_inner).get(&hash) {
            return Ok(definition.clone());
        }
        let body = self.store.definition(hash).await.map_err(Error::Store)?.ok_or(Error::Unknown)?;
        let definition: Arc<Definition> = Arc::new(serde_json::from_slice(&body).map_err(Error::Decode)?);
        self.known.write().unwrap_or_else(PoisonError::into_inner).insert(hash, definition.clone());
        Ok(definition)
    }

    /// The pack of this name as it is loaded today.
    pub fn pack(&self, name: &str) -> Option<&Arc<Pack>> {
        self.packs.get(name)
    }
}
