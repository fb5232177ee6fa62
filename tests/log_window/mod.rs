//! The log window as a person uses it, on logs that real tasks print: moving, following and yielding, finding and
//! filtering, selecting across a scroll, and staying alive while a task prints as fast as it can.

use crate::support::{AppWindow, Desk};
use std::fs;
use thirtyfour::Key;

/// Prints numbered lines, then more once `go` is there; ends by itself after a minute, whatever becomes of the test.
fn printer(before: u32, after: u32) -> String {
    format!(
        "seq -f 'line %.0f of all' 1 {before}; i=0; while [ ! -e go ] && [ $i -lt 600 ]; do sleep 0.1; i=$((i+1)); \
         done; seq -f 'late %.0f of all' 1 {after}"
    )
}

async fn open_log_of(app: &AppWindow<'_>, desk: &Desk, script: &str, phase: &str) -> String {
    fs::write(desk.work().join("print.sh"), script).expect("written");
    let id = app.submit("sh print.sh").await;
    app.see_phase(&id, phase).await;
    app.click(&format!("task-row[data-task-id=\"{id}\"]")).await;
    app.open_log().await;
    id
}

fn go(desk: &Desk) {
    fs::write(desk.work().join("go"), "").expect("written");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_is_followed_until_one_scrolls_up_and_again_from_its_end() {
    let desk = Desk::new();
    let app = desk.open().await;
    open_log_of(&app, &desk, &printer(100_000, 500), "running").await;
    app.see_text("log-pane", "line 100000 of all").await;

    app.press("log-pane", Key::Home).await;
    app.see_text("log-row", "line 1 of all").await;
    app.see("follow[aria-pressed=\"false\"]").await;
    go(&desk);
    app.see_text("new-lines", "500 new lines").await;
    app.see_text("log-row", "line 1 of all").await;
    app.look("log-yields").await;

    app.press("log-pane", Key::End).await;
    app.see_text("log-pane", "late 500 of all").await;
    app.see("follow[aria-pressed=\"true\"]").await;
    app.see("log-end").await;

    // Another size: as many rows as fit, and the end still in view.
    let rows = "document.querySelectorAll('[data-testid=log-row]').length";
    let before = app.run(&format!("return {rows}")).await.as_u64().expect("a number");
    app.resize(900, 360).await;
    app.see_true("fewer rows", &format!("{rows} > 0 && {rows} < {before}")).await;
    app.see_text("log-pane", "late 500 of all").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_prints_as_fast_as_it_can_leaves_the_window_alive() {
    let desk = Desk::new();
    let app = desk.open().await;
    open_log_of(&app, &desk, &printer(10, 5_000_000), "running").await;
    app.see_text("log-pane", "line 10 of all").await;
    // The longest time in which the page could do nothing, and the most rows it had drawn.
    app.run(
        "window.longest = 0; window.most = 0; let last = performance.now();
         const look = () => {
             const now = performance.now();
             window.longest = Math.max(window.longest, now - last);
             window.most = Math.max(window.most, document.querySelectorAll('[data-testid=log-row]').length);
             last = now;
             setTimeout(look, 5);
         };
         look();",
    )
    .await;
    go(&desk);
    app.see_text("log-pane", "late 5000000 of all").await;
    app.see_text("log-extent", "5,000,010 lines").await;
    app.look("log-fast").await;
    let longest = app.run("return window.longest").await.as_f64().expect("a number");
    let most = app.run("return window.most").await.as_u64().expect("a number");
    println!("the page stood still for {longest:.0} ms at most");
    // Far above what it takes, for a machine that does other things: a page that holds the log would take seconds.
    assert!(longest < 2_000.0, "the page stood still for {longest:.0} ms");
    assert!(most < 200, "{most} rows were drawn at once");

    app.press("log-pane", Key::Home).await;
    app.see_text("log-row", "line 1 of all").await;
}
