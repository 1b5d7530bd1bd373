//! What a message gateway can be asked: the seam between the adapter and the system.
//!
//! Every method is given the idempotency key of the call; called again with the same key the gateway sends nothing more
//! and answers the same, or with the receipt that has come since. [`Unknown`] is an outcome that is not known, never a
//! no.

use adapter::{Reply, Stopped, Unknown};
use async_trait::async_trait;

use crate::contract::{Message, SendMessageOutput};

/// A gateway through which text messages leave.
#[async_trait]
pub trait MessageGateway: Send + Sync + 'static {
    /// Queues a message; called again, tells its receipt. It must not leave the gateway after `not_after_ms`
    /// (milliseconds since 1970; 0: no such moment).
    async fn send(&self, key: &str, message: &Message, not_after_ms: i64) -> Result<Reply<SendMessageOutput>, Unknown>;
    /// Takes back the message queued under this key, as long as it has not left.
    async fn recall(&self, key: &str) -> Result<Stopped, Unknown>;
}
