//! A lane as it stands.

use crate::{LaneRules, Slot};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A lane: how many tasks it runs at once, and how many wait.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Lane {
    /// Its name.
    pub slot: Slot,
    /// Tasks that it runs at once at most.
    pub capacity: u32,
    /// Tasks that hold a place: running, starting, or between two attempts.
    pub running: u32,
    /// Tasks that wait for a place; not those that wait for something else first.
    pub queued: u32,
    /// It starts nothing.
    pub paused: bool,
    /// Only tasks that have it for themselves have been in it.
    #[serde(default)]
    pub own: bool,
    /// What it asks of the machine before it starts a task.
    #[serde(default, skip_serializing_if = "is_default")]
    #[ts(optional, as = "Option<LaneRules>")]
    pub rules: LaneRules,
    /// What it waited for when the machine was last looked at; absent when it waits for nothing, or nothing waits in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub waits_for: Option<String>,
}

fn is_default(rules: &LaneRules) -> bool {
    *rules == LaneRules::default()
}
