//! Limits that the kernel enforces on a run's control group, and what is said of them afterwards. They need a group with
//! controllers, which few machines give: `scripts/in-uml.sh` runs these on a kernel that has them.

use std::time::Duration;

use solti_shim::cgroup::{GroupBase, RunGroup, Unenforced};
use solti_shim::exit_record::{LeaderStatus, RunEnd};
use solti_shim::launch::Limits;
use solti_testing::wait_until;

use crate::harness::{Ended, Plan};

const MB: u64 = 1_000_000;
/// A program that keeps so many bytes in memory.
const GREEDY: &str = "set -o pipefail; head -c 60000000 /dev/zero | tail -c 60000000 | wc -c";

/// What this system refuses of all the limits that need a group.
fn refused() -> Unenforced {
    let all = Limits {
        memory_bytes: Some(500 * MB),
        cpu_percent: Some(100),
        processes: Some(100),
        ..Limits::default()
    };
    let nowhere = Unenforced::without_group(&all);
    let Some(base) = GroupBase::find() else { return nowhere };
    let Ok(group) = RunGroup::create(&base, &format!("probe-{}/1", std::process::id())) else {
        return nowhere;
    };
    let refused = group.limit(&all);
    group.remove();
    refused
}

/// Whether limits can be tried here; says so when not.
fn enforced() -> bool {
    let enforced = refused() == Unenforced::default();
    if !enforced {
        println!("skipped: no control group here limits memory, processors and processes ({:?})", refused());
    }
    enforced
}

fn run(script: &str, limits: Limits) -> (Unenforced, Ended) {
    let mut plan = Plan::program(&["/bin/bash", "-c", script]);
    plan.spec.limits = limits;
    let running = plan.start();
    (running.unenforced, running.wait())
}

fn said(ended: &Ended) -> String {
    String::from_utf8_lossy(&ended.log).into_owned()
}

#[test]
fn what_cannot_be_enforced_is_said_at_the_start_and_the_run_goes_on() {
    let limits = Limits {
        memory_bytes: Some(500 * MB),
        cpu_percent: Some(100),
        processes: Some(100),
        ..Limits::default()
    };
    let (unenforced, ended) = run("echo on", limits);
    assert_eq!(unenforced, refused());
    assert_eq!((ended.end, said(&ended).as_str()), (RunEnd::Ended(LeaderStatus::Code(0)), "on\n"));
    assert_eq!(run("echo on", Limits::default()).0, Unenforced::default(), "nothing was asked for");
}

#[test]
fn over_its_memory_a_run_is_ended_and_it_is_known_why() {
    if !enforced() {
        return;
    }
    let (unenforced, ended) = run(GREEDY, Limits { memory_bytes: Some(30 * MB), ..Limits::default() });
    assert_eq!(unenforced, Unenforced::default());
    assert_ne!(ended.end, RunEnd::Ended(LeaderStatus::Code(0)), "{}", said(&ended));
    assert!(ended.flags.oom_killed, "{:?}", ended.flags);
    let peak = ended.usage().peak_memory_bytes.expect("counted");
    assert!((20 * MB..=31 * MB).contains(&peak), "{peak}");
}

#[test]
fn a_kill_within_the_memory_is_not_laid_to_it() {
    if !enforced() {
        return;
    }
    let limits = Limits { memory_bytes: Some(400 * MB), ..Limits::default() };
    let (_, ended) = run(&format!("{GREEDY}; kill -KILL $$"), limits);
    assert_eq!(ended.end, RunEnd::Ended(LeaderStatus::Signal(libc::SIGKILL)));
    assert_eq!(said(&ended), "60000000\n");
    assert!(!ended.flags.oom_killed);
    // All of it was counted, also what was not the shell's.
    assert!(ended.usage().peak_memory_bytes.is_some_and(|peak| peak > 60 * MB));
}

#[test]
fn no_more_processes_than_the_limit_are_there_at_a_time() {
    if !enforced() {
        return;
    }
    // Each that was made says so. This shell gives up when it is refused one; others try for half a minute.
    let six = "exec dash -c 'for i in 1 2 3 4 5 6; do (echo made; exec sleep 5) & done; wait'";
    let (unenforced, ended) = run(six, Limits { processes: Some(4), ..Limits::default() });
    assert_eq!(unenforced, Unenforced::default());
    let log = said(&ended);
    assert!(log.lines().filter(|line| *line == "made").count() <= 3, "{log}");
    assert!(log.contains("Cannot fork"), "{log}");
    let (_, ended) = run(six, Limits { processes: Some(7), ..Limits::default() });
    assert_eq!(said(&ended), "made\n".repeat(6), "a limit that is not reached");
}

#[test]
fn a_share_of_a_processor_is_no_more_than_that() {
    if !enforced() {
        return;
    }
    let script = "group=/sys/fs/cgroup$(sed 's/0:://' /proc/self/cgroup); \
                  timeout 2 bash -c 'while :; do :; done'; grep nr_throttled $group/cpu.stat";
    let (_, ended) = run(script, Limits { cpu_percent: Some(20), ..Limits::default() });
    let throttled = said(&ended).trim().strip_prefix("nr_throttled ").and_then(|n| n.parse::<u32>().ok());
    assert!(throttled.is_some_and(|times| times > 5), "{}", said(&ended));
    // Kernels count in periods and ticks; without a limit the loop takes all there is.
    let (used, all) = (Duration::from_micros(ended.usage().cpu_us), ended.duration());
    println!("{used:?} of {all:?}");
    assert!(used < all.mul_f32(0.35), "{used:?} of {all:?}");
}

#[test]
fn a_fork_storm_inside_its_limit_ends_when_it_is_stopped() {
    if !enforced() {
        return;
    }
    let storm = "storm() { trap '' TERM; while :; do storm & sleep 0.01; done; }; echo up; storm 2>/dev/null";
    let mut plan = Plan::program(&["/bin/bash", "-c", storm]);
    plan.spec.limits = Limits { processes: Some(80), ..Limits::default() };
    plan.spec.grace_ms = 100;
    let running = plan.start();
    running.lines(1);
    let group = RunGroup::left_behind(&running.run_id()).expect("a group of its own");
    wait_until("the storm grows", || group.processes().len() >= 60);
    assert!(group.processes().len() <= 80);
    running.stop();
    let ended = running.wait();
    assert!(!ended.flags.survivors && !ended.flags.oom_killed, "{:?}", ended.flags);
}
