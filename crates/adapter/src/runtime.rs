//! The runtime.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use bus::{Bus, Received};
use service::clock::Clock;
use tokio_util::sync::CancellationToken;
use vault::ChannelKeys;

use crate::{
    Department, Settings,
    inbox::{self, DeadLetter, Inbox, Outgoing},
};

/// A department's adapter at work.
pub struct Runtime {
    department: Department,
    endpoint: Arc<str>,
    keys: ChannelKeys,
    inbox: Arc<dyn Inbox>,
    clock: Arc<dyn Clock>,
    settings: Settings,
}

/// Why a runtime stops.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The inbox failed.
    #[error("use the inbox")]
    Inbox(#[from] inbox::Error),
}

impl Runtime {
    /// A runtime for the endpoint `<area>.<department>`.
    pub fn new(
        department: Department,
        endpoint: &str,
        keys: ChannelKeys,
        inbox: Arc<dyn Inbox>,
        clock: Arc<dyn Clock>,
        settings: Settings,
    ) -> Self {
        Self { department, endpoint: endpoint.into(), keys, inbox, clock, settings }
    }
    /// Handles a batch.
    pub async fn handle(&self, _batch: &[Received]) -> Result<Vec<Outgoing>, Error> {
        Ok(Vec::new())
    }
    /// Polls.
    pub async fn poll(&self) -> Result<Vec<Outgoing>, Error> {
        Ok(Vec::new())
    }
    /// Runs.
    pub async fn run(&self, _bus: Arc<dyn Bus>, _shutdown: CancellationToken) -> Result<(), Error> {
        Ok(())
    }
}
