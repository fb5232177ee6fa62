//! Searches, excerpts and bookmarks over the run folders and the store: what the adapter does for the operations on logs.
//!
//! How a log is searched and read is `solti-logstore`'s work; here tasks become folders, growth becomes a wake-up, and
//! bytes become text.

mod columns;
mod excerpts;
mod many;
mod marks;
mod merged;
mod run_log;
mod save;
mod searches;

pub(crate) use merged::OpenMerges;
pub use save::save_export;
pub(crate) use searches::OpenSearches;
