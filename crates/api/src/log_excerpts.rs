//! Parts of logs beside ranges of rows: for a minimap, for one long line, to copy, to save, and several logs at once.

use crate::ApiError;
use async_trait::async_trait;
use bytes::Bytes;
use solti_model::{LineChunk, LogDensity, LogSource, LogText, MergedRows, SourceRow, TaskId, TextPosition};
use std::pin::Pin;
use tokio_stream::Stream;

/// Some bytes of an export and how many rows end in them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExportChunk {
    pub bytes: Bytes,
    pub rows: u64,
}

/// The bytes of an export in order; ends after an error.
pub type ExportStream = Pin<Box<dyn Stream<Item = Result<ExportChunk, ApiError>> + Send + 'static>>;

/// Wherever a search is named, it is one of [`crate::LogSearch::open_search`] over the same log.
#[async_trait]
pub trait LogExcerpts: Send + Sync + 'static {
    /// The log in `buckets` (4,096 at most) equal slices; with a search, how many of its matches lie in each.
    async fn log_density(
        &self,
        id: &TaskId,
        attempt: u32,
        buckets: u32,
        search: Option<&str>,
    ) -> Result<LogDensity, ApiError>;

    /// At most `count` bytes (1 MiB at most) of one row from `from_byte` on.
    ///
    /// # Errors
    /// `InvalidRequest` when there is no such row.
    async fn read_line(
        &self,
        id: &TaskId,
        attempt: u32,
        row: u64,
        from_byte: u64,
        count: u32,
    ) -> Result<LineChunk, ApiError>;

    /// The text from `start` to before `end` as a window shows it: without escape sequences, carriage returns carried
    /// out. A column behind a row's end means its end. With a search, of matching rows only.
    async fn read_log_text(
        &self,
        id: &TaskId,
        attempt: u32,
        start: TextPosition,
        end: TextPosition,
        timestamps: bool,
        search: Option<&str>,
    ) -> Result<LogText, ApiError>;

    /// A log as bytes to save: exactly what the child wrote, unless times or a search are asked for; then its rows as
    /// text, one a line.
    async fn export_log(
        &self,
        id: &TaskId,
        attempt: u32,
        timestamps: bool,
        search: Option<&str>,
    ) -> Result<ExportStream, ApiError>;

    /// Several logs (16 at most) in `buckets` (4,096 at most) equal slices of their merged order; with a search of all of
    /// them, how many of its matches lie in each.
    async fn merged_density(
        &self,
        sources: Vec<LogSource>,
        buckets: u32,
        search: Option<&str>,
    ) -> Result<LogDensity, ApiError>;

    /// At most `count` (1,000 at most) rows of several logs (16 at most) in the order of their times.
    async fn read_merged(
        &self,
        sources: Vec<LogSource>,
        from: u64,
        count: u32,
    ) -> Result<MergedRows, ApiError>;

    /// Where these rows (1,000 at most) stand in the order of all. Near the end of logs that grow it may still change.
    ///
    /// # Errors
    /// `InvalidRequest` for a source that is not among them.
    async fn merged_positions(
        &self,
        sources: Vec<LogSource>,
        rows: Vec<SourceRow>,
    ) -> Result<Vec<u64>, ApiError>;

    /// Where the first row of a time (Unix milliseconds) or later stands in the order of all; the last row when all are
    /// earlier. Of one log alone that is the row's number.
    async fn merged_position_at(&self, sources: Vec<LogSource>, at: u64) -> Result<u64, ApiError>;

    /// Several logs (16 at most) to save, in the order of their times: rows as text, one a line, each with the name of its
    /// task before it; with a search of all of them, of matching rows only.
    async fn export_merged(
        &self,
        sources: Vec<LogSource>,
        timestamps: bool,
        search: Option<&str>,
    ) -> Result<ExportStream, ApiError>;
}
