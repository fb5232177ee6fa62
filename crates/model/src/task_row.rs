//! A task as a list shows it.

use crate::{Suspension, TaskHead, TaskId, TaskPhase, Waiting};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Rows that can be asked for by their ids at once.
pub const MAX_TASK_ROWS: usize = 500;

/// A task and what a list says of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskRow {
    /// The task, as far as it fits into a row.
    pub task: TaskHead,
    /// Start of the latest attempt, in Unix milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub started_at: Option<u64>,
    /// When the task was over, in Unix milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub finished_at: Option<u64>,
    /// When its next attempt begins, in Unix milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub next_attempt_at: Option<u64>,
    /// Why a pending task is not running.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub waiting: Option<Waiting>,
    /// A stop was asked for and is under way.
    pub stopping: bool,
    /// Its processes stand still, and its timeout with them, until it is resumed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub suspended: bool,
    /// How long those of the latest run stood still; see [`crate::TaskRun`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub suspension: Option<Suspension>,
    /// A cluster runs it; then it cannot be suspended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub on_cluster: Option<OnCluster>,
    /// It runs, and has printed nothing since then, Unix milliseconds, which is longer than its spec allows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub silent_since: Option<u64>,
    /// Its main program has ended, and others of the run go on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub main_ended: Option<MainEnded>,
    /// That of the latest run, once it has ended; see [`crate::TaskRun`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub remark: Option<String>,
    /// Why nothing can be learned of it for now, or its start is put off; one sentence. It is tried again by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub trouble: Option<String>,
    /// The latest runs, oldest first.
    pub recent_runs: Vec<RunMark>,
    /// Of a task of a job: how it and the tasks before it stand, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<TaskPhase>>")]
    pub of_job: Vec<TaskPhase>,
    /// How long each of those took, in milliseconds; `null` for one that is not over, or never ran.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<Option<f64>>>")]
    pub of_job_ms: Vec<Option<u64>>,
}

impl TaskRow {
    /// How long the last attempt ran of a task that is over, in milliseconds. The task may have been over later: one that is
    /// canceled between two attempts is.
    #[must_use]
    pub fn took_ms(&self) -> Option<u64> {
        let over = self.task.status.phase.is_terminal();
        self.recent_runs.last().filter(|_| over).and_then(|run| run.duration_ms)
    }

    /// The same, or how long it has run until now.
    #[must_use]
    pub fn ran_ms(&self, now: u64) -> Option<u64> {
        if self.task.status.phase != TaskPhase::Running {
            return self.took_ms();
        }
        let still = self.suspension.unwrap_or_default().until(now);
        self.started_at.map(|start| now.saturating_sub(start).saturating_sub(still))
    }
}

/// Where a cluster runs a task.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OnCluster {
    /// As the cluster names it; absent while that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub node: Option<String>,
}

/// A run that goes on without its main program, because processes that it has started hold its output open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MainEnded {
    /// Of the main program; absent when a signal has ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub exit_code: Option<i32>,
    /// How many processes of the run still write; 0 when it is one that cannot be found among them.
    pub writers: u32,
    /// All of it in one sentence, with the names of the processes.
    pub text: String,
}

/// One run in the strip of a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RunMark {
    /// The run's number within its task.
    pub attempt: u32,
    /// Where it stands.
    pub phase: TaskPhase,
    /// How long it took; absent while it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub duration_ms: Option<u64>,
}

/// The last line that a task has printed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LastLine {
    /// Which task.
    pub task: TaskId,
    /// The run's number.
    pub attempt: u32,
    /// What a terminal shows of it, 240 bytes at most; never blank.
    pub text: String,
}
