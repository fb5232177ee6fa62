//! What a run has used of the machine, and what it may use.

use crate::FieldError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What a run has used, all its processes together. What the system could not tell is absent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RunUsage {
    /// Processor time in user and system mode, in milliseconds.
    #[ts(type = "number")]
    pub cpu_ms: u64,
    /// The most memory at a time, in bytes: of all processes together where the system counts a run's memory, else of the
    /// largest of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub peak_memory_bytes: Option<u64>,
    /// From disks; what was in memory already does not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub read_bytes: Option<u64>,
    /// To disks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub written_bytes: Option<u64>,
}

/// What the processes of a running task use now.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UsageSample {
    pub attempt: u32,
    /// Unix milliseconds.
    #[ts(type = "number")]
    pub at: u64,
    /// Processor time so far, in milliseconds.
    #[ts(type = "number")]
    pub cpu_ms: u64,
    /// Since the sample before, 100 for one processor; absent in the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub cpu_percent: Option<f64>,
    #[ts(type = "number")]
    pub memory_bytes: u64,
    pub processes: u32,
}

/// What one run may use; absent is unlimited. What the system cannot enforce is said in the events of the task.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ResourceLimits {
    /// Of all processes together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    #[schemars(range(min = 1_048_576))]
    pub memory_bytes: Option<u64>,
    /// Of all processes together; 100 is one processor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    #[schemars(range(min = 1, max = 100_000))]
    pub cpu_percent: Option<u32>,
    /// Of each process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    #[schemars(range(min = 8))]
    pub open_files: Option<u32>,
    /// At a time, threads counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    #[schemars(range(min = 1))]
    pub processes: Option<u32>,
    /// Standard output and standard error together; a run that prints more is ended as failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    #[schemars(range(min = 1))]
    pub output_bytes: Option<u64>,
}

/// No program can even be loaded in less.
const LEAST_MEMORY: u64 = 1 << 20;
/// No program can even be loaded with fewer.
const LEAST_FILES: u32 = 8;
/// A thousand processors.
const MOST_CPU: u32 = 100_000;

impl ResourceLimits {
    pub(crate) fn validate(&self) -> Result<(), FieldError> {
        let rules = [
            ("memoryBytes", self.memory_bytes.is_some_and(|n| n < LEAST_MEMORY), "must be at least 1 MiB"),
            (
                "cpuPercent",
                self.cpu_percent.is_some_and(|n| n == 0 || n > MOST_CPU),
                "must be from 1 to 100,000; 100 is one processor",
            ),
            ("openFiles", self.open_files.is_some_and(|n| n < LEAST_FILES), "must be at least 8"),
            ("processes", self.processes == Some(0), "must be at least 1"),
            ("outputBytes", self.output_bytes == Some(0), "must be at least 1"),
        ];
        match rules.into_iter().find(|(_, broken, _)| *broken) {
            Some((field, _, rule)) => Err(FieldError::new(format!("limits.{field}"), rule)),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_that_nothing_could_live_with_is_refused_by_name() {
        let none = ResourceLimits::default();
        assert_eq!(none.validate(), Ok(()));
        for (limits, field) in [
            (ResourceLimits { memory_bytes: Some(1_000), ..none }, "limits.memoryBytes"),
            (ResourceLimits { cpu_percent: Some(0), ..none }, "limits.cpuPercent"),
            (ResourceLimits { open_files: Some(3), ..none }, "limits.openFiles"),
            (ResourceLimits { processes: Some(0), ..none }, "limits.processes"),
            (ResourceLimits { output_bytes: Some(0), ..none }, "limits.outputBytes"),
        ] {
            assert_eq!(limits.validate().unwrap_err().field, field);
        }
        let all = ResourceLimits {
            memory_bytes: Some(LEAST_MEMORY),
            cpu_percent: Some(1),
            open_files: Some(LEAST_FILES),
            processes: Some(1),
            output_bytes: Some(1),
        };
        assert_eq!(all.validate(), Ok(()));
    }
}
