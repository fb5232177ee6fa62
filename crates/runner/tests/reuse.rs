//! A run folder that is used again: what it takes, and that nothing of the run before is believed of the next one.

mod common;

use common::{Runs, command, runner, sh, wait, within};
use solti_runner::{Attached, LostReason, RunEnd, Runner, empty_run_folder};
use solti_testing::until;

/// The shim may be a moment behind the news of its end.
async fn emptied(runs: &Runs, task: &str) {
    until("the shim's end", || empty_run_folder(&runs.run_dir(task)).unwrap()).await;
}

async fn attach(runs: &Runs, task: &str) -> Attached {
    within("an answer", runner().attach(&runs.run_dir(task), &runs.run_id(task))).await.unwrap()
}

#[tokio::test]
async fn the_folder_of_a_silent_run_serves_another() {
    let runs = Runs::new();
    let (first, _) = runs.run("a", command(&["/bin/true"])).await;
    assert_eq!(first.end, RunEnd::Exited { code: 0 });
    emptied(&runs, "a").await;
    let (a, b) = (runs.run_dir("a"), runs.run_dir("b"));
    std::fs::rename(a.parent().unwrap(), b.parent().unwrap()).unwrap();

    assert!(matches!(attach(&runs, "b").await, Attached::Lost(LostReason::NeverStarted)));
    let (second, output) = runs.run("b", sh("echo b; exit 3")).await;
    assert_eq!((second.end, output.as_str()), (RunEnd::Exited { code: 3 }, "b\n"));
    assert!(matches!(attach(&runs, "b").await, Attached::Finished(_)));
}

#[tokio::test]
async fn a_folder_with_a_log_or_a_living_shim_is_left_as_it_is() {
    let runs = Runs::new();
    runs.run("log", sh("echo kept")).await;
    assert!(!empty_run_folder(&runs.run_dir("log")).unwrap());
    assert_eq!(runs.output("log"), "kept\n");
    assert!(matches!(attach(&runs, "log").await, Attached::Finished(_)));

    let mut alive = runs.start("alive", sh("exec sleep 1000")).await.unwrap();
    assert!(!empty_run_folder(&runs.run_dir("alive")).unwrap());
    alive.controller().stop(solti_runner::StopMode::Kill).await;
    assert!(matches!(wait(&mut alive).await.end, RunEnd::Stopped { .. }));
    assert!(empty_run_folder(&runs.dir.path().join("nowhere")).is_err());
}

#[tokio::test]
async fn the_record_of_another_run_is_not_believed() {
    let runs = Runs::new();
    runs.run("a", command(&["/bin/true"])).await;
    let dir = runs.run_dir("b");
    std::fs::create_dir_all(&dir).unwrap();
    // What a power cut may leave: the folder was moved, and that its record was blanked did not reach the disk.
    std::fs::copy(runs.run_dir("a").join("exit"), dir.join("exit")).unwrap();
    assert!(matches!(attach(&runs, "b").await, Attached::Lost(_)));
}
