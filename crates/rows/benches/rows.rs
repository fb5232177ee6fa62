//! Reading rows: `cargo bench -p solti-rows`. A screen of rows full of escapes is read within a millisecond, and rows without any
//! cost a search next to nothing.

#[path = "../../../benches/shared/measure.rs"]
mod measure;

use std::hint::black_box;
use std::time::Instant;

use measure::{Parts, median, report};
use solti_rows::{RowTexts, Style, shown};

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
