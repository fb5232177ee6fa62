//! What becomes of the processes that a task's program has started itself. Every script here starts a few, with no loop.

mod common;

use common::{Engine, PATIENCE, bash, spec, within};
use serde_json::json;
use solti_api::ApiHandler;
use solti_api::operations::{GetLogInfo, GetTaskRow, Operations as _, StopTask, TaskEvents, WatchTasks};
use solti_model::{RunId, StopMode, TaskEventKind, TaskId, TaskPhase, TaskRow};
use solti_supervisor::SupervisorConfig;
use std::path::{Path, PathBuf};
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
        engine.api.ask(StopTask { id: id.clone(), mode }).await.unwrap();
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
    engine.api.ask(StopTask { id: id.clone(), mode: StopMode::Graceful }).await.unwrap();
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
    engine.api.ask(StopTask { id: id.clone(), mode: StopMode::Graceful }).await.unwrap();
    let task = engine.finished(&id).await;
    assert_eq!((task.status.phase, task.status.exit_code), (TaskPhase::Canceled, Some(9)));
    // Its sleep was ended too, which bash may mention before or after.
    assert!(engine.lines(&id).await.iter().any(|line| line == "saved"));
}

/// The rule was once that such a process keeps its task no longer than a second: what it printed after that was lost, it died of
/// SIGPIPE, and the task had succeeded.
#[tokio::test(flavor = "multi_thread")]
async fn who_goes_on_writing_keeps_the_task_running_and_nothing_of_it_is_lost() {
    let dir = tempfile::tempdir().unwrap();
    let (engine, pids) = (Engine::open(dir.path()).await, pids_file(&dir));
    let text = format!(
        "for n in 1 2 3 4 5; do echo line $n; sleep 0.4; done & echo $! > {}; echo last; exit 7",
        pids.display()
    );
    let id = engine.api.submit_task(spec("s", bash(&text), json!({}))).await.unwrap();
    let row = main_ended(&engine, &id).await;
    let said = row.main_ended.unwrap();
    // Its sleep holds the output open too, when there is one.
    assert_eq!(said.exit_code, Some(7));
    assert!((1..=2).contains(&said.writers), "{said:?}");
    let how = match said.writers {
        1 => "main program ended with exit 7; 1 process still writes: ",
        _ => "main program ended with exit 7; 2 processes still write: ",
    };
    assert!(said.text.starts_with(how), "{said:?}");
    assert!(said.text.contains(&format!("script, pid {}", noted(&pids)[0])), "{said:?}");
    assert_eq!(row.task.status.phase, TaskPhase::Running);
    let task = engine.finished(&id).await;
    assert_eq!((task.status.phase, task.status.exit_code), (TaskPhase::Failed, Some(7)));
    let mut lines = engine.lines(&id).await;
    lines.sort();
    assert_eq!(lines, ["last", "line 1", "line 2", "line 3", "line 4", "line 5"]);
    let row = engine.api.ask(GetTaskRow { id: id.clone() }).await.unwrap().unwrap();
    assert_eq!((row.main_ended, row.remark), (None, None));
    let events = engine.api.ask(TaskEvents { id: id.clone() }).await.unwrap();
    assert!(events.iter().any(|event| event.kind == TaskEventKind::MainEnded), "{events:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_of_the_app_finds_out_again_that_the_main_program_has_ended() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    let id = engine.api.submit_task(spec("s", bash("sleep 600 & exit 7"), json!({}))).await.unwrap();
    let before = main_ended(&engine, &id).await.main_ended;
    engine.supervisor.shut_down().await;
    drop(engine);
    let engine = Engine::open(dir.path()).await;
    assert_eq!(main_ended(&engine, &id).await.main_ended, before);
    engine.api.ask(StopTask { id: id.clone(), mode: StopMode::Graceful }).await.unwrap();
    let task = engine.finished(&id).await;
    assert_eq!((task.status.phase, task.status.exit_code), (TaskPhase::Canceled, Some(7)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_does_not_wait_for_others_ends_them_and_hears_them_to_the_end() {
    let dir = tempfile::tempdir().unwrap();
    let (engine, pids) = (Engine::open(dir.path()).await, pids_file(&dir));
    let text = format!(
        "(trap 'echo bye; exit 0' TERM; echo $BASHPID > {}; while :; do sleep 0.05; done) & \
         while [ ! -s {} ]; do sleep 0.02; done; exit 7",
        pids.display(),
        pids.display()
    );
    let mut kind = bash(&text);
    kind["subprocess"]["afterMain"] = json!("end");
    let id = engine.api.submit_task(spec("s", kind, json!({}))).await.unwrap();
    let task = engine.finished(&id).await;
    assert_eq!((task.status.phase, task.status.exit_code), (TaskPhase::Failed, Some(7)));
    assert!(engine.lines(&id).await.contains(&"bye".to_owned()));
    assert!(!is_alive(noted(&pids)[0]));
}

#[tokio::test(flavor = "multi_thread")]
async fn output_that_is_cut_all_the_same_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let (engine, pids) = (Engine::open(dir.path()).await, pids_file(&dir));
    let text = format!("echo $$ > {}; echo ready; exec sleep 600", pids.display());
    let id = engine.api.submit_task(spec("s", bash(&text), json!({}))).await.unwrap();
    printed(&engine, &id, "ready").await;
    // As a service does that was given the descriptor.
    let held = std::fs::File::options().write(true).open(format!("/proc/{}/fd/1", noted(&pids)[0])).unwrap();
    engine.api.ask(StopTask { id: id.clone(), mode: StopMode::Graceful }).await.unwrap();
    engine.finished(&id).await;
    let remark = engine.api.list_task_runs(&id).await.unwrap()[0].remark.clone();
    assert!(remark.as_ref().is_some_and(|remark| remark.starts_with("output was cut")), "{remark:?}");
    assert_eq!(engine.api.ask(GetTaskRow { id: id.clone() }).await.unwrap().unwrap().remark, remark);
    assert_eq!(engine.api.ask(GetLogInfo { run: RunId::new(id.clone(), 1) }).await.unwrap().remark, remark);
    drop(held);
}

/// Waits until the row says that the main program has ended.
async fn main_ended(engine: &Engine, id: &TaskId) -> TaskRow {
    use tokio_stream::StreamExt as _;
    let mut changes = engine.api.open(WatchTasks {}).await.unwrap();
    let said = async {
        loop {
            let row = engine.api.ask(GetTaskRow { id: id.clone() }).await.unwrap().unwrap();
            if row.main_ended.is_some() {
                return row;
            }
            assert!(!row.task.status.phase.is_terminal(), "{row:?}");
            changes.next().await.expect("changes go on");
        }
    };
    within("it is said", said).await
}
