//! What a run uses is recorded and can be watched; what it may use is limited, or it is said that it cannot be.

use crate::common;
use common::{Engine, PATIENCE, bash, command, spec};
use serde_json::json;
use solti_api::ApiHandler;
use solti_api::operations::{Operations as _, StopTask, TaskEvents, WatchUsage};
use solti_model::{StopMode, TaskEventKind, TaskId, TaskPhase, UsageSample};
use tokio_stream::StreamExt as _;

/// Whether the start of the task says that a limit cannot be enforced here.
async fn is_unenforced(engine: &Engine, id: &TaskId, limit: &str) -> bool {
    let events = engine.api.ask(TaskEvents { id: id.clone() }).await.unwrap();
    let started = events.into_iter().find(|event| event.kind == TaskEventKind::Started).unwrap();
    let words = started.detail.unwrap();
    assert!(words.starts_with("pid "), "{words}");
    words.contains("cannot enforce") && words.contains(limit)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_run_has_used_stays_with_it() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    // A grandchild does the work: it counts as well.
    let busy = "bash -c 'for ((i = 0; i < 300000; i++)); do :; done'; true";
    let id = engine.api.submit_task(spec("a", bash(busy), json!({}))).await.unwrap();
    assert_eq!(engine.finished(&id).await.status.phase, TaskPhase::Succeeded);
    let runs = engine.api.list_task_runs(&id).await.unwrap();
    let usage = runs[0].usage.expect("recorded");
    assert!(usage.cpu_ms >= 50, "{usage:?}");
    assert!(usage.peak_memory_bytes.is_some_and(|bytes| bytes > 500_000), "{usage:?}");
    let json = serde_json::to_value(&runs[0]).unwrap();
    assert!(json["usage"]["cpuMs"].is_u64(), "{json}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_task_is_sampled_with_its_children_until_it_is_over() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    let busy = "bash -c 'while :; do :; done' & sleep 600";
    let id = engine.api.submit_task(spec("a", bash(busy), json!({}))).await.unwrap();
    let mut samples = engine.api.open(WatchUsage { id: id.clone() }).await.unwrap();
    let mut next = async || tokio::time::timeout(PATIENCE, samples.next()).await.expect("a sample in time");
    let first = next().await.unwrap();
    assert_eq!((first.attempt, first.cpu_percent), (1, None));
    let grown = |sample: &UsageSample| {
        sample.cpu_percent.is_some_and(|percent| percent > 1.0) && sample.processes >= 3
    };
    let second = loop {
        let sample = next().await.unwrap();
        if grown(&sample) {
            break sample;
        }
    };
    assert!(second.cpu_ms > first.cpu_ms && second.memory_bytes > 500_000, "{second:?}");
    engine.api.ask(StopTask { id: id.clone(), mode: StopMode::Kill }).await.unwrap();
    while next().await.is_some() {}
    assert!(engine.api.open(WatchUsage { id: id.clone() }).await.unwrap().next().await.is_none(), "over");
    let unknown = TaskId::new("no-such-task").unwrap();
    assert!(engine.api.open(WatchUsage { id: unknown.clone() }).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_prints_more_than_its_limit_is_ended_as_failed() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    let limits = json!({"limits": {"outputBytes": 10_000}});
    let id = engine.api.submit_task(spec("a", command("yes", &["again"]), limits)).await.unwrap();
    let task = engine.finished(&id).await;
    assert_eq!(task.status.phase, TaskPhase::Failed);
    assert_eq!(task.status.error.as_deref(), Some("ended: it printed more than its limit"));
    let within = json!({"limits": {"outputBytes": 10_000}});
    let id = engine.api.submit_task(spec("b", command("seq", &["100"]), within)).await.unwrap();
    assert_eq!(engine.finished(&id).await.status.phase, TaskPhase::Succeeded);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_process_may_open_so_many_files() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    let limits = json!({"limits": {"openFiles": 64}});
    let id = engine.api.submit_task(spec("a", bash("ulimit -n; ulimit -Hn"), limits)).await.unwrap();
    assert_eq!(engine.lines(&id).await, ["64", "64"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_and_processes_are_limited_or_it_is_said_that_they_are_not() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    // A line of 100 MB in a shell with 30 MB, and ten processes where four may be.
    let limits = json!({"limits": {"memoryBytes": 30_000_000, "processes": 4}});
    let greedy = "x=$(head -c 100000000 /dev/zero | tr '\\0' x); echo ${#x}";
    let id = engine.api.submit_task(spec("a", bash(greedy), limits.clone())).await.unwrap();
    let task = engine.finished(&id).await;
    if is_unenforced(&engine, &id, "memory").await {
        assert_eq!(task.status.phase, TaskPhase::Succeeded, "{task:?}");
        assert_eq!(task.status.error, None, "no word of memory without evidence");
        println!("skipped: no control group here limits memory (scripts/in-uml.sh)");
    } else {
        assert!(task.status.error.unwrap().contains("likely out of memory"));
    }
    let many = "for i in 1 2 3 4 5 6 7 8 9; do sleep 5 & done; wait; echo all";
    let id = engine.api.submit_task(spec("b", bash(many), limits)).await.unwrap();
    let lines = engine.lines(&id).await;
    let all_ran = lines == ["all"];
    assert_eq!(all_ran, is_unenforced(&engine, &id, "process").await, "{lines:?}");
}

/// Processes that fork two more each and do not wait, under a hard limit of eighty for their user.
#[tokio::test(flavor = "multi_thread")]
async fn a_fork_storm_inside_a_limit_ends_when_it_is_stopped() {
    // A limit on processes does not hold for root, and only root can become somebody else.
    let uid = std::process::Command::new("id").arg("-u").output().unwrap().stdout;
    if uid != b"0\n" {
        println!("skipped: only root can give the storm a user, and so a limit, of its own");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    // A user that nobody else is, so that the limit counts the storm alone.
    let storm = "storm() { trap '' TERM; while :; do storm & sleep 0.01; done; }; storm 2>/dev/null";
    let words = ["--reuid=64321", "--clear-groups", "prlimit", "--nproc=80:80", "bash", "-c", storm];
    let task = spec("a", command("setpriv", &words), json!({}));
    let id = engine.api.submit_task(task).await.unwrap();
    let mut samples = engine.api.open(WatchUsage { id: id.clone() }).await.unwrap();
    let raging = async { while samples.next().await.is_some_and(|sample| sample.processes < 40) {} };
    tokio::time::timeout(PATIENCE, raging).await.expect("the storm grows");
    engine.api.ask(StopTask { id: id.clone(), mode: StopMode::Kill }).await.unwrap();
    assert_eq!(engine.finished(&id).await.status.phase, TaskPhase::Canceled);
    let left = std::process::Command::new("pgrep").args(["-u", "64321"]).output().unwrap();
    assert!(left.stdout.is_empty(), "left: {:?}", String::from_utf8_lossy(&left.stdout));
}
