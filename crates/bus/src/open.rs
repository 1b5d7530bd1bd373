//! Which carrier: chosen by configuration, opened in one place.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::Deserialize;

use crate::kafka::{KafkaBus, MockCluster};
use crate::memory::MemoryBus;
use crate::{Bus, Error};

/// Which carrier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Choice {
    /// In this process.
    Memory,
    /// Kafka's client and protocol, on librdkafka's mock cluster in this process.
    Mock,
    /// A Kafka cluster.
    Kafka,
}

/// Not one of `memory`, `mock`, `kafka`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a carrier: memory, mock or kafka")]
pub struct UnknownChoice(pub String);

impl FromStr for Choice {
    type Err = UnknownChoice;

    fn from_str(text: &str) -> Result<Choice, UnknownChoice> {
        match text {
            "memory" => Ok(Choice::Memory),
            "mock" => Ok(Choice::Mock),
            "kafka" => Ok(Choice::Kafka),
            _ => Err(UnknownChoice(text.to_owned())),
        }
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Choice::Memory => "memory",
            Choice::Mock => "mock",
            Choice::Kafka => "kafka",
        })
    }
}

/// How the carrier is configured.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Which carrier.
    pub choice: Choice,
    /// librdkafka's own properties (`bootstrap.servers`, `security.protocol`, …); they go before ours, except those on
    /// which the meaning of the carrier rests. Without effect on the carrier in memory.
    pub properties: BTreeMap<String, String>,
    /// How many partitions a topic gets that we make.
    pub partitions: i32,
    /// How many brokers hold each partition of a topic that we make.
    pub replication: i32,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { choice: Choice::Memory, properties: BTreeMap::new(), partitions: 6, replication: 1 }
    }
}

/// Names the properties without their values, among which are passwords.
impl fmt::Debug for Settings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Settings")
            .field("choice", &self.choice)
            .field("properties", &self.properties.keys())
            .field("partitions", &self.partitions)
            .field("replication", &self.replication)
            .finish()
    }
}

/// A carrier in use. A mock cluster lives as long as this does.
pub struct Opened {
    /// The carrier.
    pub bus: Arc<dyn Bus>,
    /// Where other processes can reach it (`bootstrap.servers`); `None` in memory.
    pub address: Option<String>,
    _mock: Option<Arc<MockCluster>>,
}

/// Opens the chosen carrier. [`Error::Configuration`] where the settings make no sense; a Kafka cluster that cannot be
/// reached is not an error here but of [`Bus::healthy`], since it may come back.
pub async fn open(settings: &Settings) -> Result<Opened, Error> {
    if settings.partitions < 1 || settings.replication < 1 {
        return Err(Error::Configuration { reason: "partitions and replication must be at least 1".to_owned() });
    }
    match settings.choice {
        Choice::Memory => {
            let bus = Arc::new(MemoryBus::with_partitions(settings.partitions.unsigned_abs()));
            Ok(Opened { bus, address: None, _mock: None })
        }
        Choice::Mock => {
            let cluster = Arc::new(MockCluster::start(settings.partitions)?);
            let address = cluster.bootstrap_servers().to_owned();
            let bus = Arc::new(KafkaBus::on_mock(cluster.clone(), &settings.properties)?);
            Ok(Opened { bus, address: Some(address), _mock: Some(cluster) })
        }
        Choice::Kafka => {
            let bus = Arc::new(KafkaBus::connect(&settings.properties, settings.partitions, settings.replication)?);
            let address = settings.properties.get("bootstrap.servers").cloned();
            Ok(Opened { bus, address, _mock: None })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// If this fails, the configuration's words choose another carrier than the one they name.
    #[test]
    fn a_carrier_is_chosen_by_its_name() {
        for choice in [Choice::Memory, Choice::Mock, Choice::Kafka] {
            assert_eq!(choice.to_string().parse(), Ok(choice));
        }
        assert!("Memory".parse::<Choice>().is_err());
    }

    /// If this fails, a broker's password stands in the first log that prints the settings.
    #[test]
    fn settings_never_print_the_value_of_a_property() {
        let settings: Settings =
            toml::from_str("choice = \"kafka\"\nproperties = { \"sasl.password\" = \"Tr0ub4dor\" }").expect("settings");
        let printed = format!("{settings:?}");
        assert!(printed.contains("sasl.password") && !printed.contains("Tr0ub4dor"), "{printed}");
    }

    /// If this fails, an operator who forgot the address learns of it from silence.
    #[tokio::test]
    async fn kafka_without_an_address_is_refused() {
        let settings = Settings { choice: Choice::Kafka, ..Settings::default() };
        assert!(matches!(open(&settings).await, Err(Error::Configuration { .. })));
    }
}
