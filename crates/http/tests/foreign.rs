//! Clients that are not ours: curl, Python's own HTTP and event reading, and schemathesis over the OpenAPI document.
//!
//! What is not installed and cannot be had is skipped, with a word on why.

mod common;

use async_trait::async_trait;
use common::{Engine, Service, command, spec};
use serde_json::{Value, json};
use solti_api::{ApiHandler as _, SupervisorApiAdapter};
use solti_http::TcpOptions;
use solti_http::Tls;
use solti_model::TaskKind;
use solti_runner::{
    AttachError, Attached, EndFlags, LostReason, RunEnd, RunHandle, RunOutcome, RunRequest, Runner,
    StartFailure, UnsupportedKind,
};
use solti_store::Store;
use solti_supervisor::{Supervisor, SupervisorConfig};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::time::Duration;

/// The output of a program, or in words why it did not do.
async fn run(mut command: Command) -> Result<Output, String> {
    let shown = format!("{command:?}");
    let output = tokio::task::spawn_blocking(move || command.output()).await.expect("waits");
    let output = output.map_err(|error| format!("{shown}: {error}"))?;
    match output.status.success() {
        true => Ok(output),
        false => Err(format!(
            "{shown}: {}\n{}\n{}",
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        )),
    }
}

async fn is_installed(program: &str) -> bool {
    let mut command = Command::new(program);
    command.arg("--version");
    let there = run(command).await;
    if let Err(why) = &there {
        println!("skipped: {why}");
    }
    there.is_ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn curl_submits_over_the_socket_and_reads_the_log_over_tls() {
    if !is_installed("curl").await {
        return;
    }
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
    let made: Value = serde_json::from_slice(&run(submit).await.unwrap().stdout).unwrap();

    let mut follow = Command::new("curl");
    follow.args(["-sSN", "--fail-with-body", "--cacert"]).arg(dir.path().join("certificate.pem"));
    follow.args(["-H", &format!("Authorization: Bearer {}", service.token.text())]);
    follow.arg(format!("{}/api/v1/tasks/{}/logs", service.url(), made["taskId"].as_str().unwrap()));
    let text = String::from_utf8(run(follow).await.unwrap().stdout).unwrap();
    assert_eq!(text.matches("event: chunk\n").count(), 1_000);
    assert!(text.contains("event: run-finished\nid: 1-end\n"), "{}", &text[text.len() - 200..]);
}

/// Reads events by the rules of the HTML standard, tears the connection off every few events, and goes on.
const READER: &str = r#"
import http.client, json, sys
host, token, task = sys.argv[1:]
last, lines, ended, connections = None, [], False, 0
while not ended:
    connection = http.client.HTTPConnection(host)
    headers = {"Authorization": "Bearer " + token, "Accept": "text/event-stream"}
    if last is not None:
        headers["Last-Event-ID"] = last
    connection.request("GET", f"/api/v1/tasks/{task}/logs", headers=headers)
    response = connection.getresponse()
    assert response.status == 200, response.status
    connections += 1
    event, left = {}, 997
    for line in response:
        line = line.decode("utf-8").removesuffix("\n").removesuffix("\r")
        if line == "":
            if "data" in event:
                last = event.get("id", last)
                data = json.loads(event["data"])
                ended = event["event"] == "run-finished"
                if event["event"] == "chunk":
                    lines.append(data["line"])
                left -= 1
                if left == 0:
                    break
            event = {}
        elif not line.startswith(":"):
            field, _, value = line.partition(":")
            event[field] = value.removeprefix(" ")
    connection.close()
assert lines == [str(n) for n in range(1, 20001)], (len(lines), lines[:3], lines[-3:])
print(connections)
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_is_torn_off_again_and_again_gets_every_line_once() {
    if !is_installed("python3").await {
        return;
    }
    let service = Service::start().await;
    let task = spec("s", command("seq", &["1", "20000"]), json!({}));
    let id = service.engine.api.submit_task(task).await.unwrap();
    let mut reader = Command::new("python3");
    reader.args([
        "-c",
        READER,
        &service.serving.address().unwrap().to_string(),
        &service.token.text(),
        id.as_str(),
    ]);
    let read = run(reader).await.unwrap();
    assert_eq!(String::from_utf8_lossy(&read.stdout).trim(), "21");
}

/// Runs nothing: what schemathesis makes up must not be executed.
struct Pretend;

#[async_trait]
impl Runner for Pretend {
    fn accepts(&self, _: &TaskKind) -> Result<(), UnsupportedKind> {
        Ok(())
    }

    async fn start(&self, _: RunRequest) -> Result<RunHandle, StartFailure> {
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

    async fn attach(&self, _: &Path, _: &str) -> Result<Attached, AttachError> {
        Ok(Attached::Lost(LostReason::ShimGone))
    }

    async fn sweep(&self, _: &str) -> Result<usize, AttachError> {
        Ok(0)
    }
}

/// schemathesis in a venv under `target/`; one of an earlier run is used again.
async fn schemathesis() -> Result<PathBuf, String> {
    let venv = Path::new(env!("CARGO_TARGET_TMPDIR")).join("schemathesis");
    let program = venv.join("bin/st");
    let mut version = Command::new(&program);
    version.arg("--version");
    if run(version).await.is_err() {
        let mut make = Command::new("python3");
        make.args(["-m", "venv", "--clear"]).arg(&venv);
        run(make).await?;
        let mut install = Command::new(venv.join("bin/pip"));
        install.args(["install", "--quiet", "--disable-pip-version-check", "schemathesis==4.*"]);
        run(install).await?;
    }
    Ok(program)
}

#[tokio::test(flavor = "multi_thread")]
async fn schemathesis_finds_nothing_that_the_document_does_not_say() {
    let program = match schemathesis().await {
        Ok(program) => program,
        Err(why) => return println!("skipped: {why}"),
    };
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&dir.path().join("data")).unwrap();
    let config = SupervisorConfig::new(dir.path().join("data"));
    let supervisor = Supervisor::start(store, Arc::new(Pretend), config).await.unwrap();
    let engine = Engine { api: SupervisorApiAdapter::new(supervisor.clone()), supervisor };
    let (serving, token) = Service::serve(&engine, &dir, |_| {}).await;
    let mut test = Command::new(program);
    test.current_dir(dir.path()).env("NO_COLOR", "1");
    test.arg("run").arg(format!("{}/api/v1/openapi.json", serving.url().unwrap()));
    test.args(["--header", &format!("Authorization: Bearer {}", token.text())]);
    // Some rules no schema can say: a cursor must have been handed out, a script be base64 of text.
    test.args(["--checks", "all", "--exclude-checks", "positive_data_acceptance"]);
    // Event streams end with their task or not at all, and are read by the tests above.
    test.args(["--exclude-operation-id", "watchTasks", "--exclude-operation-id", "watchLog"]);
    for streams in ["streamTaskLogs", "watchUsage", "openSearch", "searchAll"] {
        test.args(["--exclude-operation-id", streams]);
    }
    test.args(["--phases", "examples,coverage,fuzzing", "--max-examples", "20", "--max-time", "60"]);
    test.args(["--seed", "1", "--request-timeout", "20", "--suppress-health-check", "all"]);
    run(test).await.unwrap_or_else(|found| panic!("{found}"));
}
