//! The history of a task: what happened to it, and when.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// One entry of a task's history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskEvent {
    /// Grows over all tasks.
    #[ts(type = "number")]
    pub seq: u64,
    /// Unix milliseconds.
    #[ts(type = "number")]
    pub at: u64,
    /// The run that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub attempt: Option<u32>,
    /// What happened.
    pub kind: TaskEventKind,
    /// More of it, in a phrase.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub detail: Option<String>,
}

/// What happened to a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum TaskEventKind {
    /// It was taken on.
    Queued,
    /// Its lane has given it a place.
    Admitted,
    /// Its process runs.
    Started,
    /// The main program has ended, and others of the run go on.
    MainEnded,
    /// Somebody wants it to end.
    StopRequested,
    /// An attempt has ended.
    Exited,
    /// An attempt could not start.
    StartFailed,
    /// Another attempt will follow.
    RetryScheduled,
    /// It is over.
    Finished,
    /// Nobody knows how an attempt ended.
    Lost,
    /// A run was found again after a restart of the app.
    Attached,
    /// A person holds it, or the machine was restarted: it does not start by itself.
    Held,
    /// It may start again.
    Released,
    /// Its place, its priority or what it is to do was changed while it waited.
    Edited,
    /// What it waited for in another task has come.
    Fulfilled,
    /// Its processes stand still.
    Suspended,
    /// They go on.
    Resumed,
    /// It has printed nothing for as long as its spec allows.
    Silent,
    /// One that this version does not know: a later one wrote it. Its word is in the detail.
    Unknown,
}

impl TaskEventKind {
    const ALL: [(Self, &'static str); 19] = [
        (Self::Queued, "queued"),
        (Self::Admitted, "admitted"),
        (Self::Started, "started"),
        (Self::MainEnded, "mainEnded"),
        (Self::StopRequested, "stopRequested"),
        (Self::Exited, "exited"),
        (Self::StartFailed, "startFailed"),
        (Self::RetryScheduled, "retryScheduled"),
        (Self::Finished, "finished"),
        (Self::Lost, "lost"),
        (Self::Attached, "attached"),
        (Self::Held, "held"),
        (Self::Released, "released"),
        (Self::Edited, "edited"),
        (Self::Fulfilled, "fulfilled"),
        (Self::Suspended, "suspended"),
        (Self::Resumed, "resumed"),
        (Self::Silent, "silent"),
        (Self::Unknown, "unknown"),
    ];

    /// The word in JSON and in the database.
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(kind, _)| *kind == self).map_or("", |(_, word)| word)
    }

    /// The kind of a [`TaskEventKind::word`].
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, w)| *w == word).map(|(kind, _)| *kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn event_words_are_the_json_words() {
        for (kind, word) in TaskEventKind::ALL {
            assert_eq!(serde_json::to_value(kind).expect("writes"), word);
            assert_eq!(TaskEventKind::from_word(kind.word()), Some(kind));
        }
    }
}
