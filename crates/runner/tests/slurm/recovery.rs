//! The engine dies at some step between its intent and the end of a run, and the next one finds out by the name of the job.

use solti_model::ClusterRequest;
use solti_runner::{Attached, LostReason, RunEnd, Runner as _, StopMode};

use crate::common::sh;
use crate::support::{Slurm, begun, ended, in_partition, waits};

fn any() -> ClusterRequest {
    ClusterRequest::default()
}

#[tokio::test]
async fn what_runs_is_followed_again() {
    let Some(slurm) = Slurm::start() else { return };
    drop(slurm.submit("runs", sh("trap 'exit 4' TERM; echo on; while :; do sleep 0.1; done"), any()).await);
    slurm.printed("runs", "on\n").await;
    let slurm = slurm.again();
    let mut handle = slurm.attached("runs").await;
    let place = begun(&handle).await;
    assert!(place.words.contains(" on node n") && place.started_at_ms > 0, "{place:?}");
    handle.controller().stop(StopMode::Graceful).await;
    assert_eq!(ended(&mut handle).await.end, RunEnd::Stopped { code: Some(4), signal: None });
}

#[tokio::test]
async fn what_waits_goes_on_waiting_and_is_not_submitted_again() {
    let Some(slurm) = Slurm::start() else { return };
    drop(slurm.submit("waits", sh("echo ran"), in_partition("closed")).await);
    let slurm = slurm.again();
    let mut handle = slurm.attached("waits").await;
    waits(&handle, "partition closed is down").await;
    slurm.cluster.ask("scontrol", &["update", &format!("JobId={}", slurm.job("waits")), "Partition=main"]);
    assert_eq!(ended(&mut handle).await.end, RunEnd::Exited { code: 0 });
    assert_eq!(slurm.output("waits"), "ran\n");
}

#[tokio::test]
async fn what_has_ended_meanwhile_is_told() {
    let Some(slurm) = Slurm::start() else { return };
    let mut first = slurm.submit("over", sh("echo ran; exit 6"), any()).await;
    ended(&mut first).await;
    let slurm = slurm.again();
    let mut handle = slurm.attached("over").await;
    assert_eq!(ended(&mut handle).await.end, RunEnd::Exited { code: 6 });
}

/// Some controllers forget a job soon.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_controller_has_forgotten_is_in_the_record_or_in_the_accounts() {
    let Some(slurm) = Slurm::start_with(&[("ACCOUNTS", "1"), ("MIN_JOB_AGE", "2")]) else { return };
    let mut first = slurm.submit("over", sh("exit 6"), any()).await;
    ended(&mut first).await;
    let killed =
        slurm.submit("cancelled", sh("trap '' TERM; echo on; while :; do sleep 0.1; done"), any()).await;
    slurm.printed("cancelled", "on\n").await;
    drop(killed);
    let slurm = slurm.again();
    let job = slurm.job("cancelled");
    slurm.cluster.ask("scancel", &[&job]);
    solti_testing::until("both are forgotten", || {
        slurm.cluster.ask("squeue", &["-h", "-t", "all", "-o", "%i"]).is_empty()
    })
    .await;
    let mut handle = slurm.attached("over").await;
    assert_eq!(ended(&mut handle).await.end, RunEnd::Exited { code: 6 });
    let mut handle = slurm.attached("cancelled").await;
    let said = ended(&mut handle).await.end.describe(None);
    assert_eq!(said.as_deref(), Some("cancelled in the cluster by root"));
}

#[tokio::test]
async fn what_was_never_submitted_never_runs_later() {
    let Some(slurm) = Slurm::start() else { return };
    let (dir, run) = (slurm.run_dir("late"), slurm.run("late"));
    let nothing = slurm.runner.attach(&dir, &run).await;
    assert!(matches!(nothing, Ok(Attached::Lost(LostReason::NeverStarted))), "{nothing:?}");
    // All is written, and the engine dies before the cluster has it: as after a submit that is refused.
    let refused = slurm.request("late", sh("echo ran"), in_partition("nosuch"));
    slurm.refused(refused).await;
    assert!(dir.join("launch").exists());
    let attached = slurm.runner.attach(&dir, &run).await;
    assert!(matches!(attached, Ok(Attached::Lost(LostReason::NeverStarted))), "{attached:?}");
    // The call that its death has left half-way comes through after all.
    let script = dir.join("job.sh");
    slurm.cluster.ask("sbatch", &["--output=/dev/null", "--job-name=late", script.to_str().unwrap()]);
    solti_testing::until("it is over", || {
        slurm.cluster.ask("squeue", &["-h", "-t", "all", "-n", "late", "-o", "%T"]) == "FAILED"
    })
    .await;
    assert_eq!(slurm.output("late"), "");
}
