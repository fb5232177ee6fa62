//! The log of a task as a stream that goes on behind any place of it.

use crate::{ApiError, LogPosition};
use async_trait::async_trait;
use solti_model::{OutputEvent, TaskId};
use std::pin::Pin;
use tokio_stream::Stream;

/// The events of a task's log in order, each with the position behind it.
pub type LogEventStream = Pin<Box<dyn Stream<Item = (LogPosition, OutputEvent)> + Send + 'static>>;

#[async_trait]
pub trait LogAccess: Send + Sync + 'static {
    /// What [`crate::ApiHandler::stream_task_logs`] gives behind `after`: no line twice, none left out. What lies before
    /// is not read, however much it is.
    async fn stream_log_after(&self, id: &TaskId, after: LogPosition) -> Result<LogEventStream, ApiError>;
}
