//! A task as it is now, and its runs.

use crate::{RunUsage, TaskId, TaskPhase, TaskSpec};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A task: what was submitted, and what has become of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Task {
    /// Which task, and of when this is.
    pub metadata: ObjectMeta,
    /// As it was submitted.
    pub spec: TaskSpec,
    /// How far it is.
    pub status: TaskStatus,
}

/// Which task, and of when what is said of it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ObjectMeta {
    /// Of this task alone, for ever.
    pub id: TaskId,
    /// Grows with every change of any task; a reader that holds an older one re-reads.
    #[ts(type = "number")]
    pub resource_version: u64,
    /// Unix milliseconds.
    #[ts(type = "number")]
    pub created_at: u64,
    /// Unix milliseconds.
    #[ts(type = "number")]
    pub updated_at: u64,
}

/// How far a task is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskStatus {
    /// Where it stands.
    pub phase: TaskPhase,
    /// The latest attempt, from 1; 0 before the first.
    pub attempt: u32,
    /// Of the latest finished attempt, when its program exited by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub exit_code: Option<i32>,
    /// One sentence for a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub error: Option<String>,
}

/// One attempt of a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskRun {
    /// From 1.
    pub attempt: u32,
    /// Where it stands.
    pub phase: TaskPhase,
    /// Unix milliseconds.
    #[ts(type = "number")]
    pub started_at: u64,
    /// Unix milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub finished_at: Option<u64>,
    /// Why it did not succeed, in one sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub error: Option<String>,
    /// When its program exited by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub exit_code: Option<i32>,
    /// Once it has ended, unless nobody was there to see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub usage: Option<RunUsage>,
    /// One sentence on what its end has left undone, such as output that could not be kept; also of one that succeeded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub remark: Option<String>,
    /// The runner that it was given to; not known of runs of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub runner: Option<String>,
    /// The node of a cluster that it is or was on, as the cluster names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub node: Option<String>,
}

impl TaskRun {
    /// How long it ran, in milliseconds, once it has ended. A clock that was set back meanwhile: no time.
    #[must_use]
    pub fn took_ms(&self) -> Option<u64> {
        Some(self.finished_at?.saturating_sub(self.started_at))
    }
}
