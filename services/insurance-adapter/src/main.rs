//! The adapter of the medical insurance agency as a process of its own, on the simulated department.

use std::sync::Arc;

use insurance_adapter::simulated::SimulatedInsurance;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    adapter::binary::run("insurance", |desk, _| insurance_adapter::adapter(Arc::new(SimulatedInsurance::new(desk))))
        .await
}
