//! What a restart of the app finds, and what becomes of a run whose shim is killed.

mod common;

use common::{Runs, runner, sh, wait, within};
use solti_runner::{Attached, LostReason, RunEnd, RunHandle, Runner, StopMode};
use tokio::runtime::Runtime;

/// Starts a run in a runtime of its own and lets that go, as an app that dies does: nothing of it is left but the shim.
fn start_and_die(runs: &Runs, task: &str, text: &str) -> u32 {
    let runtime = Runtime::new().unwrap();
    let handle = runtime.block_on(runs.start(task, sh(text))).unwrap();
    let pid = handle.pid;
    drop(handle);
    runtime.shutdown_background();
    pid
}

async fn attach(runs: &Runs, task: &str) -> Attached {
    within("an answer", runner().attach(&runs.run_dir(task), &runs.run_id(task))).await.unwrap()
}

fn running(attached: Attached) -> RunHandle {
    match attached {
        Attached::Running(handle) => handle,
        Attached::Finished(_) | Attached::Lost(_) => panic!("should be running: {attached:?}"),
    }
}

#[test]
fn a_run_goes_on_while_the_app_is_away_and_is_attached_again() {
    let runs = Runs::new();
    let pid = start_and_die(
        &runs,
        "t",
        "echo before; trap 'echo after; exit 4' TERM; while :; do sleep 0.05; done",
    );
    Runtime::new().unwrap().block_on(async {
        let mut handle = running(attach(&runs, "t").await);
        assert_eq!(handle.pid, pid);
        let mut bell = handle.doorbell();
        while within("the doorbell", bell.rung()).await.unwrap() < 7 {}
        handle.controller().stop(StopMode::Graceful).await;
        let outcome = wait(&mut handle).await;
        assert_eq!(outcome.end, RunEnd::Stopped { code: Some(4), signal: None });
        assert_eq!(outcome.started_at_ms, Some(handle.started_at_ms));
        // The shell may add a word on its ended `sleep`, before or after.
        let output = runs.output("t");
        assert!(output.starts_with("before\n") && output.contains("after\n"), "{output}");
    });
}

#[test]
fn an_end_while_the_app_was_away_is_found() {
    let runs = Runs::new();
    let gate = runs.dir.path().join("gate");
    std::fs::write(&gate, "").unwrap();
    start_and_die(&runs, "t", &format!("while [ -e '{}' ]; do sleep 0.02; done; exit 9", gate.display()));
    Runtime::new().unwrap().block_on(async {
        let mut handle = running(attach(&runs, "t").await);
        std::fs::remove_file(&gate).unwrap();
        assert_eq!(wait(&mut handle).await.end, RunEnd::Exited { code: 9 });
        match attach(&runs, "t").await {
            Attached::Finished(outcome) => assert_eq!(outcome.end, RunEnd::Exited { code: 9 }),
            other @ (Attached::Running(_) | Attached::Lost(_)) => panic!("{other:?}"),
        }
    });
}

#[test]
fn a_run_whose_record_was_put_back_from_a_copy_goes_on() {
    for put_back in [true, false] {
        let runs = Runs::new();
        let pid = start_and_die(&runs, "t", "trap 'exit 4' TERM; while :; do sleep 0.05; done");
        let record = runs.run_dir("t").join("exit");
        // As a backup that is unpacked over the folder: another file, which nobody has locked.
        let bytes = std::fs::read(&record).unwrap();
        std::fs::remove_file(&record).unwrap();
        if put_back {
            std::fs::write(&record, bytes).unwrap();
        }
        Runtime::new().unwrap().block_on(async {
            let mut attached = attach(&runs, "t").await;
            // Without a record nobody knows whom to wait for, while the shim makes its socket.
            while !put_back && matches!(attached, Attached::Lost(LostReason::NeverStarted)) {
                attached = attach(&runs, "t").await;
            }
            let mut handle = running(attached);
            assert_eq!(handle.pid, pid);
            assert!(common::is_alive(pid), "put back: {put_back}");
            handle.controller().stop(StopMode::Graceful).await;
            wait(&mut handle).await;
            assert!(!common::is_alive(pid));
        });
    }
}

/// A process in the tree that ignores TERM, has a session of its own and is nobody's child any more.
const STUBBORN: &str = "setsid sh -c 'trap \"\" TERM; echo $$; while :; do sleep 1; done' & sleep 1000";

async fn killed_shim_is_noticed(runs: &Runs, handle: &mut RunHandle) {
    let mut bell = handle.doorbell();
    within("output", bell.rung()).await.unwrap();
    let stubborn: u32 = runs.output("t").trim().parse().unwrap();
    // The shim lives, as its child does.
    let shim = rustix::process::Pid::from_raw(common::shim_of(handle.pid)).unwrap();
    rustix::process::kill_process(shim, rustix::process::Signal::KILL).unwrap();
    let outcome = wait(handle).await;
    assert_eq!(outcome.end, RunEnd::Lost { reason: LostReason::ShimGone });
    assert!(!common::is_alive(handle.pid) && !common::is_alive(stubborn), "no survivor");
    assert_eq!(within("the doorbell's end", bell.rung()).await, None);
    assert!(matches!(attach(runs, "t").await, Attached::Lost(LostReason::ShimGone)));
}

#[tokio::test]
async fn a_killed_shim_is_a_lost_run_without_survivors() {
    let runs = Runs::new();
    let mut handle = runs.start("t", sh(STUBBORN)).await.unwrap();
    killed_shim_is_noticed(&runs, &mut handle).await;
}

#[test]
fn a_killed_shim_of_an_attached_run_is_noticed_as_well() {
    let runs = Runs::new();
    start_and_die(&runs, "t", STUBBORN);
    Runtime::new().unwrap().block_on(async {
        let mut handle = running(attach(&runs, "t").await);
        killed_shim_is_noticed(&runs, &mut handle).await;
    });
}

#[tokio::test]
async fn a_sweep_ends_what_a_lost_run_has_left() {
    let runs = Runs::new();
    let mut orphan = std::process::Command::new("sleep")
        .arg("1000")
        .env("SOLTI_RUN_ID", runs.run_id("t").to_string())
        .spawn()
        .unwrap();
    assert_eq!(runner().sweep(&runs.run_id("other")).await.unwrap(), 0);
    assert_eq!(runner().sweep(&runs.run_id("t")).await.unwrap(), 1);
    assert!(!orphan.wait().unwrap().success());
}

#[tokio::test]
async fn an_intent_without_a_start_can_not_come_to_life_later() {
    let runs = Runs::new();
    assert!(matches!(attach(&runs, "none").await, Attached::Lost(LostReason::NeverStarted)));
    let dir = runs.run_dir("t");
    std::fs::create_dir_all(&dir).unwrap();
    std::fs::write(dir.join("launch"), "a spec that no shim has read").unwrap();
    assert!(matches!(attach(&runs, "t").await, Attached::Lost(LostReason::NeverStarted)));
    assert!(!dir.join("launch").exists());
    // Neither was the spec written: only the folder is there.
    assert!(matches!(attach(&runs, "t").await, Attached::Lost(LostReason::NeverStarted)));
}

#[tokio::test]
async fn a_started_record_of_another_boot_is_a_reboot() {
    use solti_shim::exit_record::{ExitRecord, RunState, boot_id_hash, run_id_hash};
    let runs = Runs::new();
    let dir = runs.run_dir("t");
    std::fs::create_dir_all(&dir).unwrap();
    let record = ExitRecord {
        state: RunState::Started,
        child_pid: 1,
        shim_pid: 1,
        started_at_ms: 5,
        boot_id_hash: boot_id_hash() ^ 1,
        run_id_hash: run_id_hash(&runs.run_id("t").to_string()),
    };
    std::fs::write(dir.join("exit"), record.encode()).unwrap();
    assert!(matches!(attach(&runs, "t").await, Attached::Lost(LostReason::Rebooted)));
    std::fs::write(dir.join("exit"), "torn").unwrap();
    assert!(matches!(attach(&runs, "t").await, Attached::Lost(LostReason::ShimGone)));
}
