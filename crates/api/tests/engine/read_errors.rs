//! The store cannot be read for a while, or not all of it: what follows tasks says so and goes on, and nobody starts wrongly.

use crate::common;
use common::{Engine, PATIENCE, bash, command, spec, within};
use rusqlite::Connection;
use serde_json::json;
use solti_api::operations::{
    GetSummary, ItemStream, ListTasks, Operations as _, RerunTask, SetLane, StopTask, WatchTasks,
};
use solti_api::{ApiError, ApiHandler};
use solti_model::{ListQuery, OutputEvent, Slot, StopMode, StorageState, TaskChange, TaskPhase};
use std::path::Path;
use tokio_stream::StreamExt as _;

fn execute(dir: &Path, sql: &str) {
    Connection::open(dir.join("solti.db")).unwrap().execute_batch(sql).unwrap();
}

/// The first change that fits.
async fn change(stream: &mut ItemStream<TaskChange>, fits: impl Fn(&TaskChange) -> bool) -> TaskChange {
    let wait = async {
        loop {
            let change = stream.next().await.expect("the feed goes on");
            if fits(&change) {
                return change;
            }
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.expect("it is told")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_change_feed_outlives_reads_that_fail() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    let mut stream = engine.api.open(WatchTasks::all()).await.unwrap();
    change(&mut stream, |_| true).await;
    execute(dir.path(), "ALTER TABLE label_counts RENAME TO away");
    // Something changes while the counts cannot be read.
    engine.api.ask(SetLane { slot: Slot::new("a").unwrap(), capacity: Some(3), paused: None }).await.unwrap();
    let reported = change(&mut stream, |change| change.summary.storage == StorageState::Unreadable).await;
    assert!(!reported.resync);
    assert!(engine.api.ask(GetSummary {}).await.is_err());
    execute(dir.path(), "ALTER TABLE away RENAME TO label_counts");
    let reported = change(&mut stream, |change| change.summary.storage == StorageState::Ok).await;
    assert!(reported.resync, "what was missed is to be read again");
    // As good as before.
    let id = engine.api.submit_task(spec("a", command("true", &[]), json!({}))).await.unwrap();
    let ended = |change: &TaskChange| {
        change.changed.iter().any(|row| row.task.metadata.id == id && row.task.status.phase.is_terminal())
    };
    change(&mut stream, ended).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_of_a_later_version_neither_keeps_the_app_from_starting_nor_is_touched_until_it_is_deleted() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    let sleep = |lane: &str| spec(lane, command("sleep", &["600"]), json!({"admission": "queue"}));
    let strange = engine.api.submit_task(sleep("a")).await.unwrap();
    engine.running(&strange).await;
    let known = engine.api.submit_task(sleep("b")).await.unwrap();
    engine.running(&known).await;
    engine.supervisor.shut_down().await;
    drop(engine);
    let sql = format!(
        r#"UPDATE task_specs SET spec = '{{"slot":"a","kind":{{"virtualMachine":{{}}}}}}'
           WHERE num = (SELECT num FROM tasks WHERE id = '{strange}')"#
    );
    execute(dir.path(), &sql);

    let engine = Engine::open(dir.path()).await;
    let list = engine.api.ask(ListTasks { query: ListQuery::default() }).await.unwrap();
    assert_eq!(list.rows.len(), 2);
    let task = engine.api.get_task_status(&strange).await.unwrap().unwrap();
    assert_eq!(task.status.phase, TaskPhase::Running);
    assert_eq!(task.spec.display_name(), "unreadable task");
    assert!(task.status.error.unwrap().contains("virtualMachine"));
    assert!(matches!(
        engine.api.ask(RerunTask { id: strange.clone() }).await,
        Err(ApiError::Conflict { .. })
    ));
    assert!(matches!(
        engine.api.ask(StopTask { id: strange.clone(), mode: StopMode::Graceful }).await,
        Err(ApiError::Conflict { .. })
    ));
    // It may be alive, and holds its place.
    let next = engine.api.submit_task(sleep("a")).await.unwrap();
    assert_eq!(engine.api.get_task_status(&next).await.unwrap().unwrap().status.phase, TaskPhase::Pending);
    assert!(common::processes_of(&strange) > 0);

    engine.api.delete_task(&strange).await.unwrap();
    engine.running(&next).await;
    common::until("its processes are gone", || common::processes_of(&strange) == 0).await;
    assert_eq!(engine.api.get_task_status(&strange).await.unwrap(), None);
    for id in [next, known] {
        engine.api.delete_task(&id).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_goes_on_behind_an_attempt_whose_end_was_never_stored() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    let (flag, gate) = (dir.path().join("flag"), dir.path().join("gate"));
    let script = format!(
        "if [ ! -e {0} ]; then touch {0}; echo one; exit 1; fi; echo two; while [ ! -e {1} ]; do sleep 0.05; done",
        flag.display(),
        gate.display()
    );
    let again = json!({"restart": {"type": "onFailure"}, "backoff": {"jitter": "none", "firstMs": 1, "maxMs": 1, "factor": 1.0}});
    let id = engine.api.submit_task(spec("a", bash(&script), again)).await.unwrap();
    engine.wait_for(&id, |task| task.status.attempt == 2 && task.status.phase == TaskPhase::Running).await;
    // As a database leaves it that took no writes while the attempt ended.
    execute(dir.path(), "UPDATE runs SET finished_at = NULL WHERE attempt = 1");
    let log = tokio::spawn({
        let (api, id) = (engine.api.clone(), id.clone());
        async move {
            let stream = api.stream_task_logs(&id).await.unwrap();
            let opened = stream.map(|event| {
                if event.printed().is_some_and(|(_, line, _)| line == b"two") {
                    std::fs::write(&gate, "").unwrap();
                }
                event
            });
            opened.collect::<Vec<_>>().await
        }
    });
    let followed = within("the end of the log", log).await.unwrap();
    let afterwards = engine.log(&id).await;
    for log in [followed, afterwards] {
        let kinds: Vec<_> = log
            .iter()
            .map(|event| match event {
                OutputEvent::RunStarted { attempt, .. } => format!("started {attempt}"),
                OutputEvent::Chunk { line, .. } => line.to_string(),
                OutputEvent::RunFinished { attempt, .. } => format!("finished {attempt}"),
                OutputEvent::Lagged { reason, .. } => reason.clone().unwrap_or_default(),
            })
            .collect();
        let lost = "how attempt 1 ended was not stored";
        assert_eq!(kinds, ["started 1", "one", lost, "started 2", "two", "finished 2"]);
    }
}
