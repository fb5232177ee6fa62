//! What a subscriber of a task's log receives.

use bytestring::ByteString;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A program's output stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum OutputStreamKind {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// One event of a task's log. Order is the order of the log; run marks enclose the chunks of their attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum OutputEvent {
    /// An attempt has started.
    RunStarted {
        /// From 1.
        attempt: u32,
        /// Unix milliseconds.
        #[ts(type = "number")]
        started_at: u64,
    },
    /// A line.
    Chunk {
        /// The run that printed it.
        attempt: u32,
        /// The stream that it came through.
        stream: OutputStreamKind,
        /// Counts the lines of this attempt and stream from 0.
        #[ts(type = "number")]
        seq: u64,
        /// Unix milliseconds.
        #[ts(type = "number")]
        ts: u64,
        /// The line without its newline; bytes that are not UTF-8 are replaced by U+FFFD (the log keeps them).
        #[ts(type = "string")]
        #[schemars(with = "String")]
        line: ByteString,
    },
    /// An attempt has ended.
    RunFinished {
        /// The run.
        attempt: u32,
        /// When its program exited by itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        exit_code: Option<i32>,
        /// Unix milliseconds.
        #[ts(type = "number")]
        finished_at: u64,
    },
    /// Lines that retention had removed before they could be read.
    Lagged {
        /// How many.
        #[ts(type = "number")]
        skipped: u64,
    },
}
