//! Starts that work and starts that do not: each failure names its stage, on the pipe and in the exit record.

use std::fs;
use std::os::unix::fs::symlink;

use solti_shim::exit_record::{LeaderStatus, RunEnd};
use solti_shim::layout;
use solti_shim::start_report::{Stage, StartFailure, StartReport};

use crate::harness::{Plan, read_report, script, spawn_shim, wait_for};

fn fails_with(plan: Plan, stage: Stage, errno: i32) {
    let (failure, ended) = plan.fail();
    assert_eq!(failure, StartFailure { stage, errno });
    assert_eq!(ended.end, RunEnd::StartFailed(failure));
    assert_eq!(ended.files(), ["exit"], "a failed start leaves nothing else");
}

#[test]
fn program_missing() {
    fails_with(Plan::program(&["/nowhere/program"]), Stage::Exec, libc::ENOENT);
}

#[test]
fn program_is_a_directory() {
    fails_with(Plan::program(&["/etc"]), Stage::Exec, libc::EACCES);
}

#[test]
fn program_not_executable() {
    let files = tempfile::tempdir().unwrap();
    let path = script(files.path(), "plain", "#!/bin/sh\n", 0o644);
    fails_with(Plan::program(&[path.to_str().unwrap()]), Stage::Exec, libc::EACCES);
}

#[test]
fn interpreter_missing() {
    let files = tempfile::tempdir().unwrap();
    let path = script(files.path(), "bad", "#!/nowhere/sh\n", 0o755);
    fails_with(Plan::program(&[path.to_str().unwrap()]), Stage::Interpreter, libc::ENOENT);
}

#[test]
fn no_exec_format_is_never_run_through_a_shell() {
    let files = tempfile::tempdir().unwrap();
    let path = script(files.path(), "text", "touch ran\n", 0o755);
    let mut plan = Plan::program(&[path.to_str().unwrap()]);
    plan.spec.cwd = Some(files.path().into());
    fails_with(plan, Stage::Exec, libc::ENOEXEC);
    assert!(!files.path().join("ran").exists());
}

#[test]
fn argument_list_too_long() {
    let long = "x".repeat(200 << 10);
    fails_with(Plan::program(&["/bin/true", &long]), Stage::Exec, libc::E2BIG);
}

#[test]
fn what_it_reads_is_a_file_or_a_pipe_that_nobody_is_waited_for_at() {
    let files = tempfile::tempdir().unwrap();
    let words = files.path().join("words");
    fs::write(&words, "to be read\n").unwrap();
    let pipe = files.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for (stdin, printed) in [(None, ""), (Some(&words), "to be read\n"), (Some(&pipe), "")] {
        let mut plan = Plan::program(&["/bin/cat"]);
        plan.spec.stdin = stdin.cloned();
        let ended = plan.run();
        assert_eq!((ended.end, &*ended.log), (RunEnd::Ended(LeaderStatus::Code(0)), printed.as_bytes()));
    }
    for (path, errno) in [(files.path().join("nothing"), libc::ENOENT), (files.path().into(), libc::EISDIR)] {
        let mut plan = Plan::program(&["/bin/cat"]);
        plan.spec.stdin = Some(path);
        let (failure, ended) = plan.fail();
        assert_eq!(failure, StartFailure { stage: Stage::Stdin, errno });
        assert_eq!(ended.end, RunEnd::StartFailed(failure));
    }
}

#[test]
fn working_directory_missing_or_a_file() {
    for (cwd, errno) in [("/nowhere", libc::ENOENT), ("/etc/passwd", libc::ENOTDIR)] {
        let mut plan = Plan::program(&["/bin/true"]);
        plan.spec.cwd = Some(cwd.into());
        fails_with(plan, Stage::Chdir, errno);
    }
}

#[test]
fn launch_file_damaged() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(layout::LAUNCH), b"SLTL\x01 not a launch file").unwrap();
    let (report, mut shim) = spawn_shim(folder.path());
    let failure = StartFailure { stage: Stage::Launch, errno: libc::EINVAL };
    assert_eq!(read_report(report).unwrap(), StartReport::Failed(failure));
    wait_for(&mut shim);
}

#[test]
fn run_folder_replaced_by_a_symlink_is_not_followed() {
    let plan = Plan::program(&["/bin/true"]);
    let link = plan.folder.path().join("link");
    let target = plan.folder.path().join("target");
    fs::create_dir(&target).unwrap();
    symlink(&target, &link).unwrap();
    let (report, mut shim) = spawn_shim(&link);
    let StartReport::Failed(failure) = read_report(report).unwrap() else { panic!("followed") };
    assert_eq!(failure.stage, Stage::RunDir);
    wait_for(&mut shim);
    assert_eq!(fs::read_dir(&target).unwrap().count(), 0);
}

#[test]
fn a_run_whose_launch_file_was_taken_back_never_starts() {
    let folder = tempfile::tempdir().unwrap();
    let (report, mut shim) = spawn_shim(folder.path());
    let failure = StartFailure { stage: Stage::Launch, errno: libc::ENOENT };
    assert_eq!(read_report(report).unwrap(), StartReport::Failed(failure));
    wait_for(&mut shim);
}

#[test]
fn a_folder_is_run_once_only() {
    let running = Plan::sh("echo one; read line < fifo").start_with_fifo();
    let (report, mut second) = spawn_shim(running.dir());
    let failure = StartFailure { stage: Stage::Lock, errno: libc::EWOULDBLOCK };
    assert_eq!(read_report(report).unwrap(), StartReport::Failed(failure));
    wait_for(&mut second);

    running.release_fifo();
    let ended = running.wait();
    assert_eq!(ended.end, RunEnd::Ended(LeaderStatus::Code(0)), "the first run is not disturbed");

    let (report, mut third) = spawn_shim(ended.folder.path());
    let failure = StartFailure { stage: Stage::RunDir, errno: libc::EEXIST };
    assert_eq!(read_report(report).unwrap(), StartReport::Failed(failure));
    wait_for(&mut third);
}

#[test]
fn a_program_without_a_directory_runs_where_the_shim_was_started() {
    let here = std::env::current_dir().unwrap();
    let mut plan = Plan::sh("pwd");
    assert_eq!(plan.spec.cwd, None);
    assert_eq!(String::from_utf8(plan.run().log).unwrap().trim(), here.to_str().unwrap());
    plan = Plan::sh("pwd");
    plan.spec.cwd = Some("src".into());
    assert_eq!(String::from_utf8(plan.run().log).unwrap().trim(), here.join("src").to_str().unwrap());
}

#[test]
fn the_program_gets_its_environment_its_directory_and_nothing_else() {
    let mut plan = Plan::sh("env; pwd; ls /proc/self/fd; cat /proc/self/status");
    plan.spec.env.push(("GREETING".into(), "a=b c".into()));
    plan.spec.cwd = Some("/usr".into());
    let (run_id, folder) = (plan.spec.run_id.clone(), plan.folder.path().to_owned());
    let ended = plan.run();
    let log = String::from_utf8(ended.log).unwrap();
    let has = |line: &str| assert!(log.lines().any(|l| l == line), "no {line:?} in {log}");
    has("GREETING=a=b c");
    has("/usr");
    has(&format!("SOLTI_RUN_ID={run_id}"));
    has("SigBlk:\t0000000000000000");
    has("SigIgn:\t0000000000000000");
    assert!(!log.contains("CARGO"), "the app's own environment is not inherited: {log}");
    // 3 is the directory that `ls` itself reads.
    let fds: Vec<_> = log.lines().filter(|line| line.parse::<u32>().is_ok()).collect();
    assert_eq!(fds, ["0", "1", "2", "3"]);
    assert!(!folder.join(layout::LAUNCH).exists(), "the launch file holds secrets and is gone");
}
