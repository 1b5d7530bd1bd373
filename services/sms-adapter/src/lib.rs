//! The message gateway (短信): sends a text at most once, and answers with its receipt.
//!
//! How the gateway is reached is a [`MessageGateway`]; by default a [simulated](simulated) one. The contract in words,
//! with codes and times: `README.md`.

pub mod contract;

mod gateway;

pub mod simulated;

use std::sync::Arc;

use adapter::{Adapter, Call, Department, Reply, Stopped, Unknown};

use crate::contract::{SendMessage, SendMessageOutput};
pub use crate::gateway::MessageGateway;

type System = Arc<dyn MessageGateway>;

/// 短信. Nothing undoes a message that has left; one that is still queued may be recalled.
pub fn adapter(gateway: System) -> Department {
    Adapter::for_department("sms").remote("SendMessage", send).stopped_by(recall).serving(gateway)
}

async fn send(gateway: &System, request: SendMessage, call: Call) -> Result<Reply<SendMessageOutput>, Unknown> {
    gateway.send(call.id(), &request.message, call.not_after_ms()).await
}

async fn recall(gateway: &System, _: SendMessage, call: Call) -> Result<Stopped, Unknown> {
    gateway.recall(call.id()).await
}
