//! A job of a cluster: nobody but its folder reaches it.

use std::fs;

use solti_shim::exit_record::{LeaderStatus, RunEnd};
use solti_shim::layout::{EXIT, KILL_WORD, SOCKET, STOP};
use solti_testing::wait_until;

use crate::harness::{Plan, Running};

fn job(script: &str) -> Plan {
    let mut plan = Plan::sh(script);
    plan.spec.cluster = true;
    plan
}

/// Waits by the log alone: there is no doorbell.
fn printed(run: &Running, text: &str) {
    let log = run.dir().join("output.log");
    wait_until("the output is in the log", || fs::read_to_string(&log).is_ok_and(|log| log.contains(text)));
}

#[test]
fn it_exits_as_the_program_did() {
    for (script, end, code) in [
        ("exit 0", LeaderStatus::Code(0), 0),
        ("exit 7", LeaderStatus::Code(7), 7),
        ("kill -KILL $$", LeaderStatus::Signal(libc::SIGKILL), 128 + libc::SIGKILL),
    ] {
        let ended = job(script).start().wait_for_code(code);
        assert_eq!(ended.end, RunEnd::Ended(end));
    }
}

#[test]
fn it_has_the_environment_of_the_job_below_its_own_and_no_socket() {
    let mut plan = job("echo \"$HOME $CARGO_MANIFEST_DIR $SOLTI_RUN_ID\"; ls");
    plan.spec.env = vec![("CARGO_MANIFEST_DIR".into(), "own".into())];
    plan.spec.cwd = Some(plan.folder.path().to_owned());
    let run_id = plan.spec.run_id.clone();
    let ended = plan.run();
    let log = String::from_utf8(ended.log).unwrap();
    let home = std::env::var("HOME").unwrap_or_default();
    assert_eq!(log.lines().next(), Some(&*format!("{home} own {run_id}")));
    assert!(log.contains(EXIT) && !log.contains(SOCKET), "{log}");
}

#[test]
fn a_file_in_its_folder_asks_it_to_end() {
    let run = job("trap 'echo asked; exit 3' TERM; echo on; while :; do sleep 0.1; done").start();
    printed(&run, "on\n");
    fs::write(run.dir().join(STOP), "").unwrap();
    let ended = run.wait_for_code(3);
    assert_eq!(ended.end, RunEnd::Stopped(Some(LeaderStatus::Code(3))));
    assert!(String::from_utf8(ended.log).unwrap().contains("asked\n"));
}

#[test]
fn a_file_in_its_folder_ends_it_at_once() {
    let run = job("trap '' TERM; echo on; while :; do sleep 0.1; done").start();
    printed(&run, "on\n");
    fs::write(run.dir().join(STOP), KILL_WORD).unwrap();
    let ended = run.wait_for_code(128 + libc::SIGKILL);
    assert_eq!(ended.end, RunEnd::Stopped(Some(LeaderStatus::Signal(libc::SIGKILL))));
}

#[test]
fn it_ends_when_its_record_is_taken_away() {
    let run = job("trap '' TERM; echo on; while :; do sleep 0.1; done").start();
    printed(&run, "on\n");
    fs::remove_file(run.dir().join(EXIT)).unwrap();
    run.until_gone();
}
