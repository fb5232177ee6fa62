//! Runs that cannot be looked at after a restart of the app: nothing of it is an end, nothing is started beside them, and what
//! is asked for is carried out.

use crate::common;
use common::{Engine, bash, command, processes_of, spec, until};
use serde_json::json;
use solti_api::ApiHandler;
use solti_api::operations::{GetTaskRow, Operations as _, StopTask};
use solti_model::{StopMode, Task, TaskId, TaskPhase, TaskRow};
use solti_store::{Change, Store};
use solti_supervisor::SupervisorConfig;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn signal(pid: u32, name: &str) {
    assert!(Command::new("kill").arg(format!("-{name}")).arg(pid.to_string()).status().unwrap().success());
}

fn is_alive(pid: u32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|stat| !stat[stat.rfind(')').unwrap()..].starts_with(") Z"))
}

/// The shim of a running task: it works in the run's folder.
fn shim_of(dir: &Path, id: &TaskId) -> u32 {
    let folder = run_folder(dir, id).canonicalize().unwrap();
    let works_there = |pid: &u32| fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd == folder);
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.into_iter().find(works_there).expect("a shim")
}

fn run_folder(dir: &Path, id: &TaskId) -> PathBuf {
    dir.join("runs").join(id.as_str()).join("1")
}

/// A task that leaves a mark each time it is run, and then goes on until the gate is there.
struct Marked {
    id: TaskId,
    mark: PathBuf,
    gate: PathBuf,
}

impl Marked {
    async fn running(engine: &Engine, side: &Path) -> Self {
        let (mark, gate) = (side.join("mark"), side.join("gate"));
        let text = format!(
            "echo ran >> {}; until [ -e {} ]; do sleep 0.05; done; exit 7",
            mark.display(),
            gate.display()
        );
        let id = engine.api.submit_task(spec("s", bash(&text), json!({"admission": "queue"}))).await.unwrap();
        engine.running(&id).await;
        until("the program runs", || mark.exists()).await;
        Self { id, mark, gate }
    }

    fn runs(&self) -> usize {
        fs::read_to_string(&self.mark).unwrap().lines().count()
    }
}

async fn row(engine: &Engine, id: &TaskId) -> TaskRow {
    engine.api.ask(GetTaskRow { id: id.clone() }).await.unwrap().expect("the task is stored")
}

/// Waits until the row says that nothing is known of it, or that something is again.
async fn trouble(engine: &Engine, id: &TaskId, is_there: bool) -> Option<String> {
    let mut changes = engine.supervisor.changes();
    let wait = async {
        loop {
            let trouble = row(engine, id).await.trouble;
            if trouble.is_some() == is_there {
                return trouble;
            }
            changes.next().await.expect("the supervisor lives");
        }
    };
    tokio::time::timeout(common::PATIENCE, wait).await.expect("the row says so")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_shim_is_no_end_and_nothing_is_started_beside_its_program() {
    let (dir, side) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let engine = Engine::open(dir.path()).await;
    let task = Marked::running(&engine, side.path()).await;
    let next = spec("s", command("true", &[]), json!({"admission": "queue"}));
    let next = engine.api.submit_task(next).await.unwrap();
    engine.supervisor.shut_down().await;
    let shim = shim_of(dir.path(), &task.id);
    signal(shim, "STOP");

    let engine = Engine::open(dir.path()).await;
    let said = trouble(&engine, &task.id, true).await.unwrap();
    assert!(said.starts_with("cannot be looked at: "), "{said}");
    assert_eq!(row(&engine, &task.id).await.task.status.phase, TaskPhase::Running);
    assert_eq!(row(&engine, &next).await.task.status.phase, TaskPhase::Pending);

    signal(shim, "CONT");
    trouble(&engine, &task.id, false).await;
    fs::write(&task.gate, "").unwrap();
    let ended = engine.finished(&task.id).await;
    assert_eq!((ended.status.phase, ended.status.exit_code), (TaskPhase::Failed, Some(7)));
    assert_eq!(engine.finished(&next).await.status.phase, TaskPhase::Succeeded);
    assert_eq!(task.runs(), 1);
}

/// What keeps the app from asking a shim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unreachable {
    Frozen,
    Deaf,
}

async fn unreachable(how: Unreachable, dir: &Path, side: &Path) -> (Engine, Marked, u32) {
    let engine = Engine::open(dir).await;
    let task = Marked::running(&engine, side).await;
    engine.supervisor.shut_down().await;
    let shim = shim_of(dir, &task.id);
    match how {
        Unreachable::Frozen => signal(shim, "STOP"),
        Unreachable::Deaf => {
            let socket = run_folder(dir, &task.id).join("control.sock");
            until("the shim listens", || socket.exists()).await;
            fs::remove_file(socket).unwrap();
        }
    }
    let engine = Engine::open(dir).await;
    trouble(&engine, &task.id, true).await;
    (engine, task, shim)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_of_what_cannot_be_asked_is_carried_out() {
    for (how, mode) in [
        (Unreachable::Frozen, StopMode::Graceful),
        (Unreachable::Frozen, StopMode::Kill),
        (Unreachable::Deaf, StopMode::Kill),
    ] {
        let (dir, side) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (engine, task, shim) = unreachable(how, dir.path(), side.path()).await;
        engine.api.ask(StopTask { id: task.id.clone(), mode }).await.unwrap();
        let ended: Task = engine.finished(&task.id).await;
        assert_eq!(ended.status.phase, TaskPhase::Canceled, "{how:?} {mode:?}: {ended:?}");
        assert_eq!((processes_of(&task.id), task.runs()), (0, 1), "{how:?} {mode:?}");
        until("its shim is gone", || !is_alive(shim)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delete_of_what_cannot_be_asked_is_answered_when_nothing_of_it_lives() {
    for how in [Unreachable::Frozen, Unreachable::Deaf] {
        let (dir, side) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (engine, task, _) = unreachable(how, dir.path(), side.path()).await;
        engine.api.delete_task(&task.id).await.unwrap();
        assert_eq!(processes_of(&task.id), 0, "{how:?}");
        assert!(!dir.path().join("runs").join(task.id.as_str()).exists(), "{how:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_shim_under_the_app_is_stopped_all_the_same() {
    let (dir, side) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let engine = Engine::open(dir.path()).await;
    let task = Marked::running(&engine, side.path()).await;
    signal(shim_of(dir.path(), &task.id), "STOP");
    engine.api.ask(StopTask { id: task.id.clone(), mode: StopMode::Kill }).await.unwrap();
    assert_eq!(engine.finished(&task.id).await.status.phase, TaskPhase::Canceled);
    assert_eq!(processes_of(&task.id), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_cannot_be_read_is_waited_for() {
    // In a copy of a data folder too: what this app has begun there is no other's.
    for (app_is_away, original) in [(true, None), (false, None), (false, Some("/somewhere/else"))] {
        let (dir, side) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let copied_from = original.map(PathBuf::from);
        let config = SupervisorConfig { copied_from, ..SupervisorConfig::new(dir.path()) };
        let mut engine = Engine::open_with(config).await;
        let task = Marked::running(&engine, side.path()).await;
        let exit = run_folder(dir.path(), &task.id).join("exit");
        let kept = exit.with_extension("kept");
        let shim = shim_of(dir.path(), &task.id);
        if app_is_away {
            engine.supervisor.shut_down().await;
        }
        // A folder in its place opens, and fails when it is read, as a bad disk does.
        fs::rename(&exit, &kept).unwrap();
        fs::create_dir(&exit).unwrap();
        fs::write(&task.gate, "").unwrap();
        until("the shim is gone", || !is_alive(shim)).await;
        if app_is_away {
            engine = Engine::open(dir.path()).await;
        }
        trouble(&engine, &task.id, true).await;
        assert_eq!(row(&engine, &task.id).await.task.status.phase, TaskPhase::Running);

        fs::remove_dir(&exit).unwrap();
        fs::rename(&kept, &exit).unwrap();
        let ended = engine.finished(&task.id).await;
        assert_eq!((ended.status.phase, ended.status.exit_code), (TaskPhase::Failed, Some(7)));
    }
}

/// Whether the app got to store that its program had started.
async fn with_or_without_its_pid(dir: &Path, id: &TaskId, known: bool) {
    if !known {
        let store = Store::open(dir).unwrap();
        let mut run = store.runs(id).await.unwrap().pop().unwrap();
        run.pid = None;
        store.apply(vec![Change::PutRun(run)]).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_run_folder_starts_nothing_a_second_time() {
    for (known, lives) in [(true, true), (false, true), (true, false)] {
        let (dir, side) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let engine = Engine::open(dir.path()).await;
        let task = Marked::running(&engine, side.path()).await;
        engine.supervisor.shut_down().await;
        drop(engine);
        with_or_without_its_pid(dir.path(), &task.id, known).await;
        fs::remove_dir_all(dir.path().join("runs").join(task.id.as_str())).unwrap();
        if !lives {
            fs::write(&task.gate, "").unwrap();
            until("the program has ended", || processes_of(&task.id) == 0).await;
        }
        let engine = Engine::open(dir.path()).await;
        if lives {
            let said = trouble(&engine, &task.id, true).await.unwrap();
            assert!(said.contains("its run folder was removed, and "), "{said}");
            engine.api.ask(StopTask { id: task.id.clone(), mode: StopMode::Kill }).await.unwrap();
            assert_eq!(engine.finished(&task.id).await.status.phase, TaskPhase::Canceled);
            assert_eq!(processes_of(&task.id), 0);
        } else {
            let ended = engine.finished(&task.id).await;
            assert_eq!(ended.status.phase, TaskPhase::Failed);
            let error = ended.status.error.unwrap();
            assert!(error.contains("its run folder was removed"), "{error}");
        }
        assert_eq!(task.runs(), 1, "known: {known}, lives: {lives}");
    }
}
