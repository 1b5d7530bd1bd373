//! The ciphers and digests underneath are those of the standards: known answers.
#![allow(clippy::unwrap_used)]

use hmac::{Hmac, KeyInit, Mac};
use sm3::{Digest, Sm3};
use sm4::Sm4;
use sm4::cipher::{Array, BlockCipherDecrypt, BlockCipherEncrypt};

fn bytes(digits: &str) -> Vec<u8> {
    hex::decode(digits).unwrap()
}

#[test]
fn sm4_is_the_cipher_of_gm_t_0002() {
    // Otherwise nobody's certified equipment could read what we sealed. Example 1 of the standard.
    let key = bytes("0123456789abcdeffedcba9876543210");
    let cipher = Sm4::new_from_slice(&key).unwrap();
    let mut block = Array::try_from(key.as_slice()).unwrap();
    cipher.encrypt_block(&mut block);
    assert_eq!(hex::encode(block), "681edf34d206965e86b3e94f536e4246");
    cipher.decrypt_block(&mut block);
    assert_eq!(block.as_slice(), key);
}

#[test]
fn sm3_is_the_digest_of_gm_t_0004() {
    // Otherwise blind indexes and derived keys would rest on something that no standard vouches for.
    assert_eq!(hex::encode(Sm3::digest(b"abc")), "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0");
}

#[test]
fn hmac_sm3_is_the_construction_of_rfc_2104() {
    // Otherwise the blind index would be a digest with a key glued on, open to known attacks.
    let (key, message) = (b"a key", b"a message");
    let pad = |value: u8| -> Vec<u8> { (0..64).map(|index| key.get(index).copied().unwrap_or(0) ^ value).collect() };
    let inner = Sm3::digest([pad(0x36).as_slice(), message].concat());
    let outer = Sm3::digest([pad(0x5c).as_slice(), inner.as_slice()].concat());
    let mut mac = Hmac::<Sm3>::new_from_slice(key).unwrap();
    mac.update(message);
    assert_eq!(mac.finalize().into_bytes(), outer);
}

#[test]
fn sm4_gcm_is_the_mode_of_rfc_8998() {
    // Otherwise the mode, built here from a cipher and a generic construction, would be of our own making.
    // Appendix A.1 of RFC 8998.
    use aes_gcm::aead::consts::U12;
    use aes_gcm::aead::{Aead, Payload};

    let cipher = aes_gcm::AesGcm::<Sm4, U12>::new_from_slice(&bytes("0123456789abcdeffedcba9876543210")).unwrap();
    let nonce: [u8; 12] = bytes("00001234567800000000abcd").try_into().unwrap();
    let plain = bytes(concat!(
        "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccdddddddddddddddd",
        "eeeeeeeeeeeeeeeeffffffffffffffffeeeeeeeeeeeeeeeeaaaaaaaaaaaaaaaa",
    ));
    let associated = bytes("feedfacedeadbeeffeedfacedeadbeefabaddad2");
    let sealed = cipher.encrypt(&nonce.into(), Payload { msg: &plain, aad: &associated }).unwrap();
    assert_eq!(
        hex::encode(sealed),
        concat!(
            "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735",
            "d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d",
            "83de3541e4c2b58177e065a9bf7b62ec",
        )
    );
}
