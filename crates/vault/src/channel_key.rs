//! The key of one channel: what the orchestrator and the adapter of one endpoint share.

use std::fmt;

use zeroize::Zeroizing;

use crate::derive::{SECRET_BYTES, Secret, derive, random_secret};
use crate::{Error, SealingKey, Suite};

/// Bytes of a key's id before they are written as hexadecimal digits: enough that two keys never share one by chance.
const ID_BYTES: usize = 8;

/// A secret that the orchestrator shares with one endpoint, under which the case's key for that endpoint travels.
#[derive(Clone)]
pub struct ChannelKey {
    id: String,
    endpoint: String,
    secret: Secret,
    /// One per suite, of the same material: each opens what the other has wrapped.
    wrapping_sm4: SealingKey,
    wrapping_aes: SealingKey,
    sealing: SealingKey,
}

impl ChannelKey {
    /// A new key for an endpoint (`anhui.police`), from the operating system's randomness.
    pub fn generate(endpoint: &str) -> Self {
        ChannelKey::from_secret(endpoint, random_secret())
    }

    /// The key's name, 16 hexadecimal digits, which envelopes carry in clear.
    ///
    /// Derived from the secret and the endpoint: a key file with a right id and a wrong secret cannot be.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The endpoint whose channel this is.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Seals a case's key for this endpoint, in the suite of that key, to travel in the envelope.
    pub fn wrap(&self, key: &SealingKey) -> Vec<u8> {
        let wrapping = match key.suite() {
            Suite::Sm4Gcm => &self.wrapping_sm4,
            Suite::Aes256Gcm => &self.wrapping_aes,
        };
        wrapping.seal(&[], key.to_bytes().as_slice())
    }

    /// The key that [`wrap`](Self::wrap) sealed; it seals in the suite that the sender had chosen.
    ///
    /// # Errors
    /// [`Error::Damaged`] or [`Error::UnknownSuite`].
    pub fn unwrap(&self, wrapped: &[u8]) -> Result<SealingKey, Error> {
        // The suite byte, where it can be read, picks the cipher that is already prepared.
        let wrapping = match wrapped.first().map(|byte| Suite::from_byte(*byte)).transpose()? {
            Some(Suite::Aes256Gcm) => &self.wrapping_aes,
            Some(Suite::Sm4Gcm) | None => &self.wrapping_sm4,
        };
        SealingKey::from_bytes(&Zeroizing::new(wrapping.open(&[], wrapped)?))
    }

    /// Seals bytes that belong to no case yet, a notice for instance, in the default suite.
    pub fn seal(&self, associated: &[u8], plain: &[u8]) -> Vec<u8> {
        self.sealing.seal(associated, plain)
    }

    /// Opens what [`seal`](Self::seal) sealed.
    ///
    /// # Errors
    /// [`Error::Damaged`] or [`Error::UnknownSuite`].
    pub fn open(&self, associated: &[u8], sealed: &[u8]) -> Result<Vec<u8>, Error> {
        self.sealing.open(associated, sealed)
    }

    pub(crate) fn from_secret(endpoint: &str, secret: Secret) -> Self {
        let wrapping = |suite| SealingKey::derived(suite, &secret, "channel/wrap", endpoint);
        let (wrapping_sm4, wrapping_aes) = (wrapping(Suite::Sm4Gcm), wrapping(Suite::Aes256Gcm));
        ChannelKey {
            id: hex::encode(derive::<ID_BYTES>(&secret, "channel/id", endpoint).as_slice()),
            endpoint: endpoint.to_owned(),
            wrapping_sm4,
            wrapping_aes,
            sealing: SealingKey::derived(Suite::default(), &secret, "channel/seal", endpoint),
            secret,
        }
    }

    pub(crate) fn as_bytes(&self) -> &[u8; SECRET_BYTES] {
        &self.secret
    }
}

impl fmt::Debug for ChannelKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ChannelKey({}, {}, ***)", self.id, self.endpoint)
    }
}
