//! How a run ends: by itself, by a signal, by a timeout, by a stop; and that nothing of the tree is left.

use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use solti_shim::cgroup::{GroupBase, RunGroup};
use solti_shim::control::Request;
use solti_shim::exit_record::{ExitRecord, LeaderStatus, RunEnd, RunState};
use solti_shim::layout;
use solti_shim::tree::{Membership, Process, descendants};
use solti_testing::wait_until;

use crate::harness::{PATIENCE, Plan, ends_within, is_alive, took};

/// Until a program has printed its first lines and set its traps; a timeout has no condition that it could wait for.
const TIME_TO_BEGIN_MS: u64 = 5_000;

const TERM: RunEnd = RunEnd::Stopped(Some(LeaderStatus::Signal(libc::SIGTERM)));

#[test]
fn exit_codes_are_kept() {
    for code in [0, 1, 3, 255] {
        let ended = Plan::sh(&format!("exit {code}")).run();
        assert_eq!(ended.end, RunEnd::Ended(LeaderStatus::Code(code)));
    }
}

#[test]
fn death_by_signal_says_which() {
    let ended = Plan::sh("kill -SEGV $$").run();
    assert_eq!(ended.end, RunEnd::Ended(LeaderStatus::Signal(libc::SIGSEGV)));
}

#[test]
fn timeout_ends_the_whole_tree() {
    let mut plan = Plan::sh("echo $$; sleep 600 & echo $!; wait");
    plan.spec.timeout_ms = Some(TIME_TO_BEGIN_MS);
    let started = Instant::now();
    let running = plan.start();
    let pids = running.pids(2);
    let ended = running.wait();
    took(started, Duration::from_millis(TIME_TO_BEGIN_MS));
    assert_eq!(ended.end, RunEnd::TimedOut(Some(LeaderStatus::Signal(libc::SIGTERM))));
    assert!(pids.iter().all(|&pid| !is_alive(pid)), "survivors of {pids:?}");
    assert!(!ended.flags.killed_after_grace && !ended.flags.survivors);
}

#[test]
fn timeout_keeps_the_exit_code_of_a_program_that_handles_term() {
    let mut plan = Plan::sh("trap 'exit 7' TERM; while :; do sleep 0.05; done");
    plan.spec.timeout_ms = Some(TIME_TO_BEGIN_MS);
    assert_eq!(plan.run().end, RunEnd::TimedOut(Some(LeaderStatus::Code(7))));
}

#[test]
fn a_program_that_ignores_term_is_killed_after_the_grace() {
    let mut plan = Plan::sh("trap '' TERM; echo $$; while :; do sleep 0.05; done");
    plan.spec.grace_ms = 300;
    let running = plan.start();
    let pids = running.pids(1);
    let started = Instant::now();
    running.stop();
    let ended = running.wait();
    took(started, Duration::from_millis(300));
    assert_eq!(ended.end, RunEnd::Stopped(Some(LeaderStatus::Signal(libc::SIGKILL))));
    assert!(ended.flags.killed_after_grace);
    assert!(!is_alive(pids[0]));
}

#[test]
fn a_child_that_outlives_its_stopped_leader_gets_the_rest_of_the_grace_and_no_more() {
    let mut plan = Plan::sh("(trap '' TERM; echo ready; while :; do sleep 0.05; done) & echo $!; wait");
    plan.spec.grace_ms = 300;
    let running = plan.start();
    let pid = running.lines(2).iter().find_map(|line| line.parse().ok()).unwrap();
    let started = Instant::now();
    running.stop();
    let ended = running.wait();
    took(started, Duration::from_millis(300));
    assert_eq!(ended.end, TERM, "the leader's own status");
    assert!(!is_alive(pid));
}

#[test]
fn a_stop_reaches_what_escaped_by_setsid_and_double_fork() {
    // The escapee ignores TERM, has a session of its own and nobody of the tree as its parent.
    let escape =
        "setsid sh -c 'trap \"\" TERM; (echo $$; exec >/dev/null 2>&1; while :; do sleep 0.05; done) & '";
    let mut plan = Plan::sh(&format!("{escape}; while :; do sleep 0.05; done"));
    plan.spec.grace_ms = 200;
    let running = plan.start();
    running.lines(1);
    let run_id = format!("{}/1", running.dir().file_name().unwrap().to_string_lossy());
    running.stop();
    let ended = running.wait();
    assert_eq!(ended.end, TERM);
    assert!(!ended.flags.survivors);
    let marked = Membership { run_id: &run_id, not_before_ticks: 0 };
    let left = marked.members().unwrap();
    assert!(left.iter().all(|process| process.zombie), "left over: {left:?}");
}

#[test]
fn a_kill_does_not_wait_for_the_grace() {
    let mut plan = Plan::sh("trap '' TERM; echo $$; while :; do sleep 0.05; done");
    plan.spec.grace_ms = 600_000;
    let running = plan.start();
    running.pids(1);
    running.stop();
    running.connect().send(Request::Kill);
    let ended = running.wait();
    assert_eq!(ended.end, RunEnd::Stopped(Some(LeaderStatus::Signal(libc::SIGKILL))));
    assert!(!ended.flags.killed_after_grace);
}

#[test]
fn a_suspended_program_can_be_stopped() {
    let running = Plan::sh("echo $$; kill -STOP $$").start();
    running.pids(1);
    running.stop();
    assert_eq!(running.wait().end, TERM);
}

#[test]
fn terminating_the_shim_is_a_graceful_stop() {
    let running = Plan::sh("trap 'echo bye; exit 5' TERM; echo hi; while :; do sleep 0.05; done").start();
    running.lines(1);
    let shim = Process::find(running.shim_pid()).unwrap();
    shim.signal(libc::SIGHUP).unwrap();
    shim.signal(libc::SIGTERM).unwrap();
    let ended = running.wait();
    assert_eq!(ended.end, RunEnd::Stopped(Some(LeaderStatus::Code(5))));
    // The shell may add a line about its own child.
    let log = String::from_utf8(ended.log).unwrap();
    assert!(log.starts_with("hi\n") && log.contains("bye\n"), "{log:?}");
}

#[test]
fn a_program_may_send_its_parent_any_other_signal() {
    let acted_on = [libc::SIGTERM, libc::SIGINT, libc::SIGKILL, libc::SIGSTOP];
    let others: Vec<_> = (1..=64).filter(|signal| !acted_on.contains(signal)).collect();
    let running = Plan::sh("echo hi; read -r go < fifo; exit 4").start_with_fifo();
    running.lines(1);
    // SAFETY: integers; the run is alive, and its shim with it.
    let sent = |signal: i32| unsafe { libc::kill(running.shim_pid().cast_signed(), signal) };
    others.iter().for_each(|&signal| assert_eq!(sent(signal), 0, "signal {signal}"));
    running.release_fifo();
    assert_eq!(running.wait().end, RunEnd::Ended(LeaderStatus::Code(4)));
}

#[test]
fn after_a_killed_shim_the_mark_finds_what_is_left() {
    let running = Plan::sh("setsid sleep 600 & echo $!; echo $$; wait").start();
    let mut pids = running.pids(2);
    let dir = layout::open_run_dir(running.dir()).unwrap();
    assert!(layout::try_lock(dir.as_fd()).unwrap().is_none(), "alive");
    let shim = Process::find(running.shim_pid()).unwrap();
    shim.signal(libc::SIGKILL).unwrap();
    assert!(ends_within(shim.pid, PATIENCE));
    assert!(layout::try_lock(dir.as_fd()).unwrap().is_some(), "dead");

    let record = ExitRecord::decode(&std::fs::read(running.dir().join(layout::EXIT)).unwrap()).unwrap();
    assert_eq!((record.state, record.child_pid), (RunState::Started, running.child_pid), "no end is guessed");

    let run_id = format!("{}/1", running.dir().file_name().unwrap().to_string_lossy());
    let marked = Membership { run_id: &run_id, not_before_ticks: shim.start_ticks };
    let members: Vec<_> = marked.members().unwrap().into_iter().filter(|process| !process.zombie).collect();
    let mut found: Vec<_> = members.iter().map(|process| process.pid).collect();
    pids.sort_unstable();
    found.sort_unstable();
    assert_eq!(found, pids);
    for process in members {
        assert!(process.signal(libc::SIGKILL).unwrap());
        assert!(ends_within(process.pid, PATIENCE));
    }
}

#[test]
fn orphans_of_a_living_run_do_not_pile_up_as_zombies() {
    // A zombie has its folder in /proc until it is reaped.
    let mut plan = Plan::sh(
        "for i in 1 2 3; do (sh -c 'echo $$ >> orphans; sleep 0.05' &); done
         until [ \"$(grep -c . orphans)\" = 3 ]; do sleep 0.02; done
         for pid in $(cat orphans); do while [ -e /proc/$pid ]; do sleep 0.02; done; done",
    );
    plan.spec.cwd = Some(plan.folder.path().into());
    assert_eq!(plan.run().end, RunEnd::Ended(LeaderStatus::Code(0)));
}

/// Processes that fork more and do not wait, under a hard limit of eighty for a user of their own; without a control
/// group, which could end them at once.
#[test]
fn a_fork_storm_ends_without_a_control_group_too() {
    // SAFETY: no arguments, cannot fail.
    if unsafe { libc::geteuid() } != 0 {
        println!("skipped: a limit on processes needs another user, and only root can become one");
        return;
    }
    let storm = "storm() { trap '' TERM; while :; do storm & sleep 0.01; done; }; echo up; storm 2>/dev/null";
    let mut plan = Plan::program(&[
        "/usr/bin/setpriv",
        "--reuid=64322",
        "--clear-groups",
        "prlimit",
        "--nproc=80:80",
        "bash",
        "-c",
        storm,
    ]);
    plan.spec.grace_ms = 100;
    // A group of its name that is there already cannot be made.
    let taken = GroupBase::find().and_then(|base| RunGroup::create(&base, &plan.spec.run_id).ok());
    let running = plan.start();
    running.lines(1);
    let members =
        || descendants(running.shim_pid()).unwrap().into_iter().filter(|process| !process.zombie).count();
    wait_until("the storm grows", || members() >= 40);
    running.stop();
    let ended = running.wait();
    assert!(!ended.flags.survivors, "{:?}", ended.flags);
    if let Some(group) = taken {
        assert!(!group.is_populated());
        group.remove();
    }
}
