//! What a person does with tasks, from submit to delete, over the real supervisor, store, shim and processes.

use crate::common;
use async_trait::async_trait;
use common::{Engine, bash, chunk, command, spec};
use serde_json::json;
use solti_api::operations::{
    GetSummary, GetTaskRow, ListTasks, Operations as _, ReadLog, RerunTask, SetLane, StopTask, TaskEvents,
    ValidateSpec, WatchLog, WatchTasks,
};
use solti_api::{ApiError, ApiHandler, OutputEventStream};
use solti_model::{
    ListQuery, OutputEvent, OutputStreamKind, RowNo, RunId, Slot, StopMode, Task, TaskEventKind, TaskId,
    TaskPage, TaskPhase, TaskQuery, TaskRun, TaskSpec, Waiting,
};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio_stream::StreamExt as _;

#[tokio::test(flavor = "multi_thread")]
async fn a_task_runs_and_leaves_its_exit_code_its_run_its_log_and_its_history() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    let id =
        engine.api.submit_task(spec("s", bash("echo out; echo err >&2; exit 3"), json!({}))).await.unwrap();
    let task = engine.finished(&id).await;
    assert_eq!(
        (task.status.phase, task.status.exit_code, task.status.attempt),
        (TaskPhase::Failed, Some(3), 1)
    );
    assert_eq!(task.status.error.as_deref(), Some("exit 3"));

    let runs = engine.api.list_task_runs(&id).await.unwrap();
    assert_eq!(
        runs.iter().map(|run| (run.attempt, run.phase, run.exit_code)).collect::<Vec<_>>(),
        [(1, TaskPhase::Failed, Some(3))]
    );
    assert!(runs[0].finished_at >= Some(runs[0].started_at));

    let log = engine.log(&id).await;
    assert!(matches!(log.first(), Some(OutputEvent::RunStarted { attempt: 1, .. })), "{log:?}");
    assert!(
        matches!(log.last(), Some(OutputEvent::RunFinished { attempt: 1, exit_code: Some(3), .. })),
        "{log:?}"
    );
    let chunks: BTreeSet<_> = log
        .iter()
        .filter_map(chunk)
        .map(|(_, stream, seq, line)| (stream == OutputStreamKind::Stderr, seq, line))
        .collect();
    assert_eq!(chunks, BTreeSet::from([(false, 0, "out"), (true, 0, "err")]));

    let kinds: Vec<_> = engine
        .api
        .ask(TaskEvents { id: id.clone() })
        .await
        .unwrap()
        .into_iter()
        .map(|event| event.kind)
        .collect();
    use TaskEventKind::{Admitted, Exited, Finished, Queued, Started};
    assert_eq!(kinds, [Queued, Admitted, Started, Exited, Finished]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_for_the_log_after_the_submit_gets_every_line_a_hundred_times() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    let expected: Vec<String> = (1..=50).map(|n| n.to_string()).collect();
    for round in 0..100 {
        let id = engine
            .api
            .submit_task(spec(&format!("r{round}"), command("seq", &["1", "50"]), json!({})))
            .await
            .unwrap();
        assert_eq!(engine.lines(&id).await, expected, "round {round}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_of_tasks_ends_each_in_its_phase_with_its_code() {
    for count in [300_usize, 3_000] {
        let dir = tempfile::tempdir().unwrap();
        let engine = Arc::new(Engine::open(dir.path()).await);
        let submits = (0..count).map(|n| {
            let engine = Arc::clone(&engine);
            tokio::spawn(async move {
                let kind = command("sh", &["-c", &format!("exit {}", n % 4)]);
                engine.api.submit_task(spec(&format!("lane-{n}"), kind, json!({}))).await.unwrap()
            })
        });
        let mut ids = Vec::new();
        for submit in submits.collect::<Vec<_>>() {
            ids.push(submit.await.unwrap());
        }
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), count);
        for (n, id) in ids.iter().enumerate() {
            let task = engine.finished(id).await;
            let phase = if n % 4 == 0 { TaskPhase::Succeeded } else { TaskPhase::Failed };
            assert_eq!((task.status.phase, task.status.exit_code), (phase, Some((n % 4) as i32)));
        }
        let page =
            engine.api.query_tasks(TaskQuery { limit: Some(1), ..TaskQuery::default() }).await.unwrap();
        assert_eq!(page.total, count as u64);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_start_fails_at_once_in_one_sentence() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    let always = json!({"restart": {"type": "always"}});
    let missing_dir =
        json!({"subprocess": {"mode": {"command": {"command": "true"}}, "cwd": "/no/such/place"}});
    for (slot, kind, words) in [
        ("a", command("no-such-program-anywhere", &[]), "no-such-program-anywhere"),
        ("b", missing_dir, "/no/such/place"),
        ("c", command("/etc/passwd", &[]), "/etc/passwd"),
    ] {
        let id = engine.api.submit_task(spec(slot, kind, always.clone())).await.unwrap();
        let task = engine.finished(&id).await;
        assert_eq!((task.status.phase, task.status.attempt), (TaskPhase::Failed, 1));
        let error = task.status.error.unwrap();
        assert!(error.contains(words), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_lane_refuses_queues_or_replaces() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    let sleep = || command("sleep", &["600"]);
    let first = engine.api.submit_task(spec("lane", sleep(), json!({}))).await.unwrap();
    engine.running(&first).await;

    let refused = engine.api.submit_task(spec("lane", sleep(), json!({}))).await.unwrap_err();
    assert_eq!(
        refused,
        ApiError::SlotBusy {
            slot: Slot::new("lane").unwrap(),
            running: first.clone(),
            reason: format!("lane lane is busy with task {first}"),
        }
    );

    let labels = json!({"admission": "queue", "labels": {"name": "second"}});
    let second = engine.api.submit_task(spec("lane", command("echo", &["2"]), labels)).await.unwrap();
    let third = engine
        .api
        .submit_task(spec("lane", command("echo", &["3"]), json!({"admission": "queue"})))
        .await
        .unwrap();
    let row = engine.api.ask(GetTaskRow { id: third.clone() }).await.unwrap().unwrap();
    assert_eq!(row.waiting, Some(Waiting::Lane { position: 2, behind: "second".into() }));

    let replacing = engine
        .api
        .submit_task(spec("lane", command("echo", &["now"]), json!({"admission": "replace"})))
        .await
        .unwrap();
    assert_eq!(engine.finished(&first).await.status.phase, TaskPhase::Canceled);
    let mut ends = Vec::new();
    for id in [&replacing, &second, &third] {
        assert_eq!(engine.finished(id).await.status.phase, TaskPhase::Succeeded);
        ends.push(engine.api.list_task_runs(id).await.unwrap()[0].started_at);
    }
    assert!(ends.is_sorted(), "the replacement first, then the queue in order: {ends:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lane_runs_as_many_as_its_capacity_and_none_while_paused() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    let slot = Slot::new("wide").unwrap();
    engine.api.ask(SetLane { slot: slot.clone(), capacity: Some(2), paused: Some(true) }).await.unwrap();
    let mut ids = Vec::new();
    for _ in 0..3 {
        let kind = command("sleep", &["600"]);
        ids.push(engine.api.submit_task(spec("wide", kind, json!({"admission": "queue"}))).await.unwrap());
    }
    let row = engine.api.ask(GetTaskRow { id: ids[0].clone() }).await.unwrap().unwrap();
    assert_eq!(row.waiting, Some(Waiting::LanePaused));
    let refused = engine.api.submit_task(spec("wide", command("true", &[]), json!({}))).await.unwrap_err();
    let waits = format!("task {} waits in lane wide already: the lane is paused", ids[0]);
    assert_eq!((refused.code(), refused.to_string()), ("SlotBusy", waits));
    let lane =
        engine.api.ask(SetLane { slot: slot.clone(), capacity: None, paused: Some(false) }).await.unwrap();
    assert_eq!((lane.running, lane.queued, lane.capacity), (2, 1, 2));
    engine.running(&ids[0]).await;
    engine.running(&ids[1]).await;
    for id in &ids {
        engine.api.delete_task(id).await.unwrap();
    }
    assert_eq!(
        engine
            .api
            .ask(SetLane { slot: slot.clone(), capacity: Some(0), paused: None })
            .await
            .unwrap_err()
            .code(),
        "InvalidRequest"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_are_retried_with_run_marks_until_the_retries_are_spent() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    let policy = json!({"restart": {"type": "onFailure"}, "maxRetries": 2,
                        "backoff": {"jitter": "none", "firstMs": 1, "maxMs": 1, "factor": 1.0}});
    let id = engine.api.submit_task(spec("s", bash("echo try; exit 1"), policy)).await.unwrap();
    let log = engine.log(&id).await;
    let marks: Vec<_> = log
        .iter()
        .map(|event| match event {
            OutputEvent::RunStarted { attempt, .. } => format!("start {attempt}"),
            OutputEvent::Chunk { attempt, seq, line, .. } => format!("{line} {attempt} {seq}"),
            OutputEvent::RunFinished { attempt, exit_code, .. } => format!("end {attempt} {exit_code:?}"),
            OutputEvent::Lagged { .. } => "lagged".into(),
        })
        .collect();
    assert_eq!(
        marks,
        [
            "start 1",
            "try 1 0",
            "end 1 Some(1)",
            "start 2",
            "try 2 0",
            "end 2 Some(1)",
            "start 3",
            "try 3 0",
            "end 3 Some(1)"
        ]
    );
    let task = engine.finished(&id).await;
    assert_eq!(
        (task.status.phase, task.status.attempt, task.status.exit_code),
        (TaskPhase::Exhausted, 3, Some(1))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_timeout_ends_the_run_and_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    let id =
        engine.api.submit_task(spec("s", command("sleep", &["600"]), json!({"timeout": 200}))).await.unwrap();
    let task = engine.finished(&id).await;
    assert_eq!(task.status.phase, TaskPhase::Timeout);
    assert_eq!(task.status.error.as_deref(), Some("timed out after 200 ms"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_cancels_and_a_second_one_conflicts() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    let id = engine
        .api
        .submit_task(spec("s", bash("trap '' TERM; while :; do sleep 0.05; done"), json!({})))
        .await
        .unwrap();
    engine.running(&id).await;
    engine.api.ask(StopTask { id: id.clone(), mode: StopMode::Graceful }).await.unwrap();
    assert_eq!(engine.finished(&id).await.status.phase, TaskPhase::Canceled);
    assert_eq!(
        engine.api.ask(StopTask { id: id.clone(), mode: StopMode::Kill }).await.unwrap_err().code(),
        "Conflict"
    );
    let unknown = TaskId::new("unknown").unwrap();
    assert_eq!(
        engine.api.ask(StopTask { id: unknown.clone(), mode: StopMode::Kill }).await.unwrap_err().code(),
        "TaskNotFound"
    );
    let waiting = engine
        .api
        .ask(SetLane { slot: Slot::new("s").unwrap(), capacity: None, paused: Some(true) })
        .await
        .unwrap();
    assert!(waiting.paused);
    let queued =
        engine.api.submit_task(spec("s", command("true", &[]), json!({"admission": "queue"}))).await.unwrap();
    engine.api.ask(StopTask { id: queued.clone(), mode: StopMode::Graceful }).await.unwrap();
    let task = engine.api.get_task_status(&queued).await.unwrap().unwrap();
    assert_eq!(
        (task.status.phase, task.status.attempt),
        (TaskPhase::Canceled, 0),
        "stored when the stop returns"
    );
    engine
        .api
        .ask(SetLane { slot: Slot::new("s").unwrap(), capacity: None, paused: Some(false) })
        .await
        .unwrap();

    let again = engine.api.ask(RerunTask { id: id.clone() }).await.unwrap();
    assert_ne!(again, id);
    engine.api.ask(StopTask { id: again.clone(), mode: StopMode::Kill }).await.unwrap();
    assert_eq!(engine.finished(&again).await.status.phase, TaskPhase::Canceled);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_task_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    let running = engine.api.submit_task(spec("a", bash("echo x; sleep 600"), json!({}))).await.unwrap();
    engine.running(&running).await;
    let finished = engine.api.submit_task(spec("b", command("echo", &["x"]), json!({}))).await.unwrap();
    engine.finished(&finished).await;
    for id in [&running, &finished] {
        engine.api.delete_task(id).await.unwrap();
        assert_eq!(engine.api.get_task_status(id).await.unwrap(), None);
        assert!(!engine.supervisor.folders().task(id).exists());
        assert_eq!(engine.api.list_task_runs(id).await.unwrap_err().code(), "TaskNotFound");
        assert!(matches!(engine.api.stream_task_logs(id).await, Err(ApiError::TaskNotFound { .. })));
        engine.api.delete_task(id).await.expect("deleting twice is fine");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finished_run_keeps_its_log_alone_and_nothing_when_it_printed_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    let silent = engine.api.submit_task(spec("a", command("true", &[]), json!({}))).await.unwrap();
    let printed = engine.api.submit_task(spec("b", command("echo", &["x"]), json!({}))).await.unwrap();
    engine.finished(&silent).await;
    engine.finished(&printed).await;
    // A shutdown waits for what follows an end.
    engine.supervisor.shut_down().await;
    // One file, in which `grep` finds what was printed; what the index said is an attribute of it.
    let task = engine.supervisor.folders().task(&printed);
    let names: Vec<_> = std::fs::read_dir(&task).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert_eq!(names, ["1.log"]);
    assert_eq!(std::fs::read(task.join("1.log")).unwrap(), b"x\n");
    assert!(!engine.supervisor.folders().task(&silent).exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn kinds_without_a_runner_are_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    for kind in [json!({"container": {"image": "a:b"}}), json!({"wasm": {"module": "/m.wasm"}})] {
        let spec = spec("s", kind, json!({}));
        for error in [
            engine.api.submit_task(spec.clone()).await.map(drop).unwrap_err(),
            engine.api.ask(ValidateSpec { spec: (&spec).into() }).await.unwrap_err(),
        ] {
            assert!(matches!(&error, ApiError::InvalidRequest { field, .. } if field == "kind"), "{error:?}");
        }
    }
    let total = engine.api.query_tasks(TaskQuery::default()).await.unwrap().total;
    assert_eq!(total, 0, "a refused task is not stored");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_reads_rows_and_hears_of_growth_until_the_end() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    let script = "for i in $(seq 1 500); do echo line $i; done; read -r _ < gate; echo last";
    std::fs::create_dir(dir.path().join("work")).unwrap();
    let gate = dir.path().join("work/gate");
    assert!(std::process::Command::new("mkfifo").arg(&gate).status().unwrap().success());
    let mut kind = bash(script);
    kind["subprocess"]["cwd"] = json!(dir.path().join("work"));
    let id = engine.api.submit_task(spec("s", kind, json!({}))).await.unwrap();
    engine.running(&id).await;
    let mut infos = engine.api.open(WatchLog { run: RunId::new(id.clone(), 0) }).await.unwrap();
    let within = tokio::time::timeout(common::PATIENCE, async {
        while infos.next().await.expect("grows").rows < 500 {}
        let rows = engine
            .api
            .ask(ReadLog { run: RunId::new(id.clone(), 1), from: RowNo::new(490), count: 100 })
            .await
            .unwrap();
        assert_eq!((rows.total, rows.rows.len()), (500, 10));
        assert_eq!((rows.rows[9].text.as_str(), rows.rows[9].row.get()), ("line 500", 499));
        std::fs::write(&gate, "go\n").unwrap();
        let mut last = None;
        while let Some(info) = infos.next().await {
            last = Some(info);
        }
        last.expect("the end is told")
    });
    let last = within.await.expect("the log ends");
    assert_eq!(
        (last.rows, last.live, last.exit_code, last.phase),
        (501, false, Some(0), TaskPhase::Succeeded)
    );
    let error = engine
        .api
        .ask(ReadLog { run: RunId::new(id.clone(), 7), from: RowNo::ZERO, count: 1 })
        .await
        .unwrap_err();
    assert!(matches!(error, ApiError::InvalidRequest { field, .. } if field == "attempt"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_paged_and_watched() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    let mut changes = engine.api.open(WatchTasks::all()).await.unwrap();
    assert!(changes.next().await.unwrap().changed.is_empty());
    let mut ids = Vec::new();
    for n in 0..5 {
        let labels =
            json!({"labels": {"name": format!("task {n}"), "team": if n % 2 == 0 { "red" } else { "blue" }}});
        let id = engine.api.submit_task(spec(&format!("l{n}"), command("true", &[]), labels)).await.unwrap();
        engine.finished(&id).await;
        ids.insert(0, id);
    }
    let first = engine
        .api
        .ask(ListTasks { query: ListQuery { limit: Some(3), ..ListQuery::default() } })
        .await
        .unwrap();
    let second = engine
        .api
        .ask(ListTasks {
            query: ListQuery { limit: Some(3), cursor: first.next_cursor, ..ListQuery::default() },
        })
        .await
        .unwrap();
    let listed: Vec<_> =
        first.rows.iter().chain(&second.rows).map(|row| row.task.metadata.id.clone()).collect();
    assert_eq!((listed, first.total, second.next_cursor), (ids.clone(), 5, None));
    assert_eq!(first.rows[0].recent_runs.len(), 1);

    let red = ListQuery { labels: [("team".to_owned(), "red".to_owned())].into(), ..ListQuery::default() };
    assert_eq!(engine.api.ask(ListTasks { query: red }).await.unwrap().total, 3);
    let text = ListQuery { text: Some("TASK 4".into()), ..ListQuery::default() };
    assert_eq!(engine.api.ask(ListTasks { query: text }).await.unwrap().total, 1);
    let bad = ListQuery { cursor: Some("nonsense".into()), ..ListQuery::default() };
    assert!(
        matches!(engine.api.ask(ListTasks { query: bad }).await, Err(ApiError::InvalidRequest { field, .. }) if field == "cursor")
    );

    let mut seen = BTreeSet::new();
    let watched = tokio::time::timeout(common::PATIENCE, async {
        while seen.len() < 5 {
            let change = changes.next().await.expect("open");
            seen.extend(
                change
                    .changed
                    .into_iter()
                    .filter(|row| row.task.status.phase.is_terminal())
                    .map(|row| row.task.metadata.id),
            );
        }
    });
    watched.await.expect("every task is heard of");
    let summary = engine.api.ask(GetSummary {}).await.unwrap();
    assert_eq!(summary.by_phase[&TaskPhase::Succeeded], 5);
}

/// Counts calls and hands them on: what a guard of a user of this crate looks like.
struct Counting {
    inner: Arc<dyn ApiHandler>,
    submits: AtomicUsize,
}

#[async_trait]
impl ApiHandler for Counting {
    async fn submit_task(&self, spec: TaskSpec) -> Result<TaskId, ApiError> {
        self.submits.fetch_add(1, Ordering::Relaxed);
        self.inner.submit_task(spec).await
    }
    async fn get_task_status(&self, id: &TaskId) -> Result<Option<Task>, ApiError> {
        self.inner.get_task_status(id).await
    }
    async fn query_tasks(&self, query: TaskQuery) -> Result<TaskPage<Task>, ApiError> {
        self.inner.query_tasks(query).await
    }
    async fn list_task_runs(&self, id: &TaskId) -> Result<Vec<TaskRun>, ApiError> {
        self.inner.list_task_runs(id).await
    }
    async fn delete_task(&self, id: &TaskId) -> Result<(), ApiError> {
        self.inner.delete_task(id).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn anyone_can_wrap_a_handler_and_without_a_log_of_its_own_it_streams_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    let counting = Counting { inner: Arc::new(engine.api.clone()), submits: AtomicUsize::new(0) };
    let id = counting.submit_task(spec("s", command("echo", &["x"]), json!({}))).await.unwrap();
    engine.finished(&id).await;
    assert_eq!(counting.submits.load(Ordering::Relaxed), 1);
    let stream: OutputEventStream = counting.stream_task_logs(&id).await.unwrap();
    assert_eq!(stream.collect::<Vec<_>>().await, []);
}
