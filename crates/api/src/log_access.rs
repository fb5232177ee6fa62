//! The log as a window reads it: ranges of rows of one attempt.

use crate::ApiError;
use async_trait::async_trait;
use solti_model::{LogInfo, LogRows, TaskId};
use std::pin::Pin;
use tokio_stream::Stream;

/// The extent of a log each time it has grown, coalesced to what the reader can take. Ends after the run's last.
pub type LogInfoStream = Pin<Box<dyn Stream<Item = LogInfo> + Send + 'static>>;

#[async_trait]
pub trait LogAccess: Send + Sync + 'static {
    /// Where the log of `attempt` stands (0 for the latest attempt).
    async fn log_info(&self, id: &TaskId, attempt: u32) -> Result<LogInfo, ApiError>;

    /// At most `count` rows (1,000 at most) from row `from` on.
    async fn read_log(&self, id: &TaskId, attempt: u32, from: u64, count: u32) -> Result<LogRows, ApiError>;

    async fn watch_log(&self, id: &TaskId, attempt: u32) -> Result<LogInfoStream, ApiError>;
}
