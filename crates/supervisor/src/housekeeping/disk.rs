//! The logs of runs as they lie on the disk: which there are, how large they are, and what is taken from them.

use super::HousekeepingError;
use crate::RunFolders;
use solti_logstore::{LogError, LogLimits, StoredLog, pack, plan, remove_segment, repair};
use solti_model::{RunId, TaskId};
use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

/// With more attempts to look at than this, their folders are listed first.
const LISTED: u32 = 8;

/// One run's log on the disk.
pub(super) struct RunLog {
    pub run: RunId,
    pub log: StoredLog,
}

/// Names of the entries of a folder, as far as they are of the kind looked for; one that is not there is empty.
fn names<T>(folder: PathBuf, kind: impl Fn(&str) -> Option<T>) -> Result<Vec<T>, HousekeepingError> {
    let entries = match std::fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(vec![]),
        Err(source) => return Err(HousekeepingError::Folder { path: folder, source }),
    };
    Ok(entries.flatten().filter_map(|entry| kind(entry.file_name().to_str()?)).collect())
}

pub(super) fn tasks_with_folders(folders: &RunFolders) -> Result<BTreeSet<TaskId>, HousekeepingError> {
    Ok(names(folders.root().to_owned(), |name| TaskId::new(name).ok())?.into_iter().collect())
}

/// The logs of some attempts of a task, in order. Up to attempt `over` they have ended. One that cannot be looked at is left
/// alone, and keeps no other from being looked at.
pub(super) fn run_logs(
    folders: &RunFolders,
    id: &TaskId,
    attempts: std::ops::RangeInclusive<u32>,
    over: u32,
) -> Vec<RunLog> {
    let few = attempts.end().saturating_sub(*attempts.start()) < LISTED;
    let attempts: Vec<u32> = if few {
        attempts.collect()
    } else {
        let mut there = folders.logged_attempts(id).or_else(none_if_gone).unwrap_or_else(|error| {
            tracing::warn!("the logs of task {id} are not measured: {error}");
            vec![]
        });
        there.retain(|attempt| attempts.contains(attempt));
        there
    };
    let mut runs = Vec::new();
    for attempt in attempts {
        match StoredLog::of(&folders.run(id, attempt), attempt <= over) {
            Ok(log) if log.segments.is_empty() => {}
            Ok(log) => runs.push(RunLog { run: RunId::new(id.clone(), attempt), log }),
            Err(error) => tracing::warn!("the log of run {id}/{attempt} is not measured: {error}"),
        }
    }
    runs
}

fn none_if_gone<T>(error: std::io::Error) -> std::io::Result<Vec<T>> {
    if error.kind() == std::io::ErrorKind::NotFound { Ok(Vec::new()) } else { Err(error) }
}

/// Removes what has to go from these runs; the tasks that it was taken from.
pub(super) fn remove(
    folders: &RunFolders,
    runs: &[RunLog],
    limits: &LogLimits,
    free: u64,
) -> BTreeSet<TaskId> {
    let mut numbers: HashMap<&TaskId, usize> = HashMap::new();
    let mut logs = Vec::with_capacity(runs.len());
    for run in runs {
        let next = numbers.len();
        logs.push((*numbers.entry(&run.run.task).or_insert(next), run.log.clone()));
    }
    let mut freed = BTreeSet::new();
    let mut bytes = 0;
    for removal in plan(&logs, limits, free) {
        let RunLog { run, log } = &runs[removal.run];
        match remove_from(&folders.run(&run.task, run.attempt), log, removal.segment) {
            Ok(()) => {
                bytes += removal.bytes;
                freed.insert(run.task.clone());
            }
            // One that cannot go keeps no other from going.
            Err(error) => tracing::warn!("nothing is removed of the log of run {run}: {error}"),
        }
    }
    if !freed.is_empty() {
        tracing::info!("removed {bytes} bytes of the logs of {} tasks to keep the limits", freed.len());
    }
    freed
}

fn remove_from(folder: &Path, log: &StoredLog, segment: u32) -> Result<(), LogError> {
    // The last segment can go only from a log with its end mark, which a shim that was killed did not set.
    if log.ended && log.segments.last().is_some_and(|last| last.number == segment) {
        repair(folder)?;
    }
    remove_segment(folder, segment)?;
    if log.ended {
        // What is left of it may be small now, or nothing but its length.
        pack(folder)?;
    }
    Ok(())
}
