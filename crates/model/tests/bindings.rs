//! The page's TypeScript types are these Rust types. `make bindings` writes them anew after a change.

use solti_model as model;
use solti_testing::keep_generated;
use ts_rs::{Config, TS};

const HEAD: &str = "// Generated from crates/model by `make bindings`. Do not edit.\n";

fn declaration<T: TS>(config: &Config) -> String {
    format!("\nexport {}\n", T::decl(config))
}

macro_rules! bounds {
    ($($name:ident),* $(,)?) => {
        [$(format!("  {}: {},\n", stringify!($name), model::$name)),*].concat()
    };
}

/// The numbers that the page and its made-up backend have to know themselves; for the rest the page asks the validator.
fn bounds() -> String {
    let bounds = bounds!(
        MAX_DURATION_MS,
        MAX_BACKOFF_FACTOR,
        MAX_RETRIES,
        MAX_PRIORITY,
        MAX_BYTES,
        MAX_LANE_CAPACITY,
        MIN_LOG_BYTES,
        MAX_KEEP_DAYS,
        MAX_KEEP_TASKS,
        MIN_KEPT_ATTEMPTS,
        MAX_KEPT_ATTEMPTS,
        MAX_MERGED_LOGS,
    );
    format!("\nexport const BOUNDS = {{\n{bounds}}} as const;\n")
}

macro_rules! declarations {
    ($($name:ident$(<$item:ident>)?),* $(,)?) => {{
        let config = Config::default();
        [HEAD.to_owned(), bounds(), $(declaration::<model::$name$(<model::$item>)?>(&config)),*].concat()
    }};
}

#[test]
fn the_types_of_the_page_are_those_of_the_model() {
    let current = declarations!(
        FieldError,
        TaskSpec,
        TaskKind,
        SubprocessTask,
        SubprocessMode,
        CommandMode,
        ScriptMode,
        ScriptRuntime,
        CustomRuntime,
        AfterMain,
        ContainerTask,
        Volume,
        PullPolicy,
        WasmTask,
        WasmDir,
        EnvVar,
        RestartStrategy,
        BackoffStrategy,
        JitterStrategy,
        AdmissionStrategy,
        RunnerSelector,
        MatchExpression,
        Operator,
        Task,
        ObjectMeta,
        TaskStatus,
        TaskPhase,
        TaskRun,
        Suspension,
        RunnerInfo,
        ContainerEngine,
        WasmEngine,
        BatchCluster,
        ClusterPreview,
        FolderCheck,
        ClusterPartition,
        LocalImage,
        RunUsage,
        UsageSample,
        ResourceLimits,
        ClusterRequest,
        TaskQuery,
        TaskPage<Task>,
        OutputEvent,
        Stdin,
        AfterTask,
        AfterWhen,
        AfterReboot,
        OutputStreamKind,
        ListQuery,
        TaskList,
        TaskRow,
        OnCluster,
        LastLine,
        TaskHead,
        SpecHead,
        HistoryQuery,
        AttemptsNotKept,
        RunPage,
        EventPage,
        Waiting,
        RunMark,
        MainEnded,
        Summary,
        StorageState,
        UnkeptLimit,
        LogLimit,
        LabelCount,
        Lane,
        TaskChange,
        TaskEvent,
        TaskEventKind,
        StopMode,
        LogInfo,
        RowNo,
        MergedPosition,
        RowKey,
        Rank,
        LogRows,
        LogRow,
        RowSection,
        RowSpan,
        RemovedRows,
        LogQuery,
        Severity,
        SearchProgress,
        SearchHit,
        RowRanges,
        MatchedRows,
        MatchedMergedRows,
        TaskHits,
        RunHits,
        LogDensity,
        DensityBucket,
        LineChunk,
        LineMatch,
        TextPosition,
        LogText,
        ExportedLog,
        RunId,
        MergedRows,
        MergedRow,
        SourceRow,
        Bookmark,
        DraftKind,
        Settings,
        LogSettings,
        FinishedSettings,
        Closing,
        TraySettings,
        NotificationRule,
        NotificationSettings,
        Theme,
        EditorSettings,
        EnvironmentSettings,
        SlurmSettings,
        ApiSettings,
        HttpSettings,
        TlsMode,
        GrpcSettings,
        Connection,
        InheritedEnvironment,
        InheritedVariable,
        VariableOrigin,
        RunEnvironment,
        RunVariable,
        RunVariableOrigin,
        ShellCapture,
        Diagnosis,
        Finding,
        FindingState,
        Job,
        Parameter,
        ParameterType,
        Schedule,
        MissedRuns,
        JobQuery,
        JobList,
        JobRow,
        JobRun,
        JobDetail,
        ScheduleState,
        Firing,
        FiringOutcome,
        JobStats,
        JobTasks,
        JobRevision,
        SchedulePreview,
        ComingRun,
        ComingRuns,
        JobChange,
        Foreseen,
        TaskForecast,
        LaneForecast,
        TimeRange,
        NotForeseen,
        LinkedTasks,
        LinkedTask,
        TaskLink,
        TaskSpans,
        TaskSpan,
        JobCalendar,
        CalendarDay,
        JobOfDay,
        RunOfDay,
        RunCounts,
        LeftOut,
        LaneRules,
        Hours,
        LaneMachine,
        TimeOfDay,
        KeepAwake,
        StaysAwake,
        JobSecrets,
        SavedView,
        SortBy,
        Hook,
        HookEvent,
        HookCall,
        Webhook,
        HookState,
        HookList,
        HookDelivery,
        DeliveryState,
        NotifyRules,
        Stall,
        StallThen,
        Digest,
        DigestSleep,
        DigestTask,
        DigestFiring,
        ListColumn,
        ListLayout,
    );
    keep_generated("ui/src/lib/api/bindings.ts", &current);
}

#[test]
fn the_page_knows_secrets_by_the_same_rules() {
    let rules = model::secret::SECRET_RULES.trim_end();
    keep_generated("ui/src/lib/shared/secret-rules.ts", &format!("{HEAD}export const RULES = {rules};\n"));
}

#[test]
fn the_page_knows_what_may_stand_in_a_task() {
    let mut schema = schemars::schema_for!(model::TaskSpec).to_value();
    // Built with the rest of the workspace, objects keep the order in which they were made.
    schema.sort_all_objects();
    let schema = serde_json::to_string_pretty(&schema).expect("JSON");
    keep_generated("ui/src/lib/api/task-spec.schema.json", &format!("{schema}\n"));
}
