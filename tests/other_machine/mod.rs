//! Another machine in the window, as a person has it: added in Settings, shown, worked on, lost, found again, removed. Here it is
//! `solti serve` on a data folder of its own; what lies between is the real client and server.

use crate::support::{Desk, Server};
use std::fs;
use thirtyfour::Key;

/// Prints a numbered line every few milliseconds until `go` is there; ends by itself after a minute, whatever becomes of the test.
const TICKS: &str = "i=0; while [ ! -e go ] && [ $i -lt 3000 ]; do i=$((i+1)); echo \"tick $i\"; sleep 0.02; done; \
                     echo \"done after $i\"";

/// The number of the last row that is drawn, as JavaScript.
const LAST: &str = "Math.max(0, ...[...document.querySelectorAll('[data-testid=log-row]')].map((row) => Number(row.dataset.row)))";
/// Whether every drawn row is the line that belongs there: none lost, none twice.
const IN_PLACE: &str = "[...document.querySelectorAll('[data-testid=log-row]')].every((row) => { \
    const text = row.querySelector('.text').textContent.trim(); \
    return text.startsWith('done') || text === 'tick ' + (Number(row.dataset.row) + 1); })";

#[tokio::test(flavor = "multi_thread")]
async fn another_machine_is_shown_lost_and_found_with_every_line_of_its_log() {
    let desk = Desk::new();
    fs::write(desk.work().join("ticks.sh"), TICKS).expect("written");
    let mut server = Server::start();
    let app = desk.open().await;

    app.click("open-settings").await;
    app.click("settings-connections").await;
    app.click("add-connection").await;
    app.write("connection-name", "other box").await;
    app.write("connection-url", &server.url()).await;
    app.write("connection-token", "not-the-token").await;
    app.click("save-connection").await;
    app.see_text("connection-token-note", "Is not taken there").await;
    app.write("connection-token", &server.token()).await;
    app.look("machines-form").await;
    app.click("save-connection").await;
    app.see("connection[data-machine=\"other box\"]").await;
    app.look("machines-settings").await;
    app.click("close-settings").await;

    app.click("machine").await;
    app.see("machine[data-reach=\"reached\"][aria-current=\"true\"]").await;
    let id = app.submit("sh ticks.sh").await;
    app.see_phase(&id, "running").await;
    app.click(&format!("task-row[data-task-id=\"{id}\"]")).await;
    // One that was made while the main window was on this machine.
    let spare = app.see_spare().await;
    app.open_log().await;
    assert_eq!(app.window().await, spare, "a window of its own was made");
    app.see_text("log-pane", "tick ").await;
    app.see_true("the machine in the title", "document.title.endsWith(' · other box')").await;

    // The main window turns away; the log window does not.
    app.turn_to_main().await;
    app.look("machines-main").await;
    app.click("machine-here").await;
    app.see_none(&format!("task-row[data-task-id=\"{id}\"]")).await;
    app.turn_to_other().await;
    let seen = app.run(&format!("return {LAST}")).await.as_u64().expect("a number");
    app.see_true("more lines", &format!("{LAST} > {seen} + 20")).await;
    app.turn_to_main().await;
    app.click("machine").await;
    app.see_phase(&id, "running").await;

    server.kill();
    app.see_text("banner-lost", "other box is not connected.").await;
    app.see("machine[data-reach=\"lost\"]").await;
    app.see("task-row").await;
    app.see_true("its tasks are stale", "document.querySelector('main.stale [data-testid=task-row]')").await;
    app.look("machines-lost").await;
    app.turn_to_other().await;
    app.see_text("banner-lost", "other box is not connected.").await;
    app.look("machines-log-lost").await;
    let seen = app.run(&format!("return {LAST}")).await.as_u64().expect("a number");

    server.start_again();
    app.see_none("banner-lost").await;
    app.see_true("more lines", &format!("{LAST} > {seen} + 20")).await;
    app.see_true("every line in its place", IN_PLACE).await;
    fs::write(desk.work().join("go"), "").expect("written");
    app.see_text("log-status", "Succeeded").await;
    app.see_text("log-pane", "done after").await;
    app.see_true("every line in its place", IN_PLACE).await;
    // The first and the last line agree on how many there are.
    let said = app.see_text("log-extent", " lines").await;
    let lines: u64 = said.replace(',', "").split(' ').next().and_then(|n| n.parse().ok()).expect("a number");
    app.see_text("log-pane", &format!("done after {}", lines - 1)).await;
    app.press("log-pane", || Key::Home.into()).await;
    app.see_true("the first line", &format!("{IN_PLACE} && document.querySelector('[data-row=\"0\"]')"))
        .await;
    app.look("machines-log-back").await;
    // What is looked for is looked for there.
    app.write("find", "done after").await;
    app.see_text("find-status", "1 of 1").await;

    app.turn_to_main().await;
    app.see_none("banner-lost").await;
    app.see_phase(&id, "succeeded").await;

    // The next app is on that machine again; links find their way there, and say when there is none.
    app.close_logs().await;
    app.close_main();
    app.ended();
    let app = desk.open().await;
    app.see("machine[data-reach=\"reached\"][aria-current=\"true\"]").await;
    app.see_phase(&id, "succeeded").await;
    let (status, said) = desk.start_again_with(&["solti://log/t/1/1?machine=nobody"]);
    assert!(status.success(), "{said}");
    app.turn_to("machine=nobody").await;
    app.see_text("banner-lost", "nobody is not connected. Its connection was removed from Settings.").await;
    app.close_logs().await;
    let (status, said) = desk.start_again_with(&[&format!("solti://log/{id}/1/2?machine=other%20box")]);
    assert!(status.success(), "{said}");
    app.turn_to("machine=other%20box").await;
    app.see_text("log-row[data-row=\"2\"]", "tick 3").await;

    app.turn_to_main().await;
    app.click("open-settings").await;
    app.click("settings-connections").await;
    app.click("remove").await;
    app.click("confirm").await;
    app.see_none("connection").await;
    app.click("close-settings").await;
    app.see_none("machine").await;
    app.see_none(&format!("task-row[data-task-id=\"{id}\"]")).await;
    app.turn_to_other().await;
    app.see_text("banner-lost", "Its connection was removed from Settings").await;
}
