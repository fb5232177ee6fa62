// Where tasks run: the runners of the machine, and the images that containers can be made of.
macro_rules! runner_operations {
    ({ $($asks:tt)* } { $($topics:tt)* } { $($downloads:tt)* } $next:ident $($rest:ident)*) => {
        $next! {
            {
                $($asks)*

                /// The runners of the machine, in the order in which a task is offered to them: labels, kinds, and what they stand on
                /// or why they cannot be used. Looks anew each time.
                read ListRunners "list_runners" -> Vec<RunnerInfo> {}

                /// The images that are on the machine, by name; 1,000 at most.
                read ListImages "list_images" -> Vec<LocalImage> {}
            }
            { $($topics)* }
            { $($downloads)* }
            $($rest)*
        }
    };
}
