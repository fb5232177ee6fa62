//! A log that is large when its window is opened: until its last page is drawn, and until any other page is.

use crate::{
    measure::{median, report, share},
    page,
    printer::{Output, Printer},
    support::Desk,
};
use serde_json::json;

const OPENED: usize = 7;
const PLACES: usize = 40;

pub async fn measure(bytes: u64) {
    let desk = Desk::new();
    let app = desk.open().await;
    let printer = Printer::submit(&app, &desk, Output::Bulk(bytes)).await;
    printer.go();
    let printed = printer.ended(&app).await;
    let (mut all, mut window, mut asked, mut rows) = (vec![], vec![], vec![], vec![]);
    for round in 0..OPENED {
        let args = json!({"id": printer.id, "attempt": null, "row": null}).to_string();
        let began = app
            .run(&format!(
                "const began = Date.now(); window.__TAURI_INTERNALS__.invoke('open_log_window', {args}); return began"
            ))
            .await
            .as_f64()
            .expect("a time");
        printer.turn_to_log(&app).await;
        let drawn = page::mark(&app, "log drawn").await;
        let ask = page::mark(&app, "log asked").await;
        let last = format!("log-row[data-row=\"{}\"]", printed.rows - 1);
        app.see_text(&last, &"x".repeat(79)).await;
        all.push(drawn - began);
        window.push(page::origin(&app).await - began);
        asked.push(ask - began);
        rows.push(drawn - ask);
        if round + 1 < OPENED {
            app.close_logs().await;
        }
    }
    let worst = share(&mut all, 100);
    let size = format!("{:.1} GB", printed.bytes as f64 / 1e9);
    let middle = median(all);
    report(
        &format!("a log of {size}: opened to its last page drawn"),
        &format!(
            "{middle:.0} ms, worst {worst:.0} ms (page begun {:.0}, rows asked for {:.0} ms)",
            median(window),
            median(asked)
        ),
        "at most 150 ms, aim 50 ms",
        middle <= 150.0,
    );
    let worst = share(&mut rows, 100);
    let middle = median(rows);
    report(
        "  of that, the rows asked for to drawn",
        &format!("{middle:.0} ms, worst {worst:.0} ms"),
        "at most 150 ms, aim 50 ms",
        middle <= 150.0,
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
