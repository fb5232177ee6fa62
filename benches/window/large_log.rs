//! A log that is large when its window is opened: until its last page is drawn, by the window that waits for one and by a
//! window of its own, and until any other page is.

use crate::{
    measure::{median, report, share},
    page,
    printer::{Output, Printed, Printer},
    processes::Processes,
    support::{AppWindow, Desk},
};
use serde_json::json;

const OPENED: usize = 7;
const PLACES: usize = 40;

/// Milliseconds from the command that opens the window.
#[derive(Default)]
struct Times {
    drawn: Vec<f64>,
    /// Until its page has asked for rows.
    asked: Vec<f64>,
    /// From there on.
    rows: Vec<f64>,
    /// Until its page began to load: before 0 in a window that was waiting.
    begun: Vec<f64>,
}

impl Times {
    async fn open(&mut self, app: &AppWindow<'_>, printer: &Printer, printed: Printed) {
        app.turn_to_main().await;
        let args = json!({"id": printer.id, "attempt": null, "row": null}).to_string();
        let began = app
            .run(&format!(
                "const began = Date.now(); window.__TAURI_INTERNALS__.invoke('open_log_window', {args}); return began"
            ))
            .await
            .as_f64()
            .expect("a time");
        printer.turn_to_log(app).await;
        let drawn = page::mark(app, "log drawn").await;
        let asked = page::mark(app, "log asked").await;
        let last = format!("log-row[data-row=\"{}\"]", printed.rows - 1);
        app.see_text(&last, &"x".repeat(79)).await;
        self.drawn.push(drawn - began);
        self.asked.push(asked - began);
        self.rows.push(drawn - asked);
        self.begun.push(page::origin(app).await - began);
    }

    fn report(mut self, what: &str, parts: &str, least: f64, aim: f64) {
        let worst = share(&mut self.drawn, 100);
        let (middle, asked, rows) = (median(self.drawn), median(self.asked), median(self.rows));
        report(
            what,
            &format!(
                "{middle:.0} ms, worst {worst:.0} ms ({parts}rows asked for at {asked:.0}, drawn {rows:.0} ms later)"
            ),
            &format!("at most {least:.0} ms, aim {aim:.0} ms"),
            middle <= least,
        );
    }
}

pub async fn measure(bytes: u64) {
    let desk = Desk::new();
    let app = desk.open().await;
    let printer = Printer::submit(&app, &desk, Output::Bulk(bytes)).await;
    printer.go();
    let printed = printer.ended(&app).await;
    let (mut waiting, mut own) = (Times::default(), Times::default());
    let mut memory = vec![];
    for round in 0..OPENED {
        app.turn_to_main().await;
        let before = Processes::of(&desk).memory();
        app.see_spare().await;
        // At first it may be there already.
        if round > 0 {
            let (app, pages) = Processes::of(&desk).memory().more_than(before);
            memory.push(app + pages);
        }
        waiting.open(&app, &printer, printed).await;
        app.close_logs().await;
        // Before there is another one.
        own.open(&app, &printer, printed).await;
        if round + 1 < OPENED {
            app.close_logs().await;
        }
    }
    assert!(waiting.begun.iter().all(|begun| *begun < 0.0), "the window that waits was not taken");
    assert!(own.begun.iter().all(|begun| *begun > 0.0), "another one was waiting already");
    let size = format!("{:.1} GB", printed.bytes as f64 / 1e9);
    waiting.report(&format!("a log of {size}: opened to its last page drawn"), "", 150.0, 100.0);
    let begun = format!("page begun at {:.0}, ", median(own.begun.clone()));
    own.report("  the same in a window of its own", &begun, 400.0, 150.0);
    let memory = median(memory);
    report(
        "  memory of all while a window waits",
        &format!("{memory:.0} MiB more"),
        "at most 60 MiB",
        memory <= 60.0,
    );

    page::watch(&app).await;
    // By the scrollbar, to places that were not shown before.
    let scrolling = "(n) => {
        const pane = document.querySelector('[data-testid=log-pane]');
        const before = watch.rows().map((row) => row.dataset.row);
        const shown = (row) => !before.includes(row.dataset.row) && row.querySelector('.text').textContent.length === 79;
        return watch.until(
            () => (pane.scrollTop = ((n * 0.61803398875 + 0.1) % 0.98) * (pane.scrollHeight - pane.clientHeight)),
            () => watch.rows().length > 10 && watch.rows().every(shown));
    }";
    let mut times = page::times(&app, PLACES, scrolling).await;
    let (p50, p99) = (share(&mut times, 50), share(&mut times, 99));
    report(
        "  scrolled to any other page, drawn",
        &format!("p50 {p50:.0} ms, worst of {PLACES} {p99:.0} ms"),
        "at most 150 ms, aim 50 ms",
        p50 <= 150.0,
    );
    app.close_logs().await;
    printer.delete(&app).await;
    app.close_main();
    app.ended();
}
