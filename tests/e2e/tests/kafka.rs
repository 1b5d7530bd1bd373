//! The same path on a real Kafka: orchestrator and adapters as processes of their own, each killed without the other,
//! watched by a client that is not ours.
//!
//! Runs where `YIJIAN_KAFKA` names the bootstrap servers of a cluster that carried nothing of ours before (as
//! `deploy/dev/kafka.sh start` prints them), and says that it was skipped where it does not.

use std::{
    collections::BTreeMap,
    net::TcpListener,
    path::{Path, PathBuf},
    process::Stdio,
    sync::Arc,
};

use adapter::simulated::{Behaviours, Desk, Ledger};
use anyhow::Context;
use harness::{
    compare::compare,
    differing::at_any_hour,
    evidence::{Evidence, in_flight},
    family,
    parents::Parents,
    process::{Launch, Running},
    programs,
    search::Words,
    wait::{PATIENCE, until},
};
use identifiers::CitizenId;
use proto::v1::{self, CaseState};
use serde_json::json;
use service::clock::SystemClock;
use standalone::client::Client;
use tax_adapter::simulated::{Payment, SimulatedTax};
use tokio::{process::Command, task::JoinSet};
use vault::{ChannelKeys, MasterKey};

/// Every adapter: Anhui's seven, and those that Shanxi's saga speaks to.
const ENDPOINTS: [(&str, &str); 12] = [
    ("340000", "health"),
    ("340000", "police"),
    ("340000", "civil-affairs"),
    ("340000", "social-security"),
    ("340000", "insurance"),
    ("340000", "tax"),
    ("340000", "sms"),
    ("140000", "health"),
    ("140000", "police"),
    ("140000", "insurance"),
    ("140000", "tax"),
    ("140000", "sms"),
];

/// Slow enough that a kill meets work that is under way.
const BEHAVIOUR: &str = r#"
["*"]
finished_after_ms = [0, 0]
[IssueBirthCertificate]
finished_after_ms = [300, 2000]
[RegisterBirth]
finished_after_ms = [1000, 4000]
"#;

/// Families of Shanxi under whose load processes are killed, and the commands without an answer at each kill.
const FAMILIES: u64 = 150;
const IN_FLIGHT: u64 = 60;

/// The processes beside the cluster, and where everything lies.
struct Town {
    folder: PathBuf,
    bootstrap: String,
    programs: BTreeMap<String, PathBuf>,
    grpc: String,
}

impl Town {
    async fn found(folder: &Path, bootstrap: String) -> anyhow::Result<Self> {
        let adapters: Vec<String> = ENDPOINTS[..7].iter().map(|(_, name)| format!("{name}-adapter")).collect();
        let packages: Vec<&str> = adapters.iter().map(String::as_str).chain(["orchestrator"]).collect();
        let names: Vec<String> = ENDPOINTS.iter().map(|(area, name)| format!("{area}.{name}")).collect();
        std::fs::create_dir_all(folder)?;
        MasterKey::load_or_create(&folder.join("master.key"))?;
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        ChannelKeys::load_or_create(&folder.join("channels.toml"), &names)?;
        std::fs::write(folder.join("behaviour.toml"), BEHAVIOUR)?;
        at_any_hour(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."), folder)?;
        // A port that is free now, so that the orchestrator comes back at the same address.
        let grpc = TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string();
        Ok(Self { folder: folder.to_owned(), bootstrap, programs: programs::build(&packages).await?, grpc })
    }

    fn path(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }

    async fn adapter(&self, area: &str, name: &str) -> anyhow::Result<Running> {
        let program = self.programs.get(&format!("{name}-adapter")).context("cargo built no such adapter")?;
        let (data, keys) = (self.path(&format!("{area}.{name}")), self.path("channels.toml"));
        let behaviour = self.path("behaviour.toml");
        let arguments = ["--bootstrap", &self.bootstrap, "--area", area, "--data", &data, "--keys", &keys];
        let arguments = [&arguments[..], &["--behaviour", &behaviour]].concat();
        self.start(program, &format!("{area}.{name}"), &arguments).await
    }

    async fn orchestrator(&self) -> anyhow::Result<Running> {
        let program = self.programs.get("orchestrator").context("cargo built no orchestrator")?;
        let (data, keys, master) = (self.path("orchestrator"), self.path("channels.toml"), self.path("master.key"));
        let keys = ["--data", &data, "--master-key", &master, "--channel-keys", &keys];
        let places = ["--bootstrap", &self.bootstrap, "--grpc", &self.grpc, "--pages", "127.0.0.1:0"];
        let policies = self.path("policies");
        let arguments = [&keys[..], &places, &["--policies", &policies]].concat();
        self.start(program, "orchestrator", &arguments).await
    }

    async fn start(&self, program: &Path, name: &str, arguments: &[&str]) -> anyhow::Result<Running> {
        let launch = Launch::new(program, name, &self.folder.join("outputs"), arguments);
        launch.start_until(|written| written.contains("at work")).await
    }

    fn database(&self) -> PathBuf {
        self.folder.join("orchestrator/orchestrator.sqlite")
    }

    fn ledger(&self, area: &str, name: &str) -> PathBuf {
        self.folder.join(format!("{area}.{name}/{name}.ledger.db"))
    }

    async fn under_load(&self) -> anyhow::Result<u64> {
        until("commands in flight", PATIENCE, async || {
            let waiting = in_flight(&self.database()).await?;
            Ok((waiting >= IN_FLIGHT).then_some(waiting))
        })
        .await
    }
}

/// A family of Anhui with every item, from its form to the premium and to the money for the delivery, which three
/// persons approve.
async fn whole_path(town: &Town, parents: &Parents, request: &v1::SubmitApplicationRequest) -> anyhow::Result<()> {
    let form = family::form(request);
    let father = form.father.as_ref().context("a father")?.id_number.clone();
    let case = parents.file(request).await?.case_ids.remove(0);
    parents.agree(&case, "father-authorisation", v1::Actor { role: "father".to_owned(), id_number: father }).await?;
    parents.agree(&case, "signature", family::applicant(request)).await?;
    parents.agree(&case, "register-signature", family::applicant(request)).await?;
    let asked = json!({ "materials_genuine": true, "insured": true, "employer_paid": true, "within_claim_period": true,
                        "originals_received": true });
    parents.decide(&case, "first-review", family::clerk("YB-0001"), asked).await?;
    parents.agree(&case, "second-review", family::clerk("YB-0002")).await?;
    let approved = json!({ "amount_fen": 350_000, "allowance_fen": 0 });
    parents.decide(&case, "approval", family::clerk("YB-0003"), approved).await?;
    let child = child_of(town).await?;
    let ledger = Ledger::open(&town.ledger("340000", "tax")).await?;
    let tax = SimulatedTax::new(Desk::new(ledger, Behaviours::default(), Arc::new(SystemClock)));
    let due = until("a premium that is due", PATIENCE, async || Ok(tax.due_fen(&child).await?)).await?;
    anyhow::ensure!(matches!(tax.pay(&child, due).await?, Payment::Taken(_)), "the premium is taken");
    anyhow::ensure!(parents.end_of(&case).await?.state() == CaseState::Completed, "every item is done");
    Ok(())
}

/// The number that Anhui's police gave the one child registered there.
async fn child_of(town: &Town) -> anyhow::Result<CitizenId> {
    let effects = Ledger::open(&town.ledger("340000", "police")).await?.effects().await?;
    let number = effects.first().context("a registered child")?.outputs["id_number"].as_str().map(str::to_owned);
    CitizenId::parse(&number.context("a number")?).map_err(|violation| anyhow::anyhow!("{}", violation.en))
}

/// What a client that is not ours sees on a topic, as `kcat` writes it; `None` where it is not installed.
async fn seen_by_kcat(bootstrap: &str, topic: &str) -> anyhow::Result<Option<Vec<u8>>> {
    if Command::new("kcat").arg("-V").stdout(Stdio::null()).stderr(Stdio::null()).status().await.is_err() {
        println!("skipped: kcat is not installed");
        return Ok(None);
    }
    let arguments = ["-b", bootstrap, "-C", "-t", topic, "-o", "beginning", "-e", "-q", "-f", "\n[%h] %k %S %s"];
    let output = Command::new("kcat").args(arguments).output().await?;
    anyhow::ensure!(output.status.success(), "kcat: {}", String::from_utf8_lossy(&output.stderr));
    Ok(Some(output.stdout))
}

/// Commands and replies are on the topics, with the headers that were promised, and nobody can read whom they concern.
async fn watched(town: &Town, request: &v1::SubmitApplicationRequest) -> anyhow::Result<()> {
    let (form, child) = (family::form(request), child_of(town).await?);
    let (mother, father) = (form.mother.as_ref().context("a mother")?, form.father.as_ref().context("a father")?);
    let words = Words::new(&[
        ("the mother's name", &mother.name),
        ("the mother's number", &mother.id_number),
        ("the mother's telephone", &mother.phone),
        ("the address", &mother.household_address),
        ("the father's number", &father.id_number),
        ("the child's name", &form.children[0].name),
        ("the child's number", child.as_str()),
    ]);
    let topics = ["340000.health.commands", "340000.police.commands", "340000.sms.commands", "yijian.replies"];
    for topic in topics {
        let Some(seen) = seen_by_kcat(&town.bootstrap, topic).await? else { return Ok(()) };
        let text = String::from_utf8_lossy(&seen);
        let kind =
            if topic.ends_with("replies") { "ce_type=yijian.bus.v1.Reply" } else { "ce_type=yijian.bus.v1.Command" };
        for header in ["traceparent=00-", "ce_specversion=1.0", "ce_id=", "ce_source=", kind] {
            assert!(text.contains(header), "{topic} has no {header}");
        }
        let found = words.in_bytes(topic, &seen);
        assert!(found.is_empty(), "{found:?}");
        println!("{topic}: {} bytes seen by kcat, nothing in clear", seen.len());
    }
    Ok(())
}

/// If this fails, what works in one process loses or doubles a family's steps between real ones: when the orchestrator
/// dies alone, when an adapter dies alone, or on the cluster.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_path_holds_on_a_real_cluster_while_each_side_is_killed_without_the_other() -> anyhow::Result<()> {
    let Ok(bootstrap) = std::env::var("YIJIAN_KAFKA") else {
        println!("skipped: YIJIAN_KAFKA is not set");
        return Ok(());
    };
    let folder = tempfile::tempdir()?;
    let town = Town::found(folder.path(), bootstrap).await?;
    let mut adapters = BTreeMap::new();
    for (area, name) in ENDPOINTS {
        adapters.insert((area, name), town.adapter(area, name).await?);
    }
    let mut orchestrator = town.orchestrator().await?;
    let client = Client::new(&format!("http://{}", town.grpc)).map_err(|failure| anyhow::anyhow!("{failure:?}"))?;
    let parents = Parents::new(client);

    let request = family::anhui(1);
    whole_path(&town, &parents, &request).await?;
    watched(&town, &request).await?;

    let mut families = JoinSet::new();
    for seed in 1..=FAMILIES {
        let parents = parents.clone();
        families.spawn(async move {
            for case in parents.file_and_sign(&family::shanxi(seed, 1)).await?.case_ids {
                let ended = parents.end_of(&case).await?.state();
                anyhow::ensure!(ended == CaseState::Completed, "family {seed}: {ended:?}");
            }
            anyhow::Ok(())
        });
    }
    let mut at_kills = vec![town.under_load().await?];
    orchestrator.kill().await?;
    orchestrator = town.orchestrator().await?;
    at_kills.push(town.under_load().await?);
    let police = ("140000", "police");
    adapters.remove(&police).context("it is at work")?.kill().await?;
    adapters.insert(police, town.adapter(police.0, police.1).await?);
    for family in families.join_all().await {
        family?;
    }

    assert!(orchestrator.stop().await?.success(), "a clean shutdown of the orchestrator");
    for ((area, name), adapter) in adapters {
        assert!(adapter.stop().await?.success(), "a clean shutdown of {area}.{name}");
    }
    let ledgers = ENDPOINTS.map(|(area, name)| (format!("{area}.{name}"), town.ledger(area, name)));
    let report = compare(&Evidence::read(&town.database(), &ledgers).await?);
    println!("in flight at the kills: {at_kills:?}\n{report:?}");
    report.all_well()?;
    assert_eq!(report.cases as u64, FAMILIES + 1);
    assert!(report.resent > 0, "no command was sent again, so the kills met nothing that was out");
    Ok(())
}
