//! What is left when the app, a shim or the whole machine dies under running tasks.
//!
//! The app that dies is in `engine_process`; the one that finds what is left is the test itself. Deaths at each durable step are in
//! `fail_points`, those inside the store in its crate.

use crate::common;
use crate::engine_process;
use common::{Engine, PATIENCE, bash, command, spec};
use engine_process::{Core, TASKS, recovered, side_dir};
use serde_json::json;
use solti_api::ApiHandler;
use solti_api::operations::{GetTaskRow, HoldTask, Operations as _, ReleaseTask, SetLane, TaskEvents};
use solti_model::{TaskEventKind, TaskId, TaskPhase, Waiting};
use solti_runner::ShimRunner;
use solti_store::Store;
use solti_supervisor::{Supervisor, SupervisorConfig};
use solti_testing::now_ms;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// `make torture` asks for more.
fn rounds() -> usize {
    std::env::var("SOLTI_TORTURE_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(25)
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_moment_the_app_finds_its_twenty_tasks_and_every_line_again() {
    let mut starts = Vec::new();
    for round in 0..rounds() {
        let dir = tempfile::tempdir().unwrap();
        let mut core = Core::start(dir.path(), TASKS);
        // Every other time all twenty run; else the kill falls between two submits.
        let submitted = if round % 2 == 0 { TASKS } else { rand::random_range(1..TASKS) };
        core.wait_for_acknowledged(submitted);
        // Not a wait for anything: the moment of the death is the fault that is tested.
        std::thread::sleep(Duration::from_millis(rand::random_range(0..200)));
        starts.push(recovered(dir.path(), &core.kill()).await);
    }
    starts.sort_unstable();
    println!("attached again: median {:?}, longest {:?}", starts[starts.len() / 2], starts[starts.len() - 1]);
}

/// Whether any run folder holds the file; or, for the end of a task, any task has left its last mark.
fn some_run_has(dir: &Path, file: &str) -> bool {
    if file == "done" {
        return side_dir(dir).join("0.done").exists();
    }
    let Ok(tasks) = std::fs::read_dir(dir.join("runs")) else { return false };
    tasks.flatten().any(|task| task.path().join("1").join(file).exists())
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_each_step_of_a_start_and_of_an_end_the_app_loses_and_repeats_nothing() {
    // The folder is there and the shim is being started, it owns the run, it can be reached, its child has printed, and
    // has ended.
    for file in [".", ".", "exit", "control.sock", "output.log", "done"] {
        for _ in 0..3 {
            let dir = tempfile::tempdir().unwrap();
            let core = Core::start(dir.path(), 2);
            let began = Instant::now();
            while !some_run_has(dir.path(), file) {
                assert!(began.elapsed() < PATIENCE, "no {file}");
                std::thread::yield_now();
            }
            // Not a wait for anything: the steps after this one are shorter than the time to see a file.
            std::thread::sleep(Duration::from_micros(rand::random_range(0..3_000)));
            recovered(dir.path(), &core.kill()).await;
        }
    }
}

fn signal(pid: u32, name: &str) {
    assert!(Command::new("kill").arg(format!("-{name}")).arg(pid.to_string()).status().unwrap().success());
}

fn is_alive(pid: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|stat| !stat[stat.rfind(')').unwrap()..].starts_with(") Z"))
}

fn parent(pid: u32) -> u32 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    stat[stat.rfind(')').unwrap()..].split(' ').nth(2).unwrap().parse().unwrap()
}

/// The program of a running task, by what its history says.
async fn child_of(engine: &Engine, id: &TaskId) -> u32 {
    let events = engine.api.ask(TaskEvents { id: id.clone() }).await.unwrap();
    let started = events.into_iter().find(|event| event.kind == TaskEventKind::Started).unwrap();
    started.detail.unwrap().strip_prefix("pid ").unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_shim_means_a_lost_run_and_no_process_of_it_is_left() {
    for app_is_away in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        let mut engine = Engine::open(dir.path()).await;
        let id = engine.api.submit_task(spec("s", bash("sleep 600 & wait"), json!({}))).await.unwrap();
        engine.running(&id).await;
        let child = child_of(&engine, &id).await;
        if app_is_away {
            engine.supervisor.shut_down().await;
        }
        signal(parent(child), "KILL");
        if app_is_away {
            engine = Engine::open(dir.path()).await;
        }
        let task = engine.finished(&id).await;
        assert_eq!((task.status.phase, task.status.exit_code), (TaskPhase::Failed, None));
        let error = task.status.error.unwrap();
        assert!(error.contains("supervision lost"), "{error}");
        assert!(!is_alive(child));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_reboot_runs_are_lost_and_who_waits_is_not_started_unasked() {
    let dir = tempfile::tempdir().unwrap();
    let boot = |id: &str| SupervisorConfig { boot_id: id.to_owned(), ..SupervisorConfig::new(dir.path()) };
    let engine = Engine::open_with(boot("before")).await;
    let queued = json!({"admission": "queue"});
    let submit = |program: &'static str, args: &'static [&'static str]| {
        engine.api.submit_task(spec("s", command(program, args), queued.clone()))
    };
    let running = submit("sleep", &["600"]).await.unwrap();
    let waiting = submit("true", &[]).await.unwrap();
    engine.running(&running).await;
    let child = child_of(&engine, &running).await;
    engine.supervisor.shut_down().await;
    // What a reboot does to processes.
    for pid in [parent(child), child] {
        signal(pid, "KILL");
    }

    let engine = Engine::open_with(boot("after")).await;
    let task = engine.finished(&running).await;
    assert_eq!(task.status.phase, TaskPhase::Failed);
    let error = task.status.error.unwrap();
    assert!(error.contains("reboot") || error.contains("restart"), "{error}");
    let row = engine.api.ask(GetTaskRow { id: waiting.clone() }).await.unwrap().unwrap();
    assert_eq!((row.task.status.phase, row.waiting), (TaskPhase::Pending, Some(Waiting::Held)));

    // A person says go on.
    engine.api.ask(ReleaseTask { id: waiting.clone() }).await.unwrap();
    assert_eq!(engine.finished(&waiting).await.status.phase, TaskPhase::Succeeded);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_start_after_a_reboot_that_does_not_get_through_lets_nothing_go() {
    let dir = tempfile::tempdir().unwrap();
    let boot = |id: &str| SupervisorConfig { boot_id: id.to_owned(), ..SupervisorConfig::new(dir.path()) };
    let slot = solti_model::Slot::new("s").unwrap();
    {
        let engine = Engine::open_with(boot("before")).await;
        engine.api.ask(SetLane { slot: slot.clone(), capacity: None, paused: Some(true) }).await.unwrap();
        let waiting = spec("s", command("true", &[]), json!({"admission": "queue"}));
        engine.api.submit_task(waiting).await.unwrap();
        engine.supervisor.shut_down().await;
    }
    let is_held = async |store: &Store| store.active().await.unwrap().iter().any(|task| task.queueing.held);
    {
        let store = Store::open(dir.path()).unwrap();
        let lane = solti_store::StoredLane {
            slot,
            capacity: 1,
            paused: false,
            rules: solti_model::LaneRules::default(),
            own_capacity: None,
        };
        store.apply(vec![solti_store::Change::PutLane(lane)]).await.unwrap();
    }
    // Given up a little later each time, until one gets through.
    for turns in 1.. {
        let store = Store::open(dir.path()).unwrap();
        let runner = Arc::new(ShimRunner::new(common::shim()));
        let mut start = Box::pin(Supervisor::start(store.clone(), runner, boot("after")));
        let mut left = turns;
        let given_up = std::future::poll_fn(|cx| {
            use std::task::Poll;
            left -= 1;
            match start.as_mut().poll(cx) {
                Poll::Ready(started) => Poll::Ready(Some(started.unwrap())),
                Poll::Pending if left == 0 => Poll::Ready(None),
                Poll::Pending => Poll::Pending,
            }
        });
        let supervisor = given_up.await;
        drop(start);
        // What was on its way to the disk gets there.
        store.settle().await.unwrap();
        let noted = store.meta("boot_id").await.unwrap().unwrap();
        assert_eq!(noted == "after", is_held(&store).await, "given up after {turns} turns");
        if let Some(supervisor) = supervisor {
            assert_eq!(noted, "after");
            return supervisor.shut_down().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_reboot_a_next_attempt_waits_for_the_person_too() {
    let dir = tempfile::tempdir().unwrap();
    let boot = |id: &str| SupervisorConfig { boot_id: id.to_owned(), ..SupervisorConfig::new(dir.path()) };
    let engine = Engine::open_with(boot("before")).await;
    let mark = dir.path().join("mark");
    let text = format!("echo ran >> {}; [ $(wc -l < {0}) -gt 1 ]", mark.display());
    let retried = json!({"restart": {"type": "onFailure"},
        "backoff": {"jitter": "none", "firstMs": 1_000, "maxMs": 1_000, "factor": 1.0}});
    let id = engine.api.submit_task(spec("s", bash(&text), retried)).await.unwrap();
    let has_failed_once = |task: &solti_model::Task| {
        task.status.phase == TaskPhase::Pending && task.status.exit_code == Some(1)
    };
    engine.wait_for(&id, has_failed_once).await;
    engine.supervisor.shut_down().await;

    let engine = Engine::open_with(boot("after")).await;
    let mut changes = engine.supervisor.changes();
    loop {
        let row = engine.api.ask(GetTaskRow { id: id.clone() }).await.unwrap().unwrap();
        // Its time has come, and passed.
        if row.next_attempt_at.is_some_and(|at| at < now_ms()) {
            assert_eq!((row.task.status.phase, row.waiting), (TaskPhase::Pending, Some(Waiting::Held)));
            break;
        }
        tokio::time::timeout(Duration::from_millis(50), changes.next()).await.ok();
    }
    assert_eq!(std::fs::read_to_string(&mark).unwrap().lines().count(), 1);
    engine.api.ask(ReleaseTask { id: id.clone() }).await.unwrap();
    assert_eq!(engine.finished(&id).await.status.phase, TaskPhase::Succeeded);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_reboot_each_task_becomes_what_it_says() {
    each_becomes_what_it_says(|shim, program| {
        signal(shim, "KILL");
        signal(program, "KILL");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_reboot_that_left_time_to_record_the_ends_it_is_the_same() {
    each_becomes_what_it_says(|_, program| signal(program, "TERM")).await;
}

/// `go_down`: what the reboot does to the shim and the program of each run.
async fn each_becomes_what_it_says(go_down: fn(u32, u32)) {
    let dir = tempfile::tempdir().unwrap();
    let boot = |id: &str| SupervisorConfig { boot_id: id.to_owned(), ..SupervisorConfig::new(dir.path()) };
    let engine = Engine::open_with(boot("before")).await;
    let submit = async |slot: &str, text: &str, more: serde_json::Value| {
        let mut all = json!({"admission": "queue"});
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        engine.api.submit_task(spec(slot, bash(text), all)).await.unwrap()
    };
    // Each has run, and had an attempt that is lost; or waited.
    let mut ran = Vec::new();
    for (slot, more) in [
        ("a", json!({"restart": {"type": "always"}})),
        ("b", json!({"afterReboot": "start"})),
        ("c", json!({"afterReboot": "hold"})),
        ("d", json!({})),
        ("e", json!({"restart": {"type": "onFailure"}})),
    ] {
        let id = submit(slot, "exec sleep 600", more).await;
        engine.running(&id).await;
        ran.push((id.clone(), child_of(&engine, &id).await));
    }
    let waits = submit("a", "true", json!({})).await;
    let goes_on = submit("d", "true", json!({"afterReboot": "start"})).await;
    let ends = submit("d", "true", json!({"afterReboot": "end"})).await;
    // Its turn would come as soon as the one before it is lost.
    let is_next = submit("e", "true", json!({"afterReboot": "end"})).await;
    let is_held = submit("e", "true", json!({"afterReboot": "end"})).await;
    engine.api.ask(HoldTask { id: is_held.clone() }).await.unwrap();
    engine.supervisor.shut_down().await;
    for (_, child) in &ran {
        go_down(parent(*child), *child);
    }

    let engine = Engine::open_with(boot("after")).await;
    let row = async |id: &TaskId| engine.api.ask(GetTaskRow { id: id.clone() }).await.unwrap().unwrap();
    for (id, _) in &ran[..2] {
        // A service comes back, once what became of its attempt is known.
        let comes_back =
            |task: &solti_model::Task| task.status.phase == TaskPhase::Running && task.status.attempt == 2;
        engine.wait_for(id, comes_back).await;
    }
    engine.wait_for(&ran[2].0, |task| task.status.phase == TaskPhase::Pending).await;
    let held = row(&ran[2].0).await;
    assert_eq!(held.waiting, Some(Waiting::Held));
    assert_eq!(held.recent_runs[0].phase, TaskPhase::Failed, "its attempt is lost all the same");
    for (id, _) in &ran[3..] {
        let status = engine.finished(id).await.status;
        assert_eq!((status.phase, status.attempt), (TaskPhase::Failed, 1));
    }
    assert_eq!(row(&waits).await.waiting, Some(Waiting::Held));
    assert_eq!(engine.finished(&goes_on).await.status.phase, TaskPhase::Succeeded);
    for id in [&ends, &is_next, &is_held] {
        let ended = engine.finished(id).await.status;
        assert_eq!((ended.phase, ended.attempt), (TaskPhase::Canceled, 0));
        assert!(ended.error.unwrap().contains("restarted"));
    }
    engine.api.ask(ReleaseTask { id: ran[2].0.clone() }).await.unwrap();
    engine.running(&ran[2].0).await;
    for (id, _) in &ran {
        engine.api.delete_task(id).await.unwrap();
    }
}
