//! What a reader of a log has to know of a task that is not over: which attempts there are, and when to look again.

use solti_runner::LogDoorbell;

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

#[derive(Debug, Clone)]
pub struct LiveRun {
    pub attempt: u32,
    /// Its leader.
    pub pid: u32,
    pub doorbell: LogDoorbell,
}
