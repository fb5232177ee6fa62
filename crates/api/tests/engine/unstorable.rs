//! What the database does not take: batches that it refuses for good, each kind of them, and numbers that it cannot hold. The task
//! ends in a state that says so, its lane is free, and a restart finds the same.
//!
//! The refusals are real: triggers in the engine's own database, put there while it runs.

use crate::common;
use common::{Engine, PATIENCE, command, spec};
use rusqlite::Connection;
use serde_json::json;
use solti_api::operations::{GetTaskRow, ListLanes, Operations as _, RerunTask, SetLane, StopTask};
use solti_api::{ApiError, ApiHandler as _};
use solti_model::{
    ObjectMeta, RestartStrategy, Slot, StopMode, Task, TaskId, TaskPhase, TaskSpec, TaskStatus, Waiting,
};
use solti_store::{Change, Store, StoredTask};
use std::path::Path;

/// The database refuses each statement of this kind until the guard is dropped.
struct Refusal(Connection);

impl Refusal {
    fn of(dir: &Path, statement: &str) -> Self {
        let db = Connection::open(dir.join("solti.db")).unwrap();
        db.busy_timeout(PATIENCE).unwrap();
        let trigger =
            format!("CREATE TRIGGER refusal BEFORE {statement} BEGIN SELECT RAISE(ABORT, 'refused'); END");
        db.execute_batch(&trigger).unwrap();
        Self(db)
    }

    fn of_event(dir: &Path, kind: &str) -> Self {
        Self::of(dir, &format!("INSERT ON events WHEN NEW.kind = '{kind}'"))
    }
}

impl Drop for Refusal {
    fn drop(&mut self) {
        self.0.execute_batch("DROP TRIGGER refusal").unwrap();
    }
}

async fn lane_is_free(engine: &Engine) {
    let next = engine.api.submit_task(spec("s", command("true", &[]), json!({}))).await.unwrap();
    assert_eq!(engine.finished(&next).await.status.phase, TaskPhase::Succeeded);
}

/// The end of a task whose batch of this kind is refused, as it is also after a restart.
async fn end_without(kind: &str, program: &str) -> Task {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    let held = engine.api.submit_task(spec("s", command("sleep", &["600"]), json!({}))).await.unwrap();
    engine.running(&held).await;
    let again = json!({"admission": "queue", "restart": {"type": "onFailure"}, "backoff": {"firstMs": 1, "maxMs": 1}});
    let id = engine.api.submit_task(spec("s", command(program, &[]), again)).await.unwrap();
    let refusal = Refusal::of_event(dir.path(), kind);
    // Its turn comes. The end of the first one may be refused as well.
    engine.api.ask(StopTask { id: held.clone(), mode: StopMode::Kill }).await.unwrap();
    let task = engine.finished(&id).await;
    engine.finished(&held).await;
    drop(refusal);
    lane_is_free(&engine).await;
    let runs = engine.api.list_task_runs(&id).await.unwrap();
    assert!(runs.iter().all(|run| run.finished_at.is_some()), "{kind}: {runs:?}");
    engine.supervisor.shut_down().await;
    drop(engine);
    let again = Engine::open(dir.path()).await.api.get_task_status(&id).await.unwrap().unwrap();
    // It may have been stored once more meanwhile, as it was.
    assert_eq!((&again.status, &again.spec), (&task.status, &task.spec), "{kind}: a restart changes nothing");
    task
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_whose_batch_is_refused_ends_and_says_so() {
    for (kind, program, phase, says) in [
        ("admitted", "true", TaskPhase::Failed, Some("its next attempt could not be stored")),
        ("started", "true", TaskPhase::Succeeded, None),
        ("retryScheduled", "false", TaskPhase::Failed, Some("its next attempt could not be stored")),
        ("finished", "true", TaskPhase::Succeeded, None),
    ] {
        let task = end_without(kind, program).await;
        assert_eq!(task.status.phase, phase, "{kind}: {task:?}");
        match (says, &task.status.error) {
            (Some(says), Some(error)) => {
                assert!(error.contains(says) && error.contains("refused"), "{error}")
            }
            (says, error) => assert_eq!(says, error.as_deref(), "{kind}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_of_which_nothing_can_be_stored_is_shown_kept_and_stored_later() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    let id = engine.api.submit_task(spec("s", command("sleep", &["600"]), json!({}))).await.unwrap();
    engine.running(&id).await;
    let refusal = Refusal::of(dir.path(), "UPDATE OF phase ON tasks WHEN NEW.phase = 'canceled'");
    engine.api.ask(StopTask { id: id.clone(), mode: StopMode::Kill }).await.unwrap();
    let mut changes = engine.supervisor.changes();
    let reported = async {
        loop {
            let status =
                engine.api.ask(GetTaskRow { id: id.clone() }).await.unwrap().expect("stored").task.status;
            if status.error.as_deref().is_some_and(|error| error.contains("its end could not be stored")) {
                return status;
            }
            changes.next().await.expect("the supervisor lives");
        }
    };
    let status = tokio::time::timeout(PATIENCE, reported).await.expect("the row says it");
    assert_eq!(status.phase, TaskPhase::Canceled);
    // Not forgotten, and in nobody's way.
    lane_is_free(&engine).await;
    drop(refusal);
    assert_eq!(engine.finished(&id).await.status.phase, TaskPhase::Canceled);
    let refused = engine.api.ask(StopTask { id: id.clone(), mode: StopMode::Kill }).await;
    assert!(matches!(refused, Err(ApiError::Conflict { .. })), "{refused:?}");

    // One that cannot be stored can be deleted.
    let other = engine.api.submit_task(spec("s", command("sleep", &["600"]), json!({}))).await.unwrap();
    engine.running(&other).await;
    let refusal = Refusal::of(dir.path(), "UPDATE OF phase ON tasks WHEN NEW.phase = 'canceled'");
    tokio::time::timeout(PATIENCE, engine.api.delete_task(&other)).await.expect("deleted").unwrap();
    assert_eq!(engine.api.get_task_status(&other).await.unwrap(), None);
    drop(refusal);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_to_its_caller_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    let id = engine.api.submit_task(spec("s", command("sleep", &["600"]), json!({}))).await.unwrap();
    engine.running(&id).await;
    let refusal = Refusal::of_event(dir.path(), "queued");
    let newer = spec("s", command("true", &[]), json!({"admission": "replace"}));
    engine.api.submit_task(newer).await.expect_err("it cannot be stored");
    drop(refusal);
    let refusal = Refusal::of(dir.path(), "INSERT ON lanes");
    let slot = Slot::new("s").unwrap();
    engine
        .api
        .ask(SetLane { slot: slot.clone(), capacity: Some(7), paused: Some(true) })
        .await
        .expect_err("it cannot be stored");
    drop(refusal);
    // Nobody is ended for a task that was not taken, and the lane is as it was.
    let lanes = engine.api.ask(ListLanes {}).await.unwrap();
    assert_eq!((lanes[0].capacity, lanes[0].paused, lanes[0].queued), (1, false, 0), "{lanes:?}");
    let row = engine.api.ask(GetTaskRow { id: id.clone() }).await.unwrap().unwrap();
    assert_eq!((row.task.status.phase, row.stopping), (TaskPhase::Running, false));
    engine.api.delete_task(&id).await.unwrap();
}

/// As 0.1.0 took it: with an interval that no database holds.
fn endless(id: &TaskId) -> StoredTask {
    let legal = spec("s", command("true", &[]), json!({}));
    let restart = RestartStrategy::Always { interval_ms: Some(1 << 63) };
    StoredTask {
        task: Task {
            metadata: ObjectMeta { id: id.clone(), resource_version: 1, created_at: 1, updated_at: 1 },
            spec: TaskSpec { restart, timeout: Some(u64::MAX), ..legal },
            status: TaskStatus { phase: TaskPhase::Pending, attempt: 0, exit_code: None, error: None },
        },
        backoff: solti_model::BackoffState::default(),
        next_attempt_at: None,
        queue_order: 1,
        stop_requested: false,
        queueing: solti_store::Queueing::default(),
        started_at: None,
        finished_at: None,
        unreadable: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_of_an_earlier_version_with_numbers_out_of_range_runs_and_can_be_ended() {
    let dir = tempfile::tempdir().unwrap();
    let id = TaskId::generate(1, 1);
    let store = Store::open(dir.path()).unwrap();
    store.apply(vec![Change::from(endless(&id))]).await.unwrap();
    store.settle().await.unwrap();
    drop(store);
    for stop in [false, true] {
        let engine = Engine::open(dir.path()).await;
        let mut changes = engine.supervisor.changes();
        let waits = async {
            loop {
                let row = engine.api.ask(GetTaskRow { id: id.clone() }).await.unwrap().expect("stored");
                if matches!(row.waiting, Some(Waiting::Backoff { .. })) && row.task.status.attempt == 1 {
                    return;
                }
                changes.next().await.expect("the supervisor lives");
            }
        };
        tokio::time::timeout(PATIENCE, waits).await.expect("its first run is over, also after a restart");
        if stop {
            engine.api.ask(StopTask { id: id.clone(), mode: StopMode::Graceful }).await.unwrap();
            assert_eq!(engine.finished(&id).await.status.phase, TaskPhase::Canceled);
            lane_is_free(&engine).await;
            // As a new task it is refused by name.
            let refused = engine.api.ask(RerunTask { id: id.clone() }).await;
            assert!(
                matches!(&refused, Err(ApiError::InvalidRequest { field, .. }) if field == "timeout"),
                "{refused:?}"
            );
        }
        engine.supervisor.shut_down().await;
    }
}
