//! Programs that are not ours, for tests that call the API with them. One that cannot be had fails its test: skipped, it
//! would be as good as passed.

#![allow(dead_code, reason = "each test file uses its own part")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// What a program of the Python environment is called by, `python` or another; `scripts/foreign.sh` installs them.
pub async fn program(name: &str) -> PathBuf {
    let env = Path::new(env!("CARGO_TARGET_TMPDIR")).join("foreign");
    let mut install = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/foreign.sh"));
    install.arg(&env);
    run(install).await;
    env.join("bin").join(name)
}

/// The output of a program that must succeed.
pub async fn run(mut command: Command) -> Output {
    let shown = format!("{command:?}");
    let output = tokio::task::spawn_blocking(move || command.output()).await.expect("waits");
    let output = output.unwrap_or_else(|error| panic!("{shown}: {error}"));
    assert!(
        output.status.success(),
        "{shown}: {}\n{}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output
}
