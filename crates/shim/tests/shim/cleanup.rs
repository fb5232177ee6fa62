//! What is taken away once the tree is gone: after the end of a run, before it is told of one that was ended, and not where somebody
//! else wants to see it first.

use solti_shim::exit_record::{LeaderStatus, RunEnd};
use solti_shim::launch::Cleanup;
use solti_testing::wait_until;

use crate::harness::Plan;

/// A plan whose cleanup removes the file `left`, which the program has made in its folder.
fn leaving(script: &str, folder: &std::path::Path) -> Plan {
    let left = folder.join("left");
    std::fs::write(&left, "").unwrap();
    let mut plan = Plan::sh(script);
    plan.spec.cleanup =
        Some(Cleanup { argv: vec!["/bin/rm".into(), left.into()], except_after: vec![125, 127] });
    plan
}

#[test]
fn what_a_run_leaves_is_taken_away_after_its_end() {
    for code in [0, 3] {
        let folder = tempfile::tempdir().unwrap();
        let ended = leaving(&format!("exit {code}"), folder.path()).run();
        assert_eq!(ended.end, RunEnd::Ended(LeaderStatus::Code(code)));
        wait_until("it is taken away", || !folder.path().join("left").exists());
    }
}

/// Stops a run that is cleaned up after by this script, and waits for its end.
fn stopped(folder: &std::path::Path, script: &str) {
    let mut plan = leaving("echo on; exec sleep 600", folder);
    let words = ["/bin/sh", "-c", &format!("cd '{}'; {script}", folder.display())];
    plan.spec.cleanup = Some(Cleanup { argv: words.map(Into::into).to_vec(), except_after: vec![] });
    let running = plan.start();
    running.lines(1);
    running.stop();
    running.wait();
}

#[test]
fn what_takes_it_away_hears_every_signal() {
    let folder = tempfile::tempdir().unwrap();
    stopped(folder.path(), "grep ^SigBlk: /proc/self/status > left");
    let blocked = std::fs::read_to_string(folder.path().join("left")).unwrap();
    assert_eq!(blocked, "SigBlk:\t0000000000000000\n");
}

#[test]
fn what_somebody_wants_to_see_first_stays() {
    let folder = tempfile::tempdir().unwrap();
    let ended = leaving("exit 125", folder.path()).run();
    assert_eq!(ended.end, RunEnd::Ended(LeaderStatus::Code(125)));
    assert!(folder.path().join("left").exists());
}

#[test]
fn of_a_run_that_is_ended_nothing_is_left_when_its_end_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let running = leaving("echo on; exec sleep 600", folder.path()).start();
    running.lines(1);
    running.stop();
    let ended = running.wait();
    assert_eq!(ended.end, RunEnd::Stopped(Some(LeaderStatus::Signal(libc::SIGTERM))));
    assert!(!folder.path().join("left").exists());
}

#[test]
fn what_cannot_be_taken_away_at_once_is_a_little_later() {
    let folder = tempfile::tempdir().unwrap();
    // Fails the first time.
    stopped(folder.path(), "[ -e tried ] && exec rm left; touch tried; exit 1");
    assert!(!folder.path().join("left").exists());
}
