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

                /// When and where its cluster would start a task, which is not handed over. `InvalidRequest` names the field because of
                /// which the cluster would refuse it, or that it is for none; `Unavailable` when the cluster does not answer.
                read PreviewOnCluster "preview_on_cluster" -> ClusterPreview { spec: UncheckedSpec }

                /// Has a job of its own write a file on a node into the folder that is shared with the cluster, and looks whether it is
                /// seen here. `Conflict` says what is wrong, `Unavailable` that the cluster has not done it within 25 seconds.
                change CheckClusterFolder "check_cluster_folder" -> FolderCheck {}
            }
            { $($topics)* }
            { $($downloads)* }
            $($rest)*
        }
    };
}
