// What a list shows of tasks, and how it stays current.
macro_rules! task_operations {
    ({ $($asks:tt)* } { $($topics:tt)* } { $($downloads:tt)* } $next:ident $($rest:ident)*) => {
        $next! {
            {
                $($asks)*

                /// A page of rows, newest first.
                read ListTasks "list_tasks" -> TaskList { query: ListQuery }

                /// A task as a list shows it; nothing when there is none of that id.
                read GetTaskRow "get_task_row" about id -> Option<TaskRow> { id: TaskId }

                /// Tasks as a list shows them, in the order in which they are asked for, 500 at most; an id of no task is passed over.
                read GetTaskRows "get_task_rows" -> Vec<TaskRow> {
                    #[schemars(length(max = MAX_TASK_ROWS))]
                    ids: Vec<TaskId>,
                }

                /// The tasks that waited or ran between two times, in Unix milliseconds, newest first.
                read TasksBetween "tasks_between" -> TaskSpans {
                    #[ts(type = "number")]
                    from: u64,
                    #[ts(type = "number")]
                    to: u64,
                    /// Those of saved jobs alone.
                    #[serde(default)]
                    #[ts(optional, as = "Option<bool>")]
                    of_jobs: bool,
                    /// As many at most; 1,000 when it is left out, and 10,000 at most.
                    #[serde(default)]
                    #[ts(optional = nullable)]
                    #[schemars(range(max = MAX_SPANS))]
                    limit: Option<u32>,
                }

                /// A task with all that it waited for, by way of others too, and all that waits for it; `TaskNotFound` when there is
                /// none of that id.
                read TaskOrder "task_order" about id -> LinkedTasks { id: TaskId }

                /// Counts by phase, lanes and labels.
                read GetSummary "get_summary" -> Summary {}

                /// The history of a task, oldest first, as far as it is kept and one answer holds it; `page_events` has more.
                /// `TaskNotFound` when there is none of that id.
                read TaskEvents "task_events" about id -> Vec<TaskEvent> { id: TaskId }

                /// Runs of a task by the page, and how many are not kept. After an attempt the next ones, else the latest ones.
                read PageRuns "page_runs" about id -> RunPage { id: TaskId, query: HistoryQuery }

                /// The history of a task by the page; the cursors are the numbers of events.
                read PageEvents "page_events" about id -> EventPage { id: TaskId, query: HistoryQuery }

                /// Every variable that a run was started with, and where it came from; secret values are left out. Nothing
                /// when that is not recorded, or there was no attempt yet.
                read GetRunEnvironment "get_run_environment" about run.task -> Option<RunEnvironment> { run: RunId }

                /// Whether there is a directory of this path that tasks can be run in.
                read HasDirectory "has_directory" -> bool { path: String }

                /// Programs whose names begin so, where tasks look for them, in order; 50 at most, and none for what has a slash.
                read CompleteProgram "complete_program" -> Vec<String> { prefix: String }

                /// Directories whose paths begin so, in order, without a slash at the end; 50 at most. Those whose names begin with
                /// a dot only where the prefix says it.
                read CompleteDirectory "complete_directory" -> Vec<String> { prefix: String }

                /// How many finished tasks would be deleted now if these were the limits: those that finished more than `keep_days`
                /// days ago, and the oldest over `keep_tasks` in number. One with a bookmark stays. A limit that is left out deletes
                /// nothing; at most 100,000 are counted.
                read CountExpired "count_expired" -> u64 {
                    #[serde(default)]
                    #[ts(optional = nullable)]
                    keep_days: Option<u32>,
                    #[serde(default)]
                    #[ts(optional = nullable)]
                    keep_tasks: Option<u32>,
                }
            }
            {
                $($topics)*

                /// Every change from now on, and of each changed row whether the query lists it; its cursor and limit do not
                /// count. The first item comes at once and holds the summary only. While the tasks cannot be read, an item says so
                /// in its summary, and one with `resync` follows when they can.
                endless WatchTasks "watch_tasks" -> TaskChange {
                    /// All tasks when it is left out.
                    #[serde(default)]
                    query: ListQuery
                }

                /// What the processes of a task use, once a second while it runs and somebody reads.
                lasting WatchUsage "watch_usage" about id -> UsageSample { id: TaskId }
            }
            { $($downloads)* }
            $($rest)*
        }
    };
}
