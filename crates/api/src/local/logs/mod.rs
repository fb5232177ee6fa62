//! Searches, excerpts and bookmarks over the run folders and the store: what the adapter does for the operations on logs.
//!
//! How a log is searched and read is `solti-logstore`'s work; here tasks become folders, growth becomes a wake-up, and
//! bytes become text.

mod columns;
mod encodings;
mod excerpts;
mod export;
mod growth;
mod last_lines;
mod many;
mod marks;
mod merged;
mod merged_log;
mod rows;
mod run_log;
mod searched_log;
mod searches;
mod window;

pub(crate) use encodings::Encodings;
pub(crate) use last_lines::last_lines_of;
pub(crate) use merged_log::OpenMerges;
pub(crate) use run_log::{pick, stored_run};
pub(crate) use searches::OpenSearches;
