//! What only podman without the rights of the superuser needs.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use solti_runner::{RunEnd, RunRequest, StopMode};
use solti_testing::{TestEngine, on_engine, wait_until};

use crate::common::wait;
use crate::support::{Containers, run, sh};

#[test]
fn a_run_does_not_take_the_users_namespaces_with_it() {
    let name = "a_run_does_not_take_the_users_namespaces_with_it";
    on_engine(TestEngine::Rootless, module_path!(), name, |engine, _| {
        // Others use the session that all have.
        let dir = tempfile::tempdir().unwrap();
        let Some(path) = engine.path_in(dir.path()) else { return };
        let holder = dir.path().join("rootless/tmp/pause.pid");
        let gone = &holder;
        run(engine, path, |it: Containers| async move {
            assert_eq!(it.sh("first", "true").await.0.end, RunEnd::Exited { code: 0 });
            // As when the user has signed out, or podman was told to begin anew.
            end(gone);
            let deaf = it.request("deaf", sh("trap '' TERM; echo on; while :; do sleep 1; done"));
            let mut deaf = it.on(RunRequest { grace: Duration::from_millis(100), ..deaf }).await;
            deaf.controller().stop(StopMode::Graceful).await;
            assert!(matches!(wait(&mut deaf).await.end, RunEnd::Stopped { .. }));
            assert_eq!(it.left(), Vec::<String>::new());
            let (next, printed) = it.sh("next", "echo well").await;
            assert_eq!((next.end, &*printed), (RunEnd::Exited { code: 0 }, "well\n"));
            it.nothing_is_left().await;
        });
        end(&holder);
    });
}

/// Ends the process that holds the user's namespaces.
fn end(holder: &Path) {
    let pid = fs::read_to_string(holder).unwrap();
    assert!(Command::new("kill").args(["-9", pid.trim()]).status().unwrap().success());
    let stat = format!("/proc/{}/stat", pid.trim());
    let is_gone = || fs::read_to_string(&stat).map_or(true, |stat| stat.contains(") Z "));
    wait_until("the holder of the namespaces is gone", is_gone);
}
