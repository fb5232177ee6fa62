//! Which rows a list shows, and the page of them that is answered.

use crate::{JobName, LeftOut, Slot, SortBy, TaskPhase, TaskRow};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use ts_rs::TS;

/// Which rows a list shows. Phases are OR-ed, everything else is AND-ed; newest first unless it is sorted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ListQuery {
    /// Tasks in one of these phases only; all when empty.
    #[ts(optional, as = "Option<Vec<TaskPhase>>")]
    pub phases: Vec<TaskPhase>,
    /// Tasks of this lane only.
    #[ts(optional)]
    pub slot: Option<Slot>,
    /// Tasks that have each of these labels.
    #[ts(optional, as = "Option<BTreeMap<String, String>>")]
    pub labels: BTreeMap<String, String>,
    /// Somewhere in the name or the command, case ignored.
    #[ts(optional)]
    pub text: Option<String>,
    /// Tasks whose latest finished attempt has this exit code, or was killed by the signal that a shell has this code for.
    #[ts(optional)]
    pub exit_code: Option<i32>,
    /// Created at or after this time, in Unix milliseconds.
    #[ts(optional, type = "number")]
    pub since_ms: Option<u64>,
    /// Tasks of this saved job only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub job: Option<JobName>,
    /// Somewhere in the name, case ignored.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub name: Option<String>,
    /// Tasks that are over and whose last attempt ran for at least so many milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub took_at_least_ms: Option<u64>,
    /// As `tookAtLeastMs`, at most so many.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub took_at_most_ms: Option<u64>,
    /// What is not listed although all the rest is true of it.
    #[serde(skip_serializing_if = "LeftOut::is_empty")]
    #[ts(optional, as = "Option<LeftOut>")]
    pub without: Box<LeftOut>,
    /// By what the rows are sorted; by when they were made, the newest first, when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub sort: Option<SortBy>,
    /// The other way round.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub reverse: bool,
    /// `nextCursor` of the page before; opaque.
    #[ts(optional)]
    pub cursor: Option<String>,
    /// As many at most; 100 when absent.
    #[ts(optional)]
    pub limit: Option<u32>,
}

/// A page of rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskList {
    /// Fewer than the limit where they would be too many bytes; `nextCursor` says whether there are more.
    pub rows: Vec<TaskRow>,
    /// All matches, not the page.
    #[ts(type = "number")]
    pub total: u64,
    /// Where the next page begins; absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub next_cursor: Option<String>,
}
