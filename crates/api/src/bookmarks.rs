//! Rows that a person has marked.

use crate::ApiError;
use async_trait::async_trait;
use solti_model::{Bookmark, TaskId};

/// The longest note, in bytes.
pub(crate) const MAX_NOTE_BYTES: usize = 4 * 1024;

#[async_trait]
pub trait Bookmarks: Send + Sync + 'static {
    /// By attempt and row.
    async fn list_bookmarks(&self, id: &TaskId) -> Result<Vec<Bookmark>, ApiError>;

    /// Marks a row, or changes the note of a marked one.
    ///
    /// # Errors
    /// `TaskNotFound`; `InvalidRequest` for a note of more than 4 KiB.
    async fn set_bookmark(
        &self,
        id: &TaskId,
        attempt: u32,
        row: u64,
        note: String,
    ) -> Result<Bookmark, ApiError>;

    /// `Ok` also when the row is not marked.
    async fn delete_bookmark(&self, id: &TaskId, attempt: u32, row: u64) -> Result<(), ApiError>;
}
