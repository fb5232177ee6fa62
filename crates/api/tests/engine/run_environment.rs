//! What a run was started with stays known after the app was started with another environment; what is secret of it is stored
//! nowhere.

use crate::common;
use common::{Engine, command, spec};
use serde_json::json;
use solti_api::ApiHandler;
use solti_api::operations::{GetRunEnvironment, Operations as _};
use solti_model::{RunId, RunVariableOrigin, TaskId};
use solti_supervisor::SupervisorConfig;
use std::fs;
use std::path::Path;

const SECRET: &str = "xyzzy-4712-for-nobody";

async fn open(data_dir: &Path, flavour: &str) -> Engine {
    let mut config = SupervisorConfig::new(data_dir);
    config.base_env.insert("FLAVOUR".into(), flavour.into());
    config.base_env.insert("THEIR_TOKEN".into(), SECRET.into());
    config.from_login_shell.insert("FLAVOUR".into());
    Engine::open_with(config).await
}

async fn run(engine: &Engine) -> TaskId {
    let id = engine.api.submit_task(spec("s", command("true", &[]), json!({}))).await.unwrap();
    engine.finished(&id).await;
    id
}

async fn flavour(engine: &Engine, id: &TaskId) -> (Option<String>, RunVariableOrigin) {
    let found = engine
        .api
        .ask(GetRunEnvironment { run: RunId::new(id.clone(), 1) })
        .await
        .unwrap()
        .expect("recorded");
    let secret = found.variables.iter().find(|variable| variable.name == "THEIR_TOKEN").expect("named");
    assert_eq!(secret.value, None);
    let found = found.variables.into_iter().find(|variable| variable.name == "FLAVOUR").expect("inherited");
    (found.value, found.origin)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_run_keeps_the_environment_it_got_and_no_secret_is_in_the_database() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(dir.path(), "sweet").await;
    let first = run(&engine).await;
    engine.supervisor.shut_down().await;
    drop(engine);

    let engine = open(dir.path(), "salty").await;
    let second = run(&engine).await;
    let shell = RunVariableOrigin::LoginShell;
    assert_eq!(flavour(&engine, &first).await, (Some("sweet".into()), shell));
    assert_eq!(flavour(&engine, &second).await, (Some("salty".into()), shell));
    engine.supervisor.shut_down().await;
    engine.supervisor.store().settle().await.unwrap();

    let database = fs::read(dir.path().join("solti.db")).unwrap();
    let holds = |text: &str| database.windows(text.len()).any(|bytes| bytes == text.as_bytes());
    assert!(holds("sweet") && holds("salty"), "they are in this file");
    assert!(!holds(SECRET));
}
