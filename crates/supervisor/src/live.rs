//! What is known of a task that is not over beside what is stored: to a reader of its log, which attempts there are and when to
//! look again; to a row of a list, why it waits.

use solti_model::{MainEnded, OnCluster, Slot, TaskStatus, Waiting};
use solti_runner::LogDoorbell;
use std::collections::BTreeSet;

/// Published by the actor after the store holds what it says.
#[derive(Debug, Clone, Default)]
pub struct LiveTask {
    /// The latest attempt that is stored; 0 before the first.
    pub attempt: u32,
    /// The latest attempt whose end is stored.
    pub finished: u32,
    /// The process of the latest attempt, while it runs.
    pub run: Option<LiveRun>,
    /// The task is in a terminal phase, or deleted.
    pub over: bool,
}

/// A run whose process is there.
#[derive(Debug, Clone)]
pub struct LiveRun {
    /// From 1.
    pub attempt: u32,
    /// Its leader.
    pub pid: u32,
    /// Rings when its log has grown, and is closed when that is sealed.
    pub doorbell: LogDoorbell,
}

/// The first of what waits in some lanes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct QueueHeads {
    /// The lanes.
    pub slots: BTreeSet<Slot>,
    /// As many at most of each.
    pub of_each: usize,
}

/// What the actor knows of a task that is not over, beside what is stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RowState {
    /// Why it does not start; `None` for one that runs.
    pub waiting: Option<Waiting>,
    /// A stop was asked for and is not done yet.
    pub stopping: bool,
    /// Its processes stand still.
    pub suspended: bool,
    /// Where it runs, if a cluster runs it.
    pub on_cluster: Option<OnCluster>,
    /// It prints nothing for longer than its task allows, since then, Unix milliseconds.
    pub silent_since: Option<u64>,
    /// Its main program has ended, and others of the run go on.
    pub main_ended: Option<MainEnded>,
    /// It has ended so, and the database cannot be told.
    pub unstored: Option<TaskStatus>,
    /// Why nothing can be learned of it, or its start is put off; one sentence.
    pub trouble: Option<String>,
}
