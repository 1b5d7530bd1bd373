//! The adapter of the tax authority as a process of its own, on the simulated department.

use std::sync::Arc;

use tax_adapter::simulated::SimulatedTax;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    adapter::binary::run("tax", |desk, _| tax_adapter::adapter(Arc::new(SimulatedTax::new(desk)))).await
}
