//! Searching logs: the query, how far a search is, and what it answers. How it is done lives in `solti-logstore`.

use crate::{LogRow, MergedRow, OutputStreamKind, Rank, RowKey, RowNo, Severity, TaskId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What a person looks for in a log. A row matches or not, by the text that is shown of it: what was overwritten is not found. A
/// match never spans two rows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct LogQuery {
    /// A literal, or with `regex` an expression in the syntax of the Rust crate `regex`. Empty matches every row.
    pub pattern: String,
    /// The pattern is a regular expression.
    pub regex: bool,
    /// Case counts.
    pub case_sensitive: bool,
    /// What is matched must not stand within a longer word.
    pub whole_word: bool,
    /// The rows in which pattern and fields are not as they are asked for.
    pub invert: bool,
    /// Rows of this stream only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub stream: Option<OutputStreamKind>,
    /// Match what escape sequences show. Without, a row that has some is matched by what was printed, escapes and all.
    pub ignore_ansi: bool,
    /// Rows that say they are this only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub severity: Option<Severity>,
    /// Without the rows that match this: a literal or an expression, as `pattern` is. Empty leaves none out.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[ts(optional, as = "Option<String>")]
    pub exclude: String,
    /// Rows whose fields hold this only: `level=error reqId=r-3 user.name!="two words"`, of JSON objects (names within them behind
    /// dots) and of pairs as logfmt writes them. All of it has to be so; a value is compared by its own text, by `caseSensitive`,
    /// and a row without the field differs. Empty asks for none.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[ts(optional, as = "Option<String>")]
    pub fields: String,
    /// Nobody waits for it: it takes one thread, one log after the other, and looks at a log that grows once a second.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub background: bool,
}

/// How far a search is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SearchProgress {
    /// Matching rows so far.
    #[ts(type = "number")]
    pub matches: u64,
    /// Bytes of the log that were looked through.
    #[ts(type = "number")]
    pub searched_bytes: u64,
    /// Bytes of the log, as it was when it was last looked at.
    #[ts(type = "number")]
    pub total_bytes: u64,
    /// All that the log holds was searched.
    pub complete: bool,
    /// The log may grow, and the search goes on as it does.
    pub live: bool,
    /// Why the log cannot be read for now: the search goes on when it can.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub error: Option<String>,
    /// The first matching row found so far at or after the row that was near; else the last one before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub nearest: Option<RowKey>,
}

/// One matching row and its place among all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SearchHit {
    /// Its number; in a search of several logs its position in their merged order.
    pub row: RowKey,
    /// From 1, among the matches that are known.
    #[ts(type = "number")]
    pub index: u64,
    /// Matching rows found so far.
    #[ts(type = "number")]
    pub total: u64,
}

/// Matching rows of one log, by their order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MatchedRows {
    /// The rank of the first.
    pub from: Rank,
    /// Matching rows found so far.
    #[ts(type = "number")]
    pub total: u64,
    /// In order.
    pub rows: Vec<LogRow>,
}

/// Matching rows of several logs, by their order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MatchedMergedRows {
    /// The rank of the first.
    pub from: Rank,
    /// Matching rows found so far.
    #[ts(type = "number")]
    pub total: u64,
    /// In order.
    pub rows: Vec<MergedRow>,
}

/// Where in a row's text the matches are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RowRanges {
    /// The row's number.
    pub row: RowNo,
    /// Begin and end of each match in UTF-16 columns of [`crate::LogRow::text`].
    pub ranges: Vec<(u32, u32)>,
}

/// What a search over many logs has found since the message before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskHits {
    /// Runs with at least one match, newest task first.
    pub tasks: Vec<RunHits>,
    /// Tasks whose logs were looked through.
    #[ts(type = "number")]
    pub searched_tasks: u64,
    /// Tasks whose logs are to be looked through.
    #[ts(type = "number")]
    pub total_tasks: u64,
    /// All of them were.
    pub complete: bool,
    /// Logs that could not be read up to now; the app's own log says why.
    #[ts(type = "number")]
    #[serde(default)]
    pub unread_logs: u64,
    /// Why the search ended before it came to all tasks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub error: Option<String>,
}

/// One run's log in which something was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RunHits {
    /// The task.
    pub id: TaskId,
    /// The run's number within it.
    pub attempt: u32,
    /// Matching rows.
    #[ts(type = "number")]
    pub matches: u64,
    /// The number of the first of them.
    pub first_row: RowNo,
    /// The beginning of the first matching row.
    pub first_text: String,
}
