//! A database that takes no writes for a while, and what is asked for meanwhile: nothing that was decided later is overwritten by
//! what was decided before, and what could not be stored has not happened.
//!
//! The refusals are real: a small file system that is full, which takes root to mount, and a lock that somebody else holds.

use crate::common;
use common::{Engine, bash, command, spec};
use rusqlite::Connection;
use serde_json::json;
use solti_api::operations::{
    EditTask, GetSummary, GetTaskRow, HoldAll, Operations as _, ResumeTask, SetLane, StopTask, SuspendTask,
    TaskEvents, UncheckedSpec,
};
use solti_api::{ApiError, ApiHandler as _};
use solti_model::{Slot, StopMode, StorageState, TaskEventKind, TaskId, TaskPhase, TaskRow, Waiting};
use solti_supervisor::QueueHeads;
use solti_testing::{SmallDisk, within};
use std::path::Path;

/// Fills the disk until a task is refused.
async fn fill(engine: &Engine, disk: &SmallDisk) {
    disk.fill();
    for _ in 0..20_000 {
        match engine
            .api
            .submit_task(spec("filler", command("true", &[]), json!({"admission": "queue"})))
            .await
        {
            Ok(_) => {}
            Err(ApiError::Unavailable { .. }) => return,
            Err(other) => panic!("{other:?}"),
        }
    }
    panic!("this disk is never full");
}

async fn free(engine: &Engine, disk: &SmallDisk) {
    disk.free();
    let writable = async || engine.api.ask(GetSummary {}).await.unwrap().storage == StorageState::Ok;
    common::until_async("the database takes writes", writable).await;
}

async fn row(engine: &Engine, id: &TaskId, fits: impl Fn(&TaskRow) -> bool) -> TaskRow {
    within("the row is as wanted", async {
        loop {
            let row = engine.api.ask(GetTaskRow { id: id.clone() }).await.unwrap().unwrap();
            if fits(&row) {
                return row;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    })
    .await
}

async fn kinds(engine: &Engine, id: &TaskId) -> Vec<TaskEventKind> {
    let events = engine.api.ask(TaskEvents { id: id.clone() }).await.unwrap();
    events.into_iter().map(|event| event.kind).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_asked_last_is_what_is_stored() {
    let Some(disk) = SmallDisk::mount(16) else { return };
    let engine = Engine::open(disk.path()).await;
    let mut ids = Vec::new();
    for n in 0..6 {
        let sleeps = spec(&format!("l{n}"), command("sleep", &["600"]), json!({}));
        ids.push(engine.api.submit_task(sleeps).await.unwrap());
    }
    for id in &ids {
        engine.running(id).await;
    }
    fill(&engine, &disk).await;
    for id in &ids {
        engine.api.ask(SuspendTask { id: id.clone() }).await.unwrap();
    }
    for id in &ids {
        engine.api.ask(ResumeTask { id: id.clone() }).await.unwrap();
    }
    free(&engine, &disk).await;
    for id in &ids {
        let resumed = async || kinds(&engine, id).await.contains(&TaskEventKind::Resumed);
        common::until_async("the resume is stored", resumed).await;
        let told = kinds(&engine, id).await;
        let of_hand =
            told.into_iter().filter(|kind| matches!(kind, TaskEventKind::Suspended | TaskEventKind::Resumed));
        assert_eq!(of_hand.collect::<Vec<_>>(), [TaskEventKind::Suspended, TaskEventKind::Resumed]);
    }
    engine.supervisor.shut_down().await;
    drop(engine);
    let engine = Engine::open(disk.path()).await;
    for id in &ids {
        assert!(!engine.api.ask(GetTaskRow { id: id.clone() }).await.unwrap().unwrap().suspended);
        engine.api.delete_task(id).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_an_attempt_is_stored_though_its_task_was_stopped_meanwhile() {
    let Some(disk) = SmallDisk::mount(16) else { return };
    let gates = tempfile::tempdir().unwrap();
    let gate = gates.path().join("gate");
    let engine = Engine::open(disk.path()).await;
    let waits = format!("until [ -e {} ]; do sleep 0.02; done", gate.display());
    let more = json!({"restart": {"type": "always", "intervalMs": 3_600_000}});
    let id = engine.api.submit_task(spec("s", bash(&waits), more)).await.unwrap();
    engine.running(&id).await;
    fill(&engine, &disk).await;
    std::fs::write(&gate, "").unwrap();
    // Its row shows what is stored.
    let is_between = async || {
        let states = engine.supervisor.row_states(vec![id.clone()], QueueHeads::default()).await.unwrap();
        matches!(states[&id].waiting, Some(Waiting::Backoff { .. }))
    };
    common::until_async("its end is heard", is_between).await;
    let stop = StopTask { id: id.clone(), mode: StopMode::Graceful };
    let (stopped, ()) = tokio::join!(engine.api.ask(stop), free(&engine, &disk));
    // In time, or as not stored yet: it goes on either way.
    assert!(matches!(stopped, Ok(()) | Err(ApiError::Unavailable { .. })), "{stopped:?}");
    assert_eq!(engine.finished(&id).await.status.phase, TaskPhase::Canceled);
    let runs = engine.api.list_task_runs(&id).await.unwrap();
    assert_eq!(runs.len(), 1);
    assert_eq!((runs[0].phase, runs[0].exit_code), (TaskPhase::Succeeded, Some(0)));
    engine.log(&id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_stopped_before_its_start_is_stored_never_runs() {
    let Some(disk) = SmallDisk::mount(16) else { return };
    let engine = Engine::open(disk.path()).await;
    let holder = engine.api.submit_task(spec("s", command("sleep", &["600"]), json!({}))).await.unwrap();
    engine.running(&holder).await;
    let next = spec("s", command("sleep", &["600"]), json!({"admission": "queue"}));
    let next = engine.api.submit_task(next).await.unwrap();
    fill(&engine, &disk).await;
    let stop = |id: &TaskId| StopTask { id: id.clone(), mode: StopMode::Graceful };
    engine.api.ask(stop(&holder)).await.unwrap();
    row(&engine, &next, |row| matches!(row.waiting, Some(Waiting::Starting))).await;
    engine.api.ask(stop(&next)).await.unwrap();
    free(&engine, &disk).await;
    assert_eq!(engine.finished(&next).await.status.phase, TaskPhase::Canceled);
    assert!(!kinds(&engine, &next).await.contains(&TaskEventKind::Started));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_is_not_stored_is_not_run() {
    let Some(disk) = SmallDisk::mount(16) else { return };
    let engine = Engine::open(disk.path()).await;
    let holder = engine.api.submit_task(spec("s", command("sleep", &["600"]), json!({}))).await.unwrap();
    engine.running(&holder).await;
    let old = spec("s", command("echo", &["old"]), json!({"admission": "queue"}));
    let id = engine.api.submit_task(old.clone()).await.unwrap();
    fill(&engine, &disk).await;
    let version = engine.api.get_task_status(&id).await.unwrap().unwrap().metadata.resource_version;
    let new = spec("free", command("echo", &["new"]), json!({"admission": "queue"}));
    let edit = EditTask { id: id.clone(), spec: UncheckedSpec::from(&new), resource_version: version };
    let refused = engine.api.ask(edit).await;
    assert!(matches!(refused, Err(ApiError::Unavailable { .. })), "{refused:?}");
    let held = engine.api.ask(HoldAll { held: true }).await;
    assert!(matches!(held, Err(ApiError::Unavailable { .. })), "{held:?}");
    assert!(!engine.api.ask(GetSummary {}).await.unwrap().held);
    free(&engine, &disk).await;
    let as_before = row(&engine, &id, |row| matches!(row.waiting, Some(Waiting::Lane { .. }))).await;
    assert_eq!(as_before.task.spec.slot, old.slot);
    engine.api.ask(StopTask { id: holder, mode: StopMode::Kill }).await.unwrap();
    engine.finished(&id).await;
    assert_eq!(engine.lines(&id).await, ["old"]);
}

/// Nobody else writes to the database while it lives.
fn locked(dir: &Path) -> Connection {
    let db = Connection::open(dir.join("solti.db")).unwrap();
    db.busy_timeout(solti_testing::PATIENCE).unwrap();
    db.execute_batch("BEGIN IMMEDIATE").unwrap();
    db
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_that_came_due_under_a_pause_that_was_refused_begins() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    let more = json!({"restart": {"type": "always", "intervalMs": 1_000}});
    let id = engine.api.submit_task(spec("s", command("true", &[]), more)).await.unwrap();
    row(&engine, &id, |row| matches!(row.waiting, Some(Waiting::Backoff { .. }))).await;
    let lock = locked(dir.path());
    let attempt = engine.api.get_task_status(&id).await.unwrap().unwrap().status.attempt;
    let slot = Slot::new("s").unwrap();
    let refused = engine.api.ask(SetLane { slot, capacity: None, paused: Some(true) }).await;
    assert!(matches!(refused, Err(ApiError::Unavailable { .. })), "{refused:?}");
    drop(lock);
    engine.wait_for(&id, |task| task.status.attempt > attempt + 1).await;
    engine.api.delete_task(&id).await.unwrap();
}
