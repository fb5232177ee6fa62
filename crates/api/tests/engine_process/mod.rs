//! The app that dies: this test program once more, started as [`core_process`], with tasks whose every line, mark and exit code is
//! known; and the look at what it left.

#![allow(dead_code, reason = "each test file uses its own part")]

pub mod queue;

use crate::common::{self, Engine, bash, chunk, spec, within};
use serde_json::json;
use solti_api::operations::{GetJob, Operations as _, SaveJob};
use solti_api::{ApiHandler, SupervisorApiAdapter};
use solti_model::{FiringOutcome, JobName, OutputStreamKind, Task, TaskId, TaskPhase, TaskQuery, TaskSpec};
use solti_runner::ShimRunner;
use solti_store::Store;
use solti_supervisor::{Supervisor, SupervisorConfig};
use solti_testing::now_ms;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

pub const TASKS: usize = 20;
/// Bursts of lines of a task, with a pause after each.
const BURSTS: usize = 8;
const LINES_A_BURST: usize = 25;
/// The last tasks share a lane, so that some wait in it when the app dies.
const SHARING_A_LANE: usize = 3;

/// Prints numbered lines of many lengths on both streams, and leaves one mark each time it is run.
fn counted_task(dir: &Path, n: usize) -> TaskSpec {
    let text = format!(
        "echo started >> {side}/{n}; printf -v pad '%0300d' 0; i=0
         for burst in {{1..{BURSTS}}}; do
           for line in {{1..{LINES_A_BURST}}}; do
             echo \"o $i ${{pad:0:$((i * 37 % 300))}}\"; echo \"e $i ${{pad:0:$((i * 53 % 90))}}\" >&2; i=$((i + 1))
           done
           sleep 0.06
         done
         touch {side}/{n}.done; exit {code}",
        side = side_dir(dir).display(),
        code = n % 5,
    );
    let slot = if n + SHARING_A_LANE >= TASKS { "shared".to_owned() } else { format!("lane-{n}") };
    let mut more = json!({"admission": "queue", "labels": {"n": n.to_string()}});
    if std::env::var_os("SOLTI_TEST_CLUSTER").is_some() {
        more["cluster"] = json!({});
    }
    spec(&slot, bash(&text), more)
}

pub fn side_dir(dir: &Path) -> PathBuf {
    dir.join("marks")
}

fn expected(prefix: char, factor: usize, modulus: usize) -> Vec<String> {
    (0..BURSTS * LINES_A_BURST)
        .map(|i| format!("{prefix} {i} {}", "0".repeat(i * factor % modulus)))
        .collect()
}

/// Not a test: the app that is killed. It takes a number of tasks on, says so, and lives until it is killed.
#[test]
#[ignore = "the other tests start it as a process of its own"]
fn core_process() {
    let Some(dir) = std::env::var_os("SOLTI_TEST_DATA").map(PathBuf::from) else { return };
    let shim_path = PathBuf::from(std::env::var_os("SOLTI_TEST_SHIM").unwrap());
    let tasks: usize = std::env::var("SOLTI_TEST_TASKS").unwrap().parse().unwrap();
    #[cfg(feature = "failpoints")]
    die_at(std::env::var("SOLTI_TEST_DIE_AT").ok());
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let store = Store::open(&dir).unwrap();
        let runners = match std::env::var_os("SOLTI_TEST_CLUSTER").map(PathBuf::from) {
            Some(shared) => common::with_slurm(&dir, &shared, std::env::vars_os().collect()),
            None => std::sync::Arc::new(ShimRunner::new(shim_path)).into(),
        };
        let supervisor = Supervisor::start(store, runners, SupervisorConfig::new(&dir)).await.unwrap();
        let api = SupervisorApiAdapter::new(supervisor);
        for n in 0..tasks {
            let id = api.submit_task(counted_task(&dir, n)).await.unwrap();
            println!("ACK {id}");
            #[cfg(feature = "failpoints")]
            ACKNOWLEDGED.fetch_add(1, std::sync::atomic::Ordering::Release);
        }
        if let Ok(schedules) = std::env::var("SOLTI_TEST_SCHEDULES") {
            save_often(&api, &dir, schedules.parse().unwrap()).await;
            println!("READY");
        }
        if std::env::var_os("SOLTI_TEST_QUEUE").is_some() {
            queue::lend_hands(&api, &dir).await;
        }
        std::future::pending::<()>().await;
    });
}

/// Saves a job that is due every second by each of so many schedules, evenly apart, and makes up for every time. It leaves a mark for
/// each task. Once it is saved it stays as it is.
async fn save_often(api: &SupervisorApiAdapter, dir: &Path, schedules: u64) {
    let name = JobName::new("often").unwrap();
    if api.ask(GetJob { name, revision: None }).await.unwrap().is_some() {
        return;
    }
    let now = now_ms();
    let schedule = |n: u64| {
        let anchor = now + n * 1_000 / schedules;
        json!({"id": format!("s{n}"), "everyMs": 1_000, "anchor": anchor, "missed": "all"})
    };
    let text = format!("echo ran >> {}/${{SOLTI_RUN_ID%/*}}", side_dir(dir).display());
    let job = json!({
        "name": "often", "schedules": (0..schedules).map(schedule).collect::<Vec<_>>(),
        "spec": {"slot": "often", "kind": bash(&text), "admission": "queue"},
    });
    let job = serde_json::from_value(job).unwrap();
    api.ask(SaveJob { job, expected_revision: None }).await.unwrap();
}

/// The tasks whose ids are printed.
#[cfg(feature = "failpoints")]
static ACKNOWLEDGED: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);

/// `<step> <n>`: SIGKILL when the step is reached for the n-th time. From the start of a run on, a task has been answered for; on a
/// busy machine its id may not be printed yet, so that is waited for.
#[cfg(feature = "failpoints")]
fn die_at(step: Option<String>) {
    use rustix::process::{Signal, getpid, kill_process};
    use std::sync::atomic::{AtomicUsize, Ordering};
    let Some(step) = step else { return };
    let (step, times) = step.split_once(' ').unwrap();
    let (times, reached): (usize, _) = (times.parse().unwrap(), AtomicUsize::new(0));
    let answered = ["run-started", "start-stored", "end-heard", "end-stored"].contains(&step);
    let die = move || {
        if reached.fetch_add(1, Ordering::AcqRel) + 1 == times {
            if answered {
                solti_testing::wait_until("an id is printed", || ACKNOWLEDGED.load(Ordering::Acquire) > 0);
            }
            kill_process(getpid(), Signal::KILL).unwrap();
        }
    };
    fail::cfg_callback(step, die).unwrap();
}

pub struct Core {
    process: Child,
    lines: std::io::Lines<BufReader<ChildStdout>>,
    acknowledged: Vec<TaskId>,
}

impl Core {
    pub fn start(dir: &Path, tasks: usize) -> Self {
        Self::start_with(dir, tasks, &[])
    }

    pub fn start_with(dir: &Path, tasks: usize, env: &[(&str, &str)]) -> Self {
        std::fs::create_dir_all(side_dir(dir)).unwrap();
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["engine_process::core_process", "--exact", "--ignored", "--nocapture"])
            .env("SOLTI_TEST_DATA", dir)
            .env("SOLTI_TEST_SHIM", common::shim())
            .env("SOLTI_TEST_TASKS", tasks.to_string())
            .envs(env.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        Self { process, lines, acknowledged: vec![] }
    }

    fn note(&mut self, line: &str) {
        // The test harness may put its own words before ours.
        if let Some((_, id)) = line.split_once("ACK ") {
            self.acknowledged.push(TaskId::new(id).unwrap());
        }
    }

    pub fn wait_for_acknowledged(&mut self, count: usize) {
        while self.acknowledged.len() < count {
            let line = self.lines.next().expect("the core is alive").unwrap();
            self.note(&line);
        }
    }

    /// Waits until it has printed this.
    pub fn wait_for(&mut self, word: &str) {
        while !self.lines.next().expect("the core is alive").unwrap().contains(word) {}
    }

    /// Waits until it has died by itself; returns every task that it had acknowledged.
    pub fn died(mut self) -> Vec<TaskId> {
        while let Some(Ok(line)) = self.lines.next() {
            self.note(&line);
        }
        assert!(!self.process.wait().unwrap().success());
        self.acknowledged
    }

    /// SIGKILL; returns every task that it had acknowledged.
    pub fn kill(mut self) -> Vec<TaskId> {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        while let Some(Ok(line)) = self.lines.next() {
            self.note(&line);
        }
        self.acknowledged
    }
}

/// Opens the data folder of a dead core and checks all that it must have kept; returns how long the start took.
pub async fn recovered(dir: &Path, acknowledged: &[TaskId]) -> Duration {
    common::shim();
    let began = Instant::now();
    let engine = Engine::open(dir).await;
    let took = began.elapsed();
    check_recovered(engine, dir, acknowledged).await;
    took
}

/// The same of an engine that is open.
pub async fn check_recovered(engine: Engine, dir: &Path, acknowledged: &[TaskId]) {
    for id in acknowledged {
        assert!(engine.api.get_task_status(id).await.unwrap().is_some(), "{id} was acknowledged");
    }
    let stored = engine.api.query_tasks(TaskQuery { limit: Some(1_000), ..TaskQuery::default() }).await;
    let stored = stored.unwrap().items;
    for task in &stored {
        check_counted(&engine, dir, task).await;
    }
    let marks = std::fs::read_dir(side_dir(dir)).unwrap();
    let run = marks.filter(|mark| mark.as_ref().unwrap().path().extension().is_none()).count();
    assert_eq!(run, stored.len(), "what has run is stored, and what is stored has run");
    engine.supervisor.shut_down().await;
}

async fn check_counted(engine: &Engine, dir: &Path, task: &Task) {
    let id = &task.metadata.id;
    let n: usize = task.spec.labels["n"].parse().unwrap();
    let task = engine.finished(id).await;
    let phase = if n.is_multiple_of(5) { TaskPhase::Succeeded } else { TaskPhase::Failed };
    let status = &task.status;
    assert_eq!((status.phase, status.exit_code, status.attempt), (phase, Some(n as i32 % 5), 1), "{task:?}");
    let runs = engine.api.list_task_runs(id).await.unwrap();
    assert_eq!(runs.iter().map(|run| (run.attempt, run.phase)).collect::<Vec<_>>(), [(1, phase)]);
    assert_eq!(std::fs::read_to_string(side_dir(dir).join(n.to_string())).unwrap(), "started\n", "run once");

    let mut streams: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for event in &engine.log(id).await {
        if let Some((_, stream, seq, line)) = chunk(event) {
            let lines =
                streams.entry(if stream == OutputStreamKind::Stdout { "out" } else { "err" }).or_default();
            assert_eq!(seq, lines.len() as u64);
            lines.push(line.to_owned());
        }
    }
    assert_eq!(streams.remove("out").unwrap_or_default(), expected('o', 37, 300), "stdout of {id}");
    assert_eq!(streams.remove("err").unwrap_or_default(), expected('e', 53, 90), "stderr of {id}");
}

/// Opens the data folder of a dead core that had saved the job of every second, lets it catch up, and checks that of each schedule
/// every time was run, once.
pub async fn check_often(dir: &Path) {
    let engine = Engine::open(dir).await;
    let opened = now_ms();
    let name = JobName::new("often").unwrap();
    let times = || async {
        let mut times: BTreeMap<String, BTreeSet<u64>> = BTreeMap::new();
        let firings = engine.supervisor.store().firings(&name, 10_000).await.unwrap();
        for firing in &firings {
            assert_eq!(firing.outcome, FiringOutcome::Started, "{firing:?}");
            times.entry(firing.schedule.to_string()).or_default().insert(firing.due);
        }
        (times, firings)
    };
    let mut changes = engine.supervisor.job_changes();
    within("that all is caught up with", async {
        loop {
            let (times, _) = times().await;
            if times.len() == 10
                && times.values().all(|times| times.last().is_some_and(|last| *last > opened))
            {
                return;
            }
            changes.changed().await.unwrap();
        }
    })
    .await;
    let detail = engine.api.ask(GetJob { name: name.clone(), revision: None }).await.unwrap().unwrap();
    let mut job = detail.job;
    job.schedules.iter_mut().for_each(|schedule| schedule.paused = true);
    engine.api.ask(SaveJob { job, expected_revision: None }).await.unwrap();
    let (times, firings) = times().await;
    for (schedule, times) in &times {
        let times: Vec<u64> = times.iter().copied().collect();
        let whole = times.windows(2).all(|pair| pair[1] - pair[0] == 1_000);
        assert!(whole, "schedule {schedule} left times out: {times:?}");
    }
    let fired: BTreeSet<TaskId> = firings.into_iter().filter_map(|firing| firing.task).collect();
    let query = TaskQuery { limit: Some(1_000), ..TaskQuery::default() };
    let tasks = engine.api.query_tasks(query).await.unwrap().items;
    let made: BTreeSet<TaskId> = tasks.into_iter().map(|task| task.metadata.id).collect();
    assert_eq!(made, fired, "a task for each time");
    for id in &made {
        assert_eq!(engine.finished(id).await.status.phase, TaskPhase::Succeeded);
        let mark = std::fs::read_to_string(side_dir(dir).join(id.to_string())).unwrap();
        assert_eq!(mark, "ran\n", "{id} has run once");
    }
    let marks = std::fs::read_dir(side_dir(dir)).unwrap().count();
    assert_eq!(marks, made.len(), "what has run is stored");
    engine.supervisor.shut_down().await;
}
