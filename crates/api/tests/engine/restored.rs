//! The database is lost and an earlier copy, or none, takes its place: logs and processes stay within reach, and nothing
//! runs twice.

use crate::common;
use common::{Engine, bash, spec};
use serde_json::json;
use solti_api::ApiHandler;
use solti_api::operations::{ListLanes, Operations as _, SetLane, StopTask};
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
        fs::remove_file(dir.join(name)).ok();
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
    engine.api.ask(SetLane { slot: slot.clone(), capacity: None, paused: Some(true) }).await.unwrap();
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
    engine.api.ask(StopTask { id: alive.clone(), mode: StopMode::Kill }).await.unwrap();
    assert_eq!(engine.finished(&alive).await.status.phase, TaskPhase::Canceled);
    assert_eq!(engine.lines(&alive).await, ["alive said"]);
    assert!(engine.api.ask(ListLanes {}).await.unwrap().iter().any(|lane| lane.slot == slot && lane.paused));

    // Nothing of it ran a second time; what really waited can be let go.
    engine.api.ask(SetLane { slot: slot.clone(), capacity: None, paused: Some(false) }).await.unwrap();
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

/// Closes the engine and removes its database; what was not closed properly goes as well.
async fn remove_database(engine: Engine, dir: &Path) {
    engine.supervisor.shut_down().await;
    drop(engine);
    for name in ["solti.db", "solti.db-wal", "solti.db-shm"] {
        fs::remove_file(dir.join(name)).ok();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_gone_without_a_copy_takes_no_log_and_no_process_with_it() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open_with(config(dir.path())).await;
    let over = submit(&engine, "over", "echo over said").await;
    engine.finished(&over).await;
    let alive = submit(&engine, "alive", "echo alive said; sleep 60").await;
    engine.running(&alive).await;
    remove_database(engine, dir.path()).await;

    let engine = Engine::open_with(config(dir.path())).await;
    assert!(engine.supervisor.was_restored());
    assert_eq!(engine.lines(&over).await, ["over said"]);
    engine.running(&alive).await;
    engine.api.ask(StopTask { id: alive.clone(), mode: StopMode::Kill }).await.unwrap();
    assert_eq!(engine.finished(&alive).await.status.phase, TaskPhase::Canceled);
    assert_eq!(engine.lines(&alive).await, ["alive said"]);
    engine.supervisor.shut_down().await;
    // From now on it is as any other.
    assert!(!Engine::open_with(config(dir.path())).await.supervisor.was_restored());
}

#[tokio::test(flavor = "multi_thread")]
async fn folders_that_an_older_database_does_not_know_are_kept_and_those_of_deleted_tasks_are_not() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open_with(config(dir.path())).await;
    let deleted = submit(&engine, "deleted", "echo deleted said").await;
    engine.finished(&deleted).await;
    engine.api.delete_task(&deleted).await.unwrap();
    let copy = engine.supervisor.store().back_up().await.unwrap().path;
    let later = submit(&engine, "later", "echo later said").await;
    engine.finished(&later).await;
    let alive = submit(&engine, "alive", "echo alive said; sleep 60").await;
    engine.running(&alive).await;
    remove_database(engine, dir.path()).await;
    // A person puts an older copy back, and the removal of a deleted task did not get through.
    fs::copy(copy, dir.path().join("solti.db")).unwrap();
    let left = dir.path().join("runs").join(deleted.as_str()).join("1");
    fs::create_dir_all(&left).unwrap();
    fs::write(left.join("output.log"), "deleted said\n").unwrap();

    let engine = Engine::open_with(config(dir.path())).await;
    common::until("the deleted task's folder is removed", || !left.exists()).await;
    let mut changes = engine.supervisor.changes();
    while engine.api.get_task_status(&alive).await.unwrap().is_none() {
        changes.next().await.unwrap();
    }
    engine.running(&alive).await;
    assert_eq!(engine.lines(&later).await, ["later said"]);
    assert!(engine.api.get_task_status(&deleted).await.unwrap().is_none());
    engine.api.ask(StopTask { id: alive.clone(), mode: StopMode::Kill }).await.unwrap();
    assert_eq!(engine.finished(&alive).await.status.phase, TaskPhase::Canceled);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sound_database_of_an_earlier_time_runs_nothing_twice() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open_with(config(dir.path())).await;
    let waiting = Slot::new("waiting").unwrap();
    let pause = |paused| SetLane { slot: waiting.clone(), capacity: None, paused: Some(paused) };
    engine.api.ask(pause(true)).await.unwrap();
    let ran = dir.path().join("ran");
    // It prints nothing, so that no folder tells of it.
    let id = submit(&engine, "waiting", &format!("echo >> {}", ran.display())).await;
    let copy = engine.supervisor.store().back_up().await.unwrap().path;
    engine.api.ask(pause(false)).await.unwrap();
    engine.finished(&id).await;
    remove_database(engine, dir.path()).await;
    fs::copy(copy, dir.path().join("solti.db")).unwrap();

    let opened = Store::open_or_recover(dir.path()).unwrap();
    assert!(opened.recovered.is_some_and(|recovery| recovery.is_older));
    drop(opened.store);
    let engine = Engine::open_with(SupervisorConfig { restored: true, ..config(dir.path()) }).await;
    let lanes = engine.api.ask(ListLanes {}).await.unwrap();
    assert!(lanes.iter().any(|lane| lane.slot == waiting && lane.paused), "a person says whether it goes on");
    assert_eq!(fs::read_to_string(ran).unwrap().lines().count(), 1);
    engine.supervisor.shut_down().await;
}
