//! What a calendar shows of the jobs: of each day which of them ran or will, how often, and how that ended. What it holds is bounded
//! by days and jobs, not by how often a job runs.

use crate::{JobName, TaskId, TaskPhase};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// As many days as one answer holds.
pub const MAX_CALENDAR_DAYS: usize = 63;
/// As many jobs of a day as are named.
pub const MAX_JOBS_OF_DAY: usize = 100;
/// A job that runs more often on a day is told by counts alone.
pub const MAX_RUNS_TOLD: usize = 3;

/// The days of a calendar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobCalendar {
    /// In the order of the bounds that were asked for.
    pub days: Vec<CalendarDay>,
}

/// What is on a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CalendarDay {
    /// By their first run on that day; 100 at most. Of more those of which a run failed, and then the earliest.
    pub jobs: Vec<JobOfDay>,
    /// How many jobs of that day are not among these.
    pub more_jobs: u32,
    /// All runs of those together.
    pub more: RunCounts,
}

/// A job on a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobOfDay {
    /// Which job.
    pub job: JobName,
    /// When it first ran on that day, or will, in Unix milliseconds.
    #[ts(type = "number")]
    pub first_at: u64,
    /// All its runs of that day.
    pub counts: RunCounts,
    /// Each of them in order, where they are three at most; else none.
    pub runs: Vec<RunOfDay>,
}

/// How often jobs ran, and how that ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RunCounts {
    /// Runs that succeeded.
    pub succeeded: u32,
    /// Those that failed, timed out or gave up.
    pub failed: u32,
    /// Those that were stopped.
    pub canceled: u32,
    /// Those that wait or run.
    pub unfinished: u32,
    /// Those that are to come.
    pub coming: u32,
}

impl RunCounts {
    /// All of them.
    #[must_use]
    pub fn all(&self) -> u32 {
        let Self { succeeded, failed, canceled, unfinished, coming } = *self;
        [failed, canceled, unfinished, coming].into_iter().fold(succeeded, u32::saturating_add)
    }

    /// Counts another run, of a phase or still to come.
    pub fn add(&mut self, phase: Option<TaskPhase>) {
        let count = match phase {
            Some(TaskPhase::Succeeded) => &mut self.succeeded,
            Some(TaskPhase::Failed | TaskPhase::Timeout | TaskPhase::Exhausted) => &mut self.failed,
            Some(TaskPhase::Canceled) => &mut self.canceled,
            Some(TaskPhase::Pending | TaskPhase::Running) => &mut self.unfinished,
            None => &mut self.coming,
        };
        *count = count.saturating_add(1);
    }

    /// Counts all of the other too.
    pub fn join(&mut self, other: &Self) {
        for (count, more) in [
            (&mut self.succeeded, other.succeeded),
            (&mut self.failed, other.failed),
            (&mut self.canceled, other.canceled),
            (&mut self.unfinished, other.unfinished),
            (&mut self.coming, other.coming),
        ] {
            *count = count.saturating_add(more);
        }
    }
}

/// A run that was made, or one that is to come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RunOfDay {
    /// When it began, was made where it has not begun, or is to come, in Unix milliseconds.
    #[ts(type = "number")]
    pub at: u64,
    /// The task; of one that is to come there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub task: Option<TaskId>,
    /// How that task stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub phase: Option<TaskPhase>,
    /// How long its latest attempt ran, once it is over, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub took_ms: Option<u64>,
}
