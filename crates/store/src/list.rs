//! What a window's task list asks for, and the page it gets. The contract's own query, with offsets, is `solti_model::TaskQuery`.

use crate::{RowCursor, StoredRow};
use solti_model::{DEFAULT_LIMIT, JobName, LeftOut, MAX_LIMIT, Slot, SortBy, TaskPhase};
use std::collections::BTreeMap;

/// All conditions must hold; an empty one does not restrict. Newest first unless it is sorted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RowQuery {
    /// Any of these.
    pub phases: Vec<TaskPhase>,
    /// In this lane; in any when absent.
    pub slot: Option<Slot>,
    /// All of these.
    pub labels: BTreeMap<String, String>,
    /// Occurs in the display name or the command, whatever the case of the letters.
    pub text: Option<String>,
    /// Of the task's latest attempt that has ended; any, or none, when absent.
    pub exit_code: Option<i32>,
    /// Created at this time or later, Unix milliseconds.
    pub since_ms: Option<u64>,
    /// Of this saved job only.
    pub job: Option<JobName>,
    /// Occurs in the display name, whatever the case of the letters.
    pub name: Option<String>,
    /// Of tasks that are over, the last attempt took so long.
    pub took_at_least_ms: Option<u64>,
    /// The same, at most.
    pub took_at_most_ms: Option<u64>,
    /// What is left out although all the rest is true of it.
    pub without: LeftOut,
    /// By what the rows are sorted; newest first when absent.
    pub sort: Option<SortBy>,
    /// The other way round.
    pub reverse: bool,
    /// Until when those have been running that are not over, Unix milliseconds; a later page goes by that of the first.
    pub now_ms: u64,
    /// Where the page before ended.
    pub cursor: Option<RowCursor>,
    /// Rows of the page: [`DEFAULT_LIMIT`] when absent, never more than [`MAX_LIMIT`].
    pub limit: Option<u32>,
}

impl RowQuery {
    /// The limit in force: the default without one, never over [`MAX_LIMIT`].
    pub(crate) fn effective_limit(&self) -> u32 {
        self.limit.unwrap_or(DEFAULT_LIMIT).min(MAX_LIMIT)
    }
}

/// One page, shorter than its limit where it would be too large. `total` counts all matches, not the page.
#[derive(Debug, Clone, PartialEq)]
pub struct RowPage {
    /// In the order that was asked for.
    pub rows: Vec<StoredRow>,
    /// All that match, whatever page this is.
    pub total: u64,
    /// Where the next page starts; `None` on the last.
    pub next: Option<RowCursor>,
}
