//! A task as it is now, and its runs.

use crate::{RunUsage, TaskId, TaskSpec};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Where a task, or one of its runs, stands.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS, JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub enum TaskPhase {
    /// Waits: for its lane, or for its next attempt.
    Pending,
    /// Its program runs.
    Running,
    /// Over: its program ended as it should.
    Succeeded,
    /// Over: its program ended otherwise, did not start, or nobody knows how it ended.
    Failed,
    /// Over: its time was over.
    Timeout,
    /// Over: it was stopped by a person, or by a task in its place.
    Canceled,
    /// The restart policy has spent its `maxRetries`.
    Exhausted,
}

impl TaskPhase {
    /// All of them, in the order of a life.
    pub const ALL: [Self; 7] = [
        Self::Pending,
        Self::Running,
        Self::Succeeded,
        Self::Failed,
        Self::Timeout,
        Self::Canceled,
        Self::Exhausted,
    ];

    /// Whether a task in this phase never changes again.
    pub fn is_terminal(self) -> bool {
        !matches!(self, Self::Pending | Self::Running)
    }

    /// The word in JSON and in the database.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Timeout => "timeout",
            Self::Canceled => "canceled",
            Self::Exhausted => "exhausted",
        }
    }

    /// The phase of a [`TaskPhase::word`].
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|phase| phase.word() == word)
    }
}

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
}
