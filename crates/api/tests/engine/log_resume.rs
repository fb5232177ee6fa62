//! A log stream that was torn off goes on where it was: no line twice, none left out, without reading what was read.

use crate::common;
use common::{Engine, bash, spec};
use serde_json::json;
use solti_api::{ApiHandler, LogAccess, LogPosition};
use solti_model::OutputEvent;
use std::time::Instant;
use tokio_stream::StreamExt as _;

async fn rest(
    engine: &Engine,
    id: &solti_model::TaskId,
    after: LogPosition,
) -> Vec<(LogPosition, OutputEvent)> {
    let events = engine.api.stream_log_after(id, after).await.unwrap();
    tokio::time::timeout(common::PATIENCE, events.collect()).await.expect("the log ends")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_position_of_a_log_is_followed_by_exactly_the_rest() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    // Both streams, lines torn by the other stream, no newline at the end, and three attempts.
    let script = "for i in {1..40}; do echo out $i; printf 'err '; echo $i >&2; printf 'in two '; done; printf rest; exit 1";
    let policy = json!({"restart": {"type": "onFailure"}, "maxRetries": 2,
                        "backoff": {"jitter": "none", "firstMs": 1, "maxMs": 1, "factor": 1.0}});
    let id = engine.api.submit_task(spec("s", bash(script), policy)).await.unwrap();
    engine.finished(&id).await;
    let all = rest(&engine, &id, LogPosition::default()).await;
    assert!(engine.log(&id).await.iter().eq(all.iter().map(|(_, event)| event)));
    assert!(all.len() > 3 * 80, "{}", all.len());
    for (n, (position, _)) in all.iter().enumerate() {
        let again: LogPosition = position.to_string().parse().unwrap();
        assert!(rest(&engine, &id, again).await == all[n + 1..], "behind {position}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_comes_in_pieces_goes_on_within_itself() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    let script = "head -c 3500000 /dev/zero | tr '\\0' x; echo end; echo next";
    let id = engine.api.submit_task(spec("s", bash(script), json!({}))).await.unwrap();
    let text = |events: &[(LogPosition, OutputEvent)]| -> String {
        let lines = events.iter().filter_map(|(_, event)| match event {
            OutputEvent::Chunk { seq: 0, line, .. } => Some(line.to_string()),
            _ => None,
        });
        lines.collect()
    };
    let all = rest(&engine, &id, LogPosition::default()).await;
    let whole = text(&all);
    assert_eq!((whole.len(), whole.trim_start_matches('x')), (3_500_003, "end"));
    assert!(all.len() > 5, "the line comes in pieces: {}", all.len());
    for (n, (position, _)) in all.iter().enumerate() {
        // What is read again may be cut elsewhere; together it is the line.
        let later = rest(&engine, &id, *position).await;
        assert_eq!(text(&all[..=n]).len() + text(&later).len(), whole.len(), "behind {position}");
        assert_eq!(later.last(), all[n + 1..].last(), "behind {position}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_a_long_log_is_reached_without_reading_it() {
    const LINES: u64 = 3_000_000;
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    let id = engine
        .api
        .submit_task(spec("s", common::command("seq", &["1", &LINES.to_string()]), json!({})))
        .await
        .unwrap();
    engine.finished(&id).await;
    let mut after = LogPosition::started(1);
    after.stdout.lines = LINES - 1;
    let round = async || {
        let began = Instant::now();
        let events = rest(&engine, &id, after).await;
        let resumed = began.elapsed();
        assert_eq!(events.len(), 2);
        assert_eq!(common::chunk(&events[0].1).unwrap().3, LINES.to_string());
        let began = Instant::now();
        let mut all = engine.api.stream_task_logs(&id).await.unwrap();
        while all.next().await.is_some() {}
        (resumed, began.elapsed())
    };
    solti_testing::any_round("the last line, and all of them", round, |(last, all)| *last * 10 < *all).await;
}
