//! The channel keys that one process holds, by id, and the file they live in.
//!
//! Keys rotate by addition: the newest key of an endpoint wraps, the older ones go on opening what they wrapped. The
//! orchestrator holds all of them; an adapter is given the [subset](ChannelKeys::only) of its own endpoint.

use std::path::Path;

use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::derive::SECRET_BYTES;
use crate::{ChannelKey, Error, secret_file};

/// Channel keys, oldest first.
#[derive(Clone, Debug, Default)]
pub struct ChannelKeys {
    keys: Vec<ChannelKey>,
}

/// The file: `[[key]]` tables, oldest first.
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    key: Vec<Entry>,
}

#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    endpoint: String,
    secret: String,
}

impl ChannelKeys {
    /// New keys, one for each endpoint, kept in no file.
    pub fn generate(endpoints: &[&str]) -> Self {
        let mut keys = ChannelKeys::default();
        keys.add_missing(endpoints);
        keys
    }

    /// Reads a key file.
    ///
    /// # Errors
    /// [`Error::File`] if it cannot be read, [`Error::FileExposed`] if others than its owner have access,
    /// [`Error::FileMalformed`] if it does not hold channel keys, or one whose secret is not the one its id names.
    pub fn load(path: &Path) -> Result<Self, Error> {
        let text = secret_file::read(path)?;
        let malformed = |reason: String| Error::FileMalformed { path: path.to_owned(), reason };
        // The parser's own message quotes the line it stumbled over, which may hold a secret.
        let file: File = toml::from_str(&text)
            .map_err(|_| malformed("expected [[key]] tables with id, endpoint and secret".to_owned()))?;

        let mut keys = ChannelKeys::default();
        for (index, entry) in file.key.iter().enumerate() {
            let mut secret = Zeroizing::new([0; SECRET_BYTES]);
            hex::decode_to_slice(&entry.secret, secret.as_mut_slice())
                .map_err(|_| malformed(format!("the secret of key {} is not 64 hexadecimal digits", index + 1)))?;
            let key = ChannelKey::from_secret(&entry.endpoint, secret);
            if key.id() != entry.id {
                return Err(malformed(format!("the id of key {} is not that of its secret and endpoint", index + 1)));
            }
            keys.keys.push(key);
        }
        Ok(keys)
    }

    /// Reads the key file, making it if there is none, and adds a key for each endpoint that has none yet.
    ///
    /// For the embedded default; two processes must not do this on one file at the same time (the data folder's lock
    /// sees to that).
    ///
    /// # Errors
    /// As [`load`](Self::load) and [`save`](Self::save). A file that is there but unusable is never replaced.
    pub fn load_or_create(path: &Path, endpoints: &[&str]) -> Result<Self, Error> {
        let mut keys = match ChannelKeys::load(path) {
            Ok(keys) => keys,
            Err(Error::File { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => ChannelKeys::default(),
            Err(error) => return Err(error),
        };
        if keys.add_missing(endpoints) {
            keys.save(path)?;
        }
        Ok(keys)
    }

    /// The key of this id, current or not.
    pub fn get(&self, id: &str) -> Option<&ChannelKey> {
        self.keys.iter().find(|key| key.id() == id)
    }

    /// The endpoint's newest key, under which to wrap.
    pub fn current_for(&self, endpoint: &str) -> Option<&ChannelKey> {
        self.keys.iter().rev().find(|key| key.endpoint() == endpoint)
    }

    /// Adds a new key for the endpoint and makes it current; the older ones still open. Not kept until
    /// [saved](Self::save): give the file to the adapter first, then let the orchestrator wrap under the new key.
    pub fn rotate(&mut self, endpoint: &str) -> &ChannelKey {
        let position = self.keys.len();
        self.keys.push(ChannelKey::generate(endpoint));
        &self.keys[position]
    }

    /// The keys that the adapter of this endpoint may hold.
    pub fn only(&self, endpoint: &str) -> ChannelKeys {
        ChannelKeys { keys: self.keys.iter().filter(|key| key.endpoint() == endpoint).cloned().collect() }
    }

    /// Writes the key file, readable by its owner only, in place of the one that may be there: after a crash there is
    /// the old file or the new one, whole.
    ///
    /// # Errors
    /// [`Error::File`] if it cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), Error> {
        let key = self.keys.iter().map(Entry::of).collect();
        let text = Zeroizing::new(toml::to_string(&File { key }).expect("three strings are TOML"));
        secret_file::replace(path, &text)
    }

    /// Whether a key was added.
    fn add_missing(&mut self, endpoints: &[&str]) -> bool {
        let before = self.keys.len();
        for endpoint in endpoints {
            if self.current_for(endpoint).is_none() {
                self.rotate(endpoint);
            }
        }
        self.keys.len() > before
    }
}

impl Entry {
    fn of(key: &ChannelKey) -> Self {
        Entry { id: key.id().to_owned(), endpoint: key.endpoint().to_owned(), secret: hex::encode(key.as_bytes()) }
    }
}
