//! Listening for this machine alone, as long as operators do not sign in.

use std::net::SocketAddr;

use crate::error_code::{ErrorCode, NOT_LOOPBACK};

/// The address can be reached from other machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{NOT_LOOPBACK} 拒绝在 {address} 上监听:操作人员尚无登录验证,只能使用本机地址(如 127.0.0.1 或 [::1])。\n\
     refusing to listen on {address}: operators do not sign in yet, so only an address of this machine itself is allowed \
     (127.0.0.1 or [::1]); see {}",
    NOT_LOOPBACK.page()
)]
pub struct Error {
    /// The address that was asked for.
    pub address: SocketAddr,
}

impl Error {
    /// `YJ-0102`.
    pub fn code(&self) -> ErrorCode {
        NOT_LOOPBACK
    }
}

/// Refuses an address that other machines can reach.
pub fn require(address: SocketAddr) -> Result<(), Error> {
    if address.ip().to_canonical().is_loopback() { Ok(()) } else { Err(Error { address }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// If this fails, anyone on the network can freeze a family's case.
    #[test]
    fn only_addresses_of_this_machine_are_allowed() {
        for own in ["127.0.0.1:7070", "127.8.9.1:0", "[::1]:7070", "[::ffff:127.0.0.1]:7070"] {
            assert_eq!(require(own.parse().expect("an address")), Ok(()), "{own}");
        }
        for other in ["0.0.0.0:7070", "10.0.0.1:7070", "[::]:7070", "[fe80::1]:7070", "[::ffff:10.0.0.1]:7070"] {
            let error = require(other.parse().expect("an address")).expect_err(other);
            assert!(error.to_string().starts_with("YJ-0102 ") && error.to_string().contains(other), "{error}");
        }
    }
}
