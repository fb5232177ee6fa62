//! What is made of an engine that has lost its own way: its client is a shell script here.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use solti_runner::{ClusterEnd, RunEnd};
use solti_testing::TestEngine;
use tempfile::TempDir;

use crate::support::{Containers, sh};

/// A podman whose client prints and ends as `run` does, and which says afterwards that the container stands so.
fn podman(run: &str, stands: &str) -> (TempDir, Containers) {
    let folder = tempfile::tempdir().unwrap();
    let info = r#"{"version":{"Version":"4.3.1"},"host":{"security":{"rootless":false}}}"#;
    let script = format!(
        "#!/bin/sh\ncase $1 in\ninfo) echo '{info}' ;;\nrun) {run} ;;\ncontainer) echo '{stands} false' ;;\n\
         rm) echo removed >>{}/removed ;;\nesac\n",
        folder.path().display()
    );
    let client = folder.path().join("podman");
    fs::write(&client, script).unwrap();
    fs::set_permissions(&client, fs::Permissions::from_mode(0o700)).unwrap();
    let path = format!("{}:/usr/bin:/bin", folder.path().display());
    let it = Containers::new(TestEngine::Podman, &[("PATH", &path)]);
    (folder, it)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_that_its_engine_has_lost_sight_of_has_no_code_and_is_removed() {
    let said = "no such exit code (container in state running)";
    let run =
        format!("echo on; echo 'time=\"2026-11-29T15:19:24Z\" level=error msg=\"{said}\"' >&2; exit 127");
    for (stands, end) in [
        (
            "running",
            RunEnd::Cluster {
                counts_as: ClusterEnd::Failed,
                why: format!("the container engine lost sight of it: {said}"),
            },
        ),
        ("exited", RunEnd::Exited { code: 127 }),
    ] {
        let (folder, it) = podman(&run, stands);
        let outcome = it.run(it.request("sight", sh("true"))).await;
        assert_eq!(outcome.end, end, "{stands}");
        assert!(folder.path().join("removed").exists());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_where_nothing_else_was_printed_an_init_says_why_nothing_was_started() {
    let init = "echo 'ERROR (catatonit:6): failed to exec pid1: No such file or directory' >&2; exit 1";
    let (_folder, it) = podman(init, "exited");
    let outcome = it.run(it.request("none", sh("true"))).await;
    assert!(matches!(outcome.end, RunEnd::StartFailed(_)), "{outcome:?}");
    for before in ["echo on", "echo on >&2"] {
        let (_folder, it) = podman(&format!("{before}; {init}"), "exited");
        let outcome = it.run(it.request("ran", sh("true"))).await;
        assert_eq!(outcome.end, RunEnd::Exited { code: 1 }, "{before}");
    }
}
