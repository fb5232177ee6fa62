//! The page cannot run a program: what tasks print and how they are named is drawn as text, nothing from outside is loaded or run,
//! and each window may call what its capability lists and no more. Tried from inside the real pages, by breaking in.

use crate::support::{AppWindow, Desk};
use serde_json::{Value, json};
use std::{fs, net::TcpListener, path::Path};

const HOSTILE: &str = include_str!("../corpus/hostile.txt");

/// Commands of plugins that would be of use to whoever breaks in. None is there or allowed.
const PLUGIN_COMMANDS: [&str; 14] = [
    "plugin:shell|execute",
    "plugin:shell|open",
    "plugin:opener|open_path",
    "plugin:fs|read_file",
    "plugin:fs|write_file",
    "plugin:process|exit",
    "plugin:http|fetch",
    "plugin:clipboard-manager|read_text",
    "plugin:dialog|open",
    "plugin:webview|create_webview_window",
    "plugin:window|create",
    "plugin:window|destroy",
    "plugin:app|app_hide",
    "plugin:path|resolve_directory",
];

fn is_refused(answer: &Value) -> bool {
    let refused = answer["refused"].to_string();
    refused.contains("not allowed") || refused.contains("not found")
}

/// What a capability file grants, as names of commands.
fn granted(capability: &str) -> Vec<String> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src-tauri/capabilities").join(capability);
    let json: Value = serde_json::from_str(&fs::read_to_string(file).expect("readable")).expect("JSON");
    let names = json["permissions"].as_array().expect("a list").iter().filter_map(Value::as_str);
    names.filter_map(|name| Some(name.strip_prefix("allow-")?.replace('-', "_"))).collect()
}

/// Nothing of the corpus became markup, and none of its code has run.
async fn is_drawn_as_text(app: &AppWindow<'_>) {
    let found = app
        .run(
            "const made = document.querySelectorAll('#app script, img[src=x], iframe, object, embed, [onerror], [onload], a[href^=javascript], a[href^=data]');
             return { owned: window.__owned ?? null, made: [...made].map((element) => element.outerHTML) };",
        )
        .await;
    assert_eq!(found, json!({"owned": null, "made": []}));
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_output_and_hostile_names_are_drawn_as_text() {
    let desk = Desk::new();
    fs::write(desk.work().join("hostile.txt"), HOSTILE).expect("written");
    let app = desk.open().await;
    let id = app.submit("echo <img/src=x/onerror=window.__owned=9>").await;
    app.see_phase(&id, "succeeded").await;
    app.see_text("task-list", "<img/src=x/onerror=window.__owned=9>").await;
    let id = app.submit("cat hostile.txt").await;
    app.see_phase(&id, "succeeded").await;
    app.click(&format!("task-row[data-task-id=\"{id}\"]")).await;
    app.see("task-detail").await;
    is_drawn_as_text(&app).await;

    app.open_log().await;
    let text = app.see_text("log-pane", "<script>window.__owned=2</script>").await;
    for shown in ["onerror=\"window.__owned=1\"", "javascript:window.__owned=7", "DROP TABLE"] {
        assert!(text.contains(shown), "{shown} is not shown: {text}");
    }
    app.see_text("log-status", "Succeeded").await;
    is_drawn_as_text(&app).await;
    app.look("hostile").await;
    let title = app.run("return document.title").await.to_string();
    assert!(!title.contains("a new title") && !title.contains("another"), "{title}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_runs_no_code_but_its_own_and_reaches_no_other_host() {
    let desk = Desk::new();
    let app = desk.open().await;
    app.see("new-task").await;
    let outside = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    outside.set_nonblocking(true).expect("supported");
    let host = format!("127.0.0.1:{}", outside.local_addr().expect("bound").port());

    let attempts = format!(
        "const done = arguments[0], tried = {{}};
         const blocked = [];
         document.addEventListener('securitypolicyviolation', (event) => blocked.push(event.effectiveDirective));
         const add = (tag, set) => {{ const made = document.createElement(tag); set(made); document.body.append(made); return made; }};
         const outcome = async (name, attempt) => {{
           try {{ tried[name] = String(await attempt()); }} catch (error) {{ tried[name] = 'refused'; }}
         }};
         const loads = (element) => new Promise((resolve, reject) => {{ element.onload = resolve; element.onerror = reject; }});
         (async () => {{
           const violated = new Promise((resolve) => document.addEventListener('securitypolicyviolation', resolve, {{ once: true }}));
           add('script', (script) => (script.textContent = 'window.__inline = 1'));
           await violated;
           add('div', (div) => (div.innerHTML = '<img src=\"data:,\" onerror=\"window.__inline = 2\">'));
           tried.inline = String(window.__inline);
           await outcome('eval', () => window.eval('1 + 1'));
           await outcome('function', () => new Function('return 1')());
           await outcome('remote script', () => loads(add('script', (script) => (script.src = 'http://{host}/script.js'))));
           await outcome('remote style', () => loads(add('link', (link) => {{ link.rel = 'stylesheet'; link.href = 'http://{host}/style.css'; }})));
           await outcome('remote image', () => loads(add('img', (image) => (image.src = 'http://{host}/image.png'))));
           await outcome('fetch', () => fetch('http://{host}/fetch'));
           await outcome('beacon', () => navigator.sendBeacon('http://{host}/beacon') ? 'sent' : Promise.reject());
           await outcome('socket', () => new Promise((resolve, reject) => {{
             const socket = new WebSocket('ws://{host}/'); socket.onopen = resolve; socket.onerror = reject;
           }}));
           await outcome('worker', () => new Promise((resolve, reject) => {{
             const worker = new Worker('http://{host}/worker.js'); worker.onmessage = resolve; worker.onerror = reject;
           }}));
           add('iframe', (frame) => (frame.src = 'http://{host}/frame'));
           add('form', (form) => {{ form.action = 'http://{host}/form'; form.method = 'post'; form.submit(); }});
           window.open('http://{host}/window');
           location.href = 'http://{host}/page';
           tried.blocked = blocked.length > 0;
           setTimeout(() => done(tried), 500);
         }})();"
    );
    let tried = app.run_async(&attempts).await;
    assert_eq!(tried["inline"], "undefined", "{tried}");
    for what in
        ["eval", "function", "remote script", "remote style", "remote image", "fetch", "socket", "worker"]
    {
        assert_eq!(tried[what], "refused", "{what}: {tried}");
    }
    assert_eq!(tried["blocked"], true);
    let reached = outside.accept();
    assert!(reached.is_err(), "something has reached another host: {reached:?}");
    // Still the app's own page.
    app.see("new-task").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_calls_what_its_capability_lists_and_no_more() {
    let desk = Desk::new();
    let app = desk.open().await;
    let id = app.submit("echo hi").await;
    app.see_phase(&id, "succeeded").await;
    let (main, log) = (granted("main.json"), granted("log.json"));
    for name in solti_desktop::command_names() {
        assert!(main.iter().chain(&log).any(|granted| granted == name), "no window may call {name}");
    }
    for command in PLUGIN_COMMANDS {
        let answer = app.call(command, "{}").await;
        assert!(is_refused(&answer), "{command}: {answer}");
    }

    app.click(&format!("task-row[data-task-id=\"{id}\"]")).await;
    app.open_log().await;
    app.see_text("log-pane", "hi").await;
    let others =
        solti_desktop::command_names().iter().filter(|name| !log.iter().any(|granted| granted == *name));
    let mut refused = 0;
    for command in others.copied().chain(PLUGIN_COMMANDS) {
        let args = format!("{{ id: '{id}', spec: {{}}, patch: {{}}, slot: 'a', mode: 'kill' }}");
        let answer = app.call(command, &args).await;
        assert!(is_refused(&answer), "{command}: {answer}");
        refused += 1;
    }
    assert!(refused > PLUGIN_COMMANDS.len() + 5, "a log window may call nearly everything");
    for command in ["submit_task", "delete_task", "stop_task", "rerun_task", "set_lane", "set_settings"] {
        assert!(!log.iter().any(|granted| granted == command), "a log window may call {command}");
    }
    app.turn_to_main().await;
    app.see_phase(&id, "succeeded").await;
}
