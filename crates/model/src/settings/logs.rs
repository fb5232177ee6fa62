//! How much logs may take.

use crate::bounds::within;
use crate::problems::Problems;
use crate::{MAX_BYTES, MIN_LOG_BYTES};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

const GB: u64 = 1_000_000_000;

/// How much logs may take. `null` is without a limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct LogSettings {
    /// Each run.
    #[ts(type = "number | null")]
    pub run_bytes: Option<u64>,
    /// All runs of a task.
    #[ts(type = "number | null")]
    pub task_bytes: Option<u64>,
    /// All runs of all tasks.
    #[ts(type = "number | null")]
    pub total_bytes: Option<u64>,
    /// Logs are shortened before less than this is free on their disk.
    #[ts(type = "number")]
    pub min_free_bytes: u64,
    /// The beginning of each log, which is kept when older parts are removed.
    #[ts(type = "number")]
    pub keep_head_bytes: u64,
}

impl Default for LogSettings {
    fn default() -> Self {
        Self {
            run_bytes: Some(20 * GB),
            task_bytes: Some(40 * GB),
            total_bytes: Some(100 * GB),
            min_free_bytes: 2 * GB,
            keep_head_bytes: 1024 * 1024,
        }
    }
}

impl LogSettings {
    /// What is to stay free on a disk that has `free_bytes` left when logs are first kept there: half of that, in steps of 10 MB,
    /// where the default would remove nearly all of them at once; `None` where it would not.
    pub fn first_min_free(free_bytes: u64) -> Option<u64> {
        const STEP: u64 = 10_000_000;
        let half = free_bytes / 2;
        (half < Self::default().min_free_bytes).then_some(half - half % STEP)
    }

    pub(super) fn examine(&self, problems: &mut Problems) {
        let limits = [
            ("logs.runBytes", self.run_bytes, "a run's"),
            ("logs.taskBytes", self.task_bytes, "a task's"),
            ("logs.totalBytes", self.total_bytes, ""),
        ];
        for (field, limit, _) in limits {
            if let Some(limit) = limit {
                problems.check(within(field, limit, MIN_LOG_BYTES, MAX_BYTES, " bytes"));
            }
        }
        for pair in limits.windows(2) {
            let [(_, smaller, whose), (field, larger, _)] = pair else { continue };
            if let (Some(smaller), Some(larger)) = (smaller, larger)
                && larger < smaller
            {
                problems.refuse(*field, format!("must not be smaller than {whose} limit"));
            }
        }
        problems.check(within("logs.minFreeBytes", self.min_free_bytes, 0, MAX_BYTES, " bytes"));
        problems.check(within("logs.keepHeadBytes", self.keep_head_bytes, 0, MAX_BYTES, " bytes"));
        let least = limits.iter().filter_map(|(_, limit, _)| *limit).min();
        if least.is_some_and(|least| self.keep_head_bytes > least / 2) {
            problems.refuse("logs.keepHeadBytes", "must be at most half of the smallest limit");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_that_is_nearly_full_is_left_half_of_what_it_has() {
        let floors = [0, 287_000_000, 3_999_999_999, 4_000_000_000].map(LogSettings::first_min_free);
        assert_eq!(floors, [Some(0), Some(140_000_000), Some(1_990_000_000), None]);
    }
}
