//! The rows of a run's log, as a window shows them.

use crate::{OutputStreamKind, RowNo, Severity, Suspension, TaskPhase};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// The longest text of a row that is handed to a window, in bytes.
pub const MAX_ROW_BYTES: usize = 10 * 1024;

/// Where the log of one attempt stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LogInfo {
    /// The run's number within its task.
    pub attempt: u32,
    /// Rows that there are.
    #[ts(type = "number")]
    pub rows: u64,
    /// Bytes that were printed.
    #[ts(type = "number")]
    pub bytes: u64,
    /// Whether more may come.
    pub live: bool,
    /// Where the run stands.
    pub phase: TaskPhase,
    /// When its program exited by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub exit_code: Option<i32>,
    /// Why it did not succeed, in one sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub error: Option<String>,
    /// See [`crate::TaskRun`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub remark: Option<String>,
    /// Unix milliseconds.
    #[ts(type = "number")]
    pub started_at: u64,
    /// Unix milliseconds; absent while it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub finished_at: Option<u64>,
    /// See [`crate::TaskRun`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub suspension: Option<Suspension>,
    /// The task's latest attempt.
    pub attempts: u32,
    /// The encoding that it is read in, by its name in the Encoding Standard; absent for UTF-8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub encoding: Option<String>,
    /// Somebody has chosen it. Else it is guessed by the log's bytes.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub encoding_chosen: bool,
}

/// A range of rows of one attempt's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LogRows {
    /// The number of the first.
    pub from: RowNo,
    /// Rows that there are.
    #[ts(type = "number")]
    pub total: u64,
    /// In order.
    pub rows: Vec<LogRow>,
}

/// A row of a log, as a window shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LogRow {
    /// From 0 in each attempt.
    pub row: RowNo,
    /// The stream that it came through.
    pub stream: OutputStreamKind,
    /// Unix milliseconds.
    #[ts(type = "number")]
    pub ts: u64,
    /// What a terminal shows of the line: escapes are gone, and what was overwritten. At most [`crate::MAX_ROW_BYTES`] of it;
    /// bytes that are not UTF-8 are replaced by U+FFFD.
    pub text: String,
    /// How the parts of the text look, from its beginning to its end; left out when all of it is plain.
    /// Colours that earlier rows of its stream left switched on go on, for 64 KiB of the log at least and 128 KiB at most.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<RowSpan>>")]
    pub spans: Vec<RowSpan>,
    /// About how many bytes of the text are left out at its end; left out itself when all of it is there.
    #[serde(default, skip_serializing_if = "is_zero")]
    #[ts(optional, as = "Option<f64>")]
    pub more: u64,
    /// Bytes of the whole line.
    #[ts(type = "number")]
    pub full_len: u64,
    /// The line has no newline yet.
    pub partial: bool,
    /// It goes on with the line of an earlier row of its stream.
    pub continued: bool,
    /// Not a line: this many bytes found no space on the disk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub gap: Option<u64>,
    /// Not a line: what retention has removed from here on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub removed: Option<RemovedRows>,
    /// What the line says of itself, by the rules that searches for errors and warnings go by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub severity: Option<Severity>,
    /// Sections of a build's output that begin or end in the line, by marks that its text does not show; left out without any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<RowSection>>")]
    pub sections: Vec<RowSection>,
}

/// A section of a build's output begins or ends, as GitLab's marks say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RowSection {
    /// By what its end knows its beginning.
    pub name: String,
    /// It ends; else it begins.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub ends: bool,
}

/// A part of a row's text that looks the same.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RowSpan {
    /// Its length in UTF-16 units.
    pub len: u32,
    /// An index into the palette of 256 colours, or 0x1000000 and a colour as 0xRRGGBB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub fg: Option<u32>,
    /// As `fg`, behind the text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub bg: Option<u32>,
    /// Heavier.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub bold: bool,
    /// Fainter.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub dim: bool,
    /// Slanted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub italic: bool,
    /// With a line below.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub underline: bool,
    /// With a line through it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub strike: bool,
    /// Text and ground change their colours.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub inverse: bool,
    /// Characters that are invisible or rearrange the text: something is to be drawn in the place of each.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub control: bool,
    /// The address that the program links it to, as it was printed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub link: Option<String>,
}

/// What was removed from a log to save space. The rows that are left keep their numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RemovedRows {
    /// How many rows.
    #[ts(type = "number")]
    pub rows: u64,
    /// Their bytes.
    #[ts(type = "number")]
    pub bytes: u64,
}

fn is_zero(bytes: &u64) -> bool {
    *bytes == 0
}
