//! What it costs to store output, beside what the same output costs without a log: `cargo bench -p solti-api --bench logs
//! [-- NAME…]`. The programs that print are this program again. `SOLTI_BENCH_BYTES` sets how much the bulk figures store.
//!
//! Rounds of the engine and of its rival alternate; each figure is the median. A missed limit is marked, a wrong log panics.

#[path = "../tests/common/mod.rs"]
mod common;
#[path = "../../../benches/shared/finished_tasks.rs"]
mod finished_tasks;
#[path = "../../../benches/shared/measure.rs"]
mod measure;

use common::{Engine, command, spec};
use measure::{Parts, Peak, median, report, share};
use serde_json::json;
use solti_api::ApiHandler;
use solti_api::operations::{GetLogInfo, Operations as _, ReadLog, SearchAll};
use solti_logstore::{LogWriter, Stream, pack};
use solti_model::{LogQuery, OutputEvent, RowNo, RunId, TaskId, TaskPhase, TaskRun};
use solti_store::{Change, Store, StoredRun};
use std::fs;
use std::io::{PipeReader, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::process::parent_id;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::io::AsyncBufReadExt as _;
use tokio_stream::StreamExt as _;

const ROUNDS: usize = 5;
const BLOCK: usize = 64 << 10;
const LINE: usize = 80;
const FLUSHED_LINES: u64 = 1_000_000;
const PACED_LINES: u64 = 3_000;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [mode, amount, report] = &arguments[..]
        && let Some(print) = mode.strip_prefix("print-")
    {
        return print_output(print, amount.parse().unwrap(), Path::new(report));
    }
    let Some(parts) = Parts::asked() else { return };
    let bytes = std::env::var("SOLTI_BENCH_BYTES").map_or(1 << 30, |text| text.parse().unwrap());
    common::shim();
    println!("bulk: {} MiB, SOLTI_BENCH_BYTES sets it", bytes >> 20);
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        if parts.wanted("blocks") {
            blocks(bytes).await;
        }
        if parts.wanted("flushed") {
            flushed().await;
        }
        if parts.wanted("latency") {
            latency().await;
        }
        if parts.wanted("line") {
            long_line(bytes).await;
        }
        if parts.wanted("many") {
            many(9_000).await;
            many(100_000).await;
        }
    });
}

fn now_ns() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos()
}

// What prints.

/// What the program that prints has seen: how long it took, and of who read its output the processor time and memory.
#[derive(Debug, Clone, Copy)]
struct Seen {
    seconds: f64,
    reader_seconds: f64,
    reader_private_kib: f64,
}

fn print_output(mode: &str, amount: u64, report: &Path) {
    // Past the buffer of `Stdout`, which ends at each line.
    let mut out = fs::File::from(std::io::stdout().as_fd().try_clone_to_owned().unwrap());
    let mut line = vec![b'x'; LINE];
    line[LINE - 1] = b'\n';
    let block = match mode {
        "line" => vec![b'x'; BLOCK],
        _ => line.iter().copied().cycle().take(BLOCK / LINE * LINE).collect(),
    };
    let began = Instant::now();
    match mode {
        "blocks" | "line" => {
            for _ in 0..amount / BLOCK as u64 {
                out.write_all(&block).unwrap();
            }
        }
        "lines" => {
            for _ in 0..amount {
                out.write_all(&line).unwrap();
            }
        }
        "paced" => {
            for n in 0..amount {
                let due = began + Duration::from_millis(n);
                std::thread::sleep(due.saturating_duration_since(Instant::now()));
                out.write_all(format!("{}\n", now_ns()).as_bytes()).unwrap();
            }
        }
        _ => unreachable!("a mode of this program"),
    }
    let seconds = began.elapsed().as_secs_f64();
    // What the pipe still holds is read by then.
    std::thread::sleep(Duration::from_millis(200));
    let reader = PathBuf::from(format!("/proc/{}", parent_id()));
    let seen = format!("{seconds} {} {}", cpu_seconds(&reader), private_kib(&reader));
    fs::write(report.with_extension("new"), seen).unwrap();
    fs::rename(report.with_extension("new"), report).unwrap();
}

fn cpu_seconds(process: &Path) -> f64 {
    let stat = fs::read_to_string(process.join("stat")).unwrap();
    let fields: Vec<&str> = stat[stat.rfind(')').unwrap()..].split(' ').collect();
    let ticks: u64 = [12, 13].iter().map(|field| fields[*field].parse::<u64>().unwrap()).sum();
    ticks as f64 / rustix::param::clock_ticks_per_second() as f64
}

/// 0 where it may not be read.
fn private_kib(process: &Path) -> f64 {
    let rollup = fs::read_to_string(process.join("smaps_rollup")).unwrap_or_default();
    let private = rollup.lines().filter(|line| line.starts_with("Private_"));
    private.filter_map(|line| line.split_whitespace().nth(1)?.parse::<f64>().ok()).sum()
}

fn seen(report: &Path) -> Seen {
    let text = fs::read_to_string(report).unwrap();
    let numbers: Vec<f64> = text.split(' ').map(|number| number.parse().unwrap()).collect();
    fs::remove_file(report).unwrap();
    Seen { seconds: numbers[0], reader_seconds: numbers[1], reader_private_kib: numbers[2] }
}

// Who reads it.

struct Bench {
    dir: tempfile::TempDir,
    engine: Engine,
    program: String,
    report: PathBuf,
}

impl Bench {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let engine = Engine::open(&dir.path().join("data")).await;
        let program = std::env::current_exe().unwrap().to_str().unwrap().to_owned();
        let report = dir.path().join("report");
        Self { dir, engine, program, report }
    }

    async fn submit(&self, mode: &str, amount: u64) -> TaskId {
        let amount = amount.to_string();
        let arguments = [&format!("print-{mode}"), &amount, self.report.to_str().unwrap()];
        let task = spec("bench", command(&self.program, &arguments), json!({"admission": "queue"}));
        self.engine.api.submit_task(task).await.unwrap()
    }

    /// Through the shim into a log.
    async fn logged(&self, mode: &str, amount: u64) -> (Seen, TaskId) {
        let id = self.submit(mode, amount).await;
        self.engine.finished(&id).await;
        (seen(&self.report), id)
    }

    fn plain(&self, mode: &str, amount: u64) -> Command {
        let mut program = Command::new(&self.program);
        program.args([format!("print-{mode}"), amount.to_string()]).arg(&self.report);
        program
    }
}

/// 64 KiB at a time: how fast the program gets rid of it, and what the processor does for a GB.
async fn blocks(bytes: u64) {
    let bench = Bench::new().await;
    let (mut speed, mut cpu, mut private) = (vec![], vec![], vec![]);
    let (mut file_speed, mut strings_cpu) = (vec![], vec![]);
    for _ in 0..ROUNDS {
        let path = bench.dir.path().join("plain");
        let mut plain = bench.plain("blocks", bytes);
        assert!(plain.stdout(fs::File::create(&path).unwrap()).status().unwrap().success());
        file_speed.push(bytes as f64 / seen(&bench.report).seconds);
        fs::remove_file(path).unwrap();

        let (seen, id) = bench.logged("blocks", bytes).await;
        let stored = bench.engine.api.ask(GetLogInfo { run: RunId::new(id.clone(), 1) }).await.unwrap().bytes;
        assert_eq!(stored, bytes / BLOCK as u64 * (BLOCK / LINE * LINE) as u64);
        bench.engine.api.delete_task(&id).await.unwrap();
        speed.push(bytes as f64 / seen.seconds);
        cpu.push(seen.reader_seconds / (bytes as f64 / 1e9));
        private.push(seen.reader_private_kib);

        // A line costs what it costs; an eighth of them tells.
        let part = bytes / 8;
        strings_cpu.push(strings(&bench, part).await / (part as f64 / 1e9));
        fs::remove_file(&bench.report).ok();
    }
    let (speed, file_speed) = (median(speed) / 1e6, median(file_speed) / 1e6);
    report(
        "a program printing 64 KiB blocks",
        &format!("{speed:.0} MB/s, into a file {file_speed:.0} MB/s, ratio {:.2}", speed / file_speed),
        "at least 0.45, aim 0.8",
        speed >= 0.45 * file_speed,
    );
    let (cpu, strings_cpu) = (median(cpu), median(strings_cpu));
    report(
        "  processor time of a GB",
        &format!("{cpu:.2} s, a String per line {strings_cpu:.2} s, ratio {:.2}", cpu / strings_cpu),
        "at most 0.45, aim 0.3",
        cpu <= 0.45 * strings_cpu,
    );
    let private = median(private);
    report(
        "  memory of the shim",
        &format!("{private:.0} KiB private"),
        "at most 4 MiB, aim 1 MiB",
        private > 0.0 && private <= 4096.0,
    );
}

/// The processor time of reading lines into Strings and sending them through a broadcast channel to one subscriber.
async fn strings(bench: &Bench, bytes: u64) -> f64 {
    let mut child = tokio::process::Command::from(bench.plain("blocks", bytes));
    let mut child = child.stdout(Stdio::piped()).spawn().unwrap();
    let (sender, mut receiver) = tokio::sync::broadcast::channel::<String>(1024);
    let began = cpu_seconds(Path::new("/proc/self"));
    let subscriber = tokio::spawn(async move {
        let mut seen = 0u64;
        loop {
            match receiver.recv().await {
                Ok(line) => seen += line.len() as u64,
                Err(tokio::sync::broadcast::error::RecvError::Lagged(_)) => {}
                Err(tokio::sync::broadcast::error::RecvError::Closed) => return seen,
            }
        }
    });
    let mut lines = tokio::io::BufReader::new(child.stdout.take().unwrap()).lines();
    while let Some(line) = lines.next_line().await.unwrap() {
        // A subscriber that has gone is no error here.
        sender.send(line).ok();
    }
    drop(sender);
    assert!(subscriber.await.unwrap() > 0);
    assert!(child.wait().await.unwrap().success());
    cpu_seconds(Path::new("/proc/self")) - began
}

/// A write for each line: how fast the program gets rid of them, beside a reader that throws them away.
async fn flushed() {
    let bench = Bench::new().await;
    let (mut speed, mut discard_speed) = (vec![], vec![]);
    for _ in 0..ROUNDS {
        let (reader, writer) = std::io::pipe().unwrap();
        let discarding = std::thread::spawn(move || discard(reader));
        let mut plain = bench.plain("lines", FLUSHED_LINES);
        let status = plain.stdout(writer).status().unwrap();
        drop(plain);
        assert!(status.success());
        assert_eq!(discarding.join().unwrap(), FLUSHED_LINES * LINE as u64);
        discard_speed.push(FLUSHED_LINES as f64 / seen(&bench.report).seconds);

        let (seen, id) = bench.logged("lines", FLUSHED_LINES).await;
        assert_eq!(
            bench.engine.api.ask(GetLogInfo { run: RunId::new(id.clone(), 1) }).await.unwrap().rows,
            FLUSHED_LINES
        );
        bench.engine.api.delete_task(&id).await.unwrap();
        speed.push(FLUSHED_LINES as f64 / seen.seconds);
    }
    let (speed, discard_speed) = (median(speed) / 1e3, median(discard_speed) / 1e3);
    report(
        "a program that flushes every line",
        &format!(
            "{speed:.0} k lines/s, into nothing {discard_speed:.0} k lines/s, ratio {:.2}",
            speed / discard_speed
        ),
        "at least 0.95, aim 1",
        speed >= 0.95 * discard_speed,
    );
}

fn discard(mut pipe: PipeReader) -> u64 {
    let mut buffer = vec![0; 128 << 10];
    let mut total = 0;
    loop {
        match pipe.read(&mut buffer).unwrap() {
            0 => return total,
            n => total += n as u64,
        }
    }
}

/// From the write of a line to the subscriber of the stream, at 1,000 lines a second; beside a pipe.
async fn latency() {
    let bench = Bench::new().await;
    let id = bench.submit("paced", PACED_LINES).await;
    let mut events = bench.engine.api.stream_task_logs(&id).await.unwrap();
    let mut ours = vec![];
    while let Some(event) = events.next().await {
        if let OutputEvent::Chunk { line, .. } = event {
            ours.push(now_ns().saturating_sub(line.parse().unwrap()) as f64 / 1e6);
        }
    }
    assert_eq!(ours.len() as u64, PACED_LINES);
    let mut child = tokio::process::Command::from(bench.plain("paced", PACED_LINES));
    let mut child = child.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = tokio::io::BufReader::new(child.stdout.take().unwrap()).lines();
    let mut pipe = vec![];
    while let Some(line) = lines.next_line().await.unwrap() {
        pipe.push(now_ns().saturating_sub(line.parse().unwrap()) as f64 / 1e6);
    }
    assert!(child.wait().await.unwrap().success());
    // The first lines meet a process that is being started.
    let (ours, pipe) = (&mut ours[100..], &mut pipe[100..]);
    let p99 = share(ours, 99);
    report(
        "a line, from its write to a subscriber",
        &format!(
            "p50 {:.2} ms, p99 {p99:.2} ms; a pipe p50 {:.2} ms, p99 {:.2} ms",
            share(ours, 50),
            share(pipe, 50),
            share(pipe, 99)
        ),
        "p99 at most 2 ms, aim 0.25 ms",
        p99 <= 2.0,
    );
}

/// One line without an end, followed by a subscriber and looked at by a window: what this process needs for it.
async fn long_line(bytes: u64) {
    let bench = Bench::new().await;
    let peak = Peak::since_now(Path::new("/proc/self"));
    let id = bench.submit("line", bytes).await;
    let mut events = bench.engine.api.stream_task_logs(&id).await.unwrap();
    let (mut seen, mut chunks) = (0, 0u64);
    while let Some(event) = events.next().await {
        if let OutputEvent::Chunk { line, .. } = event {
            seen += line.len() as u64;
            chunks += 1;
            if chunks.is_multiple_of(64) {
                let rows = bench
                    .engine
                    .api
                    .ask(ReadLog { run: RunId::new(id.clone(), 1), from: RowNo::ZERO, count: 100 })
                    .await
                    .unwrap();
                assert!(rows.rows.iter().all(|row| row.text.len() <= 1 << 20));
            }
        }
    }
    assert_eq!(seen, bytes / BLOCK as u64 * BLOCK as u64);
    let more = peak.more_mib();
    report(
        "one line without an end",
        &format!("{} MiB of it, {more:.1} MiB more at the peak", bytes >> 20),
        "less than 16 MiB more",
        more < 16.0,
    );
}

/// A word in the logs of many finished tasks, of one line each, beside `rg -c` on the same files, which are in memory.
async fn many(tasks: u64) {
    let dir = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
    finished_tasks::store(dir.path(), tasks).await;
    one_line_logs(dir.path(), tasks).await;
    let engine = Engine::open(dir.path()).await;
    let (mut ours, mut theirs, mut first) = (vec![], vec![], vec![]);
    // One line in a hundred has the word.
    let expected = tasks / 100;
    for round in 0..=ROUNDS {
        let began = Instant::now();
        let mut rival = Command::new("rg");
        rival.args(["-c", "--no-ignore", "--glob", "*.log", "needle"]).arg(dir.path().join("runs"));
        let found = rival.stdin(Stdio::null()).output().expect("rg is installed").stdout;
        let took = began.elapsed();
        assert_eq!(found.iter().filter(|byte| **byte == b'\n').count() as u64, expected);

        let began = Instant::now();
        let query = LogQuery { pattern: "needle".into(), ..LogQuery::default() };
        let mut hits = engine.api.open(SearchAll { query, ids: None }).await.unwrap();
        let (mut runs, mut to_first) = (0, None);
        while let Some(news) = hits.next().await {
            runs += news.tasks.len() as u64;
            if runs > 0 {
                to_first.get_or_insert_with(|| began.elapsed());
            }
            assert!(!news.complete || news.searched_tasks == tasks);
        }
        assert_eq!(runs, expected);
        // The first round warms the caches of both.
        if round > 0 {
            ours.push(began.elapsed());
            theirs.push(took);
            first.extend(to_first);
        }
    }
    let (ours, theirs) = (median(ours), median(theirs));
    let ratio = theirs.as_secs_f64() / ours.as_secs_f64();
    let (aim, met) = match tasks {
        100_000 => ("less than 2 s", ours < Duration::from_secs(2)),
        _ => ("at least 0.7, aim 1.2", ratio >= 0.7),
    };
    report(
        &format!("search in the logs of {tasks} tasks"),
        &format!("{ours:.0?}, first {:.0?}; rg -c {theirs:.0?}, ratio {ratio:.2}", median(first)),
        aim,
        met,
    );
}

/// A log of one line for each of these tasks, as the app keeps it; one line in a hundred has the word.
async fn one_line_logs(data_dir: &Path, tasks: u64) {
    let store = Store::open(data_dir).unwrap();
    for first in (0..tasks).step_by(1_000) {
        let batch = (first..tasks.min(first + 1_000)).map(|n| Change::PutRun(finished_run(n))).collect();
        store.apply(batch).await.unwrap();
    }
    for n in 0..tasks {
        let folder = data_dir.join("runs").join(TaskId::generate(n, n).as_str()).join("1");
        fs::create_dir_all(&folder).unwrap();
        let mut log = LogWriter::create(&folder).unwrap();
        let word = if n % 100 == 7 { "needle" } else { "hay" };
        let line = format!("task {n} has found some {word} in a stack\n");
        log.append(Stream::Stdout, line.as_bytes(), n).unwrap();
        log.finish(n).unwrap();
        pack(&folder).unwrap();
    }
}

fn finished_run(n: u64) -> StoredRun {
    let run = TaskRun {
        attempt: 1,
        phase: TaskPhase::Succeeded,
        started_at: n,
        finished_at: Some(n),
        exit_code: Some(0),
        error: None,
        usage: None,
        remark: None,
        runner: None,
        node: None,
        suspension: None,
    };
    let task_id = TaskId::generate(n, n);
    StoredRun { task_id, run, boot_id: String::new(), pid: None, folder: true, environment: None }
}
