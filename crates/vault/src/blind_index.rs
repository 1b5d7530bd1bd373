//! Equality search over personal values that the database never sees: HMAC-SM3 under a derived key.
//!
//! A plain digest of an ID number is reversed by trying all of them in minutes; without the key this is not.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sm3::Sm3;

use crate::derive::{SECRET_BYTES, derive};

/// Computes the blind index of values. Cloning is cheap; the key is prepared once.
///
/// Whoever can read the database sees that two rows have the same value, and nothing of what it is.
#[derive(Clone)]
pub struct BlindIndex {
    prepared: Hmac<Sm3>,
}

impl BlindIndex {
    pub(crate) fn derived(secret: &[u8; SECRET_BYTES]) -> Self {
        let key = derive::<SECRET_BYTES>(secret, "master/blind-index", "");
        BlindIndex { prepared: Hmac::new_from_slice(key.as_slice()).expect("HMAC takes a key of any length") }
    }

    /// The index of a value of a kind (`id-number`, `certificate`, …), normalised by the caller so that equal things
    /// are equal text. The same text under another kind has an unrelated index.
    pub fn of(&self, kind: &str, normalised: &str) -> [u8; 32] {
        let mut mac = self.prepared.clone();
        // The length first: no kind and value can run together into another kind and value.
        mac.update(&(kind.len() as u64).to_be_bytes());
        mac.update(kind.as_bytes());
        mac.update(normalised.as_bytes());
        mac.finalize().into_bytes().into()
    }
}

impl fmt::Debug for BlindIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BlindIndex(***)")
    }
}
