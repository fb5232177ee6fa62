//! What a reader is told of tasks that have changed.

use crate::{Summary, TaskId, TaskRow};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use ts_rs::TS;

/// What changed since the last one. `resync` says that too much changed to name: read the list again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskChange {
    /// Of the latest change that is in it.
    #[ts(type = "number")]
    pub resource_version: u64,
    /// Of each task that has changed its row as it is now.
    pub changed: Vec<TaskRow>,
    /// Of `changed`, those that the query of the watch leaves out.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    #[ts(optional, as = "Option<BTreeSet<TaskId>>")]
    pub unmatched: BTreeSet<TaskId>,
    /// Tasks that are gone.
    pub deleted: Vec<TaskId>,
    /// As it is after these changes.
    pub summary: Summary,
    /// Too much changed to name: read the list again.
    pub resync: bool,
}
