//! Runs and events of a task by the page. A task that restarts for months keeps its first attempts and its latest ones; what is
//! between is counted.

use crate::{DEFAULT_LIMIT, FieldError, MAX_LIMIT, TaskEvent, TaskRun};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// The first attempts of a task, which are always kept: they show how it began.
pub const KEPT_FIRST_ATTEMPTS: u32 = 10;

/// Which part of the past. Pages are cut at the side that the cursor does not name: with `before`, or with neither, the latest
/// ones that fit; with `after` the earliest ones.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct HistoryQuery {
    /// Later than this attempt, or event.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub after: Option<u64>,
    /// Earlier than this attempt, or event.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub before: Option<u64>,
    /// As many at most, 100 by default; more than 1,000 are taken as 1,000.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    #[schemars(range(min = 1))]
    pub limit: Option<u32>,
}

impl HistoryQuery {
    /// # Errors
    /// Names the field.
    pub fn validate(&self) -> Result<(), FieldError> {
        if self.limit == Some(0) {
            return Err(FieldError::new("limit", "must be at least 1"));
        }
        match (self.after, self.before) {
            (Some(after), Some(before)) if after >= before => {
                Err(FieldError::new("before", "must be greater than after"))
            }
            _ => Ok(()),
        }
    }

    /// The limit in force: the default without one, never over [`MAX_LIMIT`], never 0.
    pub fn effective_limit(&self) -> u32 {
        self.limit.unwrap_or(DEFAULT_LIMIT).clamp(1, MAX_LIMIT)
    }
}

/// Attempts whose runs, events and logs were removed because there were too many of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AttemptsNotKept {
    /// The last attempt before them; 0 when there is none.
    pub after: u32,
    /// How many they are.
    pub count: u32,
}

impl AttemptsNotKept {
    /// What is missing in a list of all runs that are kept, oldest first.
    pub fn among(runs: &[TaskRun]) -> Option<Self> {
        let before = std::iter::once(0).chain(runs.iter().map(|run| run.attempt));
        before.zip(runs).find_map(|(after, run)| {
            let count = run.attempt.saturating_sub(after).saturating_sub(1);
            (count > 0).then_some(Self { after, count })
        })
    }
}

/// Some runs of a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RunPage {
    /// Oldest first.
    pub runs: Vec<TaskRun>,
    /// Whether there are more on the side where the page was cut.
    pub more: bool,
    /// Of the whole task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub not_kept: Option<AttemptsNotKept>,
}

/// Some events of a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EventPage {
    /// Oldest first.
    pub events: Vec<TaskEvent>,
    /// Whether there are more on the side where the page was cut.
    pub more: bool,
    /// Of the whole task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub not_kept: Option<AttemptsNotKept>,
}
