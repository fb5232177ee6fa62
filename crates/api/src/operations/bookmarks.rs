// Rows that a person has marked.
macro_rules! bookmark_operations {
    ({ $($asks:tt)* } { $($topics:tt)* } { $($downloads:tt)* } $next:ident $($rest:ident)*) => {
        $next! {
            {
                $($asks)*

                /// The marked rows of a task, by attempt and row.
                read ListBookmarks "list_bookmarks" about id -> Vec<Bookmark> { id: TaskId }

                /// Marks a row, or changes the note (4 KiB at most) of a marked one.
                change SetBookmark "set_bookmark" about run.task -> Bookmark { run: RunId, row: RowNo, note: String }

                /// Takes a mark off. Also fine for a row that is not marked.
                change DeleteBookmark "delete_bookmark" about run.task -> () { run: RunId, row: RowNo }
            }
            { $($topics)* }
            { $($downloads)* }
            $($rest)*
        }
    };
}
