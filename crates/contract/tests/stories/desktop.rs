//! The stories of what a window needs beside the six methods.

use crate::engine::{PATIENCE, bash, command, spec};
use crate::subjects::Subject;
use serde_json::json;
use solti_api::operations::{
    CompleteDirectory, CompleteProgram, CountExpired, DeleteBookmark, ExportLog, ExportMerged, ForgetLane,
    GetLogDensity, GetLogInfo, GetRunEnvironment, GetSummary, GetTaskRow, GetTaskRows, HasDirectory,
    LastLines, ListBookmarks, ListLanes, ListTasks, MergedDensity, MergedPositionAt, MergedPositions,
    MergedSearchRows, OpenMergedSearch, OpenSearch, Operations as _, ReadDraft, ReadLine, ReadLog,
    ReadLogText, ReadMerged, ReadViews, RerunTask, SaveDraft, SaveViews, SearchAll, SearchLine, SearchRanges,
    SearchRank, SearchRows, SearchStep, SetBookmark, SetLane, SetLaneRules, SetLogEncoding, StopTask,
    TaskEvents, ValidateSpec, WatchLog, WatchTasks,
};
use solti_api::{ApiError, ExportStream, LogPosition, OpenedSearch};
use solti_model::{
    DraftKind, LineMatch, ListColumn, ListQuery, LogQuery, MAX_DRAFT_BYTES, MAX_LEFT_OUT, MAX_TASK_ROWS,
    MAX_VIEW_BYTES, MAX_VIEWS, MergedPosition, OutputEvent, OutputStreamKind, Rank, RowKey, RowNo, RunId,
    RunVariableOrigin, SavedView, SearchProgress, Slot, SourceRow, StopMode, TaskEventKind, TaskId,
    TaskPhase, TextPosition, Waiting,
};
use tokio_stream::StreamExt as _;

fn nobody() -> TaskId {
    TaskId::new("nobody").unwrap()
}

pub async fn rows_say_why_a_task_waits_and_are_paged(subject: &Subject) {
    let api = subject.desktop();
    let queue = json!({"admission": "queue", "labels": {"name": "the first", "team": "red"}});
    let running = api.submit_task(spec("lane", command("sleep", &["600"]), queue)).await.unwrap();
    let waiting =
        api.submit_task(spec("lane", command("true", &[]), json!({"admission": "queue"}))).await.unwrap();
    subject.engine.running(&running).await;
    let row = api.ask(GetTaskRow { id: waiting.clone() }).await.unwrap().unwrap();
    assert_eq!(row.waiting, Some(Waiting::Lane { position: 1, behind: "the first".into() }));
    assert_eq!(api.ask(GetTaskRow { id: nobody() }).await.unwrap(), None);
    let both = api.ask(GetTaskRows { ids: vec![running.clone(), nobody(), waiting.clone()] }).await.unwrap();
    let ids: Vec<_> = both.iter().map(|row| &row.task.metadata.id).collect();
    assert_eq!((ids, &both[1]), (vec![&running, &waiting], &row));
    let error = api.ask(GetTaskRows { ids: vec![nobody(); MAX_TASK_ROWS + 1] }).await.unwrap_err();
    assert!(matches!(&error, ApiError::InvalidRequest { field, .. } if field == "ids"), "{error:?}");

    let first =
        api.ask(ListTasks { query: ListQuery { limit: Some(1), ..ListQuery::default() } }).await.unwrap();
    let cursor = first.next_cursor.clone();
    let second = api
        .ask(ListTasks { query: ListQuery { limit: Some(1), cursor, ..ListQuery::default() } })
        .await
        .unwrap();
    let ids: Vec<_> = first.rows.iter().chain(&second.rows).map(|row| &row.task.metadata.id).collect();
    assert_eq!((ids, first.total, second.next_cursor), (vec![&waiting, &running], 2, None));
    let red = ListQuery { labels: [("team".to_owned(), "red".to_owned())].into(), ..ListQuery::default() };
    assert_eq!(api.ask(ListTasks { query: red }).await.unwrap().total, 1);
    let bad = ListQuery { cursor: Some("nonsense".into()), ..ListQuery::default() };
    let error = api.ask(ListTasks { query: bad }).await.unwrap_err();
    assert!(matches!(&error, ApiError::InvalidRequest { field, .. } if field == "cursor"), "{error:?}");

    let summary = api.ask(GetSummary {}).await.unwrap();
    assert_eq!((summary.by_phase[&TaskPhase::Running], summary.by_phase[&TaskPhase::Pending]), (1, 1));
    let kinds: Vec<_> = api
        .ask(TaskEvents { id: running.clone() })
        .await
        .unwrap()
        .into_iter()
        .map(|event| event.kind)
        .collect();
    assert!(kinds.contains(&TaskEventKind::Started), "{kinds:?}");
    api.delete_task(&waiting).await.unwrap();
    api.delete_task(&running).await.unwrap();
}

pub async fn a_run_says_what_it_was_started_with(subject: &Subject) {
    let api = subject.desktop();
    let mut task = bash("env -0");
    task["subprocess"]["env"] =
        json!([{"key": "MY_TOKEN", "value": "hush"}, {"key": "HOME", "value": "/tmp"}]);
    let id = api.submit_task(spec("environment", task, json!({}))).await.unwrap();
    subject.engine.finished(&id).await;
    let found =
        api.ask(GetRunEnvironment { run: RunId::new(id.clone(), 0) }).await.unwrap().expect("recorded");
    assert_eq!(found.attempt, 1);
    assert_eq!(
        api.ask(GetRunEnvironment { run: RunId::new(id.clone(), 1) }).await.unwrap().as_ref(),
        Some(&found)
    );

    let printed =
        api.ask(ReadLog { run: RunId::new(id.clone(), 1), from: RowNo::ZERO, count: 1_000 }).await.unwrap();
    let printed: String = printed.rows.iter().map(|row| format!("{}\n", row.text)).collect();
    // Of bash itself, and of no other program.
    let of_bash = |name: &str| matches!(name, "_" | "SHLVL" | "OLDPWD");
    let mut given: Vec<&str> =
        printed.split('\0').filter_map(|entry| Some(entry.split_once('=')?.0)).collect();
    given.retain(|name| !of_bash(name));
    given.sort_unstable();
    let recorded: Vec<&str> = found.variables.iter().map(|variable| variable.name.as_str()).collect();
    let recorded: Vec<&str> = recorded.into_iter().filter(|name| !of_bash(name)).collect();
    assert_eq!(recorded, given, "as the run itself has seen it");

    let named = |name: &str| found.variables.iter().find(|variable| variable.name == name).expect("named");
    assert_eq!(
        (named("MY_TOKEN").value.as_deref(), named("MY_TOKEN").origin),
        (None, RunVariableOrigin::Task)
    );
    assert_eq!(named("HOME").value.as_deref(), Some("/tmp"));
    assert!(named("HOME").instead_of.is_some(), "one was inherited");
    assert_eq!(named("SOLTI_RUN_ID").value, Some(format!("{id}/1")));

    let error = api.ask(GetRunEnvironment { run: RunId::new(id.clone(), 2) }).await.unwrap_err();
    assert!(matches!(&error, ApiError::InvalidRequest { field, .. } if field == "attempt"), "{error:?}");
    let error = api.ask(GetRunEnvironment { run: RunId::new(nobody(), 1) }).await.unwrap_err();
    assert!(matches!(error, ApiError::TaskNotFound { .. }), "{error:?}");
    api.delete_task(&id).await.unwrap();
}

pub async fn changes_are_heard_of(subject: &Subject) {
    let api = subject.desktop();
    let mut changes = api.open(WatchTasks::all()).await.unwrap();
    let heard = tokio::time::timeout(PATIENCE, async {
        assert!(changes.next().await.expect("the first comes at once").changed.is_empty());
        let id = api.submit_task(spec("s", command("true", &[]), json!({}))).await.unwrap();
        loop {
            let change = changes.next().await.expect("open");
            if change
                .changed
                .iter()
                .any(|row| row.task.metadata.id == id && row.task.status.phase.is_terminal())
            {
                break;
            }
        }
        api.delete_task(&id).await.unwrap();
        while !changes.next().await.expect("open").deleted.contains(&id) {}
    });
    heard.await.expect("every change is told");
}

pub async fn a_change_says_whether_the_query_lists_the_row(subject: &Subject) {
    let api = subject.desktop();
    let phases = vec![TaskPhase::Succeeded];
    let query = ListQuery { phases, text: Some("IT IS".into()), limit: Some(0), ..ListQuery::default() };
    let mut changes = api.open(WatchTasks { query }).await.unwrap();
    let labels = json!({"labels": {"name": "the one & it is"}});
    let listed = api.submit_task(spec("s", command("true", &[]), labels)).await.unwrap();
    let other = api.submit_task(spec("t", command("true", &[]), json!({}))).await.unwrap();
    let reported = tokio::time::timeout(PATIENCE, async {
        let mut open = vec![&listed, &other];
        while !open.is_empty() {
            let change = changes.next().await.expect("open");
            for task in change.changed.iter().map(|row| &row.task) {
                let (id, phase) = (&task.metadata.id, task.status.phase);
                let matches = *id == listed && phase == TaskPhase::Succeeded;
                assert_eq!(!change.unmatched.contains(id), matches, "{id} {phase:?}");
                open.retain(|open| *open != id || !phase.is_terminal());
            }
        }
    });
    reported.await.expect("every change is told");
    for id in [listed, other] {
        api.delete_task(&id).await.unwrap();
    }
}

pub async fn a_stop_cancels_and_a_second_one_conflicts(subject: &Subject) {
    let api = subject.desktop();
    let id = api.submit_task(spec("s", command("sleep", &["600"]), json!({}))).await.unwrap();
    subject.engine.running(&id).await;
    api.ask(StopTask { id: id.clone(), mode: StopMode::Graceful }).await.unwrap();
    assert_eq!(subject.engine.finished(&id).await.status.phase, TaskPhase::Canceled);
    let error = api.ask(StopTask { id: id.clone(), mode: StopMode::Kill }).await.unwrap_err();
    assert!(matches!(error, ApiError::Conflict { .. }), "{error:?}");
    assert_eq!(
        api.ask(StopTask { id: nobody(), mode: StopMode::Kill }).await,
        Err(ApiError::TaskNotFound { id: nobody() })
    );
}

pub async fn a_rerun_is_a_new_task_of_the_same_spec(subject: &Subject) {
    let api = subject.desktop();
    let sent = spec("s", command("true", &[]), json!({"labels": {"name": "again"}}));
    api.ask(ValidateSpec { spec: (&sent).into() }).await.unwrap();
    let first = api.submit_task(sent.clone()).await.unwrap();
    subject.engine.finished(&first).await;
    let second = api.ask(RerunTask { id: first.clone() }).await.unwrap();
    assert_ne!(second, first);
    assert_eq!(api.get_task_status(&second).await.unwrap().unwrap().spec, sent);
    assert_eq!(api.ask(RerunTask { id: nobody() }).await, Err(ApiError::TaskNotFound { id: nobody() }));
    let mut bad = sent;
    (bad.timeout, bad.max_retries) = (Some(0), Some(0));
    let error = api.ask(ValidateSpec { spec: (&bad).into() }).await.unwrap_err();
    let ApiError::InvalidRequest { field, others, .. } = &error else { panic!("{error:?}") };
    let others: Vec<&str> = others.iter().map(|other| other.field.as_str()).collect();
    assert_eq!((field.as_str(), others), ("timeout", vec!["maxRetries"]), "all that is wrong is told");
}

pub async fn a_directory_is_known_before_a_task_needs_it(subject: &Subject) {
    let api = subject.desktop();
    let there = tempfile::tempdir().unwrap();
    let has = async |path: &std::path::Path| {
        api.ask(HasDirectory { path: path.to_str().unwrap().into() }).await.unwrap()
    };
    assert!(has(there.path()).await);
    assert!(!has(&there.path().join("not")).await);
    let file = there.path().join("file");
    std::fs::write(&file, "").unwrap();
    assert!(!has(&file).await, "a file is no directory");
    assert!(!has(std::path::Path::new(".")).await, "nor is what depends on where the engine was started");
}

pub async fn what_is_begun_to_be_written_is_completed(subject: &Subject) {
    let api = subject.desktop();
    let programs = api.ask(CompleteProgram { prefix: "sle".into() }).await.unwrap();
    assert!(programs.contains(&"sleep".to_owned()), "{programs:?}");
    assert!(programs.iter().all(|name| name.starts_with("sle")), "{programs:?}");
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("data")).unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let found = api.ask(CompleteDirectory { prefix: path("da") }).await.unwrap();
    assert_eq!(found, [path("data")]);
    assert!(api.ask(CompleteDirectory { prefix: "da".into() }).await.unwrap().is_empty(), "no whole path");
}

pub async fn what_limits_would_delete_is_counted(subject: &Subject) {
    let api = subject.desktop();
    let before = api.ask(CountExpired { keep_days: None, keep_tasks: Some(0) }).await.unwrap();
    let mut ids = vec![];
    for _ in 0..3 {
        let id = api.submit_task(spec("s", command("echo", &["x"]), json!({}))).await.unwrap();
        subject.engine.finished(&id).await;
        ids.push(id);
    }
    let count = async |keep_days, keep_tasks| api.ask(CountExpired { keep_days, keep_tasks }).await.unwrap();
    assert_eq!(count(None, None).await, 0, "no limit deletes nothing");
    assert_eq!(count(None, Some(0)).await, before + 3);
    assert_eq!(count(None, Some(1)).await, before + 2);
    assert_eq!(count(Some(1), None).await, 0, "none is a day old");
    assert_eq!(count(Some(1), Some(1)).await, before + 2);
    let run = RunId::new(ids[0].clone(), 1);
    api.ask(SetBookmark { run, row: RowNo::ZERO, note: String::new() }).await.unwrap();
    assert_eq!(count(None, Some(0)).await, before + 2, "one with a bookmark stays");
    for id in ids {
        api.delete_task(&id).await.unwrap();
    }
}

pub async fn lanes_are_set_and_listed(subject: &Subject) {
    let api = subject.desktop();
    let slot = Slot::new("wide").unwrap();
    let lane = api.ask(SetLane { slot: slot.clone(), capacity: Some(3), paused: Some(true) }).await.unwrap();
    assert_eq!((lane.capacity, lane.paused), (3, true));
    let lane = api.ask(SetLane { slot: slot.clone(), capacity: None, paused: Some(false) }).await.unwrap();
    assert_eq!((lane.capacity, lane.paused), (3, false), "what is not given stays");
    assert_eq!(api.ask(ListLanes {}).await.unwrap(), [lane]);
    let error = api.ask(SetLane { slot: slot.clone(), capacity: Some(0), paused: None }).await.unwrap_err();
    assert!(matches!(&error, ApiError::InvalidRequest { field, .. } if field == "capacity"), "{error:?}");
}

pub async fn a_lane_asks_something_of_the_machine(subject: &Subject) {
    let api = subject.desktop();
    let slot = Slot::new("choosy").unwrap();
    let ask = |rules: serde_json::Value| SetLaneRules {
        slot: slot.clone(),
        rules: serde_json::from_value(rules).unwrap(),
    };
    let rules = json!({"onMains": true, "between": {"from": "22:00", "to": "06:00"}, "keepAwake": "onMains"});
    let lane = api.ask(ask(rules)).await.unwrap();
    assert!(lane.rules.on_mains && lane.rules.is_conditional());
    assert_eq!(api.ask(ListLanes {}).await.unwrap(), std::slice::from_ref(&lane));
    let error = api.ask(ask(json!({"loadBelow": 0.0}))).await.unwrap_err();
    assert!(
        matches!(&error, ApiError::InvalidRequest { field, .. } if field == "rules.loadBelow"),
        "{error:?}"
    );
    assert_eq!(api.ask(ListLanes {}).await.unwrap(), [lane], "a refusal changes nothing");
    api.ask(ask(json!({}))).await.unwrap();
    assert_eq!(api.ask(ListLanes {}).await.unwrap(), []);
}

pub async fn a_shared_lane_is_listed_while_nothing_is_in_it(subject: &Subject) {
    let api = subject.desktop();
    let own = api.submit_task(spec("solo-x7kp2", command("sleep", &["600"]), json!({}))).await.unwrap();
    let said = json!({"ownLane": true});
    let alone = api.submit_task(spec("nightly", command("sleep", &["600"]), said)).await.unwrap();
    let said = json!({"ownLane": false});
    let shared = api.submit_task(spec("build-x7kp3", command("true", &[]), said)).await.unwrap();
    subject.engine.finished(&shared).await;
    let lane = async |name: &str| {
        let lanes = api.ask(GetSummary {}).await.unwrap().lanes;
        lanes.into_iter().find(|lane| lane.slot.as_str() == name)
    };
    let is_own = async |name: &str| lane(name).await.map(|lane| lane.own);
    assert_eq!(is_own("build-x7kp3").await, Some(false), "it is idle, and shared");
    assert_eq!(is_own("nightly").await, Some(true), "the task says so");
    assert_eq!(is_own("solo-x7kp2").await, Some(true), "of one that does not, the name");
    let head = async |id: &TaskId| api.ask(GetTaskRow { id: id.clone() }).await.unwrap().unwrap().task.spec;
    assert!(head(&own).await.own_lane && head(&alone).await.own_lane && !head(&shared).await.own_lane);

    api.ask(ForgetLane { slot: Slot::new("build-x7kp3").unwrap() }).await.unwrap();
    assert_eq!(lane("build-x7kp3").await, None);
    for id in [own, alone, shared] {
        api.delete_task(&id).await.unwrap();
    }
    assert_eq!(lane("nightly").await, None, "nobody shares it");
}

pub async fn a_draft_is_kept_until_it_is_dropped(subject: &Subject) {
    let api = subject.desktop();
    let read = async |draft| api.ask(ReadDraft { draft }).await.unwrap();
    let save = async |text: Option<&str>| {
        api.ask(SaveDraft { draft: DraftKind::NewTask, text: text.map(Into::into) }).await
    };
    assert_eq!(read(DraftKind::NewTask).await, None);
    save(Some("{\"name\": \"nightly\"}")).await.unwrap();
    assert_eq!(read(DraftKind::NewTask).await.as_deref(), Some("{\"name\": \"nightly\"}"));
    assert_eq!(read(DraftKind::ChangedTask).await, None, "there is one of each kind");
    let long = "x".repeat(MAX_DRAFT_BYTES + 1);
    let refused = save(Some(&long)).await.unwrap_err();
    assert!(matches!(&refused, ApiError::InvalidRequest { field, .. } if field == "text"), "{refused:?}");
    save(None).await.unwrap();
    assert_eq!(read(DraftKind::NewTask).await, None);
}

pub async fn a_filter_is_kept_under_a_name(subject: &Subject) {
    let api = subject.desktop();
    assert_eq!(api.ask(ReadViews {}).await.unwrap(), []);
    let view = |name: &str| SavedView {
        name: name.into(),
        filter: "state:failed -lane:etl".into(),
        columns: vec![ListColumn::Name, ListColumn::Took],
    };
    let twice = SavedView { columns: vec![ListColumn::Name, ListColumn::Name], ..view("a") };
    let kept = vec![view("Red"), view("Bad nights")];
    api.ask(SaveViews { views: kept.clone() }).await.unwrap();
    assert_eq!(api.ask(ReadViews {}).await.unwrap(), kept);
    for (views, wrong) in [
        (vec![view("a"), view(" ")], "views[1].name"),
        (vec![view("a"), view("a")], "views[1].name"),
        (vec![view(&"x".repeat(MAX_VIEW_BYTES + 1))], "views[0].filter"),
        (vec![twice], "views[0].columns"),
        ((0..=MAX_VIEWS).map(|n| view(&n.to_string())).collect(), "views"),
    ] {
        let refused = api.ask(SaveViews { views }).await.unwrap_err();
        assert!(matches!(&refused, ApiError::InvalidRequest { field, .. } if field == wrong), "{refused:?}");
    }
    assert_eq!(api.ask(ReadViews {}).await.unwrap(), kept, "what is refused changes nothing");
}

pub async fn a_list_leaves_out_what_it_is_told(subject: &Subject) {
    let api = subject.desktop();
    let named = |name: &str| json!({"labels": {"name": name, "team": name}});
    let slow = api.submit_task(spec("a", command("sleep", &["0.3"]), named("slow"))).await.unwrap();
    let quick = api.submit_task(spec("b", command("true", &[]), named("quick"))).await.unwrap();
    for id in [&slow, &quick] {
        subject.engine.finished(id).await;
    }
    let list = async |query: serde_json::Value| {
        let page = api.ask(ListTasks { query: serde_json::from_value(query).unwrap() }).await.unwrap();
        assert_eq!(page.total, page.rows.len() as u64);
        page.rows.into_iter().map(|row| row.task.metadata.id).collect::<Vec<_>>()
    };
    let only_slow = [
        json!({"without": {"slots": ["b"]}}),
        json!({"without": {"labels": [["team", "quick"]]}}),
        json!({"without": {"texts": ["QUICK"]}}),
        json!({"name": "slo"}),
        json!({"tookAtLeastMs": 300}),
    ];
    for query in only_slow {
        assert_eq!(list(query.clone()).await, std::slice::from_ref(&slow), "{query}");
    }
    assert_eq!(list(json!({"name": "sleep"})).await, [], "that is its command");
    assert_eq!(list(json!({"tookAtMostMs": 86_400_000})).await, [quick, slow]);
    assert_eq!(list(json!({"job": "import"})).await, []);
    let many: Vec<_> = (0..=MAX_LEFT_OUT).map(|n| n.to_string()).collect();
    let query = serde_json::from_value(json!({"without": {"texts": many}})).unwrap();
    let refused = api.ask(ListTasks { query }).await.unwrap_err();
    assert!(matches!(&refused, ApiError::InvalidRequest { field, .. } if field == "without"), "{refused:?}");
}

pub async fn the_last_line_of_each_task_is_told(subject: &Subject) {
    let api = subject.desktop();
    let text = "echo first; printf '\\033[31mpart 3 of 4\\033[0m\\n\\n  \\n'";
    let said = api.submit_task(spec("a", bash(text), json!({}))).await.unwrap();
    let silent = api.submit_task(spec("b", command("true", &[]), json!({}))).await.unwrap();
    let bar = api.submit_task(spec("c", bash("printf '10%%\\r50%%\\r'"), json!({}))).await.unwrap();
    for id in [&said, &silent, &bar] {
        subject.engine.finished(id).await;
    }
    let ids = vec![bar.clone(), nobody(), silent.clone(), said.clone()];
    let lines = api.ask(LastLines { ids }).await.unwrap();
    let lines: Vec<_> = lines.iter().map(|line| (&line.task, line.attempt, line.text.as_str())).collect();
    assert_eq!(lines, [(&bar, 1, "50%"), (&said, 1, "part 3 of 4")]);
    let refused = api.ask(LastLines { ids: vec![nobody(); 101] }).await.unwrap_err();
    assert!(matches!(&refused, ApiError::InvalidRequest { field, .. } if field == "ids"), "{refused:?}");
    for id in [said, silent, bar] {
        api.delete_task(&id).await.unwrap();
    }
}

pub async fn a_task_of_a_job_tells_of_those_before_it(subject: &Subject) {
    let api = subject.desktop();
    let mut ids = vec![];
    for program in ["false", "true", "true"] {
        let job = json!({"job": "of-three"});
        let id = api.submit_task(spec("of-three", command(program, &[]), job)).await.unwrap();
        subject.engine.finished(&id).await;
        ids.push(id);
    }
    let of_job = async |id: &TaskId| api.ask(GetTaskRow { id: id.clone() }).await.unwrap().unwrap().of_job;
    assert_eq!(of_job(&ids[1]).await, [TaskPhase::Failed, TaskPhase::Succeeded], "not of the one after it");
    assert_eq!(of_job(&ids[2]).await.len(), 3);
    for id in ids {
        api.delete_task(&id).await.unwrap();
    }
}

pub async fn a_window_reads_rows_and_hears_of_growth(subject: &Subject) {
    let api = subject.desktop();
    let work = tempfile::tempdir().unwrap();
    let gate = work.path().join("gate");
    assert!(std::process::Command::new("mkfifo").arg(&gate).status().unwrap().success());
    let mut kind = bash("seq 1 500; read -r _ < gate; echo last");
    kind["subprocess"]["cwd"] = json!(work.path());
    let id = api.submit_task(spec("s", kind, json!({}))).await.unwrap();
    subject.engine.running(&id).await;
    let mut infos = api.open(WatchLog { run: RunId::new(id.clone(), 0) }).await.unwrap();
    let read = tokio::time::timeout(PATIENCE, async {
        while infos.next().await.expect("grows").rows < 500 {}
        let rows = api
            .ask(ReadLog { run: RunId::new(id.clone(), 1), from: RowNo::new(490), count: 100 })
            .await
            .unwrap();
        assert_eq!((rows.total, rows.rows.len(), rows.rows[9].text.as_str()), (500, 10, "500"));
        std::fs::write(&gate, "go\n").unwrap();
        let mut last = None;
        while let Some(info) = infos.next().await {
            last = Some(info);
        }
        last.expect("the end is told")
    });
    let last = read.await.expect("the log ends");
    assert_eq!((last.rows, last.live, last.exit_code), (501, false, Some(0)));
    assert_eq!(api.ask(GetLogInfo { run: RunId::new(id.clone(), 0) }).await.unwrap(), last);
    let error =
        api.ask(ReadLog { run: RunId::new(id.clone(), 7), from: RowNo::ZERO, count: 1 }).await.unwrap_err();
    assert!(matches!(&error, ApiError::InvalidRequest { field, .. } if field == "attempt"), "{error:?}");
    assert_eq!(
        api.ask(GetLogInfo { run: RunId::new(nobody(), 0) }).await,
        Err(ApiError::TaskNotFound { id: nobody() })
    );
}

pub async fn a_log_goes_on_behind_any_position(subject: &Subject) {
    let api = subject.desktop();
    let id = api.submit_task(spec("s", bash("seq 1 20; seq 1 20 >&2; exit 1"), json!({}))).await.unwrap();
    subject.engine.finished(&id).await;
    let rest = async |after| -> Vec<(LogPosition, OutputEvent)> {
        let events = api.stream_log_after(&id, after).await.unwrap();
        tokio::time::timeout(PATIENCE, events.collect()).await.expect("the log ends")
    };
    let all = rest(LogPosition::default()).await;
    assert_eq!(all.len(), 42);
    for (n, (position, _)) in all.iter().enumerate() {
        assert_eq!(rest(*position).await, all[n + 1..], "behind {position}");
    }
}

/// Waits until all of the log was searched.
async fn searched(search: &mut OpenedSearch) -> SearchProgress {
    let searched = async {
        loop {
            let progress = search.progress.next().await.expect("goes on until it is dropped");
            if progress.complete {
                return progress;
            }
        }
    };
    tokio::time::timeout(PATIENCE, searched).await.expect("is searched")
}

pub async fn a_log_is_read_in_its_encoding(subject: &Subject) {
    let api = subject.desktop();
    // "Ошибка" of windows-1251, and a line of UTF-8.
    let script =
        r"printf '\316\370\350\341\352\340 \367\362\345\355\350\377 \364\340\351\353\340\n'; echo fine";
    let id = api.submit_task(spec("s", bash(script), json!({}))).await.unwrap();
    subject.engine.finished(&id).await;
    let run = RunId::new(id.clone(), 1);
    let texts = async || -> Vec<String> {
        let rows = api.ask(ReadLog { run: run.clone(), from: RowNo::ZERO, count: 9 }).await.unwrap().rows;
        rows.into_iter().map(|row| row.text).collect()
    };
    let error = "\u{41e}\u{448}\u{438}\u{431}\u{43a}\u{430}";
    let info = api.ask(GetLogInfo { run: run.clone() }).await.unwrap();
    assert_eq!((info.encoding.as_deref(), info.encoding_chosen), (Some("windows-1251"), false));
    let read = texts().await;
    assert!(read[0].starts_with(error), "{read:?}");
    let query = LogQuery { pattern: error.into(), ignore_ansi: true, ..LogQuery::default() };
    let mut search = api.search(OpenSearch { run: run.clone(), query, near: RowNo::ZERO }).await.unwrap();
    assert_eq!(searched(&mut search).await.matches, 1);
    let ranges =
        api.ask(SearchRanges { search_id: search.id.clone(), from: RowNo::ZERO, count: 9 }).await.unwrap();
    assert_eq!(ranges[0].ranges, [(0, 6)]);
    // What is saved as it was printed is what was printed.
    let (end, start) =
        (TextPosition { row: RowNo::new(1), column: 9 }, TextPosition { row: RowNo::ZERO, column: 0 });
    let copied = ReadLogText { run: run.clone(), start, end, timestamps: false, search_id: None };
    assert_eq!(api.ask(copied).await.unwrap().text, format!("{}\nfine", read[0]));

    let choose =
        |encoding: Option<&str>| SetLogEncoding { run: run.clone(), encoding: encoding.map(str::to_owned) };
    let info = api.ask(choose(Some("koi8-r"))).await.unwrap();
    assert_eq!((info.encoding.as_deref(), info.encoding_chosen), (Some("KOI8-R"), true));
    assert!(!texts().await[0].starts_with(error));
    let info = api.ask(choose(Some("utf-8"))).await.unwrap();
    assert_eq!((info.encoding, info.encoding_chosen), (None, true));
    assert!(texts().await[0].starts_with('\u{fffd}'));
    let info = api.ask(choose(None)).await.unwrap();
    assert_eq!((info.encoding.as_deref(), info.encoding_chosen), (Some("windows-1251"), false));
    assert!(texts().await[0].starts_with(error));
    let unknown = api.ask(choose(Some("utf-9"))).await.unwrap_err();
    assert!(matches!(&unknown, ApiError::InvalidRequest { field, .. } if field == "encoding"), "{unknown:?}");
}

pub async fn a_log_is_searched_and_filtered(subject: &Subject) {
    let api = subject.desktop();
    let id = api.submit_task(spec("s", command("seq", &["1", "1000"]), json!({}))).await.unwrap();
    subject.engine.finished(&id).await;
    let query = LogQuery { pattern: "7$".into(), regex: true, ..LogQuery::default() };
    let mut search = api
        .search(OpenSearch { run: RunId::new(id.clone(), 0), query: query.clone(), near: RowNo::ZERO })
        .await
        .unwrap();
    assert_eq!(searched(&mut search).await.matches, 100);
    let hit = api
        .ask(SearchStep { search_id: search.id.clone(), row: RowKey::new(10), forward: true })
        .await
        .unwrap()
        .unwrap();
    assert_eq!((hit.row.row().get(), hit.index, hit.total), (16, 2, 100));
    assert_eq!(
        api.ask(SearchStep { search_id: search.id.clone(), row: RowKey::new(16), forward: false })
            .await
            .unwrap()
            .unwrap()
            .row,
        RowKey::new(6)
    );
    assert_eq!(
        api.ask(SearchRank { search_id: search.id.clone(), row: RowKey::new(500) }).await.unwrap(),
        Rank::new(50)
    );
    let rows =
        api.ask(SearchRows { search_id: search.id.clone(), from: Rank::new(98), count: 10 }).await.unwrap();
    let texts: Vec<_> = rows.rows.iter().map(|row| row.text.as_str()).collect();
    assert_eq!((texts, rows.total), (vec!["987", "997"], 100));
    let ranges = api
        .ask(SearchRanges { search_id: search.id.clone(), from: RowNo::new(90), count: 10 })
        .await
        .unwrap();
    assert_eq!(
        ranges.iter().map(|row| (row.row.get(), row.ranges.clone())).collect::<Vec<_>>(),
        [(96, vec![(1, 2)])]
    );
    let line = |from_byte, forward| SearchLine {
        search_id: search.id.clone(),
        row: RowNo::new(96),
        from_byte,
        forward,
    };
    let found = LineMatch { from_byte: 1, to_byte: 2 };
    assert_eq!(api.ask(line(0, true)).await.unwrap(), Some(found));
    assert_eq!(api.ask(line(2, true)).await.unwrap(), None);
    assert_eq!(api.ask(line(2, false)).await.unwrap(), Some(found));
    let density = api
        .ask(GetLogDensity { run: RunId::new(id.clone(), 1), buckets: 4, search_id: Some(search.id.clone()) })
        .await
        .unwrap();
    let matches: Vec<u64> = density.buckets.iter().map(|bucket| bucket.matches).collect();
    assert_eq!((density.rows, matches), (1_000, vec![25; 4]));

    let hits = tokio::time::timeout(
        PATIENCE,
        api.open(SearchAll { query, ids: None }).await.unwrap().collect::<Vec<_>>(),
    );
    let hits = hits.await.expect("all are searched");
    assert!(hits.last().is_some_and(|last| last.complete));
    let found: Vec<_> = hits.iter().flat_map(|hits| &hits.tasks).map(|run| (&run.id, run.matches)).collect();
    assert_eq!(found, [(&id, 100)]);

    let bad = LogQuery { pattern: "(".into(), regex: true, ..LogQuery::default() };
    let error = api
        .search(OpenSearch { run: RunId::new(id.clone(), 0), query: bad, near: RowNo::ZERO })
        .await
        .err()
        .unwrap();
    assert!(
        matches!(&error, ApiError::InvalidRequest { field, .. } if field == "query.pattern"),
        "{error:?}"
    );
    let error = api.ask(SearchRank { search_id: "nobody".into(), row: RowKey::ZERO }).await.unwrap_err();
    assert!(matches!(&error, ApiError::InvalidRequest { .. }), "{error:?}");
}

/// All of an export, and its rows as they are counted.
async fn saved(export: ExportStream) -> (String, u64) {
    let (mut bytes, mut rows) = (vec![], 0);
    for chunk in export.collect::<Vec<_>>().await {
        let chunk = chunk.unwrap();
        bytes.extend_from_slice(&chunk.bytes);
        rows += chunk.rows;
    }
    (String::from_utf8(bytes).unwrap(), rows)
}

pub async fn parts_of_logs_are_copied_saved_and_merged(subject: &Subject) {
    let api = subject.desktop();
    let id = api.submit_task(spec("s", command("seq", &["1", "100"]), json!({}))).await.unwrap();
    subject.engine.finished(&id).await;
    let (start, end) =
        (TextPosition { row: RowNo::new(9), column: 1 }, TextPosition { row: RowNo::new(11), column: 1 });
    let copied = api
        .ask(ReadLogText { run: RunId::new(id.clone(), 1), start, end, timestamps: false, search_id: None })
        .await
        .unwrap();
    assert_eq!((copied.text.as_str(), copied.truncated), ("0\n11\n1", false));
    let line = api
        .ask(ReadLine {
            run: RunId::new(id.clone(), 1),
            row: RowNo::new(99),
            from_byte: 1,
            count: 10,
            search_id: None,
        })
        .await
        .unwrap();
    assert_eq!((line.text.as_str(), line.from_byte, line.full_len), ("00", 1, 3));

    let (text, rows) = saved(
        api.download(ExportLog { run: RunId::new(id.clone(), 1), timestamps: false, search_id: None })
            .await
            .unwrap(),
    )
    .await;
    let expected: String = (1..=100).map(|n| format!("{n}\n")).collect();
    assert_eq!((text, rows), (expected, 100));

    let source = RunId::new(id.clone(), 1);
    let merged = api
        .ask(ReadMerged { sources: vec![source.clone(), source], from: MergedPosition::new(198), count: 10 })
        .await
        .unwrap();
    assert_eq!((merged.total, merged.rows.len(), merged.rows[1].row.text.as_str()), (200, 2, "100"));
}

pub async fn several_logs_are_searched_as_one(subject: &Subject) {
    let api = subject.desktop();
    let mut sources = vec![];
    for (first, last) in [("1", "100"), ("101", "200")] {
        let id = api.submit_task(spec("s", command("seq", &[first, last]), json!({}))).await.unwrap();
        subject.engine.finished(&id).await;
        sources.push(RunId::new(id, 1));
    }
    let query = LogQuery { pattern: "7$".into(), regex: true, ..LogQuery::default() };
    let mut search = api
        .search(OpenMergedSearch {
            sources: sources.clone(),
            query: query.clone(),
            near: MergedPosition::new(100),
        })
        .await
        .unwrap();
    let progress = searched(&mut search).await;
    assert_eq!((progress.matches, progress.nearest), (20, Some(RowKey::new(106))));
    let hit = api
        .ask(SearchStep { search_id: search.id.clone(), row: RowKey::new(96), forward: true })
        .await
        .unwrap()
        .unwrap();
    assert_eq!((hit.row.position().get(), hit.index, hit.total), (106, 11, 20));
    assert_eq!(
        api.ask(SearchStep { search_id: search.id.clone(), row: RowKey::new(106), forward: false })
            .await
            .unwrap()
            .unwrap()
            .row,
        RowKey::new(96)
    );
    assert_eq!(
        api.ask(SearchStep { search_id: search.id.clone(), row: RowKey::new(196), forward: true })
            .await
            .unwrap()
            .unwrap()
            .row,
        RowKey::new(6)
    );
    assert_eq!(
        api.ask(SearchRank { search_id: search.id.clone(), row: RowKey::new(100) }).await.unwrap(),
        Rank::new(10)
    );
    let page = api
        .ask(MergedSearchRows { search_id: search.id.clone(), from: Rank::new(9), count: 2 })
        .await
        .unwrap();
    let found: Vec<_> =
        page.rows.iter().map(|row| (row.position.get(), row.source, row.row.text.as_str())).collect();
    assert_eq!((page.total, found), (20, vec![(96, 0, "97"), (106, 1, "107")]));
    // Each of the logs is searched by itself, too.
    let ranges = api
        .ask(SearchRanges { search_id: format!("{}-1", search.id), from: RowNo::ZERO, count: 10 })
        .await
        .unwrap();
    let ranges: Vec<_> = ranges.iter().map(|row| (row.row.get(), row.ranges.clone())).collect();
    assert_eq!(ranges, [(6, vec![(2, 3)])]);
    let density = api
        .ask(MergedDensity { sources: sources.clone(), buckets: 4, search_id: Some(search.id.clone()) })
        .await
        .unwrap();
    let slices: Vec<_> = density.buckets.iter().map(|slice| (slice.stdout, slice.matches)).collect();
    assert_eq!((density.rows, slices), (200, vec![(50, 5); 4]));

    // What is found is saved as a file, and so is one stream of all of them.
    let (text, rows) = saved(
        api.download(ExportMerged {
            sources: sources.clone(),
            timestamps: false,
            search_id: Some(search.id.clone()),
        })
        .await
        .unwrap(),
    )
    .await;
    assert_eq!(
        (text.lines().next(), text.lines().last(), rows),
        (Some("seq 1 100: 7"), Some("seq 101 200: 197"), 20)
    );
    let (text, rows) = saved(
        api.download(ExportMerged { sources: sources.clone(), timestamps: true, search_id: None })
            .await
            .unwrap(),
    )
    .await;
    let first = text.lines().next().unwrap_or_default();
    // The local time, with its offset.
    let (time, line) = first.split_once(' ').unwrap_or_default();
    assert!(rows == 200 && line == "seq 1 100: 1", "{rows} {first}");
    assert!(time.len() == 29 && matches!(time.as_bytes()[23], b'+' | b'-'), "{first}");
    let stderr = LogQuery { stream: Some(OutputStreamKind::Stderr), ..LogQuery::default() };
    let mut stderr = api
        .search(OpenMergedSearch { sources: sources.clone(), query: stderr, near: MergedPosition::ZERO })
        .await
        .unwrap();
    assert_eq!(searched(&mut stderr).await.matches, 0);

    let places = [(1, 0), (0, 99), (1, 99)].map(|(source, row)| SourceRow { source, row: RowNo::new(row) });
    assert_eq!(
        api.ask(MergedPositions { sources: sources.clone(), rows: places.to_vec() }).await.unwrap(),
        [100, 99, 199].map(MergedPosition::new)
    );

    // A time leads to the first row that was written then or later.
    let page = api
        .ask(ReadMerged { sources: sources.clone(), from: MergedPosition::new(100), count: 1 })
        .await
        .unwrap();
    let at = page.rows[0].row.ts;
    let position = api.ask(MergedPositionAt { sources: sources.clone(), at }).await.unwrap();
    let there = api.ask(ReadMerged { sources: sources.clone(), from: position, count: 1 }).await.unwrap();
    assert!(position <= MergedPosition::new(100) && there.rows[0].row.ts >= at, "{position}");
    let alone = vec![sources[1].clone()];
    assert_eq!(
        api.ask(MergedPositionAt { sources: alone.clone(), at: 0 }).await.unwrap(),
        MergedPosition::ZERO
    );
    assert_eq!(
        api.ask(MergedPositionAt { sources: alone, at: u64::MAX / 4 }).await.unwrap(),
        MergedPosition::new(99)
    );

    for (wrong, field) in [
        (
            api.ask(MergedPositions {
                sources: sources.clone(),
                rows: vec![SourceRow { source: 2, row: RowNo::ZERO }],
            })
            .await
            .err(),
            "rows",
        ),
        (
            api.download(ExportMerged {
                sources: vec![sources[0].clone()],
                timestamps: false,
                search_id: Some(search.id.clone()),
            })
            .await
            .err(),
            "searchId",
        ),
        (
            api.ask(SearchRows { search_id: search.id.clone(), from: Rank::ZERO, count: 1 }).await.err(),
            "searchId",
        ),
        (
            api.ask(MergedSearchRows { search_id: format!("{}-0", search.id), from: Rank::ZERO, count: 1 })
                .await
                .err(),
            "searchId",
        ),
        (
            api.ask(MergedDensity {
                sources: vec![sources[0].clone()],
                buckets: 4,
                search_id: Some(search.id.clone()),
            })
            .await
            .err(),
            "searchId",
        ),
        (
            api.search(OpenMergedSearch {
                sources: vec![sources[0].clone(); 17],
                query,
                near: MergedPosition::ZERO,
            })
            .await
            .err(),
            "sources",
        ),
    ] {
        assert!(
            matches!(&wrong, Some(ApiError::InvalidRequest { field: of, .. }) if of == field),
            "{wrong:?}"
        );
    }
    let part = format!("{}-0", search.id);
    drop(search);
    let closed = async {
        while api.ask(SearchRank { search_id: part.clone(), row: RowKey::ZERO }).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, closed).await.expect("ends with its reader");
}

pub async fn rows_are_marked(subject: &Subject) {
    let api = subject.desktop();
    let id = api.submit_task(spec("s", command("seq", &["1", "10"]), json!({}))).await.unwrap();
    subject.engine.finished(&id).await;
    let mark = api
        .ask(SetBookmark { run: RunId::new(id.clone(), 1), row: RowNo::new(3), note: "here: ü".into() })
        .await
        .unwrap();
    assert_eq!((mark.attempt, mark.row.get(), mark.note.as_str()), (1, 3, "here: ü"));
    assert_eq!(api.ask(ListBookmarks { id: id.clone() }).await.unwrap(), [mark]);
    for _ in 0..2 {
        api.ask(DeleteBookmark { run: RunId::new(id.clone(), 1), row: RowNo::new(3) }).await.unwrap();
    }
    assert_eq!(api.ask(ListBookmarks { id: id.clone() }).await.unwrap(), []);
    assert_eq!(
        api.ask(SetBookmark { run: RunId::new(nobody(), 1), row: RowNo::ZERO, note: String::new() }).await,
        Err(ApiError::TaskNotFound { id: nobody() })
    );
}
