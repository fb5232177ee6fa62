//! The database is lost and an earlier copy, or none, takes its place: logs and processes stay within reach, and nothing
//! runs twice.

mod common;

use common::{Engine, bash, spec};
use serde_json::json;
use solti_api::{ApiHandler, LaneControl, TaskControl};
use solti_model::{Slot, StopMode, TaskId, TaskPhase};
use solti_store::Store;
use solti_supervisor::SupervisorConfig;
use std::fs;
use std::path::Path;
use std::time::Duration;

fn config(dir: &Path) -> SupervisorConfig {
    SupervisorConfig { grace: Duration::from_secs(1), ..SupervisorConfig::new(dir) }
}

/// Ends the engine as a crash of the database leaves it, and opens it on what is left.
async fn lose_database(engine: Engine, dir: &Path) -> Engine {
    engine.supervisor.shut_down().await;
    drop(engine);
    let database = dir.join("solti.db");
    // New files: whatever of the engine is still ending writes into the old ones.
    for name in ["solti.db", "solti.db-wal", "solti.db-shm"] {
        let _ = fs::remove_file(dir.join(name));
    }
    fs::write(&database, vec![0xa5; 8192]).unwrap();
    let opened = Store::open_or_recover(dir).unwrap();
    assert!(opened.recovered.is_some());
    drop(opened);
    Engine::open_with(SupervisorConfig { restored: true, ..config(dir) }).await
}

async fn submit(engine: &Engine, slot: &str, text: &str) -> TaskId {
    engine.api.submit_task(spec(slot, bash(text), json!({"admission": "queue"}))).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happened_after_the_copy_is_taken_up_from_the_run_folders() {
    let dir = tempfile::tempdir().unwrap();
    let marks = tempfile::tempdir().unwrap();
    let mark = |name: &str| format!("echo ran >> {}; echo {name} said", marks.path().join(name).display());
    let ran = |name: &str| fs::read_to_string(marks.path().join(name)).unwrap_or_default().lines().count();

    let engine = Engine::open_with(config(dir.path())).await;
    let gate = marks.path().join("gate");
    let wait = format!("until [ -e {} ]; do sleep 0.02; done", gate.display());
    let holder = submit(&engine, "shared", &format!("{}; {wait}", mark("holder"))).await;
    let queued = submit(&engine, "shared", &mark("queued")).await;
    let slot = Slot::new("quiet").unwrap();
    engine.api.set_lane(&slot, None, Some(true)).await.unwrap();
    let waiting = submit(&engine, "quiet", &mark("waiting")).await;
    engine.running(&holder).await;
    engine.supervisor.store().back_up().await.unwrap();

    fs::write(&gate, "").unwrap();
    engine.finished(&queued).await;
    let later = submit(&engine, "later", &mark("later")).await;
    engine.finished(&later).await;
    let alive = submit(&engine, "alive", "echo alive said; sleep 60").await;
    engine.running(&alive).await;

    let engine = lose_database(engine, dir.path()).await;
    for id in [&holder, &queued, &later] {
        let task = engine.finished(id).await;
        assert_eq!(task.status.phase, TaskPhase::Failed, "{task:?}");
        assert!(task.status.error.unwrap().contains("lost with the database"));
    }
    assert_eq!(engine.lines(&later).await, ["later said"]);
    assert_eq!(engine.lines(&queued).await, ["queued said"]);
    let task = engine.running(&alive).await;
    assert_eq!(task.spec.labels["name"], format!("recovered {alive}"));
    engine.api.stop_task(&alive, StopMode::Kill).await.unwrap();
    assert_eq!(engine.finished(&alive).await.status.phase, TaskPhase::Canceled);
    assert_eq!(engine.lines(&alive).await, ["alive said"]);
    assert!(engine.api.list_lanes().await.unwrap().iter().any(|lane| lane.slot == slot && lane.paused));

    // Nothing of it ran a second time; what really waited can be let go.
    engine.api.set_lane(&slot, None, Some(false)).await.unwrap();
    engine.finished(&waiting).await;
    for name in ["holder", "queued", "later", "waiting"] {
        assert_eq!(ran(name), 1, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_copy_every_log_is_still_there() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open_with(config(dir.path())).await;
    let mut ids = Vec::new();
    for n in 0..5 {
        ids.push(submit(&engine, &format!("lane-{n}"), &format!("echo line {n}")).await);
    }
    for id in &ids {
        engine.finished(id).await;
    }
    let engine = lose_database(engine, dir.path()).await;
    for (n, id) in ids.iter().enumerate() {
        assert_eq!(engine.lines(id).await, [format!("line {n}")]);
    }
    let again = submit(&engine, "lane-0", "echo new").await;
    assert_eq!(engine.finished(&again).await.status.phase, TaskPhase::Succeeded);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_between_two_attempts_is_not_run_again() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open_with(config(dir.path())).await;
    let fails = spec(
        "retries",
        bash("exit 3"),
        json!({"restart": {"type": "onFailure"}, "backoff": {"jitter": "none", "firstMs": 600_000, "maxMs": 600_000, "factor": 1.0}}),
    );
    let id = engine.api.submit_task(fails).await.unwrap();
    engine.wait_for(&id, |task| task.status.attempt == 1 && task.status.exit_code == Some(3)).await;
    engine.supervisor.store().back_up().await.unwrap();
    let engine = lose_database(engine, dir.path()).await;
    let task = engine.finished(&id).await;
    assert_eq!((task.status.phase, task.status.attempt), (TaskPhase::Failed, 1));
}
