//! From the write of a line to the moment when it is painted in the log window that follows, at 1,000 lines a second.

use crate::{
    measure::{median, report, share},
    page,
    printer::{Output, Printer},
    support::Desk,
};
use serde_json::json;
use std::fs;

const ROUNDS: usize = 3;
const LINES: u64 = 4_000;
/// These meet a program that is being started.
const SKIPPED: u64 = 100;

pub async fn measure() {
    let desk = Desk::new();
    let app = desk.open().await;
    let (mut middles, mut tails, mut drawn, mut frames) = (vec![], vec![], vec![], vec![]);
    for _ in 0..ROUNDS {
        let printer = Printer::submit(&app, &desk, Output::Paced(LINES)).await;
        printer.open_log(&app).await;
        app.see("follow[aria-pressed=\"true\"]").await;
        page::watch(&app).await;
        app.run("watch.lines()").await;
        printer.go();
        app.see_true("the last line", &format!("watch.seen.at(-1)?.row === '{}'", LINES - 1)).await;
        let seen = app.run("return watch.seen").await;
        let printed = printer.ended(&app).await;
        assert_eq!(printed.lines, LINES);

        let log = desk.data().join("runs").join(&printer.id).join("1/output.log");
        let written =
            written(&fs::read_to_string(&log).unwrap_or_else(|error| panic!("{}: {error}", log.display())));
        let (mut waits, mut to_frame) = (vec![], vec![]);
        for shown in seen.as_array().expect("what was seen") {
            let last: u64 = shown["row"].as_str().and_then(|row| row.parse().ok()).expect("a row");
            let text = format!("{last} {:.3}", written[last as usize]);
            assert_eq!(shown["text"], json!(text), "another line is drawn in row {last}");
            let time = |what: &str| shown[what].as_f64().expect("a time");
            // A line that was passed over was there to be seen when a later one was.
            let first = waits.len() as u64;
            waits.extend((first..=last).map(|line| time("painted") - written[line as usize]));
            to_frame.push(time("drawn") - written[last as usize]);
        }
        assert_eq!(waits.len() as u64, LINES, "lines were not drawn");
        let waits = &mut waits[SKIPPED as usize..];
        middles.push(share(waits, 50));
        tails.push(share(waits, 99));
        drawn.push(median(to_frame));
        frames.push(seen.as_array().map_or(0, Vec::len) as f64 / printed.seconds);
        app.close_logs().await;
    }
    let p99 = median(tails);
    report(
        "a line, from its write to the painted row",
        &format!(
            "p50 {:.0} ms, p99 {p99:.0} ms ({:.0} ms before WebKit paints; {:.0} paintings a second)",
            median(middles),
            median(drawn),
            median(frames)
        ),
        "p99 at most 100 ms, aim 35 ms",
        p99 <= 100.0,
    );
    app.close_main();
    app.ended();
}

fn written(log: &str) -> Vec<f64> {
    log.lines().map(|line| line.split(' ').nth(1).and_then(|at| at.parse().ok()).expect("a time")).collect()
}
