//! Searches, excerpts and bookmarks behind guards. The other traits are in `guarded`.

use super::{Guarded, Operation};
use crate::{ApiError, Bookmarks, ExportStream, LogExcerpts, LogSearch, OpenedSearch, TaskHitsStream};
use async_trait::async_trait;
use solti_model::{
    Bookmark, LineChunk, LogDensity, LogQuery, LogRows, LogSource, LogText, MergedRows, RowRanges, SearchHit,
    SourceRow, TaskId, TextPosition,
};

#[async_trait]
impl<H: LogSearch + ?Sized> LogSearch for Guarded<H> {
    async fn open_search(
        &self,
        id: &TaskId,
        attempt: u32,
        query: LogQuery,
        near: u64,
    ) -> Result<OpenedSearch, ApiError> {
        let work = self.inner.open_search(id, attempt, query, near);
        self.about(Operation::OpenSearch, Some(id), work).await
    }

    async fn open_merged_search(
        &self,
        sources: Vec<LogSource>,
        query: LogQuery,
        near: u64,
    ) -> Result<OpenedSearch, ApiError> {
        let work = self.inner.open_merged_search(sources, query, near);
        self.about(Operation::OpenMergedSearch, None, work).await
    }

    async fn search_step(
        &self,
        search: &str,
        row: u64,
        forward: bool,
    ) -> Result<Option<SearchHit>, ApiError> {
        self.about(Operation::SearchStep, None, self.inner.search_step(search, row, forward)).await
    }

    async fn search_rows(&self, search: &str, from: u64, count: u32) -> Result<LogRows, ApiError> {
        self.about(Operation::SearchRows, None, self.inner.search_rows(search, from, count)).await
    }

    async fn merged_search_rows(&self, search: &str, from: u64, count: u32) -> Result<MergedRows, ApiError> {
        let work = self.inner.merged_search_rows(search, from, count);
        self.about(Operation::MergedSearchRows, None, work).await
    }

    async fn search_rank(&self, search: &str, row: u64) -> Result<u64, ApiError> {
        self.about(Operation::SearchRank, None, self.inner.search_rank(search, row)).await
    }

    async fn search_ranges(&self, search: &str, from: u64, count: u32) -> Result<Vec<RowRanges>, ApiError> {
        self.about(Operation::SearchRanges, None, self.inner.search_ranges(search, from, count)).await
    }

    async fn search_all(
        &self,
        query: LogQuery,
        ids: Option<Vec<TaskId>>,
    ) -> Result<TaskHitsStream, ApiError> {
        self.about(Operation::SearchAll, None, self.inner.search_all(query, ids)).await
    }
}

#[async_trait]
impl<H: LogExcerpts + ?Sized> LogExcerpts for Guarded<H> {
    async fn log_density(
        &self,
        id: &TaskId,
        attempt: u32,
        buckets: u32,
        search: Option<&str>,
    ) -> Result<LogDensity, ApiError> {
        let work = self.inner.log_density(id, attempt, buckets, search);
        self.about(Operation::LogDensity, Some(id), work).await
    }

    async fn read_line(
        &self,
        id: &TaskId,
        attempt: u32,
        row: u64,
        from_byte: u64,
        count: u32,
    ) -> Result<LineChunk, ApiError> {
        let work = self.inner.read_line(id, attempt, row, from_byte, count);
        self.about(Operation::ReadLine, Some(id), work).await
    }

    async fn read_log_text(
        &self,
        id: &TaskId,
        attempt: u32,
        start: TextPosition,
        end: TextPosition,
        timestamps: bool,
        search: Option<&str>,
    ) -> Result<LogText, ApiError> {
        let work = self.inner.read_log_text(id, attempt, start, end, timestamps, search);
        self.about(Operation::ReadLogText, Some(id), work).await
    }

    async fn export_log(
        &self,
        id: &TaskId,
        attempt: u32,
        timestamps: bool,
        search: Option<&str>,
    ) -> Result<ExportStream, ApiError> {
        let work = self.inner.export_log(id, attempt, timestamps, search);
        self.about(Operation::ExportLog, Some(id), work).await
    }

    async fn merged_density(
        &self,
        sources: Vec<LogSource>,
        buckets: u32,
        search: Option<&str>,
    ) -> Result<LogDensity, ApiError> {
        let work = self.inner.merged_density(sources, buckets, search);
        self.about(Operation::MergedDensity, None, work).await
    }

    async fn read_merged(
        &self,
        sources: Vec<LogSource>,
        from: u64,
        count: u32,
    ) -> Result<MergedRows, ApiError> {
        self.about(Operation::ReadMerged, None, self.inner.read_merged(sources, from, count)).await
    }

    async fn merged_positions(
        &self,
        sources: Vec<LogSource>,
        rows: Vec<SourceRow>,
    ) -> Result<Vec<u64>, ApiError> {
        self.about(Operation::MergedPositions, None, self.inner.merged_positions(sources, rows)).await
    }

    async fn merged_position_at(&self, sources: Vec<LogSource>, at: u64) -> Result<u64, ApiError> {
        self.about(Operation::MergedPositionAt, None, self.inner.merged_position_at(sources, at)).await
    }

    async fn export_merged(
        &self,
        sources: Vec<LogSource>,
        timestamps: bool,
        search: Option<&str>,
    ) -> Result<ExportStream, ApiError> {
        let work = self.inner.export_merged(sources, timestamps, search);
        self.about(Operation::ExportMerged, None, work).await
    }
}

#[async_trait]
impl<H: Bookmarks + ?Sized> Bookmarks for Guarded<H> {
    async fn list_bookmarks(&self, id: &TaskId) -> Result<Vec<Bookmark>, ApiError> {
        self.about(Operation::ListBookmarks, Some(id), self.inner.list_bookmarks(id)).await
    }

    async fn set_bookmark(
        &self,
        id: &TaskId,
        attempt: u32,
        row: u64,
        note: String,
    ) -> Result<Bookmark, ApiError> {
        let work = self.inner.set_bookmark(id, attempt, row, note);
        self.about(Operation::SetBookmark, Some(id), work).await
    }

    async fn delete_bookmark(&self, id: &TaskId, attempt: u32, row: u64) -> Result<(), ApiError> {
        let work = self.inner.delete_bookmark(id, attempt, row);
        self.about(Operation::DeleteBookmark, Some(id), work).await
    }
}
