//! A wall clock that jumps under a running shim: no timeout comes early or late, and durations are those that passed.
//!
//! The clock of the shim alone is faked, by libfaketime; without it (`apt-get install libfaketime`) the test says so and does nothing.

use crate::common;
use common::{Engine, bash, spec};
use serde_json::json;
use solti_api::{ApiHandler, SupervisorApiAdapter};
use solti_model::{TaskPhase, TaskRun};
use solti_runner::ShimRunner;
use solti_store::Store;
use solti_supervisor::{Supervisor, SupervisorConfig};
use solti_testing::now_ms;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

const DAY_MS: u64 = 24 * 60 * 60 * 1000;
/// No jump of the clock is shorter, and nothing here takes so long.
const JUMP: Duration = Duration::from_millis(DAY_MS);

fn libfaketime() -> Option<PathBuf> {
    let folders = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib"];
    let found = folders
        .iter()
        .map(|folder| Path::new(folder).join("faketime/libfaketime.so.1"))
        .find(|lib| lib.exists());
    if found.is_none() {
        println!("skipped: libfaketime is not installed");
    }
    found
}

/// The shim under a clock that is off by what the file says, such as `+1d`.
fn shim_with_clock(dir: &Path, library: &Path, offset: &Path) -> PathBuf {
    let wrapper = dir.join("shim-with-clock");
    let text = format!(
        "#!/bin/sh
         export LD_PRELOAD={} FAKETIME_TIMESTAMP_FILE={} FAKETIME_NO_CACHE=1 FAKETIME_DONT_FAKE_MONOTONIC=1
         exec {} \"$@\"\n",
        library.display(),
        offset.display(),
        common::shim().display(),
    );
    std::fs::write(&wrapper, text).unwrap();
    std::fs::set_permissions(&wrapper, std::fs::Permissions::from_mode(0o755)).unwrap();
    wrapper
}

fn length(run: &TaskRun) -> Duration {
    Duration::from_millis(run.finished_at.unwrap().saturating_sub(run.started_at))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_jumps_changes_no_timeout_and_no_duration() {
    let Some(library) = libfaketime() else { return };
    let dir = tempfile::tempdir().unwrap();
    let offset = dir.path().join("offset");
    std::fs::write(&offset, "+3d").unwrap();
    let runner = Arc::new(ShimRunner::new(shim_with_clock(dir.path(), &library, &offset)));
    let config = SupervisorConfig { grace: Duration::from_secs(1), ..SupervisorConfig::new(dir.path()) };
    let supervisor = Supervisor::start(Store::open(dir.path()).unwrap(), runner, config).await.unwrap();
    let engine = Engine { api: SupervisorApiAdapter::new(supervisor.clone()), supervisor };

    // Twenty that must not time out, and one that must, while the clock goes forward by days and back again.
    let lasting = json!({"timeout": 600_000});
    let mut patient = Vec::new();
    for lane in 0..20 {
        let text = "echo a; sleep 1; echo b; sleep 1; echo c";
        patient.push(
            engine.api.submit_task(spec(&format!("l{lane}"), bash(text), lasting.clone())).await.unwrap(),
        );
    }
    let began = Instant::now();
    let timed =
        engine.api.submit_task(spec("timed", bash("sleep 600"), json!({"timeout": 2_500}))).await.unwrap();
    let started = engine.running(&timed).await;
    for id in &patient {
        engine.wait_for(id, |task| task.status.phase != TaskPhase::Pending).await;
    }
    for jump in ["+30d", "-30d", "+3d"] {
        std::fs::write(&offset, jump).unwrap();
        // Not a wait for anything: the shims live on under the new time.
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    for id in &patient {
        let task = engine.finished(id).await;
        assert_eq!(task.status.phase, TaskPhase::Succeeded, "{task:?}");
        let run = engine.api.list_task_runs(id).await.unwrap().remove(0);
        assert!((Duration::from_millis(1_900)..JUMP).contains(&length(&run)), "{run:?}");
    }
    assert_eq!(engine.finished(&timed).await.status.phase, TaskPhase::Timeout, "{started:?}");
    assert!((Duration::from_millis(2_400)..JUMP).contains(&began.elapsed()));
    let run = engine.api.list_task_runs(&timed).await.unwrap().remove(0);
    assert!((Duration::from_millis(2_400)..JUMP).contains(&length(&run)), "{run:?}");
    let now = now_ms();
    assert!(run.started_at > now + DAY_MS, "the clock was never faked: {run:?}");
}
