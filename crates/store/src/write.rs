//! Changes as SQL. Transactions are the business of `writer`, counters and the finality of phases that of triggers in `schema.sql`.

use crate::number::Number;
use crate::{
    AttemptRange, Change, StoreError, StoredLane, StoredRun, StoredTask, environment, hooks, jobs,
    lane_rules, meta, renamed_jobs, shared_lanes, took,
};
use hashlink::LruCache;
use rusqlite::types::{ToSqlOutput, Value};
use rusqlite::{OptionalExtension, Transaction, named_params, params, params_from_iter};
use solti_model::{Kin, Searched, SpecHead, Task, TaskId};
use std::sync::OnceLock;

/// A spec from this size on, in bytes of JSON, has a head of its own for lists.
const LONG_SPEC: usize = 16 * 1024;
/// More than are written to at a time.
const KNOWN: usize = 4_096;

/// The numbers under which the rows of a task are found, of tasks that were written lately. For the one connection that
/// writes: what is rolled back there has to be forgotten here.
pub(crate) struct Numbers(LruCache<TaskId, i64>);

impl Numbers {
    pub(crate) fn new() -> Self {
        Self(LruCache::new(KNOWN))
    }

    pub(crate) fn forget_all(&mut self) {
        self.0.clear();
    }

    fn find(&mut self, db: &Transaction<'_>, id: &TaskId) -> Result<Option<i64>, StoreError> {
        if let Some(num) = self.0.get(id) {
            return Ok(Some(*num));
        }
        let mut statement = db.prepare_cached("SELECT num FROM tasks WHERE id = ?1")?;
        let num = statement.query_row([id.as_str()], |row| row.get(0)).optional()?;
        if let Some(num) = num {
            self.0.insert(id.clone(), num);
        }
        Ok(num)
    }

    fn required(&mut self, db: &Transaction<'_>, id: &TaskId) -> Result<i64, StoreError> {
        self.find(db, id)?.ok_or_else(|| StoreError::UnknownTask(id.clone()))
    }
}

pub(crate) fn apply(db: &Transaction<'_>, numbers: &mut Numbers, change: &Change) -> Result<(), StoreError> {
    match change {
        Change::PutTask(task) => put_task(db, numbers, task),
        Change::EditTask(task) => edit_task(db, numbers, task),
        Change::PutRun(run) => put_run(db, numbers.required(db, &run.task_id)?, run),
        Change::DropAttempts(attempts) => drop_attempts(db, numbers, attempts),
        Change::DeleteTask(id) => delete_task(db, numbers, id),
        Change::ForgetDeleted(id) => {
            db.prepare_cached("DELETE FROM deleted_tasks WHERE id = ?1")?.execute([id.as_str()])?;
            Ok(())
        }
        Change::PutLane(lane) => put_lane(db, lane),
        Change::ForgetLane(slot) => shared_lanes::forget(db, slot),
        Change::Event { task_id, at, attempt, kind, detail } => {
            let num = numbers.required(db, task_id)?;
            db.prepare_cached(
                "INSERT INTO events (num, at, attempt, kind, detail) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![num, Number(*at), attempt, kind, detail])?;
            Ok(())
        }
        Change::QueueCalls { seen, calls } => hooks::queue(db, *seen, calls),
        Change::CallTried(call) => hooks::tried(db, call),
        Change::ForgetCalls(hook) => hooks::forget(db, hook),
        Change::PutBookmark { task_id, bookmark } => {
            let num = numbers.required(db, task_id)?;
            db.prepare_cached(
                "INSERT INTO bookmarks (num, attempt, row, note, at) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT DO UPDATE SET note = excluded.note, at = excluded.at",
            )?
            .execute(params![
                num,
                bookmark.attempt,
                Number(bookmark.row.get()),
                bookmark.note,
                Number(bookmark.at)
            ])?;
            Ok(())
        }
        Change::DeleteBookmark { task_id, attempt, row } => {
            let Some(num) = numbers.find(db, task_id)? else { return Ok(()) };
            db.prepare_cached("DELETE FROM bookmarks WHERE num = ?1 AND attempt = ?2 AND row = ?3")?
                .execute(params![num, attempt, Number(row.get())])?;
            Ok(())
        }
        Change::SetMeta { key, value } => meta::set(db, key, value),
        Change::PutEnvironment(variables) => environment::put(db, variables),
        Change::DeleteEnvironment(number) => environment::delete(db, *number),
        Change::PutJob(saving) => jobs::put(db, saving),
        Change::DeleteJob(name) => jobs::delete(db, name),
        Change::RenameJob { from, to } => renamed_jobs::rename(db, from, to),
        Change::Settle { job, settled } => jobs::settle(db, job, settled),
        Change::Fire(firing) => jobs::fire(db, firing),
    }
}

fn put_task(db: &Transaction<'_>, numbers: &mut Numbers, stored: &StoredTask) -> Result<(), StoreError> {
    match numbers.find(db, &stored.task.metadata.id)? {
        Some(num) => {
            if update_task(db, num, stored)? && stored.task.status.phase.is_terminal() {
                took::note(db, num)?;
            }
            Ok(())
        }
        None if is_deleted(db, &stored.task.metadata.id)? => Ok(()),
        None => insert_task(db, stored),
    }
}

fn is_deleted(db: &Transaction<'_>, id: &TaskId) -> Result<bool, StoreError> {
    let mut statement = db.prepare_cached("SELECT 1 FROM deleted_tasks WHERE id = ?1")?;
    Ok(statement.exists([id.as_str()])?)
}

const NULL: ToSqlOutput<'static> = ToSqlOutput::Owned(Value::Null);

/// What changes of a task while it lives, by its columns: its making and every change of it write the same.
fn state(stored: &StoredTask) -> [(&'static str, ToSqlOutput<'_>); 16] {
    let StoredTask { task: Task { metadata, status, .. }, backoff, queueing, .. } = stored;
    let number = |number: u64| ToSqlOutput::from(Number(number).stored());
    let perhaps = |number: Option<u64>| number.map_or(NULL, |number| Number(number).stored().into());
    [
        ("phase", status.phase.word().into()),
        ("resource_version", number(metadata.resource_version)),
        ("updated_at", number(metadata.updated_at)),
        ("attempt", status.attempt.into()),
        ("exit_code", status.exit_code.map_or(NULL, Into::into)),
        ("error", status.error.as_deref().map_or(NULL, Into::into)),
        ("consecutive_failures", backoff.consecutive_failures.into()),
        ("previous_delay_ms", perhaps(backoff.previous_ms)),
        ("next_attempt_at", perhaps(stored.next_attempt_at)),
        ("queue_order", number(stored.queue_order)),
        ("stop_requested", stored.stop_requested.into()),
        ("started_at", perhaps(stored.started_at)),
        ("finished_at", perhaps(stored.finished_at)),
        ("held", queueing.held.into()),
        ("suspended", queueing.suspended.into()),
        ("fulfilled", queueing.fulfilled_text().map_or(NULL, Into::into)),
    ]
}

/// `false` where a later version is stored, which then stays as it is.
fn update_task(db: &Transaction<'_>, num: i64, stored: &StoredTask) -> Result<bool, StoreError> {
    static UPDATE: OnceLock<String> = OnceLock::new();
    let state = state(stored);
    let update = UPDATE.get_or_init(|| {
        let set: Vec<_> = state.iter().map(|(column, _)| format!("{column} = :{column}")).collect();
        let set = set.join(", ");
        format!("UPDATE tasks SET {set} WHERE num = :num AND resource_version <= :resource_version")
    });
    let values = state.into_iter().map(|(_, value)| value).chain([num.into()]);
    Ok(db.prepare_cached(update)?.execute(params_from_iter(values))? > 0)
}

fn insert_task(db: &Transaction<'_>, stored: &StoredTask) -> Result<(), StoreError> {
    static INSERT: OnceLock<String> = OnceLock::new();
    let StoredTask { task, .. } = stored;
    let fixed = [
        ("id", task.metadata.id.as_str().into()),
        ("slot", task.spec.slot.as_str().into()),
        ("created_at", Number(task.metadata.created_at).stored().into()),
        ("kin", Kin::of(&task.spec).number().into()),
    ];
    let (columns, values): (Vec<_>, Vec<ToSqlOutput<'_>>) = state(stored).into_iter().chain(fixed).unzip();
    let insert = INSERT.get_or_init(|| {
        let places = columns.iter().map(|column| format!(":{column}")).collect::<Vec<_>>().join(", ");
        format!("INSERT INTO tasks ({}) VALUES ({places})", columns.join(", "))
    });
    db.prepare_cached(insert)?.execute(params_from_iter(values))?;
    put_spec(db, db.last_insert_rowid(), task)
}

fn edit_task(db: &Transaction<'_>, numbers: &mut Numbers, stored: &StoredTask) -> Result<(), StoreError> {
    let num = numbers.required(db, &stored.task.metadata.id)?;
    if !update_task(db, num, stored)? {
        return Ok(());
    }
    db.prepare_cached("UPDATE tasks SET slot = ?2 WHERE num = ?1 AND slot <> ?2")?
        .execute(params![num, stored.task.spec.slot.as_str()])?;
    db.prepare_cached("UPDATE tasks SET kin = ?2 WHERE num = ?1 AND kin IS NOT ?2")?
        .execute(params![num, Kin::of(&stored.task.spec).number()])?;
    forget_spec(db, num)?;
    put_spec(db, num, &stored.task)
}

/// What was written of a spec.
const OF_SPEC: [&str; 5] = [
    "DELETE FROM task_specs WHERE num = ?1",
    "DELETE FROM task_heads WHERE num = ?1",
    "DELETE FROM task_text WHERE num = ?1",
    "DELETE FROM task_labels WHERE num = ?1",
    "DELETE FROM job_tasks WHERE num = ?1",
];

fn forget_spec(db: &Transaction<'_>, num: i64) -> Result<(), StoreError> {
    for delete in OF_SPEC {
        db.prepare_cached(delete)?.execute([num])?;
    }
    Ok(())
}

/// The spec, and what is read and searched of it.
fn put_spec(db: &Transaction<'_>, num: i64, task: &Task) -> Result<(), StoreError> {
    let of = &task.spec;
    let spec = serde_json::to_string(of).map_err(StoreError::Spec)?;
    db.prepare_cached("INSERT INTO task_specs (num, spec) VALUES (?1, ?2)")?.execute(params![num, spec])?;
    if spec.len() >= LONG_SPEC {
        let head = serde_json::to_string(&SpecHead::of(of)).map_err(StoreError::Spec)?;
        db.prepare_cached("INSERT INTO task_heads (num, head) VALUES (?1, ?2)")?
            .execute(params![num, head])?;
    }
    db.prepare_cached("INSERT INTO task_text (num, folded) VALUES (?1, ?2)")?
        .execute(params![num, Searched::of(of).text])?;
    let mut label = db.prepare_cached("INSERT INTO task_labels (key, value, num) VALUES (?1, ?2, ?3)")?;
    for (key, value) in &of.labels {
        label.execute(params![key, value, num])?;
    }
    if let Some(job) = &of.job {
        jobs::put_task(db, job, num)?;
    }
    if !of.has_own_lane() {
        shared_lanes::used(db, &of.slot, task.metadata.created_at)?;
    }
    Ok(())
}

fn put_run(db: &Transaction<'_>, num: i64, stored: &StoredRun) -> Result<(), StoreError> {
    let run = &stored.run;
    let suspension = run.suspension.unwrap_or_default();
    db.prepare_cached(
        "INSERT INTO runs (num, attempt, phase, started_at, finished_at, exit_code, error, boot_id, pid, folder,
             cpu_ms, peak_memory_bytes, read_bytes, written_bytes, environment, remark, runner, node,
             suspended_ms, suspended_since)
         VALUES (:num, :attempt, :phase, :started_at, :finished_at, :exit_code, :error, :boot_id, :pid, :folder,
             :cpu_ms, :peak_memory_bytes, :read_bytes, :written_bytes, :environment, :remark, :runner, :node,
             :suspended_ms, :suspended_since)
         ON CONFLICT DO UPDATE SET phase = excluded.phase, started_at = excluded.started_at,
             finished_at = excluded.finished_at, exit_code = excluded.exit_code, error = excluded.error,
             boot_id = excluded.boot_id, pid = excluded.pid, folder = excluded.folder,
             cpu_ms = excluded.cpu_ms, peak_memory_bytes = excluded.peak_memory_bytes,
             read_bytes = excluded.read_bytes, written_bytes = excluded.written_bytes,
             environment = excluded.environment, remark = excluded.remark,
             runner = excluded.runner, node = excluded.node,
             suspended_ms = excluded.suspended_ms, suspended_since = excluded.suspended_since",
    )?
    .execute(named_params! {
        ":num": num,
        ":attempt": run.attempt,
        ":phase": run.phase.word(),
        ":started_at": Number(run.started_at),
        ":finished_at": run.finished_at.map(Number),
        ":exit_code": run.exit_code,
        ":error": run.error,
        ":boot_id": stored.boot_id,
        ":pid": stored.pid,
        ":folder": stored.folder,
        ":cpu_ms": run.usage.map(|usage| Number(usage.cpu_ms)),
        ":peak_memory_bytes": run.usage.and_then(|usage| usage.peak_memory_bytes).map(Number),
        ":read_bytes": run.usage.and_then(|usage| usage.read_bytes).map(Number),
        ":written_bytes": run.usage.and_then(|usage| usage.written_bytes).map(Number),
        ":environment": stored.environment,
        ":remark": run.remark,
        ":runner": run.runner,
        ":node": run.node,
        ":suspended_ms": Number(suspension.total_ms),
        ":suspended_since": suspension.since.map(Number),
    })?;
    // Its task may have been written before it.
    if run.finished_at.is_some() { took::note(db, num) } else { Ok(()) }
}

/// The events of attempts are in the order of these: the walk ends at the first one that stays.
fn drop_attempts(
    db: &Transaction<'_>,
    numbers: &mut Numbers,
    AttemptRange { task_id, from, to }: &AttemptRange,
) -> Result<(), StoreError> {
    let Some(num) = numbers.find(db, task_id)? else { return Ok(()) };
    db.prepare_cached("DELETE FROM runs WHERE num = ?1 AND attempt BETWEEN ?2 AND ?3")?
        .execute(params![num, from, to])?;
    db.prepare_cached(
        "DELETE FROM events WHERE num = ?1 AND attempt BETWEEN ?2 AND ?3
             AND seq < coalesce((SELECT seq FROM events WHERE num = ?1 AND attempt > ?3 ORDER BY seq LIMIT 1),
                                9223372036854775807)",
    )?
    .execute(params![num, from, to])?;
    Ok(())
}

fn delete_task(db: &Transaction<'_>, numbers: &mut Numbers, id: &TaskId) -> Result<(), StoreError> {
    let Some(num) = numbers.find(db, id)? else { return Ok(()) };
    numbers.0.remove(id);
    forget_spec(db, num)?;
    for delete in [
        "DELETE FROM runs WHERE num = ?1",
        "DELETE FROM events WHERE num = ?1",
        "DELETE FROM bookmarks WHERE num = ?1",
        "DELETE FROM tasks WHERE num = ?1",
    ] {
        db.prepare_cached(delete)?.execute([num])?;
    }
    db.prepare_cached("INSERT OR IGNORE INTO deleted_tasks (id) VALUES (?1)")?.execute([id.as_str()])?;
    Ok(())
}

fn put_lane(db: &Transaction<'_>, lane: &StoredLane) -> Result<(), StoreError> {
    db.prepare_cached(
        "INSERT INTO lanes (slot, capacity, paused, rules, own_capacity) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT DO UPDATE SET capacity = excluded.capacity, paused = excluded.paused, rules = excluded.rules,
             own_capacity = excluded.own_capacity",
    )?
    .execute(params![
        lane.slot.as_str(),
        lane.capacity,
        lane.paused,
        lane_rules::text(&lane.rules)?,
        lane.own_capacity,
    ])?;
    Ok(())
}
