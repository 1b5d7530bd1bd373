//! The adapter of the message gateway as a process of its own, on the simulated department.

use std::sync::Arc;

use sms_adapter::simulated::SimulatedSms;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    adapter::binary::run("sms", |desk, _| sms_adapter::adapter(Arc::new(SimulatedSms::new(desk)))).await
}
