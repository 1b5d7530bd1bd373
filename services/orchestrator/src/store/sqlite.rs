//! The store on SQLite: the embedded default, in one file, with real durability.
//!
//! One connection writes, because SQLite has one writer anyway and waiting in our own queue is fair and cheap; a few
//! others read beside it, each call on one snapshot. `append` is in [`append`], reads of sagas in [`reading`]; the SQL
//! of the tables is in `migrations/sqlite`. Nothing but this file and those below it may open the database.

use std::{path::Path, time::Duration};

use async_trait::async_trait;
use sqlx::{
    ConnectOptions, Connection, SqliteConnection, SqlitePool,
    sqlite::{
        SqliteConnectOptions, SqliteJournalMode, SqliteLockingMode, SqlitePoolOptions, SqliteRow, SqliteSynchronous,
    },
};
use tokio::sync::{Mutex, MutexGuard};

use self::{
    rows::{DEAD_LETTER, NOTICE, Read, hex_list, integer, list, signed},
    statements::{AppendStatements, ManyRows},
};
use super::{
    Appended, Blind, CaseFilter, DeadLetter, DecidedCase, DepartmentRow, Due, Error, Loaded, OpenTask, PublicId,
    SagaNumber, SealedRow, Store, Summary, TaskFilter, Unit, UnmatchedNotice,
};

mod admission;
mod append;
mod migrations;
mod reading;
mod rows;
mod statements;
#[cfg(test)]
mod tests;

/// Connections that read beside the writer: pages, gRPC and the relay at once; more only compete for the same disk.
const READERS: u32 = 3;

/// How long a statement waits for another process, a backup or a shell, to let go of the file.
const BUSY: Duration = Duration::from_secs(10);

/// Prepared statements kept by a connection: twelve texts of an append in nine sizes, and every other text here.
const STATEMENTS_KEPT: usize = 256;

/// Rows that may wait between SQLite's thread and ours: a whole load of a batch, so that neither waits for the other.
const ROWS_BETWEEN: usize = 2048;

/// A store in one SQLite file.
pub struct SqliteStore {
    writer: Mutex<Option<SqliteConnection>>,
    readers: SqlitePool,
    append: AppendStatements,
    letters: ManyRows,
    notices: ManyRows,
}

impl std::fmt::Debug for SqliteStore {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("SqliteStore").finish_non_exhaustive()
    }
}

impl SqliteStore {
    /// Opens the database at this path; makes it where there is none, and brings it to the newest tables.
    ///
    /// # Errors
    /// [`Error::Database`] where the file cannot be opened; [`Error::Damaged`] where a newer program has written it.
    pub async fn open(path: &Path) -> Result<Self, Error> {
        let failed = database("open the database");
        let mut writer = options(path).create_if_missing(true).connect().await.map_err(&failed)?;
        migrations::migrate(&mut writer).await?;
        // A connection to a file does not go away: asking each time would only double what a read costs.
        let readers = SqlitePoolOptions::new().max_connections(READERS).min_connections(1).test_before_acquire(false);
        let readers = readers.connect_with(options(path).read_only(true)).await.map_err(&failed)?;
        let letters = "INSERT INTO dead_letter (at, topic, code, what, saga, step, size, sealed)";
        let notices = "INSERT INTO unmatched_notice (notice, at, endpoint, kind, subject, why, waits, sealed)";
        // What was told to a case that refused it waits no longer; its content stays as it came first.
        let known = " ON CONFLICT (notice) DO UPDATE SET why = excluded.why, waits = excluded.waits WHERE waits = 1 AND \
                     excluded.waits = 0 AND subject = excluded.subject AND endpoint = excluded.endpoint";
        Ok(Self {
            writer: Mutex::new(Some(writer)),
            readers,
            append: AppendStatements::new(),
            letters: ManyRows::insert("bury dead letters", 8, letters, ""),
            notices: ManyRows::insert("keep notices", 8, notices, known),
        })
    }

    /// Ends the work in hand and closes the file; every later call answers [`Error::Closed`].
    ///
    /// # Errors
    /// [`Error::Database`] where the last pages cannot be written; nothing committed is lost by it.
    pub async fn close(&self) -> Result<(), Error> {
        // Readers first: the last connection to leave folds the log into the database.
        self.readers.close().await;
        match self.writer.lock().await.take() {
            Some(writer) => writer.close().await.map_err(database("close the database")),
            None => Ok(()),
        }
    }

    async fn writer(&self) -> Result<Writer<'_>, Error> {
        let guard = self.writer.lock().await;
        if guard.is_some() { Ok(Writer(guard)) } else { Err(Error::Closed) }
    }

    /// Every row of one statement over one list.
    async fn rows(&self, doing: &'static str, sql: &'static str, list: String) -> Result<Vec<SqliteRow>, Error> {
        sqlx::query(sql).bind(list).fetch_all(&self.readers).await.map_err(database(doing))
    }

    /// The row under this key, if there is one.
    async fn row(&self, doing: &'static str, sql: &'static str, key: &[u8]) -> Result<Option<SqliteRow>, Error> {
        sqlx::query(sql).bind(key).fetch_optional(&self.readers).await.map_err(database(doing))
    }
}

/// The writing connection, held.
struct Writer<'a>(MutexGuard<'a, Option<SqliteConnection>>);

impl Writer<'_> {
    fn connection(&mut self) -> Result<&mut SqliteConnection, Error> {
        self.0.as_mut().ok_or(Error::Closed)
    }
}

/// How every connection is opened. What is not said here is SQLite's own default.
fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .page_size(8192)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .locking_mode(SqliteLockingMode::Normal)
        .foreign_keys(false)
        .busy_timeout(BUSY)
        .statement_cache_capacity(STATEMENTS_KEPT)
        .row_buffer_size(ROWS_BETWEEN)
        // What is deleted is overwritten where that costs no extra write.
        .pragma("secure_delete", "FAST")
        // 64 MiB: the inner pages of every index of some million sagas.
        .pragma("cache_size", "-65536")
        // In pages of 8 KiB: the log is folded into the database every 32 MiB, not within every eighth batch.
        .pragma("wal_autocheckpoint", "4096")
        .pragma("journal_size_limit", "67108864")
        .disable_statement_logging()
}

/// Gives an error of the database the words for what was attempted.
fn database(doing: &'static str) -> impl Fn(sqlx::Error) -> Error {
    move |source| match source {
        sqlx::Error::PoolClosed => Error::Closed,
        source => Error::Database { doing, source: source.into() },
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn meta(&self, name: &str) -> Result<Option<Vec<u8>>, Error> {
        let found = sqlx::query("SELECT value FROM meta WHERE name = ?").bind(name).fetch_optional(&self.readers).await;
        found.map_err(database("read a value"))?.map(|row| Read::new(&row, "meta").get(0)).transpose()
    }

    async fn set_meta(&self, name: &str, value: &[u8]) -> Result<(), Error> {
        let sql = "INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)";
        let mut writer = self.writer().await?;
        let written = sqlx::query(sql).bind(name).bind(value).execute(writer.connection()?).await;
        written.map(|_| ()).map_err(database("write a value"))
    }

    async fn keep_definition(&self, hash: [u8; 32], body: &[u8]) -> Result<(), Error> {
        let sql = "INSERT OR IGNORE INTO definition (hash, body) VALUES (?, ?)";
        let mut writer = self.writer().await?;
        let written = sqlx::query(sql).bind(&hash[..]).bind(body).execute(writer.connection()?).await;
        written.map(|_| ()).map_err(database("keep a definition"))
    }

    async fn definition(&self, hash: [u8; 32]) -> Result<Option<Vec<u8>>, Error> {
        let found = self.row("read a definition", "SELECT body FROM definition WHERE hash = ?", &hash).await?;
        found.map(|row| Read::new(&row, "definition").get(0)).transpose()
    }

    async fn reserve_numbers(&self, count: u64) -> Result<SagaNumber, Error> {
        let sql = "UPDATE counter SET given = given + ?1 WHERE name = 'saga' RETURNING given - ?1 + 1";
        let mut writer = self.writer().await?;
        let row = sqlx::query(sql).bind(integer(count)?).fetch_one(writer.connection()?).await;
        Read::new(&row.map_err(database("reserve numbers"))?, "counter").integer(0)
    }

    async fn append(&self, units: &[Unit]) -> Result<Vec<Appended>, Error> {
        if units.is_empty() {
            return Ok(Vec::new());
        }
        let mut writer = self.writer().await?;
        append::append(writer.connection()?, &self.append, units).await
    }

    async fn load(&self, numbers: &[SagaNumber]) -> Result<Vec<Loaded>, Error> {
        reading::load(&self.readers, list(numbers.iter().copied())).await
    }

    async fn is_running(&self, number: SagaNumber) -> Result<Option<bool>, Error> {
        let sql = "SELECT state = 'running' FROM saga WHERE number = ?";
        let found = sqlx::query(sql).bind(integer(number)?).fetch_optional(&self.readers).await;
        found.map_err(database("read a state"))?.map(|row| Read::new(&row, "saga").get(0)).transpose()
    }

    async fn form(&self, application: PublicId) -> Result<Option<Vec<u8>>, Error> {
        let sql = "SELECT sealed_form FROM application WHERE id = ?";
        let found = self.row("read a form", sql, &application).await?;
        found.map(|row| Read::new(&row, "application").get(0)).transpose()
    }

    async fn sealed(&self, number: SagaNumber) -> Result<Vec<SealedRow>, Error> {
        // With max() SQLite takes the other columns from the row that has the maximum.
        let sql = "SELECT step, kind, max(revision), sealed FROM sealed WHERE saga IN (SELECT value FROM \
                   json_each(?)) GROUP BY step, kind, iif(kind = 1, revision, 0) ORDER BY step, kind, revision";
        let found = self.rows("read sealed payloads", sql, list([number])).await?;
        found.iter().map(|row| rows::sealed(&Read::new(row, "sealed"))).collect()
    }

    async fn decided(
        &self,
        born_under: &str,
        only: &[SagaNumber],
        after: SagaNumber,
        limit: u32,
    ) -> Result<Vec<DecidedCase>, Error> {
        reading::decided(&self.readers, born_under, only, after, limit).await
    }

    async fn find_case(&self, case: PublicId) -> Result<Option<SagaNumber>, Error> {
        let found = self.row("find a case", "SELECT number FROM saga WHERE case_id = ?", &case).await?;
        found.map(|row| Read::new(&row, "saga").integer(0)).transpose()
    }

    async fn find_application(&self, application: PublicId) -> Result<Vec<SagaNumber>, Error> {
        let sql = "SELECT number FROM saga WHERE application = ? AND instr(pack, '/') = 0 ORDER BY child_order, number";
        let found = sqlx::query(sql).bind(&application[..]).fetch_all(&self.readers).await;
        let found = found.map_err(database("find an application"))?;
        found.iter().map(|row| Read::new(row, "saga").integer(0)).collect()
    }

    async fn find_procedures(&self, application: PublicId, child_order: u8) -> Result<Vec<SagaNumber>, Error> {
        let sql = "SELECT number FROM saga WHERE application = ? AND child_order = ? AND instr(pack, '/') > 0 \
                   ORDER BY number";
        let found = sqlx::query(sql).bind(&application[..]).bind(i64::from(child_order)).fetch_all(&self.readers);
        let found = found.await.map_err(database("find procedures"))?;
        found.iter().map(|row| Read::new(row, "saga").integer(0)).collect()
    }

    async fn find_key(&self, key: Blind) -> Result<Option<(PublicId, Blind)>, Error> {
        let sql = "SELECT application, form FROM idempotency WHERE key = ?";
        let Some(row) = self.row("find an idempotency key", sql, &key).await? else { return Ok(None) };
        let read = Read::new(&row, "idempotency");
        Ok(Some((read.bytes(0)?, read.bytes(1)?)))
    }

    async fn find_act(&self, key: Blind) -> Result<Option<Blind>, Error> {
        let found = self.row("find an act", "SELECT what FROM act WHERE key = ?", &key).await?;
        found.map(|row| Read::new(&row, "act").bytes(0)).transpose()
    }

    async fn find_subject(&self, subject: Blind) -> Result<Vec<SagaNumber>, Error> {
        let sql = "SELECT saga FROM blind_index WHERE subject = ? ORDER BY saga DESC";
        let found = sqlx::query(sql).bind(&subject[..]).fetch_all(&self.readers).await;
        let found = found.map_err(database("find a subject"))?;
        found.iter().map(|row| Read::new(row, "blind_index").integer(0)).collect()
    }

    async fn search(&self, filter: &CaseFilter) -> Result<(Vec<(SagaNumber, u64, Summary)>, u64), Error> {
        reading::search(&self.readers, filter).await
    }

    async fn tasks(&self, filter: &TaskFilter) -> Result<Vec<OpenTask>, Error> {
        reading::tasks(&self.readers, filter).await
    }

    async fn due(&self, now: i64, limit: u32) -> Result<Vec<Due>, Error> {
        reading::due(&self.readers, now, limit).await
    }

    async fn next_due(&self) -> Result<Option<i64>, Error> {
        reading::next_due(&self.readers).await
    }

    async fn make_due(&self, rows: &[(SagaNumber, u8)], at: i64) -> Result<(), Error> {
        let places: Vec<_> = rows.iter().filter(|(number, _)| integer(*number).is_ok()).collect();
        let places: Vec<_> = places.iter().map(|(number, step)| format!("[{number},{step}]")).collect();
        let sql = "UPDATE pending SET due_at = ?1 WHERE (saga, kind, step) IN (SELECT value ->> 0, 0, value ->> 1 \
                   FROM json_each(?2)) AND due_at < 9223372036854775807";
        let mut writer = self.writer().await?;
        let query = sqlx::query(sql).bind(at).bind(format!("[{}]", places.join(",")));
        query.execute(writer.connection()?).await.map(|_| ()).map_err(database("make commands due"))
    }

    async fn make_all_due(&self, department: Option<&str>, from: i64, per_second: u32) -> Result<u64, Error> {
        let sql = "UPDATE pending SET due_at = ?1 + ramp.place * 1000 / ?2 FROM (SELECT saga, kind, step, row_number() \
                   OVER (ORDER BY saga, kind, step) - 1 AS place FROM pending WHERE (kind = 0 OR kind = 5 AND attempts > 0) AND due_at < 9223372036854775807 \
                   AND (?3 IS NULL OR whom = ?3)) AS ramp WHERE pending.saga = ramp.saga AND pending.kind = ramp.kind \
                   AND pending.step = ramp.step";
        let mut writer = self.writer().await?;
        let query = sqlx::query(sql).bind(from).bind(i64::from(per_second.max(1))).bind(department);
        let done = query.execute(writer.connection()?).await.map_err(database("make all commands due"))?;
        Ok(done.rows_affected())
    }

    async fn postpone_tasks(&self, by_ms: i64) -> Result<u64, Error> {
        let sql = "UPDATE pending SET due_at = due_at + ? WHERE kind = 1 AND due_at < 9223372036854775807";
        let mut writer = self.writer().await?;
        let done = sqlx::query(sql).bind(by_ms).execute(writer.connection()?).await;
        Ok(done.map_err(database("postpone tasks"))?.rows_affected())
    }

    async fn in_flight(&self) -> Result<u64, Error> {
        let sql = "SELECT count(*) FROM pending INDEXED BY pending_command WHERE kind = 0";
        let row = sqlx::query(sql).fetch_one(&self.readers).await.map_err(database("count commands"))?;
        Read::new(&row, "pending").integer(0)
    }

    async fn departments(&self) -> Result<Vec<DepartmentRow>, Error> {
        let found = sqlx::query("SELECT name, held, reason FROM department ORDER BY name").fetch_all(&self.readers);
        let found = found.await.map_err(database("read departments"))?;
        let department = |row: &SqliteRow| {
            let read = Read::new(row, "department");
            Ok(DepartmentRow { name: read.get(0)?, held: read.get(1)?, reason: read.get(2)? })
        };
        found.iter().map(department).collect()
    }

    async fn set_department(&self, row: &DepartmentRow) -> Result<(), Error> {
        let sql = "INSERT OR REPLACE INTO department (name, held, reason) VALUES (?, ?, ?)";
        let mut writer = self.writer().await?;
        let query = sqlx::query(sql).bind(&row.name).bind(row.held).bind(&row.reason);
        query.execute(writer.connection()?).await.map(|_| ()).map_err(database("hold or resume a department"))
    }

    async fn bury(&self, letters: &[DeadLetter]) -> Result<(), Error> {
        let mut writer = self.writer().await?;
        let mut transaction = writer.connection()?.begin().await.map_err(database("bury dead letters"))?;
        let bind = |letter: &DeadLetter, values: &mut statements::Values| {
            values.put(letter.at)?.put(&*letter.topic)?.put(&*letter.code)?.put(&*letter.what)?;
            values.put(signed(letter.saga))?.put(&*letter.step)?.put(signed(letter.size))?.put(&*letter.sealed)?;
            Ok(())
        };
        self.letters.execute(&mut transaction, letters, bind).await?;
        transaction.commit().await.map_err(database("bury dead letters"))
    }

    async fn dead_letters(&self, before: Option<u64>, limit: u32) -> Result<Vec<DeadLetter>, Error> {
        let found = reading::page(&self.readers, "dead_letter", DEAD_LETTER, before, limit).await?;
        found.iter().map(|row| rows::dead_letter(&Read::new(row, "dead_letter"))).collect()
    }

    async fn keep_notices(&self, notices: &[UnmatchedNotice]) -> Result<(), Error> {
        let mut writer = self.writer().await?;
        let mut transaction = writer.connection()?.begin().await.map_err(database("keep notices"))?;
        let bind = |notice: &UnmatchedNotice, values: &mut statements::Values| {
            values.put(&notice.notice[..])?.put(notice.at)?.put(&*notice.endpoint)?.put(&*notice.kind)?;
            values.put(&notice.subject[..])?.put(&*notice.why)?.put(notice.waits)?.put(&*notice.sealed)?;
            Ok(())
        };
        self.notices.execute(&mut transaction, notices, bind).await?;
        transaction.commit().await.map_err(database("keep notices"))
    }

    async fn notices(&self, before: Option<u64>, limit: u32) -> Result<Vec<UnmatchedNotice>, Error> {
        let found = reading::page(&self.readers, "unmatched_notice", NOTICE, before, limit).await?;
        found.iter().map(|row| rows::notice(&Read::new(row, "unmatched_notice"))).collect()
    }

    async fn notices_for(&self, subjects: &[Blind]) -> Result<Vec<UnmatchedNotice>, Error> {
        let sql = "SELECT id, notice, at, endpoint, kind, subject, why, waits, sealed FROM unmatched_notice WHERE \
                   waits = 1 AND subject IN (SELECT unhex(value) FROM json_each(?)) ORDER BY id";
        let found = self.rows("find notices", sql, hex_list(subjects)).await?;
        found.iter().map(|row| rows::notice(&Read::new(row, "unmatched_notice"))).collect()
    }

    async fn notices_matched(&self, ids: &[u64]) -> Result<(), Error> {
        let sql = "DELETE FROM unmatched_notice WHERE id IN (SELECT value FROM json_each(?))";
        let mut writer = self.writer().await?;
        let query = sqlx::query(sql).bind(list(ids.iter().copied()));
        query.execute(writer.connection()?).await.map(|_| ()).map_err(database("match notices"))
    }
}
