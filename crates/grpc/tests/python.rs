//! A foreign client, made from the .proto by others' tools: Python's grpcio.

mod common;
#[path = "../../api/tests/common/mod.rs"]
mod engine;
#[path = "../../api/tests/foreign/mod.rs"]
mod foreign;

use common::Served;
use engine::Engine;
use foreign::{program, run};
use solti_api::guard::{AccessToken, Auth};
use solti_grpc::ServerOptions;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

#[tokio::test(flavor = "multi_thread")]
async fn a_python_client_runs_reads_and_deletes_a_task() {
    let python = program("python").await;
    let dir = tempfile::tempdir().unwrap();
    let crate_dir = Path::new(env!("CARGO_MANIFEST_DIR"));
    let made = dir.path().join("made");
    std::fs::create_dir(&made).unwrap();
    let mut protoc = Command::new(&python);
    protoc.args(["-m", "grpc_tools.protoc", "--proto_path"]).arg(crate_dir.join("proto"));
    protoc.arg("--python_out").arg(&made).arg("--grpc_python_out").arg(&made).arg("solti/v1/solti.proto");
    run(protoc).await;

    let engine = Engine::open(&dir.path().join("data")).await;
    let token = Arc::new(AccessToken::open(&dir.path().join("api")).unwrap());
    let auth = Some(Arc::new(Auth::new(Arc::clone(&token), rustix::process::geteuid().as_raw())));
    let served =
        Served::tcp(Arc::new(engine.api.clone()), ServerOptions { auth, ..Default::default() }).await;

    let mut client = Command::new(&python);
    client.arg(crate_dir.join("tests/python/client.py")).arg(&made).arg(served.address()).arg(token.text());
    let output = run(client).await;
    let mut lines: Vec<String> = serde_json::from_slice(&output.stdout).unwrap();
    lines.sort();
    assert_eq!(lines, ["err", "grüß dich"]);
}
