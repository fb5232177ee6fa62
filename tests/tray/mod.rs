//! The icon in the tray, as a panel shows and uses it, and what closing does where there is one and where there is none.

use crate::support::{
    Desk,
    panel::{Entry, Panel},
};
use std::fs;

/// Runs until `go` is there, a minute at most.
fn wait_for(go: &str) -> String {
    format!("i=0; while [ ! -e {go} ] && [ $i -lt 600 ]; do sleep 0.1; i=$((i+1)); done")
}

/// A spec for the lane of the test, which runs one task at a time.
fn in_lane(desk: &Desk, line: &str) -> String {
    let cwd = desk.work().display();
    format!(
        "{{ spec: {{ slot: 'lane', admission: 'queue', kind: {{ subprocess: {{ cwd: '{cwd}', \
         mode: {{ command: {{ command: 'sh', args: ['-c', {line:?}] }} }} }} }} }} }}"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_tray_the_app_goes_on_without_a_window_and_starts_what_waits() {
    let desk = Desk::new();
    let app = desk.open().await;
    app.see("new-task").await;
    // A panel that comes after the app.
    let panel = Panel::on(desk.bus()).await;
    let icon = panel.icon().await;
    icon.see_tool_tip("Solti: 0 running, 0 waiting").await;
    let idle = icon.pixmaps().await;
    for (width, height, pixels) in &idle {
        assert_eq!(pixels.len() as i32, width * height * 4);
    }

    let first = app.call("submit_task", &in_lane(&desk, &wait_for("go"))).await;
    let second =
        app.call("submit_task", &in_lane(&desk, &format!("touch started; {}", wait_for("end")))).await;
    assert!(first.is_string() && second.is_string(), "{first} {second}");
    icon.see_tool_tip("Solti: 1 running, 1 waiting").await;
    assert_ne!(icon.pixmaps().await, idle, "the icon does not show that something runs");
    // The counts are read behind the rows: a row that starts meanwhile is told right after.
    let running = |entry: &Entry| entry.label.ends_with("…: running");
    let entries = icon.see_entries("what runs", |entries| entries.iter().any(running)).await;
    let shown: Vec<_> = entries.iter().map(|entry| (entry.label.as_str(), entry.enabled)).collect();
    let [counts, recent, rest @ ..] = &shown[..] else { panic!("{shown:?}") };
    assert_eq!(*counts, ("1 running, 1 waiting", false));
    // What waits has no log yet.
    assert!(recent.0.starts_with("sh -c ") && recent.1, "{recent:?}");
    assert_eq!(rest, [("Show Solti", true), ("New task…", true), ("Quit", true)]);

    app.close_main();
    app.see_text("close-dialog", "Solti stays in the tray").await;
    app.see_text("close-dialog", "1 waiting task starts when its turn comes").await;
    app.look("close-to-tray").await;
    // The window that waits for a log goes too.
    app.see_spare().await;
    let before = desk.memory();
    app.click("close-remember").await;
    app.click_last("close-keep").await;
    desk.see_windows_on_screen(0);
    desk.see_no_web_process();
    println!("with its window: {before} kB, in the tray: {} kB", desk.memory());

    // What waited starts although nobody has a window open.
    fs::write(desk.work().join("go"), "").expect("written");
    icon.see_tool_tip("Solti: 1 running, 0 waiting").await;
    assert!(desk.work().join("started").exists());

    // A click on the icon brings the window back. The answer was remembered: it closes again without a word.
    icon.activate().await;
    desk.see_windows_on_screen(1);
    app.close_main();
    desk.see_windows_on_screen(0);

    icon.choose("New task…").await;
    desk.see_windows_on_screen(1);
    app.turn_to_new_main().await;
    app.see("submit-form").await;
    app.look("form-from-tray").await;

    // Quit ends the app, and what runs goes on.
    icon.choose("Quit").await;
    app.ended();
    let app = desk.open().await;
    app.see_phase(second.as_str().expect("an id"), "running").await;
    fs::write(desk.work().join("end"), "").expect("written");
    app.see_phase(second.as_str().expect("an id"), "succeeded").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn quit_asks_in_a_window_when_tasks_run() {
    let desk = Desk::new();
    let panel = Panel::on(desk.bus()).await;
    let app = desk.open().await;
    let icon = panel.icon().await;
    let id = app.submit("sleep 60").await;
    app.see_phase(&id, "running").await;
    icon.see_tool_tip("Solti: 1 running, 0 waiting").await;
    icon.choose("Quit").await;
    app.see_text("close-dialog", "here again when you open Solti").await;
    app.click("close-cancel").await;
    app.see_none("close-dialog").await;
    icon.choose("Quit").await;
    app.see("close-dialog").await;
    app.click_last("close-stop").await;
    app.ended();
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_tray_goes_closing_ends_the_app_as_it_does_without_one() {
    let desk = Desk::new();
    let panel = Panel::on(desk.bus()).await;
    let app = desk.open().await;
    let icon = panel.icon().await;
    let id = app.submit("sleep 20").await;
    icon.see_tool_tip("Solti: 1 running, 0 waiting").await;

    // Switched off, the icon goes at once.
    app.call("set_settings", "{ patch: { tray: { show: false } } }").await;
    icon.see_gone().await;
    app.call("set_settings", "{ patch: { tray: { show: true } } }").await;
    panel.leave().await;

    app.see_phase(&id, "running").await;
    app.close_main();
    app.see_text("close-dialog", "here again when you open Solti").await;
    app.click_last("close-keep").await;
    app.ended();
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_session_bus_the_app_is_as_it_was() {
    let desk = Desk::new().without_a_bus();
    let app = desk.open().await;
    let id = app.submit("echo hi").await;
    app.see_phase(&id, "succeeded").await;
    app.close_main();
    app.ended();
}
