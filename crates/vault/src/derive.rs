//! HKDF-SM3 (RFC 5869 over GM/T 0004): how one secret becomes many that tell nothing of each other.
//!
//! Every purpose has an info string of its own, `yijian/<purpose>/v1/` and then its parameter. No purpose is the
//! beginning of another, and a purpose has at most one parameter, which comes last, so no two derivations collide.

use hkdf::Hkdf;
use rand::TryRngCore;
use rand::rngs::OsRng;
use sm3::Sm3;
use zeroize::Zeroizing;

/// Bytes of the secrets that others are derived from.
pub(crate) const SECRET_BYTES: usize = 32;

/// A secret that others are derived from; wiped when dropped.
pub(crate) type Secret = Zeroizing<[u8; SECRET_BYTES]>;

/// Derives `N` bytes for `purpose` and `parameter`.
///
/// The extract step of HKDF is left out, as RFC 5869 §3.3 allows: every secret here is uniformly random already.
pub(crate) fn derive<const N: usize>(
    secret: &[u8; SECRET_BYTES],
    purpose: &str,
    parameter: &str,
) -> Zeroizing<[u8; N]> {
    let mut output = Zeroizing::new([0; N]);
    Hkdf::<Sm3>::from_prk(secret)
        .expect("a secret is as long as an SM3 digest")
        .expand_multi_info(&[b"yijian/", purpose.as_bytes(), b"/v1/", parameter.as_bytes()], output.as_mut_slice())
        .expect("a few keys are far below HKDF's limit of 255 digests");
    output
}

/// A new secret from the operating system's randomness.
pub(crate) fn random_secret() -> Secret {
    let mut secret = Zeroizing::new([0; SECRET_BYTES]);
    OsRng.try_fill_bytes(secret.as_mut_slice()).expect("the operating system gives randomness once it has booted");
    secret
}
