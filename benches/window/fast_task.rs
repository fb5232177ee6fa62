//! A task that prints a million lines a second while two windows follow: its own log, and one that merges it with another.

use crate::{
    measure::report,
    page::{self, Frames},
    printer::{Output, Printed, Printer, fast_line},
    processes::{MemoryWatch, Processes},
    support::{AppWindow, Desk},
};
use serde_json::json;
use std::time::UNIX_EPOCH;

pub async fn measure(seconds: u64) {
    let desk = Desk::new();
    let app = desk.open().await;
    let quiet = Printer::submit(&app, &desk, Output::Paced(1)).await;
    quiet.go();
    quiet.ended(&app).await;
    let printer = Printer::submit(&app, &desk, Output::Fast(seconds)).await;
    printer.open_log(&app).await;
    begin(&app).await;
    app.turn_to_main().await;
    let sources = json!([{"id": printer.id, "attempt": 1}, {"id": quiet.id, "attempt": 1}]);
    app.call("open_merged_window", &json!({"sources": sources}).to_string()).await;
    app.turn_to("view=merged").await;
    begin(&app).await;

    let processes = Processes::of(&desk);
    let before = processes.memory();
    let watch = MemoryWatch::begin(processes);
    app.turn_to_main().await;
    let went = UNIX_EPOCH.elapsed().expect("after 1970").as_secs_f64() * 1e3;
    printer.go();
    let printed = printer.ended(&app).await;
    let most = watch.end();
    printer.turn_to_log(&app).await;
    let own = end(&app, printed, 0).await;
    app.look("bench-fast").await;
    app.turn_to("view=merged").await;
    let merged = end(&app, printed, 1).await;

    let rate = printed.lines as f64 / printed.seconds;
    report(
        &format!("a task printing for {seconds} s, two windows"),
        &format!(
            "{:.0} k lines/s, {:.0} MB/s, none lost",
            rate / 1e3,
            printed.bytes as f64 / printed.seconds / 1e6
        ),
        "1,000 k lines/s",
        rate >= 990_000.0,
    );
    for (what, frames) in [("its own", own), ("the merged one", merged)] {
        report(
            &format!("  frames, {what}"),
            &format!(
                "{:.0} a second, {:.0} with new lines; longest wait {:.0} ms after {:.1} s, {} over 100 ms",
                frames.a_second,
                frames.moved_a_second,
                frames.longest,
                (frames.longest_at - went) / 1e3,
                frames.long
            ),
            "at least 30 a second, none over 100 ms, aim 60 a second",
            frames.a_second >= 30.0 && frames.longest <= 100.0,
        );
    }
    let (app_more, pages_more) = most.more_than(before);
    report(
        "  memory of the app at most",
        &format!(
            "{app_more:.1} MiB more than {:.0}; its three pages {pages_more:.0} MiB more",
            before.app / 1024.0
        ),
        "less than 50 MB more",
        app_more < 50e6 / 1024.0 / 1024.0,
    );
    app.close_logs().await;
    app.close_main();
    app.ended();
}

async fn begin(app: &AppWindow<'_>) {
    app.see("follow[aria-pressed=\"true\"]").await;
    page::watch(app).await;
    app.run("watch.frames()").await;
}

/// The last line is drawn; what frames there were.
async fn end(app: &AppWindow<'_>, printed: Printed, before: u64) -> Frames {
    let last = format!("log-row[data-row=\"{}\"]", printed.rows - 1 + before);
    let frames = page::frames(app).await;
    app.see_text(&last, &fast_line(printed.lines - 1)).await;
    frames
}
