//! The log of a task as a stream that goes on behind any place of it, in lines or as it is printed.

use crate::{ApiError, LogPosition};
use async_trait::async_trait;
use solti_model::{OutputEvent, TaskId};
use std::pin::Pin;
use tokio_stream::Stream;

/// The events of a task's log in order, each with the position behind it.
pub type LogEventStream = Pin<Box<dyn Stream<Item = (LogPosition, OutputEvent)> + Send + 'static>>;

/// What a reader of a log asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogReading {
    /// Only what comes behind.
    pub after: LogPosition,
    /// What there is of a line is told before its end is there, in chunks that say so; else a line is told as a whole.
    pub unfinished: bool,
    /// What is added is told too, until the task is over; else what there is now.
    pub follow: bool,
}

impl From<LogPosition> for LogReading {
    fn from(after: LogPosition) -> Self {
        Self { after, unfinished: false, follow: true }
    }
}

/// The log of a task from any place on. [`crate::ApiHandler::stream_task_logs`] always begins at its beginning.
#[async_trait]
pub trait LogAccess: Send + Sync + 'static {
    /// What [`crate::ApiHandler::stream_task_logs`] gives behind `after`: no line twice, none left out. What lies before
    /// is not read, however much it is.
    async fn stream_log_after(&self, id: &TaskId, after: LogPosition) -> Result<LogEventStream, ApiError>;

    /// The same in another way of reading. Who knows of no other tells whole lines to the end.
    async fn read_log(&self, id: &TaskId, how: LogReading) -> Result<LogEventStream, ApiError> {
        self.stream_log_after(id, how.after).await
    }
}
