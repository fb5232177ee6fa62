//! What is stored, and the changes that a batch is made of. How they become rows is in `write`, how they come back in `read`.

use crate::Queueing;
use solti_model::{
    AttemptsNotKept, BackoffState, Bookmark, DigestFiring, Firing, HookDelivery, HookEvent,
    InheritedVariable, Job, JobName, LaneRules, RowNo, ScheduleId, Searched, Slot, Task, TaskHead, TaskId,
    TaskPhase, TaskRun, TaskStatus,
};
use std::collections::BTreeMap;

/// How far a task is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Of the task, not of its latest attempt.
    pub phase: TaskPhase,
    /// The latest; 0 before the first.
    pub attempt: u32,
}

/// The attempts of a task: their numbers, in order, and which of them are over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempts {
    /// The task's.
    pub id: TaskId,
    /// The attempt's number, from 1, and whether it is over.
    pub runs: Vec<(u32, bool)>,
}

/// A task with what the supervisor needs to go on with it after a restart. Times are Unix milliseconds.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredTask {
    /// As the API shows it.
    pub task: Task,
    /// From which the wait before the next attempt is reckoned.
    pub backoff: BackoffState,
    /// When a pending task that waits for its next attempt gets it.
    pub next_attempt_at: Option<u64>,
    /// Of those of one priority that wait in a lane the smallest goes first, but replacements before all others and the newest of
    /// them first; of those that hold a place the smallest has held it for the longest time.
    pub queue_order: u64,
    /// A stop was asked for and is not done yet.
    pub stop_requested: bool,
    /// What holds it beside its lane.
    pub queueing: Queueing,
    /// When the first attempt started.
    pub started_at: Option<u64>,
    /// When the task became terminal.
    pub finished_at: Option<u64>,
    /// Why it cannot be read, in a sentence. Then only its id and its phase are to be relied on: it can be shown and deleted,
    /// and nothing else, and its row stays as it is.
    pub unreadable: Option<String>,
}

/// A task as a list shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredRow {
    /// Without long scripts and texts.
    pub task: TaskHead,
    /// As in [`StoredTask`].
    pub next_attempt_at: Option<u64>,
    /// When the latest attempt began.
    pub started_at: Option<u64>,
    /// When the task became terminal.
    pub finished_at: Option<u64>,
    /// How long its latest attempt ran, once the task is over, in milliseconds; not while it was suspended.
    pub took_ms: Option<u64>,
    /// Where the head is cut.
    pub searched: Option<Searched>,
}

/// A part of a task's past, oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Past<T> {
    /// At most as many as were asked for, fewer where they would be too large together.
    pub items: Vec<T>,
    /// Whether there are more on the side where it was cut.
    pub more: bool,
    /// Of the whole task.
    pub not_kept: Option<AttemptsNotKept>,
}

/// A task of a job, among those of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobMark {
    /// How it stands.
    pub phase: TaskPhase,
    /// How long its latest attempt ran, once it is over.
    pub duration_ms: Option<u64>,
}

/// How long tasks of a kin took that are over, in milliseconds, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Durations {
    /// The last attempt of each.
    pub last: Vec<u64>,
    /// All attempts of each, with the waits between them.
    pub all: Vec<u64>,
}

/// What has happened since some time. Of each kind some are named, the latest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PastSince {
    /// Tasks that have ended, by their phase.
    pub ended: BTreeMap<TaskPhase, u64>,
    /// Those that went wrong.
    pub failed: Vec<TaskId>,
    /// Times of schedules at which nothing was run.
    pub missed: Vec<DigestFiring>,
    /// How many such times there were.
    pub missed_count: u64,
    /// Tasks that wait for a person.
    pub held: Vec<TaskId>,
    /// How many do.
    pub held_count: u64,
}

/// Attempts of a task, from the first to the last of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptRange {
    /// The task whose attempts these are.
    pub task_id: TaskId,
    /// The first attempt, included.
    pub from: u32,
    /// The last attempt, included.
    pub to: u32,
}

/// A call that is to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCall {
    /// Of which hook.
    pub hook: String,
    /// What for.
    pub event: HookEvent,
    /// Of which task; of a test none.
    pub task: Option<TaskId>,
    /// Unix milliseconds.
    pub at: u64,
    /// What it says, as JSON without the number of the call and of the try.
    pub body: String,
    /// Too many wait.
    pub dropped: bool,
}

/// A call that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueCall {
    /// What there is to know of it; `tries` are those before this one.
    pub delivery: HookDelivery,
    /// As in [`NewCall`].
    pub body: String,
}

/// A call that waits, and whose command's task is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndedCall {
    /// As it is stored.
    pub delivery: HookDelivery,
    /// How the task ended; `None` when it was deleted.
    pub task: Option<TaskStatus>,
}

/// How a hook's calls stand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HookCounts {
    /// Those that wait.
    pub waiting: u32,
    /// Those that were dropped, and are still kept.
    pub dropped: u64,
}

/// One attempt, with what it takes to find its process and its log again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRun {
    /// The task that it is an attempt of.
    pub task_id: TaskId,
    /// As the API shows it.
    pub run: TaskRun,
    /// The boot in which the attempt was started.
    pub boot_id: String,
    /// Of its leader; `None` until it has started.
    pub pid: Option<u32>,
    /// Whether a log folder exists.
    pub folder: bool,
    /// What it inherited, as [`crate::Store::keep_environment`] has numbered it; `None` when that is not recorded.
    pub environment: Option<i64>,
}

/// One line of a task's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEvent {
    /// Grows over all tasks, never used twice.
    pub seq: u64,
    /// The task that it happened to.
    pub task_id: TaskId,
    /// Unix milliseconds.
    pub at: u64,
    /// The attempt that it is about; `None` for the task as a whole.
    pub attempt: Option<u32>,
    /// A word of [`solti_model::TaskEventKind`]; a later version may have written one that is not known here.
    pub kind: String,
    /// A sentence for a person, where the kind does not say it all.
    pub detail: Option<String>,
}

/// The settings of a lane. A lane with the default settings need not be stored.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredLane {
    /// The lane's name.
    pub slot: Slot,
    /// How many of its tasks may run at a time; at least 1.
    pub capacity: u32,
    /// Whether it starts nothing for now.
    pub paused: bool,
    /// What it asks of the machine.
    pub rules: LaneRules,
    /// How many it runs at a time without the machines of its rules; `None` where it has none, or it is not known.
    pub own_capacity: Option<u32>,
}

/// Up to when the times of a schedule are dealt with, in Unix milliseconds as the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SettledUntil {
    /// That is it.
    pub until: u64,
    /// From when what is due next is reckoned; to come, where a time was skipped by hand.
    pub at: u64,
    /// What the clock showed when it was noted.
    pub noted: u64,
}

/// A saved job, and up to when the times of its schedules are dealt with, by their ids.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredJob {
    /// Known also of a job that cannot be read.
    pub name: JobName,
    /// The error says why it cannot be read.
    pub job: Result<Job, String>,
    /// By the ids of its schedules.
    pub settled: BTreeMap<String, SettledUntil>,
}

/// What came of a time of a schedule of this job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredFiring {
    /// The job whose schedule it is.
    pub job: JobName,
    /// The schedule, its time, and the task that was made or why there is none.
    pub firing: Firing,
    /// When it was dealt with, for what reckons from that.
    pub settled_at: u64,
}

/// How many tasks carry a label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelCount {
    /// Of the label.
    pub key: String,
    /// Each value of a key is counted on its own.
    pub value: String,
    /// Tasks in any phase.
    pub count: u64,
}

/// One step of a batch. The steps of a batch are carried out in order, all or none.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// Inserts the task, or updates all but its id, its spec and its creation time: those never change so. Ignored where a later
    /// version of it is stored, or the task was deleted.
    PutTask(Box<StoredTask>),
    /// As `PutTask`, with the spec: it was changed while the task waited. The task must be stored.
    EditTask(Box<StoredTask>),
    /// Inserts or updates the run. Its task must be stored.
    PutRun(StoredRun),
    /// Removes the runs and the events of these attempts. Nothing happens when there are none.
    DropAttempts(AttemptRange),
    /// Removes the task with its runs, events, labels and bookmarks, and notes that it was deleted. Nothing happens when it is
    /// not stored.
    DeleteTask(TaskId),
    /// The files of a deleted task are gone, and it need not be known any more.
    ForgetDeleted(TaskId),
    /// Inserts or updates the lane's settings.
    PutLane(StoredLane),
    /// The lane is not among the shared ones until a task goes into it again.
    ForgetLane(Slot),
    /// Appends to the task's history. The task must be stored.
    Event {
        /// The task that it happened to.
        task_id: TaskId,
        /// Unix milliseconds.
        at: u64,
        /// The attempt that it is about; `None` for the task as a whole.
        attempt: Option<u32>,
        /// A word of [`solti_model::TaskEventKind`].
        kind: String,
        /// A sentence for a person, where the kind does not say it all.
        detail: Option<String>,
    },
    /// Calls of hooks, and the event up to which they are all there is to do.
    QueueCalls {
        /// `None` leaves it where it is.
        seen: Option<u64>,
        /// In their order.
        calls: Vec<NewCall>,
    },
    /// How a call of a hook stands now.
    CallTried(HookDelivery),
    /// All calls of this hook are forgotten.
    ForgetCalls(String),
    /// Sets a bookmark, or its note. The task must be stored.
    PutBookmark {
        /// The task whose log it is in.
        task_id: TaskId,
        /// Replaces the one of the same attempt and row.
        bookmark: Bookmark,
    },
    /// Nothing happens when there is none.
    DeleteBookmark {
        /// The task whose log it is in.
        task_id: TaskId,
        /// From 1.
        attempt: u32,
        /// The marked row of that attempt.
        row: RowNo,
    },
    /// Writes a setting of the app over the one of that key; [`crate::Store::meta`] reads it.
    SetMeta {
        /// Chosen by who writes it; each key has one value.
        key: String,
        /// Any text; the store does not look into it.
        value: String,
    },
    /// Nothing happens when the same one is stored.
    PutEnvironment(Vec<InheritedVariable>),
    /// Nothing happens when there is none of that number.
    DeleteEnvironment(i64),
    /// Saves a job over the one of its name, and adds a revision.
    PutJob(Box<JobSaving>),
    /// Removes the job with its revisions and what has come of its schedules; its tasks stay. Nothing happens when there is none.
    DeleteJob(JobName),
    /// Gives the job another name, with its revisions, its tasks and what has come of its schedules. The old one is remembered.
    RenameJob {
        /// Nothing happens when there is none of this name.
        from: JobName,
        /// There is no job of this name yet.
        to: JobName,
    },
    /// Up to when the times of a schedule are dealt with, which the batch is not refused for.
    Settle {
        /// The job whose schedule it is.
        job: JobName,
        /// Ignored where a later time is stored, unless it says `anew`.
        settled: Settled,
    },
    /// Notes what was done at a time of a schedule. The batch is refused ([`crate::StoreError::DealtWith`]) when something was done
    /// at that time, or a later one, before; so that what else is in the batch is done once.
    Fire(Box<StoredFiring>),
}

impl Change {
    /// The task that it is about, if it is one of those of a task alone.
    #[must_use]
    pub fn task_id(&self) -> Option<&TaskId> {
        match self {
            Self::PutTask(stored) | Self::EditTask(stored) => Some(&stored.task.metadata.id),
            Self::PutRun(run) => Some(&run.task_id),
            Self::DropAttempts(attempts) => Some(&attempts.task_id),
            Self::DeleteTask(id) | Self::ForgetDeleted(id) => Some(id),
            Self::Event { task_id, .. }
            | Self::PutBookmark { task_id, .. }
            | Self::DeleteBookmark { task_id, .. } => Some(task_id),
            _ => None,
        }
    }
}

impl From<StoredTask> for Change {
    fn from(task: StoredTask) -> Self {
        Self::PutTask(Box::new(task))
    }
}

impl From<StoredRun> for Change {
    fn from(run: StoredRun) -> Self {
        Self::PutRun(run)
    }
}

/// Saves a job: the document, its revision, and of which times of its schedules nothing is to come any more.
#[derive(Debug, Clone, PartialEq)]
pub struct JobSaving {
    /// With its new revision number.
    pub job: Job,
    /// What the revision has changed.
    pub changed: Vec<String>,
    /// Of all schedules of the job: up to when its times are dealt with. Rows of others are removed.
    pub settled: Vec<Settled>,
}

/// Up to when the times of a schedule are dealt with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// A schedule of the job.
    pub schedule: ScheduleId,
    /// Unix milliseconds.
    pub until: u64,
    /// When that was so, as the clock showed it then.
    pub at: u64,
    /// Whether that holds also where a later time is stored: the schedule has other times now.
    pub anew: bool,
}
