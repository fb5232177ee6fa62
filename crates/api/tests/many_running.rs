//! Many tasks at once, with fewer descriptors than they need and then with enough: those that cannot start wait, those that
//! cannot be looked at after a restart stay, and none is lost. Alone in its program: the limit is of the whole process.

mod common;

use common::{Engine, command, spec};
use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, kill_process, setrlimit};
use serde_json::json;
use solti_api::ApiHandler;
use solti_api::operations::{ListTasks, Operations as _};
use solti_model::{ListQuery, TaskId, TaskPhase, TaskRow};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

/// Many thousand starts and stops.
const PATIENCE: Duration = Duration::from_secs(600);
/// What the process has open beside one for each run: the database, the runtime, and room for a look.
const BESIDE: u64 = 120;

/// `make torture` asks for more.
fn running() -> usize {
    std::env::var("SOLTI_TORTURE_RUNNING").ok().and_then(|count| count.parse().ok()).unwrap_or(300)
}

fn limit_open_files(soft: u64) {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: Some(soft), ..limit }).unwrap();
}

fn open_files() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

fn resident_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
}

async fn rows(engine: &Engine) -> Vec<TaskRow> {
    let mut rows = Vec::new();
    let mut cursor = None;
    loop {
        let query = ListQuery { cursor, limit: Some(500), ..ListQuery::default() };
        let page = engine.api.ask(ListTasks { query }).await.unwrap();
        rows.extend(page.rows);
        cursor = page.next_cursor;
        if cursor.is_none() {
            return rows;
        }
    }
}

/// Waits until so many rows are as they should be, and every other one is in trouble.
async fn until_rows(engine: &Engine, count: usize, fits: impl Fn(&TaskRow) -> bool) -> Vec<TaskRow> {
    let began = Instant::now();
    loop {
        let rows = rows(engine).await;
        let fit = rows.iter().filter(|row| fits(row)).count();
        if fit >= count {
            return rows;
        }
        assert!(began.elapsed() < PATIENCE, "{fit} of {count}");
        // Not a wait for anything: between two looks.
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn runs(row: &TaskRow) -> bool {
    row.task.status.phase == TaskPhase::Running && row.trouble.is_none()
}

fn says(row: &TaskRow, words: &str) -> bool {
    row.trouble
        .as_ref()
        .is_some_and(|trouble| trouble.starts_with(words) && trouble.contains("too many open files"))
}

/// Ends the programs of these tasks, or of all that there are in this test.
fn kill_programs(of: impl Fn(&TaskId) -> bool) {
    for process in std::fs::read_dir("/proc").unwrap().flatten() {
        let environment = std::fs::read(process.path().join("environ")).unwrap_or_default();
        let mark =
            environment.split(|byte| *byte == 0).find_map(|entry| entry.strip_prefix(b"SOLTI_RUN_ID="));
        let run_id = String::from_utf8_lossy(mark.unwrap_or_default());
        let task = run_id.split('/').next().and_then(|id| TaskId::new(id).ok());
        let pid = process.file_name().to_str().and_then(|pid| Pid::from_raw(pid.parse().ok()?));
        if let (Some(_), Some(pid)) = (task.filter(|id| of(id)), pid) {
            // One that has ended meanwhile is no matter.
            kill_process(pid, Signal::KILL).ok();
        }
    }
}

/// Leaves no program behind, however the test ends: thousands of them slow down whatever runs next.
struct Programs<'a>(&'a Path);

impl Drop for Programs<'_> {
    fn drop(&mut self) {
        let runs = self.0.join("runs");
        kill_programs(|id| runs.join(id.as_str()).exists());
    }
}

/// Ends the programs by hand: what a stop costs is measured elsewhere.
async fn end_all(engine: &Engine, ids: &BTreeSet<TaskId>) {
    kill_programs(|id| ids.contains(id));
    until_rows(engine, ids.len(), |row| row.task.status.phase == TaskPhase::Failed).await;
}

/// One life of the app: its runtime ends with it, and so does everything that follows a run.
fn life<T>(dir: &Path, soft_limit: u64, live: impl AsyncFnOnce(&Engine, Duration) -> T) -> T {
    limit_open_files(soft_limit);
    let runtime = Runtime::new().unwrap();
    let lived = runtime.block_on(async {
        let began = Instant::now();
        let engine = Engine::open(dir).await;
        let lived = live(&engine, began.elapsed()).await;
        engine.supervisor.shut_down().await;
        lived
    });
    runtime.shutdown_timeout(PATIENCE);
    lived
}

#[test]
fn whatever_the_limit_of_open_files_no_task_fails_and_none_is_lost() {
    let count = running();
    let half = count as u64 / 2 + BESIDE;
    let all = count as u64 + 2 * BESIDE;
    let dir = tempfile::tempdir().unwrap();
    let _programs = Programs(dir.path());
    common::shim();
    let ids = life(dir.path(), half, async |engine, _| {
        let mut ids = BTreeSet::new();
        let began = Instant::now();
        for n in 0..count {
            let task = spec(&format!("lane-{n}"), command("sleep", &["100000"]), json!({}));
            ids.insert(engine.api.submit_task(task).await.unwrap());
        }
        let some = until_rows(engine, count, |row| runs(row) || says(row, "waiting for the system: ")).await;
        let waiting = some.iter().filter(|row| !runs(row)).count();
        assert!(waiting > 0, "the limit is met");
        let at_once = futures::future::join_all((0..8).map(|_| rows(engine))).await;
        assert!(at_once.iter().all(|rows| rows.len() == count), "reading needs no further file");

        limit_open_files(all);
        until_rows(engine, count, runs).await;
        let (files, memory) = (open_files(), resident_mb());
        println!(
            "{count} run after {:?}: {files} descriptors, {memory} MB resident; {waiting} had to wait",
            began.elapsed()
        );
        assert!(files as u64 <= count as u64 + BESIDE, "{files} descriptors for {count} runs");
        ids
    });
    life(dir.path(), half, async |engine, _| {
        let some = until_rows(engine, count, |row| runs(row) || row.trouble.is_some()).await;
        assert!(some.iter().all(|row| row.task.status.phase == TaskPhase::Running), "none is lost");
        assert!(some.iter().any(|row| !runs(row)), "the limit is met again");
        limit_open_files(all);
        until_rows(engine, count, runs).await;
    });
    life(dir.path(), all, async |engine, took| {
        until_rows(engine, count, runs).await;
        println!(
            "attached {count} again in {took:?}: {} descriptors, {} MB resident",
            open_files(),
            resident_mb()
        );
        let began = Instant::now();
        end_all(engine, &ids).await;
        println!("ended {count} in {:?}", began.elapsed());
    });
}
