//! How long finished tasks and their logs stay. What of a log goes first is `solti-logstore`'s decision.

/// Bounds of the finished tasks that are kept, each with its runs and logs; `None` is no bound.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FinishedLimits {
    /// Days since the task finished.
    pub keep_days: Option<u32>,
    /// Of the finished tasks only the latest this many.
    pub keep_tasks: Option<u32>,
}
