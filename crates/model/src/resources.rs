//! What a run has used of the machine, and what it may use.

use crate::bounds::within;
use crate::problems::Problems;
use crate::{MAX_BYTES, MAX_CPU_PERCENT, MAX_OPEN_FILES, MAX_PROCESSES, MIN_MEMORY_BYTES, MIN_OPEN_FILES};
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
    /// The run's number within its task.
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
    /// Resident memory, all processes together.
    #[ts(type = "number")]
    pub memory_bytes: u64,
    /// How many processes there are.
    pub processes: u32,
}

/// What one run may use; absent is unlimited. What the system cannot enforce is said in the events of the task.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ResourceLimits {
    /// Of all processes together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    #[schemars(range(min = MIN_MEMORY_BYTES, max = MAX_BYTES))]
    pub memory_bytes: Option<u64>,
    /// Of all processes together; 100 is one processor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    #[schemars(range(min = 1, max = MAX_CPU_PERCENT))]
    pub cpu_percent: Option<u32>,
    /// Of each process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    #[schemars(range(min = MIN_OPEN_FILES, max = MAX_OPEN_FILES))]
    pub open_files: Option<u32>,
    /// At a time, threads counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    #[schemars(range(min = 1, max = MAX_PROCESSES))]
    pub processes: Option<u32>,
    /// Standard output and standard error together; a run that prints more is ended as failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    #[schemars(range(min = 1, max = MAX_BYTES))]
    pub output_bytes: Option<u64>,
}

impl ResourceLimits {
    pub(crate) fn examine(&self, problems: &mut Problems) {
        let mut check = |field: &str, value: Option<u64>, least: u64, most: u64, unit: &str| {
            if let Some(value) = value {
                problems.check(within(&format!("limits.{field}"), value, least, most, unit));
            }
        };
        let count = |value: Option<u32>| value.map(u64::from);
        check("memoryBytes", self.memory_bytes, MIN_MEMORY_BYTES, MAX_BYTES, " bytes");
        check("cpuPercent", count(self.cpu_percent), 1, MAX_CPU_PERCENT.into(), "; 100 is one processor");
        check("openFiles", count(self.open_files), MIN_OPEN_FILES.into(), MAX_OPEN_FILES.into(), "");
        check("processes", count(self.processes), 1, MAX_PROCESSES.into(), "");
        check("outputBytes", self.output_bytes, 1, MAX_BYTES, " bytes");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(limits: ResourceLimits) -> Vec<String> {
        let mut problems = Problems::default();
        limits.examine(&mut problems);
        problems.into_vec().into_iter().map(|problem| problem.field).collect()
    }

    #[test]
    fn a_limit_that_nothing_could_live_with_or_reach_is_refused_by_name() {
        let none = ResourceLimits::default();
        assert_eq!(refused(none), [""; 0]);
        for (limits, field) in [
            (ResourceLimits { memory_bytes: Some(1_000), ..none }, "limits.memoryBytes"),
            (ResourceLimits { cpu_percent: Some(0), ..none }, "limits.cpuPercent"),
            (ResourceLimits { open_files: Some(3), ..none }, "limits.openFiles"),
            (ResourceLimits { processes: Some(0), ..none }, "limits.processes"),
            (ResourceLimits { output_bytes: Some(0), ..none }, "limits.outputBytes"),
            (ResourceLimits { memory_bytes: Some(1 << 63), ..none }, "limits.memoryBytes"),
            (ResourceLimits { cpu_percent: Some(u32::MAX), ..none }, "limits.cpuPercent"),
            (ResourceLimits { open_files: Some(u32::MAX), ..none }, "limits.openFiles"),
            (ResourceLimits { processes: Some(u32::MAX), ..none }, "limits.processes"),
            (ResourceLimits { output_bytes: Some(u64::MAX), ..none }, "limits.outputBytes"),
        ] {
            assert_eq!(refused(limits), [field]);
        }
        let all = ResourceLimits {
            memory_bytes: Some(MIN_MEMORY_BYTES),
            cpu_percent: Some(1),
            open_files: Some(MIN_OPEN_FILES),
            processes: Some(1),
            output_bytes: Some(1),
        };
        assert_eq!(refused(all), [""; 0]);
    }
}
