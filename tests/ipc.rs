//! What a page can reach, on Tauri's mock runtime: the real capabilities and commands, no display, and an engine
//! that answers from memory. What the answers mean is tested below the shell, in `crates/`.

mod page;

use async_trait::async_trait;
use page::{CHANNEL, call};
use serde_json::{Value, json};
use solti_api::operations::{
    Answer, Export, GetLogInfo, Items, MergedDensity, MergedPositionAt, MergedPositions, MergedSearchRows,
    OpenMergedSearch, OpenSearch, ReadLine, ReadLog, ReadLogText, Request, SearchLine, SearchRanges,
    SearchRank, SearchRows, SearchStep, SetBookmark, SetLane, StopTask, Subscription,
};
use solti_api::{
    ApiError, ApiHandler, DesktopApi, ExportStream, LogAccess, LogEventStream, LogPosition, OpenedSearch,
    OutputEventStream, SettingsAccess,
};
use solti_desktop::{AppInfo, Parts, assemble, command_names, context};
use solti_doors::Doors;
use solti_engine::Config;
use solti_model::{
    Bookmark, DensityBucket, FieldError, InheritedEnvironment, InheritedVariable, Lane, LaneRules, LineChunk,
    LineMatch, LogDensity, LogInfo, LogRows, LogText, MatchedMergedRows, MatchedRows, MergedPosition,
    OutputEvent, Rank, RowNo, RowRanges, SearchHit, Settings, ShellCapture, Summary, Task, TaskChange,
    TaskId, TaskPage, TaskQuery, TaskRun, TaskSpec, VariableOrigin,
};
use std::{
    fmt::Debug,
    path::Path,
    sync::{Arc, Mutex},
};
use tauri::{
    App, WebviewWindow, WebviewWindowBuilder,
    test::{MockRuntime, mock_builder},
};
use tokio::sync::watch;

fn id(text: &str) -> TaskId {
    TaskId::new(text).expect("a legal id")
}

/// An engine with one task, `t1`, which prints three lines. It writes down what it was asked to do.
#[derive(Default)]
struct Engine {
    asked: Mutex<Vec<String>>,
    /// Dropped when nobody reads the changes any more.
    changes: watch::Sender<u64>,
}

impl Engine {
    fn note(&self, call: impl Into<String>) {
        self.asked.lock().expect("no test panics with it").push(call.into());
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("no test panics with it").clone()
    }
}

fn summary(version: u64) -> Summary {
    serde_json::from_value(json!({"byPhase": {}, "lanes": [], "labels": [], "resourceVersion": version,
        "logBytes": 0, "storage": "ok"}))
    .expect("a summary")
}

fn info(attempt: u32) -> LogInfo {
    serde_json::from_value(json!({"attempt": attempt, "rows": 3, "bytes": 6, "live": false,
        "phase": "succeeded", "exitCode": 0, "startedAt": 1, "finishedAt": 2, "attempts": 1}))
    .expect("an extent")
}

#[async_trait]
impl ApiHandler for Engine {
    async fn submit_task(&self, spec: TaskSpec) -> Result<TaskId, ApiError> {
        if spec.slot.as_str() == "busy" {
            let reason = "the lane is paused".to_owned();
            return Err(ApiError::SlotBusy { slot: spec.slot, running: id("t0"), reason });
        }
        self.note(format!("submit {}", spec.slot));
        Ok(id("t1"))
    }
    async fn get_task_status(&self, _id: &TaskId) -> Result<Option<Task>, ApiError> {
        Ok(None)
    }
    async fn query_tasks(&self, _query: TaskQuery) -> Result<TaskPage<Task>, ApiError> {
        Ok(TaskPage { items: Vec::new(), total: 0 })
    }
    async fn list_task_runs(&self, _id: &TaskId) -> Result<Vec<TaskRun>, ApiError> {
        Ok(Vec::new())
    }
    async fn delete_task(&self, id: &TaskId) -> Result<(), ApiError> {
        self.note(format!("delete {id}"));
        Ok(())
    }
    async fn stream_task_logs(&self, id: &TaskId) -> Result<OutputEventStream, ApiError> {
        if id.as_str() != "t1" {
            return Err(ApiError::TaskNotFound { id: id.clone() });
        }
        Ok(Box::pin(tokio_stream::iter([OutputEvent::Lagged { skipped: 1, reason: None }])))
    }
}

#[async_trait]
impl LogAccess for Engine {
    async fn stream_log_after(&self, _id: &TaskId, _after: LogPosition) -> Result<LogEventStream, ApiError> {
        Ok(Box::pin(tokio_stream::empty()))
    }
}

/// What no test of this file looks at the answer of.
fn unheard(what: impl Debug) -> ApiError {
    ApiError::Conflict { reason: format!("the engine of this test has no answer to {what:?}") }
}

#[async_trait]
impl DesktopApi for Engine {
    async fn answer(&self, request: Request) -> Result<Answer, ApiError> {
        Ok(match request {
            Request::ValidateSpec(_) => {
                return Err(FieldError::new("kind.container", "no runner takes containers").into());
            }
            Request::StopTask(StopTask { id, mode }) => {
                self.note(format!("stop {id} {mode:?}"));
                Answer::StopTask(())
            }
            Request::SetLane(SetLane { slot, capacity, paused }) => Answer::SetLane(Lane {
                own: false,
                rules: LaneRules::default(),
                waits_for: None,
                slot,
                capacity: capacity.unwrap_or(1),
                running: 0,
                queued: 0,
                paused: paused.unwrap_or(false),
            }),
            Request::GetLogInfo(GetLogInfo { run }) => Answer::GetLogInfo(info(run.attempt)),
            Request::ReadLog(ReadLog { from, .. }) => Answer::ReadLog(rows(from)),
            Request::SearchStep(SearchStep { search_id, row, forward }) => {
                self.note(format!("step {search_id} {row} {forward}"));
                Answer::SearchStep(Some(SearchHit { row: row + 1, index: 1, total: 3 }))
            }
            Request::SearchRows(SearchRows { from, .. }) => {
                Answer::SearchRows(MatchedRows { from, total: 3, rows: Vec::new() })
            }
            Request::MergedSearchRows(MergedSearchRows { from, .. }) => {
                Answer::MergedSearchRows(MatchedMergedRows { from, total: 3, rows: Vec::new() })
            }
            Request::SearchRank(SearchRank { row, .. }) => Answer::SearchRank(Rank::new(row.row().get() / 2)),
            Request::SearchRanges(SearchRanges { from, .. }) => {
                Answer::SearchRanges(vec![RowRanges { row: from, ranges: vec![(1, 3)] }])
            }
            Request::SearchLine(SearchLine { from_byte, .. }) => {
                Answer::SearchLine(Some(LineMatch { from_byte, to_byte: from_byte + 1 }))
            }
            Request::ReadLine(ReadLine { from_byte, count, .. }) => {
                let next_byte = from_byte + u64::from(count);
                Answer::ReadLine(LineChunk {
                    text: String::new(),
                    spans: Vec::new(),
                    ranges: Vec::new(),
                    from_byte,
                    next_byte,
                    full_len: next_byte,
                })
            }
            Request::ReadLogText(ReadLogText { start, end, .. }) => Answer::ReadLogText(LogText {
                text: format!("{}:{} {}:{}", start.row, start.column, end.row, end.column),
                truncated: false,
            }),
            Request::MergedDensity(MergedDensity { buckets, .. }) => Answer::MergedDensity(LogDensity {
                rows: 3,
                buckets: vec![DensityBucket::default(); buckets as usize],
            }),
            Request::MergedPositions(MergedPositions { rows, .. }) => Answer::MergedPositions(
                rows.iter()
                    .map(|row| MergedPosition::new(2 * row.row.get() + u64::from(row.source)))
                    .collect(),
            ),
            Request::MergedPositionAt(MergedPositionAt { at, .. }) => {
                Answer::MergedPositionAt(MergedPosition::new(at / 2))
            }
            Request::SetBookmark(SetBookmark { run, row, note }) => {
                self.note(format!("mark {run} {row} {note}"));
                Answer::SetBookmark(Bookmark { attempt: run.attempt, row, note, at: 1 })
            }
            other => return Err(unheard(other)),
        })
    }

    async fn subscribe(&self, subscription: Subscription) -> Result<Items, ApiError> {
        use tokio_stream::{StreamExt, wrappers::WatchStream};
        let opened = |id: &str| {
            OpenedSearch { id: id.into(), progress: Box::pin(tokio_stream::pending()) }.into_events()
        };
        Ok(match subscription {
            Subscription::WatchTasks(_) => {
                let changes = WatchStream::new(self.changes.subscribe()).map(|version| TaskChange {
                    resource_version: version,
                    changed: Vec::new(),
                    unmatched: Default::default(),
                    deleted: Vec::new(),
                    summary: summary(version),
                    resync: false,
                });
                Items::WatchTasks(Box::pin(changes))
            }
            Subscription::OpenSearch(OpenSearch { query, .. }) if query.regex => {
                return Err(FieldError::new("query.pattern", "no expression").into());
            }
            Subscription::OpenSearch(OpenSearch { run, query, near }) => {
                self.note(format!("search {run} {} near {near}", query.pattern));
                Items::OpenSearch(opened("search-1"))
            }
            Subscription::OpenMergedSearch(OpenMergedSearch { sources, query, near }) => {
                self.note(format!("search {} logs {} near {near}", sources.len(), query.pattern));
                Items::OpenMergedSearch(opened("search-2"))
            }
            other => return Err(unheard(other)),
        })
    }

    async fn export(&self, export: Export) -> Result<ExportStream, ApiError> {
        Err(unheard(export))
    }
}

fn rows(from: RowNo) -> LogRows {
    LogRows { from, total: 3, rows: Vec::new() }
}

#[async_trait]
impl SettingsAccess for Engine {
    fn settings(&self) -> Settings {
        Settings::default()
    }
    async fn set_settings(&self, patch: Value) -> Result<Settings, ApiError> {
        let changed = Settings::default().patched(&patch)?;
        self.note(format!("set {patch}"));
        Ok(changed)
    }
    fn watch_settings(&self) -> watch::Receiver<Settings> {
        watch::channel(Settings::default()).1
    }
}

struct Desk {
    app: App<MockRuntime>,
    engine: Arc<Engine>,
}

impl Desk {
    fn new() -> Self {
        let engine = Arc::new(Engine::default());
        let api: Arc<dyn DesktopApi> = engine.clone();
        let environment = InheritedEnvironment {
            capture: ShellCapture::Off,
            variables: vec![InheritedVariable {
                name: "HOME".into(),
                value: Some("/home/me".into()),
                origin: VariableOrigin::App,
            }],
        };
        let info = AppInfo::new(Path::new("/data"));
        let config = Config::with_shim("/data", "/data/shim");
        let doors = Arc::new(Doors::new(&config.data_dir));
        let settings = engine.clone();
        let parts = Parts { api, settings, environment, config, info, doors, there: None };
        let builder = assemble(mock_builder(), parts);
        Self { app: builder.build(context()).expect("an app"), engine }
    }

    fn window(&self, label: &str) -> WebviewWindow<MockRuntime> {
        WebviewWindowBuilder::new(&self.app, label, Default::default()).build().expect("a window")
    }
}

fn spec(slot: &str) -> Value {
    json!({"slot": slot, "kind": {"subprocess": {"mode": {"command": {"command": "true"}}}}})
}

#[test]
fn a_page_submits_and_reads() {
    let desk = Desk::new();
    let main = desk.window("main");
    assert_eq!(call(&main, "submit_task", json!({"spec": spec("etl")})), Ok(json!("t1")));
    assert_eq!(desk.engine.asked(), ["submit etl"]);
    assert_eq!(call(&main, "get_task_status", json!({"id": "t9"})), Ok(Value::Null));
    assert_eq!(call(&main, "query_tasks", json!({"query": {}})), Ok(json!({"tasks": [], "total": 0})));
    assert_eq!(call(&main, "delete_task", json!({"id": "t1"})), Ok(Value::Null));
    assert_eq!(call(&main, "stop_task", json!({"id": "t1", "mode": "kill"})), Ok(Value::Null));
    assert_eq!(desk.engine.asked()[1..], ["delete t1", "stop t1 Kill"]);
    assert_eq!(
        call(&main, "set_lane", json!({"slot": "etl", "capacity": 4})),
        Ok(json!({"slot": "etl", "capacity": 4, "running": 0, "queued": 0, "paused": false, "own": false}))
    );
    assert_eq!(call(&main, "app_info", json!({})).expect("answered")["dataDir"], "/data");
}

#[test]
fn a_setting_is_changed_or_refused_with_its_field() {
    let desk = Desk::new();
    let main = desk.window("main");
    assert_eq!(call(&main, "get_settings", json!({})).expect("answered")["theme"], "system");
    let changed = call(&main, "set_settings", json!({"patch": {"theme": "dark"}})).expect("taken");
    assert_eq!(changed["theme"], "dark");
    let refused =
        call(&main, "set_settings", json!({"patch": {"logs": {"runBytes": 1}}})).expect_err("refused");
    assert_eq!((&refused["error"], &refused["field"]), (&json!("InvalidRequest"), &json!("logs.runBytes")));
    // What is only checked is refused likewise, and not set.
    let checked = |patch| call(&main, "check_settings", json!({ "patch": patch }));
    assert_eq!(checked(json!({"theme": "light"})), Ok(Value::Null));
    assert_eq!(checked(json!({"logs": {"runBytes": 1}})), Err(refused));
    assert_eq!(desk.engine.asked(), [r#"set {"theme":"dark"}"#]);
    // A page that changes its mind changes nothing.
    let cancel = json!({"answer": "cancel", "remember": true});
    assert_eq!(call(&main, "answer_closing", cancel), Ok(Value::Null));
    assert_eq!(desk.engine.asked().len(), 1);
    let environment = call(&main, "inherited_environment", json!({})).expect("answered");
    assert_eq!(
        (&environment["capture"]["state"], &environment["variables"][0]["origin"]),
        (&json!("off"), &json!("app"))
    );
}

#[test]
fn every_refusal_is_the_error_object() {
    let desk = Desk::new();
    let main = desk.window("main");
    let refused = |command, args| call(&main, command, args).expect_err("refused");

    let busy = refused("submit_task", json!({"spec": spec("busy")}));
    assert_eq!(
        busy,
        json!({"error": "SlotBusy", "message": "the lane is paused", "slot": "busy", "running": "t0"})
    );

    let mut bad = spec("etl");
    bad["timeout"] = json!(0);
    let invalid = refused("submit_task", json!({"spec": bad}));
    assert_eq!((&invalid["error"], &invalid["field"]), (&json!("InvalidRequest"), &json!("timeout")));

    let mut unknown = spec("etl");
    unknown["timeuot"] = json!(1);
    let unknown = refused("submit_task", json!({"spec": unknown}));
    assert_eq!((&unknown["error"], &unknown["field"]), (&json!("InvalidRequest"), &json!("timeuot")));

    assert_eq!(refused("submit_task", json!({}))["error"], "InvalidRequest");
    let escape = refused("get_task_status", json!({"id": "../x"}));
    assert_eq!((&escape["error"], &escape["field"]), (&json!("InvalidRequest"), &json!("id")));
    assert_eq!(refused("validate_spec", json!({"spec": spec("a")}))["field"], "kind.container");
    let unheard = refused("stream_task_logs", json!({"id": "t9", "channel": CHANNEL}));
    assert_eq!(unheard["error"], "TaskNotFound");
}

#[test]
fn a_log_window_reads_and_changes_nothing() {
    let desk = Desk::new();
    let log = desk.window("log-1");
    assert!(call(&log, "get_log_info", json!({"run": {"id": "t1", "attempt": 1}})).is_ok());
    assert!(
        call(&log, "read_log", json!({"run": {"id": "t1", "attempt": 1}, "from": 0, "count": 9})).is_ok()
    );
    assert!(call(&log, "list_task_runs", json!({"id": "t1"})).is_ok());

    let forbidden = [
        ("submit_task", json!({"spec": spec("etl")})),
        ("delete_task", json!({"id": "t1"})),
        ("stop_task", json!({"id": "t1", "mode": "kill"})),
        ("rerun_task", json!({"id": "t1"})),
        ("set_lane", json!({"slot": "etl", "paused": true})),
        ("answer_closing", json!({"answer": "stopAll", "remember": true})),
        ("get_settings", json!({})),
        ("inherited_environment", json!({})),
        ("diagnose", json!({})),
        ("set_settings", json!({"patch": {"closing": "stopAll"}})),
        ("check_settings", json!({"patch": {"closing": "stopAll"}})),
        ("choose_machine", json!({"machine": null})),
        ("remove_connection", json!({"name": "build"})),
    ];
    for (command, args) in forbidden {
        let error = call(&log, command, args).expect_err(command);
        assert!(error.as_str().is_some_and(|text| text.contains("not allowed")), "{command}: {error}");
    }
    assert!(desk.engine.asked().is_empty());
}

#[test]
fn a_log_window_searches_marks_and_takes_excerpts() {
    let desk = Desk::new();
    let log = desk.window("log-1");
    let query = |regex: bool| {
        json!({"pattern": "x", "regex": regex, "caseSensitive": false, "wholeWord": false,
        "invert": false, "ignoreAnsi": true, "stream": "stderr"})
    };
    let open =
        |query| json!({"run": {"id": "t1", "attempt": 1}, "query": query, "near": 7, "channel": CHANNEL});
    assert_eq!(call(&log, "open_search", open(query(false))), Ok(json!("search-1")));
    let step = json!({"searchId": "search-1", "row": 7, "forward": true});
    assert_eq!(call(&log, "search_step", step), Ok(json!({"row": 8, "index": 1, "total": 3})));
    let page = json!({"searchId": "search-1", "from": 4, "count": 9});
    assert_eq!(call(&log, "search_rows", page.clone()).expect("answered")["from"], 4);
    assert_eq!(call(&log, "search_ranges", page), Ok(json!([{"row": 4, "ranges": [[1, 3]]}])));
    assert_eq!(call(&log, "search_rank", json!({"searchId": "search-1", "row": 8})), Ok(json!(4)));
    let refused = call(&log, "open_search", open(query(true))).expect_err("refused");
    assert_eq!((&refused["error"], &refused["field"]), (&json!("InvalidRequest"), &json!("query.pattern")));
    let sources = json!([{"id": "t1", "attempt": 1}, {"id": "t2", "attempt": 3}]);
    let several = json!({"sources": sources, "query": query(false), "near": 9, "channel": CHANNEL});
    assert_eq!(call(&log, "open_merged_search", several), Ok(json!("search-2")));
    let page = json!({"searchId": "search-2", "from": 1, "count": 9});
    assert_eq!(call(&log, "merged_search_rows", page).expect("answered")["total"], 3);
    let overview = json!({"sources": sources, "buckets": 2, "searchId": "search-2"});
    let density = call(&log, "merged_density", overview).expect("answered");
    assert_eq!(density["buckets"].as_array().map(Vec::len), Some(2));

    let marks = json!({"sources": sources, "rows": [{"source": 1, "row": 4}, {"source": 0, "row": 0}]});
    assert_eq!(call(&log, "merged_positions", marks), Ok(json!([9, 0])));

    let time = json!({"sources": sources, "at": 12});
    assert_eq!(call(&log, "merged_position_at", time), Ok(json!(6)));

    // A page says which log; whether there is a file, and where, is not its business.
    let error = call(&log, "reveal_log", json!({"id": "t1", "attempt": 1})).expect_err("has no file");
    assert_eq!((&error["error"], &error["field"]), (&json!("InvalidRequest"), &json!("attempt")));
    let error = call(&log, "reveal_log", json!({"id": "../t1", "attempt": 1})).expect_err("is no id");
    assert_eq!((&error["error"], &error["field"]), (&json!("InvalidRequest"), &json!("id")));

    // No editor is chosen, and what is there is not told to a page.
    for path in ["/etc/passwd", "/etc", "there/is/none"] {
        let file = json!({"id": "t1", "path": path, "line": 1});
        let error = call(&log, "open_file", file).expect_err("no editor");
        assert_eq!(error["error"], "Conflict", "{error}");
    }

    let text = json!({"run": {"id": "t1", "attempt": 1}, "start": {"row": 1, "column": 2}, "end": {"row": 3, "column": 4},
        "timestamps": false});
    assert_eq!(call(&log, "read_log_text", text).expect("answered")["text"], "1:2 3:4");
    let line = json!({"run": {"id": "t1", "attempt": 1}, "row": 1, "fromByte": 10, "count": 5});
    assert_eq!(call(&log, "read_line", line).expect("answered")["nextByte"], 15);
    let mark = json!({"run": {"id": "t1", "attempt": 1}, "row": 5, "note": "here"});
    assert_eq!(call(&log, "set_bookmark", mark).expect("answered")["row"], 5);
    assert_eq!(
        desk.engine.asked(),
        ["search t1/1 x near 7", "step search-1 7 true", "search 2 logs x near 9", "mark t1/1 5 here"]
    );
}

#[test]
fn a_command_line_is_read_as_a_shell_would() {
    let desk = Desk::new();
    let main = desk.window("main");
    let read = |line: &str| call(&main, "read_command_line", json!({"line": line})).expect("answered");
    assert_eq!(read("make 'a|b'"), json!({}));
    let offered = read("(make");
    assert_eq!(offered["advice"], "( is passed on as text: no shell is involved.");
    assert_eq!(offered["flaw"], "unclosed ( at character 1");
    assert!(desk.engine.asked().is_empty());
}

#[test]
fn the_main_window_may_call_every_command_and_a_stranger_none() {
    let desk = Desk::new();
    let (main, stranger) = (desk.window("main"), desk.window("other"));
    let refused_by_capability =
        |error: &Value| error.as_str().is_some_and(|text| text.contains("not allowed"));
    for command in command_names() {
        // Without arguments most answer that one is missing, which is as good: they were reached.
        if let Err(error) = call(&main, command, json!({})) {
            assert!(!refused_by_capability(&error), "{command} is not in capabilities/main.json: {error}");
        }
        let error = call(&stranger, command, json!({})).expect_err(command);
        assert!(refused_by_capability(&error), "{command}: {error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_when_its_page_closes_it() {
    let desk = Desk::new();
    let main = desk.window("main");
    let stream = call(&main, "watch_tasks", json!({"channel": CHANNEL})).expect("opened");
    assert_eq!(desk.engine.changes.receiver_count(), 1);
    call(&main, "ack_frame", json!({"streamId": stream, "frame": 1})).expect("taken");
    call(&main, "close_stream", json!({"streamId": stream})).expect("closed");
    desk.engine.changes.closed().await;
    // A page cannot know that it was late.
    call(&main, "ack_frame", json!({"streamId": stream, "frame": 2})).expect("ignored");
    call(&main, "close_stream", json!({"streamId": stream})).expect("ignored");
}

#[test]
fn the_main_window_alone_asks_a_machine_by_its_name() {
    let desk = Desk::new();
    let main = desk.window("main");
    let run = json!({"id": "t1", "attempt": 1});
    let here = call(&main, "get_log_info", json!({"run": run})).expect("answered");
    assert_eq!(call(&main, "get_log_info", json!({"run": run, "machine": null})), Ok(here));
    let sources = json!([run]);
    for (command, arguments) in [
        ("get_log_info", json!({"run": run, "machine": "nobody"})),
        ("get_task_status", json!({"id": "t1", "machine": "nobody"})),
        ("open_merged_window", json!({"sources": sources, "machine": "nobody"})),
    ] {
        let refused = call(&main, command, arguments).expect_err(command);
        assert_eq!(refused["error"], "Unavailable", "{command}: {refused}");
    }
    let refused = call(&main, "get_log_info", json!({"run": run, "machine": 7})).expect_err("no name");
    assert_eq!((&refused["error"], &refused["field"]), (&json!("InvalidRequest"), &json!("machine")));

    let log = desk.window("log-1");
    let refused = call(&log, "get_log_info", json!({"run": run, "machine": null})).expect_err("not its");
    assert_eq!(refused["error"], "PermissionDenied");
}

#[test]
fn a_log_is_opened_once_and_under_a_label_that_may_read_it() {
    use tauri::Manager;
    let desk = Desk::new();
    let main = desk.window("main");
    for (id, attempt) in [("t1", 1), ("t1", 1), ("t1", 2)] {
        call(&main, "open_log_window", json!({"id": id, "attempt": attempt})).expect("opened");
    }
    let sources = json!([{"id": "t1", "attempt": 1}, {"id": "t1", "attempt": 2}]);
    call(&main, "open_merged_window", json!({"sources": sources})).expect("opened");
    // Whichever attempt it is: the one window that follows the task.
    for _ in 0..2 {
        call(&main, "open_log_window", json!({"id": "t1"})).expect("opened");
    }
    let mut labels: Vec<_> = desk.app.webview_windows().into_keys().collect();
    labels.sort();
    assert_eq!(labels, ["log-1", "log-2", "log-3", "log-4", "main"]);
}
