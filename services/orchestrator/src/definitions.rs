//! What sagas are pinned to, by content hash: definition, rules, values and messages of the pack they were born under.
//!
//! The texts of every pack are kept in the store when it is first served; a saga of five years ago is decided by the law
//! of five years ago, whatever the folder of packs holds today.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use policy::{Pack, Packs};
use saga::Definition;
use serde::{Deserialize, Serialize};

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
    /// The texts that were kept are no pack for this program.
    #[error("the stored pack cannot be read: {0}")]
    Pack(policy::Problems),
}

/// What a saga is pinned to.
#[derive(Clone)]
pub struct Pinned {
    /// Its steps.
    pub definition: Arc<Definition>,
    /// Its pack as it was then; `None` where only the definition was kept and no pack of the name is loaded.
    pub pack: Option<Arc<Pack>>,
}

/// What is stored under a hash.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Kept {
    /// All texts of a pack.
    Pack {
        /// File names and texts.
        files: Vec<(String, String)>,
    },
    /// A procedure of the pack with this hash.
    Procedure {
        /// The pack's hash, as the texts were kept.
        pack: [u8; 32],
    },
    /// The definition alone, as it was kept before packs were.
    Definition(Box<Definition>),
}

/// All definitions seen so far.
pub struct Definitions {
    store: Arc<dyn Store>,
    packs: Arc<Packs>,
    known: RwLock<HashMap<[u8; 32], Pinned>>,
}

impl Definitions {
    /// Keeps all packs in the store, so that a saga outlives its pack.
    ///
    /// # Errors
    /// If the store cannot keep them.
    pub async fn keep_all(store: Arc<dyn Store>, packs: Arc<Packs>) -> Result<Self, Error> {
        let mut known = HashMap::new();
        for pack in packs.iter() {
            let files = pack.files.iter().map(|(name, text)| (name.to_string(), text.to_string())).collect();
            let body = serde_json::to_vec(&Kept::Pack { files }).map_err(Error::Decode)?;
            store.keep_definition(pack.hash, &body).await.map_err(Error::Store)?;
            known.insert(pack.hash, Pinned { definition: pack.definition.clone(), pack: Some(pack.clone()) });
            for procedure in pack.procedures.values() {
                let body = serde_json::to_vec(&Kept::Procedure { pack: pack.hash }).map_err(Error::Decode)?;
                store.keep_definition(procedure.hash, &body).await.map_err(Error::Store)?;
                let definition = procedure.definition.clone();
                known.insert(procedure.hash, Pinned { definition, pack: Some(pack.clone()) });
            }
        }
        Ok(Self { store, packs, known: RwLock::new(known) })
    }

    /// What a saga with this content hash is pinned to.
    ///
    /// # Errors
    /// If nobody has it, or it cannot be read.
    pub async fn get(&self, hash: [u8; 32]) -> Result<Pinned, Error> {
        if let Some(pinned) = self.known.read().unwrap_or_else(PoisonError::into_inner).get(&hash) {
            return Ok(pinned.clone());
        }
        let pinned = match self.kept(hash).await? {
            Kept::Pack { files } => {
                let pack = read(&files)?;
                Pinned { definition: pack.definition.clone(), pack: Some(Arc::new(pack)) }
            }
            Kept::Procedure { pack } => {
                let Kept::Pack { files } = self.kept(pack).await? else { return Err(Error::Unknown) };
                let pack = read(&files)?;
                let definition = pack.pinned(&hash).cloned().ok_or(Error::Unknown)?;
                Pinned { definition, pack: Some(Arc::new(pack)) }
            }
            Kept::Definition(definition) => {
                Pinned { pack: self.packs.get(&definition.name).cloned(), definition: Arc::new(*definition) }
            }
        };
        self.known.write().unwrap_or_else(PoisonError::into_inner).insert(hash, pinned.clone());
        Ok(pinned)
    }

    async fn kept(&self, hash: [u8; 32]) -> Result<Kept, Error> {
        let body = self.store.definition(hash).await.map_err(Error::Store)?.ok_or(Error::Unknown)?;
        serde_json::from_slice(&body).map_err(Error::Decode)
    }

    /// The packs that new applications may fall under.
    pub fn packs(&self) -> &Arc<Packs> {
        &self.packs
    }
}

fn read(files: &[(String, String)]) -> Result<Pack, Error> {
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (&**name, &**text)).collect();
    Pack::parse(&files).map_err(Error::Pack)
}
