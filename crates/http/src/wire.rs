//! The objects around the model's types in bodies: written by the server, read by the client.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use solti_model::{
    AttemptsNotKept, Bookmark, Lane, LogQuery, LogSource, MAX_LANE_CAPACITY, RowRanges, RunEnvironment,
    SearchHit, SourceRow, StopMode, Task, TaskEvent, TaskId, TaskRow, TaskRun, TaskSpec, TextPosition,
};

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Submit {
    pub spec: TaskSpec,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Made {
    pub task_id: TaskId,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct TaskBody {
    pub task: Task,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RunsBody {
    pub runs: Vec<TaskRun>,
    /// Of a page: whether there are more on the side where it was cut.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub more: Option<bool>,
    /// Attempts of the task that are not kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_kept: Option<AttemptsNotKept>,
}

impl From<Vec<TaskRun>> for RunsBody {
    /// All runs that are kept: what is missing between them is not.
    fn from(runs: Vec<TaskRun>) -> Self {
        let not_kept = AttemptsNotKept::among(&runs);
        Self { runs, more: None, not_kept }
    }
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct RowBody {
    pub row: TaskRow,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct History {
    pub events: Vec<TaskEvent>,
    /// Of a page: whether there are more on the side where it was cut.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub more: Option<bool>,
    /// Attempts of the task that are not kept, in a page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_kept: Option<AttemptsNotKept>,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Started {
    /// Absent when it is not recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<RunEnvironment>,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Stop {
    pub mode: StopMode,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Lanes {
    pub lanes: Vec<Lane>,
}

/// What of a lane to change; what is left out stays.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LanePatch {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = MAX_LANE_CAPACITY))]
    pub capacity: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paused: Option<bool>,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Search {
    pub query: LogQuery,
    /// The row to search around first.
    #[serde(default)]
    pub near: u64,
}

/// The first event of a search.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Opened {
    /// Names the search in its other requests, as long as this stream is open.
    pub id: String,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SearchAll {
    pub query: LogQuery,
    /// All tasks when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ids: Option<Vec<TaskId>>,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Step {
    /// Absent when nothing matches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hit: Option<SearchHit>,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Rank {
    pub rank: u64,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Ranges {
    pub rows: Vec<RowRanges>,
}

/// What of a log to copy.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Selection {
    pub start: TextPosition,
    pub end: TextPosition,
    #[serde(default)]
    pub timestamps: bool,
    /// Of matching rows only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub search: Option<String>,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Merge {
    pub sources: Vec<LogSource>,
    pub from: u64,
    pub count: u32,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MergedSearch {
    pub sources: Vec<LogSource>,
    pub query: LogQuery,
    /// The position in the merged order to search around first.
    #[serde(default)]
    pub near: u64,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MergedOverview {
    pub sources: Vec<LogSource>,
    /// 4,096 at most.
    pub buckets: u32,
    /// An open search of all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub search: Option<String>,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MergedPlaces {
    pub sources: Vec<LogSource>,
    /// 1,000 at most.
    pub rows: Vec<SourceRow>,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MergedTime {
    pub sources: Vec<LogSource>,
    /// In Unix milliseconds.
    pub at: u64,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Position {
    pub position: u64,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Positions {
    /// In the order in which the rows were given.
    pub positions: Vec<u64>,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MergedExport {
    pub sources: Vec<LogSource>,
    /// A time before each row.
    #[serde(default)]
    pub timestamps: bool,
    /// Matching rows of an open search of all of them only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub search: Option<String>,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Bookmarked {
    pub bookmarks: Vec<Bookmark>,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Note {
    pub note: String,
}

/// Who answers, and whether tasks can be taken on.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Health {
    pub status: HealthStatus,
    pub version: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum HealthStatus {
    Ok,
}

/// The body of every error. Which fields beside the first two are there depends on the code.
#[derive(Debug, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code, reason = "describes what solti_api::ApiError writes")]
pub struct ErrorBody {
    pub error: ErrorCode,
    pub message: String,
    pub field: Option<String>,
    pub id: Option<TaskId>,
    pub slot: Option<solti_model::Slot>,
    pub running: Option<TaskId>,
    pub limit_bytes: Option<u64>,
    pub retry_after_ms: Option<u64>,
    pub incident: Option<String>,
}

#[derive(Debug, JsonSchema)]
#[allow(dead_code, reason = "describes what solti_api::ApiError writes")]
pub enum ErrorCode {
    InvalidRequest,
    Unauthenticated,
    PermissionDenied,
    TaskNotFound,
    SlotBusy,
    Conflict,
    PayloadTooLarge,
    RateLimited,
    Unavailable,
    Internal,
}
