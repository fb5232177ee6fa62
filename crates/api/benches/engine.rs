//! What the engine costs, beside what the same work costs without it: `cargo bench -p solti-api --bench engine [-- NAME…]`.
//!
//! Each figure is the median of some rounds; rounds of the engine and of its rival alternate, so that both meet the same
//! machine. The aims are those of `docs/benchmarks.md`. Wrong results panic; a missed aim is only marked.

#[path = "../tests/common/mod.rs"]
mod common;
#[path = "../../../benches/shared/finished_tasks.rs"]
mod finished_tasks;
#[path = "../../../benches/shared/measure.rs"]
mod measure;

use common::{Engine, command, spec};
use measure::{Parts, median, report, share};
use serde_json::json;
use solti_api::ApiHandler;
use solti_api::operations::{Forecast, GetSummary, HoldAll, ListTasks, Operations as _, StopTask};
use solti_model::{ListQuery, OutputEvent, StopMode, TaskId, TaskPhase, TaskQuery, TaskSpec};
use solti_store::RowQuery;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::process::Command;
use tokio::sync::Semaphore;
use tokio_stream::StreamExt as _;

const ROUNDS: usize = 3;
const LINES: u64 = 5_000_000;
const RUNS: usize = 2_000;
/// Rival processes at a time.
const AT_ONCE: usize = 64;
/// Who submits at the same time.
const CLIENTS: usize = 8;
const LISTED: u64 = 100_000;
const MILLION: u64 = 1_000_000;
const WAITING: usize = 10_000;

fn main() {
    let Some(parts) = Parts::asked() else { return };
    common::shim();
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        if parts.wanted("stream") {
            stream().await;
        }
        if parts.wanted("runs") {
            runs().await;
        }
        if parts.wanted("latency") {
            latency().await;
        }
        if parts.wanted("burst") {
            burst(300).await;
            burst(3_000).await;
        }
        if parts.wanted("stop") {
            for tasks in [100, 200, 400] {
                stop(tasks).await;
            }
        }
        if parts.wanted("list") {
            list().await;
        }
        if parts.wanted("million") {
            million().await;
        }
        if parts.wanted("forecast") {
            forecast().await;
        }
    });
}

/// Five million lines from a program to a subscriber of the live stream, beside a pipe that throws them away.
async fn stream() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    let (mut ours, mut pipe, mut lost) = (vec![], vec![], 0);
    let digits = (1..=LINES).map(|n| u64::from(n.ilog10()) + 1).sum();
    // One round more, which compares every line and is not timed: the pipe's end looks at nothing.
    for round in 0..=ROUNDS {
        let began = Instant::now();
        let mut rival = Command::new("sh");
        rival.arg("-c").arg(format!("seq 1 {LINES} | cat > /dev/null"));
        assert!(rival_status(&mut rival).await);
        let piped = began.elapsed();

        let began = Instant::now();
        let task = spec("stream", command("seq", &["1", &LINES.to_string()]), json!({"admission": "queue"}));
        let id = engine.api.submit_task(task).await.unwrap();
        let right = match round {
            0 => numbered_lines(&engine, &id).await,
            _ => counted_lines(&engine, &id, digits).await,
        };
        lost += LINES - right;
        if round > 0 {
            ours.push(began.elapsed());
            pipe.push(piped);
        }
        engine.finished(&id).await;
        engine.api.delete_task(&id).await.unwrap();
    }
    let (ours, pipe) = (median(ours), median(pipe));
    let ratio = ours.as_secs_f64() / pipe.as_secs_f64();
    report(
        "5,000,000 lines through the live stream",
        &format!("{ours:.2?}, a pipe {pipe:.2?}, ratio {ratio:.2}, lines lost {lost}"),
        "0 lost, at most 3 times",
        lost == 0 && ratio <= 3.0,
    );
}

async fn rival_status(command: &mut Command) -> bool {
    command.stdin(Stdio::null()).status().await.unwrap().success()
}

/// Follows a log to its end and counts the lines that come in order; none counts when there are
/// not so many bytes in them.
async fn counted_lines(engine: &Engine, id: &TaskId, expected: u64) -> u64 {
    let mut events = engine.api.stream_task_logs(id).await.unwrap();
    let (mut lines, mut bytes) = (0, 0);
    while let Some(event) = events.next().await {
        if let OutputEvent::Chunk { seq, line, .. } = event {
            lines += u64::from(seq == lines);
            bytes += line.len() as u64;
        }
    }
    if bytes == expected { lines } else { 0 }
}

/// Follows a log to its end and counts the lines that are 1, 2, 3 …
async fn numbered_lines(engine: &Engine, id: &TaskId) -> u64 {
    let mut events = engine.api.stream_task_logs(id).await.unwrap();
    let (mut next, mut right) = (Decimal(b"1".to_vec()), 0);
    let mut lines = 0;
    while let Some(event) = events.next().await {
        if let OutputEvent::Chunk { seq, line, .. } = event {
            right += u64::from(seq == lines && line.as_bytes()[..] == next.0[..]);
            lines += 1;
            next.count();
        }
    }
    right
}

/// A number as its digits: checking five million lines must not cost more than making them.
struct Decimal(Vec<u8>);

impl Decimal {
    fn count(&mut self) {
        for digit in self.0.iter_mut().rev() {
            if *digit < b'9' {
                *digit += 1;
                return;
            }
            *digit = b'0';
        }
        self.0.insert(0, b'1');
    }
}

/// Two thousand short runs in lanes of their own, beside as many bare processes.
async fn runs() {
    let (mut ours, mut bare, mut submits) = (vec![], vec![], vec![]);
    let (mut ours_cpu, mut bare_cpu) = (vec![], vec![]);
    let group = Group::enter();
    let cpu_time = || group.as_ref().map_or(Duration::ZERO, Group::cpu_time);
    for _ in 0..ROUNDS {
        let (began, cpu) = (Instant::now(), cpu_time());
        bare_runs().await;
        bare.push(began.elapsed());

        bare_cpu.push(cpu_time() - cpu);

        let dir = tempfile::tempdir().unwrap();
        let engine = Arc::new(Engine::open(dir.path()).await);
        let (began, cpu) = (Instant::now(), cpu_time());
        submits.extend(submit_all(&engine, RUNS, CLIENTS, |_| command("/bin/true", &[])).await);
        all_finished(&engine, RUNS as u64).await;
        ours.push(began.elapsed());
        ours_cpu.push(cpu_time() - cpu);
        assert_eq!(count(&engine, &[TaskPhase::Succeeded]).await, RUNS as u64);
    }
    let rate = |time: Duration| RUNS as f64 / time.as_secs_f64();
    let (ours, bare) = (rate(median(ours)), rate(median(bare)));
    report(
        "2,000 runs of /bin/true",
        &format!("{ours:.0}/s, bare processes {bare:.0}/s, ratio {:.2}", ours / bare),
        "at least 0.4",
        ours >= 0.4 * bare,
    );
    // Unlike the time on the wall, this does not depend on who else uses the machine.
    let (ours, bare) = (median(ours_cpu) / RUNS as u32, median(bare_cpu) / RUNS as u32);
    let figure = match &group {
        Some(_) => {
            format!("{ours:.2?}, bare {bare:.2?}, ratio {:.2}", bare.as_secs_f64() / ours.as_secs_f64())
        }
        None => "not measured: no control group to be had".to_owned(),
    };
    report(
        "  processor time of a run, its shim included",
        &figure,
        "at least 0.4",
        group.is_some() && bare.as_secs_f64() >= 0.4 * ours.as_secs_f64(),
    );
    let (p50, p99) = (share(&mut submits, 50), share(&mut submits, 99));
    report(
        "  a submit meanwhile",
        &format!("p50 {p50:.2?}, p99 {p99:.2?} ({CLIENTS} at a time)"),
        "p99 below 20 ms",
        p99 < Duration::from_millis(20),
    );
}

/// A control group of this program, which knows the processor time of everything that it has started, the shims too,
/// whose parent is not this program.
struct Group(PathBuf);

impl Group {
    /// `None` where this user may make none.
    fn enter() -> Option<Self> {
        let mounts = std::fs::read_to_string("/proc/self/mounts").ok()?;
        let root = mounts.lines().find_map(|line| match line.split(' ').collect::<Vec<_>>()[..] {
            [_, root, "cgroup2", ..] => Some(root),
            _ => None,
        })?;
        let groups = std::fs::read_to_string("/proc/self/cgroup").ok()?;
        let own = groups.lines().find_map(|line| line.strip_prefix("0::/"))?;
        let group = Path::new(root).join(own).join(format!("solti-bench-{}", std::process::id()));
        std::fs::create_dir(&group).ok()?;
        let this = Self(group);
        std::fs::write(this.0.join("cgroup.procs"), "0").ok()?;
        Some(this)
    }

    fn cpu_time(&self) -> Duration {
        let stat = std::fs::read_to_string(self.0.join("cpu.stat")).unwrap();
        let usage = stat.lines().find_map(|line| line.strip_prefix("usage_usec ")).unwrap();
        Duration::from_micros(usage.parse().unwrap())
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // A group that cannot be left is empty, and gone, at the next boot at the latest.
        std::fs::write(self.0.with_file_name("cgroup.procs"), "0").ok();
        std::fs::remove_dir(&self.0).ok();
    }
}

async fn bare_runs() {
    let limit = Arc::new(Semaphore::new(AT_ONCE));
    let mut all = tokio::task::JoinSet::new();
    for _ in 0..RUNS {
        let permit = limit.clone().acquire_owned().await.unwrap();
        all.spawn(async move {
            assert!(rival_status(&mut Command::new("/bin/true")).await);
            drop(permit);
        });
    }
    all.join_all().await;
}

/// Submits tasks in lanes of their own; returns how long each call took.
async fn submit_all(
    engine: &Arc<Engine>,
    tasks: usize,
    clients: usize,
    kind: impl Fn(usize) -> serde_json::Value,
) -> Vec<Duration> {
    let specs: Arc<Vec<TaskSpec>> =
        Arc::new((0..tasks).map(|n| spec(&format!("lane-{n}"), kind(n), json!({}))).collect());
    let next = Arc::new(AtomicUsize::new(0));
    let mut all = tokio::task::JoinSet::new();
    for _ in 0..clients {
        let (engine, specs, next) = (Arc::clone(engine), Arc::clone(&specs), Arc::clone(&next));
        all.spawn(async move {
            let mut times = vec![];
            while let Some(spec) = specs.get(next.fetch_add(1, Ordering::Relaxed)).cloned() {
                let began = Instant::now();
                engine.api.submit_task(spec).await.unwrap();
                times.push(began.elapsed());
            }
            times
        });
    }
    all.join_all().await.concat()
}

async fn count(engine: &Engine, phases: &[TaskPhase]) -> u64 {
    let query = TaskQuery { status: phases.to_vec(), limit: Some(1), ..TaskQuery::default() };
    engine.api.query_tasks(query).await.unwrap().total
}

async fn all_finished(engine: &Engine, tasks: u64) {
    let over: Vec<_> = TaskPhase::ALL.into_iter().filter(|phase| phase.is_terminal()).collect();
    let mut changes = engine.supervisor.changes();
    while count(engine, &over).await < tasks {
        changes.next().await.expect("the supervisor lives");
    }
}

/// From the call of submit to the moment the feed shows the task as running, on an idle engine.
async fn latency() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    let (mut running, mut submitted, mut bare) = (vec![], vec![], vec![]);
    for _ in 0..100 {
        let began = Instant::now();
        let mut child = Command::new("/bin/sleep").arg("0.03").spawn().unwrap();
        bare.push(began.elapsed());
        child.wait().await.unwrap();

        let began = Instant::now();
        let task = spec("alone", command("/bin/sleep", &["0.03"]), json!({"admission": "queue"}));
        let id = engine.api.submit_task(task).await.unwrap();
        submitted.push(began.elapsed());
        engine.wait_for(&id, |task| task.status.phase != TaskPhase::Pending).await;
        running.push(began.elapsed());
        engine.finished(&id).await;
    }
    let p50 = share(&mut running, 50);
    report(
        "submit to running, alone",
        &format!(
            "p50 {p50:.2?}, p95 {:.2?} (the submit {:.2?}; a bare spawn {:.2?})",
            share(&mut running, 95),
            median(submitted),
            median(bare)
        ),
        "p50 below 15 ms",
        p50 < Duration::from_millis(15),
    );
}

/// All submits at once: every task ends in its phase with its code.
async fn burst(tasks: usize) {
    let mut times = vec![];
    for _ in 0..ROUNDS {
        let dir = tempfile::tempdir().unwrap();
        let engine = Arc::new(Engine::open(dir.path()).await);
        let began = Instant::now();
        let exit = |n: usize| command("sh", &["-c", &format!("exit {}", n % 4)]);
        submit_all(&engine, tasks, tasks, exit).await;
        all_finished(&engine, tasks as u64).await;
        times.push(began.elapsed());
        check_codes(&engine, tasks).await;
    }
    let time = median(times);
    report(
        &format!("a burst of {tasks} tasks"),
        &format!("{time:.2?}, {:.0}/s, none wrong or missing", tasks as f64 / time.as_secs_f64()),
        "all right",
        true,
    );
}

/// Running tasks that are all told to stop at once, beside as many bare processes that are killed by their pids.
async fn stop(tasks: usize) {
    let (mut ours, mut bare) = (vec![], vec![]);
    for _ in 0..ROUNDS {
        let mut children: Vec<_> =
            (0..tasks).map(|_| Command::new("/bin/sleep").arg("600").spawn().unwrap()).collect();
        let began = Instant::now();
        for child in &mut children {
            child.start_kill().unwrap();
        }
        for child in &mut children {
            child.wait().await.unwrap();
        }
        bare.push(began.elapsed());

        let dir = tempfile::tempdir().unwrap();
        let engine = Arc::new(Engine::open(dir.path()).await);
        submit_all(&engine, tasks, CLIENTS, |_| command("/bin/sleep", &["600"])).await;
        let mut changes = engine.supervisor.changes();
        while count(&engine, &[TaskPhase::Running]).await < tasks as u64 {
            changes.next().await.expect("the supervisor lives");
        }
        let query = TaskQuery { limit: Some(1_000), ..TaskQuery::default() };
        let running = engine.api.query_tasks(query).await.unwrap().items;
        let began = Instant::now();
        let mut all = tokio::task::JoinSet::new();
        for task in running {
            let engine = Arc::clone(&engine);
            all.spawn(async move {
                engine
                    .api
                    .ask(StopTask { id: task.metadata.id.clone(), mode: StopMode::Graceful })
                    .await
                    .unwrap();
            });
        }
        all_finished(&engine, tasks as u64).await;
        ours.push(began.elapsed());
        all.join_all().await;
        assert_eq!(count(&engine, &[TaskPhase::Canceled]).await, tasks as u64);
    }
    let (ours, bare) = (median(ours), median(bare));
    report(
        &format!("stop of {tasks} running tasks"),
        &format!("{ours:.2?}, bare processes {bare:.2?}"),
        "400 within 1 s",
        ours < Duration::from_secs(1),
    );
}

async fn check_codes(engine: &Engine, tasks: usize) {
    let mut offset = 0;
    loop {
        let query = TaskQuery { limit: Some(1_000), offset, ..TaskQuery::default() };
        let page = engine.api.query_tasks(query).await.unwrap();
        assert_eq!(page.total, tasks as u64);
        if page.items.is_empty() {
            break;
        }
        offset += page.items.len() as u32;
        for task in page.items {
            let n: usize = task.spec.slot.as_str().strip_prefix("lane-").unwrap().parse().unwrap();
            assert_eq!((task.status.exit_code, task.status.attempt), (Some((n % 4) as i32), 1), "{task:?}");
            let phase = if n.is_multiple_of(4) { TaskPhase::Succeeded } else { TaskPhase::Failed };
            assert_eq!(task.status.phase, phase);
        }
    }
    assert_eq!(offset as usize, tasks);
}

/// What a person waits for over a million finished tasks.
async fn million() {
    let dir = tempfile::tempdir().unwrap();
    finished_tasks::store(dir.path(), MILLION).await;
    let began = Instant::now();
    let engine = Engine::open(dir.path()).await;
    let opened = began.elapsed();
    report(
        "start over 1,000,000 finished tasks",
        &format!("{opened:.2?}"),
        "at most 2 s",
        opened <= Duration::from_secs(2),
    );

    let page = |text: Option<&str>| {
        let query = ListQuery { text: text.map(str::to_owned), limit: Some(100), ..ListQuery::default() };
        let api = &engine.api;
        async move {
            let began = Instant::now();
            let found = api.ask(ListTasks { query }).await.unwrap();
            (began.elapsed(), found.total)
        }
    };
    let (first, total) = page(None).await;
    assert_eq!(total, MILLION);
    report("  first page", &format!("{first:.2?}"), "at most 50 ms", first <= Duration::from_millis(50));
    for (what, text, matches) in [
        ("  free text that one task has", "film 777777", 1),
        ("  free text that all have", "ENCODE", MILLION),
        ("  free text that none has", "no such film", 0),
    ] {
        let mut times = vec![];
        for _ in 0..9 {
            let (took, total) = page(Some(text)).await;
            assert_eq!(total, matches, "{text}");
            times.push(took);
        }
        let took = median(times);
        report(what, &format!("{took:.2?}"), "at most 200 ms", took <= Duration::from_millis(200));
    }
    let mut times = vec![];
    for _ in 0..9 {
        let began = Instant::now();
        let counted: u64 = engine.api.ask(GetSummary {}).await.unwrap().by_phase.values().sum();
        times.push(began.elapsed());
        assert_eq!(counted, MILLION);
    }
    let took = median(times);
    report("  counts", &format!("{took:.2?}"), "at most 50 ms", took <= Duration::from_millis(50));
    let began = Instant::now();
    let expired =
        engine.supervisor.store().expired(None, Some(MILLION as u32 - 100), None, 500).await.unwrap();
    let took = began.elapsed();
    assert_eq!(expired.len(), 100);
    report(
        "  what has to go of them",
        &format!("{took:.2?}"),
        "at most 50 ms",
        took <= Duration::from_millis(50),
    );
}

/// When ten thousand waiting tasks will start, over a hundred thousand finished ones: of one command, and each of its own.
async fn forecast() {
    let dir = tempfile::tempdir().unwrap();
    finished_tasks::store(dir.path(), LISTED).await;
    let engine = Engine::open(dir.path()).await;
    engine.api.ask(HoldAll { held: true }).await.unwrap();
    let encode = |n: usize| (format!("lane-{}", n % 20), command("/usr/bin/encode", &["film.mkv"]));
    let own = |n: usize| (format!("lane-{}", n % 20), command("/usr/bin/encode", &[&format!("film {n}")]));
    let mut waiting = 0;
    for (what, more) in [("of one command", true), ("and as many, each of its own", false)] {
        let specs = (0..WAITING).map(|n| {
            let (slot, kind) = if more { encode(n) } else { own(n) };
            spec(&slot, kind, json!({"admission": "queue"}))
        });
        for spec in specs {
            engine.api.submit_task(spec).await.unwrap();
        }
        waiting += WAITING;
        let mut times = vec![];
        for _ in 0..9 {
            let began = Instant::now();
            let foreseen =
                engine.api.ask(Forecast { slot: None, tasks: vec![], moves: vec![] }).await.unwrap();
            times.push(began.elapsed());
            assert_eq!(foreseen.lanes.iter().map(|lane| lane.waiting as usize).sum::<usize>(), waiting);
        }
        let took = median(times);
        report(
            &format!("forecast of {waiting} waiting tasks, {what}"),
            &format!("{took:.2?}"),
            "10,000 in less than 50 ms",
            waiting > WAITING || took < Duration::from_millis(50),
        );
    }
}

/// Pages of a hundred out of a hundred thousand finished tasks.
async fn list() {
    let dir = tempfile::tempdir().unwrap();
    finished_tasks::store(dir.path(), LISTED).await;
    let began = Instant::now();
    let engine = Engine::open(dir.path()).await;
    let opened = began.elapsed();
    report(
        "start over 100,000 finished tasks",
        &format!("{opened:.2?}"),
        "below 2 s",
        opened < Duration::from_secs(2),
    );

    let failed = vec![TaskPhase::Failed];
    let (mut stored, mut rows) = (vec![], vec![]);
    for round in 0..400 {
        let phases = if round % 2 == 0 { vec![] } else { failed.clone() };
        let query = RowQuery { phases: phases.clone(), limit: Some(100), ..RowQuery::default() };
        let began = Instant::now();
        assert_eq!(engine.supervisor.store().list(&query).await.unwrap().rows.len(), 100);
        stored.push(began.elapsed());
        let query = ListQuery { phases, limit: Some(100), ..ListQuery::default() };
        let began = Instant::now();
        assert_eq!(engine.api.ask(ListTasks { query }).await.unwrap().rows.len(), 100);
        rows.push(began.elapsed());
    }
    for (what, mut times, most) in [("  a page of 100, store", stored, 5), ("  a page of 100, API", rows, 50)]
    {
        let (p50, p99) = (share(&mut times, 50), share(&mut times, 99));
        let figure = format!("p50 {p50:.2?}, p99 {p99:.2?}");
        report(what, &figure, &format!("p99 below {most} ms"), p99 < Duration::from_millis(most));
    }
}
