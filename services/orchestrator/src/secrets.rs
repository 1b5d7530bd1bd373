//! The keys that the orchestrator holds, and the checks that they are the database's own.

use std::sync::Arc;

use vault::{BlindIndex, CaseKey, ChannelKeys, MasterKey, SealingKey, Suite};

use crate::store::{self, Store};

/// The name of the sealed probe in the store's small values.
const PROBE: &str = "key-probe";
/// The name of the store's own wrapped key.
const OWN_KEY: &str = "own-key";

/// Why the keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store does not answer.
    #[error("read the keys' probe")]
    Store(#[source] store::Error),
    /// The database was made with another master key.
    #[error(
        "YJ-0105: 数据库不是用此主密钥建立的,已拒绝启动;请挂载原主密钥文件 · the database was made with another master key; mount the original key file"
    )]
    OtherKey,
    /// The store's own key does not open.
    #[error("open the store's own key")]
    Own(#[source] vault::Error),
}

/// The keys that the orchestrator holds.
pub struct Secrets {
    /// Wraps each case's key.
    pub master: MasterKey,
    /// The cipher that new payloads are sealed with.
    pub suite: Suite,
    /// One key per endpoint, under which case keys travel.
    pub channels: ChannelKeys,
    /// Equality search without clear text.
    pub blind: Arc<BlindIndex>,
    /// Seals what belongs to no case: dead letters, unmatched notices.
    pub own: SealingKey,
}

impl Secrets {
    /// Checks the master key against the database, or marks a new database with it.
    ///
    /// # Errors
    /// If the database has another key, or does not answer.
    pub async fn unlock(
        store: &dyn Store,
        master: MasterKey,
        suite: Suite,
        channels: ChannelKeys,
    ) -> Result<Self, Error> {
        match store.meta(PROBE).await.map_err(Error::Store)? {
            Some(probe) => master.check_probe(&probe).map_err(|_| Error::OtherKey)?,
            None => store.set_meta(PROBE, &master.probe(suite)).await.map_err(Error::Store)?,
        }
        let own = match store.meta(OWN_KEY).await.map_err(Error::Store)? {
            Some(wrapped) => master.unwrap(&wrapped).map_err(Error::Own)?,
            None => {
                let key = CaseKey::generate();
                store.set_meta(OWN_KEY, &master.wrap(suite, &key)).await.map_err(Error::Store)?;
                key
            }
        };
        let blind = Arc::new(master.blind_index());
        Ok(Self { own: own.for_storage(suite), master, suite, channels, blind })
    }
}
