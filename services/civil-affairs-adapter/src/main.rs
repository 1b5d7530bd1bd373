//! The adapter of the civil-affairs department as a process of its own, on the simulated department.

use std::sync::Arc;

use civil_affairs_adapter::simulated::SimulatedCivilAffairs;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    adapter::binary::run("civil-affairs", |desk, _| {
        civil_affairs_adapter::adapter(Arc::new(SimulatedCivilAffairs::new(desk)))
    })
    .await
}
