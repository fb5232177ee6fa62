//! What is made of answers that a real cluster gives only in trouble: its programs are shell scripts here.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use solti_model::{ClusterRequest, ResourceLimits, SlurmSettings, Stdin};
use solti_runner::{RunRequest, Runner as _, SlurmRunner, StartError};
use tempfile::TempDir;
use tokio::sync::watch;

use crate::common::{sh, shim};

const NO_ACCOUNTS: (&str, &str) = ("sacct", "echo 'Slurm accounting storage is disabled' >&2; exit 1");
const EMPTY: (&str, &str) = ("squeue", "");
const AWAY: (&str, &str) =
    ("squeue", "echo 'slurm_load_jobs error: Protocol authentication error' >&2; exit 1");

/// What becomes of the start of a run where Slurm's programs say this.
async fn start(sbatch: &str, squeue: (&str, &str)) -> (TempDir, StartError) {
    let folder = tempfile::tempdir().unwrap();
    let (programs, shared) = (folder.path().join("bin"), folder.path().join("shared"));
    fs::create_dir(&programs).unwrap();
    fs::create_dir(&shared).unwrap();
    for (name, script) in [("sbatch", sbatch), squeue, NO_ACCOUNTS] {
        let path = programs.join(name);
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
    }
    let settings = SlurmSettings { enabled: true, folder: Some(shared.to_str().unwrap().to_owned()) };
    let (_settings, settings) = watch::channel(settings);
    let path = format!("{}:/usr/bin:/bin", programs.display());
    let env = BTreeMap::from([("PATH".into(), path.into())]);
    let runner = SlurmRunner::new(shim(), env, folder.path(), settings);
    let request = RunRequest {
        run_dir: shared.join("runs/t/1"),
        run: "stands-in/1".parse().unwrap(),
        kind: sh("true"),
        timeout: None,
        limits: ResourceLimits::default(),
        base_env: BTreeMap::new(),
        grace: Duration::from_secs(1),
        stdin: Stdin::None,
        cluster: Some(ClusterRequest::default()),
        labels: BTreeMap::new(),
        selector: None,
        may_go_elsewhere: false,
        segments: solti_logstore::SegmentSizes::default(),
    };
    let error = runner.start(request).await.expect_err("there is no job");
    (folder, error)
}

fn failing(reason: &str) -> String {
    format!("echo 'sbatch: error: Batch job submission failed: {reason}' >&2; exit 1")
}

#[tokio::test]
async fn a_trouble_of_the_cluster_is_no_refusal_and_leaves_nothing_to_run() {
    let (folder, error) = start(&failing("I/O error writing script/environment to file"), EMPTY).await;
    let StartError::Failed(failure) = error else { panic!("it is certain: {error}") };
    let why = "the cluster cannot take it now: I/O error writing script/environment to file";
    assert_eq!(failure.shortage().as_deref(), Some(why));
    assert!(!folder.path().join("shared/runs/t/1/launch").exists(), "one that comes late finds nothing");
}

#[tokio::test]
async fn what_may_have_been_taken_is_looked_for() {
    let named = ("squeue", "echo '7|PENDING|None||N/A|1|100M|N/A|main|solti-stands-in-1'");
    for squeue in [AWAY, named] {
        let (folder, error) = start(&failing("Protocol authentication error"), squeue).await;
        let StartError::Unknown(error) = error else { panic!("nobody knows: {error}") };
        assert!(error.to_string().contains("Protocol authentication error"), "{error}");
        assert!(folder.path().join("shared/runs/t/1/launch").exists(), "it may begin");
    }
}

#[tokio::test]
async fn a_refusal_is_not_tried_again() {
    let (_folder, error) = start(&failing("Invalid partition name specified"), EMPTY).await;
    let StartError::Failed(failure) = error else { panic!("it is certain: {error}") };
    assert_eq!(failure.shortage(), None);
    assert_eq!(failure.to_string(), "the cluster refuses it: Invalid partition name specified");
}
