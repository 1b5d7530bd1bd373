//! The seven simulated departments of each area, each with a ledger and an adapter of its own.
//!
//! A province's department is a system of its own, so each endpoint `<area>.<department>` has its ledger; nothing is
//! shared between two. [`Systems`] keeps hold of the systems themselves for those who stand outside the adapter: the
//! parent at tax's counter, the telephone that receives a message, the power cut.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::Arc,
    time::Duration,
};

use adapter::{
    Department, Runtime, SqliteInbox,
    simulated::{Behaviour, Behaviours, Desk, Ledger, Script},
};
use anyhow::Context;
use bus::Bus;
use civil_affairs_adapter::simulated::SimulatedCivilAffairs;
use health_adapter::simulated::SimulatedHealth;
use identifiers::AreaCode;
use insurance_adapter::simulated::SimulatedInsurance;
use police_adapter::simulated::SimulatedPolice;
use policy::Packs;
use service::clock::Clock;
use sms_adapter::simulated::SimulatedSms;
use social_security_adapter::simulated::SimulatedSocialSecurity;
use tax_adapter::simulated::SimulatedTax;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use vault::ChannelKeys;

/// The simulated departments' names, as packs write them. Any other department answers from a script, if there is one.
pub const NAMES: [&str; 7] = ["health", "police", "civil-affairs", "social-security", "insurance", "tax", "sms"];

/// How long after acceptance an adapter asks its department again. Real ones are asked every minute; here a family is
/// watched by somebody who waits.
const ASKED_AGAIN_EVERY: Duration = Duration::from_secs(1);

/// How long after a call without result it is made again at first.
const CALLED_AGAIN_AFTER: Duration = Duration::from_secs(2);

/// How often an adapter looks for what is due. Eleven adapters look, each with one indexed query.
const POLL_EVERY: Duration = Duration::from_millis(500);

/// How long a new number takes to reach the population base.
const REPLICATED_AFTER: Duration = Duration::from_secs(1);

/// What each command takes, in milliseconds: slow enough to be watched, fast enough for a minute's patience.
const TAKES_MS: [(&str, [u64; 2]); 12] = [
    ("IssueBirthCertificate", [300, 2_000]),
    ("RegisterBirth", [1_000, 4_000]),
    ("ApplyCard", [2_000, 8_000]),
    ("EnrolResident", [0, 0]),
    ("EnrolProvisionally", [0, 0]),
    ("ClaimMaternity", [3_000, 9_000]),
    ("PayMaternity", [500, 3_000]),
    ("PayRefund", [500, 3_000]),
    ("CorrectRecord", [200, 2_000]),
    ("RegisterGuidance", [0, 500]),
    ("HandOverCertificate", [500, 2_000]),
    ("SendMessage", [100, 1_000]),
];

/// The places where departments are reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoints(BTreeSet<(String, String)>);

impl Endpoints {
    /// Those that the packs' sagas speak to: the provinces that they cover, the departments that they name.
    pub fn of(packs: &Packs) -> Self {
        let mut endpoints = BTreeSet::new();
        for pack in packs.iter() {
            for area in pack.selector.areas.iter().filter(|area| area.len() >= 2) {
                let province = format!("{}0000", &area[..2]);
                endpoints.extend(pack.departments.iter().map(|name| (province.clone(), name.to_string())));
            }
        }
        Self(endpoints)
    }

    /// These and those.
    pub fn and(mut self, others: Endpoints) -> Self {
        self.0.extend(others.0);
        self
    }

    /// Their names: `340000.health`.
    pub fn names(&self) -> Vec<String> {
        self.0.iter().map(|(area, department)| format!("{area}.{department}")).collect()
    }
}

/// The simulated systems by area, for who stands outside the adapters.
#[derive(Clone, Default)]
pub struct Systems {
    areas: BTreeMap<String, Area>,
}

/// The simulated systems of one area that somebody outside has to do with.
#[derive(Clone, Default)]
pub struct Area {
    /// Where parents pay.
    pub tax: Option<Arc<SimulatedTax>>,
    /// Where they read their child's number.
    pub police: Option<Arc<SimulatedPolice>>,
    /// How each department is treated.
    pub behaviours: BTreeMap<String, Behaviours>,
}

impl Systems {
    /// The systems of the area that this place lies in.
    pub fn of(&self, area: &str) -> Option<&Area> {
        self.areas.get(&format!("{}0000", area.get(..2)?))
    }

    /// Every department with the switch for its behaviour, in a fixed order.
    pub fn behaviours(&self) -> Vec<(String, Behaviours)> {
        let named = |(area, systems): (&String, &Area)| {
            let area = area.clone();
            let named = systems.behaviours.iter().map(move |(name, switch)| (format!("{area}.{name}"), switch.clone()));
            named.collect::<Vec<_>>()
        };
        self.areas.iter().flat_map(named).collect()
    }
}

/// What departments are started with.
pub struct Ingredients<'a> {
    /// Where their ledgers and inboxes are.
    pub folder: &'a Path,
    /// The carrier.
    pub bus: Arc<dyn Bus>,
    /// All channel keys; each adapter is given its own.
    pub channels: &'a ChannelKeys,
    /// Machine time.
    pub clock: Arc<dyn Clock>,
    /// Where notices go.
    pub notice_topic: Arc<str>,
    /// What departments answer that are not simulated.
    pub script: &'a Script,
}

/// The adapters at work.
pub struct Departments {
    /// The systems behind them.
    pub systems: Systems,
    tasks: JoinSet<anyhow::Result<()>>,
    stop: CancellationToken,
}

impl Departments {
    /// Opens ledgers and inboxes and starts one adapter for each endpoint. A department that is neither simulated nor
    /// in the script is left to an adapter of its own, elsewhere on the bus.
    ///
    /// # Errors
    /// If a database cannot be opened or a key is missing.
    pub async fn start(endpoints: &Endpoints, ingredients: Ingredients<'_>) -> anyhow::Result<Self> {
        let (mut systems, mut tasks, stop) = (Systems::default(), JoinSet::new(), CancellationToken::new());
        for (area, name) in &endpoints.0 {
            let endpoint = format!("{area}.{name}");
            if !NAMES.contains(&&**name) && !ingredients.script.departments().any(|known| known == name) {
                tracing::warn!(endpoint, "no simulated department and no script: its commands wait for its adapter");
                continue;
            }
            let file = |what: &str| ingredients.folder.join(format!("{endpoint}.{what}.sqlite"));
            let ledger =
                Ledger::open(&file("ledger")).await.with_context(|| format!("open the ledger of {endpoint}"))?;
            let inbox =
                SqliteInbox::open(&file("inbox")).await.with_context(|| format!("open the inbox of {endpoint}"))?;
            let behaviours = usual();
            let desk = Desk::new(ledger, behaviours.clone(), ingredients.clock.clone());
            let place = systems.areas.entry(area.clone()).or_default();
            place.behaviours.insert(name.clone(), behaviours);
            let department = department(name, area, desk, place, ingredients.script)?;
            let settings = adapter::Settings {
                notice_topic: Some(ingredients.notice_topic.clone()),
                asked_again_every: ASKED_AGAIN_EVERY,
                called_again_after: CALLED_AGAIN_AFTER,
                poll_every: POLL_EVERY,
                ..adapter::Settings::default()
            };
            let keys = ingredients.channels.only(&endpoint);
            let clock = ingredients.clock.clone();
            let runtime = Runtime::new(department, &endpoint, keys, Arc::new(inbox), clock, settings);
            let (bus, stopping) = (ingredients.bus.clone(), stop.clone());
            tasks.spawn(async move {
                runtime.run(bus, stopping).await.with_context(|| format!("run the adapter of {endpoint}"))
            });
        }
        Ok(Self { systems, tasks, stop })
    }

    /// Waits until an adapter fails.
    pub async fn failed(&mut self) -> anyhow::Error {
        match self.tasks.join_next().await {
            Some(Ok(Ok(()))) => anyhow::anyhow!("an adapter ended by itself"),
            Some(Ok(Err(error))) => error,
            Some(Err(panic)) => anyhow::Error::from(panic).context("an adapter panicked"),
            None => std::future::pending().await,
        }
    }

    /// Stops: each finishes the batch it has in hand.
    ///
    /// # Errors
    /// With the first adapter that failed while stopping.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        self.stop.cancel();
        let mut first = Ok(());
        while let Some(joined) = self.tasks.join_next().await {
            let result = joined.unwrap_or_else(|panic| Err(panic.into()));
            if first.is_ok() {
                first = result;
            }
        }
        first
    }
}

fn department(name: &str, area: &str, desk: Desk, place: &mut Area, script: &Script) -> anyhow::Result<Department> {
    Ok(match name {
        "health" => {
            let area = AreaCode::parse(area).map_err(|violation| anyhow::anyhow!("{area}: {}", violation.en))?;
            health_adapter::adapter(Arc::new(SimulatedHealth::new(desk, area)))
        }
        "police" => {
            let police = Arc::new(SimulatedPolice::new(desk));
            place.police = Some(police.clone());
            police_adapter::adapter(police)
        }
        "civil-affairs" => civil_affairs_adapter::adapter(Arc::new(SimulatedCivilAffairs::new(desk))),
        "social-security" => {
            let centre = SimulatedSocialSecurity::new(desk).replicated_after(REPLICATED_AFTER);
            social_security_adapter::adapter(Arc::new(centre))
        }
        "insurance" => insurance_adapter::adapter(Arc::new(SimulatedInsurance::new(desk))),
        "tax" => {
            let tax = Arc::new(SimulatedTax::new(desk));
            place.tax = Some(tax.clone());
            tax_adapter::adapter(tax)
        }
        "sms" => sms_adapter::adapter(Arc::new(SimulatedSms::new(desk))),
        other => script.department(other, desk).with_context(|| format!("there is no simulated department {other}"))?,
    })
}

fn usual() -> Behaviours {
    let takes = |(command, finished_after_ms): (&str, [u64; 2])| {
        (command.to_owned(), Behaviour { finished_after_ms, ..Behaviour::default() })
    };
    Behaviours::new(TAKES_MS.into_iter().map(takes).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// If this fails, a saga of a shipped pack sends commands to a topic that nobody reads, and is stuck for ever.
    #[test]
    fn every_department_that_a_shipped_pack_names_has_an_endpoint() {
        let names = Endpoints::of(&Packs::shipped()).names();
        for expected in ["340000.health", "340000.tax", "340000.sms", "140000.police", "140000.insurance", "140000.tax"]
        {
            assert!(names.iter().any(|name| name == expected), "{expected} in {names:?}");
        }
        let cards = "140000.social-security".to_owned();
        assert!(!names.contains(&cards), "Shanxi's packs ask nothing of social security");
        for pack in Packs::shipped().iter() {
            for department in &pack.departments {
                assert!(NAMES.contains(&&**department), "{department}");
            }
        }
    }
}
