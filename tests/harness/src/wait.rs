//! Waiting for something in another process: asked again and again until it is so, never for a fixed time.

use std::time::Duration;

use tokio::time::{Instant, sleep};

/// Between two looks. Only how soon a test goes on depends on it, never whether it passes.
const LOOK_EVERY: Duration = Duration::from_millis(25);

/// Patience with one thing on a machine that is busy with something else. A test that needs it all has failed.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// Patience with one thing: a little sleep between two looks, until the time is over.
pub struct Patience {
    what: String,
    within: Duration,
    deadline: Instant,
}

impl Patience {
    /// Patience with this for so long.
    pub fn with(what: impl Into<String>, within: Duration) -> Self {
        Self { what: what.into(), within, deadline: Instant::now() + within }
    }

    /// Waits a little before another look.
    ///
    /// # Errors
    /// If the time is over: it says for what it waited.
    pub async fn once_more(&self) -> anyhow::Result<()> {
        let (what, seconds) = (&self.what, self.within.as_secs());
        anyhow::ensure!(Instant::now() < self.deadline, "still waiting for {what} after {seconds} s");
        sleep(LOOK_EVERY).await;
        Ok(())
    }
}

/// Asks until there is an answer.
///
/// # Errors
/// If asking fails, or nothing came within the time: then it says for what it waited.
pub async fn until<T>(
    what: &str,
    within: Duration,
    mut look: impl AsyncFnMut() -> anyhow::Result<Option<T>>,
) -> anyhow::Result<T> {
    let patience = Patience::with(what, within);
    loop {
        if let Some(found) = look().await? {
            return Ok(found);
        }
        patience.once_more().await?;
    }
}
