//! A program that dies at once and is to be started again for ever: it is slowed, the row says why, and a restart of the app
//! forgets nothing of it. The rule itself is tested in `solti-model`.

use crate::common;
use common::{Engine, bash, command, spec};
use serde_json::json;
use solti_api::ApiHandler;
use solti_api::operations::{GetTaskRow, Operations as _};
use solti_model::{LOOP_STARTS, LOOP_WINDOW_MS, TaskId, Waiting};
use std::path::Path;

/// Waits for the word "crash loop" in the task's row; returns until when it waits.
async fn crash_loop(engine: &Engine, id: &TaskId) -> u64 {
    let mut changes = engine.supervisor.changes();
    let wait = async {
        loop {
            let row = engine.api.ask(GetTaskRow { id: id.clone() }).await.unwrap().expect("stored");
            if let Some(Waiting::CrashLoop { until }) = row.waiting {
                return until;
            }
            changes.next().await.expect("the supervisor lives");
        }
    };
    tokio::time::timeout(common::PATIENCE, wait).await.expect("it is seen to be a crash loop")
}

fn starts(marks: &Path) -> usize {
    std::fs::read_to_string(marks).unwrap_or_default().lines().count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_dies_at_once_is_started_five_times_and_the_row_says_crash_loop() {
    let dir = tempfile::tempdir().unwrap();
    let marks = dir.path().join("marks");
    let engine = Engine::open(dir.path()).await;
    // Successes are a crash loop too: `always` without an interval starts the next at once.
    for (slot, code) in [("fails", 1), ("succeeds", 0)] {
        std::fs::remove_file(&marks).ok();
        let text = format!("echo x >> {}; exit {code}", marks.display());
        let quick =
            json!({"restart": {"type": "always"}, "backoff": {"jitter": "none", "firstMs": 1, "maxMs": 1}});
        let id = engine.api.submit_task(spec(slot, bash(&text), quick)).await.unwrap();
        let until = crash_loop(&engine, &id).await;
        let runs = engine.api.list_task_runs(&id).await.unwrap();
        assert_eq!(starts(&marks), runs.len(), "{slot}");
        // The latest that fit in the window; a machine that is busy may have had slower ones before. The window counts from the
        // decision to start, the run from its process.
        let first = runs[runs.len() - LOOP_STARTS].started_at;
        let wait = until.saturating_sub(first);
        assert!((1..=LOOP_WINDOW_MS).contains(&wait), "the next start is {wait} ms after the first");
        engine.api.delete_task(&id).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_loop_is_still_one_after_a_restart_of_the_app() {
    let dir = tempfile::tempdir().unwrap();
    let quick =
        json!({"restart": {"type": "onFailure"}, "backoff": {"jitter": "none", "firstMs": 1, "maxMs": 1}});
    let engine = Engine::open(dir.path()).await;
    let id = engine.api.submit_task(spec("s", command("false", &[]), quick)).await.unwrap();
    let before = crash_loop(&engine, &id).await;
    let runs = engine.api.list_task_runs(&id).await.unwrap().len();
    assert!(runs >= LOOP_STARTS);
    engine.supervisor.shut_down().await;
    drop(engine);

    let engine = Engine::open(dir.path()).await;
    assert_eq!(crash_loop(&engine, &id).await, before);
    assert_eq!(engine.api.list_task_runs(&id).await.unwrap().len(), runs);
    engine.api.delete_task(&id).await.unwrap();
}
