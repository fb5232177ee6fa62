//! Parts of logs beside plain ranges of rows: how dense they are, one long line, a selection, an export, several
//! logs in one order of time.

use crate::{LogRow, MergedPosition, RowNo, RowSpan};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Rows of each stream per equal slice of a log, for a minimap. Exact enough for pixels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LogDensity {
    /// Of the whole log.
    #[ts(type = "number")]
    pub rows: u64,
    /// Slices of equal numbers of rows, from the first row on.
    pub buckets: Vec<DensityBucket>,
}

/// One slice of a log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DensityBucket {
    /// Lines of standard output that end in it.
    #[ts(type = "number")]
    pub stdout: u64,
    /// Lines of standard error that end in it.
    #[ts(type = "number")]
    pub stderr: u64,
    /// Matches of the search that was named; 0 without one.
    #[ts(type = "number")]
    pub matches: u64,
}

/// A part of the text that is shown of one row, however long that is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LineChunk {
    /// Bytes that are not UTF-8 are replaced by U+FFFD. Begins and ends between two characters.
    pub text: String,
    /// How its parts look, as in [`LogRow::spans`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<RowSpan>>")]
    pub spans: Vec<RowSpan>,
    /// Begin and end of each match of the search that was named, in UTF-16 columns of this text; the first 1,000.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<(u32, u32)>>")]
    pub ranges: Vec<(u32, u32)>,
    /// Where in the row the text begins: at the byte that was asked for, or the beginning of the character that it is of.
    #[ts(type = "number")]
    pub from_byte: u64,
    /// Where the next chunk begins.
    #[ts(type = "number")]
    pub next_byte: u64,
    /// Bytes of the whole text.
    #[ts(type = "number")]
    pub full_len: u64,
}

/// Where in the text that is shown of one row a match is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LineMatch {
    /// Its first byte.
    #[ts(type = "number")]
    pub from_byte: u64,
    /// The byte behind it.
    #[ts(type = "number")]
    pub to_byte: u64,
}

/// A place in the text of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TextPosition {
    /// The row's number.
    pub row: RowNo,
    /// UTF-16 column of the row's text.
    #[ts(type = "number")]
    pub column: u64,
}

/// The exact text of a selection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LogText {
    /// As it is shown, rows apart by newlines.
    pub text: String,
    /// The selection was longer than [`MAX_TEXT_BYTES`]; this is its beginning.
    pub truncated: bool,
}

/// The longest text of a selection, in bytes.
pub const MAX_TEXT_BYTES: usize = 32 * 1024 * 1024;

/// A file that was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExportedLog {
    /// Where it is on the machine that wrote it.
    pub path: String,
    /// Its length.
    #[ts(type = "number")]
    pub bytes: u64,
    /// How many rows are in it.
    #[ts(type = "number")]
    pub rows: u64,
}

/// A range of the rows of several logs, ordered by time, then by source, then by row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MergedRows {
    /// The position of the first.
    pub from: MergedPosition,
    /// Rows of all the logs.
    #[ts(type = "number")]
    pub total: u64,
    /// In order.
    pub rows: Vec<MergedRow>,
}

/// A row of one log among several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
pub struct MergedRow {
    /// Its number in the merged order. A row that stands for removed ones counts as many.
    pub position: MergedPosition,
    /// Which of the sources it is from, counted from 0 in the order in which they were given.
    pub source: u32,
    /// As its log has it.
    #[serde(flatten)]
    pub row: LogRow,
}

/// A row of one of the logs of a merged view.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceRow {
    /// Which of the sources, counted from 0 in the order in which they are given.
    pub source: u32,
    /// Its number in its own log.
    pub row: RowNo,
}

/// A row that a person has marked. It is kept with the task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Bookmark {
    /// The run's number within the task.
    pub attempt: u32,
    /// Its number in the run's log.
    pub row: RowNo,
    /// What the person wrote beside it; may be empty.
    pub note: String,
    /// When it was set last, Unix milliseconds.
    #[ts(type = "number")]
    pub at: u64,
}
