//! A task that was restarted for months, in a database of a version that kept all of it: what eight readers of its past cost in
//! memory, page by page and all at once. `cargo bench -p solti-api --bench attempts`. The aims are those of `docs/benchmarks.md`.
//! Wrong results panic; a missed aim is only marked.

#[path = "../tests/common/mod.rs"]
mod common;
#[path = "../../../benches/shared/finished_tasks.rs"]
mod finished_tasks;
#[path = "../../../benches/shared/measure.rs"]
mod measure;

use common::Engine;
use finished_tasks::finished;
use measure::{Parts, Peak, report};
use solti_api::ApiHandler as _;
use solti_api::operations::{Operations as _, PageEvents, PageRuns};
use solti_model::{HistoryQuery, MAX_LIMIT, TaskId, TaskPhase, TaskRun};
use solti_store::{Change, Store, StoredRun};
use std::path::Path;
use std::time::Instant;
use tokio::task::JoinSet;

const ATTEMPTS: u32 = 300_000;
const READERS: usize = 8;
/// Of each attempt.
const EVENTS: [&str; 3] = ["started", "exited", "retryScheduled"];
const MOST_MIB: f64 = 64.0;

fn main() {
    if Parts::asked().is_none() {
        return;
    }
    common::shim();
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let dir = tempfile::tempdir().unwrap();
        let id = seed(dir.path()).await;
        let engine = Engine::open(dir.path()).await;
        pages(&engine, &id).await;
        at_once(&engine, &id).await;
        engine.supervisor.shut_down().await;
    });
}

async fn seed(dir: &Path) -> TaskId {
    let store = Store::open(dir).unwrap();
    let mut task = finished(1);
    task.task.status.attempt = ATTEMPTS;
    let id = task.task.metadata.id.clone();
    store.apply(vec![Change::from(task)]).await.unwrap();
    for first in (1..=ATTEMPTS).step_by(1_000) {
        let batch = (first..first + 1_000).flat_map(|attempt| {
            let event = |kind: &str| Change::Event {
                task_id: id.clone(),
                at: u64::from(attempt),
                attempt: Some(attempt),
                kind: kind.to_owned(),
                detail: None,
            };
            [Change::PutRun(run(&id, attempt))].into_iter().chain(EVENTS.map(event))
        });
        store.apply(batch.collect()).await.unwrap();
    }
    id
}

fn run(task: &TaskId, attempt: u32) -> StoredRun {
    let run = TaskRun {
        attempt,
        phase: TaskPhase::Failed,
        started_at: u64::from(attempt),
        finished_at: Some(u64::from(attempt)),
        exit_code: Some(1),
        error: None,
        usage: None,
        remark: None,
        runner: None,
        node: None,
        suspension: None,
    };
    StoredRun {
        task_id: task.clone(),
        run,
        boot_id: String::new(),
        pid: None,
        folder: false,
        environment: None,
    }
}

/// The whole past by cursors, the runs and then the events.
async fn pages(engine: &Engine, id: &TaskId) {
    let peak = Peak::since_now(Path::new("/proc/self"));
    let began = Instant::now();
    let mut readers = JoinSet::new();
    for _ in 0..READERS {
        let (api, id) = (engine.api.clone(), id.clone());
        readers.spawn(async move {
            let (mut runs, mut events) = (0, 0);
            let mut query =
                HistoryQuery { after: Some(0), limit: Some(MAX_LIMIT), ..HistoryQuery::default() };
            loop {
                let page = api.ask(PageRuns { id: id.clone(), query }).await.unwrap();
                let Some(last) = page.runs.last() else { break };
                query.after = Some(last.attempt.into());
                runs += page.runs.len();
            }
            query.after = Some(0);
            loop {
                let page = api.ask(PageEvents { id: id.clone(), query }).await.unwrap();
                let Some(last) = page.events.last() else { break };
                query.after = Some(last.seq);
                events += page.events.len();
            }
            (runs, events)
        });
    }
    let mut read = (0, 0);
    while let Some(found) = readers.join_next().await {
        let (runs, events) = found.unwrap();
        assert!(runs > 0 && events > 0);
        read = (read.0 + runs, read.1 + events);
    }
    let (took, more) = (began.elapsed(), peak.more_mib());
    report(
        "300,000 attempts, eight readers by the page",
        &format!("{more:.0} MiB more at the peak; {} runs and {} events in {took:.1?}", read.0, read.1),
        "at most 64 MiB more",
        more <= MOST_MIB,
    );
}

/// As the contract's method answers: bounded, whatever there is.
async fn at_once(engine: &Engine, id: &TaskId) {
    let peak = Peak::since_now(Path::new("/proc/self"));
    let mut readers = JoinSet::new();
    for _ in 0..READERS {
        let (api, id) = (engine.api.clone(), id.clone());
        readers.spawn(async move { api.list_task_runs(&id).await.map_or(0, |runs| runs.len()) });
    }
    let counted = readers.join_all().await;
    let more = peak.more_mib();
    report(
        "  eight readers of all runs at once",
        &format!("{more:.0} MiB more at the peak; {} runs each", counted[0]),
        "at most 64 MiB more",
        more <= MOST_MIB,
    );
}
