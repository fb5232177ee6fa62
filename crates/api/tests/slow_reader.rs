//! Readers that never read, while a task prints as fast as it can: the program is not slowed, the app's memory stays what it was,
//! and afterwards every line is there.

mod common;

use common::{Engine, bash, chunk, spec};
use serde_json::json;
use solti_api::ApiHandler;
use solti_api::operations::{Operations as _, WatchLog, WatchTasks};
use solti_model::RunId;
use solti_testing::any_round;
use std::cell::OnceCell;
use std::time::Duration;
use tokio_stream::StreamExt as _;

/// `make torture` asks for more.
fn lines() -> u64 {
    std::env::var("SOLTI_TORTURE_LINES").ok().and_then(|lines| lines.parse().ok()).unwrap_or(1_000_000)
}

fn memory() -> i64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<i64>().unwrap() * 1024
}

/// How long the program took, by its own clock.
async fn print(engine: &Engine, watched: bool) -> (solti_model::TaskId, Duration) {
    // `seq` writes whole blocks: more than a million lines a second.
    let text = format!("sleep 0.3; seq 1 {}", lines());
    let id = engine.api.submit_task(spec("s", bash(&text), json!({"admission": "queue"}))).await.unwrap();
    engine.running(&id).await;
    let (mut streams, mut watches) = (Vec::new(), Vec::new());
    if watched {
        for _ in 0..10 {
            let mut stream = engine.api.stream_task_logs(&id).await.unwrap();
            // It has begun, and now stops.
            stream.next().await;
            streams.push(stream);
            watches.push(engine.api.open(WatchLog { run: RunId::new(id.clone(), 1) }).await.unwrap());
        }
        watches.push(engine.api.open(WatchLog { run: RunId::new(id.clone(), 1) }).await.unwrap());
    }
    let changes = engine.api.open(WatchTasks {}).await.unwrap();
    engine.finished(&id).await;
    drop((streams, watches, changes));
    let run = engine.api.list_task_runs(&id).await.unwrap().remove(0);
    (id, Duration::from_millis(run.finished_at.unwrap() - run.started_at))
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_that_never_read_slow_nothing_and_cost_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    let id = OnceCell::new();
    let round = async || {
        let (_, alone) = print(&engine, false).await;
        let before = memory();
        let (watched_id, watched) = print(&engine, true).await;
        let grown = memory() - before;
        println!(
            "alone {alone:?}, with 10 stopped readers {watched:?}, memory grown by {} KiB",
            grown / 1024
        );
        assert!(grown < 50 << 20, "memory has grown by {grown} bytes");
        let _ = id.set(watched_id);
        (alone, watched)
    };
    // Ten pipelines that hold still cost nothing; twice the time is a busy machine, ten times would be a brake.
    let fits = |(alone, watched): &(Duration, Duration)| *watched < *alone * 3 + Duration::from_secs(1);
    any_round("alone, and with readers", round, fits).await;
    let id = id.get().unwrap();

    let mut stream = engine.api.stream_task_logs(id).await.unwrap();
    let mut next = 0;
    while let Some(event) = stream.next().await {
        if let Some((_, _, seq, line)) = chunk(&event) {
            assert_eq!((seq, line.parse()), (next, Ok(next + 1)));
            next += 1;
        }
    }
    assert_eq!(next, lines(), "nothing is missing afterwards");
}
