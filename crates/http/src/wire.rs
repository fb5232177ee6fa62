//! The objects around the model's types in bodies: written by the server, read by the client.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use solti_api::ApiError;
use solti_model::{AttemptsNotKept, Task, TaskId, TaskRun, TaskSpec};

/// By which a request is known that may be sent again.
pub(crate) const IDEMPOTENCY_KEY: &str = "idempotency-key";

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Submit {
    pub spec: TaskSpec,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Made {
    pub task_id: TaskId,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct TaskBody {
    pub task: Task,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RunsBody {
    pub runs: Vec<TaskRun>,
    /// Of a page: whether there are more on the side where it was cut.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub more: Option<bool>,
    /// Attempts of the task that are not kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_kept: Option<AttemptsNotKept>,
}

impl From<Vec<TaskRun>> for RunsBody {
    /// All runs that are kept: what is missing between them is not.
    fn from(runs: Vec<TaskRun>) -> Self {
        let not_kept = AttemptsNotKept::among(&runs);
        Self { runs, more: None, not_kept }
    }
}

/// Who answers, and whether tasks can be taken on.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Health {
    pub status: HealthStatus,
    pub version: String,
    /// Whether what makes a task makes one only, however often it is sent with the same `Idempotency-Key`.
    #[serde(default)]
    pub idempotency_keys: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum HealthStatus {
    Ok,
}

/// The body of every error.
#[derive(Debug, JsonSchema)]
#[allow(dead_code, reason = "describes what solti_api::ApiError writes")]
pub(crate) struct ErrorBody {
    #[schemars(flatten)]
    pub error: ApiError,
    pub message: String,
}
