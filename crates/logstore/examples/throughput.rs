//! Prints what the log store costs beside its rivals, in one run: `cargo run --release --example throughput`.

use std::fs::{self, File};
use std::io::Write;
use std::time::{Duration, Instant};

use solti_logstore::{INDEX_FILE, LOG_FILE, LogReader, LogView, LogWriter, Stream};

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn main() -> Outcome {
    let dir = tempfile::tempdir_in(".")?;
    let mut text = Vec::new();
    for n in 1..=5_000_000 {
        writeln!(text, "{n}")?;
    }
    println!("seq 1 5000000: {} bytes", text.len());

    let mut plain = Duration::MAX;
    let mut stored = Duration::MAX;
    for round in 0..5 {
        let path = dir.path().join(format!("plain{round}"));
        let started = Instant::now();
        let mut file = File::create(&path)?;
        for block in text.chunks(64 * 1024) {
            file.write_all(block)?;
        }
        plain = plain.min(started.elapsed());
        fs::remove_file(path)?;

        let run = dir.path().join(format!("run{round}"));
        fs::create_dir(&run)?;
        let mut writer = LogWriter::create(&run)?;
        let started = Instant::now();
        for block in text.chunks(64 * 1024) {
            writer.append(Stream::Stdout, block, started.elapsed().as_millis() as u64)?;
        }
        writer.flush_due(u64::MAX / 2)?;
        stored = stored.min(started.elapsed());
        writer.finish(u64::MAX / 2)?;
    }
    println!("64 KiB blocks: plain file {plain:?}, log store {stored:?}");
    let run = dir.path().join("run0");
    index_share("bulk", &run)?;

    let mut reader = LogReader::open(&run)?;
    let started = Instant::now();
    let mut lines = 0;
    while let Some(batch) = reader.next_batch()? {
        lines += batch.lines.len();
        reader.recycle(batch);
    }
    let took = started.elapsed();
    println!("read: {lines} lines in {took:?}, {:.1} M lines/s", lines as f64 / took.as_secs_f64() / 1e6);

    let run = dir.path().join("slow");
    fs::create_dir(&run)?;
    let mut writer = LogWriter::create(&run)?;
    let line = [&[b'x'; 79][..], b"\n"].concat();
    for n in 0..1_000_000 {
        writer.append(Stream::Stdout, &line, n * 20)?;
    }
    writer.finish(20_000_000)?;
    index_share("a line at a time, 80 bytes every 20 ms", &run)?;

    let mut view = LogView::open(&run)?;
    let rows = view.extent()?.rows;
    let started = Instant::now();
    let pages = 1000;
    for n in 0..pages {
        view.rows(n * 7919 * 131 % rows, 60, 4096)?;
    }
    println!("a page of 60 rows anywhere, warm: {:?}", started.elapsed() / pages as u32);
    Ok(())
}

fn index_share(what: &str, run: &std::path::Path) -> Outcome {
    let log = fs::metadata(run.join(LOG_FILE))?.len();
    let index = fs::metadata(run.join(INDEX_FILE))?.len();
    println!("index, {what}: {:.3} % of the data", index as f64 * 100.0 / log as f64);
    Ok(())
}
