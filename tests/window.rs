//! The whole app as a person meets it: the real window, the real engine, real processes. Few tests, one for each
//! thing that only the whole can get wrong; everything else is tested in the parts, where it takes milliseconds.

mod attached;
mod blank_window;
mod log_hands;
mod log_structure;
mod log_window;
mod main_filter;
mod main_form;
mod main_window;
mod other_machine;
mod page_security;
mod refused_start;
mod spare_window;
mod support;
mod tray;

use std::{fs, time::Instant};
use support::Desk;

#[tokio::test(flavor = "multi_thread")]
async fn a_submitted_command_runs_and_its_output_is_in_the_log_window() {
    let desk = Desk::new();
    let app = desk.open().await;
    app.look("empty").await;

    let id = app.submit("echo hi").await;
    app.see_phase(&id, "succeeded").await;
    app.click(&format!("task-row[data-task-id=\"{id}\"]")).await;
    app.see("task-detail").await;
    app.look("succeeded").await;
    app.click("task-environment summary").await;
    let environment = app.see_text("task-environment", &format!("SOLTI_RUN_ID={id}/1")).await;
    assert!(environment.contains("As run 1 received it.") && environment.contains("PATH="), "{environment}");
    app.look("environment").await;

    app.open_log().await;
    app.see_text("log-row", "hi").await;
    app.look("log").await;
    app.see_text("log-status", "Succeeded").await;

    app.turn_to_main().await;
    // The same log again: the command has answered once a later one has.
    app.click("open-log").await;
    app.call("open_log_window", &format!("{{ id: '{id}' }}")).await;
    app.see_windows(2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_task_outlives_the_app() {
    let desk = Desk::new();
    // Ends by itself after a minute, whatever becomes of the test.
    let script =
        "i=0; echo before; while [ ! -e go ] && [ $i -lt 600 ]; do sleep 0.1; i=$((i+1)); done; echo after";
    fs::write(desk.work().join("wait.sh"), script).expect("written");

    let app = desk.open().await;
    let id = app.submit("sh wait.sh").await;
    app.see_phase(&id, "running").await;
    // Closing asks; without an answer the window stays.
    app.close_main();
    app.see("close-dialog").await;
    app.look("close").await;
    app.click("close-cancel").await;
    app.see_none("close-dialog").await;
    app.see_phase(&id, "running").await;
    app.close_main();
    app.click("close-remember").await;
    app.click_last("close-keep").await;
    app.ended();

    let app = desk.open().await;
    app.see_phase(&id, "running").await;
    app.look("reopened").await;
    let settings = app.call("get_settings", "{}").await;
    assert_eq!(settings["closing"], "background", "the answer was not remembered");
    fs::write(desk.work().join("go"), "").expect("written");
    app.see_phase(&id, "succeeded").await;
    app.click(&format!("task-row[data-task-id=\"{id}\"]")).await;
    app.open_log().await;
    app.see_text("log-pane", "before").await;
    app.see_text("log-pane", "after").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stop_ends_a_task_and_delete_removes_it() {
    let desk = Desk::new();
    let app = desk.open().await;
    let id = app.submit("sleep 60").await;
    app.see_phase(&id, "running").await;
    app.click(&format!("task-row[data-task-id=\"{id}\"]")).await;
    app.click("stop").await;
    app.see_phase(&id, "canceled").await;
    app.look("canceled").await;
    app.click("delete").await;
    app.see_none(&format!("task-row[data-task-id=\"{id}\"]")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_field_is_told_beside_the_field() {
    let desk = Desk::new();
    let app = desk.open().await;
    app.click("new-task").await;
    app.see("submit-form").await;
    app.write("field-command", "   ").await;
    app.click("submit").await;
    let field = app.see("field-command[aria-invalid=\"true\"]").await;
    let told = field.attr("aria-describedby").await.expect("readable");
    assert!(told.is_some_and(|id| !id.is_empty()), "the field does not say what is wrong with it");
    app.look("bad-field").await;
    app.see("submit-form").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_app_shows_the_first_and_ends() {
    let desk = Desk::new();
    let app = desk.open().await;
    app.see("new-task").await;
    let started = Instant::now();
    let (status, said) = desk.start_again();
    assert!(status.success(), "{status}: {said}");
    assert!(said.contains("already running"), "it did not say why it ended: {said}");
    println!("the second app took {} ms", started.elapsed().as_millis());

    // With only a log window left, it brings the main window back.
    let id = app.submit("echo hi").await;
    app.see_phase(&id, "succeeded").await;
    app.click(&format!("task-row[data-task-id=\"{id}\"]")).await;
    app.open_log().await;
    app.close_main();
    app.see_windows(1).await;
    let (status, _) = desk.start_again();
    assert!(status.success());
    app.see_windows(2).await;
}
