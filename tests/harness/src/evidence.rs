//! What the orchestrator believes and what the departments did, each read from its own files.
//!
//! The files are opened as they lie there, while the program runs or after it was killed; nothing is asked of it.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use adapter::simulated::{Effect, Ledger};
use anyhow::Context;
use orchestrator::{
    definitions::Definitions,
    fold,
    store::{CaseFilter, PublicId, SagaNumber, Store, sqlite::SqliteStore},
};
use saga::{Definition, Event, Saga};

/// Cases read at once.
const AT_ONCE: u32 = 500;

/// One case as its events tell it.
pub struct Case {
    /// Its saga's number.
    pub number: SagaNumber,
    /// Its public id; the effect key of the child's steps.
    pub case: PublicId,
    /// Its application's public id; the effect key of the family's steps.
    pub application: PublicId,
    /// What it is pinned to.
    pub definition: Arc<Definition>,
    /// Its events, each with the time of its entry in milliseconds since 1970.
    pub events: Vec<(i64, Event)>,
    /// The fold of them.
    pub saga: Saga,
}

/// One thing that a department did.
#[derive(Clone, Debug)]
pub struct Done {
    /// At which endpoint: `340000.police`.
    pub endpoint: String,
    /// What.
    pub effect: Effect,
}

/// Both sides.
#[derive(Default)]
pub struct Evidence {
    /// Every case, in the order of their numbers.
    pub cases: Vec<Case>,
    /// Every effect in every ledger.
    pub effects: Vec<Done>,
}

impl Evidence {
    /// Reads the data folder of a process that serves everything, or of its two halves.
    ///
    /// # Errors
    /// If a database is not there or cannot be read.
    pub async fn of(data: &Path) -> anyhow::Result<Self> {
        Self::read(&orchestrator_database(data), &ledgers(&data.join("departments"))?).await
    }

    /// Reads this database and these ledgers, each with its endpoint.
    ///
    /// # Errors
    /// If one is not there or cannot be read.
    pub async fn read(database: &Path, ledgers: &[(String, PathBuf)]) -> anyhow::Result<Self> {
        let mut evidence = Self { cases: cases(database).await?, effects: Vec::new() };
        for (endpoint, path) in ledgers {
            anyhow::ensure!(path.exists(), "no ledger at {}", path.display());
            let ledger = Ledger::open(path).await.with_context(|| format!("open the ledger of {endpoint}"))?;
            let effects = ledger.effects().await.with_context(|| format!("read the ledger of {endpoint}"))?;
            evidence.effects.extend(effects.into_iter().map(|effect| Done { endpoint: endpoint.clone(), effect }));
        }
        Ok(evidence)
    }
}

/// The orchestrator's database in this data folder.
pub fn orchestrator_database(data: &Path) -> PathBuf {
    standalone::serve::orchestrator_folder(data).join("orchestrator.sqlite")
}

/// Every ledger in this folder, with its endpoint.
///
/// # Errors
/// If the folder cannot be read.
pub fn ledgers(folder: &Path) -> anyhow::Result<Vec<(String, PathBuf)>> {
    let mut ledgers = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("read {}", folder.display()))? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if let Some(endpoint) = name.strip_suffix(".ledger.sqlite") {
            ledgers.push((endpoint.to_owned(), path));
        }
    }
    ledgers.sort();
    Ok(ledgers)
}

/// How many commands wait for a department's answer just now, by the orchestrator's database.
///
/// # Errors
/// If the database cannot be read.
pub async fn in_flight(database: &Path) -> anyhow::Result<u64> {
    let store = SqliteStore::open(database).await?;
    let in_flight = store.in_flight().await?;
    store.close().await?;
    Ok(in_flight)
}

async fn cases(database: &Path) -> anyhow::Result<Vec<Case>> {
    anyhow::ensure!(database.exists(), "no database at {}", database.display());
    let store = Arc::new(SqliteStore::open(database).await.context("open the orchestrator's database")?);
    // No packs of today: each case is read by what was kept for it.
    let definitions = Definitions::keep_all(store.clone(), Arc::default()).await?;
    let (mut cases, mut before) = (Vec::new(), None);
    loop {
        let (found, _) = store.search(&CaseFilter { before, limit: AT_ONCE, ..CaseFilter::default() }).await?;
        let Some((last, ..)) = found.last() else { break };
        before = Some(*last);
        let numbers: Vec<SagaNumber> = found.iter().map(|(number, ..)| *number).collect();
        for loaded in store.load(&numbers).await? {
            let pinned = definitions.get(loaded.summary.definition).await;
            let definition = pinned.context("read what a case is pinned to")?.definition;
            let saga = fold::fold(&definition, &loaded).with_context(|| format!("fold saga {}", loaded.number))?;
            let mut events = Vec::new();
            for entry in &loaded.entries {
                events.extend(fold::events(entry)?.into_iter().map(|event| (entry.at, event)));
            }
            let (case, application) = (loaded.summary.case, loaded.summary.application);
            cases.push(Case { number: loaded.number, case, application, definition, events, saga });
        }
    }
    store.close().await?;
    cases.sort_by_key(|case| case.number);
    Ok(cases)
}
