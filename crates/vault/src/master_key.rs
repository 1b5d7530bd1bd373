//! The master key: wraps the case keys, answers whether a database is ours, and derives the blind index.
//!
//! It is a file of 64 hexadecimal digits that only its owner may read. In production it is a mounted secret and only
//! ever [loaded](MasterKey::load); the embedded default makes one on its first start.

use std::fmt;
use std::path::Path;

use zeroize::Zeroizing;

use crate::derive::{SECRET_BYTES, Secret, random_secret};
use crate::{BlindIndex, CaseKey, Error, SealingKey, Suite, secret_file};

const PROBE: &[u8] = b"yijian";

/// The one secret of an installation, 32 bytes. Losing it makes every case unreadable; there is no other way in.
pub struct MasterKey {
    secret: Secret,
    /// One per suite, of the same material: each opens what the other has wrapped.
    wrapping_sm4: SealingKey,
    wrapping_aes: SealingKey,
}

impl MasterKey {
    /// A new key from the operating system's randomness, kept nowhere else.
    pub fn generate() -> Self {
        MasterKey::from_secret(random_secret())
    }

    /// The key that these bytes are. They must be uniformly random; a password is not a key.
    pub fn from_bytes(bytes: [u8; SECRET_BYTES]) -> Self {
        MasterKey::from_secret(Zeroizing::new(bytes))
    }

    /// Reads a key file.
    ///
    /// # Errors
    /// [`Error::File`] if it cannot be read, [`Error::FileExposed`] if others than its owner have access,
    /// [`Error::FileMalformed`] if it is not 64 hexadecimal digits.
    pub fn load(path: &Path) -> Result<Self, Error> {
        let text = secret_file::read(path)?;
        let mut secret = Zeroizing::new([0; SECRET_BYTES]);
        hex::decode_to_slice(text.trim(), secret.as_mut_slice()).map_err(|_| Error::FileMalformed {
            path: path.to_owned(),
            reason: "a master key is 64 hexadecimal digits".to_owned(),
        })?;
        Ok(MasterKey::from_secret(secret))
    }

    /// Makes a new key and a new file for it, readable by its owner only.
    ///
    /// # Errors
    /// [`Error::File`] if it exists already (a key is never written over) or cannot be written.
    pub fn create(path: &Path) -> Result<Self, Error> {
        let key = MasterKey::generate();
        let text = Zeroizing::new(hex::encode(key.secret.as_slice()) + "\n");
        secret_file::create(path, &text)?;
        Ok(key)
    }

    /// Reads the key file, or makes it if there is none: for the embedded default only.
    ///
    /// # Errors
    /// As [`load`](Self::load) and [`create`](Self::create). A file that is there but unusable is never replaced.
    pub fn load_or_create(path: &Path) -> Result<Self, Error> {
        match MasterKey::create(path) {
            Err(Error::File { source, .. }) if source.kind() == std::io::ErrorKind::AlreadyExists => {
                MasterKey::load(path)
            }
            created_or_failed => created_or_failed,
        }
    }

    /// A sealed constant, to be stored once in a new database.
    pub fn probe(&self, suite: Suite) -> Vec<u8> {
        self.sealing("master/probe", suite).seal(&[], PROBE)
    }

    /// Says whether `probe` was made by this key, in either suite.
    ///
    /// # Errors
    /// [`Error::WrongKey`] if not, or if the probe is damaged; [`Error::UnknownSuite`] if a newer version made it.
    pub fn check_probe(&self, probe: &[u8]) -> Result<(), Error> {
        match self.sealing("master/probe", Suite::default()).open(&[], probe) {
            Ok(plain) if plain == PROBE => Ok(()),
            Err(error @ Error::UnknownSuite(_)) => Err(error),
            Ok(_) | Err(_) => Err(Error::WrongKey),
        }
    }

    /// The case's key, sealed for the store.
    pub fn wrap(&self, suite: Suite, case_key: &CaseKey) -> Vec<u8> {
        let wrapping = match suite {
            Suite::Sm4Gcm => &self.wrapping_sm4,
            Suite::Aes256Gcm => &self.wrapping_aes,
        };
        wrapping.seal(&[], case_key.as_bytes())
    }

    /// The case's key that [`wrap`](Self::wrap) sealed, in either suite.
    ///
    /// # Errors
    /// [`Error::Damaged`] or [`Error::UnknownSuite`].
    pub fn unwrap(&self, wrapped: &[u8]) -> Result<CaseKey, Error> {
        // The suite byte, where it can be read, picks the cipher that is already prepared.
        let wrapping = match wrapped.first().map(|byte| Suite::from_byte(*byte)).transpose()? {
            Some(Suite::Aes256Gcm) => &self.wrapping_aes,
            Some(Suite::Sm4Gcm) | None => &self.wrapping_sm4,
        };
        CaseKey::from_bytes(&Zeroizing::new(wrapping.open(&[], wrapped)?))
    }

    /// The blind index of this installation. Prepare it once and keep it.
    pub fn blind_index(&self) -> BlindIndex {
        BlindIndex::derived(&self.secret)
    }

    fn from_secret(secret: Secret) -> Self {
        let wrapping = |suite| SealingKey::derived(suite, &secret, "master/wrap", "");
        let (wrapping_sm4, wrapping_aes) = (wrapping(Suite::Sm4Gcm), wrapping(Suite::Aes256Gcm));
        MasterKey { secret, wrapping_sm4, wrapping_aes }
    }

    fn sealing(&self, purpose: &str, suite: Suite) -> SealingKey {
        SealingKey::derived(suite, &self.secret, purpose, "")
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(***)")
    }
}
