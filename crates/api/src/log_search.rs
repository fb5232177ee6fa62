//! Searching logs: one run's with all its answers, or those of many tasks at once.

use crate::ApiError;
use async_trait::async_trait;
use solti_model::{
    LogQuery, LogRows, LogSource, MergedRows, RowRanges, SearchHit, SearchProgress, TaskHits, TaskId,
};
use std::pin::Pin;
use tokio_stream::Stream;

/// How far a search is, coalesced to what the reader can take. It does not end by itself: dropping it ends the search.
pub type SearchProgressStream = Pin<Box<dyn Stream<Item = SearchProgress> + Send + 'static>>;

/// What a search over many tasks finds. Ends when all are searched; dropping it ends the search.
pub type TaskHitsStream = Pin<Box<dyn Stream<Item = TaskHits> + Send + 'static>>;

/// A search that answers until its progress is dropped.
pub struct OpenedSearch {
    /// Names it in the other calls.
    pub id: String,
    pub progress: SearchProgressStream,
}

#[async_trait]
pub trait LogSearch: Send + Sync + 'static {
    /// Begins to search the log of `attempt` (0 for the latest): around row `near`, then back to the beginning, then on
    /// to the end and, while the run lasts, as the log grows.
    ///
    /// # Errors
    /// `InvalidRequest` with the field `query.pattern` for a pattern that is none; `TaskNotFound`.
    async fn open_search(
        &self,
        id: &TaskId,
        attempt: u32,
        query: LogQuery,
        near: u64,
    ) -> Result<OpenedSearch, ApiError>;

    /// Begins to search several logs (16 at most) as one, in their merged order: `near` is a position there. Each is also
    /// searched by itself: that search answers as `<id>-<n>`, n being the number of the source, from 0.
    ///
    /// # Errors
    /// As [`Self::open_search`]; `InvalidRequest` with the field `sources` for too many.
    async fn open_merged_search(
        &self,
        sources: Vec<LogSource>,
        query: LogQuery,
        near: u64,
    ) -> Result<OpenedSearch, ApiError>;

    /// The next match strictly after or before `row`, going round at the ends; `None` without matches. In a search of
    /// several logs rows are positions of the merged order.
    async fn search_step(&self, search: &str, row: u64, forward: bool)
    -> Result<Option<SearchHit>, ApiError>;

    /// At most `count` (1,000 at most) matching rows of one log by rank.
    async fn search_rows(&self, search: &str, from: u64, count: u32) -> Result<LogRows, ApiError>;

    /// At most `count` (1,000 at most) matching rows of several logs by rank.
    async fn merged_search_rows(&self, search: &str, from: u64, count: u32) -> Result<MergedRows, ApiError>;

    /// How many matches lie before `row`; in a search of several logs, before a position of the merged order.
    async fn search_rank(&self, search: &str, row: u64) -> Result<u64, ApiError>;

    /// Where the matches are in rows `from` to `from + count` (1,000 at most) of one log; rows without one are left out.
    async fn search_ranges(&self, search: &str, from: u64, count: u32) -> Result<Vec<RowRanges>, ApiError>;

    /// Searches what the logs of these tasks, or of all, hold now, newest task first.
    ///
    /// # Errors
    /// `InvalidRequest` with the field `query.pattern`.
    async fn search_all(&self, query: LogQuery, ids: Option<Vec<TaskId>>)
    -> Result<TaskHitsStream, ApiError>;
}
