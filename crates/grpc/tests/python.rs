//! A foreign client, made from the .proto by others' tools: Python's grpcio, in a venv under `target/`.
//!
//! Skipped, with a word on why, where Python or its packages are not to be had.

mod common;
#[path = "../../api/tests/common/mod.rs"]
mod engine;

use common::Served;
use engine::Engine;
use solti_api::guard::{AccessToken, Auth};
use solti_grpc::ServerOptions;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

const PACKAGES: [&str; 2] = ["grpcio==1.85.*", "grpcio-tools==1.85.*"];

fn run(command: &mut Command) -> Result<Output, String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    match output.status.success() {
        true => Ok(output),
        false => Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr))),
    }
}

/// A Python with the packages. A venv of an earlier run is used again.
fn python() -> Result<PathBuf, String> {
    let venv = Path::new(env!("CARGO_TARGET_TMPDIR")).join("grpcio");
    let python = venv.join("bin/python");
    let has_packages = || run(Command::new(&python).args(["-c", "import grpc, grpc_tools"])).is_ok();
    if !has_packages() {
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&venv))?;
        let pip =
            ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:"];
        run(Command::new(&python).args(pip).args(PACKAGES))?;
    }
    Ok(python)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_python_client_runs_reads_and_deletes_a_task() {
    let python = match tokio::task::spawn_blocking(python).await.unwrap() {
        Ok(python) => python,
        Err(why) => {
            eprintln!("skipped, there is no Python with grpcio: {why}");
            return;
        }
    };
    let dir = tempfile::tempdir().unwrap();
    let crate_dir = Path::new(env!("CARGO_MANIFEST_DIR"));
    let made = dir.path().join("made");
    std::fs::create_dir(&made).unwrap();
    let mut protoc = Command::new(&python);
    protoc.args(["-m", "grpc_tools.protoc", "--proto_path"]).arg(crate_dir.join("proto"));
    protoc.arg("--python_out").arg(&made).arg("--grpc_python_out").arg(&made).arg("solti/v1/solti.proto");
    run(&mut protoc).unwrap();

    let engine = Engine::open(&dir.path().join("data")).await;
    let token = Arc::new(AccessToken::open(&dir.path().join("api")).unwrap());
    let auth = Some(Arc::new(Auth::new(Arc::clone(&token), rustix::process::geteuid().as_raw())));
    let served =
        Served::tcp(Arc::new(engine.api.clone()), ServerOptions { auth, ..Default::default() }).await;

    let mut client = Command::new(&python);
    client.arg(crate_dir.join("tests/python/client.py")).arg(&made).arg(served.address()).arg(token.text());
    let output = tokio::task::spawn_blocking(move || run(&mut client)).await.unwrap().unwrap();
    let mut lines: Vec<String> = serde_json::from_slice(&output.stdout).unwrap();
    lines.sort();
    assert_eq!(lines, ["err", "grüß dich"]);
}
