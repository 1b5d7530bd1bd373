//! What can go wrong with keys and sealed bytes, in words that show neither.

use std::path::PathBuf;

/// A failure to open, to unwrap, or to read or write a key file. No variant holds key or clear text.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The probe was sealed by another key: this database, or this channel, belongs to another installation.
    #[error("sealed with another key")]
    WrongKey,

    /// The bytes are not what was sealed: changed, cut, sealed for another purpose, or by another key. Authenticated
    /// encryption cannot tell these apart, so neither does this.
    #[error("sealed bytes do not open: damaged, or sealed for another purpose or by another key")]
    Damaged,

    /// A cipher suite that this version does not know, by the byte or the name that stood for it.
    #[error("unknown cipher suite {0}: known are sm4 and aes")]
    UnknownSuite(String),

    /// A key file could not be read or written.
    #[error("{attempt} key file {path}")]
    File {
        /// What was being attempted: `read`, `create` or `replace`.
        attempt: &'static str,
        /// Which file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },

    /// A key file that others than its owner may read or write; whoever could read it must be assumed to have done so.
    #[error("key file {path} has mode {mode:04o}: only its owner may have access (chmod 600)")]
    FileExposed {
        /// Which file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },

    /// A key file that does not hold keys.
    #[error("key file {path} is malformed: {reason}")]
    FileMalformed {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it, without quoting it.
        reason: String,
    },
}
