// Searches: of one log or of several as one, with all their answers as long as they are open; and of all logs at once.
macro_rules! search_operations {
    ({ $($asks:tt)* } { $($topics:tt)* } { $($downloads:tt)* } $next:ident $($rest:ident)*) => {
        $next! {
            {
                $($asks)*

                /// The next match strictly after or before a row, going round at the ends; nothing without matches. In a search
                /// of several logs rows are positions of their merged order.
                read SearchStep "search_step" -> Option<SearchHit> { search_id: String, row: RowKey, forward: bool }

                /// Matching rows of one log by rank, 1,000 at most.
                read SearchRows "search_rows" -> MatchedRows { search_id: String, from: Rank, count: u32 }

                /// Matching rows of several logs by rank, 1,000 at most.
                read MergedSearchRows "merged_search_rows" -> MatchedMergedRows { search_id: String, from: Rank, count: u32 }

                /// How many matches lie before a row; in a search of several logs, before a position of the merged order.
                read SearchRank "search_rank" -> Rank { search_id: String, row: RowKey }

                /// Where the matches are in a range of rows (1,000 at most) of one log; rows without one are left out.
                read SearchRanges "search_ranges" -> Vec<RowRanges> { search_id: String, from: RowNo, count: u32 }

                /// The first match in one row of one log, however long the row is, that begins at this byte of its text or
                /// behind it; without `forward` the last that begins before it. Nothing when there is none in the first 32 MiB.
                read SearchLine "search_line" -> Option<LineMatch> {
                    search_id: String,
                    row: RowNo,
                    from_byte: u64,
                    forward: bool,
                }
            }
            {
                $($topics)*

                /// Searches a log: around row `near`, then back to the beginning, then on to the end and, while the run lasts,
                /// as the log grows. The first item names the search for its other operations, the others tell how far it is. It
                /// ends when its stream is closed. `InvalidRequest` with the field `query.pattern` for a pattern that is none.
                bound OpenSearch "open_search" about run.task -> SearchEvent {
                    run: RunId,
                    query: LogQuery,
                    #[serde(default)]
                    near: RowNo,
                }

                /// Searches several logs as one, in their merged order: `near` is a position there. Each is also searched by
                /// itself: that search answers as `<id>-<n>`, n being the number of the source, from 0.
                bound OpenMergedSearch "open_merged_search" -> SearchEvent {
                    #[schemars(length(max = MAX_MERGED_LOGS))]
                    sources: Vec<RunId>,
                    query: LogQuery,
                    #[serde(default)]
                    near: MergedPosition,
                }

                /// Searches what the logs of these tasks, or of all, hold now, newest task first.
                bound SearchAll "search_all" -> TaskHits {
                    query: LogQuery,
                    #[serde(default)]
                    #[ts(optional = nullable)]
                    ids: Option<Vec<TaskId>>,
                }
            }
            { $($downloads)* }
            $($rest)*
        }
    };
}
