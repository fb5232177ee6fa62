// The lanes: how many tasks each may run, and whether it is paused.
macro_rules! lane_operations {
    ({ $($asks:tt)* } { $($topics:tt)* } { $($downloads:tt)* } $next:ident $($rest:ident)*) => {
        $next! {
            {
                $($asks)*

                /// Every lane that runs or queues a task, or that was set to something else than the default.
                read ListLanes "list_lanes" -> Vec<Lane> {}

                /// Changes what is given and answers the lane as it is then. A paused lane starts no task; its running tasks
                /// go on.
                change SetLane "set_lane" -> Lane {
                    slot: Slot,
                    #[serde(default)]
                    #[ts(optional = nullable)]
                    #[schemars(range(min = 1, max = MAX_LANE_CAPACITY))]
                    capacity: Option<u32>,
                    #[serde(default)]
                    #[ts(optional = nullable)]
                    paused: Option<bool>,
                }

                /// Has a lane ask this of the machine before it starts a task, and nothing else, and answers the lane as it is then.
                change SetLaneRules "set_lane_rules" -> Lane {
                    slot: Slot,
                    rules: LaneRules,
                }

                /// Takes a shared lane off the lists until something is in it again. Also fine for one that is not there. `Conflict`
                /// when a task is in it, or it was set to something else than the default.
                change ForgetLane "forget_lane" -> () { slot: Slot }
            }
            { $($topics)* }
            { $($downloads)* }
            $($rest)*
        }
    };
}
