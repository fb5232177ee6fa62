//! What a person does to a task beside submitting and deleting it.

use crate::ApiError;
use async_trait::async_trait;
use solti_model::{StopMode, TaskId, TaskSpec};

#[async_trait]
pub trait TaskControl: Send + Sync + 'static {
    /// Checks a spec without taking it on: the same rules, and whether a runner takes its kind.
    async fn validate_spec(&self, spec: &TaskSpec) -> Result<(), ApiError>;

    /// Asks for the end of a task and returns when the request is stored; its runs and logs stay.
    /// A second call with [`StopMode::Kill`] shortens the grace. `Conflict` when the task is over already.
    async fn stop_task(&self, id: &TaskId, mode: StopMode) -> Result<(), ApiError>;

    /// Submits the task's spec again, as a new task.
    async fn rerun_task(&self, id: &TaskId) -> Result<TaskId, ApiError>;
}
