//! Whether this process can do its work, and if not, why: what the health service and the pages show.
//!
//! Each part of a process says for itself what it waits for; the whole is ready when nobody waits.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::watch;

/// What is known of the process's health. Cloning shares it.
#[derive(Clone, Debug)]
pub struct Health {
    reasons: Arc<watch::Sender<BTreeMap<&'static str, String>>>,
}

/// One moment's health.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It can do its work.
    Ready,
    /// It cannot; why, by the name of the part. No personal data.
    NotReady(BTreeMap<&'static str, String>),
}

impl Health {
    /// Not ready until each of these parts has said that it is.
    pub fn waiting_for(parts: &[&'static str]) -> Health {
        let reasons = parts.iter().map(|part| (*part, "正在启动 / starting".to_owned())).collect();
        Health { reasons: Arc::new(watch::Sender::new(reasons)) }
    }

    /// This part can do its work.
    pub fn ready(&self, part: &'static str) {
        self.reasons.send_if_modified(|reasons| reasons.remove(part).is_some());
    }

    /// This part cannot do its work, for this reason.
    pub fn not_ready(&self, part: &'static str, reason: impl Into<String>) {
        let reason = reason.into();
        self.reasons.send_if_modified(|reasons| reasons.insert(part, reason.clone()).is_none_or(|old| old != reason));
    }

    /// How it is now.
    pub fn state(&self) -> State {
        state(&self.reasons.borrow())
    }

    /// A view that can be awaited.
    pub fn watch(&self) -> Watch {
        Watch { reasons: self.reasons.subscribe() }
    }
}

/// Sees each change of health; skips those that were over before it looked.
#[derive(Clone, Debug)]
pub struct Watch {
    reasons: watch::Receiver<BTreeMap<&'static str, String>>,
}

impl Watch {
    /// The next state that is not yet seen; `None` when the process's health is gone.
    pub async fn changed(&mut self) -> Option<State> {
        self.reasons.changed().await.ok()?;
        Some(state(&self.reasons.borrow_and_update()))
    }

    /// Waits until it is ready; false if that can no longer be.
    pub async fn until_ready(&mut self) -> bool {
        self.reasons.wait_for(BTreeMap::is_empty).await.is_ok()
    }
}

fn state(reasons: &BTreeMap<&'static str, String>) -> State {
    if reasons.is_empty() { State::Ready } else { State::NotReady(reasons.clone()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// If this fails, applications are sent to a process that has not read the replies yet.
    #[tokio::test]
    async fn a_process_is_ready_when_each_of_its_parts_is() {
        let health = Health::waiting_for(&["store", "replies"]);
        let mut watch = health.watch();
        health.ready("store");
        assert!(matches!(health.state(), State::NotReady(reasons) if reasons.contains_key("replies")));
        health.ready("replies");
        assert_eq!(watch.changed().await, Some(State::Ready));
        health.not_ready("bus", "no broker answers");
        let expected = State::NotReady([("bus", "no broker answers".to_owned())].into());
        assert_eq!(watch.changed().await, Some(expected));
        health.ready("bus");
        assert!(watch.until_ready().await);
    }
}
