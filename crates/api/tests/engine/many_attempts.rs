//! Tasks that are restarted for months: the first attempts and the latest ones are kept, with their logs, and the rest is counted.

use crate::common;
use common::{Engine, PATIENCE, bash, spec, until};
use serde_json::json;
use solti_api::operations::{Operations as _, PageEvents, PageRuns, StopTask};
use solti_api::{ApiHandler, LogPosition};
use solti_model::{HistoryQuery, OutputEvent, StopMode, TaskId};
use solti_supervisor::{FinishedLimits, SupervisorConfig};
use tokio::sync::watch;
use tokio_stream::StreamExt as _;

const KEPT: u32 = 10;

async fn engine(dir: &std::path::Path) -> (Engine, watch::Sender<FinishedLimits>) {
    let (limits, followed) = watch::channel(FinishedLimits::default());
    let config = SupervisorConfig { finished_limits: followed, ..SupervisorConfig::new(dir) };
    (Engine::open_with(config).await, limits)
}

/// A task that was restarted often and is over.
async fn restarted(engine: &Engine, attempts: u32) -> TaskId {
    let again = json!({"restart": {"type": "onFailure"}, "maxRetries": attempts - 1,
        "backoff": {"jitter": "none", "firstMs": 1, "maxMs": 1, "factor": 1.0}});
    let id = engine.api.submit_task(spec("a", bash("echo $SOLTI_RUN_ID; exit 1"), again)).await.unwrap();
    let task = engine.finished(&id).await;
    assert_eq!(task.status.attempt, attempts);
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_events_and_folders_of_attempts_in_between_go_and_a_log_stream_tells_of_the_gap() {
    let dir = tempfile::tempdir().unwrap();
    let (engine, limits) = engine(dir.path()).await;
    // No crash loop yet, which would slow it down.
    let id = restarted(&engine, 24).await;
    assert_eq!(engine.api.list_task_runs(&id).await.unwrap().len(), 24);
    limits.send_replace(FinishedLimits { keep_attempts: Some(KEPT), ..FinishedLimits::default() });
    let folders = engine.supervisor.folders().clone();
    let kept: Vec<u32> = (1..=10).chain(15..=24).collect();
    until("the logs of attempts in between are gone, and no others", || {
        folders.logged_attempts(&id).unwrap() == kept
    })
    .await;

    let runs = async || -> Vec<u32> {
        engine.api.list_task_runs(&id).await.unwrap().iter().map(|run| run.attempt).collect()
    };
    while runs().await != kept {
        tokio::task::yield_now().await;
    }
    let page = engine.api.ask(PageEvents { id: id.clone(), query: HistoryQuery::default() }).await.unwrap();
    assert_eq!(page.not_kept.map(|gap| (gap.after, gap.count)), Some((10, 4)));
    assert!(!page.events.iter().any(|event| event.attempt.is_some_and(|of| (11..=14).contains(&of))));

    let mut reported = Vec::new();
    for event in engine.log(&id).await {
        match event {
            OutputEvent::RunStarted { attempt, .. } => reported.push(i64::from(attempt)),
            OutputEvent::Lagged { skipped, .. } => reported.push(-i64::try_from(skipped).unwrap()),
            OutputEvent::Chunk { attempt, line, .. } => assert_eq!(&*line, format!("{id}/{attempt}")),
            OutputEvent::RunFinished { .. } => {}
        }
    }
    let expected: Vec<i64> = (1..=10).chain([-4]).chain(15..=24).collect();
    assert_eq!(reported, expected);

    // A reader that was torn off at an attempt that is gone meanwhile goes on behind the gap.
    use solti_api::LogAccess as _;
    let rest = engine.api.stream_log_after(&id, LogPosition::started(12)).await.unwrap();
    let rest: Vec<_> = tokio::time::timeout(PATIENCE, rest.collect()).await.expect("the log ends");
    assert_eq!(rest[0].1, OutputEvent::Lagged { skipped: 3, reason: None });
    assert_eq!(rest[0].0, LogPosition::ended(14));
    assert!(matches!(rest[1].1, OutputEvent::RunStarted { attempt: 15, .. }), "{:?}", rest[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_goes_on_and_on_never_holds_more_than_it_may() {
    let dir = tempfile::tempdir().unwrap();
    let (engine, limits) = engine(dir.path()).await;
    limits.send_replace(FinishedLimits { keep_attempts: Some(KEPT), ..FinishedLimits::default() });
    let again = json!({"restart": {"type": "always", "intervalMs": 1}});
    let id = engine.api.submit_task(spec("a", bash("echo once more"), again)).await.unwrap();
    let attempts = async || engine.api.get_task_status(&id).await.unwrap().unwrap().status.attempt;
    let folders = engine.supervisor.folders().clone();
    let mut changes = engine.supervisor.changes();
    let logged = || folders.logged_attempts(&id).unwrap_or_default();
    while logged().contains(&11) || attempts().await < 26 {
        tokio::time::timeout(PATIENCE, changes.next()).await.expect("it goes on").expect("open");
    }
    engine.api.ask(StopTask { id: id.clone(), mode: StopMode::Kill }).await.unwrap();
    let last = engine.finished(&id).await.status.attempt;
    let most = (KEPT + 10) as usize;
    until("what is too much is gone", || logged().len() <= most).await;
    let runs = engine.api.ask(PageRuns { id: id.clone(), query: HistoryQuery::default() }).await.unwrap();
    assert_eq!(runs.not_kept.map(|gap| gap.after), Some(10));
    assert_eq!(runs.runs.last().unwrap().attempt, last);
}
