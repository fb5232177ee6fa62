//! A page's calls and the machine that its window is on: the real commands and capabilities, over two real engines of which
//! one is reached by HTTP. What happens when a machine is lost in front of a person is in window.rs.

mod page;

use page::{CHANNEL, call};
use serde_json::{Value, json};
use solti_api::guard::{AccessToken, Auth, StandardGuards};
use solti_desktop::{AppInfo, Parts, assemble, context};
use solti_doors::Doors;
use solti_engine::{Config, Engine};
use solti_http::{ServeOptions, Serving, TcpOptions, Tls};
use std::{path::Path, sync::Arc};
use tauri::{
    App, Manager, WebviewWindow, WebviewWindowBuilder,
    test::{MockRuntime, mock_builder},
};
use tempfile::TempDir;

struct Desk {
    app: App<MockRuntime>,
    _here: Engine,
    _there: Engine,
    serving: Serving,
    token: String,
    dir: TempDir,
}

async fn engine(data_dir: &Path) -> (Engine, Config) {
    let config = Config::with_shim(data_dir, data_dir.join("no-task-is-started"));
    (Engine::open(&config).await.expect("an engine"), config)
}

impl Desk {
    async fn new() -> Self {
        let dir = tempfile::tempdir().expect("temp dir");
        let (here, config) = engine(&dir.path().join("here")).await;
        let (there, _) = engine(&dir.path().join("there")).await;
        let token = Arc::new(AccessToken::open(&dir.path().join("there/api")).expect("a token"));
        let guards = StandardGuards::new(Auth::for_this_user(Arc::clone(&token)));
        let tcp = Some(TcpOptions::new("127.0.0.1:0".parse().expect("an address"), Tls::Off));
        let options = ServeOptions { tcp, ..ServeOptions::default() };
        let serving = solti_http::serve(there.api(), &guards, options).await.expect("served");
        let parts = Parts {
            api: here.api(),
            settings: here.settings(),
            environment: here.environment(),
            info: AppInfo::new(&config.data_dir),
            doors: Arc::new(Doors::new(&config.data_dir)),
            there: None,
            config,
        };
        let app = assemble(mock_builder(), parts).build(context()).expect("an app");
        Self { app, _here: here, _there: there, serving, token: token.text(), dir }
    }

    fn window(&self, label: &str) -> WebviewWindow<MockRuntime> {
        WebviewWindowBuilder::new(&self.app, label, Default::default()).build().expect("a window")
    }

    fn connection(&self) -> Value {
        json!({"name": "build box", "url": self.serving.url()})
    }
}

/// Submits to a paused lane, so that nothing is started, and returns the id.
fn submit(window: &WebviewWindow<MockRuntime>) -> String {
    call(window, "set_lane", json!({"slot": "later", "paused": true})).expect("paused");
    let kind = json!({"subprocess": {"mode": {"command": {"command": "true"}}}});
    let spec = json!({"slot": "later", "kind": kind, "admission": "queue"});
    let id = call(window, "submit_task", json!({ "spec": spec })).expect("taken");
    id.as_str().expect("an id").to_owned()
}

fn has(window: &WebviewWindow<MockRuntime>, id: &str) -> bool {
    call(window, "get_task_row", json!({ "id": id })).expect("answered") != Value::Null
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_window_asks_goes_to_the_machine_that_it_is_on() {
    let desk = Desk::new().await;
    let main = desk.window("main");
    let asked = json!({"connection": desk.connection(), "token": desk.token});
    assert_eq!(call(&main, "test_connection", asked), Ok(json!({"outcome": "reached", "running": 0})));
    let kept = json!({"connection": desk.connection(), "token": desk.token, "new": true});
    call(&main, "save_connection", kept.clone()).expect("kept");
    let twice = call(&main, "save_connection", kept).expect_err("refused");
    assert_eq!((&twice["error"], &twice["field"]), (&json!("InvalidRequest"), &json!("name")));
    let settings = call(&main, "get_settings", json!({})).expect("answered");
    assert_eq!(settings["connections"][0]["name"], "build box");
    assert!(!settings.to_string().contains(&desk.token), "the page is sent the token");

    let here = submit(&main);
    call(&main, "choose_machine", json!({"machine": "build box"})).expect("chosen");
    let there = submit(&main);
    assert!(has(&main, &there) && !has(&main, &here));
    let stream = call(&main, "watch_tasks", json!({"channel": CHANNEL})).expect("opened");
    call(&main, "close_stream", json!({"streamId": stream})).expect("closed");

    // Opened there, it stays there.
    let sources = json!([{"id": there, "attempt": 1}]);
    call(&main, "open_merged_window", json!({ "sources": sources })).expect("opened");
    call(&main, "choose_machine", json!({"machine": null})).expect("chosen");
    assert!(has(&main, &here) && !has(&main, &there));
    let log = desk.app.get_webview_window("log-1").expect("opened");
    assert!(has(&log, &there) && !has(&log, &here));

    // Another machine can be asked, and its logs opened, without turning to it.
    let row = |machine: Value| call(&main, "get_task_row", json!({"id": there, "machine": machine}));
    assert_ne!(row(json!("build box")), Ok(Value::Null));
    assert_eq!(row(Value::Null), Ok(Value::Null));
    let again = json!({"sources": sources, "row": 0, "machine": "build box"});
    call(&main, "open_merged_window", again).expect("opened");
    assert!(desk.app.get_webview_window("log-2").is_none());

    // The same log of this machine would be another window.
    call(&main, "open_merged_window", json!({ "sources": sources })).expect("opened");
    assert!(desk.app.get_webview_window("log-2").is_some());

    let unknown = call(&main, "choose_machine", json!({"machine": "nobody"})).expect_err("refused");
    assert_eq!((&unknown["error"], &unknown["field"]), (&json!("InvalidRequest"), &json!("machine")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_that_is_gone_is_an_error_and_never_this_one() {
    let desk = Desk::new().await;
    let main = desk.window("main");
    let kept = json!({"connection": desk.connection(), "token": desk.token, "new": true});
    call(&main, "save_connection", kept).expect("kept");
    call(&main, "choose_machine", json!({"machine": "build box"})).expect("chosen");
    let there = submit(&main);
    let sources = json!([{"id": there, "attempt": 1}]);
    call(&main, "open_merged_window", json!({ "sources": sources })).expect("opened");
    let log = desk.app.get_webview_window("log-1").expect("opened");

    desk.serving.shut_down().await;
    let lost = call(&main, "get_summary", json!({})).expect_err("lost");
    assert_eq!(lost["error"], "Unavailable");
    assert!(lost["message"].as_str().is_some_and(|text| text.contains("cannot be reached")), "{lost}");

    // Removed, it leaves the main window on this machine, and its log window where nothing answers.
    call(&main, "remove_connection", json!({"name": "build box"})).expect("removed");
    assert_eq!(call(&main, "get_settings", json!({})).expect("answered")["connections"], json!([]));
    assert!(call(&main, "get_summary", json!({})).is_ok());
    let gone = call(&log, "get_task_row", json!({ "id": there })).expect_err("removed");
    assert!(gone["message"].as_str().is_some_and(|text| text.contains("is not in the settings")), "{gone}");
    let tokens = std::fs::read_to_string(desk.dir.path().join("here/connections/tokens.json"));
    assert!(!tokens.expect("there").contains(&desk.token), "the token outlived its connection");
}
