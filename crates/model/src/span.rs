//! When tasks waited and ran, as a calendar and a line of time show them.

use crate::{JobName, Slot, Suspension, TaskId, TaskPhase};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// As many as an answer holds that was asked for without a number.
pub const DEFAULT_SPANS: u32 = 1_000;
/// As many as one answer holds.
pub const MAX_SPANS: u32 = 10_000;

/// The tasks of a span of time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskSpans {
    /// Newest first.
    pub spans: Vec<TaskSpan>,
    /// Whether there are older ones than these.
    pub more: bool,
}

/// From when to when a task waited and ran.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskSpan {
    /// Which task.
    pub task: TaskId,
    /// What it is called.
    pub name: String,
    /// Its lane.
    pub slot: Slot,
    /// Whether the lane is its own.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub own_lane: bool,
    /// The saved job that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub job: Option<JobName>,
    /// The other machine that its latest attempt was given to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub machine: Option<String>,
    /// How far it is.
    pub phase: TaskPhase,
    /// Its latest attempt; 0 before the first.
    pub attempt: u32,
    /// When it was made, in Unix milliseconds.
    #[ts(type = "number")]
    pub created_at: u64,
    /// When its latest attempt began, in Unix milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub started_at: Option<u64>,
    /// When it was over, in Unix milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub finished_at: Option<u64>,
    /// How long its latest attempt ran, once the task is over, in milliseconds. The task may have been over later than that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub took_ms: Option<u64>,
    /// How long the processes of that attempt stood still; see [`crate::TaskRun`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub suspension: Option<Suspension>,
}
