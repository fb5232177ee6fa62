//! The store: tasks, runs, events, lanes and settings in one SQLite file, `solti.db`.
//!
//! It keeps what it is told, atomically and durably, and answers questions about it. It decides nothing: which phase follows
//! which is the supervisor's business, but for one rule held here as well, that a terminal phase never changes.
//! Logs are files and live in `solti-logstore`.
//!
//! One thread writes and commits in groups, a few read-only connections read. SQLite before 3.51.3 may corrupt a WAL that is
//! reset under a reader, so a later one is bundled.

#![warn(missing_docs, unreachable_pub)]

mod backup;
mod cursor;
mod damage;
mod data_folder;
mod environment;
mod error;
mod free_space;
mod history;
mod hooks;
mod inspect;
mod jobs;
mod kin;
mod lane_rules;
mod list;
mod mark;
mod meta;
mod number;
mod order;
mod past_since;
mod queueing;
mod read;
mod readers;
mod record;
mod recover;
mod renamed_jobs;
mod rows;
mod runners;
mod schema;
mod shared_lanes;
mod spans;
mod sql;
mod store;
mod task_cache;
mod texts_anew;
mod took;
mod vacuum;
mod write;
mod writer;

pub use backup::{Backup, backups};
pub use cursor::RowCursor;
pub use data_folder::{FolderAccess, FolderRefused, LOCK_FILE, folder_access};
pub use error::StoreError;
pub use free_space::free_bytes;
pub use inspect::{Inspection, inspect, known_tasks};
pub use list::{RowPage, RowQuery};
pub use queueing::Queueing;
pub use record::{
    AttemptRange, Attempts, Change, DueCall, Durations, EndedCall, HookCounts, JobMark, JobSaving,
    LabelCount, NewCall, Past, PastSince, Settled, SettledUntil, Standing, StoredEvent, StoredFiring,
    StoredJob, StoredLane, StoredRow, StoredRun, StoredTask,
};
pub use recover::{DAMAGED_KEPT, Damaged, Opened, Recovery, damaged};
pub use schema::FILE_NAME as DATABASE_FILE;
pub use spans::SpanRow;
pub use store::Store;
pub use writer::{Commit, WriterStats};

/// The version of the SQLite that is linked in, for the app's diagnostics.
pub fn sqlite_version() -> &'static str {
    rusqlite::version()
}
