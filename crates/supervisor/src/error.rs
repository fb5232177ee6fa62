//! Why the supervisor refuses or fails.

use solti_model::{FieldError, Slot, TaskId};
use solti_store::StoreError;
use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub enum SupervisorError {
    #[error(transparent)]
    Invalid(#[from] FieldError),
    #[error("there is no task {id}")]
    NotFound { id: TaskId },
    #[error("lane {slot} is busy with task {running}")]
    SlotBusy { slot: Slot, running: TaskId },
    #[error("{reason}")]
    Conflict { reason: String },
    #[error("the supervisor is shutting down")]
    ShuttingDown,
    /// Nothing new is taken until the database can be written again.
    #[error("the database cannot be written")]
    ReadOnly(#[source] StoreError),
    #[error("the database failed")]
    Store(#[source] StoreError),
    #[error("cannot prepare {}", path.display())]
    Folder {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
}

impl SupervisorError {
    /// It has ended, whether that is in the database yet or about to be.
    pub(crate) fn over(id: &TaskId) -> Self {
        Self::Conflict { reason: format!("task {id} is over already") }
    }
}

impl From<StoreError> for SupervisorError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Full(_)
            | StoreError::ReadOnly(_)
            | StoreError::Io(_)
            | StoreError::Unopened(_)
            | StoreError::Locked(_) => Self::ReadOnly(error),
            StoreError::Closed => Self::ShuttingDown,
            other => Self::Store(other),
        }
    }
}
