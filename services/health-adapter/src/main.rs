//! The adapter of the health department as a process of its own, on the simulated department.

use std::sync::Arc;

use health_adapter::simulated::SimulatedHealth;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    adapter::binary::run("health", |desk, area| {
        health_adapter::adapter(Arc::new(SimulatedHealth::new(desk, area.clone())))
    })
    .await
}
