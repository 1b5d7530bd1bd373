//! Statements over many rows at once, in a few fixed sizes.
//!
//! Each statement is handed to SQLite's thread and its answer handed back, which costs more than a row does; and a text
//! for every number of rows would fill the statement cache. So all rows of a table go in one statement of the next size,
//! filled up with empty rows that it passes over, and each text is made once.

use std::sync::Arc;

use sqlx::{
    Arguments, AssertSqlSafe, Encode, Sqlite, SqliteConnection, Type, error::BoxDynError, sqlite::SqliteArguments,
};

use super::{Error, database};

/// Rows in one statement, smallest first. With 14 columns, the widest table, 256 rows bind 3,584 values: far below
/// SQLite's limit of 32,766, and large enough that the cost of a statement no longer shows.
const SIZES: [usize; 9] = [1, 2, 4, 8, 16, 32, 64, 128, 256];

/// A statement over a list of rows.
pub(super) struct ManyRows {
    doing: &'static str,
    columns: usize,
    /// One for each of [`SIZES`].
    pub(super) texts: [Arc<str>; SIZES.len()],
}

impl ManyRows {
    /// A statement that reads `before`, then a list of rows of `columns` values, then `after`. It must pass over rows
    /// whose first value is NULL.
    pub(super) fn new(doing: &'static str, columns: usize, before: &str, after: &str) -> Self {
        let row = format!("({})", vec!["?"; columns].join(","));
        let texts = SIZES.map(|rows| format!("{before}{}{after}", vec![&*row; rows].join(",")).into());
        Self { doing, columns, texts }
    }

    /// A statement that reads `into` and inserts rows of `columns` values, none of whose first is NULL; `otherwise` says
    /// what happens to those that are there.
    pub(super) fn insert(doing: &'static str, columns: usize, into: &str, otherwise: &str) -> Self {
        let before = format!("{into} SELECT * FROM (VALUES ");
        Self::new(doing, columns, &before, &format!(") WHERE column1 IS NOT NULL{otherwise}"))
    }

    /// Executes it for all rows; `bind` puts the values of one.
    pub(super) async fn execute<T>(
        &self,
        connection: &mut SqliteConnection,
        rows: &[T],
        bind: impl Fn(&T, &mut Values) -> Result<(), BoxDynError>,
    ) -> Result<(), Error> {
        let failed = |source| Error::Database { doing: self.doing, source };
        for chunk in rows.chunks(SIZES[SIZES.len() - 1]) {
            let fitting = SIZES.iter().zip(&self.texts).find(|(size, _)| **size >= chunk.len());
            let (size, text) = fitting.expect("no chunk is larger than the largest size");
            let mut values = Values::default();
            for row in chunk {
                bind(row, &mut values).map_err(failed)?;
            }
            for _ in chunk.len() * self.columns..size * self.columns {
                values.put(None::<i64>).map_err(failed)?;
            }
            let query = sqlx::query_with::<Sqlite, _>(AssertSqlSafe(text.clone()), values.0);
            query.execute(&mut *connection).await.map_err(database(self.doing))?;
        }
        Ok(())
    }
}

/// The values of a statement, in the order of its places.
#[derive(Default)]
pub(super) struct Values(SqliteArguments);

impl Values {
    /// Puts the next value.
    pub(super) fn put<'t, T: Encode<'t, Sqlite> + Type<Sqlite>>(&mut self, value: T) -> Result<&mut Self, BoxDynError> {
        Arguments::add(&mut self.0, value)?;
        Ok(self)
    }

    /// Puts a number that counts up from 0.
    ///
    /// # Errors
    /// Where it does not fit: SQLite's integers are signed.
    pub(super) fn number(&mut self, value: u64) -> Result<&mut Self, BoxDynError> {
        self.put(i64::try_from(value)?)
    }
}

/// Every statement of an append, made once.
pub(super) struct AppendStatements {
    pub(super) applications: ManyRows,
    pub(super) case_keys: ManyRows,
    pub(super) idempotency: ManyRows,
    pub(super) acts: ManyRows,
    pub(super) entries: ManyRows,
    pub(super) sagas: ManyRows,
    pub(super) turned: ManyRows,
    pub(super) awaits_no_more: ManyRows,
    pub(super) awaits: ManyRows,
    pub(super) sealed: ManyRows,
    pub(super) subjects: ManyRows,
    pub(super) children: ManyRows,
}

impl AppendStatements {
    pub(super) fn new() -> Self {
        Self {
            applications: ManyRows::insert(
                "open applications",
                3,
                "INSERT INTO application (id, submitted_at, sealed_form)",
                "",
            ),
            case_keys: ManyRows::insert("keep case keys", 2, "INSERT INTO case_key (application, wrapped)", ""),
            idempotency: ManyRows::insert(
                "keep idempotency keys",
                3,
                "INSERT INTO idempotency (key, application, form)",
                "",
            ),
            acts: ManyRows::insert("record acts", 2, "INSERT INTO act (key, what)", ""),
            entries: ManyRows::insert("append events", 5, "INSERT INTO event (saga, seq, at, schema, body)", ""),
            // State and stuck stay: they are indexed, and writing them where they have not changed would dirty a page
            // of each index. Who the case is (case, application, child) never changes.
            sagas: ManyRows::insert(
                "write summaries",
                14,
                "INSERT INTO saga (number, version, case_id, application, child_order, pack, definition, state, stuck, \
                 frozen, bereaved, submitted_at, changed_at, child)",
                " ON CONFLICT (number) DO UPDATE SET version = excluded.version, pack = excluded.pack, definition = \
                 excluded.definition, frozen = excluded.frozen, bereaved = excluded.bereaved, submitted_at = \
                 excluded.submitted_at, changed_at = excluded.changed_at, child = coalesce(excluded.child, child)",
            ),
            turned: ManyRows::new(
                "write states",
                3,
                "UPDATE saga SET state = turned.column2, stuck = turned.column3 FROM (VALUES ",
                ") AS turned WHERE saga.number = turned.column1",
            ),
            awaits_no_more: ManyRows::new(
                "delete pending rows",
                3,
                "DELETE FROM pending WHERE (saga, kind, step) IN (VALUES ",
                ")",
            ),
            awaits: ManyRows::insert(
                "write pending rows",
                10,
                "INSERT INTO pending (saga, kind, step, revision, due_at, whom, person, attempts, since, message)",
                " ON CONFLICT (saga, kind, step) DO UPDATE SET revision = excluded.revision, due_at = \
                 excluded.due_at, whom = excluded.whom, person = excluded.person, attempts = excluded.attempts, since \
                 = excluded.since, message = coalesce(excluded.message, message)",
            ),
            sealed: ManyRows::insert(
                "keep sealed payloads",
                5,
                "INSERT OR REPLACE INTO sealed (saga, step, kind, revision, sealed)",
                "",
            ),
            subjects: ManyRows::insert("index subjects", 2, "INSERT OR IGNORE INTO blind_index (subject, saga)", ""),
            children: ManyRows::insert("claim children", 2, "INSERT OR REPLACE INTO live_child (child, saga)", ""),
        }
    }
}
