//! A task that replaces another one, and is replaced itself before its turn came.

use crate::common;
use common::{Engine, bash, spec, until};
use serde_json::json;
use solti_api::ApiHandler as _;
use solti_api::operations::{Operations as _, StopTask};
use solti_model::{StopMode, Task, TaskId, TaskPhase};
use std::path::Path;

/// Writes its name when it starts and does not end when it is asked to.
fn stubborn(dir: &Path, name: &str) -> serde_json::Value {
    bash(&format!("trap '' TERM; echo {name} >> {}; while :; do sleep 0.05; done", dir.join("ran").display()))
}

async fn submit(engine: &Engine, dir: &Path, name: &str) -> TaskId {
    let replaces = json!({"admission": "replace"});
    engine.api.submit_task(spec("s", stubborn(dir, name), replaces)).await.unwrap()
}

async fn was_replaced(engine: &Engine, id: &TaskId) -> Task {
    let task = engine.finished(id).await;
    assert_eq!(task.status.phase, TaskPhase::Canceled);
    assert_eq!(task.status.error.as_deref(), Some("replaced by a newer task"));
    assert_eq!(task.status.attempt, 0, "it never ran");
    task
}

/// With a grace that nobody waits for.
async fn open(dir: &Path) -> Engine {
    let grace = std::time::Duration::from_secs(600);
    Engine::open_with(solti_supervisor::SupervisorConfig {
        grace,
        ..solti_supervisor::SupervisorConfig::new(dir)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_replacement_runs_and_an_older_one_does_not_also_over_a_restart() {
    for restart in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        let mut engine = open(dir.path()).await;
        let a = submit(&engine, dir.path(), "A").await;
        until("A has begun", || dir.path().join("ran").exists()).await;
        let b = submit(&engine, dir.path(), "B").await;
        let queued = spec("s", stubborn(dir.path(), "later"), json!({"admission": "queue"}));
        let later = engine.api.submit_task(queued).await.unwrap();
        let c = submit(&engine, dir.path(), "C").await;
        was_replaced(&engine, &b).await;
        if restart {
            engine.supervisor.shut_down().await;
            drop(engine);
            engine = open(dir.path()).await;
            engine.running(&a).await;
        }
        let d = submit(&engine, dir.path(), "D").await;
        was_replaced(&engine, &c).await;
        engine.api.ask(StopTask { id: a.clone(), mode: StopMode::Kill }).await.unwrap();
        let ran = || std::fs::read_to_string(dir.path().join("ran")).unwrap_or_default();
        until("D has begun", || ran().ends_with("D\n")).await;
        engine.api.ask(StopTask { id: d.clone(), mode: StopMode::Kill }).await.unwrap();
        until("what waited in line has begun", || ran().ends_with("later\n")).await;
        engine.api.ask(StopTask { id: later.clone(), mode: StopMode::Kill }).await.unwrap();
        engine.finished(&later).await;
        assert_eq!(ran(), "A\nD\nlater\n", "restart: {restart}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_was_replaced_as_it_ran_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    let replaces = || spec("s", bash("sleep 600"), json!({"admission": "replace"}));
    let ids = [
        engine.api.submit_task(replaces()).await.unwrap(),
        engine.api.submit_task(replaces()).await.unwrap(),
    ];
    let [first, second] = &ids;
    let task = engine.finished(first).await;
    assert_eq!(task.status.phase, TaskPhase::Canceled);
    assert_eq!(task.status.error.as_deref(), Some("replaced by a newer task"));
    engine.running(second).await;
    engine.api.ask(StopTask { id: second.clone(), mode: StopMode::Kill }).await.unwrap();
    assert_eq!(engine.finished(second).await.status.error.as_deref(), Some("stopped"));
}
