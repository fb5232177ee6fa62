//! What a person reads of jobs beside themselves: rows, histories, what has come of schedules and what is to come.

use crate::{FieldError, Job, JobName, ScheduleId, TaskId, TaskPhase, TaskRow, counted};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Which jobs a list shows, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct JobQuery {
    /// Somewhere in the name or the title, case ignored.
    #[ts(optional)]
    pub text: Option<String>,
    /// `nextCursor` of the page before; opaque.
    #[ts(optional)]
    pub cursor: Option<String>,
    /// As many at most; 100 when absent, 1,000 at most.
    #[ts(optional)]
    pub limit: Option<u32>,
}

/// A page of jobs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobList {
    /// By name.
    pub jobs: Vec<JobRow>,
    /// All matches, not the page.
    #[ts(type = "number")]
    pub total: u64,
    /// Where the next page begins; absent at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub next_cursor: Option<String>,
}

/// A job as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobRow {
    /// Which job.
    pub name: JobName,
    /// What a person calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub title: Option<String>,
    /// The latest.
    pub revision: u32,
    /// Unix milliseconds.
    #[ts(type = "number")]
    pub updated_at: u64,
    /// How many schedules it has, paused ones too.
    pub schedules: u32,
    /// How many of them are paused.
    pub paused: u32,
    /// The first schedule in words; absent without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub words: Option<String>,
    /// When it is run by itself next, in Unix milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub next_at: Option<u64>,
    /// The latest tasks, oldest first.
    pub recent: Vec<JobRun>,
    /// Why it cannot be read, in one sentence. It can be saved anew and deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub unreadable: Option<String>,
}

/// A task of a job, as a strip of them shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobRun {
    /// Which task.
    pub task: TaskId,
    /// How far it is.
    pub phase: TaskPhase,
    /// When it was made, in Unix milliseconds.
    #[ts(type = "number")]
    pub created_at: u64,
    /// How long its last attempt ran, in milliseconds, once it is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub duration_ms: Option<u64>,
}

/// A job with what has become of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobDetail {
    /// As it was saved. What is secret in its spec is masked, and can be saved so.
    pub job: Job,
    /// Of its schedules, in their order.
    pub schedules: Vec<ScheduleState>,
    /// Of its latest tasks.
    pub stats: JobStats,
    /// What came of its schedules last, newest first.
    pub firings: Vec<Firing>,
    /// What is legal in it and will come to nothing as things stand, by its field: a hook or a task that is not there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<FieldError>>")]
    pub warnings: Vec<FieldError>,
}

/// What a schedule means now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScheduleState {
    /// Which schedule.
    pub id: ScheduleId,
    /// As in "every weekday at 02:30, Europe/Berlin".
    pub words: String,
    /// When it is due next, in Unix milliseconds; absent for one that is paused or over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub next_at: Option<u64>,
}

/// What came of a time of a schedule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Firing {
    /// Which schedule.
    pub schedule: ScheduleId,
    /// The time, in Unix milliseconds.
    #[ts(type = "number")]
    pub due: u64,
    /// When it was dealt with, in Unix milliseconds.
    #[ts(type = "number")]
    pub at: u64,
    /// What was done.
    pub outcome: FiringOutcome,
    /// The task that was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub task: Option<TaskId>,
    /// Why none was, in one sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub reason: Option<String>,
    /// Times before this one that passed and were not run.
    #[ts(type = "number")]
    pub left_out: u64,
}

impl Firing {
    /// Whether this time, or one before it, passed without a run.
    pub fn left_a_time_out(&self) -> bool {
        self.outcome != FiringOutcome::Started || self.left_out > 0
    }
}

/// What was not run at a time of a schedule, and before it, in words.
pub fn not_run(outcome: FiringOutcome, reason: Option<&str>, left_out: u64) -> String {
    let before = counted(left_out, "time");
    let why = match outcome {
        FiringOutcome::Started => return format!("run, but not the {before} before it"),
        FiringOutcome::Skipped => "skipped",
        FiringOutcome::Missed => "Solti was not running",
        FiringOutcome::Refused => reason.unwrap_or("refused"),
    };
    match left_out {
        0 => why.to_owned(),
        _ => format!("{why}, and {before} before it"),
    }
}

/// What was done at a time of a schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum FiringOutcome {
    /// A task was made.
    Started,
    /// None was: its lane was busy, or the job cannot make one.
    Refused,
    /// A person had it skipped.
    Skipped,
    /// The engine was not there, and the schedule does not make up for that.
    Missed,
}

impl FiringOutcome {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Started, Self::Refused, Self::Skipped, Self::Missed];

    /// The word in JSON and in the database.
    pub fn word(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Refused => "refused",
            Self::Skipped => "skipped",
            Self::Missed => "missed",
        }
    }

    /// The outcome of a [`FiringOutcome::word`].
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.word() == word)
    }
}

/// Of the last 100 tasks of a job that are over.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobStats {
    /// How many they are.
    pub runs: u32,
    /// How many of them succeeded.
    pub succeeded: u32,
    /// Half of those that ended by themselves took no longer, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub median_ms: Option<u64>,
    /// All but five of a hundred of them took no longer, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub p95_ms: Option<u64>,
    /// The last that succeeded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub last_good: Option<TaskId>,
    /// The last that did not, unless it was stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub last_failed: Option<TaskId>,
}

/// A task of a job that is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobEnd {
    /// Which one.
    pub run: JobRun,
    /// Nothing cut it short: how long it took says how long such a task takes.
    pub by_itself: bool,
}

impl JobStats {
    /// Of tasks that are over, newest first.
    pub fn of(ends: &[JobEnd]) -> Self {
        let by_itself = ends.iter().filter(|end| end.by_itself);
        let mut durations: Vec<u64> = by_itself.filter_map(|end| end.run.duration_ms).collect();
        durations.sort_unstable();
        // The least that so many of a hundred do not exceed.
        let percentile = |n: usize| {
            let rank = (durations.len() * n).div_ceil(100);
            durations.get(rank.checked_sub(1)?).copied()
        };
        let is = |phases: &[TaskPhase]| {
            let found = ends.iter().find(|end| phases.contains(&end.run.phase));
            found.map(|end| end.run.task.clone())
        };
        Self {
            runs: ends.len() as u32,
            succeeded: ends.iter().filter(|end| end.run.phase == TaskPhase::Succeeded).count() as u32,
            median_ms: percentile(50),
            p95_ms: percentile(95),
            last_good: is(&[TaskPhase::Succeeded]),
            last_failed: is(&[TaskPhase::Failed, TaskPhase::Timeout, TaskPhase::Exhausted]),
        }
    }
}

/// A page of the tasks of a job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobTasks {
    /// Newest first.
    pub rows: Vec<TaskRow>,
    /// All that are kept, not the page.
    #[ts(type = "number")]
    pub total: u64,
    /// Where the next page begins; absent at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub next_cursor: Option<String>,
    /// Of the latest ones.
    pub stats: JobStats,
}

/// A state in which a job was saved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobRevision {
    /// From 1.
    pub revision: u32,
    /// Unix milliseconds.
    #[ts(type = "number")]
    pub saved_at: u64,
    /// The paths of what differs from the one before, as in `spec.timeout`; none for the first.
    pub changed: Vec<String>,
}

/// What a schedule would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SchedulePreview {
    /// As in "every weekday at 02:30, Europe/Berlin".
    pub words: String,
    /// The next times, in Unix milliseconds, without jitter.
    #[ts(type = "number[]")]
    pub times: Vec<u64>,
    /// What a person may not expect, in sentences: times that clock changes leave out or bring twice.
    pub warnings: Vec<String>,
}

/// A time at which a job will be run by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ComingRun {
    /// Which job.
    pub job: JobName,
    /// By which of its schedules.
    pub schedule: ScheduleId,
    /// Unix milliseconds, without jitter.
    #[ts(type = "number")]
    pub at: u64,
}

/// What is to come in a span of time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ComingRuns {
    /// In their order, 1,000 at most.
    pub times: Vec<ComingRun>,
    /// Whether there are more behind the last.
    pub more: bool,
}

/// Something about the jobs has changed: one was saved or deleted, a time has come, a task of one has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobChange {
    /// Grows with each change as long as the engine runs. Whoever holds answers of before reads again what is shown.
    #[ts(type = "number")]
    pub version: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_run_is_said_with_the_times_before_it() {
        use FiringOutcome::{Missed, Refused, Skipped, Started};
        for (outcome, reason, left_out, words) in [
            (Started, None, 3, "run, but not the 3 times before it"),
            (Skipped, None, 0, "skipped"),
            (Missed, None, 0, "Solti was not running"),
            (Missed, None, 1, "Solti was not running, and 1 time before it"),
            (
                Refused,
                Some("lane s is busy with task t"),
                2,
                "lane s is busy with task t, and 2 times before it",
            ),
        ] {
            assert_eq!(not_run(outcome, reason, left_out), words);
        }
    }

    #[test]
    fn lengths_are_of_what_ended_by_itself() {
        let end = |n: u64, phase, duration_ms, by_itself| JobEnd {
            run: JobRun { task: TaskId::generate(n, n), phase, created_at: n, duration_ms },
            by_itself,
        };
        let ends = [
            end(8, TaskPhase::Canceled, None, false),
            end(7, TaskPhase::Canceled, Some(1), false),
            end(6, TaskPhase::Exhausted, Some(3_000), false),
            end(5, TaskPhase::Exhausted, Some(50), true),
            end(4, TaskPhase::Succeeded, Some(40), true),
            end(3, TaskPhase::Timeout, Some(1_000), false),
            end(2, TaskPhase::Succeeded, Some(20), true),
            end(1, TaskPhase::Failed, Some(30), true),
        ];
        let stats = JobStats::of(&ends);
        assert_eq!((stats.runs, stats.succeeded), (8, 2));
        assert_eq!((stats.median_ms, stats.p95_ms), (Some(30), Some(50)));
        assert_eq!(
            (stats.last_good, stats.last_failed),
            (Some(ends[4].run.task.clone()), Some(ends[2].run.task.clone()))
        );
        assert_eq!(JobStats::of(&[]), JobStats::default());
    }
}
