//! What a large log costs on the disk and when it is opened: `cargo bench -p solti-logstore --bench files`.
//!
//! `SOLTI_BENCH_BYTES` sets the size of the log (1 GiB by default; 10737418240 is the 10 GB of the limits, and 100 million
//! lines of it need 1 GB). Cold means that the kernel has dropped the files' pages, not their names. `TMPDIR` says where.

#[path = "../../../benches/shared/measure.rs"]
mod measure;

use solti_positions::RowNo;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use measure::{Parts, report, share};
use rustix::fs::{Advice, fadvise};
use solti_logstore::{LogReader, LogView, LogWriter, Stream};

const PAGE_ROWS: usize = 60;
const CLIP: usize = 4096;
const PAGES: usize = 200;
/// 100 million of them make a GB.
const SHORT_LINE: &[u8] = b"123456789\n";
const T0: u64 = 1_700_000_000_000;

fn main() {
    if Parts::asked().is_none() {
        return;
    }
    let bytes: u64 = std::env::var("SOLTI_BENCH_BYTES").map_or(1 << 30, |text| text.parse().unwrap());
    println!("a log of {} MiB, SOLTI_BENCH_BYTES sets it", bytes >> 20);
    let dir = tempfile::tempdir().unwrap();
    let bulk = dir.path().join("bulk");
    write_bulk(&bulk, bytes);
    index_share("index, bulk", &bulk, 0.1, 0.05);
    open(&bulk, bytes);
    random_pages(&bulk, bytes);
    read_all(&bulk);
    fs::remove_dir_all(&bulk).unwrap();
    line_at_a_time(&dir.path().join("slow"));
}

fn write_bulk(run: &Path, bytes: u64) {
    fs::create_dir(run).unwrap();
    let mut writer = LogWriter::create(run).unwrap();
    let block = SHORT_LINE.repeat(64 * 1024 / SHORT_LINE.len());
    let mut now = T0;
    for _ in 0..bytes / block.len() as u64 {
        writer.append(Stream::Stdout, &block, now).unwrap();
        now += 1;
    }
    writer.finish(now).unwrap();
}

fn line_at_a_time(run: &Path) {
    fs::create_dir(run).unwrap();
    let mut writer = LogWriter::create(run).unwrap();
    let line = [&[b'x'; 79][..], b"\n"].concat();
    for n in 0..2_000_000 {
        writer.append(Stream::Stdout, &line, T0 + n * 20).unwrap();
    }
    writer.finish(T0 + 100_000_000).unwrap();
    index_share("index, 80-byte lines every 20 ms", run, 6.0, 3.0);
}

fn files(run: &Path) -> Vec<PathBuf> {
    fs::read_dir(run).unwrap().map(|entry| entry.unwrap().path()).collect()
}

fn index_share(what: &str, run: &Path, limit: f64, aim: f64) {
    let sum = |extension: &str| -> u64 {
        let of = |path: &&PathBuf| path.extension().is_some_and(|found| found == extension);
        files(run).iter().filter(of).map(|path| path.metadata().unwrap().len()).sum()
    };
    let percent = sum("idx") as f64 * 100.0 / sum("log") as f64;
    let limit_text = format!("at most {limit} %, aim {aim} %");
    report(what, &format!("{percent:.3} % of the data"), &limit_text, percent <= limit);
}

fn drop_pages(files: &[PathBuf]) {
    for path in files {
        let file = File::open(path).unwrap();
        file.sync_data().unwrap();
        fadvise(&file, 0, None, Advice::DontNeed).unwrap();
    }
}

fn open(run: &Path, bytes: u64) {
    let files = files(run);
    let (mut times, mut rival) = (vec![], vec![]);
    for _ in 0..20 {
        drop_pages(&files);
        let began = Instant::now();
        let mut view = LogView::open(run).unwrap();
        let rows = view.extent().unwrap().rows;
        let page = view.rows(RowNo::new(rows - PAGE_ROWS as u64), PAGE_ROWS, CLIP).unwrap();
        times.push(began.elapsed());
        assert_eq!((page.len(), &page[59].bytes[..]), (PAGE_ROWS, &SHORT_LINE[..9]));
        assert_eq!(rows, bytes / (64 * 1024 / 10 * 10) * (64 * 1024 / 10));

        drop_pages(&files);
        let last = files.iter().filter(|path| path.extension().is_some_and(|found| found == "log"));
        let last = last.max_by_key(|path| path.metadata().unwrap().modified().unwrap()).unwrap();
        let began = Instant::now();
        let mut tail = Command::new("tail");
        assert!(tail.args(["-n", "60"]).arg(last).stdout(Stdio::null()).status().unwrap().success());
        rival.push(began.elapsed());
    }
    let (median, worst) = (share(&mut times, 50), share(&mut times, 100));
    report(
        "open and have the last page, cold",
        &format!("{median:.2?}, worst {worst:.2?}, tail {:.2?}", share(&mut rival, 50)),
        "at most 10 ms, aim 1 ms",
        median <= Duration::from_millis(10),
    );
}

fn random_pages(run: &Path, bytes: u64) {
    let files = files(run);
    let rows = LogView::open(run).unwrap().extent().unwrap().rows;
    let mut times = vec![];
    for n in 0..PAGES as u64 {
        let from = n * 7_919_131_071 % (rows - PAGE_ROWS as u64);
        drop_pages(&files);
        let began = Instant::now();
        let page = LogView::open(run).unwrap().rows(RowNo::new(from), PAGE_ROWS, CLIP).unwrap();
        times.push(began.elapsed());
        assert_eq!((page.len(), page[0].row.get()), (PAGE_ROWS, from));
    }
    // The rival reads up to there; half way is its average. All segments are one behind the other for it.
    let (middle, end) = (rows / 2, rows / 2 + PAGE_ROWS as u64);
    let mut sed = Command::new("sh");
    sed.arg("-c").arg(format!("cat $(ls -v '{}'/*.log) | sed -n '{middle},{end}p;{end}q'", run.display()));
    let began = Instant::now();
    assert!(sed.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok());
    let rival = began.elapsed();
    let (median, p99) = (share(&mut times, 50), share(&mut times, 99));
    report(
        &format!("a page at any of {} million lines, cold", bytes / 10 / 1_000_000),
        &format!("p50 {median:.2?}, p99 {p99:.2?}, sed to the middle {rival:.2?}"),
        "p99 at most 5 ms, aim 2 ms",
        p99 <= Duration::from_millis(5),
    );
}

fn read_all(run: &Path) {
    let mut reader = LogReader::open(run).unwrap();
    let (began, mut lines) = (Instant::now(), 0u64);
    while let Some(batch) = reader.next_batch().unwrap() {
        lines += batch.lines.len() as u64;
    }
    let took = began.elapsed();
    println!("read from end to end: {:.0} M lines/s", lines as f64 / took.as_secs_f64() / 1e6);
}
