//! How a list of tasks is laid out: by what it is sorted, and which columns it has.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// By what the rows of a list are sorted. Each has its usual direction, which `reverse` turns round. Tasks that have nothing to be
/// sorted by come last either way; of equals the newest comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum SortBy {
    /// When they were made, the newest first.
    Created,
    /// When they last changed their state, the latest first.
    Changed,
    /// The name, case ignored, from A to Z.
    Name,
    /// How long the last attempt took, or has been running, the longest first.
    Took,
    /// The exit code, the highest first.
    Exit,
    /// The lane, from A to Z.
    Lane,
    /// The state: what runs, what waits, what went wrong, what was stopped, what went well.
    State,
}

impl SortBy {
    /// Each once.
    pub const ALL: [Self; 7] =
        [Self::Created, Self::Changed, Self::Name, Self::Took, Self::Exit, Self::Lane, Self::State];

    /// The word in JSON and on a command line.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Changed => "changed",
            Self::Name => "name",
            Self::Took => "took",
            Self::Exit => "exit",
            Self::Lane => "lane",
            Self::State => "state",
        }
    }

    /// Whether the greatest comes first unless it is turned round.
    #[must_use]
    pub fn falls(self) -> bool {
        matches!(self, Self::Created | Self::Changed | Self::Took | Self::Exit)
    }
}

/// Characters of a name that it is sorted by; what follows them does not count. Every row shows as many.
pub const SORTED_NAME_CHARS: usize = 60;

/// A column of the list in a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ListColumn {
    /// The state, by icon and word.
    State,
    /// What the task is called.
    Name,
    /// Why it waits, how it failed, or its last line.
    Story,
    /// Marks of the last runs.
    Runs,
    /// How long it took, or has been running.
    Took,
    /// When it was over.
    Ended,
    /// The lane.
    Lane,
    /// The exit code.
    Exit,
    /// The number of the latest attempt.
    Attempt,
    /// When it was made.
    Created,
    /// When it last changed its state.
    Changed,
    /// What a running task uses. Each row in view that has it is sampled once a second.
    Usage,
}

/// How the list of a window was left.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ListLayout {
    /// From the left, each at most once; the usual ones when empty.
    pub columns: Vec<ListColumn>,
    /// By what it is sorted; the newest first when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub sort: Option<SortBy>,
    /// The other way round.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub reverse: bool,
}

/// Whether no column stands twice.
#[must_use]
pub fn each_once(columns: &[ListColumn]) -> bool {
    columns.iter().enumerate().all(|(at, column)| !columns[..at].contains(column))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_those_of_the_json() {
        for sort in SortBy::ALL {
            assert_eq!(serde_json::to_value(sort).expect("writes"), sort.word());
        }
    }
}
