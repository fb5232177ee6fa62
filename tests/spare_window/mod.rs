//! The log window that is there before it is asked for: it shows any log as a window of its own would, also when its page has
//! died or is loaded anew, and nobody meets it until then.

use crate::support::{AppWindow, Desk};
use std::fs;

/// A finished task that has printed a line.
async fn printed(app: &AppWindow<'_>, word: &str) -> String {
    let id = app.submit(&format!("echo {word}")).await;
    app.see_phase(&id, "succeeded").await;
    id
}

async fn open(app: &AppWindow<'_>, id: &str) {
    app.turn_to_main().await;
    app.click(&format!("task-row[data-task-id=\"{id}\"]")).await;
    app.open_log().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_is_shown_by_the_window_that_was_waiting_and_again_when_it_is_loaded_anew() {
    let desk = Desk::new();
    let app = desk.open().await;
    let (apple, pear) = (printed(&app, "apple").await, printed(&app, "pear").await);
    let spare = app.see_spare().await;
    desk.see_log_windows_on_screen(0);
    // Chosen while it waits.
    app.click("open-settings").await;
    app.run("document.querySelector('input[name=theme][value=dark]').click()").await;
    app.see_true("dark", "document.documentElement.dataset.theme === 'dark'").await;
    app.click("close-settings").await;

    open(&app, &apple).await;
    assert_eq!(app.window().await, spare, "a window of its own was made");
    desk.see_log_windows_on_screen(1);
    app.see_text("log-row", "apple").await;
    app.see_text("log-status", "Succeeded").await;
    app.see_true("dark", "document.documentElement.dataset.theme === 'dark'").await;
    app.see_true("its title", "document.title.startsWith('echo apple')").await;
    app.look("spare-dark").await;
    app.run("window.before = true; location.reload()").await;
    app.see_true("loaded anew", "!window.before").await;
    app.see_text("log-row", "apple").await;

    // Several as one.
    app.turn_to_main().await;
    let spare = app.see_spare().await;
    let sources = format!("[{{ id: '{apple}', attempt: 1 }}, {{ id: '{pear}', attempt: 1 }}]");
    app.call("open_merged_window", &format!("{{ sources: {sources} }}")).await;
    app.turn_to("view=merged").await;
    assert_eq!(app.window().await, spare, "a window of its own was made");
    app.see_text("log-extent", "2 lines").await;
    app.see_text("log-pane", "pear").await;

    // One by one they close, and the one that waits then keeps nothing alive.
    app.close_logs().await;
    app.see_spare().await;
    app.close_main();
    app.ended();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_is_shown_although_the_page_that_waited_has_died() {
    let desk = Desk::new();
    let app = desk.open().await;
    let id = printed(&app, "apple").await;
    app.see_spare().await;
    desk.see_ordinary_threads("ReceiveQueue");
    // The driver takes it amiss, so that the log is asked for from outside.
    desk.kill_last_page();
    assert!(desk.start_again_with(&[&format!("solti://log/{id}/1/0")]).0.success());
    desk.see_titled("echo apple · attempt 1 · succeeded");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_size_of_log_windows_is_that_of_the_last_one_that_was_open() {
    let desk = Desk::new();
    let app = desk.open().await;
    let (apple, pear) = (printed(&app, "apple").await, printed(&app, "pear").await);
    app.see_spare().await;
    open(&app, &apple).await;
    app.turn_to_main().await;
    // Made before the other gets its size.
    app.see_spare().await;
    app.turn_to_other().await;
    app.resize(700, 500).await;
    app.see_true("another size", "innerWidth === 700 && innerHeight === 500").await;
    app.close_logs().await;
    open(&app, &pear).await;
    app.see_true("the same size", "innerWidth === 700 && innerHeight === 500").await;
    app.close_logs().await;
    app.see_spare().await;
    app.close_main();
    app.ended();

    let kept = fs::read_to_string(desk.data().join("windows.json")).expect("kept");
    let kept: serde_json::Value = serde_json::from_str(&kept).expect("JSON");
    assert_eq!((&kept["log"]["width"], &kept["log"]["height"]), (&700.into(), &500.into()), "{kept}");
    assert_eq!(kept.as_object().map(|kept| kept.len()), Some(2), "the one that waits is kept: {kept}");
}
