//! Tasks of a real Slurm cluster through the whole engine: where they wait and ran, their logs, and what is left of them. Where no cluster
//! can be started, the test says why and passes.

mod common;
mod engine_process;

use common::{Engine, bash, spec, until_async, with_slurm};
use engine_process::{Core, check_recovered};
use serde_json::json;
use solti_api::operations::{GetTaskRow, ListRunners, Operations as _, StopTask, SuspendTask, TaskEvents};
use solti_api::{ApiError, ApiHandler as _};
use solti_model::{OnCluster, StopMode, TaskEventKind, TaskId, TaskPhase, TaskRow, Waiting};
use solti_supervisor::SupervisorConfig;
use solti_testing::TestCluster;
use std::path::Path;
use std::time::Duration;

async fn open(data_dir: &Path, cluster: &TestCluster) -> Engine {
    let config = SupervisorConfig { grace: Duration::from_secs(1), ..SupervisorConfig::new(data_dir) };
    Engine::open_with_runners(config, with_slurm(data_dir, &cluster.shared, cluster.env())).await
}

async fn row(engine: &Engine, id: &TaskId) -> TaskRow {
    engine.api.ask(GetTaskRow { id: id.clone() }).await.unwrap().expect("it is there")
}

async fn submit(engine: &Engine, slot: &str, text: &str, more: serde_json::Value) -> TaskId {
    engine.api.submit_task(spec(slot, bash(text), more)).await.unwrap()
}

async fn waits_in_the_cluster(engine: &Engine, id: &TaskId, words: &str) {
    until_async(words, async || {
        let row = row(engine, id).await;
        assert_eq!(row.task.status.phase, TaskPhase::Pending);
        matches!(row.waiting, Some(Waiting::Cluster { why, .. }) if why == words)
    })
    .await;
}

/// `make torture` asks for more.
fn rounds() -> usize {
    std::env::var("SOLTI_TORTURE_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(3)
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_moment_the_app_has_each_task_run_once_and_every_line_of_it() {
    const TASKS: usize = 6;
    let Some(cluster) = TestCluster::start(&[]) else { return };
    let conf = cluster.env()[std::ffi::OsStr::new("SLURM_CONF")].clone();
    let env =
        [("SOLTI_TEST_CLUSTER", cluster.shared.to_str().unwrap()), ("SLURM_CONF", conf.to_str().unwrap())];
    for round in 0..rounds() {
        let data = tempfile::tempdir().unwrap();
        let mut core = Core::start_with(data.path(), TASKS, &env);
        // Every other time all run; else the kill falls between two submits.
        core.wait_for_acknowledged(if round % 2 == 0 { TASKS } else { rand::random_range(1..TASKS) });
        // Not a wait for anything: the moment of the death is the fault that is tested.
        std::thread::sleep(Duration::from_millis(rand::random_range(0..1_500)));
        let acknowledged = core.kill();
        let engine = open(data.path(), &cluster).await;
        check_recovered(engine, data.path(), &acknowledged).await;
    }
}

fn size_of(folder: &Path) -> usize {
    std::fs::read_dir(folder).map_or(0, |entries| entries.count())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_of_a_cluster_is_a_task_like_others() {
    let Some(cluster) = TestCluster::start(&[]) else { return };
    let data = tempfile::tempdir().unwrap();
    let engine = open(data.path(), &cluster).await;
    let by_labels = json!({"runnerSelector": {"matchLabels": {"runner": "slurm"}}});

    // Its log, its code, and where it ran.
    let ran = submit(&engine, "a", "echo one; echo two >&2; exit 3", by_labels.clone()).await;
    let task = engine.finished(&ran).await;
    assert_eq!((task.status.phase, task.status.exit_code), (TaskPhase::Failed, Some(3)));
    let mut lines = engine.lines(&ran).await;
    lines.sort();
    assert_eq!(lines, ["one", "two"]);
    let runs = engine.api.list_task_runs(&ran).await.unwrap();
    assert_eq!(runs[0].runner.as_deref(), Some("slurm"));
    let node = runs[0].node.clone().expect("its node is known");
    assert!(node.starts_with('n'), "{node}");
    let events = engine.api.ask(TaskEvents { id: ran.clone() }).await.unwrap();
    let started = events.iter().find(|event| event.kind == TaskEventKind::Started).expect("it has begun");
    assert!(
        started.detail.as_deref().unwrap_or_default().contains(&format!(" on node {node},")),
        "{started:?}"
    );

    // Without the cluster's labels or fields it stays here.
    let here = submit(&engine, "b", "echo \"${SLURM_JOB_ID-here}\"", json!({})).await;
    engine.finished(&here).await;
    assert_eq!(engine.lines(&here).await, ["here"]);

    // Why it waits, over a restart of the engine; and its stop.
    let waiting = submit(&engine, "c", "echo ran", json!({"cluster": {"partition": "closed"}})).await;
    waits_in_the_cluster(&engine, &waiting, "partition closed is down").await;
    engine.supervisor.shut_down().await;
    drop(engine);
    let engine = open(data.path(), &cluster).await;
    waits_in_the_cluster(&engine, &waiting, "partition closed is down").await;
    assert_eq!(cluster.ask("squeue", &["-h", "-o", "%i"]).lines().count(), 1, "it was not handed over again");
    engine.api.ask(StopTask { id: waiting.clone(), mode: StopMode::Graceful }).await.unwrap();
    assert_eq!(engine.finished(&waiting).await.status.phase, TaskPhase::Canceled);

    // A failure is tried again by our own policy, each time as another job.
    let again = json!({"restart": {"type": "onFailure"}, "maxRetries": 1, "cluster": {},
        "backoff": {"jitter": "none", "firstMs": 1, "maxMs": 1, "factor": 1.0}});
    let again = submit(&engine, "d", "echo $SOLTI_RUN_ID; exit 1", again).await;
    assert_eq!(engine.finished(&again).await.status.phase, TaskPhase::Exhausted);
    let name = |attempt: u32| format!("solti-{again}-{attempt}");
    let jobs =
        cluster.ask("squeue", &["-h", "-t", "all", "-n", &format!("{},{}", name(1), name(2)), "-o", "%j %T"]);
    assert_eq!(jobs.lines().count(), 2, "{jobs}");

    // Nothing of a deleted task is left, here or in the shared folder.
    let folders = engine.supervisor.folders().clone();
    let shared = std::fs::read_link(folders.task(&ran)).expect("its folder is elsewhere");
    assert!(shared.starts_with(&cluster.shared));
    for id in [&ran, &waiting, &again, &here] {
        engine.api.delete_task(id).await.unwrap();
    }
    assert_eq!((size_of(shared.parent().unwrap()), size_of(folders.root())), (0, 0));

    let runners = engine.api.ask(ListRunners {}).await.unwrap();
    let offer = runners.iter().find_map(|runner| runner.cluster.as_ref()).expect("it is described");
    assert_eq!(offer.partitions.len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_waits_for_a_shared_folder_that_cannot_be_used() {
    let Some(cluster) = TestCluster::start(&[]) else { return };
    let data = tempfile::tempdir().unwrap();
    let engine = open(data.path(), &cluster).await;
    let says = async |id: &TaskId, words: &str| {
        until_async(words, async || {
            let row = row(&engine, id).await;
            assert_eq!(row.task.status.phase, TaskPhase::Pending, "{row:?}");
            row.trouble.is_some_and(|why| why.contains(words))
        })
        .await;
    };
    let away = cluster.shared.with_extension("away");
    std::fs::rename(&cluster.shared, &away).unwrap();
    let id = submit(&engine, "a", "echo there", json!({"cluster": {}})).await;
    says(&id, "the shared folder").await;
    assert!(!cluster.shared.exists(), "nothing is made in its stead");
    std::fs::rename(&away, &cluster.shared).unwrap();
    engine.finished(&id).await;
    assert_eq!(engine.lines(&id).await, ["there"]);

    // What is wrong inside of it is told of the place where it is. The programs for the nodes have none.
    let bin = cluster.shared.join("solti/bin");
    std::fs::remove_dir_all(&bin).unwrap();
    std::fs::write(&bin, "").unwrap();
    let id = submit(&engine, "a", "echo again", json!({"cluster": {}})).await;
    says(&id, "the shared folder cannot be used: ").await;
    std::fs::remove_file(&bin).unwrap();
    engine.finished(&id).await;
    assert_eq!(engine.lines(&id).await, ["again"]);
    engine.supervisor.shut_down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_a_cluster_runs_says_its_node_and_is_not_suspended() {
    let Some(cluster) = TestCluster::start(&[]) else { return };
    let data = tempfile::tempdir().unwrap();
    let engine = open(data.path(), &cluster).await;
    let runs = submit(&engine, "a", "exec sleep 600", json!({"cluster": {"constraint": "n2"}})).await;
    engine.running(&runs).await;
    let on_n2 = Some(OnCluster { node: Some("n2".to_owned()) });
    assert_eq!(row(&engine, &runs).await.on_cluster, on_n2);
    let refused = engine.api.ask(SuspendTask { id: runs.clone() }).await;
    assert!(
        matches!(&refused, Err(ApiError::Conflict { reason }) if reason.contains("only an operator")),
        "{refused:?}"
    );
    let row_after = row(&engine, &runs).await;
    assert!(!row_after.suspended && row_after.trouble.is_none(), "{row_after:?}");
    let events = engine.api.ask(TaskEvents { id: runs.clone() }).await.unwrap();
    assert!(events.iter().all(|event| event.kind != TaskEventKind::Suspended), "nothing was stored");
    // Also where the next engine cannot ask the cluster.
    cluster.until_saved();
    engine.supervisor.shut_down().await;
    drop(engine);
    cluster.kill("slurmctld");
    let engine = open(data.path(), &cluster).await;
    assert_eq!(row(&engine, &runs).await.on_cluster, on_n2);
    cluster.start_controller();
    engine.running(&runs).await;
    engine.api.ask(StopTask { id: runs.clone(), mode: StopMode::Kill }).await.unwrap();
    engine.finished(&runs).await;
    assert_eq!(row(&engine, &runs).await.on_cluster, None);
    assert_eq!(engine.api.list_task_runs(&runs).await.unwrap()[0].node.as_deref(), Some("n2"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_controller_that_is_away_keeps_a_task_and_says_so_in_its_row() {
    let Some(cluster) = TestCluster::start(&[]) else { return };
    let data = tempfile::tempdir().unwrap();
    let engine = open(data.path(), &cluster).await;
    let over = data.path().join("over");
    let text = format!("echo on; while [ ! -e {} ]; do sleep 0.1; done", over.display());
    let runs = submit(&engine, "a", &text, json!({"cluster": {}})).await;
    engine.running(&runs).await;
    cluster.until_saved();
    engine.supervisor.shut_down().await;
    drop(engine);
    cluster.kill("slurmctld");

    // The next engine cannot ask, and so it says and does nothing.
    let engine = open(data.path(), &cluster).await;
    until_async("it is said", async || {
        let row = row(&engine, &runs).await;
        assert!(!row.task.status.phase.is_terminal(), "{row:?}");
        row.trouble.is_some_and(|trouble| trouble.starts_with("cannot be looked at: the cluster"))
    })
    .await;
    // One that is submitted now waits for the controller too, and is handed over once.
    let late = submit(&engine, "b", "echo ran", json!({"cluster": {}})).await;
    until_async("it is said of the second", async || row(&engine, &late).await.trouble.is_some()).await;
    cluster.start_controller();
    let task = engine.finished(&late).await;
    assert_eq!(task.status.phase, TaskPhase::Succeeded, "{task:?}");
    assert_eq!(engine.lines(&late).await, ["ran"]);
    std::fs::write(over, "").unwrap();
    let task = engine.finished(&runs).await;
    assert_eq!(task.status.phase, TaskPhase::Succeeded, "{task:?}");
    assert_eq!(engine.lines(&runs).await, ["on"]);
}
