//! What a person at a window reads beside the task itself: rows, counts, lanes, events, pages of a log.
//!
//! None of it is part of the fixed contract; it is derived from tasks and their logs and never stored as such.

use crate::{
    AfterWhen, DigestSleep, JobName, LaneRules, LeftOut, OutputStreamKind, RowNo, Severity, Slot, SortBy,
    TaskHead, TaskId, TaskPhase,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use ts_rs::TS;

/// Which rows a list shows. Phases are OR-ed, everything else is AND-ed; newest first unless it is sorted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ListQuery {
    /// Tasks in one of these phases only; all when empty.
    #[ts(optional, as = "Option<Vec<TaskPhase>>")]
    pub phases: Vec<TaskPhase>,
    /// Tasks of this lane only.
    #[ts(optional)]
    pub slot: Option<Slot>,
    /// Tasks that have each of these labels.
    #[ts(optional, as = "Option<BTreeMap<String, String>>")]
    pub labels: BTreeMap<String, String>,
    /// Somewhere in the name or the command, case ignored.
    #[ts(optional)]
    pub text: Option<String>,
    /// Tasks whose latest finished attempt has this exit code, or was killed by the signal that a shell has this code for.
    #[ts(optional)]
    pub exit_code: Option<i32>,
    /// Created at or after this time, in Unix milliseconds.
    #[ts(optional, type = "number")]
    pub since_ms: Option<u64>,
    /// Tasks of this saved job only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub job: Option<JobName>,
    /// Somewhere in the name, case ignored.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub name: Option<String>,
    /// Tasks that are over and whose last attempt ran for at least so many milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub took_at_least_ms: Option<u64>,
    /// As `tookAtLeastMs`, at most so many.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub took_at_most_ms: Option<u64>,
    /// What is not listed although all the rest is true of it.
    #[serde(skip_serializing_if = "LeftOut::is_empty")]
    #[ts(optional, as = "Option<LeftOut>")]
    pub without: Box<LeftOut>,
    /// By what the rows are sorted; by when they were made, the newest first, when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub sort: Option<SortBy>,
    /// The other way round.
    #[serde(skip_serializing_if = "is_false")]
    #[ts(optional, as = "Option<bool>")]
    pub reverse: bool,
    /// `nextCursor` of the page before; opaque.
    #[ts(optional)]
    pub cursor: Option<String>,
    /// As many at most; 100 when absent.
    #[ts(optional)]
    pub limit: Option<u32>,
}

/// A page of rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskList {
    /// Fewer than the limit where they would be too many bytes; `nextCursor` says whether there are more.
    pub rows: Vec<TaskRow>,
    /// All matches, not the page.
    #[ts(type = "number")]
    pub total: u64,
    /// Where the next page begins; absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub next_cursor: Option<String>,
}

/// Rows that can be asked for by their ids at once.
pub const MAX_TASK_ROWS: usize = 500;

/// A task and what a list says of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskRow {
    /// The task, as far as it fits into a row.
    pub task: TaskHead,
    /// Start of the latest attempt, in Unix milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub started_at: Option<u64>,
    /// When the task was over, in Unix milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub finished_at: Option<u64>,
    /// When its next attempt begins, in Unix milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub next_attempt_at: Option<u64>,
    /// Why a pending task is not running.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub waiting: Option<Waiting>,
    /// A stop was asked for and is under way.
    pub stopping: bool,
    /// Its processes stand still, and its timeout with them, until it is resumed.
    #[serde(default, skip_serializing_if = "is_false")]
    #[ts(optional, as = "Option<bool>")]
    pub suspended: bool,
    /// A cluster runs it; then it cannot be suspended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub on_cluster: Option<OnCluster>,
    /// It runs, and has printed nothing since then, Unix milliseconds, which is longer than its spec allows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub silent_since: Option<u64>,
    /// Its main program has ended, and others of the run go on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub main_ended: Option<MainEnded>,
    /// That of the latest run, once it has ended; see [`crate::TaskRun`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub remark: Option<String>,
    /// Why nothing can be learned of it for now, or its start is put off; one sentence. It is tried again by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub trouble: Option<String>,
    /// The latest runs, oldest first.
    pub recent_runs: Vec<RunMark>,
    /// Of a task of a job: how it and the tasks before it stand, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<TaskPhase>>")]
    pub of_job: Vec<TaskPhase>,
    /// How long each of those took, in milliseconds; `null` for one that is not over, or never ran.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<Option<f64>>>")]
    pub of_job_ms: Vec<Option<u64>>,
}

impl TaskRow {
    /// How long the last attempt ran of a task that is over, in milliseconds. The task may have been over later: one that is
    /// canceled between two attempts is.
    #[must_use]
    pub fn took_ms(&self) -> Option<u64> {
        let over = self.task.status.phase.is_terminal();
        self.recent_runs.last().filter(|_| over).and_then(|run| run.duration_ms)
    }
}

/// Where a cluster runs a task.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OnCluster {
    /// As the cluster names it; absent while that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub node: Option<String>,
}

/// The last line that a task has printed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LastLine {
    /// Which task.
    pub task: TaskId,
    /// The run's number.
    pub attempt: u32,
    /// What a terminal shows of it, 240 bytes at most; never blank.
    pub text: String,
}

/// Why a pending task is not running.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(tag = "reason", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Waiting {
    /// Its lane is full. `position` counts from 1; `behind` is the name of the task before it.
    Lane {
        /// From 1.
        position: u32,
        /// The name of the task before it.
        behind: String,
    },
    /// Its next attempt is at `until`, in Unix milliseconds.
    Backoff {
        /// Unix milliseconds.
        #[ts(type = "number")]
        until: u64,
    },
    /// It was started again and again: its next attempt, at `until` in Unix milliseconds, is put off to slow it.
    CrashLoop {
        /// Unix milliseconds.
        #[ts(type = "number")]
        until: u64,
    },
    /// Its lane is paused: it starts nothing.
    LanePaused,
    /// Its process is being started.
    Starting,
    /// It is not to start before `until`, in Unix milliseconds.
    NotBefore {
        /// Unix milliseconds.
        #[ts(type = "number")]
        until: u64,
    },
    /// Another task has to get somewhere first; when it waits for several, this is one of them.
    Dependency {
        /// The other task.
        on: TaskId,
        /// How far that has to get.
        when: AfterWhen,
        /// What the other is called.
        name: String,
    },
    /// A person has to release it, or all tasks: it was held, or the machine was restarted.
    Held,
    /// Its lane starts nothing while the machine is not as its rules ask for.
    Condition {
        /// What is waited for, in words that follow "waits for".
        what: String,
    },
    /// A cluster has it, and has not started it yet.
    Cluster {
        /// Why, in a phrase: `waits for 4 GPUs`.
        why: String,
        /// When the cluster means to start it, in Unix milliseconds; absent where it does not say.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional, type = "number")]
        about: Option<u64>,
    },
}

/// A run that goes on without its main program, because processes that it has started hold its output open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MainEnded {
    /// Of the main program; absent when a signal has ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub exit_code: Option<i32>,
    /// How many processes of the run still write; 0 when it is one that cannot be found among them.
    pub writers: u32,
    /// All of it in one sentence, with the names of the processes.
    pub text: String,
}

/// One run in the strip of a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RunMark {
    /// The run's number within its task.
    pub attempt: u32,
    /// Where it stands.
    pub phase: TaskPhase,
    /// How long it took; absent while it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub duration_ms: Option<u64>,
}

/// What is true of all tasks together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// Every phase is there, with 0 where no task is in it.
    #[ts(type = "Record<TaskPhase, number>")]
    pub by_phase: BTreeMap<TaskPhase, u64>,
    /// Those with a queue or a setting, then the shared ones, also those that nothing is in now, then those of single tasks;
    /// 50 at most.
    pub lanes: Vec<Lane>,
    /// The most frequent ones.
    pub labels: Vec<LabelCount>,
    /// Of the latest change.
    #[ts(type = "number")]
    pub resource_version: u64,
    /// Whether tasks can be stored.
    pub storage: StorageState,
    /// The limits of the logs that cannot be kept for now, each once.
    #[serde(default)]
    pub unkept_limits: Vec<UnkeptLimit>,
    /// All tasks are held: nothing starts in any lane.
    #[serde(default, skip_serializing_if = "is_false")]
    #[ts(optional, as = "Option<bool>")]
    pub held: bool,
    /// Whether the machine is kept from sleeping; absent while no task that runs asks for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub awake: Option<StaysAwake>,
    /// The last sleep of the machine since the engine began; absent before there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub slept: Option<DigestSleep>,
    /// Which data folder answers, by an id that no other one has; absent where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub instance: Option<String>,
}

/// A task that runs is to keep the machine from sleeping.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StaysAwake {
    /// Why it may sleep all the same, in one sentence without its end; absent when it is kept awake.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub why_not: Option<String>,
}

/// A limit of the logs that is not kept although all has gone that can: what is being written is one piece, and other files
/// may fill the disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UnkeptLimit {
    /// Which limit.
    pub limit: LogLimit,
    /// How much too much the logs take, or how much is not free that ought to be, in bytes; rounded up.
    #[ts(type = "number")]
    pub bytes: u64,
    /// The task that exceeds it most, where it is a limit of each run or task.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub task: Option<TaskId>,
}

/// The limits of the logs, by their names in the settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum LogLimit {
    /// Of each run.
    RunBytes,
    /// Of all runs of a task.
    TaskBytes,
    /// Of all runs of all tasks.
    TotalBytes,
    /// Of what is to stay free on the disk.
    MinFreeBytes,
}

/// Whether tasks can be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum StorageState {
    /// They can.
    Ok,
    /// The database cannot be written; what is stored can be read, nothing new is taken.
    ReadOnly,
    /// The database cannot be read just now; it is tried again, and what is shown is older.
    Unreadable,
}

/// How many tasks carry a label.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LabelCount {
    /// The label.
    pub key: String,
    /// Its value.
    pub value: String,
    /// How many tasks have it.
    #[ts(type = "number")]
    pub count: u64,
}

/// A lane: how many tasks it runs at once, and how many wait.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Lane {
    /// Its name.
    pub slot: Slot,
    /// Tasks that it runs at once at most.
    pub capacity: u32,
    /// Tasks that hold a place: running, starting, or between two attempts.
    pub running: u32,
    /// Tasks that wait for a place; not those that wait for something else first.
    pub queued: u32,
    /// It starts nothing.
    pub paused: bool,
    /// Only tasks that have it for themselves have been in it.
    #[serde(default)]
    pub own: bool,
    /// What it asks of the machine before it starts a task.
    #[serde(default, skip_serializing_if = "is_default")]
    #[ts(optional, as = "Option<LaneRules>")]
    pub rules: LaneRules,
    /// What it waited for when the machine was last looked at; absent when it waits for nothing, or nothing waits in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub waits_for: Option<String>,
}

/// What changed since the last one. `resync` says that too much changed to name: read the list again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskChange {
    /// Of the latest change that is in it.
    #[ts(type = "number")]
    pub resource_version: u64,
    /// Of each task that has changed its row as it is now.
    pub changed: Vec<TaskRow>,
    /// Of `changed`, those that the query of the watch leaves out.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    #[ts(optional, as = "Option<BTreeSet<TaskId>>")]
    pub unmatched: BTreeSet<TaskId>,
    /// Tasks that are gone.
    pub deleted: Vec<TaskId>,
    /// As it is after these changes.
    pub summary: Summary,
    /// Too much changed to name: read the list again.
    pub resync: bool,
}

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

/// How to end a task's processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum StopMode {
    /// TERM, grace, KILL.
    Graceful,
    /// KILL at once.
    Kill,
}

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
    #[serde(default, skip_serializing_if = "is_false")]
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
    #[serde(default, skip_serializing_if = "is_false")]
    #[ts(optional, as = "Option<bool>")]
    pub bold: bool,
    /// Fainter.
    #[serde(default, skip_serializing_if = "is_false")]
    #[ts(optional, as = "Option<bool>")]
    pub dim: bool,
    /// Slanted.
    #[serde(default, skip_serializing_if = "is_false")]
    #[ts(optional, as = "Option<bool>")]
    pub italic: bool,
    /// With a line below.
    #[serde(default, skip_serializing_if = "is_false")]
    #[ts(optional, as = "Option<bool>")]
    pub underline: bool,
    /// With a line through it.
    #[serde(default, skip_serializing_if = "is_false")]
    #[ts(optional, as = "Option<bool>")]
    pub strike: bool,
    /// Text and ground change their colours.
    #[serde(default, skip_serializing_if = "is_false")]
    #[ts(optional, as = "Option<bool>")]
    pub inverse: bool,
    /// Characters that are invisible or rearrange the text: something is to be drawn in the place of each.
    #[serde(default, skip_serializing_if = "is_false")]
    #[ts(optional, as = "Option<bool>")]
    pub control: bool,
    /// The address that the program links it to, as it was printed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub link: Option<String>,
}

fn is_default(rules: &LaneRules) -> bool {
    *rules == LaneRules::default()
}

fn is_false(value: &bool) -> bool {
    !value
}

fn is_zero(value: &u64) -> bool {
    *value == 0
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

/// The longest text of a row that is handed to a window, in bytes.
pub const MAX_ROW_BYTES: usize = 10 * 1024;

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
