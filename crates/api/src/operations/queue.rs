// Commands on what waits, and on what runs: order, hold, another attempt now.
macro_rules! queue_operations {
    ({ $($asks:tt)* } { $($topics:tt)* } { $($downloads:tt)* } $next:ident $($rest:ident)*) => {
        $next! {
            {
                $($asks)*

                /// Keeps a task that waits from starting until it is released. It keeps its place in its lane. Also fine when it is
                /// held already. `Conflict` when it runs or is over.
                change HoldTask "hold_task" about id -> () { id: TaskId }

                /// Lets a held task start again when it is its turn. Also fine when it is not held. `Conflict` when it is over.
                change ReleaseTask "release_task" about id -> () { id: TaskId }

                /// Sets the priority of a task that waits for its lane. `Conflict` when it has been started.
                change SetPriority "set_priority" about id -> () {
                    id: TaskId,
                    #[schemars(range(min = -MAX_PRIORITY, max = MAX_PRIORITY))]
                    priority: i32,
                }

                /// Moves a waiting task within its lane, among those of its priority: before or behind another one, to the front, or to
                /// the end. Exactly one of these is given. `Conflict` when the task has been started, and when the other one does
                /// not wait in the same lane or has another priority.
                change MoveTask "move_task" about id -> () {
                    id: TaskId,
                    #[serde(default)]
                    #[ts(optional = nullable)]
                    before: Option<TaskId>,
                    #[serde(default)]
                    #[ts(optional = nullable)]
                    after: Option<TaskId>,
                    #[serde(default)]
                    #[ts(optional, as = "Option<bool>")]
                    first: bool,
                    #[serde(default)]
                    #[ts(optional, as = "Option<bool>")]
                    last: bool,
                }

                /// Starts a waiting task now, whatever it waits for, and past the capacity of its lane; answered when that is stored.
                /// `Conflict` when it has been started.
                change RunNow "run_now" about id -> () { id: TaskId }

                /// Begins the next attempt of a task that waits for it. `Conflict` when it does not.
                change RetryNow "retry_now" about id -> () { id: TaskId }

                /// Gives a task that has not been started another spec. What is secret in it may be masked. It keeps its place, unless
                /// it goes to another lane. `Conflict` when it has been started, and when it is at another version than the one
                /// that it was read at.
                change EditTask "edit_task" about id -> () {
                    id: TaskId,
                    spec: UncheckedSpec,
                    #[ts(type = "number")]
                    resource_version: u64,
                }

                /// Has the processes of a running task stand still, and its timeout with them. Also fine when they do already.
                /// `Conflict` when it does not run.
                change SuspendTask "suspend_task" about id -> () { id: TaskId }

                /// Has the processes of a task that stand still go on.
                change ResumeTask "resume_task" about id -> () { id: TaskId }

                /// Lets nothing start in any lane, until it is called with `held` as false. What runs goes on.
                change HoldAll "hold_all" -> () { held: bool }

                /// When what waits will probably start, and what is in the lanes will probably end: by how long the last runs of the
                /// same job took, or of the same command. With moves as it would be after them, one after the other; nothing is
                /// moved. `Conflict` for a move that `move_task` would refuse.
                read Forecast "forecast" -> Foreseen {
                    /// Tasks of this lane alone.
                    #[serde(default)]
                    #[ts(optional = nullable)]
                    slot: Option<Slot>,
                    /// These tasks alone, 1,000 at most; all when it is empty.
                    #[serde(default)]
                    #[ts(optional, as = "Option<Vec<TaskId>>")]
                    #[schemars(length(max = MAX_FORESEEN))]
                    tasks: Vec<TaskId>,
                    /// 100 at most.
                    #[serde(default)]
                    #[ts(optional, as = "Option<Vec<MoveTask>>")]
                    #[schemars(length(max = MAX_MOVES))]
                    moves: Vec<MoveTask>,
                }
            }
            { $($topics)* }
            { $($downloads)* }
            $($rest)*
        }
    };
}
