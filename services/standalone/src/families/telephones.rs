//! Which messages have reached whose telephone, as the simulated gateways' shelves show.

use std::{collections::HashSet, time::Duration};

use tokio::{sync::Mutex, time::Instant};

use crate::departments::Systems;

/// How long a look at the shelves is good for: all families look together.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// The telephones of all families.
pub(super) struct Telephones {
    systems: Systems,
    looked: Mutex<Look>,
}

/// What the last look at the shelves has shown.
#[derive(Default)]
struct Look {
    at: Option<Instant>,
    /// Telephone and template of each message that has left.
    arrived: HashSet<(String, String)>,
}

impl Telephones {
    pub(super) fn new(systems: Systems) -> Self {
        Self { systems, looked: Mutex::default() }
    }

    /// Whether the message of this template has reached the telephone.
    pub(super) async fn has(&self, area: &str, phone: &str, template: &str) -> anyhow::Result<bool> {
        let mut looked = self.looked.lock().await;
        if looked.at.is_none_or(|at| at.elapsed() >= LOOK_EVERY) {
            for gateway in self.systems.gateways() {
                let sent = gateway.messages().await?;
                let to_telephones = sent.into_iter().filter_map(|message| Some((message.phone?, message.template)));
                looked.arrived.extend(to_telephones.map(|(phone, template)| (phone.as_str().to_owned(), template)));
            }
            looked.at = Some(Instant::now());
        }
        // Where no gateway is, nothing can arrive.
        Ok(self.systems.of(area).is_some() && looked.arrived.contains(&(phone.to_owned(), template.to_owned())))
    }
}
