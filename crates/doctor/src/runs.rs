//! The run folders: what the logs take, and folders that no task knows of.

use crate::words::bytes;
use solti_model::{Finding, TaskId};
use solti_store::{StoreError, known_tasks};
use std::collections::HashSet;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// What a block of a file's size is, whatever the file system's own is: `st_blocks` counts in it.
const BLOCK: u64 = 512;

/// What the logs take.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LogUsage {
    /// On the disk, where a file takes whole blocks.
    pub bytes: u64,
    pub runs: u64,
}

/// Counts what is in the run folders of `data_dir`. Blocks: it looks at every file.
#[must_use]
pub fn log_usage(data_dir: &Path) -> LogUsage {
    let mut usage = LogUsage::default();
    for task in std::fs::read_dir(data_dir.join("runs")).into_iter().flatten().flatten() {
        for run in std::fs::read_dir(task.path()).into_iter().flatten().flatten() {
            usage.runs += 1;
            let files = std::fs::read_dir(run.path()).into_iter().flatten().flatten();
            usage.bytes += files
                .filter_map(|file| file.metadata().ok())
                .map(|found| found.blocks() * BLOCK)
                .sum::<u64>();
        }
    }
    usage
}

pub fn folders(data_dir: &Path) -> Vec<Finding> {
    let Ok(entries) = std::fs::read_dir(data_dir.join("runs")) else {
        return vec![Finding::ok("Logs", "none yet")];
    };
    let LogUsage { bytes: taken, runs } = log_usage(data_dir);
    let tasks: Vec<TaskId> =
        entries.flatten().filter_map(|task| TaskId::new(task.file_name().to_str()?).ok()).collect();
    let runs = if runs == 1 { "1 run".to_owned() } else { format!("{runs} runs") };
    let mut findings = vec![Finding::ok("Logs", format!("{} in {runs}", bytes(taken)))];
    findings.extend(unknown(data_dir, &tasks));
    findings
}

fn unknown(data_dir: &Path, tasks: &[TaskId]) -> Option<Finding> {
    // A database that cannot be read has its own finding.
    let known: Result<Option<HashSet<TaskId>>, StoreError> = known_tasks(data_dir);
    let known = known.ok().flatten()?;
    let unknown = tasks.iter().filter(|id| !known.contains(id)).count();
    (unknown > 0).then(|| {
        Finding::warning(
            "Run folders",
            format!("{unknown} belong to no task"),
            "They are of deleted tasks, and go when the app starts.",
        )
    })
}
