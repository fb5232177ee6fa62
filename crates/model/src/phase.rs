//! Where a task stands.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Where a task, or one of its runs, stands.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS, JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub enum TaskPhase {
    /// Waits: for its lane, or for its next attempt.
    Pending,
    /// Its program runs.
    Running,
    /// Over: its program ended as it should.
    Succeeded,
    /// Over: its program ended otherwise, did not start, or nobody knows how it ended.
    Failed,
    /// Over: its time was over.
    Timeout,
    /// Over: it was stopped by a person, or by a task in its place.
    Canceled,
    /// The restart policy has spent its `maxRetries`.
    Exhausted,
}

impl TaskPhase {
    /// All of them, in the order of a life.
    pub const ALL: [Self; 7] = [
        Self::Pending,
        Self::Running,
        Self::Succeeded,
        Self::Failed,
        Self::Timeout,
        Self::Canceled,
        Self::Exhausted,
    ];

    /// Whether a task in this phase never changes again.
    pub fn is_terminal(self) -> bool {
        !matches!(self, Self::Pending | Self::Running)
    }

    /// Whether a task in this phase has gone wrong for good.
    pub fn is_failure(self) -> bool {
        matches!(self, Self::Failed | Self::Timeout | Self::Exhausted)
    }

    /// The word in JSON and in the database.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Timeout => "timeout",
            Self::Canceled => "canceled",
            Self::Exhausted => "exhausted",
        }
    }

    /// The phase of a [`TaskPhase::word`].
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|phase| phase.word() == word)
    }
}
