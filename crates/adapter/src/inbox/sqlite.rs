//! The inbox in a SQLite file: write-ahead log, synced to disk at every commit, one instance at a time.
//!
//! One statement for all rows of a table, since handing it to SQLite's thread costs more than a row does: of the next of
//! a few fixed sizes, so that each is prepared once, and filled up with empty rows that it passes over. Rows are numbered
//! in sequence so that new ones are appended to the file instead of scattered over it.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use prost::Message as _;
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, Row, Sqlite, SqliteConnection,
    query::Query,
    sqlite::{
        SqliteArguments, SqliteConnectOptions, SqliteJournalMode, SqliteLockingMode, SqliteRow, SqliteSynchronous,
    },
};
use tokio::sync::Mutex;

use super::{Changes, DeadLetter, Error, Inbox, KeptCommand, Outgoing, StepKey, StepRow};
use crate::{Bind, Statement};

/// The schema, one entry for each version; appended to, never changed.
const MIGRATIONS: [&str; 1] = ["
    CREATE TABLE steps (
        id INTEGER PRIMARY KEY,
        effect_key BLOB NOT NULL,
        step TEXT NOT NULL,
        due_ms INTEGER,
        changed_ms INTEGER NOT NULL,
        record BLOB NOT NULL
    );
    CREATE UNIQUE INDEX steps_by_key ON steps (effect_key, step);
    CREATE INDEX steps_by_due ON steps (due_ms) WHERE due_ms IS NOT NULL;
    CREATE TABLE commands (
        step_id INTEGER NOT NULL,
        revision INTEGER NOT NULL,
        command BLOB NOT NULL,
        PRIMARY KEY (step_id, revision)
    );
    CREATE TABLE outbox (
        id INTEGER PRIMARY KEY,
        topic TEXT NOT NULL,
        key INTEGER NOT NULL,
        payload BLOB NOT NULL,
        headers BLOB NOT NULL
    );
    CREATE TABLE dead_letters (
        id INTEGER PRIMARY KEY,
        received_ms INTEGER NOT NULL,
        topic TEXT NOT NULL,
        partition INTEGER NOT NULL,
        offset INTEGER NOT NULL,
        reason TEXT NOT NULL,
        sealed BLOB NOT NULL
    );
"];

/// Rows in one statement, smallest first.
const SIZES: [usize; 10] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];
/// Another instance holds the file for good; waiting longer than a start's overlap does not help.
const BUSY_TIMEOUT: Duration = Duration::from_millis(200);

/// An inbox in a SQLite file.
pub struct SqliteInbox {
    connection: Mutex<SqliteConnection>,
    last_row: AtomicI64,
    last_outgoing: AtomicI64,
}

impl SqliteInbox {
    /// Opens the file, makes it if it does not exist, and holds it exclusively until dropped.
    ///
    /// # Errors
    /// [`Error::InUse`] if another process holds it, [`Error::Open`] if it cannot be opened or is not an inbox.
    pub async fn open(path: &Path) -> Result<Self, Error> {
        Self::open_with(path, "").await
    }

    /// The same, with a department's own tables beside the inbox's, for local handlers. `own_schema` runs at every
    /// start (`CREATE TABLE IF NOT EXISTS …`).
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub async fn open_with(path: &Path, own_schema: &'static str) -> Result<Self, Error> {
        let failed = |source: sqlx::Error| open_error(path.to_owned(), source);
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            // Records and commands are of one to two kilobytes: several lie on a page, and none needs one of its own.
            .page_size(8192)
            .locking_mode(SqliteLockingMode::Exclusive)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY_TIMEOUT)
            // 32 MiB: the inner pages of the index over some hundred thousand steps.
            .pragma("cache_size", "-32768")
            // In pages of 8 KiB: the log is folded into the database every 32 MiB, not within every eighth batch.
            .pragma("wal_autocheckpoint", "4096")
            .pragma("journal_size_limit", "67108864")
            .disable_statement_logging();
        let mut connection = options.connect().await.map_err(failed)?;
        migrate(&mut connection, own_schema).await.map_err(failed)?;
        let last_row = last(&mut connection, "SELECT COALESCE(MAX(id), 0) FROM steps").await.map_err(failed)?;
        let last_outgoing = last(&mut connection, "SELECT COALESCE(MAX(id), 0) FROM outbox").await.map_err(failed)?;
        Ok(Self {
            connection: Mutex::new(connection),
            last_row: AtomicI64::new(last_row),
            last_outgoing: AtomicI64::new(last_outgoing),
        })
    }

    /// Closes the file and lets another instance have it.
    ///
    /// # Errors
    /// [`Error::Database`] if SQLite could not close it cleanly; nothing committed is lost by that.
    pub async fn close(self) -> Result<(), Error> {
        self.connection.into_inner().close().await.map_err(during("close the inbox"))
    }
}

async fn migrate(connection: &mut SqliteConnection, own_schema: &'static str) -> Result<(), sqlx::Error> {
    let mut transaction = connection.begin_with("BEGIN EXCLUSIVE").await?;
    let version: i64 = sqlx::query_scalar("PRAGMA user_version").fetch_one(&mut *transaction).await?;
    let done = usize::try_from(version).unwrap_or(0);
    for migration in MIGRATIONS.iter().skip(done) {
        sqlx::raw_sql(*migration).execute(&mut *transaction).await?;
    }
    let version = MIGRATIONS.len().max(done);
    sqlx::raw_sql(AssertSqlSafe(format!("PRAGMA user_version = {version}"))).execute(&mut *transaction).await?;
    sqlx::raw_sql(own_schema).execute(&mut *transaction).await?;
    transaction.commit().await
}

async fn last(connection: &mut SqliteConnection, sql: &'static str) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar(sql).fetch_one(connection).await
}

/// SQLITE_BUSY (5) and SQLITE_LOCKED (6), with or without an extended code in the higher bytes.
fn open_error(path: PathBuf, source: sqlx::Error) -> Error {
    let code = source.as_database_error().and_then(|error| error.code()).and_then(|code| code.parse::<i64>().ok());
    match code.map(|code| code & 0xff) {
        Some(5 | 6) => Error::InUse { path, source },
        _ => Error::Open { path, source },
    }
}

fn during(attempt: &'static str) -> impl FnOnce(sqlx::Error) -> Error {
    move |source| Error::Database { attempt, source }
}

#[async_trait]
impl Inbox for SqliteInbox {
    async fn load(&self, keys: &[StepKey]) -> Result<Vec<StepRow>, Error> {
        const READ: &str = "read steps of the inbox";
        let mut connection = self.connection.lock().await;
        let mut known = BTreeMap::new();
        for chunk in chunks(keys) {
            let sql = format!(
                "WITH wanted (effect_key, step) AS (VALUES {}) \
                 SELECT s.id, s.effect_key, s.step, s.due_ms, s.changed_ms, s.record FROM wanted w \
                 CROSS JOIN steps s ON s.effect_key = w.effect_key AND s.step = w.step",
                places(chunk.len(), 2)
            );
            let mut query = sqlx::query(AssertSqlSafe(sql));
            for key in chunk {
                query = query.bind(&key.effect_key[..]).bind(&*key.step);
            }
            query = filled_up(query, chunk.len(), 2);
            for row in query.fetch_all(&mut *connection).await.map_err(during(READ))? {
                let row = step_row(&row)?;
                known.insert(row.key.clone(), row);
            }
        }
        let rows = keys.iter().map(|key| {
            known.get(key).cloned().unwrap_or_else(|| StepRow {
                id: self.last_row.fetch_add(1, Ordering::Relaxed) + 1,
                key: key.clone(),
                due_ms: None,
                changed_ms: 0,
                record: Vec::new(),
            })
        });
        Ok(rows.collect())
    }

    async fn kept_commands(&self, wanted: &[(i64, u32)]) -> Result<Vec<KeptCommand>, Error> {
        const READ: &str = "read kept commands of the inbox";
        let mut connection = self.connection.lock().await;
        let mut kept = Vec::with_capacity(wanted.len());
        for chunk in chunks(wanted) {
            let sql = format!(
                "WITH wanted (step_id, revision) AS (VALUES {}) \
                 SELECT c.step_id, c.revision, c.command FROM wanted w \
                 CROSS JOIN commands c ON c.step_id = w.step_id AND c.revision = w.revision",
                places(chunk.len(), 2)
            );
            let mut query = sqlx::query(AssertSqlSafe(sql));
            for &(row, revision) in chunk {
                query = query.bind(row).bind(i64::from(revision));
            }
            query = filled_up(query, chunk.len(), 2);
            for row in query.fetch_all(&mut *connection).await.map_err(during(READ))? {
                let revision = u32::try_from(get::<i64>(&row, 1)?).map_err(|_| Error::Damaged { what: READ })?;
                kept.push(KeptCommand { row: get(&row, 0)?, revision, command: get(&row, 2)? });
            }
        }
        Ok(kept)
    }

    async fn commit(&self, changes: Changes) -> Result<Vec<i64>, Error> {
        let mut connection = self.connection.lock().await;
        let mut transaction = connection.begin().await.map_err(during("begin a transaction of the inbox"))?;
        write_rows(&mut transaction, &changes.rows).await.map_err(during("write steps of the inbox"))?;
        write_commands(&mut transaction, &changes.commands).await.map_err(during("keep commands in the inbox"))?;
        let first = self.last_outgoing.fetch_add(changes.outgoing.len() as i64, Ordering::Relaxed) + 1;
        write_outgoing(&mut transaction, first, &changes.outgoing).await.map_err(during("write the outbox"))?;
        forget_outgoing(&mut transaction, &changes.published).await.map_err(during("forget what has left"))?;
        for letter in &changes.dead_letters {
            write_dead_letter(&mut transaction, letter).await.map_err(during("write a dead letter"))?;
        }
        for statement in changes.effects.statements {
            run_own(&mut transaction, statement).await.map_err(during("run the effect of a local handler"))?;
        }
        transaction.commit().await.map_err(during("commit to the inbox"))?;
        Ok((first..).take(changes.outgoing.len()).collect())
    }

    async fn unpublished(&self, limit: usize) -> Result<Vec<Outgoing>, Error> {
        const READ: &str = "read the outbox";
        let mut connection = self.connection.lock().await;
        let query = sqlx::query("SELECT id, topic, key, payload, headers FROM outbox ORDER BY id LIMIT ?");
        let rows = query.bind(limit as i64).fetch_all(&mut *connection).await.map_err(during(READ))?;
        rows.iter().map(outgoing).collect()
    }

    async fn published(&self, ids: &[i64]) -> Result<(), Error> {
        const FORGET: &str = "forget what has left";
        let mut connection = self.connection.lock().await;
        let mut transaction = connection.begin().await.map_err(during(FORGET))?;
        forget_outgoing(&mut transaction, ids).await.map_err(during(FORGET))?;
        transaction.commit().await.map_err(during(FORGET))
    }

    async fn due(&self, now_ms: i64, limit: usize) -> Result<Vec<StepRow>, Error> {
        const READ: &str = "read what is due in the inbox";
        let mut connection = self.connection.lock().await;
        let query = sqlx::query(
            "SELECT id, effect_key, step, due_ms, changed_ms, record FROM steps WHERE due_ms <= ? \
             ORDER BY due_ms, id LIMIT ?",
        );
        let rows = query.bind(now_ms).bind(limit as i64).fetch_all(&mut *connection).await.map_err(during(READ))?;
        rows.iter().map(step_row).collect()
    }

    async fn forget_before(&self, changed_ms: i64) -> Result<u64, Error> {
        const FORGET: &str = "forget old steps of the inbox";
        let mut connection = self.connection.lock().await;
        let mut transaction = connection.begin().await.map_err(during(FORGET))?;
        sqlx::query(
            "DELETE FROM commands WHERE step_id IN (SELECT id FROM steps WHERE due_ms IS NULL AND changed_ms < ?)",
        )
        .bind(changed_ms)
        .execute(&mut *transaction)
        .await
        .map_err(during(FORGET))?;
        let forgotten = sqlx::query("DELETE FROM steps WHERE due_ms IS NULL AND changed_ms < ?")
            .bind(changed_ms)
            .execute(&mut *transaction)
            .await
            .map_err(during(FORGET))?;
        transaction.commit().await.map_err(during(FORGET))?;
        Ok(forgotten.rows_affected())
    }

    async fn dead_letters(&self, limit: usize) -> Result<Vec<DeadLetter>, Error> {
        const READ: &str = "read dead letters";
        let mut connection = self.connection.lock().await;
        let query = sqlx::query(
            "SELECT received_ms, topic, partition, offset, reason, sealed FROM dead_letters ORDER BY id DESC LIMIT ?",
        );
        let rows = query.bind(limit as i64).fetch_all(&mut *connection).await.map_err(during(READ))?;
        let letter = |row: &SqliteRow| {
            Ok(DeadLetter {
                received_ms: get(row, 0)?,
                topic: get(row, 1)?,
                partition: get(row, 2)?,
                offset: get(row, 3)?,
                reason: get(row, 4)?,
                sealed: get(row, 5)?,
            })
        };
        rows.iter().map(letter).collect()
    }
}

async fn write_rows(connection: &mut SqliteConnection, rows: &[StepRow]) -> Result<(), sqlx::Error> {
    for chunk in chunks(rows) {
        let sql = format!(
            "INSERT INTO steps (id, effect_key, step, due_ms, changed_ms, record) {} ON CONFLICT (id) \
             DO UPDATE SET due_ms = excluded.due_ms, changed_ms = excluded.changed_ms, record = excluded.record",
            rows_of(chunk.len(), 6)
        );
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for row in chunk {
            query = query.bind(row.id).bind(&row.key.effect_key[..]).bind(&*row.key.step);
            query = query.bind(row.due_ms).bind(row.changed_ms).bind(&row.record[..]);
        }
        query = filled_up(query, chunk.len(), 6);
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

async fn write_commands(connection: &mut SqliteConnection, commands: &[KeptCommand]) -> Result<(), sqlx::Error> {
    for chunk in chunks(commands) {
        let sql = format!("INSERT OR REPLACE INTO commands (step_id, revision, command) {}", rows_of(chunk.len(), 3));
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for kept in chunk {
            query = query.bind(kept.row).bind(i64::from(kept.revision)).bind(&kept.command[..]);
        }
        query = filled_up(query, chunk.len(), 3);
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

async fn write_outgoing(
    connection: &mut SqliteConnection,
    first: i64,
    messages: &[bus::Message],
) -> Result<(), sqlx::Error> {
    let mut id = first;
    for chunk in chunks(messages) {
        let sql = format!("INSERT INTO outbox (id, topic, key, payload, headers) {}", rows_of(chunk.len(), 5));
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for message in chunk {
            query = query.bind(id).bind(&*message.topic).bind(message.key.cast_signed());
            query = query.bind(&message.payload[..]).bind(headers_to_bytes(&message.headers));
            id += 1;
        }
        query = filled_up(query, chunk.len(), 5);
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

async fn forget_outgoing(connection: &mut SqliteConnection, ids: &[i64]) -> Result<(), sqlx::Error> {
    for chunk in chunks(ids) {
        let sql = format!("DELETE FROM outbox WHERE id IN (VALUES {})", places(chunk.len(), 1));
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for id in chunk {
            query = query.bind(*id);
        }
        query = filled_up(query, chunk.len(), 1);
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

async fn write_dead_letter(connection: &mut SqliteConnection, letter: &DeadLetter) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO dead_letters (received_ms, topic, partition, offset, reason, sealed) VALUES (?, ?, ?, ?, ?, ?)",
    )
    .bind(letter.received_ms)
    .bind(&letter.topic)
    .bind(letter.partition)
    .bind(letter.offset)
    .bind(&letter.reason)
    .bind(&letter.sealed[..])
    .execute(connection)
    .await?;
    Ok(())
}

async fn run_own(connection: &mut SqliteConnection, statement: Statement) -> Result<(), sqlx::Error> {
    let mut query: Query<'_, Sqlite, SqliteArguments> = sqlx::query(statement.sql);
    for bind in statement.binds {
        query = match bind {
            Bind::Null => query.bind(None::<i64>),
            Bind::Integer(value) => query.bind(value),
            Bind::Text(value) => query.bind(value),
            Bind::Blob(value) => query.bind(value),
        };
    }
    query.execute(connection).await?;
    Ok(())
}

fn step_row(row: &SqliteRow) -> Result<StepRow, Error> {
    let effect_key: Vec<u8> = get(row, 1)?;
    let effect_key = effect_key.try_into().map_err(|_| Error::Damaged { what: "an effect key" })?;
    let key = StepKey { effect_key, step: get::<String>(row, 2)?.into() };
    Ok(StepRow { id: get(row, 0)?, key, due_ms: get(row, 3)?, changed_ms: get(row, 4)?, record: get(row, 5)? })
}

fn outgoing(row: &SqliteRow) -> Result<Outgoing, Error> {
    let headers: Vec<u8> = get(row, 4)?;
    let message = bus::Message {
        topic: get::<String>(row, 1)?.into(),
        key: get::<i64>(row, 2)?.cast_unsigned(),
        payload: Bytes::from(get::<Vec<u8>>(row, 3)?),
        headers: headers_from_bytes(&headers)?,
    };
    Ok(Outgoing { id: get(row, 0)?, message })
}

fn get<'row, T: sqlx::Decode<'row, Sqlite> + sqlx::Type<Sqlite>>(row: &'row SqliteRow, at: usize) -> Result<T, Error> {
    row.try_get(at).map_err(during("read a column of the inbox"))
}

/// The size of the statement that takes so many rows.
fn size_for(rows: usize) -> usize {
    SIZES.into_iter().find(|size| *size >= rows).unwrap_or(SIZES[SIZES.len() - 1])
}

/// `(?, ?), (?, ?), …`: the places of `rows` rows of `columns` columns, and of those that fill the statement up.
fn places(rows: usize, columns: usize) -> String {
    let row = format!("({})", vec!["?"; columns].join(", "));
    vec![&*row; size_for(rows)].join(", ")
}

/// Such rows for an INSERT, without those that fill it up.
fn rows_of(rows: usize, columns: usize) -> String {
    format!("SELECT * FROM (VALUES {}) WHERE column1 IS NOT NULL", places(rows, columns))
}

/// The values of the empty rows.
fn filled_up<'query>(
    mut query: Query<'query, Sqlite, SqliteArguments>,
    rows: usize,
    columns: usize,
) -> Query<'query, Sqlite, SqliteArguments> {
    for _ in rows * columns..size_for(rows) * columns {
        query = query.bind(None::<i64>);
    }
    query
}

/// Cuts a slice into pieces that one statement takes.
fn chunks<T>(rows: &[T]) -> impl Iterator<Item = &[T]> {
    rows.chunks(SIZES[SIZES.len() - 1])
}

#[derive(Clone, PartialEq, prost::Message)]
struct Headers {
    #[prost(message, repeated, tag = "1")]
    headers: Vec<HeaderRow>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct HeaderRow {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(bytes = "bytes", tag = "2")]
    value: Bytes,
}

fn headers_to_bytes(headers: &[bus::Header]) -> Vec<u8> {
    let row = |header: &bus::Header| HeaderRow { name: header.name.to_string(), value: header.value.clone() };
    Headers { headers: headers.iter().map(row).collect() }.encode_to_vec()
}

fn headers_from_bytes(bytes: &[u8]) -> Result<Vec<bus::Header>, Error> {
    let headers = Headers::decode(bytes).map_err(|_| Error::Damaged { what: "headers of the outbox" })?;
    let header = |row: HeaderRow| bus::Header { name: row.name.into(), value: row.value };
    Ok(headers.headers.into_iter().map(header).collect())
}
