//! The contract: the six methods that every transport forwards to.

use crate::ApiError;
use async_trait::async_trait;
use solti_model::{OutputEvent, Task, TaskId, TaskPage, TaskQuery, TaskRun, TaskSpec};
use std::pin::Pin;
use tokio_stream::Stream;

/// The events of a task's log, in order.
pub type OutputEventStream = Pin<Box<dyn Stream<Item = OutputEvent> + Send + 'static>>;

/// API v1. Implement it to put a guard between a transport and another handler; [`crate::SupervisorApiAdapter`] is the one
/// at the bottom.
#[async_trait]
pub trait ApiHandler: Send + Sync + 'static {
    /// Takes a task on. The task is stored when this returns.
    async fn submit_task(&self, spec: TaskSpec) -> Result<TaskId, ApiError>;

    /// The task as it is now; `None` when there is none of that id.
    async fn get_task_status(&self, id: &TaskId) -> Result<Option<Task>, ApiError>;

    /// A page of tasks, newest first.
    async fn query_tasks(&self, query: TaskQuery) -> Result<TaskPage<Task>, ApiError>;

    /// The attempts of a task, oldest first.
    async fn list_task_runs(&self, id: &TaskId) -> Result<Vec<TaskRun>, ApiError>;

    /// Stops the task and removes its runs and logs. `Ok` also when there is no such task.
    async fn delete_task(&self, id: &TaskId) -> Result<(), ApiError>;

    /// Everything the task's log holds, then what is added to it, until the task is over.
    async fn stream_task_logs(&self, _id: &TaskId) -> Result<OutputEventStream, ApiError> {
        Ok(Box::pin(tokio_stream::empty()))
    }
}
