//! How a process ends: the first signal lets it finish what it has begun, the second ends it at once.
//!
//! Ending at once is always allowed: whatever was acknowledged is in the store.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// The exit status after the second signal: 128 and SIGINT's number, as shells expect.
const EXIT_AT_ONCE: i32 = 130;

/// Whether the process is to end. Cloning shares it.
#[derive(Clone, Debug, Default)]
pub struct Shutdown {
    token: CancellationToken,
}

impl Shutdown {
    /// One that only [`Shutdown::begin`] begins: for tests, and for parts that are started within a process.
    pub fn new() -> Shutdown {
        Shutdown::default()
    }

    /// One that SIGINT or SIGTERM begins. The second signal exits the process. Fails where signals cannot be listened to.
    /// Needs a tokio runtime.
    pub fn on_signals() -> io::Result<Shutdown> {
        let mut signals =
            Signals { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? };
        let shutdown = Shutdown::new();
        let begun = shutdown.clone();
        tokio::spawn(async move {
            signals.next().await;
            tracing::info!(
                "正在停止:处理完手头的批次;再次发送信号则立即退出 / stopping; a second signal exits at once"
            );
            begun.begin();
            signals.next().await;
            tracing::warn!("立即退出 / exiting at once");
            std::process::exit(EXIT_AT_ONCE);
        });
        Ok(shutdown)
    }

    /// Begins the end.
    pub fn begin(&self) {
        self.token.cancel();
    }

    /// Whether the end has begun.
    pub fn has_begun(&self) -> bool {
        self.token.is_cancelled()
    }

    /// Waits until the end begins.
    pub async fn wait(&self) {
        self.token.cancelled().await;
    }

    /// The token itself, for what takes one.
    pub fn token(&self) -> CancellationToken {
        self.token.clone()
    }
}

struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// If this fails, a part that waits for the end is left running, or stops before it.
    #[tokio::test]
    async fn everyone_who_waits_is_told() {
        let shutdown = Shutdown::new();
        let waits = shutdown.clone();
        let waiting = tokio::spawn(async move { waits.wait().await });
        assert!(!shutdown.has_begun() && !waiting.is_finished());
        shutdown.begin();
        waiting.await.expect("told");
        assert!(shutdown.token().is_cancelled());
        shutdown.wait().await;
    }
}
