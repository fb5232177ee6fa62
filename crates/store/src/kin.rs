//! How long tasks of a kin took: a column beside each task, an index over those that are over, and the step between two formats
//! of the file that adds them. It reads the specs of the newest tasks alone, so that a long past costs no more than a second: what ran
//! before them says less of what will.

use crate::number::optional;
use crate::{Durations, StoreError, took};
use rusqlite::{Transaction, params};
use solti_model::{Kin, TaskId, stored_spec};
use std::collections::BTreeMap;

/// Nothing is told of a kin by what was stopped, nor by what never ran.
const TELLS: &str = "kin IS NOT NULL AND started_at IS NOT NULL AND finished_at IS NOT NULL \
     AND phase IN ('succeeded', 'failed', 'timeout', 'exhausted')";

/// What came to its own end: what was cut short by its timeout, was killed or did not start says nothing of how long it takes. The page
/// goes by the same rule (`shared/phase.ts`); `tests/corpus/own-ends.json` holds cases for both.
pub(crate) const OWN_END: &str =
    "(phase = 'succeeded' OR (phase IN ('failed', 'exhausted') AND exit_code IS NOT NULL))";

/// Tasks of an earlier version that tell of their kin.
const OF_BEFORE: u32 = 100_000;

/// What a task that cannot be read is like stays open.
pub(crate) fn add(db: &Transaction<'_>) -> Result<(), StoreError> {
    if !db.prepare("SELECT 1 FROM pragma_table_info('tasks') WHERE name = 'kin'")?.exists([])? {
        db.execute_batch("ALTER TABLE tasks ADD COLUMN kin INTEGER")?;
    }
    let mut specs = db.prepare("SELECT num, spec FROM task_specs ORDER BY num DESC LIMIT ?1")?;
    let mut put = db.prepare("UPDATE tasks SET kin = ?2 WHERE num = ?1 AND kin IS NOT ?2")?;
    let mut rows = specs.query([OF_BEFORE])?;
    while let Some(row) = rows.next()? {
        let num: i64 = row.get("num")?;
        let spec = row.get_ref("spec")?.as_str().ok().and_then(|text| stored_spec(text).ok());
        if let Some(spec) = spec {
            put.execute(params![num, Kin::of(&spec).number()])?;
        }
    }
    Ok(())
}

/// An earlier one held other columns.
pub(crate) fn index(db: &Transaction<'_>) -> Result<(), StoreError> {
    took::add_columns(db)?;
    // All that is asked for is in it.
    db.execute_batch(&format!(
        "DROP INDEX IF EXISTS tasks_kin;
         CREATE INDEX tasks_kin ON tasks (kin, finished_at, started_at, phase, exit_code, took_ms, all_took_ms) WHERE {TELLS}"
    ))?;
    Ok(())
}

/// Of the last `limit` of each kin that came to their own end, newest first. One of which nothing is known has no entry.
pub(crate) fn durations(
    db: &Transaction<'_>,
    kins: &[Kin],
    limit: u32,
) -> Result<BTreeMap<Kin, Durations>, StoreError> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT {} AS took_ms, all_took_ms FROM tasks
         WHERE kin = ?1 AND {TELLS} AND {OWN_END} ORDER BY finished_at DESC LIMIT ?2",
        took::of("tasks")
    ))?;
    let mut found = BTreeMap::new();
    for kin in kins {
        let mut rows = statement.query(params![kin.number(), limit])?;
        let mut durations = Durations::default();
        while let Some(row) = rows.next()? {
            if let Some(last) = optional(row, "took_ms")? {
                durations.last.push(last);
                durations.all.push(optional(row, "all_took_ms")?.unwrap_or(last));
            }
        }
        if !durations.last.is_empty() {
            found.insert(*kin, durations);
        }
    }
    Ok(found)
}

/// When the first attempt of each of these began, later by as long as attempts of it stood still: what it has taken so far is
/// the time since then. One without an attempt has no entry.
pub(crate) fn begun(db: &Transaction<'_>, ids: &[TaskId]) -> Result<BTreeMap<TaskId, u64>, StoreError> {
    let mut statement = db.prepare_cached(
        "SELECT min(started_at) + sum(suspended_ms) AS begun FROM runs
         WHERE num = (SELECT num FROM tasks WHERE id = ?1)",
    )?;
    let mut found = BTreeMap::new();
    for id in ids {
        let begun = statement.query_row([id.as_str()], |row| optional(row, "begun"))?;
        found.extend(begun.map(|begun| (id.clone(), begun)));
    }
    Ok(found)
}
