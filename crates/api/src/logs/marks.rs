//! Bookmarks over the store.

use crate::bookmarks::{Bookmarks, MAX_NOTE_BYTES};
use crate::{ApiError, SupervisorApiAdapter};
use async_trait::async_trait;
use solti_model::{Bookmark, FieldError, TaskId};
use solti_store::{Change, StoreError};
use solti_supervisor::SupervisorError;
use std::time::{SystemTime, UNIX_EPOCH};

fn stored(error: StoreError) -> ApiError {
    match error {
        StoreError::UnknownTask(id) => ApiError::TaskNotFound { id },
        other => SupervisorError::from(other).into(),
    }
}

#[async_trait]
impl Bookmarks for SupervisorApiAdapter {
    async fn list_bookmarks(&self, id: &TaskId) -> Result<Vec<Bookmark>, ApiError> {
        self.supervisor().store().bookmarks(id).await.map_err(stored)
    }

    async fn set_bookmark(
        &self,
        id: &TaskId,
        attempt: u32,
        row: u64,
        note: String,
    ) -> Result<Bookmark, ApiError> {
        if note.len() > MAX_NOTE_BYTES {
            return Err(FieldError::new("note", format!("must be at most {MAX_NOTE_BYTES} bytes")).into());
        }
        if i64::try_from(row).is_err() {
            return Err(FieldError::new("row", "there is no such row").into());
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let bookmark = Bookmark { attempt, row, note, at: now.as_millis() as u64 };
        let change = Change::PutBookmark { task_id: id.clone(), bookmark: bookmark.clone() };
        self.supervisor().store().apply(vec![change]).await.map_err(stored)?;
        Ok(bookmark)
    }

    async fn delete_bookmark(&self, id: &TaskId, attempt: u32, row: u64) -> Result<(), ApiError> {
        if i64::try_from(row).is_err() {
            return Ok(());
        }
        let change = Change::DeleteBookmark { task_id: id.clone(), attempt, row };
        self.supervisor().store().apply(vec![change]).await.map_err(stored)
    }
}
