//! The model: what a task is, how it is written as JSON, which values are legal, and how it moves through its life.
//!
//! Pure data and rules. There is no I/O here, no clock, no randomness and no tokio: times and random draws are arguments.
//! Storage lives in `solti-store`, what happens when in `solti-supervisor`, errors on the wire in `solti-api`.
//!
//! JSON is camelCase, times are Unix milliseconds as numbers, durations are milliseconds.
//!
//! ```
//! use serde_json::json;
//! use solti_model::{AttemptEnd, BackoffState, NextStep, after_attempt, parse_spec};
//!
//! let kind = json!({"subprocess": {"mode": {"command": {"command": "make", "args": ["test"]}}}});
//! let spec = parse_spec(json!({"slot": "build", "kind": kind, "restart": {"type": "onFailure"}}))?;
//! let next = after_attempt(&spec, AttemptEnd::Failed, BackoffState::default(), 0.5);
//! assert!(matches!(next, NextStep::Retry { .. }));
//!
//! let wrong = parse_spec(json!({"slot": "build", "kind": kind, "timeout": 0})).expect_err("too short");
//! assert_eq!(wrong.field, "timeout");
//! # Ok::<(), solti_model::FieldError>(())
//! ```

#![warn(missing_docs, unreachable_pub)]

mod backoff;
mod bounds;
mod cluster;
mod command_text;
mod crash_loop;
mod diagnosis;
mod digest;
mod door_state;
mod draft;
mod editor;
mod engine_info;
mod environment;
mod event;
mod excerpt;
mod field;
mod forecast;
mod head;
mod history;
mod hook;
mod id;
mod job;
mod job_calendar;
mod job_secrets;
mod job_view;
mod kin;
mod kind;
mod lane;
mod lane_machines;
mod lane_rules;
mod left_out;
mod lifecycle;
mod links;
mod list_layout;
mod list_query;
mod log_row;
mod machine_url;
pub mod masks;
mod matching;
mod notify;
mod own_lane;
mod parameter;
mod phase;
mod placeholders;
mod problems;
mod program_text;
mod query;
mod queueing;
mod request_key;
mod resources;
mod runner_info;
mod saved_view;
mod schedule;
mod search;
pub mod secret;
mod selector;
mod settings;
mod severity;
mod shape;
mod shell_code;
mod span;
mod spec;
mod stdin;
mod stop_mode;
mod stored;
mod stored_list;
mod summary;
mod task;
mod task_change;
mod task_event;
mod task_row;
mod unix_time;
mod validate;
mod validate_container;
mod validate_wasm;
mod waiting;
pub mod words;

pub use backoff::{BackoffState, BackoffStrategy, JitterStrategy};
pub use bounds::{
    MAX_AFTER, MAX_BACKOFF_FACTOR, MAX_BYTES, MAX_CLUSTER_CPUS, MAX_CLUSTER_GPUS, MAX_CLUSTER_MINUTES,
    MAX_CPU_PERCENT, MAX_DURATION_MS, MAX_JITTER_MS, MAX_KEEP_DAYS, MAX_KEEP_TASKS, MAX_KEPT_ATTEMPTS,
    MAX_LANE_CAPACITY, MAX_LANE_MACHINES, MAX_LEFT_OUT, MAX_LOAD, MAX_MERGED_LOGS, MAX_NOTIFICATION_RULES,
    MAX_OPEN_FILES, MAX_PRIORITY, MAX_PROCESSES, MAX_RETRIES, MAX_VOLUMES, MAX_WASM_DIRS, MIN_IDLE_MS,
    MIN_KEPT_ATTEMPTS, MIN_LOAD, MIN_LOG_BYTES, MIN_MEMORY_BYTES, MIN_OPEN_FILES, MIN_SILENT_MS,
    check_lane_capacity, counted, grouped,
};
pub use cluster::ClusterRequest;
pub use command_text::quoted;
pub use crash_loop::{LOOP_STARTS, LOOP_WINDOW_MS, RecentStarts};
pub use diagnosis::{Diagnosis, Finding, FindingState};
pub use digest::{Digest, DigestFiring, DigestSleep, DigestTask, MAX_DIGEST_NAMED};
pub use door_state::{DoorState, DoorStates};
pub use draft::{DraftKind, MAX_DRAFT_BYTES};
pub use editor::EditorSettings;
pub use engine_info::{EngineInfo, Recovered};
pub use environment::{
    InheritedEnvironment, InheritedVariable, RunEnvironment, RunVariable, RunVariableOrigin, ShellCapture,
    VariableOrigin,
};
pub use event::{OutputEvent, OutputStreamKind, RawLine, text_of_line};
pub use excerpt::{
    Bookmark, DensityBucket, ExportedLog, LineChunk, LineMatch, LogDensity, LogText, MAX_TEXT_BYTES,
    MergedRow, MergedRows, SourceRow, TextPosition,
};
pub use field::FieldError;
pub use forecast::{Foreseen, LaneForecast, MAX_FORESEEN, MAX_MOVES, NotForeseen, TaskForecast, TimeRange};
pub use head::{SpecHead, TaskHead};
pub use history::{AttemptsNotKept, EventPage, HistoryQuery, KEPT_FIRST_ATTEMPTS, RunPage};
pub use hook::{
    DeliveryState, Hook, HookCall, HookDelivery, HookEvent, HookList, HookState, MAX_HOOK_TRIES, MAX_HOOKS,
    MAX_WAITING_CALLS, Webhook,
};
pub use id::{JobName, RunId, ScheduleId, Slot, TaskId};
pub use job::{Job, stored_job};
pub use job_calendar::{
    CalendarDay, JobCalendar, JobOfDay, MAX_CALENDAR_DAYS, MAX_JOBS_OF_DAY, MAX_RUNS_TOLD, RunCounts,
    RunOfDay,
};
pub use job_secrets::{JobOrder, JobSecrets, SecretText, Secrets, no_secret, put_secrets};
pub use job_view::{
    ComingRun, ComingRuns, Firing, FiringOutcome, JobChange, JobDetail, JobEnd, JobList, JobQuery,
    JobRevision, JobRow, JobRun, JobStats, JobTasks, SchedulePreview, ScheduleState, not_run,
};
pub use kin::Kin;
pub use kind::{
    AfterMain, CommandMode, ContainerTask, CustomRuntime, EnvVar, MAX_SCRIPT_BYTES, PullPolicy, ScriptMode,
    ScriptRuntime, SubprocessMode, SubprocessTask, TaskKind, Volume, WasmDir, WasmTask,
};
pub use lane::Lane;
pub use lane_machines::{
    HERE, LaneMachine, ORIGIN_KEPT_MS, ORIGIN_LABEL, lane_machines_words, machine_of_runner, place_on,
    places_of, runner_of_machine,
};
pub use lane_rules::{Asked, Hours, KeepAwake, LaneRules, MachineState, Reading, TimeOfDay};
pub use left_out::LeftOut;
pub use lifecycle::{AttemptEnd, NextStep, after_attempt};
pub use links::{LinkedTask, LinkedTasks, MAX_LINKED, TaskLink};
pub use list_layout::{ListColumn, ListLayout, SORTED_NAME_CHARS, SortBy, each_once};
pub use list_query::{ListQuery, TaskList};
pub use log_row::{LogInfo, LogRow, LogRows, MAX_ROW_BYTES, RemovedRows, RowSection, RowSpan};
pub use machine_url::MachineUrl;
pub use matching::{Searched, folded};
pub use notify::{NotifyRules, Stall, StallThen};
pub use own_lane::{own_lane_name, own_lane_suffix};
pub use parameter::{Days, MAX_SECRET_BYTES, Parameter, ParameterType};
pub use phase::TaskPhase;
pub use query::{DEFAULT_LIMIT, MAX_ANSWER_BYTES, MAX_LIMIT, TaskPage, TaskQuery};
pub use queueing::{AfterReboot, AfterTask, AfterWhen, BeforeReboot, Dependency, check_priority};
pub use request_key::RequestKey;
pub use resources::{ResourceLimits, RunUsage, UsageSample};
pub use runner_info::{
    BatchCluster, ClusterPartition, ClusterPreview, ContainerEngine, FolderCheck, LocalImage, RunnerInfo,
    WasmEngine,
};
pub use saved_view::{MAX_VIEW_BYTES, MAX_VIEWS, SavedView};
pub use schedule::{MAX_TIME_MS, MissedRuns, Schedule};
pub use search::{
    LogQuery, MatchedMergedRows, MatchedRows, RowRanges, RunHits, SearchHit, SearchProgress, TaskHits,
};
pub use selector::{MatchExpression, Operator, RunnerSelector};
pub use settings::{
    ApiSettings, Closing, Connection, EnvironmentSettings, FinishedSettings, GrpcSettings, HttpSettings,
    LogSettings, NotificationRule, NotificationSettings, Settings, SlurmSettings, Theme, TlsMode,
    TraySettings,
};
pub use severity::Severity;
pub use shape::{MAX_NUMBER, SpecErrors, misfit, read_whole, too_large};
pub use shell_code::errors_of_signal;
pub use solti_positions::{MergedPosition, Rank, RowKey, RowNo};
pub use span::{DEFAULT_SPANS, MAX_SPANS, TaskSpan, TaskSpans};
pub use spec::{AdmissionStrategy, RestartStrategy, TaskSpec};
pub use stdin::{MAX_STDIN_BYTES, Stdin};
pub use stop_mode::StopMode;
pub use stored::{stored_lane_rules, stored_spec};
pub use stored_list::StoredList;
pub use summary::{LabelCount, LogLimit, StaysAwake, StorageState, Summary, UnkeptLimit};
pub use task::{ObjectMeta, Suspension, Task, TaskRun, TaskStatus};
pub use task_change::TaskChange;
pub use task_event::{TaskEvent, TaskEventKind};
pub use task_row::{LastLine, MAX_TASK_ROWS, MainEnded, OnCluster, RunMark, TaskRow};
pub use unix_time::unix_ms;
pub use validate::{examine_spec, parse_spec};
pub use waiting::Waiting;
