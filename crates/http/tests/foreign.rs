//! Clients that are not ours: curl, a reader of server-sent events, and schemathesis over the OpenAPI document.
#![allow(clippy::disallowed_methods, reason = "a test may block")]

mod common;
#[path = "../../api/tests/foreign/mod.rs"]
mod foreign;

use async_trait::async_trait;
use common::{Engine, Service, command, spec};
use foreign::{program, run};
use serde_json::{Value, json};
use solti_api::{ApiHandler as _, SupervisorApiAdapter};
use solti_http::TcpOptions;
use solti_http::Tls;
use solti_model::{FieldError, RunId, TaskSpec};
use solti_runner::{
    AttachError, Attached, EndFlags, LostReason, RunEnd, RunHandle, RunOutcome, RunRequest, Runner,
    StartError, StopMode,
};
use solti_store::Store;
use solti_supervisor::{Supervisor, SupervisorConfig};
use std::collections::HashMap;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn curl_submits_over_the_socket_and_reads_the_log_over_tls() {
    let dir = tempfile::tempdir().unwrap();
    let tls = Tls::Generated { dir: dir.path().to_owned() };
    let service = Service::start_with(|options| {
        options.tcp = Some(TcpOptions::new("127.0.0.1:0".parse().unwrap(), tls));
    })
    .await;
    let body = json!({"spec": {"slot": "s", "kind": command("seq", &["1", "1000"])}}).to_string();
    let mut submit = Command::new("curl");
    submit.args(["-sS", "--fail-with-body", "--unix-socket"]).arg(service.socket());
    submit.args(["-H", "Content-Type: application/json", "-d", &body, "http://localhost/api/v1/tasks"]);
    let made: Value = serde_json::from_slice(&run(submit).await.stdout).unwrap();

    let mut follow = Command::new("curl");
    follow.args(["-sSN", "--fail-with-body", "--cacert"]).arg(dir.path().join("certificate.pem"));
    follow.args(["-H", &format!("Authorization: Bearer {}", service.token.text())]);
    follow.arg(format!("{}/api/v1/tasks/{}/logs", service.url(), made["taskId"].as_str().unwrap()));
    let text = String::from_utf8(run(follow).await.stdout).unwrap();
    assert_eq!(text.matches("event: chunk\n").count(), 1_000);
    assert!(text.contains("event: run-finished\nid: 1-end\n"), "{}", &text[text.len() - 200..]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_is_torn_off_again_and_again_gets_every_line_once() {
    const LINES: &str = "20000";
    let service = Service::start().await;
    let id =
        service.engine.api.submit_task(spec("s", command("seq", &["1", LINES]), json!({}))).await.unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python/events.py");
    let mut reader = Command::new(program("python").await);
    reader.arg(script).arg(format!("{}/api/v1/tasks/{id}/logs", service.url()));
    reader.args([&service.token.text(), LINES]);
    let read = run(reader).await;
    assert_eq!(String::from_utf8_lossy(&read.stdout).trim(), "21");
}

/// Runs nothing: what schemathesis makes up must not be executed.
struct Pretend;

#[async_trait]
impl Runner for Pretend {
    fn accepts(&self, _: &TaskSpec) -> Result<(), FieldError> {
        Ok(())
    }

    async fn start(&self, _: RunRequest) -> Result<RunHandle, StartError> {
        let (handle, ends) = RunHandle::new(std::process::id(), 1);
        let ended = RunOutcome {
            end: RunEnd::Exited { code: 0 },
            started_at_ms: Some(1),
            finished_at_ms: 2,
            duration: Duration::from_millis(1),
            flags: EndFlags::default(),
            usage: None,
        };
        drop(ends.log_bytes);
        ends.outcome.send(ended).expect("the handle is there");
        Ok(handle)
    }

    async fn attach(&self, _: &Path, _: &RunId) -> Result<Attached, AttachError> {
        Ok(Attached::Lost(LostReason::ShimGone))
    }

    async fn sweep(&self, _: &RunId) -> Result<usize, AttachError> {
        Ok(0)
    }

    async fn marks(&self) -> Result<HashMap<RunId, usize>, AttachError> {
        Ok(HashMap::new())
    }

    async fn end_unreachable(&self, _: &Path, _: &RunId, _: StopMode) -> Result<Attached, AttachError> {
        Ok(Attached::Lost(LostReason::ShimGone))
    }
}

/// Every answer must be one that the document names, of the shape that it names, whatever is asked. `more` is of the
/// command line.
async fn schemathesis(url: &str, token: &str, dir: &Path, more: &[&str]) {
    let mut test = Command::new(program("st").await);
    test.current_dir(dir).env("NO_COLOR", "1");
    test.arg("run").arg(format!("{url}/api/v1/openapi.json"));
    test.args(["--header", &format!("Authorization: Bearer {token}")]);
    // Some rules no schema can say: a cursor must have been handed out, a script be base64 of text.
    test.args(["--checks", "all", "--exclude-checks", "positive_data_acceptance"]);
    // A hook that is tried waits for the answer of its address, which would be made up: nobody is called here.
    test.args(["--exclude-operation-id", "test_hook"]);
    // Event streams end with their task or not at all, and are read by the tests above.
    let reading = ["streamTaskLogs", "watch_tasks", "watch_jobs", "watch_log", "watch_usage"];
    for streams in reading.into_iter().chain(["open_search", "open_merged_search", "search_all"]) {
        test.args(["--exclude-operation-id", streams]);
    }
    test.args(["--phases", "coverage,fuzzing", "--max-examples", "20", "--max-time", "30", "--seed", "1"]);
    test.args(["--request-timeout", "20", "--suppress-health-check", "all"]).args(more);
    println!("{}", String::from_utf8_lossy(&run(test).await.stdout));
}

#[tokio::test(flavor = "multi_thread")]
async fn schemathesis_finds_nothing_that_the_document_does_not_say() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&dir.path().join("data")).unwrap();
    let config = SupervisorConfig::new(dir.path().join("data"));
    let supervisor = Supervisor::start(store, Arc::new(Pretend), config).await.unwrap();
    let engine = Engine { api: SupervisorApiAdapter::new(supervisor.clone()), supervisor };
    let (serving, token) = Service::serve(&engine, &dir, |_| {}).await;
    schemathesis(serving.url().unwrap(), &token.text(), dir.path(), &[]).await;
}

/// The above makes up ids and hardly gets beyond 404: here all of them are of one task that is there, with a log.
#[tokio::test(flavor = "multi_thread")]
async fn schemathesis_finds_nothing_about_a_task_that_is_there() {
    let service = Service::start().await;
    let task = spec("s", command("seq", &["1", "1000"]), json!({}));
    let id = service.engine.api.submit_task(task).await.unwrap();
    service.engine.finished(&id).await;
    let known = format!("[parameters]\n\"path.id\" = \"{id}\"\n\"path.attempt\" = 1\n");
    std::fs::write(service.dir.path().join("schemathesis.toml"), known).unwrap();
    // What is wrong on purpose would be put right by the values above.
    let mut about_it = vec!["--mode", "positive", "--include-path-regex", r"/tasks/\{id\}"];
    // After a delete there would be nothing left to ask about.
    about_it.extend(["--exclude-operation-id", "deleteTask"]);
    schemathesis(service.url(), &service.token.text(), service.dir.path(), &about_it).await;
    assert!(service.engine.api.get_task_status(&id).await.unwrap().is_some());
}
