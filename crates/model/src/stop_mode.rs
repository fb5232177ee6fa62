//! How a task is stopped.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// How to end a task's processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum StopMode {
    /// TERM, grace, KILL.
    Graceful,
    /// KILL at once.
    Kill,
}
