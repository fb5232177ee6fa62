//! The log window under somebody's hands: where the focus is, which keys count, what the mouse selects and what is pasted of it, and
//! that a window of a task goes on with it.

use crate::support::Desk;
use serde_json::json;
use std::fs;
use thirtyfour::Key;

#[tokio::test(flavor = "multi_thread")]
async fn keys_work_as_the_window_opens_on_any_keyboard() {
    let desk = Desk::new();
    let app = desk.open().await;
    let script = "seq -f 'line %.0f of all' 1 3000 | sed '0~1000s/^/error: /'";
    app.open_log_of(script, "succeeded").await;
    app.see_text("log-pane", "error: line 3000 of all").await;
    let current = "log-row[aria-current=\"true\"]";

    // Nobody has clicked anywhere.
    app.type_keys("g").await;
    app.see_text("log-row", "line 1 of all").await;
    app.type_keys("e").await;
    app.see_text(current, "error: line 1000 of all").await;
    // As the same key does on a Russian keyboard.
    app.run(
        "document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key: 'у', code: 'KeyE', bubbles: true }))",
    )
    .await;
    app.see_text(current, "error: line 2000 of all").await;
    app.type_keys(Key::Up).await;
    app.see_text(current, "line 1999 of all").await;

    // Lines are selected and copied by keys, and a field gives the focus back.
    app.type_chord(Key::Shift, Key::Down).await;
    app.see("log-row[data-row=\"1999\"] .selected").await;
    app.look("hands-selected").await;
    app.type_chord(Key::Control, "c").await;
    app.see_text("notice", "Copied 2 lines").await;
    app.type_chord(Key::Control, "f").await;
    app.type_chord(Key::Control, "v").await;
    app.see_true("both lines", "document.querySelector('[data-testid=find]').value.includes('2000')").await;
    app.type_keys(Key::Escape).await;
    app.see_true("the focus is in the log", "document.activeElement.dataset.testid === 'log-pane'").await;

    // The menu of the line, and nowhere the engine's.
    app.type_keys(Key::Down).await;
    app.type_chord(Key::Shift, Key::F10).await;
    app.see("row-bookmark").await;
    app.look("hands-menu").await;
    app.type_keys(Key::Escape).await;
    app.see_none("row-bookmark").await;
    let menus = "['header', 'main', '[data-testid=minimap]'].map((where) => document.querySelector(where).dispatchEvent(
        new MouseEvent('contextmenu', { bubbles: true, cancelable: true })))";
    assert_eq!(app.run(&format!("return {menus}")).await, json!([false, false, false]), "the engine's menu");

    app.type_last_chord(Key::Control, "w").await;
    app.turn_to_main().await;
    app.see_windows(1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_mouse_selects_is_there_for_the_middle_button() {
    let desk = Desk::new();
    let app = desk.open().await;
    let script = "seq -f 'see https://example.org/a?b=%.0f&c now' 1 300";
    app.open_log_of(script, "succeeded").await;
    app.see_text("log-pane", "b=300&c now").await;
    app.type_keys("g").await;
    app.see_text("log-row", "b=1&c now").await;
    app.double_click_in("log-row[data-row=\"2\"] .text", 80).await;
    app.see_true("the whole address", "[...document.querySelectorAll('.selected')].map((one) => one.textContent).join('') === 'https://example.org/a?b=3&c'")
        .await;
    desk.see_primary("https://example.org/a?b=3&c");
    app.look("hands-word").await;

    // A drag that stays inside the pane and near its lower edge goes on.
    app.drag_to_lower_edge("log-row[data-row=\"1\"] .text").await;
    app.see("log-row[data-row=\"60\"] .selected").await;
    app.let_go().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_of_a_task_goes_on_to_the_attempt_that_begins() {
    let desk = Desk::new();
    // Ends by itself after a minute, whatever becomes of the test.
    let script = "n=$(($(cat n 2>/dev/null || echo 0) + 1)); echo $n >n; echo \"this is run $n\"; \
                  i=0; while [ ! -e go$n ] && [ $i -lt 600 ]; do sleep 0.1; i=$((i+1)); done; exit 3";
    fs::write(desk.work().join("again.sh"), script).expect("written");
    let app = desk.open().await;
    let command = json!({"command": {"command": "sh", "args": ["again.sh"]}});
    let spec = json!({"spec": {
        "slot": "again",
        "kind": {"subprocess": {"mode": command, "cwd": desk.work()}},
        "restart": {"type": "onFailure"},
        "backoff": {"jitter": "none", "firstMs": 100, "maxMs": 100, "factor": 1.0},
    }});
    let id = app.call("submit_task", &spec.to_string()).await;
    let id = id.as_str().unwrap_or_else(|| panic!("not taken: {id}")).to_owned();
    app.see_phase(&id, "running").await;
    app.click(&format!("task-row[data-task-id=\"{id}\"]")).await;
    app.open_log().await;
    app.see_text("log-pane", "this is run 1").await;
    app.see_text("attempt", "Attempt 1").await;

    fs::write(desk.work().join("go1"), "").expect("written");
    app.see_text("attempt-began", "Attempt 2 began").await;
    app.see_text("log-pane", "this is run 2").await;
    app.see_text("attempt", "Attempt 2").await;
    app.look("hands-attempt").await;
    // One that was picked stays, and the picker tells of what comes.
    app.click("attempt").await;
    app.click("attempt-1").await;
    app.see_text("log-status", "exit 3").await;
    fs::write(desk.work().join("go2"), "").expect("written");
    app.click("attempt").await;
    app.see_text("attempt-3", "Attempt 3").await;
    app.look("hands-attempts").await;
    app.type_keys(Key::Escape).await;
    app.see_text("log-pane", "this is run 1").await;

    // It is the window of that task.
    app.turn_to_main().await;
    app.click("open-log").await;
    app.call("open_log_window", &format!("{{ id: '{id}' }}")).await;
    app.see_windows(2).await;
    app.call("stop_task", &format!("{{ id: '{id}', mode: 'kill' }}")).await;
}
