//! One call, as guards see it.

use crate::guard::Caller;
use crate::{ApiError, guard::Guard};
use solti_model::TaskId;
use std::sync::Arc;
use std::time::Instant;

macro_rules! operations {
    ($($name:ident $word:literal $changes:literal,)*) => {
        /// What is asked for: one for each method of the traits of this crate.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Operation {
            $($name),*
        }

        impl Operation {
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The name of the method.
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => $word),* }
            }

            /// Whether it changes anything, and so belongs into an audit.
            pub fn changes(self) -> bool {
                match self { $(Self::$name => $changes),* }
            }
        }
    };
}

operations! {
    SubmitTask "submit_task" true,
    GetTaskStatus "get_task_status" false,
    QueryTasks "query_tasks" false,
    ListTaskRuns "list_task_runs" false,
    DeleteTask "delete_task" true,
    StreamTaskLogs "stream_task_logs" false,
    ValidateSpec "validate_spec" false,
    StopTask "stop_task" true,
    RerunTask "rerun_task" true,
    ListTasks "list_tasks" false,
    GetTaskRow "get_task_row" false,
    Summary "summary" false,
    TaskEvents "task_events" false,
    RunEnvironment "run_environment" false,
    WatchTasks "watch_tasks" false,
    WatchUsage "watch_usage" false,
    ListLanes "list_lanes" false,
    SetLane "set_lane" true,
    LogInfo "log_info" false,
    ReadLog "read_log" false,
    WatchLog "watch_log" false,
    OpenSearch "open_search" false,
    OpenMergedSearch "open_merged_search" false,
    SearchStep "search_step" false,
    SearchRows "search_rows" false,
    MergedSearchRows "merged_search_rows" false,
    SearchRank "search_rank" false,
    SearchRanges "search_ranges" false,
    SearchAll "search_all" false,
    LogDensity "log_density" false,
    ReadLine "read_line" false,
    ReadLogText "read_log_text" false,
    ExportLog "export_log" false,
    MergedDensity "merged_density" false,
    ReadMerged "read_merged" false,
    MergedPositions "merged_positions" false,
    MergedPositionAt "merged_position_at" false,
    ExportMerged "export_merged" false,
    ListBookmarks "list_bookmarks" false,
    SetBookmark "set_bookmark" true,
    DeleteBookmark "delete_bookmark" true,
}

#[derive(Debug, Clone)]
pub struct Call {
    pub operation: Operation,
    pub caller: Arc<Caller>,
    /// The task that it is about, when it is about one that exists already.
    pub task: Option<TaskId>,
    pub began: Instant,
}

/// What became of a call.
#[derive(Debug, Clone, Copy)]
pub enum Outcome<'a> {
    /// Answered; with the task that the call has made, if it makes one. A stream has been opened.
    Done(Option<&'a TaskId>),
    Refused(&'a ApiError),
    /// The caller went away before the answer. What was asked for may have happened.
    Abandoned,
}

impl Outcome<'_> {
    /// `ok`, the code of the error, or `abandoned`.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Done(_) => "ok",
            Self::Refused(error) => error.code(),
            Self::Abandoned => "abandoned",
        }
    }
}

/// A call under way, and the guards that have let it pass.
pub(super) struct Passage<'a> {
    guards: &'a [Arc<dyn Guard>],
    passed: usize,
    pub call: Call,
    told: bool,
}

impl<'a> Passage<'a> {
    pub fn new(guards: &'a [Arc<dyn Guard>], operation: Operation, task: Option<&TaskId>) -> Self {
        let call = Call { operation, caller: Caller::current(), task: task.cloned(), began: Instant::now() };
        Self { guards, passed: 0, call, told: false }
    }

    /// Asks one guard after the other.
    pub fn ask(&mut self) -> Result<(), ApiError> {
        for guard in self.guards {
            // Counted before it is asked: the one that refuses is told of the refusal too.
            self.passed += 1;
            guard.before(&self.call)?;
        }
        Ok(())
    }

    pub fn tell(mut self, outcome: Outcome<'_>) -> Call {
        self.told = true;
        self.tell_passed(outcome);
        self.call.clone()
    }

    fn tell_passed(&self, outcome: Outcome<'_>) {
        for guard in self.guards[..self.passed].iter().rev() {
            guard.after(&self.call, outcome);
        }
    }
}

impl Drop for Passage<'_> {
    fn drop(&mut self) {
        if !self.told {
            self.tell_passed(Outcome::Abandoned);
        }
    }
}
