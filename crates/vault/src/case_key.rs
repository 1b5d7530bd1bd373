//! The key of one case: whoever destroys its wrapped form makes every copy of that case unreadable.

use std::fmt;

use zeroize::Zeroizing;

use crate::derive::{SECRET_BYTES, Secret, random_secret};
use crate::{Error, SealingKey, Suite};

/// 32 random bytes from which the keys of one case are derived; stored only wrapped by the master key.
#[derive(Clone)]
pub struct CaseKey {
    secret: Secret,
}

impl CaseKey {
    /// A new key from the operating system's randomness.
    pub fn generate() -> Self {
        CaseKey { secret: random_secret() }
    }

    /// The key under which this case and one endpoint (a department of an area) talk, in both directions.
    ///
    /// The same for either suite in what it opens; `suite` says only with which it seals.
    pub fn for_endpoint(&self, suite: Suite, endpoint: &str) -> SealingKey {
        SealingKey::derived(suite, &self.secret, "case/endpoint", endpoint)
    }

    /// The key for what our own store keeps of this case. No endpoint, whatever its name, ever has this key.
    pub fn for_storage(&self, suite: Suite) -> SealingKey {
        SealingKey::derived(suite, &self.secret, "case/storage", "")
    }

    pub(crate) fn as_bytes(&self) -> &[u8; SECRET_BYTES] {
        &self.secret
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let secret = bytes.try_into().map_err(|_| Error::Damaged)?;
        Ok(CaseKey { secret: Zeroizing::new(secret) })
    }
}

impl fmt::Debug for CaseKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CaseKey(***)")
    }
}
