//! How much of the logs is kept. The choice of what goes lives in `retention`; the person's settings, which feed this,
//! live above.

/// Bounds of what the logs may take, in bytes on the disk, where a short file takes a block; `None` is no bound. What is
/// being written is one piece of at most 64 MiB or so and stays whatever they are; then a bound cannot be kept for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogLimits {
    /// The log of one run. Its last segment, of at most 64 MiB or so, stays whatever this is.
    pub run_bytes: Option<u64>,
    /// The logs of all runs of one task.
    pub task_bytes: Option<u64>,
    /// The logs of all tasks.
    pub total_bytes: Option<u64>,
    /// Below this much free space on the disk the oldest logs make room.
    pub min_free_bytes: u64,
    /// The beginning of each run that goes only when nothing else can: first those of earlier attempts of a task.
    pub keep_head_bytes: u64,
}

impl Default for LogLimits {
    /// No bound, and 1 MiB for the beginning of a run: what holds where nobody has set any.
    fn default() -> Self {
        Self {
            run_bytes: None,
            task_bytes: None,
            total_bytes: None,
            min_free_bytes: 0,
            keep_head_bytes: 1 << 20,
        }
    }
}
