//! That the log is what the program wrote, all of it, whatever happens around it.

use std::io::Read;
use std::process::{Command, Stdio};

use solti_shim::exit_record::{LeaderStatus, RunEnd};

use crate::harness::{PATIENCE, Plan, ends_within};

#[test]
fn both_streams_and_a_last_line_without_newline_are_kept() {
    let ended = Plan::sh("echo out; echo err >&2; printf tail").run();
    let mut lines: Vec<_> = ended.log.split(|&byte| byte == b'\n').map(String::from_utf8_lossy).collect();
    lines.sort();
    assert_eq!(lines, ["err", "out", "tail"]);
}

#[test]
fn a_burst_of_64_mib_is_complete() {
    let ended = Plan::sh("head -c 67108864 /dev/zero | tr '\\0' 'x'").run();
    assert_eq!(ended.end, RunEnd::Ended(LeaderStatus::Code(0)));
    // A row that is longer than a segment is ended there by a newline of the log's own.
    let (text, ends): (Vec<u8>, Vec<u8>) = ended.log.iter().partition(|&&byte| byte == b'x');
    assert_eq!(text.len(), 64 << 20);
    assert_eq!(ends, b"\n");
    assert!(!ended.flags.log_incomplete);
}

#[test]
fn many_lines_are_complete_and_in_order() {
    let ended = Plan::sh("seq 1 1000000").run();
    let expected: String = (1..=1_000_000).map(|n| format!("{n}\n")).collect();
    assert!(ended.log == expected.as_bytes(), "{} bytes, expected {}", ended.log.len(), expected.len());
}

#[test]
fn what_was_written_right_before_the_end_is_kept() {
    let ended = Plan::sh("seq 1 20000; seq 1 20000 >&2").run();
    assert_eq!(ended.log.iter().filter(|&&byte| byte == b'\n').count(), 40_000);
}

#[test]
fn a_silent_run_leaves_no_log_files() {
    let ended = Plan::program(&["/bin/true"]).run();
    assert_eq!(ended.files(), ["exit"]);
}

#[test]
fn a_program_that_closes_its_output_goes_on() {
    let ended = Plan::sh("exec >&- 2>&-; sleep 0.2; exit 6").run();
    assert_eq!(ended.end, RunEnd::Ended(LeaderStatus::Code(6)));
}

#[test]
fn a_log_that_can_grow_no_further_does_not_harm_the_program() {
    let running = Plan::sh("read go < fifo; seq 1 300000; exit 3").start_with_fifo();
    let limit = libc::rlimit { rlim_cur: 1 << 20, rlim_max: 1 << 20 };
    // SAFETY: a valid limit in, nothing out.
    let set = unsafe {
        let shim = running.shim_pid() as libc::pid_t;
        libc::prlimit(shim, libc::RLIMIT_FSIZE, &raw const limit, std::ptr::null_mut())
    };
    assert_eq!(set, 0);
    running.release_fifo();
    let ended = running.wait();
    assert_eq!(ended.end, RunEnd::Ended(LeaderStatus::Code(3)));
    assert!(ended.flags.log_incomplete, "the loss is recorded");
    let whole: String = (1..=300_000).map(|n| format!("{n}\n")).collect();
    assert!(whole.as_bytes().starts_with(&ended.log[..1 << 19]), "what fits is kept");
}

#[test]
fn the_run_goes_on_when_its_spawner_is_killed() {
    // The spawner is this very test program, told by a variable to start one run and then wait for its death.
    let mut spawner = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "outputs::spawner_that_is_killed", "--ignored", "--nocapture"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut reported = String::new();
    let mut stdout = spawner.stdout.take().unwrap();
    let (shim, folder) = loop {
        let mut chunk = [0; 4096];
        let len = stdout.read(&mut chunk).unwrap();
        assert_ne!(len, 0, "spawner ended: {reported}");
        reported.push_str(std::str::from_utf8(&chunk[..len]).unwrap());
        if let Some((_, rest)) = reported.split_once("shim=")
            && let Some((line, _)) = rest.split_once('\n')
        {
            let (pid, folder) = line.split_once(' ').unwrap();
            break (pid.parse::<u32>().unwrap(), std::path::PathBuf::from(folder));
        }
    };
    spawner.kill().unwrap();
    spawner.wait().unwrap();
    std::fs::write(folder.join("go"), "").unwrap();
    assert!(ends_within(shim, PATIENCE));
    let log = std::fs::read_to_string(folder.join("output.log")).unwrap();
    assert_eq!(log, "before\nafter\n");
    let exit = std::fs::read(folder.join("exit")).unwrap();
    let record = solti_shim::exit_record::ExitRecord::decode(&exit).unwrap();
    assert!(matches!(
        record.state,
        solti_shim::exit_record::RunState::Final { end: RunEnd::Ended(LeaderStatus::Code(9)), .. }
    ));
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
#[ignore = "the victim of the_run_goes_on_when_its_spawner_is_killed, not a test by itself"]
fn spawner_that_is_killed() {
    let mut plan = Plan::sh("echo before; while ! test -e go; do sleep 0.02; done; echo after; exit 9");
    plan.spec.cwd = Some(plan.folder.path().into());
    let mut running = plan.start();
    running.folder.disable_cleanup(true);
    running.lines(1);
    println!("shim={} {}", running.shim_pid(), running.dir().display());
    ends_within(running.shim_pid(), PATIENCE);
}
