//! SM4 (GM/T 0002) on several blocks side by side.
//!
//! Counter mode encrypts blocks that do not depend on one another, but each block is a chain of 32 rounds, and a
//! processor that is given one block after the other waits for each round. Eight chains side by side keep it busy: three
//! to four times as many bytes a second as one at a time. Only encryption is here, since Galois/Counter mode needs
//! nothing else. The same answers as the `sm4` crate are proved by a test.
//!
//! As there, lookups depend on the data: who shares the core and can time its cache may learn something of a key. The
//! hosts that run this are not shared with strangers.

use aes_gcm::KeyInit;
use aes_gcm::aead::inout::InOut;
use aes_gcm::aes::cipher::{
    Block, BlockCipherEncBackend, BlockCipherEncClosure, BlockCipherEncrypt, BlockSizeUser, Key, KeySizeUser,
    ParBlocks, ParBlocksSizeUser,
    consts::{U8, U16},
};
use zeroize::Zeroize;

/// Blocks side by side. Each needs four words in registers or on the stack; more than eight are slower again.
const WIDTH: usize = 8;

/// The words that the key is first combined with (FK).
const SYSTEM: [u32; 4] = [0xa3b1_bac6, 0x56aa_3350, 0x677d_9197, 0xb270_22dc];

/// The substitution of the standard.
#[rustfmt::skip]
const SUBSTITUTION: [u8; 256] = [
    0xd6, 0x90, 0xe9, 0xfe, 0xcc, 0xe1, 0x3d, 0xb7, 0x16, 0xb6, 0x14, 0xc2, 0x28, 0xfb, 0x2c, 0x05,
    0x2b, 0x67, 0x9a, 0x76, 0x2a, 0xbe, 0x04, 0xc3, 0xaa, 0x44, 0x13, 0x26, 0x49, 0x86, 0x06, 0x99,
    0x9c, 0x42, 0x50, 0xf4, 0x91, 0xef, 0x98, 0x7a, 0x33, 0x54, 0x0b, 0x43, 0xed, 0xcf, 0xac, 0x62,
    0xe4, 0xb3, 0x1c, 0xa9, 0xc9, 0x08, 0xe8, 0x95, 0x80, 0xdf, 0x94, 0xfa, 0x75, 0x8f, 0x3f, 0xa6,
    0x47, 0x07, 0xa7, 0xfc, 0xf3, 0x73, 0x17, 0xba, 0x83, 0x59, 0x3c, 0x19, 0xe6, 0x85, 0x4f, 0xa8,
    0x68, 0x6b, 0x81, 0xb2, 0x71, 0x64, 0xda, 0x8b, 0xf8, 0xeb, 0x0f, 0x4b, 0x70, 0x56, 0x9d, 0x35,
    0x1e, 0x24, 0x0e, 0x5e, 0x63, 0x58, 0xd1, 0xa2, 0x25, 0x22, 0x7c, 0x3b, 0x01, 0x21, 0x78, 0x87,
    0xd4, 0x00, 0x46, 0x57, 0x9f, 0xd3, 0x27, 0x52, 0x4c, 0x36, 0x02, 0xe7, 0xa0, 0xc4, 0xc8, 0x9e,
    0xea, 0xbf, 0x8a, 0xd2, 0x40, 0xc7, 0x38, 0xb5, 0xa3, 0xf7, 0xf2, 0xce, 0xf9, 0x61, 0x15, 0xa1,
    0xe0, 0xae, 0x5d, 0xa4, 0x9b, 0x34, 0x1a, 0x55, 0xad, 0x93, 0x32, 0x30, 0xf5, 0x8c, 0xb1, 0xe3,
    0x1d, 0xf6, 0xe2, 0x2e, 0x82, 0x66, 0xca, 0x60, 0xc0, 0x29, 0x23, 0xab, 0x0d, 0x53, 0x4e, 0x6f,
    0xd5, 0xdb, 0x37, 0x45, 0xde, 0xfd, 0x8e, 0x2f, 0x03, 0xff, 0x6a, 0x72, 0x6d, 0x6c, 0x5b, 0x51,
    0x8d, 0x1b, 0xaf, 0x92, 0xbb, 0xdd, 0xbc, 0x7f, 0x11, 0xd9, 0x5c, 0x41, 0x1f, 0x10, 0x5a, 0xd8,
    0x0a, 0xc1, 0x31, 0x88, 0xa5, 0xcd, 0x7b, 0xbd, 0x2d, 0x74, 0xd0, 0x12, 0xb8, 0xe5, 0xb4, 0xb0,
    0x89, 0x69, 0x97, 0x4a, 0x0c, 0x96, 0x77, 0x7e, 0x65, 0xb9, 0xf1, 0x09, 0xc5, 0x6e, 0xc6, 0x84,
    0x18, 0xf0, 0x7d, 0xec, 0x3a, 0xdc, 0x4d, 0x20, 0x79, 0xee, 0x5f, 0x3e, 0xd7, 0xcb, 0x39, 0x48,
];

/// Substitution and diffusion of the highest byte of a word at once; the other bytes are the same, rotated.
const MIXED: [u32; 256] = {
    let mut mixed = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let word = (SUBSTITUTION[byte] as u32) << 24;
        mixed[byte] = word ^ word.rotate_left(2) ^ word.rotate_left(10) ^ word.rotate_left(18) ^ word.rotate_left(24);
        byte += 1;
    }
    mixed
};

/// An SM4 key, ready for use; wiped when dropped.
pub(crate) struct Sm4 {
    rounds: [u32; 32],
}

impl Drop for Sm4 {
    fn drop(&mut self) {
        self.rounds.zeroize();
    }
}

impl KeySizeUser for Sm4 {
    type KeySize = U16;
}

impl KeyInit for Sm4 {
    fn new(key: &Key<Self>) -> Self {
        let mut words = words_of(key);
        for (word, system) in words.iter_mut().zip(SYSTEM) {
            *word ^= system;
        }
        let mut rounds = [0; 32];
        for (round, place) in rounds.iter_mut().zip(0_u32..) {
            // The round's constant (CK): its bytes are the multiples of seven, one after the other.
            let constant = u32::from_be_bytes([0, 1, 2, 3].map(|byte| (((4 * place + byte) * 7) & 0xff) as u8));
            let mixed = (words[1] ^ words[2] ^ words[3] ^ constant).to_be_bytes();
            let mixed = u32::from_be_bytes(mixed.map(|byte| SUBSTITUTION[usize::from(byte)]));
            let next = words[0] ^ mixed ^ mixed.rotate_left(13) ^ mixed.rotate_left(23);
            words = [words[1], words[2], words[3], next];
            *round = next;
        }
        words.zeroize();
        Self { rounds }
    }
}

impl BlockSizeUser for Sm4 {
    type BlockSize = U16;
}

impl ParBlocksSizeUser for Sm4 {
    type ParBlocksSize = U8;
}

impl BlockCipherEncrypt for Sm4 {
    fn encrypt_with_backend(&self, f: impl BlockCipherEncClosure<BlockSize = U16>) {
        f.call(self);
    }
}

impl BlockCipherEncBackend for Sm4 {
    fn encrypt_block(&self, mut block: InOut<'_, '_, Block<Self>>) {
        let [out] = self.encrypt([words_of(block.get_in())]);
        write(block.get_out(), out);
    }

    fn encrypt_par_blocks(&self, mut blocks: InOut<'_, '_, ParBlocks<Self>>) {
        let given = blocks.get_in();
        let mut words = [[0; 4]; WIDTH];
        for (words, block) in words.iter_mut().zip(given) {
            *words = words_of(block);
        }
        let encrypted = self.encrypt(words);
        for (block, words) in blocks.get_out().iter_mut().zip(encrypted) {
            write(block, words);
        }
    }
}

impl Sm4 {
    #[inline(always)]
    fn encrypt<const N: usize>(&self, blocks: [[u32; 4]; N]) -> [[u32; 4]; N] {
        // Word by word instead of block by block, so that one round of all blocks stands side by side.
        let mut words = [[0; N]; 4];
        for (place, block) in blocks.iter().enumerate() {
            for (word, given) in words.iter_mut().zip(block) {
                word[place] = *given;
            }
        }
        for four in self.rounds.chunks_exact(4) {
            let [mut a, mut b, mut c, mut d] = words;
            for place in 0..N {
                a[place] ^= mix(b[place] ^ c[place] ^ d[place] ^ four[0]);
            }
            for place in 0..N {
                b[place] ^= mix(c[place] ^ d[place] ^ a[place] ^ four[1]);
            }
            for place in 0..N {
                c[place] ^= mix(d[place] ^ a[place] ^ b[place] ^ four[2]);
            }
            for place in 0..N {
                d[place] ^= mix(a[place] ^ b[place] ^ c[place] ^ four[3]);
            }
            words = [a, b, c, d];
        }
        let mut encrypted = [[0; 4]; N];
        for (place, block) in encrypted.iter_mut().enumerate() {
            *block = [words[3][place], words[2][place], words[1][place], words[0][place]];
        }
        encrypted
    }
}

/// Substitution and diffusion of one word.
#[inline(always)]
fn mix(word: u32) -> u32 {
    let [a, b, c, d] = word.to_be_bytes().map(usize::from);
    MIXED[a] ^ MIXED[b].rotate_right(8) ^ MIXED[c].rotate_right(16) ^ MIXED[d].rotate_right(24)
}

#[inline(always)]
fn words_of(block: &[u8]) -> [u32; 4] {
    let word = |at: usize| u32::from_be_bytes([block[at], block[at + 1], block[at + 2], block[at + 3]]);
    [word(0), word(4), word(8), word(12)]
}

#[inline(always)]
fn write(block: &mut [u8], words: [u32; 4]) {
    for (bytes, word) in block.chunks_exact_mut(4).zip(words) {
        bytes.copy_from_slice(&word.to_be_bytes());
    }
}

#[cfg(test)]
mod tests {
    use aes_gcm::aes::cipher::Array;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// If this fails, what we seal is not SM4, and nobody else can open it.
        #[test]
        fn it_answers_as_the_plain_cipher_does(
            key in any::<[u8; 16]>(),
            blocks in prop::collection::vec(any::<[u8; 16]>(), 0..40),
        ) {
            let (wide, plain) = (Sm4::new(&key.into()), sm4::Sm4::new(&key.into()));
            let mut by_wide: Vec<Array<u8, U16>> = blocks.iter().map(|block| (*block).into()).collect();
            let mut by_plain = by_wide.clone();
            wide.encrypt_blocks(&mut by_wide);
            plain.encrypt_blocks(&mut by_plain);
            prop_assert_eq!(by_wide, by_plain);
        }
    }
}
