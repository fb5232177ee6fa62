//! Which tasks wait for which.

use crate::{AfterWhen, TaskId, TaskPhase};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Tasks of one answer.
pub const MAX_LINKED: usize = 100;

/// A task with all that it waited for, by way of others too, and all that waits for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LinkedTasks {
    /// Each once, by id: those made first come first. 100 at most.
    pub tasks: Vec<LinkedTask>,
    /// Between these.
    pub links: Vec<TaskLink>,
    /// Whether there are more.
    pub more: bool,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LinkedTask {
    /// Which task.
    pub task: TaskId,
    /// What it is called; nothing for one that was deleted.
    pub name: String,
    /// How far it is; absent for one that was deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub phase: Option<TaskPhase>,
}

/// A task has to get somewhere before another one asks for its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskLink {
    /// Which has to get there.
    pub on: TaskId,
    /// Which waits for that.
    pub task: TaskId,
    /// How far it has to get.
    pub when: AfterWhen,
    /// It has got there.
    pub fulfilled: bool,
}
