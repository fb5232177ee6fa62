//! What a person has begun to write and not sent yet.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// One draft of each kind is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum DraftKind {
    /// Of a task that is begun from nothing.
    NewTask,
    /// Of one that is begun from another task.
    ChangedTask,
}

/// The longest draft, in bytes: a script of the longest kind fits.
pub const MAX_DRAFT_BYTES: usize = 3 * 1024 * 1024;
