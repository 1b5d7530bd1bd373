//! The load: so many clients at once, each files an application, waits until its case has ended, and begins again.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::Context;
use hdrhistogram::Histogram;
use proto::v1::{self, applications_client::ApplicationsClient};
use tokio::task::JoinSet;
use tonic::{Code, transport::Channel};

use super::work;

/// Microseconds that one saga may take in the record of latencies: an hour, past all patience.
const LATENCY_MAX_US: u64 = 3_600_000_000;

/// How long a client waits that was told to come back.
const COME_BACK: Duration = Duration::from_millis(20);

/// What one load came to.
pub(super) struct Loaded {
    /// From the first application to the last end.
    pub(super) took: Duration,
    /// From each application filed to its end seen by the client, in microseconds.
    pub(super) latency_us: Histogram<u64>,
    /// How often a client was told to come back.
    pub(super) overloaded: u64,
}

/// Numbers that the next load must not use again, and the name that sets this benchmark's keys apart.
pub(super) struct Series {
    pub(super) name: String,
    pub(super) next: u64,
}

/// Has `sagas` sagas done by `clients` clients over one connection.
///
/// # Errors
/// With the first call that failed, and where a case ended otherwise than completed.
pub(super) async fn load(address: SocketAddr, series: &mut Series, sagas: u64, clients: u64) -> anyhow::Result<Loaded> {
    let channel = Channel::from_shared(format!("http://{address}"))?.tcp_nodelay(true).connect().await;
    let client = ApplicationsClient::new(channel.context("connect to the server")?);
    let next = Arc::new(AtomicU64::new(series.next));
    let end = series.next + sagas;
    series.next = end;
    let name: Arc<str> = series.name.as_str().into();
    let began = Instant::now();
    let mut running = JoinSet::new();
    for _ in 0..clients.min(sagas) {
        let (mut client, next, name) = (client.clone(), next.clone(), name.clone());
        running.spawn(async move {
            let mut own = Loaded { took: Duration::ZERO, latency_us: record(), overloaded: 0 };
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= end {
                    return anyhow::Ok(own);
                }
                let filed = Instant::now();
                one(&mut client, &name, number, &mut own.overloaded).await?;
                let taken = u64::try_from(filed.elapsed().as_micros()).unwrap_or(u64::MAX);
                own.latency_us.saturating_record(taken);
            }
        });
    }
    let mut all = Loaded { took: Duration::ZERO, latency_us: record(), overloaded: 0 };
    while let Some(client) = running.join_next().await {
        let own = client??;
        all.latency_us.add(&own.latency_us)?;
        all.overloaded += own.overloaded;
    }
    all.took = began.elapsed();
    Ok(all)
}

/// One saga: filed, and watched until it has ended.
async fn one(
    client: &mut ApplicationsClient<Channel>,
    name: &str,
    number: u64,
    overloaded: &mut u64,
) -> anyhow::Result<()> {
    let filed = loop {
        match client.submit_application(work::application(name, number)).await {
            Ok(filed) => break filed.into_inner(),
            Err(status) if status.code() == Code::ResourceExhausted => {
                *overloaded += 1;
                tokio::time::sleep(COME_BACK).await;
            }
            Err(status) => return Err(status).context("file an application"),
        }
    };
    let case_id = filed.case_ids.into_iter().next().context("an application was filed without a case")?;
    let watch = v1::WatchCaseRequest { case_id, only_the_end: true };
    let mut states = client.watch_case(watch).await.context("watch a case")?.into_inner();
    let case = states.message().await.context("watch a case")?.context("a watch ended before its case")?;
    // Read to its end: a stream that is dropped is reset, and a connection with a thousand resets is given up.
    anyhow::ensure!(states.message().await.context("watch a case")?.is_none(), "a watch went on after the end");
    anyhow::ensure!(
        case.state() == v1::CaseState::Completed,
        "a case ended as {}, although its department does whatever is asked",
        case.state().as_str_name()
    );
    Ok(())
}

fn record() -> Histogram<u64> {
    Histogram::new_with_max(LATENCY_MAX_US, 3).expect("three digits of an hour in microseconds fit")
}
