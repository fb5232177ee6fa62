//! What can go wrong with the database, told apart as far as a caller acts differently on it.

use rusqlite::ErrorCode;
use rusqlite::ffi;
use solti_model::TaskId;
use std::path::PathBuf;

/// Why a question or a batch failed. A batch that fails leaves nothing behind.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// No space left, or a quota. Nothing of the batch was written; later batches may succeed.
    #[error("the disk is full")]
    Full(#[source] rusqlite::Error),
    /// The file, its folder or the file system is read-only. Reads go on.
    #[error("the database cannot be written to")]
    ReadOnly(#[source] rusqlite::Error),
    /// The file is damaged, or is no database. Needs a person.
    #[error("the database is damaged")]
    Corrupt(#[source] rusqlite::Error),
    /// The disk reported an error.
    #[error("the disk reported an error")]
    Io(#[source] rusqlite::Error),
    /// A file of it cannot be opened just now: for want of descriptors, say.
    #[error("its file cannot be opened")]
    Unopened(#[source] rusqlite::Error),
    /// Another process holds the database.
    #[error("the database is locked by another process")]
    Locked(#[source] rusqlite::Error),
    /// Earlier writes have to be done first: the writer's queue is full, or what comes before is still refused. Nothing of the batch was
    /// taken.
    #[error("too many writes are waiting")]
    Busy,
    /// A batch would have moved a task or a run out of a terminal phase. Nothing of the batch was written.
    #[error("a terminal phase never changes")]
    TerminalPhase(#[source] rusqlite::Error),
    /// A run or an event names a task that is not stored. Nothing of the batch was written.
    #[error("no task {0} is stored")]
    UnknownTask(TaskId),
    /// The writer or the runtime is gone: the app is shutting down.
    #[error("the store is closed")]
    Closed,
    /// The cursor is not one that a list handed out.
    #[error("not a cursor of a task list")]
    Cursor,
    /// The database was written by a later version of the app, which has changed its tables. Fields of tasks and settings that
    /// are new do not matter.
    #[error(
        "the database was written by a later version of Solti: it has format {found}, this version reads up to {known}. \
         Install that version again, or a later one; nothing was changed"
    )]
    TooNew {
        /// Of the file.
        found: i64,
        /// The highest that this version reads.
        known: i64,
    },
    /// A stored spec is not readable as JSON of the model.
    #[error("a stored task spec cannot be read")]
    Spec(#[source] serde_json::Error),
    /// What a run inherited is not readable as JSON of the model.
    #[error("a stored environment cannot be read")]
    Environment(#[source] serde_json::Error),
    /// A stored job is not readable as JSON of the model.
    #[error("a stored job cannot be read")]
    Job(#[source] serde_json::Error),
    /// What a lane asks of the machine is not readable as JSON of the model.
    #[error("the stored rules of a lane cannot be read")]
    LaneRules(#[source] serde_json::Error),
    /// A batch would have done something again at a time of a schedule, or at one of a schedule that is gone. Nothing of the batch
    /// was written.
    #[error("this time of the schedule is dealt with")]
    DealtWith,
    /// A file or folder of the database, or of its copies, cannot be made, opened, renamed or removed.
    #[error("cannot prepare {path}")]
    Open {
        /// The file or folder at fault.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// A statement was refused, or a row held what the model does not allow: a bug, not a state of the machine.
    #[error("the database refused a statement")]
    Sqlite(#[source] rusqlite::Error),
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        let Some(cause) = error.sqlite_error() else { return Self::Sqlite(error) };
        match cause.code {
            ErrorCode::DiskFull => Self::Full(error),
            ErrorCode::ReadOnly | ErrorCode::PermissionDenied => Self::ReadOnly(error),
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => Self::Corrupt(error),
            ErrorCode::SystemIoFailure => Self::Io(error),
            ErrorCode::CannotOpen => Self::Unopened(error),
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Self::Locked(error),
            ErrorCode::ConstraintViolation if cause.extended_code == ffi::SQLITE_CONSTRAINT_TRIGGER => {
                Self::TerminalPhase(error)
            }
            _ => Self::Sqlite(error),
        }
    }
}
