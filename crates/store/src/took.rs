//! How long the latest attempt ran of a task that is over, without the time in which it was suspended: the one meaning of it for orders,
//! filters, strips, charts and forecasts. Of one with several attempts also how long all of them took, with the waits between them. It is kept beside the task when its end is written. What an earlier version wrote is read from its attempts instead, but for the
//! newest tasks, so that the first start does not write every task anew.

use crate::StoreError;
use crate::number::Number;
use crate::sql::Sql;
use rusqlite::Transaction;

/// Of the task `tasks.num`. A clock that was set back meanwhile: it took no time.
const OF_ATTEMPT: &str = "(SELECT max(r.finished_at - r.started_at - r.suspended_ms, 0) FROM runs r \
     WHERE r.num = tasks.num ORDER BY r.attempt DESC LIMIT 1)";

/// From the start of the first attempt to the end of the last one.
const OF_ALL: &str = "(SELECT max(max(r.finished_at) - min(r.started_at) - sum(r.suspended_ms), 0) FROM runs r \
     WHERE r.num = tasks.num AND tasks.attempt > 1)";

/// Tasks of an earlier version of which it is kept.
const OF_BEFORE: u32 = 100_000;

/// Milliseconds of the task `t`; nothing of one that is not over, or never began.
pub(crate) fn of(t: &str) -> String {
    let attempt = OF_ATTEMPT.replace("tasks.num", &format!("{t}.num"));
    format!("CASE WHEN {t}.phase NOT IN ('pending', 'running') THEN coalesce({t}.took_ms, {attempt}) END")
}

/// The same of the task `t` that runs, until this time.
pub(crate) fn push_until(sql: &mut Sql, now_ms: u64) {
    sql.push("max(");
    sql.bind(Number(now_ms).stored());
    sql.push(" - t.started_at - coalesce((SELECT r.suspended_ms + coalesce(max(");
    sql.bind(Number(now_ms).stored());
    sql.push(
        " - r.suspended_since, 0), 0) FROM runs r WHERE r.num = t.num AND r.attempt = t.attempt), 0), 0)",
    );
}

/// To be called whenever a task, or an attempt, may have been written as over.
pub(crate) fn note(db: &Transaction<'_>, num: i64) -> Result<(), StoreError> {
    db.prepare_cached(&format!(
        "UPDATE tasks SET took_ms = {OF_ATTEMPT}, all_took_ms = {OF_ALL}
         WHERE num = ?1 AND phase NOT IN ('pending', 'running')"
    ))?
    .execute([num])?;
    Ok(())
}

const COLUMNS: [(&str, &str, &str); 4] = [
    ("tasks", "took_ms", "INTEGER"),
    // NULL where there is only one attempt.
    ("tasks", "all_took_ms", "INTEGER"),
    ("runs", "suspended_ms", "INTEGER NOT NULL DEFAULT 0"),
    ("runs", "suspended_since", "INTEGER"),
];

/// What it is kept in, and reckoned from. Earlier steps ask for some of it already.
pub(crate) fn add_columns(db: &Transaction<'_>) -> Result<(), StoreError> {
    for (table, name, kind) in COLUMNS {
        if !db.prepare("SELECT 1 FROM pragma_table_info(?1) WHERE name = ?2")?.exists([table, name])? {
            db.execute_batch(&format!("ALTER TABLE {table} ADD COLUMN {name} {kind}"))?;
        }
    }
    Ok(())
}

/// The step between two formats of the file.
pub(crate) fn add(db: &Transaction<'_>) -> Result<(), StoreError> {
    add_columns(db)?;
    db.prepare(&format!(
        "UPDATE tasks SET took_ms = {OF_ATTEMPT} WHERE phase NOT IN ('pending', 'running')
             AND num > (SELECT coalesce(max(num), 0) - ?1 FROM tasks)"
    ))?
    .execute([OF_BEFORE])?;
    Ok(())
}

/// A later one: what all attempts took, and how long one was suspended.
pub(crate) fn add_all(db: &Transaction<'_>) -> Result<(), StoreError> {
    add_columns(db)?;
    db.prepare(&format!(
        "UPDATE tasks SET all_took_ms = {OF_ALL} WHERE phase NOT IN ('pending', 'running') AND attempt > 1
             AND num > (SELECT coalesce(max(num), 0) - ?1 FROM tasks)"
    ))?
    .execute([OF_BEFORE])?;
    Ok(())
}
