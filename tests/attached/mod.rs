//! A window whose tasks are held by `solti serve`: everything alike, and when that ends the app takes its place.

use crate::support::{Desk, Headless};
use std::fs;

/// Prints a numbered line every few milliseconds until `go` is there; ends by itself after a minute, whatever becomes of the test.
const TICKS: &str = "i=0; while [ ! -e go ] && [ $i -lt 3000 ]; do i=$((i+1)); echo \"tick $i\"; sleep 0.02; done; \
                     echo \"done after $i\"";

#[tokio::test(flavor = "multi_thread")]
async fn a_window_is_at_home_in_the_engine_of_another_program_and_takes_its_place() {
    let desk = Desk::new();
    fs::write(desk.work().join("ticks.sh"), TICKS).expect("written");
    let engine = Headless::start(&desk);
    let app = desk.open().await;
    let id = app.submit("sh ticks.sh").await;
    app.see_phase(&id, "running").await;
    app.click(&format!("task-row[data-task-id=\"{id}\"]")).await;
    app.see("task-environment").await;
    app.open_log().await;
    app.see_text("log-pane", "tick ").await;
    app.turn_to_main().await;

    // What is set here is set there.
    let set = app.call("set_settings", "{ patch: { theme: 'dark' } }").await;
    assert_eq!(set["theme"], "dark", "{set}");
    app.click("open-settings").await;
    app.click("settings-about").await;
    app.see_text("other-engine", &format!("process {}", engine.pid())).await;
    app.look("attached-about").await;
    app.click("settings-general").await;
    app.see("setting-service").await;
    app.look("attached-general").await;
    app.click("settings-api").await;
    app.see_text("settings", "Open at").await;
    app.click("settings-about").await;

    // Nothing ends because its window closes: nobody is asked.
    app.close_logs().await;
    app.close_main();
    app.gone();
    let app = desk.open().await;
    app.see_phase(&id, "running").await;
    let settings = app.call("get_settings", "{}").await;
    assert_eq!((&settings["theme"], &settings["closing"]), (&"dark".into(), &"ask".into()));
    app.click(&format!("task-row[data-task-id=\"{id}\"]")).await;
    app.open_log().await;
    app.see_text("log-pane", "tick ").await;

    engine.kill();
    // The log window goes on, and the main window with it.
    fs::write(desk.work().join("go"), "").expect("written");
    app.see_text("log-status", "Succeeded").await;
    app.see_text("log-pane", "done after").await;
    app.turn_to_main().await;
    app.see_phase(&id, "succeeded").await;
    app.see_none("banner-lost").await;
    let next = app.submit("echo hi").await;
    app.see_phase(&next, "succeeded").await;
    let settings = app.call("set_settings", "{ patch: { theme: 'light' } }").await;
    assert_eq!(settings["theme"], "light");
    let info = app.call("app_info", "{}").await;
    assert!(info.get("engine").is_none(), "it holds the tasks itself now: {info}");
}
