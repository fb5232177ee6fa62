// The log of one run as a window takes it: ranges of rows, one long row, a selection, an overview, all of it as a file.
// Attempt 0 is the latest.
macro_rules! log_operations {
    ({ $($asks:tt)* } { $($topics:tt)* } { $($downloads:tt)* } $next:ident $($rest:ident)*) => {
        $next! {
            {
                $($asks)*

                /// Where the log of a run stands.
                read GetLogInfo "get_log_info" about run.task -> LogInfo { run: RunId }

                /// The last line that says something of the latest run of each of these tasks, of 100 at most; of one that has
                /// printed nothing, or is gone, there is none. In the order of the request.
                read LastLines "last_lines" -> Vec<LastLine> { ids: Vec<TaskId> }
                /// Reads a log in this encoding from now on, by one of its names in the Encoding Standard; without one in what its
                /// bytes look like. What is shown, found and copied follows; what was printed stays.
                change SetLogEncoding "set_log_encoding" about run.task -> LogInfo {
                    run: RunId,
                    #[serde(default)]
                    #[ts(optional = nullable)]
                    encoding: Option<String>,
                }

                /// A range of rows, 1,000 at most.
                read ReadLog "read_log" about run.task -> LogRows { run: RunId, from: RowNo, count: u32 }

                /// At most so many bytes (1 MiB at most) of one row, however long the row is. `InvalidRequest` when there is no
                /// such row.
                read ReadLine "read_line" about run.task -> LineChunk {
                    run: RunId,
                    row: RowNo,
                    from_byte: u64,
                    count: u32,
                    /// An open search over this log, whose matches are told.
                    #[serde(default)]
                    #[ts(optional = nullable)]
                    search_id: Option<String>,
                }

                /// The text from `start` to before `end` as a window shows it: without escape sequences, carriage returns
                /// carried out. A column behind a row's end means its end.
                read ReadLogText "read_log_text" about run.task -> LogText {
                    run: RunId,
                    start: TextPosition,
                    end: TextPosition,
                    /// A time before each row.
                    #[serde(default)]
                    timestamps: bool,
                    /// Of matching rows of this open search only.
                    #[serde(default)]
                    #[ts(optional = nullable)]
                    search_id: Option<String>,
                }

                /// The log in equal slices: rows of each stream, and matches of a search.
                read GetLogDensity "get_log_density" about run.task -> LogDensity {
                    run: RunId,
                    /// 4,096 at most.
                    buckets: u32,
                    /// An open search over this log.
                    #[serde(default)]
                    #[ts(optional = nullable)]
                    search_id: Option<String>,
                }
            }
            {
                $($topics)*

                /// Where the log stands, now and each time that it has grown; a slow reader hears of it less often.
                lasting WatchLog "watch_log" about run.task -> LogInfo { run: RunId }
            }
            {
                $($downloads)*

                /// A log as bytes to save: exactly what the program wrote, unless times or a search are asked for; then its rows
                /// as text, one a line.
                ExportLog "export_log" about run.task {
                    run: RunId,
                    /// A time before each row.
                    #[serde(default)]
                    timestamps: bool,
                    /// Matching rows of this open search only.
                    #[serde(default)]
                    #[ts(optional = nullable)]
                    search_id: Option<String>,
                }
            }
            $($rest)*
        }
    };
}
