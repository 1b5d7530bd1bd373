//! The adapter of the police department as a process of its own, on the simulated department.

use std::sync::Arc;

use police_adapter::simulated::SimulatedPolice;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    adapter::binary::run("police", |desk, _| police_adapter::adapter(Arc::new(SimulatedPolice::new(desk)))).await
}
