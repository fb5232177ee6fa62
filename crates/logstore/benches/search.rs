//! Searching a large log beside `rg -c` on the same files: `cargo bench -p solti-logstore --bench search`.
//!
//! `SOLTI_BENCH_BYTES` sets the size of the log (1 GiB by default, 10737418240 for 10 GiB); it must fit into memory, because
//! all is measured warm. `TMPDIR` says where. Counts that differ from ripgrep's end the benchmark with a panic.

#[path = "../../../benches/shared/measure.rs"]
mod measure;

use solti_positions::{MergedPosition, RowNo};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::AtomicBool;
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use measure::{Parts, Peak, median, report};
use solti_logstore::{LogSearch, LogView, LogWriter, Merged, SearchQuery, Stream, make_filters, slices};

const ROUNDS: usize = 3;
const RARE: &str = "8f3a9c1e";

fn main() {
    if Parts::asked().is_none() {
        return;
    }
    let bytes: u64 = std::env::var("SOLTI_BENCH_BYTES").map_or(1 << 30, |text| text.parse().unwrap());
    println!("a log of {} MiB, SOLTI_BENCH_BYTES sets it", bytes >> 20);
    let dir = tempfile::tempdir().unwrap();
    let run = dir.path().join("run");
    write_log(&run, bytes);
    let cores = available_parallelism().map_or(1, usize::from);
    for (what, pattern, regex) in [
        ("literal, many hits", "connection refused", false),
        ("literal, no hit", "nothing says this", false),
        ("regular expression", r"worker \d+ took [0-9]{4,} ms", true),
    ] {
        let query = SearchQuery { pattern: pattern.into(), regex, ..SearchQuery::default() };
        against_ripgrep(&run, what, &query, &query, 1, 0.9);
        if cores > 1 {
            against_ripgrep(&run, what, &query, &query, cores, 1.3);
        }
    }
    by_fields(dir.path(), bytes);
    memory(&run, cores);
    rare_words(&run, bytes, cores);
    excerpts(&run);
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let began = Instant::now();
    let done = work();
    (done, began.elapsed())
}

/// Lines as programs print them, with numbers that never come again, and one rare word.
fn write_log(run: &Path, bytes: u64) {
    fs::create_dir(run).unwrap();
    let mut writer = LogWriter::create(run).unwrap();
    let (mut block, mut n, mut written, mut rare) = (Vec::new(), 0u64, 0, false);
    while written < bytes {
        n += 1;
        let (seconds, id) = (n / 1000, n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40);
        let time = format!(
            "2026-01-{:02} {:02}:{:02}:{:02}",
            1 + seconds / 86_400 % 28,
            seconds / 3600 % 24,
            seconds / 60 % 60,
            seconds % 60
        );
        match n % 50 {
            7 => writeln!(
                block,
                "{time} ERROR could not reach 10.0.{}.{}:5432: connection refused",
                n % 3,
                n % 251
            ),
            11 | 31 => {
                writeln!(block, "{time} INFO  worker {} took {} ms for request {id:06x}", n % 16, n % 12_000)
            }
            _ => writeln!(
                block,
                "{time} INFO  imported {} rows of orders in {} ms, request {id:06x}",
                n * 37 % 990,
                n * 13 % 400
            ),
        }
        .unwrap();
        if !rare && written > bytes / 10 * 7 {
            rare = true;
            writeln!(block, "{time} WARN  order {RARE} was lost").unwrap();
        }
        if block.len() >= 64 * 1024 {
            writer.append(Stream::Stdout, &block, 1_700_000_000_000 + seconds).unwrap();
            written += block.len() as u64;
            block.clear();
        }
    }
    writer.finish(1_700_100_000_000).unwrap();
}

fn search(run: &Path, query: &SearchQuery, threads: usize) -> u64 {
    let search = LogSearch::open(run, query.compile().unwrap(), RowNo::MAX, threads).unwrap();
    search.advance(&AtomicBool::new(false), &|_| {}).unwrap();
    search.total()
}

fn log_files(run: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(run).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.extension().is_some_and(|extension| extension == "log")).collect()
}

/// `None` when ripgrep is not installed.
fn ripgrep(run: &Path, query: &SearchQuery) -> Option<u64> {
    let mut command = Command::new("rg");
    command.args(["--no-config", "-c", "-j1", "--no-filename", "-i"]);
    if !query.regex {
        command.arg("-F");
    }
    let output =
        command.arg("-e").arg(&query.pattern).args(log_files(run)).stderr(Stdio::null()).output().ok()?;
    let counts = String::from_utf8(output.stdout).unwrap();
    Some(counts.lines().map(|line| line.parse::<u64>().unwrap()).sum())
}

/// Records as JSON, one in fifty of them an error, by a field; the rival looks for the same as a text.
fn by_fields(dir: &Path, bytes: u64) {
    let run = dir.join("records");
    fs::create_dir(&run).unwrap();
    let mut writer = LogWriter::create(&run).unwrap();
    let (mut block, mut n, mut written) = (Vec::new(), 0u64, 0);
    while written < bytes {
        n += 1;
        let level = if n % 50 == 7 { "error" } else { "info" };
        writeln!(
            block,
            r#"{{"time":"2026-01-01T00:{:02}:{:02}Z","level":"{level}","pid":{},"reqId":"r-{n:x}","msg":"imported {} rows"}}"#,
            n / 60_000 % 60,
            n / 1000 % 60,
            n % 16,
            n * 37 % 990,
        )
        .unwrap();
        if block.len() >= 64 * 1024 {
            writer.append(Stream::Stdout, &block, 1_700_000_000_000 + n / 1000).unwrap();
            written += block.len() as u64;
            block.clear();
        }
    }
    writer.finish(1_700_100_000_000).unwrap();
    for (what, fields, text) in [
        ("field, many hits", "level=error", r#""level":"error""#),
        ("field with a number, many hits", "pid=7", r#""pid":7,"#),
        ("field, no hit", "level=fatal", r#""level":"fatal""#),
    ] {
        let query = SearchQuery { fields: fields.into(), ..SearchQuery::default() };
        let rival = SearchQuery { pattern: text.into(), ..SearchQuery::default() };
        against_ripgrep(&run, what, &query, &rival, 1, 0.5);
    }
}

/// `rival` is what ripgrep is asked for.
fn against_ripgrep(
    run: &Path,
    what: &str,
    query: &SearchQuery,
    rival: &SearchQuery,
    threads: usize,
    least: f64,
) {
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let (found, took) = timed(|| ripgrep(run, rival));
        let Some(found) = found else {
            println!("{what:<44} ripgrep is not installed (on Debian: apt-get install ripgrep)");
            return;
        };
        theirs.push(took);
        let (count, took) = timed(|| search(run, query, threads));
        ours.push(took);
        assert_eq!(count, found, "{what}: not what ripgrep counts");
    }
    let (ours, theirs) = (median(ours), median(theirs));
    let ratio = theirs.as_secs_f64() / ours.as_secs_f64();
    let figure = format!("{ours:.2?}, rg -c with one thread {theirs:.2?}: {ratio:.2} times as fast");
    report(&format!("{what}, {threads} thread(s)"), &figure, &format!("at least {least}"), ratio >= least);
}

/// What searching takes of a word, of an ordinary expression, and of one with very many states.
fn memory(run: &Path, threads: usize) {
    for (pattern, regex) in [
        ("connection refused", false),
        (r"worker \d+ took [0-9]{4,} ms", true),
        ("[a-z]+.{1,100}[0-9]{2}x$", true),
    ] {
        let peak = Peak::since_now(Path::new("/proc/self"));
        let query = SearchQuery { pattern: pattern.into(), regex, ..SearchQuery::default() };
        let (found, took) = timed(|| search(run, &query, threads));
        let more = peak.more_mib();
        let figure = format!("{more:.0} MiB more, {found} found in {took:.2?}");
        report(&format!("memory of {pattern}"), &figure, "at most 64 MiB", more <= 64.0);
    }
}

fn rare_words(run: &Path, bytes: u64, threads: usize) {
    let (_, took) = timed(|| make_filters(run, true, &AtomicBool::new(false)).unwrap());
    let of = |extension: &str| -> u64 {
        let files = fs::read_dir(run).unwrap().map(|entry| entry.unwrap());
        files
            .filter(|file| file.path().extension().is_some_and(|e| e == extension))
            .map(|file| file.metadata().unwrap().len())
            .sum()
    };
    let share = of("skip") as f64 * 100.0 / of("log") as f64;
    println!("{:<44} {took:.2?}, {share:.2} % of the log", "skip filters made");
    for (what, pattern, count) in [("rare word", RARE, 1), ("word that is not there", "zyzzogeton", 0)] {
        let query = SearchQuery { pattern: pattern.into(), ..SearchQuery::default() };
        let times = (0..ROUNDS).map(|_| {
            let (found, took) = timed(|| search(run, &query, threads));
            assert_eq!(found, count);
            took
        });
        let took = median(times.collect());
        // The limit is one of 10 GB, and no smaller log has an excuse.
        let limit = Duration::from_millis(150).mul_f64((bytes as f64 / 1e10).max(0.1));
        report(
            &format!("{what}, sealed"),
            &format!("{took:.2?}"),
            &format!("at most {limit:.0?}"),
            took <= limit,
        );
    }
}

fn excerpts(run: &Path) {
    let mut view = LogView::open(run).unwrap();
    let rows = view.extent().unwrap().rows;
    let (_, took) = timed(|| slices(&mut view, 1000, None).unwrap());
    println!("{:<44} {took:.2?}", "density in 1,000 slices");
    let mut merged = Merged::open([(run, true), (run, true)]).unwrap();
    let (_, first) = timed(|| merged.rows(MergedPosition::ZERO, 200, 4096).unwrap());
    let times =
        (1..20).map(|n| timed(|| merged.rows(MergedPosition::new(rows / 10 * n), 200, 4096).unwrap()).1);
    println!(
        "{:<44} first {first:.2?}, p50 {:.2?}",
        "200 rows of two logs merged, anywhere",
        median(times.collect())
    );
}
