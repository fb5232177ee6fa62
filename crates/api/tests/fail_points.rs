//! The app, or the shim of a run, is killed at each durable step, three times each: what is found afterwards is a legal state, no
//! task is lost or run twice, and no success is guessed.
//!
//! The steps are fail points in the supervisor and the shim, compiled in with the feature `failpoints` alone.

mod common;
mod engine_process;

use common::{Engine, bash, spec, with_slurm};
use engine_process::queue::check_hands;
use engine_process::{Core, check_often, check_recovered, recovered};
use serde_json::json;
use solti_api::ApiHandler as _;
use solti_model::{Task, TaskPhase};
use solti_runner::ShimRunner;
use solti_store::Store;
use solti_supervisor::{Supervisor, SupervisorConfig};
use solti_testing::{TestCluster, shim_with_fail_points};
use std::ffi::OsStr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

const ROUNDS: usize = 3;

#[tokio::test(flavor = "multi_thread")]
async fn an_app_killed_at_any_durable_step_loses_and_repeats_nothing() {
    for step in ["intent-stored", "run-started", "start-stored", "end-heard", "end-stored"] {
        for round in 1..=ROUNDS {
            let dir = tempfile::tempdir().unwrap();
            let die_at = format!("{step} {round}");
            let core = Core::start_with(dir.path(), 4, &[("SOLTI_TEST_DIE_AT", &die_at)]);
            let acknowledged = core.died();
            assert!(!acknowledged.is_empty() || step == "intent-stored", "{die_at}");
            recovered(dir.path(), &acknowledged).await;
        }
    }
}

/// The intent, the files of the job, its submission, its start and its end: what a cluster has taken is found by its name, and nothing
/// is handed over twice.
#[tokio::test(flavor = "multi_thread")]
async fn an_app_killed_at_any_durable_step_hands_no_job_over_twice() {
    let Some(cluster) = TestCluster::start(&[]) else { return };
    let (shared, conf) = (cluster.shared.to_str().unwrap(), cluster.env()[OsStr::new("SLURM_CONF")].clone());
    let steps = [
        "intent-stored",
        "job-written",
        "job-submitted",
        "run-started",
        "start-stored",
        "end-heard",
        "end-stored",
    ];
    for step in steps {
        for round in [1, 3] {
            let dir = tempfile::tempdir().unwrap();
            let die_at = format!("{step} {round}");
            let env = [
                ("SOLTI_TEST_DIE_AT", die_at.as_str()),
                ("SOLTI_TEST_CLUSTER", shared),
                ("SLURM_CONF", conf.to_str().unwrap()),
            ];
            let acknowledged = Core::start_with(dir.path(), 4, &env).died();
            let config =
                SupervisorConfig { grace: Duration::from_secs(1), ..SupervisorConfig::new(dir.path()) };
            let runners = with_slurm(dir.path(), &cluster.shared, cluster.env());
            let engine = Engine::open_with_runners(config, runners).await;
            check_recovered(engine, dir.path(), &acknowledged).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_killed_around_the_time_of_a_schedule_runs_it_once() {
    for step in ["firing-due", "firing-stored", "intent-stored"] {
        for round in 1..=ROUNDS {
            let dir = tempfile::tempdir().unwrap();
            let die_at = format!("{step} {round}");
            let env = [("SOLTI_TEST_DIE_AT", die_at.as_str()), ("SOLTI_TEST_SCHEDULES", "10")];
            Core::start_with(dir.path(), 0, &env).died();
            check_often(dir.path()).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_killed_with_its_hands_on_the_queue_has_done_what_it_answered_for() {
    // Each hand, and the condition of another task.
    for (step, times) in
        [("queue-change-decided", 7), ("queue-change-stored", 7), ("dependency-fulfilled", 1)]
    {
        for n in 1..=times {
            let dir = tempfile::tempdir().unwrap();
            let die_at = format!("{step} {n}");
            let env = [("SOLTI_TEST_DIE_AT", die_at.as_str()), ("SOLTI_TEST_QUEUE", "1")];
            let done = Core::start_with(dir.path(), 0, &env).died_after();
            check_hands(dir.path(), &done).await;
        }
    }
}

async fn engine(dir: &Path) -> Engine {
    let config = SupervisorConfig { grace: Duration::from_secs(1), ..SupervisorConfig::new(dir) };
    let runner = Arc::new(ShimRunner::new(shim_with_fail_points()));
    let supervisor = Supervisor::start(Store::open(dir).unwrap(), runner, config).await.unwrap();
    Engine { api: solti_api::SupervisorApiAdapter::new(supervisor.clone()), supervisor }
}

/// Runs a task that leaves a mark and ends with `code`, under a shim that dies at the step; returns what became of it and how
/// often its program was started.
async fn under_a_dying_shim(step: &str, code: i32) -> (Task, usize) {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("failpoint"), step).unwrap();
    let mark = dir.path().join("mark");
    // When its shim dies at the start, the program goes on until it is ended.
    let text =
        format!("echo ran >> {}; [ {step} = child-started ] && sleep 600; exit {code}", mark.display());
    let app = engine(dir.path()).await;
    let id = app.api.submit_task(spec("s", bash(&text), json!({}))).await.unwrap();
    let task = app.finished(&id).await;
    app.supervisor.shut_down().await;
    drop(app);

    assert_eq!(common::processes_of(&id), 0, "{step}: no survivor");
    let again = engine(dir.path()).await.api.get_task_status(&id).await.unwrap().unwrap();
    assert_eq!(again, task, "{step}: a restart of the app changes nothing");
    (task, std::fs::read_to_string(mark).unwrap_or_default().lines().count())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shim_killed_at_any_durable_step_leaves_a_failed_run_or_its_true_end() {
    for _ in 0..ROUNDS {
        for (step, ran) in
            [("record-begun", 0..=0), ("launch-taken", 0..=0), ("child-started", 0..=1), ("run-over", 1..=1)]
        {
            let (task, started) = under_a_dying_shim(step, 0).await;
            let status = task.status;
            assert_eq!((status.phase, status.exit_code), (TaskPhase::Failed, None), "{step}");
            assert!(ran.contains(&started), "{step}: started {started} times");
            let error = status.error.unwrap();
            assert!(
                error.contains("supervision lost") || error.contains("the supervising process ended"),
                "{error}"
            );
        }
        for (code, phase) in [(0, TaskPhase::Succeeded), (3, TaskPhase::Failed)] {
            let (task, started) = under_a_dying_shim("exit-recorded", code).await;
            assert_eq!((task.status.phase, task.status.exit_code, started), (phase, Some(code), 1));
        }
    }
}
