//! Reading rows: `cargo bench -p solti-rows`. A screen of rows full of escapes is read within a millisecond, and rows without any
//! cost a search next to nothing.

#[path = "../../../benches/shared/measure.rs"]
mod measure;

use std::hint::black_box;
use std::time::Instant;

use measure::{Parts, median, report};
use regex::bytes::RegexBuilder;
use solti_rows::{RowTexts, Severity, Style, severity, shown};

const ROWS: usize = 60;
const ROUNDS: usize = 300;
const LIMIT: usize = 10 * 1024;

/// Every word in a colour of its own.
fn colored(n: usize) -> Vec<u8> {
    let word = |i: usize| format!("\x1b[1;38;2;{};{};{}mword{i}\x1b[0m ", i * 7 % 256, n % 256, i % 256);
    (0..40).map(word).collect::<String>().into_bytes()
}

/// A bar that was drawn a hundred times.
fn bar(n: usize) -> Vec<u8> {
    let state = |i: usize| format!("\r\x1b[32m{}\x1b[0m {i}% of {n}\x1b[K", "━".repeat(i / 3));
    (0..=100).map(state).collect::<String>().into_bytes()
}

fn main() {
    let Some(parts) = Parts::asked() else { return };
    if parts.wanted("screen") {
        screen("60 rows, each word in its own colour", colored, 1.0);
        screen("60 rows, each a bar drawn 100 times", bar, 5.0);
    }
    if parts.wanted("texts") {
        texts("rows for a search, plain", b"2026-01-01 12:00:00 INFO  worker 7 took 31 ms\n", 5_000.0);
        texts("rows for a search, with CRLF", b"2026-01-01 12:00:00 INFO  worker 7 took 31 ms\r\n", 500.0);
        texts(
            "rows for a search, coloured",
            b"2026-01-01 12:00:00 \x1b[32mINFO\x1b[0m  worker 7 took 31 ms\n",
            300.0,
        );
    }
    if parts.wanted("severity") {
        severities("errors looked for, plain rows", "2026-01-01 12:00:00 INFO  worker 7 took 31 ms\n");
        severities(
            "errors looked for, rows of containers",
            "app-1  | 10.0.0.1 - - [30/Nov/2026:10:00:00 +0000] \"GET /a HTTP/1.1\" 200 512\n",
        );
    }
}

fn screen(what: &str, row: impl Fn(usize) -> Vec<u8>, aim_ms: f64) {
    let rows: Vec<Vec<u8>> = (0..ROWS).map(row).collect();
    let bytes: usize = rows.iter().map(Vec::len).sum();
    let times = (0..ROUNDS).map(|_| {
        let began = Instant::now();
        for row in &rows {
            black_box(shown(row, Style::default(), LIMIT));
        }
        began.elapsed().as_secs_f64() * 1e3
    });
    let took = median(times.collect());
    let figure = format!("{took:.2} ms for {} kB", bytes / 1000);
    report(what, &figure, &format!("{aim_ms} ms"), took <= aim_ms);
}

fn texts(what: &str, row: &[u8], aim: f64) {
    let rows = row.repeat((1 << 20) / row.len());
    let (mut texts, mut spare) = (RowTexts::new(true), Vec::new());
    let times = (0..ROUNDS).map(|_| {
        let began = Instant::now();
        black_box(texts.of(black_box(&rows), &mut spare));
        began.elapsed().as_secs_f64()
    });
    let speed = rows.len() as f64 / median(times.collect()) / 1e6;
    report(what, &format!("{speed:.0} MB/s"), &format!("{aim} MB/s"), speed >= aim);
}

/// As a search does it: first the signs in all rows, then what each row says that has some.
fn severities(what: &str, row: &str) {
    let every_hundredth =
        format!("{}{}", row.repeat(99), row.replace("INFO", "ERROR").replace("GET", "error: GET"));
    let rows = every_hundredth.repeat((1 << 20) / every_hundredth.len());
    #[expect(clippy::expect_used, reason = "signs are an expression")]
    let signs = RegexBuilder::new(Severity::Error.signs()).multi_line(true).build().expect("an expression");
    let times = (0..ROUNDS).map(|_| {
        let began = Instant::now();
        black_box(signs.find_iter(black_box(rows.as_bytes())).count());
        began.elapsed().as_secs_f64()
    });
    let speed = rows.len() as f64 / median(times.collect()) / 1e6;
    report(what, &format!("{speed:.0} MB/s"), "300 MB/s", speed >= 300.0);
    let times = (0..ROUNDS / 10).map(|_| {
        let began = Instant::now();
        black_box(rows.lines().filter(|row| severity(row).is_some()).count());
        began.elapsed().as_secs_f64()
    });
    let speed = rows.len() as f64 / median(times.collect()) / 1e6;
    report(&format!("{what}, row by row"), &format!("{speed:.0} MB/s"), "100 MB/s", speed >= 100.0);
}
