//! The gRPC door: `yijian.v1.Applications` for the government platform, `yijian.v1.Operations` for operators.
//!
//! ```text
//!   call ──> parse ──> Work ──> Handle (bounded) ──> coordinator ──> Done ──> view ──> answer
//!                        └── reads: Store, Watchers ────────────────────────────┘
//! ```
//!
//! It reads through the store and acts through the coordinator; it decides nothing about a saga. Whom it listens to is
//! not decided here either: operators do not sign in yet, so the address is checked to be this machine's own before a
//! listener reaches [`serve`]. The platform has authenticated its people and vouches for them.

use std::{sync::Arc, time::Duration};

use futures::StreamExt;
use policy::Packs;
use proto::v1::{applications_server::ApplicationsServer, operations_server::OperationsServer};
use service::clock::Clock;
use tokio::sync::Semaphore;
use tokio_stream::wrappers::TcpListenerStream;
use tokio_util::sync::CancellationToken;
use tonic::{service::Routes, transport::Server};
use tonic_health::{ServingStatus, server::HealthReporter};
use vault::BlindIndex;

use crate::{
    coordinator::work::Handle, definitions::Definitions, outbound::Departments, secrets::Secrets, store::Store,
    watch::Watchers,
};

mod acts;
mod applications;
mod calls;
mod law;
mod operations;
mod page;
mod procedures;
mod read;
mod replay;
mod request;
mod status;
mod tasks;
#[cfg(test)]
mod tests;
pub(crate) mod view;
mod watching;

/// Bytes of one request. A form may have 64 KiB; up to here one that is too large is told so as a violation, and above
/// it the transport refuses it unread.
pub const REQUEST_BYTES_MAX: usize = 8 * 1024 * 1024;

/// How long a call may take before it is given up. A commit takes milliseconds, a full queue two seconds; who has
/// waited for half a minute has gone.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// Calls of one connection at work at once; more wait their turn. One per queued piece of work would leave nothing for
/// the other connections.
const CALLS_PER_CONNECTION_MAX: usize = 2_048;

/// Open streams of one connection, calls and watches together. A platform may watch all that it has under way through
/// one connection.
const STREAMS_PER_CONNECTION_MAX: u32 = 16_384;

/// Cases watched at once by everybody. A watch keeps one snapshot, some 8 KiB: about 128 MiB when all are taken.
const WATCHES_MAX: usize = 16_384;

/// How long calls may take to finish once the service stops.
const GRACE: Duration = Duration::from_secs(10);

/// The services whose health is told apart from the process's own.
const SERVICES: [&str; 3] = ["", "yijian.v1.Applications", "yijian.v1.Operations"];

/// What the door needs of the rest of the orchestrator.
#[derive(Clone)]
pub struct Parts {
    /// The coordinator's door.
    pub handle: Handle,
    /// For reading, and for refused acts.
    pub store: Arc<dyn Store>,
    /// The packs in force.
    pub packs: Arc<Packs>,
    /// Opens what an explanation shows masked.
    pub secrets: Arc<Secrets>,
    /// The years whose working days are known.
    pub calendar: Arc<policy::Calendar>,
    /// Turns numbers and keys into what may be stored.
    pub blind: Arc<BlindIndex>,
    /// Tells of commits.
    pub watchers: Arc<Watchers>,
    /// Machine time.
    pub clock: Arc<dyn Clock>,
    /// What sagas are pinned to.
    pub definitions: Arc<Definitions>,
    /// Holds and resumes departments.
    pub control: Arc<Departments>,
}

/// The two services, over the same parts.
#[derive(Clone)]
pub(crate) struct Api {
    parts: Parts,
    /// Ends watches when the service stops.
    stop: CancellationToken,
    watches: Arc<Semaphore>,
}

impl Api {
    pub(crate) fn new(parts: Parts, stop: CancellationToken) -> Self {
        Self { parts, stop, watches: Arc::new(Semaphore::new(WATCHES_MAX)) }
    }
}

/// Why gRPC cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The compiled descriptors cannot be read.
    #[error("read the descriptors for reflection")]
    Descriptors(#[source] tonic_reflection::server::Error),
    /// The transport failed.
    #[error("serve gRPC")]
    Serve(#[source] tonic::transport::Error),
}

/// Both services with reflection, ready to be served or called in a test. Health is told by [`serve`].
///
/// # Errors
/// If the descriptors cannot be read.
pub fn routes(parts: Parts, stop: CancellationToken) -> Result<Routes, Error> {
    let api = Api::new(parts, stop);
    let reflection = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(proto::DESCRIPTORS)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        // What stands in the details of a refusal, so that a client that knows nothing else can show it.
        .register_encoded_file_descriptor_set(tonic_types::pb::FILE_DESCRIPTOR_SET)
        .build_v1()
        .map_err(Error::Descriptors)?;
    Ok(Routes::new(ApplicationsServer::new(api.clone()).max_decoding_message_size(REQUEST_BYTES_MAX))
        .add_service(OperationsServer::new(api).max_decoding_message_size(REQUEST_BYTES_MAX))
        .add_service(reflection))
}

/// Serves until `stop`, then says so to the health service and lets calls under way finish, for ten seconds at most.
///
/// # Errors
/// If the transport fails or the descriptors cannot be read.
pub async fn serve(parts: Parts, incoming: TcpListenerStream, stop: CancellationToken) -> Result<(), Error> {
    let (reporter, health) = tonic_health::server::health_reporter();
    tell_health(&reporter, ServingStatus::Serving).await;
    let incoming = incoming.inspect(|connection| {
        // Answers are small and waited for: none is held back to be joined with the next.
        if let Ok(connection) = connection
            && let Err(error) = connection.set_nodelay(true)
        {
            tracing::debug!(error = &error as &dyn std::error::Error, "a connection keeps its delay");
        }
    });
    let stopping = stop.clone();
    let serving = Server::builder()
        .timeout(REQUEST_TIMEOUT)
        .concurrency_limit_per_connection(CALLS_PER_CONNECTION_MAX)
        .max_concurrent_streams(STREAMS_PER_CONNECTION_MAX)
        .add_routes(routes(parts, stop.clone())?.add_service(health))
        .serve_with_incoming_shutdown(incoming, async move { stopping.cancelled().await });
    let out_of_patience = async {
        stop.cancelled().await;
        tell_health(&reporter, ServingStatus::NotServing).await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        served = serving => served.map_err(Error::Serve),
        () = out_of_patience => {
            tracing::warn!("仍有调用未结束,已放弃 / calls were still under way and were given up");
            Ok(())
        }
    }
}

async fn tell_health(reporter: &HealthReporter, status: ServingStatus) {
    for name in SERVICES {
        reporter.set_service_status(name, status).await;
    }
}
