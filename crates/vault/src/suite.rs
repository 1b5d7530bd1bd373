//! Which cipher seals: the first byte of everything sealed, so that both suites can be read side by side.

use std::fmt;
use std::str::FromStr;

use crate::Error;

/// An authenticated cipher. Both use a 96-bit nonce and a 128-bit tag.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Suite {
    /// SM4 (GM/T 0002, 128-bit key) in Galois/Counter mode: what Chinese government systems are asked to use.
    #[default]
    Sm4Gcm,
    /// AES-256 in Galois/Counter mode, several times faster where the processor has instructions for it.
    Aes256Gcm,
}

impl Suite {
    /// The byte that stands for this suite in sealed bytes. Never to be reassigned: stored data depends on it.
    pub(crate) fn byte(self) -> u8 {
        match self {
            Suite::Sm4Gcm => 1,
            Suite::Aes256Gcm => 2,
        }
    }

    pub(crate) fn from_byte(byte: u8) -> Result<Self, Error> {
        match byte {
            1 => Ok(Suite::Sm4Gcm),
            2 => Ok(Suite::Aes256Gcm),
            other => Err(Error::UnknownSuite(format!("0x{other:02x}"))),
        }
    }
}

/// `sm4` or `aes`, as [`FromStr`] reads it.
impl fmt::Display for Suite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Suite::Sm4Gcm => "sm4",
            Suite::Aes256Gcm => "aes",
        })
    }
}

impl FromStr for Suite {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text {
            "sm4" => Ok(Suite::Sm4Gcm),
            "aes" => Ok(Suite::Aes256Gcm),
            other => Err(Error::UnknownSuite(other.to_owned())),
        }
    }
}
