//! The stories of what a window needs beside the six methods.

use crate::engine::{PATIENCE, bash, command, spec};
use crate::subjects::Subject;
use serde_json::json;
use solti_api::ApiError;
use solti_api::operations::{
    CompleteDirectory, CompleteProgram, CountExpired, ForgetLane, GetRunEnvironment, GetSummary, GetTaskRow,
    GetTaskRows, HasDirectory, LastLines, ListLanes, ListTasks, Operations as _, ReadDraft, ReadLog,
    ReadViews, RerunTask, SaveDraft, SaveViews, SetBookmark, SetLane, SetLaneRules, StopTask, TaskEvents,
    ValidateSpec, WatchTasks,
};
use solti_model::{
    DraftKind, ListColumn, ListQuery, MAX_DRAFT_BYTES, MAX_LEFT_OUT, MAX_TASK_ROWS, MAX_VIEW_BYTES,
    MAX_VIEWS, RowNo, RunId, RunVariableOrigin, SavedView, Slot, StopMode, TaskEventKind, TaskId, TaskPhase,
    Waiting,
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

pub async fn a_lane_spans_machines(subject: &Subject) {
    let api = subject.desktop();
    let slot = Slot::new("wide").unwrap();
    let ask = |rules: serde_json::Value| SetLaneRules {
        slot: slot.clone(),
        rules: serde_json::from_value(rules).unwrap(),
    };
    let here = |places: u32| json!({"machines": [{"name": "here", "places": places}]});
    let lane = api.ask(ask(here(5))).await.unwrap();
    assert_eq!((lane.capacity, lane.rules.machines.len()), (5, 1), "as many as they have together");
    assert_eq!(api.ask(ListLanes {}).await.unwrap(), std::slice::from_ref(&lane));
    let two = json!({"machines": [{"name": "here", "places": 1}, {"name": "nas", "places": 4}]});
    for (rules, wrong) in [(here(0), "rules.machines[0].places"), (two, "rules.machines[1].name")] {
        let error = api.ask(ask(rules)).await.unwrap_err();
        assert!(matches!(&error, ApiError::InvalidRequest { field, .. } if field == wrong), "{error:?}");
    }
    let fewer = api.ask(SetLane { slot: slot.clone(), capacity: Some(2), paused: None }).await.unwrap();
    assert_eq!((fewer.capacity, &fewer.rules), (2, &lane.rules), "a smaller number holds");
    let alone = api.ask(ask(json!({}))).await.unwrap();
    assert_eq!(alone.capacity, 2, "the number that was set last is its own");
    api.ask(SetLane { slot: slot.clone(), capacity: Some(1), paused: None }).await.unwrap();
    assert_eq!(api.ask(ListLanes {}).await.unwrap(), []);
}

pub async fn a_shared_lane_is_listed_while_nothing_is_in_it(subject: &Subject) {
    let api = subject.desktop();
    let own = api.submit_task(spec("solo-x7kp2", command("sleep", &["600"]), json!({}))).await.unwrap();
    let said = json!({"ownLane": true});
    let alone = api.submit_task(spec("nightly", command("sleep", &["600"]), said)).await.unwrap();
    let said = json!({"ownLane": true, "notBefore": 4_000_000_000_000_u64});
    let later = api.submit_task(spec("later", command("true", &[]), said)).await.unwrap();
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
    assert_eq!(is_own("later").await, Some(true), "whatever the task waits for");
    assert_eq!(is_own("solo-x7kp2").await, Some(true), "of one that does not, the name");
    let head = async |id: &TaskId| api.ask(GetTaskRow { id: id.clone() }).await.unwrap().unwrap().task.spec;
    assert!(head(&own).await.own_lane && head(&alone).await.own_lane && !head(&shared).await.own_lane);

    let forget = async |name: &str| api.ask(ForgetLane { slot: Slot::new(name).unwrap() }).await;
    forget("build-x7kp3").await.unwrap();
    assert_eq!(lane("build-x7kp3").await, None);
    // What stays on the lists is not told as taken off them.
    let set = |capacity| SetLane { slot: Slot::new("wide").unwrap(), capacity: Some(capacity), paused: None };
    api.ask(set(3)).await.unwrap();
    for name in ["wide", "nightly"] {
        assert!(matches!(forget(name).await.unwrap_err(), ApiError::Conflict { .. }), "{name}");
        assert!(lane(name).await.is_some(), "{name}");
    }
    api.ask(set(1)).await.unwrap();
    forget("wide").await.unwrap();
    assert_eq!(lane("wide").await, None);
    for id in [own, alone, later, shared] {
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
