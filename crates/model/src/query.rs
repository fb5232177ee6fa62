//! Which tasks a caller asks for, and the page it gets.

use crate::{Slot, TaskPhase};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Of a page, where none is given.
pub const DEFAULT_LIMIT: u32 = 100;
/// A greater limit is clamped to this.
pub const MAX_LIMIT: u32 = 1_000;
/// No answer with a list of tasks, rows, runs or events is much larger, in bytes of its JSON. Where it would be, the page is
/// shorter than its limit and the rest comes with the next.
pub const MAX_ANSWER_BYTES: usize = 4 * 1024 * 1024;

/// Statuses are OR-ed, the slot is AND-ed; newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct TaskQuery {
    /// Tasks of this lane only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub slot: Option<Slot>,
    /// Tasks in one of these phases only; all when empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<TaskPhase>>")]
    pub status: Vec<TaskPhase>,
    /// As many at most; 100 when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub limit: Option<u32>,
    /// Matches to leave out, the newest first.
    #[ts(optional, as = "Option<u32>")]
    pub offset: u32,
}

impl TaskQuery {
    /// The limit in force: the default without one, never over [`MAX_LIMIT`].
    pub fn effective_limit(&self) -> u32 {
        self.limit.unwrap_or(DEFAULT_LIMIT).min(MAX_LIMIT)
    }
}

/// `{"tasks":[…],"total":n}`; `total` counts all matches, not the page. Of tasks with long scripts there are fewer than the
/// limit in a page, never none where there is one: see [`MAX_ANSWER_BYTES`]. The rest begins at offset plus their number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskPage<T> {
    /// Newest first.
    #[serde(rename = "tasks")]
    pub items: Vec<T>,
    /// All matches, not the page.
    #[ts(type = "number")]
    pub total: u64,
}
