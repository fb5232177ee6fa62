//! A run that stands still: all its processes, and its timeout with them.

use crate::harness::{Control, Plan, Running};
use solti_shim::control::{Reply, Request};
use solti_shim::exit_record::{LeaderStatus, RunEnd};
use solti_testing::wait_until;

fn reported(control: &mut Control, request: Request) -> bool {
    control.send(request);
    let Reply::Status { suspends, suspended, .. } = control.receive() else { panic!("no status") };
    assert!(suspends);
    suspended
}

/// By the word of its state, or by the freezer of its group.
fn stands_still(pid: u32) -> bool {
    let read = |name: &str| std::fs::read_to_string(format!("/proc/{pid}/{name}")).unwrap_or_default();
    let stat = read("stat");
    let state = &stat[stat.rfind(')').expect("it lives") + 2..];
    let group = read("cgroup").lines().find_map(|line| line.strip_prefix("0::").map(str::to_owned));
    let frozen = |root: &str| {
        let events = format!("{root}{}/cgroup.events", group.as_deref().unwrap_or_default());
        std::fs::read_to_string(events).is_ok_and(|events| events.contains("frozen 1"))
    };
    state.starts_with('T') || frozen("/sys/fs/cgroup") || frozen("/sys/fs/cgroup/unified")
}

/// A tree with a member in a session of its own; the pids of all.
fn tree(script: &str, timeout_ms: Option<u64>) -> (Running, Vec<u32>) {
    let mut plan =
        Plan::sh(&format!("setsid sh -c 'echo $$; sleep 600 & echo $!; wait' & echo $$; {script} wait"));
    plan.spec.timeout_ms = timeout_ms;
    let running = plan.start();
    let pids = running.pids(3);
    (running, pids)
}

#[test]
fn all_of_a_run_stands_still_and_goes_on() {
    let (running, pids) = tree("", None);
    let mut control = running.connect();
    for _ in 0..2 {
        assert!(reported(&mut control, Request::Suspend));
        wait_until("all stand still", || pids.iter().all(|pid| stands_still(*pid)));
    }
    assert!(reported(&mut running.connect(), Request::Status), "also to others");
    assert!(!reported(&mut control, Request::Resume));
    wait_until("all go on", || !pids.iter().any(|pid| stands_still(*pid)));
    running.stop();
    running.wait();
}

#[test]
fn a_timeout_stands_still_with_its_run() {
    let timeout = Some(400);
    let (still, _) = tree("", timeout);
    let mut control = still.connect();
    assert!(reported(&mut control, Request::Suspend));
    // The same timeout, begun later, passes meanwhile.
    let (other, _) = tree("", timeout);
    assert!(matches!(other.wait().end, RunEnd::TimedOut(_)));
    assert!(reported(&mut control, Request::Status), "it is still there");
    assert!(!reported(&mut control, Request::Resume));
    assert!(matches!(still.wait().end, RunEnd::TimedOut(_)));
}

#[test]
fn a_run_that_stands_still_is_asked_to_end_as_any_other() {
    let (running, _) = tree("trap 'echo asked; exit 7' TERM;", None);
    assert!(reported(&mut running.connect(), Request::Suspend));
    running.stop();
    let ended = running.wait();
    assert_eq!(ended.end, RunEnd::Stopped(Some(LeaderStatus::Code(7))));
    assert!(String::from_utf8_lossy(&ended.log).contains("asked"));
}
