//! Logs and finished tasks stay within their limits, also while a task prints, and what is gone is told.

mod common;

use common::{Engine, PATIENCE, bash, command, spec, until};
use serde_json::json;
use solti_api::{ApiHandler, LogAccess};
use solti_logstore::{LogLimits, StoredLog};
use solti_model::{OutputEvent, TaskId};
use solti_supervisor::{FinishedLimits, SupervisorConfig};
use tokio::sync::watch;

const MIB: u64 = 1 << 20;
const NO_LIMITS: LogLimits = LogLimits {
    run_bytes: None,
    task_bytes: None,
    total_bytes: None,
    min_free_bytes: 0,
    keep_head_bytes: MIB,
};
/// Lines of 1 KiB; the first segment ends after 1 MiB, the second after 65.
const PRINT: &str = "line=$(printf '%01023d' 0); yes $line | head -n";

async fn engine(
    dir: &std::path::Path,
    limits: LogLimits,
) -> (Engine, watch::Sender<LogLimits>, watch::Sender<FinishedLimits>) {
    let (log_limits, logs) = watch::channel(limits);
    let (finished_limits, finished) = watch::channel(FinishedLimits::default());
    let config =
        SupervisorConfig { log_limits: logs, finished_limits: finished, ..SupervisorConfig::new(dir) };
    (Engine::open_with(config).await, log_limits, finished_limits)
}

fn stored(engine: &Engine, id: &TaskId, attempt: u32) -> StoredLog {
    StoredLog::of(&engine.supervisor.folders().run(id, attempt), true).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_printed_too_much_keeps_its_beginning_and_its_end() {
    let dir = tempfile::tempdir().unwrap();
    let (engine, _limits, _finished) =
        engine(dir.path(), LogLimits { run_bytes: Some(70 * MIB), ..NO_LIMITS }).await;
    let print = format!("{PRINT} {}; echo last", 140 * 1024);
    let id = engine.api.submit_task(spec("a", bash(&print), json!({}))).await.unwrap();
    engine.finished(&id).await;
    until("the middle is gone", || stored(&engine, &id, 1).bytes() <= 70 * MIB).await;
    assert_eq!(stored(&engine, &id, 1).segments[0].number, 0, "the beginning is kept");

    // The stream tells how many lines it skips, the window shows one row, and numbers stay.
    let mut seqs = vec![];
    let mut skipped = 0;
    for event in engine.log(&id).await {
        match event {
            OutputEvent::Chunk { seq, .. } => seqs.push(seq),
            OutputEvent::Lagged { skipped: lines } => skipped += lines,
            _ => {}
        }
    }
    let total = 140 * 1024 + 1;
    assert_eq!(seqs.len() as u64 + skipped, total);
    let hole = seqs.windows(2).position(|pair| pair[1] > pair[0] + 1).unwrap();
    assert_eq!(seqs[hole + 1] - seqs[hole] - 1, skipped);
    let rows = engine.api.read_log(&id, 1, seqs[hole], 3).await.unwrap();
    assert_eq!(rows.total, total);
    assert_eq!(
        rows.rows.iter().map(|row| row.row).collect::<Vec<_>>(),
        [seqs[hole], seqs[hole] + 1, seqs[hole + 1]]
    );
    let removed = rows.rows[1].removed.unwrap();
    assert_eq!((removed.rows, removed.bytes), (skipped, skipped * 1024));
    let last = engine.api.read_log(&id, 1, total - 1, 1).await.unwrap();
    assert_eq!(last.rows[0].text, "last");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_goes_on_loses_what_is_oldest_and_prints_on() {
    let dir = tempfile::tempdir().unwrap();
    let (engine, _limits, _finished) =
        engine(dir.path(), LogLimits { run_bytes: Some(70 * MIB), ..NO_LIMITS }).await;
    let go = dir.path().join("go");
    let print =
        format!("{PRINT} {}; until [ -e {} ]; do sleep 0.02; done; echo last", 140 * 1024, go.display());
    let id = engine.api.submit_task(spec("a", bash(&print), json!({}))).await.unwrap();
    engine.running(&id).await;
    until("the middle is gone", || {
        let log = stored(&engine, &id, 1);
        let numbers: Vec<u32> = log.segments.iter().map(|segment| segment.number).collect();
        // On a busy machine all is printed before the first look, and more goes at once.
        [&[0, 2][..], &[0, 2, 3], &[0, 3]].contains(&&numbers[..])
    })
    .await;
    std::fs::write(&go, "").unwrap();
    engine.finished(&id).await;
    assert_eq!(engine.lines(&id).await.last().unwrap(), "last");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_takes_the_oldest_logs_of_all_tasks() {
    let dir = tempfile::tempdir().unwrap();
    let (engine, limits, _finished) = engine(dir.path(), NO_LIMITS).await;
    let mut ids = vec![];
    for _ in 0..2 {
        let print = format!("{PRINT} {}; echo last", 3 * 1024);
        let id = engine.api.submit_task(spec("a", bash(&print), json!({}))).await.unwrap();
        engine.finished(&id).await;
        ids.push(id);
    }
    // All that can go has to go; the beginnings stay.
    limits.send_replace(LogLimits { min_free_bytes: u64::MAX / 2, ..NO_LIMITS });
    for id in &ids {
        until("the logs are cut", || stored(&engine, id, 1).bytes() < 2 * MIB).await;
        assert!(stored(&engine, id, 1).segments[0].log_bytes >= MIB);
        let log = engine.log(id).await;
        assert!(log.iter().any(|event| matches!(event, OutputEvent::Lagged { .. })));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_the_finished_tasks_the_latest_stay() {
    let dir = tempfile::tempdir().unwrap();
    let (engine, _limits, finished) = engine(dir.path(), NO_LIMITS).await;
    let mut ids = vec![];
    for n in 0..5 {
        let text = n.to_string();
        let id = engine.api.submit_task(spec("a", command("echo", &[&text]), json!({}))).await.unwrap();
        engine.finished(&id).await;
        ids.push(id);
    }
    let waiting = spec("b", command("sleep", &["60"]), json!({}));
    let running = engine.api.submit_task(waiting).await.unwrap();
    let mut changes = engine.supervisor.changes();
    finished.send_replace(FinishedLimits { keep_days: Some(1), keep_tasks: Some(2), keep_attempts: None });
    let mut deleted = std::collections::BTreeSet::new();
    while deleted.len() < 3 {
        deleted.extend(tokio::time::timeout(PATIENCE, changes.next()).await.unwrap().unwrap().deleted);
    }
    assert_eq!(deleted.into_iter().collect::<Vec<_>>(), ids[..3]);
    assert_eq!(engine.lines(&ids[4]).await, ["4"]);
    assert!(!engine.supervisor.folders().task(&ids[0]).exists());
    engine.api.delete_task(&running).await.unwrap();
}
