//! Bookmarks over the store.

use crate::local::now_ms;
use crate::operations::{DeleteBookmark, ListBookmarks, Perform, SetBookmark};
use crate::{ApiError, SupervisorApiAdapter};
use solti_model::{Bookmark, FieldError};
use solti_store::{Change, StoreError};
use solti_supervisor::SupervisorError;

/// The longest note, in bytes.
const MAX_NOTE_BYTES: usize = 4 * 1024;

fn stored(error: StoreError) -> ApiError {
    match error {
        StoreError::UnknownTask(id) => ApiError::TaskNotFound { id },
        other => SupervisorError::from(other).into(),
    }
}

impl Perform<ListBookmarks> for SupervisorApiAdapter {
    async fn perform(&self, ListBookmarks { id }: ListBookmarks) -> Result<Vec<Bookmark>, ApiError> {
        self.supervisor().store().bookmarks(&id).await.map_err(stored)
    }
}

impl Perform<SetBookmark> for SupervisorApiAdapter {
    async fn perform(&self, SetBookmark { run, row, note }: SetBookmark) -> Result<Bookmark, ApiError> {
        if note.len() > MAX_NOTE_BYTES {
            return Err(FieldError::new("note", format!("must be at most {MAX_NOTE_BYTES} bytes")).into());
        }
        if i64::try_from(row.get()).is_err() {
            return Err(FieldError::new("row", "there is no such row").into());
        }
        let bookmark = Bookmark { attempt: run.attempt, row, note, at: now_ms() };
        let change = Change::PutBookmark { task_id: run.task, bookmark: bookmark.clone() };
        self.supervisor().store().apply(vec![change]).await.map_err(stored)?;
        Ok(bookmark)
    }
}

impl Perform<DeleteBookmark> for SupervisorApiAdapter {
    async fn perform(&self, DeleteBookmark { run, row }: DeleteBookmark) -> Result<(), ApiError> {
        if i64::try_from(row.get()).is_err() {
            return Ok(());
        }
        let change = Change::DeleteBookmark { task_id: run.task, attempt: run.attempt, row };
        self.supervisor().store().apply(vec![change]).await.map_err(stored)
    }
}
