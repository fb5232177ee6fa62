//! The form as hands meet it: what only the keys and the focus of the real window show.

use super::support::{AppWindow, Desk};
use thirtyfour::Key;

const SCRIPT: &str = "submit-form #field-kind-subprocess-mode-script-body.cm-content";
const TEXT: &str =
    "return document.querySelector('[data-testid=submit-form] .cm-content').innerText.trimEnd()";

/// For as long as the editor wants before it takes an Enter for the choice and not for what was being typed.
fn offered(word: &str) -> String {
    format!(
        "(() => {{ const found = document.querySelector('.cm-tooltip-autocomplete li[aria-selected]')?.textContent;
             if (found !== '{word}') return false;
             window.offeredAt ??= {{}};
             window.offeredAt.{word} ??= performance.now();
             return performance.now() - window.offeredAt.{word} > 100; }})()"
    )
}

async fn choose_tab(app: &AppWindow<'_>, tab: &str) {
    app.run(&format!(
        "[...document.querySelectorAll('[role=tab]')].find((tab) => tab.textContent === '{tab}').click()"
    ))
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_is_written_in_an_editor_that_the_keyboard_can_leave() {
    let desk = Desk::new();
    let app = desk.open().await;
    app.click("new-task").await;
    app.see("submit-form").await;
    choose_tab(&app, "Script").await;
    app.see(SCRIPT).await;
    app.click("submit-form #field-kind-subprocess-mode-script-body-label").await;
    app.see_true("its label leads into it", "document.activeElement.matches('.cm-content')").await;
    app.type_keys("if true; then").await;
    app.type_keys(Key::Enter).await;
    app.type_keys(Key::Tab).await;
    app.type_keys("echo in it").await;
    app.type_keys(Key::Enter).await;
    app.type_chord(Key::Shift, Key::Tab).await;
    app.type_keys("fi # over").await;
    assert_eq!(app.run(TEXT).await, "if true; then\n  echo in it\nfi # over");
    app.see_true(
        "what is said beside the program looks otherwise",
        "(() => { const colors = [...document.querySelectorAll('.cm-line span')].map((part) => getComputedStyle(part).color);
            return new Set(colors).size > 1; })()",
    )
    .await;
    app.look("script").await;

    // A word that is selected is not lost to Tab, and comes back where it was changed.
    app.type_chord(Key::Control, "a").await;
    app.type_keys(Key::Tab).await;
    assert_eq!(app.run(TEXT).await, "  if true; then\n    echo in it\n  fi # over");
    app.type_chord(Key::Control, "z").await;
    assert_eq!(app.run(TEXT).await, "if true; then\n  echo in it\nfi # over");

    app.type_keys(Key::Escape).await;
    app.type_keys(Key::Tab).await;
    app.see_true(
        "Escape and Tab lead on",
        "document.activeElement.id === 'field-kind-subprocess-mode-script-args'",
    )
    .await;
    app.type_chord(Key::Shift, Key::Tab).await;
    app.see_true("and back", "document.activeElement.matches('.cm-content')").await;
    app.see("submit-form").await;
    app.type_chord(Key::Control, Key::Enter).await;
    app.see_none("submit-form").await;
    app.see("task-row[data-phase=succeeded]").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_as_text_is_completed_and_found_in_and_told_where_it_is_wrong() {
    let desk = Desk::new();
    let app = desk.open().await;
    app.click("new-task").await;
    app.see("submit-form").await;
    choose_tab(&app, "YAML").await;
    app.see("field-yaml[contenteditable=true]").await;
    app.click("field-yaml").await;
    app.type_chord(Key::Control, "a").await;
    app.type_keys("slot: etl").await;
    app.type_keys(Key::Enter).await;
    app.type_keys("adm").await;
    app.see_true("names are offered", &offered("admission")).await;
    app.look("suggestions").await;
    app.type_keys(Key::Enter).await;
    app.type_keys("q").await;
    app.see_true("words are offered", &offered("queue")).await;
    app.type_keys(Key::Enter).await;
    assert_eq!(app.run(TEXT).await, "slot: etl\nadmission: queue");
    // Still without what it runs.
    app.see_true(
        "it is told that this is no task yet",
        "document.querySelector('.cm-lintRange-error, .cm-lintPoint-error')",
    )
    .await;

    app.type_chord(Key::Control, "f").await;
    app.see_true("what is looked for is asked inside", "document.activeElement.matches('.cm-search input')")
        .await;
    app.type_keys("queue").await;
    app.see_true("it is found", "document.querySelector('.cm-searchMatch')").await;
    app.look("find-in-text").await;
    app.type_keys(Key::Escape).await;
    app.see_true("the search is closed and nothing else", "!document.querySelector('.cm-search')").await;
    app.see("submit-form").await;
    // Escape once more means to leave the text, and then closes; what was written comes back.
    app.type_keys(Key::Escape).await;
    app.see("submit-form").await;
    app.type_keys(Key::Escape).await;
    app.see_none("submit-form").await;
    app.click("new-task").await;
    app.see_text("field-yaml", "admission: queue").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_and_directories_are_offered_and_taken_by_keys() {
    let desk = Desk::new();
    std::fs::create_dir(desk.work().join("data")).expect("made");
    let app = desk.open().await;
    app.click("new-task").await;
    app.see("submit-form").await;
    app.see_true("the dialog can be asked", "document.querySelector('[data-testid=browse]')").await;
    app.write("field-command", "slee").await;
    app.see_true(
        "the program is offered",
        "document.querySelector('li[role=option]')?.textContent.trim() === 'sleep'",
    )
    .await;
    app.look("programs").await;
    app.type_keys(Key::Down).await;
    app.type_keys(Key::Enter).await;
    app.type_keys(" 0").await;
    let command = "return document.querySelector('[data-testid=field-command]').value";
    assert_eq!(app.run(command).await, "sleep 0");
    let folder = desk.work().join("da").to_string_lossy().into_owned();
    app.write("field-cwd", &folder).await;
    app.see_true("the directory is offered", "document.querySelector('li[role=option]')").await;
    app.look("directories").await;
    app.type_keys(Key::Down).await;
    app.type_keys(Key::Tab).await;
    let directory = "return document.querySelector('[data-testid=field-cwd]').value";
    assert_eq!(app.run(directory).await, format!("{folder}ta/"));
    app.type_chord(Key::Control, Key::Enter).await;
    app.see_none("submit-form").await;
    app.see("task-row[data-phase=succeeded]").await;
}
