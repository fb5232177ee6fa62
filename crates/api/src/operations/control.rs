// What a person does to a task beside submitting and deleting it.
macro_rules! control_operations {
    ({ $($asks:tt)* } { $($topics:tt)* } { $($downloads:tt)* } $next:ident $($rest:ident)*) => {
        $next! {
            {
                $($asks)*

                /// Checks a spec without taking it on: the same rules, and whether a runner takes its kind. `InvalidRequest` names the
                /// first field that is wrong, and in `others` all the rest.
                read ValidateSpec "validate_spec" -> () { spec: UncheckedSpec }

                /// Asks for the end of a task; answered when that is stored. Its runs and logs stay. A second one with `kill`
                /// shortens the grace. `Conflict` when the task is over already.
                change StopTask "stop_task" about id -> () { id: TaskId, mode: StopMode }

                /// Submits the task's spec again, as a new task, and answers its id. It starts at once: a time or other tasks that the
                /// first one waited for are left out.
                change RerunTask "rerun_task" about id -> TaskId { id: TaskId }
            }
            { $($topics)* }
            { $($downloads)* }
            $($rest)*
        }
    };
}
