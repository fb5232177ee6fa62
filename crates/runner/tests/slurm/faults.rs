//! What goes on, and what does not, when a part of the cluster dies.

use solti_model::ClusterRequest;
use solti_runner::{AttachError, ClusterEnd, LostReason, RunEnd, RunHandle, Runner as _, StopMode};
use solti_shim::tree::Membership;
use solti_testing::{until, within};

use crate::common::sh;
use crate::support::{Slurm, begun, ended};

/// Prints a line now and then until there is a file.
fn until_file(slurm: &Slurm, name: &str) -> (solti_model::TaskKind, std::path::PathBuf) {
    let file = slurm.cluster.shared.join(name);
    (
        sh(&format!(
            "i=0; while [ ! -e {} ]; do echo $i; i=$((i + 1)); sleep 0.1; done; echo over",
            file.display()
        )),
        file,
    )
}

async fn troubled(handle: &RunHandle, is: bool) {
    let mut trouble = handle.trouble();
    within("word of it", trouble.wait_for(|trouble| trouble.is_some() == is)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_controller_that_is_away_ends_nothing_and_loses_no_line() {
    let Some(slurm) = Slurm::start() else { return };
    let (kind, file) = until_file(&slurm, "over");
    let mut handle = slurm.submit("away", kind, ClusterRequest::default()).await;
    begun(&handle).await;
    slurm.cluster.until_saved();
    slurm.cluster.kill("slurmctld");
    troubled(&handle, true).await;
    let said = handle.trouble().borrow().clone().unwrap();
    assert!(said.contains("the cluster"), "{said}");
    // The log is followed all the while.
    let (mut bell, before) = (handle.doorbell(), slurm.output("away").len());
    until("lines go on", || slurm.output("away").len() > before + 20).await;
    while within("the doorbell", bell.rung()).await.unwrap() <= before as u64 {}
    // One that is looked for now is not lost either.
    let attached = slurm.runner.attach(&slurm.run_dir("away"), &slurm.run("away")).await;
    assert!(matches!(attached, Err(AttachError::Cluster { .. })), "{attached:?}");
    slurm.cluster.start_controller();
    troubled(&handle, false).await;
    std::fs::write(file, "").unwrap();
    assert_eq!(ended(&mut handle).await.end, RunEnd::Exited { code: 0 });
    let output = slurm.output("away");
    let lines: Vec<_> = output.lines().collect();
    let numbers = (0..lines.len() - 1).map(|n| n.to_string()).chain(["over".to_owned()]);
    assert_eq!(lines, numbers.collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_reaches_a_run_whose_controller_is_away() {
    let Some(slurm) = Slurm::start() else { return };
    let mut handle = slurm.submit("stop", sh("echo on; exec sleep 600"), ClusterRequest::default()).await;
    slurm.printed("stop", "on\n").await;
    slurm.cluster.kill("slurmctld");
    handle.controller().stop(StopMode::Graceful).await;
    assert_eq!(ended(&mut handle).await.end, RunEnd::Stopped { code: None, signal: Some(15) });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_submit_that_nobody_has_answered_is_made_once() {
    let Some(slurm) = Slurm::start() else { return };
    slurm.cluster.kill("slurmctld");
    let request = slurm.request("once", sh("echo ran"), ClusterRequest::default());
    let said = slurm.runner.start(request).await.unwrap_err().to_string();
    assert!(said.contains("contact"), "{said}");
    let (dir, run) = (slurm.run_dir("once"), slurm.run("once"));
    assert!(slurm.runner.attach(&dir, &run).await.is_err(), "the cluster cannot be asked");
    slurm.cluster.start_controller();
    let attached = async {
        loop {
            if let Ok(attached) = slurm.runner.attach(&dir, &run).await {
                return attached;
            }
        }
    };
    let attached = within("the controller", attached).await;
    assert!(matches!(attached, solti_runner::Attached::Lost(LostReason::NeverStarted)), "{attached:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_whose_daemon_dies_fails_the_run_and_what_goes_on_there_is_ended() {
    let Some(slurm) = Slurm::start() else { return };
    let n2 = ClusterRequest { constraint: Some("n2".into()), ..ClusterRequest::default() };
    let mut handle = slurm.submit("node", sh("trap '' TERM; echo on; while :; do sleep 0.1; done"), n2).await;
    slurm.printed("node", "on\n").await;
    begun(&handle).await;
    // Without the daemon nobody ends the job there: its processes go on.
    slurm.cluster.kill("slurmd.n2");
    let outcome = ended(&mut handle).await;
    let why = "its node n2 failed, or could not be reached any more".to_owned();
    assert_eq!(outcome.end, RunEnd::Cluster { counts_as: ClusterEnd::Failed, why });
    let run = slurm.run("node").to_string();
    until("what went on there is ended", || {
        Membership { run_id: &run, not_before_ticks: 0 }
            .members()
            .unwrap()
            .iter()
            .all(|process| process.zombie)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shim_that_is_killed_leaves_a_lost_run() {
    let Some(slurm) = Slurm::start() else { return };
    let mut handle = slurm.submit("shim", sh("echo on; exec sleep 600"), ClusterRequest::default()).await;
    slurm.printed("shim", "on\n").await;
    let place = begun(&handle).await;
    let child = place.words.rsplit("pid ").next().and_then(|rest| rest.split(' ').next()).unwrap();
    let shim = crate::common::shim_of(child.parse().unwrap());
    let killed = std::process::Command::new("kill").args(["-KILL", &shim.to_string()]).status().unwrap();
    assert!(killed.success());
    assert_eq!(ended(&mut handle).await.end, RunEnd::Lost { reason: LostReason::ShimGone });
}
