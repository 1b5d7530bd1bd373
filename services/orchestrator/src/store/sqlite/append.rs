//! One batch, one transaction: read what it touches, decide in memory, write the rest in a few statements.

use sqlx::{Connection, SqliteConnection};

use super::{
    Error,
    admission::{Known, Standing, Writes, admit},
    database,
    rows::{Read, hex_list, list},
    statements::AppendStatements,
};
use crate::store::{Appended, Unit};

/// Writes what may be written of these units; answers for each.
pub(super) async fn append(
    connection: &mut SqliteConnection,
    statements: &AppendStatements,
    units: &[Unit],
) -> Result<Vec<Appended>, Error> {
    // Immediate: two writers wait for each other here, not in the middle.
    let begun = connection.begin_with("BEGIN IMMEDIATE").await;
    let mut transaction = begun.map_err(database("begin an append"))?;
    let known = read(&mut transaction, units).await?;
    let (answers, writes) = admit(units, known);
    if answers.contains(&Appended::Committed) {
        write_opened(&mut transaction, statements, &writes).await?;
        write_sagas(&mut transaction, statements, &writes).await?;
        write_pending(&mut transaction, statements, &writes).await?;
        write_children(&mut transaction, statements, &writes).await?;
    }
    transaction.commit().await.map_err(database("commit an append"))?;
    Ok(answers)
}

async fn read(connection: &mut SqliteConnection, units: &[Unit]) -> Result<Known, Error> {
    let mut known = Known::default();
    let changes = || units.iter().flat_map(|unit| &unit.sagas);
    let numbers = list(changes().map(|change| change.number));
    let sql = "SELECT number, version, state, stuck FROM saga WHERE number IN (SELECT value FROM json_each(?))";
    for row in select(connection, sql, numbers).await? {
        let read = Read::new(&row, "saga");
        let standing = Standing { version: read.integer(1)?, state: read.state(2)?, stuck: read.get(3)? };
        known.sagas.insert(read.integer(0)?, standing);
    }
    let keys = hex_list(units.iter().filter_map(|unit| unit.opens.as_ref()).map(|new| &new.key));
    let sql = "SELECT key, application, form FROM idempotency WHERE key IN (SELECT unhex(value) FROM json_each(?))";
    for row in select(connection, sql, keys).await? {
        let read = Read::new(&row, "idempotency");
        known.keys.insert(read.bytes(0)?, (read.bytes(1)?, read.bytes(2)?));
    }
    let acts = hex_list(units.iter().filter_map(|unit| unit.act.as_ref()).map(|act| &act.key));
    let sql = "SELECT key, what FROM act WHERE key IN (SELECT unhex(value) FROM json_each(?))";
    for row in select(connection, sql, acts).await? {
        let read = Read::new(&row, "act");
        known.acts.insert(read.bytes(0)?, read.bytes(1)?);
    }
    let children = hex_list(changes().filter_map(|change| change.child.as_ref()));
    let sql = "SELECT live_child.child, number, case_id FROM live_child JOIN saga ON number = saga WHERE \
               live_child.child IN (SELECT unhex(value) FROM json_each(?))";
    for row in select(connection, sql, children).await? {
        let read = Read::new(&row, "live_child");
        known.children.insert(read.bytes(0)?, (read.integer(1)?, read.bytes(2)?));
    }
    Ok(known)
}

/// All rows for a list, without a statement where the list is empty.
async fn select(
    connection: &mut SqliteConnection,
    sql: &'static str,
    list: String,
) -> Result<Vec<sqlx::sqlite::SqliteRow>, Error> {
    if list == "[]" {
        return Ok(Vec::new());
    }
    sqlx::query(sql).bind(list).fetch_all(connection).await.map_err(database("read what an append touches"))
}

async fn write_opened(
    connection: &mut SqliteConnection,
    statements: &AppendStatements,
    writes: &Writes<'_>,
) -> Result<(), Error> {
    let new = &writes.applications;
    let written = statements.applications.execute(connection, new, |new, values| {
        values.put(&new.id[..])?.put(new.at)?.put(&*new.sealed_form)?;
        Ok(())
    });
    written.await?;
    let written = statements.case_keys.execute(connection, new, |new, values| {
        values.put(&new.id[..])?.put(&*new.wrapped_key)?;
        Ok(())
    });
    written.await?;
    let written = statements.idempotency.execute(connection, new, |new, values| {
        values.put(&new.key[..])?.put(&new.id[..])?.put(&new.form[..])?;
        Ok(())
    });
    written.await?;
    let written = statements.acts.execute(connection, &writes.acts, |act, values| {
        values.put(&act.key[..])?.put(&act.what[..])?;
        Ok(())
    });
    written.await
}

async fn write_sagas(
    connection: &mut SqliteConnection,
    statements: &AppendStatements,
    writes: &Writes<'_>,
) -> Result<(), Error> {
    let sagas: Vec<_> = writes.sagas.iter().collect();
    let written = statements.sagas.execute(connection, &sagas, |(number, saga), values| {
        let summary = &saga.change.summary;
        values.number(**number)?.number(saga.version)?.put(&summary.case[..])?.put(&summary.application[..])?;
        values.put(i64::from(summary.child_order))?.put(summary.pack.clone())?.put(&summary.definition[..])?;
        values.put(summary.state)?.put(summary.stuck)?.put(summary.frozen)?.put(summary.bereaved)?;
        values.put(summary.submitted_at)?.put(summary.changed_at)?.put(saga.child.as_ref().map(|child| &child[..]))?;
        Ok(())
    });
    written.await?;
    let written = statements.turned.execute(connection, &writes.turned, |(number, state, stuck), values| {
        values.number(*number)?.put(*state)?.put(*stuck)?;
        Ok(())
    });
    written.await?;
    let written = statements.entries.execute(connection, &writes.entries, |(number, entry), values| {
        values.number(*number)?.number(entry.seq)?.put(entry.at)?.put(i64::from(entry.schema))?.put(&*entry.body)?;
        Ok(())
    });
    written.await?;
    let written = statements.sealed.execute(connection, &writes.sealed, |(number, row), values| {
        let kind = i64::from(row.kind as u8);
        values.number(*number)?.put(i64::from(row.step))?.put(kind)?.put(i64::from(row.revision))?.put(&*row.sealed)?;
        Ok(())
    });
    written.await?;
    let written = statements.subjects.execute(connection, &writes.subjects, |(subject, number), values| {
        values.put(&subject[..])?.number(*number)?;
        Ok(())
    });
    written.await
}

async fn write_pending(
    connection: &mut SqliteConnection,
    statements: &AppendStatements,
    writes: &Writes<'_>,
) -> Result<(), Error> {
    let gone: Vec<_> = writes.awaits_no_more.iter().collect();
    let deleted = statements.awaits_no_more.execute(connection, &gone, |(number, kind, step), values| {
        values.number(*number)?.put(i64::from(*kind as u8))?.put(i64::from(*step))?;
        Ok(())
    });
    deleted.await?;
    let awaited: Vec<_> = writes.awaits.iter().collect();
    let written = statements.awaits.execute(connection, &awaited, |((number, kind, step), (row, message)), values| {
        values.number(*number)?.put(i64::from(*kind as u8))?.put(i64::from(*step))?.put(i64::from(row.revision))?;
        values.put(row.due_at)?.put(row.whom.clone())?.put(row.person.as_ref().map(|person| &person[..]))?;
        values.put(i64::from(row.attempts))?.put(row.since)?.put(*message)?;
        Ok(())
    });
    written.await
}

/// First what ends, then what begins: the case that ends and the next one of its child may be in one batch.
async fn write_children(
    connection: &mut SqliteConnection,
    statements: &AppendStatements,
    writes: &Writes<'_>,
) -> Result<(), Error> {
    if !writes.ended.is_empty() {
        let sql = "DELETE FROM live_child WHERE (child, saga) IN (SELECT child, number FROM saga WHERE number IN \
                   (SELECT value FROM json_each(?)))";
        let freed = sqlx::query(sql).bind(list(writes.ended.iter().copied())).execute(&mut *connection).await;
        freed.map_err(database("free children"))?;
    }
    let claimed: Vec<_> = writes.children.iter().collect();
    let written = statements.children.execute(connection, &claimed, |(child, number), values| {
        values.put(&child[..])?.number(**number)?;
        Ok(())
    });
    written.await
}
