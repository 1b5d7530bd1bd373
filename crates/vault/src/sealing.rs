//! Seals and opens bytes with authenticated encryption; the one place where ciphers run.
//!
//! Sealed form: `[suite 1][nonce 12][ciphertext][tag 16]`.
//!
//! The nonce is 96 random bits for each message. Under one key a repeated nonce would betray the two messages and
//! allow forgeries, so the number of messages per key matters: NIST SP 800-38D allows 2^32 for a chance of repetition
//! below 2^-32. A sealing key belongs to one case and one endpoint and seals some tens of messages in its life; a
//! channel or master key seals once per case and endpoint, and rotates long before a milliard.

use std::fmt;
use std::sync::Arc;

use aes_gcm::aead::consts::U12;
use aes_gcm::aead::inout::InOutBuf;
use aes_gcm::{AeadInOut, Aes256Gcm, AesGcm, KeyInit, Nonce, Tag};
use rand::RngCore;
use sm4::Sm4;
use zeroize::Zeroizing;

use crate::derive::{SECRET_BYTES, derive};
use crate::{Error, Suite};

const NONCE_BYTES: usize = 12;
const TAG_BYTES: usize = 16;
const HEADER_BYTES: usize = 1 + NONCE_BYTES;

const SM4_KEY_BYTES: usize = 16;
const AES_KEY_BYTES: usize = 32;

/// Bytes of key material in a [`SealingKey`]: an SM4 key, then an AES-256 key, independent of each other.
pub(crate) const MATERIAL_BYTES: usize = SM4_KEY_BYTES + AES_KEY_BYTES;

type Sm4Gcm = AesGcm<Sm4, U12>;

/// Seals with one suite and opens what either suite has sealed.
///
/// Key set-up is done once, here: keep the key while it is in use. Cloning shares it.
#[derive(Clone)]
pub struct SealingKey {
    inner: Arc<Inner>,
}

struct Inner {
    suite: Suite,
    /// Kept for wrapping, and for opening what the other suite has sealed.
    material: Zeroizing<[u8; MATERIAL_BYTES]>,
    prepared: Cipher,
}

/// A cipher with its round keys computed.
enum Cipher {
    Sm4Gcm(Box<Sm4Gcm>),
    Aes256Gcm(Box<Aes256Gcm>),
}

impl SealingKey {
    pub(crate) fn from_material(suite: Suite, material: Zeroizing<[u8; MATERIAL_BYTES]>) -> Self {
        let prepared = Cipher::prepare(suite, &material);
        SealingKey { inner: Arc::new(Inner { suite, material, prepared }) }
    }

    pub(crate) fn derived(suite: Suite, secret: &[u8; SECRET_BYTES], purpose: &str, parameter: &str) -> Self {
        SealingKey::from_material(suite, derive(secret, purpose, parameter))
    }

    /// The suite it seals with.
    pub fn suite(&self) -> Suite {
        self.inner.suite
    }

    /// Seals `plain`, bound to `associated`: who opens it must name the same associated data, which is not stored.
    ///
    /// # Panics
    /// If `plain` is longer than 64 GiB, which the limits at the edge rule out.
    pub fn seal(&self, associated: &[u8], plain: &[u8]) -> Vec<u8> {
        let mut nonce = [0; NONCE_BYTES];
        rand::rng().fill_bytes(&mut nonce);

        let mut sealed = Vec::with_capacity(HEADER_BYTES + plain.len() + TAG_BYTES);
        sealed.push(self.inner.suite.byte());
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(plain);
        let tag = self.inner.prepared.encrypt(&nonce, associated, &mut sealed[HEADER_BYTES..]);
        sealed.extend_from_slice(&tag);
        sealed
    }

    /// Opens what [`seal`](Self::seal) made of the same associated data, in either suite.
    ///
    /// # Errors
    /// [`Error::Damaged`] if anything differs from what was sealed, [`Error::UnknownSuite`] if the suite is unknown.
    pub fn open(&self, associated: &[u8], sealed: &[u8]) -> Result<Vec<u8>, Error> {
        let (header, body) = sealed.split_at_checked(HEADER_BYTES).ok_or(Error::Damaged)?;
        let (suite_byte, nonce) = header.split_first().ok_or(Error::Damaged)?;
        let (ciphertext, tag) = body.split_last_chunk::<TAG_BYTES>().ok_or(Error::Damaged)?;
        let nonce = nonce.first_chunk::<NONCE_BYTES>().ok_or(Error::Damaged)?;
        let suite = Suite::from_byte(*suite_byte)?;

        let mut plain = ciphertext.to_vec();
        if suite == self.inner.suite {
            self.inner.prepared.decrypt(nonce, associated, &mut plain, tag)?;
        } else {
            Cipher::prepare(suite, &self.inner.material).decrypt(nonce, associated, &mut plain, tag)?;
        }
        Ok(plain)
    }

    /// This key as bytes, to be sealed at once by another.
    pub(crate) fn to_bytes(&self) -> Zeroizing<[u8; 1 + MATERIAL_BYTES]> {
        let mut bytes = Zeroizing::new([0; 1 + MATERIAL_BYTES]);
        bytes[0] = self.inner.suite.byte();
        bytes[1..].copy_from_slice(self.inner.material.as_slice());
        bytes
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let (suite_byte, material) = bytes.split_first().ok_or(Error::Damaged)?;
        let material = <[u8; MATERIAL_BYTES]>::try_from(material).map_err(|_| Error::Damaged)?;
        Ok(SealingKey::from_material(Suite::from_byte(*suite_byte)?, Zeroizing::new(material)))
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealingKey({}, ***)", self.inner.suite)
    }
}

impl Cipher {
    fn prepare(suite: Suite, material: &[u8; MATERIAL_BYTES]) -> Self {
        let (sm4_key, aes_key) = material.split_at(SM4_KEY_BYTES);
        match suite {
            Suite::Sm4Gcm => Cipher::Sm4Gcm(Box::new(
                Sm4Gcm::new_from_slice(sm4_key).expect("the material begins with an SM4 key of 16 bytes"),
            )),
            Suite::Aes256Gcm => Cipher::Aes256Gcm(Box::new(
                Aes256Gcm::new_from_slice(aes_key).expect("the material ends with an AES-256 key of 32 bytes"),
            )),
        }
    }

    fn encrypt(&self, nonce: &[u8; NONCE_BYTES], associated: &[u8], buffer: &mut [u8]) -> [u8; TAG_BYTES] {
        let nonce = Nonce::<U12>::from(*nonce);
        let buffer = InOutBuf::from(buffer);
        match self {
            Cipher::Sm4Gcm(cipher) => cipher.encrypt_inout_detached(&nonce, associated, buffer),
            Cipher::Aes256Gcm(cipher) => cipher.encrypt_inout_detached(&nonce, associated, buffer),
        }
        .expect("a message is shorter than the 64 GiB that the mode allows")
        .into()
    }

    fn decrypt(
        &self,
        nonce: &[u8; NONCE_BYTES],
        associated: &[u8],
        buffer: &mut [u8],
        tag: &[u8; TAG_BYTES],
    ) -> Result<(), Error> {
        let nonce = Nonce::<U12>::from(*nonce);
        let tag = Tag::from(*tag);
        let buffer = InOutBuf::from(buffer);
        match self {
            Cipher::Sm4Gcm(cipher) => cipher.decrypt_inout_detached(&nonce, associated, buffer, &tag),
            Cipher::Aes256Gcm(cipher) => cipher.decrypt_inout_detached(&nonce, associated, buffer, &tag),
        }
        .map_err(|_| Error::Damaged)
    }
}
