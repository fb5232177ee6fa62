//! A run that prints nothing for as long as its task allows: its row says so until it is heard again, and what else was asked for is
//! done.

use crate::common;
use common::{Engine, bash, spec, within};
use serde_json::json;
use solti_api::ApiHandler as _;
use solti_api::operations::{GetTaskRow, Operations as _, ResumeTask, SuspendTask, TaskEvents};
use solti_model::{TaskEventKind, TaskId, TaskPhase, TaskRow};
use std::time::Duration;

async fn row(engine: &Engine, id: &TaskId, fits: impl Fn(&TaskRow) -> bool) -> TaskRow {
    let mut changes = engine.supervisor.changes();
    let wait = async {
        loop {
            let row = engine.api.ask(GetTaskRow { id: id.clone() }).await.unwrap().unwrap();
            if fits(&row) {
                return row;
            }
            changes.next().await.expect("the supervisor lives");
        }
    };
    within("the row is as wanted", wait).await
}

fn stall(then: &str) -> serde_json::Value {
    json!({"stall": {"silentMs": 1_000, "then": then}, "restart": {"type": "never"}})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_run_is_told_and_heard_again() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    let go = dir.path().join("go");
    let text =
        format!("echo begun; until [ -e {} ]; do sleep 0.05; done; echo again; sleep 600", go.display());
    let id = engine.api.submit_task(spec("a", bash(&text), stall("notify"))).await.unwrap();
    let silent = row(&engine, &id, |row| row.silent_since.is_some()).await;
    assert_eq!(silent.task.status.phase, TaskPhase::Running);
    let events = engine.api.ask(TaskEvents { id: id.clone() }).await.unwrap();
    let told: Vec<_> = events.iter().filter(|event| event.kind == TaskEventKind::Silent).collect();
    assert_eq!((told.len(), told[0].detail.as_deref()), (1, Some("no output for 1 s")));
    std::fs::write(&go, "").unwrap();
    row(&engine, &id, |row| row.silent_since.is_none()).await;
    // And the next silence is another one.
    row(&engine, &id, |row| row.silent_since.is_some()).await;
    engine.api.delete_task(&id).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_run_is_ended_and_the_task_has_failed() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    let more = json!({"stall": {"silentMs": 1_000, "then": "stop"}, "restart": {"type": "always"}});
    let id = engine.api.submit_task(spec("a", bash("echo begun; sleep 600"), more)).await.unwrap();
    let task = engine.finished(&id).await;
    assert_eq!(task.status.phase, TaskPhase::Failed);
    assert_eq!(task.status.error.as_deref(), Some("stopped: no output for 1 s"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_run_is_followed_by_another_attempt_which_may_succeed() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    let mark = dir.path().join("mark");
    let text = format!("if [ -e {0} ]; then exit 0; fi; touch {0}; sleep 600", mark.display());
    let id = engine.api.submit_task(spec("a", bash(&text), stall("restart"))).await.unwrap();
    let task = engine.finished(&id).await;
    assert_eq!((task.status.phase, task.status.attempt), (TaskPhase::Succeeded, 2));
    let runs = engine.api.list_task_runs(&id).await.unwrap();
    assert_eq!(runs[0].error.as_deref(), Some("stopped: no output for 1 s"));
}

#[tokio::test(flavor = "multi_thread")]
async fn restarts_of_a_silent_run_are_retries() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    let more = json!({"stall": {"silentMs": 1_000, "then": "restart"}, "restart": {"type": "never"}, "maxRetries": 1,
        "backoff": {"jitter": "none", "firstMs": 1, "maxMs": 1}});
    let id = engine.api.submit_task(spec("a", bash("sleep 600"), more)).await.unwrap();
    let task = engine.finished(&id).await;
    assert_eq!((task.status.phase, task.status.attempt), (TaskPhase::Exhausted, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_time_in_which_a_run_stands_still_is_no_silence() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    let more = json!({"stall": {"silentMs": 2_000, "then": "notify"}});
    let id = engine.api.submit_task(spec("a", bash("echo begun; sleep 600"), more)).await.unwrap();
    row(&engine, &id, |row| row.task.status.phase == TaskPhase::Running).await;
    engine.api.ask(SuspendTask { id: id.clone() }).await.unwrap();
    row(&engine, &id, |row| row.suspended).await;
    // Long enough for what is left of the two seconds to be over sooner than two seconds after it.
    tokio::time::sleep(Duration::from_secs(1)).await;
    engine.api.ask(ResumeTask { id: id.clone() }).await.unwrap();
    row(&engine, &id, |row| row.silent_since.is_some()).await;
    let events = engine.api.ask(TaskEvents { id: id.clone() }).await.unwrap();
    let at = |kind| events.iter().find(|event| event.kind == kind).expect("told").at;
    let silent = at(TaskEventKind::Silent) - at(TaskEventKind::Resumed);
    assert!(silent >= 1_900, "{silent} ms after it was resumed");
    engine.api.delete_task(&id).await.unwrap();
}
