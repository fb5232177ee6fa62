//! What becomes of a container while the app is away.

use solti_model::ContainerTask;
use solti_runner::{Attached, RunEnd, RunHandle, RunRequest, Runner, StopMode};
use solti_testing::{on_each_engine, until, wait_until};

use crate::common::wait;
use crate::support::{Containers, run, sh, volume};

on_each_engine! { run:
    a_container_that_ends_meanwhile_is_taken_away,
    a_container_that_failed_meanwhile_is_understood_and_taken_away,
    a_container_that_goes_on_is_stopped_by_the_next_app,
}

/// Starts a run in an app that is then away, once it has printed "on".
async fn leave(it: &Containers, request: RunRequest) {
    let (runner, log) = (it.runner.clone(), request.run_dir.join("output.log"));
    let app = std::thread::spawn(move || {
        let app = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let handle: RunHandle = app.block_on(runner.start(request)).unwrap();
        let printed = || std::fs::read_to_string(&log).unwrap_or_default();
        wait_until("it runs", || printed().lines().any(|line| line == "on"));
        drop(handle);
        app.shutdown_background();
    });
    tokio::task::spawn_blocking(|| app.join().unwrap()).await.unwrap();
}

/// A shell that goes on with `then` when there is a file in the folder.
fn waiting(folder: &std::path::Path, then: &str) -> ContainerTask {
    let script = format!("echo on; while [ ! -e /in/go ]; do sleep 0.05; done; {then}");
    ContainerTask { volumes: vec![volume(folder, "/in", true)], ..sh(&script) }
}

async fn a_container_that_ends_meanwhile_is_taken_away(it: Containers) {
    let data = tempfile::tempdir().unwrap();
    let request = it.request("away", waiting(data.path(), "exit 3"));
    let (run_dir, run) = (request.run_dir.clone(), request.run.clone());
    leave(&it, request).await;
    std::fs::write(data.path().join("go"), "").unwrap();
    it.nothing_is_left().await;
    let attached = it.runner.attach(&run_dir, &run).await.unwrap();
    let Attached::Finished(outcome) = attached else { panic!("{attached:?}") };
    assert_eq!(outcome.end, RunEnd::Exited { code: 3 });
}

async fn a_container_that_failed_meanwhile_is_understood_and_taken_away(it: Containers) {
    let data = tempfile::tempdir().unwrap();
    let request = it.request("own", waiting(data.path(), "echo 'Error: mine' >&2; exit 126"));
    let (run_dir, run) = (request.run_dir.clone(), request.run.clone());
    leave(&it, request).await;
    std::fs::write(data.path().join("go"), "").unwrap();
    let exited = || it.runs.output("own").contains("mine") && it.processes(&run) == 0;
    until("it has ended", exited).await;
    // Whether it was the engine's is asked by who comes next.
    let attached = it.runner.attach(&run_dir, &run).await.unwrap();
    let outcome = match attached {
        Attached::Finished(outcome) => outcome,
        Attached::Running(mut handle) => wait(&mut handle).await,
        Attached::Lost(why) => panic!("{why:?}"),
    };
    assert_eq!(outcome.end, RunEnd::Exited { code: 126 });
    it.nothing_is_left().await;
}

async fn a_container_that_goes_on_is_stopped_by_the_next_app(it: Containers) {
    let request = it.request("on", sh("trap 'exit 4' TERM; echo on; while :; do sleep 0.1; done"));
    let (run_dir, run) = (request.run_dir.clone(), request.run.clone());
    leave(&it, request).await;
    let attached = it.runner.attach(&run_dir, &run).await.unwrap();
    let Attached::Running(mut handle) = attached else { panic!("{attached:?}") };
    handle.controller().stop(StopMode::Graceful).await;
    assert!(matches!(wait(&mut handle).await.end, RunEnd::Stopped { .. }));
    assert_eq!(it.left(), Vec::<String>::new());
}
