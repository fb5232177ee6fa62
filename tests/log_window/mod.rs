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

    app.press("log-pane", || Key::Home.into()).await;
    app.see_text("log-row", "line 1 of all").await;
    app.see("follow[aria-pressed=\"false\"]").await;
    go(&desk);
    app.see_text("new-lines", "500 new lines").await;
    app.see_text("log-row", "line 1 of all").await;
    app.look("log-yields").await;

    app.press("log-pane", || Key::End.into()).await;
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

    app.press("log-pane", || Key::Home.into()).await;
    app.see_text("log-row", "line 1 of all").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_looked_for_is_found_filtered_and_marked() {
    let desk = Desk::new();
    let app = desk.open().await;
    let script = "seq -f 'line %.0f of all' 1 40000 | sed '0~1000s/$/ needle/'; echo 'error: at the end' >&2";
    open_log_of(&app, &desk, script, "succeeded").await;
    app.see_text("log-pane", "line 40000 of all").await;

    app.write("find", "needle").await;
    app.see_text("find-status", "40 of 40").await;
    app.press("find", || Key::Enter.into()).await;
    app.see_text("find-status", "1 of 40").await;
    app.see_text("log-row[aria-current=\"true\"]", "line 1000 of all").await;
    app.see("log-row[aria-current=\"true\"] .hit").await;
    app.press("find", || Key::Shift + Key::Enter).await;
    app.see_text("find-status", "40 of 40").await;
    app.look("log-find").await;

    app.run("document.querySelector('[data-testid=find-mode-filter]').click()").await;
    app.see_text("log-extent", "40 of 40,001 lines").await;
    let rows = "[...document.querySelectorAll('[data-testid=log-row]')]";
    app.see_true(
        "only hits",
        &format!("{rows}.length > 10 && {rows}.every((row) => row.textContent.includes('needle'))"),
    )
    .await;
    app.look("log-filter").await;

    app.press("find", || Key::Escape.into()).await;
    app.see_text("log-extent", "40,001 lines").await;
    // Back at the end, where the search began.
    app.see("follow[aria-pressed=\"true\"]").await;
    app.press("log-pane", || "e".into()).await;
    app.see_text("log-row[aria-current=\"true\"]", "error: at the end").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_selection_lasts_over_a_scroll_and_is_copied_whole() {
    let desk = Desk::new();
    let app = desk.open().await;
    open_log_of(&app, &desk, "seq -f 'line %.0f of all' 1 40000", "succeeded").await;
    app.see_text("log-pane", "line 40000 of all").await;
    app.press("log-pane", || Key::Home.into()).await;
    app.see_text("log-row", "line 1 of all").await;

    app.click_edge("log-row .text", false, false).await;
    for _ in 0..20 {
        app.press("log-pane", || Key::PageDown.into()).await;
    }
    // A row that is not cut off by the edge.
    let row = "Number(document.querySelectorAll('[data-testid=log-row]')[5].dataset.row)";
    app.see_true("another page", &format!("{row} > 300")).await;
    let last = app.run(&format!("return {row}")).await.as_u64().expect("a number");
    app.click_edge(&format!("log-row[data-row=\"{last}\"] .text"), true, true).await;
    app.see(&format!("log-row[data-row=\"{last}\"] .selected")).await;
    app.look("log-selected").await;
    app.press("log-pane", || Key::Control + "c").await;
    // The text is fetched first.
    app.see_text("notice", "Copied").await;

    // What is on the clipboard, as a field takes it.
    app.press("find", || Key::Control + "v").await;
    app.see_true("something pasted", "document.querySelector('[data-testid=find]').value.length > 0").await;
    let pasted = app.run("return document.querySelector('[data-testid=find]').value").await;
    let pasted: String = pasted.as_str().expect("text").split_whitespace().collect();
    let selected: String = (1..=last + 1).map(|n| format!("line{n}ofall")).collect();
    assert_eq!(pasted, selected);
}
