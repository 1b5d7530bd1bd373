//! The adapter of the social security card centre as a process of its own, on the simulated department.

use std::sync::Arc;

use social_security_adapter::simulated::{REPLICATION_LAG, SimulatedSocialSecurity};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    adapter::binary::run("social-security", |desk, _| {
        let centre = SimulatedSocialSecurity::new(desk).replicated_after(REPLICATION_LAG);
        social_security_adapter::adapter(Arc::new(centre))
    })
    .await
}
