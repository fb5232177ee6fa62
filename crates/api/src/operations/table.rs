// The table of operations: what can be asked of a machine beside the six methods of the contract. Each domain is a file that
// hands its entries to the next one; the last to get them is whoever wants the table. operations/mod.rs makes of it the types
// and the seam, and src-tauri/build.rs, which includes these files, a permission of each.
//
// An entry is
//
//     /// What it does: the text of the documentation, of the OpenAPI document too.
//     read ReadLine "read_line" about run.task -> LineChunk { run: RunId, row: RowNo }
//
// `read` or `change` says whether it belongs into an audit; `about` is the task that it is about. What is subscribed to says
// instead how long its stream lasts (`Lasting`), and what is saved as a file has no answer.
macro_rules! with_operations {
    ($then:ident) => {
        task_operations! {
            {} {} {}
            control_operations draft_operations queue_operations job_operations lane_operations runner_operations log_operations search_operations merged_operations bookmark_operations told_operations
            $then
        }
    };
}
