//! After the database was lost, or another one was put into its place: what the store says is of an earlier time, or nothing at all, and the run folders know better.
//!
//! A run folder that the store does not know becomes a task of its own, so that its log is kept and its processes can be
//! stopped; what was asked for in its spec is gone. A task whose latest runs the store does not know continues with the latest
//! of them. A task between two attempts is over as lost: whether it went on nobody knows, and nothing is run twice.
//! Waiting tasks stay, in paused lanes (see `recovery`).

use super::event;
use crate::clock::now_ms;
use crate::folders::attempt_named;
use crate::{RunFolders, SupervisorError};
use solti_model::{
    AfterMain, BackoffState, CommandMode, ObjectMeta, Slot, SubprocessMode, SubprocessTask, Task,
    TaskEventKind, TaskId, TaskKind, TaskPhase, TaskRun, TaskSpec, TaskStatus,
};
use solti_store::{Change, Queueing, Store, StoredRun, StoredTask};
use std::io::ErrorKind;
use std::time::UNIX_EPOCH;

/// Why such a task or run has failed, where nothing else is known of it.
const LOST: &str = "its record was lost with the database";
/// Tasks of one batch.
const BATCH: usize = 200;

/// One `runs/<task>/<attempt>/`, or the packed log of a run that is over.
struct RunFolder {
    attempt: u32,
    /// A shim has begun here, and nobody has taken note of the end: `recovery` finds out what became of it.
    open: bool,
    /// Unix milliseconds.
    changed_at: u64,
}

/// Makes the store agree with the run folders. `boot_id` is that of this boot.
pub(crate) async fn catch_up(
    store: &Store,
    folders: &RunFolders,
    boot_id: &str,
) -> Result<(), SupervisorError> {
    let mut changes = Vec::new();
    for (id, runs) in folders.on_a_thread(all_runs).await? {
        let Some(latest) = runs.last() else { continue };
        match store.task(&id).await? {
            None if store.is_deleted(&id).await? => {}
            None => changes.extend(unknown_task(&id, &runs, boot_id)),
            Some(stored) if !stored.task.status.phase.is_terminal() && stored.unreadable.is_none() => {
                changes.extend(later_run(store, stored, latest, boot_id).await?);
            }
            Some(_) => {}
        }
        if changes.len() > BATCH {
            store.apply(std::mem::take(&mut changes)).await?;
        }
    }
    store.apply(changes).await?;
    end_between_attempts(store).await
}

fn tasks(folders: &RunFolders) -> Result<Vec<TaskId>, SupervisorError> {
    folders.tasks().map_err(|source| SupervisorError::Folder { path: folders.root().to_owned(), source })
}

fn all_runs(folders: &RunFolders) -> Result<Vec<(TaskId, Vec<RunFolder>)>, SupervisorError> {
    let of = |id: TaskId| match run_folders(folders, &id) {
        Ok(runs) => Some((id, runs)),
        // A task that waits does so in a paused lane, and a person decides.
        Err(error) => {
            tracing::error!("whether task {id} has run meanwhile is not known: {error}");
            None
        }
    };
    Ok(tasks(folders)?.into_iter().filter_map(of).collect())
}

/// Whether there is any run folder, of whatever task.
pub(crate) async fn any_run(folders: &RunFolders) -> Result<bool, SupervisorError> {
    let any = |folders: &RunFolders| {
        // What cannot be looked at may well hold a run.
        let holds_one = |id: &TaskId| run_folders(folders, id).map_or(true, |runs| !runs.is_empty());
        Ok(tasks(folders)?.iter().any(holds_one))
    };
    folders.on_a_thread(any).await
}

/// Makes a task of a folder that the store does not know, and of which it does not say that it was deleted; `false` when there
/// is no run in it.
pub(crate) async fn take_up(
    store: &Store,
    folders: &RunFolders,
    id: &TaskId,
    boot_id: &str,
) -> Result<bool, SupervisorError> {
    let task = id.clone();
    let runs = folders.on_a_thread(move |folders| run_folders(folders, &task)).await?;
    let changes = unknown_task(id, &runs, boot_id);
    let is_one = !changes.is_empty();
    store.apply(changes).await?;
    Ok(is_one)
}

/// Oldest first; none where there is no folder.
fn run_folders(folders: &RunFolders, id: &TaskId) -> Result<Vec<RunFolder>, SupervisorError> {
    let task = folders.task(id);
    let failed = |source| SupervisorError::Folder { path: task.clone(), source };
    let mut runs = Vec::new();
    let entries = match std::fs::read_dir(&task) {
        // Deleted meanwhile, or something else that a person has put there.
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(runs);
        }
        entries => entries.map_err(failed)?,
    };
    for entry in entries {
        let entry = entry.map_err(failed)?;
        let Some(attempt) = entry.file_name().to_str().and_then(attempt_named) else { continue };
        let path = entry.path();
        let changed = entry.metadata().and_then(|found| found.modified()).unwrap_or(UNIX_EPOCH);
        let since = changed.duration_since(UNIX_EPOCH).unwrap_or_default();
        runs.push(RunFolder {
            attempt,
            // What cannot be looked at may well be alive.
            open: !matches!(path.join("exit").try_exists(), Ok(false)),
            changed_at: u64::try_from(since.as_millis()).unwrap_or(u64::MAX),
        });
    }
    // Where a log was just being packed both are there.
    runs.sort_by_key(|run| (run.attempt, run.open));
    runs.dedup_by_key(|run| run.attempt);
    Ok(runs)
}

fn stored_run(id: &TaskId, run: &RunFolder, open: bool, boot_id: &str) -> StoredRun {
    StoredRun {
        task_id: id.clone(),
        run: TaskRun {
            attempt: run.attempt,
            phase: if open { TaskPhase::Running } else { TaskPhase::Failed },
            started_at: run.changed_at,
            finished_at: (!open).then_some(run.changed_at),
            error: (!open).then(|| LOST.to_owned()),
            exit_code: None,
            usage: None,
            remark: None,
            runner: None,
            node: None,
            suspension: None,
        },
        boot_id: boot_id.to_owned(),
        pid: None,
        folder: true,
        environment: None,
    }
}

fn unknown_task(id: &TaskId, runs: &[RunFolder], boot_id: &str) -> Vec<Change> {
    let (Some(first), Some(latest)) = (runs.first(), runs.last()) else { return vec![] };
    let Some(spec) = unknown_spec(id) else { return vec![] };
    let open = latest.open;
    let phase = if open { TaskPhase::Running } else { TaskPhase::Failed };
    let stored = StoredTask {
        task: Task {
            metadata: ObjectMeta {
                id: id.clone(),
                resource_version: 0,
                created_at: first.changed_at,
                updated_at: now_ms(),
            },
            spec,
            status: TaskStatus {
                phase,
                attempt: latest.attempt,
                exit_code: None,
                error: (!open).then(|| LOST.to_owned()),
            },
        },
        backoff: BackoffState::default(),
        next_attempt_at: None,
        queue_order: 0,
        stop_requested: false,
        queueing: Queueing::default(),
        started_at: Some(latest.changed_at),
        finished_at: (!open).then_some(latest.changed_at),
        unreadable: None,
    };
    let mut changes = vec![Change::from(stored)];
    for run in runs {
        let is_latest = run.attempt == latest.attempt;
        changes.push(stored_run(id, run, open && is_latest, boot_id).into());
    }
    changes.push(event(id, now_ms(), None, TaskEventKind::Lost, Some(LOST.to_owned())));
    changes
}

/// A spec that does no harm when it is run again: what the task's own said is gone.
fn unknown_spec(id: &TaskId) -> Option<TaskSpec> {
    let mode = SubprocessMode::Command(CommandMode { command: "true".into(), args: vec![] });
    let task =
        SubprocessTask { mode, env: vec![], cwd: None, fail_on_non_zero: true, after_main: AfterMain::Wait };
    // A lane of its own, as more may be running than a shared lane holds. An id is made of the letters of a lane's name.
    let tail = &id.as_str()[id.as_str().len().saturating_sub(50)..];
    let slot = Slot::new(format!("recovered-{tail}")).ok()?;
    let mut spec = TaskSpec::new(slot, TaskKind::Subprocess(task));
    spec.labels.insert("name".into(), format!("recovered {id}"));
    Some(spec)
}

/// The changes for a task that is not over, when its folders show a later run than the store does.
async fn later_run(
    store: &Store,
    mut stored: StoredTask,
    latest: &RunFolder,
    boot_id: &str,
) -> Result<Vec<Change>, SupervisorError> {
    let id = stored.task.metadata.id.clone();
    if latest.attempt <= stored.task.status.attempt {
        return Ok(vec![]);
    }
    let mut changes = Vec::new();
    for mut known in store.runs(&id).await?.into_iter().filter(|known| known.run.finished_at.is_none()) {
        known.run.phase = TaskPhase::Failed;
        known.run.finished_at = Some(latest.changed_at);
        known.run.error = Some(LOST.to_owned());
        changes.push(known.into());
    }
    changes.push(stored_run(&id, latest, latest.open, boot_id).into());
    stored.task.status =
        TaskStatus { phase: TaskPhase::Running, attempt: latest.attempt, exit_code: None, error: None };
    stored.next_attempt_at = None;
    stored.started_at = Some(latest.changed_at);
    changes.insert(0, Change::from(stored.clone()));
    if !latest.open {
        changes.extend(lost_task(stored));
    }
    Ok(changes)
}

fn lost_task(mut stored: StoredTask) -> Vec<Change> {
    let (id, now) = (stored.task.metadata.id.clone(), now_ms());
    stored.task.status.phase = TaskPhase::Failed;
    stored.task.status.error = Some(LOST.to_owned());
    stored.task.metadata.updated_at = now;
    stored.finished_at = Some(now);
    stored.next_attempt_at = None;
    vec![stored.into(), event(&id, now, None, TaskEventKind::Lost, Some(LOST.to_owned()))]
}

async fn end_between_attempts(store: &Store) -> Result<(), SupervisorError> {
    let mut changes = Vec::new();
    for stored in store.active().await? {
        if stored.task.status.attempt == 0 || stored.unreadable.is_some() {
            continue;
        }
        let runs = store.runs(&stored.task.metadata.id).await?;
        if runs.last().is_none_or(|last| last.run.finished_at.is_some()) {
            changes.extend(lost_task(stored));
        }
    }
    Ok(store.apply(changes).await?)
}
