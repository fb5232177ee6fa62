//! What becomes of the processes that a task's program has started itself. Every script here starts a few, with no loop.

mod common;

use common::{Engine, PATIENCE, bash, spec, within};
use serde_json::json;
use solti_api::{ApiHandler, TaskControl};
use solti_model::{StopMode, TaskId, TaskPhase};
use solti_supervisor::SupervisorConfig;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// As `Engine::open` sets it.
const GRACE: Duration = Duration::from_secs(1);

/// A child, a grandchild in a session of its own, and one whose parents have gone; then the leader waits.
fn family(pids: &Path) -> String {
    let pids = pids.display();
    format!(
        r#"sh -c 'echo $$ >> {pids}; exec sleep 600' &
           setsid sh -c 'echo $$ >> {pids}; exec sleep 600' &
           (setsid sh -c 'sh -c "echo \$\$ >> {pids}; exec sleep 600" &' &)
           (while [ "$(grep -c . {pids})" != 3 ]; do sleep 0.02; done; echo ready) &
           wait"#
    )
}

fn noted(pids: &Path) -> Vec<u32> {
    let text = std::fs::read_to_string(pids).unwrap_or_default();
    text.lines().filter_map(|line| line.parse().ok()).collect()
}

fn is_alive(pid: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|stat| !stat[stat.rfind(')').unwrap()..].starts_with(") Z"))
}

/// Waits until the task has printed the line.
async fn printed(engine: &Engine, id: &TaskId, line: &str) {
    use tokio_stream::StreamExt as _;
    let mut log = engine.api.stream_task_logs(id).await.unwrap();
    let seen = async {
        while let Some(event) = log.next().await {
            if common::chunk(&event).is_some_and(|(_, _, _, text)| text == line) {
                return;
            }
        }
        panic!("the log ends without {line:?}");
    };
    within("the line comes", seen).await;
}

/// Runs the family and returns once all of it is there.
async fn start_family(engine: &Engine, pids: &Path, more: serde_json::Value) -> TaskId {
    let id = engine.api.submit_task(spec("s", bash(&family(pids)), more)).await.unwrap();
    printed(engine, &id, "ready").await;
    assert_eq!(noted(pids).len(), 3);
    id
}

fn pids_file(dir: &tempfile::TempDir) -> PathBuf {
    let pids = dir.path().join("pids");
    std::fs::write(&pids, "").unwrap();
    pids
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_ends_grandchildren_too_wherever_they_have_gone() {
    for mode in [StopMode::Graceful, StopMode::Kill] {
        let dir = tempfile::tempdir().unwrap();
        let (engine, pids) = (Engine::open(dir.path()).await, pids_file(&dir));
        let id = start_family(&engine, &pids, json!({})).await;
        assert!(noted(&pids).into_iter().all(is_alive));
        engine.api.stop_task(&id, mode).await.unwrap();
        assert_eq!(engine.finished(&id).await.status.phase, TaskPhase::Canceled);
        assert_eq!(noted(&pids).into_iter().filter(|pid| is_alive(*pid)).count(), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_timeout_ends_grandchildren_too() {
    let dir = tempfile::tempdir().unwrap();
    let (engine, pids) = (Engine::open(dir.path()).await, pids_file(&dir));
    let id = start_family(&engine, &pids, json!({"timeout": 10_000})).await;
    assert_eq!(engine.finished(&id).await.status.phase, TaskPhase::Timeout);
    assert_eq!(engine.api.list_task_runs(&id).await.unwrap()[0].phase, TaskPhase::Timeout);
    assert_eq!(noted(&pids).into_iter().filter(|pid| is_alive(*pid)).count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_ignores_term_is_killed_after_the_grace() {
    let dir = tempfile::tempdir().unwrap();
    let (engine, pids) = (Engine::open(dir.path()).await, pids_file(&dir));
    let text = format!(
        "trap '' TERM; sleep 600 & echo $! > {}; echo ready; while :; do sleep 600; done",
        pids.display()
    );
    let id = engine.api.submit_task(spec("s", bash(&text), json!({}))).await.unwrap();
    printed(&engine, &id, "ready").await;
    let stopped_at = Instant::now();
    engine.api.stop_task(&id, StopMode::Graceful).await.unwrap();
    assert_eq!(engine.finished(&id).await.status.phase, TaskPhase::Canceled);
    let took = stopped_at.elapsed();
    assert!(took >= GRACE, "it had its grace: {took:?}");
    assert!(!is_alive(noted(&pids)[0]));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_ends_in_order_on_term_keeps_its_exit_code() {
    let dir = tempfile::tempdir().unwrap();
    // Time enough to say it on a busy machine.
    let config = SupervisorConfig { grace: PATIENCE, ..SupervisorConfig::new(dir.path()) };
    let engine = Engine::open_with(config).await;
    let text = "trap 'echo saved; exit 9' TERM; echo ready; while :; do sleep 0.05; done";
    let id = engine.api.submit_task(spec("s", bash(text), json!({}))).await.unwrap();
    printed(&engine, &id, "ready").await;
    engine.api.stop_task(&id, StopMode::Graceful).await.unwrap();
    let task = engine.finished(&id).await;
    assert_eq!((task.status.phase, task.status.exit_code), (TaskPhase::Canceled, Some(9)));
    // Its sleep was ended too, which bash may mention before or after.
    assert!(engine.lines(&id).await.iter().any(|line| line == "saved"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grandchild_that_keeps_the_pipe_does_not_keep_the_task_running() {
    let dir = tempfile::tempdir().unwrap();
    let (engine, pids) = (Engine::open(dir.path()).await, pids_file(&dir));
    let text = format!("sleep 600 & echo $! > {}; echo last; exit 7", pids.display());
    let id = engine.api.submit_task(spec("s", bash(&text), json!({}))).await.unwrap();
    printed(&engine, &id, "last").await;
    let task = engine.finished(&id).await;
    assert_eq!((task.status.phase, task.status.exit_code), (TaskPhase::Failed, Some(7)));
    assert_eq!(engine.lines(&id).await, ["last"]);
    // A program may leave a daemon behind on purpose: it is let be.
    let left = noted(&pids)[0];
    assert!(is_alive(left));
    assert!(Command::new("kill").arg(left.to_string()).status().unwrap().success());
}
