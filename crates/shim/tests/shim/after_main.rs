//! What becomes of a run whose main program has ended while others of it go on.

use std::fs::{self, File};
use std::time::{Duration, Instant};

use solti_shim::control::{Holders, Reply, Request};
use solti_shim::exit_record::{LeaderStatus, RunEnd};
use solti_shim::launch::AfterMain;
use solti_shim::tree::Process;

use crate::harness::{Ended, Plan, Running, ends_within, is_alive, took};

/// The main program's own end in every plan here.
const MAIN: LeaderStatus = LeaderStatus::Code(4);

/// A main program that ends when the test lets it, and one that goes on in the background; what both print is
/// waited for.
fn start(background: &str, after_main: AfterMain) -> (Running, Vec<u32>) {
    let mut plan = Plan::sh(&format!("({background}) & echo $!; read go < fifo; exit 4"));
    plan.spec.after_main = after_main;
    plan.spec.grace_ms = 300;
    let running = plan.start_with_fifo();
    let lines = running.lines(2);
    (running, lines.iter().filter_map(|line| line.parse().ok()).collect())
}

/// Ends the main program, and returns what the shim says of it.
fn main_ended(running: &Running) -> (LeaderStatus, Holders) {
    let mut control = running.connect();
    control.send(Request::Subscribe { main_ended: true });
    running.release_fifo();
    loop {
        match control.receive() {
            Reply::MainEnded { status, holders } => return (status, holders),
            Reply::Doorbell { .. } => {}
            other => panic!("{other:?}"),
        }
    }
}

fn lines(ended: &Ended) -> Vec<String> {
    String::from_utf8_lossy(&ended.log).lines().map(str::to_owned).collect()
}

#[test]
fn who_goes_on_writing_is_a_part_of_the_run() {
    let (running, pids) =
        start("mkfifo second; echo ready; read go < second; echo late; echo later >&2", AfterMain::Wait);
    let second = running.dir().join("second");
    let (status, holders) = main_ended(&running);
    assert_eq!((status, holders.count, holders.pids[0]), (MAIN, 1, pids[0]));
    // Whoever comes later hears of it too, but for a client of a release that did not know of it.
    let mut late = running.connect();
    late.send(Request::Subscribe { main_ended: true });
    assert_eq!(late.receive(), Reply::MainEnded { status, holders });
    let mut old = running.connect();
    old.send(Request::Subscribe { main_ended: false });
    assert!(matches!(old.receive(), Reply::Doorbell { .. }));

    fs::write(&second, "go\n").unwrap();
    while !matches!(old.receive(), Reply::Exited { .. }) {}
    let ended = running.wait();
    assert_eq!(ended.end, RunEnd::Ended(MAIN), "the exit code is the main program's");
    assert_eq!(lines(&ended)[2..], ["late", "later"]);
    assert!(!ended.flags.drain_cut);
    assert!(ended.duration() >= Duration::from_millis(200), "their time is a part of the run's");
}

#[test]
fn a_daemon_that_has_closed_its_output_is_left_alone() {
    let ended = Plan::sh("setsid sleep 600 >/dev/null 2>&1 & echo $!; exit 4").run();
    assert_eq!(ended.end, RunEnd::Ended(MAIN));
    assert!(!ended.flags.drain_cut);
    let pid: u32 = std::str::from_utf8(&ended.log).unwrap().trim().parse().unwrap();
    // Ours to end, and told apart from a stranger by its start time.
    let daemon = Process::find(pid).expect("a daemon is left alone");
    assert!(daemon.signal(libc::SIGKILL).unwrap());
    assert!(ends_within(pid, Duration::from_secs(5)));
}

#[test]
fn the_rest_of_a_pipeline_needs_no_word() {
    let ended = Plan::sh("(sleep 0.05; echo late) & echo early").run();
    assert_eq!(ended.log, b"early\nlate\n");
    assert!(!ended.flags.drain_cut);
}

#[test]
fn the_timeout_holds_for_those_that_go_on() {
    let mut plan = Plan::sh("sleep 600 & echo $!; exit 4");
    plan.spec.timeout_ms = Some(700);
    let running = plan.start();
    let pids = running.pids(1);
    let ended = running.wait();
    assert_eq!(ended.end, RunEnd::TimedOut(Some(MAIN)));
    assert!(!is_alive(pids[0]) && !ended.flags.drain_cut);
    assert!(ended.duration() >= Duration::from_millis(700));
}

#[test]
fn a_stop_ends_those_that_go_on() {
    let (running, pids) = start("echo ready; exec sleep 600", AfterMain::Wait);
    main_ended(&running);
    running.stop();
    let ended = running.wait();
    assert_eq!(ended.end, RunEnd::Stopped(Some(MAIN)));
    assert!(!is_alive(pids[0]) && !ended.flags.drain_cut);
}

#[test]
fn who_is_ended_after_the_main_program_is_heard_to_the_end() {
    let polite = "trap 'echo bye; exit 0' TERM; echo ready; while :; do sleep 0.05; done";
    let (running, pids) = start(polite, AfterMain::End);
    running.release_fifo();
    let ended = running.wait();
    assert_eq!(ended.end, RunEnd::Ended(MAIN));
    assert!(lines(&ended).iter().any(|line| line == "bye"), "{:?}", lines(&ended));
    assert!(!is_alive(pids[0]) && !ended.flags.drain_cut && !ended.flags.killed_after_grace);
}

#[test]
fn who_ignores_term_after_the_main_program_is_killed_after_the_grace() {
    let (running, pids) = start("trap '' TERM; echo ready; while :; do sleep 0.05; done", AfterMain::End);
    let released = Instant::now();
    running.release_fifo();
    let ended = running.wait();
    took(released, Duration::from_millis(300));
    assert_eq!(ended.end, RunEnd::Ended(MAIN));
    assert!(!is_alive(pids[0]) && ended.flags.killed_after_grace);
}

#[test]
fn a_daemon_is_ended_too_where_nothing_is_to_go_on() {
    let mut plan = Plan::sh("setsid sleep 600 >/dev/null 2>&1 & echo $!; exit 4");
    plan.spec.after_main = AfterMain::End;
    let running = plan.start();
    let pids = running.pids(1);
    assert_eq!(running.wait().end, RunEnd::Ended(MAIN));
    assert!(!is_alive(pids[0]));
}

#[test]
fn output_that_is_held_open_outside_of_the_run_is_waited_for_until_a_stop_which_cuts_it() {
    let (running, pids) = start("echo ready; exec sleep 600", AfterMain::Wait);
    // As a service does that was given the descriptor.
    let held = File::options().write(true).open(format!("/proc/{}/fd/1", pids[0])).unwrap();
    main_ended(&running);
    assert!(Process::find(pids[0]).unwrap().signal(libc::SIGKILL).unwrap());
    let mut control = running.connect();
    control.send(Request::Subscribe { main_ended: true });
    let nobody = Reply::MainEnded { status: MAIN, holders: Holders::default() };
    while control.receive() != nobody {}
    running.stop();
    let ended = running.wait();
    assert_eq!(ended.end, RunEnd::Stopped(Some(MAIN)));
    assert!(ended.flags.drain_cut);
    drop(held);
}

#[test]
fn orphans_do_not_pile_up_as_zombies_after_the_main_program() {
    let orphans = "mkfifo second third; echo ready; read go < second; (sh -c : &); (sh -c : &); (sh -c : &); echo made; read go < third; exit 0";
    let (running, _) = start(orphans, AfterMain::Wait);
    // One each: a writer that has not closed yet would be the end of the next read.
    let [second, third] = ["second", "third"].map(|name| running.dir().join(name));
    main_ended(&running);
    // Written once somebody reads it.
    fs::write(&second, "go\n").unwrap();
    let zombies = || {
        let all = solti_shim::tree::descendants(running.shim_pid()).unwrap();
        all.iter().filter(|process| process.zombie && process.pid != running.child_pid).count()
    };
    running.lines(3);
    let began = Instant::now();
    while zombies() > 0 {
        assert!(began.elapsed() < crate::harness::PATIENCE, "they are left");
    }
    fs::write(&third, "go\n").unwrap();
    running.wait();
}

#[test]
fn nobody_escapes_by_a_session_or_namespaces_of_its_own() {
    let wrappers = [&["setsid"][..], &["unshare", "--user"], &["unshare", "--user", "--pid", "--fork"]];
    for wrapper in wrappers {
        let may = std::process::Command::new(wrapper[0]).args(&wrapper[1..]).arg("true").output();
        if !may.is_ok_and(|output| output.status.success()) {
            println!("skipped: {wrapper:?} may not be used here");
            continue;
        }
        let escape = format!(
            "{} sh -c '(sh -c \"echo ready; exec sleep 600\" &); exec sleep 600'; :",
            wrapper.join(" ")
        );
        let (running, _) = start(&escape, AfterMain::End);
        let members = solti_shim::tree::descendants(running.shim_pid()).unwrap();
        running.release_fifo();
        let ended = running.wait();
        assert_eq!(ended.end, RunEnd::Ended(MAIN), "{wrapper:?}");
        assert!(!ended.flags.survivors);
        assert!(
            members.iter().all(|process| !is_alive(process.pid)),
            "{wrapper:?} left something of {members:?}"
        );
    }
}
