//! Ends that somebody else makes: a stop, a timeout, the cluster, its administrators. Each has its own sentence.

use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use solti_model::ClusterRequest;
use solti_runner::{ClusterEnd, RunEnd, Runner as _, StartCause, StopMode};

use crate::common::{command, sh, within};
use crate::support::{Slurm, all_of, begun, ended, in_partition, sentence, waits};

const UNTIL_ASKED: &str = "trap 'echo asked; exit 5' TERM; echo on; while :; do sleep 0.1; done";
const UNTIL_KILLED: &str = "trap '' TERM; echo on; while :; do sleep 0.1; done";

fn any() -> ClusterRequest {
    ClusterRequest::default()
}

#[tokio::test]
async fn a_stop_asks_first() {
    let Some(slurm) = Slurm::start() else { return };
    let mut handle = slurm.submit("asked", sh(UNTIL_ASKED), any()).await;
    slurm.printed("asked", "on\n").await;
    handle.controller().stop(StopMode::Graceful).await;
    assert_eq!(ended(&mut handle).await.end, RunEnd::Stopped { code: Some(5), signal: None });
    assert!(slurm.output("asked").contains("asked\n"));
}

#[tokio::test]
async fn a_kill_does_not() {
    let Some(slurm) = Slurm::start() else { return };
    let mut handle = slurm.submit("killed", sh(UNTIL_KILLED), any()).await;
    slurm.printed("killed", "on\n").await;
    handle.controller().stop(StopMode::Kill).await;
    assert!(matches!(ended(&mut handle).await.end, RunEnd::Stopped { .. }));
    assert_eq!(slurm.output("killed"), "on\n");
}

#[tokio::test]
async fn its_own_timeout_is_kept_on_the_node() {
    let Some(slurm) = Slurm::start() else { return };
    let mut request = slurm.request("late", sh("exec sleep 600"), any());
    request.timeout = Some(Duration::from_millis(300));
    let mut handle = slurm.runner.start(request).await.unwrap();
    let outcome = ended(&mut handle).await;
    assert_eq!(outcome.end, RunEnd::TimedOut { code: None, signal: Some(15) });
    assert!(outcome.duration >= Duration::from_millis(300));
}

#[tokio::test]
async fn a_time_limit_of_the_cluster_is_another_end() {
    let Some(slurm) = Slurm::start() else { return };
    let cluster = ClusterRequest { time_minutes: Some(60), ..any() };
    let mut handle = slurm.submit("limited", sh("echo on; exec sleep 600"), cluster).await;
    slurm.printed("limited", "on\n").await;
    slurm.cluster.ask("scontrol", &["update", &format!("JobId={}", slurm.job("limited")), "EndTime=now"]);
    let outcome = ended(&mut handle).await;
    assert_eq!(
        outcome.end,
        RunEnd::Cluster {
            counts_as: ClusterEnd::TimedOut,
            why: "ended by the cluster: its time limit is reached".into()
        }
    );
    assert_eq!(slurm.output("limited"), "on\n");
}

#[tokio::test]
async fn who_has_cancelled_it_is_named_where_accounts_are_kept() {
    let Some(slurm) = Slurm::start_with(&[("ACCOUNTS", "1")]) else { return };
    let mut runs = slurm.submit("runs", sh(UNTIL_KILLED), any()).await;
    slurm.printed("runs", "on\n").await;
    let mut queued = slurm.submit("queued", sh("echo on"), in_partition("closed")).await;
    waits(&queued, "is down").await;
    slurm.cluster.ask("scancel", &[&slurm.job("runs"), &slurm.job("queued")]);
    for handle in [&mut runs, &mut queued] {
        assert_eq!(sentence(handle).await, "cancelled in the cluster by root");
    }
}

#[tokio::test]
async fn one_that_is_preempted_says_so() {
    let Some(slurm) = Slurm::start() else { return };
    let low = ClusterRequest { partition: Some("low".into()), ..all_of("n3") };
    let mut low = slurm.submit("low", sh(UNTIL_KILLED), low).await;
    slurm.printed("low", "on\n").await;
    let mut main = slurm.submit("main", sh("echo ran"), all_of("n3")).await;
    let said = sentence(&mut low).await;
    assert_eq!(said, "ended by the cluster for a job that goes before it (preempted)");
    assert_eq!(ended(&mut main).await.end, RunEnd::Exited { code: 0 });
}

#[tokio::test]
async fn one_that_takes_more_memory_than_it_has_asked_for_says_so() {
    let Some(slurm) = Slurm::start_with(&[("CONFINED", "1")]) else { return };
    let text = "echo on; head -c 400000000 /dev/zero | tail -c 400000000 >/dev/null";
    let mut request = slurm.request("much", sh(text), any());
    request.limits.memory_bytes = Some(40 << 20);
    let mut handle = slurm.runner.start(request).await.unwrap();
    let outcome = ended(&mut handle).await;
    let why = "ended by the cluster: it used more memory than it had asked for".to_owned();
    assert_eq!(outcome.end, RunEnd::Cluster { counts_as: ClusterEnd::Failed, why });
    // Its shell says that one of its programs was killed.
    assert!(slurm.output("much").starts_with("on\n"));
    let mut request = slurm.request("little", sh("echo on"), any());
    request.limits.memory_bytes = Some(40 << 20);
    let mut handle = slurm.runner.start(request).await.unwrap();
    assert_eq!(ended(&mut handle).await.end, RunEnd::Exited { code: 0 });
}

#[tokio::test]
async fn one_that_its_node_cannot_begin_was_cancelled_by_nobody() {
    let Some(slurm) = Slurm::start() else { return };
    let folder = slurm.cluster.shared.parent().unwrap();
    let (prolog, conf) = (folder.join("prolog"), folder.join("slurm.conf"));
    std::fs::write(&prolog, "#!/bin/sh\nexit 1\n").unwrap();
    std::fs::set_permissions(&prolog, std::fs::Permissions::from_mode(0o755)).unwrap();
    let text = std::fs::read_to_string(&conf).unwrap();
    std::fs::write(&conf, format!("{text}\nProlog={}\n", prolog.display())).unwrap();
    slurm.cluster.ask("scontrol", &["reconfigure"]);
    let mut handle = slurm.submit("never", sh("echo ran"), any()).await;
    let end = ended(&mut handle).await.end;
    let RunEnd::Cluster { counts_as, why } = end else { panic!("{end:?}") };
    assert_eq!(counts_as, ClusterEnd::Failed, "{why}");
    assert!(why.contains(" could not begin it (its prolog or slurmd failed)"), "{why}");
    assert_eq!(slurm.output("never"), "");
}

#[tokio::test]
async fn one_that_the_cluster_suspends_says_so_while_it_stands_still() {
    let Some(slurm) = Slurm::start() else { return };
    let mut handle = slurm.submit("still", sh(UNTIL_ASKED), any()).await;
    slurm.printed("still", "on\n").await;
    let mut trouble = handle.trouble();
    slurm.cluster.ask("scontrol", &["suspend", &slurm.job("still")]);
    let suspended = |why: &Option<String>| why.as_deref() == Some("the cluster has suspended it");
    within("it is told", trouble.wait_for(suspended)).await.unwrap();
    slurm.cluster.ask("scontrol", &["resume", &slurm.job("still")]);
    within("it goes on", trouble.wait_for(Option::is_none)).await.unwrap();
    handle.controller().stop(StopMode::Graceful).await;
    assert_eq!(ended(&mut handle).await.end, RunEnd::Stopped { code: Some(5), signal: None });
}

#[tokio::test]
async fn a_program_is_the_nodes_and_one_that_is_not_there_has_not_started() {
    let Some(slurm) = Slurm::start() else { return };
    let mut there = slurm.submit("there", command(&["echo", "on"]), any()).await;
    assert_eq!(ended(&mut there).await.end, RunEnd::Exited { code: 0 });
    assert_eq!(slurm.output("there"), "on\n");
    let mut missing = slurm.submit("missing", command(&["no-such-program-here"]), any()).await;
    let end = ended(&mut missing).await.end;
    let RunEnd::StartFailed(failure) = end else { panic!("{end:?}") };
    assert_eq!(failure.cause, StartCause::NoSuchProgram);
}

#[tokio::test]
async fn a_shim_that_is_not_on_the_node_is_a_start_that_failed() {
    let Some(slurm) = Slurm::start() else { return };
    let mut handle = slurm.submit("gone", sh("echo ran"), in_partition("closed")).await;
    waits(&handle, "is down").await;
    std::fs::remove_dir_all(slurm.cluster.shared.join("solti/bin")).unwrap();
    let job = format!("JobId={}", slurm.job("gone"));
    slurm.cluster.ask("scontrol", &["update", &job, "Partition=main"]);
    let outcome = ended(&mut handle).await;
    assert!(matches!(outcome.end, RunEnd::StartFailed(_)), "{outcome:?}");
    let said = outcome.end.describe(None).unwrap_or_default();
    assert!(
        said.contains("could not start it") && said.contains("does not have the shared folder"),
        "{said}"
    );
}

#[tokio::test]
async fn one_that_a_failed_run_has_killed_is_no_end_of_the_cluster() {
    let Some(slurm) = Slurm::start() else { return };
    let mut handle = slurm.submit("killed", sh("kill -KILL $$"), any()).await;
    assert_eq!(ended(&mut handle).await.end, RunEnd::Signaled { signal: 9 });
    begun(&handle).await;
}
