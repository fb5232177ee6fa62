//! What ten thousand saved jobs with a schedule each cost, and how exactly five hundred are run that are due in the same second:
//! `cargo bench -p solti-api --bench jobs`. The aims are those of `docs/benchmarks.md`. Wrong results panic; a missed aim is only
//! marked.

#[path = "../tests/common/mod.rs"]
mod common;
#[path = "../../../benches/shared/measure.rs"]
mod measure;

use common::{Engine, command};
use measure::{Parts, report, share, sleeps, slept_since};
use serde_json::{Value, json};
use solti_api::ApiHandler as _;
use solti_api::operations::{ListJobs, Operations as _, SaveJob};
use solti_model::{Job, JobQuery, TaskPhase, TaskQuery};
use solti_testing::now_ms;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::task::JoinSet;

const JOBS: usize = 10_000;
/// So many of them are due in the same second.
const DUE: usize = 500;
/// Savers at a time.
const AT_ONCE: usize = 64;
/// After a start, until only what goes on for ever does.
const SETTLED: Duration = Duration::from_secs(30);
const IDLE: Duration = Duration::from_secs(20);
/// Long enough to save those that are due.
const AHEAD: Duration = Duration::from_secs(10);

fn main() {
    if Parts::asked().is_none() {
        return;
    }
    common::shim();
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let dir = tempfile::tempdir().unwrap();
        let engine = Engine::open(dir.path()).await;
        save(&engine, 0..JOBS, |n| json!({"id": "s", "cron": format!("{} {} 29 2 *", n % 60, n % 24)})).await;
        engine.supervisor.shut_down().await;
        drop(engine);
        let engine = start(dir.path()).await;
        idle().await;
        due(&engine).await;
        engine.supervisor.shut_down().await;
    });
}

async fn save(engine: &Engine, which: std::ops::Range<usize>, schedule: impl Fn(usize) -> Value) {
    let mut saving = JoinSet::new();
    for n in which {
        if saving.len() >= AT_ONCE {
            saving.join_next().await.unwrap().unwrap();
        }
        let name = format!("job-{n}");
        let job: Job = serde_json::from_value(json!({
            "name": name,
            "spec": {"slot": name, "kind": command("true", &[]), "admission": "queue"},
            "schedules": [schedule(n)],
        }))
        .unwrap();
        let api = engine.api.clone();
        saving.spawn(async move { drop(api.ask(SaveJob { job, expected_revision: None }).await.unwrap()) });
    }
    while let Some(saved) = saving.join_next().await {
        saved.unwrap();
    }
}

async fn start(dir: &Path) -> Engine {
    let began = Instant::now();
    let engine = Engine::open(dir).await;
    let took = began.elapsed();
    let listed = engine.api.ask(ListJobs { query: JobQuery::default() }).await.unwrap();
    assert_eq!(listed.total, JOBS as u64);
    report(
        "start with 10,000 jobs, a schedule each",
        &format!("{took:.2?}"),
        "below 1 s",
        took < Duration::from_secs(1),
    );
    engine
}

/// Nothing is due for weeks.
async fn idle() {
    let process = Path::new("/proc/self");
    // What the start leaves to do is not what is asked about.
    tokio::time::sleep(SETTLED).await;
    let before = sleeps(process);
    tokio::time::sleep(IDLE).await;
    let each_second = slept_since(&before, &sleeps(process)) as f64 / IDLE.as_secs_f64();
    report(
        "  wake-ups a second while nothing is due",
        &format!("{each_second:.1}"),
        "below 1",
        each_second < 1.0,
    );
}

/// From when each was due to when its task was there, and to when it ran.
async fn due(engine: &Engine) {
    let at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap() + AHEAD;
    let at = at.as_secs() * 1000;
    save(engine, 0..DUE, |_| json!({"id": "s", "at": at})).await;
    assert!(now_ms() < at, "they were saved in time");
    let query = || TaskQuery { limit: Some(1_000), ..TaskQuery::default() };
    let tasks = loop {
        let tasks = engine.api.query_tasks(query()).await.unwrap().items;
        let over = tasks.iter().filter(|task| task.status.phase == TaskPhase::Succeeded).count();
        if over == DUE {
            break tasks;
        }
        assert!(now_ms() < at + 120_000, "{over} of {DUE} ran");
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert_eq!(tasks.len(), DUE, "each once");
    let mut submitted: Vec<u64> = tasks.iter().map(|task| task.metadata.created_at - at).collect();
    let mut started = vec![];
    for task in &tasks {
        let runs = engine.api.list_task_runs(&task.metadata.id).await.unwrap();
        started.push(runs[0].started_at - at);
    }
    for (what, times) in [("submitted", &mut submitted), ("running", &mut started)] {
        let (p50, last) = (share(times, 50), share(times, 100));
        report(
            &format!("  500 due in the same second, {what}"),
            &format!("p50 {p50} ms, the last {last} ms after it was due"),
            "all within 1 s",
            last <= 1_000,
        );
    }
}
