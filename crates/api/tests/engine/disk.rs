//! A disk that is full, or broken: nothing is told that is not so, what can be read is read, and it goes on by itself once the disk
//! takes writes again.
//!
//! The full disk is a small file system of its own, which takes root to mount; the broken one is `strace`, which lets the system
//! calls of one thread fail. Where either cannot be had, the test says so and does nothing.

use crate::common;
use common::{Engine, PATIENCE, bash, command, spec};
use serde_json::json;
use solti_api::operations::{GetSummary, Operations as _, StopTask, SuspendTask, TaskEvents};
use solti_api::{ApiError, ApiHandler};
use solti_logstore::LogView;
use solti_model::{RowNo, StopMode, StorageState, TaskId, TaskPhase, TaskQuery};
use solti_testing::{SmallDisk, until};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

async fn storage(engine: &Engine) -> StorageState {
    engine.api.ask(GetSummary {}).await.unwrap().storage
}

/// Waits until the app says that it can write again, without being asked to write anything.
async fn writable_again(engine: &Engine) {
    let mut changes = engine.supervisor.changes();
    let wait = async {
        while storage(engine).await != StorageState::Ok {
            changes.next().await.expect("the supervisor lives");
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.expect("it notices by itself");
}

fn echo(text: &str) -> solti_model::TaskSpec {
    spec("quick", command("echo", &[text]), json!({"admission": "queue"}))
}

/// Submits until one is refused; returns the ids of those that were not.
async fn until_refused(engine: &Engine) -> Vec<TaskId> {
    let mut admitted = Vec::new();
    loop {
        match engine.api.submit_task(echo("x")).await {
            Ok(id) => admitted.push(id),
            Err(ApiError::Unavailable { .. }) => return admitted,
            Err(other) => panic!("{other:?}"),
        }
        assert!(admitted.len() < 20_000, "this disk is never full");
    }
}

async fn everything(engine: &Engine) -> BTreeSet<TaskId> {
    let all = engine.api.query_tasks(TaskQuery { limit: Some(1_000), ..TaskQuery::default() }).await.unwrap();
    all.items.into_iter().map(|task| task.metadata.id).collect()
}

/// Two tasks, one over and one that runs until its gate is removed; then the disk takes no writes, and then it does again.
async fn survives(dir: &Path, mut break_disk: impl FnMut(), mut mend_disk: impl FnMut()) {
    let engine = Engine::open(dir).await;
    let gates = tempfile::tempdir().unwrap();
    let gate = gates.path().join("gate");
    std::fs::write(&gate, "").unwrap();
    let before = engine.api.submit_task(echo("before")).await.unwrap();
    engine.finished(&before).await;
    let text = format!("while [ -e {} ]; do sleep 0.02; done; exit 4", gate.display());
    let through = engine.api.submit_task(spec("through", bash(&text), json!({}))).await.unwrap();
    engine.running(&through).await;

    break_disk();
    let mut admitted = until_refused(&engine).await;
    assert_eq!(storage(&engine).await, StorageState::ReadOnly);
    // What is stored can be read.
    assert_eq!(engine.lines(&before).await, ["before"]);
    assert!(everything(&engine).await.contains(&before));
    // The end of a program cannot be stored now; nobody says meanwhile that it is over.
    std::fs::remove_file(&gate).unwrap();
    assert!(!engine.api.get_task_status(&through).await.unwrap().unwrap().status.phase.is_terminal());
    let refused = engine.api.delete_task(&before).await;
    assert!(matches!(refused, Err(ApiError::Unavailable { .. })), "{refused:?}");

    mend_disk();
    writable_again(&engine).await;
    let task = engine.finished(&through).await;
    assert_eq!((task.status.phase, task.status.exit_code), (TaskPhase::Failed, Some(4)));
    admitted.push(engine.api.submit_task(echo("after")).await.unwrap());
    for id in &admitted {
        // A start without room for its folder fails, and says so; it is over in any case.
        engine.finished(id).await;
    }
    admitted.extend([before, through]);
    let stored = everything(&engine).await;
    assert_eq!(
        stored,
        admitted.into_iter().collect(),
        "what was admitted is stored, and what was refused is not"
    );
    engine.supervisor.shut_down().await;
    drop(engine);

    let engine = Engine::open(dir).await;
    engine.supervisor.store().check().await.unwrap();
    assert_eq!(everything(&engine).await, stored);
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_full_disk_what_runs_is_stopped_and_what_is_deleted_makes_room() {
    let Some(disk) = SmallDisk::mount(24) else { return };
    let engine = Engine::open(disk.path()).await;
    let printed = engine.api.submit_task(spec("p", bash("yes | head -c 8388608"), json!({}))).await.unwrap();
    engine.finished(&printed).await;
    let running = engine.api.submit_task(spec("r", command("sleep", &["600"]), json!({}))).await.unwrap();
    let paused = engine.api.submit_task(spec("s", command("sleep", &["600"]), json!({}))).await.unwrap();
    for id in [&running, &paused] {
        engine.running(id).await;
    }
    disk.fill();
    until_refused(&engine).await;

    let stop = |id: &TaskId| StopTask { id: id.clone(), mode: StopMode::Graceful };
    engine.api.ask(SuspendTask { id: paused.clone() }).await.expect("carried out");
    engine.api.ask(stop(&running)).await.expect("carried out");
    until("it is gone", || common::processes_of(&running) == 0).await;
    // Nothing tells that it is over before there is room; its own deletion makes some.
    engine.api.delete_task(&printed).await.expect("its log makes room");
    assert_eq!(engine.finished(&running).await.status.phase, TaskPhase::Canceled);
    assert!(engine.api.get_task_status(&printed).await.unwrap().is_none());
    writable_again(&engine).await;
    engine.api.ask(stop(&paused)).await.unwrap();
    engine.finished(&paused).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_makes_the_database_read_only_until_there_is_space_again() {
    let Some(disk) = SmallDisk::mount(16) else { return };
    survives(disk.path(), || disk.fill(), || disk.free()).await;
}

/// The threads of this process with that name.
fn threads(name: &str) -> BTreeSet<u32> {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap().flatten();
    let named = tasks.filter(|task| {
        std::fs::read_to_string(task.path().join("comm")).is_ok_and(|comm| comm.trim() == name)
    });
    named.map(|task| task.file_name().to_str().unwrap().parse().unwrap()).collect()
}

/// Lets system calls of one thread fail for as long as it lives.
struct Injection(Child);

impl Injection {
    fn attach(thread: u32, fault: &str) -> Option<Self> {
        let calls = fault.split(':').next().unwrap();
        let mut strace = Command::new("strace");
        strace.args(["-q", "-e", &format!("trace={calls}"), "-e", &format!("inject={fault}")]);
        strace.args(["-o", "/dev/null", "-p", &thread.to_string()]);
        let Ok(child) = strace.stdin(Stdio::null()).stderr(Stdio::null()).spawn() else {
            println!("skipped: strace is not installed");
            return None;
        };
        let mut this = Self(child);
        let status = format!("/proc/{thread}/status");
        let traced = || std::fs::read_to_string(&status).is_ok_and(|text| !text.contains("TracerPid:\t0\n"));
        let began = Instant::now();
        while !traced() {
            if this.0.try_wait().unwrap().is_some() {
                println!("skipped: strace may not attach here");
                return None;
            }
            assert!(began.elapsed() < PATIENCE, "strace attaches");
            std::thread::yield_now();
        }
        Some(this)
    }
}

impl Drop for Injection {
    /// Lets go of the thread, which goes on unharmed.
    fn drop(&mut self) {
        Command::new("kill").arg(self.0.id().to_string()).status().ok();
        self.0.wait().ok();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_reports_errors_makes_the_database_read_only_until_it_works_again() {
    // This thread, only to see whether it can be done.
    if Injection::attach(std::process::id(), "fdatasync:error=EIO").is_none() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let before = threads("solti-store");
    let injection = std::cell::RefCell::new(None);
    let attach = || {
        let writer = threads("solti-store").difference(&before).next().copied().expect("a writer");
        *injection.borrow_mut() = Injection::attach(writer, "fdatasync,fsync:error=EIO");
    };
    survives(dir.path(), attach, || drop(injection.take())).await;
}

/// Bytes that the log keeps and bytes that it says are missing, of one stream.
fn kept_and_missing(run_dir: &Path) -> (u64, u64) {
    let mut sums = (0, 0);
    let mut view = LogView::open(run_dir).unwrap();
    let rows = view.extent().unwrap().rows;
    for from in (0..rows).step_by(10_000) {
        for row in view.rows(RowNo::new(from), 10_000, 64).unwrap() {
            match row.gap {
                Some(bytes) => sums.1 += bytes,
                None => sums.0 += row.full_len + u64::from(!row.partial),
            }
        }
    }
    sums
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_harms_no_program_and_its_log_says_how_much_is_missing() {
    let Some(disk) = SmallDisk::mount(24) else { return };
    let engine = Engine::open(disk.path()).await;
    let gates = tempfile::tempdir().unwrap();
    let [full, free] = ["full", "free"].map(|name| gates.path().join(name));
    let line = "a line of forty bytes, newline included\n";
    // 8 MB into the full disk, then a little more once there is space.
    let text = format!(
        "echo first; while [ ! -e {full} ]; do sleep 0.02; done; yes '{line}' | head -c 8000000
         touch {full}.done; while [ ! -e {free} ]; do sleep 0.02; done; yes '{line}' | head -c 4000; exit 5",
        full = full.display(),
        free = free.display(),
        line = line.trim_end(),
    );
    let id = engine.api.submit_task(spec("s", bash(&text), json!({}))).await.unwrap();
    engine.running(&id).await;
    disk.fill();
    std::fs::write(&full, "").unwrap();
    let done = gates.path().join("full.done");
    until("the program is not held up by a full disk", || done.exists()).await;
    disk.free();
    std::fs::write(&free, "").unwrap();
    let task = engine.finished(&id).await;
    assert_eq!((task.status.phase, task.status.exit_code), (TaskPhase::Failed, Some(5)));
    let (kept, missing) = kept_and_missing(&engine.supervisor.folders().run(&id, 1));
    assert_eq!(kept + missing, 6 + 8_000_000 + 4_000, "{kept} kept, {missing} missing");
    assert!(missing > 0, "the disk was never full");
    let lines = engine.lines(&id).await;
    assert_eq!(lines.last().map(String::as_str), Some(line.trim_end()), "what came after is kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn with_nothing_to_write_it_is_noticed_as_well_that_there_is_space_again() {
    let Some(disk) = SmallDisk::mount(8) else { return };
    let engine = Engine::open(disk.path()).await;
    disk.fill();
    let admitted = until_refused(&engine).await;
    assert_eq!(storage(&engine).await, StorageState::ReadOnly);
    disk.free();
    for id in &admitted {
        engine.finished(id).await;
    }
    writable_again(&engine).await;
}

fn parent(pid: u32) -> u32 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    stat[stat.rfind(')').unwrap()..].split(' ').nth(2).unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn interrupted_system_calls_of_the_shim_lose_nothing() {
    for fault in [
        "write,pwrite64:error=EINTR:when=1+3",
        "read,poll,ppoll:error=EINTR:when=1+3",
        "fdatasync,fsync:error=EINTR:when=1+2",
    ] {
        let dir = tempfile::tempdir().unwrap();
        let engine = Engine::open(dir.path()).await;
        let gates = tempfile::tempdir().unwrap();
        let go = gates.path().join("go");
        let text = format!(
            "while [ ! -e {} ]; do sleep 0.02; done
             for i in {{1..400}}; do echo \"line $i\"; [ $((i % 100)) = 0 ] && sleep 0.3; done; exit 6",
            go.display()
        );
        let id = engine.api.submit_task(spec("s", bash(&text), json!({}))).await.unwrap();
        engine.running(&id).await;
        let events = engine.api.ask(TaskEvents { id: id.clone() }).await.unwrap();
        let started =
            events.into_iter().find_map(|event| event.detail?.strip_prefix("pid ")?.parse().ok()).unwrap();
        let Some(injection) = Injection::attach(parent(started), fault) else { return };
        std::fs::write(&go, "").unwrap();
        let task = engine.finished(&id).await;
        drop(injection);
        assert_eq!(
            (task.status.phase, task.status.exit_code),
            (TaskPhase::Failed, Some(6)),
            "{fault}: {task:?}"
        );
        let expected: Vec<String> = (1..=400).map(|i| format!("line {i}")).collect();
        assert_eq!(engine.lines(&id).await, expected, "{fault}");
    }
}
