//! The run folders: what the logs take, whether that is within the limits, and folders that no task knows of.

use solti_model::words::bytes;
use solti_model::{Finding, LogSettings, TaskId, counted, grouped};
use solti_store::{StoreError, known_tasks};
use std::collections::HashSet;
use std::fs::Metadata;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// What a block of a file's size is, whatever the file system's own is: `st_blocks` counts in it.
const BLOCK: u64 = 512;

/// What the logs take.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LogUsage {
    /// On the disk, where a file takes whole blocks.
    pub bytes: u64,
    /// Attempts that have a folder or a packed log, whatever is in it.
    pub runs: u64,
    /// Bytes of the run that takes most, on the disk as `bytes`.
    pub most_of_a_run: u64,
    /// Bytes of the task that takes most, likewise.
    pub most_of_a_task: u64,
}

/// Counts what is in the run folders of `data_dir`. Blocks: it looks at every file.
#[must_use]
pub fn log_usage(data_dir: &Path) -> LogUsage {
    let mut usage = LogUsage::default();
    for task in std::fs::read_dir(data_dir.join("runs")).into_iter().flatten().flatten() {
        let mut of_task = 0;
        for run in std::fs::read_dir(task.path()).into_iter().flatten().flatten() {
            let of_run = match run.metadata() {
                // A log that is packed into one file.
                Ok(found) if found.is_file() => on_disk(&found),
                _ => {
                    let files = std::fs::read_dir(run.path()).into_iter().flatten().flatten();
                    files.filter_map(|file| file.metadata().ok()).map(|found| on_disk(&found)).sum()
                }
            };
            usage.runs += 1;
            usage.most_of_a_run = usage.most_of_a_run.max(of_run);
            of_task += of_run;
        }
        usage.most_of_a_task = usage.most_of_a_task.max(of_task);
        usage.bytes += of_task;
    }
    usage
}

fn on_disk(found: &Metadata) -> u64 {
    found.len().max(found.blocks() * BLOCK)
}

pub(crate) fn folders(data_dir: &Path, limits: &LogSettings) -> Vec<Finding> {
    let folder = data_dir.join("runs");
    let entries = match std::fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return vec![Finding::ok("Logs", "none yet")],
        Err(error) => {
            let said = format!("{} cannot be looked at: {error}", folder.display());
            return vec![Finding::problem(
                "Logs",
                said,
                "See who may read it: the logs of all tasks are there.",
            )];
        }
    };
    let usage = log_usage(data_dir);
    let tasks: Vec<TaskId> =
        entries.flatten().filter_map(|task| TaskId::new(task.file_name().to_str()?).ok()).collect();
    let said = format!("{} in {}", bytes(usage.bytes), counted(usage.runs, "run"));
    let mut findings = vec![match excess(&usage, limits) {
        Some(excess) => Finding::warning(
            "Logs",
            format!("{said}; {excess}"),
            "They are shortened while the app runs, but what a program is writing is one piece of up to 64 MB, and the \
             last piece of a run stays whole. Delete tasks, or raise the limit in the settings.",
        ),
        None => Finding::ok("Logs", said),
    }];
    findings.extend(unknown(data_dir, &tasks));
    findings
}

/// The widest limit that is exceeded, in words.
fn excess(usage: &LogUsage, limits: &LogSettings) -> Option<String> {
    let all = [
        (usage.bytes, limits.total_bytes, "all logs"),
        (usage.most_of_a_task, limits.task_bytes, "the logs of one task"),
        (usage.most_of_a_run, limits.run_bytes, "the log of one run"),
    ];
    all.into_iter().find_map(|(taken, limit, whose)| {
        let limit = limit.filter(|limit| taken > *limit)?;
        Some(format!("{whose} may take {} and take {}", bytes(limit), bytes(taken)))
    })
}

fn unknown(data_dir: &Path, tasks: &[TaskId]) -> Option<Finding> {
    // A database that cannot be read has its own finding.
    let known: Result<Option<HashSet<TaskId>>, StoreError> = known_tasks(data_dir);
    let known = known.ok().flatten()?;
    let unknown = tasks.iter().filter(|id| !known.contains(id)).count();
    (unknown > 0).then(|| {
        Finding::warning(
            "Run folders",
            match unknown {
                1 => "1 belongs to no task".to_owned(),
                more => format!("{} belong to no task", grouped(more)),
            },
            "What is left of deleted tasks is removed when the app starts.",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_that_exceed_a_limit_are_told_of() {
        let dir = tempfile::tempdir().expect("temp dir");
        let task = dir.path().join("runs/a");
        std::fs::create_dir_all(task.join("2")).expect("own folder");
        std::fs::write(task.join("1.log"), vec![b'x'; 600_000]).expect("own file");
        std::fs::write(task.join("2/output.log"), vec![b'x'; 700_000]).expect("own file");
        let said = |limits: LogSettings| folders(dir.path(), &limits)[0].clone();
        let none = LogSettings::default();
        assert_eq!(said(none.clone()).state, solti_model::FindingState::Ok);
        for limits in [
            LogSettings { total_bytes: Some(1_000_000), ..none.clone() },
            LogSettings { task_bytes: Some(1_000_000), ..none.clone() },
            LogSettings { run_bytes: Some(650_000), ..none },
        ] {
            let finding = said(limits);
            assert!(finding.said.contains("2 runs; ") && finding.advice.is_some(), "{finding:?}");
        }
    }

    #[test]
    fn what_cannot_be_looked_at_is_not_taken_for_nothing() {
        let dir = tempfile::tempdir().expect("temp dir");
        let said = || folders(dir.path(), &LogSettings::default())[0].clone();
        assert_eq!(said().said, "none yet");
        // A folder that is none: permissions do not keep the superuser out.
        std::fs::write(dir.path().join("runs"), "").expect("own file");
        let finding = said();
        assert_eq!(finding.state, solti_model::FindingState::Problem);
        assert!(finding.said.contains("runs cannot be looked at: "), "{finding:?}");
    }
}
