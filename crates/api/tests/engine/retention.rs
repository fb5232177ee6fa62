//! Logs and finished tasks stay within their limits, also while a task prints, and what is gone is told.

use crate::common;
use common::{Engine, PATIENCE, bash, command, spec, until};
use serde_json::json;
use solti_api::ApiHandler;
use solti_api::operations::{GetSummary, Operations as _, ReadLog};
use solti_logstore::{LogLimits, StoredLog};
use solti_model::{LogLimit, OutputEvent, RowNo, RunId, TaskId, UnkeptLimit};
use solti_supervisor::{FinishedLimits, SupervisorConfig};
use tokio::sync::watch;

const MIB: u64 = 1 << 20;
/// Lines of 1 KiB.
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

/// The numbers of the lines that a stream has, and how many it skips.
async fn streamed(engine: &Engine, id: &TaskId) -> (Vec<u64>, u64) {
    let (mut seqs, mut skipped) = (vec![], 0);
    for event in engine.log(id).await {
        match event {
            OutputEvent::Chunk { seq, .. } => seqs.push(seq),
            OutputEvent::Lagged { skipped: lines, .. } => skipped += lines,
            _ => {}
        }
    }
    (seqs, skipped)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_printed_too_much_keeps_its_beginning_and_its_end() {
    let dir = tempfile::tempdir().unwrap();
    let (engine, _limits, _finished) =
        engine(dir.path(), LogLimits { run_bytes: Some(70 * MIB), ..LogLimits::default() }).await;
    let print = format!("{PRINT} {}; echo last", 140 * 1024);
    let id = engine.api.submit_task(spec("a", bash(&print), json!({}))).await.unwrap();
    engine.finished(&id).await;
    until("the middle is gone", || stored(&engine, &id, 1).bytes() <= 70 * MIB).await;
    assert_eq!(stored(&engine, &id, 1).segments[0].number, 0, "the beginning is kept");

    // The stream tells how many lines it skips, the window shows one row, and numbers stay. What goes is removed file by file: both are
    // read anew where one went between them.
    let (seqs, skipped, hole, rows) = loop {
        let files = stored(&engine, &id, 1).segments.len();
        let (seqs, skipped) = streamed(&engine, &id).await;
        let hole = seqs.windows(2).position(|pair| pair[1] > pair[0] + 1).unwrap();
        let query = ReadLog { run: RunId::new(id.clone(), 1), from: RowNo::new(seqs[hole]), count: 3 };
        let rows = engine.api.ask(query).await.unwrap();
        if stored(&engine, &id, 1).segments.len() == files {
            break (seqs, skipped, hole, rows);
        }
    };
    let total = 140 * 1024 + 1;
    assert_eq!(seqs.len() as u64 + skipped, total);
    assert_eq!(seqs[hole + 1] - seqs[hole] - 1, skipped);
    assert_eq!(rows.total, total);
    assert_eq!(
        rows.rows.iter().map(|row| row.row.get()).collect::<Vec<_>>(),
        [seqs[hole], seqs[hole] + 1, seqs[hole + 1]]
    );
    let removed = rows.rows[1].removed.unwrap();
    assert_eq!((removed.rows, removed.bytes), (skipped, skipped * 1024));
    let last = engine
        .api
        .ask(ReadLog { run: RunId::new(id.clone(), 1), from: RowNo::new(total - 1), count: 1 })
        .await
        .unwrap();
    assert_eq!(last.rows[0].text, "last");
}

#[tokio::test(flavor = "multi_thread")]
async fn under_small_limits_too_the_beginning_and_the_end_stay() {
    let dir = tempfile::tempdir().unwrap();
    let limits =
        LogLimits { run_bytes: Some(4_000_000), task_bytes: Some(5_000_000), ..LogLimits::default() };
    let (engine, _limits, _finished) = engine(dir.path(), limits).await;
    let id = engine.api.submit_task(spec("a", command("seq", &["1", "2000000"]), json!({}))).await.unwrap();
    engine.finished(&id).await;
    until("the limit is kept", || stored(&engine, &id, 1).bytes() <= 4_000_000).await;
    let kept = stored(&engine, &id, 1).bytes();
    assert!(kept > 3_000_000, "no more than needed goes: {kept}");
    let lines = engine.lines(&id).await;
    assert_eq!((lines[0].as_str(), lines.last().map(String::as_str)), ("1", Some("2000000")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_goes_on_loses_what_is_oldest_and_prints_on() {
    let dir = tempfile::tempdir().unwrap();
    let (engine, _limits, _finished) =
        engine(dir.path(), LogLimits { run_bytes: Some(70 * MIB), ..LogLimits::default() }).await;
    let go = dir.path().join("go");
    let print =
        format!("{PRINT} {}; until [ -e {} ]; do sleep 0.02; done; echo last", 140 * 1024, go.display());
    let id = engine.api.submit_task(spec("a", bash(&print), json!({}))).await.unwrap();
    engine.running(&id).await;
    until("the middle is gone", || {
        let log = stored(&engine, &id, 1);
        let numbers: Vec<u32> = log.segments.iter().map(|segment| segment.number).collect();
        numbers.first() == Some(&0)
            && numbers.windows(2).any(|pair| pair[1] > pair[0] + 1)
            && log.bytes() <= 70 * MIB
    })
    .await;
    std::fs::write(&go, "").unwrap();
    engine.finished(&id).await;
    assert_eq!(engine.lines(&id).await.last().unwrap(), "last");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_takes_the_oldest_logs_of_all_tasks() {
    let dir = tempfile::tempdir().unwrap();
    let (engine, limits, _finished) = engine(dir.path(), LogLimits::default()).await;
    let mut ids = vec![];
    for _ in 0..2 {
        let print = format!("{PRINT} {}; echo last", 3 * 1024);
        let id = engine.api.submit_task(spec("a", bash(&print), json!({}))).await.unwrap();
        engine.finished(&id).await;
        ids.push(id);
    }
    // All that can go has to go, the beginnings too, and still it is not enough.
    limits.send_replace(LogLimits { min_free_bytes: u64::MAX / 2, ..LogLimits::default() });
    for id in &ids {
        until("the logs are gone", || stored(&engine, id, 1).bytes() == 0).await;
        let log = engine.log(id).await;
        let skipped = log.iter().find_map(|event| match event {
            OutputEvent::Lagged { skipped, .. } => Some(*skipped),
            _ => None,
        });
        assert_eq!(skipped, Some(3 * 1024 + 1));
        let row = engine
            .api
            .ask(ReadLog { run: RunId::new(id.clone(), 1), from: RowNo::ZERO, count: 10 })
            .await
            .unwrap()
            .rows
            .remove(0);
        assert_eq!(row.removed.unwrap().rows, 3 * 1024 + 1);
    }
    let unkept = unkept(&engine, |unkept| !unkept.is_empty()).await;
    assert_eq!(unkept.iter().map(|unkept| unkept.limit).collect::<Vec<_>>(), [LogLimit::MinFreeBytes]);
}

/// Waits for what the summary says of limits that are not kept, as a window does.
async fn unkept(engine: &Engine, fits: impl Fn(&[UnkeptLimit]) -> bool) -> Vec<UnkeptLimit> {
    let mut changes = engine.supervisor.changes();
    loop {
        let now = engine.api.ask(GetSummary {}).await.unwrap().unkept_limits;
        if fits(&now) {
            return now;
        }
        tokio::time::timeout(PATIENCE, changes.next()).await.expect("it is told").unwrap();
    }
}

/// A task that starts again and again and prints a line each time.
async fn restarting(engine: &Engine, dir: &std::path::Path) -> TaskId {
    let print = format!("echo of a run; [ -e {} ]", dir.join("stop").display());
    let again = json!({"restart": {"type": "onFailure"}, "maxRetries": 100_000,
        "backoff": {"jitter": "none", "firstMs": 1, "maxMs": 1}});
    engine.api.submit_task(spec("again", bash(&print), again)).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn many_small_logs_keep_the_limit_of_their_task_and_what_is_gone_is_told() {
    const LIMIT: u64 = 32 << 10;
    let dir = tempfile::tempdir().unwrap();
    let (engine, _limits, _finished) =
        engine(dir.path(), LogLimits { task_bytes: Some(LIMIT), ..LogLimits::default() }).await;
    let id = restarting(&engine, dir.path()).await;
    let first = engine.supervisor.folders().run(&id, 1);
    until("the first log is gone", || {
        first.parent().unwrap().join("1.log").metadata().is_ok_and(|log| log.len() == 0)
    })
    .await;
    std::fs::write(dir.path().join("stop"), "").unwrap();
    let attempts = engine.finished(&id).await.status.attempt;
    let held = || (1..=attempts).map(|attempt| stored(&engine, &id, attempt).bytes()).sum::<u64>();
    until("the logs keep the limit", || held() <= LIMIT).await;
    assert!(held() > LIMIT / 2, "and no more is gone than has to go: {} bytes are left", held());

    let removed = engine
        .api
        .ask(ReadLog { run: RunId::new(id.clone(), 1), from: RowNo::ZERO, count: 10 })
        .await
        .unwrap();
    assert_eq!((removed.total, removed.rows[0].removed.unwrap().bytes), (1, 9));
    let kept = engine
        .api
        .ask(ReadLog { run: RunId::new(id.clone(), attempts), from: RowNo::ZERO, count: 10 })
        .await
        .unwrap();
    assert_eq!(kept.rows[0].text, "of a run", "the latest stays");
    let log = engine.log(&id).await;
    let of = |wanted: fn(&OutputEvent) -> bool| log.iter().filter(|event| wanted(event)).count() as u32;
    let gaps = of(|event| matches!(event, OutputEvent::Lagged { skipped: 1, .. }));
    assert!(gaps > 0);
    assert_eq!(gaps + of(|event| matches!(event, OutputEvent::Chunk { .. })), attempts);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_that_cannot_be_kept_is_told_until_it_can() {
    let dir = tempfile::tempdir().unwrap();
    let (engine, limits, _finished) = engine(dir.path(), LogLimits::default()).await;
    // What is being written is one piece, as large as the limits were when it began: a program that goes on after four MiB holds three
    // that cannot go.
    let go = dir.path().join("go");
    let print = format!("{PRINT} {}; until [ -e {} ]; do sleep 0.02; done", 4 * 1024, go.display());
    let id = engine.api.submit_task(spec("a", bash(&print), json!({}))).await.unwrap();
    until("all is printed", || stored(&engine, &id, 1).bytes() >= 4 * MIB).await;
    limits.send_replace(LogLimits { total_bytes: Some(MIB), ..LogLimits::default() });
    let reported = unkept(&engine, |unkept| unkept.iter().any(|unkept| unkept.bytes >= MIB)).await;
    assert_eq!(reported.len(), 1);
    assert_eq!((reported[0].limit, &reported[0].task), (LogLimit::TotalBytes, &None));
    std::fs::write(&go, "").unwrap();
    engine.finished(&id).await;
    unkept(&engine, <[_]>::is_empty).await;
    assert!(stored(&engine, &id, 1).bytes() <= MIB);

    limits.send_replace(LogLimits { run_bytes: Some(1), ..LogLimits::default() });
    let small = engine.api.submit_task(spec("b", command("echo", &["x"]), json!({}))).await.unwrap();
    let reported = unkept(&engine, |unkept| !unkept.is_empty()).await;
    assert_eq!((reported[0].limit, reported[0].task.as_ref()), (LogLimit::RunBytes, Some(&small)));
    limits.send_replace(LogLimits::default());
    unkept(&engine, <[_]>::is_empty).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_the_finished_tasks_the_latest_stay() {
    let dir = tempfile::tempdir().unwrap();
    let (engine, _limits, finished) = engine(dir.path(), LogLimits::default()).await;
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
