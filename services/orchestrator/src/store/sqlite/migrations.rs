//! Brings a database file to the tables that this program knows, each migration once.
//!
//! Applied migrations are remembered with a digest of their text. A file whose text differs from what was applied, or
//! that a newer program has migrated further, is refused rather than guessed at.

use sm3::{Digest, Sm3};
use sqlx::{Connection, Row, SqliteConnection, raw_sql};

use super::{Error, database, rows};

/// All migrations, oldest first. Append only.
const MIGRATIONS: [&str; 2] = [
    include_str!("../../../migrations/sqlite/0001_tables.sql"),
    include_str!("../../../migrations/sqlite/0002_calls.sql"),
];

/// Applies what is missing, all of it or nothing.
///
/// # Errors
/// [`Error::Damaged`] where the file was migrated by other texts or by a newer program.
pub(super) async fn migrate(connection: &mut SqliteConnection) -> Result<(), Error> {
    let failed = database("migrate the database");
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await.map_err(&failed)?;
    let create = "CREATE TABLE IF NOT EXISTS migration (number INTEGER PRIMARY KEY, digest BLOB NOT NULL) STRICT";
    sqlx::query(create).execute(&mut *transaction).await.map_err(&failed)?;
    let applied = sqlx::query("SELECT number, digest FROM migration ORDER BY number");
    let applied = applied.fetch_all(&mut *transaction).await.map_err(&failed)?;
    if applied.len() > MIGRATIONS.len() {
        return Err(damaged("a newer program has migrated this database"));
    }
    for (index, text) in MIGRATIONS.iter().enumerate() {
        let digest = Sm3::digest(text.as_bytes());
        if let Some(row) = applied.get(index) {
            if row.try_get::<&[u8], _>(1).map_err(&failed)? != digest.as_slice() {
                return Err(damaged("an applied migration differs from this program's"));
            }
            continue;
        }
        raw_sql(*text).execute(&mut *transaction).await.map_err(&failed)?;
        let remember = sqlx::query("INSERT INTO migration (number, digest) VALUES (?, ?)");
        let remember = remember.bind(rows::integer(index as u64 + 1)?).bind(digest.to_vec());
        remember.execute(&mut *transaction).await.map_err(&failed)?;
    }
    transaction.commit().await.map_err(&failed)
}

fn damaged(what: &str) -> Error {
    Error::Damaged { table: "migration", what: what.to_owned() }
}
