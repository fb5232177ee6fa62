//! What is secret about a task reaches its process and nothing else of ours: no command line, no event, no log of the engine.

mod common;

use common::{Engine, bash, spec};
use serde_json::json;
use solti_api::ApiHandler;
use solti_api::operations::{Operations as _, TaskEvents};
use solti_supervisor::SupervisorConfig;
use solti_testing::Journal;
use std::fs;

const SECRET: &str = "xyzzy-4711-not-for-you";

/// The command lines of all processes that there are.
fn command_lines() -> String {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let lines = processes.filter_map(|process| fs::read(process.path().join("cmdline")).ok());
    lines.map(|line| String::from_utf8_lossy(&line).into_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_in_no_command_line_no_event_and_no_log_of_ours() {
    // Everything that the engine logs about itself, at the finest level.
    let journal = Journal::default();
    let writer = journal.clone();
    let subscriber =
        tracing_subscriber::fmt().with_writer(move || writer.clone()).with_max_level(tracing::Level::TRACE);
    subscriber.try_init().expect("the only subscriber of this program");
    let dir = tempfile::tempdir().unwrap();
    let mut config = SupervisorConfig::new(dir.path());
    config.base_env.insert("INHERITED_TOKEN".into(), SECRET.into());
    let engine = Engine::open_with(config).await;

    // It gets both, and says so without telling what they are.
    let text = format!(
        r#"[ "$OWN_PASSWORD" = "$INHERITED_TOKEN" ] && [ ${{#OWN_PASSWORD}} = {} ] && echo same; sleep 60"#,
        SECRET.len()
    );
    let mut task = bash(&text);
    task["subprocess"]["env"] = json!([{"key": "OWN_PASSWORD", "value": SECRET}]);
    let id = engine.api.submit_task(spec("secrets", task, json!({}))).await.unwrap();
    engine.running(&id).await;
    assert!(!command_lines().contains(SECRET), "it is in a command line");
    engine.supervisor.stop(&id, solti_model::StopMode::Kill).await.unwrap();
    engine.finished(&id).await;
    assert_eq!(engine.lines(&id).await, ["same"]);

    // A start that fails tells of the program, and not of its environment.
    let mut missing = json!({"subprocess": {"mode": {"command": {"command": "no-such-program"}}}});
    missing["subprocess"]["env"] = json!([{"key": "OWN_PASSWORD", "value": SECRET}]);
    let failed =
        engine.api.submit_task(spec("secrets", missing, json!({"admission": "queue"}))).await.unwrap();
    let error = engine.finished(&failed).await.status.error.unwrap();
    assert!(!error.contains(SECRET));

    for id in [&id, &failed] {
        let events =
            serde_json::to_string(&engine.api.ask(TaskEvents { id: id.clone() }).await.unwrap()).unwrap();
        assert!(!events.contains(SECRET), "{events}");
    }
    let journal = journal.text();
    assert!(!journal.contains(SECRET), "{journal}");
}
