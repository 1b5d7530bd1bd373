//! Reads of sagas and of what they wait for, each on one snapshot of the database.

use sqlx::{AssertSqlSafe, Sqlite, SqlitePool, query::Query, sqlite::SqliteArguments, sqlite::SqliteRow};

use super::{
    Error, database,
    rows::{PENDING, Read, SUMMARY, entry, integer, list, pending, summary},
};
use crate::store::{CaseFilter, DecidedCase, Due, Loaded, OpenTask, PendingRow, SagaNumber, Summary, TaskFilter};

/// Rows that may be handed out: the clock will speak for them, and their department is not held. In the words of the
/// index `pending_due`, which alone answers it.
const AWAKE: &str = "due_at < 9223372036854775807 AND NOT (kind IN (0, 5) AND whom IN (SELECT name FROM department \
                     WHERE held))";

/// These sagas with all their entries.
pub(super) async fn load(readers: &SqlitePool, numbers: String) -> Result<Vec<Loaded>, Error> {
    let failed = database("load sagas");
    let mut snapshot = readers.begin().await.map_err(&failed)?;
    let sql = format!(
        "SELECT {SUMMARY}, wrapped FROM saga LEFT JOIN case_key USING (application) WHERE number IN (SELECT value FROM \
         json_each(?)) ORDER BY number"
    );
    let sagas = sqlx::query(AssertSqlSafe(sql)).bind(&numbers).fetch_all(&mut *snapshot).await.map_err(&failed)?;
    let sql = "SELECT saga, seq, at, schema, body FROM event WHERE saga IN (SELECT value FROM json_each(?)) ORDER BY \
               saga, seq";
    let entries = sqlx::query(sql).bind(&numbers).fetch_all(&mut *snapshot).await.map_err(&failed)?;
    snapshot.commit().await.map_err(&failed)?;

    let mut entries = entries.iter().map(|row| entry(&Read::new(row, "event"))).peekable();
    let mut loaded = Vec::with_capacity(sagas.len());
    for row in &sagas {
        let read = Read::new(row, "saga");
        let (number, version, summary) = summary(&read)?;
        let mut of_saga = Vec::new();
        while let Some(next) = entries.next_if(|next| !matches!(next, Ok((of, _)) if *of != number)) {
            of_saga.push(next?.1);
        }
        // A history with a hole is told by the fold, which leaves that saga alone; here it would stop the whole batch.
        loaded.push(Loaded { number, version, summary, wrapped_key: read.get(13)?, entries: of_saga });
    }
    Ok(loaded)
}

/// Cases with their sealed decisions.
pub(super) async fn decided(
    readers: &SqlitePool,
    born_under: &str,
    only: &[SagaNumber],
    after: SagaNumber,
    limit: u32,
) -> Result<Vec<DecidedCase>, Error> {
    let failed = database("read decisions");
    let which = if only.is_empty() { "pack = ?" } else { "number IN (SELECT value FROM json_each(?))" };
    let sql = format!(
        "SELECT number, case_id, definition, wrapped FROM saga LEFT JOIN case_key USING (application) WHERE {which} AND \
         number > ? ORDER BY number LIMIT ?"
    );
    let asked = if only.is_empty() { born_under.to_owned() } else { list(only.iter().copied()) };
    let sagas = sqlx::query(AssertSqlSafe(sql)).bind(asked).bind(integer(after)?).bind(i64::from(limit));
    let sagas = sagas.fetch_all(readers).await.map_err(&failed)?;
    let mut cases = Vec::with_capacity(sagas.len());
    for row in &sagas {
        let read = Read::new(row, "saga");
        cases.push(DecidedCase {
            number: read.integer(0)?,
            case: read.bytes(1)?,
            definition: read.bytes(2)?,
            wrapped_key: read.get(3)?,
            decisions: Vec::new(),
        });
    }
    let sql = "SELECT step, kind, revision, sealed, saga FROM sealed WHERE saga IN (SELECT value FROM json_each(?)) AND \
               kind IN (4, 5) ORDER BY saga, revision, kind";
    let numbers = list(cases.iter().map(|case| case.number));
    let rows = sqlx::query(sql).bind(numbers).fetch_all(readers).await.map_err(&failed)?;
    let mut at = 0;
    for row in &rows {
        let read = Read::new(row, "sealed");
        let number: SagaNumber = read.integer(4)?;
        while cases.get(at).is_some_and(|case| case.number < number) {
            at += 1;
        }
        if let Some(case) = cases.get_mut(at) {
            case.decisions.push(super::rows::sealed(&read)?);
        }
    }
    Ok(cases)
}

/// A page of summaries, and how many match in all.
pub(super) async fn search(
    readers: &SqlitePool,
    filter: &CaseFilter,
) -> Result<(Vec<(SagaNumber, u64, Summary)>, u64), Error> {
    let mut matching = String::from("FROM saga WHERE 1");
    if !filter.states.is_empty() {
        matching.push_str(" AND state IN (SELECT value FROM json_each(?))");
    }
    if filter.stuck {
        matching.push_str(" AND stuck = 1");
    }
    if filter.department.is_some() {
        matching.push_str(" AND number IN (SELECT saga FROM pending WHERE kind = 0 AND whom = ?)");
    }
    if filter.subject.is_some() {
        matching.push_str(" AND number IN (SELECT saga FROM blind_index WHERE subject = ?)");
    }
    // Numbers first, from the indexes alone; whole rows only for the page.
    let page = format!(
        "SELECT {SUMMARY} FROM saga WHERE number IN (SELECT number {matching} AND number < ? ORDER BY number DESC \
         LIMIT ?) ORDER BY number DESC"
    );
    let failed = database("search cases");
    let mut snapshot = readers.begin().await.map_err(&failed)?;
    let count = narrow(sqlx::query(AssertSqlSafe(format!("SELECT count(*) {matching}"))), filter);
    let count = count.fetch_one(&mut *snapshot).await.map_err(&failed)?;
    let before = filter.before.map_or(i64::MAX, |before| i64::try_from(before).unwrap_or(i64::MAX));
    let page = narrow(sqlx::query(AssertSqlSafe(page)), filter).bind(before).bind(i64::from(filter.limit));
    let page = page.fetch_all(&mut *snapshot).await.map_err(&failed)?;
    snapshot.commit().await.map_err(&failed)?;
    let page: Result<_, _> = page.iter().map(|row| summary(&Read::new(row, "saga"))).collect();
    Ok((page?, Read::new(&count, "saga").integer(0)?))
}

type Asked<'q> = Query<'q, Sqlite, SqliteArguments>;

/// Binds what [`search`] has put into its text, in the same order.
fn narrow<'q>(mut query: Asked<'q>, filter: &CaseFilter) -> Asked<'q> {
    if !filter.states.is_empty() {
        // The states are names of ours and need no escaping.
        query = query.bind(format!("[\"{}\"]", filter.states.join("\",\"")));
    }
    if let Some(department) = &filter.department {
        query = query.bind(department.clone());
    }
    if let Some(subject) = filter.subject {
        query = query.bind(subject.to_vec());
    }
    query
}

/// The text of [`tasks`].
pub(super) fn tasks_text(filter: &TaskFilter) -> String {
    let mut sql = format!(
        "SELECT saga, kind, step, revision, due_at, whom, person, attempts, since, message, {SUMMARY} FROM pending \
         CROSS JOIN saga ON number = saga WHERE kind IN (1, 6)"
    );
    let conditions = [
        (filter.saga.is_some(), " AND saga = ?"),
        (filter.role.is_some(), " AND whom = ?"),
        (filter.person.is_some(), " AND person = ?"),
        (filter.after.is_some(), " AND (saga, kind, step) > (?, ?, ?)"),
    ];
    sql.extend(conditions.iter().filter(|(asked, _)| *asked).map(|(_, condition)| *condition));
    sql.push_str(" ORDER BY saga, kind, step LIMIT ?");
    sql
}

/// Open tasks with their summaries.
pub(super) async fn tasks(readers: &SqlitePool, filter: &TaskFilter) -> Result<Vec<OpenTask>, Error> {
    let mut query = sqlx::query::<Sqlite>(AssertSqlSafe(tasks_text(filter)));
    if let Some(saga) = filter.saga {
        let Ok(saga) = integer(saga) else { return Ok(Vec::new()) };
        query = query.bind(saga);
    }
    if let Some(role) = &filter.role {
        query = query.bind(role);
    }
    if let Some(person) = filter.person {
        query = query.bind(person.to_vec());
    }
    if let Some((saga, key)) = &filter.after {
        let Ok(saga) = integer(*saga) else { return Ok(Vec::new()) };
        query = query.bind(saga).bind(key.kind as i64).bind(i64::from(key.step));
    }
    let found = query.bind(i64::from(filter.limit)).fetch_all(readers).await.map_err(database("list tasks"))?;
    let open = |row: &SqliteRow| {
        let (number, awaited) = pending(&Read::new(row, "pending"))?;
        let (_, _, summary) = summary(&Read { row, table: "saga", from: 10 })?;
        Ok(OpenTask { number, summary, row: awaited })
    };
    found.iter().map(open).collect()
}

/// The text of [`due`].
pub(super) fn due_text() -> String {
    // The inner select reads the index alone; messages are read only for what is handed out.
    format!(
        "SELECT {PENDING} FROM (SELECT saga, kind, step FROM pending INDEXED BY pending_due WHERE due_at <= ? AND \
         {AWAKE} ORDER BY due_at, saga, kind, step LIMIT ?) CROSS JOIN pending USING (saga, kind, step)"
    )
}

/// Rows whose time has come.
pub(super) async fn due(readers: &SqlitePool, now: i64, limit: u32) -> Result<Vec<Due>, Error> {
    let query = sqlx::query(AssertSqlSafe(due_text())).bind(now).bind(i64::from(limit));
    let found = query.fetch_all(readers).await.map_err(database("read what is due"))?;
    let due = |row: &SqliteRow| -> Result<Due, Error> {
        let (number, row): (SagaNumber, PendingRow) = pending(&Read::new(row, "pending"))?;
        Ok(Due { number, row })
    };
    let mut due = found.iter().map(due).collect::<Result<Vec<_>, _>>()?;
    // The inner select chose the earliest; the order in which the outer one hands them on is not promised.
    due.sort_by(|one, other| {
        (one.row.due_at, one.number, &one.row.key).cmp(&(other.row.due_at, other.number, &other.row.key))
    });
    Ok(due)
}

/// The text of [`next_due`].
pub(super) fn next_due_text() -> String {
    format!("SELECT due_at FROM pending INDEXED BY pending_due WHERE {AWAKE} ORDER BY due_at LIMIT 1")
}

/// The earliest time at which a row becomes due.
pub(super) async fn next_due(readers: &SqlitePool) -> Result<Option<i64>, Error> {
    let found = sqlx::query(AssertSqlSafe(next_due_text())).fetch_optional(readers).await;
    found.map_err(database("read what is due next"))?.map(|row| Read::new(&row, "pending").get(0)).transpose()
}

/// Rows of a numbered table below this id, newest first.
pub(super) async fn page(
    readers: &SqlitePool,
    table: &'static str,
    columns: &'static str,
    before: Option<u64>,
    limit: u32,
) -> Result<Vec<SqliteRow>, Error> {
    let before = before.map_or(i64::MAX, |before| i64::try_from(before).unwrap_or(i64::MAX));
    let sql = format!("SELECT {columns} FROM {table} WHERE id < ? ORDER BY id DESC LIMIT ?");
    let query = sqlx::query(AssertSqlSafe(sql)).bind(before).bind(i64::from(limit));
    query.fetch_all(readers).await.map_err(database("read a page"))
}
