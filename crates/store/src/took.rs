//! How long the latest attempt ran of a task that is over: the one meaning of it for orders, filters, strips, charts and forecasts.
//! It is kept beside the task when its end is written. What an earlier version wrote is read from its attempts instead, but for the
//! newest tasks, so that the first start does not write every task anew.

use crate::StoreError;
use rusqlite::Transaction;

/// Of the task `tasks.num`. A clock that was set back meanwhile: it took no time.
const OF_ATTEMPT: &str = "(SELECT max(r.finished_at - r.started_at, 0) FROM runs r \
     WHERE r.num = tasks.num ORDER BY r.attempt DESC LIMIT 1)";

/// Tasks of an earlier version of which it is kept.
const OF_BEFORE: u32 = 100_000;

/// Milliseconds of the task `t`; nothing of one that is not over, or never began.
pub(crate) fn of(t: &str) -> String {
    let attempt = OF_ATTEMPT.replace("tasks.num", &format!("{t}.num"));
    format!("CASE WHEN {t}.phase NOT IN ('pending', 'running') THEN coalesce({t}.took_ms, {attempt}) END")
}

/// To be called whenever a task, or an attempt, may have been written as over.
pub(crate) fn note(db: &Transaction<'_>, num: i64) -> Result<(), StoreError> {
    db.prepare_cached(&format!(
        "UPDATE tasks SET took_ms = {OF_ATTEMPT} WHERE num = ?1 AND phase NOT IN ('pending', 'running')"
    ))?
    .execute([num])?;
    Ok(())
}

/// The step between two formats of the file.
pub(crate) fn add(db: &Transaction<'_>) -> Result<(), StoreError> {
    if !db.prepare("SELECT 1 FROM pragma_table_info('tasks') WHERE name = 'took_ms'")?.exists([])? {
        db.execute_batch("ALTER TABLE tasks ADD COLUMN took_ms INTEGER")?;
    }
    db.prepare(&format!(
        "UPDATE tasks SET took_ms = {OF_ATTEMPT} WHERE phase NOT IN ('pending', 'running')
             AND num > (SELECT coalesce(max(num), 0) - ?1 FROM tasks)"
    ))?
    .execute([OF_BEFORE])?;
    Ok(())
}
