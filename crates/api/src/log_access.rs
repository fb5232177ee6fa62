//! The log as a window or a remote reader takes it: ranges of rows of one attempt, and the stream from any place on.

use crate::{ApiError, LogPosition};
use async_trait::async_trait;
use solti_model::{LogInfo, LogRows, OutputEvent, TaskId};
use std::pin::Pin;
use tokio_stream::Stream;

/// The extent of a log each time it has grown, coalesced to what the reader can take. Ends after the run's last.
pub type LogInfoStream = Pin<Box<dyn Stream<Item = LogInfo> + Send + 'static>>;

/// The events of a task's log in order, each with the position behind it.
pub type LogEventStream = Pin<Box<dyn Stream<Item = (LogPosition, OutputEvent)> + Send + 'static>>;

#[async_trait]
pub trait LogAccess: Send + Sync + 'static {
    /// Where the log of `attempt` stands (0 for the latest attempt).
    async fn log_info(&self, id: &TaskId, attempt: u32) -> Result<LogInfo, ApiError>;

    /// At most `count` rows (1,000 at most) from row `from` on.
    async fn read_log(&self, id: &TaskId, attempt: u32, from: u64, count: u32) -> Result<LogRows, ApiError>;

    async fn watch_log(&self, id: &TaskId, attempt: u32) -> Result<LogInfoStream, ApiError>;

    /// What [`crate::ApiHandler::stream_task_logs`] gives behind `after`: no line twice, none left out. What lies before
    /// is not read, however much it is.
    async fn stream_log_after(&self, id: &TaskId, after: LogPosition) -> Result<LogEventStream, ApiError>;
}
