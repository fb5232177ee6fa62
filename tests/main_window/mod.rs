//! The main window for everyone: what those hear or feel who do not see it, and what the keyboard alone can do. Each view is looked at
//! by axe-core in the page as it is drawn, in both themes; nothing of weight may be wrong with any.
//!
//! With SOLTI_SCREENSHOTS, pictures of each view are left in both themes and three widths.

use super::support::{AppWindow, Desk};
use std::{env, fs, path::Path};
use thirtyfour::Key;

const THEMES: [&str; 2] = ["light", "dark"];
const WIDTHS: [u32; 3] = [1600, 960, 480];
const USUAL: u32 = 1280;
const HEIGHT: u32 = 900;

/// Looks at the current view in both themes, and names what is wrong with it.
async fn examine(app: &AppWindow<'_>, view: &str) {
    examine_in(app, view, &WIDTHS).await;
}

/// The same of what a window of another size would close.
async fn examine_open(app: &AppWindow<'_>, view: &str) {
    examine_in(app, view, &[]).await;
}

async fn examine_in(app: &AppWindow<'_>, view: &str, widths: &[u32]) {
    for theme in THEMES {
        app.run(&format!("document.documentElement.dataset.theme = '{theme}'")).await;
        let wrong = app.run_async(&format!("const done = arguments[0]; {STILL} {AXE}")).await;
        let wrong: Vec<String> = serde_json::from_value(wrong).expect("a list of texts");
        assert!(wrong.is_empty(), "{view}, {theme}:\n{}", wrong.join("\n"));
    }
    if env::var_os("SOLTI_SCREENSHOTS").is_some() {
        for width in widths {
            app.resize(*width, HEIGHT).await;
            look_in_both(app, &format!("{view}-{width}")).await;
        }
        match widths {
            [] => look_in_both(app, &format!("{view}-{USUAL}")).await,
            _ => app.resize(USUAL, HEIGHT).await,
        }
    }
    app.run("document.documentElement.dataset.theme = 'light'").await;
}

async fn look_in_both(app: &AppWindow<'_>, name: &str) {
    for theme in THEMES {
        app.run(&format!("document.documentElement.dataset.theme = '{theme}'")).await;
        app.run_async(&format!(
            "const done = arguments[0]; {STILL} still.catch(() => {{}}).then(() => done())"
        ))
        .await;
        app.look(&format!("{name}-{theme}")).await;
    }
}

/// Transitions are over first: a colour on its way is no colour of the design.
const STILL: &str = "const still = Promise.all(document.getAnimations().filter((one) => one instanceof CSSTransition).map((one) => one.finished));";

const AXE: &str = "const weight = (found) => ['serious', 'critical'].includes(found.impact);
    const name = ({ id, help, nodes }) =>
        `${id}: ${help}: ${nodes.slice(0, 4).map((node) => node.html.slice(0, 160)).join(' | ')}`;
    still.catch(() => {}).then(() => axe.run(document, { resultTypes: ['violations'] }))
        .then(({ violations }) => done(violations.filter(weight).map(name)), (error) => done([String(error)]));";

/// As Escape closes a dialog.
const CLOSE: &str =
    "document.querySelector('dialog').dispatchEvent(new Event('cancel', { cancelable: true }))";

async fn submit(app: &AppWindow<'_>, spec: &str) -> String {
    let id = app.call("submit_task", &format!("{{ spec: {spec} }}")).await;
    id.as_str().unwrap_or_else(|| panic!("refused: {id}")).to_owned()
}

fn command(slot: &str, argv: &[&str], more: &str) -> String {
    let (program, args) = argv.split_first().expect("a program");
    format!(
        "{{ slot: '{slot}', kind: {{ subprocess: {{ mode: {{ command: {{ command: '{program}', args: {args:?} }} }} }} }}{more} }}"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_weight_is_wrong_with_any_view_for_those_who_cannot_see_it() {
    let desk = Desk::new();
    let app = desk.open().await;
    app.resize(USUAL, HEIGHT).await;
    let axe = Path::new(env!("CARGO_MANIFEST_DIR")).join("ui/node_modules/axe-core/axe.min.js");
    let axe = fs::read_to_string(&axe)
        .unwrap_or_else(|error| panic!("{}: {error}; run `make deps`", axe.display()));
    app.see("new-task").await;
    app.run(&axe).await;
    examine(&app, "first-run").await;

    let failed = submit(
        &app,
        &command(
            "etl",
            &["sh", "-c", "for i in 1 2 3 4 5 6; do echo row $i; done; printf \"\\033[31mno such table\\033[0m\\n\" >&2; exit 3"],
            ", labels: { name: 'nightly import', team: 'data' }",
        ),
    )
    .await;
    app.see_phase(&failed, "failed").await;
    let done = submit(&app, &command("echo-abck2", &["echo", "hi"], "")).await;
    app.see_phase(&done, "succeeded").await;
    let running = submit(&app, &command("etl", &["sleep", "600"], ", admission: 'queue'")).await;
    app.see_phase(&running, "running").await;
    let waiting = submit(&app, &command("etl", &["true"], ", admission: 'queue'")).await;
    app.see_phase(&waiting, "pending").await;
    let row = |id: &str| format!("task-row[data-task-id=\"{id}\"]");

    for (id, name) in
        [(&failed, "failed"), (&done, "succeeded"), (&running, "running"), (&waiting, "waiting")]
    {
        app.click(&row(id)).await;
        app.see_text("task-detail", "Overview").await;
        examine(&app, &format!("overview-{name}")).await;
    }
    app.click(&row(&failed)).await;
    for tab in ["Log", "Runs", "Spec", "Events", "Overview"] {
        app.run(&format!("document.getElementById('tab-{tab}').click()")).await;
        app.see_true(
            "the tab is chosen",
            &format!("document.querySelector('#tab-{tab}[aria-selected=true]')"),
        )
        .await;
        examine(&app, &format!("tab-{}", tab.to_lowercase())).await;
    }

    // Several selected, a menu, a question.
    app.press("task-list", || "x".into()).await;
    // The failed one was the first to be submitted, and is the last of the list.
    app.press("task-list", || "k".into()).await;
    app.press("task-list", || "x".into()).await;
    app.see("open-merged").await;
    examine(&app, "selected").await;
    app.press("task-list", || Key::Escape.into()).await;
    app.run(&format!(
        "document.querySelector('[data-task-id=\"{running}\"]')
            .dispatchEvent(new MouseEvent('contextmenu', {{ bubbles: true, cancelable: true, clientX: 300, clientY: 200 }}))"
    ))
    .await;
    app.see("menu-rerun").await;
    examine_open(&app, "menu").await;
    app.click("menu-rerun").await;
    app.see("question").await;
    examine(&app, "question").await;
    app.click("confirm-cancel").await;
    app.see_none("question").await;

    // The form, with everything open and several things wrong.
    app.click("new-task").await;
    app.see("submit-form").await;
    examine(&app, "form").await;
    app.write("field-command", "FOO=1 make").await;
    app.write("field-cwd", "work").await;
    app.run(
        "document.querySelectorAll('[data-testid=submit-form] details').forEach((one) => (one.open = true))",
    )
    .await;
    app.write("submit-form #field-timeout", "soon").await;
    app.click("submit").await;
    app.see_text("bad-fields", "2 fields need attention").await;
    examine(&app, "form-wrong").await;
    app.run(
        "[...document.querySelectorAll('[role=tab]')].find((tab) => tab.textContent === 'Script').click()",
    )
    .await;
    app.see("submit-form #field-kind-subprocess-mode-script-body").await;
    examine(&app, "form-script").await;
    app.run(CLOSE).await;
    app.see_none("submit-form").await;

    app.press("task-list", || Key::Control + "k").await;
    app.see_true("the palette is open", "document.querySelector('#palette-list li')").await;
    examine(&app, "palette").await;
    app.run(CLOSE).await;
    app.press("task-list", || "?".into()).await;
    app.see_true("the keys are shown", "document.querySelector('dialog[aria-label=Keys]')").await;
    examine(&app, "keys").await;
    app.run(CLOSE).await;

    // What takes the place of the list: the lanes in their order and on a line of time, the jobs as a list and in a calendar.
    let job = command("backup", &["true"], "");
    app.call("save_job", &format!("{{ job: {{ name: 'backup', title: 'Back up', spec: {job}, schedules: [{{ cron: '15 21 * * *' }}] }} }}")).await;
    app.call("run_job", "{ name: 'backup' }").await;
    app.click("open-queue").await;
    app.see("queued").await;
    examine(&app, "queue").await;
    app.click("queue-timeline").await;
    app.see("timeline").await;
    examine(&app, "timeline").await;
    app.click("open-jobs").await;
    app.click("job-row[data-job=backup]").await;
    app.see("job-detail").await;
    examine(&app, "jobs").await;
    app.click("jobs-calendar").await;
    app.see("calendar-run").await;
    examine(&app, "calendar-week").await;
    app.click("calendar-month").await;
    examine(&app, "calendar-month").await;
    app.press("calendar-month", || Key::Escape.into()).await;
    app.see_none("calendar").await;

    app.click("open-settings").await;
    for section in ["general", "logs", "environment", "api", "connections", "about"] {
        app.click(&format!("settings-{section}")).await;
        if section == "about" {
            app.see("findings").await;
        }
        examine(&app, &format!("settings-{section}")).await;
    }
    app.click("close-settings").await;
    app.call("stop_task", &format!("{{ id: '{running}', mode: 'kill' }}")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn panes_menus_and_the_size_of_everything_are_reached_by_keys() {
    let desk = Desk::new();
    let app = desk.open().await;
    app.resize(USUAL, HEIGHT).await;
    let id = app.submit("echo hi").await;
    app.see_phase(&id, "succeeded").await;
    app.click(&format!("task-row[data-task-id=\"{id}\"]")).await;
    app.see("task-detail").await;

    let in_pane = |pane: &str| format!("document.activeElement.closest('[data-pane={pane}]')");
    app.press("task-list", || Key::F6.into()).await;
    app.see_true("the detail has the focus", &in_pane("detail")).await;
    app.press("task-detail [role=tab][aria-selected=true]", || Key::F6.into()).await;
    app.see_true("the sidebar has the focus", &in_pane("sidebar")).await;
    app.press("open-settings", || Key::Control + "2").await;
    app.see_true("the list has the focus", "document.activeElement.dataset.testid === 'task-list'").await;

    // No menu of the engine: ours comes in its place, and nowhere does the page leave it to the engine.
    let prevented = "const event = new MouseEvent('contextmenu', { bubbles: true, cancelable: true, clientX: 9, clientY: 9 });
         document.querySelector('footer').dispatchEvent(event); return event.defaultPrevented";
    assert_eq!(app.run(prevented).await, true);

    // A size is kept, also over a restart.
    let width = "window.innerWidth";
    let before = app.run(&format!("return {width}")).await.as_f64().expect("a number");
    app.press("task-list", || Key::Control + "=").await;
    app.see_true("everything is larger", &format!("{width} < {before}")).await;
    app.press("task-list", || Key::Control + "0").await;
    app.see_true("everything is as before", &format!("Math.abs({width} - {before}) < 2")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_deletion_comes_back_by_the_usual_key() {
    let desk = Desk::new();
    let app = desk.open().await;
    let id = app.submit("echo hi").await;
    app.see_phase(&id, "succeeded").await;
    app.click(&format!("task-row[data-task-id=\"{id}\"]")).await;
    app.press("task-list", || Key::Delete.into()).await;
    app.see("undo").await;
    app.see_none("task-row").await;
    app.press("new-task", || Key::Control + "z").await;
    app.see_phase(&id, "succeeded").await;
    app.see_none("undo").await;
}
