//! The filter of the list as hands meet it: conditions, and a view kept over a restart of the app.

use super::support::Desk;
use thirtyfour::Key;

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_is_made_of_conditions_and_kept_as_a_view() {
    let desk = Desk::new();
    let app = desk.open().await;
    app.resize(1280, 900).await;
    let done = app.submit("true").await;
    app.see_phase(&done, "succeeded").await;
    let failed = app.submit("sh -c 'exit 3'").await;
    app.see_phase(&failed, "failed").await;

    app.click("filter").await;
    app.type_keys("-sta").await;
    app.see_true("the kind is offered", "document.querySelector('li[role=option]')").await;
    app.type_keys(Key::Down).await;
    app.type_keys(Key::Enter).await;
    app.type_keys("fai").await;
    app.see_true(
        "the state is offered",
        "document.querySelector('li[role=option]')?.textContent.includes('-state:failed')",
    )
    .await;
    app.look("conditions").await;
    app.type_keys(Key::Down).await;
    app.type_keys(Key::Enter).await;
    app.see_true("it is a chip", "document.querySelector('[data-chip=\"-state:failed\"]')").await;
    app.see_none(&format!("task-row[data-task-id=\"{failed}\"]")).await;
    app.see_phase(&done, "succeeded").await;

    app.click("save-view").await;
    app.write("view-name", "All is well").await;
    app.type_keys(Key::Enter).await;
    app.see_text("view", "All is well").await;
    app.click("filter").await;
    app.type_keys(Key::Backspace).await;
    app.type_chord(Key::Control, "a").await;
    app.type_keys("took>1h ").await;
    app.see_true(
        "the old one was taken up and the new one is a chip",
        "document.querySelector('[data-chip=\"took>1h\"]')",
    )
    .await;
    app.look("chips").await;
    app.type_keys(Key::Escape).await;
    app.type_keys(Key::Escape).await;
    app.see_phase(&failed, "failed").await;
    app.close_main();
    app.ended();

    let app = desk.open().await;
    app.see_phase(&failed, "failed").await;
    app.click("view").await;
    app.see_none(&format!("task-row[data-task-id=\"{failed}\"]")).await;
    app.see_phase(&done, "succeeded").await;
}
