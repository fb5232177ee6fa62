//! What a list shows and how it stays current.

use crate::ApiError;
use async_trait::async_trait;
use solti_model::{
    EventPage, HistoryQuery, ListQuery, RunEnvironment, RunPage, Summary, TaskChange, TaskEvent, TaskId,
    TaskList, TaskRow, UsageSample,
};
use std::pin::Pin;
use tokio_stream::Stream;

/// Changes, coalesced to what the reader can take: a slow reader gets fewer and larger ones.
pub type TaskChangeStream = Pin<Box<dyn Stream<Item = TaskChange> + Send + 'static>>;

pub type UsageStream = Pin<Box<dyn Stream<Item = UsageSample> + Send + 'static>>;

#[async_trait]
pub trait TaskFeed: Send + Sync + 'static {
    async fn list_tasks(&self, query: ListQuery) -> Result<TaskList, ApiError>;

    async fn get_task_row(&self, id: &TaskId) -> Result<Option<TaskRow>, ApiError>;

    async fn summary(&self) -> Result<Summary, ApiError>;

    /// The history of a task, oldest first, as far as it is kept and one answer holds it; [`TaskFeed::page_events`] has more.
    async fn task_events(&self, id: &TaskId) -> Result<Vec<TaskEvent>, ApiError>;

    /// Runs of a task by the page, and how many are not kept.
    ///
    /// # Errors
    /// `TaskNotFound`.
    async fn page_runs(&self, id: &TaskId, query: HistoryQuery) -> Result<RunPage, ApiError>;

    /// The history of a task by the page; the cursors are the events' numbers.
    ///
    /// # Errors
    /// `TaskNotFound`.
    async fn page_events(&self, id: &TaskId, query: HistoryQuery) -> Result<EventPage, ApiError>;

    /// Every variable that a run was started with; attempt 0 is the latest. `None` when that is not recorded, or there
    /// was no attempt yet. The default is `None`: not every handler can tell.
    ///
    /// # Errors
    /// `TaskNotFound`; `InvalidRequest` for an attempt that there was not.
    async fn run_environment(&self, _id: &TaskId, _attempt: u32) -> Result<Option<RunEnvironment>, ApiError> {
        Ok(None)
    }

    /// Every change from now on. The first item comes at once and holds the summary only. While the tasks cannot be read, an
    /// item says so in its summary, and one with `resync` follows when they can. Ends only with the handler.
    async fn watch_tasks(&self) -> Result<TaskChangeStream, ApiError>;

    /// What the processes of a task use, once a second while it runs and somebody reads; ends with the task. The default
    /// is an empty stream: not every handler can tell.
    async fn watch_usage(&self, _id: &TaskId) -> Result<UsageStream, ApiError> {
        Ok(Box::pin(tokio_stream::empty()))
    }
}
