//! What stands for rows that cannot be read: damage that SQLite does not see, or words of a later version. One such row never
//! takes the others with it, and what stands for it says so.

use crate::number::optional;
use crate::{Queueing, StoreError, StoredRun, StoredTask};
use rusqlite::Row;
use rusqlite::types::FromSql;
use solti_model::{
    AfterMain, BackoffState, CommandMode, ObjectMeta, Slot, SubprocessMode, SubprocessTask, Task, TaskId,
    TaskKind, TaskPhase, TaskRun, TaskSpec, TaskStatus,
};
use std::error::Error as _;

/// What such a task is called.
const NAME: &str = "unreadable task";
/// Its lane, when not even that can be read.
const LANE: &str = "unreadable";

/// A task that says why it cannot be read; `None`, and a line in the app's log, when it has not even an id.
pub(crate) fn unreadable_task(row: &Row<'_>, why: &StoreError) -> Option<StoredTask> {
    let why = sentence("the record of this task cannot be read", why);
    let id = get(row, "id").and_then(|id: String| TaskId::new(id).ok());
    let Some(id) = id else {
        tracing::error!("a stored task without a valid id is left out: {why}");
        return None;
    };
    let number = |column| time(row, column).unwrap_or(0);
    Some(StoredTask {
        task: Task {
            metadata: ObjectMeta {
                id,
                resource_version: number("resource_version"),
                created_at: number("created_at"),
                updated_at: number("updated_at"),
            },
            spec: unreadable_spec(get(row, "slot"))?,
            status: TaskStatus {
                phase: phase(row).unwrap_or(TaskPhase::Failed),
                attempt: get(row, "attempt").unwrap_or(0),
                exit_code: get(row, "exit_code"),
                error: Some(why.clone()),
            },
        },
        backoff: BackoffState::default(),
        next_attempt_at: time(row, "next_attempt_at"),
        queue_order: number("queue_order"),
        stop_requested: get(row, "stop_requested").unwrap_or(false),
        queueing: Queueing::default(),
        started_at: time(row, "started_at"),
        finished_at: time(row, "finished_at"),
        unreadable: Some(why),
    })
}

/// A spec that nobody can submit: its command is blank.
fn unreadable_spec(slot: Option<String>) -> Option<TaskSpec> {
    let slot = slot.and_then(|slot| Slot::new(slot).ok()).or_else(|| Slot::new(LANE).ok())?;
    let mode = SubprocessMode::Command(CommandMode { command: String::new(), args: vec![] });
    let task = SubprocessTask {
        mode,
        env: vec![],
        cwd: None,
        fail_on_non_zero: true,
        after_main: AfterMain::default(),
    };
    let mut spec = TaskSpec::new(slot, TaskKind::Subprocess(task));
    spec.labels.insert("name".to_owned(), NAME.to_owned());
    Some(spec)
}

/// An attempt that says why it cannot be read; `None` when it has not even a number.
pub(crate) fn unreadable_run(id: &TaskId, row: &Row<'_>, why: &StoreError) -> Option<StoredRun> {
    let why = sentence("the record of this attempt cannot be read", why);
    let Some(attempt) = get(row, "attempt") else {
        tracing::error!("an attempt of task {id} without a valid number is left out: {why}");
        return None;
    };
    let started_at = time(row, "started_at").unwrap_or(0);
    let phase = phase(row).unwrap_or(TaskPhase::Failed);
    let finished_at: Option<u64> = time(row, "finished_at");
    Some(StoredRun {
        task_id: id.clone(),
        run: TaskRun {
            attempt,
            phase,
            started_at,
            finished_at: if phase.is_terminal() { finished_at.or(Some(started_at)) } else { finished_at },
            error: Some(why),
            exit_code: get(row, "exit_code"),
            usage: None,
            remark: None,
            runner: get(row, "runner"),
            node: get(row, "node"),
            suspension: None,
        },
        boot_id: get(row, "boot_id").unwrap_or_default(),
        pid: get(row, "pid"),
        folder: get(row, "folder").unwrap_or(true),
        environment: get(row, "environment"),
    })
}

/// Notes in the app's log that something of lesser weight is left out.
pub(crate) fn left_out(what: &str, why: &StoreError) {
    tracing::error!("{}", sentence(&format!("{what} cannot be read and is left out"), why));
}

fn phase(row: &Row<'_>) -> Option<TaskPhase> {
    get(row, "phase").and_then(|word: String| TaskPhase::from_word(&word))
}

fn get<T: FromSql>(row: &Row<'_>, column: &str) -> Option<T> {
    row.get::<_, Option<T>>(column).ok().flatten()
}

/// A time, or another number that is not negative.
fn time(row: &Row<'_>, column: &str) -> Option<u64> {
    optional(row, column).ok().flatten()
}

fn sentence(what: &str, why: &StoreError) -> String {
    format!("{what}: {}", cause(why))
}

/// What is behind an error.
pub(crate) fn cause(why: &StoreError) -> String {
    why.source().map_or_else(|| why.to_string(), ToString::to_string)
}
