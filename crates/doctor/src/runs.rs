//! The run folders: what the logs take, and folders that no task knows of.

use crate::words::bytes;
use solti_model::{Finding, TaskId};
use solti_store::{StoreError, known_tasks};
use std::collections::HashSet;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// What a block of a file's size is, whatever the file system's own is: `st_blocks` counts in it.
const BLOCK: u64 = 512;

pub fn folders(data_dir: &Path) -> Vec<Finding> {
    let root = data_dir.join("runs");
    let Ok(entries) = std::fs::read_dir(&root) else { return vec![Finding::ok("Logs", "none yet")] };
    let (mut taken, mut runs, mut tasks) = (0, 0_u64, Vec::new());
    for task in entries.flatten() {
        tasks.extend(task.file_name().to_str().and_then(|name| TaskId::new(name).ok()));
        for run in std::fs::read_dir(task.path()).into_iter().flatten().flatten() {
            runs += 1;
            let files = std::fs::read_dir(run.path()).into_iter().flatten().flatten();
            taken += files
                .filter_map(|file| file.metadata().ok())
                .map(|found| found.blocks() * BLOCK)
                .sum::<u64>();
        }
    }
    let mut findings = vec![Finding::ok("Logs", format!("{} in {runs} runs", bytes(taken)))];
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
