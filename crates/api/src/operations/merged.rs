// Several logs as one, in the order of their times.
macro_rules! merged_operations {
    ({ $($asks:tt)* } { $($topics:tt)* } { $($downloads:tt)* } $next:ident $($rest:ident)*) => {
        $next! {
            {
                $($asks)*

                /// A range of rows, 1,000 at most, in the order of their times.
                read ReadMerged "read_merged" -> MergedRows {
                    #[schemars(length(max = MAX_MERGED_LOGS))]
                    sources: Vec<RunId>,
                    from: MergedPosition,
                    count: u32,
                }

                /// The logs in equal slices of their merged order: rows of each stream, and matches of a search.
                read MergedDensity "merged_density" -> LogDensity {
                    #[schemars(length(max = MAX_MERGED_LOGS))]
                    sources: Vec<RunId>,
                    /// 4,096 at most.
                    buckets: u32,
                    /// An open search of all of them.
                    #[serde(default)]
                    #[ts(optional = nullable)]
                    search_id: Option<String>,
                }

                /// Where rows (1,000 at most) stand in the merged order, in the order in which they are given. Near the end of
                /// logs that grow it may still change. `InvalidRequest` for a source that is not among them.
                read MergedPositions "merged_positions" -> Vec<MergedPosition> {
                    #[schemars(length(max = MAX_MERGED_LOGS))]
                    sources: Vec<RunId>,
                    rows: Vec<SourceRow>,
                }

                /// Where the first row of a time (Unix milliseconds) or later stands in the merged order; the last row when all
                /// are earlier. Of one log alone that is the row's number.
                read MergedPositionAt "merged_position_at" -> MergedPosition {
                    #[schemars(length(max = MAX_MERGED_LOGS))]
                    sources: Vec<RunId>,
                    at: u64,
                }
            }
            { $($topics)* }
            {
                $($downloads)*

                /// The logs to save, in the order of their times: rows as text, one a line, each with the name of its task
                /// before it.
                ExportMerged "export_merged" {
                    #[schemars(length(max = MAX_MERGED_LOGS))]
                    sources: Vec<RunId>,
                    /// A time before each row.
                    #[serde(default)]
                    timestamps: bool,
                    /// Matching rows of this open search of all of them only.
                    #[serde(default)]
                    #[ts(optional = nullable)]
                    search_id: Option<String>,
                }
            }
            $($rest)*
        }
    };
}
