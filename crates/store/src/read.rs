//! Questions about one task, and about all of them at once. Pages of tasks are in `rows`, of their past in `history`; what stands
//! for a row that cannot be read is in `damage`.

use crate::damage::{left_out, unreadable_run, unreadable_task};
use crate::number::{Number, optional, required};
use crate::{
    Attempts, LabelCount, Queueing, RowCursor, Standing, StoreError, StoredLane, StoredRun, StoredTask,
    lane_rules,
};
use rusqlite::types::Type;
use rusqlite::{OptionalExtension, Row, Transaction, params};
use solti_model::{
    BackoffState, Bookmark, FieldError, ORIGIN_KEPT_MS, ORIGIN_LABEL, ObjectMeta, RowNo, RunUsage, Slot,
    Suspension, Task, TaskId, TaskPhase, TaskRun, TaskStatus, stored_spec,
};
use std::collections::BTreeMap;

/// Every column that [`stored_task`] reads, of [`TASKS`].
pub(crate) const TASK_COLUMNS: &str = "t.id, t.slot, t.phase, t.resource_version, t.created_at, t.updated_at, t.attempt, t.exit_code, t.error,
    t.consecutive_failures, t.previous_delay_ms, t.next_attempt_at, t.queue_order, t.stop_requested, t.started_at, t.finished_at,
    t.held, t.suspended, t.fulfilled, s.spec";

/// Also a task whose spec is lost is one.
pub(crate) const TASKS: &str = "tasks t LEFT JOIN task_specs s ON s.num = t.num";

/// Every column that [`stored_run`] reads.
pub(crate) const RUN_COLUMNS: &str =
    "attempt, phase, started_at, finished_at, exit_code, error, boot_id, pid, folder,
    cpu_ms, peak_memory_bytes, read_bytes, written_bytes, environment, remark, runner, node,
    suspended_ms, suspended_since";

/// As many labels as a sidebar can show.
const TOP_LABELS: u32 = 50;

/// The task, and how many bytes of JSON its spec is.
pub(crate) fn task(db: &Transaction<'_>, id: &TaskId) -> Result<Option<(StoredTask, usize)>, StoreError> {
    let mut statement = db.prepare_cached(&format!("SELECT {TASK_COLUMNS} FROM {TASKS} WHERE t.id = ?1"))?;
    let mut rows = statement.query([id.as_str()])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let spec_bytes = spec_text(row).map_or(0, str::len);
    Ok(stored_task(row).map(|task| (task, spec_bytes)))
}

pub(crate) fn active(db: &Transaction<'_>) -> Result<Vec<StoredTask>, StoreError> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT {TASK_COLUMNS} FROM {TASKS}
         WHERE t.phase IN ('pending', 'running') ORDER BY t.slot, t.queue_order, t.num"
    ))?;
    let mut rows = statement.query([])?;
    let mut tasks = Vec::new();
    while let Some(row) = rows.next()? {
        tasks.extend(stored_task(row));
    }
    Ok(tasks)
}

pub(crate) fn expired(
    db: &Transaction<'_>,
    before_ms: Option<u64>,
    keep: Option<u32>,
    now_ms: Option<u64>,
    limit: u32,
) -> Result<Vec<TaskId>, StoreError> {
    // Without a clock nobody knows whether its end was fetched.
    let fetched_ms = now_ms.map_or(0, |now| now.saturating_sub(ORIGIN_KEPT_MS));
    let kept = "(SELECT num FROM bookmarks UNION
        SELECT l.num FROM task_labels l JOIN tasks o ON o.num = l.num
        WHERE l.key = ?1 AND coalesce(o.finished_at, o.updated_at) >= ?2)";
    // Only what may go counts: otherwise each new result would have to make room for those that somebody marked.
    let Number(may_go) = db
        .prepare_cached(&format!(
            "SELECT (SELECT coalesce(sum(n), 0) FROM phase_counts WHERE phase NOT IN ('pending', 'running'))
                  - (SELECT count(*) FROM {kept} k JOIN tasks t ON t.num = k.num
                     WHERE t.phase NOT IN ('pending', 'running'))",
        ))?
        .query_row(params![ORIGIN_LABEL, fetched_ms.cast_signed()], |row| row.get(0))?;
    let over = keep.map_or(0, |keep| may_go.saturating_sub(u64::from(keep)));
    let mut statement = db.prepare_cached(&format!(
        "SELECT id, coalesce(finished_at, updated_at) AS finished FROM tasks
         WHERE phase NOT IN ('pending', 'running') AND num NOT IN {kept}
         ORDER BY finished, num LIMIT ?3",
    ))?;
    let mut rows = statement.query(params![ORIGIN_LABEL, fetched_ms.cast_signed(), limit])?;
    let mut ids = Vec::new();
    while let Some(row) = rows.next()? {
        let finished = required(row, "finished")?;
        // Both bounds take from the old end, so the first that may stay ends it.
        if ids.len() as u64 >= over && before_ms.is_none_or(|before| finished >= before) {
            break;
        }
        match name(row, "id", TaskId::new) {
            Ok(id) => ids.push(id),
            Err(why) => left_out("a finished task", &why),
        }
    }
    Ok(ids)
}

/// A row of [`TASK_COLUMNS`]; of one that cannot be read, a task that says so.
pub(crate) fn stored_task(row: &Row<'_>) -> Option<StoredTask> {
    read_task(row).map_or_else(|why| unreadable_task(row, &why), Some)
}

pub(crate) fn spec_text<'a>(row: &'a Row<'_>) -> Result<&'a str, StoreError> {
    Ok(row.get_ref("spec")?.as_str().map_err(rusqlite::Error::from)?)
}

fn read_task(row: &Row<'_>) -> Result<StoredTask, StoreError> {
    Ok(StoredTask {
        task: Task {
            metadata: metadata(row)?,
            spec: stored_spec(spec_text(row)?).map_err(StoreError::Spec)?,
            status: status(row)?,
        },
        backoff: BackoffState {
            consecutive_failures: row.get("consecutive_failures")?,
            previous_ms: optional(row, "previous_delay_ms")?,
        },
        next_attempt_at: optional(row, "next_attempt_at")?,
        queue_order: required(row, "queue_order")?,
        stop_requested: row.get("stop_requested")?,
        queueing: Queueing {
            held: row.get("held")?,
            suspended: row.get("suspended")?,
            fulfilled: Queueing::read_fulfilled(row.get::<_, Option<String>>("fulfilled")?.as_deref()),
        },
        started_at: optional(row, "started_at")?,
        finished_at: optional(row, "finished_at")?,
        unreadable: None,
    })
}

pub(crate) fn metadata(row: &Row<'_>) -> Result<ObjectMeta, StoreError> {
    Ok(ObjectMeta {
        id: name(row, "id", TaskId::new)?,
        resource_version: required(row, "resource_version")?,
        created_at: required(row, "created_at")?,
        updated_at: required(row, "updated_at")?,
    })
}

pub(crate) fn status(row: &Row<'_>) -> Result<TaskStatus, StoreError> {
    Ok(TaskStatus {
        phase: phase(row)?,
        attempt: row.get("attempt")?,
        exit_code: row.get("exit_code")?,
        error: row.get("error")?,
    })
}

/// What is known of these tasks without reading their specs.
pub(crate) fn standings(
    db: &Transaction<'_>,
    ids: &[TaskId],
) -> Result<BTreeMap<TaskId, Standing>, StoreError> {
    let mut statement = db.prepare_cached("SELECT phase, attempt FROM tasks WHERE id = ?1")?;
    let mut found = BTreeMap::new();
    for id in ids {
        let mut rows = statement.query([id.as_str()])?;
        if let Some(row) = rows.next()? {
            match standing(row) {
                Ok(standing) => drop(found.insert(id.clone(), standing)),
                Err(why) => left_out(&format!("the state of task {id}"), &why),
            }
        }
    }
    Ok(found)
}

fn standing(row: &Row<'_>) -> Result<Standing, StoreError> {
    Ok(Standing { phase: phase(row)?, attempt: row.get("attempt")? })
}

/// The next tasks behind `before`, newest first, with their attempts.
pub(crate) fn attempts_before(
    db: &Transaction<'_>,
    before: Option<RowCursor>,
    limit: u32,
) -> Result<(Vec<Attempts>, Option<RowCursor>), StoreError> {
    let before = before.map_or(Ok(i64::MAX), |cursor| cursor.newest_first())?;
    let mut statement =
        db.prepare_cached("SELECT num, id FROM tasks WHERE num < ?1 ORDER BY num DESC LIMIT ?2")?;
    let mut rows = statement.query(params![before, limit])?;
    let (mut found, mut last) = (Vec::new(), None);
    while let Some(row) = rows.next()? {
        let num = row.get("num")?;
        last = Some(RowCursor::behind(num));
        match name(row, "id", TaskId::new) {
            Ok(id) => found.push(attempts(db, num, id)?),
            Err(why) => left_out("a task, in a search,", &why),
        }
    }
    Ok((found, last))
}

pub(crate) fn attempts_of(db: &Transaction<'_>, ids: &[TaskId]) -> Result<Vec<Attempts>, StoreError> {
    let mut statement = db.prepare_cached("SELECT num FROM tasks WHERE id = ?1")?;
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        let num = statement.query_row([id.as_str()], |row| row.get(0)).optional()?;
        found.extend(num.map(|num| attempts(db, num, id.clone())).transpose()?);
    }
    Ok(found)
}

fn attempts(db: &Transaction<'_>, num: i64, id: TaskId) -> Result<Attempts, StoreError> {
    let mut statement = db.prepare_cached(
        "SELECT attempt, finished_at IS NOT NULL AS over FROM runs WHERE num = ?1 ORDER BY attempt",
    )?;
    let runs = statement.query_map([num], |row| Ok((row.get("attempt")?, row.get("over")?)))?;
    Ok(Attempts { id, runs: runs.collect::<Result<_, _>>()? })
}

pub(crate) fn recent_runs(
    db: &Transaction<'_>,
    ids: &[TaskId],
    per_task: u32,
) -> Result<BTreeMap<TaskId, Vec<StoredRun>>, StoreError> {
    let mut found = BTreeMap::new();
    for id in ids {
        let mut runs = latest_runs(db, id, per_task)?;
        if !runs.is_empty() {
            runs.reverse();
            found.insert(id.clone(), runs);
        }
    }
    Ok(found)
}

/// Of all attempts, the last ones, newest first.
pub(crate) fn latest_runs(
    db: &Transaction<'_>,
    id: &TaskId,
    limit: u32,
) -> Result<Vec<StoredRun>, StoreError> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT {RUN_COLUMNS} FROM runs
         WHERE num = (SELECT num FROM tasks WHERE id = ?1) ORDER BY attempt DESC LIMIT ?2"
    ))?;
    let mut rows = statement.query(params![id.as_str(), limit])?;
    let mut runs = Vec::new();
    while let Some(row) = rows.next()? {
        runs.extend(stored_run(id, row).map_or_else(|why| unreadable_run(id, row, &why), Some));
    }
    Ok(runs)
}

pub(crate) fn run(db: &Transaction<'_>, id: &TaskId, attempt: u32) -> Result<Option<StoredRun>, StoreError> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT {RUN_COLUMNS} FROM runs WHERE num = (SELECT num FROM tasks WHERE id = ?1) AND attempt = ?2"
    ))?;
    let mut rows = statement.query(params![id.as_str(), attempt])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    Ok(stored_run(id, row).map_or_else(|why| unreadable_run(id, row, &why), Some))
}

/// A row of [`RUN_COLUMNS`].
pub(crate) fn stored_run(id: &TaskId, row: &Row<'_>) -> Result<StoredRun, StoreError> {
    let cpu_ms = optional(row, "cpu_ms")?;
    let usage = match cpu_ms {
        Some(cpu_ms) => Some(RunUsage {
            cpu_ms,
            peak_memory_bytes: optional(row, "peak_memory_bytes")?,
            read_bytes: optional(row, "read_bytes")?,
            written_bytes: optional(row, "written_bytes")?,
        }),
        None => None,
    };
    Ok(StoredRun {
        task_id: id.clone(),
        run: TaskRun {
            attempt: row.get("attempt")?,
            phase: phase(row)?,
            started_at: required(row, "started_at")?,
            finished_at: optional(row, "finished_at")?,
            error: row.get("error")?,
            exit_code: row.get("exit_code")?,
            usage,
            remark: row.get("remark")?,
            runner: row.get("runner")?,
            node: row.get("node")?,
            suspension: suspension(row)?,
        },
        boot_id: row.get("boot_id")?,
        pid: row.get("pid")?,
        folder: row.get("folder")?,
        environment: row.get("environment")?,
    })
}

/// Of a row with `suspended_ms` and `suspended_since`.
pub(crate) fn suspension(row: &Row<'_>) -> Result<Option<Suspension>, StoreError> {
    let found =
        Suspension { total_ms: required(row, "suspended_ms")?, since: optional(row, "suspended_since")? };
    Ok((found != Suspension::default()).then_some(found))
}

pub(crate) fn bookmarks(db: &Transaction<'_>, id: &TaskId) -> Result<Vec<Bookmark>, StoreError> {
    let mut statement = db.prepare_cached(
        "SELECT attempt, row, note, at FROM bookmarks
         WHERE num = (SELECT num FROM tasks WHERE id = ?1) ORDER BY attempt, row",
    )?;
    let mut rows = statement.query([id.as_str()])?;
    let mut bookmarks = Vec::new();
    while let Some(row) = rows.next()? {
        match bookmark(row) {
            Ok(bookmark) => bookmarks.push(bookmark),
            Err(why) => left_out(&format!("a bookmark of task {id}"), &why.into()),
        }
    }
    Ok(bookmarks)
}

fn bookmark(row: &Row<'_>) -> rusqlite::Result<Bookmark> {
    Ok(Bookmark {
        attempt: row.get("attempt")?,
        row: RowNo::new(required(row, "row")?),
        note: row.get("note")?,
        at: required(row, "at")?,
    })
}

pub(crate) fn is_deleted(db: &Transaction<'_>, id: &TaskId) -> Result<bool, StoreError> {
    Ok(db.prepare_cached("SELECT 1 FROM deleted_tasks WHERE id = ?1")?.exists([id.as_str()])?)
}

pub(crate) fn deleted(db: &Transaction<'_>) -> Result<Vec<TaskId>, StoreError> {
    let mut statement = db.prepare_cached("SELECT id FROM deleted_tasks")?;
    let mut rows = statement.query([])?;
    let mut deleted = Vec::new();
    while let Some(row) = rows.next()? {
        match name(row, "id", TaskId::new) {
            Ok(id) => deleted.push(id),
            Err(why) => left_out("a deleted task", &why),
        }
    }
    Ok(deleted)
}

pub(crate) fn lanes(db: &Transaction<'_>) -> Result<Vec<StoredLane>, StoreError> {
    let mut statement = db.prepare_cached("SELECT * FROM lanes ORDER BY slot")?;
    let mut rows = statement.query([])?;
    let mut lanes = Vec::new();
    while let Some(row) = rows.next()? {
        match lane(row) {
            Ok(lane) => lanes.push(lane),
            Err(why) => left_out("the setting of a lane", &why),
        }
    }
    Ok(lanes)
}

fn lane(row: &Row<'_>) -> Result<StoredLane, StoreError> {
    Ok(StoredLane {
        slot: name(row, "slot", Slot::new)?,
        capacity: row.get("capacity")?,
        paused: row.get("paused")?,
        rules: lane_rules::read(row)?,
        own_capacity: row.get("own_capacity")?,
    })
}

pub(crate) fn counts(db: &Transaction<'_>) -> Result<BTreeMap<TaskPhase, u64>, StoreError> {
    let mut counts: BTreeMap<_, _> = TaskPhase::ALL.into_iter().map(|phase| (phase, 0)).collect();
    let mut statement = db.prepare_cached("SELECT phase, n FROM phase_counts")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        match phase(row).and_then(|phase| Ok((phase, required(row, "n")?))) {
            Ok((phase, n)) => drop(counts.insert(phase, n)),
            Err(why) => left_out("the number of tasks in a phase", &why),
        }
    }
    Ok(counts)
}

pub(crate) fn labels(db: &Transaction<'_>) -> Result<Vec<LabelCount>, StoreError> {
    let mut statement =
        db.prepare_cached("SELECT key, value, n FROM label_counts ORDER BY n DESC, key, value LIMIT ?1")?;
    let mut rows = statement.query([TOP_LABELS])?;
    let mut labels = Vec::new();
    while let Some(row) = rows.next()? {
        match label(row) {
            Ok(label) => labels.push(label),
            Err(why) => left_out("the number of tasks with a label", &why.into()),
        }
    }
    Ok(labels)
}

fn label(row: &Row<'_>) -> rusqlite::Result<LabelCount> {
    Ok(LabelCount { key: row.get("key")?, value: row.get("value")?, count: required(row, "n")? })
}

pub(crate) fn check(db: &Transaction<'_>) -> Result<(), StoreError> {
    let verdict: String = db.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if verdict == "ok" {
        return Ok(());
    }
    let damaged = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT);
    Err(StoreError::Corrupt(rusqlite::Error::SqliteFailure(damaged, Some(verdict))))
}

pub(crate) fn phase(row: &Row<'_>) -> Result<TaskPhase, StoreError> {
    let column = row.as_ref().column_index("phase")?;
    let word = row.get_ref(column)?.as_str().map_err(rusqlite::Error::from)?;
    TaskPhase::from_word(word).ok_or_else(|| {
        let error = format!("{word:?} is not a phase");
        rusqlite::Error::FromSqlConversionFailure(column, Type::Text, error.into()).into()
    })
}

pub(crate) fn name<T>(
    row: &Row<'_>,
    column: &str,
    parse: impl FnOnce(String) -> Result<T, FieldError>,
) -> Result<T, StoreError> {
    let column = row.as_ref().column_index(column)?;
    parse(row.get(column)?).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error)).into()
    })
}
