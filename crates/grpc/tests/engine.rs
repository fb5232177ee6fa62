//! The whole engine behind gRPC: what a client gets is what the engine holds.

mod common;
#[path = "../../api/tests/common/mod.rs"]
mod engine;

use common::Served;
use engine::{Engine, bash, command, spec};
use futures::StreamExt as _;
use serde_json::json;
use solti_api::{ApiError, ApiHandler};
use solti_grpc::ServerOptions;
use solti_model::{OutputEvent, Slot, TaskId, TaskPhase, TaskQuery};
use std::sync::Arc;

async fn served(engine: &Engine) -> Served {
    Served::unix(Arc::new(engine.api.clone()), ServerOptions::default()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_is_run_read_and_deleted_from_afar() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    let served = served(&engine).await;
    let remote = served.client();
    let order = spec(
        "s",
        bash("echo out; echo err >&2; exit 3"),
        json!({"labels": {"name": "nightly"}, "maxRetries": 2, "timeout": 60_000}),
    );
    let id = remote.submit_task(order.clone()).await.unwrap();
    let live: Vec<_> = remote.stream_task_logs(&id).await.unwrap().collect().await;
    assert_eq!(live.len(), 4, "{live:?}");
    let task = engine.finished(&id).await;
    let log: Vec<_> = remote.stream_task_logs(&id).await.unwrap().collect().await;
    assert_eq!(log, engine.log(&id).await);
    assert_eq!(task.status.phase, TaskPhase::Failed);
    assert_eq!(task.spec, order);
    assert_eq!(remote.get_task_status(&id).await.unwrap(), Some(task.clone()));
    assert_eq!(remote.list_task_runs(&id).await.unwrap(), engine.api.list_task_runs(&id).await.unwrap());

    let other = remote.submit_task(spec("t", command("true", &[]), json!({}))).await.unwrap();
    engine.finished(&other).await;
    let page = |query: TaskQuery| async {
        let (far, near) =
            (remote.query_tasks(query.clone()).await.unwrap(), engine.api.query_tasks(query).await.unwrap());
        assert_eq!(far, near);
        (far.items.into_iter().map(|task| task.metadata.id).collect::<Vec<_>>(), far.total)
    };
    assert_eq!(page(TaskQuery::default()).await, (vec![other.clone(), id.clone()], 2));
    let ended = vec![TaskPhase::Failed, TaskPhase::Succeeded];
    assert_eq!(
        page(TaskQuery { status: ended, limit: Some(1), ..Default::default() }).await,
        (vec![other.clone()], 2)
    );
    let slot = Some(Slot::new("s").unwrap());
    assert_eq!(page(TaskQuery { slot, ..Default::default() }).await, (vec![id.clone()], 1));
    assert_eq!(page(TaskQuery { offset: 1, ..Default::default() }).await, (vec![id.clone()], 2));
    assert_eq!(page(TaskQuery { limit: Some(0), ..Default::default() }).await, (vec![], 2));

    for _ in 0..2 {
        remote.delete_task(&id).await.unwrap();
        assert_eq!(remote.get_task_status(&id).await.unwrap(), None);
    }
    let gone = ApiError::TaskNotFound { id: id.clone() };
    assert_eq!(remote.list_task_runs(&id).await.unwrap_err(), gone);
    assert_eq!(remote.stream_task_logs(&id).await.map(drop).unwrap_err(), gone);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_lane_and_a_broken_rule_are_told_from_afar() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    let served = served(&engine).await;
    let remote = served.client();
    let running = remote.submit_task(spec("lane", command("sleep", &["600"]), json!({}))).await.unwrap();
    engine.running(&running).await;
    let busy = ApiError::SlotBusy {
        slot: Slot::new("lane").unwrap(),
        running: running.clone(),
        reason: format!("lane lane is busy with task {running}"),
    };
    assert_eq!(remote.submit_task(spec("lane", command("true", &[]), json!({}))).await.unwrap_err(), busy);
    remote.delete_task(&running).await.unwrap();
    let mut broken = spec("lane", command("true", &[]), json!({}));
    broken.backoff.factor = 0.5;
    let error = remote.submit_task(broken).await.unwrap_err();
    assert!(
        matches!(&error, ApiError::InvalidRequest { field, .. } if field == "backoff.factor"),
        "{error:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_for_the_log_after_the_submit_gets_every_line_a_hundred_times() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    let served = served(&engine).await;
    let remote = served.client();
    for round in 0..100 {
        let order = spec(&format!("r{round}"), command("seq", &["1", "50"]), json!({}));
        let id = remote.submit_task(order).await.unwrap();
        assert_eq!(lines(&remote, &id).await, 50, "round {round}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_thousand_lines_come_from_a_running_program_without_a_loss() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    let served = served(&engine).await;
    let remote = served.client();
    let id = remote.submit_task(spec("s", command("seq", &["1", "100000"]), json!({}))).await.unwrap();
    assert_eq!(lines(&remote, &id).await, 100_000);
}

/// The lines of a log of `seq 1 …`, each checked to be the one that is due.
async fn lines(api: &impl ApiHandler, id: &TaskId) -> u64 {
    let mut log = api.stream_task_logs(id).await.unwrap();
    let mut count = 0;
    let read = async {
        while let Some(event) = log.next().await {
            if let OutputEvent::Chunk { seq, line, .. } = event {
                assert_eq!((seq, line.as_ref() as &str), (count, (count + 1).to_string().as_str()));
                count += 1;
            }
        }
    };
    tokio::time::timeout(engine::PATIENCE, read).await.expect("the log ends");
    count
}
