//! Why the supervisor refuses or fails.

use solti_model::{FieldError, Slot, TaskId};
use solti_store::StoreError;
use std::path::PathBuf;

/// Why a request was refused, or could not be carried out.
#[derive(Debug, thiserror::Error)]
pub enum SupervisorError {
    /// A rule of the model is broken, or no runner takes such a task; names the field.
    #[error(transparent)]
    Invalid(#[from] FieldError),
    /// No such task is stored: there never was one, or it was deleted.
    #[error("there is no task {id}")]
    NotFound {
        /// As it was asked for.
        id: TaskId,
    },
    /// The lane has no place, and the task's admission is to be refused then.
    #[error("{reason}")]
    SlotBusy {
        /// The lane that it was to go into.
        slot: Slot,
        /// A task that holds a place there, or waits for one.
        running: TaskId,
        /// A sentence for a person: which of the two, and what it waits for.
        reason: String,
    },
    /// What is asked for does not fit how the task or job stands now.
    #[error("{reason}")]
    Conflict {
        /// A sentence for a person.
        reason: String,
    },
    /// The cluster that was asked has not answered, or not in time.
    #[error("{reason}")]
    Unanswered {
        /// A sentence for a person.
        reason: String,
    },
    /// Nothing is taken any more: [`Supervisor::shut_down`](crate::Supervisor::shut_down) was called, or the runtime ends.
    #[error("the supervisor is shutting down")]
    ShuttingDown,
    /// Nothing new is taken until the database can be written again.
    #[error("the database cannot be written")]
    ReadOnly(#[source] StoreError),
    /// It was asked for and is not forgotten; the database refuses it for now.
    #[error("{what} cannot be stored until the disk takes writes again")]
    NotStored {
        /// The subject of the sentence.
        what: &'static str,
    },
    /// The store failed in a way that does not pass by itself, or at this request alone.
    #[error("the database failed")]
    Store(#[source] StoreError),
    /// The folder for runs cannot be made.
    #[error("cannot prepare {}", path.display())]
    Folder {
        /// The folder for runs.
        path: PathBuf,
        /// What the system said.
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
            | StoreError::Locked(_)
            | StoreError::Busy => Self::ReadOnly(error),
            StoreError::Closed => Self::ShuttingDown,
            other => Self::Store(other),
        }
    }
}
